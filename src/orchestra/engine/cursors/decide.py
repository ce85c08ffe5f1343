"""Cursors of accounts move on.

Belongs here: keeping what a provider gave to go on from. Does not: asking, and what comes of that (`runtime.polling`).
"""

from __future__ import annotations

from orchestra.engine.contacts.intake import check_channel, check_id
from orchestra.engine.cursors.state import EVOLVE, Cursors
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.limits import cursor_fault

__all__ = ["SECTION"]


def _move(view: View, command: c.MoveCursor, at_us: int) -> Steps:
    check_id("account", command.account)
    check_channel(view, command.channel)
    if (fault := cursor_fault(command.cursor)) is not None:
        raise InvalidCommand("cursor", fault)
    if command.cursor != view.cursors.of(command.channel, command.account):
        yield e.CursorMoved(command.channel, command.account, command.cursor)
    return None


SECTION = Section("cursors", Cursors, {c.MoveCursor: _move}, EVOLVE)
