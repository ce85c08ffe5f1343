"""Noting what customers told of themselves."""

from __future__ import annotations

from typing import TypeAlias

from orchestra.engine.personal.state import BASES, EVOLVE, Personal
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.hours import minutes, zone_fault
from orchestra.model.template_checks import language_fault
from orchestra.model.templates import forms_of

__all__ = ["SECTION"]


def _set_zone(view: View, command: c.SetCustomerZone, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    if command.basis not in BASES:
        raise InvalidCommand("basis", f"must be one of {', '.join(BASES)}")
    for fault in () if command.zone is None else zone_fault("zone", command.zone):
        raise InvalidCommand(fault.path, fault.message)
    yield e.CustomerZoneSet(customer, command.zone, command.basis, _when(command, at_us), command.evidence)
    return None


def _set_language(view: View, command: c.SetCustomerLanguage, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    fault = None if command.language is None else language_fault(command.language)
    if fault is not None:
        raise InvalidCommand("language", fault)
    yield e.CustomerLanguageSet(customer, command.language, _when(command, at_us))
    return None


def _set_form(view: View, command: c.SetCustomerForm, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    known = forms_of(view.plan.templates.values())
    if command.form is not None and command.form not in known:
        raise InvalidCommand("form", f"must be one of the templates' forms: {', '.join(known) or 'none is named'}")
    yield e.CustomerFormSet(customer, command.form, _when(command, at_us))
    return None


def _set_hours(view: View, command: c.SetCustomerHours, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    if command.hours is not None:
        try:
            minutes(command.hours)
        except ValueError as error:
            raise InvalidCommand("hours", str(error)) from None
    yield e.CustomerHoursSet(customer, command.hours, _when(command, at_us))
    return None


_Said: TypeAlias = c.SetCustomerZone | c.SetCustomerLanguage | c.SetCustomerForm | c.SetCustomerHours


def _when(command: _Said, at_us: int) -> int:
    return at_us if command.occurred_us is None else min(command.occurred_us, at_us)


SECTION = Section(
    "personal",
    Personal,
    {
        c.SetCustomerZone: _set_zone,
        c.SetCustomerLanguage: _set_language,
        c.SetCustomerForm: _set_form,
        c.SetCustomerHours: _set_hours,
    },
    EVOLVE,
)
