"""What must hold of clocks: how long they ran is told right, and each breach once and at its instant."""

from __future__ import annotations

from functools import lru_cache

import attrs

from orchestra.engine.business_time import BusinessTime
from orchestra.engine.calendar import Calendar
from orchestra.engine.cases.state import SETTLED
from orchestra.engine.clocks.state import ALL, DUE, WALK
from orchestra.engine.engine import Engine
from orchestra.model import events as e
from orchestra.model.hours import Hours
from tests.watching import due_of, invariant

__all__ = ["ClockWitness", "check", "check_against"]

_REPLIES = ("first_reply", "next_reply", "periodic_update")


@lru_cache(maxsize=64)
def _time(hours: Hours) -> BusinessTime:
    return BusinessTime(Calendar(hours))


@attrs.define
class _Seen:
    """A clock as it was told of: since when it runs or stands still, how long it has, and by which hours."""

    started: e.ClockStarted
    from_us: int
    hours: Hours | None
    is_known: bool = True
    is_running: bool = True
    ran_us: int = 0
    paused_us: int = 0
    target_us: int = 0
    moved_us: int = 0
    breached: bool = False
    warned: int = 0
    over: bool = False

    def measure(self, at_us: int) -> None:
        """Count until now."""
        passed_us = self.passed(at_us)
        if self.is_running:
            self.ran_us += passed_us
        elif not self.over:
            self.paused_us += passed_us
        self.from_us = at_us

    def passed(self, at_us: int) -> int:
        """How much time has passed since it last changed."""
        if self.hours is not None:
            return _time(self.hours).elapsed(self.from_us, at_us)
        return max(0, at_us - self.from_us) if self.is_known else 0


@attrs.define
class ClockWitness:
    """Remembers each clock and the hours that held, and which cases a person answered when."""

    clocks: dict[str, _Seen] = attrs.field(factory=dict)
    hours: dict[str, Hours] = attrs.field(factory=dict)
    answered: dict[str, int] = attrs.field(factory=dict)
    begun: dict[str, int] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.PlanChanged():
                self._see_plan(event, at_us)
            case e.CustomerAnswered(by="person"):
                # An answer in a case that is closed counts for its contact alone, whatever that is merged into later.
                is_closed = engine.view.cases.row(event.case).state == "CLOSED"
                for name in (None if is_closed else event.case, event.interaction):
                    self.answered[name or ""] = engine.position
            case e.ClockStarted():
                self._see_started(engine, event, at_us)
            case e.ClockMoved():
                self._see_moved(event, at_us)
            case e.ClockPaused():
                seen = self._see_change(event.clock, at_us)
                assert seen.ran_us == event.ran_us, f"{event.clock} ran {seen.ran_us}, and {event.ran_us} is told"
                seen.is_running = False
            case e.ClockResumed():
                seen = self._see_change(event.clock, at_us)
                assert not seen.is_running
                assert seen.paused_us == event.paused_us, f"{event.clock} stood still for {seen.paused_us}"
                seen.is_running = True
            case e.ClockWarned():
                self._see_warned(event, at_us)
            case e.ClockBreached():
                self._see_breached(event, at_us)
            case e.ClockFulfilled():
                self._see_fulfilled(engine, event, at_us)
            case e.ClockRestarted():
                seen = self.clocks[event.clock]
                assert seen.over, f"{event.clock} was not fulfilled"
                seen.over, seen.is_running, seen.from_us, seen.moved_us = False, True, at_us, at_us
            case e.ClockCanceled():
                seen = self._see_change(event.clock, at_us)
                assert seen.ran_us == event.ran_us
                del self.clocks[event.clock]
            case e.ClocksForgotten():
                own = engine.view.clocks.clocks
                self.clocks = {name: seen for name, seen in self.clocks.items() if name in own}
                self.answered.pop(event.of, None)  # a closed case that is merged later brings no answer along
            case _:
                pass

    def _see_plan(self, event: e.PlanChanged, at_us: int) -> None:
        """Time passes by other hours from now on, in those that go by a calendar that changed."""
        for seen in self.clocks.values():
            seen.measure(at_us)
            name = seen.started.calendar
            if name is not None:
                seen.hours, seen.is_known = event.plan.calendars.get(name), name in event.plan.calendars
        self.hours = dict(event.plan.calendars)

    def _see_started(self, engine: Engine, event: e.ClockStarted, at_us: int) -> None:
        assert event.clock not in self.clocks
        hours = None if event.calendar is None else self.hours[event.calendar]
        self.clocks[event.clock] = _Seen(attrs.evolve(event), at_us, hours, target_us=event.target_us, moved_us=at_us)
        self.begun[event.clock] = engine.position

    def _see_change(self, name: str, at_us: int) -> _Seen:
        seen = self.clocks[name]
        assert not seen.over, f"{name} is over"
        seen.measure(at_us)
        return seen

    def _see_moved(self, event: e.ClockMoved, at_us: int) -> None:
        seen = self._see_change(event.clock, at_us)
        if seen.started.scope == "engagement":  # what several waited together is told anew when they are joined
            seen.ran_us = event.ran_us
        assert (seen.ran_us, seen.paused_us) == (event.ran_us, event.paused_us), f"{event.clock} lost time"
        seen.started.calendar, seen.is_known = event.calendar, True
        seen.hours = None if event.calendar is None else self.hours[event.calendar]
        seen.target_us, seen.moved_us = event.target_us, at_us

    def _reached(self, name: str, reached_us: int, share_us: int, at_us: int) -> _Seen:
        """A clock that is told to have run for a share of its target just then, and neither sooner nor later."""
        seen = self.clocks[name]
        assert seen.is_running, f"{name} stands still"
        assert reached_us <= at_us
        assert seen.ran_us + seen.passed(reached_us) >= share_us, f"{name} is told too early"
        is_first = seen.ran_us + seen.passed(reached_us - 1) < share_us or reached_us == seen.from_us
        assert is_first, f"{name} is told of an instant that is too late"
        return seen

    def _see_warned(self, event: e.ClockWarned, at_us: int) -> None:
        share_us = self.clocks[event.clock].target_us * event.percent // 100
        seen = self._reached(event.clock, event.reached_us, share_us, at_us)
        assert seen.warned < event.percent, f"{event.clock} was warned of twice"
        seen.warned = event.percent

    def _see_breached(self, event: e.ClockBreached, at_us: int) -> None:
        seen = self._reached(event.clock, event.breached_us, event.target_us, at_us)
        assert not seen.breached, f"{event.clock} was breached twice"
        seen.breached = True

    def _see_fulfilled(self, engine: Engine, event: e.ClockFulfilled, at_us: int) -> None:
        seen = self._see_change(event.clock, at_us)
        assert (seen.ran_us, seen.paused_us) == (event.ran_us, event.paused_us), f"{event.clock} ran {seen.ran_us}"
        assert event.met is not seen.breached
        row = engine.view.clocks.clocks.get(event.clock)
        if row is not None:
            seen.over, seen.is_running = True, False
        else:
            del self.clocks[event.clock]


def check(engine: Engine) -> None:
    """Everything that must hold between two batches."""
    view, own, due = engine.view, engine.view.clocks, due_of(engine, DUE)
    assert (ALL in own.walks) == (view.timers.get(WALK, ALL) is not None)
    assert not own.changed or ALL in own.walks, "hours of before are kept"
    for name, row in own.clocks.items():
        assert own.of[row.subject][row.measure] == name
        rings = name in due
        is_over = row.breached_us is not None or row.due_us is None
        assert rings == (row.state == "RUNNING" and not is_over), f"{name} is {row.state}, and rings: {rings}"
        assert row.state != "PAUSED" or row.reason is not None
        assert row.state != "FULFILLED" or row.scope == "case"
        if row.scope == "case" and row.state != "FULFILLED":
            is_settled = view.cases.row(row.subject).state in SETTLED
            assert not is_settled or own.walks, f"{name} of a settled case goes on"


def _check_tracks(engine: Engine) -> None:
    view, own = engine.view, engine.view.clocks
    for subject, track in own.tracks.items():
        match subject[:2]:
            case "ca":
                assert view.cases.row(subject).state != "CLOSED", f"{subject} is closed, and still measured"
            case "in":
                row = view.contacts.interactions[subject]
                assert not row.is_final, f"{subject} is over, and still measured"
                assert track.case == row.case
                assert subject in own.in_case[row.case or ""]
            case _:
                going_on = [one for one in track.waits if one in view.engagements.members]
                assert {view.engagements.of_member(one) for one in going_on} <= {subject}, f"{subject} is mixed"
        assert track.human <= track.told
    for interaction, row in view.contacts.interactions.items():
        if interaction in own.tracks and interaction in own.of:
            assert row.case is not None


def check_against(engine: Engine, witness: ClockWitness) -> None:
    """The clocks are those that were told of, and run as they were told to."""
    own = engine.view.clocks.clocks
    assert own.keys() == witness.clocks.keys()
    for name, row in own.items():
        seen = witness.clocks[name]
        assert (row.state == "RUNNING") == seen.is_running
        assert (row.breached_us is not None) == seen.breached
        assert (row.target_us, row.warned) == (seen.target_us, seen.warned)
        if row.measure in _REPLIES and row.human_only and row.scope == "case":
            # Whatever was asked in it, no person has answered since the clock began.
            group = engine.view.cases.group(row.subject)
            last = max((witness.answered.get(member, 0) for member in group), default=0)
            is_new = last > witness.begun[name]
            assert not is_new or bool(engine.view.clocks.walks), f"{name} goes on after a person has answered"


INVARIANTS = (
    invariant(check, "clocks", "cases", WALK, DUE),
    invariant(_check_tracks, "clocks", "cases", "contacts", "engagements"),
    invariant(check_against, "clocks", "cases", "seen clocks", of="clocks"),
)
"""Each invariant with all that it reads."""
