"""A journal run against the simplest model of one: lists and dictionaries in this process.

Belongs here: random sequences of calls, and what must be seen after each. Does not: the named cases
(`orchestra.testing.journals`). Needs hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest
from hypothesis import strategies as st

from orchestra.errors import InvalidData, LeaseLost, VersionConflict, WorkspaceInUse
from orchestra.journal.port import Journal
from orchestra.model.records import Batch, Done, Lease, Record, Snapshot
from orchestra.testing.journal_samples import HOUR, MINUTE, NOON, SUBJECTS, TYPES, record

__all__ = ["Step", "check_sequence", "sequences"]

Step: TypeAlias = tuple[str, Any]
"""A method of the run without its underscore, and its one argument."""

_IDS = st.integers(0, 3)
_SUBSETS = st.one_of(st.none(), st.lists(st.sampled_from([*SUBJECTS, "cu-unknown"]), max_size=3))

_STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("append"), st.lists(st.integers(0, 4), max_size=4)),
    st.tuples(st.just("append_elsewhere"), st.integers(-2, 2).filter(bool)),
    st.tuples(st.just("append_as_former_owner"), st.none()),
    st.tuples(st.just("answer"), _IDS),
    st.tuples(st.just("submit"), st.tuples(_IDS, st.integers(0, 1))),
    st.tuples(st.just("forget"), st.integers(-1, 1)),
    st.tuples(st.just("own"), st.booleans()),
    st.tuples(st.just("blank"), _SUBSETS),
    st.tuples(st.just("keep_snapshot"), st.binary(max_size=20)),
    st.tuples(st.just("filter"), st.tuples(_SUBSETS, st.sampled_from([None, *TYPES]), st.integers(0, 9))),
    st.tuples(st.just("reopen"), st.none()),
)


def sequences() -> st.SearchStrategy[list[Step]]:
    """Sequences of calls, right and wrong ones."""
    return st.lists(_STEPS, max_size=25)


def check_sequence(open_at: Callable[[Path], Journal], place: Path, steps: list[Step]) -> None:
    """Make these calls on a new journal and compare after each what it holds with what it should.

    Raises:
        AssertionError: they differ.
    """
    run = _Run(open_at, place, open_at(place))
    try:
        for name, value in steps:
            getattr(run, f"_{name}")(value)
            run.compare()
    finally:
        run.journal.close()


@attrs.define
class _Run:
    open_at: Callable[[Path], Journal]
    place: Path
    journal: Journal
    records: list[Record] = attrs.field(factory=list[Record])
    commands: dict[str, str] = attrs.field(factory=dict[str, str])
    waiting: list[str] = attrs.field(factory=list[str])
    results: dict[str, tuple[str, int]] = attrs.field(factory=dict[str, tuple[str, int]])
    snapshot: Snapshot | None = None
    lease: Lease | None = None
    former: Lease | None = None
    now_us: int = NOON

    def compare(self) -> None:
        journal = self.journal
        assert journal.position() == len(self.records)
        assert list(journal.read()) == self.records
        assert [request.request_id for request in journal.inbox.waiting()] == self.waiting
        assert [request.command for request in journal.inbox.waiting()] == [self.commands[i] for i in self.waiting]
        for request_id in self.commands:
            assert journal.inbox.result(request_id) == self.results.get(request_id, (None, 0))[0]
        assert journal.load_snapshot("s1") == self.snapshot

    def _owned(self) -> Lease:
        if self.lease is None:
            self._own(False)
        assert self.lease is not None
        return self.lease

    def _own(self, by_waiting: bool) -> None:
        name = f"holder {self.now_us}"
        if self.lease is not None and not by_waiting:
            with pytest.raises(WorkspaceInUse):
                self.journal.acquire(name, self.now_us, HOUR)
            return
        self.now_us += HOUR + MINUTE
        before, self.former = self.lease or self.former, self.lease or self.former
        self.lease = self.journal.acquire(name, self.now_us, HOUR)
        assert self.lease.epoch == (before.epoch if before else 0) + 1

    def _append(self, sizes: list[int]) -> None:
        lease, after = self._owned(), len(self.records)
        batches: list[Batch] = []
        for size in sizes:
            start = after + sum(len(batch.records) for batch in batches)
            batches.append(Batch([record(start + n) for n in range(1, size + 1)]))
        added = [found for batch in batches for found in batch.records]
        assert self.journal.append(after, batches, lease) == after + len(added)
        self.records += [attrs.evolve(found) for found in added]

    def _append_elsewhere(self, offset: int) -> None:
        lease, after = self._owned(), len(self.records) + offset
        with pytest.raises(VersionConflict) as caught:
            self.journal.append(after, [Batch([record(after + 1)])], lease)
        assert (caught.value.expected, caught.value.found) == (after, len(self.records))

    def _append_as_former_owner(self, _: None) -> None:
        if self.former is not None:
            with pytest.raises(LeaseLost):
                self.journal.append(len(self.records), [Batch([record(len(self.records) + 1)])], self.former)

    def _answer(self, number: int) -> None:
        lease, after, request_id = self._owned(), len(self.records), f"rq-{number}"
        batches = [Batch([record(after + 1)], Done(request_id, f'"{after}"', self.now_us))]
        if request_id not in self.waiting:
            with pytest.raises(InvalidData):
                self.journal.append(after, batches, lease)
            return
        self.journal.append(after, batches, lease)
        self.records.append(record(after + 1))
        self.waiting.remove(request_id)
        self.results[request_id] = (f'"{after}"', self.now_us)

    def _submit(self, what: tuple[int, int]) -> None:
        request_id, command = f"rq-{what[0]}", f'{{"do":{what[1]}}}'
        if self.commands.get(request_id, command) != command:
            with pytest.raises(InvalidData):
                self.journal.inbox.submit(request_id, command)
            return
        self.journal.inbox.submit(request_id, command)
        if request_id not in self.commands:
            self.commands[request_id] = command
            self.waiting.append(request_id)

    def _forget(self, minutes: int) -> None:
        before = self.now_us + minutes * MINUTE
        old = [key for key, (_, at_us) in self.results.items() if at_us < before]
        assert self.journal.inbox.forget(before) == len(old)
        for request_id in old:
            del self.results[request_id], self.commands[request_id]

    def _blank(self, subjects: list[str] | None) -> None:
        hit = [r for r in self.records if r.private is not None and (subjects is None or r.subject in subjects)]
        assert self.journal.blank(subjects) == len(hit)
        for found in hit:
            found.private = None

    def _keep_snapshot(self, state: bytes) -> None:
        self.snapshot = Snapshot(len(self.records), "s1", state)
        self.journal.save_snapshot(self.snapshot)

    def _filter(self, what: tuple[list[str] | None, str | None, int]) -> None:
        subjects, kind, after = what
        types = None if kind is None else [kind]
        expected = [
            found
            for found in self.records[after:]
            if (subjects is None or found.subject in subjects) and (types is None or found.type in types)
        ]
        assert list(self.journal.read(after, subjects=subjects, types=types)) == expected
        assert list(self.journal.read(after, subjects=subjects, types=types, limit=2)) == expected[:2]

    def _reopen(self, _: None) -> None:
        self.journal.close()
        self.journal = self.open_at(self.place)
