"""Four gunicorn workers and one owner on one SQLite file; the owner is killed twice in the middle.

Every command that was acknowledged took effect once, the same id always gets the same answer, and nothing was sent
twice under one key.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path

import attrs
import pytest
from tests.counts import WORKER_COMMANDS

from orchestra import blocking, commands, events
from orchestra.codec import decode_event, decode_result, encode_command
from orchestra.journal.registry import open_journal
from orchestra.model.addresses import Address
from orchestra.model.results import CaseRef, Received

pytestmark = [pytest.mark.workers, pytest.mark.timeout(120 + WORKER_COMMANDS // 10)]

ROOT = Path(__file__).resolve().parents[2]
CALLERS = 16
CUSTOMERS = 20
REPEATED = 0.1
"""The share of commands whose request comes twice at the same time."""
HELD = 3
"""So many messages have left and are not answered when the owner is killed."""

SETTINGS = """
bind = "fd://{listening}"
workers = 4
threads = {threads}
timeout = 120
loglevel = "warning"
control_socket_disable = True
"""

ENDINGS = [events.DeliveryAccepted, events.DeliveryUnknown, events.DeliveryFailed, events.DeliveryExpired]


class OwnerProcess:
    """The owner, which can be killed and started again."""

    def __init__(self, url: str, sent: Path) -> None:
        self._command = [sys.executable, "-m", "tests.integration.owner_process", url, str(sent)]
        self._start(HELD)

    def _start(self, held: int) -> None:
        command = [*self._command, str(held)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("owns")

    def _gone(self, number: int) -> int:
        self._process.send_signal(number)
        self._process.communicate()
        return self._process.returncode

    def kill_and_restart(self, held: int) -> None:
        assert self._gone(signal.SIGKILL) == -signal.SIGKILL
        self._start(held)

    def stop(self) -> None:
        assert self._gone(signal.SIGTERM) == 0


@attrs.define
class Callers:
    """Sends commands to the workers, each again until it is answered, and keeps the answers."""

    port: int
    answers: dict[str, str] = attrs.field(factory=dict)
    answered: threading.Condition = attrs.field(factory=threading.Condition)

    def send(self, request_id: str, command: commands.Command) -> str:
        """The answer to one command; a repeated id must get the first answer again."""
        while (answer := self._post(request_id, encode_command(command))) is None:
            pass
        with self.answered:
            assert self.answers.setdefault(request_id, answer) == answer, f"{request_id} got two answers"
            self.answered.notify_all()
        return answer

    def _post(self, request_id: str, body: str) -> str | None:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            try:
                connection.request("POST", "/", body.encode(), {"Request-Id": request_id})
                response = connection.getresponse()
                text = response.read().decode()
            except (OSError, http.client.HTTPException):
                return None  # the same request again, as any caller would
        assert response.status in {200, 409, 503}, (response.status, text)
        return None if response.status == 503 else text

    def wait_for(self, count: int) -> None:
        """Return when so many commands are answered."""
        with self.answered:
            self.answered.wait_for(lambda: len(self.answers) >= count)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    return tmp_path / "sent"


@pytest.fixture
def owner(url: str, sent: Path) -> Iterator[OwnerProcess]:
    process = OwnerProcess(url, sent)
    yield process
    process.stop()


@pytest.fixture
def callers(url: str, owner: OwnerProcess, tmp_path: Path) -> Iterator[Callers]:
    """Four gunicorn workers that listen on the loopback address."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        settings = SETTINGS.format(threads=CALLERS // 4, listening=listening.fileno())
        (tmp_path / "gunicorn.conf.py").write_text(settings)
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        workers = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "tests.integration.gunicorn_app"],
            cwd=tmp_path,
            env=os.environ | {"CONTACTS": url, "PYTHONPATH": path},
            pass_fds=[listening.fileno()],
        )
        yield Callers(listening.getsockname()[1])
        workers.terminate()
        assert workers.wait() == 0


def _received(callers: Callers, number: int) -> Received:
    person = Address("handle", f"key-{number}", f"visitor-{number}")
    command = commands.ReceiveMessage("chat", "main", f"first-{number}", person, text="Hello")
    received = decode_result(callers.send(f"first-{number}", command))
    assert isinstance(received, Received)
    return received


def _command(number: int, known: list[Received]) -> commands.Command:
    """One of three kinds, each marked by its number. Only the request's id keeps the first from being done twice."""
    of = known[number % len(known)]
    if number % 3 == 0:
        return commands.OpenCase(of.customer, topic=f"mark-{number}")
    if number % 3 == 1:
        return commands.SendMessage(of.case.id, f"key-{number}", text=f"mark-{number}")
    person = Address("handle", f"key-{number % len(known)}", f"visitor-{number % len(known)}")
    return commands.ReceiveMessage("chat", "main", f"message-{number}", person, text=f"mark-{number}")


def _marks(journal_url: str) -> Counter[str]:
    """How often each mark took effect."""
    journal = open_journal(journal_url)
    try:
        found = [decode_event(record) for record in journal.read()]
    finally:
        journal.close()
    marks = [event.topic for event in found if isinstance(event, events.CaseOpened)]
    marks += [event.text for event in found if isinstance(event, events.MessageWritten | events.MessageReceived)]
    return Counter(mark for mark in marks if mark is not None and mark.startswith("mark-"))


def _ended_deliveries(journal_url: str, count: int) -> dict[str, str]:
    """Delivery id -> how it ended, once so many have."""
    with blocking.connect(journal_url) as client, client.events(types=ENDINGS) as feed:
        return {record.event.delivery: record.type for record in islice(feed, count)}  # type: ignore[attr-defined]


def test_acknowledged_commands_take_effect_once_though_the_owner_dies(
    callers: Callers, owner: OwnerProcess, url: str, sent: Path
) -> None:
    known = [_received(callers, number) for number in range(CUSTOMERS)]
    numbers = list(range(WORKER_COMMANDS))
    draw = random.Random(7)
    requests = [number for number in numbers for _ in range(1 + (draw.random() < REPEATED))]

    with ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(callers.send, f"r{number}", _command(number, known)) for number in requests]
        for third, held in ((1, HELD), (2, 0)):
            callers.wait_for(CUSTOMERS + third * WORKER_COMMANDS // 3)
            owner.kill_and_restart(held)
        for call in calls:
            call.result()

    assert len(callers.answers) == CUSTOMERS + WORKER_COMMANDS
    for number in draw.sample(numbers, min(100, len(numbers))):
        callers.send(f"r{number}", _command(number, known))  # long answered: must get the same again
    opened = [decode_result(callers.answers[f"r{number}"]) for number in numbers[::3]]
    assert all(isinstance(answer, CaseRef) for answer in opened)
    assert len({answer.id for answer in opened}) == len(opened)
    assert _marks(url) == Counter(f"mark-{number}" for number in numbers)

    ended = _ended_deliveries(url, len(numbers[1::3]))
    left = Counter(line.partition(".")[0] for line in sent.read_text().splitlines())
    held = {line.partition(".")[0] for line in sent.read_text().splitlines() if line.endswith(" held")}
    accepted = {name for name, how in ended.items() if how == "DeliveryAccepted"}
    assert set(left.values()) == {1}, "something was sent twice under one key"
    assert accepted <= left.keys() <= ended.keys()
    assert len(held) == 2 * HELD
    assert held <= ended.keys() - accepted
    assert set(ended.values()) == {"DeliveryAccepted", "DeliveryUnknown"}
    assert len(ended) == len(numbers[1::3])
