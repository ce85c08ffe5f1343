"""The named statements of the SQLite journal, read from `sql/`.

Belongs here: loading them. Does not: running them.
"""

from __future__ import annotations

import re
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = ["APPLICATION_ID", "SCHEMA", "SQL"]

APPLICATION_ID: Final = 0x4F524348
"""What marks a SQLite file as a journal of this library; `schema.sql` sets it."""

_FOLDER = files("orchestra.journal") / "sql"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def _named(text: str) -> dict[str, str]:
    _, *parts = _NAME.split(text)
    return {name: _bare(body) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def _bare(body: str) -> str:
    lines = (line for line in body.splitlines() if line and not line.startswith("--"))
    return "\n".join(lines)


SCHEMA: Final = (_FOLDER / "schema.sql").read_text(encoding="utf-8")
SQL: Final = MappingProxyType(_named((_FOLDER / "queries.sql").read_text(encoding="utf-8")))
"""name -> statement."""
