"""Reports of back offices: they come again, and late, and lead no case back to where it was."""

from __future__ import annotations

import pytest
from tests.case_plans import Journey, hours, order_plan
from tests.engine_driver import HOUR, MINUTE, SECOND

from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import CaseType, Stage


def report(journey: Journey, stage: str, name: str, made_us: int | None = None, **more: object) -> list[e.Event]:
    """Let a report of the back office come; gives what it brought."""
    said = c.AdvanceCase("ca1", stage, report=name, reported_us=made_us, actor="back_office:erp", **more)  # type: ignore[arg-type]
    return journey.run(said).events


def outcomes(journey: Journey) -> list[str]:
    """What became of each report, in order."""
    return [event.outcome for event in journey.events(e.ProgressReported)]


def test_a_report_is_known_and_the_case_comes_to_its_stage() -> None:
    journey = Journey()
    made_us = journey.in_hours(-1)
    brought = report(journey, "checked", "r1", made_us)
    assert brought[0] == e.ProgressReported("ca1", "cu1", "checked", "r1", made_us, "taken")
    assert journey.course().stage == "checked"
    assert (journey.course().reported_us, journey.course().heard_us) == (made_us, journey.now_us)


def test_a_report_that_comes_again_changes_nothing_wherever_the_case_is() -> None:
    journey = Journey(order_plan(resolves=True))
    report(journey, "checked", "r1", journey.now_us)
    journey.advance_case("received", 1)
    assert report(journey, "checked", "r1", journey.in_hours(-1)) == []
    assert journey.course().stage == "received"
    journey.advance_case("ready", 1)
    assert journey.engine.view.cases.cases["ca1"].state == "RESOLVED"
    assert report(journey, "checked", "r1", journey.in_hours(-2)) == []
    journey.refuse(c.AdvanceCase("ca1", "checked", report="r2"), NotAllowedInState, state="RESOLVED")


def test_a_report_made_before_the_newest_one_is_late() -> None:
    journey = Journey()
    first_us, second_us = journey.in_hours(0), journey.in_hours(1)
    journey.hours(2)
    report(journey, "shipping", "r2", second_us)
    late = report(journey, "checked", "r1", first_us)
    assert late == [e.ProgressReported("ca1", "cu1", "checked", "r1", first_us, "late")]
    assert report(journey, "ready", "r0", first_us)[0].outcome == "late"  # type: ignore[attr-defined]
    assert journey.course().stage == "shipping"
    assert journey.course().reported_us == second_us


def test_a_late_word_of_when_the_stage_is_over_does_not_undo_a_newer_one() -> None:
    journey = Journey()
    monday_us, friday_us = journey.in_hours(20), journey.in_hours(90)
    report(journey, "received", "r2", journey.now_us, due_us=friday_us, reason="supplier late")
    assert len(report(journey, "received", "r1", journey.now_us - SECOND, due_us=monday_us)) == 1
    assert (journey.course().due_us, journey.course().reason) == (friday_us, "supplier late")
    newer = report(journey, "received", "r3", journey.now_us, due_us=monday_us)
    assert [type(event) for event in newer[:2]] == [e.ProgressReported, e.StageExpected]
    assert journey.course().due_us == monday_us


def test_a_report_that_says_nothing_new_still_tells_how_new_it_is() -> None:
    journey = Journey()
    base_us = journey.now_us
    journey.hours(1)
    report(journey, "checked", "r1", base_us)
    assert report(journey, "checked", "r3", base_us + 20 * MINUTE) == [journey.last(e.ProgressReported)]
    report(journey, "received", "r2", base_us + 10 * MINUTE)
    assert outcomes(journey) == ["taken", "taken", "late"]
    assert journey.course().stage == "checked"


def test_a_newer_report_may_lead_back_and_one_made_when_the_case_had_come_on_may_not() -> None:
    journey = Journey()
    base_us = journey.now_us
    journey.hours(1)
    report(journey, "shipping", "r1", base_us + 10 * MINUTE)
    report(journey, "checked", "r2", base_us + 10 * MINUTE)
    assert outcomes(journey) == ["taken", "back"], "made at the same time: nobody knows which was first"
    report(journey, "checked", "r3", base_us + 11 * MINUTE)
    assert journey.course().stage == "checked", "though it came to shipping, by our clock, after it was reported"


def test_a_report_that_does_not_tell_when_it_was_made_never_leads_back() -> None:
    journey = Journey()
    report(journey, "shipping", "r1")
    report(journey, "checked", "r2")
    report(journey, "ready", "r3")
    assert outcomes(journey) == ["taken", "back", "taken"]
    assert (journey.course().stage, journey.course().reported_us) == ("ready", None)


def test_what_was_made_before_somebody_else_moved_the_case_leads_it_on_but_not_back() -> None:
    journey = Journey()
    before_us = journey.now_us
    report(journey, "checked", "r0", before_us - HOUR)
    journey.advance_case("shipping", 1)
    report(journey, "received", "r1", before_us)
    assert journey.course().stage == "shipping"
    report(journey, "received", "r2", journey.now_us + SECOND)
    assert journey.course().stage == "received"
    journey.advance_case("received", 1, due_us=journey.in_hours(5))
    report(journey, "checked", "r3", journey.now_us - HOUR + SECOND)
    assert outcomes(journey) == ["taken", "back", "taken", "taken"]


def test_a_clock_that_is_far_ahead_does_not_make_all_others_late() -> None:
    journey = Journey()
    report(journey, "checked", "r1", journey.in_hours(9_000))
    assert journey.last(e.ProgressReported).reported_us is None
    report(journey, "shipping", "r2", journey.now_us)
    report(journey, "checked", "r3", journey.in_hours(9_000))
    assert outcomes(journey) == ["taken", "taken", "back"]
    report(journey, "checked", "r4", journey.now_us + 5 * MINUTE)
    assert journey.course().stage == "checked", "five minutes are no more than a clock that is a little wrong"


def test_a_time_that_is_over_when_the_report_comes_is_left_away() -> None:
    journey = Journey()
    over_us = journey.in_hours(1)
    journey.hours(1)
    report(journey, "checked", "r1", over_us - HOUR, due_us=over_us, earliest_us=over_us - 1, reason="busy")
    course = journey.course()
    assert (course.stage, course.due_us, course.earliest_us, course.reason) == ("checked", None, None, "busy")
    ahead_us = journey.in_hours(3)
    report(journey, "checked", "r2", over_us, due_us=ahead_us, earliest_us=ahead_us - HOUR)
    assert (journey.course().earliest_us, journey.course().due_us) == (ahead_us - HOUR, ahead_us)


def test_only_the_last_reports_of_a_case_are_known() -> None:
    journey = Journey()
    for number in range(40):
        report(journey, "received", f"r{number}", journey.now_us + number)
    assert len(journey.course().reports) == 16
    assert report(journey, "received", "r39", journey.now_us + 39) == []
    assert len(set(journey.course().reports)) == 16


def test_what_was_reported_stays_known_when_the_case_changes_its_type_or_comes_back() -> None:
    other = CaseType(topics=["bill"], stages=[Stage("asked", hours(1)), Stage("checked")])
    journey = Journey(order_plan(types={"bill": other}))
    report(journey, "checked", "r1", journey.now_us)
    journey.run(c.SetCaseType("ca1", "bill"))
    assert report(journey, "checked", "r1", journey.now_us) == []
    journey.run(c.ResolveCase("ca1"))
    journey.run(c.ReopenCase("ca1", "again"))
    assert report(journey, "checked", "r1", journey.now_us) == []
    assert journey.course().stage == "asked"


def test_what_was_reported_goes_along_when_cases_become_one() -> None:
    journey = Journey(topic=None)
    other = journey.open("order")
    journey.run(c.AdvanceCase(other, "shipping", report="r1", reported_us=journey.now_us))
    journey.run(c.MergeCases("ca1", other, "same matter"))
    assert journey.course("ca1").stage == "shipping"
    assert journey.run(c.AdvanceCase("ca1", "shipping", report="r1")).events == []
    late = c.AdvanceCase("ca1", "checked", report="r0", reported_us=journey.now_us - SECOND)
    assert journey.run(late).events[0].outcome == "late"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.AdvanceCase("ca1", "checked", reported_us=5), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", report=""), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", report="x" * 501), InvalidCommand),
        (c.AdvanceCase("ca1", "packed", report="r1"), UnknownId),
        (c.AdvanceCase("ca9", "checked", report="r1"), UnknownId),
        (c.AdvanceCase("ca1", "checked", earliest_us=5, report="r1"), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", reason="x" * 201, report="r1", due_us=1), InvalidCommand),
    ],
)
def test_what_cannot_be_reported(command: c.Command, error: type[CommandRefused]) -> None:
    journey = Journey()
    journey.refuse(command, error)
    assert journey.course().reports == []
