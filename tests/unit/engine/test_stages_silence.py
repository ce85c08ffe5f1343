"""By when customers are to hear of their cases, whether anything has changed or not."""

from __future__ import annotations

import attrs
import pytest
from tests.case_plans import Journey, hours, order_plan
from tests.engine_driver import HOUR, MINUTE

from orchestra.model import commands as c, events as e
from orchestra.model.case_types import CaseType, Stage

QUIET = [Stage("doing", hours(100), max_silence=hours(8)), Stage("waiting"), Stage("done")]


@pytest.fixture
def journey() -> Journey:
    """In a stage in which the customer hears something every eight hours."""
    return Journey(order_plan(stages=QUIET, resolves=False))


def test_a_customer_hears_of_it_before_the_longest_silence_is_over(journey: Journey) -> None:
    assert journey.last(e.UpdateScheduled) == e.UpdateScheduled(
        "ca1", "cu1", "doing", journey.at(8), journey.at(8) - 15 * MINUTE
    )
    assert journey.hours(7.7) == []
    assert journey.hours(0.1) == [e.UpdateDue("ca1", "cu1", "order", "doing", journey.at(8), journey.at(15.75))]


def test_without_a_word_it_is_said_again_and_again(journey: Journey) -> None:
    due = journey.of(journey.hours(24), e.UpdateDue)
    assert [one.again_us for one in due] == [journey.at(15.75), journey.at(23.75), journey.at(31.75)]
    assert {one.due_us for one in due} == {journey.at(8)}, "since then they should have heard"


@pytest.mark.parametrize(
    "word",
    [
        c.TellFact("ca1", "ready", "soon", actor="agent:ana"),
        c.MakePromise("ca1", "update", 10**18 * 2),
        c.MakePromise("ca1", "resolution", 10**18 * 2),
    ],
)
def test_every_word_begins_the_silence_anew(journey: Journey, word: c.Command) -> None:
    brought = journey.run(word, 3 * 3600).events
    scheduled = e.UpdateScheduled("ca1", "cu1", "doing", journey.at(11), journey.at(11) - 15 * MINUTE)
    assert scheduled in brought
    assert journey.of(journey.hours(7.7), e.UpdateDue) == []
    assert len(journey.of(journey.hours(0.1), e.UpdateDue)) == 1


def test_another_time_is_a_word_as_well(journey: Journey) -> None:
    name = journey.promise(in_h=50)
    journey.run(c.RevisePromise(name, "late", journey.in_hours(60)), 3600)
    assert journey.course().update_us == journey.at(9)


def test_two_words_at_once_are_one(journey: Journey) -> None:
    journey.run(c.TellFact("ca1", "ready", "soon"), 3600)
    assert journey.of(journey.run(c.TellFact("ca1", "price", 4900)).events, e.UpdateScheduled) == []


def test_silence_counts_from_the_last_word_whatever_stage_comes(journey: Journey) -> None:
    journey.advance_case("waiting", 5)
    assert (journey.course().update_us, journey.hours(100)) == (None, [])
    brought = journey.advance_case("doing")
    assert journey.of(brought, e.UpdateScheduled) == [
        e.UpdateScheduled("ca1", "cu1", "doing", journey.at(8), journey.now_us)
    ]
    assert journey.of(journey.hours(0), e.UpdateDue) == [
        e.UpdateDue("ca1", "cu1", "order", "doing", journey.at(8), journey.in_hours(8))
    ]


def test_a_settled_case_is_silent(journey: Journey) -> None:
    journey.run(c.ResolveCase("ca1"))
    assert journey.course().update_us is None
    assert journey.of(journey.hours(24), e.UpdateDue) == []


def test_who_comes_back_has_just_been_heard(journey: Journey) -> None:
    journey.run(c.ResolveCase("ca1"), 3600)
    brought = journey.run(c.ReopenCase("ca1", "again"), 5 * 3600).events
    assert brought[1:3] == [
        e.StageResumed("ca1", "cu1", "order", "doing", journey.now_us, None, None, "reopened"),
        e.UpdateScheduled("ca1", "cu1", "doing", journey.in_hours(8), journey.in_hours(8) - 15 * MINUTE),
    ]


def test_business_time_counts() -> None:
    journey = Journey(order_plan(calendar=True, stages=QUIET))
    wednesday_9 = journey.at(0) + 35_200 * 1_000_000
    assert journey.last(e.UpdateScheduled).due_us == wednesday_9 + 8 * HOUR
    due = journey.of(journey.hours(100), e.UpdateDue)
    assert [one.again_us for one in due] == [
        wednesday_9 + 24 * HOUR + 7.75 * HOUR,
        wednesday_9 + 48 * HOUR + 7.75 * HOUR,
        wednesday_9 + 120 * HOUR + 7.75 * HOUR,
    ]


def test_where_nobody_works_any_more_nothing_is_said_again() -> None:
    office = attrs.evolve(order_plan().calendars["office"], mon=(), tue=(), wed=(), thu=(), fri=(), extra=EXTRA)
    case_type = CaseType(["order"], "office", QUIET, update_ahead=hours(0), silent=True)
    journey = Journey(attrs.evolve(order_plan(), calendars={"office": office}, case_types={"order": case_type}))
    due = journey.of(journey.hours(1000), e.UpdateDue)
    assert [one.again_us for one in due] == [None]
    assert journey.course().update_us is not None


EXTRA = ("2023-11-20 09:00-17:00",)


def test_a_customer_hears_of_it_where_the_matter_goes_on(journey: Journey) -> None:
    other = journey.open("bill")
    journey.run(c.MergeCases("ca1", other, "one matter"))
    journey.run(c.TellFact(other, "ready", "soon"), 3600)
    assert journey.course().update_us == journey.at(9)
