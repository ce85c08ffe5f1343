"""The demo: a day that is the same for the same seed, and shows what it promises."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.contact_logs import run_json, run_process, zone_edition

from orchestra.cli.day.simulation import Day, simulate
from orchestra.cli.main import main
from orchestra.codec import decode_event
from orchestra.errors import JournalUnavailable
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import events as e
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine

pytestmark = pytest.mark.reach

Capture = pytest.CaptureFixture[str]


def happen(journal: Journal, seed: int) -> Day:
    return simulate(Ledger(journal, journal.acquire("test", 0, 10**12)), seed, lambda minutes, total: None)


@pytest.fixture(scope="module")
def monday() -> Iterator[tuple[Journal, Day]]:
    """The day of seed 1, for tests that only look."""
    journal = MemoryJournal()
    yield journal, happen(journal, 1)
    journal.close()


def test_the_same_seed_prints_the_same_bytes() -> None:
    first = run_process(["demo", "--seed", "3"], options=["-X", "utf8"])
    again = run_process(["demo", "--seed", "3"], options=["-X", "utf8", "-R"])
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == again.stdout
    assert "Timeline of cu" in first.stdout


def test_the_machine_s_zone_data_is_told_and_changes_nothing(tmp_path: Path) -> None:
    printed, told = set(), []
    for edition in ("2031a", "2031b"):
        there = zone_edition(tmp_path / edition, edition)
        url = f"sqlite:{tmp_path / edition / 'day.db'}"
        done = run_process(["demo", "--seed", "3", "--journal", url], options=["-X", "utf8"], environment=there)
        assert (done.returncode, done.stderr) == (0, "")
        printed.add(done.stdout)
        journal = open_journal(url)
        told += [json.loads(record.facts)["zone_data"] for record in journal.read(types=["PlanChanged"])]
        journal.close()
    assert told == ["2031a", "2031b"]
    assert len(printed) == 1


def test_another_seed_is_another_day(capsys: Capture) -> None:
    _, first, _ = run_json(capsys, "demo", "--seed", "1")
    _, other, _ = run_json(capsys, "demo", "--seed", "2")
    assert first["state_hash"] != other["state_hash"]


def test_the_day_stays_in_its_journal(tmp_path: Path, capsys: Capture) -> None:
    url = f"sqlite:{tmp_path / 'day.db'}"
    status, shown, _ = run_json(capsys, "demo", "--journal", url)
    _, measured, _ = run_json(capsys, "measures", "--journal", url)
    assert status == 0
    assert {name: shown[name] for name in measured} == measured
    with_journal = open_journal(url)
    assert with_journal.position() == shown["journal"]["position"]
    assert load_engine(with_journal).state_hash() == shown["state_hash"]
    with_journal.acquire("next", 0, 1)  # the lease was given back
    with_journal.close()


def test_the_demo_leaves_nothing_behind(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["demo"]) == 0
    assert list(tmp_path.iterdir()) == []
    assert "Waiting and handling" in capsys.readouterr().out


def test_a_used_journal_is_refused(tmp_path: Path, capsys: Capture) -> None:
    url = f"sqlite:{tmp_path / 'day.db'}"
    run_json(capsys, "demo", "--journal", url)
    status, shown, err = run_json(capsys, "demo", "--journal", url)
    assert (status, shown) == (2, {})
    assert "wants a journal of its own" in err


def test_a_used_ledger_is_refused(monday: tuple[Journal, Day]) -> None:
    with pytest.raises(JournalUnavailable):
        happen(monday[0], 1)


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", ""])
def test_seeds_are_whole_numbers(seed: str, capsys: Capture) -> None:
    assert main(["demo", f"--seed={seed}"]) == 2
    assert "a whole number from 0" in capsys.readouterr().err


# What the day holds


def records(journal: Journal, *kinds: type[e.Event], of: str | None = None) -> list[Any]:
    subjects = None if of is None else [of]
    return [decode_event(r) for r in journal.read(types=[kind.__name__ for kind in kinds], subjects=subjects)]


def test_all_four_channels_are_busy(monday: tuple[Journal, Day]) -> None:
    started = Counter(event.channel for event in records(monday[0], e.InteractionStarted))
    assert set(started) == {"voice", "chat", "email", "social"}
    assert min(started.values()) > 20


@pytest.mark.parametrize(
    "kind",
    [
        e.OfferAccepted,
        e.OfferEnded,
        e.InteractionHeld,
        e.InteractionRetrieved,
        e.InteractionTransferred,
        e.InteractionAbandoned,
        e.InteractionDone,
        e.AgentWentAway,
        e.AgentAvailable,
        e.AgentSignedOut,
        e.CaseResolved,
        e.CaseReopened,
        e.CaseWaiting,
        e.CaseResumed,
        e.DeliveryAccepted,
        e.DeliveryRetried,
        e.DeliveryFailed,
        e.DeliveryUnknown,
        e.ReceiptRecorded,
    ],
)
def test_what_can_happen_happens(monday: tuple[Journal, Day], kind: type[e.Event]) -> None:
    assert records(monday[0], kind)


def test_offers_end_in_different_ways(monday: tuple[Journal, Day]) -> None:
    outcomes = {event.outcome for event in records(monday[0], e.OfferEnded)}
    assert {"DECLINED", "TIMED_OUT"} <= outcomes


@pytest.mark.parametrize("seed", [2, 3, 7])
def test_every_day_has_a_customer_on_two_channels_at_once(seed: int) -> None:
    journal = MemoryJournal()
    day = happen(journal, seed)
    spans: dict[str, list[int]] = {}
    for record in journal.read(subjects=[day.customer], types=["InteractionStarted", "InteractionDone"]):
        facts = json.loads(record.facts)
        spans.setdefault(facts["interaction"], []).append(record.at_us)
    view = load_engine(journal).view
    by_channel = {view.contacts.interactions[name].channel: span for name, span in spans.items()}
    (chat_begin, chat_end), (call_begin, _) = by_channel["chat"], by_channel["voice"]
    assert "email" in by_channel
    assert chat_begin < call_begin < chat_end
    cases = {view.contacts.interactions[name].case for name in spans if view.contacts.interactions[name].live}
    assert len(cases) == 1


@pytest.mark.parametrize("seed", [4, 5])
def test_people_are_late_but_never_wrong(seed: int) -> None:
    """Whatever was refused had expired or was over: nobody asks for what makes no sense."""
    day = happen(MemoryJournal(), seed)
    assert set(day.refused) <= {"OfferExpired", "NotAllowedInState", "NotPermitted"}
    assert sum(day.refused.values()) < 30


def test_the_day_ends_in_order(monday: tuple[Journal, Day]) -> None:
    view = load_engine(monday[0]).view
    assert all(row.is_final for row in view.contacts.interactions.values())
    assert {agent.state for agent in view.presence.agents.values()} == {"OFFLINE"}
    assert view.routing.in_hand == {}


def test_progress_covers_the_day() -> None:
    told: list[tuple[int, int]] = []
    journal = MemoryJournal()
    ledger = Ledger(journal, journal.acquire("test", 0, 10**12))
    simulate(ledger, 1, lambda minutes, total: told.append((minutes, total)))
    assert told == sorted(told)
    assert told[-1] == (600, 600)
    assert len(told) > 10
