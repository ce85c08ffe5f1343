"""Canonical text of plain data, for state hashes and for all that is stored; chooses what writes it."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from types import ModuleType
from typing import Any

from orchestra.codec.text import refuse_surrogates, write

__all__ = ["canonical", "speed"]


@functools.cache
def speed() -> ModuleType | None:
    """The module of the `speed` extra, or None if the extra is not installed.

    Looked for at the first use rather than at import, so that who only imports the package does not pay for it.
    """
    if importlib.util.find_spec("msgspec") is None:
        return None
    return importlib.import_module("orchestra.codec.speed")


def canonical(value: Any, *, where: str = "value") -> str:
    """The one JSON text of plain data: equal data give equal text, on every platform and with or without extras.

    Args:
        value: None, bool, int, str, and lists, tuples and dicts with text keys of these.
        where: names the value in errors.

    Raises:
        TypeError: anything else, floats above all.
        MalformedMessage: a text holds a lone surrogate.
    """
    fast = speed()
    text: str = write(value) if fast is None else fast.fast_write(value)
    if not text.isascii():
        refuse_surrogates(text, where)
    return text
