"""Waiting for the owner's answers: one look at the journal serves all calls of a process that wait.

Belongs here: when to look, and whose answer came. Does not: asking (`client`), answering (`owner`).
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import attrs

from orchestra.errors import JournalCorrupt
from orchestra.journal.port import Inbox, Journal
from orchestra.runtime.published import Bell
from orchestra.runtime.threads import in_thread

__all__ = ["Answers"]

_SHORTEST_POLL_S = 0.002
_LONGEST_POLL_S = 0.05


@attrs.define(eq=False)
class _Wait:
    request_id: str
    answer: str | JournalCorrupt | None = None


class Answers:
    """The answers that tasks of this process wait for.

    Whoever waits takes turns in looking, and each look is for all: a look of each for itself, at every change that any
    process makes, costs more than the commands do.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: set[_Wait] = set()
        self._turn = anyio.Lock()
        self._arrived = Bell()
        self._seen = -1
        self._pause_s = _SHORTEST_POLL_S

    async def of(self, request_id: str) -> str:
        """The answer to a request that was submitted; waits for it as long as it takes.

        Raises:
            JournalUnavailable: the journal cannot be read.
            JournalCorrupt: this answer is damaged, whatever becomes of others.
        """
        wait = _Wait(request_id)
        self._waiting.add(wait)
        self._seen, self._pause_s = -1, _SHORTEST_POLL_S  # it may be there already: look at once
        self._arrived.ring()
        try:
            while wait.answer is None:
                async with self._turn:
                    if wait.answer is None:
                        await self._look()
        finally:
            self._waiting.discard(wait)
        if isinstance(wait.answer, JournalCorrupt):
            raise wait.answer
        return wait.answer

    async def _look(self) -> None:
        changes = self._journal.changes()
        if changes == self._seen:
            with anyio.move_on_after(self._pause_s):
                await self._arrived.wait()
            self._pause_s = min(self._pause_s * 1.5, _LONGEST_POLL_S)
            return
        waits = list(self._waiting)
        answers = await in_thread(_results, self._journal.inbox, [wait.request_id for wait in waits])
        if self._waiting.issubset(waits):  # a look that failed, or that somebody came too late for, is made again
            self._seen = changes
        for wait, answer in zip(waits, answers, strict=True):
            wait.answer = answer or wait.answer
        if any(answers):
            self._pause_s = _SHORTEST_POLL_S


def _results(inbox: Inbox, request_ids: Sequence[str]) -> list[str | JournalCorrupt | None]:
    return [_result(inbox, request_id) for request_id in request_ids]


def _result(inbox: Inbox, request_id: str) -> str | JournalCorrupt | None:
    # One look is for all: what is wrong with one answer is told to those alone who wait for it.
    try:
        return inbox.result(request_id)
    except JournalCorrupt as error:
        return error
