"""How cases get their type and go through its stages: who says so, what is expected, and how long stages take."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.archiving import ArchivingEngine, archiving_plan
from tests.case_plans import ORDER, Journey, hours, order_plan, stages
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND, Driver, person

from orchestra.engine.stages.forecasting import Forecast, forecast
from orchestra.engine.stages.quantiles import ERROR
from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.case_types import CaseType, Stage

# Types


def test_the_topic_of_a_case_says_its_type_and_it_begins_with_the_first_stage() -> None:
    journey = Journey()
    assert journey.events(e.StageEntered) == [e.StageEntered("ca1", "cu1", "order", "received", 0, False, "topic")]
    assert (journey.course().stage, journey.course().since_us) == ("received", journey.at(0))


def test_cases_of_other_topics_have_no_type() -> None:
    for topic in ("bill", None):
        assert Journey(topic=topic).engine.view.stages.courses == {}


def test_a_bot_finds_out_what_a_case_is_about() -> None:
    driver = Driver(order_plan())
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.sign_in("rob")
    got = driver.answered("joe")
    assert driver.engine.view.stages.courses == {}
    driver.run(c.HandOver(got.interaction, "rob", topic="order"))
    assert driver.engine.view.stages.courses[got.case.id].stage == "received"


def test_what_a_settled_case_is_about_begins_nothing() -> None:
    driver = Driver(order_plan())
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.sign_in("rob")
    got = driver.answered("joe")
    driver.run(c.ResolveCase(got.case.id), 1)
    driver.run(c.HandOver(got.interaction, "rob", topic="order"))
    assert driver.engine.view.stages.courses == {}
    assert not driver.events(e.StageEntered)


def test_a_bot_that_finds_out_nothing_or_something_else_changes_no_type() -> None:
    driver = Driver(order_plan(types={"bill": CaseType(["bill"], stages=stages(1))}))
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.sign_in("rob")
    first, second = driver.answered("joe", topic="order"), driver.answered("mia")
    driver.run(c.HandOver(first.interaction, "rob", topic="bill"))
    driver.run(c.HandOver(second.interaction, "rob"))
    assert [(one.case, one.type) for one in driver.events(e.StageEntered)] == [(first.case.id, "order")]


def test_a_command_may_set_the_type_whatever_the_topic_is() -> None:
    journey = Journey(order_plan(types={"move": CaseType(stages=stages(1, 2))}), "bill")
    journey.run(c.SetCaseType("ca1", "order", actor="agent:ana"))
    assert journey.last(e.StageEntered).by == "asked"
    assert journey.run(c.SetCaseType("ca1", "order")).events == []
    brought = journey.run(c.SetCaseType("ca1", "move"), 60).events
    assert brought[:2] == [
        e.StageLeft("ca1", "cu1", "order", "received", MINUTE, False, "one", "retyped"),
        e.StageEntered("ca1", "cu1", "move", "one", 0, False, "asked"),
    ]
    assert journey.run(c.SetCaseType("ca1", None), 60).events == [
        e.StageLeft("ca1", "cu1", "move", "one", MINUTE, False, None, "retyped")
    ]
    assert journey.engine.view.stages.courses == {}
    assert journey.run(c.SetCaseType("ca1", None)).events == []


def test_imported_cases_are_past_all_stages() -> None:
    driver = Driver(order_plan())
    driver.run(c.BeginImport())
    driver.run(c.ImportCustomer("u1", [person("joe")]))
    driver.run(c.ImportCase("t1", "cu1", topic="order"))
    assert driver.events(e.CaseOpened)
    assert driver.events(e.StageEntered) == []


# Going on


def test_a_case_goes_on_by_stages_and_each_tells_how_long_it_took() -> None:
    journey = Journey()
    journey.run(c.AddRef("ca1", "order:81"))
    decided = journey.run(c.AdvanceCase(ref("order:81"), "checked", actor="back_office:erp"), 30 * 60)
    assert decided.events[:2] == [
        e.StageLeft("ca1", "cu1", "order", "received", 30 * MINUTE, True, "checked", "advanced"),
        e.StageEntered("ca1", "cu1", "order", "checked", 1, False, "advanced"),
    ]
    assert (decided.actor, journey.course().stage) == ("back_office:erp", "checked")


def test_going_back_finishes_nothing() -> None:
    journey = Journey()
    journey.advance_case("shipping", 1)
    left = journey.of(journey.advance_case("checked", 2, reason="address unknown"), e.StageLeft)
    assert left == [e.StageLeft("ca1", "cu1", "order", "shipping", 2 * HOUR, False, "checked", "advanced")]
    assert journey.last(e.StageEntered).reason == journey.course().reason == "address unknown"


def test_the_last_stage_settles_the_case_if_the_type_says_so() -> None:
    journey = Journey()
    assert journey.of(journey.advance_case("ready", 1), e.CaseResolved)
    assert journey.engine.view.cases.cases["ca1"].state == "RESOLVED"
    other = Journey(order_plan(resolves=False))
    assert not other.of(other.advance_case("ready", 1), e.CaseResolved)


def test_a_case_in_which_its_customer_is_being_served_is_settled_by_whoever_serves_them() -> None:
    journey = Journey()
    journey.message("joe", "email", case_number="C-000001")
    assert not journey.of(journey.advance_case("ready", 1), e.CaseResolved)
    assert journey.course().stage == "ready"


def test_a_case_that_has_only_one_stage_is_not_over_when_it_is_opened() -> None:
    journey = Journey(order_plan(stages=stages(2)))
    assert journey.last(e.StageEntered).is_last
    assert journey.events(e.CaseResolved) == []


def test_within_a_stage_it_is_told_when_that_will_be_over() -> None:
    journey = Journey()
    due_us = journey.in_hours(30)
    brought = journey.advance_case("received", due_us=due_us, earliest_us=due_us - HOUR, reason="supplier late")
    assert brought[0] == e.StageExpected("ca1", "cu1", "order", "received", due_us - HOUR, due_us, "supplier late")
    said = c.AdvanceCase("ca1", "received", due_us, due_us - HOUR, "supplier late")
    for again in (said, c.AdvanceCase("ca1", "received")):
        assert journey.run(again).events == []
    assert journey.advance_case("received", due_us=due_us + HOUR)
    assert (journey.course().earliest_us, journey.course().due_us) == (None, due_us + HOUR)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.AdvanceCase("ca9", "checked"), UnknownId),
        (c.AdvanceCase("ca1", "packed"), UnknownId),
        (c.AdvanceCase("ca1", "checked", earliest_us=1), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", due_us=1), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", due_us=2 * 10**18, earliest_us=3 * 10**18), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", reason=""), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", reason="x" * 201), InvalidCommand),
        (c.AdvanceCase("ca1", "checked", actor="customer:cu1"), NotPermitted),
        (c.SetCaseType("ca9", "order"), UnknownId),
        (c.SetCaseType("ca1", "gossip"), UnknownId),
    ],
)
def test_what_cannot_be_said(command: c.Command, error: type[CommandRefused]) -> None:
    Journey().refuse(command, error)


def test_a_case_without_a_type_or_settled_goes_nowhere() -> None:
    journey = Journey(topic="bill")
    journey.refuse(c.AdvanceCase("ca1", "checked"), NotAllowedInState, state="OPEN, of no type")
    journey.run(c.ResolveCase("ca1"))
    journey.refuse(c.AdvanceCase("ca1", "checked"), NotAllowedInState, state="RESOLVED")
    journey.refuse(c.SetCaseType("ca1", "order"), NotAllowedInState, state="RESOLVED")


# Forecasts


def foreseen(journey: Journey, what: str = "resolution", case: str = "ca1") -> Forecast | None:
    """What is foreseen of a case now."""
    return forecast(journey.engine.view, journey.course(case), what, journey.now_us)


def test_a_forecast_adds_up_what_is_left_of_this_stage_and_all_that_follow() -> None:
    journey = Journey()
    assert foreseen(journey) == Forecast(journey.in_hours(14), journey.in_hours(27), None)
    assert foreseen(journey, "received") == Forecast(journey.in_hours(1), journey.in_hours(1), None)
    assert foreseen(journey, "shipping") == foreseen(journey)
    assert foreseen(journey, "ready") == foreseen(journey)
    journey.hours(0.5)
    assert foreseen(journey) == Forecast(journey.at(14), journey.at(27), None)
    journey.advance_case("checked", 0.25)
    assert foreseen(journey) == Forecast(journey.in_hours(13), journey.in_hours(26), None)


def test_business_time_stands_still_while_the_office_is_closed() -> None:
    journey = Journey(order_plan(calendar=True, stages=[Stage("doing", hours(10)), Stage("done")]))
    assert journey.now_us == 1_700_000_000 * SECOND, "Tuesday, 23:13 in Berlin"
    wednesday_9 = 1_700_035_200 * SECOND
    thursday_11 = wednesday_9 + 26 * HOUR
    assert foreseen(journey) == Forecast(thursday_11, thursday_11, None)
    journey.advance_to(thursday_11 - 1)
    assert foreseen(journey) == Forecast(thursday_11, thursday_11, None)
    left = journey.of(journey.advance_case("done", 48), e.StageLeft)
    assert left == [e.StageLeft("ca1", "cu1", "order", "doing", 24 * HOUR, True, "done", "advanced")]


def test_what_the_back_office_expects_goes_before_what_is_normal() -> None:
    journey = Journey()
    due_us = journey.in_hours(100)
    journey.advance_case("shipping", due_us=due_us, earliest_us=due_us - 5 * HOUR)
    assert foreseen(journey) == Forecast(due_us - 5 * HOUR, due_us, None)
    journey.advance_case("checked", due_us=due_us)
    assert foreseen(journey) == Forecast(due_us + 12 * HOUR, due_us + 24 * HOUR, None)


def test_a_day_at_which_the_office_is_closed_stays_what_was_said() -> None:
    journey = Journey(order_plan(calendar=True))
    saturday = journey.at(24 * 4)
    journey.advance_case("shipping", due_us=saturday)
    assert foreseen(journey) == Forecast(saturday, saturday, None)
    journey.advance_case("shipping", due_us=saturday, earliest_us=1)
    assert foreseen(journey) == Forecast(journey.now_us, saturday, None)


def test_nothing_is_foreseen_of_stages_of_which_nobody_knows_how_long_they_take() -> None:
    journey = Journey(order_plan(stages=stages(1, None, 1)))
    assert foreseen(journey) is None
    assert foreseen(journey, "one") is not None
    journey.advance_case("two")
    assert foreseen(journey) is None
    journey.advance_case("two", due_us=journey.in_hours(3))
    assert foreseen(journey) == Forecast(journey.in_hours(3), journey.in_hours(3), None)


def test_a_stage_that_takes_longer_than_normal_may_take_as_long_as_it_likes() -> None:
    journey = Journey()
    journey.hours(1)
    assert foreseen(journey) is None
    journey.advance_case("received", due_us=journey.in_hours(1))
    assert foreseen(journey) is not None
    journey.hours(1)
    assert foreseen(journey) is None


def test_nothing_is_foreseen_where_nobody_works_any_more() -> None:
    closed = {"over": attrs.evolve(order_plan().calendars["office"], mon=(), tue=(), wed=(), thu=(), fri=())}
    of = attrs.evolve(order_plan(calendar=True), calendars={**order_plan().calendars, **closed})
    order = attrs.evolve(ORDER, calendar="over")
    journey = Journey(attrs.evolve(of, case_types={"order": order}))
    assert foreseen(journey) is None
    journey.advance_case("checked", due_us=journey.in_hours(3))
    assert foreseen(journey) is None, "what follows is never done"


# Learning


def finish(journey: Journey, *took_h: float, stage: str = "two") -> None:
    """Let further cases go through their first stage in so many hours each."""
    for number, hours_ in enumerate(took_h):
        case = journey.open(sender=f"person{number}-{journey.now_us}")
        journey.advance_case(stage, hours_, case)


def test_what_is_normal_is_learned_from_stages_that_were_finished_lately() -> None:
    journey = Journey(order_plan(stages=stages(None, None), learned_from=5, percentile=80))
    finish(journey, 1, 2, 3, 4)
    case = journey.open(sender="last")
    assert foreseen(journey, case=case) is None, "four are too few"
    finish(journey, 10)
    found = foreseen(journey, case=case)
    assert found is None, "it has taken longer than that already"
    case = journey.open(sender="newest")
    found = foreseen(journey, case=case)
    assert found is not None
    assert (found.due_us - journey.now_us) == pytest.approx(4 * HOUR, rel=ERROR)
    assert (found.earliest_us - journey.now_us) == pytest.approx(1 * HOUR, rel=ERROR)
    assert found.confidence == 80


def test_a_stage_with_a_given_time_learns_only_how_soon_it_may_be_over() -> None:
    journey = Journey(order_plan(stages=stages(5, 1), learned_from=2))
    finish(journey, 1, 3, 3, 30)
    case = journey.open(sender="newest")
    found = foreseen(journey, case=case)
    assert found is not None
    assert found.due_us == journey.in_hours(5)
    assert found.earliest_us - journey.now_us == pytest.approx(HOUR, rel=ERROR)
    assert found.confidence is None


def test_what_takes_longer_than_normal_may_take_as_long_as_others_that_did() -> None:
    journey = Journey(order_plan(stages=stages(5, 1), learned_from=3))
    finish(journey, 1, 2, 10, 20, 30)
    case = journey.open(sender="newest")
    journey.hours(6)
    found = foreseen(journey, case=case)
    assert found is not None
    assert found.due_us - journey.course(case).since_us == pytest.approx(30 * HOUR, rel=ERROR)
    assert (found.earliest_us, found.confidence) == (journey.now_us, 80)
    journey.hours(6)
    assert foreseen(journey, case=case) is None, "only two have taken longer than that"


def test_what_was_finished_long_ago_is_forgotten() -> None:
    journey = Journey(order_plan(stages=stages(None, None), learned_from=2))
    finish(journey, 5, 5)
    journey.advance(timedelta(days=60).total_seconds())
    finish(journey, 1)
    journey.advance(timedelta(days=31).total_seconds())
    finish(journey, 1)
    case = journey.open(sender="newest")
    found = foreseen(journey, case=case)
    assert found is not None
    assert found.due_us - journey.now_us == pytest.approx(HOUR, rel=ERROR)


def test_what_was_learned_is_the_same_after_a_restart() -> None:
    journey = Journey(order_plan(stages=stages(None, None), learned_from=2))
    finish(journey, 5, 7, 9, 2)
    for engine in (journey.reloaded(), journey.replayed(is_blanked=True)):
        assert engine.state_hash() == journey.engine.state_hash()
        assert engine.view.stages.took("order", "one", 80, 2) == journey.engine.view.stages.took("order", "one", 80, 2)
    assert journey.engine.view.stages.took("order", "two", 80, 1) is None
    assert journey.engine.view.stages.took("order", "one", 80, 5) is None


# Plans


def test_a_plan_keeps_the_types_and_stages_of_cases_that_are_not_settled() -> None:
    journey = Journey()
    errors = {
        "without": attrs.evolve(order_plan(), case_types={}),
        "other": order_plan(stages=[Stage("checked"), Stage("ready")]),
    }
    faults = {name: [str(one) for one in journey.engine.plan_faults(of) if one.is_error] for name, of in errors.items()}
    assert faults == {
        "without": ["case_types.order: is missing, and case ca1 needs it"],
        "other": ["case_types.order.stages: received is missing, and case ca1 needs it"],
    }
    journey.run(c.ResolveCase("ca1"))
    for of in errors.values():
        journey.change_plan(of)


def test_a_case_that_comes_back_to_a_stage_that_is_gone_is_of_no_type() -> None:
    journey = Journey()
    journey.run(c.ResolveCase("ca1"))
    journey.change_plan(order_plan(stages=[Stage("checked"), Stage("ready")]))
    journey.run(c.ReopenCase("ca1", "again"))
    assert journey.events(e.StageResumed) == []
    journey.refuse(c.AdvanceCase("ca1", "checked"), NotAllowedInState)
    brought = journey.run(c.SetCaseType("ca1", "order")).events
    assert brought[0] == e.StageLeft("ca1", "cu1", "order", "received", 0, False, "checked", "retyped")
    assert journey.course().stage == "checked"


def test_it_goes_with_an_archived_customer_and_comes_back_with_them() -> None:
    of = attrs.evolve(archiving_plan(), case_types=order_plan().case_types)
    journey = Journey(of, engine=ArchivingEngine())
    journey.promise()
    journey.advance_case("ready")
    journey.run(c.CloseCase("ca1"))
    journey.advance(40 * DAY // SECOND)
    view = journey.engine.view
    assert (view.stages.courses, view.promises.promises, view.promises.of_case) == ({}, {}, {})
    assert view.stages.finished, "what is normal stays known"
    journey.run(c.ReopenCase("ca1", "again"))
    assert journey.course().stage == "ready"
    assert journey.engine.view.promises.all_in(["ca1"]) == ["pr1"]
