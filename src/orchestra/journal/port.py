"""The ports of storage: `Journal` (records, leases, snapshots), its `Inbox` (commands of other processes), its keys,
and its `Directory` (archived customers).

A journal is called synchronously, one writing call at a time, from a worker thread of the runtime: an append is one
call per group of commands, so one thread switch is shared by many. Reading calls may come from any thread at any time.
Whoever implements a journal runs `orchestra.testing.JournalContract` over it; that suite is the definition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from orchestra.model.records import Batch, Lease, Record, Request, Snapshot

__all__ = ["FORMAT", "Directory", "Inbox", "Journal", "KeyTable"]

FORMAT = 1
"""The newest storage format this library writes and reads."""


@runtime_checkable
class Inbox(Protocol):
    """Commands of other processes, durable, each answered once."""

    def submit(self, request_id: str, command: str) -> None:
        """Store a command durably for the owner.

        Submitting an id that is waiting or already answered changes nothing (the same id always gets the same answer).

        Raises:
            InvalidData: the same id was submitted before with another command.
            JournalUnavailable: it was not stored, or nobody knows.
            JournalCorrupt: something is stored under the id, and the id there is damaged; nothing was stored.
        """
        ...

    def waiting(self, limit: int = 1000) -> Sequence[Request]:
        """Requests not yet answered, oldest first. Answered by `Journal.append` with a `Done`.

        A request whose command is damaged is given without it, so that it can be answered so and keeps nobody waiting.
        So is one that stands under another id than it was submitted with. One whose id cannot be read any more, or does
        not lead to it, is left out: nobody can ask for its answer.
        """
        ...

    def result(self, request_id: str) -> str | None:
        """The stored answer, or None while there is none.

        Raises:
            JournalCorrupt: the answer or its id is damaged.
        """
        ...

    def forget(self, before_us: int) -> int:
        """Delete answers given before that instant (microseconds UTC); returns how many.

        The answers' own time is the `at_us` of their `Done`.
        """
        ...


@runtime_checkable
class KeyTable(Protocol):
    """Customers' keys beside a journal, each wrapped in a text that means nothing here. They come in with `append`.

    A journal without any has never stored what is encrypted.
    """

    def find(self, subjects: Collection[str]) -> Mapping[str, str]:
        """Subject -> key, of those of them who have one."""
        ...

    def everything(self) -> Mapping[str, str]:
        """Subject -> key, of all who have one."""
        ...

    def replace(self, wrapped: Mapping[str, str], lease: Lease) -> None:
        """Put other texts in the place of all, in one go; the old ones are destroyed.

        Raises:
            MalformedMessage: those given are not of exactly the subjects that have one; nothing was stored.
            LeaseLost: the lease's epoch is not the current one; nothing was stored.
            JournalUnavailable: it is not done, or the old ones are not destroyed everywhere: do it again.
        """
        ...

    def destroy(self, subjects: Collection[str]) -> int:
        """Destroy the keys of these subjects; returns how many.

        Raises:
            JournalUnavailable: it is not done, or not everywhere: call again.
        """
        ...


@runtime_checkable
class Directory(Protocol):
    """Where archived customers are in the journal, by hashed keys. Its entries come in and go with `append`."""

    def find(self, keys: Collection[str]) -> Collection[int]:
        """Positions at which whoever is behind one of these keys was archived, and is so still; in order."""
        ...


@runtime_checkable
class Journal(Protocol):
    """An append-only, totally ordered log with one writer at a time."""

    @property
    def inbox(self) -> Inbox:
        """The inbox beside this journal."""
        ...

    @property
    def keys(self) -> KeyTable:
        """The customers' keys beside this journal, for what is encrypted in it."""
        ...

    @property
    def directory(self) -> Directory:
        """The directory of archived customers beside this journal."""
        ...

    def acquire(self, holder: str, now_us: int, ttl_us: int) -> Lease:
        """Become the owner. The epoch is one more than that of any lease before.

        Raises:
            WorkspaceInUse: another holder's lease has not expired and that holder is not known to be dead.
            JournalCorrupt: the last record is damaged, or acknowledged records are missing.
        """
        ...

    def renew(self, lease: Lease, now_us: int, ttl_us: int) -> Lease:
        """Stay the owner for `ttl_us` from `now_us` on; also after the lease expired, if nobody took it.

        Raises:
            LeaseLost: another epoch owns the workspace, or the lease was released.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Stop being the owner. A lease already lost is released silently."""
        ...

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        """Store batches, all or none, and sync them to disk before returning.

        Args:
            after: the position the journal must have now (compare and swap).
            batches: records with positions `after + 1`, `after + 2`, ... over all batches. What they file in the
                directory, and strike from it, is stored with them.
            lease: proof of ownership.

        Returns:
            The new position.

        Raises:
            VersionConflict: the journal is at another position; nothing was stored.
            LeaseLost: the lease's epoch is not the current one; nothing was stored. Whether it has expired does not
                matter while nobody else took it.
            MalformedMessage: positions leave a gap, time falls, a text is not Unicode, a `Done` answers a request that
                is not waiting, or a key comes for somebody who has one; nothing was stored.
            JournalUnavailable: nothing was stored, or with `outcome_unknown` nobody knows.
            JournalMoved: what the journal was opened on is not what others will find: where it is kept, its files are
                gone or are others. No writing call answers then, and no call after it.
        """
        ...

    def position(self) -> int:
        """The last durable position; 0 for an empty journal."""
        ...

    def read(
        self,
        after: int = 0,
        *,
        limit: int | None = None,
        subjects: Collection[str] | None = None,
        types: Collection[str] | None = None,
    ) -> Iterator[Record]:
        """Durable records past `after`, in order; only those of the given subjects and types, if given.

        Gives at least what was durable when the iteration began, without a hole, and holds nobody up while it waits.
        Reads with an index on subject, and on the type `PlanChanged`. Each record is verified.

        Raises:
            JournalCorrupt: when the iteration reaches a damaged record; those before it were given.
        """
        ...

    def blank(self, subjects: Collection[str] | None = None) -> int:
        """Destroy the private part of all records of these subjects (None: of every record); returns how many.

        Facts, positions and verification stay as they are.

        Raises:
            JournalUnavailable: it is not done, or not everywhere: call again.
        """
        ...

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep this snapshot and drop older ones of its schema. A cache: losing it loses nothing.

        Raises:
            MalformedMessage: the journal has no such position.
            JournalUnavailable: it was not stored.
        """
        ...

    def load_snapshot(self, schema: str) -> Snapshot | None:
        """The newest snapshot with this schema, or None. Damaged ones count as absent."""
        ...

    def changes(self) -> int:
        """A number that differs after another process has changed the journal or its inbox. Cheap: made for polling.

        Raises:
            JournalMoved: as `append`; whoever only waits must hear of it too.
        """
        ...

    def backup(self, target: Path) -> int:
        """Copy the live journal with its keys to a new file, owned by nobody, verify it, and return its position.

        Raises:
            JournalUnavailable: the target exists, or cannot be written.
            JournalCorrupt: the copy did not verify.
        """
        ...

    def close(self) -> None:
        """Release files and connections. Closing twice is fine."""
        ...
