"""Mailboxes, read from a real IMAP server on this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.imap_server import PASSWORD, TOKEN, USER, ImapServer, imap_served
from tests.tls import certify, contexts

from orchestra.channels.imap_transport import ImapTransport
from orchestra.channels.transport import Transport
from orchestra.channels.wire import FrameStep, ImapAnswer, ImapStep, NoAnswer, NoAnswerReason, StepResult

FIRST = 101
"""The first UID that this server gives."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with imap_served() as served:
        yield served


def transport(server: ImapServer, **more: Any) -> ImapTransport:
    settings: dict[str, Any] = {"username": USER, "password": PASSWORD, "security": "none", **more}
    return ImapTransport("127.0.0.1", server.port, **settings)


def step(**more: Any) -> ImapStep:
    return ImapStep(idempotency_key="poll", **{"folder": "INBOX", "since": date(2026, 11, 1), **more})


async def asked(server: ImapServer, **more: Any) -> ImapAnswer:
    answer = await transport(server).perform(step(**more))
    assert isinstance(answer, ImapAnswer)
    return answer


def bodies(answer: ImapAnswer) -> list[bytes]:
    return [mail.content.rpartition(b"\r\n")[2] for mail in answer.mails]


def mail(text: str, length: int = 0) -> bytes:
    return f"Subject: {text}\r\n\r\n{'x' * length}{text}".encode()


async def test_a_mailbox_is_read_and_stays_as_it_is(server: ImapServer) -> None:
    server.put(mail("one"), mail("two"))
    answer = await asked(server)
    assert bodies(answer) == [b"one", b"two"]
    assert answer.mails[0].content == mail("one")
    assert [(found.uid, found.is_whole) for found in answer.mails] == [(FIRST, True), (FIRST + 1, True)]
    assert (answer.passed_uid, answer.has_more, answer.refusal) == (FIRST + 1, False, None)
    assert answer.uid_next == FIRST + 2
    client = server.client()
    client.select_folder("INBOX")
    assert [fields[b"FLAGS"] for fields in client.fetch([FIRST, FIRST + 1], ["FLAGS"]).values()] == [
        (b"\\Recent",),
        (b"\\Recent",),
    ]
    client.logout()


async def test_only_what_came_since_is_read(server: ImapServer) -> None:
    server.put(mail("one"))
    first = await asked(server)
    known = {"uid_validity": first.uid_validity, "after_uid": first.passed_uid}
    nothing = await asked(server, **known)
    assert (nothing.mails, nothing.passed_uid, nothing.has_more) == ((), FIRST, False)
    server.put(mail("two"))
    assert bodies(await asked(server, **known)) == [b"two"]


async def test_an_empty_mailbox_says_where_it_stands(server: ImapServer) -> None:
    answer = await asked(server)
    assert (answer.mails, answer.passed_uid, answer.has_more) == ((), answer.uid_next - 1, False)
    assert answer.uid_validity > 0


async def test_the_first_time_only_the_last_days_are_read(server: ImapServer) -> None:
    server.put(mail("old"), at=datetime(2026, 10, 30, 12, tzinfo=UTC))
    server.put(mail("new"))
    answer = await asked(server)
    assert bodies(answer) == [b"new"]
    assert answer.passed_uid == FIRST + 1


async def test_after_numbering_anew_days_count(server: ImapServer) -> None:
    server.put(mail("old"), at=datetime(2026, 10, 30, 12, tzinfo=UTC))
    server.put(mail("one"), mail("two"))
    before = await asked(server)
    server.number_anew()
    answer = await asked(server, uid_validity=before.uid_validity, after_uid=before.passed_uid)
    assert answer.uid_validity != before.uid_validity
    assert bodies(answer) == [b"one", b"two"]


async def test_many_mails_come_in_pages(server: ImapServer) -> None:
    server.put(*(mail(str(number)) for number in range(5)))
    found: list[bytes] = []
    place: dict[str, int] = {}
    pages = 0
    while True:
        answer = await asked(server, most_mails=2, **place)
        found += bodies(answer)
        pages += 1
        place = {"uid_validity": answer.uid_validity, "after_uid": answer.passed_uid}
        if not answer.has_more:
            break
    assert (found, pages) == ([b"0", b"1", b"2", b"3", b"4"], 3)


async def test_of_a_long_mail_only_the_beginning_is_fetched(server: ImapServer) -> None:
    server.put(mail("long", 100_000), mail("short"))
    long, short = (await asked(server, most_bytes=1_000)).mails
    assert (len(long.content), long.is_whole) == (1_000, False)
    assert long.content == mail("long", 100_000)[:1_000]
    assert short.is_whole
    assert any(b"<0.1000>" in line for line in server.asked)


async def test_a_page_has_room_for_so_much(server: ImapServer) -> None:
    server.put(*(mail(text, 1_000) for text in ("one", "two", "six")))
    answer = await asked(server, most_bytes_in_all=2_500)
    assert bodies(answer) == [b"x" * 1_000 + b"one", b"x" * 1_000 + b"two"]
    assert (answer.has_more, answer.passed_uid) == (True, FIRST + 1)
    alone = await asked(server, most_bytes_in_all=10)
    assert (len(alone.mails), alone.has_more) == (1, True)


async def test_a_mail_that_cannot_be_given_takes_no_other_down(server: ImapServer) -> None:
    server.put(mail("one"), mail("two"), mail("six"))
    server.refuses = {FIRST + 1}
    answer = await asked(server)
    assert bodies(answer) == [b"one", b"", b"six"]
    assert [found.is_whole for found in answer.mails] == [True, False, True]
    assert answer.passed_uid == FIRST + 2


async def test_what_came_before_the_connection_broke_counts(server: ImapServer) -> None:
    server.put(mail("one"), mail("two"))
    server.breaks_at = FIRST + 1
    answer = await asked(server)
    assert (bodies(answer), answer.passed_uid, answer.has_more) == ([b"one"], FIRST, True)
    broken = await transport(server).perform(step(uid_validity=answer.uid_validity, after_uid=FIRST))
    assert broken == NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True)


async def test_mails_that_were_taken_away_are_passed(server: ImapServer) -> None:
    server.put(mail("one"), mail("two"))
    server.remove(FIRST, FIRST + 1)
    answer = await asked(server)
    assert (answer.mails, answer.passed_uid, answer.has_more) == ((), FIRST + 1, False)


async def test_a_server_that_does_not_know_us_says_so(server: ImapServer) -> None:
    wrong = await transport(server, password="another").perform(step())
    assert wrong == ImapAnswer(refusal="login")
    assert await transport(server).perform(step(folder="No such folder")) == ImapAnswer(refusal="folder")


async def test_a_token_is_asked_for_each_time_and_says_who_we_are(server: ImapServer) -> None:
    tokens = [TOKEN, "an old token"]
    settings: dict[str, Any] = {"username": USER, "security": "none"}

    async def token() -> str:
        if not tokens:
            raise ConnectionRefusedError("nobody gives tokens there")
        return tokens.pop(0)

    known = ImapTransport("127.0.0.1", server.port, access_token=token, **settings)
    answer = await known.perform(step())
    assert isinstance(answer, ImapAnswer)
    assert answer.refusal is None
    assert await known.perform(step()) == ImapAnswer(refusal="login")
    assert await known.perform(step()) == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
    assert not any(b"LOGIN" in line.upper() for line in server.asked)


def test_either_a_password_or_a_token_says_who_we_are() -> None:
    async def token() -> str:
        return TOKEN

    with pytest.raises(ValueError, match="either a password or"):
        ImapTransport("imap.shop.example", username=USER)
    with pytest.raises(ValueError, match="either a password or"):
        ImapTransport("imap.shop.example", username=USER, password=PASSWORD, access_token=token)


async def test_without_a_server_there_is_no_answer() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    answer = await transport(ImapServer(port=port)).perform(step())
    assert answer == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    answer = await transport(ImapServer(port=port), time_out=timedelta(milliseconds=200)).perform(step())
    assert answer == NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=False)
    listening.close()


@pytest.mark.parametrize(
    "greeting", [b"* BYE no room\r\n", b"220 a mail server for mails that go out\r\n", b"\x00\xff\r\n"]
)
async def test_what_is_no_imap_server_gives_no_mails(greeting: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(other, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    answer: StepResult = await transport(ImapServer(port=port)).perform(step())
    assert answer in (ImapAnswer(refusal="connection"), NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False))
    listening.close()


async def test_over_tls_only_whom_we_trust_is_asked(tmp_path: Path) -> None:
    theirs, ours = contexts(certify(tmp_path / "both.pem"))
    with imap_served(theirs) as server:
        settings: dict[str, Any] = {"username": USER, "password": PASSWORD}
        trusted = ImapTransport("127.0.0.1", server.port, tls=ours, **settings)
        assert isinstance(await trusted.perform(step()), ImapAnswer)
        stranger = ImapTransport("127.0.0.1", server.port, **settings)
        assert await stranger.perform(step()) == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)


async def test_no_tls_where_it_was_asked_for_is_no_connection(server: ImapServer) -> None:
    server.put(mail("one"))
    answer = await transport(server, security="starttls").perform(step())
    assert answer == ImapAnswer(refusal="connection")
    assert not any(b"LOGIN" in line.upper() for line in server.asked[2:])


async def test_other_steps_are_a_mistake_of_ours(server: ImapServer) -> None:
    with pytest.raises(TypeError, match="takes an ImapStep"):
        await transport(server).perform(FrameStep(idempotency_key="k", connection="c", data=b""))


def test_it_is_a_transport_that_shows_no_password() -> None:
    found = ImapTransport("imap.shop.example", username="care", password="hunter2")
    assert isinstance(found, Transport)
    assert repr(found) == "ImapTransport('imap.shop.example', 993, security='tls')"
