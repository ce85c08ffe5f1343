"""The web door: who is turned away, what is stored before it is answered, and what a fault does to others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import anyio
import pytest
from tests.asgi_client import Answer, ask, scope_of
from tests.contact_centre import ACCOUNT, Centre, Scripted, SteeredJournal, until

from orchestra.channels.port import Decoded
from orchestra.channels.wire import Handshake, HttpReply, RawRequest, Rejected
from orchestra.errors import DefinitionError
from orchestra.model import events as e
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock
from orchestra.testing.faults import JournalFault
from orchestra.web import WebApplication, WebLimits

PATH = f"/hooks/{ACCOUNT.route_key}"
PUBLIC = "https://shop.example/contacts"


class Door:
    """A contact centre and its web door."""

    def __init__(self, **limits: Any) -> None:
        self.centre = Centre(SteeredJournal(), VirtualClock())
        self.app = WebApplication(f"{PUBLIC}/", self.opened, limits=WebLimits(**limits))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Workspace]:
        async with self.centre.open() as workspace:
            yield workspace

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with self.opened() as workspace, self.app.serving(workspace):
            yield

    def written(self, text: str = "Hello") -> RawRequest:
        return self.centre.provider.customer_writes(text, at=START)

    async def post(self, request: RawRequest | None = None, path: str = PATH, **more: Any) -> Answer:
        request = request or self.written()
        return await ask(self.app, "POST", path, request.headers, request.body, **more)

    def texts(self) -> list[str | None]:
        return [event.text for event in self.centre.events(e.MessageReceived)]


@pytest.fixture
def door() -> Door:
    return Door()


async def test_news_are_stored_and_then_answered(door: Door) -> None:
    async with door.open(), anyio.create_task_group() as tasks:
        journal = door.centre.journal
        assert isinstance(journal, SteeredJournal)
        journal.hold()
        answers: list[Answer] = []

        async def post() -> None:
            answers.append(await door.post())

        tasks.start_soon(post)
        await journal.held()
        assert answers == []
        journal.let_pass()
        await until(lambda: bool(answers))
        assert answers[0].status == 200
        assert door.texts() == ["Hello"]


async def test_what_comes_twice_is_taken_once(door: Door) -> None:
    async with door.open():
        request = door.written()
        assert [(await door.post(request)).status for _ in range(3)] == [200] * 3
        assert door.texts() == ["Hello"]


async def test_the_address_is_the_configured_one(door: Door) -> None:
    seen: list[RawRequest] = []

    class Seeing(Scripted):
        def verify(self, *arguments: Any) -> Any:
            seen.append(arguments[0])
            return super().verify(*arguments)

    door.centre.adapter = Seeing()
    request = door.written()
    hostile = (("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Twice", "1"), ("X-Twice", "2"))
    async with door.open():
        await ask(door.app, "POST", f"{PATH}?a=%20b", (*hostile, *request.headers), request.body)
    assert seen[0].url == f"{PUBLIC}{PATH}?a=%20b"
    assert [value for name, value in seen[0].headers if name == "x-twice"] == ["1", "2"]
    assert seen[0].body == request.body


async def test_a_mounted_application_finds_its_routes(door: Door) -> None:
    async with door.open():
        assert (await door.post(path=f"/contacts{PATH}", root_path="/contacts")).status == 200


async def test_nobody_learns_which_keys_there_are(door: Door) -> None:
    """An unknown key, and a method that the account does not take, are answered byte for byte alike."""
    async with door.open():
        unknown = await door.post(path="/hooks/r-00000")
        answers = [await ask(door.app, method, PATH) for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW")]
        answers += [await ask(door.app, method, "/hooks/r-00000") for method in ("GET", "PUT", "OPTIONS")]
        answers += [await door.post(path=path) for path in ("/hooks/", "/hooks", f"{PATH}/x", "/hooks/" + "k" * 201)]
        answers += [await door.post(path=path) for path in ("/", "", "/other", "/hooksx/y")]
        assert unknown == Answer(404, {"content-length": "0"}, b"")
        assert {answer.status for answer in answers} == {404}
        assert all(answer == unknown for answer in answers)
        assert door.texts() == []


async def test_an_unknown_key_is_read_as_a_known_one_is() -> None:
    door = Door(body_bytes=10, body_within=timedelta(0))
    async with door.open():
        for path in (PATH, "/hooks/r-00000"):
            assert (await ask(door.app, "POST", path, [("Content-Length", "11")])).status == 413
            assert (await ask(door.app, "POST", path, body=[b"x" * 11])).status in (408, 413)
            assert (await ask(door.app, "POST", path, [("Content-Encoding", "gzip")])).status == 415
            assert (await ask(door.app, "POST", path, body=[b"x"], stays=None)).status == 408


async def test_who_goes_before_all_was_said_is_not_answered(door: Door) -> None:
    async with door.open():
        request = door.written()
        answer = await ask(door.app, "POST", PATH, request.headers, request.body, stays=False)
        assert answer.status is None
        assert door.texts() == []


async def test_what_is_not_genuine_is_refused_as_its_adapter_says(door: Door) -> None:
    async with door.open():
        request = door.written()
        assert (await ask(door.app, "POST", PATH, request.headers, request.body + b" ")).status == 401
        door.centre.adapter.on_verify = lambda: Rejected("nobody", status=403)
        assert (await door.post()).status == 403
        assert door.texts() == []


async def test_a_handshake_is_answered(door: Door) -> None:
    reply = HttpReply(headers=(("Content-Type", "text/plain"),), body=b"challenge")
    door.centre.adapter.on_verify = lambda: Handshake(reply)
    async with door.open():
        answer = await ask(door.app, "GET", PATH)
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"challenge", "text/plain")


@pytest.mark.parametrize("at_once", [1])
async def test_more_than_fit_at_once_come_later(at_once: int) -> None:
    door = Door(at_once=at_once)
    async with door.open(), anyio.create_task_group() as tasks:
        journal = door.centre.journal
        assert isinstance(journal, SteeredJournal)
        journal.hold()
        tasks.start_soon(door.post)
        await journal.held()
        answer = await door.post()
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        journal.let_pass()
    async with door.open():
        assert (await door.post()).status == 200


async def test_too_often_is_told_when_to_come_again() -> None:
    door = Door(per_account=1, per_peer=3)
    async with door.open():
        answers = [await door.post() for _ in range(11)]
        assert [answer.status for answer in answers] == [200] * 10 + [429]
        assert answers[-1].headers["retry-after"] == "1"
        other = [await door.post(client=("2001:db8::1", 1), path="/hooks/x") for _ in range(11)]
        assert [answer.status for answer in other] == [404] * 10 + [429]


async def test_one_peer_does_not_use_up_all_of_an_account() -> None:
    door = Door(per_account=100, per_peer=1)
    async with door.open():
        answers = [await door.post(client=("2001:db8::1", 1)) for _ in range(11)]
        assert answers[-1].status == 429
        assert (await door.post(client=("2001:db8::2", 1))).status == 429
        assert (await door.post(client=("2001:db8:0:1::2", 1))).status == 200
        assert [(await door.post(client=None)).status for _ in range(20)] == [200] * 20


async def test_what_could_not_be_stored_is_to_be_sent_again(door: Door) -> None:
    async with door.open():
        journal = door.centre.journal
        assert isinstance(journal, SteeredJournal)
        journal.fail(JournalFault.LOSE)
        request = door.written()
        answer = await door.post(request)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert (await door.post(request)).status == 200
        assert door.texts() == ["Hello"]


def _raise() -> Any:
    raise RuntimeError("a plug-in's fault that quotes secret-4711")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("on_verify", _raise),
        ("on_decode", _raise),
        ("on_verify", lambda: None),
        ("on_decode", lambda: None),
        ("on_decode", lambda: Decoded(reply=HttpReply(status=200, headers=(("X", "a\r\nb"),)))),
        ("on_decode", lambda: Decoded(reply=cast(HttpReply, None))),
    ],
)
async def test_an_adapters_fault_is_no_success_and_concerns_nobody_else(
    door: Door, name: str, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with door.open():
        setattr(door.centre.adapter, name, answer)
        assert (await door.post()).status == 500
        setattr(door.centre.adapter, name, None)
        assert (await door.post()).status == 200
    assert "secret-4711" not in caplog.text


async def test_health_tells_figures_and_nobodys_words(door: Door) -> None:
    app = door.app
    assert (await ask(app, "GET", "/health")).status == 503
    async with door.open():
        await door.post()
        answer = await ask(app, "GET", "/health")
        figures = json.loads(answer.body)
        assert (answer.status, figures["status"], figures["role"], figures["waiting"]) == (200, "ok", "owner", 1)
        assert figures["position"] == door.centre.journal.position()
        assert figures["append_latency"] >= 0
        assert b"customer-1" not in answer.body
        assert "provider_notices" not in figures
        assert answer.headers["cache-control"] == "no-store"
        assert (await ask(app, "POST", "/health")).status == 404
        assert (await ask(app, "GET", "/health/x")).status == 404
    assert json.loads((await ask(app, "GET", "/health")).body) == {"status": "unavailable"}


async def test_health_says_when_the_journal_cannot_be_read(door: Door) -> None:
    async with door.open():
        journal = door.centre.journal
        assert isinstance(journal, SteeredJournal)
        journal.reads_fail = True
        journal.fail(JournalFault.LOSE)
        assert (await door.post()).status == 503
        await until(lambda: journal.reads_fail)
        answer = await ask(door.app, "GET", "/health")
        assert (answer.status, json.loads(answer.body)) == (503, {"status": "unavailable"})
        journal.reads_fail = False


async def test_before_and_after_nothing_is_taken(door: Door) -> None:
    answer = await door.post()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    async with door.open():
        pass
    assert (await door.post()).status == 503


async def lived(app: Any, between: Any) -> list[Any]:
    """What an application says in the course of a server's life."""
    sent: list[Any] = []
    started = anyio.Event()
    may_end = anyio.Event()
    events = iter([started, may_end])

    async def receive() -> Any:
        event = next(events)
        if event is may_end:
            await may_end.wait()
        return {"type": "lifespan.startup" if event is started else "lifespan.shutdown"}

    async def send(message: Any) -> None:
        sent.append(message)
        started.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, {"type": "lifespan"}, receive, send)
        await started.wait()
        await between()
        may_end.set()
    return sent


async def test_the_servers_life_is_the_workspaces(door: Door) -> None:
    async def between() -> None:
        assert (await door.post()).status == 200

    said = await lived(door.app, between)
    assert [message["type"] for message in said] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (await door.post()).status == 503


async def test_a_host_that_opens_the_workspace_itself_has_a_life_too() -> None:
    async def between() -> None:
        pass

    said = await lived(WebApplication(PUBLIC), between)
    assert [message["type"] for message in said] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_setup_that_is_wrong_is_told_at_the_start() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await WebApplication(PUBLIC, lambda: Workspace.open("missing.toml"))({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "missing.toml" in sent[0]["message"]


@pytest.mark.parametrize("url", ["", "shop.example", "ftp://shop.example", "https://x?y", "https://x#y"])
def test_a_public_address_is_one(url: str) -> None:
    with pytest.raises(DefinitionError, match="public_url"):
        WebApplication(url)


async def test_a_socket_is_for_nobody_here(door: Door) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await door.app({**scope_of("GET", "/nothing"), "type": "websocket"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1013}]
