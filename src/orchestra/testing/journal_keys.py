"""The journals' contract on the keys that are kept beside the records.

Belongs here: cases for storing, replacing and destroying them. Does not: what is wrapped in them.
"""

# ruff: noqa: D102 - a test's name says what it shows.

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from orchestra.errors import JournalUnavailable, LeaseLost, MalformedMessage, VersionConflict
from orchestra.journal.port import Journal
from orchestra.model.records import Batch, Lease
from orchestra.testing.journal_rig import JournalRig
from orchestra.testing.journal_samples import HOUR, NOON, answer, batch, contents, record

__all__ = ["KeyCases"]


def _keyed(position: int, keys: Mapping[str, str]) -> Batch:
    return Batch([record(position)], keys=keys)


KEYS = {"": "own", "cu-1": "one", "cu-2": "two"}

CALLS: tuple[Callable[[Journal, Lease], object], ...] = (
    lambda journal, _: journal.keys.find(["cu-1"]),
    lambda journal, _: journal.keys.everything(),
    lambda journal, lease: journal.keys.replace({}, lease),
    lambda journal, _: journal.keys.destroy(["cu-1"]),
)


class KeyCases(JournalRig):
    """What the keys beside a journal promise."""

    def test_a_new_journal_has_no_keys(self, journal: Journal) -> None:
        assert journal.keys.everything() == journal.keys.find(["", "cu-1"]) == {}

    def test_keys_come_in_with_their_records(self, journal: Journal, other: Journal, lease: Lease, place: Path) -> None:
        journal.append(0, [_keyed(1, {"": "own", "cu-1": "one"}), batch(1, 1), _keyed(3, {"cu-2": "two"})], lease)
        assert journal.keys.everything() == other.keys.everything() == KEYS
        assert other.keys.find(["cu-2", "", "cu-9"]) == {"": "own", "cu-2": "two"}
        assert journal.keys.find([]) == {}
        journal.close()
        with closing(self.open_at(place)) as again:
            assert again.keys.everything() == KEYS

    def test_an_append_that_is_refused_stores_no_key(self, journal: Journal, lease: Lease) -> None:
        with pytest.raises(VersionConflict):
            journal.append(7, [Batch([record(8)], keys=KEYS)], lease)
        with pytest.raises(MalformedMessage):
            journal.append(0, [Batch([record(1)], keys=KEYS), answer("nobody asked")], lease)
        assert journal.keys.everything() == {}
        assert contents(journal) == []

    def test_nobody_gets_a_second_key(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        with pytest.raises(MalformedMessage):
            journal.append(1, [_keyed(2, {"cu-3": "three", "cu-1": "another"})], lease)
        with pytest.raises(MalformedMessage):
            journal.append(1, [_keyed(2, {"cu-3": "three"}), _keyed(3, {"cu-3": "another"})], lease)
        assert journal.keys.everything() == KEYS
        assert contents(journal) == [record(1)]

    def test_a_key_that_was_destroyed_is_gone(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        assert journal.keys.destroy(["cu-1", "cu-9"]) == 1
        assert journal.keys.everything() == other.keys.everything() == {"": "own", "cu-2": "two"}
        assert journal.keys.destroy(["cu-1"]) == journal.keys.destroy([]) == 0
        assert contents(journal) == [record(1)]

    def test_whoever_comes_again_gets_another_key(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        journal.keys.destroy(["cu-1"])
        journal.append(1, [_keyed(2, {"cu-1": "new"})], lease)
        assert journal.keys.find(["cu-1"]) == {"cu-1": "new"}

    def test_all_keys_are_replaced_in_one_go(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        anew = {subject: f"{wrapped} anew" for subject, wrapped in KEYS.items()}
        journal.keys.replace(anew, lease)
        assert journal.keys.everything() == other.keys.everything() == anew

    def test_keys_of_others_than_have_one_replace_none(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        for wrong in ({}, {"": "own"}, {**KEYS, "cu-3": "three"}):
            with pytest.raises(MalformedMessage):
                journal.keys.replace(wrong, lease)
        assert journal.keys.everything() == KEYS

    def test_only_the_owner_replaces_keys(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        journal.release(lease)
        other.acquire("heir", NOON, HOUR)
        with pytest.raises(LeaseLost):
            journal.keys.replace(dict.fromkeys(KEYS, "x"), lease)
        assert journal.keys.everything() == KEYS

    def test_a_backup_has_the_keys_of_its_day(self, journal: Journal, lease: Lease, tmp_path: Path) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        journal.backup(tmp_path / "copy")
        journal.keys.destroy(["cu-1"])
        with closing(self.open_backup(tmp_path / "copy")) as copy:
            assert copy.keys.everything() == KEYS
            assert copy.keys.destroy(["cu-1"]) == 1

    def test_a_destroyed_key_shows_to_others(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.append(0, [_keyed(1, KEYS)], lease)
        before = other.changes()
        journal.keys.destroy(["cu-1"])
        assert other.changes() != before

    @pytest.mark.parametrize("call", CALLS)
    def test_the_keys_of_a_closed_journal_are_closed(
        self, journal: Journal, lease: Lease, call: Callable[[Journal, Lease], object]
    ) -> None:
        journal.close()
        with pytest.raises(JournalUnavailable):
            call(journal, lease)
