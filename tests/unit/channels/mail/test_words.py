"""Encoded words, and header text as one clean line."""

from __future__ import annotations

from email.header import Header, decode_header, make_header

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.words import clean_line, decode_words, unbase64


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Hello", "Hello"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("Re: =?iso-8859-1?Q?Gr=FC=DFe_an?= Ann", "Re: Grüße an Ann"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=FC?=", "aü"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),  # one character in two words
        ("=?utf-8*en?q?a?=", "a"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?nope?q?a?=", "a"),
        ("=?utf-8?b?!!!?=", ""),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("=?utf-8?q?a?=b", "ab"),
    ],
)
def test_encoded_words_are_read(value: str, expected: str) -> None:
    assert decode_words(value) == expected


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=100))
def test_what_the_standard_library_encodes_is_read_alike(text: str) -> None:
    encoded = Header(text, "utf-8", maxlinelen=10_000).encode()
    assert decode_words(encoded) == str(make_header(decode_header(encoded)))


@given(st.text())
def test_a_line_has_no_control_characters(text: str) -> None:
    line = clean_line(decode_words(text))
    assert line.isprintable() or not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029" for c in line)
    line.encode()


def test_an_encoded_line_end_forges_nothing() -> None:
    assert clean_line(decode_words("=?utf-8?q?Hello=0D=0ABcc=3A_eve=40example=2Ecom?=")) == "Hello Bcc: eve@example.com"
    assert clean_line(decode_words("=?utf-8?q?a=00b=E2=80=A8c?=")) == "a b c"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"YWJj", b"abc"),
        (b"YW\r\nJj", b"abc"),
        (b"YWI", b"ab"),
        (b"YWI=", b"ab"),
        (b"Y", b""),
        (b"YWJj=YWJj", b"abcabc"),
        (b"-- \n YWJj", b"abc"),
        (b"", b""),
    ],
)
def test_base64_is_read_as_far_as_it_goes(raw: bytes, expected: bytes) -> None:
    assert unbase64(raw) == expected


@given(st.binary())
def test_base64_never_raises(raw: bytes) -> None:
    unbase64(raw)
