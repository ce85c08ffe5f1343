"""Header and body apart."""

from __future__ import annotations

from hypothesis import given, strategies as st

from orchestra.channels.mail.bounds import USUAL, Bounds
from orchestra.channels.mail.header import split_header


def fields(data: bytes, bounds: Bounds = USUAL) -> tuple[tuple[str, str], ...]:
    return split_header(data, bounds)[0].fields


def test_fields_are_unfolded_and_kept_in_order() -> None:
    data = b"Received: a\r\n\tb\r\nReceived: c\r\nSubject:  Hello \r\n world\r\n\r\nbody\r\n\r\nmore"
    header, body, is_cut = split_header(data, USUAL)
    assert header.fields == (("received", "a\tb"), ("received", "c"), ("subject", "Hello  world"))
    assert data[body:] == b"body\r\n\r\nmore"
    assert not is_cut
    assert header.all("received") == ("a\tb", "c")
    assert header.line("subject") == "Hello world"
    assert header.raw("x-none") == ""
    assert "subject" in header
    assert "x-none" not in header


def test_lines_may_end_in_a_line_feed_alone() -> None:
    header, body, _ = split_header(b"A: 1\nB: 2\n\nbody", USUAL)
    assert header.fields == (("a", "1"), ("b", "2"))
    assert body == 11


def test_there_may_be_no_header_or_no_body() -> None:
    assert split_header(b"\r\nbody", USUAL)[:2] == (split_header(b"", USUAL)[0], 2)
    assert split_header(b"\nbody", USUAL)[1] == 1
    assert split_header(b"A: 1", USUAL)[1] == 4
    assert fields(b"A: 1\r\n") == (("a", "1"),)


def test_what_is_no_field_is_skipped() -> None:
    assert fields(b"From joe@example.com Mon Nov 30\nA: 1\nno field\n: 2\nb\xff: 3\nC : 4\n\n") == (
        ("a", "1"),
        ("c", "4"),
    )


def test_letters_that_are_neither_ascii_nor_utf_8_are_western() -> None:
    assert fields("Subject: Grüße".encode()) == (("subject", "Grüße"),)
    assert fields("Subject: Grüße".encode("latin-1")) == (("subject", "Grüße"),)


def test_a_long_header_is_cut_and_says_so() -> None:
    bounds = Bounds(header_bytes=20)
    header, body, is_cut = split_header(b"A: 1\r\nB: " + b"x" * 50 + b"\r\n\r\nbody", bounds)
    assert header.fields == (("a", "1"), ("b", "x" * 11))
    assert (body, is_cut) == (63, True)


def test_only_the_range_asked_for_is_read() -> None:
    data = b"X: 0\n\nA: 1\n\nbody\n\nmore"
    header, body, _ = split_header(data, USUAL, 6, 16)
    assert header.fields == (("a", "1"),)
    assert body == 12
    assert split_header(data, USUAL, 12, 16)[1] == 16  # what follows is none of it


@given(st.binary(max_size=300))
def test_anything_is_split(data: bytes) -> None:
    header, body, _ = split_header(data, USUAL)
    assert 0 <= body <= len(data)
    for name, value in header.fields:
        assert name
        value.encode()
