"""What contacts have cost, by the plan of their time: per contact, per resolution, per channel.

Belongs here: rates to amounts, and the figure. Does not: which contact is over, and how long agents had it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from orchestra.model.costs import ChannelCost, Costs

__all__ = ["OVERLAP", "Cost", "CostTally", "Price"]

OVERLAP = 720_720
"""A microsecond of an agent's time, in units that up to 16 contacts at once share without a remainder."""

_MINUTE_US = 60_000_000


@attrs.frozen
class Cost:
    """What contacts that are over have cost, in millionths of the currency's unit.

    Attributes:
        currency: of the plan that was in force last; None if no plan says what anything costs.
        micros: all together.
        contacts: that are over, whatever became of them.
        resolutions: cases that are resolved now.
    """

    currency: str | None
    micros: int
    contacts: int
    resolutions: int

    @property
    def per_contact_micros(self) -> int | None:
        """All / contacts, rounded down; None of none."""
        return self.micros // self.contacts if self.contacts else None

    @property
    def per_resolution_micros(self) -> int | None:
        """All / resolved cases, so that who has to come three times costs three times; None of none."""
        return self.micros // self.resolutions if self.resolutions else None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        parts = {"per_contact_micros": self.per_contact_micros, "per_resolution_micros": self.per_resolution_micros}
        return {**attrs.asdict(self), **parts}


@attrs.define(eq=False)
class CostTally:
    """What is counted of costs; time is priced in whole millionths, each contact by itself."""

    currency: str | None = None
    micros: int = 0
    contacts: int = 0

    def figure(self, resolutions: int) -> Cost:
        """What the counts say now."""
        return Cost(self.currency, self.micros, self.contacts, resolutions)


class Price:
    """What contacts cost by the plan in force."""

    def __init__(self) -> None:
        self._costs = Costs()

    def set(self, costs: Costs) -> None:
        """Another plan is in force."""
        self._costs = costs

    def charge(
        self, tallies: Iterable[CostTally], channel: str, topic: str | None, weighted: int, *, contacts: int = 1
    ) -> None:
        """Count a contact that is over, or with `contacts=0` further work on one that is.

        Args:
            tallies: where it counts.
            channel: on which it came.
            topic: of its case, None for none.
            contacts: 1, or 0 for further work.
            weighted: agents' time on it, shared out, in units of `OVERLAP` to the microsecond.
        """
        if not self._costs.channels:
            return
        rates = self._costs.channels.get(channel, ChannelCost()).rates(topic)
        micros = contacts * rates.per_contact + rates.per_minute * weighted // (OVERLAP * _MINUTE_US)
        for tally in tallies:
            tally.currency = self._costs.currency
            tally.micros += micros
            tally.contacts += contacts
