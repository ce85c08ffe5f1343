"""The examples that own a workspace in their event loop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from tests.asgi_client import ask

from examples import asgi_app, chat_desk
from orchestra import Account
from orchestra.channels.loopback.transport import LoopbackProvider
from orchestra.channels.wire import RawRequest
from orchestra.web import WebApplication

SECRET = "a signing secret"


async def test_an_agent_answers_every_chat() -> None:
    assert await chat_desk.main(customers=3) == ["C-000001", "C-000002", "C-000003"]


async def test_messages_that_come_again_the_next_day_are_taken_once(url: str) -> None:
    assert await chat_desk.main(url, customers=2) == ["C-000001", "C-000002"]
    assert await chat_desk.main(url, customers=2) == ["C-000001", "C-000002"]


@asynccontextmanager
async def _started(app: WebApplication) -> AsyncIterator[None]:
    """As a server does it: start-up, then requests, then shutdown."""
    to_app, from_server = _pipe()
    to_server, from_app = _pipe()
    async with to_app, from_server, to_server, from_app, anyio.create_task_group() as tasks:
        tasks.start_soon(app, {"type": "lifespan"}, from_server.receive, to_server.send)
        await to_app.send({"type": "lifespan.startup"})
        assert await from_app.receive() == {"type": "lifespan.startup.complete"}
        yield
        await to_app.send({"type": "lifespan.shutdown"})
        assert await from_app.receive() == {"type": "lifespan.shutdown.complete"}


def _pipe() -> tuple[MemoryObjectSendStream[Any], MemoryObjectReceiveStream[Any]]:
    return anyio.create_memory_object_stream[Any](1)


async def _post(path: str, request: RawRequest) -> int | None:
    halves = [request.body[:10], request.body[10:]]
    return (await ask(asgi_app.app, "POST", path, request.headers, halves)).status


async def _waiting() -> int:
    return int(json.loads((await ask(asgi_app.app, "GET", "/health")).body)["waiting"])


@pytest.fixture
def provider(url: str, monkeypatch: pytest.MonkeyPatch) -> LoopbackProvider:
    monkeypatch.setenv("CHAT_SIGNING_SECRET", SECRET)
    monkeypatch.setenv("CHAT_ROUTE_KEY", "hooks-7f3a")
    account = Account(route_key="hooks-7f3a", channel="loopback", id="shop", secrets={"signing": (SECRET,)})
    return LoopbackProvider(account)


async def test_a_webhook_is_stored_before_it_is_answered(provider: LoopbackProvider) -> None:
    news = provider.customer_writes("Where is my order?", at=datetime.now(UTC))
    async with _started(asgi_app.app):
        assert await _post("/hooks/hooks-7f3a", news) == 200
        assert await _waiting() == 1
    async with _started(asgi_app.app):
        assert await _post("/hooks/hooks-7f3a", news) == 200  # the provider's second attempt
        assert await _waiting() == 1


async def test_what_is_not_from_the_provider_is_refused(provider: LoopbackProvider) -> None:
    news = provider.customer_writes("Where is my order?", at=datetime.now(UTC))
    forged = RawRequest(method="POST", url=news.url, headers=(), body=news.body, received_at=news.received_at)
    async with _started(asgi_app.app):
        assert await _post("/hooks/hooks-7f3a", forged) == 401
        assert await _post("/hooks/another", news) == 404
        assert await _post("/elsewhere", news) == 404
        assert await _waiting() == 0
