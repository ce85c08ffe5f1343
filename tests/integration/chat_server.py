"""A chat server for `test_chat_server` and the page: `python -m tests.integration.chat_server PORT JOURNAL SERVER`.

It owns a shop's workspace and serves its web chat. Its agent, ana, takes every contact and answers each message with
`You said: ` and what it said; one that says `slowly` she types at first. One that says `break` sends her
into one, one that says `back` has her back.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import uvicorn
from hypercorn.asyncio import serve
from hypercorn.config import Config
from tests.chat_shop import LINE, PLAN
from tests.integration.killed_server import KilledServer

from orchestra import CommandRefused, Workspace
from orchestra.model import commands as c, events as e
from orchestra.model.command import Command
from orchestra.web import WebApplication

__all__ = ["ChatServer"]


class _Agent:
    """Ana, at work. What she did before the server was killed she knows from the journal, and does it once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._in_hand: set[str] = set()
        self._unanswered: defaultdict[str, list[e.MessageReceived]] = defaultdict(list)

    async def work(self) -> None:
        """Take and answer all there is, until cancelled."""
        session = await self._workspace.sign_in("ana")
        async for entry in self._workspace.events(0, [e.OfferMade, e.OfferAccepted, e.MessageReceived]):
            match entry.event:
                case e.OfferMade(offer=offer, token=token):
                    await self._ask(c.AcceptOffer(offer, "ana", token=token))
                case e.OfferAccepted(interaction=interaction):
                    self._in_hand.add(interaction)
                    await self._answer(interaction)
                case e.MessageReceived() as message:
                    self._unanswered[message.interaction].append(message)
                    if "break" in (message.text or ""):
                        await session.away("break")
                    elif "back" in (message.text or ""):
                        await session.available()
                    await self._answer(message.interaction)
                case _:
                    pass

    async def _answer(self, interaction: str) -> None:
        while interaction in self._in_hand and self._unanswered[interaction]:
            message = self._unanswered[interaction].pop(0)
            if "slowly" in (message.text or ""):
                self._workspace.typing(interaction, "ana")
                await anyio.sleep(0.5)
            await self._ask(c.WriteReply(interaction, "ana", f"You said: {message.text}", f"to {message.message}"))

    async def _ask(self, command: Command) -> None:
        try:
            await self._workspace.execute(command)
        except CommandRefused:
            return  # it was done before, or is no longer to be done


@asynccontextmanager
async def opened(journal: str) -> AsyncIterator[Workspace]:
    """The workspace, with its agent at work."""
    async with (
        Workspace.open(PLAN, journal, channels=[LINE], standby=True) as workspace,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(_Agent(workspace).work)
        yield workspace
        tasks.cancel_scope.cancel()


class ChatServer(KilledServer):
    """The server as a process, which can be killed and started again on the same port."""

    def __init__(self, journal: str, server: str = "uvicorn") -> None:
        super().__init__("tests.integration.chat_server", journal, server)


def main(port: str, journal: str, server: str) -> None:
    """Serve until killed."""
    app: Any = WebApplication(f"http://127.0.0.1:{port}", lambda: opened(journal))
    if server == "hypercorn":
        bound = Config.from_mapping(bind=f"127.0.0.1:{port}", loglevel="WARNING")
        anyio.run(serve, app, bound)
        return
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", ws="websockets-sansio")


if __name__ == "__main__":
    main(*sys.argv[1:])
