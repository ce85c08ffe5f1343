"""Queues open and close; what waits in one that closes moves on in slices."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.calendar import Calendar
from orchestra.engine.hours.state import CHANGE, CLEAR, EVOLVE, Hours
from orchestra.engine.routing.closing import leave_closed, to_clear
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e

__all__ = ["SECTION"]

_CLEARED_AT_ONCE = 50
"""Each may be offered at once where it goes, which is a handful of events."""
_BY_HOURS = "hours"


def _close(view: View, command: c.CloseQueue, at_us: int) -> Steps:
    _check(view, command, at_us)
    yield e.QueueClosed(command.queue, command.until_us, command.reason)
    return None


def _open(view: View, command: c.OpenQueue, at_us: int) -> Steps:
    _check(view, command, at_us)
    until_us = command.until_us
    if until_us is None:
        hours = view.plan.queues[command.queue].hours
        until_us = None if hours is None else Calendar(hours).next_change(at_us)
    yield e.QueueOpened(command.queue, until_us, command.reason)
    return None


def _check(view: View, command: c.CloseQueue | c.OpenQueue, at_us: int) -> None:
    if command.queue not in view.plan.queues:
        raise UnknownId("queue", command.queue)
    if not command.reason or command.reason == _BY_HOURS:
        raise InvalidCommand("reason", f"must say why, in other words than {_BY_HOURS!r}")
    if command.until_us is not None and command.until_us <= at_us:
        raise InvalidCommand("until_us", "must be later than now")


def _change(view: View, queue: str, at_us: int) -> Iterator[e.Event]:
    """Its hours open or close a queue, or what somebody said of it is over."""
    hours = view.plan.queues[queue].hours
    if hours is None:
        yield e.QueueOpened(queue, None, _BY_HOURS)
        return
    calendar = Calendar(hours)
    kind = e.QueueOpened if calendar.is_open(at_us) else e.QueueClosed
    yield kind(queue, calendar.next_change(at_us), _BY_HOURS)


def _clear(view: View, queue: str, at_us: int) -> Iterator[e.Event]:
    names = to_clear(view, queue, _CLEARED_AT_ONCE)
    for name in names:
        item = view.routing.items.get(name)
        # What followed from one that left, as a rule may have it, may have taken another one away.
        if item is not None and item.state == "WAITING" and item.queue == queue:
            yield from leave_closed(view, name, at_us)
    yield e.QueueCleared(queue, len(names), len(names) < _CLEARED_AT_ONCE)


SECTION = Section(
    "hours",
    Hours,
    {c.CloseQueue: _close, c.OpenQueue: _open},
    EVOLVE,
    {},
    {CHANGE: _change, CLEAR: _clear},
)
