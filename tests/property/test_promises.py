"""Promises, delays and silence in random journeys: the engine tells what a walk over all minutes tells, and when."""

from __future__ import annotations

import random
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.case_plans import Journey, order_plan
from tests.engine_driver import MINUTE, SECOND, START
from tests.journey_oracle import MINUTES_A_DAY, Oracle, Shown, StageOf

from orchestra.engine.stages.quantiles import ERROR, Ring, add, count, merge, quantile
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import CaseType, Delay, Stage
from orchestra.model.hours import Hours

_WAIT = 40
ZERO = START + _WAIT * SECOND
"""When the case begins: at a full minute, as the calendar has them."""


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class Both:
    """The engine and the oracle of the same case, told the same."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        opens, closes = dice.choice([(0, 1440), (540, 1020), (1320, 1440), (0, 60)])
        silence = dice.choice([None, 45, 120])
        # Of even times half of what is left is reached at a full minute.
        stages = [StageOf(f"stage{number}", dice.choice([None, 0, 8, 60, 300]), silence) for number in range(4)]
        at_least, percent, made_up = dice.choice([1, 5, 30]), dice.choice([0, 100]), dice.choice([0, 50, 100])
        self.oracle = Oracle(stages, opens, closes, at_least, percent, made_up, 15, ZERO // MINUTE % MINUTES_A_DAY)
        day = [f"{_clock(opens)}-{_clock(closes)}"]
        hours = Hours("UTC", day, day, day, day, day, day, day)
        minutes = timedelta(minutes=1)
        case_type = CaseType(
            ["order"],
            "open",
            [
                Stage(
                    one.name,
                    None if one.normal is None else one.normal * minutes,
                    max_silence=None if one.silence is None else one.silence * minutes,
                )
                for one in stages
            ],
            delay=Delay(at_least * minutes, percent, made_up),
            learned_from=1_000,
            silent=True,
        )
        self.journey = Journey(
            attrs.evolve(order_plan(), calendars={"open": hours}, case_types={"order": case_type}), after=_WAIT
        )
        self.count = 0

    def at(self, minute: int) -> int:
        """An instant as the engine has it. The oracle's minutes begin where the case does."""
        return ZERO + minute * MINUTE

    def step(self) -> None:
        """Time passes, and then something is said."""
        dice, oracle, journey = self.dice, self.oracle, self.journey
        minutes = dice.choice([0, 1, 3, 20, 90, 400])
        oracle.wait(minutes)
        journey.advance(minutes * 60)
        due = oracle.now + dice.choice([1, 5, 60, 200, 900])
        move = dice.choice(["advance", "advance", "promise", "revise", "tell"])
        waiting = [said for said in oracle.promises if not said.is_done]
        if move == "advance":
            place, told = dice.randrange(4), dice.choice([None, due])
            journey.run(c.AdvanceCase("ca1", f"stage{place}", None if told is None else self.at(told)))
            oracle.advance(place, told)
        elif move == "promise":
            self._promise(due)
        elif move == "revise" and waiting and (said := dice.choice(waiting)).last != due:
            journey.run(c.RevisePromise(said.name, "changed", self.at(due)))
            oracle.revise(said.name, due)
        elif move == "tell":
            journey.run(c.TellFact("ca1", "it", "goes on"))
            oracle.tell()

    def _promise(self, due: int) -> None:
        place = self.dice.randrange(4)
        taken = {said.target for said in self.oracle.promises if not said.is_done}
        target = min(place + 1, 3)
        if place < self.oracle.place or target in taken:
            return
        self.count += 1
        self.journey.run(c.MakePromise("ca1", f"stage{place}", self.at(due)))
        self.oracle.promise(f"pr{self.count}", target, due)

    def told(self) -> list[Shown]:
        """What the engine told, in the oracle's words."""
        found = []
        for logged in self.journey.log:
            minute, rest = divmod(logged.at_us - ZERO, MINUTE)
            shown = self._shown(logged.event, minute)
            if shown is not None:
                assert rest == 0, f"{shown.what} comes within a minute"
                found.append(shown)
        return found

    def _shown(self, event: e.Event, minute: int) -> Shown | None:
        match event:
            case e.DelayForeseen(promise=name, new_due_us=due_us):
                until = None if due_us is None else -(-(due_us - ZERO) // MINUTE)
                return Shown(minute, "delay", name, until)
            case e.DelayMadeUp(promise=name):
                return Shown(minute, "made up", name)
            case e.PromiseBroken(promise=name):
                return Shown(minute, f"broken {event.against}", name)
            case e.PromiseKept(promise=name):
                return Shown(minute, f"kept {event.against}", name)
            case e.PromiseKeptLate(promise=name):
                return Shown(minute, "kept late", name)
            case e.UpdateDue():
                return Shown(minute, "update")
            case _:
                return None


def _sorted(shown: list[Shown]) -> list[tuple[int, str, str, int]]:
    """What happens within one minute may be told in any order."""
    return sorted((one.minute, one.what, one.promise or "", -1 if one.until is None else one.until) for one in shown)


@given(seed=st.integers(0, 2**32))
def test_the_engine_tells_what_a_walk_over_all_minutes_tells(seed: int) -> None:
    both = Both(random.Random(seed))
    for _ in range(14):
        both.step()
    both.oracle.wait(300)
    both.journey.hours(5)
    assert _sorted(both.told()) == _sorted(both.oracle.shown)


@given(seed=st.integers(0, 2**32), cut=st.integers(0, 200))
def test_whoever_is_rebuilt_in_between_goes_on_the_same(seed: int, cut: int) -> None:
    both = Both(random.Random(seed))
    for _ in range(10):
        both.step()
    journey = both.journey
    for engine in (journey.reloaded(), journey.replayed(is_blanked=True)):
        assert engine.state_hash() == journey.engine.state_hash()
        at_us = journey.now_us + cut * MINUTE
        while (due := engine.due()) is not None and due <= at_us:
            engine.tick(due)
    other = journey.reloaded()
    brought = [event for due in [journey.now_us + cut * MINUTE] for event in _run(other, due)]
    assert brought == journey.advance(cut * 60)


def _run(engine: object, at_us: int) -> list[e.Event]:
    brought: list[e.Event] = []
    while (due := engine.due()) is not None and due <= at_us:  # type: ignore[attr-defined]
        brought += engine.tick(due).events  # type: ignore[attr-defined]
    return brought


@given(
    values=st.lists(st.integers(0, 2**52), min_size=1, max_size=300),
    percent=st.integers(1, 100),
    above=st.integers(-1, 2**52),
)
def test_a_quantile_is_the_exact_one_up_to_the_stated_error(values: list[int], percent: int, above: int) -> None:
    ring: Ring = {}
    for value in values:
        add(ring, 7, value)
    together = merge(ring)
    exact = sorted(values)[-(-len(values) * percent // 100) - 1]
    found = quantile(together, percent)
    assert found is not None
    assert abs(found - exact) <= ERROR * exact
    longer = quantile(together, percent, above)
    assert (longer is None) == (count(together, above) == 0)
    assert longer is None or above < 0 or longer > above


@given(days=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 10**9)), max_size=200))
def test_a_ring_holds_the_newest_days_and_no_others(days: list[tuple[int, int]]) -> None:
    ring: Ring = {}
    for day, value in sorted(days):
        add(ring, day, value)
    newest = max((day for day, _ in days), default=0)
    kept = [value for day, value in days if day > newest - 90]
    assert count(merge(ring)) == len(kept)


@pytest.mark.parametrize("seed", range(12))
def test_the_same_journey_tells_the_same(seed: int) -> None:
    def told() -> list[Shown]:
        both = Both(random.Random(seed))
        for _ in range(8):
            both.step()
        return both.told()

    assert told() == told()
