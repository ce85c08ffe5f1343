"""The server of an agents' desktop: one customer over all channels, and nobody acts on what they have not seen.

`GET /customers/cu7?as=agent:ana` gives the customer's history and, while they are in touch, the contacts that go on,
who leads them and their version. `POST /cases/ca7/resolve?as=agent:ana&seen=12` settles the case, unless something has
come since that version: then it is answered with 409 and what came, for the desktop to show. Who may see what is for
the plan's roles to say. Put a login of your own before it, which tells who `as` is: `uvicorn examples.desk_app:app`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from examples.asgi_app import opened

from orchestra import CommandRefused, NotPermitted, StaleVersion, UnknownId, Workspace, commands

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Desk:
    """Customers and their cases, for agents."""

    workspace: Workspace

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        async with opened() as self.workspace:
            await send({"type": "lifespan.startup.complete"})
            await receive()  # lifespan.shutdown
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        status, body = await self._reply(scope)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _reply(self, scope: Message) -> tuple[int, dict[str, Any]]:
        asked = dict(parse_qsl(scope["query_string"].decode("ascii", "replace")))
        try:
            match scope["method"], scope["path"].strip("/").split("/"):
                case "GET", ["customers", customer]:
                    return 200, await self._customer(customer, asked["as"])
                case "POST", ["cases", case, "resolve"]:
                    seen = int(asked["seen"]) if "seen" in asked else None
                    await self.workspace.execute(commands.ResolveCase(case, actor=asked["as"], seen=seen))
                    return 200, {}
                case _:
                    return 404, {"error": "there is no such page"}
        except (KeyError, ValueError) as error:
            return 400, {"error": f"the query says `as=agent:NAME` and `seen=VERSION`: {error}"}
        except StaleVersion as error:
            return 409, {"error": str(error), "between": error.between}
        except CommandRefused as error:
            status = 404 if isinstance(error, UnknownId) else 403 if isinstance(error, NotPermitted) else 409
            return status, {"error": str(error)}

    async def _customer(self, customer: str, actor: str) -> dict[str, Any]:
        now = await self.workspace.engagement(customer, actor=actor)
        history = await self.workspace.timeline(customer, actor=actor)
        in_touch = now and {
            "version": now.version,
            "lead": now.lead and str(now.lead),
            "contacts": {name: str(mode) for name, mode in now.members.items()},
        }
        return {"in_touch": in_touch, "history": [entry.to_json() for entry in history]}


app = Desk()
