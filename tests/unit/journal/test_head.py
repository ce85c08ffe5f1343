"""The witness file: the last one written is read, and a damaged one is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestra.journal.head import Head, Witness

CHECK = b"12345678"


@pytest.fixture
def head(tmp_path: Path) -> Head:
    return Head(tmp_path / "contacts.db")


def test_there_is_none_at_first(head: Head) -> None:
    assert head.read() is None
    assert head.path.name == "contacts.db-head"


@pytest.mark.parametrize("position", [1, 2**40, 2**63])
def test_the_last_one_written_is_read(head: Head, position: int) -> None:
    head.write(Witness(7, CHECK))
    head.write(Witness(position, CHECK))
    assert Head(head.path.with_name("contacts.db")).read() == Witness(position, CHECK)
    head.forget()


@pytest.mark.parametrize("byte", range(28))
def test_any_damage_makes_it_none(head: Head, byte: int) -> None:
    head.write(Witness(7, CHECK))
    head.forget()
    data = bytearray(head.path.read_bytes())
    data[byte] ^= 1
    head.path.write_bytes(data)
    assert head.read() is None


@pytest.mark.parametrize("size", [0, 1, 27, 29])
def test_another_length_makes_it_none(head: Head, size: int) -> None:
    head.write(Witness(7, CHECK))
    head.forget()
    head.path.write_bytes((head.path.read_bytes() + b"\0")[:size])
    assert head.read() is None


def test_it_can_be_removed_and_written_again(head: Head) -> None:
    head.write(Witness(7, CHECK))
    head.remove()
    assert not head.path.exists()
    head.remove()
    head.write(Witness(8, CHECK))
    assert head.read() == Witness(8, CHECK)
    head.forget()
    head.forget()


def test_a_failure_to_write_is_not_the_callers(tmp_path: Path) -> None:
    head = Head(tmp_path / "no folder" / "contacts.db")
    head.write(Witness(7, CHECK))
    assert head.read() is None
