"""Failures of tasks that run together, as their caller should see them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["only_failure"]


def only_failure(error: BaseException) -> BaseException:
    """The one failure of a group, also where several tasks met it; else the group."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inner: Sequence[BaseException] = [only_failure(one) for one in error.exceptions]
    return inner[0] if len({(type(one), str(one)) for one in inner}) == 1 else error
