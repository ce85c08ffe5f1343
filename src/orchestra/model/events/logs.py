"""Events: contact logs."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["LogTaken"]


@attrs.define
class LogTaken(Event):
    """A contact log's prefix is in the journal; counts are over all of it, `late` those taken later than they say."""

    sha256: str
    lines: int
    rejected: int
    duplicates: int
    previous: str | None
    late: int = 0
