"""Taking a file in which a back office reports how cases go on. One bad line takes no other down.

Belongs here: reading in pieces, what is asked side by side, and counting what became of it. Does not: how a line looks
(`progress_lines`), and what a report changes (the engine's).

A file may be taken again, also one of which a run took a part: what is known already changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import islice

import anyio
import attrs

from orchestra.errors import CommandRefused, InvalidCommand, JournalError, MalformedMessage
from orchestra.model.commands import AdvanceCase
from orchestra.model.limits import id_fault
from orchestra.runtime.contact_log import ContactLog, RawLine
from orchestra.runtime.progress_lines import Columns, columns_of, parse_progress_line, report_of
from orchestra.runtime.taking import Progress
from orchestra.runtime.threads import in_thread

__all__ = ["OUTCOMES", "ProgressTaken", "Unwatched", "take_progress"]

OUTCOMES = ("taken", "known", "late", "back")
"""What becomes of a report: see `ProgressTaken`."""

_PIECE = 500
_AT_ONCE = 50


@attrs.frozen
class ProgressTaken:
    """What became of a progress file.

    Attributes:
        lines: all of them, but for the one that names columns.
        rejected: bad ones: malformed, or of a case or a stage that nobody knows, or of a settled case.
        taken: reports by which a case went on, or which said what was known of its stage.
        known: reports that had come before.
        late: reports older than the newest of their case, which changed nothing.
        back: reports of an earlier stage, not known to be made after the case left it, which changed nothing.
    """

    lines: int
    rejected: int
    taken: int
    known: int
    late: int
    back: int


class Unwatched:
    """Nobody watches."""

    def bad_line(self, number: int, reason: str) -> None:
        """Pass over it."""

    def advance(self, lines: int, total: int) -> None:
        """Pass over it."""


Ask = Callable[[AdvanceCase], Awaitable[object]]
"""Asks whoever decides; gives the outcome of the report."""


async def take_progress(log: ContactLog, ask: Ask, watcher: Progress, account: str) -> ProgressTaken:
    """Take every line of a progress file.

    Args:
        log: the open file.
        ask: has a report decided on.
        watcher: is told of bad lines, and of how far it is, in bytes.
        account: of the back office, as `erp/main`.

    Raises:
        InvalidCommand: the account is not well formed.
        MalformedMessage: the file's first line is neither JSON nor the names of its columns.
        JournalError: a report was not decided on, or nobody knows; those before it were. Take the file again.
    """
    fault = id_fault(account)
    if fault is not None:
        raise InvalidCommand("account", fault)
    taking = _Taking(ask, watcher, account)
    lines = log.read()
    first = await in_thread(partial(next, lines, None))
    columns = None if first is None else columns_of(first.data, "line 1")
    piece = [] if first is None or columns is not None else [first]
    while True:
        piece += await in_thread(_next, lines)
        if not piece:
            return taking.counted
        await taking.take(piece, columns)
        watcher.advance(log.mark().offset, log.size)
        piece = []


def _next(lines: Iterator[RawLine]) -> list[RawLine]:
    return list(islice(lines, _PIECE))


@attrs.define(eq=False)
class _Taking:
    """Has reports decided on: those of one case in their order, others side by side, since each waits to be stored."""

    ask: Ask
    watcher: Progress
    account: str
    lines: int = 0
    rejected: int = 0
    outcomes: Counter[str] = attrs.field(factory=Counter)

    @property
    def counted(self) -> ProgressTaken:
        return ProgressTaken(self.lines, self.rejected, *(self.outcomes[outcome] for outcome in OUTCOMES))

    async def take(self, piece: list[RawLine], columns: Columns | None) -> None:
        """Take some lines."""
        actor, group = f"back_office:{self.account.partition('/')[0]}", dict[str, tuple[int, AdvanceCase]]()
        for raw in piece:
            self.lines += 1
            try:
                line = parse_progress_line(raw.data, raw.number, columns)
            except MalformedMessage as error:
                self._reject(raw.number, error.reason)
                continue
            if line.ref in group or len(group) >= _AT_ONCE:
                await self._decided(group)
                group = {}
            group[line.ref] = raw.number, report_of(line, self.account, actor)
        await self._decided(group)

    async def _decided(self, group: dict[str, tuple[int, AdvanceCase]]) -> None:
        failures: list[Exception] = []

        async def decide(number: int, command: AdvanceCase) -> None:
            try:
                self.outcomes[str(await self.ask(command))] += 1
            except CommandRefused as error:
                self._reject(number, str(error))
            except JournalError as error:  # goes out below as it was raised, not in a group
                failures.append(error)

        async with anyio.create_task_group() as tasks:
            for number, command in group.values():
                tasks.start_soon(decide, number, command)
        if failures:
            raise failures[0]

    def _reject(self, number: int, reason: str) -> None:
        self.rejected += 1
        self.watcher.bad_line(number, reason)
