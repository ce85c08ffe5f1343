"""Threads for calls that block: our own, so that an application which uses up the common ones cannot stop the journal.

Web frameworks run synchronous handlers in the event loop's common threads; if each of them waits for the workspace,
none is left for the append that all of them wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, TypeVarTuple, Unpack

from anyio import CancelScope, CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

__all__ = ["close_in_thread", "in_thread"]

_AT_ONCE = 32

_Value = TypeVar("_Value")
_Arguments = TypeVarTuple("_Arguments")

_limiter: RunVar[CapacityLimiter] = RunVar("orchestra.threads")


async def in_thread(function: Callable[[Unpack[_Arguments]], _Value], *arguments: *_Arguments) -> _Value:
    """Call a function that blocks in a thread, and give what it returns. Not cancellable once it runs."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_AT_ONCE)
        _limiter.set(limiter)
    return await to_thread.run_sync(function, *arguments, limiter=limiter)


class Closable(Protocol):
    """What is closed in the end, and may have to wait for others before."""

    def close(self) -> None:
        """Release what it holds."""
        ...


async def close_in_thread(store: Closable) -> None:
    """Close a journal, which may wait for its readers, while the event loop goes on; also when cancelled."""
    with CancelScope(shield=True):
        await in_thread(store.close)
