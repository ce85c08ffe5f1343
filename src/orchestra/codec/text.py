"""Canonical JSON text, written and read with the standard library alone.

One value has one text: keys sorted by code point, no spaces, nothing escaped but what JSON demands, whole numbers only.
What belongs here: plain data and its text. What does not: events, commands, or anything that knows a field's name.
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring as quote
from typing import Any, TypeGuard

from orchestra.errors import MalformedMessage

__all__ = ["TEXT", "is_array", "is_object", "is_plain", "is_tuple", "loads", "quote", "refuse_surrogates", "write"]

_RAW_DECODE = json.JSONDecoder().raw_decode
_CONSTANTS = {None: "null", True: "true", False: "false"}
_SCALARS = frozenset({str, int, bool, type(None)})
TEXT = frozenset({str})
"""The types a key may have."""
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def write(value: Any) -> str:
    """Canonical text of plain data, lone surrogates not yet refused.

    Raises:
        TypeError: anything but None, bool, int, str, and lists, tuples and dicts (with text keys) of these. Subclasses
            are refused too: they would come back as something else.
    """
    kind: object = type(value)  # pyright: ignore[reportUnknownVariableType] - it is an object
    if kind is str:
        return quote(value)
    if kind is int:
        return int.__repr__(value)
    if kind is dict:
        return "{" + ",".join([f"{_key(key)}:{write(value[key])}" for key in sorted(value)]) + "}"
    if kind is list or kind is tuple:
        return "[" + ",".join([write(item) for item in value]) + "]"
    if value is None or kind is bool:
        return _CONSTANTS[value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _key(key: Any) -> str:
    if type(key) is not str:
        raise TypeError(f"a key of type {type(key).__name__} has no canonical form")
    return quote(key)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether parsed JSON is an object."""
    return type(value) is dict


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether parsed JSON is an array."""
    return type(value) is list


def is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    """Whether plain data is a tuple, which has the text of an array."""
    return type(value) is tuple


def is_plain(value: Any) -> bool:
    """Whether `write` takes the value; looks at types only, most of it at the speed of C."""
    kind: object = type(value)  # pyright: ignore[reportUnknownVariableType] - it is an object
    if kind is dict:
        return TEXT.issuperset(map(type, value)) and _are_plain(value.values())
    return _are_plain(value) if kind is list or kind is tuple else kind in _SCALARS


def _are_plain(values: Any) -> bool:
    return _SCALARS.issuperset(map(type, values)) or all(map(is_plain, values))


def refuse_surrogates(text: str, where: str) -> None:
    """Let only text through that has a UTF-8 form.

    Raises:
        MalformedMessage: the text holds a lone surrogate.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        # Not chained: that error carries the whole text with it.
        raise MalformedMessage(where, "a text holds a lone surrogate") from None


def loads(text: str, where: str) -> Any:
    """Read text that `write` gave, or that somebody else wrote as JSON.

    Raises:
        MalformedMessage: it is not JSON, is nested too deeply, or holds a lone surrogate. Quotes nothing of the text.
    """
    if not text.isascii():
        refuse_surrogates(text, where)
    try:
        value, end = _RAW_DECODE(text)
        if end != len(text):
            value = json.loads(text)
    except RecursionError:
        raise MalformedMessage(where, "nested too deeply") from None
    except ValueError:
        value = _loads_with_spaces(text, where)
    if "\\u" in text and _SURROGATE_ESCAPE.search(text):
        refuse_surrogates(json.dumps(value, ensure_ascii=False), where)
    return value


def _loads_with_spaces(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise MalformedMessage(where, f"not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise MalformedMessage(where, "a number has too many digits") from None
