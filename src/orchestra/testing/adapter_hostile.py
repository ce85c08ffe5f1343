"""Foreign bytes at their worst, for the contract of channel adapters and for fuzzing.

Belongs here: bodies that no provider sends, and damaged copies of one that it does. Does not: what an adapter must make
of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

__all__ = ["HOSTILE_BODIES", "TEXTS", "damaged", "doubled_keys"]

HOSTILE_BODIES: Sequence[bytes] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b"17",
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b'{"a": "\\ud800"}',
    b"[" * 10_000,
    b"9" * 10_000,
    b"<html>Service unavailable</html>",
    b"\x00" * 100,
    b'"text"',
    b"true",
    b"NaN",
    b"{" * 100_000,
    b'{"a":' * 10_000,
    b'{"a":1,"a":2}',
    b"1e999999999",
    b"[" + b"9" * 5_000 + b"]",
    "{}".encode("utf-16"),
    b"\x1f\x8b\x08\x00" + b"\x00" * 50,
    b"&" * 10_000,
    b"a=%ZZ&%00=%ff",
    b"=" * 10_000,
    b"--boundary\r\nContent-Disposition: form-data; name=x\r\n\r\n",
    b'{"a":"' + b"x" * 5_000_000 + b'"}',
)
"""Bodies that are no news of anybody, the last one of 5 MB."""

TEXTS: Sequence[str] = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\u202egnp.exe",
    "\u2066isolated\u2069",
    "a\u200bb\u200dc\ufeffd",
    "*bold* _it_ `code` [link](javascript:alert(1))",
    "&lt;kept&gt; &amp; as it came",
    "{{ 7 * 7 }} ${7 * 7} %s %n",
    "'; DROP TABLE cases; --",
    "e\u0301" + "\u0301" * 40,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
)
"""Texts that people may write, and that must reach the journal as written."""

_VALUES: Sequence[Any] = (
    *(None, "", 0, -1, 10**30, -(10**18), 1.5, 1e300, True, [], {}, [[]], [None], {"": None}),
    *("\x00", "x" * 10_000, "1e9", "=?utf-8?q?=0D=0ABcc:_x?=", "\r\nX: y", "9" * 400, "\u0661\u0662"),
)
_MOST_PATHS = 60


def damaged(body: bytes) -> Iterator[bytes]:
    """Give copies of a body with one value replaced or left out, cut short, or with bytes that are no text."""
    yield from (body[:end] for end in range(0, len(body), max(1, len(body) // 16)))
    for place in range(0, len(body), max(1, len(body) // 16)):
        yield body[:place] + b"\xff" + body[place:]
        yield body[:place] + b"\x00" + body[place:]
    try:
        value = json.loads(body)
    except ValueError:
        yield from _damaged_form(body)
        return
    yield from _damaged_json(value)


def doubled_keys(body: bytes) -> Iterator[bytes]:
    """Give copies of a JSON body with one key of one object there twice; none if it is no JSON."""
    try:
        value = json.loads(body)
    except ValueError:
        return
    for path in _paths(value):
        if isinstance(found := _at(value, path), dict) and found:
            yield _written(value, path)


def _damaged_json(value: Any) -> Iterator[bytes]:
    for path in _paths(value)[:_MOST_PATHS]:
        if path:
            yield _replaced(value, path, None, drop=True)
        yield from (_replaced(value, path, other) for other in _VALUES)
        # A lone surrogate has no UTF-8: it can only come as an escape.
        yield _replaced(value, path, "\ud800")


def _damaged_form(body: bytes) -> Iterator[bytes]:
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    for place, (name, _) in enumerate(fields):
        rest = fields[:place] + fields[place + 1 :]
        yield urlencode(rest).encode()
        for other in ("", "\x00", "x" * 10_000, "-1", "9" * 400, "\r\nX: y", "\u0661"):
            yield urlencode([*rest, (name, other)]).encode()
            yield urlencode([*fields, (name, other)]).encode()


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        found += _paths(item, (*path, key))
    return found


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _replaced(value: Any, path: tuple[str | int, ...], other: Any, *, drop: bool = False) -> bytes:
    if not path:
        return json.dumps(other).encode()
    changed = json.loads(json.dumps(value))
    holder = _at(changed, path[:-1])
    if drop:
        del holder[path[-1]]
    else:
        holder[path[-1]] = other
    return json.dumps(changed).encode()


def _written(value: Any, doubled: tuple[str | int, ...], path: tuple[str | int, ...] = ()) -> bytes:
    """The value as JSON, in which the object at a path has its first key twice, the second time with another value."""
    if isinstance(value, dict):
        fields = [
            json.dumps(key).encode() + b":" + _written(item, doubled, (*path, key)) for key, item in value.items()
        ]
        again = [json.dumps(next(iter(value))).encode() + b':"other"'] if path == doubled else []
        return b"{" + b",".join(fields + again) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(_written(item, doubled, (*path, place)) for place, item in enumerate(value)) + b"]"
    return json.dumps(value).encode()
