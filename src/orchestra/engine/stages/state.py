"""How far each case has come, when its customer is to hear of it, and how long finished stages took."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.engine.stages.quantiles import Histogram, Ring, add, bucket_of, count, merge, quantile
from orchestra.model import events as e

__all__ = ["EVOLVE", "UPDATE_DUE", "Course", "Stages", "mark_of"]

UPDATE_DUE = "stages.update"
"""Timer of a case whose customer is to hear of it."""

_DAY_US = 86_400_000_000
_REPORTS = 16
"""So many reports of a case are known when they come again: many more than one has stages."""


def mark_of(report: str) -> str:
    """What a report is known by if it comes again: short, however long its id (BLAKE2b)."""
    return hashlib.blake2b(report.encode(), digest_size=8).hexdigest()


@attrs.define
class Course:
    """How far a case has come.

    It is in `stage` since `since_us`, which is expected to be over by `due_us` and not before `earliest_us`, as it was
    told. `word_us` is when the customer heard of it last, `update_us` by when they do next. One that `is_over` stands
    still: the case is settled, or goes on as another one. `origin` is the case, of several that are one matter, that
    was in it first. `reports` are marks of what back offices reported last, the newest at the end; `reported_us` is
    when the newest of all was made, by its sender's clock, and `heard_us` when the last one came that was taken.
    """

    type: str
    stage: str
    since_us: int
    word_us: int
    earliest_us: int | None = None
    due_us: int | None = None
    reason: str | None = None
    update_us: int | None = None
    is_over: bool = False
    origin: str | None = None
    reports: list[str] = attrs.field(factory=list)
    reported_us: int | None = None
    heard_us: int | None = None


def _keep_reports(before: Course, now: Course) -> None:
    now.reports, now.reported_us, now.heard_us = before.reports, before.reported_us, before.heard_us


def _key(case_type: str, stage: str) -> str:
    return f"{case_type}\x1f{stage}"


class Stages(Slice):
    """`courses` by case; `finished` is type and stage -> ring of how long those took that were finished lately."""

    TABLES: ClassVar = {"courses": Course, "finished": None}

    courses: dict[str, Course]
    finished: dict[str, Ring]

    def reindex(self) -> None:
        """Rebuild the histograms of all days together."""
        self._together: dict[str, Histogram] = {key: merge(ring) for key, ring in self.finished.items()}

    # Questions

    def course(self, case: str) -> Course | None:
        """How far a case has come that goes on by itself; None if it is of no type, or settled."""
        row = self.courses.get(case)
        return None if row is None or row.is_over else row

    def took(self, case_type: str, stage: str, percent: int, least: int, above_us: int = -1) -> int | None:
        """How long a stage took, at most, so many of a hundred times that it was finished lately.

        Args:
            case_type: of which type of cases.
            stage: which.
            percent: of a hundred.
            least: None is given unless it was finished so often.
            above_us: only of those count that took longer than this.
        """
        together = self._together.get(_key(case_type, stage), {})
        return quantile(together, percent, above_us) if count(together, above_us) >= least else None

    # Changes

    def entered(self, event: e.StageEntered, at_us: int) -> None:
        """The stage begins."""
        row = self.courses.get(event.case)
        anew = Course(event.type, event.stage, at_us, at_us, event.earliest_us, event.due_us, event.reason)
        if row is not None:
            anew.word_us, anew.origin = row.word_us, row.origin
            _keep_reports(row, anew)
        self.courses[event.case] = anew

    def reported(self, event: e.ProgressReported, at_us: int) -> None:
        """Know it if it comes again, and what comes later than it was made."""
        row = self.courses[event.case]
        row.reports = [*row.reports, mark_of(event.report)][-_REPORTS:]
        if event.outcome == "taken":
            row.heard_us = at_us
            row.reported_us = row.reported_us if event.reported_us is None else event.reported_us

    def told(self, event: e.FactTold | e.PromiseMade | e.PromiseRevised, at_us: int) -> None:
        """The customer has heard of it."""
        row = self.courses.get(event.case)
        if row is not None:
            row.word_us = at_us

    def expected(self, event: e.StageExpected, at_us: int) -> None:
        """Know when it will be over."""
        row = self.courses[event.case]
        row.earliest_us, row.due_us, row.reason = event.earliest_us, event.due_us, event.reason

    def left(self, event: e.StageLeft, at_us: int) -> None:
        """Learn how long it took; a case of no type any more has come nowhere."""
        self.timers.cancel(UPDATE_DUE, event.case)
        if event.to is None:
            del self.courses[event.case]
        if event.finished:
            self._learn(_key(event.type, event.stage), at_us // _DAY_US, event.lasted_us)

    def _learn(self, key: str, day: int, lasted_us: int) -> None:
        ring = self.finished.setdefault(key, {})
        if add(ring, day, lasted_us):
            self._together[key] = merge(ring)
        else:
            together, bucket = self._together.setdefault(key, {}), bucket_of(lasted_us)
            together[bucket] = together.get(bucket, 0) + 1

    def resumed(self, event: e.StageResumed, at_us: int) -> None:
        """The stage goes on, in this case."""
        before = self.courses.pop(event.before or event.case)
        self.timers.cancel(UPDATE_DUE, event.before or event.case)
        word_us = at_us if event.reason == "reopened" else before.word_us
        times = event.since_us, word_us, event.earliest_us, event.due_us, before.reason
        row = self.courses[event.case] = Course(event.type, event.stage, *times, origin=event.origin)
        _keep_reports(before, row)

    def over(self, event: e.CaseResolved | e.CaseMerged, at_us: int) -> None:
        """Nothing more is to be heard of it; or it goes on as another case."""
        row = self.courses.get(event.case)
        if row is not None:
            row.is_over, row.update_us = True, None
            self.timers.cancel(UPDATE_DUE, event.case)

    def scheduled(self, event: e.UpdateScheduled, at_us: int) -> None:
        """Remind of it in time."""
        self.courses[event.case].update_us = event.due_us
        self._ring(event.case, event.ring_us)

    def update_due(self, event: e.UpdateDue, at_us: int) -> None:
        """Remind of it again, unless they hear of it."""
        self._ring(event.case, event.again_us)

    def _ring(self, case: str, at_us: int | None) -> None:
        if at_us is None:
            self.timers.cancel(UPDATE_DUE, case)
        else:
            self.timers.set(UPDATE_DUE, case, at_us)

    def moved_from(self, cases: Sequence[str], origins: Sequence[str]) -> str | None:
        """Which of some cases is in a stage in which one of others was first; None if none is."""
        rows = ((case, self.courses.get(case)) for case in cases)
        return next((case for case, row in rows if row is not None and row.origin in origins), None)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.StageEntered: Stages.entered,
    e.FactTold: Stages.told,
    e.PromiseMade: Stages.told,
    e.PromiseRevised: Stages.told,
    e.StageExpected: Stages.expected,
    e.ProgressReported: Stages.reported,
    e.StageLeft: Stages.left,
    e.StageResumed: Stages.resumed,
    e.CaseResolved: Stages.over,
    e.CaseMerged: Stages.over,
    e.UpdateScheduled: Stages.scheduled,
    e.UpdateDue: Stages.update_due,
}
