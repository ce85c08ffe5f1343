"""What every part of the journals' contract suite stands on.

Belongs here: the hooks a subclass fills in, and the fixtures. Does not: tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from orchestra.journal.port import Journal
from orchestra.model.records import Lease
from orchestra.testing.journal_samples import HOUR, NOON

__all__ = ["JournalRig"]


class JournalRig(ABC):
    """Supplied by who tests a journal, and the fixtures made of it."""

    @abstractmethod
    def open_at(self, place: Path) -> Journal:
        """Open the journal kept at `place`, a path in an empty folder; make one if there is none.

        Two calls with one place give two openers of one journal.
        """

    @abstractmethod
    def open_backup(self, file: Path) -> Journal:
        """Open what `Journal.backup` has written to `file`."""

    @abstractmethod
    def spoil_snapshot(self, place: Path) -> None:
        """Change the stored bytes of the one snapshot of the journal at `place`; nobody has it open."""

    @abstractmethod
    def spoil_request(self, place: Path, request_id: str) -> None:
        """Change the stored bytes of that request's command, which waits; nobody has the journal at `place` open."""

    def take_away(self, place: Path) -> bool:
        """Remove what is kept at `place` while it is open, as an operator might; False if nobody could."""
        return False

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """Where the journal of one test is kept."""
        return tmp_path / "journal"

    @pytest.fixture
    def journal(self, place: Path) -> Generator[Journal]:
        """A new journal."""
        with closing(self.open_at(place)) as opened:
            yield opened

    @pytest.fixture
    def other(self, journal: Journal, place: Path) -> Generator[Journal]:
        """A second opener of the same journal."""
        assert journal.position() == 0
        with closing(self.open_at(place)) as opened:
            yield opened

    @pytest.fixture
    def lease(self, journal: Journal) -> Lease:
        """Ownership of the journal for an hour from noon."""
        return journal.acquire("first", NOON, HOUR)
