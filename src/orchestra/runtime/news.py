"""What adapters have read of their providers' news: made into commands and executed, item by item.

Belongs here: that one bad item spoils nothing else. Does not: how news come (`webhooks`, `polling`), and which commands
they become (`inbound`).
"""

from __future__ import annotations

import logging

from orchestra.channels.port import Decoded
from orchestra.errors import CommandRefused, InvalidData
from orchestra.runtime.inbound import commands_of, digested
from orchestra.runtime.lines import Line
from orchestra.runtime.owner import Owner

__all__ = ["News"]

_log = logging.getLogger("orchestra.runtime")


class News:
    """Takes news. `unused` counts what the library has no use for."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self.unused = 0

    async def take(self, line: Line, decoded: Decoded) -> None:
        """Return once all news are durable, in their order; what cannot be used is told in the log and left out.

        Raises:
            JournalUnavailable: not all of them may be; those that are change nothing if they come again.
        """
        for issue in decoded.issues:
            _log.warning("%s/%s: %s at %s (%s)", line.channel, line.name, issue.code, issue.where, issue.raw_digest)
        for event in decoded.events:
            try:
                commands = commands_of(event, line, self._owner.key)
            except Exception as error:  # noqa: BLE001 - what a plug-in made of this item is no news; others are
                _log.warning("%s/%s: one item left out: %s", line.channel, line.name, type(error).__name__)
                continue
            self.unused += not commands
            try:
                for command in commands:
                    await self._owner.execute(digested(command, self._owner.key))
            except (InvalidData, CommandRefused) as error:
                _log.warning("%s/%s: one item left out: %s", line.channel, line.name, type(error).__name__)
