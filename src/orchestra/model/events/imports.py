"""Events: what another system knows of the past."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["ImportBegun", "StatusImported"]


@attrs.define
class ImportBegun(Event):
    """From here to the next `LogTaken` what comes in is of the past; `previous` is the prefix that it goes on from."""

    previous: str | None = None


@attrs.define
class StatusImported(Event):
    """Another system says how a case stood from that instant on; what changes by it follows."""

    case: str
    customer: str
    status: str
    occurred_us: int
