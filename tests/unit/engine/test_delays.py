"""Delays: foreseen as soon as they are large enough, by what happens or by time alone, and told once per slip."""

from __future__ import annotations

import random
from datetime import timedelta

import attrs
import pytest
from tests.case_plans import Journey, hours, order_plan, stages
from tests.engine_driver import HOUR

from orchestra.engine.promises.delays import crossing
from orchestra.engine.promises.state import NO_TIME
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import Delay, Stage

PLAIN = Delay(hours(2), 0)

# When it is late by enough, against a walk over all instants


def late(after: int, until: int, stage: int | None, later: int, at_least: int, percent: int) -> bool:
    """Whether it is late by enough after so much time, by the words of the rule."""
    done = (after if stage is None else max(stage, after)) + later
    tolerance = max(100 * at_least, percent * max(0, until - after))
    return 100 * (done - until) >= tolerance


@pytest.mark.parametrize("seed", range(40))
def test_it_is_late_at_the_first_instant_at_which_the_rule_says_so(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(50):
        until, later = dice.randint(-30, 100), dice.choice([0, 0, dice.randint(0, 60)])
        stage = dice.choice([None, 0, dice.randint(0, 120)])
        at_least, percent = dice.choice([1, dice.randint(1, 30)]), dice.choice([0, 10, 33, 100, 250])
        case = until, stage, later, at_least, percent
        first = next(after for after in range(1_000) if late(after, *case))
        assert crossing(*case) == first, case


# By what happens


def delays(events: list[e.Event]) -> list[tuple[str, int | None]]:
    """What was told: which promise will be late, and until when."""
    return [(event.promise, event.new_due_us) for event in events if isinstance(event, e.DelayForeseen)]


@pytest.fixture
def journey() -> Journey:
    """An order of which it was promised that it is done in thirty hours; 27 are foreseen."""
    made = Journey(order_plan(delay=PLAIN))
    made.promise(in_h=30)
    return made


def test_what_the_back_office_says_may_be_a_delay(journey: Journey) -> None:
    assert delays(journey.advance_case("checked", 1)) == []
    brought = journey.advance_case("shipping", 2, due_us=journey.at(40), earliest_us=journey.at(38), reason="no driver")
    assert journey.of(brought, e.DelayForeseen) == [
        e.DelayForeseen(
            *("pr1", "ca1", "cu1", "resolution", "shipping", journey.at(30)),
            *(journey.at(38), journey.at(40), journey.in_hours(8), "no driver"),
        )
    ]
    assert journey.row().foreseen_us == journey.at(40)
    assert journey.row().due_us == journey.at(30), "nothing that was promised is moved silently"


@pytest.mark.parametrize(("in_h", "is_told"), [(31.9, False), (32, True)])
def test_only_what_is_late_by_enough_is_told(journey: Journey, in_h: float, is_told: bool) -> None:
    assert bool(delays(journey.advance_case("shipping", due_us=journey.at(in_h)))) is is_told


@pytest.mark.parametrize(("in_h", "is_told"), [(35.9, False), (36, True)])
def test_the_longer_it_is_until_then_the_later_it_may_be(in_h: float, is_told: bool) -> None:
    journey = Journey(order_plan(delay=Delay(hours(2), 20)))
    journey.promise(in_h=30)
    assert bool(delays(journey.advance_case("shipping", due_us=journey.at(in_h)))) is is_told


def test_without_a_reason_it_is_what_is_expected(journey: Journey) -> None:
    journey.advance_case("shipping", due_us=journey.at(40))
    assert journey.last(e.DelayForeseen).reason == "expected"


def test_a_slip_is_told_once_and_another_one_again(journey: Journey) -> None:
    told = [
        delays(journey.advance_case("shipping", due_us=journey.at(in_h)))
        for in_h in (40, 41.9, 39, 40, 36, 42, 44, 44.5)
    ]
    assert [bool(one) for one in told] == [True, False, False, False, False, True, True, False]


def test_a_delay_that_is_made_up_may_come_again(journey: Journey) -> None:
    journey.advance_case("shipping", due_us=journey.at(40))
    assert not journey.of(journey.advance_case("shipping", due_us=journey.at(31)), e.DelayMadeUp), "half of two hours"
    brought = journey.advance_case("shipping", due_us=journey.at(30.9))
    assert journey.of(brought, e.DelayMadeUp) == [
        e.DelayMadeUp("pr1", "ca1", "cu1", "resolution", journey.at(30), journey.at(30.9))
    ]
    assert journey.row().foreseen_us is None
    assert delays(journey.advance_case("shipping", due_us=journey.at(33))) == [("pr1", journey.at(33))]


def test_once_another_time_is_told_that_one_counts(journey: Journey) -> None:
    journey.advance_case("shipping", due_us=journey.at(40))
    journey.run(c.RevisePromise("pr1", "no driver"))
    assert (journey.row().due_us, journey.row().foreseen_us) == (journey.at(40), None)
    assert delays(journey.advance_case("shipping", due_us=journey.at(41))) == []
    assert delays(journey.advance_case("shipping", due_us=journey.at(42))) == [("pr1", journey.at(42))]


def test_what_contradicts_the_forecast_is_seen_at_once(journey: Journey) -> None:
    brought = journey.run(c.MakePromise("ca1", "shipping", journey.in_hours(20))).events
    assert delays(brought) == [("pr2", journey.in_hours(27))]


def test_each_promise_is_looked_at_by_itself(journey: Journey) -> None:
    journey.promise("checked", 3)
    brought = journey.advance_case("received", due_us=journey.in_hours(4))
    assert delays(brought) == [("pr2", journey.in_hours(6))]
    brought = journey.advance_case("received", due_us=journey.in_hours(6))
    assert delays(brought) == [("pr1", journey.in_hours(32)), ("pr2", journey.in_hours(8))]


def test_going_back_a_stage_may_be_a_delay(journey: Journey) -> None:
    journey.advance_case("shipping", 1)
    brought = journey.advance_case("received", 5, reason="wrong address")
    assert delays(brought) == [("pr1", journey.in_hours(27))]
    assert journey.last(e.DelayForeseen).reason == "wrong address"


def test_promised_updates_are_no_part_of_it(journey: Journey) -> None:
    journey.promise("update", 1)
    assert delays(journey.hours(10)) == [("pr1", None)]


# By time alone


def test_a_stage_that_goes_on_makes_it_late_at_the_first_instant(journey: Journey) -> None:
    assert journey.last(e.ForecastMade).ring_us == journey.at(1), "when it has taken as long as it normally does"
    assert delays(journey.advance_to(journey.at(6) - 1)) == []
    brought = journey.advance_to(journey.at(6))
    assert journey.of(brought, e.DelayForeseen) == [
        e.DelayForeseen(
            *("pr1", "ca1", "cu1", "resolution", "received", journey.at(30)),
            *(None, None, journey.in_hours(4), "overrun"),
        )
    ]
    assert journey.row().foreseen_us == NO_TIME


def test_where_no_time_can_be_told_it_is_told_once_until_there_is_one(journey: Journey) -> None:
    assert delays(journey.hours(29)) == [("pr1", None)]
    brought = journey.advance_case("received", due_us=journey.in_hours(5))
    assert delays(brought) == [("pr1", journey.in_hours(31))]
    assert delays(journey.advance_case("received", due_us=journey.in_hours(5.5))) == []


def test_where_no_time_could_be_told_it_may_be_made_up(journey: Journey) -> None:
    assert delays(journey.hours(7)) == [("pr1", None)]
    brought = journey.advance_case("shipping", due_us=journey.at(30))
    assert journey.of(brought, e.DelayMadeUp)
    assert delays(brought) == []


def test_the_nearer_it_is_the_less_it_takes_to_be_late() -> None:
    journey = Journey(order_plan(delay=Delay(hours(1), 50)))
    journey.promise(in_h=30)
    assert delays(journey.advance_case("shipping", due_us=journey.at(35))) == [], "five hours are less than fifteen"
    assert delays(journey.advance_to(journey.at(20) - 1)) == []
    assert delays(journey.advance_to(journey.at(20))) == [("pr1", journey.at(35))], "and as much as half of ten"


def test_what_is_expected_and_passes_makes_it_late_in_the_end(journey: Journey) -> None:
    journey.advance_case("shipping", due_us=journey.at(30), reason="on its way")
    brought = journey.hours(40)
    names = [type(event).__name__ for event in brought if isinstance(event, e.PromiseBroken | e.DelayForeseen)]
    assert names == ["PromiseBroken", "DelayForeseen"]
    assert (journey.last(e.DelayForeseen).reason, journey.last(e.DelayForeseen).new_due_us) == ("on its way", None)


def test_a_stage_that_takes_long_is_measured_by_others_that_did() -> None:
    journey = Journey(order_plan(stages=stages(10, 1), learned_from=3, delay=PLAIN))
    for number, took_h in enumerate((20, 20, 20)):
        case = journey.open(sender=f"person{number}")
        journey.advance_case("two", took_h, case)
    case = journey.open(sender="last")
    journey.promise(case=case)
    since_us = journey.now_us
    brought = journey.hours(10)
    (told,) = delays(brought)
    assert told[0] == "pr1"
    assert told[1] is not None
    assert told[1] - since_us == pytest.approx(20 * HOUR, rel=1 / 64)
    assert delays(journey.hours(100)) == [("pr1", None)], "it takes longer than any did"


def test_one_timer_per_case_whatever_was_promised(journey: Journey) -> None:
    journey.promise("checked", 10)
    journey.promise("shipping", 29)
    timers = [row for row in journey.engine.dump()["timers"] if row[0] == "promises.watch"]
    assert timers == [["promises.watch", "ca1", journey.at(1)]]


def test_business_time_counts() -> None:
    journey = Journey(order_plan(calendar=True, stages=[Stage("doing", hours(8)), Stage("done")], delay=PLAIN))
    wednesday_9 = journey.at(0) + 35_200 * 1_000_000
    journey.promise()
    assert journey.row().due_us == wednesday_9 + 8 * HOUR
    brought = journey.hours(240)
    told = [one.at_us for one in journey.log if isinstance(one.event, e.DelayForeseen)]
    assert told == [wednesday_9 + 26 * HOUR], "two hours into Thursday"
    assert delays(brought) == [("pr1", None)]


def test_what_was_expected_on_a_day_on_which_nobody_works_is_looked_at_when_that_has_passed() -> None:
    """It was to be over on Saturday; once Saturday has passed it takes what is normal, and that is too late."""
    days = [Stage("doing", hours(48)), Stage("done")]
    journey = Journey(order_plan(calendar=True, stages=days, delay=Delay(hours(20), 0)))
    saturday = journey.at(24 * 4)
    journey.advance_case("doing", due_us=saturday)
    journey.promise(in_h=24 * 4 - 1)
    assert journey.last(e.ForecastMade).ring_us == saturday
    assert delays(journey.advance_to(saturday - 1)) == []
    wednesday_17 = journey.at(0) + 35_200 * 1_000_000 + (24 * 7 + 8) * HOUR
    assert delays(journey.advance_to(saturday)) == [("pr1", wednesday_17)]


def test_nothing_is_foreseen_of_a_case_of_no_type() -> None:
    journey = Journey(topic="bill")
    journey.promise(in_h=2)
    assert [type(event) for event in journey.hours(10)] == [e.PromiseBroken]


def test_where_nobody_works_any_more_it_is_said_once() -> None:
    of = order_plan(calendar=True, delay=Delay(timedelta(), 0))
    journey = Journey(of)
    journey.promise()
    once = attrs.evolve(
        of.calendars["office"], mon=(), tue=(), wed=(), thu=(), fri=(), extra=("2023-11-15 09:00-09:30",)
    )
    journey.change_plan(attrs.evolve(of, calendars={"office": once}))
    due_us = journey.row().due_us
    assert delays(journey.advance_to(due_us + HOUR)) == [("pr1", None)]
    assert delays(journey.advance_case("checked", due_us=journey.in_hours(9))) == []
    assert journey.last(e.ForecastMade).ring_us == journey.in_hours(9), "what is expected then may still come"
    assert delays(journey.hours(20)) == []
    assert journey.last(e.ForecastMade).ring_us is None


# What is foreseen


def test_a_forecast_is_told_when_it_changes(journey: Journey) -> None:
    of_case = [event for event in journey.events(e.ForecastMade) if event.case == "ca1"]
    assert of_case == [
        e.ForecastMade("ca1", "cu1", journey.at(14), journey.at(27), None),
        e.ForecastMade("ca1", "cu1", journey.at(14), journey.at(27), journey.at(1)),
    ]
    brought = journey.run(c.TellFact("ca1", "ready", "soon")).events
    assert journey.of(brought, e.ForecastMade) == []
    brought = journey.hours(1)
    assert journey.of(brought, e.ForecastMade) == [e.ForecastMade("ca1", "cu1", None, None, journey.at(6))]


def test_after_a_withdrawal_nothing_is_watched(journey: Journey) -> None:
    brought = journey.run(c.WithdrawPromise("pr1", "not wanted"), 60).events
    assert journey.of(brought, e.ForecastMade) == [e.ForecastMade("ca1", "cu1", journey.at(14), journey.at(27), None)]
    assert delays(journey.hours(100)) == []


def test_of_a_settled_case_nothing_is_foreseen(journey: Journey) -> None:
    journey.run(c.ResolveCase("ca1"))
    assert journey.engine.view.promises.forecasts == {}
    assert delays(journey.hours(100)) == []
    journey.run(c.ReopenCase("ca1", "again"))
    assert journey.engine.view.promises.forecasts["ca1"].due_us == journey.in_hours(27)


def test_of_a_case_that_is_of_no_type_any_more_nothing_is_foreseen(journey: Journey) -> None:
    journey.run(c.SetCaseType("ca1", None), 60)
    assert journey.engine.view.promises.forecasts == {}
    assert delays(journey.hours(100)) == []


def test_a_changed_plan_is_looked_at_when_the_timer_rings(journey: Journey) -> None:
    slow = [Stage("received", hours(9)), Stage("checked", hours(2)), Stage("shipping", hours(24)), Stage("ready")]
    journey.change_plan(order_plan(stages=slow, delay=PLAIN))
    assert delays(journey.hours(0.99)) == []
    assert delays(journey.hours(0.01)) == [("pr1", journey.at(35))]
    assert journey.last(e.ForecastMade).ring_us == journey.at(9)


def test_what_is_rebuilt_rings_at_the_same_time(journey: Journey) -> None:
    journey.hours(2)
    for engine in (journey.reloaded(), journey.replayed(is_blanked=True)):
        assert engine.state_hash() == journey.engine.state_hash()
        assert engine.due() == journey.engine.due()
        decided = engine.tick(journey.at(6))
        assert any(isinstance(event, e.DelayForeseen | e.UpdateDue) for event in decided.events)


def test_a_case_with_nothing_promised_never_rings() -> None:
    journey = Journey(order_plan(stages=stages(1, 1)))
    assert journey.hours(1000) == []
