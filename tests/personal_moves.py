"""Moves of the random workload about what customers told of themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from tests.commitment_moves import Chooser
from tests.engine_driver import SECOND

__all__ = ["WEIGHTS", "zones_of_number"]

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")


def zones_of_number(number: int) -> list[str]:
    """Where somebody with a phone number may be: nowhere that is known, in one zone, or in two."""
    return list(ZONES[number % 3 : number % 3 + number % 3])


def set_zone(engine: Engine, choose: Chooser) -> c.Command | None:
    """Somebody is in a zone, is not there any more, or is somewhere that there is not."""
    names = list(engine.view.identity.customers)[-8:]
    if not names:
        return None
    zone = choose.pick([*ZONES, *ZONES, None, "Europe/Nowhere"])
    when = choose.pick([None, engine.now_us - choose.number(0, 60) * SECOND])
    return c.SetCustomerZone(choose.pick(names), zone, choose.pick(["said", "address", "guess"]), when)


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {set_zone: 3}
"""Move -> how often it is made, relative to the others."""
