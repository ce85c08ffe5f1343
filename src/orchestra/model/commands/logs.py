"""Commands: contact logs."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command

__all__ = ["MarkLog"]


@attrs.define
class MarkLog(Command):
    """A log's prefix has been taken: its SHA-256, line count, and running counts over the whole prefix.

    `previous` is the digest of the prefix that this one extends; `late` are lines taken later than they say.
    """

    sha256: str
    lines: int
    rejected: int
    duplicates: int
    previous: str | None = None
    late: int = 0
