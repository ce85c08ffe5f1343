"""What one hostile input may cost: 250 ms of processor time and 64 MB for a megabyte of it.

Processor time of this thread alone, the least of several tries: whatever else the machine does counts as little as can
be, and what is quadratic is over the bound by far, however quick the machine.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

__all__ = ["assert_cheap"]

MOST_SECONDS = 0.25
MOST_BYTES = 64_000_000
_TRIES = 5


def assert_cheap(work: Callable[[], object], megabytes: float = 1.0) -> None:
    """Fail where work on so many megabytes costs more than it may."""
    seconds = _least_seconds(work, MOST_SECONDS * megabytes)
    assert seconds <= MOST_SECONDS * megabytes, f"{seconds * 1_000:.0f} ms"
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak <= MOST_BYTES * megabytes, f"{peak / 1e6:.0f} MB"


def _least_seconds(work: Callable[[], object], enough: float) -> float:
    least = float("inf")
    for _ in range(_TRIES):
        begin = time.thread_time()
        work()
        least = min(least, time.thread_time() - begin)
        if least <= enough:
            break
    return least
