"""Addresses at which nobody can be reached: what gives them up, what is sent elsewhere, and what takes them up."""

from __future__ import annotations

from typing import Any

import pytest
from tests.archiving import ArchivingEngine, archiving_plan
from tests.engine_driver import DAY, HOUR, Driver, person, replay
from tests.notice_plans import NOTICES, Teller

from orchestra.engine.identity.state import given_up_key
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e

KEY = given_up_key("email", "key-joe")


def mailed() -> tuple[Driver, Any]:
    """A mail to joe, which a mail server has taken."""
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    sent(driver, driver.sent(got))
    return driver, got


def sent(driver: Driver, name: str) -> None:
    driver.run(c.StartDelivery(name, 1, 1), 1)
    driver.run(c.RecordOutcome(name, 1, "accepted", [f"p-{name}"]), 1)


def bounce(driver: Driver, name: str = "de1", **values: Any) -> list[e.Event]:
    values = {"code": "5.1.1", "is_undeliverable": True} | values
    return driver.run(c.RecordReceipt("email", "main", f"p-{name}", "failed", **values), 1).events


def given_up(driver: Driver) -> dict[str, str]:
    """Which addresses are; the same after a reload and a replay."""
    for engine in (driver.reloaded(), driver.replayed(is_blanked=True)):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.view.identity.given_up_of == driver.engine.view.identity.given_up_of
    return {key: row.reason for key, row in driver.engine.view.identity.given_up.items()}


# Giving up


def test_what_comes_back_for_good_gives_its_address_up_before_the_failure_is_told() -> None:
    driver, _ = mailed()
    told = bounce(driver)
    assert [type(event) for event in told] == [e.AddressGivenUp, e.ReceiptRecorded]
    assert told[0] == e.AddressGivenUp("cu1", "key-joe", "email", "5.1.1", "de1")
    assert given_up(driver) == {KEY: "5.1.1"}
    assert bounce(driver) == []


def test_what_is_refused_for_good_at_once_gives_it_up_too() -> None:
    driver = Driver()
    driver.sign_in("ana")
    name = driver.sent(driver.answered("joe", "email"))
    driver.run(c.StartDelivery(name, 1, 1), 1)
    told = driver.run(c.RecordOutcome(name, 1, "failed", code="smtp_550_5.1.1", is_undeliverable=True), 1).events
    assert [type(event) for event in told] == [e.AddressGivenUp, e.DeliveryFailed]
    assert given_up(driver) == {KEY: "smtp_550_5.1.1"}


@pytest.mark.parametrize("values", [{"is_undeliverable": False}, {"recipient": person("somebody-else")}])
def test_other_failures_and_those_of_other_addresses_give_nothing_up(values: dict[str, Any]) -> None:
    driver, _ = mailed()
    assert [type(event) for event in bounce(driver, **values)] == [e.ReceiptRecorded]
    assert given_up(driver) == {}


def test_a_failure_that_names_the_address_it_went_to_gives_it_up() -> None:
    driver, _ = mailed()
    bounce(driver, recipient=person("joe"), code=None)
    assert given_up(driver) == {KEY: "failed"}


def test_nothing_is_given_up_by_receipts_that_are_no_failure_or_come_too_late() -> None:
    driver, _ = mailed()
    driver.run(c.RecordReceipt("email", "main", "p-de1", "read", is_undeliverable=True), 1)
    bounce(driver)  # they have read it: whatever came back was another copy
    assert driver.last(e.ReceiptRecorded).conflicts
    assert given_up(driver) == {}


def test_who_has_written_since_is_there() -> None:
    driver, _ = mailed()
    driver.message("joe", "email")
    bounce(driver)
    assert given_up(driver) == {}
    assert driver.events(e.AddressGivenUp) == []


def test_it_is_given_up_on_the_channel_where_it_came_back() -> None:
    driver, _ = mailed()
    bounce(driver)
    got = driver.answered("joe", "chat")
    assert driver.sent(got) == "de2"


# By our own id


def test_a_bounce_may_name_a_message_by_our_own_id_alone() -> None:
    driver, _ = mailed()
    told = bounce(driver, "nothing", delivery="de1")
    assert [type(event) for event in told] == [e.AddressGivenUp, e.ReceiptRecorded]
    assert driver.engine.view.deliveries.deliveries["de1"].state == "FAILED"
    driver.refuse(c.RecordReceipt("email", "main", "", "failed", delivery="de9"), UnknownId)
    driver.refuse(c.RecordReceipt("email", "other", "", "failed", delivery="de1"), InvalidCommand, field="delivery")


@pytest.mark.parametrize("is_undeliverable", [True, False])
def test_one_that_overtakes_the_servers_own_answer_waits_for_it(is_undeliverable: bool) -> None:
    driver = Driver()
    driver.sign_in("ana")
    name = driver.sent(driver.answered("joe", "email"))
    driver.run(c.StartDelivery(name, 1, 1), 1)
    told = bounce(driver, "nothing", delivery=name, is_undeliverable=is_undeliverable, recipient=person("joe"))
    assert [type(event) for event in told] == [e.ReceiptKept]
    assert given_up(driver) == {}
    driver.run(c.RecordOutcome(name, 1, "accepted", ["p-1"]), 1)
    assert driver.engine.view.deliveries.deliveries[name].state == "FAILED"
    assert given_up(driver) == ({KEY: "5.1.1"} if is_undeliverable else {})


# What is not sent there


def test_nobody_answers_there_any_more() -> None:
    driver, got = mailed()
    bounce(driver)
    driver.refuse(c.WriteReply(got.interaction, "ana", "hello?"), NotAllowedInState)
    driver.refuse(c.SendMessage(got.case.id, "k1", "news", text="hello?"), InvalidCommand, field="channel")


def test_a_message_goes_where_they_can_be_reached_instead() -> None:
    driver, got = mailed()
    chat = driver.message("joe", "chat")
    driver.message("joe", "email")  # the newest of all
    sent(driver, driver.sent(got))
    bounce(driver, "de2")
    written = driver.run(c.SendMessage(chat.case.id, "k1", "news", text="hello?"), 1).result
    assert driver.engine.view.deliveries.deliveries[written.delivery].channel == "chat"


def test_what_waits_to_leave_is_called_back() -> None:
    driver, got = mailed()
    for _ in range(2):
        driver.sent(got)
    bounce(driver)
    driver.refuse(c.StartDelivery("de2", 1, 1), NotAllowedInState)
    driver.advance(DAY / 1e6)
    canceled = [(event.delivery, event.reason) for event in driver.events(e.DeliveryCanceled)]
    assert canceled == [("de2", "undeliverable"), ("de3", "undeliverable")]


# Being reached again


def test_who_writes_from_it_can_be_answered() -> None:
    driver, got = mailed()
    bounce(driver)
    driver.message("joe", "chat")
    assert given_up(driver) == {KEY: "5.1.1"}
    driver.message("joe", "email")
    assert driver.last(e.AddressTakenUp) == e.AddressTakenUp("cu1", "key-joe", "email", "wrote")
    assert given_up(driver) == {}
    assert driver.sent(got) == "de2"


def test_what_they_allow_or_forbid_from_it_shows_that_they_are_there() -> None:
    driver = Teller(channels=("sms",))
    driver.sign_in("ana")
    got = driver.answered("joe", "sms")
    sent(driver, driver.sent(got))
    driver.run(c.RecordReceipt("sms", "main", "p-de1", "failed", code="21610", is_undeliverable=True), 1)
    driver.run(c.TakeConsent("sms", "main", person("joe"), True), 1)
    assert given_up(driver) == {}


def test_it_may_be_confirmed_on_one_channel_or_on_all() -> None:
    driver, _ = mailed()
    bounce(driver)
    driver.run(c.ConfirmAddress("cu1", person("joe"), "chat"), 1)
    assert given_up(driver) == {KEY: "5.1.1"}
    driver.run(c.ConfirmAddress("cu1", person("joe"), "email"), 1)
    assert driver.last(e.AddressTakenUp).reason == "confirmed"
    sent(driver, driver.sent(driver.answered("joe", "email")))
    bounce(driver, "de2")
    driver.run(c.LinkAddress("cu1", person("other"), "told"), 1)
    assert driver.run(c.ConfirmAddress("cu1", person("other")), 1).events == []
    driver.run(c.ConfirmAddress("cu1", person("joe")), 1)
    assert given_up(driver) == {}
    driver.refuse(c.ConfirmAddress("cu1", person("nobody")), UnknownId)
    driver.refuse(c.ConfirmAddress("cu1", person("joe"), "pigeon"), UnknownId)
    driver.message("mia", "email")
    driver.refuse(c.ConfirmAddress("cu1", person("mia")), UnknownId)


@pytest.mark.parametrize("command", [c.UnlinkAddress("cu1", person("joe"), "sold"), c.EraseCustomer("cu1", "asked")])
def test_the_mark_goes_with_who_had_the_address(command: c.Command) -> None:
    driver, _ = mailed()
    bounce(driver)
    driver.run(c.LinkAddress("cu1", person("other"), "told"), 1)
    driver.run(command, 1)
    assert given_up(driver) == {}


def test_of_two_addresses_only_what_is_the_customers_no_longer_loses_its_mark() -> None:
    driver, _ = mailed()
    bounce(driver)
    other = driver.answered("joe-2", "email")
    driver.run(c.LinkAddress("cu1", person("joe-2"), "told"), 1)
    sent(driver, driver.sent(other))
    bounce(driver, "de2")
    driver.run(c.LinkAddress("cu2", person("joe-3"), "told"), 1)
    driver.run(c.UnlinkAddress("cu1", person("joe-2"), "sold"), 1)
    assert given_up(driver) == {KEY: "5.1.1"}


def test_an_address_that_is_nobodys_is_given_up_in_the_name_of_who_wrote() -> None:
    driver, _ = mailed()
    driver.run(c.UnlinkAddress("cu1", person("joe"), "sold"), 1)
    bounce(driver)
    assert driver.last(e.AddressGivenUp).customer == "cu1"
    assert given_up(driver) == {KEY: "5.1.1"}


def test_of_whoever_is_erased_no_mark_is_left() -> None:
    driver, _ = mailed()
    driver.run(c.UnlinkAddress("cu1", person("joe"), "sold"), 1)
    bounce(driver)
    driver.run(c.EraseCustomer("cu1", "asked for it"), 1)
    assert given_up(driver) == {}


def test_of_several_marks_one_goes_alone() -> None:
    driver, _ = mailed()
    bounce(driver)
    driver.run(c.LinkAddress("cu1", person("joe-2"), "told"), 1)
    sent(driver, driver.sent(driver.answered("joe-2", "email")))
    bounce(driver, "de2")
    assert set(given_up(driver)) == {KEY, given_up_key("email", "key-joe-2")}
    driver.run(c.ConfirmAddress("cu1", person("joe-2")), 1)
    assert given_up(driver) == {KEY: "5.1.1"}
    driver.run(c.ConfirmAddress("cu1", person("joe")), 1)
    assert given_up(driver) == {}


# Notices


def test_a_notice_takes_the_next_way_and_says_why() -> None:
    driver = Teller(channels=("email", "sms"))
    driver.plan_notice("delay")
    driver.outcome("accepted", "de1")
    told = driver.run(c.RecordReceipt("sms", "main", "p-de1", "failed", code="30005", is_undeliverable=True), 1).events
    names = [type(event).__name__ for event in told]
    assert names[:3] == ["AddressGivenUp", "ReceiptRecorded", "NoticeLegFailed"]
    assert driver.delivery("de2").channel == "email"
    driver.plan_notice("delay", "k2", facts={"due": "2026-09-01", "days": 30})
    skipped = driver.last(e.NoticeLegSkipped)
    assert (skipped.channel, skipped.reason) == ("sms", "undeliverable")


def test_a_notice_whose_address_is_given_up_before_it_leaves_is_told_elsewhere() -> None:
    driver = Teller(channels=("email", "sms"))
    driver.sign_in("ana")
    got = driver.answered("joe", "sms")
    sent(driver, driver.sent(got))
    driver.run(c.FinishInteraction(got.interaction, "ana"), 1)
    driver.advance(HOUR / 1e6)
    driver.plan_notice("delay")
    assert driver.delivery("de2").channel == "sms"
    driver.run(c.RecordReceipt("sms", "main", "p-de1", "failed", code="30005", is_undeliverable=True), 1)
    driver.refuse(c.StartDelivery("de2", 1, 1), NotAllowedInState)
    driver.advance(HOUR / 1e6)
    assert driver.last(e.NoticeRecalled).reason == "undeliverable"
    assert driver.delivery("de3").channel == "email"


def test_without_any_other_way_a_notice_has_failed_for_that_reason() -> None:
    driver = Teller(NOTICES.replace('[notices.starts.email]\naddress = "handle"\n', ""), channels=("sms",))
    driver.plan_notice("delay")
    driver.outcome("accepted", "de1")
    driver.run(c.RecordReceipt("sms", "main", "p-de1", "failed", code="30005", is_undeliverable=True), 1)
    driver.plan_notice("delay", "k2", facts={"due": "2026-09-01", "days": 30})
    assert driver.state("nt2") == "FAILED: undeliverable"


def test_no_conversation_is_begun_with_an_address_that_was_given_up() -> None:
    driver, _ = mailed()
    bounce(driver)
    driver.change_plan(NOTICES)
    driver.run(c.PlanNotice("k1", "stage", facts={"stage": "packed"}, customer="cu1"), 1)
    assert [event.delivery for event in driver.events(e.NoticeSending)] == []
    driver.run(c.LinkAddress("cu1", person("joe-2"), "told"), 1)
    driver.run(c.PlanNotice("k2", "stage", facts={"stage": "sent"}, customer="cu1"), 1)
    begun = driver.engine.view.contacts.conversations[driver.last(e.NoticeSending).conversation]
    assert begun.address == "key-joe-2"


# Archived with its customer


def test_the_mark_is_archived_and_comes_back_with_who_writes() -> None:
    engine = ArchivingEngine()
    driver = Driver(archiving_plan(), engine=engine)
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    sent(driver, driver.sent(got))
    bounce(driver)
    driver.run(c.ResolveCase(got.case.id), 1)
    driver.run(c.FinishInteraction(got.interaction, "ana"), 1)
    driver.advance(400 * DAY / 1e6)
    assert driver.engine.view.identity.given_up == {}
    assert driver.engine.view.identity.given_up_of == {}
    driver.message("joe", "chat")
    assert engine.view.identity.given_up[KEY].reason == "5.1.1"
    assert replay(engine.log).state_hash() == engine.state_hash()
    driver.message("joe", "email")
    assert engine.view.identity.given_up == {}
    assert replay(engine.log).view.identity.given_up_of == {}
