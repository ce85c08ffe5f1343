from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, Driver, person, plan

from orchestra.engine.cases import decide as module
from orchestra.engine.cases.state import CLOSE, DISOWN
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Disposition
from orchestra.model.results import CaseRef


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.sign_in("ana")
    return driver


# Opening


def test_a_case_without_a_contact(driver: Driver) -> None:
    driver.message()
    decided = driver.run(c.OpenCase("cu1", "order", "sales"))
    assert decided.events == [e.CaseOpened("ca2", "C-000002", "cu1", "team", "sales", "sales", "order", None)]
    assert decided.result == CaseRef("ca2", "C-000002")
    assert driver.run(c.OpenCase("cu1")).events[0].queue == "care"


def test_cases_that_cannot_be_opened(driver: Driver) -> None:
    driver.refuse(c.OpenCase("cu1"), UnknownId, kind="customer")
    driver.message()
    driver.refuse(c.OpenCase("cu1", None, "none"), UnknownId, kind="queue", id="none")


def test_numbers_have_the_form_of_the_plan() -> None:
    driver = Driver(plan(cases=attrs.evolve(plan().cases, number="{:d}/A")))
    assert driver.message().case.number == "1/A"
    assert driver.message("jim").case.number == "2/A"


@pytest.mark.parametrize(
    "command",
    [
        c.SetCaseWaiting("ca9", "customer"),
        c.ResumeCase("ca9"),
        c.ResolveCase("ca9"),
        c.ReopenCase("ca9", "x"),
        c.CloseCase("ca9"),
        c.AssignCase("ca9", "team", "care"),
    ],
)
def test_a_case_that_nobody_knows(driver: Driver, command: c.Command) -> None:
    driver.refuse(command, UnknownId, kind="case", id="ca9")


# Waiting


@pytest.mark.parametrize(
    ("on", "state"), [("customer", "WAITING_ON_CUSTOMER"), ("third_party", "WAITING_ON_THIRD_PARTY")]
)
def test_a_case_waits_and_resumes(driver: Driver, on: str, state: str) -> None:
    got = driver.answered()
    assert driver.run(c.SetCaseWaiting("ca1", on, "papers")).events == [e.CaseWaiting("ca1", "cu1", on, "papers")]
    assert driver.case_state(got) == state
    driver.refuse(c.SetCaseWaiting("ca1", on), NotAllowedInState, subject="ca1", state=state, trigger=f"wait_on_{on}")
    assert driver.run(c.ResumeCase("ca1")).events == [e.CaseResumed("ca1", "cu1", "asked")]
    assert driver.case_state(got) == "OPEN"
    driver.refuse(c.ResumeCase("ca1"), NotAllowedInState, state="OPEN", trigger="resume")


def test_a_case_waits_on_somebody_in_particular(driver: Driver) -> None:
    driver.answered()
    driver.refuse(c.SetCaseWaiting("ca1", "godot"), InvalidCommand, field="on")


def test_the_customer_who_was_waited_for_resumes_the_case(driver: Driver) -> None:
    got = driver.answered()
    driver.run(c.SetCaseWaiting("ca1", "customer"))
    driver.message()
    assert driver.last(e.CaseResumed) == e.CaseResumed("ca1", "cu1", "contact")
    driver.run(c.SetCaseWaiting("ca1", "third_party"))
    driver.message()
    assert driver.case_state(got) == "WAITING_ON_THIRD_PARTY"


# Resolving, closing, reopening


def test_a_resolved_case_closes_by_time(driver: Driver) -> None:
    got = driver.answered()
    driver.run(c.FinishInteraction("in1", "ana"))
    close_us = driver.now_us + 7 * DAY
    assert driver.run(c.ResolveCase("ca1", "resolved")).events == [e.CaseResolved("ca1", "cu1", "resolved", close_us)]
    assert driver.advance_to(close_us - 1) == []
    assert driver.advance_to(close_us) == [e.CaseClosed("ca1", "cu1", "time")]
    assert driver.case_state(got) == "CLOSED"
    assert driver.engine.view.cases.cases["ca1"].closed_us == close_us


def test_a_case_is_closed_at_once(driver: Driver) -> None:
    driver.answered()
    driver.refuse(c.CloseCase("ca1"), NotAllowedInState, state="OPEN", trigger="close")
    driver.run(c.ResolveCase("ca1"))
    assert driver.run(c.CloseCase("ca1")).events == [e.CaseClosed("ca1", "cu1", "asked")]
    assert driver.engine.view.timers.get(CLOSE, "ca1") is None
    for command, trigger in ((c.CloseCase("ca1"), "close"), (c.ResolveCase("ca1"), "resolve")):
        driver.refuse(command, NotAllowedInState, state="CLOSED", trigger=trigger)


def test_a_plan_may_never_close_by_itself() -> None:
    driver = Driver(plan(cases=attrs.evolve(plan().cases, close_after=None)))
    got = driver.message()
    assert driver.run(c.ResolveCase("ca1")).events == [e.CaseResolved("ca1", "cu1", None, None)]
    driver.advance_to(driver.now_us + 4000 * DAY)
    assert driver.case_state(got) == "RESOLVED"


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_reopened_case_does_not_close_at_its_old_time(driver: Driver, is_closed: bool) -> None:
    got = driver.answered()
    driver.run(c.FinishInteraction("in1", "ana", "resolved"))
    if is_closed:
        driver.run(c.CloseCase("ca1"))
    assert driver.run(c.ReopenCase("ca1", "not settled")).events == [e.CaseReopened("ca1", "cu1", "not settled")]
    driver.refuse(c.ReopenCase("ca1", "x"), NotAllowedInState, state="OPEN", trigger="reopen")
    driver.advance_to(driver.now_us + 30 * DAY)
    assert driver.case_state(got) == "OPEN"


def test_a_customer_who_comes_back_reopens_the_case(driver: Driver) -> None:
    got = driver.answered()
    driver.run(c.ResolveCase("ca1"))
    driver.message()
    assert driver.last(e.CaseReopened) == e.CaseReopened("ca1", "cu1", "contact")
    driver.advance_to(driver.now_us + 30 * DAY)
    assert driver.case_state(got) == "OPEN"


@pytest.mark.parametrize(("disposition", "state"), [("resolved", "RESOLVED"), ("callback", "OPEN"), (None, "OPEN")])
def test_a_disposition_that_resolves_settles_the_case(driver: Driver, disposition: str | None, state: str) -> None:
    got = driver.answered()
    driver.run(c.FinishInteraction("in1", "ana", disposition))
    assert driver.case_state(got) == state


def test_without_a_list_only_resolved_resolves() -> None:
    driver = Driver(plan(cases=attrs.evolve(plan().cases, dispositions={})))
    driver.sign_in("ana")
    got = driver.answered()
    driver.run(c.FinishInteraction("in1", "ana", "anything"))
    assert driver.case_state(got) == "OPEN"
    driver.answered()
    driver.run(c.FinishInteraction("in2", "ana", "resolved"))
    assert driver.case_state(got) == "RESOLVED"


def test_a_plan_may_say_that_resolved_does_not_resolve() -> None:
    driver = Driver(plan(cases=attrs.evolve(plan().cases, dispositions={"resolved": Disposition()})))
    driver.sign_in("ana")
    got = driver.answered()
    driver.run(c.FinishInteraction("in1", "ana", "resolved"))
    assert driver.case_state(got) == "OPEN"


def test_a_case_is_not_settled_while_its_customer_is_served_elsewhere_in_it(driver: Driver) -> None:
    first = driver.answered("joe", "email", topic="order")
    second = driver.answered("joe", "chat", topic="order")
    assert first.case == second.case
    driver.run(c.FinishInteraction(first.interaction, "ana", "resolved"))
    assert driver.case_state(first) == "OPEN"
    driver.run(c.FinishInteraction(second.interaction, "ana", "resolved"))
    assert driver.case_state(first) == "RESOLVED"


def test_what_is_settled_already_is_not_settled_again(driver: Driver) -> None:
    driver.answered()
    driver.run(c.ResolveCase("ca1"))
    assert e.CaseResolved not in map(type, driver.run(c.FinishInteraction("in1", "ana", "resolved")).events)


def test_an_answer_elsewhere_settles_whatever_is_open(driver: Driver) -> None:
    got = driver.answered("joe", "email")
    driver.run(c.RecordReply("email", "main", "r1", person("joe"), resolve=True, disposition="callback"))
    assert driver.case_state(got) == "RESOLVED"
    assert driver.last(e.CaseResolved).disposition == "callback"
    again = driver.run(c.RecordReply("email", "main", "r2", person("joe"), resolve=True))
    assert [type(event) for event in again.events] == [e.ReplyRecorded]


def test_dispositions_are_those_of_the_plan(driver: Driver) -> None:
    driver.answered()
    driver.refuse(c.ResolveCase("ca1", "none"), InvalidCommand, field="disposition")


# Owners


def test_the_first_owner_is_the_queues_team_then_whoever_accepts(driver: Driver) -> None:
    got = driver.message()
    assert driver.owner(got) == ("team", "care")
    driver.accept()
    assert driver.owner(got) == ("agent", "ana")
    assert driver.last(e.CaseOwnerChanged) == e.CaseOwnerChanged("ca1", "cu1", "agent", "ana", "accepted")


def test_whoever_helps_in_a_case_of_another_does_not_take_it(driver: Driver) -> None:
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=50))
    got = driver.answered("joe", "chat", topic="order")
    driver.sign_in("bob")
    other = driver.answered("joe", "email", topic="order")
    assert driver.agent_of(other) == "bob"
    assert driver.owner(got) == ("agent", "ana")


def test_handing_over_ones_interaction_hands_over_the_case(driver: Driver) -> None:
    got = driver.answered()
    driver.run(c.TransferInteraction("in1", "ana", "sales"))
    assert driver.owner(got) == ("team", "sales")
    assert driver.last(e.CaseOwnerChanged).reason == "transferred"


def test_handing_over_an_interaction_of_anothers_case_does_not(driver: Driver) -> None:
    got = driver.answered()
    driver.run(c.AssignCase("ca1", "agent", "bob"))
    driver.run(c.TransferInteraction("in1", "ana", "sales"))
    assert driver.owner(got) == ("agent", "bob")


def test_a_case_is_assigned(driver: Driver) -> None:
    got = driver.message()
    assert driver.run(c.AssignCase("ca1", "agent", "bob")).events == [
        e.CaseOwnerChanged("ca1", "cu1", "agent", "bob", "assigned")
    ]
    assert driver.run(c.AssignCase("ca1", "agent", "bob")).events == []
    driver.run(c.AssignCase("ca1", "team", "sales"))
    assert driver.owner(got) == ("team", "sales")


@pytest.mark.parametrize(
    ("kind", "owner", "error", "attributes"),
    [
        ("agent", "zoe", UnknownId, {"kind": "agent", "id": "zoe"}),
        ("team", "none", UnknownId, {"kind": "team", "id": "none"}),
        ("queue", "care", InvalidCommand, {"field": "owner_kind"}),
    ],
)
def test_owners_that_nobody_knows(driver: Driver, kind: str, owner: str, error: Any, attributes: Any) -> None:
    driver.message()
    driver.refuse(c.AssignCase("ca1", kind, owner), error, **attributes)


# Owners who go


def test_cases_of_an_agent_who_is_gone_go_back_to_the_team_of_their_queue(driver: Driver) -> None:
    got = driver.message("joe", "email", account="sales")
    settled = driver.message("jim")
    driver.run(c.AssignCase(got.case.id, "agent", "ana"))
    driver.run(c.AssignCase(settled.case.id, "agent", "ana"))
    driver.run(c.ResolveCase(settled.case.id))
    driver.run(c.RemoveAgent("ana"))
    driver.advance(0)
    assert driver.owner(got) == ("team", "sales")
    assert driver.owner(settled) == ("team", "care")
    assert {event.reason for event in driver.events(e.CaseOwnerChanged)} == {"assigned", "agent removed"}
    assert driver.engine.view.timers.get(DISOWN, "ana") is None


def test_they_go_back_in_slices(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE", 3)
    for number in range(8):
        driver.message(f"p{number}", "email", after=0)
        driver.run(c.AssignCase(f"ca{number + 1}", "agent", "cleo"))
    driver.run(c.RemoveAgent("cleo"))
    since = len(driver.batches)
    driver.advance(1)
    assert [len(batch.events) for batch in driver.batches[since:]] == [3, 3, 2]
    assert {row.owner for row in driver.engine.view.cases.cases.values()} == {"care"}


def test_an_agent_defined_again_in_time_keeps_what_is_left(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE", 1)
    for name in ("joe", "jim"):
        got = driver.message(name, "email", after=0)
        driver.run(c.AssignCase(got.case.id, "agent", "cleo"))
    driver.run(c.RemoveAgent("cleo"))
    driver.run(c.DefineAgent("cleo", ["care"]))
    driver.advance(1)
    assert [driver.engine.view.cases.cases[name].owner for name in ("ca1", "ca2")] == ["care", "cleo"]


def test_a_closed_case_keeps_its_last_owner_until_it_reopens(driver: Driver) -> None:
    got = driver.answered()
    driver.run(c.FinishInteraction("in1", "ana", "resolved"))
    driver.run(c.CloseCase("ca1"))
    driver.run(c.RemoveAgent("ana"))
    driver.advance(1)
    assert driver.owner(got) == ("agent", "ana")
    driver.run(c.ReopenCase("ca1", "x"))
    assert driver.owner(got) == ("team", "care")
    assert driver.last(e.CaseOwnerChanged).reason == "agent removed"


def test_a_closed_case_reopens_without_its_queue_and_team(driver: Driver) -> None:
    got = driver.message("joe", "email", account="sales")
    driver.run(c.CancelInteraction(got.interaction, "x"))
    other = driver.message("jim", "email", account="sales")
    driver.run(c.CancelInteraction(other.interaction, "x"))
    driver.run(c.AssignCase(other.case.id, "agent", "bob"))
    for case in (got.case.id, other.case.id):
        driver.run(c.ResolveCase(case))
        driver.run(c.CloseCase(case))
    full = plan()
    channels = dict(full.channels)
    channels["email"] = attrs.evolve(channels["email"], accounts={})
    driver.change_plan(
        attrs.evolve(
            full,
            queues={name: queue for name, queue in full.queues.items() if name != "sales"},
            teams={"care": full.teams["care"]},
            agents={name: agent for name, agent in full.agents.items() if name != "cleo"},
            channels=channels,
        )
    )
    assert driver.run(c.ReopenCase(got.case.id, "x")).events == [
        e.CaseReopened("ca1", "cu1", "x"),
        e.CaseQueueChanged("ca1", "cu1", "care", "queue removed"),
        e.CaseOwnerChanged("ca1", "cu1", "team", "care", "team removed"),
    ]
    assert driver.owner(got) == ("team", "care")
    assert driver.run(c.ReopenCase(other.case.id, "x")).events == [
        e.CaseReopened("ca2", "cu2", "x"),
        e.CaseQueueChanged("ca2", "cu2", "care", "queue removed"),
    ]
    assert driver.owner(other) == ("agent", "bob")
    assert {row.queue for row in driver.engine.view.cases.cases.values()} == {"care"}
    driver.run(c.RemoveAgent("bob"))
    driver.advance(1)
    assert driver.owner(other) == ("team", "care")
