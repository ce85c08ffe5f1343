"""A shop with a web chat, for tests: its plan, its account, its workspace and its web door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from orchestra.channels.account import Account
from orchestra.channels.web_chat import ChatTransport, WebChatAdapter
from orchestra.codec import decode_event
from orchestra.journal.memory import MemoryJournal
from orchestra.model.plan import Plan
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace
from orchestra.web import WebApplication, WebLimits

__all__ = ["ACCOUNT", "LINE", "PATH", "PLAN", "ChatShop", "origin_of"]

PLAN = Plan.parse("""
workspace = { name = "shop", default_queue = "care" }
teams.care = {}
queues.care = { team = "care", announce_every = "0s" }
channels.chat = { weight_percent = 5 }
agents.ana.teams = ["care"]
""")

ACCOUNT = Account(
    route_key="chat-7f3a",
    channel="web_chat",
    id="shop",
    config={"origins": "https://shop.example, https://www.shop.example/", "title": "Chat with <us>"},
    secrets={"session": ("new secret", "old secret")},
)
LINE = Line("chat", WebChatAdapter(), ACCOUNT, ChatTransport())
PATH = f"/chat/{ACCOUNT.route_key}"


def origin_of(line: Line) -> str:
    """An origin whose pages may hold a line's chat."""
    return str(line.account.config["origins"]).split(",")[0]


class ChatShop:
    """The shop. It can be opened again on the same journal."""

    def __init__(self, journal: Any = None, line: Line = LINE, **limits: Any) -> None:
        self.journal = journal or MemoryJournal()
        self.line = line
        self.app = WebApplication("https://door.example", limits=WebLimits(**limits))
        self.workspace: Workspace

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Workspace]:
        """Its workspace, served."""
        async with (
            Workspace.open(PLAN, self.journal, channels=[self.line]) as self.workspace,
            self.app.serving(self.workspace),
        ):
            yield self.workspace

    def events(self, *kinds: type) -> list[Any]:
        """What the journal holds, of these kinds."""
        return [event for event in map(decode_event, self.journal.read()) if isinstance(event, kinds)]
