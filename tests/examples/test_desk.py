"""The example of a desktop's server: one customer over two channels, and an agent who has not seen the newest."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from examples import desk_app
from orchestra import Email, Message


@asynccontextmanager
async def opened(app: desk_app.Desk) -> AsyncIterator[None]:
    """As a server does it: start-up, then requests, then shutdown."""
    to_app, from_server = anyio.create_memory_object_stream[Any](1)
    to_server, from_app = anyio.create_memory_object_stream[Any](1)
    async with to_app, from_server, to_server, from_app, anyio.create_task_group() as tasks:
        tasks.start_soon(app, {"type": "lifespan"}, from_server.receive, to_server.send)
        await to_app.send({"type": "lifespan.startup"})
        await from_app.receive()
        yield
        await to_app.send({"type": "lifespan.shutdown"})
        await from_app.receive()


async def ask(app: desk_app.Desk, method: str, path: str, query: str = "as=agent:ana") -> tuple[int, Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("no page of the desk reads a body")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
async def desk(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[desk_app.Desk]:
    monkeypatch.setenv("CHAT_SIGNING_SECRET", "a signing secret")
    monkeypatch.setenv("CHAT_ROUTE_KEY", "hooks-7f3a")
    async with opened(app := desk_app.Desk()):
        yield app


async def _write(app: desk_app.Desk, channel: str, text: str) -> None:
    joe = Email("joe@mail.example")
    await app.workspace.receive(Message(channel, id=text, sender=joe, text=text, topic="order"))


async def test_an_agent_sees_one_customer_and_learns_what_came_meanwhile(desk: desk_app.Desk) -> None:
    await _write(desk, "web-form", "Where is it?")
    status, page = await ask(desk, "GET", "/customers/cu1")
    version = page["in_touch"]["version"]
    assert (status, page["in_touch"]["contacts"], page["in_touch"]["lead"]) == (200, {"in1": "first"}, None)
    assert [entry["text"] for entry in page["history"] if entry["kind"] == "MessageReceived"] == ["Where is it?"]

    await _write(desk, "chat", "I still wait!")
    status, refused = await ask(desk, "POST", "/cases/ca1/resolve", f"as=agent:ana&seen={version}")
    assert (status, refused["between"][-1]) == (409, "MessageReceived in2")

    status, page = await ask(desk, "GET", "/customers/cu1")
    assert page["in_touch"]["contacts"] == {"in1": "first", "in2": "together"}
    newest = f"as=agent:ana&seen={page['in_touch']['version']}"
    assert await ask(desk, "POST", "/cases/ca1/resolve", newest) == (200, {})
    assert (await desk.workspace.case("ca1")).state == "RESOLVED"


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("GET", "/customers/cu9", "as=agent:ana", 404),
        ("GET", "/customers/cu1", "as=agent:nobody", 403),
        ("GET", "/customers/cu1", "", 400),
        ("POST", "/cases/ca1/resolve", "as=agent:ana&seen=soon", 400),
        ("POST", "/cases/ca9/resolve", "as=agent:ana", 404),
        ("GET", "/elsewhere", "as=agent:ana", 404),
    ],
)
async def test_what_cannot_be_done_is_answered_with_why(
    desk: desk_app.Desk, method: str, path: str, query: str, status: int
) -> None:
    await _write(desk, "web-form", "Where is it?")
    answered, body = await ask(desk, method, path, query)
    assert (answered, bool(body["error"])) == (status, True)


async def test_a_case_is_not_settled_twice(desk: desk_app.Desk) -> None:
    await _write(desk, "web-form", "Where is it?")
    assert (await ask(desk, "POST", "/cases/ca1/resolve"))[0] == 200
    assert (await ask(desk, "POST", "/cases/ca1/resolve"))[0] == 409
