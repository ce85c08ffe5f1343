"""Where features meet: merged and split cases, hand-offs, escalation, participants, rules, imports and commitments."""

from __future__ import annotations

import attrs
import pytest
from tests.commitment_plans import COMMITTED, bill, quote
from tests.engine_driver import CARE, HOUR, Driver, person, plan, thread
from tests.invariants import check_rebuilt, check_state

from orchestra.engine.ownership.state import ESCALATE
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref
from orchestra.model.definitions import AgentDefinition, FindingKind, Participant
from orchestra.model.plan import Plan
from orchestra.model.results import TakesPart
from orchestra.model.rules import Action, Rule, When

PATHS = CARE.replace("[teams.care]", '[teams.care]\nescalates_to = "leads"\nescalate_after = "1h"').replace(
    "[teams.sales]", '[teams.sales]\nescalates_to = "leads"\nescalate_after = "2h"\n[teams.leads]'
)
MERGE = c.MergeCases("ca1", "ca2", "the same order")
UNMERGE = c.UnmergeCase("ca2", "two orders")
OFFER = c.OfferHandOff("ca2", "team", "sales")
ANSWER = c.RecordReply("email", "main", "r1", person("joe"), thread=thread("t2"), text="done")


def a_plan(*rules: Rule) -> Plan:
    """Care's cases go to the leads after an hour, those of sales after two; dan is in sales, lea is a lead."""
    of = plan(PATHS, participants={"relative": Participant("facts", told=True)}, rules=rules)
    agents = {**of.agents, "dan": AgentDefinition(["sales"]), "lea": AgentDefinition(["leads"])}
    return attrs.evolve(of, agents=agents, findings={"praise": FindingKind(["sales"])})


def two(account: str = "main", of: Plan | str | None = None) -> Driver:
    """Joe has two cases, ca1 on the thread t1 and ca2 on the thread t2, and nobody works."""
    driver = Driver(of or a_plan())
    driver.message("joe", "email", thread=thread("t1"), topic="order")
    driver.message("joe", "email", thread=thread("t2"), topic="bill", account=account)
    return driver


def lists(driver: Driver) -> dict[str, list[str]]:
    """Owner -> their cases, where they have any."""
    view = driver.engine.view
    owners = [("team", name) for name in view.plan.teams] + [("agent", name) for name in view.plan.agents]
    found = {name: view.cases.owned_by(kind, name, 0, 99) for kind, name in owners}
    return {name: cases for name, cases in found.items() if cases}


def waits(driver: Driver) -> dict[str, int]:
    """Cases whose customers wait -> when they escalate, from now."""
    view = driver.engine.view
    return {name: (view.timers.get(ESCALATE, name) or 0) - driver.now_us for name in view.ownership.waits}


def sound(driver: Driver) -> None:
    """All that must hold at any time, also of what is rebuilt: and each case is on exactly one list."""
    check_state(driver.engine)
    for engine in (driver.replayed(), driver.reloaded()):
        check_rebuilt(driver.engine, engine)
        assert engine.state_hash() == driver.engine.state_hash()
    rows = driver.engine.view.cases.cases
    standing = sorted(name for name, row in rows.items() if row.into is None and row.state != "CLOSED")
    assert sorted(name for names in lists(driver).values() for name in names) == standing


def test_a_merged_case_is_offered_to_nobody() -> None:
    driver = two()
    driver.run(OFFER)
    assert e.HandOffEnded("ho1", "ca2", "cu1", "WITHDRAWN", None, "merged") in driver.run(MERGE).events
    driver.refuse(c.AcceptHandOff("ho1", "dan"), NotAllowedInState, state="over")
    assert driver.engine.view.ownership.offered_to == {}
    sound(driver)


def test_who_goes_on_with_a_case_has_their_own_time_to_answer() -> None:
    driver = two(account="sales")
    driver.run(c.SetCaseWaiting("ca1", "customer"))
    assert waits(driver) == {"ca2": 2 * HOUR}
    decided = driver.run(MERGE, 600)
    assert e.EscalationEnded("ca2", "cu1", "merged") in decided.events
    assert e.EscalationScheduled("ca1", "cu1", "care", "leads", driver.now_us + HOUR) in decided.events
    driver.advance(3600)
    assert lists(driver) == {"leads": ["ca1"]}
    sound(driver)


def test_an_answer_in_a_contact_of_a_merged_case_is_one_to_the_matter() -> None:
    driver = two()
    driver.run(MERGE)
    driver.run(ANSWER)
    assert driver.last(e.ReplyRecorded).case == "ca2"
    assert driver.last(e.EscalationEnded) == e.EscalationEnded("ca1", "cu1", "answered")
    driver.message("joe", "email", thread=thread("t2"))
    assert waits(driver) == {"ca1": HOUR}
    sound(driver)


def test_a_case_that_goes_on_by_itself_again_is_handed_off_by_itself() -> None:
    driver = two()
    driver.run(OFFER)
    driver.run(MERGE)
    driver.run(UNMERGE)
    driver.refuse(c.AcceptHandOff("ho1", "dan"), NotAllowedInState, state="over")
    assert driver.run(OFFER).result.hand_off == "ho2"
    driver.run(c.AcceptHandOff("ho2", "dan"))
    assert lists(driver) == {"care": ["ca1"], "dan": ["ca2"]}
    sound(driver)


def test_each_step_leaves_a_case_on_one_list() -> None:
    driver = two(account="sales")
    assert lists(driver) == {"care": ["ca1"], "sales": ["ca2"]}
    driver.run(c.OfferHandOff("ca1", "agent", "cleo"))
    driver.run(c.AcceptHandOff("ho1", "cleo"))
    assert lists(driver) == {"cleo": ["ca1"], "sales": ["ca2"]}
    driver.run(MERGE)
    assert lists(driver) == {"cleo": ["ca1"]}
    driver.run(c.SplitCase("ca1", "two after all", ["in2"], queue="sales"))
    assert lists(driver) == {"cleo": ["ca1"], "sales": ["ca3"]}
    driver.run(c.EscalateCase("ca1", "angry"))
    assert lists(driver) == {"leads": ["ca1"], "sales": ["ca3"]}
    sound(driver)


def test_a_split_case_has_its_own_owner_and_is_handed_off_by_itself() -> None:
    driver = two()
    driver.run(MERGE)
    driver.run(attrs.evolve(OFFER, case="ca1", to_kind="agent", to="dan"))
    assert driver.run(c.SplitCase("ca1", "another order", ["in2"])).result.id == "ca3"
    driver.run(attrs.evolve(OFFER, case="ca3"))
    driver.run(c.AcceptHandOff("ho2", "cleo"))
    assert lists(driver) == {"care": ["ca1"], "cleo": ["ca3"]}
    driver.run(c.AcceptHandOff("ho1", "dan"))
    assert lists(driver) == {"dan": ["ca1"], "cleo": ["ca3"]}
    sound(driver)


@pytest.mark.parametrize("name", ["ca1", "ca2"])
def test_who_took_part_in_a_merged_case_takes_part_in_the_matter(name: str) -> None:
    driver = two()
    driver.message("eve", "email", thread=thread("t3"), reply_case="ca2")
    driver.run(MERGE)
    assert driver.run(c.SetParticipant(name, "cu2", "relative")).result == TakesPart("cu2", "ca1")
    assert driver.last(e.ParticipantChanged).case == "ca2"
    assert driver.events(e.ParticipantJoined) == [e.ParticipantJoined("ca2", "cu1", "cu2", "in3")]
    driver.run(c.SendMessage(name, "k", to="cu2", text="news"))
    assert (driver.last(e.DeliveryPlanned).customer, driver.last(e.MessageWritten).text) == ("cu2", "news")
    driver.run(c.RemoveParticipant(name, "cu2", "asked to"))
    assert driver.last(e.ParticipantLeft) == e.ParticipantLeft("ca2", "cu1", "cu2", "asked to")
    driver.refuse(c.SendMessage(name, "k2", to="cu2", text="news"), InvalidCommand, field="to")
    sound(driver)


def imported() -> Driver:
    """Two imported cases of joe's in which he waits are one matter."""
    driver = Driver(a_plan())
    driver.run(c.BeginImport())
    for name in ("t1", "t2"):
        driver.run(c.ImportCase(name, address=person("joe")))
        driver.run(wrote(name, name))
    driver.run(MERGE)
    return driver


def wrote(number: str, case: str) -> c.ImportMessage:
    """Joe wrote in a case of the other system, on its thread."""
    return c.ImportMessage("email", "main", number, person("joe"), True, Ref(case), thread(case), text="hello")


@pytest.mark.parametrize("name", ["t1", "t2"])
def test_an_imported_status_settles_all_of_a_matter(name: str) -> None:
    driver = imported()
    driver.run(c.ImportStatus(Ref(name), "closed"), 1)
    view = driver.engine.view
    assert {row.state for row in view.contacts.interactions.values()} == {"CANCELED"}
    assert (view.cases.cases["ca1"].state, view.routing.items, waits(driver), lists(driver)) == ("CLOSED", {}, {}, {})
    sound(driver)


def test_what_is_imported_to_a_contact_of_a_merged_case_stays_in_it() -> None:
    driver = imported()
    got = driver.run(wrote("m3", "t2"), 1).result
    assert (got.interaction, got.case.id) == ("in2", "ca1")
    assert driver.last(e.MessageReceived).interaction == "in2"
    sound(driver)


def test_what_is_found_in_a_merged_case_is_found_in_the_matter() -> None:
    driver = two()
    driver.run(MERGE)
    driver.run(c.RaiseFinding("ca2", "praise"))
    assert driver.last(e.FindingRaised).case == "ca1"
    driver.run(UNMERGE)
    driver.run(c.AcknowledgeFinding("fi1", "sales"))
    assert driver.last(e.FindingAcknowledged).case == "ca1"
    sound(driver)


def test_what_was_said_in_a_merged_case_holds_in_the_matter() -> None:
    driver = two(of=COMMITTED)
    said = quote(driver, case="ca2", actor="agent:sam")
    driver.run(MERGE)
    again = quote(driver, case="ca1", actor="agent:sam")
    assert (again.statement, again.duplicate) == (said.statement, True)
    assert bill(driver, case="ca1", authority="manager").conflict == "cf1"
    sound(driver)


def test_what_was_suggested_is_no_guess_once_it_is_one_matter() -> None:
    driver = Driver(a_plan())
    driver.message("joe", "email", thread=thread("t1"), topic="order")
    driver.run(c.SetCaseWaiting("ca1", "customer"))
    driver.run(c.CancelInteraction("in1", "seen to"))
    got = driver.message("joe", "chat", after=HOUR / 1_000_000)
    assert (got.case.id, driver.last(e.CaseSuggested).case) == ("ca2", "ca1")
    driver.run(MERGE)
    driver.refuse(c.AcceptCaseSuggestion(got.interaction), UnknownId)
    sound(driver)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Action("assign", agent="dan"), e.CaseOwnerChanged("ca1", "cu1", "agent", "dan", "assigned")),
        (Action("wait", on="third_party"), e.CaseWaiting("ca1", "cu1", "third_party", "r")),
        (Action("set_field", field="case.fields.orders", value=3), e.FieldsSet("ca1", {"orders": 3}, "cu1")),
    ],
)
def test_what_a_rule_does_to_a_merged_case_it_does_to_the_matter(action: Action, expected: e.Event) -> None:
    driver = two()
    driver.run(MERGE)
    driver.change_plan(a_plan(Rule("r", "MessageReceived", When("event.interaction", "is", "in2"), [action])))
    driver.message("joe", "email", thread=thread("t2"))
    assert (driver.last(type(expected)), driver.events(e.RuleFailed)) == (expected, [])
    sound(driver)


def test_a_rule_links_contacts_of_a_matter_that_hold_a_place_each() -> None:
    link = Rule("r", "MessageReceived", When("event.number", "at_least", 2), [Action("link")])
    driver = two(of=a_plan(link))
    driver.run(MERGE)
    driver.run(c.UnlinkQuestion("in2"))
    assert driver.engine.view.engagements.linked == {}
    driver.message("joe", "email", thread=thread("t2"))
    assert driver.engine.view.engagements.linked == {"in2": "in1"}
    driver.run(c.OfferHandOff("ca2", "agent", "dan"))
    driver.run(c.AcceptHandOff("ho1", "dan"))
    assert driver.engine.view.engagements.linked == {"in2": "in1"}
    driver.run(c.RecordReply("email", "main", "r1", person("joe"), thread=thread("t1"), text="done", resolve=True))
    assert (driver.engine.view.routing.items, waits(driver)) == ({}, {})
    sound(driver)


def test_what_is_sent_by_itself_in_a_merged_case_waits_while_a_person_talks_in_the_matter() -> None:
    driver = two()
    for name in ("in1", "in2"):
        driver.run(c.CancelInteraction(name, "seen to"))
    driver.sign_in("ana")
    got = driver.answered("joe", "voice", case_number="C-000001")
    driver.run(MERGE)
    driver.run(c.SendMessage("ca2", "k", channel="email", text="It is late."))
    assert driver.last(e.DeliveryHeld).reason == "somebody talks with them"
    driver.run(c.FinishInteraction(got.interaction, "ana"))
    driver.advance(320)
    assert driver.last(e.DeliveryPermitted).delivery == "de1"
    sound(driver)
