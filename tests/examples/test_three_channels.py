"""What the library is for, live: one customer on the phone comments on the page, then mails.

Twilio, Facebook's Graph API and a mail server are peers on this machine; what they post goes through the web door.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import anyio
import pytest
from examples.three_channels import PLAN, lines, recognise, work
from tests.asgi_client import ask
from tests.http_peer import answering
from tests.imap_server import PASSWORD, USER, ImapServer, imap_served
from tests.mail_server import MailServer, served
from tests.twilio_peer import TwilioPeer, account, serving

from orchestra import Account, Email, Handle, Workspace
from orchestra.channels.http_transport import HttpTransport
from orchestra.channels.imap_transport import ImapTransport
from orchestra.channels.mail.adapter import mail_account
from orchestra.channels.mail.posted import post_headers
from orchestra.channels.mail.servers import MailServers
from orchestra.channels.smtp_transport import SmtpTransport
from orchestra.codec import decode_event
from orchestra.model import events as e
from orchestra.web import WebApplication

JOE = "+442079460958"
CUSTOMER_FILE = {JOE: [Handle("6501234567890", kind="messenger"), Email("joe@example.com")]}
ANSWER = "Your shoes leave today. You have them on Friday."

TIMELINE = """
became known by phone
made contact on voice
case C-000001 opened, team care answers for it
waits in queue care (arrived)
the customer called main on voice
is known by messenger, too (customer file)
is known by email, too (customer file)
made contact on page
is in touch on in2 as well (together)
waits in queue care (arrived)
in2 waits for the answer to in1, since both wait for one case
the customer wrote
rule say in public that somebody cares, and nothing else followed InteractionAttached: acknowledge
the company answered
offered to ana
ana answered, and is being connected
ana took it
agent ana now answers for the case (accepted)
made contact on mail
is in touch on in3 as well (together)
waits in queue care (arrived)
offered to ana, who talks with them already
the customer wrote
ana took it
ana answered
the contact with ana ended, by agent
in3 is over (finished)
the contact with ana ended, by agent [resolved]
in2 was answered with in1
in1 is over (finished) [resolved]
the case is resolved [resolved]
is on the line no more
"""
"""All that happened with Joe, in order."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that the mail client runs on


class Graph:
    """Facebook's API: takes every comment, and remembers it."""

    def __init__(self) -> None:
        self.comments: list[tuple[str, str]] = []

    def api(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.comments.append((path, json.loads(body)["message"]))
        return 200, json.dumps({"id": f"81_{600 + len(self.comments)}"}).encode()


def a_page(url: str) -> Account:
    secrets = {"app_secret": ("an-app-secret",), "verify_token": ("a-verify-token",), "token": ("a-page-token",)}
    return Account(route_key="r-page", channel="facebook_page", id="104910", config={"url": url}, secrets=secrets)


async def comments(app: WebApplication, text: str) -> None:
    """Joe writes under a post of the page."""
    value = {"item": "comment", "verb": "add", "comment_id": "81_500", "post_id": "104910_81", "message": text}
    now = int(datetime.now(UTC).timestamp())
    value |= {"from": {"id": "6501234567890", "name": "Joe"}, "created_time": now}
    entry = {"id": "104910", "time": now, "changes": [{"field": "feed", "value": value}]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    proof = "sha256=" + hmac.new(b"an-app-secret", body, hashlib.sha256).hexdigest()
    headers = [("Content-Type", "application/json"), ("X-Hub-Signature-256", proof)]
    assert (await ask(app, "POST", "/hooks/r-page", headers, body)).status == 200


async def mails(app: WebApplication, text: str) -> None:
    """Joe mails to the shop, whose mail server posts it."""
    written = EmailMessage(policy=SMTP)
    fields = {"From": "Joe <joe@example.com>", "To": "care@shoes.example", "Subject": "My shoes"}
    for name, value in {**fields, "Message-ID": "<m1@example.com>"}.items():
        written[name] = value
    written.set_content(text)
    body = written.as_bytes()
    headers = post_headers("an-inbound-secret", datetime.now(UTC), body)
    assert (await ask(app, "POST", "/hooks/r-mail", headers, body)).status == 200


def happened(ws: Workspace, *kinds: type[e.Event]) -> list[Any]:
    return [decode_event(record) for record in ws.journal.read(types=[kind.__name__ for kind in kinds])]


async def play(ws: Workspace, app: WebApplication, peer: TwilioPeer, ana: anyio.abc.TaskGroup) -> None:
    """What Joe does, and Ana's phone."""
    joe = await peer.call(JOE)
    assert joe.said == ["Please hold the line. The next free agent will be with you. You are number 1 in line."]
    while len(happened(ws, e.AddressLinked)) < 2:
        await peer.settle(ws)
        await anyio.sleep(0.001)
    await comments(app, "Nobody answers me! Where are my shoes?")
    await peer.settle(ws)
    ana.start_soon(work, ws, "ana", ANSWER)
    while "client:ana" not in {line.number for line in peer.lines.values()}:
        await peer.settle(ws)
        await anyio.sleep(0.001)
    await peer.answer(peer.agent("client:ana"))
    await peer.settle(ws)
    assert joe.room == joe.sid
    await mails(app, "This is my receipt.")
    while not joe.is_over:
        await peer.settle(ws)
        await anyio.sleep(0.001)
    await peer.settle(ws)
    assert joe.said[-1] == "Thank you. Goodbye."


@pytest.fixture
def box() -> Iterator[ImapServer]:
    with imap_served() as server:
        yield server


async def test_one_case_one_agent_one_public_word_one_answer_one_timeline(box: ImapServer) -> None:
    graph, house = Graph(), MailServer()
    mail = mail_account(
        "Shoes <care@shoes.example>", token="a-secret-of-the-shop", inbound="an-inbound-secret", route_key="r-mail"
    )
    async with (
        serving() as (peer, twilio),
        answering(graph.api) as facebook,
        served(house) as port,
        HttpTransport(allow_plain=True) as web,
    ):
        outgoing = SmtpTransport("127.0.0.1", port, security="none")
        mailbox = ImapTransport("127.0.0.1", box.port, username=USER, password=PASSWORD, security="none")
        channels = lines(account(twilio), a_page(facebook), mail, web, MailServers(outgoing, mailbox))
        async with Workspace.open(PLAN, channels=channels) as ws:
            app = WebApplication("https://acme.example")
            async with app.serving(ws), anyio.create_task_group() as tasks:
                peer.app = app
                tasks.start_soon(recognise, ws, CUSTOMER_FILE)
                async with anyio.create_task_group() as ana:
                    await play(ws, app, peer, ana)
                tasks.cancel_scope.cancel()
            told = [entry.sentence for entry in await ws.timeline("cu1")]
            assert [event.number for event in happened(ws, e.CaseOpened)] == ["C-000001"]
            assert (await ws.case("ca1")).state == "RESOLVED"
            assert {event.agent for event in happened(ws, e.OfferAccepted)} == {"ana"}
    public = "Thank you for telling us. We are in touch with you directly."
    assert graph.comments == [("/81_500/comments", public)]
    [(_, _, content)] = house.got
    assert message_from_bytes(content, policy=default).get_content().strip() == ANSWER
    assert told == TIMELINE.strip().splitlines()
