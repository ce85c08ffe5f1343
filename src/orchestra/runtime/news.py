"""What adapters have read of their providers' news: made into commands and executed, item by item.

Belongs here: that one bad item spoils nothing else. Does not: how news come (`webhooks`, `polling`), and which commands
they become (`inbound`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from orchestra.channels import inbound
from orchestra.channels.parts import Part
from orchestra.channels.port import Decoded, Taken
from orchestra.errors import CommandRefused, InvalidCommand, InvalidData
from orchestra.model.attachments import File
from orchestra.model.commands import AskCall, Command
from orchestra.model.results import Received
from orchestra.runtime.attached import files_in, parts_of
from orchestra.runtime.inbound import commands_of, digested, few_words, talk_of
from orchestra.runtime.keeping import NOTHING_IS_KEPT
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line

__all__ = ["News"]

Talk = tuple[str, str, str]
"""What a conversation is found by: channel, account, hashed thread."""

_NEXT = (inbound.CallState.RINGING, inbound.CallState.KEYS_PRESSED, inbound.CallState.IDLE)
"""News of a call after which it does nothing by itself."""

_log = logging.getLogger("orchestra.runtime")


class News:
    """Takes news.

    `unused` counts what the library has no use for, `told` is account -> what its provider last told its owner.

    Args:
        execute: decides on a command and gives its result once that is durable: the owner's, or another process's way
            to the owner.
        key: the workspace's.
        typing: shows whoever listens that a customer types in a conversation; None where nobody can.
        keep: keeps the files whose bytes came with a message that was taken; None where nobody can.
    """

    def __init__(
        self,
        execute: Callable[[Command], Awaitable[Any]],
        key: WorkspaceKey,
        typing: Callable[[Talk], Awaitable[None]] | None = None,
        keep: Callable[[Received, Sequence[Part]], Awaitable[None]] | None = None,
    ) -> None:
        self._execute = execute
        self._key = key
        self._typing = typing
        self._keep = keep
        self.unused = 0
        self.told: dict[str, str] = {}

    async def take(self, line: Line, decoded: Decoded) -> Taken:
        """Return once all news are durable, in their order; what cannot be used is told in the log and left out.

        Returns:
            What became of them.

        Raises:
            JournalUnavailable: not all of them may be; those that are change nothing if they come again.
        """
        received: list[Received] = []
        left_out = 0
        for issue in decoded.issues:
            _log.warning("%s/%s: %s at %s (%s)", line.channel, line.name, issue.code, issue.where, issue.raw_digest)
        for event in decoded.events:
            if isinstance(event, inbound.TypingChanged):
                await self._type(event, line)
                continue
            if isinstance(event, inbound.ChannelNotice):
                self._tell_owner(event, line)
                continue
            try:
                commands = commands_of(event, line, self._key)
            except Exception as error:  # noqa: BLE001 - what a plug-in made of this item is no news; others are
                _log.warning("%s/%s: one item left out: %s", line.channel, line.name, type(error).__name__)
                left_out += 1
                continue
            self.unused += not commands and not _is_idle(event)
            before = len(received)
            try:
                for command in commands:
                    result = await self._execute(digested(command, self._key))
                    if isinstance(result, Received):
                        received.append(result)
                await self._tell_call(event, line)
                await self._keep_files(event, received[before:])
            except (InvalidData, CommandRefused) as error:
                left_out += 1
                _log.warning("%s/%s: one item left out: %s", line.channel, line.name, type(error).__name__)
        numbers = tuple(dict.fromkeys(one.case.number for one in received))
        writers = tuple(dict.fromkeys(one.customer for one in received))
        return Taken(case_numbers=numbers, customers=writers, left_out=left_out)

    def _tell_owner(self, event: inbound.ChannelNotice, line: Line) -> None:
        """Of no customer, but of whoever looks after the account: a limit, a rating, a permission that lapsed."""
        code = few_words(str(event.code)) or "notice"
        self.told[f"{line.channel}/{line.name}"] = code
        _log.warning("%s/%s: its provider tells its owner: %s", line.channel, line.name, code)

    async def _tell_call(self, event: inbound.Inbound, line: Line) -> None:
        """A call whose provider asks nothing, as one that streams its news, is sent what it is to do next."""
        if isinstance(event, inbound.CallEvent) and not event.awaits and event.state in _NEXT and event.leg is None:
            await self._execute(AskCall(line.channel, line.name, event.call_id, is_sent=True))

    async def _keep_files(self, event: inbound.Inbound, results: Sequence[Received]) -> None:
        """Keep what nobody could fetch later, before the news count as taken: until then they come again."""
        if self._keep is None or not isinstance(event, inbound.MessageReceived | inbound.MessageEdited):
            return
        if any(file.data is not None for file in files_in(event.parts)):
            for result in results:
                await self._keep(result, event.parts)

    async def keep(self, received: Received, files: Sequence[File]) -> None:
        """Keep the files of a message that an application handed in, as those are kept that channels bring.

        Raises:
            JournalUnavailable: not all of them may be kept; if the message comes again, they will be.
        """
        if files and self._keep is not None:
            await self._keep(received, parts_of(files))

    def refuse_files(self, files: Sequence[File]) -> None:
        """Refuse files where nothing is kept.

        Raises:
            InvalidCommand: there are some, and the workspace was opened, or connected to, without `media`.
        """
        if files and self._keep is None:
            raise InvalidCommand("media", NOTHING_IS_KEPT)

    async def _type(self, event: inbound.TypingChanged, line: Line) -> None:
        """Somebody types: shown to whoever listens now, and never kept."""
        if self._typing is None or not event.is_typing:
            return
        try:
            talk = talk_of(event, line, self._key)
        except InvalidData:
            return
        if talk is not None:
            await self._typing(talk)


def _is_idle(event: inbound.Inbound) -> bool:
    """Whether a call asks what comes next: that is of use, though nothing has happened."""
    return isinstance(event, inbound.CallEvent) and event.state is inbound.CallState.IDLE
