"""How many notices a customer has had, and whether there is room for another one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from heapq import merge

import attrs

from orchestra.engine.calendar import Calendar
from orchestra.engine.notices.row import Notice
from orchestra.engine.quiet_hours import zone_of
from orchestra.engine.view import View
from orchestra.model.hours import Hours
from orchestra.model.notices import Cap, NoticeTopic
from orchestra.model.structure import microseconds

__all__ = ["Room", "room_for"]

_DAY = timedelta(days=1)


@attrs.frozen
class Room:
    """Why there is no room for a notice now.

    Attributes:
        reason: `throttled` or `capped`.
        until_us: when there is; None if it is not to wait for that.
        digest: in which it is gathered until then, if it is to be.
    """

    reason: str
    until_us: int | None
    digest: str | None = None


def room_for(view: View, name: str, row: Notice, topic: NoticeTopic, at_us: int) -> Room | None:
    """Why a customer cannot have another notice now; None if they can. A digest is one, whatever it takes along."""
    if topic.every is not None:
        every_us = microseconds(topic.every)
        last = next((left_us for left_us, other in _had(view, row, name) if other.topic == row.topic), None)
        if last is not None and last + every_us > at_us:
            return Room("throttled", last + every_us)
    for cap in () if row.leader is not None else view.plan.notices.caps:
        if topic.kind in cap.kinds and (room := _room(view, name, row, topic, cap, at_us)) is not None:
            return room
    return None


def _had(view: View, row: Notice, but: str) -> Iterator[tuple[int, Notice]]:
    """What a person has had beside one notice and all that goes with it, the newest first, and when it left."""
    own, first = view.notices, row.leader or but
    lists = (reversed(own.had[one]) for one in view.identity.group(row.customer) if one in own.had)
    had = ((left_us, name, own.notices[name]) for left_us, name in merge(*lists, reverse=True))
    return ((left_us, other) for left_us, name, other in had if (other.leader or name) != first)


def _room(view: View, name: str, row: Notice, topic: NoticeTopic, cap: Cap, at_us: int) -> Room | None:
    since_us, ends_us = _window(view, row.customer, cap, at_us)
    most = cap.most - (0 if topic.kind == "service" else cap.reserve)
    counted: list[int] = []
    for left_us, other in _had(view, row, name):
        if left_us < since_us or len(counted) >= most:
            break
        known = view.plan.notices.topics.get(other.topic)
        if known is not None and known.kind in cap.kinds and other.leader is None:
            counted.append(left_us)
    if len(counted) < most:
        return None
    if cap.overflow == "drop" or not counted:
        return Room("capped", None)
    return Room("capped", ends_us or counted[-1] + microseconds(cap.window or _DAY), cap.digest)


def _window(view: View, customer: str, cap: Cap, at_us: int) -> tuple[int, int | None]:
    """Since when it counts; and until when, if that is a day of the customer's own calendar."""
    if cap.window is not None:
        return at_us - microseconds(cap.window) + 1, None
    calendar = Calendar(Hours(zone_of(view, customer)))
    today = calendar.day_of(at_us)
    return calendar.midnight(today), calendar.midnight(today + _DAY)
