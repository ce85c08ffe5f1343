"""In which digest a notice waits, and what leaves with whom.

Belongs here: who leads, who joins, and who may stand in one message. Does not: whether a notice may be told at all
(`checks`), and what follows from all that (`telling`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count

import attrs

from orchestra.engine.calendar import Calendar
from orchestra.engine.notices.row import Notice, gathers_key
from orchestra.engine.notices.state import owner_of
from orchestra.engine.quiet_hours import zone_of
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.hours import Hours
from orchestra.model.notices import Digest, NoticeTopic
from orchestra.model.structure import microseconds

__all__ = ["Place", "digest_of", "is_alone", "joined", "left_behind", "outdated", "place_in", "rides_with", "succeeded"]

_DAY = timedelta(days=1)


@attrs.frozen
class Place:
    """Where a notice waits for others.

    Attributes:
        digest: one of the plan's.
        about: a case or a customer.
        leader: what takes it along; None if it leads itself.
        until_us: when that leaves, at the latest.
    """

    digest: str
    about: str
    leader: str | None
    until_us: int


def digest_of(view: View, row: Notice) -> Digest | None:
    """The digest in which a notice waits; None if it waits in none, or the plan does not know it any more."""
    return None if row.gathers is None else view.plan.notices.digests.get(row.gathers.partition("\x1f")[0])


def is_alone(view: View, name: str, row: Notice) -> bool:
    """Whether a notice is told by itself. What was tried with others once goes on as it was tried."""
    crews = view.notices.crews
    if digest_of(view, row) is None:
        return row.leader is None
    return row.leader is None and name not in crews.led and not any(one in crews.aboard for one in row.aims)


def place_in(view: View, name: str, row: Notice, topic: NoticeTopic, digest_name: str, at_us: int) -> Place:
    """Where a notice waits in a digest of the plan. What leads and is due at once leaves at once."""
    digest = view.plan.notices.digests[digest_name]
    about = row.customer if digest.by == "customer" else owner_of(row)
    keys = [gathers_key(digest_name, one) for one in _same(view, row, digest)]
    leader = _leader(view, name, row, topic, digest, keys)
    if leader is None:
        until_us = min(_due(view, name, row, digest, keys, at_us), at_us + microseconds(digest.longest))
    else:
        leaves_us = view.notices.notices[leader].gathers_us or at_us
        is_full = len(view.notices.crews.of(leader)) + 2 >= digest.most
        until_us = at_us if is_full else min(leaves_us, at_us + microseconds(digest.longest))
    is_pressing = row.urgency == "urgent" or row.expires_us <= until_us
    return Place(digest_name, about, leader, at_us if is_pressing else max(at_us, until_us))


def _same(view: View, row: Notice, digest: Digest) -> Sequence[str]:
    """All ids of what the digest is about."""
    if digest.by == "customer" or row.case is None:
        return view.identity.group(row.customer)
    return view.cases.group(view.cases.root(row.case))


def _leader(view: View, name: str, row: Notice, topic: NoticeTopic, digest: Digest, keys: Sequence[str]) -> str | None:
    """What leads such a digest, and has room in it: the oldest, of the same class and purpose, not written yet."""
    own = view.notices
    found = sorted((one for key in keys for one in own.crews.leading.get(key, ())), key=_number)
    for one in found:
        other = own.notices[one]
        theirs = view.plan.notices.topics.get(other.topic)
        is_open = one != name and other.state == "HELD" and not other.aims
        has_room = len(own.crews.led.get(one, ())) + 1 < digest.most
        is_alike = theirs is not None and (theirs.kind, theirs.purpose) == (topic.kind, topic.purpose)
        if is_open and has_room and is_alike and view.identity.is_same(other.customer, row.customer):
            return one
    return None


def _due(view: View, name: str, row: Notice, digest: Digest, keys: Sequence[str], at_us: int) -> int:
    """When a digest leaves that a notice leads."""
    if digest.at:
        return _next_time(Calendar(_clock(digest.at, zone_of(view, row.customer))), at_us)
    window_us = microseconds(digest.window)
    if not digest.leading or row.urgency == "low":
        return at_us + window_us
    before_us = _last(view, name, row, keys, at_us, at_us - window_us)
    return at_us if before_us is None else before_us + window_us


def _clock(times: Sequence[str], zone: str) -> Hours:
    """A calendar that opens for a minute at these times of each day."""
    minutes = [f"{text}-{_minute_later(text)}" for text in times]
    return Hours(zone, minutes, minutes, minutes, minutes, minutes, minutes, minutes)


def _minute_later(text: str) -> str:
    minute = (60 * int(text[:2]) + int(text[3:]) + 1) % (24 * 60)
    return f"{minute // 60:02}:{minute % 60:02}"


def _next_time(clock: Calendar, at_us: int) -> int:
    today = clock.day_of(at_us)
    later = (begin for day in count() for begin, _ in sorted(clock.intervals([today + day * _DAY])) if begin > at_us)
    return next(later)


def _last(view: View, name: str, row: Notice, keys: Sequence[str], at_us: int, after_us: int) -> int | None:
    """When something of a digest went last, after an instant: it has left, or was let go and is to."""
    own = view.notices
    let_go = (own.notices[one].gathers_us for key in keys for one in own.crews.leading.get(key, ()) if one != name)
    found = [let_us for let_us in let_go if let_us is not None and after_us < let_us <= at_us]
    for one in view.identity.group(row.customer):
        for left_us, other in reversed(own.had.get(one, [])):
            if left_us <= after_us:
                break
            if other != name and own.notices[other].gathers in keys:
                found.append(left_us)
                break
    return max(found, default=None)


# Who leaves with whom


def rides_with(view: View, leader: str, name: str, channel: str) -> bool:
    """Whether one notice may stand in the message of another: for the same person, and stopped only with it."""
    own, is_stopped = view.notices.notices, view.deliveries.is_stopped
    row, first = own[name], own[leader]
    is_free = not is_stopped(channel, row.topic) or is_stopped(channel, first.topic)
    return is_free and view.identity.is_same(row.customer, first.customer)


def joined(name: str, row: Notice, place: Place) -> e.NoticeGathered:
    """That a notice waits in a digest."""
    return e.NoticeGathered(name, row.customer, place.digest, place.about, place.until_us, place.leader)


def _in_place(name: str, row: Notice, leader: str | None, until_us: int) -> e.NoticeGathered:
    """That what is in a digest leads it, or is led by another one."""
    assert row.gathers is not None  # it is in one
    digest, _, about = row.gathers.partition("\x1f")
    return joined(name, row, Place(digest, about, leader, until_us))


def succeeded(view: View, leader: str, at_us: int) -> Iterator[e.Event]:
    """The oldest of what a notice was to take along takes along the others, no later than was meant."""
    names, rows = view.notices.crews.of(leader), view.notices.notices
    if names:
        until_us = max(at_us, rows[leader].gathers_us or at_us)
        event = _in_place(names[0], rows[names[0]], None, until_us)
        yield attrs.evolve(event, instead_of=leader)


def left_behind(view: View, names: Sequence[str], at_us: int) -> Iterator[e.Event]:
    """What cannot stand in a message goes together by the next one."""
    for name in names:
        leader = None if name == names[0] else names[0]
        yield _in_place(name, view.notices.notices[name], leader, at_us)


def outdated(view: View, name: str) -> Iterator[str]:
    """What a digest holds already of which a notice tells all anew."""
    row = view.notices.notices[name]
    leader = row.leader
    if leader is None or not row.facts:
        return
    for other in (leader, *view.notices.crews.of(leader)):
        facts = view.notices.notices[other].facts
        if other != name and facts and facts.keys() <= row.facts.keys() and _is_of_same(view, row, other):
            yield other


def _is_of_same(view: View, row: Notice, other: str) -> bool:
    """Whether the facts of both are about the same."""
    theirs = view.notices.notices[other]
    if row.case is None or theirs.case is None:
        return row.case is theirs.case
    return view.cases.root(row.case) == view.cases.root(theirs.case)


def _number(name: str) -> int:
    return int(name[2:])
