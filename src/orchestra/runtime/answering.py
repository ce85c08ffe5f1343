"""Answering other processes: the commands they left in the inbox, decided on in order, each once.

Belongs here: when to look there, what is under way already, how long answers are kept. Does not: deciding and storing,
which is the owner's; asking (`client`).
"""

from __future__ import annotations

import logging

import anyio

from orchestra.codec import decode_command
from orchestra.errors import (
    CommandRefused,
    InvalidCommand,
    InvalidData,
    JournalCorrupt,
    JournalError,
    JournalUnavailable,
    Quarantined,
)
from orchestra.model.records import Request
from orchestra.runtime.amending import if_able
from orchestra.runtime.checks import refuse_unstorable
from orchestra.runtime.lines import Lines
from orchestra.runtime.owner import Owner
from orchestra.runtime.threads import in_thread

__all__ = ["Answering"]

_SHORTEST_POLL_S = 0.004
_LONGEST_POLL_S = 0.05
_KEEP_ANSWERS_US = 7 * 86_400 * 1_000_000
_FORGET_EVERY_S = 3600.0
_DAMAGED = "what was stored of it is damaged, and nothing was done: ask again with another id"

_log = logging.getLogger("orchestra.runtime")


class Answering:
    """Looks into the inbox for an owner."""

    def __init__(self, owner: Owner, lines: Lines) -> None:
        self._owner = owner
        self._lines = lines
        self._journal = owner.journal

    async def answer_for_ever(self) -> None:
        """Take commands that other processes left in the inbox."""
        owner = self._owner
        seen, pause_s = (-1, -1), _SHORTEST_POLL_S
        while not owner.is_closing:
            try:
                now = (self._journal.changes(), owner.failures)  # what an append lost is waiting again, unchanged
                if now != seen or owner.under_way:
                    await self.answer_waiting()
                if now != seen:
                    seen, pause_s = now, _SHORTEST_POLL_S
            except JournalUnavailable as error:
                _log.warning("inbox not read: %s", error)
            await anyio.sleep(pause_s)
            pause_s = min(pause_s * 1.3, _LONGEST_POLL_S)

    async def answer_waiting(self) -> int:
        """Decide on every request now waiting, in order; gives how many."""
        # What is read may be older than an append that ends meanwhile: an id is forgotten only when a later reading
        # began after its answer was stored, and a reading that an append failed under is not used.
        owner = self._owner
        gone, failures = frozenset(owner.answered), owner.failures
        requests = await in_thread(self._journal.inbox.waiting)
        fresh = [request for request in requests if request.request_id not in owner.under_way]
        for request in fresh:
            await owner.ready()
            if owner.failures != failures:
                return 0
            owner.under_way.add(request.request_id)
            self._answer(request)
        owner.under_way -= gone
        owner.answered -= gone
        return len(fresh)

    def _answer(self, request: Request) -> None:
        owner = self._owner
        if request.command is None:
            _log.error("inbox request number %d is damaged: it is answered so, and not decided on", request.number)
            owner.answer(request.request_id, InvalidCommand("command", _DAMAGED))
            return
        try:
            command = decode_command(request.command)
            refuse_unstorable(command)
            if_able(owner.view, self._lines, command)
        except (InvalidData, InvalidCommand) as error:
            is_refusal = isinstance(error, InvalidCommand)
            owner.answer(request.request_id, error if is_refusal else InvalidCommand("command", str(error)))
            return
        try:
            owner.decide(command, request.request_id)
        except Quarantined as error:
            owner.answer(request.request_id, error)
        except JournalUnavailable:
            owner.under_way.discard(request.request_id)  # whom it is about cannot be read now: it is decided on later
            raise
        except JournalError as error:
            _log.error("inbox request number %d is not decided on: %s", request.number, type(error).__name__)
            owner.answer(request.request_id, Quarantined(type(command).__name__, type(error).__name__))
        except CommandRefused:
            pass  # the refusal is pending as the answer

    async def forget_for_ever(self) -> None:
        """Drop answers that are too old to be asked for again."""
        owner = self._owner
        while not owner.is_closing:
            try:
                async with owner.writing:
                    await in_thread(self._journal.inbox.forget, owner.clock.now_us() - _KEEP_ANSWERS_US)
            except (JournalUnavailable, JournalCorrupt) as error:
                # A damaged request is told to whoever asks for its answer; it ends nobody else's work.
                _log.warning("old answers not dropped: %s", error)
            await anyio.sleep(_FORGET_EVERY_S)
