from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from orchestra.channels.safe_json import JsonLimits, canonical_json, parse_json
from orchestra.errors import MalformedMessage

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=1)), inner),
    max_leaves=20,
)


@given(JSON)
def test_good_json_is_read_as_it_is(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(canonical_json(value)) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": 1} x', "not JSON"),
        (b'"tab\there"', "not JSON"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": 1, "a": 2}', "two equal keys"),
        (b'[{"b": {"a": 1, "\\u0061": 1}}]', "two equal keys"),
        (b"[NaN]", "not numbers"),
        (b"[-Infinity]", "not numbers"),
        (b"[Infinity]", "not numbers"),
        (b"[1e999]", "too large"),
        (b"[0." + b"1" * 100 + b"]", "too long"),
        (b"[9223372036854775808]", "64 bits"),
        (b"[-9223372036854775809]", "64 bits"),
        (b"1" * 100_000, "64 bits"),
        (b'["\\ud800"]', "lone surrogate"),
        (b'["\\uDBFF", 1]', "lone surrogate"),
        (b'{"\\udc00": 1}', "lone surrogate"),
        (b'[{"a": ["\\u0000"]}]', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
    ],
)
def test_what_is_ambiguous_or_unstorable_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason) as caught:
        parse_json(data, where="capture")
    assert caught.value.where == "capture"


def test_no_depth_raises_a_recursion_error() -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        for deep in (opening * 10_000, opening * 10_000 + b"1" + closing * 10_000):
            with pytest.raises(MalformedMessage, match="deeper than 32"):
                parse_json(deep)


def test_depth_counts_open_brackets_outside_strings_only() -> None:
    limits = JsonLimits(max_depth=2)
    assert parse_json(b'[[1], ["]]]"], ["[[[["], ["\\"[[["]]', limits=limits) == [[1], ["]]]"], ["[[[["], ['"[[[']]
    with pytest.raises(MalformedMessage, match="deeper than 2"):
        parse_json(b"[[[1]]]", limits=limits)


def test_size_is_bounded() -> None:
    limits = JsonLimits(max_bytes=10)
    assert parse_json(b'"12345678"', limits=limits) == "12345678"
    with pytest.raises(MalformedMessage, match="larger than 10 bytes"):
        parse_json(b'"123456789"', limits=limits)


def test_escapes_that_only_look_bad_are_read() -> None:
    assert parse_json(b'["\\\\u0000", "\\ud83d\\ude00", "\\\\ud800"]') == ["\\u0000", "😀", "\\ud800"]


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0d8eE+-.1nul NaIfity', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = parse_json(data)
    except MalformedMessage:
        return
    assert parse_json(canonical_json(value)) == value


def test_errors_do_not_carry_the_document() -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_json(b'{"password": "canary-7531",}')
    assert "canary-7531" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_canonical_bytes_do_not_depend_on_order() -> None:
    assert canonical_json({"b": 1, "a": ["ü"]}) == canonical_json({"a": ["ü"], "b": 1}) == '{"a":["ü"],"b":1}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_values_are_counted_outside_of_strings() -> None:
    limits = JsonLimits(max_values=5)
    assert parse_json(b'[1,[",,,,[{"],{}]', limits=limits) == [1, [",,,,[{"], {}]
    for many in (b"[1,2,3,4,5,6]", b"[[],[[],[]]]", b'[{"a":1},{"b":2},{}]', b"[" * 6):
        with pytest.raises(MalformedMessage, match="more than 5 values"):
            parse_json(many, limits=limits)


@given(st.text(st.sampled_from("[]{}"), max_size=40), st.integers(1, 6))
@example("[]]]][[[[", 3)
@example("[[[[]]]]", 3)
@example("[[[[]]]]", 4)
def test_no_document_that_is_read_is_deeper_than_it_may_be(brackets: str, depth: int) -> None:
    deepest = max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)
    try:
        parse_json(brackets.encode())
    except MalformedMessage:
        is_read = False  # whatever its depth may be
    else:
        is_read = deepest <= depth
    try:
        parse_json(brackets.encode(), limits=JsonLimits(max_depth=depth))
    except MalformedMessage:
        assert not is_read
    else:
        assert is_read


def test_numbers_near_the_end_of_64_bits_are_read() -> None:
    for number in (2**63 - 1, -(2**63), 10**18, -(10**17), 999_999_999_999_999_999):
        assert parse_json(str(number).encode()) == number
