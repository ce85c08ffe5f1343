"""What customers were promised, how it stands, and what was foreseen of their cases last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import attrs

from orchestra.engine.aliases import number
from orchestra.engine.lifecycle import PROMISE
from orchestra.engine.section import Evolve, Rows, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "JUDGE", "MOST_PROMISES", "NO_TIME", "WATCH", "Foreseen", "Promise", "Promises"]

JUDGE = "promises.judge"
"""Timer of a promise that is due."""
WATCH = "promises.watch"
"""Timer of a case of which something promised will be late by then."""

MOST_PROMISES = 20
"""Promises of a case that are remembered: those that are not done, and the newest of the others."""

NO_TIME = -1
"""Foreseen to be late, nobody knows until when."""


@attrs.define
class Promise:
    """What a customer was told of a case: that `what` is done by `due_us`, and not before `earliest_us`.

    It is judged by `first_us`, by which it was promised first: its `state` says how. `last` says how it stands against
    the due that was told last: `OPEN`, `KEPT` or `BROKEN`. `told_us` is when the customer was first told of a later
    time, if that was before the first one. `foreseen_us` is by when it was last foreseen to be late, NO_TIME if nobody
    knew. It is done since `done_us`, or withdrawn.
    """

    case: str
    what: str
    earliest_us: int
    due_us: int
    first_us: int
    basis: str
    confidence: int | None
    stated_via: str | None
    made_us: int
    revisions: int = 0
    state: str = PROMISE.initial
    last: str = "OPEN"
    told_us: int | None = None
    foreseen_us: int | None = None
    done_us: int | None = None

    @property
    def is_judged(self) -> bool:
        """Whether it is known to be kept or broken against its first due."""
        return not PROMISE.allows(self.state, "keep")

    @property
    def next_us(self) -> int | None:
        """When it is judged next; None if there is nothing left to be judged."""
        first = [] if self.is_judged else [self.first_us]
        last = [self.due_us] if self.last == "OPEN" else []
        return None if self.done_us is not None else min((*first, *last), default=None)


@attrs.define
class Foreseen:
    """By when a case will be done, and not before which instant, as it was foreseen last; None if it was not."""

    earliest_us: int | None
    due_us: int | None


class Promises(Slice):
    """`promises` by id, `forecasts` by case."""

    TABLES: ClassVar = {"promises": Promise, "forecasts": Foreseen, "counts": None}

    promises: dict[str, Promise]
    forecasts: dict[str, Foreseen]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild which promises there are in each case."""
        self.of_case: dict[str, dict[str, int]] = {}
        self._enter(sorted(self.promises, key=number))

    def _enter(self, names: Iterable[str]) -> None:
        for name in names:
            self.of_case.setdefault(self.promises[name].case, {})[name] = 1

    def put_back(self, rows: Rows) -> None:
        """Know whose they are again."""
        super().put_back(rows)
        self._enter(sorted(rows["promises"][0], key=number))

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget promises of somebody who is archived."""
        for name in keys["promises"]:
            self.of_case.pop(self.promises[name].case, None)
        super().take_out(keys)

    # Questions

    def next_promise(self) -> str:
        """The id that the next promise will have."""
        return f"pr{self.counts.get('promise', 0) + 1}"

    def is_past(self, name: str) -> bool:
        """Whether there was a promise of this id."""
        count = name[2:]
        is_number = count.isascii() and count.isdecimal() and len(count) < 20
        return is_number and name[:2] == "pr" and 0 < int(count) <= self.counts.get("promise", 0)

    def all_in(self, cases: Sequence[str]) -> list[str]:
        """The promises in cases that are one matter, oldest first."""
        return sorted((name for case in cases for name in self.of_case.get(case, ())), key=number)

    def open_in(self, cases: Sequence[str]) -> list[str]:
        """Those of them that are not done."""
        return [name for name in self.all_in(cases) if self.promises[name].done_us is None]

    # Changes

    def made(self, event: e.PromiseMade, at_us: int) -> None:
        """Enter it. What was done longest ago gives way."""
        self.counts["promise"] = self.counts.get("promise", 0) + 1
        row = self.promises[event.promise] = Promise(
            event.case,
            event.what,
            event.earliest_us,
            event.due_us,
            event.due_us,
            event.basis,
            event.confidence,
            event.stated_via,
            at_us,
        )
        names = self.of_case.setdefault(event.case, {})
        names[event.promise] = 1
        if len(names) > MOST_PROMISES:
            done = [name for name in names if self.promises[name].done_us is not None]
            for name in sorted(done, key=number)[: len(names) - MOST_PROMISES]:
                del names[name], self.promises[name]
        self._arm(event.promise, row)

    def revised(self, event: e.PromiseRevised, at_us: int) -> None:
        """Another time was told. The first one stays."""
        row = self.promises[event.promise]
        if row.told_us is None and event.due_us > row.first_us > at_us:
            row.told_us = at_us
        row.earliest_us, row.due_us = event.earliest_us, event.due_us
        row.basis, row.confidence, row.stated_via = event.basis, event.confidence, event.stated_via
        row.revisions, row.last, row.foreseen_us = event.revision, "OPEN", None
        row.state = PROMISE.steps[row.state, "revise"]
        self._arm(event.promise, row)

    def withdrawn(self, event: e.PromiseWithdrawn, at_us: int) -> None:
        """Nobody waits for it."""
        row = self.promises[event.promise]
        row.state = PROMISE.steps[row.state, "withdraw"]
        self._done(event.promise, row, at_us)

    def kept(self, event: e.PromiseKept, at_us: int) -> None:
        """It is done in time."""
        row = self.promises[event.promise]
        if event.against in ("first", "both"):
            row.state = PROMISE.steps[row.state, "keep"]
        if event.against in ("last", "both"):
            row.last = "KEPT"
        self._done(event.promise, row, at_us)

    def kept_late(self, event: e.PromiseKeptLate, at_us: int) -> None:
        """It is done after all."""
        self._done(event.promise, self.promises[event.promise], at_us)

    def _done(self, name: str, row: Promise, at_us: int) -> None:
        row.done_us = at_us
        self._arm(name, row)

    def broken(self, event: e.PromiseBroken, at_us: int) -> None:
        """It was not done by then."""
        row = self.promises[event.promise]
        if event.against in ("first", "both"):
            row.state = PROMISE.steps[row.state, "break"]
        if event.against in ("last", "both"):
            row.last = "BROKEN"
        self._arm(event.promise, row)

    def _arm(self, name: str, row: Promise) -> None:
        due_us = row.next_us
        if due_us is None:
            self.timers.cancel(JUDGE, name)
        else:
            self.timers.set(JUDGE, name, due_us)

    def delay_foreseen(self, event: e.DelayForeseen, at_us: int) -> None:
        """What is later than this is another delay."""
        self.promises[event.promise].foreseen_us = NO_TIME if event.new_due_us is None else event.new_due_us

    def made_up(self, event: e.DelayMadeUp, at_us: int) -> None:
        """What is later than promised is a delay again."""
        self.promises[event.promise].foreseen_us = None

    def foreseen(self, event: e.ForecastMade, at_us: int) -> None:
        """Look at it again in time."""
        self.forecasts[event.case] = Foreseen(event.earliest_us, event.due_us)
        if event.ring_us is None:
            self.timers.cancel(WATCH, event.case)
        else:
            self.timers.set(WATCH, event.case, event.ring_us)

    def over(self, event: e.CaseResolved | e.CaseMerged, at_us: int) -> None:
        """Nothing is foreseen of it any more."""
        self._forget(event.case)

    def left(self, event: e.StageLeft, at_us: int) -> None:
        """Nothing is foreseen of a case that is of no type."""
        if event.to is None:
            self._forget(event.case)

    def resumed(self, event: e.StageResumed, at_us: int) -> None:
        """Nothing is foreseen of the case that was in that stage before."""
        if event.before is not None:
            self._forget(event.before)

    def _forget(self, case: str) -> None:
        self.forecasts.pop(case, None)
        self.timers.cancel(WATCH, case)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PromiseMade: Promises.made,
    e.PromiseRevised: Promises.revised,
    e.PromiseWithdrawn: Promises.withdrawn,
    e.PromiseKept: Promises.kept,
    e.PromiseKeptLate: Promises.kept_late,
    e.PromiseBroken: Promises.broken,
    e.DelayForeseen: Promises.delay_foreseen,
    e.DelayMadeUp: Promises.made_up,
    e.ForecastMade: Promises.foreseen,
    e.CaseResolved: Promises.over,
    e.CaseMerged: Promises.over,
    e.StageLeft: Promises.left,
    e.StageResumed: Promises.resumed,
}
