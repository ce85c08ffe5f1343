"""The floor of one decision: pop, dict and push on a heap as large as what waits. What no router in Python can pass."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable

__all__ = ["heap_floor"]

OPERATIONS = 20_000


def heap_floor(size: int) -> Callable[[], float]:
    """Pop, dict and push on a heap of that size; gives seconds per operation."""
    heap = [(number * 7919 % size, f"in{number}") for number in range(size)]
    heapq.heapify(heap)
    known = dict.fromkeys((name for _, name in heap), 0)

    def run() -> float:
        start = time.process_time()
        for _ in range(OPERATIONS):
            due, name = heapq.heappop(heap)
            known[name] = due
            heapq.heappush(heap, (due + size, name))
        return (time.process_time() - start) / OPERATIONS

    return run
