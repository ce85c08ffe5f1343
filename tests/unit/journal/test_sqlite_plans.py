"""Plans are read through an index of their own: the same records as without it, each proved in its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from orchestra.errors import JournalCorrupt
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Batch
from orchestra.testing.journal_samples import HOUR, NOON, positions, record

PLANS = [1, 7, 600, 1200]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("plans") / "contacts.db"
    records = [record(number) for number in range(1, 1301)]
    for number in PLANS:
        records[number - 1] = attrs.evolve(records[number - 1], type="PlanChanged")
    with closing(SqliteJournal(path)) as journal:
        journal.append(0, [Batch(records)], journal.acquire("test", NOON, HOUR))
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, made: bytes) -> Path:
    path = tmp_path / "contacts.db"
    path.write_bytes(made)
    return path


@pytest.fixture
def journal(path: Path) -> Generator[SqliteJournal]:
    with closing(SqliteJournal(path)) as journal:
        yield journal


def test_they_are_those_that_a_read_of_all_gives(journal: SqliteJournal) -> None:
    everything = list(journal.read())
    assert list(journal.read(types=["PlanChanged"])) == [everything[number - 1] for number in PLANS]
    assert positions(journal.read(1, types={"PlanChanged"}, limit=2)) == [7, 600]
    assert positions(journal.read(1200, types=["PlanChanged"])) == []
    others = positions(journal.read(types=["PlanChanged", record(2).type]))
    assert set(PLANS) < set(others)


def test_a_changed_plan_is_found_out(path: Path, journal: SqliteJournal) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE record SET facts = '{}' WHERE position = 600")
    reading = journal.read(types=["PlanChanged"])
    assert positions([next(reading), next(reading)]) == [1, 7]
    with pytest.raises(JournalCorrupt) as caught:
        next(reading)
    assert caught.value.position == 600


def test_a_journal_without_the_index_is_read_all_the_same(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP INDEX record_plan")
    with closing(SqliteJournal(path)) as journal:
        assert positions(journal.read(types=["PlanChanged"])) == PLANS
