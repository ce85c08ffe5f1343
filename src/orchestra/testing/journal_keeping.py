"""The journals' contract on what is kept beside the records and taken out of them.

Belongs here: cases for erasure, snapshots, backups, `changes` and `close`. Does not: records (`journal_records`).
"""

# ruff: noqa: D102 - a test's name says what it shows.

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import attrs
import pytest

from orchestra.errors import JournalUnavailable, MalformedMessage
from orchestra.journal.port import Journal
from orchestra.model.records import Batch, Lease, Snapshot
from orchestra.testing.journal_rig import JournalRig
from orchestra.testing.journal_samples import HOUR, NOON, add, answer, batch, contents, positions, record

__all__ = ["KeepingCases"]

CHANGES: Sequence[Callable[[Journal], object]] = (
    lambda journal: add(journal, 1),
    lambda journal: journal.inbox.submit("new", "{}"),
    lambda journal: journal.acquire("owner", NOON, HOUR),
)

CALLS: Sequence[Callable[[Journal, Lease], object]] = (
    lambda journal, _: journal.position(),
    lambda journal, _: contents(journal),
    lambda journal, _: list(journal.read(subjects=["cu-1"])),
    lambda journal, _: journal.acquire("a", NOON, HOUR),
    lambda journal, lease: journal.renew(lease, NOON, HOUR),
    lambda journal, lease: journal.release(lease),
    lambda journal, lease: journal.append(0, [batch(0, 1)], lease),
    lambda journal, _: journal.blank(),
    lambda journal, _: journal.save_snapshot(Snapshot(0, "s1", b"")),
    lambda journal, _: journal.load_snapshot("s1"),
    lambda journal, _: journal.changes(),
    lambda journal, _: journal.inbox.submit("a", "{}"),
    lambda journal, _: journal.inbox.waiting(),
    lambda journal, _: journal.inbox.result("a"),
    lambda journal, _: journal.inbox.forget(1),
)


class KeepingCases(JournalRig):
    """What erasure, snapshots, backups and closing promise."""

    def test_erasing_takes_one_subjects_private_parts(self, journal: Journal) -> None:
        add(journal, 12)
        hit = [n for n in range(1, 13) if record(n).subject == "cu-1" and record(n).private is not None]
        assert journal.blank(["cu-1", "cu-unknown"]) == len(hit) > 0
        expected = [record(n, private=None) if n in hit else record(n) for n in range(1, 13)]
        assert contents(journal) == expected
        assert list(journal.read(subjects=["cu-1"])) == [found for found in expected if found.subject == "cu-1"]

    def test_erasing_takes_every_private_part(self, journal: Journal, other: Journal) -> None:
        add(journal, 12)
        assert journal.blank() == 6
        assert contents(other) == [record(n, private=None) for n in range(1, 13)]

    @pytest.mark.parametrize("subjects", [[], ["cu-unknown"]])
    def test_erasing_nobody_takes_nothing(self, journal: Journal, subjects: list[str]) -> None:
        add(journal, 3)
        assert journal.blank(subjects) == 0
        assert contents(journal) == [record(1), record(2), record(3)]

    def test_erasing_twice_finds_nothing_more(self, journal: Journal) -> None:
        add(journal, 12)
        journal.blank(["cu-1"])
        assert journal.blank(["cu-1"]) == 0
        assert journal.blank() > 0
        assert journal.blank() == 0

    def test_records_go_on_after_erasing(self, journal: Journal, place: Path) -> None:
        add(journal, 3)
        journal.blank()
        assert add(journal, 2) == 5
        journal.close()
        with closing(self.open_at(place)) as again:
            assert contents(again) == [*(record(n, private=None) for n in (1, 2, 3)), record(4), record(5)]

    def test_erasing_reaches_a_reader_at_work(self, journal: Journal) -> None:
        add(journal, 2_000)
        reading = journal.read()
        assert positions(islice(reading, 5)) == [1, 2, 3, 4, 5]
        journal.blank()
        assert positions(reading) == list(range(6, 2_001))

    def test_there_is_no_snapshot_before_there_is_one(self, journal: Journal) -> None:
        assert journal.load_snapshot("s1") is None

    @pytest.mark.parametrize("state", [b"", b"\0\xff", b"0123456789" * 500_000])
    def test_a_snapshot_comes_back(self, journal: Journal, place: Path, state: bytes) -> None:
        add(journal, 3)
        journal.save_snapshot(Snapshot(2, "s1", state))
        journal.close()
        with closing(self.open_at(place)) as again:
            assert again.load_snapshot("s1") == Snapshot(2, "s1", state)
            assert again.load_snapshot("s2") is None

    def test_a_newer_snapshot_takes_the_place_of_the_older(self, journal: Journal, other: Journal) -> None:
        journal.save_snapshot(Snapshot(0, "s1", b"empty"))
        assert other.load_snapshot("s1") == Snapshot(0, "s1", b"empty")
        add(journal, 2)
        journal.save_snapshot(Snapshot(1, "s1", b"old"))
        other.save_snapshot(Snapshot(2, "s1", b"new"))
        assert journal.load_snapshot("s1") == Snapshot(2, "s1", b"new")

    def test_each_schema_has_its_snapshot(self, journal: Journal) -> None:
        add(journal, 2)
        journal.save_snapshot(Snapshot(2, "s2", b"two"))
        journal.save_snapshot(Snapshot(1, "s1", b"one"))
        assert journal.load_snapshot("s1") == Snapshot(1, "s1", b"one")
        assert journal.load_snapshot("s2") == Snapshot(2, "s2", b"two")

    @pytest.mark.parametrize("position", [3, -1])
    def test_a_snapshot_of_no_position_is_refused(self, journal: Journal, position: int) -> None:
        add(journal, 2)
        with pytest.raises(MalformedMessage):
            journal.save_snapshot(Snapshot(position, "s1", b""))
        assert journal.load_snapshot("s1") is None

    def test_a_damaged_snapshot_counts_as_absent(self, journal: Journal, place: Path) -> None:
        add(journal, 2)
        journal.save_snapshot(Snapshot(2, "s1", b"a state of some length"))
        journal.close()
        self.spoil_snapshot(place)
        with closing(self.open_at(place)) as again:
            assert again.load_snapshot("s1") is None
            again.save_snapshot(Snapshot(2, "s1", b"made again"))
            assert again.load_snapshot("s1") == Snapshot(2, "s1", b"made again")

    def test_a_backup_holds_everything(self, journal: Journal, lease: Lease, tmp_path: Path) -> None:
        for name in "ab":
            journal.inbox.submit(name, f'"{name}"')
        journal.append(0, [batch(0, 600), answer("a", "1")], lease)
        journal.save_snapshot(Snapshot(5, "s1", b"state"))
        journal.blank(["cu-1"])
        assert journal.backup(tmp_path / "copy") == 600
        with closing(self.open_backup(tmp_path / "copy")) as copy:
            assert contents(copy) == contents(journal)
            assert copy.inbox.waiting() == journal.inbox.waiting()
            assert copy.inbox.result("a") == "1"
            assert copy.load_snapshot("s1") == Snapshot(5, "s1", b"state")

    def test_a_backup_belongs_to_nobody_and_leads_its_own_life(
        self, journal: Journal, lease: Lease, tmp_path: Path
    ) -> None:
        journal.append(0, [batch(0, 1)], lease)
        assert journal.backup(tmp_path / "copy") == 1
        journal.append(1, [batch(1, 1)], lease)
        with closing(self.open_backup(tmp_path / "copy")) as copy:
            heir = copy.acquire("heir", NOON, HOUR)
            assert heir.epoch == lease.epoch + 1
            assert copy.append(1, [Batch([attrs.evolve(record(2), facts='{"other":1}')])], heir) == 2
        assert contents(journal) == [record(1), record(2)]

    def test_an_empty_journal_has_a_backup(self, journal: Journal, tmp_path: Path) -> None:
        assert journal.backup(tmp_path / "copy") == 0
        with closing(self.open_backup(tmp_path / "copy")) as copy:
            assert add(copy, 1) == 1

    def test_a_backup_overwrites_nothing(self, journal: Journal, tmp_path: Path) -> None:
        add(journal, 1)
        target = tmp_path / "precious"
        target.write_text("kept")
        with pytest.raises(JournalUnavailable):
            journal.backup(target)
        assert target.read_text() == "kept"

    def test_a_backup_that_fails_leaves_nothing(self, journal: Journal, tmp_path: Path) -> None:
        add(journal, 1)
        before = sorted(tmp_path.iterdir())
        with pytest.raises(JournalUnavailable):
            journal.backup(tmp_path / "no folder" / "copy")
        assert sorted(tmp_path.iterdir()) == before

    def test_a_backup_is_one_file(self, journal: Journal, tmp_path: Path) -> None:
        folder = tmp_path / "copies"
        folder.mkdir()
        add(journal, 20)
        journal.backup(folder / "copy")
        assert [found.name for found in folder.iterdir()] == ["copy"]

    @pytest.mark.parametrize(
        "change",
        CHANGES,
        ids=["append", "submit", "acquire"],
    )
    def test_a_change_by_another_shows(
        self, journal: Journal, other: Journal, change: Callable[[Journal], object]
    ) -> None:
        before = journal.changes()
        assert journal.changes() == before
        change(other)
        after = journal.changes()
        assert after != before
        assert journal.changes() == after

    def test_an_answer_shows_to_who_waits_for_it(self, journal: Journal, other: Journal, lease: Lease) -> None:
        other.inbox.submit("a", "{}")
        before = other.changes()
        journal.append(0, [answer("a")], lease)
        assert other.changes() != before

    def test_closing_twice_is_fine(self, journal: Journal) -> None:
        journal.close()
        journal.close()

    @pytest.mark.parametrize(
        "call",
        CALLS,
    )
    def test_a_closed_journal_does_nothing_more(
        self, journal: Journal, lease: Lease, call: Callable[[Journal, Lease], object]
    ) -> None:
        journal.close()
        with pytest.raises(JournalUnavailable):
            call(journal, lease)

    def test_a_closed_journal_makes_no_backup(self, journal: Journal, tmp_path: Path) -> None:
        journal.close()
        with pytest.raises(JournalUnavailable):
            journal.backup(tmp_path / "copy")
        assert not (tmp_path / "copy").exists()

    def test_closing_ends_a_reader_at_work(self, journal: Journal) -> None:
        add(journal, 2_000)
        reading = journal.read()
        next(reading)
        journal.close()
        with pytest.raises(JournalUnavailable):
            list(reading)

    def test_closing_leaves_other_openers_alone(self, journal: Journal, other: Journal) -> None:
        add(journal, 1)
        journal.close()
        assert contents(other) == [record(1)]
        assert add(other, 1) == 2
