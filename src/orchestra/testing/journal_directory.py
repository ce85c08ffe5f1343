"""The journals' contract on the directory of archived customers that is kept beside the records.

Belongs here: cases for filing, striking and finding keys. Does not: what they are hashes of.
"""

# ruff: noqa: D102 - a test's name says what it shows.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from orchestra.errors import JournalUnavailable, MalformedMessage, VersionConflict
from orchestra.journal.port import Journal
from orchestra.model.records import Batch, Lease
from orchestra.testing.journal_rig import JournalRig
from orchestra.testing.journal_samples import answer, batch, contents, record

__all__ = ["DirectoryCases"]


def _filing(position: int, filed: Mapping[str, int], struck: Sequence[int] = ()) -> Batch:
    return Batch([record(position)], filed=filed, struck=struck)


class DirectoryCases(JournalRig):
    """What the directory beside a journal promises."""

    def test_a_new_journal_knows_nobody(self, journal: Journal) -> None:
        assert list(journal.directory.find(["a", "b"])) == []
        assert list(journal.directory.find([])) == []

    def test_keys_come_in_with_their_records(self, journal: Journal, other: Journal, lease: Lease, place: Path) -> None:
        journal.append(0, [_filing(1, {"a": 1, "b": 1}), batch(1, 1), _filing(3, {"c": 3})], lease)
        assert list(other.directory.find(["a"])) == list(journal.directory.find(["b", "x"])) == [1]
        assert list(journal.directory.find(["c", "b", "a"])) == [1, 3]
        journal.close()
        with closing(self.open_at(place)) as again:
            assert list(again.directory.find(["c"])) == [3]

    def test_one_key_may_lead_to_several(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [_filing(1, {"a": 1}), _filing(2, {"a": 2, "b": 2})], lease)
        assert list(journal.directory.find(["a"])) == [1, 2]
        journal.append(2, [_filing(3, {}, [1])], lease)
        assert list(journal.directory.find(["a"])) == [2]

    def test_all_keys_of_a_position_are_struck_with_it(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.append(0, [_filing(1, {"a": 1, "b": 1}), _filing(2, {"c": 2})], lease)
        journal.append(2, [_filing(3, {}, [1, 9])], lease)
        assert list(other.directory.find(["a", "b", "c"])) == [2]

    def test_what_is_filed_and_struck_in_one_append_is_gone(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [_filing(1, {"a": 1}), _filing(2, {}, [1]), _filing(3, {"a": 3})], lease)
        assert list(journal.directory.find(["a"])) == [3]

    def test_an_append_that_is_refused_files_and_strikes_nothing(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [_filing(1, {"a": 1})], lease)
        with pytest.raises(VersionConflict):
            journal.append(7, [_filing(8, {"b": 8}, [1])], lease)
        with pytest.raises(MalformedMessage):
            journal.append(1, [_filing(2, {"b": 2}, [1]), answer("nobody asked")], lease)
        assert list(journal.directory.find(["a", "b"])) == [1]
        assert contents(journal) == [record(1)]

    def test_a_backup_has_the_directory_of_its_day(self, journal: Journal, lease: Lease, tmp_path: Path) -> None:
        journal.append(0, [_filing(1, {"a": 1}), _filing(2, {"a": 2, "b": 2})], lease)
        journal.backup(tmp_path / "copy")
        journal.append(2, [_filing(3, {"c": 3}, [1])], lease)
        with closing(self.open_backup(tmp_path / "copy")) as copy:
            assert list(copy.directory.find(["a", "b", "c"])) == [1, 2]

    def test_the_directory_of_a_closed_journal_is_closed(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [_filing(1, {"a": 1})], lease)
        journal.close()
        with pytest.raises(JournalUnavailable):
            journal.directory.find(["a"])
