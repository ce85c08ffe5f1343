"""Files that customers send: fetched on demand, kept with them, erased with them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import ACCOUNT, PLAN, message
from typing_extensions import override

from orchestra.channels.account import Account
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.parts import MediaKind, MediaRef
from orchestra.channels.sending import Interpreted, Next, Refused
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, StepResult, WireStep
from orchestra.errors import DeliveryRefused, DeliveryUnavailable, InvalidCommand, UnknownId
from orchestra.journal.media import FolderMediaStore
from orchestra.model import commands as c, events as e
from orchestra.runtime.filing import MediaKeeping
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace

PICTURE = b"\x89PNG..."
DIGEST = hashlib.sha256(PICTURE).hexdigest()
REF = MediaRef(ref="https://files.example/a.png", kind=MediaKind.IMAGE, content_type="image/png")
FOUND = HttpAnswer(status=200, headers=(("Content-Type", "image/png"),), body=PICTURE)


@attrs.define
class Wire:
    """A transport that answers in turn, and remembers what was asked; `hold` keeps it from answering."""

    answers: list[StepResult]
    asked: list[HttpStep] = attrs.field(factory=list)
    hold: anyio.Event | None = None
    began: anyio.Event = attrs.field(factory=anyio.Event)

    async def perform(self, step: WireStep) -> StepResult:
        assert isinstance(step, HttpStep)
        self.asked.append(step)
        self.began.set()
        if self.hold is not None:
            await self.hold.wait()
        return self.answers.pop(0)


class Guarded(LoopbackAdapter):
    """Files have ids: one asks for the address, with a token, and then for the file."""

    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        if not media_ref.ref.isdecimal():
            return Refused("no_id", "files have ids")
        return HttpStep(
            idempotency_key="fetch", method="GET", url=f"https://api.example/{media_ref.ref}", headers=(("Token", "t"),)
        )

    @override
    def interpret(self, step: WireStep, result: StepResult, now: Any) -> Interpreted:
        if isinstance(result, HttpAnswer) and result.body.startswith(b"at "):
            url = result.body[3:].decode()
            return Next(HttpStep(idempotency_key="fetch", method="GET", url=url, headers=(("Token", "t"),)))
        return super().interpret(step, result, now)


@asynccontextmanager
async def opened(
    tmp_path: Path, wire: Wire, adapter: LoopbackAdapter | None = None, **settings: Any
) -> AsyncGenerator[Workspace]:
    """A workspace that joe wrote to, and that keeps files."""
    keeping = MediaKeeping(store=FolderMediaStore(tmp_path), transport=wire, **settings)
    line = Line("chat", adapter or LoopbackAdapter(), ACCOUNT)
    async with Workspace.open(PLAN, channels=[line], media=keeping) as workspace:
        await workspace.receive(message(1))
        yield workspace


def kept_in(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


async def test_a_file_is_fetched_and_kept(tmp_path: Path) -> None:
    wire = Wire([FOUND, FOUND])
    async with opened(tmp_path, wire) as workspace:
        for _ in range(2):
            kept = await workspace.fetch_media("cu1", REF, channel="chat")
            assert (kept.digest, kept.content_type, kept.data) == (DIGEST, "image/png", PICTURE)
    assert [(step.method, step.url, step.headers) for step in wire.asked] == [("GET", REF.ref, ())] * 2
    assert FolderMediaStore(tmp_path).find("cu1", DIGEST) == kept
    assert kept_in(tmp_path) == 1


async def test_bytes_that_came_with_the_message_are_not_fetched(tmp_path: Path) -> None:
    async with opened(tmp_path, Wire([])) as workspace:
        kept = await workspace.fetch_media("cu1", attrs.evolve(REF, data=PICTURE), channel="chat")
    assert kept.digest == DIGEST


async def test_an_adapter_leads_from_the_id_to_the_file(tmp_path: Path) -> None:
    wire = Wire([HttpAnswer(status=200, body=b"at https://files.example/17"), FOUND])
    async with opened(tmp_path, wire, Guarded()) as workspace:
        await workspace.fetch_media("cu1", attrs.evolve(REF, ref="17"), channel="chat")
        with pytest.raises(DeliveryRefused, match="no_id"):
            await workspace.fetch_media("cu1", REF, channel="chat")
    assert [step.url for step in wire.asked] == ["https://api.example/17", "https://files.example/17"]


async def test_a_redirect_is_followed_without_what_proves_who_we_are(tmp_path: Path) -> None:
    moved = HttpAnswer(status=307, headers=(("Location", "/elsewhere"),))
    wire = Wire([moved, FOUND])
    async with opened(tmp_path, wire, Guarded()) as workspace:
        await workspace.fetch_media("cu1", attrs.evolve(REF, ref="17"), channel="chat")
    assert [(step.url, step.headers) for step in wire.asked] == [
        ("https://api.example/17", (("Token", "t"),)),
        ("https://api.example/elsewhere", ()),
    ]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([HttpAnswer(status=404)], "http_404"),
        ([NoAnswer(NoAnswerReason.NOT_ALLOWED, may_have_arrived=False)], "not_allowed"),
        ([HttpAnswer(status=302)], "moved_nowhere"),
        ([HttpAnswer(status=302, headers=(("Location", "https://a.example/"),))] * 9, "too_many_steps"),
        ([attrs.evolve(FOUND, headers=(("Content-Type", "text/html"),))], "content_type"),
        ([attrs.evolve(FOUND, headers=(("Content-Type", "image/svg+xml; charset=utf-8"),))], "content_type"),
        ([attrs.evolve(FOUND, body=b"x" * 101)], "too_large"),
    ],
)
async def test_what_cannot_be_had(tmp_path: Path, answers: list[StepResult], code: str) -> None:
    async with opened(tmp_path, Wire(list(answers)), most_bytes=100) as workspace:
        with pytest.raises(DeliveryRefused) as caught:
            await workspace.fetch_media("cu1", REF, channel="chat")
    assert caught.value.code == code
    assert kept_in(tmp_path) == 0


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (HttpAnswer(status=503, headers=(("Retry-After", "7"),)), timedelta(seconds=7)),
        (NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), None),
        (NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), None),
    ],
)
async def test_what_cannot_be_had_now(tmp_path: Path, answer: StepResult, after: timedelta | None) -> None:
    async with opened(tmp_path, Wire([answer])) as workspace:
        with pytest.raises(DeliveryUnavailable) as caught:
            await workspace.fetch_media("cu1", REF, channel="chat")
    assert caught.value.retry_after_us == (None if after is None else after // timedelta(microseconds=1))


async def test_what_is_asked_for_must_be_there(tmp_path: Path) -> None:
    async with opened(tmp_path, Wire([])) as workspace:
        with pytest.raises(UnknownId):
            await workspace.fetch_media("cu9", REF, channel="chat")
        with pytest.raises(UnknownId):
            await workspace.fetch_media("cu1", REF, channel="chat", account="other")
    async with Workspace.open(PLAN, channels=[Line("chat", LoopbackAdapter(), ACCOUNT)]) as workspace:
        await workspace.receive(message(1))
        with pytest.raises(InvalidCommand, match="MediaKeeping"):
            await workspace.fetch_media("cu1", REF, channel="chat")


async def test_files_are_erased_with_their_customer(tmp_path: Path) -> None:
    async with opened(tmp_path, Wire([FOUND, FOUND])) as workspace:
        await workspace.receive(message(2, sender="jane"))
        await workspace.fetch_media("cu1", REF, channel="chat")
        await workspace.fetch_media("cu2", REF, channel="chat")
        await workspace.execute(c.EraseCustomer("cu1", "asked"))
        done = workspace.events(0, [e.ErasureDone])
        await anext(done)
        await done.aclose()
        assert FolderMediaStore(tmp_path).find("cu1", DIGEST) is None
        assert FolderMediaStore(tmp_path).find("cu2", DIGEST) is not None
        with pytest.raises(UnknownId):
            await workspace.fetch_media("cu1", REF, channel="chat")


async def test_a_file_that_comes_while_its_customer_is_erased_does_not_stay(tmp_path: Path) -> None:
    wire = Wire([FOUND], hold=anyio.Event())
    refused = list[bool]()

    async def fetch(workspace: Workspace) -> None:
        with pytest.raises(UnknownId):
            await workspace.fetch_media("cu1", REF, channel="chat")
        refused.append(True)

    async with opened(tmp_path, wire) as workspace, anyio.create_task_group() as tasks:
        tasks.start_soon(fetch, workspace)
        await wire.began.wait()
        await workspace.execute(c.EraseCustomer("cu1", "asked"))
        done = workspace.events(0, [e.ErasureDone])
        await anext(done)
        await done.aclose()
        assert wire.hold is not None
        wire.hold.set()
    assert refused == [True]
    assert kept_in(tmp_path) == 0
