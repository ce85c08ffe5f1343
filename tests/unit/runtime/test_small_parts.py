"""Lines, clocks, zones, threads, loading, ledger and checks: the small parts of the runtime, each by itself."""

from __future__ import annotations

import threading
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from anyio import to_thread
from tests.contact_centre import ACCOUNT, PLAN, Centre, Scripted, message, turns

from orchestra.engine.engine import SCHEMA, Engine, EngineFault
from orchestra.errors import (
    CommandRefused,
    DefinitionError,
    InvalidCommand,
    JournalUnavailable,
    ReplayMismatch,
    UnknownId,
)
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import events as e
from orchestra.model.addresses import Address
from orchestra.model.commands import AcceptOffer, ReceiveMessage, SetFields, SignIn
from orchestra.model.instants import instant, since_epoch_us
from orchestra.model.records import Batch, Record, Snapshot
from orchestra.runtime import clock as clocks
from orchestra.runtime.checks import refuse_unstorable
from orchestra.runtime.client import connect
from orchestra.runtime.clock import SystemClock, sleep_until
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.loading import load_engine, save_snapshot
from orchestra.runtime.threads import in_thread
from orchestra.runtime.workspace import Workspace
from orchestra.runtime.zones import zone_data_version
from orchestra.testing.clock import VirtualClock

KEY = WorkspaceKey.of(PLAN)


# Lines


def faults(*lines: Line) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        Lines(lines, PLAN)
    return [str(fault) for fault in caught.value.faults]


def test_lines_are_found_by_name_and_by_route() -> None:
    first = Line("chat", Scripted(), ACCOUNT)
    second = Line("chat", Scripted(), attrs.evolve(ACCOUNT, route_key="r-2"), name="shop")
    lines = Lines([first, second], PLAN)
    assert (lines.of("chat", "main"), lines.of("chat", "shop"), lines.of("chat", "x")) == (first, second, None)
    assert (lines.at(ACCOUNT.route_key), lines.at("r-2"), lines.at("")) == (first, second, None)


def test_every_fault_of_lines_is_told_at_once() -> None:
    line = Line("chat", Scripted(), ACCOUNT)
    found = faults(line, line, Line("fax", Scripted(), attrs.evolve(ACCOUNT, route_key="r-2", secrets={})))
    assert any("two lines are named 'main'" in fault for fault in found)
    assert any("same route key" in fault for fault in found)
    assert any("channels.fax" in fault and "not in the plan" in fault for fault in found)
    assert any("signing" in fault for fault in found)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_an_adapter_of_another_contract_is_refused(version: Any) -> None:
    adapter = Scripted()
    adapter.contract_version = version
    assert any("contract version" in fault for fault in faults(Line("chat", adapter, ACCOUNT)))


async def test_a_bad_line_keeps_the_workspace_closed() -> None:
    centre = Centre()
    centre.adapter.contract_version = 99
    with pytest.raises(DefinitionError):
        async with centre.open():
            pytest.fail("opened with a bad line")
    assert centre.journal.position() == 0


# Clocks


def test_instants_survive_the_journey() -> None:
    summer = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert instant(since_epoch_us(summer)) == summer
    assert instant(since_epoch_us(summer)).tzinfo is UTC
    assert since_epoch_us(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    with pytest.raises(ValueError, match="time zone"):
        since_epoch_us(datetime(2026, 1, 1))  # noqa: DTZ001 - refused for just this


async def test_the_system_clock_waits_for_an_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    asked: list[float] = []
    now = [1_000_000_000]
    monkeypatch.setattr(clocks.time, "time_ns", lambda: now[0] * 1000)

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        now[0] += int(seconds * 1_000_000)

    monkeypatch.setattr(clocks.anyio, "sleep", sleep)
    await clock.sleep_until(now[0] + 150_000_000)
    assert asked == [60.0, 60.0, 30.0]  # a step of the clock would be noticed within a minute
    await clock.sleep_until(now[0])
    await clock.sleep_until(now[0] - 1)
    assert len(asked) == 3


async def test_whoever_sleeps_can_be_woken() -> None:
    clock = VirtualClock()
    woken: list[str] = []

    async def sleep(name: str, instant_us: int | None, event: anyio.Event) -> None:
        await sleep_until(clock, instant_us, event)
        woken.append(name)

    first, second = anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sleep, "woken", clock.now_us() + 1_000_000, first)
        tasks.start_soon(sleep, "never due", None, second)
        tasks.start_soon(sleep, "due", clock.now_us() + 500_000, second)
        await turns()
        first.set()
        await turns()
        assert woken == ["woken"]
        await clock.advance(seconds=1)
        assert woken == ["woken", "due"]
        second.set()
    assert woken == ["woken", "due", "never due"]


# Zones


def test_the_zone_data_s_version_is_that_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tzdata.zi").write_text("# version 2031a\n# more\n", encoding="utf-8")
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path / "absent"), str(tmp_path)))
    assert zone_data_version() == "2031a"
    (tmp_path / "tzdata.zi").unlink()
    (tmp_path / "+VERSION").write_text("2031b\n", encoding="utf-8")
    assert zone_data_version() == "2031b"


def test_without_zone_data_the_version_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    monkeypatch.setattr("orchestra.runtime.zones.import_module", fail)
    assert zone_data_version() == "unknown"
    monkeypatch.setattr("orchestra.runtime.zones.import_module", lambda name: type("M", (), {"IANA_VERSION": "2031c"}))
    assert zone_data_version() == "2031c"


# Threads


async def test_a_thread_gives_what_the_function_returns_or_raises() -> None:
    assert await in_thread(lambda a, b: a + b, 1, 2) == 3
    assert await in_thread(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_closing_holds_up_no_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_cancelled: bool
) -> None:
    closed_in: list[int] = []
    original = SqliteJournal.close

    def close(self: SqliteJournal) -> None:
        closed_in.append(threading.get_ident())
        original(self)

    monkeypatch.setattr(SqliteJournal, "close", close)
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    for door in (lambda: Workspace.open(PLAN, url), lambda: connect(url)):
        with anyio.CancelScope() as scope:
            async with door():
                if is_cancelled:
                    scope.cancel()
                    await anyio.lowlevel.checkpoint()
    assert len(closed_in) == 2
    assert threading.get_ident() not in closed_in


async def test_our_threads_are_not_the_common_ones() -> None:
    limiter = to_thread.current_default_thread_limiter()
    before = limiter.borrowed_tokens
    borrowed = await in_thread(lambda: limiter.borrowed_tokens)
    assert borrowed == before


# Checks

ADDRESS = Address("handle", "k1", "joe", "Joe")
BAD = "x\ud800"


@pytest.mark.parametrize(
    "command",
    [
        SignIn(BAD),
        SignIn("ana", actor=BAD),
        ReceiveMessage("chat", "main", "m1", Address("handle", "k1", BAD)),
        ReceiveMessage("chat", "main", "m1", ADDRESS, skills={BAD: 1}),
        SetFields("ca1", {"note": BAD}),
    ],
)
def test_a_lone_surrogate_is_refused_wherever_it_is(command: Any) -> None:
    with pytest.raises(InvalidCommand, match="surrogate"):
        refuse_unstorable(command)


def test_only_a_body_may_be_long() -> None:
    refuse_unstorable(ReceiveMessage("chat", "main", "m1", ADDRESS, text="x" * 100_000))
    refuse_unstorable(SignIn("x" * 2_000))
    with pytest.raises(InvalidCommand, match="at most 2000"):
        refuse_unstorable(SignIn("x" * 2_001))


@pytest.mark.parametrize(
    "text", ["", "Grüße 👋🏽", "\x00", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")]
)
def test_other_texts_pass(text: str) -> None:
    refuse_unstorable(ReceiveMessage("chat", "main", "m1", ADDRESS, skills={text: 1}, text=text))
    refuse_unstorable(SetFields("ca1", {text: text, "n": 1, "b": True, "none": None}))


# Loading


async def _some_journal() -> MemoryJournal:
    centre = Centre()
    async with centre.open() as workspace:
        for number in range(5):
            await workspace.receive(message(number, sender=f"joe-{number}"))
    assert isinstance(centre.journal, MemoryJournal)
    return centre.journal


async def test_any_prefix_can_be_loaded() -> None:
    journal = await _some_journal()
    hashes = {load_engine(journal, until=until).state_hash() for until in range(journal.position() + 1)}
    assert len(hashes) == journal.position() + 1
    assert load_engine(journal, until=0).position == 0
    assert load_engine(journal, until=10**6).position == load_engine(journal).position == journal.position()


async def test_a_snapshot_changes_nothing_but_the_work() -> None:
    journal = await _some_journal()
    whole = load_engine(journal)
    assert save_snapshot(journal) == journal.position()
    read: list[int] = []
    original = journal.read
    journal.read = lambda after=0, **more: read.append(after) or original(after, **more)  # type: ignore[method-assign,func-returns-value,return-value]
    assert load_engine(journal).state_hash() == whole.state_hash()
    assert read == [journal.position()]
    assert load_engine(journal, use_snapshot=False).state_hash() == whole.state_hash()
    assert load_engine(journal, until=3).position == 3
    assert read[1:] == [0, 0]


async def test_a_snapshot_of_another_form_is_not_used() -> None:
    journal = await _some_journal()
    journal.save_snapshot(Snapshot(journal.position(), SCHEMA + "x", b"nonsense"))
    assert load_engine(journal).position == journal.position()


def test_records_that_do_not_follow_are_a_mismatch() -> None:
    record = Record(2, 0, "CaseClosed", 1, "system", None, "{}")

    class Gapped(MemoryJournal):
        def read(self, *_: Any, **__: Any) -> Any:
            return iter([record])

    with pytest.raises(ReplayMismatch) as caught:
        load_engine(Gapped())
    assert caught.value.position == 2


# The ledger


def ledger() -> Ledger:
    journal = MemoryJournal()
    made = Ledger(journal, journal.acquire("test", 0, 10**9))
    made.put_plan(PLAN, KEY, 1)
    return made


def test_a_ledger_stores_what_was_decided_in_one_append() -> None:
    it = ledger()
    it.execute(SignIn("ana"), 2)
    it.execute(SignIn("ben"), 3)
    assert it.has_pending
    assert it.stored == 0
    assert it.commit() == it.engine.position == it.journal.position() > 0
    assert not it.has_pending
    assert it.commit() == it.stored


def test_a_refusal_leaves_nothing_unless_somebody_asked_through_the_inbox() -> None:
    it = ledger()
    it.commit()
    with pytest.raises(UnknownId):
        it.execute(AcceptOffer("of1", "ana", 1), 2)
    assert not it.has_pending
    it.journal.inbox.submit("request-1", "{}")
    with pytest.raises(UnknownId):
        it.execute(AcceptOffer("of1", "ana", 1), 2, "request-1")
    assert it.has_pending
    it.commit()
    assert it.journal.inbox.result("request-1") is not None


def test_what_changes_nothing_is_not_stored() -> None:
    it = ledger()
    it.execute(SignIn("ana"), 2)
    it.commit()
    assert it.execute(SignIn("ana"), 3).events == []
    assert not it.has_pending


def test_a_ledger_whose_append_failed_says_so() -> None:
    it = ledger()
    it.journal.close()
    with pytest.raises(JournalUnavailable):
        it.commit()


def test_time_passes_before_a_command() -> None:
    it = ledger()
    it.execute(SignIn("ana"), 2)
    it.execute(ReceiveMessage("chat", "main", "m1", ADDRESS, text="Hello"), 3)
    before = it.engine.position
    brought = it.tick(3600 * 1_000_000)
    assert sum(len(decided.events) for decided in brought) == it.engine.position - before > 0
    assert it.engine.due() is None or it.engine.due() > 3600 * 1_000_000  # type: ignore[operator]


def test_a_decision_that_cannot_be_stored_is_a_fault_of_that_command(monkeypatch: pytest.MonkeyPatch) -> None:
    it = ledger()
    it.commit()
    original = Engine.execute

    def execute(self: Engine, command: Any, at_us: int, *absent: Any) -> Any:
        decided = original(self, command, at_us, *absent)
        decided.events[0].agent = 1.5
        return decided

    monkeypatch.setattr(Engine, "execute", execute)
    with pytest.raises(EngineFault, match="cannot be stored"):
        it.execute(SignIn("ana"), 2)
    assert not it.has_pending


def test_a_faulty_plan_is_not_put_into_force() -> None:
    it = ledger()
    bad = attrs.evolve(PLAN, queues={})
    with pytest.raises(DefinitionError):
        it.put_plan(bad, KEY, 2)
    with pytest.raises(DefinitionError, match="another key"):
        it.put_plan(attrs.evolve(PLAN, teams=dict(PLAN.teams)), WorkspaceKey(b"another"), 2)


def test_batches_keep_their_order() -> None:
    it = ledger()
    it.execute(SignIn("ana"), 2)
    batches: list[Batch] = [item.batch for item in it.take()]
    types = [record.type for batch in batches for record in batch.records]
    assert types[0] == "PlanChanged"
    assert types[-1] == "AgentSignedIn"
    assert [record.position for batch in batches for record in batch.records] == list(range(1, len(types) + 1))
    assert isinstance(e.AgentSignedIn("ana", "main", True), e.Event)
    assert issubclass(UnknownId, CommandRefused)
