"""Two customers who are one person: linking, merging, vetoes, suggestions, and what every section then makes of it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, person, plan

from orchestra.errors import InvalidCommand, MergeVetoed, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address, ref
from orchestra.model.identity import Identity
from orchestra.model.results import Linked


def _two(**identity: Any) -> Driver:
    """Joe has chatted, and somebody who may be Joe has written a mail."""
    driver = Driver(plan(identity=Identity(**identity)))
    driver.message("joe")
    driver.message("jm", "email")
    return driver


def _address(name: str, kind: str) -> Address:
    return attrs.evolve(person(name), kind=kind)


def _merge(driver: Driver, *ids: str, confidence: int = 100, **values: Any) -> Linked:
    result = driver.run(c.MergeCustomers(*ids, "told", confidence, **values), 1).result
    assert isinstance(result, Linked)
    return result


def test_a_merge_adds_an_alias_and_rewrites_nothing() -> None:
    driver = _two()
    since = len(driver.log)
    assert _merge(driver, "cu1", "cu2") == Linked("cu1", "merged", "li1")
    assert [logged.event for logged in driver.log[since:]] == [
        e.CustomerAliased("cu2", "cu1", "li1"),
        e.CustomersMerged("li1", "cu1", "cu2", "told", 100),
        e.EngagementsMerged("en1", "cu1", "en2", ["in2"]),
    ]
    view = driver.engine.view
    assert view.customer("cu2")[0] == view.customer("cu1")[0] == "cu1"
    assert list(view.identity.group("cu2")) == ["cu1", "cu2"]
    assert view.contacts.conversations["co2"].customer == "cu2"


def test_who_is_merged_already_stays_so() -> None:
    driver = _two()
    _merge(driver, "cu1", "cu2")
    since = len(driver.log)
    assert _merge(driver, "cu2", "cu1") == _merge(driver, "cu1", "cu1") == Linked("cu1", "known")
    assert driver.names(since) == []


def test_merges_chain_and_every_id_goes_on_working() -> None:
    driver = _two()
    driver.call("zoe")
    driver.call("eve")
    _merge(driver, "cu1", "cu2")
    _merge(driver, "cu3", "cu4")
    assert _merge(driver, "cu4", "cu2") == Linked("cu3", "merged", "li3")
    identity = driver.engine.view.identity
    assert [identity.root(f"cu{number}") for number in (1, 2, 3, 4)] == ["cu3"] * 4
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        assert list(engine.view.identity.group("cu2")) == ["cu1", "cu2", "cu3", "cu4"]


def test_the_next_contact_from_either_address_finds_the_open_case_of_the_person() -> None:
    driver = Driver()
    first = driver.message("joe", topic="order")
    other = driver.message("jm", "email", topic="bill")
    _merge(driver, first.customer, other.customer)
    got = driver.message("jm", "email", topic="order", account="second")
    assert (got.case, got.customer) == (first.case, first.customer)
    assert driver.last(e.InteractionStarted).customer == other.customer, "events keep the id they came under"


def test_a_case_number_is_believed_from_every_id_of_its_customer() -> None:
    driver = _two()
    _merge(driver, "cu1", "cu2")
    got = driver.call("jm", case_number="C-000001")
    assert got.case.number == "C-000001"


def test_a_place_given_up_is_found_again_under_another_id_and_only_once() -> None:
    driver = Driver()
    first = driver.call("joe")
    driver.call("jm")
    _merge(driver, "cu1", "cu2")
    start_us = driver.engine.view.routing.items[first.interaction].start_us
    driver.run(c.LeaveContact(first.interaction), 10)
    driver.call("jm")
    queued = driver.last(e.InteractionQueued)
    assert (queued.reason, queued.start_us, queued.place_of) == ("resumed", start_us, "cu1")
    driver.call("joe")
    assert driver.last(e.InteractionQueued).reason == "arrived"


def test_the_agent_who_knows_a_person_knows_all_their_ids() -> None:
    care = attrs.evolve(plan().queues["care"], known="last")
    driver = Driver(plan(queues={**plan().queues, "care": care}))
    driver.sign_in("ana")
    got = driver.answered("joe")
    driver.call("jm")
    _merge(driver, "cu1", "cu2")
    driver.run(c.FinishInteraction(got.interaction, "ana"), 1)
    driver.call("jm")
    assert driver.last(e.InteractionQueued).agent == "ana"


def test_the_newest_of_their_agents_counts() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe")
    driver.run(c.SignOut("ana"), 1)
    driver.sign_in("bob")
    driver.message("jm")
    while driver.offered():
        driver.accept()
    known = driver.engine.view.known
    assert known.agent_of(["cu1", "cu2"]) == known.agent_of(["cu2", "cu1"]) == "bob"
    assert known.agent_of(["cu9"]) is None
    assert known.contacts_of(["cu2", "cu1"]) == ["in1", "in2"]


def test_a_person_has_one_callback_in_a_case() -> None:
    driver = Driver()
    got = driver.call("joe")
    driver.call("jm")
    _merge(driver, "cu1", "cu2")
    asked = driver.run(c.RequestCallback(got.interaction), 1).result
    again = driver.run(c.ScheduleCallback("voice", "main", person("jm"), case=got.case.id, customer="cu2"), 1).result
    assert (again.interaction, again.is_new) == (asked.interaction, False)
    assert driver.run(c.ScheduleCallback("voice", "main", person("jm"), customer="cu2"), 1).result.is_new


def test_what_is_sent_goes_to_the_id_that_talks_on_the_channel() -> None:
    driver = Driver()
    first = driver.message("joe", topic="order")
    driver.message("jm", "email", topic="bill")
    _merge(driver, "cu1", "cu2")
    driver.message("jm", "email", topic="order", account="second")
    driver.run(c.SendMessage(first.case.id, "k1", channel="email", text="hi"), 1)
    planned = driver.last(e.DeliveryPlanned)
    assert (planned.customer, planned.case) == ("cu2", first.case.id)


def test_a_person_may_ask_for_what_is_theirs_under_any_id() -> None:
    driver = _two()
    _merge(driver, "cu1", "cu2")
    driver.run(c.LeaveContact("in1", actor="customer:cu2"), 1)
    assert driver.engine.view.contacts.interactions["in1"].state == "ABANDONED"


def test_fields_and_references_of_all_ids_are_the_persons() -> None:
    driver = _two()
    driver.run(c.AddRef("cu2", "crm:7"))
    driver.run(c.SetFields("cu2", {"vip": True}))
    _merge(driver, "cu1", "cu2")
    view = driver.engine.view
    assert view.customer(ref("crm:7"))[0] == "cu1"
    driver.run(c.SetFields("cu2", {"vip": False}))
    assert view.details.fields == {"cu2": {"vip": True}, "cu1": {"vip": False}}


# Addresses


def test_an_unknown_address_becomes_the_customers() -> None:
    driver = _two()
    got = driver.run(c.LinkAddress("cu1", _address("+49301", "phone"), "told"), 1).result
    assert got == Linked("cu1", "linked")
    assert driver.last(e.AddressLinked) == e.AddressLinked(
        "cu1", "phone", "key-+49301", "told", 100, "+49301", "+49301"
    )
    assert driver.run(c.LinkAddress("cu1", person("+49301"), "told"), 1).result == Linked("cu1", "known")
    assert driver.run(c.ReceiveContact("voice", "main", "k9", person("+49301")), 1).result.customer == "cu1"
    assert driver.last(e.ConversationStarted).address == "key-+49301"


def test_an_address_of_somebody_known_merges_them() -> None:
    driver = _two()
    assert driver.run(c.LinkAddress("cu1", person("jm"), "login"), 1).result == Linked("cu1", "merged", "li1")


def test_an_unsure_address_is_somebody_else_of_whom_it_is_suggested() -> None:
    driver = _two()
    got = driver.run(c.LinkAddress("cu1", person("zoe"), "same name", 60), 1).result
    assert got == Linked("cu1", "suggested")
    assert driver.last(e.MergeSuggested) == e.MergeSuggested("cu1", "cu3", "same name", 60)
    assert driver.call("zoe").customer == "cu3"
    assert driver.run(c.LinkAddress("cu1", person("eve"), "same town", 10), 1).result == Linked("cu1", "ignored")
    assert driver.engine.view.identity.holder("key-eve") is None


def test_an_address_given_up_is_somebody_elses_with_a_conversation_of_their_own() -> None:
    driver = _two()
    driver.run(c.UnlinkAddress("cu1", person("joe"), "number given up"), 1)
    assert driver.engine.view.identity.holder("key-joe") is None
    driver.run(c.LinkAddress("cu2", person("second"), "told"))
    driver.run(c.UnlinkAddress("cu2", person("second"), "number given up"))
    assert driver.engine.view.identity.addresses_of == {"cu2": {"key-jm": 1}}
    got = driver.message("joe")
    assert got.customer == "cu3"
    assert driver.last(e.ConversationStarted).conversation == "co3"
    assert driver.message("joe").interaction == got.interaction
    assert driver.reloaded().view.contacts.by_thread == driver.engine.view.contacts.by_thread
    driver.refuse(c.UnlinkAddress("cu1", person("joe"), "x"), UnknownId)
    driver.refuse(c.UnlinkAddress("cu1", person("nobody"), "x"), UnknownId)


def test_a_hidden_caller_is_a_stranger_each_time() -> None:
    driver = Driver()
    hidden = Address("phone", "key-hidden", matches=False)
    got = [
        driver.run(c.ReceiveContact("voice", "main", f"k{number}", hidden), 1).result.customer for number in range(3)
    ]
    assert got == ["cu1", "cu2", "cu3"]
    assert len({row.thread for row in driver.engine.view.contacts.conversations.values()}) == 3
    assert driver.engine.view.identity.addresses == {}
    driver.refuse(c.LinkAddress("cu1", hidden, "x"), InvalidCommand, field="address")
    asked = driver.run(c.ScheduleCallback("voice", "main", hidden), 1).result
    assert asked.customer == "cu4"


def test_what_a_provider_knows_of_a_sender_is_linked() -> None:
    driver = _two()
    phone, hidden = _address("+49301", "phone"), Address("phone", "key-hidden", matches=False)
    driver.message("joe", also=[phone, hidden, person("joe")])
    assert driver.engine.view.identity.holder("key-+49301") == "cu1"
    driver.call("whatsapp", also=[phone])
    view = driver.engine.view
    assert list(view.identity.group("cu1")) == ["cu1", "cu3"]
    assert view.identity.root("cu3") == "cu1", "whoever was known first stands for both"
    driver.refuse(
        c.ReceiveMessage("chat", "main", "m9", person("a"), also=[phone] * 6, text="x"), InvalidCommand, field="also"
    )


def test_what_a_provider_says_cannot_break_a_rule() -> None:
    driver = _two(limits={"phone": 1})
    driver.message("joe", also=[_address("+491", "phone")])
    driver.message("joe", also=[_address("+492", "phone")])
    assert driver.engine.view.identity.holder("key-+492") is None
    driver.message("eve", also=[_address("+493", "phone")])
    driver.message("joe", also=[_address("+493", "phone")])
    suggested = driver.last(e.MergeSuggested)
    assert suggested.veto == "together they have more than 1 addresses of kind phone"
    since = len(driver.log)
    driver.message("joe", also=[_address("+493", "phone")])
    assert driver.names(since) == ["MessageReceived"], "it is suggested once"


# Vetoes and suggestions


def test_different_unique_identifiers_forbid_a_merge() -> None:
    driver = _two(unique=["customer_number"])
    for customer, number in (("cu1", "1001"), ("cu2", "1002")):
        driver.run(c.LinkAddress(customer, _address(number, "customer_number"), "crm"))
    refused = driver.refuse(c.MergeCustomers("cu1", "cu2", "told"), MergeVetoed, customer="cu1", other="cu2")
    assert str(refused) == "cu1 and cu2 cannot be one person: each has a customer_number of their own"
    driver.refuse(c.LinkAddress("cu1", _address("1003", "customer_number"), "crm"), MergeVetoed)
    assert _merge(driver, "cu1", "cu2", confidence=60).outcome == "suggested"
    assert driver.last(e.MergeSuggested).veto == "each has a customer_number of their own"


def test_a_person_has_so_many_addresses_of_a_kind() -> None:
    driver = _two(limits={"handle": 2, "phone": 1})
    driver.run(c.LinkAddress("cu1", person("third"), "told"))
    driver.refuse(c.LinkAddress("cu1", person("fourth"), "told"), MergeVetoed)
    driver.refuse(c.MergeCustomers("cu1", "cu2", "told"), MergeVetoed)
    driver.run(c.LinkAddress("cu1", _address("+491", "phone"), "told"))


def test_a_person_has_so_many_ids() -> None:
    driver = Driver(plan(identity=Identity(limits={"handle": 1000})))
    for number in range(101):
        driver.run(c.ReceiveContact("voice", "main", f"k{number}", person(str(number))))
    for number in range(2, 101):
        driver.run(c.MergeCustomers("cu1", f"cu{number}", "told"))
    refused = driver.refuse(c.MergeCustomers("cu1", "cu101", "told"), MergeVetoed)
    assert "more than 100 ids" in str(refused)


def test_it_is_merged_suggested_or_ignored_as_sure_as_it_is() -> None:
    driver = _two(merge_at=80, suggest_at=40)
    assert _merge(driver, "cu1", "cu2", confidence=39) == Linked("cu1", "ignored")
    assert _merge(driver, "cu1", "cu2", confidence=40) == Linked("cu1", "suggested")
    assert _merge(driver, "cu2", "cu1", confidence=79) == Linked("cu2", "suggested")
    identity = driver.engine.view.identity
    assert len(driver.events(e.MergeSuggested)) == 1
    assert (
        [row.other for row in identity.suggested("cu1")] == [row.other for row in identity.suggested("cu2")] == ["cu2"]
    )
    assert _merge(driver, "cu1", "cu2", confidence=80).outcome == "merged"
    assert identity.suggestions == {}
    assert identity.suggested("cu1") == []


def test_what_is_suggested_of_others_stays() -> None:
    driver = _two()
    driver.call("zoe")
    _merge(driver, "cu1", "cu2", confidence=60)
    _merge(driver, "cu2", "cu3", confidence=60)
    _merge(driver, "cu1", "cu2")
    identity = driver.engine.view.identity
    assert [row.other for row in identity.suggested("cu1")] == ["cu3"]
    assert identity.suggestion("cu3", "cu1") is not None
    assert driver.reloaded().view.identity.suggested("cu1") == identity.suggested("cu1")


def test_whom_a_person_told_apart_is_never_merged_by_itself() -> None:
    driver = _two()
    driver.call("zoe")
    _merge(driver, "cu1", "cu2", confidence=60)
    driver.run(c.DismissMerge("cu2", "cu1", "father and son"), 1)
    assert driver.engine.view.identity.suggestions == {}
    since = len(driver.log)
    assert _merge(driver, "cu1", "cu2") == Linked("cu1", "kept_apart")
    driver.run(c.DismissMerge("cu1", "cu2", "again"), 1)
    driver.message("joe", also=[person("jm")])
    assert driver.names(since) == ["MessageReceived"]
    _merge(driver, "cu2", "cu3")
    assert _merge(driver, "cu3", "cu1") == Linked("cu2", "kept_apart"), "it holds for all their ids"
    assert _merge(driver, "cu3", "cu1", actor="agent:ana").outcome == "merged"
    driver.refuse(c.DismissMerge("cu1", "cu2", "x"), InvalidCommand, field="other")


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (c.MergeCustomers("cu1", "cu2", ""), "evidence"),
        (c.MergeCustomers("cu1", "cu2", "x" * 101), "evidence"),
        (c.MergeCustomers("cu1", "cu2", "told", 101), "confidence"),
        (c.LinkAddress("cu1", person("zoe"), "told", -1), "confidence"),
        (c.LinkAddress("cu1", Address("handle", ""), "told"), "address"),
    ],
)
def test_what_makes_no_sense_is_refused(command: c.Command, field: str) -> None:
    _two().refuse(command, InvalidCommand, field=field)


def test_a_merge_is_of_a_day() -> None:
    driver = _two()
    _merge(driver, "cu1", "cu2")
    row = driver.engine.view.identity.merges["li1"]
    assert (row.since_us, row.until_us, row.evidence, row.confidence) == (driver.now_us, None, "told", 100)
    assert driver.now_us > SECOND
