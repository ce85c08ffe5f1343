"""The reference journey, over a real mail server on this machine: sign-up to ready, one delay, one call in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from zoneinfo import ZoneInfo

import anyio
import pytest
from examples.journey import PLAN, ask_how_it_was, came_to, signed_up
from tests.mail_server import MailServer, served

from orchestra import Line, Phone, Plan, Workspace, commands
from orchestra.channels.mail.adapter import MailAdapter, mail_account
from orchestra.channels.smtp_transport import SmtpTransport
from orchestra.model.message import Contact
from orchestra.testing.clock import VirtualClock

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 30, 10, tzinfo=BERLIN)
JOE, PHONE = "joe@example.com", "+4930123456"


TIMELINE = """
Mon 10:00 became known by email
Mon 10:00 is known by phone, too (provider)
Mon 10:00 is probably in Europe/Berlin
Mon 10:00 made contact on form
Mon 10:00 case C-000001 opened, team care answers for it
Mon 10:00 the case is in stage received
Mon 10:00 is to be told of welcome: nt1
Mon 10:00 waits in queue care (arrived)
Mon 10:00 the customer wrote
Mon 10:00 in1 was canceled (nothing to answer)
Mon 10:00 nt1 goes out on mail
Mon 10:00 the company answered
Mon 10:00 was told on mail: nt1, which was accepted
Mon 10:00 was promised resolution by 2026-12-03 13:00 UTC, which is pr1
Mon 10:00 was promised update by 2026-12-01 09:00 UTC, which is pr2
Mon 14:00 the case is in stage provisioning
Mon 14:00 is to be told of progress: nt2
Mon 14:00 nt2 goes out on mail
Mon 14:00 the company answered
Mon 14:00 was told on mail: nt2, which was accepted
Mon 14:00 pr2 about update is kept
Mon 14:00 was promised update by 2026-12-02 13:00 UTC, which is pr3
Tue 15:00 made contact on voice
Tue 15:00 waits in queue care (arrived)
Tue 15:00 offered to ana
Tue 15:00 the customer called main on voice
Tue 15:00 ana took it
Tue 15:00 agent ana now answers for the case (accepted)
Tue 15:00 stage provisioning should be over by 2026-12-09 11:00 UTC (a cable is missing)
Tue 15:00 resolution will be later than 2026-12-03 13:00 UTC, perhaps until 2026-12-09 11:00 UTC (a cable is missing)
Tue 15:00 is to be told of late: nt3
Tue 15:00 nt3 waits (talking)
Tue 15:00 nt3 is not told (told)
Tue 15:00 pr3 about update is kept
Tue 15:00 was told 2026-12-09 11:00 UTC for resolution, not 2026-12-03 13:00 UTC any more (a cable is missing)
Tue 15:00 was promised update by 2026-12-03 14:00 UTC, which is pr4
Tue 15:00 the contact with ana ended, by agent
Tue 15:00 in2 is over (finished)
Thu 14:00 pr1 about resolution is broken, as it was said first
Thu 14:45 is to hear of the case by 2026-12-03 14:00 UTC, whether anything has changed or not
Thu 14:45 is to be told of still: nt4
Thu 14:45 nt4 goes out on mail
Thu 14:45 the company answered
Thu 14:45 was told on mail: nt4, which was accepted
Thu 14:45 pr4 about update is kept
Thu 14:45 was promised update by 2026-12-07 13:45 UTC, which is pr5
Mon 14:30 is to hear of the case by 2026-12-07 13:45 UTC, whether anything has changed or not
Mon 14:30 is to be told of still: nt5
Mon 14:30 nt5 goes out on mail
Mon 14:30 the company answered
Mon 14:30 was told on mail: nt5, which was accepted
Mon 14:30 pr5 about update is kept
Mon 14:30 was promised update by 2026-12-09 13:30 UTC, which is pr6
Wed 11:00 the case is in stage ready
Wed 11:00 pr1 about resolution is kept, as it was said last
Wed 11:00 is to be told of ready: nt6
Wed 11:00 the case is resolved
Wed 11:00 pr6 about update is kept
Wed 11:00 is to be told of survey: nt7
Wed 11:00 nt6 goes out on mail
Wed 11:00 the company answered
Wed 11:00 was told on mail: nt6, which was accepted
Wed 12:00 nt7 goes out on mail
Wed 12:00 the company answered
Wed 12:00 was told on mail: nt7, which was accepted
"""
"""All that happened, hour by hour in Berlin."""

MAILS = [
    (
        "Your connection: C-000001",
        (
            "Thank you for signing up. You will be connected by Thursday, 3 December, 14:00. "
            "You hear from us by Tuesday, 1 December, 10:00."
        ),
    ),
    (
        "Your connection: C-000001",
        (
            "We are at the next step: provisioning. You will be connected by Thursday, 3 December, 14:00. "
            "You hear from us by Wednesday, 2 December, 14:00."
        ),
    ),
    ("Your connection: C-000001", "We are still at it. You hear from us by Monday, 7 December, 14:45."),
    ("Your connection: C-000001", "We are still at it. You hear from us by Wednesday, 9 December, 14:30."),
    ("You are connected: C-000001", "It works. Welcome."),
    ("How was it?", "One question about C-000001: how easy was it for you, from 1 (very hard) to 7 (very easy)?"),
]
"""Subject and text of each mail, in order."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that the mail client runs on


def test_the_plan_is_sound() -> None:
    assert Plan.load(PLAN).faults() == []


def mails(server: MailServer) -> list[tuple[str, str]]:
    """Subject and text of all that arrived, in order."""
    read = [message_from_bytes(content, policy=default) for _, _, content in server.got]
    return [(str(mail["Subject"]), " ".join(str(mail.get_payload(decode=True), "utf-8").split())) for mail in read]


async def until(clock: VirtualClock, day: int, hour: int, minute: int = 0) -> None:
    """Let time pass until then, in Berlin."""
    span = datetime(2026, 12 if day < 30 else 11, day, hour, minute, tzinfo=BERLIN) - clock.now
    await clock.advance(seconds=span / timedelta(seconds=1))


async def play(server: MailServer, port: int) -> list[str]:
    """Play it; gives the customer's timeline."""
    clock = VirtualClock(MONDAY)
    line = Line(
        "mail",
        MailAdapter(),
        mail_account("Net <hello@net.example>", token="a secret of theirs"),
        SmtpTransport("127.0.0.1", port, security="none"),
    )
    secrets = {"ADDRESS_KEY": "a key of sixteen bytes or more"}
    async with (
        Workspace.open(PLAN, "memory:", channels=[line], clock=clock, secrets=secrets) as ws,
        anyio.create_task_group() as beside,
    ):
        clock.attach(ws)
        beside.start_soon(ask_how_it_was, ws)
        await signed_up(ws, "81", JOE, PHONE, "I would like to be connected.")
        await until(clock, 30, 14)
        await came_to(ws, "81", "provisioning")
        await until(clock, 1, 15)
        ana = await ws.sign_in("ana")
        await ws.receive(Contact("voice", id="call-1", sender=Phone(PHONE), topic="connection"))
        call = await (await ana.next_offer()).accept()
        await clock.advance(seconds=10)
        # Something has broken: that is known while they talk. It is told by whom they talk with, and not by mail.
        due = datetime(2026, 12, 9, 12, tzinfo=BERLIN)
        await came_to(ws, "81", "provisioning", due=due, reason="a cable is missing")
        await clock.advance(seconds=5)
        (held,) = (await call.context()).tell_now
        await ws.execute(commands.TellNow(call.interaction, "ana", held.delivery))
        await call.finish()
        await until(clock, 9, 11)
        await came_to(ws, "81", "ready")
        await clock.advance(minutes=1)
        await until(clock, 10, 9)
        customer = (await ws.case("ca1")).customer
        told = [f"{entry.at.astimezone(BERLIN):%a %H:%M} {entry.sentence}" for entry in await ws.timeline(customer)]
        beside.cancel_scope.cancel()
    return told


async def test_what_the_customer_is_told_and_when() -> None:
    server = MailServer()
    async with served(server) as port:
        told = await play(server, port)
    assert told == TIMELINE.strip().splitlines()
    assert mails(server) == MAILS
    assert {(sender, *to) for sender, to, _ in server.got} == {("hello@net.example", JOE)}
