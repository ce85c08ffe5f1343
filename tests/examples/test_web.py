"""The examples of the web door: web_door, which owns the workspace, and fastapi_app, which is one of its workers."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.asgi_client import ask
from tests.chat_client import connected

from orchestra import Workspace
from orchestra.channels.web_form import form_token
from orchestra.web import WebApplication

CHAT = "/chat/shop-chat"


@pytest.fixture
def web_door(url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("CHAT_SECRET", "a secret of the chat")
    monkeypatch.setenv("FORM_SECRET", "a secret of the form")
    return importlib.import_module("examples.web_door")


@pytest.fixture
def fastapi_app(web_door: Any) -> Any:
    return importlib.import_module("examples.fastapi_app")


async def sent(app: Any, web_door: Any, path: str) -> Any:
    token = form_token(web_door.form_line().account, datetime.now(UTC) - timedelta(minutes=1))
    fields = {"form_id": "f-1", "email": "jo@example.org", "message": "Hello", "form_token": token}
    headers = [("Origin", "https://shop.example"), ("Content-Type", "application/json")]
    return await ask(app, "POST", path, headers, json.dumps(fields).encode())


async def answer_chat(workspace: Workspace) -> None:
    """Somebody settles the form, and answers the chat."""
    ana = await workspace.sign_in("ana")
    contact = await (await ana.next_offer()).accept()
    while contact.channel != "chat":
        await contact.finish("resolved")
        contact = await (await ana.next_offer()).accept()
    await contact.reply("On its way.")


async def test_the_shop_chats_and_takes_forms(web_door: Any) -> None:
    app: WebApplication = web_door.app
    async with web_door.opened() as workspace, app.serving(workspace):
        answer = await sent(app, web_door, "/hooks/shop-form")
        assert (answer.status, json.loads(answer.body)) == (200, {"case": "C-000001"})
        assert b"Chat with the shop" in (await ask(app, "GET", CHAT)).body
        async with connected(app, CHAT) as client:
            await client.hello()
            await client.write("a1", "Where is my order?")
            await answer_chat(workspace)
            assert await client.texts(2) == [(1, "customer", "Where is my order?"), (2, "agent", "On its way.")]


async def test_a_worker_takes_what_the_owner_stores_and_shows_what_the_owner_sends(
    web_door: Any, fastapi_app: Any
) -> None:
    async with web_door.opened() as owner, fastapi_app.app.router.lifespan_context(fastapi_app.app):
        app = fastapi_app.app
        answer = await sent(app, web_door, "/contacts/hooks/shop-form")
        assert (answer.status, json.loads(answer.body)) == (200, {"case": "C-000001"})
        assert json.loads((await ask(app, "GET", "/contacts/health")).body)["role"] == "worker"
        async with connected(app, f"/contacts{CHAT}") as client:
            token = (await client.hello())["token"]
            assert (await client.write("a1", "Where is my order?"))["seq"] == 1
            await answer_chat(owner)
            assert await client.texts(2) == [(1, "customer", "Where is my order?"), (2, "agent", "On its way.")]
        async with connected(app, f"/contacts{CHAT}") as client:
            await client.hello(token, after=1)
            assert await client.texts(1) == [(2, "agent", "On its way.")]
