"""Adding references and setting fields, typed as the plan declares."""

from __future__ import annotations

import re
from collections.abc import Mapping

from orchestra.engine.details.state import EVOLVE, Details, Value
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref

__all__ = ["SECTION", "check_fields", "check_ref", "fits"]

_LONGEST_REF = 200
_LONGEST_TEXT = 2_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _target(view: View, name: str | Ref) -> tuple[str, str, str]:
    """Kind, id and customer of what an id or reference names."""
    key = view.id_of("customer, case or interaction", name)
    interaction = view.contacts.interactions.get(key)
    if interaction is not None:
        return "interaction", key, interaction.customer
    if key in view.cases.cases:
        key, case = view.cases.root(key), view.cases.row(key)
        return "case", key, case.customer
    if key in view.identity.customers:
        root = view.identity.root(key)
        return "customer", root, root
    raise UnknownId("customer, case or interaction", key)


def _add_ref(view: View, command: c.AddRef, at_us: int) -> Steps:
    _, key, customer = _target(view, command.target)
    if view.details.refs.get(command.ref) != key:
        check_ref(view, command.ref)
        yield e.RefAdded(key, command.ref, customer)
    return None


def check_ref(view: View, ref: str) -> None:
    """Refuse what is no reference, and one that names something already."""
    if not ref or len(ref) > _LONGEST_REF or not ref.isprintable():
        raise InvalidCommand("ref", f"must be 1 to {_LONGEST_REF} printable characters")
    known = view.details.refs.get(ref)
    if known is not None:
        raise InvalidCommand("ref", f"already names {known}")


def _set_fields(view: View, command: c.SetFields, at_us: int) -> Steps:
    kind, key, customer = _target(view, command.target)
    check_fields(view, kind, command.fields)
    held = view.details.fields.get(key, {})
    changed = {name: value for name, value in sorted(command.fields.items()) if held.get(name) != value}
    if changed:
        yield e.FieldsSet(key, changed, customer)
    return None


def check_fields(view: View, kind: str, fields: Mapping[str, Value | None]) -> None:
    """Refuse fields that the plan does not declare of a customer, case or interaction, and values of other types."""
    declared: Mapping[str, str] = getattr(view.plan.fields, kind)
    for name, value in fields.items():
        if name not in declared:
            raise InvalidCommand(f"fields.{name}", f"the plan declares no such {kind} field")
        if value is not None and not fits(value, declared[name]):
            raise InvalidCommand(f"fields.{name}", f"must be of type {declared[name]}")


def fits(value: Value, kind: str) -> bool:
    """Whether a value is of a field's type."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return False
    return kind == "text" or _DATE.fullmatch(value) is not None


SECTION = Section("details", Details, {c.AddRef: _add_ref, c.SetFields: _set_fields}, EVOLVE)
