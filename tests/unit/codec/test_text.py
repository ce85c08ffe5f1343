"""Canonical text: one value has one text, by whatever it is written; nothing but plain data gets in or out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import OrderedDict
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.strategies import LONE_SURROGATES, PLAIN

from orchestra.codec import canonical
from orchestra.codec.canonical import speed
from orchestra.codec.speed import fast_write
from orchestra.codec.text import is_plain, loads, refuse_surrogates, write
from orchestra.errors import MalformedMessage


class Word(StrEnum):
    ONE = "one"


class Number(IntEnum):
    ONE = 1


WRITERS = pytest.mark.parametrize("writer", [write, fast_write])


@given(PLAIN)
def test_both_writers_give_the_same_text_and_it_reads_back(value: Any) -> None:
    text = write(value)
    assert fast_write(value) == text == canonical(value)
    assert loads(text, "value") == value
    assert canonical(loads(text, "value")) == text


def test_both_writers_escape_every_code_point_alike() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    assert fast_write(every) == write(every)
    assert loads(write(every), "value") == every


@WRITERS
def test_form(writer: Any) -> None:
    value = {
        "b": [1, True, None, ()],
        "a": "é\u2028\x01\n/\x7f",
        "\uffff": 0,
        "😀": {"z": -1, "": ""},
        "B": (2**63 - 1, 2**80),
    }
    assert writer(value) == (
        '{"B":[9223372036854775807,1208925819614629174706176],"a":"é\u2028\\u0001\\n/\x7f",'
        '"b":[1,true,null,[]],"\uffff":0,"😀":{"":"","z":-1}}'
    )


NOT_PLAIN = [
    1.0,
    float("nan"),
    [0, [0.5]],
    {"a": {"b": [1.5]}},
    {1: "a"},
    {"a": 1, 2: "b"},
    {None: 0},
    {1},
    b"x",
    Word.ONE,
    Number.ONE,
    [Number.ONE],
    {Word.ONE: 1},
    OrderedDict(a=1),
    object(),
]


@WRITERS
@pytest.mark.parametrize("value", NOT_PLAIN, ids=lambda value: type(value).__name__)
def test_what_is_not_plain_is_refused(writer: Any, value: Any) -> None:
    assert not is_plain(value)
    with pytest.raises(TypeError):
        writer(value)


@given(PLAIN)
def test_plain_data_is_plain(value: Any) -> None:
    assert is_plain(value)


@given(LONE_SURROGATES)
def test_lone_surrogates_have_no_canonical_form(text: str) -> None:
    for value in (text, [text], {text: 1}):
        assert fast_write(value) == write(value)
        with pytest.raises(MalformedMessage) as refused:
            canonical(value, where="rows")
        assert refused.value.where == "rows"
        assert text not in str(refused.value)
        assert refused.value.__cause__ is None


UNREADABLE = [
    "",
    "{",
    "[1,]",
    "nul",
    '"\x01"',
    '"\\x"',
    "1 2",
    "\ufeff1",
    "9" * 5000,
    "[" * 100_000,
    '{"a":' * 100_000,
    '"\\ud800"',
    '["\\udfff\\ud800"]',
    '{"\\uDBFF":1}',
    '"\ud800"',
]


@pytest.mark.parametrize("text", UNREADABLE, ids=lambda text: ascii(text[:12]))
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        loads(text, "facts")
    assert refused.value.where == "facts"


def test_reads_what_others_write() -> None:
    assert loads(' {"a" : "\\ud83d\\ude00\\/"}\n', "x") == {"a": "😀/"}
    assert loads('"\\\\ud800"', "x") == "\\ud800"


def test_text_without_surrogates_passes() -> None:
    refuse_surrogates("é😀", "x")


def test_written_as_the_standard_library_does() -> None:
    value = {"é": ['"\\\b\f\t', 0], "a": {"😀": None}}
    assert write(value) == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_the_extra_is_not_imported_before_it_is_used() -> None:
    program = "import sys, orchestra.codec; sys.exit('msgspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert speed() is not None
    monkeypatch.setitem(sys.modules, "msgspec", None)
    speed.cache_clear()
    try:
        assert speed() is None
        assert canonical({"b": 1, "a": 2}) == '{"a":2,"b":1}'
    finally:
        speed.cache_clear()


@given(st.text(alphabet='\\u0123456789dDfF"', max_size=30))
def test_reading_never_fails_otherwise(text: str) -> None:
    try:
        value = loads(text, "x")
    except MalformedMessage:
        return
    canonical(value)
