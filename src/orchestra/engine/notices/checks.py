"""Whether something may be told now: asked when it is planned, when its message is to be written, and as it leaves.

Belongs here: what stops a notice, in the order in which it counts. Does not: what follows from that (`telling`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.engagements.leading import talks_with
from orchestra.engine.identity.undeliverable import UNDELIVERABLE, is_given_up
from orchestra.engine.notices.capping import room_for
from orchestra.engine.notices.choosing import channels_for, matter_of, refusal
from orchestra.engine.notices.gathering import Place, place_in, rides_with
from orchestra.engine.notices.row import GATHERING, IN_DIGEST, Notice
from orchestra.engine.notices.saying import missing
from orchestra.engine.notices.state import DUE, TALKING, owner_of
from orchestra.engine.quiet_hours import quiet_until, wanted_from
from orchestra.engine.section import SLICE_PAUSE_US
from orchestra.engine.view import View
from orchestra.model.notices import NoticeTopic
from orchestra.model.structure import microseconds

__all__ = ["Stop", "has_left", "quiet", "stays", "stopped"]

_NEARLY = 10
"""A notice that expires no more than a tenth of its time before another one is told as long, as good as."""


@attrs.frozen
class Stop:
    """What keeps a notice from being told.

    Attributes:
        trigger: `hold`, `suppress` or `expire`: what becomes of it.
        reason: in a word.
        until_us: when what holds it is over; None if nobody knows.
        by: what takes its place.
        place: where it waits for others, if it is to.
    """

    trigger: str
    reason: str
    until_us: int | None = None
    by: str | None = None
    place: Place | None = None


@attrs.frozen
class _Asked:
    """What is asked: whether a notice may be told now; on one channel, once that is chosen."""

    view: View
    name: str
    row: Notice
    topic: NoticeTopic
    at_us: int
    channel: str | None


def stopped(view: View, name: str, at_us: int, channel: str | None = None) -> Stop | None:
    """What keeps a notice from being told now, on a channel if one is named; None if nothing does."""
    row = view.notices.notices[name]
    if at_us >= row.expires_us:
        return Stop("expire", "expired")
    topic = view.plan.notices.topics.get(row.topic)
    if topic is None or next(missing(view, row.topic, topic, row.facts), None) is not None:
        return Stop("suppress", "plan_changed")
    asked = _Asked(view, name, row, topic, at_us, channel)
    return next((stop for check in _CHECKS if (stop := check(asked)) is not None), None)


def stays(view: View, delivery: str, at_us: int) -> str | None:
    """Why the message of a notice must not leave now; None if it may, or is none's."""
    row = view.deliveries.deliveries[delivery]
    if row.notice is None:
        return None
    # Whatever else is told of a notice calls back what has not left of it.
    assert view.notices.notices[row.notice].delivery == delivery
    if is_given_up(view, row.conversation):
        return UNDELIVERABLE
    for name in (row.notice, *view.notices.crews.beside(delivery)):
        if not rides_with(view, row.notice, name, row.channel):
            return "parted"
        stop = stopped(view, name, at_us, row.channel) or quiet(view, name, at_us, row.channel)
        if stop is not None:
            return stop.reason
    return None


def quiet(view: View, name: str, at_us: int, channel: str) -> Stop | None:
    """Whether the customer is left in peace on a channel now; what waits for the end of that is spread after it."""
    row, plan = view.notices.notices[name], view.plan
    topic = plan.notices.topics[row.topic]
    until_us = quiet_until(view, row.customer, channel, at_us, of_class=topic.kind)
    if until_us is None:
        return _too_soon(view, row, topic, channel, at_us) if topic.in_hours else None
    spread_us = min(microseconds(plan.notices.jitter), row.expires_us - until_us - 1)
    return Stop("hold", "quiet_hours", until_us + view.draw(max(0, spread_us) + 1, "quiet", name))


def _too_soon(view: View, row: Notice, topic: NoticeTopic, channel: str, at_us: int) -> Stop | None:
    """Whether it waits for the time of the day that its customer likes best; what another one takes along does not."""
    if row.urgency == "urgent" or row.leader is not None:
        return None
    wanted_us = wanted_from(view, row.customer, channel, at_us, of_class=topic.kind)
    return Stop("hold", "their_hours", wanted_us) if at_us < wanted_us < row.expires_us else None


def has_left(row: Notice) -> bool:
    """Whether a provider has a message of it, or may have."""
    return bool(row.left)


# What is asked, in this order


def _irrelevant(asked: _Asked) -> Stop | None:
    """Nobody is told of what is settled, or of what something newer was said of."""
    view, row = asked.view, asked.row
    if row.case is not None and not asked.topic.after_resolved and view.cases.row(row.case).state in SETTLED:
        return Stop("suppress", "resolved")
    if row.case is not None and not view.identity.is_same(view.cases.row(row.case).customer, row.customer):
        return Stop("suppress", "not_theirs")  # two people's cases go on as one until somebody has parted them
    if row.group is None:
        return None
    newest = (view.notices.newest.get((one, row.group)) for one in view.identity.group(row.customer))
    newer = max(filter(None, newest), key=_number, default=asked.name)
    return None if newer == asked.name else Stop("suppress", "superseded", by=newer)


def _forbidden(asked: _Asked) -> Stop | None:
    """Nobody is told who is to be forgotten, who forbade it, or who does not want it."""
    view, row, topic = asked.view, asked.row, asked.topic
    if any(one in view.identity.erasing for one in view.identity.group(row.customer)):
        return Stop("suppress", "erased")
    channels = channels_for(view, asked.name, row, topic) if asked.channel is None else [asked.channel]
    reasons = [refusal(view, row, topic, channel) for channel in channels]
    if not reasons or None in reasons:
        return None
    return Stop("suppress", reasons[0] or "")


def _disturbs(asked: _Asked) -> Stop | None:
    """Whoever is in touch live, or was until just now, is told by whom they talk with."""
    view, rules, topic = asked.view, asked.view.plan.engagements, asked.topic
    if not rules.hold_automation or topic.kind == "legal" or topic.never_held or asked.row.topic in rules.never_held:
        return None
    ids = view.identity.group(asked.row.customer)
    if talks_with(view, ids) is not None:
        return Stop("hold", TALKING)
    until_us = view.notices.cools_until(ids)
    return Stop("hold", "cool_down", until_us) if until_us > asked.at_us else None


def _told(asked: _Asked) -> Stop | None:
    """Nobody is told what they were told already; what has changed since is told."""
    view, row = asked.view, asked.row
    about = row.case or row.matter or matter_of(view, row.customer)
    if not row.facts or about is None:
        return None
    cases = view.cases.group(view.cases.root(about))
    after_us = asked.at_us - microseconds(asked.topic.told_within)
    for fact, value in row.facts.items():
        told = view.facts.last(cases, fact)
        if told is None or not _is_same(told.value, value):
            return None
        if told.at_us <= after_us or told.at_us == row.sent_us:
            return None
    return Stop("suppress", "already_told")


def _doubled(asked: _Asked) -> Stop | None:
    """Nobody is told the same by two notices. One that may outlive the other waits to see what becomes of it."""
    view, row = asked.view, asked.row
    nearly_us = row.expires_us - (row.expires_us - asked.at_us) // _NEARLY
    for name in _alike(asked):
        other, is_older = view.notices.notices[name], _number(name) < _number(asked.name)
        if is_older and other.expires_us >= nearly_us:
            return Stop("suppress", "duplicate", by=name)
        if is_older or has_left(other):
            due_us = view.timers.get(DUE, name) or 0
            return Stop("hold", "being_told", max(due_us, asked.at_us + SLICE_PAUSE_US), name)
    return None


def _alike(asked: _Asked) -> Iterator[str]:
    """Other notices, not settled yet, that tell all that this one does."""
    view, row = asked.view, asked.row
    if not row.facts:
        return
    owner = owner_of(row)
    owners = view.identity.group(owner) if row.case is None else view.cases.group(view.cases.root(owner))
    fact, value = next(iter(sorted(row.facts.items())))
    for one in owners:
        for name in view.notices.telling.get((one, fact, type(value).__name__, value), ()):
            other = view.notices.notices[name].facts
            if name != asked.name and _covers(other, row):
                yield name


def _covers(facts: dict[str, str | int | bool], row: Notice) -> bool:
    return all(fact in facts and _is_same(facts[fact], value) for fact, value in row.facts.items())


def _gathers(asked: _Asked) -> Stop | None:
    """What is gathered waits for others, or for who takes it along."""
    row = asked.row
    if row.gathers is None:
        return None if asked.topic.digest is None else _place(asked, asked.topic.digest)
    waits = row.leader is None and row.gathers_us is not None and asked.at_us < row.gathers_us
    return Stop("hold", GATHERING, row.gathers_us) if waits else None


def _place(asked: _Asked, digest: str) -> Stop:
    place = place_in(asked.view, asked.name, asked.row, asked.topic, digest, asked.at_us)
    reason = GATHERING if place.leader is None else IN_DIGEST
    return Stop("hold", reason, place.until_us, place.leader, place)


def _crowds(asked: _Asked) -> Stop | None:
    """Nobody gets more than the plan says."""
    room = room_for(asked.view, asked.name, asked.row, asked.topic, asked.at_us)
    if room is None:
        return None
    if room.digest is not None and asked.row.gathers is None:
        return _place(asked, room.digest)
    return Stop("suppress" if room.until_us is None else "hold", room.reason, room.until_us)


def _is_same(one: object, other: object) -> bool:
    return (type(one), one) == (type(other), other)


def _number(name: str) -> int:
    return int(name[2:])


_CHECKS: tuple[Callable[[_Asked], Stop | None], ...] = (
    _irrelevant,
    _forbidden,
    _disturbs,
    _told,
    _doubled,
    _gathers,
    _crowds,
)
