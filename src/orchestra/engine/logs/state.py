"""Which contact logs have been taken, and how far."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Logs", "Prefix"]


@attrs.define
class Prefix:
    """The longest prefix of a log that has been taken."""

    lines: int
    rejected: int
    duplicates: int
    late: int = 0


class Logs(Slice):
    """Prefixes by SHA-256. A log that grows keeps one entry: its newest prefix takes the place of the one before."""

    TABLES: ClassVar = {"prefixes": Prefix}

    prefixes: dict[str, Prefix]

    def taken(self, event: e.LogTaken, at_us: int) -> None:
        """The prefix is taken; it takes the place of the one it extends."""
        if event.previous is not None:
            self.prefixes.pop(event.previous, None)
        self.prefixes[event.sha256] = Prefix(event.lines, event.rejected, event.duplicates, event.late)


EVOLVE: dict[type[e.Event], Evolve] = {e.LogTaken: Logs.taken}
