"""What customers told of themselves: in which zone they are, and how they want to be addressed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["BASES", "EVOLVE", "MANNERS", "Manner", "Personal", "Whereabouts", "manner_key", "zone_key"]

BASES = ("said", "address")
"""How a customer's zone is known, the surest first."""


@attrs.define
class Whereabouts:
    """The zone in which a customer is, since when that is known, and when it was noted; None if it was taken back."""

    zone: str | None
    occurred_us: int
    noted_us: int


MANNERS = ("language", "form", "hours")
"""What tells how a customer wants to be addressed, and when."""


@attrs.define
class Manner:
    """How a customer wants to be addressed, and when they said so; None if they took it back."""

    value: str | None
    occurred_us: int


def manner_key(customer: str, manner: str) -> str:
    """The key under which it is held how a customer wants to be addressed."""
    return f"{customer}\x1f{manner}"


def zone_key(customer: str, basis: str) -> str:
    """The key under which a customer's zone is held."""
    return f"{customer}\x1f{basis}"


class Personal(Slice):
    """Zones by customer and basis; manners by customer and what it is."""

    TABLES: ClassVar = {"zones": Whereabouts, "manners": Manner}

    zones: dict[str, Whereabouts]
    manners: dict[str, Manner]

    def said_last(self, ids: Iterable[str], manner: str) -> str | None:
        """What a person said last under any of their ids of how they want to be addressed; None if nothing."""
        if not self.manners:
            return None
        rows = (row for name in ids if (row := self.manners.get(manner_key(name, manner))) is not None)
        newest = max(rows, key=lambda row: row.occurred_us, default=None)
        return None if newest is None else newest.value

    def language_set(self, event: e.CustomerLanguageSet, at_us: int) -> None:
        """Keep what they said last."""
        self._keep(event.customer, "language", event.language, event.occurred_us)

    def form_set(self, event: e.CustomerFormSet, at_us: int) -> None:
        """Keep what they said last."""
        self._keep(event.customer, "form", event.form, event.occurred_us)

    def hours_set(self, event: e.CustomerHoursSet, at_us: int) -> None:
        """Keep what they said last."""
        self._keep(event.customer, "hours", event.hours, event.occurred_us)

    def _keep(self, customer: str, manner: str, value: str | None, occurred_us: int) -> None:
        key = manner_key(customer, manner)
        held = self.manners.get(key)
        if held is None or held.occurred_us <= occurred_us:
            self.manners[key] = Manner(value, occurred_us)

    def zone_set(self, event: e.CustomerZoneSet, at_us: int) -> None:
        """Keep what is known last."""
        key = zone_key(event.customer, event.basis)
        held = self.zones.get(key)
        if held is None or held.occurred_us <= event.occurred_us:
            self.zones[key] = Whereabouts(event.zone, event.occurred_us, at_us)

    def erased(self, event: e.CustomerErased, at_us: int) -> None:
        """Forget it."""
        for basis in BASES:
            self.zones.pop(zone_key(event.customer, basis), None)
        for manner in MANNERS:
            self.manners.pop(manner_key(event.customer, manner), None)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.CustomerZoneSet: Personal.zone_set,
    e.CustomerLanguageSet: Personal.language_set,
    e.CustomerFormSet: Personal.form_set,
    e.CustomerHoursSet: Personal.hours_set,
    e.CustomerErased: Personal.erased,
}
