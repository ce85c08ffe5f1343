"""Forms through the web door: stored, then answered with the case's number, and taken once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.asgi_client import Answer, ask
from tests.contract.test_web_form import ACCOUNT

from orchestra.channels.web_form import WebFormAdapter, form_token
from orchestra.codec import decode_event
from orchestra.journal.memory import MemoryJournal
from orchestra.model import events as e
from orchestra.model.plan import Plan
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace
from orchestra.web import WebApplication

PLAN = Plan.parse("""
workspace = { name = "shop", default_queue = "care" }
teams.care = {}
queues.care.team = "care"
channels.form = {}
""")
PATH = f"/hooks/{ACCOUNT.route_key}"
ORIGIN = ("Origin", "https://shop.example")


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
async def app(journal: MemoryJournal) -> AsyncIterator[WebApplication]:
    app = WebApplication("https://door.example")
    lines = [Line("form", WebFormAdapter(), ACCOUNT)]
    async with Workspace.open(PLAN, journal, channels=lines) as workspace, app.serving(workspace):
        yield app


async def send(app: WebApplication, **fields: Any) -> Answer:
    token = form_token(ACCOUNT, datetime.now(UTC) - timedelta(minutes=1))
    told = {"email": "jo@example.org", "message": "Hello", "form_token": token, **fields}
    headers = [ORIGIN, ("Content-Type", "application/json")]
    return await ask(app, "POST", PATH, headers, json.dumps(told).encode())


async def test_a_form_is_answered_with_its_case_however_often_it_is_sent(
    app: WebApplication, journal: MemoryJournal
) -> None:
    answers = [await send(app, form_id="f-1") for _ in range(2)]
    assert [(answer.status, json.loads(answer.body)) for answer in answers] == [(200, {"case": "C-000001"})] * 2
    assert json.loads((await send(app, form_id="f-2", email="ann@example.org")).body) == {"case": "C-000002"}
    received = [event for event in map(decode_event, journal.read()) if isinstance(event, e.MessageReceived)]
    assert [(event.message_id, event.text) for event in received] == [("f-1", "Hello"), ("f-2", "Hello")]


async def test_an_address_that_is_none_is_told(app: WebApplication, journal: MemoryJournal) -> None:
    answer = await send(app, email="not an address")
    assert answer.status == 422
    assert json.loads(answer.body)["faults"][0]["field"] == "email"
    assert [record.type for record in journal.read() if record.type == "MessageReceived"] == []


async def test_a_page_gets_a_token_that_is_too_young_for_a_machine(app: WebApplication) -> None:
    answer = await ask(app, "GET", PATH, [ORIGIN])
    token = json.loads(answer.body)["form_token"]
    assert (await send(app, form_token=token)).status == 403
    assert (await ask(app, "OPTIONS", PATH, [ORIGIN])).status == 204
