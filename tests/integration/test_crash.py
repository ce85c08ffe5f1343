"""A crash before, in and after every write of some scenarios, a failing one, and crashes while recovering from it.

Whatever happens: nothing that a caller was told is lost, nothing is doubled, and asking again brings the scenario to
the end that it would have come to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest
from tests.counts import CRASH_SCENARIOS
from tests.crash_notices import TELLING, prepare_telling
from tests.crash_scenarios import SAME_STATE, SENDING, World, prepare

from orchestra.codec import decode_event
from orchestra.engine.engine import Engine
from orchestra.errors import JournalUnavailable
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.process import process_holder
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.events import MessageReceived
from orchestra.runtime.loading import load_engine
from orchestra.runtime.workspace import Workspace
from orchestra.testing.faults import Crash, FaultyJournal, JournalFault

Choice = TypeVar("Choice")

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

WRITES = frozenset({"acquire", "append", "release", "submit"})
CRASHES = (JournalFault.CRASH_BEFORE, JournalFault.CRASH_IN, JournalFault.CRASH_AFTER)
RECOVERY = 4
"""Writes in which a life takes over from the one before it: with the fifth it does something new."""
AGAIN: Sequence[Sequence[Mapping[int, JournalFault]]] = (
    (),
    *([{number: fault}] for number in range(1, RECOVERY + 1) for fault in CRASHES),
    ({1: JournalFault.CRASH_AFTER}, {1: JournalFault.REFUSE}),
    ({2: JournalFault.CRASH_IN}, {2: JournalFault.CRASH_IN}, {1: JournalFault.CRASH_BEFORE}),
)
"""What befalls the lives after the first, each at which of its writes."""

FAILURES = (JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE)
ENDED = {"ACCEPTED", "DELIVERED", "UNKNOWN", "FAILED", "EXPIRED", "CANCELED"}

SCENARIOS = {**SAME_STATE, **SENDING, **TELLING}

# Some of each kind by default, all of them in full runs.
CHOSEN = [
    *list(SAME_STATE)[: CRASH_SCENARIOS * 7 // 10 or 1],
    *list(SENDING)[: CRASH_SCENARIOS * 3 // 10 or 1],
    *list(TELLING)[: CRASH_SCENARIOS * 3 // 10 or 1],
]


class Stores:
    """Opens one journal again and again, as one process after another would."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._count = 0
        self._memory = MemoryJournal()
        self._opened: list[SqliteJournal] = []
        self._torn: int | None = None

    def some(self, choices: Sequence[Choice], number: int) -> Sequence[Choice]:
        """All of the choices in memory; on disk, where each costs ten times as much, one after the other."""
        return choices if self._folder is None else [choices[number % len(choices)]]

    def fresh(self) -> None:
        """Begin with an empty journal."""
        self.close()
        self._memory = MemoryJournal()
        self._count += 1
        self._torn = None

    def open(self) -> Journal:
        """The journal, as a new process finds it."""
        if self._folder is None:
            return self._memory
        if self._torn is not None:
            self._found(self._torn)
        journal = SqliteJournal(self._folder / f"{self._count}.db")
        self._opened.append(journal)
        return journal

    def dying(self, plan: Mapping[int, JournalFault]) -> FaultyJournal:
        """The journal, as a process finds it in which this goes wrong."""
        return FaultyJournal(self.open(), plan, only=WRITES, tear=None if self._folder is None else self._tear)

    def _files(self) -> tuple[Path, Path]:
        assert self._folder is not None
        return self._folder / f"{self._count}.db", self._folder / f"{self._count}.db-wal"

    def _tear(self, write: Callable[[], object]) -> None:
        """Write, and remember at which byte the power went: half way through what the write added."""
        _, log = self._files()
        before = log.stat().st_size
        write()
        after = log.stat().st_size
        self._torn = (before + after) // 2 if after > before else after // 2

    def _found(self, cut: int) -> None:
        """The files as they are found after the power went, beside those that the dead process still holds open."""
        data, log = self._files()
        self._count, self._torn = self._count + 1, None
        found, found_log = self._files()
        found.write_bytes(data.read_bytes())
        found_log.write_bytes(log.read_bytes()[:cut])

    def close(self) -> None:
        """Clean up what processes left that had no time to."""
        while self._opened:
            self._opened.pop().close()


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Stores]:
    made = Stores(tmp_path if request.param == "sqlite" else None)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _mortal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the owner so that it counts as gone when the next one comes: here the process lives on."""
    host, boot, pid, _, nonce = process_holder().split("/")
    monkeypatch.setattr("orchestra.runtime.tenure.process_holder", lambda: f"{host}/{boot}/{pid}/0/{nonce}")


@contextmanager
def until_death() -> Iterator[None]:
    """Let a crash end the block; anything else comes out."""
    try:
        yield
    except Crash:
        pass
    except BaseExceptionGroup as group:
        _, rest = group.split(Crash)
        if rest is not None:
            raise


async def live(world: World, journal: FaultyJournal, scenario: Callable[[World], Any]) -> bool:
    """One life of the process: True if it reached the scenario's end and left in peace."""
    world.centre.journal = journal
    with until_death():
        async with world.centre.open() as workspace:
            world.workspace = workspace
            world.clock.attach(workspace)
            await scenario(world)
            await workspace.settle()
        return True
    return False


async def live_on(
    world: World, stores: Stores, scenario: Callable[[World], Any], *plans: Mapping[int, JournalFault]
) -> None:
    """Live again until the end is reached; in each further life that comes before it something goes wrong."""
    for plan in plans:
        with suppress(JournalUnavailable):
            await live(world, stores.dying(plan), scenario)
    assert await live(world, stores.dying({}), scenario)


@attrs.frozen
class Clean:
    """A run without any fault."""

    world: World
    writes: int
    state_hash: str
    counts: Counter[str]
    came: list[str]
    notices: dict[str, tuple[str, str, str | None]]


def begin(name: str) -> World:
    """The world in which a scenario begins."""
    return prepare_telling(name) if name in TELLING else prepare(name)


async def clean(name: str, stores: Stores) -> Clean:
    stores.fresh()
    world, journal = begin(name), FaultyJournal(stores.open(), only=WRITES)
    assert await live(world, journal, SCENARIOS[name])
    engine = load_engine(journal)
    return Clean(world, journal.writes, engine.state_hash(), world.centre.counts(), _came(journal), _notices(engine))


def _notices(engine: Engine) -> dict[str, tuple[str, str, str | None]]:
    """What became of each notice, and why."""
    rows = engine.view.notices.notices
    return {name: (row.key, row.state, row.reason) for name, row in rows.items()}


async def check(name: str, world: World, stores: Stores, expected: Clean) -> None:
    journal = stores.open()
    engine = load_engine(journal)
    if name in SAME_STATE:
        assert engine.state_hash() == expected.state_hash
    counts = Counter(record.type for record in journal.read())
    for kind in (
        "MessageReceived",
        "MessageWritten",
        "DeliveryPlanned",
        "InteractionStarted",
        "CaseOpened",
        "CursorMoved",
        "NoticePlanned",
        "NoticeSent",
        "FactTold",
        "PromiseMade",
        "PromiseRevised",
        "ProgressReported",
        "StageEntered",
    ):
        assert counts[kind] == expected.counts[kind], kind
    assert _came(journal) == expected.came, "out of order"
    assert world.known.keys() == expected.world.known.keys()
    states = {name: row.state for name, row in engine.view.deliveries.deliveries.items()}
    assert set(states.values()) <= ENDED, states
    assert _notices(engine) == expected.notices
    _check_sendings(world, expected.world, states)
    await _check_taken(world, journal)


def _came(journal: Journal) -> list[str]:
    """Ids of the messages that came, in the order in which they were taken."""
    events = map(decode_event, journal.read(types=["MessageReceived"]))
    return [event.message_id for event in events if isinstance(event, MessageReceived)]


def _check_sendings(world: World, expected: World, states: dict[str, str]) -> None:
    if expected.written:
        assert max(Counter(world.written).values(), default=0) <= 1, "sent twice to a provider that does not notice"
        unsure = list(states.values()).count("UNKNOWN")
        assert len(world.written) >= len(expected.written) - unsure
        return
    delivered, wanted = world.centre.provider.delivered, expected.centre.provider.delivered
    assert sorted((sent.key, sent.text) for sent in delivered) == sorted((sent.key, sent.text) for sent in wanted)


async def _check_taken(world: World, journal: Journal) -> None:
    """Whatever a caller was told is still so, as long as message ids are kept."""
    since = world.clock.now - timedelta(days=6)
    async with Workspace.open(world.centre.plan, journal, clock=world.clock) as workspace:
        for contact, received, _ in (taken for taken in world.taken.values() if taken[2] > since):
            again = await workspace.receive(contact)
            assert again.duplicate
            assert (again.customer, again.case) == (received.customer, received.case)


@pytest.mark.parametrize("name", CHOSEN)
async def test_a_crash_at_every_write(name: str, stores: Stores) -> None:
    scenario, expected = SCENARIOS[name], await clean(name, stores)
    crashes = 0
    for number in range(1, expected.writes + 1):
        for fault in CRASHES:
            for again in stores.some(AGAIN, number):
                stores.fresh()
                world = begin(name)
                first = stores.dying({number: fault})
                crashes += not await live(world, first, scenario)
                await live_on(world, stores, scenario, *again)
                await check(name, world, stores, expected)
    assert crashes >= len(CRASHES) * expected.writes


@pytest.mark.parametrize("name", CHOSEN)
async def test_a_failing_append_at_every_write(name: str, stores: Stores) -> None:
    scenario, expected = SCENARIOS[name], await clean(name, stores)
    for number in range(1, expected.writes + 1):
        for fault in stores.some(FAILURES, number):
            stores.fresh()
            world = begin(name)
            first = stores.dying({number: fault})
            with suppress(JournalUnavailable):  # opening may fail, and then is tried again
                if await live(world, first, scenario):
                    await check(name, world, stores, expected)
                    continue
            await live_on(world, stores, scenario)
            await check(name, world, stores, expected)


def test_there_are_twenty_seven_scenarios() -> None:
    assert len(SCENARIOS) == len(SAME_STATE) + len(SENDING) + len(TELLING) == 27
