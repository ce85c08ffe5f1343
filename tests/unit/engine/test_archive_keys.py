"""Whoever is archived is found by everything that led to them before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import attrs
import pytest
from tests.archiving import archiving
from tests.engine_driver import CARE, SECOND, Driver, person, thread
from tests.unit.engine.test_archive import Archive

from orchestra.codec import encode_command
from orchestra.engine.archive import keys
from orchestra.engine.archive.decide import RecallCustomer
from orchestra.engine.archive.keys import key_of
from orchestra.errors import CommandRefused, InvalidCommand, InvalidData, NotPermitted
from orchestra.model import commands as c
from orchestra.model.actions import ActionNames
from orchestra.model.addresses import Address, ref
from orchestra.model.plan import Plan

PLAN = (
    CARE.replace("[cases.dispositions.resolved]", '[cases]\nreopen_within = "100d"\n[cases.dispositions.resolved]')
    + '[channels.task]\nwork = true\nqueue = "sales"\n[identity.purposes]\nnews = "opt_in"\n'
)
PHONE = Address("phone", "key-phone", value="+49")


def a_person_of_the_past() -> Archive:
    """Joe, who had a case, under everything that can lead to him; archived."""
    driver = Archive(archiving(Plan.parse(PLAN), timedelta(days=30)), None, None, ActionNames({"refund@1"}))
    got = driver.message("joe", "email", thread=thread("t1"), message_id="first")
    driver.accept()
    delivery = driver.sent(got)
    driver.run(c.StartDelivery(delivery, 1, 1))
    driver.run(c.RecordOutcome(delivery, 1, "accepted", ["p1"]))
    driver.run(c.LinkAddress("cu1", PHONE, "told", 100))
    driver.run(c.AddRef("ca1", "order:81"))
    driver.run(c.AddRef("cu1", "crm:1"))
    driver.run(c.SetFields("cu1", {"vip": True}))
    driver.run(c.RecordConsent("cu1", purpose="news", given=True, evidence="form"))
    driver.run(c.FinishInteraction("in1", "ana", "resolved"), 1)
    item = driver.run(c.OpenWorkItem("task", "job1", case="ca1")).result
    driver.run(c.CancelInteraction(item.interaction, "no"))
    sent = driver.run(c.SendMessage("ca1", "news1", text="hello")).result.delivery
    driver.run(c.CancelDelivery(sent, "no"))
    request = driver.run(c.RequestAction("refund@1", "r1", customer="cu1")).result.id
    driver.run(c.CancelAction(request, "no"))
    if driver.engine.view.cases.cases["ca1"].state != "CLOSED":
        if driver.engine.view.cases.cases["ca1"].state != "RESOLVED":
            driver.run(c.ResolveCase("ca1"))
        driver.run(c.CloseCase("ca1"))
    assert driver.archived(62) == ["cu1"]
    assert not driver.is_there()
    return driver


@pytest.fixture(scope="module")
def frozen() -> Archive:
    return a_person_of_the_past()


FINDERS: dict[str, Callable[[], c.Command]] = {
    "a message that they were sent": lambda: c.TakeBackMessage("me2"),
    "a message of theirs": lambda: c.SendReaction("me1", reaction="+1"),
    "address": lambda: c.ReceiveMessage("chat", "main", "m1", person("joe"), text="x"),
    "linked address": lambda: c.ReceiveContact("voice", "main", "k1", PHONE),
    "also": lambda: c.ReceiveMessage("chat", "main", "m1", person("zoe"), also=[PHONE], text="x"),
    "thread": lambda: c.ReceiveMessage("email", "main", "m1", person("zoe"), thread("t1"), text="x"),
    "reply token": lambda: c.ReceiveMessage("email", "main", "m1", person("zoe"), reply_case="ca1", text="x"),
    "case number": lambda: c.ReceiveMessage("chat", "main", "m1", person("zoe"), case_number="C-000001", text="x"),
    "own reply's address": lambda: c.RecordReply("email", "main", "m1", person("joe"), text="x"),
    "own reply's thread": lambda: c.RecordReply("email", "main", "m1", person("zoe"), thread=thread("t1"), text="x"),
    "customer": lambda: c.SetFields("cu1", {"vip": False}),
    "case": lambda: c.ReopenCase("ca1", "again"),
    "interaction": lambda: c.SetFields("in1", {"note": "x"}),
    "reference": lambda: c.ReopenCase(ref("order:81"), "again"),
    "customer's reference": lambda: c.SetFields(ref("crm:1"), {"vip": False}),
    "callback": lambda: c.ScheduleCallback("voice", "main", PHONE),
    "another's address": lambda: c.LinkAddress("cu1", person("zoe"), "told", 100),
    "actor": lambda: c.RecordConsent("cu1", purpose="news", given=False, evidence="form", actor="customer:cu1"),
    "receipt": lambda: c.RecordReceipt("email", "main", "p1", "read"),
    "bounce": lambda: c.RecordReceipt("email", "main", "", "failed", delivery="de1"),
    "erasure": lambda: c.EraseCustomer("cu1", "asked for"),
    "commitment": lambda: c.OfferHandOff("ca1", "team", "sales"),
}


@pytest.mark.parametrize("how", FINDERS)
def test_a_customer_is_found_by(how: str, frozen: Archive) -> None:
    driver = _copy(frozen)
    with suppress(CommandRefused):  # whether it can be done is decided once the customer is there
        driver.engine.execute(FINDERS[how](), driver.now_us + SECOND)
    assert driver.is_there(), f"not found by {how}"
    assert driver.engine.view.archive.is_empty
    assert not any(driver.engine.directory.values())


def _copy(frozen: Archive) -> Archive:
    driver = Archive.__new__(Archive)
    Driver.__init__(driver, None, engine=type(frozen.engine)(None, None, ActionNames({"refund@1"})))
    driver.now_us = frozen.now_us
    driver.engine.load(frozen.engine.dump())
    driver.engine.directory = {key: set(positions) for key, positions in frozen.engine.directory.items()}
    driver.engine.stored = dict(frozen.engine.stored)
    return driver


STRANGERS: dict[str, c.Command] = {
    "address": c.ReceiveMessage("chat", "main", "m1", person("zoe"), text="x"),
    "hidden": c.ReceiveContact("voice", "main", "k1", Address("phone", "key-joe", matches=False)),
    "case number": c.ReceiveMessage("chat", "main", "m1", person("zoe"), case_number="C-000009", text="x"),
    "other account's thread": c.ReceiveMessage("email", "sales", "m1", person("zoe"), thread("t1"), text="x"),
    "reference": c.ReopenCase(ref("order:82"), "again"),
    "case": c.ReopenCase("ca9", "again"),
    "receipt": c.RecordReceipt("email", "main", "p9", "read"),
    "actor": c.RecordConsent("cu9", purpose="news", given=False, evidence="form", actor="customer:cu9"),
}


@pytest.mark.parametrize("how", STRANGERS)
def test_nobody_is_recalled_for_a_stranger_s(how: str, frozen: Archive) -> None:
    driver = _copy(frozen)
    with suppress(CommandRefused):
        driver.engine.execute(STRANGERS[how], driver.now_us + SECOND)
    assert not driver.is_there()


# What is done once for ever is not done again


def test_a_message_that_is_delivered_again_is_known(frozen: Archive) -> None:
    driver = Archive(
        archiving(
            Plan.parse(PLAN.replace('idle_after = "1d"', 'idle_after = "1d"\nkeep_ids = "365d"')), timedelta(days=1)
        )
    )
    first = driver.over("joe", message_id="first")
    assert driver.archived(5) == ["cu1"]
    again = driver.message("zoe", "email", message_id="first")
    assert (again.duplicate, again.case, again.customer) == (True, first.case, "cu1")
    assert driver.is_there()
    recorded = driver.run(c.RecordReply("email", "main", "r1", person("joe"), text="x")).result
    driver.run(c.ResolveCase("ca2"))
    driver.run(c.CloseCase("ca2"))
    assert driver.archived(5) == ["cu1"]
    assert driver.run(c.RecordReply("email", "main", "r1", person("zoe"), text="x")).result.message == recorded.message


def test_what_was_sent_opened_and_done_under_a_key_is_not_again(frozen: Archive) -> None:
    driver = _copy(frozen)
    other = driver.engine.execute(
        c.ReceiveMessage("email", "main", "z1", person("zoe"), text="x"), driver.now_us
    ).result
    case = other.case.id
    with pytest.raises(CommandRefused):
        driver.engine.execute(c.SendMessage(case, "news1", text="bye"), driver.now_us)
    assert driver.is_there()
    for command in (
        c.OpenWorkItem("task", "job1", case=case),
        c.RequestAction("refund@1", "r1", customer=other.customer),
    ):
        again = _copy(frozen)
        again.engine.execute(c.ReceiveMessage("email", "main", "z1", person("zoe"), text="x"), driver.now_us)
        with suppress(CommandRefused):
            again.engine.execute(command, driver.now_us)
        assert again.is_there()
        assert len(again.engine.view.work.items) == len(again.engine.view.actions.requests) == 1


def test_a_number_of_the_past_is_not_given_again() -> None:
    driver = Archive(archiving(Plan.parse(PLAN), timedelta(days=30)))
    driver.run(c.BeginImport())
    driver.run(c.ImportCase("t1", address=person("joe"), number="C-000003"))
    driver.run(c.ImportStatus(ref("t1"), "resolved"))
    driver.run(c.MarkLog("0" * 64, 3, 0, 0, None, 0))
    if driver.engine.view.cases.cases["ca1"].state != "CLOSED":
        driver.run(c.CloseCase("ca1"))
    assert driver.archived(62) == ["cu1"]
    assert driver.engine.view.cases.reserved == {"C-000003": 1}
    numbers = [driver.message(name, "email").case.number for name in ("ann", "ben")]
    assert numbers == ["C-000002", "C-000003'"]
    driver.run(c.BeginImport())
    error = driver.engine.view
    with pytest.raises(InvalidCommand):
        driver.engine.execute(c.ImportCase("t2", address=person("zoe"), number="C-000003"), driver.now_us)
    assert error.cases.reserved == {}
    assert driver.is_there()
    assert driver.engine.execute(c.ImportCase("t1", address=person("zoe")), driver.now_us).result.id == "ca1"


def test_an_import_finds_whom_it_knew(frozen: Archive) -> None:
    for command in (
        c.ImportCustomer("crm:1", [person("zoe")]),
        c.ImportCustomer("crm:2", [person("joe")]),
        c.ImportMessage("email", "main", "h1", person("joe"), inbound=True, case="ca1", text="x"),
        c.ImportMessage("email", "main", "h1", person("zoe"), inbound=True, thread=thread("t1"), text="x"),
    ):
        driver = _copy(frozen)
        driver.engine.execute(c.BeginImport(), driver.now_us)
        with suppress(CommandRefused):
            driver.engine.execute(command, driver.now_us)
        assert driver.is_there(), repr(command)


# What comes back


def test_everything_is_back_as_it_was(frozen: Archive) -> None:
    driver = _copy(frozen)
    driver.engine.recall_all(driver.now_us)
    view = driver.engine.view
    assert view.identity.addresses_of == {"cu1": {"key-joe": 1, "key-phone": 1}}
    assert view.details.fields["cu1"] == {"vip": True}
    assert view.details.refs_of == {"ca1": {"order:81": 1}, "cu1": {"crm:1": 1}}
    assert [key.split("\x1f")[0] for key in view.identity.consents] == ["cu1"]
    assert view.deliveries.by_provider_id == {("email", "main", "p1"): "de1"}
    assert view.known.customers["cu1"].agent == "ana"
    assert view.archive.counts["archived"] == 0
    reloaded = driver.reloaded().view
    for slice_name, index in (
        ("identity", "addresses_of"),
        ("cases", "by_number"),
        ("cases", "joined_by"),
        ("contacts", "by_thread"),
        ("contacts", "newest"),
        ("deliveries", "by_key"),
        ("work", "by_key"),
        ("actions", "by_key"),
        ("details", "refs_of"),
    ):
        assert getattr(getattr(view, slice_name), index) == getattr(getattr(reloaded, slice_name), index)


def test_a_reply_within_its_time_reopens_the_case_of_somebody_archived(frozen: Archive) -> None:
    driver = _copy(frozen)
    got = driver.engine.execute(
        c.ReceiveMessage("email", "main", "m1", person("joe"), thread("t1"), text="again"), driver.now_us
    ).result
    assert (got.customer, got.case.id) == ("cu1", "ca1")
    assert driver.engine.view.cases.cases["ca1"].state == "OPEN"


def test_an_address_that_passed_to_somebody_else_takes_nothing_of_the_first_along() -> None:
    driver = Archive()
    driver.over("joe", "chat")
    driver.run(c.UnlinkAddress("cu1", person("joe"), "sold"))
    second = driver.over("joe", "chat")
    assert second.customer == "cu2"
    assert driver.engine.view.contacts.before == {("chat", "main", "@key-joe"): {"co1": 1}}
    assert driver.archived(62) == ["cu1"], "both go, since one thread leads to both"
    assert driver.engine.view.contacts.before == {}
    again = driver.message("joe", "chat")
    assert again.customer == "cu2"
    assert driver.is_there("cu1")
    assert driver.engine.view.contacts.by_thread["chat", "main", "@key-joe"] == "co2"
    assert driver.reloaded().view.contacts.by_thread == driver.engine.view.contacts.by_thread
    assert driver.reloaded().view.contacts.before == driver.engine.view.contacts.before


def test_whoever_was_erased_is_not_known_again_once_archived() -> None:
    driver = Archive()
    driver.over("joe", "chat")
    assert driver.archived() == ["cu1"]
    driver.run(c.EraseCustomer("cu1", "asked for"))
    driver.run(c.RecordErasure("cu1"))
    assert driver.archived(62) == ["cu1"]
    assert key_of("address", "key-joe") in driver.engine.directory, "of the conversation, which is nobody's now"
    assert driver.message("joe", "chat").customer == "cu2"
    assert driver.engine.view.identity.suppressed == {"key-joe": 1}


def test_a_customer_asks_for_what_is_their_own_alone(frozen: Archive) -> None:
    driver = _copy(frozen)
    with pytest.raises(NotPermitted):
        driver.engine.execute(
            c.RecordConsent("cu9", purpose="news", given=True, evidence="form", actor="customer:cu1"), driver.now_us
        )
    assert driver.is_there()


_MISSES_ARE_NO_MISTAKE = {"key", "ref", "thread", "case_number", "number", "reply_case", "provider_id", "message_id"}
_OF_WHAT_GOES_ON = {c.WriteReply}
"""Their keys are those of contacts that are not over."""
_OF_FILES = {c.KeepFile}
"""Their number is a file's place in its message; whose that is they say by id, which is looked up as any id is."""
_OF_MESSAGES = {c.CorrectMessage, c.TakeBackMessage, c.SendReaction}
"""Their keys are those of a message, which is looked up by its id, or by that of the contact that it came in."""


def test_every_command_that_names_what_may_be_new_is_looked_at() -> None:
    naming = {
        kind for kind in c.COMMANDS if not _MISSES_ARE_NO_MISTAKE.isdisjoint(field.name for field in attrs.fields(kind))
    }
    assert naming - _OF_WHAT_GOES_ON - _OF_FILES - _OF_MESSAGES <= set(keys._BY_KIND), (
        "say in engine/archive/keys.py what it may lead to"
    )


OTHERS: dict[str, Callable[[], c.Command]] = {
    "their message again": lambda: c.ReceiveMessage("email", "main", "first", person("joe"), text="x"),
    "the number they were told": lambda: c.ReceiveMessage("chat", "main", "m1", person("joe"), case_number="C-000001"),
    "a message under its key": lambda: c.SendMessage("ca1", "news1", text="hello"),
    "a work item under its key": lambda: c.OpenWorkItem("task", "job1", case="ca1"),
    "an action under its key": lambda: c.RequestAction("refund@1", "r1", customer="cu1"),
    "a case by its reference": lambda: c.ImportCase("order:81", address=person("joe"), number="C-000001"),
    "their own doing": lambda: c.RecordConsent("cu1", purpose="news", given=False, actor="customer:cu1"),
    "some customer's doing": lambda: c.RecordConsent("cu1", purpose="news", given=False, actor="customer:"),
    "a reference": lambda: c.AddRef("ca1", "order:81"),
    "an agent's doing": lambda: c.SetFields("cu1", {"vip": False}, actor="agent:ana"),
}


@pytest.mark.parametrize("how", [*FINDERS, *OTHERS])
def test_nobody_is_looked_up_who_is_there(how: str, frozen: Archive) -> None:
    driver = _copy(frozen)
    driver.engine.recall_all(driver.now_us)
    driver.engine.view.archive.counts["archived"] = 1  # somebody else is not
    with suppress(CommandRefused):
        driver.engine.execute((FINDERS | OTHERS)[how](), driver.now_us + SECOND)
    assert set(driver.engine.looked_up).isdisjoint(frozen.engine.last_keys)


def test_the_workspace_s_own_command_is_in_no_catalogue(frozen: Archive) -> None:
    rows = next(iter(frozen.engine.stored.values())).rows
    with pytest.raises((InvalidData, InvalidCommand, TypeError)):
        encode_command(RecallCustomer(rows, 1))
    assert RecallCustomer not in c.COMMANDS
