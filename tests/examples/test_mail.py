"""E-mail over a real mail server and a real mailbox on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from tests.imap_server import PASSWORD, USER, ImapServer, imap_served
from tests.mail_server import MailServer, served

from examples import mail_channel
from orchestra import Plan, Workspace, commands
from orchestra.channels.imap_transport import ImapTransport
from orchestra.channels.smtp_transport import SmtpTransport
from orchestra.codec import decode_event
from orchestra.model import events as e
from orchestra.testing.clock import VirtualClock

SHOP = "care@shop.example"
MONDAY = datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that the mail client runs on


@pytest.fixture
def mailbox() -> Iterator[ImapServer]:
    with imap_served() as server:
        yield server


@asynccontextmanager
async def opened(
    house: MailServer,
    mailbox: ImapServer,
    clock: VirtualClock,
    journal: str = "memory:",
    plan: Plan = mail_channel.PLAN,
) -> AsyncIterator[Workspace]:
    async with served(house) as port:
        shop = mail_channel.line(
            f"Shop <{SHOP}>",
            "a secret of the shop's own",
            SmtpTransport("127.0.0.1", port, security="none"),
            ImapTransport("127.0.0.1", mailbox.port, username=USER, password=PASSWORD, security="none"),
        )
        async with Workspace.open(plan, journal, channels=[shop], clock=clock) as ws:
            clock.attach(ws)
            yield ws


def mail(text: str, number: int = 1, **fields: str) -> bytes:
    """A mail of Joe's to the shop, fields by name with underscores for hyphens."""
    written = EmailMessage(policy=SMTP)
    usual = {
        "From": "Joe <joe@example.com>",
        "To": SHOP,
        "Subject": "My order",
        "Message-ID": f"<m{number}@example.com>",
    }
    for name, value in {**usual, "Date": "Mon, 30 Nov 2026 10:00:00 +0000"}.items():
        written[name] = fields.pop(name.replace("-", "_"), value)
    for name, value in fields.items():
        written[name.replace("_", "-")] = value
    written.set_content(text)
    return written.as_bytes()


def sent(house: MailServer) -> list[EmailMessage]:
    """What went out, as others read it."""
    return [cast("EmailMessage", message_from_bytes(content, policy=default)) for _, _, content in house.got]


def happened(ws: Workspace, *kinds: type[Any]) -> list[Any]:
    """Every event of these kinds so far."""
    return [decode_event(record) for record in ws.journal.read(types=[kind.__name__ for kind in kinds])]


async def answered(ws: Workspace, clock: VirtualClock, text: str) -> str:
    """Somebody takes the next contact and answers; gives its case."""
    ana = await ws.sign_in("ana")
    contact = await (await ana.next_offer()).accept()
    await contact.reply(text)
    await clock.advance(seconds=1)
    await contact.finish()
    return contact.case.id


async def test_a_mail_is_answered_and_the_answer_to_that_finds_its_case(mailbox: ImapServer) -> None:
    house, clock = MailServer(), VirtualClock(MONDAY)
    async with opened(house, mailbox, clock) as ws:
        mailbox.put(mail("Where is it?"))
        await clock.advance(seconds=30)
        case = await answered(ws, clock, "It is on its way – büro 7.\n.\nAna")
        (answer,) = sent(house)
        assert (answer["From"], answer["To"]) == (f"Shop <{SHOP}>", "Joe <joe@example.com>")
        assert (answer["In-Reply-To"], answer["Auto-Submitted"]) == ("<m1@example.com>", None)
        assert answer.get_content().splitlines() == ["It is on its way – büro 7.", ".", "Ana"]
        ((envelope, recipients, _),) = house.got
        assert recipients == ["joe@example.com"]
        assert str(envelope).startswith("care+de1.")
        # One program answers to the address and drops all ids; another keeps those and writes to the bare address.
        mailbox.put(
            mail("Thank you.", 2, To=str(answer["Reply-To"]), Subject="no case in here"),
            mail("One more thing.", 3, References=str(answer["Message-ID"])),
        )
        await clock.advance(seconds=30)
        assert {event.case for event in happened(ws, e.MessageReceived)} == {case}
        assert len(happened(ws, e.MessageReceived)) == 3
        assert len(happened(ws, e.CaseOpened)) == 1


async def test_a_number_in_the_subject_leads_whoever_has_part_in_the_case(mailbox: ImapServer) -> None:
    clock = VirtualClock(MONDAY)
    async with opened(MailServer(), mailbox, clock) as ws:
        mailbox.put(mail("Where is it?"))
        await clock.advance(seconds=30)
        mailbox.put(
            mail("Still nothing.", 2, Subject="C-000001, again"),
            mail("Tell me all of it.", 3, Subject="C-000001, again", From="eve@example.com"),
        )
        await clock.advance(seconds=30)
        assert [event.case for event in happened(ws, e.MessageReceived)] == ["ca1", "ca1", "ca2"]
        assert [event.by for event in happened(ws, e.InteractionAttached)] == ["new", "case_number", "new"]


async def test_machines_are_answered_by_nobody(mailbox: ImapServer) -> None:
    house, clock = MailServer(), VirtualClock(MONDAY)
    async with opened(house, mailbox, clock) as ws:
        mailbox.put(
            mail("I am away.", 1, Auto_Submitted="auto-replied"),
            mail("News!", 2, List_Id="<news.example.com>"),
            mail("Me again.", 3, From=SHOP),
        )
        await clock.advance(minutes=1)
        assert happened(ws, e.MessageReceived, e.InteractionQueued) == []
    assert house.got == []


def report(answer: EmailMessage, message_id: str, action: str = "failed") -> bytes:
    status = "5.1.1" if action == "failed" else "4.4.1"
    told = f"Final-Recipient: rfc822; joe@example.com\r\nAction: {action}\r\nStatus: {status}"
    parts = (
        "\r\nSorry.",
        f"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n{told}",
        f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}",
    )
    body = "".join(f"--r\r\n{part}\r\n" for part in parts) + "--r--\r\n"
    head = (
        f"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nMessage-ID: <{action}{len(message_id)}@mx.example>\r\n"
    )
    kind = "Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n"
    return f"{head}To: {answer['From']}\r\n{kind}\r\n{body}".encode()


async def test_what_comes_back_has_failed_unless_it_is_forged_or_only_late(mailbox: ImapServer) -> None:
    house, clock = MailServer(), VirtualClock(MONDAY)
    async with opened(house, mailbox, clock) as ws:
        mailbox.put(mail("Where is it?"))
        await clock.advance(seconds=30)
        await answered(ws, clock, "On its way.")
        (answer,) = sent(house)
        ours = str(answer["Message-ID"])
        mailbox.put(report(answer, f"<x{ours[2:]}"), report(answer, ours, "delayed"))
        await clock.advance(seconds=30)
        assert happened(ws, e.ReceiptRecorded) == []
        mailbox.put(report(answer, ours))
        await clock.advance(seconds=30)
        (event,) = happened(ws, e.ReceiptRecorded)
        assert (event.delivery, event.receipt, event.code) == ("de1", "failed", "5.1.1")


async def test_after_a_stop_it_goes_on_and_nothing_is_taken_twice(mailbox: ImapServer, tmp_path: Path) -> None:
    house, clock, journal = MailServer(), VirtualClock(MONDAY), f"sqlite:{tmp_path / 'contacts.db'}"
    mailbox.put(mail("one"))
    async with opened(house, mailbox, clock, journal) as ws:
        await clock.advance(seconds=30)
        assert len(happened(ws, e.MessageReceived)) == 1
    mailbox.put(mail("two", 2))
    mailbox.number_anew()
    mailbox.put(mail("six", 3))
    async with opened(house, mailbox, clock, journal) as ws:
        await clock.advance(seconds=30)
        assert sorted(event.text for event in happened(ws, e.MessageReceived)) == ["one", "six", "two"]


async def test_a_mailbox_that_is_out_of_reach_is_asked_again(mailbox: ImapServer) -> None:
    house, clock = MailServer(), VirtualClock(MONDAY)
    mailbox.put(mail("one"), mail("two", 2))
    mailbox.breaks_at = 102
    async with opened(house, mailbox, clock) as ws:
        await clock.advance(seconds=1)
        assert [event.text for event in happened(ws, e.MessageReceived)] == ["one"]
        mailbox.breaks_at = None
        await clock.advance(minutes=5)
        assert [event.text for event in happened(ws, e.MessageReceived)] == ["one", "two"]


async def test_an_address_that_nobody_has_fails_at_once(mailbox: ImapServer) -> None:
    house, clock = MailServer(refuses=["joe@example.com"]), VirtualClock(MONDAY)
    async with opened(house, mailbox, clock) as ws:
        mailbox.put(mail("Where is it?"))
        await clock.advance(seconds=30)
        await answered(ws, clock, "On its way.")
        assert [event.code for event in happened(ws, e.DeliveryFailed)] == ["smtp_550"]
    assert house.got == []


async def test_what_a_bot_answers_says_so(mailbox: ImapServer) -> None:
    house, clock, plan = MailServer(), VirtualClock(MONDAY), mail_channel.PLAN
    bot = attrs.evolve(plan, agents={"ana": attrs.evolve(plan.agents["ana"], kind="bot")})
    async with opened(house, mailbox, clock, plan=bot) as ws:
        mailbox.put(mail("Where is it?"))
        await clock.advance(seconds=30)
        await answered(ws, clock, "I look it up.")
    assert [found["Auto-Submitted"] for found in sent(house)] == ["auto-replied"]


async def test_what_nobody_wrote_says_so(mailbox: ImapServer) -> None:
    house, clock = MailServer(), VirtualClock(MONDAY)
    mailbox.put(mail("Where is it?"))
    channels = {"mail": attrs.evolve(mail_channel.PLAN.channels["mail"], poll=None)}  # it is asked at the start alone
    async with opened(house, mailbox, clock, plan=attrs.evolve(mail_channel.PLAN, channels=channels)) as ws:
        await clock.advance(seconds=1)
        case = await answered(ws, clock, "On its way.")
        await ws.execute(commands.SendMessage(case, "k1", text="It is late.", title="Your order"))
        await clock.advance(hours=1)
        assert [(found["Subject"], found["Auto-Submitted"]) for found in sent(house)] == [
            ("A message from Shop", None),
            ("Your order", "auto-replied"),
        ]
