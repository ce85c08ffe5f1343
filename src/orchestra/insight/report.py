"""Measures, timelines and explanations as tables of text, for a terminal with or without colours.

Belongs here: columns and words. Does not: figures, and drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from orchestra.insight.figures import Figures
from orchestra.insight.measures import Measures
from orchestra.insight.notices import NoticeFigures
from orchestra.insight.standing import second, standing
from orchestra.insight.variants import Share
from orchestra.model.attachments import Attachment
from orchestra.model.instants import span_text
from orchestra.runtime.history.explain import Decision, Explanation
from orchestra.runtime.history.timeline import Entry
from orchestra.runtime.steering import Steering

__all__ = ["Table", "explanation_tables", "measures_tables", "steering_table", "timeline_table"]


@attrs.frozen
class Table:
    """Rows under a header.

    Attributes:
        right: places of the columns whose text ends at the right, counted from 0.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()

    def to_text(self) -> str:
        """The table as plain lines; what must not reach a terminal from a text is left out."""
        cells = [self.header, *(tuple(_printable(cell) for cell in row) for row in self.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.header))]
        lines = [self._line(row, widths) for row in cells]
        return "\n".join([self.title, lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = zip(row, widths, strict=True)
        placed = (
            cell.rjust(width) if place in self.right else cell.ljust(width) for place, (cell, width) in enumerate(cells)
        )
        return "  ".join(placed).rstrip()


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _within(figures: Figures) -> str:
    limits = figures.first_response.within.items()
    return ", ".join(f"{span_text(float(limit))}: {count}" for limit, count in limits) or "-"


_Column = tuple[str, Callable[[Figures], str]]

_CASES: tuple[_Column, ...] = (
    ("customers", lambda f: str(f.customers)),
    ("cases", lambda f: str(f.cases)),
    ("in", lambda f: str(f.messages.inbound)),
    ("out", lambda f: str(f.messages.outbound)),
    ("answered", lambda f: str(f.first_response.times.n)),
    ("first response: mean", lambda f: span_text(f.first_response.times.mean_s)),
    ("median", lambda f: span_text(f.first_response.times.median_s)),
    ("p90", lambda f: span_text(f.first_response.times.p90_s)),
    ("within", _within),
    ("end to end: mean", lambda f: span_text(f.end_to_end.mean_s)),
    ("median", lambda f: span_text(f.end_to_end.median_s)),
)

_CONTACTS: tuple[_Column, ...] = (
    ("queued", lambda f: str(f.contacts.queued)),
    ("answered", lambda f: str(f.contacts.answered)),
    ("waiting", lambda f: str(f.contacts.waiting)),
    ("abandoned", lambda f: _share(f.abandonment)),
    ("short", lambda f: _share(f.short_abandonment)),
    ("service level", lambda f: _share(f.service_level())),
    ("accessible", lambda f: _share(f.accessibility)),
    ("ASA", lambda f: span_text(f.asa_s)),
    ("wait p90", lambda f: span_text(f.wait.p90_s)),
    ("handled", lambda f: str(f.handling.handled)),
    ("AHT", lambda f: span_text(f.aht_s)),
    ("transferred", lambda f: _share(f.transfer_rate)),
)

_DELIVERIES: tuple[_Column, ...] = (
    ("planned", lambda f: str(f.deliverability.planned)),
    ("sent", lambda f: str(f.deliverability.sent)),
    ("delivered", lambda f: str(f.deliverability.delivered)),
    ("read", lambda f: str(f.deliverability.read)),
    ("failed", lambda f: str(f.deliverability.failed)),
    ("unknown", lambda f: str(f.deliverability.unknown)),
    ("expired", lambda f: str(f.deliverability.expired)),
    ("canceled", lambda f: str(f.deliverability.canceled)),
)

_JOURNEYS: tuple[_Column, ...] = (
    ("contacts", lambda f: str(f.journeys.contacts)),
    ("repeated", lambda f: _share(f.journeys.repeat_rate)),
    ("resolved", lambda f: str(f.journeys.count.resolved)),
    ("first contact: gross", lambda f: _share(f.journeys.gross_resolution)),
    ("net", lambda f: _share(f.journeys.net_resolution)),
    ("cross-channel", lambda f: _share(f.journeys.cross_channel_resolution)),
    ("told again per case", lambda f: _number(f.journeys.repeats.per_case)),
    ("effort: mean", lambda f: _number(f.journeys.effort.mean)),
    ("p90", lambda f: _number(f.journeys.effort.p90)),
    ("wait on all channels: mean", lambda f: span_text(f.journeys.engagement_wait.mean_s)),
    ("p90", lambda f: span_text(f.journeys.engagement_wait.p90_s)),
    ("told before asking", lambda f: _share(f.journeys.told_before_asking)),
    ("silence p95", lambda f: span_text(f.journeys.proactivity.silence.p95_s)),
)

_HAND_OFFS: tuple[_Column, ...] = (
    ("hand-offs", lambda f: str(f.journeys.hand_offs.offered)),
    ("accepted", lambda f: str(f.journeys.hand_offs.accepted)),
    ("declined", lambda f: str(f.journeys.hand_offs.declined)),
    ("timed out", lambda f: str(f.journeys.hand_offs.timed_out)),
    ("withdrawn", lambda f: str(f.journeys.hand_offs.withdrawn)),
    ("escalated", lambda f: str(f.journeys.hand_offs.escalated)),
    ("by time", lambda f: str(f.journeys.hand_offs.escalated_by_time)),
    ("findings", lambda f: _counts(f.journeys.hand_offs.findings)),
    ("acknowledged", lambda f: str(f.journeys.hand_offs.findings_acknowledged)),
)

_COSTS: tuple[_Column, ...] = (
    ("contacts over", lambda f: str(f.cost.contacts)),
    ("cost", lambda f: _money(f.cost.micros, f.cost.currency)),
    ("per contact", lambda f: _money(f.cost.per_contact_micros, f.cost.currency)),
    ("resolved", lambda f: str(f.cost.resolutions)),
    ("per resolution", lambda f: _money(f.cost.per_resolution_micros, f.cost.currency)),
    ("deflected", lambda f: _share(f.journeys.deflection)),
)


def measures_tables(measures: Measures) -> list[Table]:
    """The measures as tables: cases and answers, waiting and handling, shares, journeys, hand-offs, clocks and so on.

    A table about which there is nothing to tell is left out, but never the first.
    """
    rows = list(_scopes(measures))
    total = rows[0][1]
    tables = [_table("Cases and answers", _CASES, rows)]
    if total.contacts.queued:
        tables += [_table("Waiting and handling", _CONTACTS, rows), _shares(total)]
    if total.journeys.contacts:
        tables.append(_table("Journeys", _JOURNEYS, rows))
    given = total.journeys.hand_offs
    if given.offered or given.escalated or given.findings:
        tables.append(_table("Hand-offs, escalations and findings", _HAND_OFFS, rows))
    if total.clocks:
        tables.append(_clocks(total))
    if total.promises.stated or total.promises.updates_kept or total.promises.updates_broken:
        tables.append(_promises(total))
    if measures.notices.total.planned:
        tables += _notices(measures.notices)
    if total.cost.currency is not None:
        tables.append(_table("Costs", _COSTS, rows))
    if total.deliverability.planned:
        tables.append(_table("Deliveries", _DELIVERIES, rows))
    return tables


def _scopes(measures: Measures) -> Iterator[tuple[str, Figures]]:
    yield "all", measures.total
    parts = {
        "channel": measures.by_channel,
        "account": measures.by_account,
        "brand": measures.by_brand,
        "queue": measures.by_queue,
    }
    for kind, part in parts.items():
        for name, figures in part.items():
            yield f"{kind} {name}", figures


def _table(title: str, columns: Sequence[_Column], scopes: Sequence[tuple[str, Figures]]) -> Table:
    header = ("", *(name for name, _ in columns))
    rows = tuple((name, *(cell(figures) for _, cell in columns)) for name, figures in scopes)
    return Table(title, header, rows, frozenset(range(1, len(header))))


def _shares(total: Figures) -> Table:
    """Every share with its variant and what it is made of."""
    others = (total.accessibility, total.abandonment, total.short_abandonment, total.transfer_rate)
    shares = (*total.service_levels.values(), *others, *total.journeys.shares.values())
    rows = tuple((share.name, str(share.numerator), str(share.denominator), _percent(share)) for share in shares)
    return Table("Shares, of all", ("share", "of these", "of all", "is"), rows, frozenset({1, 2, 3}))


def _clocks(total: Figures) -> Table:
    """How often each clock was met, and what it took."""
    header = ("policy", "measures", "met", "breached", "are met", "took: mean", "stood still: mean")
    rows = tuple(
        (
            one.policy,
            one.measures.replace("_", " "),
            str(one.met),
            str(one.breached),
            _percent(one.share),
            span_text(one.mean_ran_s),
            span_text(one.mean_paused_s),
        )
        for one in total.clocks.values()
    )
    return Table("Clocks, of all", header, rows, frozenset(range(2, len(header))))


def _promises(total: Figures) -> Table:
    """How many promises were kept, by the first word and by the last."""
    shares = total.promises.shares.values()
    rows = tuple((share.name, str(share.numerator), str(share.denominator), _percent(share)) for share in shares)
    return Table("Promises, of all", ("share", "of these", "of all", "is"), rows, frozenset({1, 2, 3}))


def _notices(notices: NoticeFigures) -> list[Table]:
    """What became of notices, and why, by topic; and by topic and channel, if any message of one was written."""
    topics = {"all": notices.total, **{f"topic {name}": one for name, one in notices.by_topic.items()}}
    header = ("", "planned", "sent", "delivered", "waiting", "not told", "failed", "expired", "arrived")
    rows = tuple(
        (
            name,
            *map(str, (one.planned, one.sent, one.delivered, one.waiting, one.suppressed, one.failed, one.expired)),
            _share(one.arrival),
        )
        for name, one in topics.items()
    )
    tables = [Table("Notices", header, rows, frozenset(range(1, len(header))))]
    reasons = tuple(
        (name, what, _spoken(reason), str(count))
        for name, one in topics.items()
        for what, counts in (
            ("not told", one.suppressed_by_reason),
            ("failed", one.failed_by_reason),
            ("held", one.held_by_reason),
        )
        for reason, count in counts.items()
    )
    if reasons:
        tables.append(Table("Notices held back, and why", ("", "what", "why", "notices"), reasons, frozenset({3})))
    ways = tuple(
        (
            name,
            channel,
            *map(str, (way.tried, way.sent, way.delivered)),
            _counts(way.failed_by_reason),
            _counts(way.skipped_by_reason),
        )
        for name, one in topics.items()
        for channel, way in one.channels.items()
    )
    if ways:
        named = ("", "channel", "tried", "sent", "delivered", "failed", "skipped")
        tables.append(Table("Notices by channel", named, ways, frozenset({2, 3, 4})))
    return tables


def _spoken(reason: str) -> str:
    return reason.replace("_", " ")


def _percent(share: Share) -> str:
    return "-" if share.percent is None else f"{share.percent:.2f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}".removesuffix(".00")


def _money(micros: int | None, currency: str | None) -> str:
    return "-" if micros is None or currency is None else f"{micros / 1_000_000:.2f} {currency}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items()) or "-"


def _share(share: Share) -> str:
    return "-" if share.percent is None else f"{share.numerator} ({share.percent:.1f} %)"


def timeline_table(entries: Sequence[Entry], customer: str) -> Table:
    """A timeline as a table, oldest first."""
    rows = tuple(
        (
            second(entry.at_us if entry.said_us is None else entry.said_us),
            entry.channel or "",
            entry.number or entry.case or "",
            entry.who,
            _what(entry),
        )
        for entry in entries
    )
    return Table(f"Timeline of {customer}", ("at", "channel", "case", "who", "what"), rows)


def _what(entry: Entry) -> str:
    """What happened, what was said, and each file that went with it."""
    said = f": {entry.text}" if entry.text else ""
    return entry.sentence + said + "".join(f" [{_file(file)}]" for file in entry.media)


def _file(file: Attachment) -> str:
    size = None if file.size_bytes is None else f"{file.size_bytes:,} bytes"
    return ", ".join(word for word in (" ".join(filter(None, (file.kind, file.name))), file.content_type, size) if word)


def explanation_tables(explanation: Explanation) -> list[Table]:
    """An explanation as tables: the way, then each decision's agents."""
    title = f"Way of {explanation.interaction} ({explanation.channel})"
    rows = tuple((second(step.at_us), step.sentence) for step in explanation.steps)
    return [Table(title, ("at", "what"), rows), *(_decided(decision) for decision in explanation.decisions)]


def steering_table(steering: Steering) -> Table:
    """Channels for a contact, the best first, with why each won or lost."""
    rows = tuple(
        (
            "" if one.key is None else str(rank),
            one.channel + (" (is there)" if one.is_current else ""),
            span_text(None if one.wait_us is None else one.wait_us / 1_000_000),
            span_text(one.promised_us / 1_000_000),
            _money(one.cost_micros, steering.currency),
            one.reason,
        )
        for rank, one in enumerate(steering.options, 1)
    )
    title = f"Channels for {steering.interaction}: {steering.invitation or 'stay'}"
    if steering.invited is not None:
        title += f" (invited: {steering.invited})"
    return Table(title, ("rank", "channel", "wait", "promised", "cost", "why"), rows, frozenset({0, 4}))


def _decided(decision: Decision) -> Table:
    ended = (decision.outcome or "open").lower().replace("_", " ")
    title = f"{decision.offer} to {decision.agent} from queue {decision.queue}: {ended}"
    return Table(title, ("rank", "agent", "how they stand or why not"), tuple(_agents(decision)), frozenset({0}))


def _agents(decision: Decision) -> Iterator[tuple[str, str, str]]:
    if decision.candidates is None:
        for rank, key in enumerate([decision.key, *decision.runners_up], 1):
            yield str(rank), str(key[-1]), standing(decision.order, key)
        for condition, count in sorted(decision.failed.items()):
            yield "", f"{count} more", condition
        return
    for one in decision.candidates:
        told = standing(decision.order, one.key) if one.failing is None else one.failing
        yield str(one.rank or ""), one.agent, told
