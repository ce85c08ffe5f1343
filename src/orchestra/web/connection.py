"""One connection of the web chat: its socket between the protocol's codec and the person's room.

Belongs here: what is read and written when, acknowledged when, and when a connection ends. Does not: who may connect
(`chat`), and what frames mean (`channels.web_chat`).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import anyio
import attrs
from anyio import CancelScope

from orchestra.channels import inbound
from orchestra.channels.port import Decoded, Taken
from orchestra.channels.safe_json import JsonObject
from orchestra.channels.web_chat.codec import WebChatCodec
from orchestra.channels.web_chat.frames import LONGEST_FRAME, client_id_of, frame
from orchestra.errors import JournalError
from orchestra.runtime.lines import Line
from orchestra.runtime.signals import PlaceSignal
from orchestra.runtime.threads import in_thread
from orchestra.runtime.workspace import Workspace
from orchestra.web.asgi import Receive, Send
from orchestra.web.rates import Rates
from orchestra.web.rooms import Room, Rooms
from orchestra.web.transcripts import Entry

__all__ = ["Connection"]

GOING_AWAY, TOO_LARGE, NOT_TEXT, RESTART, LATER = 1001, 1009, 1003, 1012, 1013
"""Close codes of RFC 6455, 7.4.1, and of its registry."""
REFUSED, SILENT, TOO_OFTEN = 4400, 4408, 4429
"""Ours: after a `bye` frame, after a long silence, after too many frames."""

_FRAMES_PER_SECOND = 5
_HELLO_WITHIN_S = 10.0
_HEARD_WITHIN_S = 150.0  # browsers let a page in the background speak once a minute
_SAID_WITHIN_S = 30.0
_NUMBERED_WITHIN_S = 10.0
_FOUND_WITHIN_S = 1.0


class _Ended(Exception):
    """There is nobody to write to any more."""


class Connection:
    """A connection that was admitted.

    Args:
        line: whose chat it is.
        rooms: the chats of the workspace.
        receive: ASGI.
        send: ASGI.
        monotonic_s: a clock that never goes back, in seconds.
    """

    def __init__(
        self, line: Line, rooms: Rooms, receive: Receive, send: Send, monotonic_s: Callable[[], float]
    ) -> None:
        self._line = line
        self._rooms = rooms
        self._workspace = rooms.workspace
        self._receive = receive
        self._send = send
        self._rates = Rates(_FRAMES_PER_SECOND, 1, monotonic_s)
        self._saying = anyio.Lock()
        self._greeted = anyio.Event()
        self._codec: WebChatCodec
        self._room: Room

    async def run(self) -> None:
        """Serve it until either side ends it."""
        position = await in_thread(self._workspace.journal.position)
        self._codec = WebChatCodec(self._line.account, position, lambda: secrets.token_urlsafe(16))
        await self._send({"type": "websocket.accept"})
        async with anyio.create_task_group() as tasks:
            for work in (self._read, self._show, self._queue, self._watch):
                tasks.start_soon(self._until_it_ends, work, tasks.cancel_scope)

    async def _until_it_ends(self, work: Callable[[], Awaitable[int | None]], all_of_it: CancelScope) -> None:
        """Do one part of the work; with it the others end. What it gives is the code to close with."""
        try:
            code = await work()
            if code is not None:
                await self._out({"type": "websocket.close", "code": code})
        except _Ended:
            pass
        all_of_it.cancel()

    async def _watch(self) -> int:
        await self._rooms.over.wait()
        return RESTART

    # What the client says

    async def _read(self) -> int | None:
        first = await self._next(_HELLO_WITHIN_S)
        if not isinstance(first, bytes):
            return first
        code = await self._feed(first)
        if self._codec.session is None:
            return code
        try:
            async with self._rooms.entered(self._line, self._codec.session) as self._room:
                self._greeted.set()
                return await self._listen()
        except JournalError:
            return LATER

    async def _listen(self) -> int | None:
        while True:
            data = await self._next(_HEARD_WITHIN_S)
            if not isinstance(data, bytes):
                return data
            if self._rates.wait_s("") > 0:
                return TOO_OFTEN
            code = await self._feed(data)
            if code is not None:
                return code

    async def _next(self, within_s: float) -> bytes | int | None:
        """The next frame; else the code to close with, or None if the client is gone."""
        message: Any = None
        with anyio.move_on_after(within_s):
            message = await self._receive()
        if message is None:
            return SILENT
        if message["type"] != "websocket.receive":
            return None
        text = message.get("text")
        if text is None:
            return NOT_TEXT
        data = str(text).encode(errors="surrogatepass")
        return data if 0 < len(data) <= LONGEST_FRAME else TOO_LARGE

    async def _feed(self, data: bytes) -> int | None:
        step = self._codec.feed(data, datetime.now(UTC))
        for said in step.frames:
            await self._say(said.data)
        for event in step.decoded.events:
            await self._take(event)
        return REFUSED if step.is_closing else None

    async def _take(self, event: inbound.Inbound) -> None:
        if isinstance(event, inbound.TypingChanged):
            self._typing(event)
        elif isinstance(event, inbound.MessageReceived):
            await self._take_message(event)
        elif isinstance(event, inbound.DeliveryUpdate):
            await self._workspace.news.take(self._line, Decoded(events=(event,)))

    async def _take_message(self, event: inbound.MessageReceived) -> None:
        """Acknowledge a message, once it is in the journal and has its number there."""
        name = client_id_of(event.origin.dedupe_key)
        taken = await self._workspace.news.take(self._line, Decoded(events=(event,)))
        if taken.left_out:
            await self._say(frame("refused", id=name))
            return
        if self._room.transcript.customer is None and taken.customers:
            await self._find(name, taken)
        await self._say(frame("ack", id=name, seq=await self._number_of(name)))

    async def _find(self, name: str, taken: Taken) -> None:
        """Somebody whose earlier chat was not found has written: it is theirs, unless they have just begun it."""
        with anyio.move_on_after(_FOUND_WITHIN_S):
            await self._number_of(name)
            return
        await self._rooms.read_again(self._room, taken.customers[0])

    async def _number_of(self, client_id: str) -> int | None:
        with anyio.move_on_after(_NUMBERED_WITHIN_S):
            while (number := self._room.transcript.number_of(client_id)) is None:
                await self._room.transcript.bell.wait()
            return number
        return None

    def _typing(self, event: inbound.TypingChanged) -> None:
        interaction = self._room.transcript.interaction
        if event.is_typing and interaction is not None and isinstance(self._workspace, Workspace):
            self._workspace.typing(interaction, "customer")

    # What is shown to the client

    async def _show(self) -> None:
        await self._greeted.wait()
        shown = await self._begin()
        read, erased, typings = self._room.transcript, self._room.transcript.erased, self._room.transcript.typings
        while True:
            transcript = self._room.transcript
            stroke = transcript.bell.stroke
            await self._tell_customer()
            if transcript is not read or transcript.erased != erased:
                await self._say(frame("reset"))
                shown, read, erased = 0, transcript, transcript.erased
            for entry in transcript.past(shown):
                await self._say(_shown(entry))
                shown = entry.seq
            if transcript.typings != typings:
                typings = transcript.typings
                await self._say(frame("typing", is_typing=True))
            await stroke.wait()

    async def _queue(self) -> int:
        """Tell them how many go before them and how long it takes, whenever they wait; nothing where nobody knows."""
        await self._greeted.wait()
        looked_at: tuple[str, int] | None = None
        while True:
            stroke, name = self._room.transcript.bell.stroke, self._room.transcript.interaction
            if not isinstance(self._workspace, Workspace) or name is None or looked_at == (name, self._room.queued):
                await stroke.wait()
                continue
            looked_at = name, self._room.queued
            try:
                await self._tell_place(self._workspace, name)
            except JournalError:
                return LATER

    async def _tell_place(self, workspace: Workspace, interaction: str) -> None:
        is_told = False
        async with aclosing(workspace.signals(interaction)) as signals:
            async for signal in signals:
                if isinstance(signal, PlaceSignal) and (is_told or signal.position is not None):
                    is_told = signal.position is not None
                    await self._say(_place(signal))

    async def _begin(self) -> int:
        """The number behind which to go on; the client is told if that is not where it was."""
        transcript, after = self._room.transcript, self._codec.after
        if after > transcript.count:
            await self._say(frame("reset"))  # what it has seen was another chat, or another journal's
            after = 0
        oldest = transcript.count - len(transcript.past(0))
        if after < oldest:
            await self._say(frame("gap", after=after, until=oldest))
        return max(after, oldest)

    async def _tell_customer(self) -> None:
        """Once it is known who they are, that is in their token: whoever comes back is found by it."""
        session, customer = self._codec.session, self._room.transcript.customer
        assert session is not None
        if customer is not None and session.customer != customer:
            self._codec.session = attrs.evolve(session, customer=customer)
            await self._say(frame("session", token=self._codec.token(self._codec.session)))

    async def _say(self, data: bytes) -> None:
        await self._out({"type": "websocket.send", "text": data.decode()})

    async def _out(self, message: dict[str, Any]) -> None:
        """Write to the client, who must read in time.

        Raises:
            _Ended: they are gone, or do not.
        """
        try:
            with anyio.fail_after(_SAID_WITHIN_S):
                async with self._saying:
                    await self._send(message)
        except (OSError, TimeoutError) as error:
            raise _Ended from error


def _place(signal: PlaceSignal) -> bytes:
    wait = signal.estimated_wait
    return frame("place", before=signal.position, wait_s=None if wait is None else math.ceil(wait.total_seconds()))


def _shown(entry: Entry) -> bytes:
    told: JsonObject = {"seq": entry.seq, "id": entry.id, "from": entry.sender, "at": entry.at_us // 1_000}
    return frame("message", text=entry.text, **told)
