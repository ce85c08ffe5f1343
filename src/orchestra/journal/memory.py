"""A journal in memory: for tests, trials and simulations that keep nothing.

Belongs here: the same promises as any journal's, kept by one lock, except those about disks: what is stored here ends
with the process. Does not: pretending to faults or files (`orchestra.testing.faults` does that over any journal).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import attrs

from orchestra.errors import JournalUnavailable, VersionConflict, WorkspaceInUse
from orchestra.journal.chain import GENESIS, Row, blanked, opened, prove, seal
from orchestra.journal.checks import (
    damaged_request,
    fits,
    id_check,
    is_held,
    not_waiting,
    other_command,
    other_keys,
    prove_owner,
    request_check,
    snapshot_ahead,
    snapshot_check,
    two_keys,
)
from orchestra.model.records import Batch, Done, Lease, Record, Request, Snapshot

__all__ = ["MemoryDirectory", "MemoryInbox", "MemoryJournal", "MemoryKeys", "MemoryStore"]


@attrs.define
class _Entry:
    number: int
    command_check: bytes
    command: str | None
    result_check: bytes | None = None
    result: str | None = None
    answered_us: int = 0


@attrs.define
class _Kept:
    snapshot: Snapshot
    record_check: bytes
    state_check: bytes


class MemoryStore:
    """What one journal holds. Journals over the same store are openers of the same journal."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rows: list[Row] = []
        self.epoch = 0
        self.lease: Lease | None = None
        self.requests: dict[str, _Entry] = {}
        self.submitted = 0
        self.snapshots: dict[str, _Kept] = {}
        self.keys: dict[str, str] = {}
        self.filed: dict[str, dict[int, None]] = {}
        self.filed_at: dict[int, list[str]] = {}
        self.changes = 0

    def last(self) -> tuple[int, bytes]:
        """Engine time and check of the last record."""
        return (self.rows[-1][1], self.rows[-1][6]) if self.rows else (0, GENESIS)

    def check_at(self, position: int) -> bytes | None:
        """The check of the record at that position; None if there is no such record."""
        if position == 0:
            return GENESIS
        return self.rows[position - 1][6] if 0 < position <= len(self.rows) else None


class _Door:
    """Access to a store until it is closed."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._is_closed = False

    def open(self) -> MemoryStore:
        if self._is_closed:
            raise JournalUnavailable("it is closed")
        return self._store

    def close(self) -> None:
        self._is_closed = True


class MemoryInbox:
    """The inbox of a memory journal; see `orchestra.journal.port.Inbox`."""

    def __init__(self, door: _Door) -> None:
        self._door = door

    def submit(self, request_id: str, command: str) -> None:
        """Keep a command for the owner; see the port."""
        check = request_check(f"request {request_id}", request_id, command)
        store = self._door.open()
        with store.lock:
            known = store.requests.get(request_id)
            if known is None:
                store.submitted += 1
                store.requests[request_id] = _Entry(store.submitted, check, command)
                store.changes += 1
            elif known.command_check != check:
                raise other_command(request_id)

    def waiting(self, limit: int = 1000) -> Sequence[Request]:
        """Requests not yet answered, oldest first; see the port."""
        store = self._door.open()
        with store.lock:
            requests = (
                Request(entry.number, name, entry.command if fits(name, entry.command, entry.command_check) else None)
                for name, entry in store.requests.items()
                if entry.result is None
            )
            return list(islice(requests, max(0, limit)))

    def result(self, request_id: str) -> str | None:
        """The stored answer, or None; see the port."""
        store = self._door.open()
        with store.lock:
            entry = store.requests.get(request_id)
            if entry is None or entry.result is None:
                return None
            if not fits(request_id, entry.result, entry.result_check):
                raise damaged_request(len(store.rows), request_id)
            return entry.result

    def forget(self, before_us: int) -> int:
        """Delete old answers; see the port."""
        store = self._door.open()
        with store.lock:
            old = [key for key, entry in store.requests.items() if _is_old(entry, before_us)]
            for request_id in old:
                del store.requests[request_id]
            store.changes += bool(old)
            return len(old)


def _is_old(entry: _Entry, before_us: int) -> bool:
    return entry.result is not None and entry.answered_us < before_us


class MemoryKeys:
    """The keys of a memory journal; see `orchestra.journal.port.KeyTable`."""

    def __init__(self, door: _Door) -> None:
        self._door = door

    def find(self, subjects: Collection[str]) -> Mapping[str, str]:
        """The keys of these subjects; see the port."""
        store = self._door.open()
        with store.lock:
            return {subject: store.keys[subject] for subject in subjects if subject in store.keys}

    def everything(self) -> Mapping[str, str]:
        """All keys; see the port."""
        store = self._door.open()
        with store.lock:
            return dict(store.keys)

    def replace(self, wrapped: Mapping[str, str], lease: Lease) -> None:
        """Put other texts in the place of all; see the port."""
        store = self._door.open()
        with store.lock:
            _proved(store, lease)
            if store.keys.keys() != wrapped.keys():
                raise other_keys()
            store.keys = dict(wrapped)
            store.changes += 1

    def destroy(self, subjects: Collection[str]) -> int:
        """Destroy keys; see the port."""
        store = self._door.open()
        with store.lock:
            gone = [store.keys.pop(subject) for subject in set(subjects) if subject in store.keys]
            store.changes += bool(gone)
            return len(gone)


class MemoryDirectory:
    """The directory of a memory journal; see `orchestra.journal.port.Directory`."""

    def __init__(self, door: _Door) -> None:
        self._door = door

    def find(self, keys: Collection[str]) -> Collection[int]:
        """Where those behind the keys were archived; see the port."""
        store = self._door.open()
        with store.lock:
            return sorted({position for key in keys for position in store.filed.get(key, ())})


class MemoryJournal:
    """A journal in this process's memory; see `orchestra.journal.port.Journal` for what each call promises.

    Safe to use from several threads.

    Args:
        store: what to open; None for a new, empty one.
    """

    def __init__(self, store: MemoryStore | None = None) -> None:
        self._door = _Door(store or MemoryStore())
        self._inbox = MemoryInbox(self._door)
        self._keys = MemoryKeys(self._door)
        self._directory = MemoryDirectory(self._door)

    @property
    def inbox(self) -> MemoryInbox:
        """The inbox in the same store."""
        return self._inbox

    @property
    def keys(self) -> MemoryKeys:
        """The customers' keys in the same store."""
        return self._keys

    @property
    def directory(self) -> MemoryDirectory:
        """The directory of archived customers in the same store."""
        return self._directory

    def acquire(self, holder: str, now_us: int, ttl_us: int) -> Lease:
        """Become the owner; see the port."""
        store = self._door.open()
        with store.lock:
            current = store.lease
            if current is not None and is_held(current, holder, now_us):
                raise WorkspaceInUse(current.holder, current.since_us)
            store.epoch += 1
            store.lease = Lease(store.epoch, holder, now_us, now_us + ttl_us)
            store.changes += 1
            return store.lease

    def renew(self, lease: Lease, now_us: int, ttl_us: int) -> Lease:
        """Stay the owner; see the port."""
        store = self._door.open()
        with store.lock:
            current = _proved(store, lease)
            store.lease = attrs.evolve(current, expires_us=now_us + ttl_us)
            store.changes += 1
            return store.lease

    def release(self, lease: Lease) -> None:
        """Stop being the owner; see the port."""
        store = self._door.open()
        with store.lock:
            current = store.lease
            if current is not None and (current.epoch, current.holder) == (lease.epoch, lease.holder):
                store.lease = None
                store.changes += 1

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        """Keep batches, all or none; see the port.

        Raises:
            VersionConflict: the journal is at another position; nothing was stored.
            LeaseLost: the lease is not the one in force; nothing was stored.
            MalformedMessage: the records do not follow the last one in position and time, an answer is to no waiting
                request, or a key is of somebody who has one; nothing was stored.
        """
        store = self._door.open()
        with store.lock:
            _proved(store, lease)
            if after != len(store.rows):
                raise VersionConflict(after, len(store.rows))
            rows = seal(after, *store.last(), batches)
            answers, keys = _answers(store, batches), _new_keys(store, batches)
            store.rows.extend(rows)
            store.keys.update(keys)
            for batch in batches:
                _file(store, batch)
            for done, check in answers:
                entry = store.requests[done.request_id]
                entry.command, entry.result_check, entry.result = None, check, done.result
                entry.answered_us = done.at_us
            store.changes += 1
            return len(store.rows)

    def position(self) -> int:
        """The last position; see the port."""
        store = self._door.open()
        with store.lock:
            return len(store.rows)

    def read(
        self,
        after: int = 0,
        *,
        limit: int | None = None,
        subjects: Collection[str] | None = None,
        types: Collection[str] | None = None,
    ) -> Iterator[Record]:
        """Records past `after`, in order, up to the last one when the iteration starts; see the port."""
        wanted = [None if names is None else frozenset(names) for names in (subjects, types)]
        rows = (row for row in self._rows(max(0, after)) if _is_wanted(row, *wanted))
        return map(opened, rows if limit is None else islice(rows, max(0, limit)))

    def _rows(self, after: int) -> Iterator[Row]:
        # Rows are never taken away and each is replaced whole, so they can be read without the lock.
        store = self._door.open()
        for index in range(after, len(store.rows)):
            row = self._door.open().rows[index]
            prove(row, store.rows[index - 1][6] if index else GENESIS)
            yield row

    def verify(self) -> int:
        """Prove every record; returns the position.

        Raises:
            JournalCorrupt: something is not what was stored.
        """
        return sum(1 for _ in self._rows(0))

    def blank(self, subjects: Collection[str] | None = None) -> int:
        """Destroy private parts; see the port."""
        store = self._door.open()
        names = None if subjects is None else frozenset(subjects)
        with store.lock:
            found = [n for n, row in enumerate(store.rows) if row[9] is not None and _is_wanted(row, names, None)]
            for index in found:
                store.rows[index] = blanked(store.rows[index])
            store.changes += bool(found)
            return len(found)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep this snapshot in place of the one with its schema; see the port.

        Raises:
            MalformedMessage: the journal has no such position.
        """
        store = self._door.open()
        with store.lock:
            check = store.check_at(snapshot.position)
            if check is None:
                raise snapshot_ahead(snapshot)
            store.snapshots[snapshot.schema] = _Kept(attrs.evolve(snapshot), check, snapshot_check(snapshot))
            store.changes += 1

    def load_snapshot(self, schema: str) -> Snapshot | None:
        """The newest snapshot with this schema, or None; see the port."""
        store = self._door.open()
        with store.lock:
            kept = store.snapshots.get(schema)
            if kept is None or snapshot_check(kept.snapshot) != kept.state_check:
                return None
            return attrs.evolve(kept.snapshot) if store.check_at(kept.snapshot.position) == kept.record_check else None

    def changes(self) -> int:
        """A number that differs after any change; see the port."""
        return self._door.open().changes

    def backup(self, target: Path) -> int:
        """Write everything to a new SQLite journal file, owned by nobody; see the port."""
        # A journal in memory needs a database for nothing else.
        from orchestra.journal.sqlite_backup import write_file  # noqa: PLC0415

        store = self._door.open()
        with store.lock:
            rows, epoch = store.rows.copy(), store.epoch
            requests = [_request_row(request_id, entry) for request_id, entry in store.requests.items()]
            snapshots = [_snapshot_row(kept) for kept in store.snapshots.values()]
            keys = list(store.keys.items())
            filed = [(key, position) for key, positions in store.filed.items() for position in positions]
        return write_file(target, rows, epoch, requests, snapshots, keys, filed)

    def close(self) -> None:
        """Refuse further use; the store stays as it is for its other openers."""
        self._door.close()


def _proved(store: MemoryStore, lease: Lease) -> Lease:
    current = store.lease
    prove_owner(lease, store.epoch, None if current is None else current.holder)
    return lease if current is None else current


def _file(store: MemoryStore, batch: Batch) -> None:
    """Enter in the directory who is archived, and take out who is recalled."""
    for key, position in batch.filed.items():
        store.filed.setdefault(key, {})[position] = None
        store.filed_at.setdefault(position, []).append(key)
    for position in batch.struck:
        for key in store.filed_at.pop(position, ()):
            del store.filed[key][position]
            if not store.filed[key]:
                del store.filed[key]


def _answers(store: MemoryStore, batches: Sequence[Batch]) -> list[tuple[Done, bytes]]:
    """The answers, each with its checksum."""
    answers: list[tuple[Done, bytes]] = []
    seen: set[str] = set()
    for done in (batch.done for batch in batches if batch.done is not None):
        answers.append((done, request_check(f"answer to {done.request_id}", done.request_id, done.result)))
        entry = store.requests.get(done.request_id)
        if entry is None or entry.result is not None or done.request_id in seen:
            raise not_waiting(done.request_id)
        seen.add(done.request_id)
    return answers


def _new_keys(store: MemoryStore, batches: Sequence[Batch]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for subject, wrapped in (item for batch in batches for item in batch.keys.items()):
        if subject in keys or subject in store.keys:
            raise two_keys(subject)
        keys[subject] = wrapped
    return keys


def _is_wanted(row: Row, subjects: frozenset[str] | None, types: frozenset[str] | None) -> bool:
    return (subjects is None or row[5] in subjects) and (types is None or row[2] in types)


def _request_row(request_id: str, entry: _Entry) -> tuple[object, ...]:
    answered_us = None if entry.result is None else entry.answered_us
    checks = id_check(request_id), entry.command_check, entry.result_check
    return entry.number, request_id, *checks, entry.command, entry.result, answered_us


def _snapshot_row(kept: _Kept) -> tuple[object, ...]:
    snapshot = kept.snapshot
    return snapshot.schema, snapshot.position, kept.record_check, kept.state_check, snapshot.state
