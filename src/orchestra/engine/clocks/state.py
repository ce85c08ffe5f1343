"""The clocks that run or stand still, of each case, contact and engagement. Merged cases keep each its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from orchestra.engine.clocks.tracks import ALL, EVOLVE as OF_TRACKS, Track, Tracks
from orchestra.engine.lifecycle import CLOCK
from orchestra.engine.section import SLICE_PAUSE_US, Evolve
from orchestra.model import events as e
from orchestra.model.hours import Hours

__all__ = ["DUE", "EVOLVE", "RESTARTED", "WALK", "Clock", "Clocks"]

DUE = "clocks.due"
"""Timer of a clock that runs: of its next warning, or of its target."""
WALK = "clocks.walk"
"""Timer of a walk over what is measured, in which it is looked up which policies hold."""
RESTARTED = ("requester_wait", "agent_work", "resolution")
"""What goes on where it stood when a case is open again."""


@attrs.define
class Clock:
    """A clock; `subject` is the case, contact or engagement that it measures.

    Attributes:
        began: after what it began; `told` of a track that is greater is a reply since then.
        since_us: when it began.
        from_us: since when it runs, or stands still; `edition` is after the how manyeth change of calendars.
        ran_us: how long it had run until then; `paused_us` how long it had stood still.
        next_us: when the timer rings.
        warned: the percents that were told last.
        breached_us: when the target was reached, if it was.
        reason: why it stands still; `by_hand` if somebody said so.
    """

    subject: str
    scope: str
    measure: str
    policy: str
    customer: str
    case: str
    interaction: str | None
    calendar: str | None
    human_only: bool
    target_us: int
    warn_at: list[int]
    began: int
    since_us: int
    from_us: int
    edition: int
    due_us: int | None
    state: str = CLOCK.initial
    ran_us: int = 0
    paused_us: int = 0
    warned: int = 0
    breached_us: int | None = None
    reason: str | None = None
    by_hand: bool = False


class Clocks(Tracks):
    """Clocks by id. `walks` is what is walked over -> how far.

    `changed` is calendar -> [the how manyeth change of calendars, until when it was another one, and which (None: it
    was gone)], as long as clocks may have run by that.
    """

    TABLES: ClassVar = {"clocks": Clock, "tracks": Track, "walks": None, "changed": None, "counts": None}

    clocks: dict[str, Clock]
    walks: dict[str, int]
    changed: dict[str, list[list[Any]]]

    def reindex(self) -> None:
        """Rebuild the look-up of clocks by subject."""
        super().reindex()
        self.of: dict[str, dict[str, str]] = {}
        for name, row in self.clocks.items():
            self.of.setdefault(row.subject, {})[row.measure] = name
        self._calendars: Mapping[str, Hours] = self.plan.calendars

    def next_clock(self) -> str:
        """The id that the next clock will have."""
        return f"ck{self.counts.get('clock', 0) + 1}"

    def measures_of(self, subject: str, scope: str) -> Sequence[str]:
        """What is measured of a subject, or may be by the plan."""
        return list(dict.fromkeys((*self.by_scope.get(scope, ()), *self.of.get(subject, ()))))

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Other policies may hold: that is looked at in a moment. How long clocks have run by a calendar stands."""
        if self.tracks:
            # One that is back had been gone for a while, in which no time passed by it.
            back = {name: None for name in self.changed if name not in self._calendars}
            for name, hours in {**self._calendars, **back}.items():
                if event.plan.calendars.get(name) != hours:
                    number = self.counts["change"] = self.counts.get("change", 0) + 1
                    before = None if hours is None else attrs.asdict(hours)
                    self.changed.setdefault(name, []).append([number, at_us, before])
            self.walks[ALL] = 0
            self.timers.set(WALK, ALL, at_us)
        self._calendars = event.plan.calendars
        self._sort_policies()

    def forgotten(self, event: e.ClocksForgotten, at_us: int) -> None:
        """The case is closed, or the engagement over."""
        self._drop(event.of)
        for name in [*self.of.get(event.of, {}).values()]:
            self._remove(name)

    def contact_moved(self, event: e.InteractionMoved, at_us: int) -> None:
        """What is measured of the contact goes with it, and of the engagement that began with it."""
        self.moved(event, at_us)
        for subject in (event.interaction, self.engaged.get(event.interaction, "")):
            for name in self.of.get(subject, {}).values():
                if self.clocks[name].interaction == event.interaction:
                    self.clocks[name].case = event.case

    def clock_started(self, event: e.ClockStarted, at_us: int) -> None:
        """It runs."""
        number = self.counts["clock"] = self.counts.get("clock", 0) + 1
        subject = {"case": event.case, "interaction": event.interaction, "engagement": event.engagement}[event.scope]
        assert subject is not None  # of each scope that is set
        name = f"ck{number}"
        self.clocks[name] = Clock(
            subject,
            event.scope,
            event.measure,
            event.policy,
            event.customer,
            event.case,
            event.interaction,
            event.calendar,
            event.human_only,
            event.target_us,
            event.warn_at,
            self._happened(),
            at_us,
            at_us,
            self.counts.get("change", 0),
            event.due_us,
        )
        self.of.setdefault(subject, {})[event.measure] = name
        self._ring(name, event.next_us)

    def _since(self, row: Clock, at_us: int) -> None:
        """It runs, or stands still, from now on, by the calendars there are now."""
        row.from_us, row.edition = at_us, self.counts.get("change", 0)

    def _ring(self, name: str, next_us: int | None) -> None:
        if next_us is None:
            self.timers.cancel(DUE, name)
        else:
            self.timers.set(DUE, name, next_us)

    def clock_moved(self, event: e.ClockMoved, at_us: int) -> None:
        """It goes by another policy."""
        row = self.clocks[event.clock]
        row.policy, row.calendar, row.human_only = event.policy, event.calendar, event.human_only
        row.target_us, row.warn_at, row.due_us = event.target_us, event.warn_at, event.due_us
        row.ran_us, row.paused_us = event.ran_us, event.paused_us
        self._since(row, at_us)
        self._ring(event.clock, event.next_us)

    def clock_paused(self, event: e.ClockPaused, at_us: int) -> None:
        """It stands still."""
        row = self.clocks[event.clock]
        if row.state == "RUNNING":
            row.ran_us = event.ran_us
            self._since(row, at_us)
        row.state = CLOCK.steps[row.state, "pause"]
        row.reason, row.by_hand, row.due_us = event.reason, event.by_hand, None
        self.timers.cancel(DUE, event.clock)

    def clock_resumed(self, event: e.ClockResumed, at_us: int) -> None:
        """It goes on."""
        row = self.clocks[event.clock]
        row.state = CLOCK.steps[row.state, "resume"]
        row.paused_us, row.due_us = event.paused_us, event.due_us
        self._since(row, at_us)
        row.reason, row.by_hand = None, False
        self._ring(event.clock, event.next_us)

    def clock_warned(self, event: e.ClockWarned, at_us: int) -> None:
        """So much is told."""
        row = self.clocks[event.clock]
        row.warned, row.due_us = event.percent, event.due_us
        self._ring(event.clock, event.next_us)

    def clock_breached(self, event: e.ClockBreached, at_us: int) -> None:
        """It is too late; what it measures goes on."""
        self.clocks[event.clock].breached_us = event.breached_us
        self.timers.cancel(DUE, event.clock)

    def clock_fulfilled(self, event: e.ClockFulfilled, at_us: int) -> None:
        """What it was for has happened; a case may be opened again."""
        row = self.clocks[event.clock]
        if row.scope == "case" and row.measure in RESTARTED and row.subject in self.tracks:
            row.state = CLOCK.steps[row.state, "fulfil"]
            row.ran_us, row.paused_us = event.ran_us, event.paused_us
            self._since(row, at_us)
            row.due_us, row.reason, row.by_hand = None, None, False
            self.timers.cancel(DUE, event.clock)
        else:
            self._remove(event.clock)

    def clock_restarted(self, event: e.ClockRestarted, at_us: int) -> None:
        """It goes on from where it stood."""
        row = self.clocks[event.clock]
        row.state = CLOCK.steps[row.state, "restart"]
        row.due_us, row.began = event.due_us, self._happened()
        self._since(row, at_us)
        self._ring(event.clock, event.next_us)

    def clock_canceled(self, event: e.ClockCanceled, at_us: int) -> None:
        """It is for nothing."""
        self._remove(event.clock)

    def _remove(self, name: str) -> None:
        row = self.clocks.pop(name)
        self.timers.cancel(DUE, name)
        del self.of[row.subject][row.measure]
        if not self.of[row.subject]:
            del self.of[row.subject]

    def checked(self, event: e.ClocksChecked, at_us: int) -> None:
        """A slice of a walk is done, or one begins."""
        if not event.is_done:
            self.walks[event.of] = event.past
            self.timers.set(WALK, event.of, at_us + SLICE_PAUSE_US)
            return
        self.walks.pop(event.of, None)
        self.timers.cancel(WALK, event.of)
        if event.of == ALL:
            self.changed.clear()


EVOLVE: dict[type[e.Event], Evolve] = {
    **OF_TRACKS,
    e.PlanChanged: Clocks.plan_changed,
    e.InteractionMoved: Clocks.contact_moved,
    e.ClockStarted: Clocks.clock_started,
    e.ClockMoved: Clocks.clock_moved,
    e.ClockPaused: Clocks.clock_paused,
    e.ClockResumed: Clocks.clock_resumed,
    e.ClockWarned: Clocks.clock_warned,
    e.ClockBreached: Clocks.clock_breached,
    e.ClockFulfilled: Clocks.clock_fulfilled,
    e.ClockRestarted: Clocks.clock_restarted,
    e.ClockCanceled: Clocks.clock_canceled,
    e.ClocksChecked: Clocks.checked,
    e.ClocksForgotten: Clocks.forgotten,
}
