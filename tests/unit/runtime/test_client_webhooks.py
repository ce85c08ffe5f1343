"""Webhooks that come to a process which does not own the workspace: stored by the owner, then answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.asgi_client import ask
from tests.contact_centre import ACCOUNT, PLAN, Centre

from orchestra.channels.loopback.transport import LoopbackProvider
from orchestra.channels.wire import RawRequest
from orchestra.errors import DefinitionError
from orchestra.journal.registry import open_journal
from orchestra.model import events as e
from orchestra.runtime.client import connect
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace
from orchestra.web import WebApplication


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path}/contacts.db"


def written() -> RawRequest:
    return LoopbackProvider(ACCOUNT).customer_writes("Hello", at=datetime.now(UTC))


def centre_of(url: str) -> Centre:
    return Centre(open_journal(url))


async def test_the_owner_stores_it_and_a_second_time_nothing_more(url: str) -> None:
    line, request = Centre().line, written()
    async with (
        Workspace.open(PLAN, url) as workspace,
        connect(url, channels=[line]) as client,
    ):
        assert (await client.webhook(ACCOUNT.route_key, request)).status == 200
        assert (await client.webhook(ACCOUNT.route_key, request)).status == 200
        assert (await client.webhook("another", request)).status == 404
        assert workspace.health().waiting == 1
    assert [event.text for event in centre_of(url).events(e.MessageReceived)] == ["Hello"]


async def test_without_an_owner_it_is_to_be_sent_again(url: str) -> None:
    line, request = Centre().line, written()
    async with Workspace.open(PLAN, url):
        pass
    app = WebApplication("https://shop.example", lambda: connect(url, channels=[line], patience_s=0.01))
    async with connect(url, channels=[line], patience_s=0.01) as client, app.serving(client):
        answer = await ask(app, "POST", f"/hooks/{ACCOUNT.route_key}", request.headers, request.body)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        health = await ask(app, "GET", "/health")
        assert health.status == 200
        assert b'"role":"worker"' in health.body
    # What it left in the inbox is decided once, and what the provider sends again is known.
    async with Workspace.open(PLAN, url) as workspace, connect(url, channels=[line]) as client:
        assert (await client.webhook(ACCOUNT.route_key, request)).status == 200
        assert workspace.health().waiting == 1


async def test_a_line_that_the_plan_does_not_have_is_refused(url: str) -> None:
    async with Workspace.open(PLAN, url):
        pass
    with pytest.raises(DefinitionError, match=r"channels\.fax"):
        async with connect(url, channels=[Line("fax", Centre().adapter, ACCOUNT)]):
            pass
