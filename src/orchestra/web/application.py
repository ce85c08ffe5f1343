"""The web door as one plain ASGI application: webhooks, forms, the web chat and health, behind one mount point.

Belongs here: which route a request takes, and who is turned away before it is read. Does not: what a route does
(`hooks`, `chat`, `health`), and what is in a request, which the adapter of its account knows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import anyio

from orchestra.channels.wire import HttpReply
from orchestra.errors import DefinitionError, Fault, OrchestraError
from orchestra.runtime.client import Client
from orchestra.runtime.failures import only_failure
from orchestra.runtime.threads import in_thread
from orchestra.runtime.workspace import Workspace
from orchestra.web.asgi import Gone, Receive, Scope, Send, Turned, path_of, send_reply
from orchestra.web.chat import Chats
from orchestra.web.health import health_reply
from orchestra.web.hooks import Hooks
from orchestra.web.limits import WebLimits
from orchestra.web.rooms import Rooms

__all__ = ["Opening", "WebApplication"]

_log = logging.getLogger("orchestra.web")

Opening: TypeAlias = Callable[[], AbstractAsyncContextManager[Workspace | Client]]
"""What opens the workspace: `lambda: Workspace.open(plan, journal, channels=lines)`, or `connect` in a worker."""

_Route: TypeAlias = Callable[[str, Scope, Receive], Awaitable[HttpReply]]


class WebApplication:
    """Serves a workspace's lines over ASGI: on its own under any server, or mounted in any framework's application.

    ==========================  ================================================================
    `/hooks/<route key>`        webhooks and forms of the account with this key
    `/chat/<route key>`         the web chat of the account with this key: its page, and its WebSocket
    `/health`                   200 or 503, with figures
    ==========================  ================================================================

    Run on its own, it opens the workspace at the server's start-up and leaves it at its shutdown. Mounted where the
    host has a lifespan of its own, the host opens the workspace and says so with `serving`.

    Args:
        public_url: the address under which the outer world reaches the mount point, as `https://shop.example/contacts`.
            Signatures are checked against it; what a request says of its host is not believed.
        opening: opens the workspace when the server starts; None if the host does, by `serving`.
        limits: how much is let in.

    Raises:
        DefinitionError: the public address is none.

    Guarantees:
        A webhook is answered 2xx only when its news are durable. What fails for one account, whatever its adapter
        raises, is answered 5xx and concerns no other. Before the workspace is open and after it is closed all is
        answered 503, so that providers send again.
    """

    def __init__(self, public_url: str, opening: Opening | None = None, *, limits: WebLimits | None = None) -> None:
        if not public_url.startswith(("https://", "http://")) or "?" in public_url or "#" in public_url:
            raise DefinitionError([Fault("public_url", "must be an http address without query")])
        self._opening = opening
        self._workspace: Workspace | Client | None = None
        self._rooms: Rooms | None = None
        where, most = public_url.rstrip("/"), limits or WebLimits()
        self._hooks = Hooks(where, most, time.monotonic)
        self._chats = Chats(where, most, time.monotonic)
        self._routes: Mapping[str, _Route] = {"hooks": self._hook, "chat": self._page, "health": self._health}

    @asynccontextmanager
    async def serving(self, workspace: Workspace | Client) -> AsyncGenerator[None]:
        """Serve a workspace that the host has opened, for the length of an `async with` block within it."""
        rooms = Rooms(workspace, await in_thread(workspace.journal.position))
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(rooms.follow)
                tasks.start_soon(rooms.follow_typing)
                self._workspace, self._rooms = workspace, rooms
                try:
                    yield
                finally:
                    self._workspace = self._rooms = None
                    rooms.over.set()
                tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            raise only_failure(group) from group

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an ASGI application."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            name, key = _route_of(scope)
            await self._chats.connect(self._rooms if name == "chat" else None, key, scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The server's start-up and shutdown, with the workspace open in between."""
        await receive()
        is_started = False
        try:
            async with self._opened():
                is_started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except OrchestraError as error:
            # What is wrong with a set-up is told in full: that is for who starts it, and quotes no secret.
            if is_started:
                _log.error("the workspace was lost: %s", type(error).__name__)
            event = "lifespan.shutdown.failed" if is_started else "lifespan.startup.failed"
            await send({"type": event, "message": str(error)})
            return
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[None]:
        if self._opening is None:
            yield
            return
        async with self._opening() as workspace, self.serving(workspace):
            yield

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, key = _route_of(scope)
        route = self._routes.get(name)
        try:
            reply = HttpReply(status=404) if route is None else await route(key, scope, receive)
        except Turned as turned:
            reply = turned.reply
        except Gone:
            return
        await send_reply(send, reply)

    async def _hook(self, key: str, scope: Scope, receive: Receive) -> HttpReply:
        return await self._hooks.take(self._workspace, key, scope, receive)

    async def _page(self, key: str, scope: Scope, _receive: Receive) -> HttpReply:
        return self._chats.page(self._workspace, key) if scope["method"] == "GET" else HttpReply(status=404)

    async def _health(self, key: str, scope: Scope, _receive: Receive) -> HttpReply:
        if key or scope["method"] != "GET":
            return HttpReply(status=404)
        return await health_reply(self._workspace)


def _route_of(scope: Scope) -> tuple[str, str]:
    """The name of a route, and what stands behind it."""
    name, _, key = path_of(scope).removeprefix("/").partition("/")
    return name, key
