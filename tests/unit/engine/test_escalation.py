"""Cases whose owners do nothing: by hand and by time they go to the next team, and stay with the last."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import CARE, HOUR, Driver, person, plan, thread

from orchestra.engine.ownership.state import ESCALATE
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition, Team
from orchestra.model.plan import Plan

PATH = """
[teams.leads]
escalates_to = "heads"
escalate_after = "2h"
[teams.heads]
"""


def a_plan() -> Plan:
    """Care's cases go to the leads after an hour, theirs to the heads after two; lea is a lead, rob a bot of care."""
    text = CARE.replace("[teams.care]", '[teams.care]\nescalates_to = "leads"\nescalate_after = "1h"')
    parsed = plan(text + PATH)
    more = {"lea": AgentDefinition(["leads"]), "rob": AgentDefinition(["care"], {}, kind="bot")}
    return attrs.evolve(parsed, agents={**parsed.agents, **more})


@pytest.fixture
def driver() -> Driver:
    """Joe has written an e-mail, and nobody works."""
    driver = Driver(a_plan())
    driver.message("joe", "email")
    return driver


def owner(driver: Driver) -> tuple[str, str]:
    """Who answers for the case."""
    case = driver.engine.view.cases.cases["ca1"]
    return case.owner_kind, case.owner


def taken(driver: Driver, agent: str = "ana") -> None:
    """Somebody takes the e-mail."""
    driver.sign_in(agent)
    driver.accept()


def due(driver: Driver) -> int | None:
    """When the case escalates, from now."""
    due_us = driver.engine.view.timers.get(ESCALATE, "ca1")
    return None if due_us is None else due_us - driver.now_us


def test_without_an_answer_it_goes_to_the_next_team_and_stays_with_the_last(driver: Driver) -> None:
    scheduled = driver.last(e.EscalationScheduled)
    assert scheduled == e.EscalationScheduled("ca1", "cu1", "care", "leads", driver.now_us + HOUR)
    assert driver.advance(3599) == []
    first = driver.advance(1)
    assert first == [
        e.CaseEscalated("ca1", "cu1", "care", "leads", "unanswered"),
        e.CaseOwnerChanged("ca1", "cu1", "team", "leads", "escalated"),
        e.EscalationScheduled("ca1", "cu1", "leads", "heads", driver.now_us + 2 * HOUR),
    ]
    assert driver.advance(7200) == [
        e.CaseEscalated("ca1", "cu1", "leads", "heads", "unanswered"),
        e.CaseOwnerChanged("ca1", "cu1", "team", "heads", "escalated"),
        e.EscalationEnded("ca1", "cu1", "no_next_team"),
    ]
    assert owner(driver) == ("team", "heads")
    driver.message("joe", "email")
    driver.advance(100 * 3600)
    assert owner(driver) == ("team", "heads")


def test_taking_it_is_no_answer_and_answering_is_one(driver: Driver) -> None:
    taken(driver)
    assert owner(driver) == ("agent", "ana")
    assert due(driver) is not None
    assert e.EscalationEnded("ca1", "cu1", "answered") in driver.run(c.WriteReply("in1", "ana", "hello")).events
    assert due(driver) is None
    driver.message("joe", "email", after=60)
    assert due(driver) == HOUR
    driver.message("joe", "email", after=60)
    assert due(driver) == HOUR - 60_000_000, "it counts from the first that has no answer"


def test_who_did_nothing_loses_it(driver: Driver) -> None:
    taken(driver)
    driver.advance(3600)
    assert owner(driver) == ("team", "leads")
    assert due(driver) is not None


def test_a_bots_word_and_a_notice_are_no_answers() -> None:
    driver = Driver(a_plan())
    driver.sign_in("rob")
    driver.message("joe", "email")
    driver.accept()
    driver.run(c.WriteReply("in1", "rob", "I am a bot"))
    driver.run(c.SendMessage("ca1", "n1", "delay", text="it is late"))
    assert due(driver) is not None


def test_an_answer_given_elsewhere_is_one(driver: Driver) -> None:
    reply = c.RecordReply("email", "main", "r1", person("joe"), text="done", resolve=False)
    driver.run(reply)
    assert driver.last(e.EscalationEnded).reason == "answered"
    driver.run(attrs.evolve(reply, message_id="r2"))
    assert len(driver.events(e.EscalationEnded)) == 1


def test_an_answer_on_the_phone_is_one_too() -> None:
    driver = Driver(a_plan())
    driver.message("joe", "email", topic="order")
    driver.call("joe", "voice", topic="order")
    assert driver.last(e.QuestionLinked).interaction == "in1"
    driver.sign_in("ana")
    driver.accept()
    assert due(driver) is not None
    driver.run(c.FinishInteraction("in2", "ana"))
    assert driver.last(e.EscalationEnded) == e.EscalationEnded("ca1", "cu1", "answered")
    driver.call("joe", "voice", topic="order", after=20)
    driver.message("joe", "email", topic="bill")
    driver.run(c.LinkQuestion("in4", "in3"))
    assert driver.last(e.EscalationScheduled).case == "ca2"
    driver.accept()
    driver.run(c.FinishInteraction("in3", "ana"))
    assert driver.last(e.EscalationEnded).case == "ca2"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.SetCaseWaiting("ca1", "third_party"), "waiting"),
        (c.SetCaseWaiting("ca1", "customer"), "waiting"),
        (c.ResolveCase("ca1"), "resolved"),
    ],
)
def test_who_has_settled_it_or_waits_for_others_is_not_passed_over(
    driver: Driver, command: c.Command, reason: str
) -> None:
    assert driver.run(command).events[-1] == e.EscalationEnded("ca1", "cu1", reason)
    assert due(driver) is None
    driver.run(c.ReopenCase("ca1", "x")) if reason == "resolved" else driver.run(c.ResumeCase("ca1"))
    driver.run(command)
    assert len(driver.events(e.EscalationEnded)) == 1


def test_each_team_has_its_own_time(driver: Driver) -> None:
    driver.run(c.AssignCase("ca1", "team", "leads"), 600)
    assert due(driver) == 2 * HOUR
    driver.run(c.AssignCase("ca1", "agent", "lea"), 600)
    assert due(driver) == 2 * HOUR - 600_000_000, "an agent has the time of their team"
    driver.run(c.AssignCase("ca1", "team", "sales"))
    assert driver.last(e.EscalationEnded) == e.EscalationEnded("ca1", "cu1", "no_next_team")


def test_by_hand_with_a_reason(driver: Driver) -> None:
    taken(driver)
    decided = driver.run(c.EscalateCase("ca1", "angry", actor="agent:ana"))
    assert decided.events[:2] == [
        e.CaseEscalated("ca1", "cu1", "care", "leads", "angry"),
        e.CaseOwnerChanged("ca1", "cu1", "team", "leads", "escalated"),
    ]
    assert due(driver) == 2 * HOUR
    driver.run(c.EscalateCase("ca1", "angrier", actor="operator:root"))
    assert owner(driver) == ("team", "heads")
    driver.refuse(c.EscalateCase("ca1", "again"), NotAllowedInState, subject="ca1")
    assert driver.last(e.EscalationEnded).reason == "no_next_team"


def test_by_hand_where_nobody_waits(driver: Driver) -> None:
    taken(driver)
    driver.run(c.WriteReply("in1", "ana", "hello"))
    driver.run(c.EscalateCase("ca1", "angry"))
    assert (owner(driver), due(driver)) == (("team", "leads"), None)
    driver.run(c.AssignCase("ca1", "agent", "lea"))
    driver.run(c.EscalateCase("ca1", "angrier"))
    assert owner(driver) == ("team", "heads"), "from the team for which the agent had it"


def test_what_cannot_escalate(driver: Driver) -> None:
    driver.refuse(c.EscalateCase("ca1", ""), InvalidCommand)
    driver.refuse(c.EscalateCase("ca1", "unanswered"), InvalidCommand)
    driver.refuse(c.EscalateCase("ca1", "x", actor="customer"), NotPermitted)
    driver.run(c.ResolveCase("ca1"))
    driver.refuse(c.EscalateCase("ca1", "x"), NotAllowedInState, state="RESOLVED")
    driver.run(c.CloseCase("ca1"))
    driver.refuse(c.EscalateCase("ca1", "x"), NotAllowedInState, state="CLOSED")


def test_an_escalation_withdraws_what_was_offered(driver: Driver) -> None:
    driver.run(c.OfferHandOff("ca1", "team", "sales"))
    driver.run(c.EscalateCase("ca1", "angry"))
    assert driver.last(e.HandOffEnded).reason == "owner_changed"


def test_a_team_without_a_time_keeps_its_cases() -> None:
    driver = Driver(a_plan())
    driver.message("joe", "email", account="sales")
    assert driver.engine.view.ownership.waits == {}
    assert Driver().message("joe", "email") is not None


def test_a_plan_keeps_the_team_to_which_it_goes_next(driver: Driver) -> None:
    without = attrs.evolve(plan(), agents={**plan().agents, "rob": AgentDefinition(["care"], {}, kind="bot")})
    assert [str(fault) for fault in driver.engine.plan_faults(without) if fault.is_error] == [
        "teams.leads: is missing, and case ca1 needs it"
    ]


def test_what_was_scheduled_stands_when_the_plan_changes(driver: Driver) -> None:
    teams = {**a_plan().teams, "care": Team()}
    driver.change_plan(attrs.evolve(a_plan(), teams=teams))
    driver.message("jim", "email")
    assert driver.engine.view.ownership.waits.keys() == {"ca1"}
    driver.advance(3600)
    assert owner(driver) == ("team", "leads")


def test_who_waits_does_so_where_their_contact_is_now() -> None:
    driver = Driver(a_plan())
    driver.message("joe", "email", thread=thread("t1"))
    driver.message("joe", "email", thread=thread("t2"), reply_case="ca1")
    driver.run(c.SplitCase("ca1", "two matters", ["in2"]), 1)
    assert set(driver.engine.view.ownership.waits) == {"ca1", "ca2"}
    driver.run(c.MoveInteraction("in1", "ca2", "one after all"), 1)
    assert driver.last(e.EscalationEnded) == e.EscalationEnded("ca1", "cu1", "moved")
    assert set(driver.engine.view.ownership.waits) == {"ca2"}


def test_nobody_waits_where_a_contact_comes_from_a_matter_in_which_nobody_does(driver: Driver) -> None:
    taken(driver)
    driver.run(c.WriteReply("in1", "ana", "It is on its way."), 1)
    driver.message("jim", "email")
    assert set(driver.engine.view.ownership.waits) == {"ca2"}
    driver.run(c.SplitCase("ca1", "two matters", ["in1"]), 1)
    assert set(driver.engine.view.ownership.waits) == {"ca2"}


def test_a_merge_that_is_undone_leaves_nobody_waiting_where_nobody_does() -> None:
    driver = Driver(a_plan())
    driver.message("joe", "email", topic="order")
    driver.run(c.SetCaseWaiting("ca1", "customer"), 1)
    driver.message("joe", "chat", topic="bill")
    driver.run(c.MergeCases("ca1", "ca2", "the same"), 1)
    driver.run(c.UnmergeCase("ca2", "two"), 1)
    assert set(driver.engine.view.ownership.waits) == {"ca2"}
