"""The contract of journals as a test suite, for every journal: ours and anybody's.

Needs pytest and hypothesis. Subclass it in a test module and supply the abstract methods::

    class TestMine(JournalContract):
        def open_at(self, place): return MyJournal(place)
        def open_backup(self, file): return MyJournal(file)
        def spoil_snapshot(self, place): ...
        def spoil_request(self, place, request_id): ...

The suite is the definition of `orchestra.journal.port`; it knows no journal and imports none. Damage to stored records
is for each journal's own tests: only they know where the bytes are.
"""

# ruff: noqa: D102 - a test's name says what it shows.

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from orchestra.testing.journal_directory import DirectoryCases
from orchestra.testing.journal_keeping import KeepingCases
from orchestra.testing.journal_keys import KeyCases
from orchestra.testing.journal_model import Step, check_sequence, sequences
from orchestra.testing.journal_ownership import InboxCases, LeaseCases
from orchestra.testing.journal_records import AppendCases, ReadCases

__all__ = ["JournalContract"]


class JournalContract(AppendCases, ReadCases, LeaseCases, InboxCases, KeepingCases, KeyCases, DirectoryCases):
    """The suite. See the module for its use, and `JournalRig` for what a subclass supplies."""

    # One example is a journal of its own; that a class's instance serves several does no harm here.
    @settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])
    @given(steps=sequences())
    def test_random_calls_leave_what_a_list_would_hold(self, steps: list[Step]) -> None:
        with TemporaryDirectory() as folder:
            check_sequence(self.open_at, Path(folder) / "journal", steps)
