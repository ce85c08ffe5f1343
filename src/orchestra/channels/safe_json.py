"""JSON from foreign bytes, read within bounds: whatever is ambiguous, unbounded or unstorable is refused.

The standard library accepts NaN, keeps the last of two equal keys, passes lone surrogates and NUL on, and
recurses as deep as it is told. Nothing of that may reach an adapter.
"""

from __future__ import annotations

import json
import math
import re
from typing import TypeAlias

import attrs

from orchestra.errors import MalformedMessage

__all__ = ["JsonLimits", "JsonObject", "JsonValue", "canonical_json", "parse_json"]

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"

_MAX_INTEGER = 2**63
_MAX_NUMBER_CHARACTERS = 64
# Possessive, with an optional closing quote: one pass, even over a string that never ends.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b"[]{},")
_ROUND = bytes.maketrans(b"[]{}", b"()()")
_SAFE_DIGITS = 18
"""Every number of so many digits is far from the end of 64 bits."""
# Raw controls are refused by the parser, so a NUL or a surrogate can only come in as an escape.
_SUSPICIOUS_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


@attrs.frozen
class JsonLimits:
    """How much foreign JSON is read at most.

    Attributes:
        max_bytes: of the document.
        max_depth: brackets open at once.
        max_values: commas and opening brackets, which is about as many values. Providers' documents have one in some 25
            bytes; one in two would cost twenty times what it weighs.
    """

    max_bytes: int = 4_000_000
    max_depth: int = 32
    max_values: int = 200_000


def parse_json(data: bytes, *, limits: JsonLimits | None = None, where: str = "body") -> JsonValue:
    """Read one JSON document in UTF-8.

    Args:
        data: the bytes as received.
        limits: bounds on size and depth; None for the usual ones.
        where: names the document in errors.

    Raises:
        MalformedMessage: too large, too deep or too many values, not UTF-8, a byte order mark, not JSON, two equal keys
            in an object, NaN or an infinity, an integer beyond 64 bits, NUL or a lone surrogate in a string. The
            error tells where, never what stands there.

    Guarantees:
        Time and memory are linear in the size; no input raises RecursionError.
    """
    bounds = limits if limits is not None else JsonLimits()
    if len(data) > bounds.max_bytes:
        raise MalformedMessage(where, f"larger than {bounds.max_bytes} bytes")
    _refuse_excess(data, bounds, where)
    value = _parse(_as_text(data, where), where)
    if _SUSPICIOUS_ESCAPE.search(data) is not None:
        _refuse_bad_strings(value, where)
    return value


def canonical_json(value: JsonValue) -> bytes:
    """Write a value so that equal values give equal bytes: sorted keys, no spaces, UTF-8.

    Raises:
        UnicodeEncodeError: a string holds a lone surrogate.
        ValueError: NaN or an infinity.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _refuse_excess(data: bytes, bounds: JsonLimits, where: str) -> None:
    """Count what stands outside of strings, without parsing; where all of it together is no excess, that is known."""
    opening = data.count(b"[") + data.count(b"{")
    if opening <= bounds.max_depth and opening + data.count(b",") <= bounds.max_values:
        return
    structure = _STRING.sub(b"", data).translate(None, _NOT_STRUCTURE)
    commas = structure.count(b",")
    brackets = structure.translate(_ROUND, b",")
    if commas + brackets.count(b"(") > bounds.max_values:
        raise MalformedMessage(where, f"more than {bounds.max_values} values")
    if _is_deeper(brackets, bounds.max_depth):
        raise MalformedMessage(where, f"nested deeper than {bounds.max_depth} levels")


def _is_deeper(brackets: bytes, depth: int) -> bool:
    """Tell whether more brackets may be open at once.

    Each round takes the innermost pairs away: whatever is left after so many is deeper, or no JSON. Those that are
    never closed count as if they were all open at once.
    """
    for _ in range(depth):
        left = brackets.replace(b"()", b"")
        if len(left) == len(brackets):
            break
        brackets = left
    return brackets.count(b"(") > depth or b"()" in brackets


def _as_text(data: bytes, where: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedMessage(where, f"not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise MalformedMessage(where, "begins with a byte order mark")
    return text


def _parse(text: str, where: str) -> JsonValue:
    try:
        value: JsonValue = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        # Not chained: the decoder's error carries the whole document with it.
        raise MalformedMessage(where, f"not JSON: {error.msg} at character {error.pos}") from None
    except MalformedMessage as error:
        raise MalformedMessage(where, error.reason) from None
    return value


def _unique_keys(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedMessage("", "an object has two equal keys")
    return found


def _refuse_constant(_name: str) -> float:
    raise MalformedMessage("", "NaN and infinities are not numbers in JSON")


def _bounded_integer(digits: str) -> int:
    if len(digits) <= _SAFE_DIGITS:
        return int(digits)
    if len(digits) > _MAX_NUMBER_CHARACTERS or not -_MAX_INTEGER <= int(digits) < _MAX_INTEGER:
        raise MalformedMessage("", "an integer is beyond 64 bits")
    return int(digits)


def _finite_float(digits: str) -> float:
    if len(digits) > _MAX_NUMBER_CHARACTERS or not math.isfinite(float(digits)):
        raise MalformedMessage("", "a number is too long or too large")
    return float(digits)


# Built once: `json.loads` would build one for each document.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys,
    parse_constant=_refuse_constant,
    parse_int=_bounded_integer,
    parse_float=_finite_float,
)


def _refuse_bad_strings(value: JsonValue, where: str) -> None:
    """Walk all strings, keys included, with a stack of our own."""
    rest: list[JsonValue] = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            _refuse_bad_string(item, where)
        elif isinstance(item, list):
            rest.extend(item)
        elif isinstance(item, dict):
            rest.extend(item)
            rest.extend(item.values())


def _refuse_bad_string(text: str, where: str) -> None:
    if "\x00" in text:
        raise MalformedMessage(where, "NUL in a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedMessage(where, "lone surrogate in a string") from None
