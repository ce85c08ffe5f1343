"""Marking a prefix of a contact log, or of a history, as taken."""

from __future__ import annotations

from orchestra.engine.logs.importing import DECIDE
from orchestra.engine.logs.state import EVOLVE, Logs
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e

__all__ = ["SECTION"]


def _mark(view: View, command: c.MarkLog, at_us: int) -> Steps:
    if command.previous is not None:
        prefix = view.logs.prefixes.get(command.previous)
        if prefix is None:
            raise InvalidCommand("previous", "no such prefix has been taken")
        if prefix.lines >= command.lines:
            raise InvalidCommand("lines", f"must be more than the {prefix.lines} of the prefix before")
    if command.sha256 in view.logs.prefixes:
        raise InvalidCommand("sha256", "this prefix has been taken already")
    yield e.LogTaken(
        command.sha256, command.lines, command.rejected, command.duplicates, command.previous, command.late
    )
    return None


SECTION = Section("logs", Logs, {c.MarkLog: _mark, **DECIDE}, EVOLVE)
