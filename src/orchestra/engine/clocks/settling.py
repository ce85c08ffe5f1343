"""What becomes of the clocks of a subject as things stand: they begin, stand still, go on, or are over.

Belongs here: from how things stand to events. Does not: what makes one look (`decide`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs

from orchestra.engine.clocks.standing import Standing, scope_of, standing
from orchestra.engine.clocks.state import Clock, Clocks
from orchestra.engine.clocks.timing import is_stale, paused, ran, rings, upcoming
from orchestra.engine.rules.conditions import compiled
from orchestra.engine.rules.scene import Scene
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.clocks import ClockPolicy
from orchestra.model.structure import microseconds

__all__ = ["recount", "resumed", "settle"]

_NOTHING = e.Event()
"""What a policy is asked about: nothing in particular has happened."""


@attrs.frozen
class _Aim:
    """What a clock should do: `run`, `pause`, `fulfil` or `cancel`, and why."""

    does: str
    reason: str = ""


_RUN, _FULFIL = _Aim("run"), _Aim("fulfil")


def settle(view: View, subject: str, at_us: int, *, is_heard: bool = False) -> Iterator[e.Event]:
    """What becomes of the clocks of a case, a contact or an engagement.

    Args:
        view: the state.
        subject: which one.
        at_us: now.
        is_heard: whether its customer was heard just now: what was paused by hand goes on.
    """
    measures = view.clocks.measures_of(subject, scope_of(subject))
    if not measures:
        return
    now = standing(view, subject)
    scene = Scene(view, _NOTHING, 0, at_us, now.customer, view.cases.root(now.case), now.interaction)
    for measure in measures:
        policy = _matching(view.clocks, now.scope, measure, scene)
        name = view.clocks.of.get(subject, {}).get(measure)
        if name is not None:
            yield from _go_on(view, now, name, policy, at_us, is_heard=is_heard)
        if policy is not None and measure not in view.clocks.of.get(subject, {}):
            yield from _begin(view, now, policy, at_us)


def _matching(own: Clocks, scope: str, measure: str, scene: Scene) -> ClockPolicy | None:
    """The first policy of a measure that fits."""
    for policy in own.by_scope.get(scope, {}).get(measure, ()):
        if policy.name not in own.holds:
            own.holds[policy.name] = compiled(policy.when, {})
        if own.holds[policy.name](scene):
            return policy
    return None


def _calendar(view: View, now: Standing, policy: ClockPolicy) -> str | None:
    """By which calendar it goes: its own, else that of the channel, else that of the workspace."""
    if policy.calendar is not None:
        return policy.calendar
    row = view.contacts.interactions.get(now.interaction or "")
    return view.plan.calendar_of(None if row is None or row.channel not in view.plan.channels else row.channel)


# What it should do


def _reply(now: Standing, *, human_only: bool, began: int | None) -> _Aim:
    if now.over is not None:
        return _FULFIL if now.is_answered else _Aim("cancel", now.over)
    return _RUN if now.is_open(human_only=human_only) else _Aim("cancel", "moved")


def _first_reply(now: Standing, *, human_only: bool, began: int | None) -> _Aim:
    is_told = now.told(human_only=human_only) > 0
    return _FULFIL if is_told else _reply(now, human_only=human_only, began=began)


def _next_reply(now: Standing, *, human_only: bool, began: int | None) -> _Aim:
    told = now.told(human_only=human_only)
    if began is not None and told > began:
        return _FULFIL
    return _reply(now, human_only=human_only, began=began) if told else _Aim("cancel", "moved")


def _periodic_update(now: Standing, *, human_only: bool, began: int | None) -> _Aim:
    if began is not None and now.told(human_only=human_only) > began:
        return _FULFIL
    return _RUN if now.over is None else _Aim("cancel", now.over)


def _requester_wait(now: Standing, *, human_only: bool, began: int | None) -> _Aim:
    if now.over is not None:
        return _FULFIL
    if now.scope == "engagement":
        return _RUN if now.is_waiting else _Aim("pause", "served")
    return _Aim("pause", "customer") if now.waits_on == "customer" else _RUN


def _agent_work(now: Standing, *, human_only: bool, began: int | None) -> _Aim:
    if now.is_final:
        return _FULFIL
    return _RUN if now.is_worked else _Aim("pause", "nobody")


def _resolution(now: Standing, *, human_only: bool, began: int | None) -> _Aim:
    if now.over is None:
        return _RUN
    return _FULFIL if now.is_done else _Aim("cancel", now.over)


_AIMS: Mapping[str, Callable[..., _Aim]] = {
    "first_reply": _first_reply,
    "next_reply": _next_reply,
    "requester_wait": _requester_wait,
    "agent_work": _agent_work,
    "periodic_update": _periodic_update,
    "resolution": _resolution,
}
"""What is measured -> what a clock should do."""

_GOES_BY_CASE = ("first_reply", "next_reply", "requester_wait", "periodic_update", "resolution")
"""What stands still while the case waits, where the policy says so."""


def _aim(now: Standing, measure: str, policy: ClockPolicy | None, row: Clock | None) -> _Aim:
    human_only = policy.human_only if policy is not None else row is not None and row.human_only
    aim = _AIMS[measure](now, human_only=human_only, began=None if row is None else row.began)
    waits_on = now.waits_on if measure in _GOES_BY_CASE else None
    if aim is _RUN and policy is not None and waits_on in policy.pause_on:
        return _Aim("pause", waits_on or "")
    return aim


# What becomes of it


def _begin(view: View, now: Standing, policy: ClockPolicy, at_us: int) -> Iterator[e.Event]:
    if not now.is_own or _aim(now, policy.measures, policy, None) is not _RUN:
        return
    calendar, target_us = _calendar(view, now, policy), microseconds(policy.target)
    due_us, next_us = rings(view.plans.time(calendar), at_us, 0, target_us, upcoming(policy.warn_at, 0))
    yield e.ClockStarted(
        view.clocks.next_clock(),
        now.customer,
        now.case,
        policy.name,
        policy.measures,
        now.scope,
        target_us,
        list(policy.warn_at),
        policy.human_only,
        None if now.scope == "case" else now.interaction,
        now.subject if now.scope == "engagement" else None,
        calendar,
        due_us,
        next_us,
    )


def _go_on(
    view: View, now: Standing, name: str, policy: ClockPolicy | None, at_us: int, *, is_heard: bool
) -> Iterator[e.Event]:
    row = view.clocks.clocks[name]
    if row.state == "FULFILLED":
        if policy is None or now.over is not None or not now.is_own:
            return
        yield _restarted(view, name, row, at_us)
    if now.over is None and policy is None:
        yield _canceled(view, name, row, "no_policy", at_us)
        return
    if now.over is None and policy is not None:
        yield from _moved(view, now, name, policy, at_us)
    if is_heard and row.by_hand:
        yield resumed(view, name, row, at_us)
    aim = _aim(now, row.measure, policy, row)
    if aim.does == "cancel":
        yield _canceled(view, name, row, aim.reason, at_us)
    elif aim.does == "fulfil":
        yield _fulfilled(view, name, row, at_us)
    elif aim.does == "pause" and row.state == "RUNNING":
        about = name, row.customer, row.case, row.policy, row.measure
        yield e.ClockPaused(*about, aim.reason, False, ran(view, row, at_us), row.interaction)
    elif aim.does == "run" and row.state == "PAUSED" and not row.by_hand:
        yield resumed(view, name, row, at_us)


def _next(view: View, row: Clock, from_us: int) -> tuple[int | None, int | None]:
    """When a clock that goes on from an instant reaches its target and rings; None once it was told."""
    is_known = row.calendar is None or row.calendar in view.plan.calendars
    if row.breached_us is not None or not is_known:  # another plan holds since a moment ago, and is still looked at
        return None, None
    time = view.plans.time(row.calendar)
    return rings(time, from_us, row.ran_us, row.target_us, upcoming(row.warn_at, row.warned))


def _restarted(view: View, name: str, row: Clock, at_us: int) -> e.ClockRestarted:
    about = name, row.customer, row.case, row.policy, row.measure
    return e.ClockRestarted(*about, *_next(view, row, at_us))


def resumed(view: View, name: str, row: Clock, at_us: int) -> e.ClockResumed:
    """A clock that stood still goes on."""
    about = name, row.customer, row.case, row.policy, row.measure
    paused_us = paused(view, row, at_us)
    return e.ClockResumed(*about, row.reason or "", paused_us, row.interaction, *_next(view, row, at_us))


def _canceled(view: View, name: str, row: Clock, reason: str, at_us: int) -> e.ClockCanceled:
    about = name, row.customer, row.case, row.policy, row.measure
    return e.ClockCanceled(*about, reason, ran(view, row, at_us), row.interaction)


def _fulfilled(view: View, name: str, row: Clock, at_us: int) -> e.ClockFulfilled:
    about = name, row.customer, row.case, row.policy, row.measure
    met, spans = row.breached_us is None, (ran(view, row, at_us), paused(view, row, at_us))
    return e.ClockFulfilled(*about, met, row.target_us, *spans, row.interaction)


# Another policy


def _moved(view: View, now: Standing, name: str, policy: ClockPolicy, at_us: int) -> Iterator[e.ClockMoved]:
    """What a clock goes by from now on, if that is something else than before."""
    row = view.clocks.clocks[name]
    calendar, target_us = _calendar(view, now, policy), microseconds(policy.target)
    before = row.policy, row.calendar, row.human_only, row.target_us, row.warn_at
    after = policy.name, calendar, policy.human_only, target_us, list(policy.warn_at)
    if before != after or is_stale(view, row):
        yield _goes_by(view, name, policy, calendar, ran(view, row, at_us), at_us)


def _goes_by(view: View, name: str, policy: ClockPolicy, calendar: str | None, ran_us: int, at_us: int) -> e.ClockMoved:
    row, target_us = view.clocks.clocks[name], microseconds(policy.target)
    due_us = next_us = None
    if row.state == "RUNNING" and row.breached_us is None:
        percent = upcoming(policy.warn_at, row.warned)
        due_us, next_us = rings(view.plans.time(calendar), at_us, ran_us, target_us, percent)
    return e.ClockMoved(
        name,
        row.customer,
        row.case,
        policy.name,
        row.measure,
        row.policy,
        target_us,
        list(policy.warn_at),
        policy.human_only,
        ran_us,
        paused(view, row, at_us),
        row.interaction,
        calendar,
        due_us,
        next_us,
    )


def recount(view: View, name: str, ran_us: int, at_us: int) -> Iterator[e.ClockMoved]:
    """Have a clock go on as one that has run so long, since it measures something else than it did."""
    row = view.clocks.clocks[name]
    policy = next((one for one in view.plan.clocks if one.name == row.policy), None)
    if policy is not None and ran_us != ran(view, row, at_us):
        yield _goes_by(view, name, policy, row.calendar, ran_us, at_us)
