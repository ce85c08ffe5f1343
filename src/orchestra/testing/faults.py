"""A journal that fails or dies at a chosen write, over any real journal.

Belongs here: faults between a program and its journal. Does not: damage inside a journal's files, which is each
journal's own to test.

To try every write of a program: run it once over `FaultyJournal(journal)` and read `writes`; then, for each number up
to that and each `JournalFault`, run it again over `FaultyJournal(fresh_journal, {number: fault})`, and after a crash
once more over a journal newly opened on the same store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from orchestra.errors import JournalUnavailable
from orchestra.journal.port import Directory, Inbox, Journal, KeyTable
from orchestra.model.records import Batch, Lease, Record, Request, Snapshot

__all__ = ["WRITES", "Crash", "FaultyInbox", "FaultyJournal", "FaultyKeys", "JournalFault"]

Result = TypeVar("Result")

WRITES: Final = frozenset(
    {"acquire", "append", "blank", "destroy", "forget", "release", "renew", "replace", "save_snapshot", "submit"},
)
"""The calls that write, by name."""


class JournalFault(Enum):
    """What happens at a write."""

    REFUSE = "refuse"
    """`JournalUnavailable`; nothing was stored."""
    LOSE = "lose"
    """`JournalUnavailable` with `outcome_unknown`; nothing was stored."""
    OBSCURE = "obscure"
    """`JournalUnavailable` with `outcome_unknown`; it was stored."""
    CRASH_BEFORE = "crash_before"
    """`Crash`; nothing was stored."""
    CRASH_IN = "crash_in"
    """`Crash`; what a store holds that died in the middle, where the first half of several batches may be in."""
    CRASH_AFTER = "crash_after"
    """`Crash`; it was stored."""


class Crash(BaseException):
    """The process dies here. Not an `Exception`: nothing that recovers from errors may survive it."""


class FaultyJournal:
    """Passes every call on to `inner`, except where the plan says otherwise.

    After a crash the process counts as dead: every further call, reads too, raises `Crash`, so that no clean-up can
    reach the store; only `close` does nothing, and `inner` stays open for the test to inspect.

    Args:
        inner: the journal that really stores.
        plan: number of the write, from 1 -> what happens there.
        only: the calls that count as writes; all of `WRITES` unless given.
        tear: does a write as a store does that dies in the middle of it; None for the first half of what is appended.

    Attributes:
        inner: the journal that really stores.
        calls: the names of the writes asked for so far, in order.
    """

    def __init__(
        self,
        inner: Journal,
        plan: Mapping[int, JournalFault] | None = None,
        *,
        only: Collection[str] = WRITES,
        tear: Callable[[Callable[[], object]], None] | None = None,
    ) -> None:
        self.inner = inner
        self.calls: list[str] = []
        self._plan = dict(plan or {})
        self._only = frozenset(only)
        self._tear = tear
        self._lock = threading.Lock()
        self._is_dead = False
        self._inbox = FaultyInbox(self, inner.inbox)
        self._keys = FaultyKeys(self, inner.keys)

    @property
    def writes(self) -> int:
        """How many writes were asked for so far."""
        return len(self.calls)

    @property
    def inbox(self) -> Inbox:
        """The inner journal's inbox, with the same plan."""
        return self._inbox

    @property
    def keys(self) -> KeyTable:
        """The inner journal's keys, with the same plan."""
        return self._keys

    @property
    def directory(self) -> Directory:
        """The inner journal's directory: it is only read, and read while the process lives."""
        return self.alive().directory

    def perform(self, name: str, action: Callable[[], Result], half: Callable[[], object] = lambda: None) -> Result:
        """Do one write, or what the plan has for it; `half` does a part of it."""
        fault = self._next_fault(name)
        if fault is JournalFault.CRASH_IN:
            half() if self._tear is None else self._tear(action)
        if fault in {JournalFault.CRASH_BEFORE, JournalFault.CRASH_IN}:
            self._die(name)
        if fault in {JournalFault.REFUSE, JournalFault.LOSE}:
            raise JournalUnavailable(f"{name} failed as planned", fault is JournalFault.LOSE)
        result = action()
        if fault is JournalFault.CRASH_AFTER:
            self._die(name)
        if fault is JournalFault.OBSCURE:
            raise JournalUnavailable(f"{name} failed as planned", True)
        return result

    def _next_fault(self, name: str) -> JournalFault | None:
        with self._lock:
            self.alive()
            if name not in self._only:
                return None
            self.calls.append(name)
            return self._plan.get(len(self.calls))

    def _die(self, name: str) -> None:
        self._is_dead = True
        raise Crash(f"at write {len(self.calls)}, {name}")

    def alive(self) -> Journal:
        """The inner journal.

        Raises:
            Crash: the process is dead.
        """
        if self._is_dead:
            raise Crash("the process has died before")
        return self.inner

    def acquire(self, holder: str, now_us: int, ttl_us: int) -> Lease:
        """Counted as a write; see the port."""
        return self.perform("acquire", lambda: self.inner.acquire(holder, now_us, ttl_us))

    def renew(self, lease: Lease, now_us: int, ttl_us: int) -> Lease:
        """Counted as a write; see the port."""
        return self.perform("renew", lambda: self.inner.renew(lease, now_us, ttl_us))

    def release(self, lease: Lease) -> None:
        """Counted as a write; see the port."""
        self.perform("release", lambda: self.inner.release(lease))

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        """Counted as a write; see the port."""
        first = batches[: len(batches) // 2]
        return self.perform(
            "append",
            lambda: self.inner.append(after, batches, lease),
            lambda: self.inner.append(after, first, lease) if first else None,
        )

    def position(self) -> int:
        """Passed on; see the port."""
        return self.alive().position()

    def read(
        self,
        after: int = 0,
        *,
        limit: int | None = None,
        subjects: Collection[str] | None = None,
        types: Collection[str] | None = None,
    ) -> Iterator[Record]:
        """Passed on; a crash ends an iteration in progress too. See the port."""
        for record in self.alive().read(after, limit=limit, subjects=subjects, types=types):
            self.alive()
            yield record

    def blank(self, subjects: Collection[str] | None = None) -> int:
        """Counted as a write; see the port."""
        return self.perform("blank", lambda: self.inner.blank(subjects))

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Counted as a write; see the port."""
        self.perform("save_snapshot", lambda: self.inner.save_snapshot(snapshot))

    def load_snapshot(self, schema: str) -> Snapshot | None:
        """Passed on; see the port."""
        return self.alive().load_snapshot(schema)

    def changes(self) -> int:
        """Passed on; see the port."""
        return self.alive().changes()

    def backup(self, target: Path) -> int:
        """Passed on; see the port."""
        return self.alive().backup(target)

    def close(self) -> None:
        """Close the inner journal, unless the process is dead."""
        if not self._is_dead:
            self.inner.close()


class FaultyInbox:
    """The inbox of a `FaultyJournal`; its writes count in the same row."""

    def __init__(self, journal: FaultyJournal, inner: Inbox) -> None:
        self._journal = journal
        self._inner = inner

    def submit(self, request_id: str, command: str) -> None:
        """Counted as a write; see the port."""
        self._journal.perform("submit", lambda: self._inner.submit(request_id, command))

    def waiting(self, limit: int = 1000) -> Sequence[Request]:
        """Passed on; see the port."""
        self._journal.alive()
        return self._inner.waiting(limit)

    def result(self, request_id: str) -> str | None:
        """Passed on; see the port."""
        self._journal.alive()
        return self._inner.result(request_id)

    def forget(self, before_us: int) -> int:
        """Counted as a write; see the port."""
        return self._journal.perform("forget", lambda: self._inner.forget(before_us))


class FaultyKeys:
    """The keys of a `FaultyJournal`; their writes count in the same row."""

    def __init__(self, journal: FaultyJournal, inner: KeyTable) -> None:
        self._journal = journal
        self._inner = inner

    def find(self, subjects: Collection[str]) -> Mapping[str, str]:
        """Passed on; see the port."""
        self._journal.alive()
        return self._inner.find(subjects)

    def everything(self) -> Mapping[str, str]:
        """Passed on; see the port."""
        self._journal.alive()
        return self._inner.everything()

    def replace(self, wrapped: Mapping[str, str], lease: Lease) -> None:
        """Counted as a write; see the port."""
        self._journal.perform("replace", lambda: self._inner.replace(wrapped, lease))

    def destroy(self, subjects: Collection[str]) -> int:
        """Counted as a write; see the port."""
        return self._journal.perform("destroy", lambda: self._inner.destroy(subjects))
