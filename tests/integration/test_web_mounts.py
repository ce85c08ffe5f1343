"""The web door mounted in frameworks, and run by real servers: webhooks are taken, the rest is the host's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import attrs
import pytest
from tests.asgi_client import Answer, Application, ask
from tests.contact_centre import ACCOUNT, Centre

from orchestra.channels.loopback.transport import LoopbackProvider
from orchestra.channels.wire import RawRequest
from orchestra.model import events as e
from orchestra.web import WebApplication

ROOT = Path(__file__).resolve().parents[2]
PATH = f"/contacts/hooks/{ACCOUNT.route_key}"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that Django and the servers run on


def written(text: str = "Hello") -> RawRequest:
    return LoopbackProvider(ACCOUNT).customer_writes(text, at=datetime.now(UTC))


async def taken_and_refused(app: Application, centre: Centre, hosts_own: str) -> None:
    """A webhook is taken, a forged one is not, and the host's own page is still its own."""
    request = written()
    assert (await ask(app, "POST", PATH, request.headers, request.body)).status == 200
    assert (await ask(app, "POST", PATH, request.headers, request.body + b" ")).status == 401
    assert (await ask(app, "GET", PATH)).status == 404
    assert [event.text for event in centre.events(e.MessageReceived)] == ["Hello"]
    health = json.loads((await ask(app, "GET", "/contacts/health")).body)
    assert (health["status"], health["waiting"]) == ("ok", 1)
    own: Answer = await ask(app, "GET", "/own")
    assert (own.status, own.body.decode()) == (200, hosts_own)


@asynccontextmanager
async def living(app: Any) -> AsyncIterator[None]:
    """The lifespan of a Starlette application, as a server has it run."""
    async with app.router.lifespan_context(app):
        yield


async def test_in_starlette() -> None:
    from starlette.applications import Starlette  # noqa: PLC0415 - each host in its own test
    from starlette.responses import PlainTextResponse  # noqa: PLC0415 - as above
    from starlette.routing import Mount, Route  # noqa: PLC0415 - as above

    centre, door = Centre(), WebApplication("https://shop.example/contacts")

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        async with centre.open() as workspace, door.serving(workspace):
            yield

    async def own(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("own")

    host = Starlette(routes=[Route("/own", own), Mount("/contacts", door)], lifespan=lifespan)
    async with living(host):
        await taken_and_refused(host, centre, "own")


async def test_in_fastapi() -> None:
    from fastapi import FastAPI  # noqa: PLC0415 - each host in its own test

    centre, door = Centre(), WebApplication("https://shop.example/contacts")

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        async with centre.open() as workspace, door.serving(workspace):
            yield

    host = FastAPI(lifespan=lifespan)

    @host.get("/own")
    async def own() -> str:
        return "own"

    host.mount("/contacts", door)
    async with living(host):
        await taken_and_refused(host, centre, '"own"')


async def test_in_quart() -> None:
    from quart import Quart  # noqa: PLC0415 - each host in its own test

    centre, door, site = Centre(), WebApplication("https://shop.example/contacts"), Quart(__name__)

    @site.route("/own")
    async def own() -> str:
        return "own"

    async def host(scope: Any, receive: Any, send: Any) -> None:
        """What `site.asgi_app` is set to: Quart knows no mount points."""
        if scope["path"].startswith("/contacts/"):
            await door({**scope, "root_path": "/contacts"}, receive, send)
        else:
            await quarts_own(scope, receive, send)

    quarts_own = site.asgi_app
    site.asgi_app = host  # type: ignore[method-assign] - so Quart's own documentation has it
    async with centre.open() as workspace, door.serving(workspace):
        await taken_and_refused(site, centre, "own")


async def test_in_django() -> None:
    from django.conf import settings  # noqa: PLC0415 - each host in its own test

    if not settings.configured:
        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", LOGGING_CONFIG=None)
    from django.core.handlers.asgi import ASGIHandler  # noqa: PLC0415 - needs the settings
    from django.test import override_settings  # noqa: PLC0415 - as above

    centre, door, site = Centre(), WebApplication("https://shop.example/contacts"), ASGIHandler()

    async def host(scope: Any, receive: Any, send: Any) -> None:
        """What stands in the site's asgi.py: Django itself knows no mount points."""
        if scope["path"].startswith("/contacts/"):
            await door({**scope, "root_path": "/contacts"}, receive, send)
        else:
            await site(scope, receive, send)

    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"]):
        async with centre.open() as workspace, door.serving(workspace):
            await taken_and_refused(host, centre, "own")


def _own(_request: Any) -> Any:
    from django.http import HttpResponse  # noqa: PLC0415 - needs the settings

    return HttpResponse("own")


class _Routes(list[Any]):
    """Django's routes, made when they are first asked for: making one needs the settings."""

    def __iter__(self) -> Iterator[Any]:
        from django.urls import path  # noqa: PLC0415 - needs the settings

        return iter([path("own", _own)])

    def __reversed__(self) -> Iterator[Any]:
        return iter(self)


urlpatterns = _Routes()

SERVERS = {
    "uvicorn": ("uvicorn", "--port", "0", "--host", "127.0.0.1"),
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:0"),
}


@contextmanager
def served(server: str, folder: Path) -> Iterator[str]:
    """The example application, run by a real server; gives its address."""
    environment = {
        "CHAT_SIGNING_SECRET": ACCOUNT.secret_values("signing")[0],
        "CHAT_ROUTE_KEY": ACCOUNT.route_key,
        "CONTACTS": f"sqlite:{folder}/contacts.db",
    }

    command = [sys.executable, "-m", *SERVERS[server], "examples.asgi_app:app"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        told: list[str] = []
        for line in process.stderr:
            told.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                break
        try:
            assert found, "".join(told)
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert process.returncode in (0, -15)


def status_of(url: str, request: RawRequest | None = None, **headers: str) -> int:
    fields = {**dict(request.headers if request else ()), **headers}
    try:
        with urlopen(Request(url, request.body if request else None, fields), timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize("server", SERVERS)
def test_under_a_real_server(server: str, tmp_path: Path) -> None:
    account = attrs.evolve(ACCOUNT, id="shop")
    request = LoopbackProvider(account).customer_writes("Where is my order?", at=datetime.now(UTC))
    for _ in range(2):  # what the second server opens is what the first one left
        with served(server, tmp_path) as url:
            hook = f"{url}/hooks/{ACCOUNT.route_key}"
            assert status_of(hook, request) == 200
            assert status_of(hook) == status_of(f"{url}/hooks/other", request) == 404
            assert status_of(hook, request, **{"Content-Encoding": "gzip"}) == 415
            with urlopen(f"{url}/health", timeout=30) as answer:
                assert json.loads(answer.read())["waiting"] == 1
