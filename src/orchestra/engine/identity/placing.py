"""What an address itself tells of where its customer is: noted as it comes, since nobody can ask the hash later."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.addresses import Address

__all__ = ["place"]

_MOST_ZONES = 64
_LONGEST_ZONE = 64


def place(view: View, address: Address) -> Iterator[e.Event]:
    """Note the zones in which somebody with this address may be, if that is news of an address that is known."""
    row = view.identity.addresses.get(address.key)
    zones = address.zones or []
    if row is None or not zones or zones == row.zones:
        return
    if len(zones) <= _MOST_ZONES and all(0 < len(zone) <= _LONGEST_ZONE for zone in zones):
        yield e.AddressPlaced(row.customer, address.key, list(zones))
