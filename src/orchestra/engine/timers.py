"""Timers as state: what is due when, by key, without ever waiting for anything.

One heap entry per timer key. Setting a timer anew changes only the table of due times; the heap entry moves when it
comes to the top. Entries of cancelled timers go when they come to the top; when they outnumber the others, all entries
move to a new heap but those, a few with each change.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush, heapreplace

__all__ = ["Entry", "Timers"]

Entry = tuple[int, str, str]
"""(microseconds UTC, name of the timer, id of its subject)."""

_SMALL = 64
"""A heap of so many entries is left as it is."""
_AT_ONCE = 4
"""Entries that move with each change: more than a change can leave behind."""


class Timers:
    """Due times by name and subject. Ties are broken by these, so the order never depends on history.

    A timer's entry stands in one of the heaps at the time it is due, or else at that in `_standing`: of timers that
    were moved to a later time, and of cancelled ones. Any other entry of it is dropped when it comes up.
    """

    __slots__ = ("_due", "_first", "_heap", "_is_known", "_leaving", "_size", "_standing")

    def __init__(self) -> None:
        self._due: dict[str, dict[str, int]] = {}
        # Asked far more often than it changes: remembered until a change may have made another one the first.
        self._first: Entry | None = None
        self._is_known = True
        self._size = 0
        self._heap: list[Entry] = []
        self._leaving: list[Entry] = []
        self._standing: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return self._size

    def set(self, name: str, subject: str, due_us: int) -> None:
        """Set or move a timer. It fires at `due_us`, microseconds UTC, or as soon after as anyone looks."""
        due_of = self._due.get(name)
        if due_of is None:
            due_of = self._due[name] = {}
        due = due_of.get(subject)
        stands = self._standing.pop((name, subject), due) if self._standing else due
        self._size += due is None
        due_of[subject] = due_us
        first = self._first
        if first is None or due_us <= first[0] or (subject == first[2] and name == first[1]):
            self._is_known = False
        if stands is None or due_us < stands:
            # A later due time waits for the old entry to surface; an earlier one needs an entry of its own.
            heappush(self._heap, (due_us, name, subject))
            if self._leaving or len(self._heap) > _SMALL:
                self._tidy()
        elif due_us > stands:
            self._standing[name, subject] = stands

    def cancel(self, name: str, subject: str) -> None:
        """Unset a timer; one that is not set is left alone."""
        due = self._due.get(name, _NOTHING).pop(subject, None)
        if due is None:
            return
        self._size -= 1
        first = self._first
        if first is not None and subject == first[2] and name == first[1]:
            self._is_known = False
        self._standing.setdefault((name, subject), due)
        if self._leaving or len(self._heap) > _SMALL:
            self._tidy()

    def cancel_all(self, names: Iterable[str], subject: str) -> None:
        """Unset several timers of a subject, most of which are not set."""
        all_due = self._due
        for name in names:
            due_of = all_due.get(name)
            if due_of and subject in due_of:
                self.cancel(name, subject)

    def get(self, name: str, subject: str) -> int | None:
        """When the timer is due, or None if it is not set."""
        return self._due.get(name, _NOTHING).get(subject)

    def names_of(self, subject: str) -> list[str]:
        """The timers that are set of a subject."""
        return [name for name, due_of in self._due.items() if subject in due_of]

    def first(self) -> Entry | None:
        """The earliest timer, or None if there is none. It stays set."""
        if not self._is_known:
            self._first, self._is_known = self._earliest(), True
        return self._first

    def _earliest(self) -> Entry | None:
        first = self._top(self._heap)
        if self._leaving:
            other = self._top(self._leaving)
            if first is None or (other is not None and other < first):
                return other
        return first

    def _top(self, heap: list[Entry]) -> Entry | None:
        """The first of a heap that is due when it says."""
        while heap:
            entry = heap[0]
            due = self._stood(entry)
            if due == entry[0]:
                return entry
            if due is None:
                heappop(heap)
            else:
                heapreplace(heap, (due, *entry[1:]))
        return None

    def _stood(self, entry: Entry) -> int | None:
        """When the timer is due that an entry stands for; None if it stands for none. It is to stand there then."""
        at_us, name, subject = entry
        due = self._due[name].get(subject)
        if due == at_us:
            return due
        if self._standing.get((name, subject)) != at_us:
            return None  # superseded by an earlier entry of the same timer
        del self._standing[name, subject]
        return due

    def _tidy(self) -> None:
        """Where entries nobody needs outnumber the others, begin a new heap; or go on to move entries to it."""
        leaving = self._leaving
        if not leaving:
            if len(self._heap) > 2 * self._size:
                self._heap, self._leaving = [], self._heap
            return
        for _ in range(min(_AT_ONCE, len(leaving))):
            entry = leaving.pop()  # the last of a heap can go without a search
            due = self._stood(entry)
            if due is not None:
                heappush(self._heap, (due, *entry[1:]))

    def rows(self) -> list[list[str | int]]:
        """All timers as plain rows, sorted."""
        due = sorted((name, subject, due) for name, of in self._due.items() for subject, due in of.items())
        return [list(row) for row in due]

    def load(self, rows: list[list[str | int]]) -> None:
        """Take the place of all timers by those that `rows` gave."""
        self._due, self._heap, self._leaving, self._standing = {}, [], [], {}
        for name, subject, due in rows:
            self._due.setdefault(str(name), {})[str(subject)] = int(due)
            self._heap.append((int(due), str(name), str(subject)))
        self._size = len(self._heap)
        self._is_known = False
        heapify(self._heap)


_NOTHING: dict[str, int] = {}
"""What is due of timers that were never set; nobody writes to it."""
