"""A client of the web chat without a server between: frames as values, over an application's own socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import attrs

from tests.asgi_client import Application, scope_of

__all__ = ["ChatClient", "connected"]


@attrs.define
class ChatClient:
    """One connection.

    Attributes:
        code: what it was closed with; None while it is open.
        kept: what was heard and not asked for yet.
    """

    to_app: Any
    from_app: Any
    code: int | None = None
    kept: list[dict[str, Any]] = attrs.field(factory=list)

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a frame."""
        await self.say_text(json.dumps({"type": kind, **fields}))

    async def say_text(self, text: str) -> None:
        """Send any text."""
        await self.to_app.send({"type": "websocket.receive", "text": text})

    async def hello(self, token: str | None = None, after: int = 0) -> dict[str, Any]:
        """Greet; gives the welcome."""
        more = {} if token is None else {"token": token}
        await self.say("hello", version=1, after=after, **more)
        return await self.heard("welcome")

    async def heard(self, kind: str) -> dict[str, Any]:
        """The next frame of that type. Others are kept."""
        for place, found in enumerate(self.kept):
            if found["type"] == kind:
                return self.kept.pop(place)
        while True:
            found = await self.next()
            if found["type"] == kind:
                return found
            self.kept.append(found)

    async def next(self) -> dict[str, Any]:
        """The next frame that comes; `closed` with its code once there are no more."""
        with anyio.fail_after(20):
            message = await self.from_app.receive()
        if message["type"] == "websocket.close":
            self.code = message["code"]
            return {"type": "closed", "code": self.code}
        found: dict[str, Any] = json.loads(message["text"])
        return found

    async def write(self, name: str, text: str) -> dict[str, Any]:
        """Send a message, and give what acknowledges it."""
        await self.say("message", id=name, text=text)
        return await self.heard("ack")

    async def texts(self, count: int) -> list[tuple[int, str, str]]:
        """The next messages: number, sender and text of each."""
        found = [await self.heard("message") for _ in range(count)]
        return [(one["seq"], one["from"], one["text"]) for one in found]


@asynccontextmanager
async def connected(
    app: Application, path: str, *, origin: str | None = "https://shop.example", **more: Any
) -> AsyncIterator[ChatClient]:
    """A connection that asks to be opened; left, it is gone. One that is refused has its code at once."""
    to_app, in_app = anyio.create_memory_object_stream[Any](100)
    out_app, from_app = anyio.create_memory_object_stream[Any](1_000)
    headers = [] if origin is None else [("Origin", origin)]
    scope = {**scope_of("GET", path, headers), "type": "websocket", **more}
    async with to_app, in_app, out_app, from_app, anyio.create_task_group() as tasks:
        tasks.start_soon(app, scope, in_app.receive, out_app.send)
        await to_app.send({"type": "websocket.connect"})
        with anyio.fail_after(20):
            answer = await from_app.receive()
        client = ChatClient(to_app, from_app)
        if answer["type"] == "websocket.close":
            client.code = answer["code"]
        yield client
        await to_app.send({"type": "websocket.disconnect", "code": 1001})
