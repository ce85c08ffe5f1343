"""Bytes as text: what is claimed, what it is, and what is no charset at all."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.charsets import as_text


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "ISO-8859-1", "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),  # it lies: what can be read at all is read
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("“quoted”".encode("cp1252"), "iso-8859-1", "“quoted”"),  # it means windows-1252
        ("日本語".encode("iso2022_jp"), "ISO-2022-JP", "日本語"),
        ("日本語".encode("cp932"), "Shift_JIS", "日本語"),
        ("привет".encode("koi8_r"), "koi8-r", "привет"),
        ("中文".encode("gb18030"), "gb2312", "中文"),
        ("한국어".encode("cp949"), "ks_c_5601-1987", "한국어"),
        ("Łódź".encode("cp1250"), "windows-1250", "Łódź"),
        ("Ğ".encode("cp1254"), "iso-8859-9", "Ğ"),
        (b"\xef\xbb\xbfHello", None, "Hello"),
        ("Hi".encode("utf-16"), "utf-16", "Hi"),
        (b"abc", "no-such-charset", "abc"),
        (b"abc", "", "abc"),
        (b"\x81", None, "\ufffd"),
        (b"\xff\xfe\xff", "euc-jp", "\ufffd\ufffd\ufffd"),
    ],
)
def test_text_is_read_by_what_is_claimed_if_it_can_be(data: bytes, charset: str | None, expected: str) -> None:
    assert as_text(data, charset) == expected


@pytest.mark.parametrize(
    "name", ["idna", "punycode", "unicode_escape", "rot13", "zlib", "undefined", "\x00", "a" * 10_000]
)
def test_what_is_a_codec_but_no_charset_is_not_used(name: str) -> None:
    assert as_text(b"\\u0041 xn--a", name) == "\\u0041 xn--a"


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16", "iso-2022-jp", "gbk", "big5", None]) | st.text())
def test_anything_is_text_that_can_be_stored(data: bytes, charset: str | None) -> None:
    as_text(data, charset).encode()
