"""What customers told of themselves: in which zone they are."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["BASES", "EVOLVE", "Personal", "Whereabouts", "zone_key"]

BASES = ("said", "address")
"""How a customer's zone is known, the surest first."""


@attrs.define
class Whereabouts:
    """The zone in which a customer is, since when that is known, and when it was noted; None if it was taken back."""

    zone: str | None
    occurred_us: int
    noted_us: int


def zone_key(customer: str, basis: str) -> str:
    """The key under which a customer's zone is held."""
    return f"{customer}\x1f{basis}"


class Personal(Slice):
    """Zones by customer and basis."""

    TABLES: ClassVar = {"zones": Whereabouts}

    zones: dict[str, Whereabouts]

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


EVOLVE: dict[type[e.Event], Evolve] = {
    e.CustomerZoneSet: Personal.zone_set,
    e.CustomerErased: Personal.erased,
}
