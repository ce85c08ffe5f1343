"""Which contact logs and histories have been taken, and how far."""

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
    """Prefixes by SHA-256. A log that grows keeps one entry: its newest prefix takes the place of the one before.

    `importing` holds an entry while what comes in is of the past; `statuses` is case -> newest instant of which an
    import told how it stood.
    """

    TABLES: ClassVar = {"prefixes": Prefix, "importing": None, "statuses": None}

    prefixes: dict[str, Prefix]
    importing: dict[str, int]
    statuses: dict[str, int]

    def begun(self, event: e.ImportBegun, at_us: int) -> None:
        """What comes in is of the past."""
        self.importing["history"] = 1

    def status_imported(self, event: e.StatusImported, at_us: int) -> None:
        """Nothing earlier changes how the case stands."""
        self.statuses[event.case] = event.occurred_us

    def taken(self, event: e.LogTaken, at_us: int) -> None:
        """The prefix is taken; it takes the place of the one it extends, and the past is over."""
        self.importing.clear()
        if event.previous is not None:
            self.prefixes.pop(event.previous, None)
        self.prefixes[event.sha256] = Prefix(event.lines, event.rejected, event.duplicates, event.late)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.LogTaken: Logs.taken,
    e.ImportBegun: Logs.begun,
    e.StatusImported: Logs.status_imported,
}
