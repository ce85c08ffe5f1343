"""Timers as state: what is due when, by key, without ever waiting for anything.

One heap entry per timer key. Setting a timer anew changes only the table of due times; the heap entry moves when it
comes to the top. Cancelled entries go when they come to the top, or all at once when they outnumber the live ones.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace

__all__ = ["TimerKey", "Timers"]

TimerKey = tuple[str, str]
"""(name of the timer, id of its subject)."""


class Timers:
    """Due times by key. Ties are broken by key, so the order never depends on history."""

    __slots__ = ("_due", "_heap", "_heaped")

    def __init__(self) -> None:
        self._due: dict[TimerKey, int] = {}
        self._heap: list[tuple[int, TimerKey]] = []
        self._heaped: dict[TimerKey, int] = {}

    def __len__(self) -> int:
        return len(self._due)

    def set(self, name: str, subject: str, due_us: int) -> None:
        """Set or move a timer. It fires at `due_us`, microseconds UTC, or as soon after as anyone looks."""
        key = (name, subject)
        self._due[key] = due_us
        heaped = self._heaped.get(key)
        if heaped is None or due_us < heaped:
            # A later due time waits for the old entry to surface; an earlier one needs an entry of its own.
            self._heaped[key] = due_us
            heappush(self._heap, (due_us, key))

    def cancel(self, name: str, subject: str) -> None:
        """Unset a timer; one that is not set is left alone."""
        if self._due.pop((name, subject), None) is None:
            return
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._due):
            self._compact()

    def get(self, name: str, subject: str) -> int | None:
        """When the timer is due, or None if it is not set."""
        return self._due.get((name, subject))

    def first(self) -> tuple[int, TimerKey] | None:
        """The earliest timer, or None if there is none. It stays set."""
        heap, due_of, heaped = self._heap, self._due, self._heaped
        while heap:
            entry = heap[0]
            due_us, key = entry
            due = due_of.get(key)
            if due == due_us:
                return entry
            if heaped.get(key) != due_us:
                heappop(heap)  # superseded by an earlier entry of the same key
            elif due is None:
                heappop(heap)
                del heaped[key]
            else:
                heaped[key] = due
                heapreplace(heap, (due, key))
        return None

    def rows(self) -> list[list[str | int]]:
        """All timers as plain rows, sorted."""
        return [[name, subject, due] for (name, subject), due in sorted(self._due.items())]

    def load(self, rows: list[list[str | int]]) -> None:
        """Take the place of all timers by those that `rows` gave."""
        self._due = {(str(name), str(subject)): int(due) for name, subject, due in rows}
        self._compact()

    def _compact(self) -> None:
        self._heap = [(due, key) for key, due in self._due.items()]
        self._heaped = dict(self._due)
        heapify(self._heap)
