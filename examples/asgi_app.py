"""A plain ASGI application that owns a workspace: it opens at start-up, closes at shutdown, and takes webhooks.

Any framework's lifespan hook is the place for `Workspace.open`. Run it with one worker, as there is one owner:
`uvicorn examples.asgi_app:app`. Answering a webhook means that its news is stored; a provider that hears 503 sends it
again, and what comes twice is taken once.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestra import Account, Line, Workspace
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.wire import HttpReply, RawRequest

PLAN = Path(__file__).with_name("plan.toml")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def chat_line() -> Line:
    """Our account at the chat provider. The route key is the unguessable end of the webhook's address."""
    secret = os.environ["CHAT_SIGNING_SECRET"]
    account = Account(
        route_key=os.environ["CHAT_ROUTE_KEY"], channel="loopback", id="shop", secrets={"signing": (secret,)}
    )
    return Line("chat", LoopbackAdapter(), account)


class Application:
    """Webhooks in, at /hooks/<route key>."""

    workspace: Workspace

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        journal = os.environ.get("CONTACTS", "sqlite:contacts.db")
        async with Workspace.open(PLAN, journal, channels=[chat_line()]) as self.workspace:
            await send({"type": "lifespan.startup.complete"})
            await receive()  # lifespan.shutdown
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        _, _, route_key = scope["path"].partition("/hooks/")
        reply = (
            await self.workspace.webhook(route_key, await _request(scope, receive))
            if route_key
            else HttpReply(status=404)
        )
        headers = [(name.encode(), value.encode()) for name, value in reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


async def _request(scope: Message, receive: Receive) -> RawRequest:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    url = f"https://shop.example{scope['path']}"  # as configured at the provider
    return RawRequest(method=scope["method"], url=url, headers=headers, body=body, received_at=datetime.now(UTC))


app = Application()
