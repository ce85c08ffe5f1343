"""Noting what customers are told."""

from __future__ import annotations

from orchestra.engine.contacts.intake import check_id
from orchestra.engine.facts.state import EVOLVE, Facts
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref

__all__ = ["SECTION", "contact_of"]

_LONGEST_VALUE = 200
_MOST = 10**15
_NOBODY = "system"
"""Who gives a command that names no actor."""


def _tell(view: View, command: c.TellFact, at_us: int) -> Steps:
    """Decide that it was told, each time anew: it was heard again."""
    key, case = view.case(command.case)
    check_id("fact", command.fact)
    _check_value(command.value)
    interaction = None if command.interaction is None else contact_of(view, command.interaction, key)
    by = command.actor or _NOBODY
    yield e.FactTold(key, case.customer, command.fact, command.value, by, interaction)
    return None


def _check_value(value: object) -> None:
    if type(value) is int and abs(value) > _MOST:
        raise InvalidCommand("value", f"must be a number from {-_MOST} to {_MOST}")
    if isinstance(value, str) and not (value and len(value) <= _LONGEST_VALUE and value.isprintable()):
        raise InvalidCommand("value", f"must be 1 to {_LONGEST_VALUE} printable characters")


def contact_of(view: View, interaction: str | Ref, case: str) -> str:
    """The contact in which a customer was told something of a case.

    Raises:
        UnknownId: there is no such contact.
        InvalidCommand: it is not part of the case.
    """
    key, row = view.interaction(interaction)
    assert row.case is not None  # every interaction has a case from its first batch on
    if view.cases.root(row.case) != case:
        raise InvalidCommand("interaction", f"{key} is not part of {case}")
    return key


SECTION = Section("facts", Facts, {c.TellFact: _tell}, EVOLVE)
