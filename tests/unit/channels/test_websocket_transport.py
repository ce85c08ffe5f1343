"""WebSockets to peers that keep a connection, against a server of another library's making on this machine."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.tls import certify, contexts
from tests.unit.runtime.test_streaming import LINE, Lines
from websockets.asyncio.server import ServerConnection, serve
from websockets.server import ServerProtocol

from orchestra.channels.port import Decoded
from orchestra.channels.websocket_transport import WebSocketConnection, open_websocket
from orchestra.channels.wire import FrameStep
from orchestra.runtime.lines import Line
from orchestra.runtime.streaming import follow_stream

MOMENT = timedelta(milliseconds=50)
Peer = Callable[[ServerConnection], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that the server runs on


@asynccontextmanager
async def serving(peer: Peer, scheme: str = "ws", **options: Any) -> AsyncIterator[str]:
    """A server; gives its address."""
    async with serve(peer, "127.0.0.1", 0, **options) as server:
        (socket,) = server.sockets
        yield f"{scheme}://127.0.0.1:{socket.getsockname()[1]}/events?app=shop"


@asynccontextmanager
async def opened(peer: Peer, **options: Any) -> AsyncIterator[WebSocketConnection]:
    async with serving(peer) as url, open_websocket(url, allow_plain=True, **options) as connection:
        yield connection


def frame(data: bytes, *, is_text: bool = True) -> FrameStep:
    return FrameStep(idempotency_key="k", connection="c", data=data, is_text=is_text)


async def echo(peer: ServerConnection) -> None:
    async for message in peer:
        await peer.send(message)


async def test_messages_go_and_come_whole_as_text_or_bytes() -> None:
    async with opened(echo) as connection:
        for data, is_text in (("schön".encode(), True), (b"\x00\xff", False), (b"x" * 300_000, True)):
            await connection.send(frame(data, is_text=is_text))
            assert await connection.receive() == data


async def test_what_comes_in_pieces_is_one_message_and_nothing_is_none() -> None:
    async def peer(server: ServerConnection) -> None:
        await server.send("")
        await server.send(["one ", "message ", "in three"])
        await server.send("and one more")

    async with opened(peer) as connection:
        assert [await connection.receive() for _ in range(3)] == [b"one message in three", b"and one more", b""]


async def test_a_peer_that_closes_ends_it_and_takes_nothing_more() -> None:
    async def peer(server: ServerConnection) -> None:
        await server.close()

    async with opened(peer) as connection:
        assert await connection.receive() == b""
        assert await connection.receive() == b""
        with pytest.raises(ConnectionResetError):
            await connection.send(frame(b"too late"))


async def test_the_end_of_the_block_closes_it_as_agreed() -> None:
    codes: list[int | None] = []
    is_over = anyio.Event()

    async def peer(server: ServerConnection) -> None:
        await server.wait_closed()
        codes.append(server.close_code)
        is_over.set()

    async with opened(peer):
        pass
    with anyio.fail_after(5):
        await is_over.wait()
    assert codes == [1000]


async def test_a_message_that_is_too_long_ends_it() -> None:
    async def peer(server: ServerConnection) -> None:
        await server.send(["x" * 600, "y" * 600])
        await server.wait_closed()

    async with opened(peer, most_bytes=1_000) as connection:
        with pytest.raises(OSError, match="broke the rules"):
            await connection.receive()


async def test_a_quiet_peer_is_asked_for_a_sign_of_life_and_kept() -> None:
    async def peer(server: ServerConnection) -> None:
        await anyio.sleep(4 * MOMENT.total_seconds())
        await server.send("still here")

    async with opened(peer, quiet=MOMENT) as connection:
        assert await connection.receive() == b"still here"


async def test_a_peer_that_gives_no_sign_of_life_is_given_up() -> None:
    """It agrees to a WebSocket, and is never heard again."""

    async def deaf(client: anyio.abc.SocketStream) -> None:
        protocol = ServerProtocol()
        async with client:
            while not (events := protocol.events_received()):
                protocol.receive_data(await client.receive())
            protocol.send_response(protocol.accept(events[0]))
            for data in protocol.data_to_send():
                await client.send(data)
            await anyio.sleep_forever()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, deaf)
        async with open_websocket(f"ws://127.0.0.1:{port}/", allow_plain=True, quiet=MOMENT) as connection:
            with pytest.raises(OSError, match="nothing is heard"):
                await connection.receive()
        tasks.cancel_scope.cancel()


async def test_headers_prove_who_asks_and_are_shown_nowhere() -> None:
    seen: list[str | None] = []

    async def peer(server: ServerConnection) -> None:
        assert server.request is not None
        seen.append(server.request.headers.get("Authorization"))

    async with opened(peer, headers=[("Authorization", "Basic c2VjcmV0")]) as connection:
        assert await connection.receive() == b""
        assert "c2VjcmV0" not in repr(connection)
    assert seen == ["Basic c2VjcmV0"]


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FOUND, HTTPStatus.OK])
async def test_a_peer_that_does_not_agree_is_refused_and_no_redirect_is_followed(status: HTTPStatus) -> None:
    def answer(server: ServerConnection, request: Any) -> Any:
        response = server.respond(status, "no")
        response.headers["Location"] = "ws://127.0.0.1:1/"
        return response

    async with serving(echo, process_request=answer) as url:
        with pytest.raises(ConnectionRefusedError, match="does not agree"):
            async with open_websocket(url, allow_plain=True):
                pytest.fail("nobody agreed")


async def test_nobody_there_is_told_as_such() -> None:
    with pytest.raises(OSError):
        async with open_websocket("ws://127.0.0.1:1/", allow_plain=True):
            pytest.fail("nobody is there")


@pytest.mark.parametrize("url", ["http://a.example/", "wss://", "nonsense", "ws://pbx.example/?key=hush"])
async def test_what_is_no_address_or_would_send_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(ValueError) as told:
        async with open_websocket(url):
            pytest.fail("nothing was to be opened")
    assert "hush" not in str(told.value)
    assert told.value.__cause__ is None


async def test_it_is_encrypted_and_trusts_nobody_unknown(tmp_path: Path) -> None:
    server, client = contexts(certify(tmp_path / "here.pem"))
    async with serving(echo, "wss", ssl=server) as url:
        async with open_websocket(url, tls=client) as connection:
            await connection.send(frame(b"hush"))
            assert await connection.receive() == b"hush"
        with pytest.raises((ssl.SSLError, OSError)):
            async with open_websocket(url):
                pytest.fail("nobody vouches for it")


async def test_a_stream_is_followed_over_it() -> None:
    """What the peer sends is taken before it hears that it was."""
    answers: list[str | bytes] = []
    is_over = anyio.Event()

    class News:
        taken: list[str] = []  # noqa: RUF012 - of this test alone

        async def take(self, line: Line, decoded: Decoded) -> None:
            self.taken += [event.origin.dedupe_key for event in decoded.events]

    async def peer(server: ServerConnection) -> None:
        await server.send("one\n")
        answers.append(await server.recv())
        await server.send("two\nbye\n")
        answers.extend([await server.recv(), await server.recv()])
        is_over.set()

    news = News()
    async with opened(peer) as connection:
        await follow_stream(news, LINE, Lines(), connection, lambda: datetime.now(UTC))
        assert news.taken == ["one", "two"]
    with anyio.fail_after(5):
        await is_over.wait()
    assert answers == ["got one", "got two", "got bye"]
