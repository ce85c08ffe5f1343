"""SQLite's errors as errors of this library.

Belongs here: which failure means what to a caller. Does not: what is done about it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final, TypeAlias

from orchestra.errors import JournalCorrupt, JournalError, JournalUnavailable

__all__ = ["DRIVER_ERRORS", "DriverError", "cause", "is_damage", "is_writable", "translated"]

DRIVER_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What a call of the driver may raise; the second when a damaged schema stands in SQLite's own message."""

DriverError: TypeAlias = sqlite3.Error | UnicodeDecodeError

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REASONS = {
    sqlite3.SQLITE_BUSY: "another process is writing and did not finish in time",
    sqlite3.SQLITE_LOCKED: "another connection is writing and did not finish in time",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "reading or writing the file failed",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_READONLY: "the file can only be read",
    sqlite3.SQLITE_PERM: "access to the file is not permitted",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_TOOBIG: "a text is larger than the store takes",
}


def _primary_code(error: DriverError) -> int:
    # Extended codes keep the primary one in their low byte (sqlite.org/rescode.html). Errors that the driver finds
    # by itself have none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_undecodable(error: DriverError) -> bool:
    return isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error)


def is_damage(error: DriverError) -> bool:
    """Whether the error says that stored bytes are not what was written."""
    return _primary_code(error) in _DAMAGE or _is_undecodable(error)


def cause(error: DriverError) -> DriverError | None:
    """What to chain a translated error to: the driver's, unless that quotes stored text, which may be private."""
    return None if _is_undecodable(error) else error


def is_writable(folder: Path) -> bool:
    """Whether this process may make files there, as far as the system tells."""
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _place(path: Path) -> str | None:
    """What is odd about a place where no file can be opened, or none beside it; None if nothing can be seen."""
    if path.is_dir():
        return "is a directory"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if not is_writable(path.parent):
        companions = f"{path.name} and every {path.name}-* that is there"
        return f"its folder cannot be written, and it needs files beside it: copy {companions} to a folder of yours"
    return None


def translated(error: DriverError, path: Path, *, position: int = 1, outcome_unknown: bool = False) -> JournalError:
    """The error to raise instead; chain it to its `cause`.

    Args:
        error: the driver's.
        path: of the journal.
        position: the first record that may be damaged, as far as is known.
        outcome_unknown: whether a commit had been tried.
    """
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if is_damage(error) and not outcome_unknown:
        return JournalCorrupt(position, f"the file's structure is broken ({name})")
    code = _primary_code(error)
    seen = _place(path) if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY} else None
    reason = seen or f"{_REASONS.get(code, str(error))} ({name})"
    return JournalUnavailable(f"{path}: {reason}", outcome_unknown)
