"""The web chat over real sockets, with a client library of others, while the server is killed again and again.

Every message that was acknowledged is in the journal once; every customer sees all of their chat once, in one order,
and each of theirs answered once.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from tests.counts import KILLS
from tests.integration.chat_server import ChatServer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from orchestra.codec import decode_event
from orchestra.journal.registry import open_journal
from orchestra.model import events as e

pytestmark = [pytest.mark.torture, pytest.mark.timeout(120 + 10 * KILLS)]

CUSTOMERS = 4
MESSAGES = 12
ROUTE = "/chat/chat-7f3a"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that the client runs on


@attrs.define
class Customer:
    """Somebody who writes, comes back after each loss of the connection, and sends again what was not acknowledged."""

    port: int
    name: str
    token: str | None = None
    acknowledged: list[str] = attrs.field(factory=list)
    shown: list[tuple[int, str, str]] = attrs.field(factory=list)
    returns: int = 0

    async def chat(self) -> None:
        """Write all messages, and wait until each is answered."""
        while len(self.shown) < 2 * MESSAGES:
            try:
                await self._connected()
            except (OSError, ConnectionClosed, InvalidStatus, EOFError, TimeoutError):
                self.returns += 1
                await anyio.sleep(0.05)

    async def _connected(self) -> None:
        url = f"ws://127.0.0.1:{self.port}{ROUTE}"
        async with connect(url, origin="https://shop.example", open_timeout=10) as socket:  # type: ignore[arg-type]
            hello: dict[str, Any] = {"type": "hello", "version": 1, "after": len(self.shown)}
            await socket.send(json.dumps(hello if self.token is None else {**hello, "token": self.token}))
            while len(self.shown) < 2 * MESSAGES:
                with anyio.fail_after(30):
                    frame = json.loads(await socket.recv())
                await self._take(socket, frame)

    async def _take(self, socket: Any, frame: dict[str, Any]) -> None:
        match frame:
            case {"type": "welcome", "token": token}:
                self.token = token
                await self._write(socket)
            case {"type": "session", "token": token}:
                self.token = token
            case {"type": "ack", "id": name}:
                assert name == self._next
                self.acknowledged.append(name)
                await self._write(socket)
            case {"type": "message", "seq": seq, "from": sender, "text": text, "id": name}:
                assert seq == len(self.shown) + 1, "numbers have neither gaps nor repeats"
                self.shown.append((seq, sender, text))
                if sender == "agent":
                    await socket.send(json.dumps({"type": "read", "id": name}))
            case _:
                raise AssertionError(f"not expected: {frame}")

    @property
    def _next(self) -> str:
        return f"{self.name}-{len(self.acknowledged)}"

    async def _write(self, socket: Any) -> None:
        if len(self.acknowledged) < MESSAGES:
            await socket.send(json.dumps({"type": "message", "id": self._next, "text": f"Message {self._next}"}))


async def _progress(customers: list[Customer]) -> None:
    """Return when some more messages were shown, or all of them."""
    before = sum(len(customer.shown) for customer in customers)
    enough = min(before + 8, 2 * MESSAGES * CUSTOMERS)
    while sum(len(customer.shown) for customer in customers) < enough:
        await anyio.lowlevel.checkpoint()
        await anyio.sleep(0.01)


async def test_no_message_is_lost_or_doubled_while_the_server_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/contacts.db"
    drawn = random.Random(20_260_105)
    with ChatServer(url) as server:
        customers = [Customer(server.port, f"c{number}") for number in range(CUSTOMERS)]
        async with anyio.create_task_group() as tasks:
            for customer in customers:
                tasks.start_soon(customer.chat)
            for _ in range(min(KILLS, 3)):
                await _progress(customers)
                await anyio.sleep(drawn.random() / 10)
                server.kill()
                await anyio.to_thread.run_sync(server.start)
    journal = open_journal(url)
    found = [decode_event(record) for record in journal.read()]
    received = Counter(event.message_id.rpartition(".")[2] for event in found if isinstance(event, e.MessageReceived))
    assert received == {name: 1 for customer in customers for name in customer.acknowledged}
    assert sum(customer.returns for customer in customers) > 0
    for customer in customers:
        _assert_whole(customer)
    assert len([event for event in found if isinstance(event, e.ConversationStarted)]) == CUSTOMERS


async def test_over_hypercorn_as_over_uvicorn(tmp_path: Path) -> None:
    with ChatServer(f"sqlite:{tmp_path}/contacts.db", "hypercorn") as server:
        customer = Customer(server.port, "c1")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(customer.chat)
            await _progress([customer])
            server.kill()
            await anyio.to_thread.run_sync(server.start)
    assert customer.returns > 0
    _assert_whole(customer)


def _assert_whole(customer: Customer) -> None:
    """All that they wrote is shown once, in order, and so is each answer."""
    written = [f"Message {customer.name}-{number}" for number in range(MESSAGES)]
    assert [text for _, sender, text in customer.shown if sender == "customer"] == written
    assert [text for _, sender, text in customer.shown if sender == "agent"] == [
        f"You said: {text}" for text in written
    ]
