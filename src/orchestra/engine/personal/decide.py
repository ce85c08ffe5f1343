"""Noting what customers told of themselves."""

from __future__ import annotations

from orchestra.engine.personal.state import BASES, EVOLVE, Personal
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.hours import zone_fault

__all__ = ["SECTION"]


def _set_zone(view: View, command: c.SetCustomerZone, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    if command.basis not in BASES:
        raise InvalidCommand("basis", f"must be one of {', '.join(BASES)}")
    for fault in () if command.zone is None else zone_fault("zone", command.zone):
        raise InvalidCommand(fault.path, fault.message)
    occurred_us = at_us if command.occurred_us is None else min(command.occurred_us, at_us)
    yield e.CustomerZoneSet(customer, command.zone, command.basis, occurred_us, command.evidence)
    return None


SECTION = Section("personal", Personal, {c.SetCustomerZone: _set_zone}, EVOLVE)
