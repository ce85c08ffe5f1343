"""Snapshots that do not fit: left aside with a warning, since the journal alone says what happened."""

from __future__ import annotations

import gc
import json
import logging
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from tests.contact_centre import Centre, message

from orchestra.engine.engine import SCHEMA, Engine
from orchestra.errors import JournalCorrupt
from orchestra.journal.memory import MemoryJournal
from orchestra.runtime.loading import load_engine, save_snapshot


async def _some_journal() -> MemoryJournal:
    centre = Centre()
    async with centre.open() as workspace:
        for number in range(5):
            await workspace.receive(message(number, sender=f"joe-{number}"))
    assert isinstance(centre.journal, MemoryJournal)
    return centre.journal


def _changed(state: bytes, change: Callable[[Any], Any]) -> bytes:
    """The state of a snapshot with one thing in it changed."""
    dumped = json.loads(zlib.decompress(state))
    change(dumped)
    return zlib.compress(json.dumps(dumped).encode())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: b"nonsense",
        lambda state: state[:-9],
        lambda state: zlib.compress(b"\xff"),
        lambda state: zlib.compress(b"[]"),
        lambda state: zlib.compress(b"{}"),
        lambda state: _changed(state, lambda all_: all_["sections"].pop("routing")),
        lambda state: _changed(state, lambda all_: all_["sections"]["cases"]["cases"].pop()),
        lambda state: _changed(state, lambda all_: all_["sections"]["cases"]["cases"][0].pop()),
        lambda state: _changed(state, lambda all_: all_["sections"]["definition"]["plan"].update(queue=1)),
        lambda state: _changed(state, lambda all_: all_["clock"].update(position=1)),
        lambda state: _changed(state, lambda all_: all_.update(timers=5)),
    ],
)
async def test_a_snapshot_that_does_not_fit_is_left_aside(
    spoil: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    journal = await _some_journal()
    expected = load_engine(journal).state_hash()
    save_snapshot(journal)
    good = journal.load_snapshot(SCHEMA)
    assert good is not None
    assert caplog.text == ""
    journal.save_snapshot(attrs.evolve(good, state=spoil(good.state)))
    assert load_engine(journal).state_hash() == expected
    assert [(record.levelno, record.name) for record in caplog.records] == [(logging.WARNING, "orchestra.runtime")]
    assert f"snapshot at position {good.position} is not used" in caplog.text
    caplog.clear()
    async with Centre(journal).open() as workspace:
        assert workspace.state_hash() == expected
    save_snapshot(journal)
    caplog.clear()
    assert load_engine(journal).state_hash() == load_engine(journal, use_snapshot=False).state_hash()
    assert caplog.text == "", "the next snapshot takes its place"


async def test_a_snapshot_that_the_tail_does_not_fit_is_left_aside(caplog: pytest.LogCaptureFixture) -> None:
    journal = await _some_journal()
    save_snapshot(journal)
    good = journal.load_snapshot(SCHEMA)
    assert good is not None
    async with Centre(journal).open() as workspace:
        await workspace.receive(message(9, sender="joe-1"))
        expected = workspace.state_hash()

    def empty(dumped: Any) -> None:
        dumped["sections"] = Engine().dump()["sections"] | {"definition": dumped["sections"]["definition"]}

    journal.save_snapshot(attrs.evolve(good, state=_changed(good.state, empty)))
    assert load_engine(journal).state_hash() == expected
    assert "is not used (KeyError)" in caplog.text


async def test_damage_in_the_journal_itself_is_no_fault_of_the_snapshot(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await _some_journal()
    save_snapshot(journal)

    def read(*_: Any, **__: Any) -> Any:
        raise JournalCorrupt(9, "flipped")

    monkeypatch.setattr(journal, "read", read)
    with pytest.raises(JournalCorrupt):
        load_engine(journal)
    assert caplog.text == ""


@pytest.fixture
def _nothing_frozen() -> Iterator[None]:
    """What another test's application froze would stay in the way."""
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_nothing_frozen")
async def test_an_engine_that_is_put_aside_can_be_freed() -> None:
    """What is frozen is never looked at again, and an engine's parts name one another."""
    load_engine(await _some_journal())
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()


@pytest.mark.usefixtures("_nothing_frozen")
async def test_what_the_application_froze_stays_frozen() -> None:
    journal = await _some_journal()
    gc.freeze()
    frozen = gc.get_freeze_count()
    load_engine(journal)
    # Of what was frozen some may have gone since, by itself.
    assert 0 < gc.get_freeze_count() <= frozen
