"""The journals' contract on records: appending them, reading them back.

Belongs here: cases for `append`, `position` and `read`. Does not: who may append (`journal_ownership`), erasure,
snapshots and copies (`journal_keeping`).
"""

# ruff: noqa: D102 - a test's name says what it shows.

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path
from threading import Barrier

import attrs
import pytest

from orchestra.errors import JournalMoved, MalformedMessage, VersionConflict
from orchestra.journal.port import Journal
from orchestra.model.records import Batch, Lease, Record
from orchestra.testing.journal_rig import JournalRig
from orchestra.testing.journal_samples import MINUTE, NOON, SUBJECTS, TYPES, add, batch, contents, positions, record

__all__ = ["AppendCases", "ReadCases"]

MANY = 1_500
"""More records than a journal is likely to fetch at once."""

STRANGE_TEXTS = {
    "empty": "",
    "nul": "a\0b",
    "quotes": "'\"`\\%_;--",
    "lines": "\r\n\t\v\u2028\ufeff",
    "composed and not": "e\u0301 \u00e9",
    "far planes": "\U0001f600\U0010ffff",
    "right to left": "\u202eabc\u05d0",
    "long": "0123456789" * 100_000,
}
"""Whatever is Unicode comes back as it was."""


def _with_text(field: str, text: str) -> Record:
    stored = record(1)
    setattr(stored, field, text)
    return stored


class AppendCases(JournalRig):
    """What appending promises."""

    def test_a_new_journal_is_empty(self, journal: Journal) -> None:
        assert journal.position() == 0
        assert contents(journal) == []

    def test_a_journal_satisfies_the_port(self, journal: Journal) -> None:
        assert isinstance(journal, Journal)

    def test_records_come_back_as_they_were(self, journal: Journal, lease: Lease) -> None:
        assert journal.append(0, [batch(0, 9)], lease) == 9
        assert journal.position() == 9
        assert contents(journal) == [record(n) for n in range(1, 10)]

    def test_batches_follow_each_other(self, journal: Journal, lease: Lease) -> None:
        assert journal.append(0, [batch(0, 2), batch(2, 0), batch(2, 3)], lease) == 5
        assert journal.append(5, [batch(5, 1)], lease) == 6
        assert positions(journal.read()) == [1, 2, 3, 4, 5, 6]

    def test_records_outlive_the_opener(self, journal: Journal, place: Path) -> None:
        add(journal, 5)
        journal.close()
        with closing(self.open_at(place)) as again:
            assert again.position() == 5
            assert contents(again) == [record(n) for n in range(1, 6)]

    def test_nothing_to_append_changes_nothing(self, journal: Journal, lease: Lease) -> None:
        assert journal.append(0, [], lease) == 0
        journal.append(0, [batch(0, 2)], lease)
        assert journal.append(2, [Batch([])], lease) == 2
        assert positions(journal.read()) == [1, 2]

    @pytest.mark.parametrize("after", [0, 2, 4, 100])
    def test_another_position_is_a_conflict(self, journal: Journal, lease: Lease, after: int) -> None:
        journal.append(0, [batch(0, 3)], lease)
        with pytest.raises(VersionConflict) as caught:
            journal.append(after, [batch(after, 1)], lease)
        assert (caught.value.expected, caught.value.found) == (after, 3)
        assert positions(journal.read()) == [1, 2, 3]

    def test_a_conflict_is_noticed_with_nothing_to_append(self, journal: Journal, lease: Lease) -> None:
        with pytest.raises(VersionConflict):
            journal.append(1, [], lease)

    def test_of_two_appends_at_one_position_one_is_stored(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.append(0, [batch(0, 1)], lease)
        with pytest.raises(VersionConflict):
            other.append(0, [Batch([record(1, private="the other one")])], lease)
        assert contents(other) == [record(1)]

    @pytest.mark.parametrize("numbers", [[2], [1, 3], [1, 1], [1, 2, 2], [2, 1], [0], [-1]])
    def test_a_gap_or_a_repeat_stores_nothing(self, journal: Journal, lease: Lease, numbers: list[int]) -> None:
        with pytest.raises(MalformedMessage):
            journal.append(0, [Batch([record(n, at_us=NOON) for n in numbers])], lease)
        assert journal.position() == 0

    def test_a_fault_in_the_last_batch_stores_none(self, journal: Journal, lease: Lease) -> None:
        with pytest.raises(MalformedMessage):
            journal.append(0, [batch(0, 2), batch(2, 2), batch(5, 1)], lease)
        assert contents(journal) == []
        assert journal.append(0, [batch(0, 1)], lease) == 1

    def test_time_does_not_fall_within_an_append(self, journal: Journal, lease: Lease) -> None:
        with pytest.raises(MalformedMessage):
            journal.append(0, [Batch([record(1, at_us=NOON), record(2, at_us=NOON - 1)])], lease)
        assert journal.position() == 0

    def test_time_does_not_fall_between_appends(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [Batch([record(1, at_us=NOON)])], lease)
        with pytest.raises(MalformedMessage):
            journal.append(1, [Batch([record(2, at_us=NOON - 1)])], lease)
        assert journal.append(1, [Batch([record(2, at_us=NOON)])], lease) == 2

    @pytest.mark.parametrize("at_us", [0, 2**63 - 1])
    def test_the_largest_and_smallest_time_are_kept(self, journal: Journal, lease: Lease, at_us: int) -> None:
        journal.append(0, [Batch([record(1, at_us=at_us)])], lease)
        assert [found.at_us for found in journal.read()] == [at_us]

    def test_a_time_past_any_calendar_stores_nothing(self, journal: Journal, lease: Lease) -> None:
        with pytest.raises(MalformedMessage):
            journal.append(0, [Batch([record(1, at_us=2**63)])], lease)
        assert journal.position() == 0

    @pytest.mark.parametrize("field", ["type", "actor", "subject", "facts", "private"])
    @pytest.mark.parametrize("kind", STRANGE_TEXTS)
    def test_any_text_of_a_record_comes_back(self, journal: Journal, lease: Lease, kind: str, field: str) -> None:
        stored = _with_text(field, STRANGE_TEXTS[kind])
        journal.append(0, [Batch([stored])], lease)
        assert contents(journal) == [stored]
        assert list(journal.read(subjects=[stored.subject or ""])) == [stored]

    @pytest.mark.parametrize("field", ["type", "actor", "subject", "facts", "private"])
    def test_a_record_that_is_not_unicode_stores_nothing(self, journal: Journal, lease: Lease, field: str) -> None:
        with pytest.raises(MalformedMessage) as caught:
            journal.append(0, [batch(0, 0), Batch([_with_text(field, "secret \ud800")])], lease)
        assert "secret" not in f"{caught.value} {caught.value.__cause__}"
        assert journal.position() == 0

    def test_nothing_and_an_empty_text_differ(self, journal: Journal, lease: Lease) -> None:
        stored = [attrs.evolve(record(n), subject=text, private=text) for n, text in ((1, None), (2, ""))]
        journal.append(0, [Batch(stored)], lease)
        assert contents(journal) == stored

    def test_what_is_stored_does_not_change_with_the_callers_objects(self, journal: Journal, lease: Lease) -> None:
        mine = record(1)
        journal.append(0, [Batch([mine])], lease)
        mine.facts = mine.private = "changed"
        (found,) = contents(journal)
        assert found == record(1)
        found.facts = "changed"
        assert contents(journal) == [record(1)]

    def test_nothing_is_acknowledged_once_the_journal_was_taken_away(
        self, journal: Journal, lease: Lease, place: Path
    ) -> None:
        journal.append(0, [batch(0, 1)], lease)
        if self.take_away(place):
            with pytest.raises(JournalMoved):
                journal.append(1, [batch(1, 1)], lease)
            with pytest.raises(JournalMoved):
                journal.inbox.submit("a", "{}")
            with pytest.raises(JournalMoved):
                journal.changes()
        else:
            assert journal.append(1, [batch(1, 1)], lease) == 2

    def test_a_second_opener_sees_an_append_at_once(self, journal: Journal, other: Journal, lease: Lease) -> None:
        for position in range(3):
            journal.append(position, [batch(position, 1)], lease)
            assert other.position() == position + 1
            assert contents(other)[-1] == record(position + 1)


class ReadCases(JournalRig):
    """What reading promises."""

    @pytest.fixture
    def filled(self, journal: Journal) -> Journal:
        """A journal of twelve records."""
        add(journal, 12)
        return journal

    @pytest.mark.parametrize(("after", "expected"), [(0, 12), (-1, 12), (5, 7), (11, 1), (12, 0), (99, 0)])
    def test_reading_starts_past_a_position(self, filled: Journal, after: int, expected: int) -> None:
        assert positions(filled.read(after)) == list(range(13 - expected, 13))

    @pytest.mark.parametrize(("limit", "expected"), [(0, 0), (1, 1), (12, 12), (13, 12), (None, 12)])
    def test_reading_stops_at_a_limit(self, filled: Journal, limit: int | None, expected: int) -> None:
        assert positions(filled.read(limit=limit)) == list(range(1, expected + 1))

    @pytest.mark.parametrize("subjects", [["cu-1"], ["cu-2", "cu-1"], [*SUBJECTS, "cu-9"], ["cu-9"], [], ["cu-1"] * 2])
    def test_subjects_filter(self, filled: Journal, subjects: list[str]) -> None:
        expected = [n for n in range(1, 13) if record(n).subject in subjects]
        assert positions(filled.read(subjects=subjects)) == expected
        assert positions(filled.read(4, subjects=subjects, limit=2)) == [n for n in expected if n > 4][:2]

    @pytest.mark.parametrize("types", [[TYPES[0]], list(TYPES), ["Unknown"], []])
    def test_types_filter(self, filled: Journal, types: list[str]) -> None:
        expected = [n for n in range(1, 13) if record(n).type in types]
        assert positions(filled.read(types=types)) == expected
        assert positions(filled.read(4, types=types, limit=2)) == [n for n in expected if n > 4][:2]

    def test_subjects_and_types_filter_together(self, filled: Journal) -> None:
        expected = [n for n in range(1, 13) if (record(n).subject, record(n).type) == (SUBJECTS[1], TYPES[1])]
        assert expected
        assert positions(filled.read(subjects=[SUBJECTS[1]], types=[TYPES[1]])) == expected

    @pytest.mark.parametrize("collection", [list, tuple, set, frozenset])
    def test_filters_are_any_collection(
        self, filled: Journal, collection: Callable[[tuple[str, ...]], frozenset[str]]
    ) -> None:
        assert len(list(filled.read(subjects=collection(SUBJECTS), types=collection(TYPES)))) == 9

    def test_a_long_journal_comes_back_in_order(self, journal: Journal) -> None:
        add(journal, MANY)
        assert positions(journal.read()) == list(range(1, MANY + 1))
        assert positions(journal.read(7, limit=MANY - 10)) == list(range(8, MANY - 2))
        several = [n for n in range(1, MANY + 1) if record(n).subject in {"cu-0", "cu-1", "cu-2"}]
        assert positions(journal.read(subjects=["cu-2", "cu-0", "cu-1"])) == several
        assert positions(journal.read(subjects=["cu-1"])) == [n for n in several if record(n).subject == "cu-1"]
        assert positions(journal.read(types=[TYPES[0]])) == list(range(2, MANY + 1, 2))

    @pytest.mark.parametrize("subjects", [None, SUBJECTS])
    def test_reading_goes_on_while_others_append(
        self, journal: Journal, lease: Lease, subjects: tuple[str, ...] | None
    ) -> None:
        journal.append(0, [batch(0, MANY)], lease)
        reading = journal.read(subjects=subjects)
        first = positions(islice(reading, 3))
        journal.append(MANY, [batch(MANY, 20)], lease)
        seen = first + positions(reading)
        every = [n for n in range(1, MANY + 21) if subjects is None or record(n).subject]
        # All that was there at the start; of what came later, a beginning, with no hole.
        assert seen == every[: len(seen)]
        assert seen[-1] >= MANY - 1
        assert seen + positions(journal.read(seen[-1], subjects=subjects)) == every

    def test_a_reader_that_stops_early_holds_nobody_up(self, journal: Journal, lease: Lease, place: Path) -> None:
        journal.append(0, [batch(0, MANY)], lease)
        reading = journal.read()
        next(reading)
        journal.append(MANY, [batch(MANY, 1)], lease)
        journal.blank()
        journal.close()
        with closing(self.open_at(place)) as again:
            assert again.position() == MANY + 1

    def test_nothing_is_read_before_the_first_record_is_asked_for(self, journal: Journal) -> None:
        reading = journal.read()
        add(journal, 1)
        assert positions(reading) == [1]

    def test_many_threads_read_while_one_appends(self, journal: Journal, lease: Lease) -> None:
        journal.append(0, [batch(0, 40)], lease)
        readers, start = 4, Barrier(5)

        def read(number: int) -> list[bool]:
            start.wait()
            subjects = None if number % 2 else SUBJECTS
            every = [record(n) for n in range(1, 61) if subjects is None or record(n).subject]
            return [found == every[: len(found)] for found in (_read(journal, subjects) for _ in range(20))]

        with ThreadPoolExecutor(readers) as pool:
            seen = [pool.submit(read, number) for number in range(readers)]
            start.wait()
            for position in range(40, 60):
                journal.append(position, [batch(position, 1)], lease)
            assert all(all(future.result()) for future in seen)
        assert journal.position() == 60

    def test_engine_time_is_the_records_own(self, filled: Journal) -> None:
        assert [found.at_us for found in filled.read(limit=2)] == [NOON + MINUTE, NOON + 2 * MINUTE]


def _read(journal: Journal, subjects: tuple[str, ...] | None) -> list[Record]:
    return list(journal.read(subjects=subjects))
