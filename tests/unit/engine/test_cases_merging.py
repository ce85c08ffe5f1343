"""Merging cases and undoing it: one matter, one owner, and everything goes back to where it came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, Driver, person, plan, thread
from tests.invariants import check_rebuilt, check_state

from orchestra.engine.cases import merging
from orchestra.engine.cases.state import CLOSE
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.definitions import Channel, CommitmentAttribute, Commitments, Queue
from orchestra.model.engagements import Engagements
from orchestra.model.results import CaseRef

MERGE = c.MergeCases("ca1", "ca2", "the same order")
UNMERGE = c.UnmergeCase("ca2", "two orders")


def _two(of: Any = None, **values: Any) -> Driver:
    """Joe has two cases: one by mail on the thread t1, one by chat."""
    driver = Driver(of or plan())
    driver.message("joe", "email", thread=thread("t1"), topic="order", **values)
    driver.message("joe", "chat", thread=thread("t2"), topic="bill", **values)
    return driver


def _case(driver: Driver, name: str) -> Any:
    return driver.engine.view.cases.cases[name]


def _sound(driver: Driver) -> None:
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())
    check_rebuilt(driver.engine, driver.reloaded())


def _owned(driver: Driver) -> dict[tuple[str, str], list[int]]:
    return {owner: list(numbers) for owner, numbers in driver.engine.view.cases.owned.items()}


def test_a_merged_case_goes_on_as_the_other() -> None:
    driver = _two()
    assert driver.run(MERGE, 1).result == CaseRef("ca1", "C-000001")
    assert driver.last(e.CaseMerged) == e.CaseMerged("ca2", "cu1", "ca1", "the same order")
    assert (_case(driver, "ca2").state, _case(driver, "ca1").state) == ("MERGED", "OPEN")
    assert driver.engine.view.case("ca2")[0] == "ca1"
    _sound(driver)


def test_merging_what_is_one_matter_changes_nothing() -> None:
    driver = _two()
    driver.run(MERGE, 1)
    for command in (MERGE, c.MergeCases("ca2", "ca1", "x"), c.MergeCases("ca1", "ca1", "x")):
        decided = driver.run(command, 1)
        assert (decided.events, decided.result) == ([], CaseRef("ca1", "C-000001"))


def test_what_comes_to_a_merged_case_follows_the_alias() -> None:
    driver = _two()
    driver.run(MERGE, 1)
    for name in ("in1", "in2"):
        driver.run(c.CancelInteraction(name, "x"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    assert _case(driver, "ca1").state == "RESOLVED"
    for values in ({"thread": thread("t2")}, {"reply_case": "ca2"}, {"case_number": "C-000002"}, {"topic": "bill"}):
        got = driver.message("joe", "chat", **({"thread": thread(str(values))} | values))
        assert got.case == CaseRef("ca1", "C-000001"), values
        assert _case(driver, "ca1").state == "OPEN"
    _sound(driver)


def test_aliases_are_followed_however_often_cases_are_merged() -> None:
    driver = _two()
    driver.message("joe", "voice", topic="return")
    driver.run(c.MergeCases("ca2", "ca3", "x"), 1)
    driver.run(MERGE, 1)
    assert driver.engine.view.cases.group("ca3") == ("ca1", "ca2", "ca3")
    assert driver.message("joe", "email", case_number="C-000003").case.id == "ca1"
    driver.run(c.AddRef("ca3", "order:3"), 1)
    driver.run(c.SetCaseWaiting(ref("order:3"), "customer"), 1)
    assert _case(driver, "ca1").state == "WAITING_ON_CUSTOMER"
    driver.message("joe", "voice", topic="return")
    assert _case(driver, "ca1").state == "OPEN", "the customer came back"
    _sound(driver)


def test_the_one_case_has_the_one_owner() -> None:
    driver = _two()
    driver.run(c.AssignCase("ca1", "agent", "ana"), 1)
    driver.run(c.AssignCase("ca2", "agent", "bob"), 1)
    driver.run(MERGE, 1)
    assert _owned(driver) == {("agent", "ana"): [1]}
    driver.run(c.RemoveAgent("bob"), 1)
    assert driver.events(e.CaseOwnerChanged)[-1].owner == "bob", "there is nothing to take from whoever owns nothing"
    driver.run(c.AssignCase("ca2", "agent", "cleo"), 1)
    assert _case(driver, "ca1").owner == "cleo"
    driver.run(UNMERGE, 1)
    assert driver.last(e.CaseOwnerChanged) == e.CaseOwnerChanged("ca2", "cu1", "team", "care", "agent removed")
    assert _owned(driver)["agent", "cleo"] == [1]
    _sound(driver)


@pytest.mark.parametrize("order", [("in1", "in2"), ("in2", "in1")])
def test_a_case_is_settled_once_nobody_works_on_any_of_it(order: tuple[str, str]) -> None:
    driver = _two(plan(engagements=Engagements({"email": {"chat": "separate"}})))
    driver.run(MERGE, 1)
    driver.sign_in("ana")
    for interaction in order:
        assert driver.events(e.CaseResolved) == [], "the other still waits"
        driver.accept(next(made for made in driver.pending() if made.interaction == interaction))
        driver.run(c.FinishInteraction(interaction, "ana", "resolved"), 1)
    assert [event.case for event in driver.events(e.CaseResolved)] == ["ca1"]
    driver.advance(8 * 24 * 3600)
    assert [event.case for event in driver.events(e.CaseClosed)] == ["ca1"]


def test_an_open_case_opens_the_settled_one_that_it_goes_on_as() -> None:
    driver = _two()
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(MERGE, 1)
    assert driver.last(e.CaseReopened) == e.CaseReopened("ca1", "cu1", "merged")


def test_a_settled_case_leaves_the_other_as_it_is() -> None:
    driver = _two()
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(MERGE, 1)
    assert driver.events(e.CaseReopened) == []
    assert driver.engine.view.timers.get(CLOSE, "ca2") is None
    driver.advance(8 * 24 * 3600)
    assert [event.case for event in driver.events(e.CaseClosed)] == ["ca1"]


def test_cases_of_two_people_are_two_matters() -> None:
    driver = _two()
    driver.message("jim", "chat", topic="order")
    driver.refuse(c.MergeCases("ca1", "ca3", "x"), InvalidCommand, field="other")
    driver.refuse(c.MergeCases("ca1", "ca9", "x"), UnknownId, id="ca9")
    driver.run(c.MergeCustomers("cu1", "cu2", "login"), 1)
    driver.run(c.MergeCases("ca1", "ca3", "x"), 1)
    assert driver.engine.view.cases.group("ca1") == ("ca1", "ca3")


def test_only_so_many_cases_are_one_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MOST_MERGED", 2)
    driver = _two()
    driver.message("joe", "voice", topic="return")
    driver.run(MERGE, 1)
    driver.refuse(c.MergeCases("ca1", "ca3", "x"), InvalidCommand, field="other")


def test_participants_references_fields_and_commitments_go_along() -> None:
    said = Commitments(attributes={"price": CommitmentAttribute("money", "lower", "EUR")})
    driver = _two(plan(commitments=said))
    driver.message("jim", "chat", thread=thread("t2"))
    driver.run(c.AddRef("ca2", "bill:7"), 1)
    driver.run(c.SetFields("ca2", {"orders": 2}), 1)
    made = driver.run(c.MakeCommitment("bill:7", "price", 4900, case="ca2", actor="agent:ana"), 1).result
    driver.run(MERGE, 1)
    assert driver.engine.view.case(ref("bill:7"))[0] == "ca1"
    again = driver.run(c.MakeCommitment("bill:7", "price", 4900, case="ca1", actor="agent:ana"), 1).result
    assert (again.statement, again.duplicate) == (made.statement, True)
    assert driver.message("jim", "voice", case_number="C-000001").case.id == "ca1"
    driver.run(c.SetFields("ca2", {"orders": 3}), 1)
    assert driver.last(e.FieldsSet).target == "ca1"
    _sound(driver)


def test_what_is_sent_in_a_case_goes_where_the_customer_was_last_in_any_of_it() -> None:
    driver = _two()
    driver.run(MERGE, 1)
    written = driver.run(c.SendMessage("ca1", "k", "delay", "chat", text="late"), 1)
    assert driver.last(e.MessageWritten).conversation == driver.events(e.ConversationStarted)[1].conversation
    assert driver.run(c.SendMessage("ca2", "k", "delay", "chat", text="late"), 1).result == written.result


def test_one_callback_waits_for_a_customer_in_all_of_it() -> None:
    driver = _two()
    asked = driver.run(c.ScheduleCallback("voice", "main", person("joe"), case="ca2"), 1).result
    driver.run(MERGE, 1)
    for case in ("ca1", "ca2"):
        again = driver.run(c.ScheduleCallback("voice", "main", person("joe"), case=case), 1).result
        assert (again.interaction, again.is_new, again.case.id) == (asked.interaction, False, "ca1")
    driver.call("joe", case_number="C-000001")
    driver.run(c.RequestCallback(driver.last(e.InteractionStarted).interaction), 1)
    assert len(driver.events(e.CallbackRequested)) == 1


# Undoing it


def test_a_merge_is_undone_with_all_that_came_from_the_case() -> None:
    driver = _two()
    before = {name: attrs.evolve(_case(driver, name)) for name in ("ca1", "ca2")}
    driver.run(MERGE, 1)
    driver.run(UNMERGE, 1)
    assert driver.last(e.CaseUnmerged) == e.CaseUnmerged("ca2", "cu1", "ca1", "OPEN", "two orders")
    assert {name: _case(driver, name) for name in before} == before
    assert driver.engine.view.cases.group("ca2") == ("ca2",)
    assert driver.message("joe", "chat", topic="bill", thread=thread("t3")).case.id == "ca2"
    _sound(driver)


def test_what_came_to_the_merged_case_meanwhile_goes_back_with_it() -> None:
    driver = _two()
    driver.run(MERGE, 1)
    got = driver.message("joe", "voice", case_number="C-000002")
    driver.run(UNMERGE, 1)
    assert got.interaction in _case(driver, "ca2").interactions
    assert driver.message("joe", "voice").case.id == "ca2"


@pytest.mark.parametrize("on", ["customer", "third_party"])
def test_what_a_case_waited_for_it_waits_for_again(on: str) -> None:
    driver = _two()
    driver.run(c.SetCaseWaiting("ca2", on), 1)
    driver.run(MERGE, 1)
    assert _case(driver, "ca1").state == "OPEN"
    driver.run(UNMERGE, 1)
    assert _case(driver, "ca2").state == f"WAITING_ON_{on.upper()}"


def test_a_settled_case_is_settled_again_unless_somebody_works_on_it() -> None:
    driver = _two()
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(MERGE, 1)
    driver.run(UNMERGE, 1)
    assert _case(driver, "ca2").state == "OPEN", "the chat still waits"
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(MERGE, 1)
    driver.run(UNMERGE, 1)
    assert driver.last(e.CaseUnmerged).close_us == driver.now_us + 7 * DAY
    assert _case(driver, "ca2").state == "RESOLVED"
    driver.advance(8 * 24 * 3600)
    assert driver.last(e.CaseClosed).case == "ca2"
    closed_us = _case(driver, "ca2").closed_us
    driver.run(MERGE, 1)
    driver.run(UNMERGE, 1)
    assert (_case(driver, "ca2").state, _case(driver, "ca2").closed_us) == ("CLOSED", closed_us)
    _sound(driver)


def test_a_resolved_case_that_never_closes_comes_back_without_a_time() -> None:
    driver = _two(plan(cases=attrs.evolve(plan().cases, close_after=None)))
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(MERGE, 1)
    driver.run(UNMERGE, 1)
    assert driver.last(e.CaseUnmerged).close_us is None


def test_a_case_takes_along_what_was_merged_into_it_before() -> None:
    driver = _two()
    driver.message("joe", "voice", topic="return")
    driver.run(c.MergeCases("ca2", "ca3", "x"), 1)
    driver.run(MERGE, 1)
    driver.run(UNMERGE, 1)
    cases = driver.engine.view.cases
    assert (cases.group("ca1"), cases.group("ca3")) == (("ca1",), ("ca2", "ca3"))
    assert list(cases.merged_of["cu1"]) == ["ca3"]
    driver.run(MERGE, 1)
    driver.run(c.UnmergeCase("ca3", "x"), 1)
    assert (cases.group("ca1"), cases.group("ca3")) == (("ca1", "ca2"), ("ca3",))
    _sound(driver)


def test_only_what_is_merged_is_unmerged() -> None:
    driver = _two()
    driver.refuse(UNMERGE, NotAllowedInState, subject="ca2", state="OPEN")
    driver.refuse(c.UnmergeCase("ca9", "x"), UnknownId, id="ca9")


def test_a_merged_case_needs_nothing_of_the_plan() -> None:
    more = plan(queues={**plan().queues, "fair": Queue("sales")})
    driver = Driver(more)
    driver.message("joe", "email", topic="order")
    driver.run(c.OpenCase("cu1", "bill", "fair"), 1)
    driver.run(MERGE, 1)
    driver.change_plan(plan())
    driver.run(UNMERGE, 1)
    assert driver.last(e.CaseQueueChanged) == e.CaseQueueChanged("ca2", "cu1", "care", "queue removed")
    assert "fair" not in driver.engine.view.plan.queues


def test_two_who_are_told_apart_while_their_cases_are_one_are_to_be_sorted_out() -> None:
    driver = _two()
    driver.message("jim", "chat", topic="order")
    driver.run(c.MergeCustomers("cu1", "cu2", "login"), 1)
    driver.run(c.MergeCases("ca1", "ca3", "x"), 1)
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    driver.advance(1)
    assert driver.events(e.TriageNeeded) == [e.TriageNeeded("ca1", "li1", "cu1", "cu2")]
    driver.run(c.UnmergeCase("ca3", "theirs"), 1)
    driver.run(c.SettleTriage("ca1", "li1"), 1)
    assert driver.engine.view.identity.triage == {}


def test_what_was_to_be_sorted_out_is_so_under_the_case_it_goes_on_as() -> None:
    driver = _two()
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.message("jm", "chat", thread=thread("t2"))
    driver.run(c.MergeCustomers("cu1", "cu2", "login"), 1)
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    driver.advance(1)
    assert driver.last(e.TriageNeeded).case == "ca2"
    driver.run(MERGE, 1)
    driver.run(c.SettleTriage("ca1", "li1"), 1)
    assert driver.last(e.TriageSettled).case == "ca2"


# How contacts go together


def test_contacts_of_two_cases_go_together_once_these_are_one() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", "chat", topic="bill")
    members = driver.engine.view.engagements.members
    assert members["in2"].mode == "separate"
    driver.run(MERGE, 1)
    assert driver.last(e.EngagementModeChanged) == e.EngagementModeChanged("en1", "cu1", "in2", "together")
    driver.run(UNMERGE, 1)
    assert members["in2"].mode == "separate"
    driver.run(c.MoveInteraction("in2", "ca1", "same order"), 1)
    assert members["in2"].mode == "together"
    driver.run(c.MoveInteraction("in1", "ca2", "same order"), 1)
    assert [members[name].mode for name in ("in1", "in2")] == ["first", "separate"]
    _sound(driver)


def _places(driver: Driver) -> dict[str, str]:
    """What waits for the answer to what."""
    return dict(driver.engine.view.engagements.linked)


def test_what_waits_in_two_cases_holds_one_place_once_these_are_one() -> None:
    driver = _two()
    driver.run(MERGE, 1)
    assert _places(driver) == {"in1": "in2"}, "whoever is on the line is asked first"
    driver.run(UNMERGE, 1)
    assert _places(driver) == {}
    assert [driver.engine.view.contacts.interactions[name].state for name in ("in1", "in2")] == ["QUEUED"] * 2
    driver.run(c.MoveInteraction("in2", "ca1", "x"), 1)
    assert _places(driver) == {"in1": "in2"}
    driver.run(c.MoveInteraction("in1", "ca2", "x"), 1)
    assert _places(driver) == {}
    _sound(driver)


def test_what_people_linked_elsewhere_stays_linked() -> None:
    driver = _two()
    driver.message("joe", "voice", topic="return")
    driver.run(c.LinkQuestion("in1", "in3"), 1)
    driver.run(c.MoveInteraction("in2", "ca1", "x"), 1)
    driver.run(c.OpenCase("cu1"), 1)
    driver.run(c.MoveInteraction("in2", "ca4", "x"), 1)
    assert _places(driver) == {"in1": "in3"}
    _sound(driver)


def test_participants_hold_one_place_too() -> None:
    driver = _two()
    for name in ("t1", "t2"):
        driver.run(c.CancelInteraction("in1" if name == "t1" else "in2", "x"), 1)
    driver.message("jim", "chat", thread=thread("j1"), case_number="C-000009")
    driver.call("jim", "voice", thread=thread("j2"), topic="x")
    for interaction, case in (("in3", "ca1"), ("in4", "ca2")):
        driver.run(c.MoveInteraction(interaction, case, "his brother's"), 1)
    assert _places(driver) == {}
    driver.run(MERGE, 1)
    assert len(_places(driver)) == 1
    driver.run(UNMERGE, 1)
    assert _places(driver) == {}
    _sound(driver)


# A reply that comes too late


@pytest.mark.parametrize("values", [{"thread": thread("t1")}, {"reply_case": "ca1"}, {"case_number": "C-000001"}])
def test_a_reply_to_what_was_closed_for_too_long_opens_a_case_that_follows_it(values: dict[str, Any]) -> None:
    driver = Driver()
    driver.message("joe", "email", thread=thread("t1"))
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    got = driver.message("joe", "email", after=31 * 24 * 3600, **({"thread": thread("t3")} | values))
    assert got.case.id == "ca2"
    assert driver.last(e.CaseOpened).follows == "ca1"
    assert _case(driver, "ca2").follows == "ca1"


def test_a_contact_that_replies_to_nothing_follows_nothing() -> None:
    driver = Driver(plan(cases=attrs.evolve(plan().cases, reopen_within=timedelta(0))))
    driver.message("joe", "email")
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    for sender, values in (("joe", {}), ("jim", {"case_number": "C-000001"}), ("jim", {"case_number": "C-000099"})):
        driver.message(sender, "email", **values)
        assert driver.last(e.CaseOpened).follows is None


def test_an_answer_to_a_closed_case_follows_the_one_that_it_went_on_as() -> None:
    driver = _two()
    driver.run(MERGE, 1)
    for name in ("in1", "in2"):
        driver.run(c.CancelInteraction(name, "x"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    driver.run(c.RecordReply("chat", "main", "r1", person("joe"), thread=thread("t2"), text="done"), 1)
    assert driver.last(e.CaseOpened).follows == "ca1"


def test_work_for_a_merged_case_is_work_for_the_matter() -> None:
    channels = {**plan().channels, "task": Channel(work=True)}
    driver = _two(plan(channels=channels))
    driver.run(MERGE, 1)
    driver.run(c.ResolveCase("ca1"), 1)
    got = driver.run(c.OpenWorkItem("task", "k", "ca2"), 1).result
    assert got.case.id == "ca1"
    assert driver.last(e.CaseReopened).case == "ca1"


def test_a_case_that_was_merged_into_one_of_its_own_customer_is_nothing_to_sort_out() -> None:
    driver = _two()
    driver.message("jo", "email")
    driver.run(MERGE, 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    driver.advance(1)
    assert (driver.events(e.TriageNeeded), driver.last(e.TriageListed).link) == ([], "li1")
    _sound(driver)
