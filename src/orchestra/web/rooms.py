"""The chats that somebody in this process looks at: each is read from the journal once, and kept up while it is open.

Belongs here: opening and leaving rooms, and which room a new event concerns. Does not: what is shown (`transcripts`),
and to whom (`connection`).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import attrs

from orchestra.channels.web_chat.frames import CHANNEL
from orchestra.channels.web_chat.tokens import Session
from orchestra.errors import JournalError, JournalUnavailable
from orchestra.model import events as e
from orchestra.model.addresses import Handle
from orchestra.runtime.client import Client
from orchestra.runtime.lines import Line
from orchestra.runtime.published import Bell, Published
from orchestra.runtime.threads import in_thread
from orchestra.runtime.workspace import Workspace
from orchestra.web.transcripts import SHOWN, Transcript, load

__all__ = ["Room", "Rooms"]

_REST_S = 1.0

_log = logging.getLogger("orchestra.web")


@attrs.define(eq=False)
class Room:
    """One person's chat, open for each of their tabs and devices.

    Attributes:
        transcript: what was said.
        address: the hashed address of the person.
        interaction: the one by which it is found.
        queued: how often its contact was seen to go to a queue, or back to it.
        inside: how many connections are in it.
        early: events that came while it was being read; None once it is.
        has_failed: it could not be read.
        ready: rings when it is read, or has failed.
    """

    transcript: Transcript
    address: str
    interaction: str = ""
    queued: int = 0
    inside: int = 0
    early: list[Published] | None = attrs.field(factory=list)
    has_failed: bool = False
    ready: Bell = attrs.field(factory=Bell)


class Rooms:
    """The open rooms of a workspace.

    Args:
        workspace: whose.
        after: where its journal was before any room was opened.

    Attributes:
        over: set when the workspace is left: all connections end.
    """

    def __init__(self, workspace: Workspace | Client, after: int) -> None:
        self.workspace = workspace
        self._after = after
        self.over = anyio.Event()
        self._rooms: dict[tuple[str, str, str], Room] = {}
        self._by_address: dict[tuple[str, str, str], Room] = {}
        self._by_conversation: dict[str, Room] = {}
        self._by_delivery: dict[str, Room] = {}
        self._by_interaction: dict[str, Room] = {}
        self._reading: set[Room] = set()

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._rooms)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept of any room."""
        kept = self._by_address, self._by_conversation, self._by_delivery, self._by_interaction
        return not (self._rooms or self._reading or any(kept))

    async def follow(self) -> None:
        """Keep all open rooms up, until cancelled."""
        while True:
            try:
                async for entry in self.workspace.events(self._after, (*SHOWN, e.InteractionQueued)):
                    self._tell(entry)
                    self._after = entry.position
            except JournalError as error:
                _log.warning("the chats are not kept up for now: %s", type(error).__name__)
            await anyio.sleep(_REST_S)

    async def follow_typing(self) -> None:
        """Show in all open rooms that an agent is typing, where this process is told of it; until cancelled."""
        if isinstance(self.workspace, Workspace):
            async for signal in self.workspace.typings():
                room = self._by_interaction.get(signal.interaction)
                if room is not None and signal.who != "customer":
                    room.transcript.see_typing()

    @asynccontextmanager
    async def entered(self, line: Line, session: Session) -> AsyncGenerator[Room]:
        """Be in a person's room for the length of the block, with all that was said until now.

        Raises:
            JournalUnavailable: it cannot be read now.
        """
        key = line.channel, line.name, session.person
        room = self._rooms.get(key)
        if room is None:
            address = self.workspace.key.address(_handle(session)).key
            transcript = Transcript(line.channel, line.name, address, self.workspace.key, Bell())
            room = self._rooms[key] = self._by_address[line.channel, line.name, address] = Room(transcript, address)
        room.inside += 1
        try:
            await self._read(room, session)
            yield room
        finally:
            room.inside -= 1
            if room.inside == 0:
                del self._rooms[key]
                self._forget(room)

    async def _read(self, room: Room, session: Session) -> None:
        """Return when the room is read: by whoever is in it first."""
        if room.inside > 1:
            while room.early is not None and not room.has_failed:
                await room.ready.wait()
        else:
            customer = session.customer
            if customer is None and isinstance(self.workspace, Workspace):
                customer = await self.workspace.known_by(_handle(session))
            await self._read_journal(room, room.transcript, customer, session.since)
        if room.has_failed:
            raise JournalUnavailable("the chat cannot be read")

    async def read_again(self, room: Room, customer: str) -> None:
        """Read a room once more, as the chat of a customer whom nobody had taken its person for until they wrote."""
        if room.early is None:
            room.early = []
            fresh = Transcript(*room.transcript.place, room.address, self.workspace.key, room.transcript.bell)
            await self._read_journal(room, fresh, customer, 0)

    async def _read_journal(self, room: Room, transcript: Transcript, customer: str | None, since: int) -> None:
        self._reading.add(room)
        # It is filled in another thread, from which nobody who listens may be woken.
        bell, transcript.bell = transcript.bell, Bell()
        try:
            await in_thread(load, self.workspace.journal, transcript, room.address, customer, since)
            for entry in room.early or ():
                transcript.learn(entry.position, entry.at_us, entry.event)
            room.transcript, room.early = transcript, None
            self._index(room)
        finally:
            transcript.bell = bell
            self._reading.discard(room)
            room.has_failed = room.early is not None
            room.ready.ring()
            transcript.bell.ring()

    def _tell(self, entry: Published) -> None:
        if isinstance(entry.event, e.InteractionQueued):
            waiting = self._by_interaction.get(entry.event.interaction)
            if waiting is not None:
                waiting.queued += 1
                waiting.transcript.bell.ring()
            return
        for room in self._concerned(entry.event):
            if room.early is not None:
                room.early.append(entry)
            else:
                room.transcript.learn(entry.position, entry.at_us, entry.event)
                self._index(room)

    def _concerned(self, event: e.Event) -> list[Room]:
        if isinstance(event, e.CustomerErased | e.ErasureDone):
            return list(self._rooms.values())
        # What a room that is still being read is part of is not known yet: it hears of all.
        known = self._known(event)
        return [*self._reading, *([] if known is None or known in self._reading else [known])]

    def _known(self, event: e.Event) -> Room | None:
        if isinstance(event, e.ConversationStarted):
            return self._by_address.get((event.channel, event.account, event.address))
        if isinstance(event, e.DeliveryAccepted):
            return self._by_delivery.pop(event.delivery, None)
        return self._by_conversation.get(getattr(event, "conversation", ""))

    def _index(self, room: Room) -> None:
        self._by_conversation.update(dict.fromkeys(room.transcript.conversations, room))
        self._by_delivery.update(dict.fromkeys(room.transcript.awaited, room))
        if room.transcript.interaction is not None and room.interaction != room.transcript.interaction:
            self._by_interaction.pop(room.interaction, None)
            room.interaction = room.transcript.interaction
            self._by_interaction[room.interaction] = room

    def _forget(self, room: Room) -> None:
        transcript = room.transcript
        self._by_address.pop((*transcript.place, room.address), None)
        self._by_interaction.pop(room.interaction, None)
        for conversation in transcript.conversations:
            self._by_conversation.pop(conversation, None)
        for delivery in transcript.awaited:
            self._by_delivery.pop(delivery, None)


def _handle(session: Session) -> Handle:
    return Handle(session.person, session.name, kind=CHANNEL)
