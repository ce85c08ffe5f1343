"""What journeys over several contacts come to: what is settled at once, what it asks of customers, who asks again.

Belongs here: definitions of these figures, and the counts that they are made of. Does not: which event counts where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orchestra.insight.sketch import ERROR, Times, Values
from orchestra.insight.variants import RESTATEMENT_VERSION, Share, Window
from orchestra.model.instants import span_text

__all__ = ["EFFORT_INDEX", "CaseCount", "Effort", "HandOffs", "JourneyTally", "Journeys", "Proactivity", "Repeats"]

EFFORT_INDEX = "(contacts - 1) + channel switches + transfers + (agents met - 1) + repeats"
"""The effort of one case, in steps that nothing but us made its customer take; 0 is none. No part is below 0."""


@attrs.frozen
class CaseCount:
    """What one case counts as, or all cases together.

    Attributes:
        effort_of: 1 if a customer made contact about it, and not only in what was answered together with other cases.
        resolved: of these, those that are settled.
        single: of the resolved, those with one contact.
        attainable: of the resolved, those that never waited on a third party.
        single_attainable: those with one contact among them.
        stayed: of the resolved, those with one engagement, to whose matter the customer has not come back.
        self_served: of the resolved, those that bots alone saw to.
        deflected: of these, those that stayed, and whose window to come back is over.
        maybe_deflected: those that stayed so far, and whose window is not over.
        contacts: that customers made.
        switches: contacts on another channel than the one before.
        transfers: from one agent, or one queue, to another.
        agents: whom the customer met.
        reasked: details that were told although the case had them.
        reverified: proofs of who somebody is, although the case had one as good.
        restated: contacts in which was asked what another one asked already.
    """

    effort_of: int = 0
    resolved: int = 0
    single: int = 0
    attainable: int = 0
    single_attainable: int = 0
    stayed: int = 0
    self_served: int = 0
    deflected: int = 0
    maybe_deflected: int = 0
    contacts: int = 0
    switches: int = 0
    transfers: int = 0
    agents: int = 0
    reasked: int = 0
    reverified: int = 0
    restated: int = 0

    @property
    def repeats(self) -> int:
        """How often the customer had to repeat something."""
        return self.reasked + self.reverified + self.restated

    @property
    def index(self) -> int:
        """The effort, of one case, by `EFFORT_INDEX`."""
        again = max(0, self.contacts - 1) + max(0, self.agents - 1)
        return again + self.switches + self.transfers + self.repeats


_COUNTS = tuple(field.name for field in attrs.fields(CaseCount))


@attrs.frozen
class Repeats:
    """How often customers had to repeat something, by what it was.

    Attributes:
        reasked: details that were told in a contact although the case had them from another one.
        reverified: proofs of who somebody is, although the case had one as good.
        restated: contacts in which was asked what another one asked already.
        per_case: all together / cases in which customers made contact; None of none.
    """

    reasked: int
    reverified: int
    restated: int
    per_case: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return attrs.asdict(self)


@attrs.frozen
class Effort:
    """What cases asked of their customers: a vector of sums over cases, and the index of each case, by `EFFORT_INDEX`.

    Attributes:
        cases: those in which customers made contact.
        mean: of the index.
        median: of the index, and `p90`, at places as in `Times`.
        error: largest relative error of both; 0.0 means exact.
    """

    cases: int
    contacts: int
    channel_switches: int
    transfers: int
    agents_met: int
    repeats: int
    mean: float | None
    median: int | None
    p90: int | None
    error: float

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the formula of the index."""
        parts = attrs.asdict(self)
        index = {name: parts.pop(name) for name in ("mean", "median", "p90", "error")}
        return {**parts, "index": {"formula": EFFORT_INDEX, **index}}


@attrs.frozen
class Proactivity:
    """Whether customers are told before they ask.

    Attributes:
        told_first: how often the company said something, after a contact, before the customer came again.
        chased_first: how often the customer came again first: status-chasing contacts.
        silence: from a contact, or from the company's last word, to its next word or the end, while the case is open
            and does not wait on the customer.
    """

    told_first: int
    chased_first: int
    silence: Times

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "told_first": self.told_first,
            "chased_first": self.chased_first,
            "silence": self.silence.to_json(),
        }


@attrs.frozen
class HandOffs:
    """Cases that went, or should have gone, to others.

    Attributes:
        offered: to a team or an agent; of these were `accepted`, `declined`, `timed_out` or `withdrawn` so many.
        escalated: to the next team on the path; `escalated_by_time` of these because nobody answered in time.
        findings: raised for other departments, by kind; `findings_acknowledged` counts each team that took note.
    """

    offered: int
    accepted: int
    declined: int
    timed_out: int
    withdrawn: int
    escalated: int
    escalated_by_time: int
    findings: Mapping[str, int]
    findings_acknowledged: int

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return attrs.asdict(self)


@attrs.frozen
class Journeys:
    """The figures of journeys, over the same window as all others.

    Attributes:
        contacts: that customers made, and `repeated` those that had an earlier one on the same topic.
        engagement_wait: how long a customer waited on whatever channels at once, of those who were answered.
        cases: all, for what is counted per case.
        return_us: the window within which coming back counts.
    """

    window: Window
    return_us: int
    cases: int
    count: CaseCount
    contacts: int
    repeated: int
    engagement_wait: Times
    effort: Effort
    proactivity: Proactivity
    hand_offs: HandOffs

    @property
    def _within(self) -> str:
        return span_text(self.return_us / 1_000_000)

    @property
    def gross_resolution(self) -> Share:
        """Resolved cases with one contact / resolved cases."""
        return self._share("first contact resolution, gross", self.count.single, self.count.resolved)

    @property
    def net_resolution(self) -> Share:
        """The same without cases that waited on a third party, which no first contact could have settled."""
        return self._share("first contact resolution, net", self.count.single_attainable, self.count.attainable)

    @property
    def cross_channel_resolution(self) -> Share:
        """Resolved cases with one engagement, and no linked contact on any channel within the window / resolved cases.

        A contact is linked if it is about the same topic and of the same customer, or comes in a case that follows.
        """
        name = f"first contact resolution, cross-channel, none back within {self._within}"
        return self._share(name, self.count.stayed, self.count.resolved)

    @property
    def repeat_rate(self) -> Share:
        """Contacts with an earlier contact of the same customer on the same topic within the window / contacts."""
        return self._share(f"repeat rate, same topic within {self._within}", self.repeated, self.contacts)

    @property
    def deflection(self) -> Share:
        """Cases that bots alone settled, whose customer did not come back within the window / settled by bots alone.

        A case whose window is still running is in neither.
        """
        count = self.count
        over = count.self_served - count.maybe_deflected
        return self._share(f"deflection, none back within {self._within}", count.deflected, over)

    @property
    def told_before_asking(self) -> Share:
        """How often the company spoke before the customer came again / both."""
        told, chased = self.proactivity.told_first, self.proactivity.chased_first
        return self._share("told before asking", told, told + chased)

    @property
    def status_chasing(self) -> Share:
        """Status-chasing contacts / cases, of which one may have several."""
        return self._share("status-chasing contacts per case", self.proactivity.chased_first, self.cases)

    @property
    def repeats(self) -> Repeats:
        """How often customers had to repeat something."""
        count = self.count
        per_case = round(count.repeats / count.effort_of, 6) if count.effort_of else None
        return Repeats(count.reasked, count.reverified, count.restated, per_case)

    @property
    def shares(self) -> dict[str, Share]:
        """Every share by its key."""
        return {
            "gross": self.gross_resolution,
            "net": self.net_resolution,
            "cross_channel": self.cross_channel_resolution,
            "repeat_rate": self.repeat_rate,
            "deflection": self.deflection,
            "told_before_asking": self.told_before_asking,
            "status_chasing": self.status_chasing,
        }

    def _share(self, name: str, numerator: int, denominator: int) -> Share:
        return Share(name, numerator, denominator, self.window)

    def to_json(self) -> dict[str, Any]:
        """Plain data, shares with what they are made of."""
        shares = {key: share.to_json() for key, share in self.shares.items()}
        resolution = {key: shares.pop(key) for key in ("gross", "net", "cross_channel")}
        return {
            "restatement_version": RESTATEMENT_VERSION,
            "first_contact_resolution": resolution,
            **shares,
            "still_counting": {"deflection": self.count.maybe_deflected},
            "repeats": self.repeats.to_json(),
            "effort": self.effort.to_json(),
            "engagement_wait": self.engagement_wait.to_json(),
            "proactivity": self.proactivity.to_json(),
            "hand_offs": self.hand_offs.to_json(),
        }


@attrs.define(eq=False)
class JourneyTally:
    """Counts of journeys of one channel, account, queue, or of everything."""

    contacts: int = 0
    repeated: int = 0
    told_first: int = 0
    chased_first: int = 0
    offered: int = 0
    accepted: int = 0
    declined: int = 0
    timed_out: int = 0
    withdrawn: int = 0
    escalated: int = 0
    escalated_by_time: int = 0
    acknowledged: int = 0
    findings: dict[str, int] = attrs.field(factory=dict[str, int])
    counts: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(_COUNTS, 0))
    index: Values = attrs.field(factory=Values)
    engagement_wait: Values = attrs.field(factory=Values)
    silence: Values = attrs.field(factory=Values)

    def replace(self, before: CaseCount | None, after: CaseCount | None) -> None:
        """A case counts as this, and no longer as that; None is nothing."""
        for count, by in ((before, -1), (after, 1)):
            if count is None:
                continue
            for name in _COUNTS:
                self.counts[name] += by * getattr(count, name)
            if count.effort_of:
                step: Callable[[int], None] = self.index.add if by > 0 else self.index.remove
                step(count.index)

    def figures(self, window: Window, return_us: int, cases: int) -> Journeys:
        """What the counts say now."""
        count = CaseCount(**self.counts)
        return Journeys(
            window,
            return_us,
            cases,
            count,
            self.contacts,
            self.repeated,
            self.engagement_wait.times(),
            self._effort(count),
            Proactivity(self.told_first, self.chased_first, self.silence.times()),
            HandOffs(
                self.offered,
                self.accepted,
                self.declined,
                self.timed_out,
                self.withdrawn,
                self.escalated,
                self.escalated_by_time,
                dict(sorted(self.findings.items())),
                self.acknowledged,
            ),
        )

    def _effort(self, count: CaseCount) -> Effort:
        n, index = self.index.n, self.index
        sums = (count.effort_of, count.contacts, count.switches, count.transfers, count.agents, count.repeats)
        if not n:
            return Effort(*sums, None, None, None, 0.0)
        median, p90 = index.at((n - 1) // 2, 9 * n // 10)
        return Effort(*sums, round(index.total / n, 6), median, p90, 0.0 if index.is_exact else ERROR)
