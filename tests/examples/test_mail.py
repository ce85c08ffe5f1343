"""The channel for mails over a real mail server on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from examples.mail_channel import MailAdapter, account
from tests.mail_server import MailServer, served

from orchestra import Email, Line, Message, Plan, Workspace
from orchestra.channels import outbound
from orchestra.channels.account import Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.smtp_transport import SmtpTransport
from orchestra.channels.wire import FrameAnswer, NoAnswer, NoAnswerReason, SmtpAnswer, SmtpStep, StepResult
from orchestra.model.events import DeliveryAccepted, DeliveryFailed

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
SHOP = account("Shop <care@shop.example>")
PLAN = Plan.parse("""
[workspace]
default_queue = "care"
[teams.care]
[queues.care]
team = "care"
[channels.mail]
[agents.ana]
teams = ["care"]
""")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that the mail client runs on


async def answered(server: MailServer, port: int, address: str) -> list[str]:
    """How the delivery of an answer to a mail ended."""
    transport = SmtpTransport("127.0.0.1", port, security="none")
    line = Line("mail", MailAdapter(), SHOP, transport)
    async with Workspace.open(PLAN, journal="memory:", channels=[line]) as ws:
        await ws.receive(Message("mail", id="m1", sender=Email(address), text="Where is my order?"))
        ana = await ws.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        await contact.reply("It is on its way – büro 7.\n.\nAna")
        async for record in ws.events(types=[DeliveryAccepted, DeliveryFailed]):
            return [record.type]
    return []


async def test_an_answer_arrives_as_a_mail() -> None:
    server = MailServer()
    async with served(server) as port:
        assert await answered(server, port, "joe@example.com") == ["DeliveryAccepted"]
    ((sender, recipients, content),) = server.got
    assert (sender, recipients) == ("care@shop.example", ["joe@example.com"])
    mail = cast("EmailMessage", message_from_bytes(content, policy=default))
    assert mail["From"] == "Shop <care@shop.example>"
    assert mail["To"] == "joe@example.com"
    assert mail["Subject"] == "A message from Shop"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == ["It is on its way – büro 7.", ".", "Ana"]


async def test_an_address_that_nobody_has_fails_at_once() -> None:
    server = MailServer(refuses=["gone@example.com"])
    async with served(server) as port:
        assert await answered(server, port, "gone@example.com") == ["DeliveryFailed"]
    assert server.got == []


def encoded(subject: str | None = None, to: str = "joe@example.com", text: str = "Hello") -> SendPlan | Refused:
    message = outbound.Message(key="key-1", text=text, subject=subject)
    return MailAdapter().encode(message, SHOP, Conversation(recipient=Identity("email", to)), NOW)


def test_the_same_message_is_the_same_mail() -> None:
    assert encoded("News") == encoded("News")
    plan = encoded("News")
    assert isinstance(plan, SendPlan)
    (step,) = plan.steps
    assert step.carry == "<key-1@shop.example>"


@pytest.mark.parametrize("subject", ["News\nBcc: eve@example.com", "News\r\n\r\nbody"])
def test_a_title_forges_no_header(subject: str) -> None:
    assert encoded(subject) == Refused("header", "an address or the title cannot stand in a header")
    assert isinstance(encoded(to="joe@example.com\nBcc: eve@example.com"), Refused)


def test_only_text_is_mailed() -> None:
    typing = outbound.Typing(key="key-1")
    to = Conversation(recipient=Identity("email", "joe@example.com"))
    assert MailAdapter().encode(typing, SHOP, to, NOW) == Refused("kind", "only text can be mailed")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (SmtpAnswer(code=250), Sent(("<1@x>",))),
        (SmtpAnswer(code=451), Retry("smtp_451")),
        (SmtpAnswer(code=550), Failed("smtp_550")),
        (NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True), Unknown("cut_short")),
        (NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), Retry("not_connected")),
        (FrameAnswer(), Failed("no_mail_server")),
    ],
)
def test_what_comes_of_a_mail(result: StepResult, expected: object) -> None:
    step = SmtpStep(idempotency_key="k", sender="a@x", recipients=("b@x",), message=b"", carry="<1@x>")
    assert MailAdapter().interpret(step, result, NOW) == expected
