"""Service clocks as people look at them: what is due when, and what stands still and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import attrs

from orchestra.engine.clocks.state import Clock
from orchestra.engine.clocks.timing import paused, ran
from orchestra.engine.view import View
from orchestra.model.addresses import Ref
from orchestra.model.instants import instant

__all__ = ["ClockView", "clocks_of"]


@attrs.frozen
class ClockView:
    """A clock of a case, or of a contact or an engagement in it, as it stood when asked. Spans are business time.

    Attributes:
        id: to pause and resume it by.
        policy: by which it goes.
        measures: what it measures, as `resolution`.
        subject: the case, contact or engagement that it measures.
        state: `RUNNING`, `PAUSED`, or `FULFILLED` where it would go on if the case were opened again.
        target: how long it may take.
        ran: how long it has taken.
        left: how long it may still take; less than nothing if it is late.
        paused: how long it has stood still.
        due: when the target will be reached if it goes on; None while it stands still, and once it was reached.
        since: since when it stands still; None unless it does.
        reason: why it does.
        breached: when the target was reached, if it was.
        warned: the percent of the target that was told last; 0 if none was.
    """

    id: str
    policy: str
    measures: str
    subject: str
    state: str
    target: timedelta
    ran: timedelta
    left: timedelta
    paused: timedelta
    due: datetime | None
    since: datetime | None
    reason: str | None
    breached: datetime | None
    warned: int


def clocks_of(view: View, case: str | Ref, now_us: int) -> tuple[ClockView, ...]:
    """The clocks of a matter, those that began first before others.

    Raises:
        UnknownId: there is no such case.
    """
    key = view.case(case)[0]
    names = sorted({*_names(view, key)}, key=lambda name: int(name[2:]))
    return tuple(_seen(view, name, view.clocks.clocks[name], now_us) for name in names)


def _names(view: View, case: str) -> Iterator[str]:
    own = view.clocks
    for member in view.cases.group(case):
        contacts = own.in_case.get(member, {})
        engagements = (own.engaged[name] for name in contacts if name in own.engaged)
        for subject in (member, *contacts, *engagements):
            yield from own.of.get(subject, {}).values()


def _seen(view: View, name: str, row: Clock, now_us: int) -> ClockView:
    ran_us = ran(view, row, now_us)
    is_paused = row.state == "PAUSED"
    return ClockView(
        name,
        row.policy,
        row.measure,
        row.subject,
        row.state,
        _span(row.target_us),
        _span(ran_us),
        _span(row.target_us - ran_us),
        _span(paused(view, row, now_us)),
        None if row.due_us is None or row.breached_us is not None else instant(row.due_us),
        instant(row.from_us) if is_paused else None,
        row.reason if is_paused else None,
        None if row.breached_us is None else instant(row.breached_us),
        row.warned,
    )


def _span(length_us: int) -> timedelta:
    return timedelta(microseconds=length_us)
