"""The mark for private fields: names, raw addresses and message bodies, kept apart from facts."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["SEALED", "is_sealed", "private", "private_names"]

_MARK = "orchestra.private"

SEALED = "sealed:"
"""What a private part begins with that is encrypted; any other is a JSON object."""


def is_sealed(text: str | None) -> bool:
    """Whether a stored private part, command or answer is encrypted."""
    return text is not None and text.startswith(SEALED)


def private() -> Any:
    """An optional field that is stored apart from the facts, may be erased, and never shows in a repr.

    Nothing in the engine's `evolve` reads one.
    """
    return attrs.field(default=None, repr=False, metadata={_MARK: True})


def private_names(kind: type[Any]) -> frozenset[str]:
    """Names of the private fields of an event or command class."""
    return frozenset(field.name for field in attrs.fields(kind) if field.metadata.get(_MARK))
