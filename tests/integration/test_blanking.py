"""Erasing what is personal takes away texts, names and addresses, and nothing else: no figure, no decision, no hash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.contact_centre import Centre, answered, message
from tests.integration.contact_logs import LogWriter, generated, run_json

from orchestra.channels.loopback.transport import Failure
from orchestra.cli.day.simulation import Day, simulate
from orchestra.codec import decode_event
from orchestra.engine.engine import Engine
from orchestra.insight.reading import measure
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Email, Handle
from orchestra.model.message import Message
from orchestra.model.private import private_names
from orchestra.runtime.client import connect
from orchestra.runtime.history.explain import explain
from orchestra.runtime.history.timeline import Entry, timeline
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine, save_snapshot
from orchestra.runtime.replaying import ADDRESS_KIND, replay_plan
from orchestra.testing import VirtualClock

Capture = pytest.CaptureFixture[str]

FOR_EVER_US = 10**18


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    found = open_journal("memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'blanked.db'}")
    yield found
    found.close()


def happen(journal: Journal, seed: int = 7) -> Day:
    """A day in that journal, its lease given back."""
    lease = journal.acquire("day", 0, FOR_EVER_US)
    day = simulate(Ledger(journal, lease), seed, lambda minutes, total: None)
    journal.release(lease)
    return day


def engine_of(journal: Journal) -> Engine:
    return load_engine(journal, use_snapshot=False)


def without_private(event: e.Event) -> e.Event:
    """The event as its facts alone tell it. Of a plan only the names of people are private."""
    if isinstance(event, e.PlanChanged):
        return attrs.evolve(event, plan=event.plan.without_names())
    return attrs.evolve(event, **dict.fromkeys(private_names(type(event))))


def stays(journal: Journal) -> dict[str, Any]:
    """All that must be the same after an erasure."""
    engine = engine_of(journal)
    interactions = list(engine.view.contacts.interactions)
    named = interactions[:: max(1, len(interactions) // 5)]
    customers = {engine.view.contacts.interactions[name].customer for name in named}
    records = list(journal.read())
    return {
        "facts": [(r.position, r.at_us, r.type, r.version, r.actor, r.subject, r.facts) for r in records],
        "events": [without_private(decode_event(record)) for record in records],
        "state": engine.dump(),
        "hash": engine.state_hash(),
        "measures": measure(journal).to_json(),
        "explanations": [explain(journal, name, full=name is named[-1]).to_json() for name in named],
        "timelines": {who: mute(timeline(journal, who, details=True)) for who in sorted(customers)},
    }


def mute(entries: list[Entry]) -> list[Entry]:
    """The same history without texts."""
    return [attrs.evolve(entry, text=None) for entry in entries]


def texts(journal: Journal, customer: str) -> list[str]:
    return [entry.text for entry in timeline(journal, customer) if entry.text is not None]


def private_parts(journal: Journal) -> dict[str | None, int]:
    """Subject -> how many private parts there are of it."""
    counts: dict[str | None, int] = {}
    for record in journal.read():
        if record.private is not None:
            counts[record.subject] = counts.get(record.subject, 0) + 1
    return counts


# Everything at once


@pytest.mark.reach
def test_a_day_without_its_private_parts_is_the_same_day(journal: Journal) -> None:
    day = happen(journal)
    before = stays(journal)
    count = sum(private_parts(journal).values())
    assert len(texts(journal, day.customer)) > 3
    assert count > 300
    assert journal.blank(None) == count
    after = stays(journal)
    for part, was in before.items():
        assert after[part] == was, part
    assert after["hash"] == day.state_hash
    assert private_parts(journal) == {}
    assert texts(journal, day.customer) == []
    assert len(timeline(journal, day.customer)) > 20


def test_a_snapshot_holds_nothing_that_is_erased(journal: Journal) -> None:
    day = happen(journal)
    save_snapshot(journal)
    journal.blank(None)
    assert load_engine(journal).state_hash() == load_engine(journal, use_snapshot=False).state_hash() == day.state_hash


@pytest.mark.reach
def test_a_blanked_journal_goes_on_like_any_other() -> None:
    """What is decided afterwards is the same whether or not something was erased before."""

    def next_day(*, is_blanked: bool) -> tuple[str, list[str]]:
        journal = MemoryJournal()
        happen(journal)
        if is_blanked:
            journal.blank(None)
        ledger = Ledger(journal, journal.acquire("next", 0, FOR_EVER_US))
        first, at_us = ledger.stored, ledger.engine.now_us
        person = WorkspaceKey.of(ledger.engine.view.plan).address(Email("maya.lind@example.com", "Maya Lind"))
        ledger.execute(c.SignIn(next(iter(ledger.engine.view.plan.agents))), at_us + 1)
        ledger.execute(c.ReceiveMessage("chat", "shop", "next-1", person, topic="order", text="Me again."), at_us + 2)
        ledger.tick(at_us + 40_000_000_000)
        ledger.commit()
        return ledger.engine.state_hash(), [record.facts for record in journal.read(first)]

    assert next_day(is_blanked=True) == next_day(is_blanked=False)


def test_erased_bytes_are_not_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "day.db"
    journal = open_journal(f"sqlite:{path}")
    happen(journal)
    save_snapshot(journal)
    assert b"maya.lind@example.com" in raw_bytes(path)
    journal.blank(None)
    journal.close()
    left = raw_bytes(path)
    assert [text for text in (b"maya.lind", b"Maya Lind", b"Where is it?", b"@example.com") if text in left] == []


def raw_bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_what_came_through_the_inbox_is_erased_too(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    url = f"sqlite:{path}"
    centre = Centre(open_journal(url))
    async with centre.open() as workspace, connect(url, patience_s=30) as client:
        received = await client.receive(Message("chat", id="m1", sender=Email("zoe@example.org"), text="my own words"))
        assert received.case is not None
        await client.execute(c.SendMessage(received.case.id, "k1", text="our own words"))
        await workspace.settle()
    assert texts(centre.journal, received.customer) == ["my own words", "our own words"]
    centre.journal.blank([received.customer])
    centre.journal.close()
    assert [text for text in (b"own words", b"zoe@") if text in raw_bytes(path)] == []


# A contact log


def replayed(folder: Path, capsys: Capture, log: LogWriter) -> tuple[str, Path, dict[str, Any]]:
    """URL of the journal, the log and what was printed."""
    url, path = f"sqlite:{folder / 'contacts.db'}", log.write(folder / "contacts.jsonl")
    _, printed, _ = run_json(capsys, "replay", path, "--journal", url)
    return url, path, printed


def check_blanked_log(url: str, path: Path, printed: dict[str, Any], capsys: Capture) -> None:
    """Blank it; figures and hash stay, in another run over the same log too."""
    journal = open_journal(url)
    before, stored = stays(journal), private_parts(journal)
    assert journal.blank(None) == sum(stored.values()) > 0
    after = stays(journal)
    for part, was in before.items():
        assert after[part] == was, part
    assert after["hash"] == printed["state_hash"]
    assert private_parts(journal) == {}
    journal.close()
    _, again, _ = run_json(capsys, "replay", path, "--journal", url)
    assert again.pop("skipped") == printed["lines"]
    assert again == {name: value for name, value in printed.items() if name != "skipped"}


def test_a_contact_log_without_its_texts_has_the_same_figures(tmp_path: Path, capsys: Capture) -> None:
    url, path, printed = replayed(tmp_path, capsys, generated(60))
    assert printed["first_response"]["n"] == 60
    check_blanked_log(url, path, printed, capsys)


@pytest.mark.reach
def test_the_real_log_without_its_texts_has_the_same_figures(
    contact_log: Path, tmp_path: Path, capsys: Capture
) -> None:
    url = f"sqlite:{tmp_path / 'real.db'}"
    _, printed, _ = run_json(capsys, "replay", contact_log, "--journal", url)
    check_blanked_log(url, contact_log, printed, capsys)


# One customer


def person_of(journal: Journal, name: str) -> str:
    """The customer id of somebody in a contact log."""
    view = engine_of(journal).view
    key = WorkspaceKey.of(replay_plan(None)).address(Handle(name, kind=ADDRESS_KIND)).key
    return view.identity.addresses[key].customer


def test_erasing_one_customer_leaves_the_others_alone(tmp_path: Path, capsys: Capture) -> None:
    log = (
        LogWriter()
        .ask(0, "t1", "joe", "m1", text="joe begins")
        .ask(5, "t1", "mia", "m2", text="mia joins in")
        .answer(10, "t1", "joe", "m3", text="answer to joe")
        .ask(20, "t2", "mia", "m4", text="mia begins")
        .ask(25, "t2", "joe", "m5", text="joe joins in")
        .answer(30, "t2", "mia", "m6", text="answer to mia")
        .ask(40, "t3", "zoe", "m7", text="zoe alone")
    )
    url, _, _ = replayed(tmp_path, capsys, log)
    journal = open_journal(url)
    joe, mia, zoe = (person_of(journal, name) for name in ("joe", "mia", "zoe"))
    before, parts = stays(journal), private_parts(journal)
    assert set(texts(journal, joe)) == {
        "joe begins",
        "mia joins in",
        "answer to joe",
        "joe joins in",
    }
    assert journal.blank([joe]) == parts.pop(joe)
    assert private_parts(journal) == parts
    after = stays(journal)
    assert all(after[part] == was for part, was in before.items())
    assert texts(journal, joe) == ["mia joins in"]
    assert set(texts(journal, mia)) == {"mia joins in", "mia begins", "answer to mia"}
    assert texts(journal, zoe) == ["zoe alone"]
    (added,) = [event for event in all_of(journal, e.CustomerAdded) if event.customer == joe]
    assert (added.value, added.name) == (None, None)
    assert {event.value for event in all_of(journal, e.CustomerAdded)} == {None, "mia", "zoe"}
    journal.close()


def all_of(journal: Journal, kind: type[e.Event]) -> list[Any]:
    return [decode_event(record) for record in journal.read(types=[kind.__name__])]


async def test_an_erased_customer_is_recognised_and_may_begin_anew() -> None:
    """The address is known by its hash alone: the same person is the same customer, with the new text and no other."""
    centre = Centre()
    async with centre.open() as workspace:
        first = await workspace.receive(message(1, "before"))
        centre.journal.blank([first.customer])
        again = await workspace.receive(message(2, "after"))
        assert again.customer == first.customer
        assert texts(centre.journal, first.customer) == ["after"]


# Deliveries


@pytest.fixture
def centre() -> Centre:
    return Centre(clock=VirtualClock())


def failures(centre: Centre) -> list[str]:
    return [event.code for event in centre.events(e.DeliveryFailed)]


async def test_a_body_erased_before_sending_is_not_sent(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.execute(c.StopSending("somebody wants to be forgotten"))
        contact = await answered(workspace, "never to be read")
        await workspace.settle()
        assert centre.events(e.DeliveryStarted) == []
        assert centre.journal.blank([contact.customer]) > 0
        await workspace.execute(c.StartSending())
        await workspace.settle()
        assert failures(centre) == ["erased"]
        await contact.reply("written after it")
        await workspace.settle()
    assert (centre.provider.attempts, centre.provider.delivered) == ([], [])
    assert failures(centre) == ["erased", "erased"]  # nobody knows the address any more


async def test_a_body_erased_between_two_attempts_is_not_sent_again(centre: Centre) -> None:
    assert isinstance(centre.clock, VirtualClock)
    centre.provider.fail_next(Failure.UNAVAILABLE)
    async with centre.open() as workspace:
        centre.clock.attach(workspace)
        contact = await answered(workspace, "never to be read")
        await workspace.settle()
        assert len(centre.provider.attempts) == 1
        centre.journal.blank([contact.customer])
        await centre.clock.advance(hours=1)
        assert failures(centre) == ["erased"]
    assert len(centre.provider.attempts) == 1
    assert centre.provider.delivered == []


async def test_a_body_erased_while_nobody_owns_the_workspace_is_not_sent(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.execute(c.StopSending("closing time"))
        contact = await answered(workspace, "never to be read")
    centre.journal.blank([contact.customer])
    async with centre.open() as workspace:
        await workspace.execute(c.StartSending())
        await workspace.settle()
    assert failures(centre) == ["erased"]
    assert centre.provider.attempts == []


async def test_erasing_one_customer_stops_nobody_else_s_answer(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.execute(c.StopSending("for a moment"))
        contact = await answered(workspace, "to the one who is forgotten")
        other = await workspace.receive(message(2, "Hello", "ann"))
        assert other.case is not None
        await workspace.execute(c.SendMessage(other.case.id, "k", text="to the one who stays"))
        centre.journal.blank([contact.customer])
        await workspace.execute(c.StartSending())
        await workspace.settle()
    assert [(sent.recipient, sent.text) for sent in centre.provider.delivered] == [("ann", "to the one who stays")]
    assert failures(centre) == ["erased"]
