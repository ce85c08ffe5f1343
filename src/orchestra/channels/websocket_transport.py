"""Opens WebSockets to peers that keep a connection, as telephone exchanges do: the `websocket` extra.

The one module that imports it. What belongs here: opening, whole messages, and noticing that a peer has gone. What does
not: what messages mean, which is a codec's (`StreamCodec`), and connecting again.

Of websockets its part without input and output is used, so that it runs on whatever anyio runs on.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
from anyio.abc import ByteStream
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from orchestra.channels.wire import FrameStep

__all__ = ["WebSocketConnection", "open_websocket"]

_AT_ONCE = 65_536
_GOODBYE_S = 2.0


class WebSocketConnection:
    """An open WebSocket (RFC 6455), for `follow_stream`. Made by `open_websocket`.

    Guarantees:
        Messages come whole and in order, however they were fragmented. Pings are answered. A peer of whom nothing is
        heard for a while is asked for a sign of life, and given up if none comes.
    """

    def __init__(self, stream: ByteStream, protocol: ClientProtocol, quiet: timedelta) -> None:
        self._stream = stream
        self._protocol = protocol
        self._quiet_s = quiet.total_seconds()
        self._is_asked = False
        self._parts: list[bytes] = []
        self._messages: deque[bytes] = deque()
        self._writing = anyio.Lock()

    async def receive(self) -> bytes:
        """Give the next message; empty bytes once the peer has closed the connection. Empty messages say nothing.

        Raises:
            OSError: the connection broke, the peer broke the protocol's rules or a message is too long, or nothing was
                heard of it although it was asked.
        """
        while not self._messages:
            if self._protocol.parser_exc is not None:
                raise ConnectionAbortedError(f"the peer broke the rules: {type(self._protocol.parser_exc).__name__}")
            if self._protocol.state in (State.CLOSING, State.CLOSED):
                return b""
            await self.read()
        return self._messages.popleft()

    async def send(self, frame: FrameStep) -> None:
        """Write a message, whole.

        Raises:
            OSError: the peer has gone.
        """
        if self._protocol.state is not State.OPEN:
            raise ConnectionResetError("the peer has gone")
        if frame.is_text:
            self._protocol.send_text(frame.data)
        else:
            self._protocol.send_binary(frame.data)
        await self.write()

    async def read(self) -> None:
        """Wait for bytes, and take what they complete."""
        try:
            with anyio.fail_after(self._quiet_s):
                data = await self._stream.receive(_AT_ONCE)
        except TimeoutError:
            if self._is_asked or self._protocol.state is not State.OPEN:
                raise ConnectionAbortedError("nothing is heard of the peer") from None
            self._is_asked = True
            self._protocol.send_ping(b"")
        except anyio.EndOfStream:
            self._protocol.receive_eof()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise ConnectionResetError("the connection broke") from None
        else:
            self._is_asked = False
            self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        await self.write()

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            message = b"".join(self._parts)
            self._parts.clear()
            if message:
                self._messages.append(message)

    async def write(self) -> None:
        """Write what is to be written: what was sent, answers to pings, the end."""
        async with self._writing:
            try:
                for data in self._protocol.data_to_send():
                    if data:  # else: no more will follow, which closing says as well
                        await self._stream.send(data)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                raise ConnectionResetError("the peer has gone") from None


@asynccontextmanager
async def open_websocket(
    url: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    connect_within: timedelta = timedelta(seconds=10),
    quiet: timedelta = timedelta(seconds=30),
    most_bytes: int = 1_000_000,
    tls: ssl.SSLContext | None = None,
    allow_plain: bool = False,
) -> AsyncGenerator[WebSocketConnection]:
    """Open a WebSocket, and close it at the end of the block.

    Args:
        url: where the peer is, as the operator configured it: `wss://pbx.example/ari/events?app=shop`.
        headers: of the opening request, such as what proves who asks; shown nowhere.
        connect_within: how long connecting and the opening handshake may take.
        quiet: after so long without a byte the peer is asked for a sign of life, and given up after as long again.
        most_bytes: of a message, before the connection is closed.
        tls: which certificates to trust; those that the system trusts unless stated.
        allow_plain: take `ws://`, too, for a peer on the same machine.

    Guarantees:
        No redirect is followed, and no proxy is asked.

    Raises:
        ValueError: the address is none, or would send in the clear.
        OSError: nobody is there, it takes too long, or the peer does not agree to a WebSocket.
    """
    uri = _address(url, allow_plain=allow_plain)
    protocol = ClientProtocol(uri, max_size=most_bytes)
    try:
        with anyio.fail_after(connect_within.total_seconds()):
            stream = await _connected(uri, tls)
    except TimeoutError:
        raise ConnectionAbortedError("connecting takes too long") from None
    try:
        connection = WebSocketConnection(stream, protocol, quiet)
        await _agree(connection, protocol, headers, connect_within)
        yield connection
        await _say_goodbye(connection, protocol)
    finally:
        await anyio.aclose_forcefully(stream)


def _address(url: str, *, allow_plain: bool) -> WebSocketURI:
    try:
        uri = parse_uri(url)
    except (InvalidURI, ValueError):
        # Not chained: the address may hold a secret.
        raise ValueError("is no address of a WebSocket: wss://...") from None
    if not uri.secure and not allow_plain:
        raise ValueError("would send in the clear: use wss://, or allow_plain for a peer on the same machine")
    return uri


async def _connected(uri: WebSocketURI, tls: ssl.SSLContext | None) -> ByteStream:
    if not uri.secure:
        return await anyio.connect_tcp(uri.host, uri.port)
    return await anyio.connect_tcp(
        uri.host, uri.port, ssl_context=tls or ssl.create_default_context(), tls_standard_compatible=False
    )


async def _agree(
    connection: WebSocketConnection, protocol: ClientProtocol, headers: Sequence[tuple[str, str]], within: timedelta
) -> None:
    """The opening handshake."""
    request = protocol.connect()
    for name, value in headers:
        request.headers[name] = value
    protocol.send_request(request)
    try:
        with anyio.fail_after(within.total_seconds()):
            await connection.write()
            while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
                await connection.read()
    except TimeoutError:
        raise ConnectionAbortedError("the handshake takes too long") from None
    if protocol.handshake_exc is not None:
        # Not chained: it holds the peer's answer, headers and all.
        raise ConnectionRefusedError(f"the peer does not agree: {type(protocol.handshake_exc).__name__}")


def _is_closed(protocol: ClientProtocol) -> bool:
    return protocol.state is State.CLOSED


async def _say_goodbye(connection: WebSocketConnection, protocol: ClientProtocol) -> None:
    """Close, and wait a moment for the peer to agree."""
    if protocol.state is not State.OPEN:
        return
    protocol.send_close(1000)
    with anyio.move_on_after(_GOODBYE_S):
        try:
            await connection.write()
            while not _is_closed(protocol):
                await connection.read()
        except OSError:
            return
