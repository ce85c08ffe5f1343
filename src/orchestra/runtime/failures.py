"""Failures as whoever is told of them should see them: of tasks that run together, and where one was raised."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

__all__ = ["only_failure", "place_of"]


def only_failure(error: BaseException) -> BaseException:
    """The one failure of a group, also where several tasks met it; else the group."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inner: Sequence[BaseException] = [only_failure(one) for one in error.exceptions]
    return inner[0] if len({(type(one), str(one)) for one in inner}) == 1 else error


def place_of(error: Exception) -> str:
    """File and line where it was raised: its own text may quote what customers wrote."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
