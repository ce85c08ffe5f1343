"""What is refused of a command before the engine sees it: texts that could never be stored, or are absurdly long."""

from __future__ import annotations

from typing import Any

import attrs

from orchestra.errors import InvalidCommand
from orchestra.model.commands import Command

__all__ = ["refuse_unstorable"]

_LONGEST = 2_000


def refuse_unstorable(command: Command) -> None:
    """Let only commands through whose texts have a UTF-8 form and an ordinary length; bodies have a limit of their own.

    The engine must not decide on what cannot be written down: the decision would be lost with all that build on it.

    Raises:
        InvalidCommand: a text holds a lone surrogate, or is too long.
    """
    for field in attrs.fields(type(command)):
        value = getattr(command, field.name)
        if not _is_storable(value):
            raise InvalidCommand(field.name, "a text holds a lone surrogate")
        if isinstance(value, str) and field.name != "text" and len(value) > _LONGEST:
            raise InvalidCommand(field.name, f"must be at most {_LONGEST} characters")


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() or _has_utf8(value)
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_storable, value))
    if type(value) in _SCALARS or not attrs.has(type(value)):
        return True
    return all(_is_storable(getattr(value, field.name)) for field in attrs.fields(type(value)))


_SCALARS = frozenset({int, bool, type(None)})


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
