"""Plain data as TOML, with remarks. Belongs here: text. Does not: what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["toml_text"]

_PER_LINE = 24
"""A row of a long list: the hours of a day."""

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def toml_text(data: Mapping[str, Any], remarks: Mapping[str, str] | None = None, above: Sequence[str] = ()) -> str:
    """A TOML file that reads back to the same data.

    Args:
        data: texts, numbers, true and false, lists of them, and tables.
        remarks: dotted path of a table -> a line to stand above it.
        above: remarks to stand above all of it.
    """
    head = "".join(f"# {_one_line(line)}\n" for line in above)
    return head + "\n".join(_table(data, (), remarks or {})).strip() + "\n"


def _table(data: Mapping[str, Any], path: tuple[str, ...], remarks: Mapping[str, str]) -> Iterator[str]:
    inner = {key: value for key, value in data.items() if isinstance(value, Mapping) and not _is_short(value)}
    plain = {key: value for key, value in data.items() if key not in inner}
    name = ".".join(path)
    if name in remarks:
        yield f"# {_one_line(remarks[name])}"
    if path and (plain or not inner):
        yield f"[{'.'.join(map(_key, path))}]"
    for key, value in plain.items():
        remark = remarks.get(".".join((*path, key)))
        if remark is not None:
            yield f"# {_one_line(remark)}"
        yield f"{_key(key)} = {_value(value)}"
    if plain:
        yield ""
    for key, value in inner.items():
        yield from _table(value, (*path, key), remarks)


def _is_short(value: Mapping[str, Any]) -> bool:
    """A law fits into a line; a table of tables does not."""
    return bool(value) and "law" in value


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + "}"
    cells = [_value(one) for one in value]
    if len(cells) <= _PER_LINE:
        return "[" + ", ".join(cells) + "]"
    lines = (", ".join(cells[place : place + _PER_LINE]) for place in range(0, len(cells), _PER_LINE))
    return "[\n    " + ",\n    ".join(lines) + ",\n]"


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
