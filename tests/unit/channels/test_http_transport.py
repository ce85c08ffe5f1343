"""The HTTP transport against real servers on this machine that do as they please."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.tls import certify, contexts

from orchestra.channels import http_transport
from orchestra.channels.http_transport import HttpTransport
from orchestra.channels.wire import FrameStep, HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, StepResult

SOON = timedelta(seconds=0.3)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which the servers here run on


def step(port: int, path: str = "/send", **fields: Any) -> HttpStep:
    given = {"method": "POST", "url": f"http://127.0.0.1:{port}{path}", "body": b'{"text": "hello"}', **fields}
    return HttpStep(idempotency_key="k", **given)


def transport(**settings: Any) -> HttpTransport:
    return HttpTransport(**{"allow_plain": True, "time_out": timedelta(seconds=10), **settings})


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that treats each connection so, for as long as the block lasts."""

    talks: set[asyncio.Task[None]] = set()

    async def treat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                await talk(reader, writer)
                await writer.drain()
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(treat, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


class Server:
    """Answers each request in the same way, and remembers what came."""

    def __init__(self, answer: bytes = OK, *, hangs: bool = False) -> None:
        self.answer = answer
        self.hangs = hangs
        self.got: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
            self.got.append(head + await reader.readexactly(int(length.partition(b":")[2])))
            writer.write(self.answer)
            await writer.drain()
            if self.hangs:
                await reader.read()
            if b"Content-Length" not in self.answer:
                return


async def asked(server: Server, *, path: str = "/send", settings: Any = None, **fields: Any) -> StepResult:
    async with serving(server) as port, transport(**(settings or {})) as carrier:
        return await carrier.perform(step(port, path, **fields))


async def test_a_request_is_carried_out_as_it_is() -> None:
    server = Server(b"HTTP/1.1 201 Created\r\nRetry-After: 7\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\n{}")
    result = await asked(server, path="/a%20b?q=%C3%BC", headers=(("X-Key", "k-1"), ("X-Key", "k-2")))
    fields = (("Retry-After", "7"), ("X-A", "1"), ("X-A", "2"), ("Content-Length", "2"))
    assert result == HttpAnswer(status=201, headers=fields, body=b"{}")
    (got,) = server.got
    assert got.startswith(b"POST /a%20b?q=%C3%BC HTTP/1.1\r\n")
    assert got.endswith(b'\r\n\r\n{"text": "hello"}')
    assert b"X-Key: k-1\r\nX-Key: k-2\r\n" in got
    names = {line.partition(b":")[0].lower() for line in got.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
    assert names == {b"host", b"x-key", b"content-length"}, "nothing is added that nobody asked for"


async def test_connections_are_kept() -> None:
    connections = 0
    server = Server()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await server(reader, writer)

    async with serving(talk) as port, transport() as carrier:
        for _ in range(3):
            assert await carrier.perform(step(port)) == HttpAnswer(
                status=200, headers=(("Content-Length", "2"),), body=b"ok"
            )
    assert (connections, len(server.got)) == (1, 3)


async def test_no_more_connections_than_allowed() -> None:
    open_now = most = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.01)
        writer.write(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
        open_now -= 1

    async with (
        serving(talk) as port,
        transport(most_connections=2) as carrier,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(8):
            tasks.start_soon(carrier.perform, step(port))
    assert most == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_answers(status: int) -> None:
    there = Server()
    async with serving(there) as other:
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n"
        result = await asked(Server(answer.encode()))
    assert isinstance(result, HttpAnswer)
    assert result.status == status
    assert there.got == []


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        async with transport() as carrier:
            assert await carrier.perform(step(port)) == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)


async def test_a_name_that_stands_for_nothing() -> None:
    async with HttpTransport() as carrier:
        result = await carrier.perform(step(1, url="https://nobody.invalid/"))
    assert result == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)


async def test_a_server_that_says_nothing() -> None:
    result = await asked(Server(b"", hangs=True), settings={"time_out": SOON})
    assert result == NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)


async def test_headers_that_drip_in() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Slow: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(talk) as port, transport(time_out=SOON) as carrier:
        result = await carrier.perform(step(port))
    assert result == NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nX-Half",
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 500_000,
        b"",
    ],
)
async def test_half_an_answer(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with serving(talk) as port, transport() as carrier:
        result = await carrier.perform(step(port))
    assert result == NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True)


async def test_a_body_without_end() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with serving(talk) as port, transport(most_bytes=50_000) as carrier:
        result = await carrier.perform(step(port))
    assert result == NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True)


async def test_what_is_compressed_stays_so() -> None:
    bomb = b"\x1f\x8b\x08\x00" + b"\x00" * 20
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    result = await asked(Server(head + bomb))
    assert isinstance(result, HttpAnswer)
    assert result.body == bomb


async def test_a_connection_is_lost_while_idle() -> None:
    """What the server closed meanwhile is not used again, and nothing is written twice."""
    server = Server(OK)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        server.got.append(head)
        writer.write(OK)

    async with serving(talk) as port, transport() as carrier:
        for _ in range(3):
            assert isinstance(await carrier.perform(step(port, method="GET", body=b"")), HttpAnswer)
            await asyncio.sleep(0.02)
    assert len(server.got) == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:word@shop.example/",
        "//shop.example/",
        "",
    ],
)
async def test_only_https_unless_asked_otherwise(url: str) -> None:
    async with HttpTransport() as carrier:
        assert await carrier.perform(step(1, url=url)) == NoAnswer(NoAnswerReason.NOT_ALLOWED, may_have_arrived=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "http://127.0.0.1:99999/"},
        {"url": "http://[::1/"},
        {"headers": (("X", "a\r\nY: b"),)},
        {"headers": (("a b", "c"),)},
        {"headers": (("X", "\u20ac"),)},
    ],
)
async def test_what_is_no_request_is_not_written(fields: Any) -> None:
    server = Server()
    async with serving(server) as port, transport() as carrier:
        result = await carrier.perform(step(port, **fields))
        assert isinstance(result, NoAnswer)
        assert result.reason is NoAnswerReason.NOT_CONNECTED
        assert isinstance(await carrier.perform(step(port)), HttpAnswer), "others are carried on"
    assert len(server.got) == 1


async def test_other_steps_are_not_for_it() -> None:
    async with transport() as carrier:
        with pytest.raises(TypeError, match="FrameStep"):
            await carrier.perform(FrameStep(idempotency_key="k", connection="c", data=b""))


async def test_tls_is_checked(tmp_path: Path) -> None:
    serves, trusts = contexts(certify(tmp_path / "both.pem"))
    server = Server()
    async with serving(server, serves) as port:
        url = f"https://127.0.0.1:{port}/"
        async with HttpTransport(tls=trusts) as trusting:
            assert isinstance(await trusting.perform(step(port, url=url)), HttpAnswer)
        async with HttpTransport() as carrier:
            result = await carrier.perform(step(port, url=url))
    assert result == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
    assert len(server.got) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:7f00:1]"]
)
async def test_strangers_cannot_lead_us_here(host: str) -> None:
    server = Server()
    async with serving(server) as port, transport(public_only=True) as carrier:
        result = await carrier.perform(step(port, url=f"http://{host}:{port}/"))
    assert isinstance(result, NoAnswer)
    assert not result.may_have_arrived
    assert server.got == []


class Resolver:
    """Names that stand for these addresses, others each time that they are asked for."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        found = self.answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


async def test_the_address_that_was_checked_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for another address the second time leads nowhere else."""
    monkeypatch.setattr(http_transport, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(http_transport.anyio, "getaddrinfo", Resolver(["127.0.0.1"]))
    server = Server()
    async with serving(server) as port, transport(public_only=True) as carrier:
        result = await carrier.perform(step(port, url=f"http://files.example:{port}/a.png", headers=(("X", "y"),)))
    assert isinstance(result, HttpAnswer)
    assert f"Host: files.example:{port}\r\n".encode() in server.got[0]
    assert server.got[0].count(b"Host:") == 1


async def test_a_name_must_stand_for_public_addresses_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_transport.anyio, "getaddrinfo", Resolver(["93.184.215.14", "10.0.0.1"], []))
    async with transport(public_only=True) as carrier:
        for _ in range(2):
            result = await carrier.perform(step(80, url="http://files.example/a.png"))
            assert result == NoAnswer(NoAnswerReason.NOT_ALLOWED, may_have_arrived=False)


async def test_the_certificate_is_that_of_the_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    serves, trusts = contexts(certify(tmp_path / "both.pem"))
    monkeypatch.setattr(http_transport, "is_public", lambda _: True)
    monkeypatch.setattr(http_transport.anyio, "getaddrinfo", Resolver(["127.0.0.1"]))
    async with (
        serving(Server(), serves) as port,
        HttpTransport(public_only=True, tls=trusts) as carrier,
    ):
        result = await carrier.perform(step(port, url=f"https://elsewhere.example:{port}/"))
    assert result == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)


def test_nothing_of_a_request_is_shown() -> None:
    assert repr(HttpTransport(public_only=True)) == "HttpTransport(public_only=True)"
