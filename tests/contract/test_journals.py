"""Both journals that ship, through the suite that is their contract."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from orchestra.journal.crypto import Cipher, key_of, new_key
from orchestra.journal.memory import MemoryJournal, MemoryStore
from orchestra.journal.port import Journal
from orchestra.journal.sealed import OWN, SealedJournal, Vault
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.faults import FaultyJournal
from orchestra.testing.journal_keeping import KeepingCases
from orchestra.testing.journal_ownership import InboxCases, LeaseCases
from orchestra.testing.journal_records import AppendCases, ReadCases
from orchestra.testing.journals import JournalContract


class TestMemory(JournalContract):
    @pytest.fixture(autouse=True)
    def _stores(self) -> None:
        self.stores: dict[Path, MemoryStore] = {}

    def open_at(self, place: Path) -> Journal:
        return MemoryJournal(self.stores.setdefault(place, MemoryStore()))

    def open_backup(self, file: Path) -> Journal:
        return SqliteJournal(file)

    def spoil_snapshot(self, place: Path) -> None:
        (kept,) = self.stores[place].snapshots.values()
        kept.snapshot = attrs.evolve(kept.snapshot, state=kept.snapshot.state[::-1])

    def spoil_request(self, place: Path, request_id: str) -> None:
        self.stores[place].requests[request_id].command = "spoilt"


class TestSqlite(JournalContract):
    def open_at(self, place: Path) -> Journal:
        return SqliteJournal(place)

    def open_backup(self, file: Path) -> Journal:
        return SqliteJournal(file)

    def spoil_snapshot(self, place: Path) -> None:
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            connection.execute("UPDATE snapshot SET state = CAST('spoilt' AS BLOB)")

    def spoil_request(self, place: Path, request_id: str) -> None:
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            connection.execute(
                "UPDATE request SET command = CAST(x'7bff7d' AS TEXT) WHERE request_id = ?", (request_id,)
            )

    def take_away(self, place: Path) -> bool:
        if sys.platform == "win32":  # what is open stays where it is there
            return False
        for found in place.parent.glob(f"{place.name}*"):
            found.unlink()
        return True


class TestSqliteWithoutSync(TestSqlite):
    def open_at(self, place: Path) -> Journal:
        return SqliteJournal(place, synchronous="NORMAL")


class TestFaultyWithoutFaults(TestSqlite):
    """The wrapper for faults adds none of its own."""

    def open_at(self, place: Path) -> Journal:
        return FaultyJournal(SqliteJournal(place))


class TestSealed(AppendCases, ReadCases, LeaseCases, InboxCases, KeepingCases):
    """What encrypts keeps the contract of what it encrypts, but for the keys, which are its own."""

    secret = "s" * 32

    def open_at(self, place: Path) -> Journal:
        journal = SqliteJournal(place)
        if not journal.keys.find([OWN]):
            wrapped = Cipher(key_of(self.secret)).seal(new_key(), f"key of {OWN}")
            with closing(sqlite3.connect(place, isolation_level=None)) as connection:
                connection.execute("INSERT INTO customer_key VALUES (?, ?)", (OWN, wrapped))
        return SealedJournal(journal, Vault(self.secret, journal.keys))

    def open_backup(self, file: Path) -> Journal:
        return self.open_at(file)

    def spoil_snapshot(self, place: Path) -> None:
        TestSqlite.spoil_snapshot(self, place)  # type: ignore[arg-type]

    def spoil_request(self, place: Path, request_id: str) -> None:
        TestSqlite.spoil_request(self, place, request_id)  # type: ignore[arg-type]
