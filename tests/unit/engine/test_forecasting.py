"""What lies between now and something a case works towards: which stages count, and how long each takes."""

from __future__ import annotations

import attrs
import pytest
from tests.case_plans import Journey, hours, order_plan, stages
from tests.engine_driver import HOUR

from orchestra.engine.stages.forecasting import (
    Forecast,
    Outlook,
    Takes,
    case_type,
    forecast,
    outlook,
    takes,
    target,
    time_of,
)
from orchestra.model import commands as c
from orchestra.model.case_types import RESOLUTION, CaseType, Stage
from orchestra.model.hours import Hours

FOUR = CaseType(stages=stages(1, 2, 3, 4))


@pytest.mark.parametrize(
    ("place", "what", "reached"),
    [
        (0, RESOLUTION, 3),
        (2, RESOLUTION, 3),
        (3, RESOLUTION, 4),
        (0, "one", 1),
        (0, "two", 2),
        (1, "two", 2),
        (0, "three", 3),
        (0, "four", 3),
        (3, "four", 4),
        (2, "one", 3),
    ],
)
def test_with_which_stage_something_is_done(place: int, what: str, reached: int) -> None:
    assert target(FOUR, place, what) == reached


def test_what_is_no_stage_is_done_with_the_matter() -> None:
    assert target(FOUR, 0, "packed") == target(FOUR, 0, RESOLUTION)


def test_of_a_single_stage_what_is_left_of_it_counts() -> None:
    assert target(CaseType(stages=stages(1)), 0, RESOLUTION) == 1


@pytest.mark.parametrize(
    ("stage", "spent_h", "found"),
    [
        (Stage("one", hours(4)), 0, Takes(4 * HOUR, 4 * HOUR)),
        (Stage("one", hours(4), hours(1)), 0, Takes(HOUR, 4 * HOUR)),
        (Stage("one", hours(4), hours(1)), 3, Takes(HOUR, 4 * HOUR)),
        (Stage("one", hours(4), hours(1)), 4, None),
        (Stage("one", hours(0)), 0, Takes(0, 0)),
        (Stage("one", hours(0)), 1, None),
        (Stage("one"), 0, None),
        (Stage("one", None, hours(1)), 0, None),
    ],
)
def test_how_long_a_stage_takes_that_has_taken_so_long(stage: Stage, spent_h: int, found: Takes | None) -> None:
    journey = Journey(order_plan(stages=[stage, Stage("done")]))
    assert takes(journey.engine.view, "order", stage, spent_h * HOUR) == found


def test_what_was_learned_stands_in_where_nothing_is_given() -> None:
    journey = Journey(order_plan(stages=stages(None, None), learned_from=1))
    journey.advance_case("two", 3)
    view, stage = journey.engine.view, Stage("one", None, hours(1))
    found = takes(view, "order", stage)
    assert found is not None
    assert (found.least_us, found.most_us) == (HOUR, pytest.approx(3 * HOUR, rel=1 / 64))
    longer = takes(view, "order", Stage("one", hours(1)), 2 * HOUR)
    assert longer is not None
    assert (longer.least_us, longer.most_us) == (2 * HOUR, pytest.approx(3 * HOUR, rel=1 / 64))
    assert takes(view, "order", Stage("one", hours(1)), 4 * HOUR) is None


def test_what_may_be_over_sooner_is_never_later_than_what_is_normal() -> None:
    journey = Journey(order_plan(stages=stages(1, None), learned_from=1))
    journey.advance_case("two", 5)
    found = takes(journey.engine.view, "order", Stage("one", hours(1)))
    assert found == Takes(HOUR, HOUR)


def seen(journey: Journey, what: str = RESOLUTION) -> Outlook:
    """What lies ahead of a case now."""
    return outlook(journey.engine.view, journey.course(), what, journey.now_us)


def test_what_is_left_and_what_comes_later_are_told_apart() -> None:
    journey = Journey()
    assert seen(journey) == Outlook(Takes(HOUR, HOUR), Takes(13 * HOUR, 26 * HOUR), True, None)
    assert seen(journey, "received") == Outlook(Takes(HOUR, HOUR), Takes(0, 0), True, None)
    journey.hours(0.25)
    assert seen(journey, "received").stage == Takes(3 * HOUR // 4, 3 * HOUR // 4)
    journey.hours(0.75)
    assert seen(journey) == Outlook(None, Takes(13 * HOUR, 26 * HOUR), False, None)


def test_what_is_expected_counts_in_business_time() -> None:
    journey = Journey(order_plan(calendar=True))
    journey.advance_case("shipping", due_us=journey.at(24), earliest_us=journey.at(12))
    wednesday = journey.at(0) + 35_200 * 1_000_000
    assert seen(journey).stage == Takes(journey.at(12) - wednesday, 8 * HOUR)
    time = time_of(journey.engine.view, case_type(journey.engine.view, journey.course()))
    assert time.elapsed(journey.at(0), journey.at(24)) == 8 * HOUR


def test_a_part_that_nobody_knows_makes_all_of_it_unknown() -> None:
    journey = Journey(order_plan(stages=stages(1, None, 3, 4)))
    assert seen(journey) == Outlook(Takes(HOUR, HOUR), Takes(3 * HOUR, 3 * HOUR), False, None)
    assert seen(journey, "one").is_known


def test_only_what_was_learned_says_how_sure_it_is() -> None:
    journey = Journey(order_plan(stages=stages(None, None, None), learned_from=1, percentile=90))
    journey.advance_case("two", 1)
    journey.advance_case("three", 1)
    case = journey.open()
    course = journey.course(case)
    assert outlook(journey.engine.view, course, RESOLUTION, journey.now_us).confidence == 90
    journey.change_plan(order_plan(stages=stages(None, 5, None), learned_from=1, percentile=90))
    assert outlook(journey.engine.view, course, RESOLUTION, journey.now_us).confidence is None
    assert outlook(journey.engine.view, course, "one", journey.now_us).confidence == 90


def test_a_type_may_have_a_calendar_of_its_own() -> None:
    day = ["00:00-24:00"]
    always = Hours("UTC", day, day, day, day, day, day, day)
    plan = order_plan(calendar=True, types={"move": CaseType(calendar="always", stages=stages(1, 1))})
    journey = Journey(attrs.evolve(plan, calendars={**plan.calendars, "always": always}))
    journey.run(c.SetCaseType("ca1", "move"))
    found = forecast(journey.engine.view, journey.course(), RESOLUTION, journey.now_us)
    assert found == Forecast(journey.in_hours(1), journey.in_hours(1), None)
