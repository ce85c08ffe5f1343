"""What an event is about, and the fields that conditions compare. Nothing here is private."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orchestra.engine.known.person import Person
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.rule_faults import facts_of
from orchestra.model.rules import ABOUT, Occasion, Plain

__all__ = ["Scene", "reader"]

Read = Callable[["Scene"], Plain | None]


@attrs.frozen
class Scene:
    """An event that has happened, with what it is about.

    Attributes:
        view: the state as it is when the scene is looked at.
        event: what happened.
        cause: its position.
        at_us: when.
        customer: whose matter it is; None if it is about nobody's.
        case: the case that it is about, if it is about one.
        interaction: the interaction that it is about, if it is about one.
    """

    view: View
    event: e.Event
    cause: int
    at_us: int
    customer: str | None
    case: str | None
    interaction: str | None

    @classmethod
    def of(cls, view: View, event: e.Event, cause: int, at_us: int) -> Scene:
        """The scene of an event that has just been evolved."""
        interaction, case, customer = (getattr(event, name, None) for name in ("interaction", "case", "customer"))
        delivery = view.deliveries.deliveries.get(getattr(event, "delivery", ""))
        if delivery is not None:
            interaction, case = delivery.interaction, delivery.case
        target = getattr(event, "target", None)
        interaction = target if target in view.contacts.interactions else interaction
        case = target if target in view.cases.cases else case
        row = view.contacts.interactions.get(interaction or "")
        if case is None and row is not None:
            case = row.case
        return cls(view, event, cause, at_us, customer, case, interaction)

    def row(self, about: str) -> Any:
        """The row of what it is about; None if it is about none, or that has no row."""
        if about == "case":
            return self.view.cases.cases.get(self.case or "")
        if about == "customer":
            return self._person()
        return self.view.contacts.interactions.get(self.interaction or "") if about == "interaction" else None

    def _person(self) -> Person | None:
        """What is known of the customer."""
        if self.customer is None:
            return None
        return Person(self.view, self.view.identity.group(self.customer), self.case)

    def declared(self, about: str) -> Mapping[str, Plain]:
        """The fields, of those that the plan declares, that are set."""
        return self.view.details.fields.get(self.name(about) or "", {})

    def name(self, about: str) -> str | None:
        """The id of what it is about."""
        if about == "customer":
            return None if self.customer is None else self.view.identity.root(self.customer)
        return self.case if about == "case" else self.interaction

    def occasion(self) -> Occasion:
        """What a predicate is asked about."""
        kind = type(self.event)
        facts = {name: getattr(self.event, name) for name in facts_of(kind)}
        of_each = {about: self._fields(about) for about in ABOUT}
        return Occasion(kind.__name__, self.at_us, _without_nothing(facts), **of_each)

    def _fields(self, about: str) -> dict[str, Plain]:
        row = self.row(about)
        own = {} if row is None else {name: getattr(row, name) for name in ABOUT[about]}
        declared = {f"fields.{name}": value for name, value in sorted(self.declared(about).items())}
        return _without_nothing({**own, **declared})


def _without_nothing(values: Mapping[str, Plain | None]) -> dict[str, Plain]:
    return {name: value for name, value in values.items() if value is not None}


def reader(path: str) -> Read:
    """What reads a field, by its path as conditions have it."""
    about, _, name = path.partition(".")
    own = name.removeprefix("fields.")
    if about == "event":
        return lambda scene: getattr(scene.event, name, None)
    if own != name:
        return lambda scene: scene.declared(about).get(own)
    return lambda scene: getattr(scene.row(about), name, None)
