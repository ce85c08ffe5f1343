"""Which messages a journal holds that the engine has forgotten: asked a customer at a time, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from unittest.mock import patch

import pytest
from tests.engine_driver import Driver, person

from orchestra.codec import to_record
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c
from orchestra.model.records import Batch
from orchestra.runtime import import_known
from orchestra.runtime.import_known import KnownMessages


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.message("joe", "email", message_id="m1")
    driver.run(c.RecordReply("email", "main", "m2", person("joe"), text="there"))
    driver.message("mia", "email", message_id="m3", account="sales")
    return driver


@pytest.fixture
def journal(driver: Driver) -> Iterator[MemoryJournal]:
    with closing(MemoryJournal()) as journal:
        lease = journal.acquire("test", 1, 1_000_000)
        records = [to_record(one.event, at, one.at_us, one.actor) for at, one in enumerate(driver.log, 1)]
        journal.append(0, [Batch(records)], lease)
        yield journal


def test_what_was_written_and_what_was_answered_is_known(driver: Driver, journal: MemoryJournal) -> None:
    known = KnownMessages(journal, driver.engine.view)
    assert known.has("email", "main", "m1", "key-joe")
    assert known.has("email", "main", "m2", "key-joe")
    assert known.has("email", "sales", "m3", "key-mia")
    assert not known.has("email", "main", "m3", "key-mia")
    assert not known.has("chat", "main", "m1", "key-joe")
    assert not known.has("email", "main", "m1", "key-mia")
    assert not known.has("email", "main", "m1", "key-nobody")


def test_a_person_is_asked_for_under_all_their_ids(driver: Driver, journal: MemoryJournal) -> None:
    driver.run(c.MergeCustomers("cu1", "cu2", "told", actor="operator:test"))
    known = KnownMessages(journal, driver.engine.view)
    assert known.has("email", "sales", "m3", "key-joe")
    assert known.has("email", "main", "m1", "key-mia")


def test_what_was_taken_just_now_is_known_before_it_is_stored(driver: Driver, journal: MemoryJournal) -> None:
    known = KnownMessages(journal, driver.engine.view)
    assert not known.has("email", "main", "m9", "key-joe")
    known.add("email", "main", "m9", "cu1")
    assert known.has("email", "main", "m9", "key-joe")


def test_somebody_is_read_once_and_kept_within_bounds(
    driver: Driver, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_known, "_MOST_PEOPLE", 1)
    monkeypatch.setattr(import_known, "_MOST_RECENT", 1)
    known = KnownMessages(journal, driver.engine.view)
    with patch.object(journal, "read", wraps=journal.read) as read:
        for _ in range(3):
            known.has("email", "main", "m1", "key-joe")
        assert read.call_count == 1
        known.has("email", "main", "m1", "key-mia")
        known.has("email", "main", "m1", "key-joe")
        assert read.call_count == 3
    known.add("email", "main", "a", "cu1")
    known.add("email", "main", "b", "cu2")
    assert known.has("email", "main", "a", "key-joe"), "it was added to those of a person who is kept"
    assert not known.has("email", "main", "a", "key-mia")
