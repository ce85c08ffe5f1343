"""Taking a file line by line into a journal, in batches that end at the same lines in every run.

Belongs here: batches, marks, counts, and where a run begins that another one left off. Does not: what a line says, and
which commands it becomes (`replaying`, `importing`).

Each batch is one append that ends with the mark of the prefix taken. So a run that is killed leaves the journal as
after some batch, and the next run goes on as the first would have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import attrs

from orchestra.engine.logs.state import Prefix
from orchestra.errors import CommandRefused, MalformedMessage
from orchestra.model.commands import BeginImport, MarkLog
from orchestra.model.records import Lease
from orchestra.runtime.contact_log import ContactLog, Mark, RawLine
from orchestra.runtime.ledger import Ledger

__all__ = ["BATCH_LINES", "LEASE_US", "Decide", "Outcome", "Progress", "Taking"]

BATCH_LINES: Final = 250
"""A batch ends at every line whose number this divides."""

LEASE_US: Final = 30_000_000
"""How long the journal is owned without being renewed."""


class Progress(Protocol):
    """Who watches."""

    def bad_line(self, number: int, reason: str) -> None:
        """This line cannot be taken."""

    def advance(self, lines: int, total: int) -> None:
        """So many lines of all are done, skipped ones included."""


@attrs.frozen
class Outcome:
    """What became of a good line.

    Attributes:
        was_known: whether it had been taken before, and changed nothing.
        is_late: whether it was taken at a later time than it says.
    """

    was_known: bool
    is_late: bool


Decide = Callable[[RawLine], Outcome]
"""Executes what a line says; raises `MalformedMessage` or `CommandRefused` for a bad one."""


class Taking:
    """What becomes of a file's lines. Whoever knows what they say gives `decide`.

    Args:
        log: the open file.
        ledger: decides, and stores.
        progress: is told of bad lines and of how far it is.
        now_us: the clock of the lease; decides nothing.
        of_past: whether each batch begins by saying that what follows is of the past.

    Attributes:
        lines: those gone through, that are in the prefix.
        rejected: bad ones among them.
        duplicates: those that were known already.
        late: those taken later than they say.
        unmarked: 1 if a bad line behind the prefix was told of, which is not part of it.
    """

    def __init__(
        self,
        log: ContactLog,
        ledger: Ledger,
        progress: Progress,
        now_us: Callable[[], int],
        *,
        of_past: bool = False,
    ) -> None:
        self.log = log
        self.ledger = ledger
        self.lines = self.rejected = self.duplicates = self.late = self.unmarked = 0
        self._progress = progress
        self._now_us = now_us
        self._of_past = of_past
        self._is_open = False
        self._lease: Lease = ledger.lease
        self._marked: Mark | None = None
        self._reached = log.mark()

    def go_on(self, taken: Mark | None, prefixes: Mapping[str, Prefix]) -> None:
        """Begin behind the prefix that an earlier run took."""
        self._marked = taken
        if taken is not None:
            before = prefixes[taken.sha256]
            self.lines, self.rejected = before.lines, before.rejected
            self.duplicates, self.late = before.duplicates, before.late

    def take(self, decide: Decide, total: int, *, is_strict: bool) -> None:
        """Take all lines that were not yet.

        Args:
            decide: what to do with each.
            total: how many lines there are, for whoever watches.
            is_strict: stop before the first bad line.
        """
        skipped = self.lines
        for raw in self.log.read():
            if raw.number <= skipped:
                continue
            reason = self._take(raw, decide)
            if reason is not None:
                self._progress.bad_line(raw.number, reason)
                if is_strict or not raw.is_ended:
                    # Not in the prefix: a strict run ends before it, and a line still being written may turn out well.
                    self.unmarked = 1
                    break
                self.rejected += 1
            self.lines = raw.number
            self._reached = self.log.mark()
            if self.lines % BATCH_LINES == 0:
                self._commit()
                self._progress.advance(self.lines, total)
        self._commit()
        self._progress.advance(self.lines + self.unmarked, total)

    def _take(self, raw: RawLine, decide: Decide) -> str | None:
        """Take a line; gives the reason if it is bad."""
        if self._of_past and not self._is_open:
            previous = None if self._marked is None else self._marked.sha256
            self.ledger.execute(BeginImport(previous), self.ledger.engine.now_us)
            self._is_open = True
        try:
            outcome = decide(raw)
        except MalformedMessage as error:
            within = error.where.partition(": ")[2]  # behind the line's number, which is told anyway
            return f"{within}: {error.reason}" if within else error.reason
        except CommandRefused as error:
            return str(error)
        self.duplicates += outcome.was_known
        self.late += outcome.is_late
        return None

    def _commit(self) -> None:
        """Store what was decided since the last mark, in one append that ends with the mark of these lines."""
        before = self._marked
        if self.lines > (0 if before is None else before.lines):
            mark = self._reached
            previous = None if before is None else before.sha256
            command = MarkLog(mark.sha256, mark.lines, self.rejected, self.duplicates, previous, self.late)
            self.ledger.execute(command, self.ledger.engine.now_us)
            self._marked, self._is_open = mark, False
        elif self._is_open:
            return  # nothing but a line that may yet turn out well: it leaves no trace
        now_us = self._now_us()
        if now_us > self._lease.expires_us - LEASE_US // 2:
            self._lease = self.ledger.lease = self.ledger.journal.renew(self._lease, now_us, LEASE_US)
        self.ledger.commit()
