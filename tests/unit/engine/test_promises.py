"""Promises: stated as a range, judged at the instant they are due, kept against the first due and against the last."""

from __future__ import annotations

import attrs
import pytest
from tests.case_plans import ORDER, Journey, hours, order_plan, stages
from tests.engine_driver import HOUR, Driver

from orchestra.engine.promises.state import MOST_PROMISES
from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import Delay, Stage
from orchestra.model.definitions import AgentDefinition, Role
from orchestra.model.results import Promised

JUDGED = (e.PromiseKept, e.PromiseBroken, e.PromiseKeptLate)


@pytest.fixture
def journey() -> Journey:
    return Journey()


def judged(journey: Journey) -> list[tuple[str, str]]:
    """What became of promises: kind of event, and against which due."""
    events = (logged.event for logged in journey.log if isinstance(logged.event, JUDGED))
    return [(type(event).__name__, getattr(event, "against", "")) for event in events]


# Stating


def test_what_is_foreseen_is_promised_as_a_range(journey: Journey) -> None:
    decided = journey.run(c.MakePromise("ca1", interaction="in1", actor="agent:ana"))
    made = e.PromiseMade(
        "pr1", "ca1", "cu1", "resolution", journey.in_hours(14), journey.in_hours(27), "normal_time", None, "in1"
    )
    assert decided.events[0] == made
    assert decided.result == Promised("pr1", "resolution", made.earliest_us, made.due_us)
    assert (journey.row().state, journey.row().first_us) == ("OPEN", made.due_us)


def test_what_an_agent_says_themselves_rests_on_them(journey: Journey) -> None:
    due_us = journey.in_hours(30)
    journey.run(c.MakePromise("ca1", "shipping", due_us, due_us - HOUR, 90, actor="agent:ana"))
    told = ("shipping", due_us - HOUR, due_us, "agent", 90, None)
    assert journey.last(e.PromiseMade) == e.PromiseMade("pr1", "ca1", "cu1", *told)


def test_without_more_it_is_promised_from_now_on(journey: Journey) -> None:
    journey.promise(in_h=30, actor="back_office:erp")
    made = journey.last(e.PromiseMade)
    assert (made.earliest_us, made.basis) == (journey.now_us, "back_office")


def test_what_rests_on_the_back_office_says_so(journey: Journey) -> None:
    journey.advance_case("shipping", due_us=journey.in_hours(40))
    journey.promise()
    assert (journey.row().basis, journey.row().due_us) == ("back_office", journey.in_hours(40))


def test_where_nothing_can_be_foreseen_the_next_update_is_promised_and_no_date() -> None:
    journey = Journey(order_plan(stages=[Stage("doing", max_silence=hours(8)), Stage("done")]))
    promised = journey.run(c.MakePromise("ca1"), 3600).result
    assert promised == Promised("pr1", "update", journey.now_us, journey.in_hours(8)), "from this word on"
    assert journey.row().basis == "normal_time"


def test_where_nothing_at_all_is_known_a_time_must_be_given() -> None:
    for journey in (Journey(order_plan(stages=stages(None, 1))), Journey(topic="bill")):
        journey.refuse(c.MakePromise("ca1"), InvalidCommand, field="due_us")
        journey.promise(in_h=5)
        assert journey.row().due_us == journey.in_hours(5)


def test_saying_the_same_again_changes_nothing(journey: Journey) -> None:
    first = journey.run(c.MakePromise("ca1")).result
    again = journey.run(c.MakePromise("ca1"))
    assert (again.events, again.result) == ([], attrs.evolve(first, duplicate=True))
    revised = journey.run(c.RevisePromise("pr1", "asked"))
    assert (revised.events, revised.result.duplicate) == ([], True)


def test_another_time_for_the_same_is_no_second_promise(journey: Journey) -> None:
    journey.promise(in_h=30)
    journey.refuse(c.MakePromise("ca1", "resolution", journey.in_hours(40)), NotAllowedInState, subject="pr1")
    assert journey.promise("shipping", 30) == "pr2"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.MakePromise("ca9"), UnknownId),
        (c.MakePromise("ca1", "packed"), UnknownId),
        (c.MakePromise("ca2", "received"), UnknownId),
        (c.MakePromise("ca1", "received"), NotAllowedInState),
        (c.MakePromise("ca1", "resolution", 1), InvalidCommand),
        (c.MakePromise("ca1", "resolution", None, 1), InvalidCommand),
        (c.MakePromise("ca1", confidence=0), InvalidCommand),
        (c.MakePromise("ca1", confidence=101), InvalidCommand),
        (c.MakePromise("ca1", interaction="in2"), InvalidCommand),
        (c.MakePromise("ca1", interaction="in9"), UnknownId),
        (c.MakePromise("ca1", actor="customer:cu1"), NotPermitted),
        (c.RevisePromise("pr1", "late"), UnknownId),
        (c.RevisePromise("ca1", "late"), UnknownId),
        (c.RevisePromise("pr²", "late"), UnknownId),
        (c.WithdrawPromise("pr1", "late"), UnknownId),
    ],
)
def test_what_cannot_be_promised(journey: Journey, command: c.Command, error: type[CommandRefused]) -> None:
    journey.open("bill", "mia")
    journey.advance_case("checked")
    journey.refuse(command, error)


def test_of_a_settled_case_nothing_is_promised(journey: Journey) -> None:
    journey.run(c.ResolveCase("ca1"))
    journey.refuse(c.MakePromise("ca1", "resolution", journey.in_hours(1)), NotAllowedInState)


# Who may


ROLES = {
    "trainee": Role(["*"], may_promise="none"),
    "clerk": Role(["MakePromise", "RevisePromise"], may_promise="forecast"),
    "head": Role(["MakePromise"]),
}


def with_roles(*roles: str) -> Journey:
    agents = {"ana": AgentDefinition(["care"], roles=list(roles)), "bob": AgentDefinition(["care"])}
    return Journey(attrs.evolve(order_plan(), roles=ROLES, agents=agents))


def test_a_role_may_promise_nothing() -> None:
    journey = with_roles("trainee")
    journey.refuse(c.MakePromise("ca1", actor="agent:ana"), NotPermitted)
    journey.run(c.MakePromise("ca1", actor="agent:bob"))


def test_a_role_may_promise_what_is_foreseen_or_later() -> None:
    journey = with_roles("clerk", "trainee")
    journey.refuse(c.MakePromise("ca1", "resolution", journey.in_hours(26), actor="agent:ana"), NotPermitted)
    journey.run(c.MakePromise("ca1", "resolution", journey.in_hours(27), actor="agent:ana"))
    journey.refuse(c.RevisePromise("pr1", "sooner", journey.in_hours(20), actor="agent:ana"), NotPermitted)
    journey.run(c.RevisePromise("pr1", "as foreseen", actor="agent:ana"))
    journey.hours(2)
    journey.refuse(c.MakePromise("ca1", "checked", journey.in_hours(50), actor="agent:ana"), NotPermitted)


def test_the_role_that_lets_them_do_most_counts() -> None:
    journey = with_roles("trainee", "clerk", "head")
    journey.run(c.MakePromise("ca1", "resolution", journey.in_hours(1), actor="agent:ana"))
    journey.refuse(c.RevisePromise("pr1", "x", journey.in_hours(0.5), actor="agent:ana"), NotPermitted)


def test_who_helps_promises_nothing() -> None:
    driver = Driver(order_plan())
    for agent, channel in (("ana", "voice"), ("bob", "chat")):
        driver.sign_in(agent)
        driver.answered("joe", channel, topic="order")
    driver.refuse(c.MakePromise("ca1", actor="agent:bob"), NotPermitted)
    driver.run(c.MakePromise("ca1", actor="agent:ana"))
    for command in (c.RevisePromise("pr1", "x", 2 * 10**18), c.WithdrawPromise("pr1", "x")):
        driver.refuse(attrs.evolve(command, actor="agent:bob"), NotPermitted)


# Judging


def test_a_promise_is_kept_if_it_is_done_before_it_is_due(journey: Journey) -> None:
    journey.promise()
    brought = journey.advance_case("ready", 26)
    assert journey.of(brought, *JUDGED) == [e.PromiseKept("pr1", "ca1", "cu1", "resolution", journey.at(27), "both")]
    row = journey.row()
    assert (row.state, row.last, row.done_us) == ("KEPT", "KEPT", journey.now_us)
    assert journey.of(journey.hours(100), *JUDGED) == []


def test_a_promise_is_broken_at_the_instant_it_is_due(journey: Journey) -> None:
    journey.promise()
    journey.hours(26.99)
    assert judged(journey) == []
    brought = journey.advance_to(journey.at(27))
    assert journey.of(brought, *JUDGED) == [e.PromiseBroken("pr1", "ca1", "cu1", "resolution", journey.at(27), "both")]
    assert (journey.row().state, journey.row().last) == ("BROKEN", "BROKEN")
    brought = journey.advance_case("ready", 5)
    assert journey.of(brought, *JUDGED) == [
        e.PromiseKeptLate("pr1", "ca1", "cu1", "resolution", journey.at(27), 5 * HOUR)
    ]


def test_what_is_done_at_the_very_instant_is_too_late(journey: Journey) -> None:
    journey.promise(in_h=2)
    journey.advance_case("ready", 2)
    assert judged(journey) == [("PromiseBroken", "both"), ("PromiseKeptLate", "")]


def test_a_tick_that_comes_late_tells_when_it_was_due(journey: Journey) -> None:
    journey.promise(in_h=2)
    decided = journey.engine.tick(journey.in_hours(9))
    broken = [event for event in decided.events if isinstance(event, e.PromiseBroken)]
    assert [event.due_us for event in broken] == [journey.at(2)]


def test_what_is_done_in_a_tick_that_comes_late_is_judged_by_when_that_was(journey: Journey) -> None:
    """The timers of that tick ring in order: the case is settled by one that comes before that of the promise."""
    journey.run(c.OpenIncident("no stock"))
    journey.run(c.LinkToIncident("ic1", "ca1"))
    journey.promise(in_h=2)
    journey.run(c.CloseIncident("ic1", "stock is back"))
    decided = journey.engine.tick(journey.in_hours(3))
    found = [event for event in decided.events if isinstance(event, (*JUDGED, e.CaseResolved))]
    assert [type(event) for event in found] == [e.CaseResolved, e.PromiseBroken, e.PromiseKeptLate]


def test_a_stage_is_done_with_the_next_one(journey: Journey) -> None:
    journey.promise("checked", 5)
    journey.promise("shipping", 50)
    assert judged(journey) == []
    journey.advance_case("checked", 1)
    assert judged(journey) == []
    journey.advance_case("shipping", 1)
    assert [one.promise for one in journey.events(e.PromiseKept)] == ["pr1"]
    journey.advance_case("ready", 1)
    assert [one.promise for one in journey.events(e.PromiseKept)] == ["pr1", "pr2"]


def test_the_last_stage_is_done_when_it_is_reached() -> None:
    journey = Journey(order_plan(resolves=False))
    journey.promise("ready", 50)
    journey.promise(in_h=60)
    journey.advance_case("ready", 1)
    assert [one.promise for one in journey.events(e.PromiseKept)] == ["pr1", "pr2"]


def test_of_a_settled_case_everything_is_done(journey: Journey) -> None:
    for what, in_h in (("checked", 5), ("resolution", 50), ("update", 3)):
        journey.promise(what, in_h)
    journey.run(c.ResolveCase("ca1"), 3600)
    assert judged(journey) == [("PromiseKept", "both")] * 3


def test_a_promise_in_the_last_stage_is_done_when_the_case_is_settled() -> None:
    journey = Journey(order_plan(resolves=False, stages=stages(1, 5)))
    journey.advance_case("two")
    journey.promise()
    assert journey.row().due_us == journey.in_hours(5)
    journey.advance_case("one", 1)
    journey.advance_case("two", 1)
    assert judged(journey) == [("PromiseKept", "both")], "it was reached again"


def test_a_type_of_one_stage_keeps_its_promises_when_the_case_is_settled() -> None:
    journey = Journey(order_plan(stages=stages(5)), "bill")
    journey.promise(in_h=9)
    journey.run(c.SetCaseType("ca1", "order"))
    assert judged(journey) == []
    journey.run(c.ResolveCase("ca1"))
    assert judged(journey) == [("PromiseKept", "both")]


def test_what_was_promised_of_another_type_is_done_when_the_case_is_settled() -> None:
    journey = Journey(order_plan(types={"move": attrs.evolve(ORDER, topics=(), stages=stages(1, 1), resolves=False)}))
    journey.promise("shipping", 50)
    journey.run(c.SetCaseType("ca1", "move"))
    journey.advance_case("two")
    assert judged(journey) == []
    journey.run(c.ResolveCase("ca1"))
    assert judged(journey) == [("PromiseKept", "both")]


# Telling another time


def test_the_first_due_judges_and_the_last_one_is_shown(journey: Journey) -> None:
    journey.promise(in_h=10)
    decided = journey.run(c.RevisePromise("pr1", "supplier late", journey.in_hours(20), actor="agent:ana"), 3600)
    assert decided.events[0] == e.PromiseRevised(
        *("pr1", "ca1", "cu1", "resolution", journey.at(10)),
        *(journey.now_us, journey.at(20), "agent", 1, "supplier late"),
    )
    assert (journey.row().state, journey.row().first_us, journey.row().due_us) == (
        "REVISED",
        journey.at(10),
        journey.at(20),
    )
    journey.hours(9)
    broken = journey.last(e.PromiseBroken)
    assert (broken.due_us, broken.against, broken.warned_us) == (journey.at(10), "first", 9 * HOUR)
    assert (journey.row().state, journey.row().last) == ("BROKEN", "OPEN")
    journey.advance_case("ready", 1)
    assert judged(journey) == [("PromiseBroken", "first"), ("PromiseKept", "last")]
    assert journey.last(e.PromiseKept).due_us == journey.at(20)
    assert (journey.row().state, journey.row().last) == ("BROKEN", "KEPT")


def test_both_dues_may_be_missed(journey: Journey) -> None:
    journey.promise(in_h=10)
    journey.run(c.RevisePromise("pr1", "late", journey.in_hours(20)))
    journey.hours(30)
    journey.advance_case("ready")
    assert judged(journey) == [("PromiseBroken", "first"), ("PromiseBroken", "last"), ("PromiseKeptLate", "")]
    assert [one.warned_us for one in journey.events(e.PromiseBroken)] == [10 * HOUR, None]
    assert journey.last(e.PromiseKeptLate).late_us == 20 * HOUR


def test_whoever_is_told_a_sooner_time_may_be_let_down_by_that_alone(journey: Journey) -> None:
    journey.promise(in_h=20)
    journey.run(c.RevisePromise("pr1", "faster", journey.in_hours(10)))
    journey.hours(15)
    assert judged(journey) == [("PromiseBroken", "last")]
    assert journey.row().state == "REVISED"
    journey.advance_case("ready")
    assert judged(journey) == [("PromiseBroken", "last"), ("PromiseKept", "first")]
    assert journey.row().state == "KEPT"


def test_the_first_word_of_a_later_time_is_the_warning(journey: Journey) -> None:
    journey.promise(in_h=10)
    for in_h in (12, 8, 20):
        journey.run(c.RevisePromise("pr1", "changes", journey.in_hours(in_h)), 3600)
    journey.hours(10)
    assert journey.last(e.PromiseBroken).warned_us == 9 * HOUR
    assert journey.row().revisions == 3


def test_a_word_after_it_was_due_is_no_warning(journey: Journey) -> None:
    journey.promise(in_h=2)
    journey.hours(3)
    journey.run(c.RevisePromise("pr1", "sorry", journey.in_hours(5)))
    assert (journey.row().state, journey.row().last, journey.row().told_us) == ("BROKEN", "OPEN", None)
    journey.advance_case("ready", 1)
    assert judged(journey) == [("PromiseBroken", "both"), ("PromiseKept", "last")]


def test_what_is_done_or_withdrawn_is_told_no_other_time(journey: Journey) -> None:
    for name, what in (("pr1", "checked"), ("pr2", "resolution")):
        journey.promise(what, 50)
        journey.run(c.WithdrawPromise(name, "not wanted any more"))
        assert journey.last(e.PromiseWithdrawn) == e.PromiseWithdrawn(name, "ca1", "cu1", what, "not wanted any more")
        journey.refuse(c.RevisePromise(name, "late"), NotAllowedInState, state="WITHDRAWN")
    journey.hours(100)
    assert judged(journey) == []
    journey.promise(in_h=5)
    journey.advance_case("ready")
    for command in (c.RevisePromise("pr3", "late"), c.WithdrawPromise("pr3", "late")):
        journey.refuse(command, NotAllowedInState, state="done")


def test_a_broken_promise_cannot_be_withdrawn(journey: Journey) -> None:
    journey.promise(in_h=2)
    journey.hours(3)
    journey.refuse(c.WithdrawPromise("pr1", "never mind"), NotAllowedInState, state="BROKEN")


@pytest.mark.parametrize("reason", ["", "x" * 201, "a\nb"])
def test_a_reason_is_given_in_a_few_words(journey: Journey, reason: str) -> None:
    journey.promise(in_h=2)
    for command in (c.RevisePromise("pr1", reason), c.WithdrawPromise("pr1", reason)):
        journey.refuse(command, InvalidCommand, field="reason")


# The next update


def test_a_promised_update_is_kept_by_any_word(journey: Journey) -> None:
    assert journey.run(c.MakePromise("ca1", "update")).result.due_us == journey.at(4)
    brought = journey.run(c.TellFact("ca1", "ready", "soon"), 3600).events
    assert e.PromiseKept("pr1", "ca1", "cu1", "update", journey.at(4), "both") in brought


def test_a_missed_update_is_a_broken_promise_of_its_own(journey: Journey) -> None:
    journey.promise("update")
    journey.promise(in_h=50)
    journey.promise("update", 2)
    journey.hours(2)
    assert [(one.promise, one.what) for one in journey.events(e.PromiseBroken)] == [("pr3", "update")]
    journey.run(c.TellFact("ca1", "ready", "soon"))
    assert journey.last(e.PromiseKeptLate).promise == "pr3"
    assert journey.row("pr2").state == "OPEN"


def test_whoever_promises_the_next_update_has_just_given_one(journey: Journey) -> None:
    journey.promise("update")
    brought = journey.run(c.MakePromise("ca1", "update"), 3600).events
    assert [type(event) for event in brought[:2]] == [e.PromiseKept, e.PromiseMade]
    journey.promise(in_h=50)
    assert [one.promise for one in journey.events(e.PromiseKept)] == ["pr1", "pr2"]


def test_another_time_is_an_update(journey: Journey) -> None:
    journey.promise(in_h=50)
    journey.promise("update")
    journey.run(c.RevisePromise("pr2", "busy", journey.in_hours(6)))
    assert journey.events(e.PromiseKept) == []
    journey.run(c.RevisePromise("pr1", "late", journey.in_hours(60)))
    assert [one.promise for one in journey.events(e.PromiseKept)] == ["pr2"]


# Bounds, and what is rebuilt


def test_only_so_many_that_are_done_are_remembered(journey: Journey) -> None:
    journey.promise("shipping", 500)
    for number in range(MOST_PROMISES + 5):
        journey.promise("update", number + 1)
    names = journey.engine.view.promises.all_in(["ca1"])
    assert len(names) == MOST_PROMISES
    assert (names[0], names[-1]) == ("pr1", f"pr{MOST_PROMISES + 6}")
    journey.refuse(c.RevisePromise("pr2", "late"), NotAllowedInState, state="done")
    assert journey.promise() == f"pr{MOST_PROMISES + 7}"


def test_what_is_rebuilt_has_the_same_promises(journey: Journey) -> None:
    journey.promise(in_h=10)
    journey.promise("update")
    journey.run(c.RevisePromise("pr1", "late", journey.in_hours(20)), 3600)
    journey.hours(12)
    for engine in (journey.reloaded(), journey.replayed(is_blanked=True)):
        assert engine.state_hash() == journey.engine.state_hash()
        assert engine.view.promises.of_case == journey.engine.view.promises.of_case


def test_a_promise_holds_whatever_the_plan_becomes(journey: Journey) -> None:
    journey.promise()
    journey.change_plan(order_plan(delay=Delay(hours(1), 10), stages=[Stage("received", hours(9)), Stage("ready")]))
    journey.advance_case("ready", 26)
    assert judged(journey) == [("PromiseKept", "both")]
