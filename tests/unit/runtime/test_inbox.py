"""Commands of other processes: each takes effect once, whatever fails; the same id always gets the same answer."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread
from tests.contact_centre import PLAN, Centre, SteeredJournal, message, turns

from orchestra.codec import decode_result, encode_command
from orchestra.engine.engine import Engine
from orchestra.errors import (
    CommandRefused,
    DefinitionError,
    InvalidCommand,
    InvalidData,
    JournalUnavailable,
    OfferExpired,
    UnknownId,
)
from orchestra.journal import chain
from orchestra.journal.chain import Row
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.registry import is_absent, open_journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import events as e
from orchestra.model.commands import AcceptOffer, CancelInteraction, Command, DeclineOffer, SendMessage, SignIn
from orchestra.model.plan import Plan
from orchestra.model.records import Request
from orchestra.model.results import Accepted, CaseRef, Received
from orchestra.runtime.client import Client, connect
from orchestra.runtime.inbound import receive
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.workspace import Workspace
from orchestra.testing.faults import JournalFault


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "contacts.db"


@pytest.fixture
def centre(file: Path) -> Generator[Centre]:
    journal = SteeredJournal(SqliteJournal(file))
    yield Centre(journal)
    journal.close()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but the commands themselves change the journal: each renewal would wake whoever overslept."""
    monkeypatch.setattr("orchestra.runtime.owner.LEASE_TTL_US", 3_600_000_000)


@asynccontextmanager
async def both(centre: Centre, file: Path, **more: Any) -> AsyncGenerator[tuple[Workspace, Client]]:
    """The workspace, and somebody who is connected to it."""
    async with centre.open() as workspace, connect(f"sqlite:{file}", **more) as client:
        yield workspace, client


async def test_a_command_is_answered_with_its_result(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (workspace, client):
        received = await client.receive(message(1))
        assert received == Received("cu1", "in1", CaseRef("ca1", "C-000001"), "me1")
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        accepted = await client.execute(AcceptOffer(offer.id, "ana", offer.token))
        assert isinstance(accepted, Accepted)
        assert accepted.case == received.case
        assert await client.execute(SignIn("ben")) is None


async def test_refusals_come_as_they_are(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (workspace, client):
        await client.receive(message(1))
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        await client.execute(DeclineOffer(offer.id, "ana", offer.token))
        with pytest.raises(OfferExpired) as expired:
            await client.execute(AcceptOffer(offer.id, "ana", offer.token))
        assert (expired.value.offer, expired.value.state) == (offer.id, "DECLINED")
        with pytest.raises(UnknownId) as unknown:
            await client.execute(AcceptOffer("of99", "ana", 1))
        assert (unknown.value.kind, unknown.value.id) == ("offer", "of99")


async def test_the_same_id_gets_the_same_answer(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (_, client):
        received = await client.receive(message(1))
        command = SendMessage(received.case.id, "k1", text="News")
        first = await client.execute(command, "request-1")
        again = await client.execute(SendMessage(received.case.id, "k1", text="News"), "request-1")
        assert first == again
        refused = AcceptOffer("of99", "ana", 1)
        for _ in range(2):
            with pytest.raises(UnknownId):
                await client.execute(refused, "request-2")
        with pytest.raises(InvalidData):
            await client.execute(SignIn("ana"), "request-1")
    assert centre.counts()["DeliveryPlanned"] == 1


async def test_an_id_answered_by_an_earlier_owner_keeps_its_answer(centre: Centre, file: Path) -> None:
    command = receive(message(1), WorkspaceKey.of(PLAN))
    async with both(centre, file) as (_, client):
        first = await client.execute(command, "request-1")
    async with both(centre, file) as (_, client):
        assert await client.execute(command, "request-1") == first
    assert centre.counts()["MessageReceived"] == 1


async def test_what_was_asked_while_nobody_owned_it_is_done_by_the_next_owner(centre: Centre, file: Path) -> None:
    async with centre.open():
        pass
    async with connect(f"sqlite:{file}", patience_s=0.01) as client:
        with pytest.raises(JournalUnavailable, match="no owner answered") as caught:
            await client.execute(SignIn("ana"), "request-1")
        assert caught.value.outcome_unknown
    async with both(centre, file) as (workspace, client):
        assert await client.execute(SignIn("ana"), "request-1") is None
        assert workspace.health().agents_taking_work == 1
    assert centre.counts()["AgentSignedIn"] == 1


async def test_many_callers_at_once(centre: Centre, file: Path) -> None:
    async with (
        both(centre, file) as (workspace, client),
        connect(f"sqlite:{file}") as other,
        anyio.create_task_group() as tasks,
    ):
        for number in range(50):
            tasks.start_soon(client.receive, message(f"a{number}", sender=f"joe-{number}"))
            tasks.start_soon(other.receive, message(f"b{number}", sender=f"jim-{number}"))
            tasks.start_soon(workspace.receive, message(f"c{number}", sender=f"ann-{number}"))
    assert centre.counts()["MessageReceived"] == 150


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"command":"Nonsense","version":1}', '{"command":"SignIn","version":1}', "null", "7" * 5000],
)
async def test_what_is_no_command_is_answered_so(centre: Centre, file: Path, text: str) -> None:
    async with both(centre, file) as (_, client):
        await to_thread.run_sync(client.journal.inbox.submit, "bad", text)
        await client.execute(SignIn("ana"))
        with pytest.raises(InvalidCommand) as caught:
            await _answer(client, "bad")
        assert caught.value.field == "command"


async def _answer(client: Client, request_id: str) -> Any:
    result = await to_thread.run_sync(client.journal.inbox.result, request_id)
    assert result is not None
    answer = decode_result(result)
    if isinstance(answer, CommandRefused):
        raise answer
    return answer


async def test_a_command_that_breaks_the_engine_is_answered_and_set_aside(
    centre: Centre, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Engine.execute

    def execute(self: Engine, command: Command, at_us: int, *absent: Any) -> Any:
        decided = original(self, command, at_us, *absent)
        if isinstance(command, SignIn) and command.agent == "ben":
            raise KeyError("planted")
        return decided

    monkeypatch.setattr(Engine, "execute", execute)
    async with both(centre, file) as (workspace, client):
        outcomes: dict[str, str] = {}

        async def sign_in(agent: str, device: str) -> None:
            try:
                await client.execute(SignIn(agent, device), f"{agent}-{device}")
                outcomes[f"{agent}-{device}"] = "done"
            except CommandRefused as error:
                outcomes[f"{agent}-{device}"] = str(error)

        async with anyio.create_task_group() as tasks:
            for device in ("one", "two", "three"):
                tasks.start_soon(sign_in, "ana", device)
                tasks.start_soon(sign_in, "ben", device)
        assert [outcomes[f"ana-{device}"] for device in ("one", "two", "three")] == ["done"] * 3
        assert all("broke the engine" in outcomes[f"ben-{device}"] for device in ("one", "two", "three"))
        assert workspace.health().quarantined == 3
    assert {event.agent for event in centre.events(e.AgentSignedIn)} == {"ana"}


@pytest.mark.parametrize("fault", [JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE])
async def test_an_append_that_fails_is_made_good(centre: Centre, file: Path, fault: JournalFault) -> None:
    """Whoever asks through the inbox does not notice: the request is still there, or its answer is."""
    assert isinstance(centre.journal, SteeredJournal)
    async with both(centre, file, patience_s=8) as (_, client):
        received = await client.receive(message(1))
        centre.journal.fail(fault, fault)
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(client.execute, SendMessage(received.case.id, f"k{number}", text="News"))
    assert centre.counts()["DeliveryPlanned"] == 10


class LateReader(SteeredJournal):
    """A journal whose inbox is read slowly: what was read comes only after an append that ended meanwhile."""

    def __init__(self, inner: SqliteJournal) -> None:
        super().__init__(inner)
        self.stale = threading.Event()
        self.appended = threading.Event()
        original = self.inbox.waiting

        def waiting(limit: int = 1000) -> Sequence[Request]:
            requests = original(limit)
            if requests and self.stale.is_set():
                self.let_pass()
                assert self.appended.wait(30)
                self.stale.clear()
            return requests

        self.inbox.waiting = waiting  # type: ignore[method-assign]

    def append(self, *arguments: Any) -> int:
        position = super().append(*arguments)
        self.appended.set()
        return position


async def test_a_request_read_before_its_answer_was_stored_is_not_answered_again(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = LateReader(SqliteJournal(file))
    centre = Centre(journal)
    async with both(centre, file) as (_, client):
        received = await client.receive(message(1))
        journal.hold()
        journal.appended.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.execute, SendMessage(received.case.id, "k1", text="News"), "request-1")
            await journal.held()
            journal.stale.set()
        await client.execute(SendMessage(received.case.id, "k2", text="News"), "request-2")
    assert centre.counts()["DeliveryPlanned"] == 2
    assert "append failed" not in caplog.text
    journal.close()


async def test_an_inbox_that_cannot_be_read_is_read_later(
    centre: Centre, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    original = centre.journal.inbox.waiting
    calls: list[int] = []

    def waiting(limit: int = 1000) -> Sequence[Request]:
        calls.append(limit)
        if len(calls) < 4:
            raise JournalUnavailable("as planned")
        return original(limit)

    centre.journal.inbox.waiting = waiting  # type: ignore[method-assign]
    async with both(centre, file) as (_, client):
        assert await client.execute(SignIn("ana")) is None
    assert "inbox not read" in caplog.text


async def test_what_is_answered_is_under_way_no_more_though_a_look_failed(centre: Centre, file: Path) -> None:
    original = centre.journal.inbox.waiting
    faults: list[str] = []

    async with both(centre, file) as (workspace, client):
        owner = workspace._owner

        def waiting(limit: int = 1000) -> Sequence[Request]:
            if owner.answered and not faults:
                faults.append("as planned")
                raise JournalUnavailable("as planned")
            return original(limit)

        centre.journal.inbox.waiting = waiting  # type: ignore[method-assign]
        await client.execute(SignIn("ana"))
        with anyio.fail_after(8):
            while not faults or owner.under_way:
                await anyio.lowlevel.checkpoint()
        assert owner.answered == set()


async def test_old_answers_are_forgotten(centre: Centre, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with both(centre, file) as (_, client):
        await client.execute(SignIn("ana"), "request-1")
    async with both(centre, file):
        assert centre.journal.inbox.result("request-1") is not None
    monkeypatch.setattr("orchestra.runtime.answering._KEEP_ANSWERS_US", -1_000_000)
    async with both(centre, file):
        with anyio.fail_after(30):
            while centre.journal.inbox.result("request-1") is not None:
                await turns()


# What a client reads by itself


async def test_a_client_follows_the_feed(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (_, client):
        for number in range(3):
            await client.receive(message(number))
        async with aclosing(client.events(types=[e.MessageReceived])) as entries:
            found = [(await anext(entries)).position for _ in range(3)]
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.receive, message("late"))
                found.append((await anext(entries)).position)
        async with aclosing(client.events(after=found[0])) as entries:
            assert (await anext(entries)).position == found[0] + 1
    assert found == [record.position for record in centre.records() if record.type == "MessageReceived"]


async def test_a_client_reads_histories(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (workspace, client):
        received = await client.receive(message(1))
        assert await client.timeline("cu1") == await workspace.timeline("cu1")
        assert client.reply_token(received.case.id) == workspace.reply_token(received.case.id)
        with pytest.raises(UnknownId):
            await client.timeline("cu99")


async def test_connecting_reads_plans_only(centre: Centre, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proved: list[str] = []

    def prove(row: Row, previous: bytes) -> bytes:
        proved.append(row[2])
        return chain.prove(row, previous)

    async with centre.open() as workspace:
        for number in range(20):
            await workspace.receive(message(number))
    for name in ("second", "third"):
        changed = Plan.parse(f"""
            workspace = {{ name = "tests", default_queue = "care" }}
            teams = {{ care = {{}}, {name} = {{}} }}
            queues.care.team = "care"
            channels.chat.live = true
        """)
        async with Workspace.open(changed, centre.journal):
            pass
    monkeypatch.setattr("orchestra.journal.sqlite_reading.prove", prove)
    async with connect(f"sqlite:{file}") as client:
        assert set(client.plan.teams) == {"care", "third"}
    assert proved == ["PlanChanged"] * 3


async def test_an_owner_explains_without_searching(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        expected = await workspace.explain(received.interaction)
        monkeypatch.setattr("orchestra.runtime.history.explain.whose", None)
        assert await workspace.explain(received.interaction) == expected
        monkeypatch.undo()
        with pytest.raises(UnknownId):
            await workspace.explain("in99")


async def test_nobody_can_connect_before_it_was_ever_opened(file: Path) -> None:
    with pytest.raises(DefinitionError, match=f"nobody has opened a workspace at sqlite:{file} yet: .*mend the URL"):
        async with connect(f"sqlite:{file}?synchronous=NORMAL"):
            pytest.fail("connected to nothing")
    assert is_absent(f"sqlite:{file}")


async def test_a_journal_without_a_plan_was_never_opened(file: Path) -> None:
    open_journal(f"sqlite:{file}").close()
    with pytest.raises(DefinitionError, match=f"nobody has opened a workspace at sqlite:{file} yet"):
        async with connect(f"sqlite:{file}"):
            pytest.fail("connected to nothing")


async def test_a_client_needs_the_workspace_s_key(file: Path) -> None:
    plan = Plan.parse("""
        workspace = { default_queue = "care", key = "CONTACT_KEY" }
        teams.care = {}
        queues.care.team = "care"
        channels.chat = {}
    """)
    secrets = {"CONTACT_KEY": "0123456789abcdef"}
    async with Workspace.open(plan, f"sqlite:{file}", secrets=secrets):
        async with connect(f"sqlite:{file}", secrets=secrets) as client:
            await client.receive(message(1))
        with pytest.raises(DefinitionError, match="not the key"):
            async with connect(f"sqlite:{file}", secrets={"CONTACT_KEY": "fedcba9876543210"}):
                pytest.fail("connected with another key")
        with pytest.raises(DefinitionError, match="is not set"):
            async with connect(f"sqlite:{file}"):
                pytest.fail("connected without a key")
    with pytest.raises(DefinitionError):
        async with Workspace.open(plan, f"sqlite:{file}", secrets={"CONTACT_KEY": "fedcba9876543210"}):
            pytest.fail("opened with another key")


async def test_a_surrogate_never_reaches_the_inbox(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (_, client):
        with pytest.raises(InvalidCommand, match="surrogate"):
            await client.execute(SignIn("\ud800"))
        with pytest.raises(InvalidData):
            encode_command(SignIn("\ud800"))


@pytest.mark.parametrize("door", ["own", "inbox"])
async def test_absurdly_long_texts_are_refused_at_every_door(door: str) -> None:
    journal = MemoryJournal()
    async with Workspace.open(PLAN, journal) as workspace:
        command = CancelInteraction("in1", "x" * 2001)
        if door == "own":
            with pytest.raises(InvalidCommand, match="reason: must be at most 2000"):
                await workspace.execute(command)
            return
        journal.inbox.submit("r1", encode_command(command))
        while (answer := journal.inbox.result("r1")) is None:  # noqa: ASYNC110
            await anyio.sleep(0.005)
        with pytest.raises(InvalidCommand, match="reason: must be at most 2000"):
            decode_result(answer)


async def test_an_answer_that_cannot_be_read_may_be_there_all_the_same(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (_, client):
        original = client.journal.changes
        client.journal.changes = _unavailable  # type: ignore[method-assign]
        with pytest.raises(JournalUnavailable) as caught:
            await client.execute(SignIn("ana"), "request-1")
        assert caught.value.outcome_unknown
        client.journal.changes = original  # type: ignore[method-assign]
        assert await client.execute(SignIn("ana"), "request-1") is None
    assert centre.counts()["AgentSignedIn"] == 1


def _unavailable() -> int:
    raise JournalUnavailable("as planned")


async def test_a_client_explains_decisions(centre: Centre, file: Path) -> None:
    async with both(centre, file) as (workspace, client):
        await workspace.sign_in("ana")
        await client.receive(message(1))
        assert await client.explain("in1") == await workspace.explain("in1")
        with pytest.raises(UnknownId):
            await client.explain("in99")


async def test_a_lone_request_whose_append_failed_is_found_again(centre: Centre, file: Path) -> None:
    """Nothing in the journal changes by the failure, and nobody else asks for anything."""
    assert isinstance(centre.journal, SteeredJournal)
    async with both(centre, file, patience_s=8) as (_, client):
        centre.journal.fail(JournalFault.REFUSE)
        assert await client.execute(SignIn("ana")) is None
    assert centre.counts()["AgentSignedIn"] == 1
