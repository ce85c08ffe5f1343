"""Checksums: whatever changes, shows; and no two records share one by the way they are joined."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from orchestra.errors import JournalCorrupt, MalformedMessage
from orchestra.journal.chain import GENESIS, LARGEST, Row, blanked, opened, prove, seal
from orchestra.model.records import Batch, Record
from orchestra.testing.journal_samples import batch, record

FIELDS = ("position", "at_us", "type", "version", "actor", "subject", "check", "private check", "facts", "private")

FORMAT_1_CHECKS = ["254c5ee8df1efa2d", "4860b0dd8701dfd7", "73020be4b8bdcb23", "8f92a13176cc6efd"]
FORMAT_1_PRIVATE = ["85b03c400f1da903", None, "3d7bb80aa030761b", None]

records = st.builds(
    Record,
    position=st.just(1),
    at_us=st.integers(0, LARGEST),
    type=st.text(max_size=5),
    version=st.integers(1, 99),
    actor=st.text(max_size=5),
    subject=st.none() | st.text(max_size=5),
    facts=st.text(max_size=20),
    private=st.none() | st.text(max_size=20),
)


def sealed(one: Record) -> Row:
    (row,) = seal(0, 0, GENESIS, [Batch([one])])
    return row


@given(records)
def test_a_record_survives_its_row(one: Record) -> None:
    row = sealed(one)
    assert prove(row, GENESIS) == row[6]
    assert opened(row) == one


@given(records, records)
def test_two_records_have_two_checks(one: Record, two: Record) -> None:
    one.private = two.private = None
    assert (sealed(one)[6] == sealed(two)[6]) == (one == two)


def test_joined_fields_are_not_mistaken_for_each_other() -> None:
    pairs = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")]
    rows = {sealed(attrs.evolve(record(1), actor=a, subject=b))[6] for a, b in pairs}
    assert len(rows) == len(pairs)
    assert sealed(attrs.evolve(record(1), subject=None))[6] != sealed(attrs.evolve(record(1), subject=""))[6]


@pytest.mark.parametrize("index", range(len(FIELDS)), ids=FIELDS)
def test_a_change_in_any_field_shows(index: int) -> None:
    row = sealed(record(1))
    old: Any = row[index]
    new = old + 1 if isinstance(old, int) else old[:-1] + (b"\x01" if isinstance(old, bytes) else "!")
    with pytest.raises(JournalCorrupt) as caught:
        prove((*row[:index], new, *row[index + 1 :]), GENESIS)  # type: ignore[arg-type]
    assert caught.value.position == (2 if index == 0 else 1)


@pytest.mark.parametrize("value", [None, 7, 1.5, b"bytes"])
@pytest.mark.parametrize("index", [2, 4, 8])
def test_a_field_of_another_type_shows(index: int, value: object) -> None:
    row = sealed(record(1))
    with pytest.raises(JournalCorrupt):
        prove((*row[:index], value, *row[index + 1 :]), GENESIS)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, 7, b"bytes", ""])
def test_a_private_part_of_another_type_shows(value: object) -> None:
    row = sealed(record(1))
    with pytest.raises(JournalCorrupt):
        prove((*row[:9], value), GENESIS)  # type: ignore[arg-type]


def test_a_private_part_from_another_record_shows() -> None:
    one, two = seal(0, 0, GENESIS, [Batch([record(1, private="same"), record(2, private="same")])])
    with pytest.raises(JournalCorrupt):
        prove((*two[:7], one[7], two[8], two[9]), one[6])


def test_a_record_in_another_place_shows() -> None:
    one, two, three = seal(0, 0, GENESIS, [batch(0, 3)])
    assert prove(two, one[6]) == two[6]
    assert prove(three, two[6]) == three[6]
    with pytest.raises(JournalCorrupt):
        prove(three, one[6])


def test_an_erased_record_still_proves() -> None:
    one, two = seal(0, 0, GENESIS, [Batch([record(1, private="a"), record(2, private="b")])])
    assert prove(blanked(one), GENESIS) == one[6]
    assert prove(two, one[6]) == two[6]
    assert opened(blanked(one)) == record(1, private=None)
    assert blanked(blanked(one)) == blanked(one)


def test_the_chain_goes_on_from_append_to_append() -> None:
    whole = seal(0, 0, GENESIS, [batch(0, 4)])
    first = seal(0, 0, GENESIS, [batch(0, 2)])
    second = seal(2, first[-1][1], first[-1][6], [batch(2, 2)])
    assert first + second == whole


def test_the_format_is_the_same_for_ever() -> None:
    # Journals of format 1 must prove in every later version: these bytes may never change.
    rows = seal(0, 0, GENESIS, [batch(0, 4)])
    assert [row[6].hex() for row in rows] == FORMAT_1_CHECKS
    assert [row[7] and row[7].hex() for row in rows] == FORMAT_1_PRIVATE


def test_times_and_positions_are_named_in_the_refusal() -> None:
    with pytest.raises(MalformedMessage, match=r"record 3.*position 2 comes next"):
        seal(1, 0, GENESIS, [Batch([record(3)])])
    with pytest.raises(MalformedMessage, match=r"record 1.*time -1"):
        seal(0, 0, GENESIS, [Batch([record(1, at_us=-1)])])
