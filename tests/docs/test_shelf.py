"""The journal of the how-to guide, held to the contract of journals."""

from __future__ import annotations

from pathlib import Path

import attrs
from acme.shelf import _STORES, ShelfJournal

from orchestra.journal.port import Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.journals import JournalContract


class TestShelf(JournalContract):
    def open_at(self, place: Path) -> Journal:
        return ShelfJournal(str(place))

    def open_backup(self, file: Path) -> Journal:
        return SqliteJournal(file)

    def spoil_snapshot(self, place: Path) -> None:
        store = _STORES[str(place)]
        for kept in store.snapshots.values():
            kept.snapshot = attrs.evolve(kept.snapshot, state=b"spoilt")

    def spoil_request(self, place: Path, request_id: str) -> None:
        _STORES[str(place)].requests[request_id].command = "spoilt"
