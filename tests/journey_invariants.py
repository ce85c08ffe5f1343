"""What must hold of how cases go on, of what their customers are told and promised, and of what becomes of that."""

from __future__ import annotations

import attrs

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.engine import Engine
from orchestra.engine.facts.state import MOST_FACTS
from orchestra.engine.promises.state import JUDGE, MOST_PROMISES, WATCH, Promise
from orchestra.engine.stages.state import UPDATE_DUE
from orchestra.model import events as e
from tests.watching import due_of, invariant

__all__ = ["INVARIANTS", "JourneyWitness", "check_liveness"]


@attrs.define
class Stated:
    """What was promised: the first due, the last one, and how it turned out against either."""

    first_us: int
    last_us: int
    first: str = "open"
    last: str = "open"
    is_done: bool = False


@attrs.define
class JourneyWitness:
    """Remembers what was told last, in which stage each case is, what was promised, and who was reminded of whom."""

    told: dict[tuple[str, str], tuple[object, int]] = attrs.field(factory=dict)
    stages: dict[str, tuple[str, str]] = attrs.field(factory=dict)
    stated: dict[str, Stated] = attrs.field(factory=dict)
    reminded: set[str] = attrs.field(factory=set)
    late: dict[str, int | None] = attrs.field(factory=dict)
    reported: dict[str, int] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.FactTold():
                self._tell(engine, event)
            case e.StageEntered(case=case):
                self.stages[case] = event.type, event.stage
                self._runs(engine, case)
            case e.StageLeft(case=case):
                assert self.stages.pop(case) == (event.type, event.stage), "left another stage than it was in"
                assert event.lasted_us >= 0
                self.reminded.discard(case)
                if event.to is None:
                    self.reported.pop(case, None)
            case e.StageResumed(case=case):
                assert self.stages.pop(event.before or case) == (event.type, event.stage), "resumed another stage"
                self.stages[case] = event.type, event.stage
                self.reminded.discard(case)
                if event.before is not None:
                    self._go_on(event.before, case)
            case e.ProgressReported():
                self._report(event)
            case e.UpdateScheduled(case=case):
                self.reminded.discard(case)
            case e.UpdateDue(case=case):
                assert engine.view.stages.course(case) is not None, "reminded of what is settled"
                self.reminded.add(case)
            case _:
                self._promises(engine, event)

    def _tell(self, engine: Engine, event: e.FactTold) -> None:
        assert engine.view.cases.root(event.case) == event.case, "told in a case that goes on as another"
        self.told[event.case, event.fact] = event.value, engine.now_us
        told = engine.view.facts.last(engine.view.cases.group(event.case), event.fact)
        assert told is not None, "it was forgotten at once"
        assert told.at_us == engine.now_us

    def _go_on(self, before: str, case: str) -> None:
        self.reported.pop(case, None)
        if before in self.reported:
            self.reported[case] = self.reported.pop(before)

    def _report(self, event: e.ProgressReported) -> None:
        newest_us = self.reported.get(event.case)
        if event.outcome == "late":
            assert event.reported_us is not None, "nobody knows when it was made"
            assert newest_us is not None, "nothing was reported before"
            assert event.reported_us < newest_us, "it is newer than all others"
        elif event.outcome == "taken" and event.reported_us is not None:
            assert newest_us is None or event.reported_us >= newest_us, "what is older follows what is newer"
            self.reported[event.case] = event.reported_us

    def _runs(self, engine: Engine, case: str) -> None:
        assert engine.view.cases.cases[case].state not in (*SETTLED, "MERGED"), "a settled case goes on"

    def _promises(self, engine: Engine, event: e.Event) -> None:
        now_us = engine.now_us
        match event:
            case e.PromiseMade(promise=name):
                assert name not in self.stated
                assert now_us < event.due_us >= event.earliest_us
                self.stated[name] = Stated(event.due_us, event.due_us)
                self._runs(engine, event.case)
            case e.PromiseRevised(promise=name):
                row = self._open(name)
                assert event.before_us == row.last_us, "what was promised was moved silently"
                assert event.due_us > now_us
                row.last_us, row.last = event.due_us, "open"
                self.late.pop(name, None)
            case e.PromiseKept(promise=name):
                row = self._open(name)
                for which in self._of(event.against):
                    assert getattr(row, which) == "open", "judged twice"
                    assert now_us < getattr(row, f"{which}_us"), "kept too late"
                    setattr(row, which, "kept")
                row.is_done = True
            case e.PromiseBroken(promise=name):
                row = self._open(name)
                for which in self._of(event.against):
                    assert getattr(row, which) == "open", "judged twice"
                    assert now_us >= getattr(row, f"{which}_us") == event.due_us, "broken before it was due"
                    setattr(row, which, "broken")
            case e.PromiseKeptLate(promise=name) | e.PromiseWithdrawn(promise=name):
                self._open(name).is_done = True
            case e.DelayForeseen(promise=name):
                row = self._open(name)
                assert event.due_us == row.last_us
                before = self.late.get(name, row.last_us)
                assert before is not None or event.new_due_us is not None, "told twice that nobody knows when"
                assert event.new_due_us is None or event.new_due_us > (before or row.last_us), "one slip told twice"
                self.late[name] = event.new_due_us
            case e.DelayMadeUp(promise=name):
                del self.late[name]
            case _:
                pass

    def _of(self, against: str) -> tuple[str, ...]:
        return ("first", "last") if against == "both" else (against,)

    def _open(self, name: str) -> Stated:
        row = self.stated[name]
        assert not row.is_done, "it was done already"
        return row


def check_against(engine: Engine, witness: JourneyWitness) -> None:
    """What is known is what the events say."""
    facts, view = engine.view.facts.told, engine.view
    rows = {(case, fact): tuple(told) for case, of in facts.items() for fact, told in of.items()}
    assert rows == witness.told
    assert {case: (row.type, row.stage) for case, row in view.stages.courses.items()} == witness.stages
    for name, row in view.promises.promises.items():
        stated = witness.stated[name]
        assert (row.first_us, row.due_us) == (stated.first_us, stated.last_us), "the first due was moved"
        assert (row.done_us is not None) == stated.is_done
        verdicts = {"open": ("OPEN", "REVISED", "WITHDRAWN"), "kept": ("KEPT",), "broken": ("BROKEN",)}
        assert row.state in verdicts[stated.first]
        assert row.last == stated.last.upper()
    forgotten = witness.stated.keys() - view.promises.promises.keys()
    assert all(witness.stated[name].is_done for name in forgotten), "a promise was lost"


def _check_stages(engine: Engine) -> None:
    view, updates = engine.view, due_of(engine, UPDATE_DUE)
    assert all(0 < len(of) <= MOST_FACTS for of in view.facts.told.values())
    for case, course in view.stages.courses.items():
        state, kept = view.cases.cases[case].state, view.plan.case_types.get(course.type)
        is_there = kept is not None and kept.place(course.stage) is not None
        assert course.is_over == (state in (*SETTLED, "MERGED")) or not is_there, f"{case} is {state}"
        assert is_there or course.is_over, "the stage of a case that goes on is gone"
        rings = case in updates
        assert course.update_us is None or not course.is_over
        # Where no silence is too long one is reminded of what was promised, and once.
        is_limited = is_there and kept.stages[kept.place(course.stage)].max_silence is not None
        assert course.update_us is None or rings or not is_limited
        assert course.update_us is not None or not rings
    for case in view.promises.forecasts:
        assert view.stages.course(case) is not None, "something is foreseen of a case that goes nowhere"


def _check_promises(engine: Engine) -> None:
    view = engine.view
    for name, row in view.promises.promises.items():
        _check_promise(engine, name, row)
    for case in due_of(engine, WATCH):
        assert case in view.promises.forecasts
        assert view.promises.open_in(view.cases.group(case)), "watched though nothing is promised"


def _check_promise(engine: Engine, name: str, row: Promise) -> None:
    view = engine.view
    assert name in view.promises.of_case[row.case]
    assert view.timers.get(JUDGE, name) == row.next_us
    if row.done_us is None:
        assert view.cases.row(row.case).state not in SETTLED, "promised of a settled case"
        assert row.next_us is None or row.next_us >= min(row.first_us, row.due_us)
    done = [one for one in view.promises.of_case[row.case] if view.promises.promises[one].done_us is not None]
    assert len(done) <= MOST_PROMISES


INVARIANTS = (
    invariant(_check_stages, "facts", "stages", "cases", "promises", UPDATE_DUE),
    invariant(_check_promises, "promises", "cases", JUDGE, WATCH),
    invariant(check_against, "facts", "stages", "promises", "seen journeys", of="journeys"),
)
"""Each invariant with all that it reads."""


def check_liveness(engine: Engine, witness: JourneyWitness) -> None:
    """Whoever should have heard of their case by now was reminded of, and what is due is judged."""
    view = engine.view
    for case, course in view.stages.courses.items():
        if course.update_us is not None and course.update_us <= engine.now_us:
            assert case in witness.reminded, f"nobody was reminded of {case}"
    for name, row in view.promises.promises.items():
        if row.done_us is None:
            assert row.next_us is None or row.next_us > engine.now_us, f"{name} was not judged"
