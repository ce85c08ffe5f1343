from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.urlencoded import read_pairs
from orchestra.errors import MalformedMessage

PIECES = ["&", "=", "+", "%", "%4", "%41", "%zz", "%3D", "%25", "%C3", "%bc", "a", "\n", "_", "=\n", " ", ";", "%00"]


def read(body: bytes) -> tuple[tuple[str, str], ...]:
    return read_pairs(body, most_bytes=10_000, most_fields=100)


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=9))
def test_what_is_written_is_read(pairs: list[tuple[str, str]]) -> None:
    assert read(urlencode(pairs).encode()) == tuple(pairs)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_body_is_read_as_the_standard_library_reads_it(body: str) -> None:
    try:
        expected = tuple(parse_qsl(body, keep_blank_values=True, errors="strict"))
    except ValueError:
        with pytest.raises(MalformedMessage, match="no form"):
            read(body.encode())
        return
    assert read(body.encode()) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"a=\xc3\xbc", "no form"),
        (b"a=%ff", "no form"),
        (b"%ff=a", "no form"),
        (b"a=" + b"%" * 1_001, "no form"),
        (b"a=" + b"b" * 9_999, "larger than 10000 bytes"),
        (b"&" * 100, "more than 100 fields"),
    ],
)
def test_what_is_no_form_or_too_much_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason) as caught:
        read(body)
    assert caught.value.__cause__ is None


def test_as_much_as_may_be_is_read() -> None:
    assert len(read(b"&".join([b"a=1"] * 100))) == 100
    assert read(b"a=" + b"%" * 1_000) == (("a", "%" * 1_000),)
    assert read(b"a=" + b"b" * 9_998) == (("a", "b" * 9_998),)
