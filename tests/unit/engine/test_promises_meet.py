"""What becomes of stages and promises when matters are merged, parted, split, settled and opened again."""

from __future__ import annotations

import pytest
from tests.case_plans import Journey, hours, order_plan, stages
from tests.engine_driver import HOUR, MINUTE, thread

from orchestra.model import commands as c, events as e
from orchestra.model.case_types import Delay, Stage


@pytest.fixture
def journey() -> Journey:
    """Joe has an order, ca1, of which something is promised, and a question about a bill, ca2, which has no type."""
    made = Journey(order_plan(delay=Delay(hours(2), 0)))
    made.open("bill")
    made.promise(in_h=30)
    return made


def where(journey: Journey) -> dict[str, tuple[str, bool]]:
    """Case -> the stage that it is in, and whether it stands still."""
    courses = journey.engine.view.stages.courses
    return {case: (row.stage, row.is_over) for case, row in sorted(courses.items())}


def timers(journey: Journey, name: str) -> dict[str, int]:
    """Subject -> when the timer of this name rings."""
    return {row[1]: row[2] for row in journey.engine.dump()["timers"] if row[0] == name}


def test_a_matter_of_no_type_goes_on_as_the_one_that_is_merged_into_it(journey: Journey) -> None:
    journey.advance_case("checked", 1)
    brought = journey.run(c.MergeCases("ca2", "ca1", "one matter"), 60).events
    assert journey.of(brought, e.StageResumed) == [
        e.StageResumed("ca2", "cu1", "order", "checked", journey.at(1), None, None, "merged", "ca1", "ca1")
    ]
    assert where(journey) == {"ca2": ("checked", False)}
    assert timers(journey, "promises.watch").keys() == timers(journey, "stages.update").keys() == {"ca2"}
    brought = journey.advance_case("ready", 3)
    assert journey.of(brought, e.PromiseKept) == [
        e.PromiseKept("pr1", "ca2", "cu1", "resolution", journey.at(30), "both")
    ]
    assert journey.engine.view.cases.cases["ca2"].state == "RESOLVED"


def test_it_goes_back_along_with_where_it_came_from(journey: Journey) -> None:
    journey.run(c.MergeCases("ca2", "ca1", "one matter"))
    journey.advance_case("checked", 1)
    brought = journey.run(c.UnmergeCase("ca1", "two matters"), 60).events
    assert journey.of(brought, e.StageResumed) == [
        e.StageResumed("ca1", "cu1", "order", "checked", journey.at(1), None, None, "unmerged", "ca2")
    ]
    assert where(journey) == {"ca1": ("checked", False)}
    assert timers(journey, "promises.watch").keys() == timers(journey, "stages.update").keys() == {"ca1"}
    assert journey.course().origin is None


def test_of_two_with_types_that_one_goes_on_into_which_the_other_is_merged(journey: Journey) -> None:
    journey.open()
    journey.advance_case("shipping", 1, "ca3")
    journey.run(c.MergeCases("ca3", "ca1", "one matter"))
    assert where(journey) == {"ca1": ("received", True), "ca3": ("shipping", False)}
    assert timers(journey, "promises.watch").keys() == timers(journey, "stages.update").keys() == {"ca3"}
    assert journey.of(journey.advance_case("ready", 1), e.PromiseKept), "what was promised in either is done"
    assert journey.row().case == "ca1"


def test_each_of_two_with_types_goes_on_as_it_stood(journey: Journey) -> None:
    journey.open()
    journey.run(c.MergeCases("ca3", "ca1", "one matter"), 60)
    brought = journey.run(c.UnmergeCase("ca1", "two matters"), 60).events
    assert journey.of(brought, e.StageResumed) == [
        e.StageResumed("ca1", "cu1", "order", "received", journey.at(0), None, None, "unmerged")
    ]
    assert where(journey) == {"ca1": ("received", False), "ca3": ("received", False)}
    assert timers(journey, "promises.watch").keys() == {"ca1"}
    assert timers(journey, "stages.update").keys() == {"ca1", "ca3"}


def test_a_promise_comes_to_the_matter_and_is_measured_by_how_that_goes(journey: Journey) -> None:
    journey.open()
    brought = journey.run(c.MergeCases("ca3", "ca1", "one matter"), 6 * 3600).events
    assert journey.of(brought, e.DelayForeseen) == []
    journey.run(c.UnmergeCase("ca1", "two matters"))
    journey.advance_case("shipping", due_us=journey.in_hours(4))
    brought = journey.run(c.MergeCases("ca1", "ca3", "one matter")).events
    assert journey.of(brought, e.DelayForeseen) == []
    journey.run(c.UnmergeCase("ca3", "two matters"))
    journey.advance_case("shipping", case="ca3", due_us=journey.in_hours(60))
    brought = journey.run(c.MergeCases("ca3", "ca1", "one matter")).events
    assert [one.case for one in brought if isinstance(one, e.DelayForeseen)] == ["ca3"]


def test_it_goes_on_through_several_merges_and_back_from_any(journey: Journey) -> None:
    journey.open("bill")
    for case in ("ca2", "ca3"):
        journey.run(c.MergeCases(case, "ca1", "one matter"))
    assert (where(journey), journey.course("ca3").origin) == ({"ca3": ("received", False)}, "ca1")
    journey.run(c.UnmergeCase("ca2", "two matters"))
    assert (where(journey), journey.course("ca2").origin) == ({"ca2": ("received", False)}, "ca1")
    journey.run(c.UnmergeCase("ca1", "two matters"))
    assert (where(journey), journey.course("ca1").origin) == ({"ca1": ("received", False)}, None)


def test_it_leaves_a_matter_that_does_not_go_on_as_it_any_more(journey: Journey) -> None:
    journey.open("bill")
    journey.run(c.MergeCases("ca2", "ca1", "one matter"))
    journey.run(c.MergeCases("ca3", "ca2", "one matter"))
    journey.run(c.UnmergeCase("ca1", "two matters"))
    assert where(journey) == {"ca1": ("received", False)}


def test_a_settled_one_does_not_go_on(journey: Journey) -> None:
    journey.run(c.ResolveCase("ca1"))
    brought = journey.run(c.MergeCases("ca2", "ca1", "one matter")).events
    assert journey.of(brought, e.StageResumed) == []
    assert where(journey) == {"ca1": ("received", True)}
    brought = journey.run(c.UnmergeCase("ca1", "two matters")).events
    assert journey.of(brought, e.StageResumed) == []
    assert where(journey) == {"ca1": ("received", True)}


def test_a_settled_one_is_opened_by_what_is_merged_into_it_and_goes_on(journey: Journey) -> None:
    journey.open()
    journey.run(c.ResolveCase("ca3"))
    brought = journey.run(c.MergeCases("ca3", "ca1", "one matter"), 60).events
    assert journey.of(brought, e.StageResumed) == [
        e.StageResumed("ca3", "cu1", "order", "received", journey.now_us, None, None, "reopened")
    ]
    assert where(journey) == {"ca1": ("received", True), "ca3": ("received", False)}


def test_a_settled_one_of_no_type_is_opened_and_goes_on_as_the_other(journey: Journey) -> None:
    journey.run(c.ResolveCase("ca2"))
    brought = journey.run(c.MergeCases("ca2", "ca1", "one matter"), 60).events
    assert [one.reason for one in brought if isinstance(one, e.StageResumed)] == ["merged"]
    assert where(journey) == {"ca2": ("received", False)}


def test_one_whose_stage_is_gone_goes_on_without(journey: Journey) -> None:
    journey.open()
    journey.run(c.MergeCases("ca3", "ca1", "one matter"))
    journey.advance_case("checked", case="ca3")
    journey.change_plan(order_plan(stages=[Stage("checked"), Stage("ready")]))
    brought = journey.run(c.UnmergeCase("ca1", "two matters")).events
    assert journey.of(brought, e.StageResumed) == []


def test_part_of_a_case_begins_by_itself(journey: Journey) -> None:
    journey.message("joe", "email", thread=thread("new"), case_number="C-000001")
    journey.advance_case("checked", 1)
    journey.run(c.SplitCase("ca1", "two matters", ["in2"], topic="order"))
    assert where(journey) == {"ca1": ("checked", False), "ca3": ("received", False)}
    assert journey.engine.view.promises.all_in(["ca3"]) == []


def test_a_case_that_comes_back_begins_its_stage_anew(journey: Journey) -> None:
    journey.advance_case("shipping", 1, due_us=journey.in_hours(40))
    journey.run(c.ResolveCase("ca1"), 60)
    assert journey.row().state == "KEPT"
    brought = journey.run(c.ReopenCase("ca1", "broken on arrival"), 3600).events
    assert journey.of(brought, e.StageResumed) == [
        e.StageResumed("ca1", "cu1", "order", "shipping", journey.now_us, None, None, "reopened")
    ]
    assert journey.row().state == "KEPT", "what was judged stays so"
    assert journey.promise() == "pr2"
    assert journey.row("pr2").due_us == journey.in_hours(24)


def test_a_case_that_was_done_comes_back_to_its_last_stage(journey: Journey) -> None:
    journey.advance_case("ready", 1)
    journey.run(c.ReopenCase("ca1", "broken on arrival"), 3600)
    assert where(journey)["ca1"] == ("ready", False)
    assert journey.engine.view.cases.cases["ca1"].state == "OPEN"
    journey.promise(in_h=5)
    left = journey.of(journey.advance_case("checked", 2), e.StageLeft)
    assert left == [e.StageLeft("ca1", "cu1", "order", "ready", 2 * HOUR, False, "checked", "advanced")]
    assert journey.row("pr2").state == "OPEN"
    journey.advance_case("ready", 1)
    assert journey.row("pr2").state == "KEPT"


def test_a_promise_is_told_of_the_matter_that_goes_on(journey: Journey) -> None:
    journey.run(c.MergeCases("ca2", "ca1", "one matter"))
    revised = journey.run(c.RevisePromise("pr1", "late", journey.in_hours(40))).events[0]
    assert isinstance(revised, e.PromiseRevised)
    assert (revised.case, journey.course("ca2").word_us) == ("ca2", journey.now_us)
    journey.hours(41)
    assert {one.case for one in journey.events(e.PromiseBroken)} == {"ca2"}


def test_a_customer_who_is_merged_keeps_what_was_promised() -> None:
    journey = Journey()
    other = journey.open("bill", "joseph")
    journey.promise(in_h=5)
    journey.promise(in_h=5, case=other)
    journey.run(c.MergeCustomers("cu1", "cu2", "told"))
    journey.run(c.MergeCases("ca1", other, "one matter"))
    journey.run(c.ResolveCase("ca1"))
    assert [one.promise for one in journey.events(e.PromiseKept)] == ["pr1", "pr2"]


def test_what_is_rebuilt_from_before_and_after_is_the_same(journey: Journey) -> None:
    journey.open("bill")
    for command in (
        c.MergeCases("ca2", "ca1", "one matter"),
        c.MergeCases("ca3", "ca2", "one matter"),
        c.UnmergeCase("ca2", "two matters"),
        c.ResolveCase("ca2"),
        c.ReopenCase("ca2", "again"),
    ):
        journey.run(command, MINUTE / 10**6)
        for engine in (journey.reloaded(), journey.replayed(is_blanked=True)):
            assert engine.state_hash() == journey.engine.state_hash()


def test_two_promises_about_the_same_may_meet() -> None:
    journey = Journey(order_plan(stages=stages(1, 1)))
    other = journey.open()
    journey.promise(in_h=5)
    journey.promise(in_h=9, case=other)
    journey.run(c.MergeCases("ca1", other, "one matter"))
    journey.hours(6)
    journey.run(c.ResolveCase("ca1"))
    kinds = [(type(one).__name__, one.promise) for one in journey.events(e.PromiseKept)]
    assert kinds == [("PromiseKept", "pr2")]
    assert journey.last(e.PromiseKeptLate).promise == "pr1"
