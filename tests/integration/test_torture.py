"""A real owner process, killed with SIGKILL in the middle of its work, again and again.

Clients keep asking throughout. In the end every command that was acknowledged took effect exactly once, every delivery
has ended, and nothing was sent twice under one key.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread
from tests.counts import KILLS
from tests.integration.tortured_owner import PLAN

from orchestra.codec import decode_event
from orchestra.errors import JournalUnavailable
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import events as e
from orchestra.model.addresses import Handle
from orchestra.model.commands import SendMessage
from orchestra.model.message import Message
from orchestra.runtime.client import Client, connect
from orchestra.runtime.loading import load_engine
from orchestra.runtime.workspace import Workspace

pytestmark = [pytest.mark.torture, pytest.mark.timeout(120 + 5 * KILLS)]

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 4
ENDED = {"ACCEPTED", "UNKNOWN"}


class OwnerProcess:
    """The owner, which can be killed and started again."""

    def __init__(self, journal: Path, sent: Path) -> None:
        self._command = [sys.executable, "-m", "tests.integration.tortured_owner", f"sqlite:{journal}", str(sent)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return when it owns the workspace."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("owns"), "the owner did not start"

    def kill(self) -> None:
        """End it as a loss of power would, but for the disk."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def leave(self) -> int:
        """Let it leave in peace; gives its exit status."""
        assert self._process is not None
        self._process.communicate()
        return self._process.returncode


class Caller:
    """Somebody who asks until there is an answer, and remembers what was answered."""

    def __init__(self, client: Client, name: str) -> None:
        self.known: dict[str, Any] = {}
        self._client = client
        self._name = name
        self._count = 0

    async def _until_answered(self, request: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            try:
                self.known[request] = await ask()
                return self.known[request]
            except JournalUnavailable:
                await anyio.lowlevel.checkpoint()

    async def work(self, stop: anyio.Event) -> None:
        """Write to the company, and have it write back, until told to stop."""
        while not stop.is_set():
            self._count += 1
            channel = ("keyed", "plain")[self._count % 2]
            name = f"{self._name}-{self._count}"
            message = Message(channel, id=name, sender=Handle(name, kind="loopback"), text="Where is it?")
            received = await self._until_answered(f"receive {name}", lambda m=message: self._client.receive(m))
            command = SendMessage(received.case.id, f"key-{name}", text="On its way")
            await self._until_answered(
                f"send {name}", lambda c=command, n=name: self._client.execute(c, f"request-{n}")
            )


async def _kill_under_load(owner: OwnerProcess, callers: list[Caller]) -> None:
    rng = random.Random(41)  # the instants of the kills are chance, but how much was done by then is asked for
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        for caller in callers:
            tasks.start_soon(caller.work, stop)
        for _ in range(KILLS):
            before = sum(len(caller.known) for caller in callers)
            wanted = before + rng.randrange(1, 12)
            while sum(len(caller.known) for caller in callers) < wanted:  # noqa: ASYNC110 - another process works
                await anyio.sleep(0.001)
            await to_thread.run_sync(owner.kill)
            await to_thread.run_sync(owner.start)
        stop.set()


async def test_kill_after_kill(tmp_path: Path) -> None:
    journal, sent = tmp_path / "contacts.db", tmp_path / "sent"
    owner = OwnerProcess(journal, sent)
    owner.start()
    url = f"sqlite:{journal}"
    callers: list[Caller] = []
    try:
        async with connect(url, patience_s=60) as client:
            callers += [Caller(client, f"caller-{number}") for number in range(CLIENTS)]
            await _kill_under_load(owner, callers)
    finally:
        assert owner.leave() == 0
    # What was planned or under way when the last owner left is brought to its end.
    owner.start()
    await _until_all_ended(journal)
    assert owner.leave() == 0
    _check(journal, sent, callers)
    await _check_again(url, callers)


async def _until_all_ended(journal: Path) -> None:
    reader = SqliteJournal(journal)
    with anyio.fail_after(60):
        while True:
            engine = await to_thread.run_sync(load_engine, reader)
            if {row.state for row in engine.view.deliveries.deliveries.values()} <= ENDED:
                break
            await anyio.sleep(0.05)
    reader.close()


def _check(journal: Path, sent: Path, callers: list[Caller]) -> None:
    reader = SqliteJournal(journal)
    events = [decode_event(record) for record in reader.read()]
    reader.verify()
    reader.close()
    received = Counter(event.message_id for event in events if isinstance(event, e.MessageReceived))
    planned = Counter(event.key for event in events if isinstance(event, e.DeliveryPlanned))
    for caller in callers:
        for request in caller.known:
            kind, name = request.split()
            effects = received[name] if kind == "receive" else planned[f"key-{name}"]
            assert effects == 1, f"{request} took effect {effects} times"
    assert set(received.values()) == set(planned.values()) == {1}
    unknown = [event.delivery for event in events if isinstance(event, e.DeliveryUnknown)]
    _check_sent(events, sent, unknown)


def _check_sent(events: list[Any], sent: Path, unknown: list[str]) -> None:
    deliveries: dict[str, set[str]] = {"keyed": set(), "plain": set()}
    for event in events:
        if isinstance(event, e.DeliveryPlanned):
            deliveries[event.channel].add(event.delivery)
    for channel, planned in deliveries.items():
        lines = Path(f"{sent}.{channel}").read_text(encoding="ascii").split()
        assert len(lines) == len(set(lines)), f"{channel}: sent twice under one key"
        arrived = {line.partition(".")[0] for line in lines}
        assert arrived <= planned
        missing = planned - arrived
        assert missing <= (set(unknown) if channel == "plain" else set())


async def _check_again(url: str, callers: list[Caller]) -> None:
    """Asked once more, every command gets the answer it got."""
    async with Workspace.open(PLAN, url), connect(url) as client:
        for caller in callers:
            for request, answer in caller.known.items():
                kind, name = request.split()
                if kind == "send":
                    case = caller.known[f"receive {name}"].case.id
                    command = SendMessage(case, f"key-{name}", text="On its way")
                    assert await client.execute(command, f"request-{name}") == answer
