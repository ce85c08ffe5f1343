"""Which accounts of channels are down, since when, and how far those who wait there have been written elsewhere."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "TELL", "TRY", "Outage", "Outages", "account_key"]

TRY = "outages.try"
"""Timer of an account that is to be tried again."""
TELL = "outages.tell"
"""Timer of the walk over those who wait where an account is down."""


def account_key(channel: str, account: str) -> str:
    """The key of an account of a channel."""
    return f"{channel}\x1f{account}"


@attrs.define
class Outage:
    """An account that is down. Those who wait there have been looked at up to the interaction numbered `after`."""

    since_us: int
    reason: str
    after: int = 0


class Outages(Slice):
    """Outages by account; an account without one is up."""

    TABLES: ClassVar = {"outages": Outage}

    outages: dict[str, Outage]

    def is_down(self, channel: str, account: str) -> bool:
        """Whether an account is down."""
        return bool(self.outages) and account_key(channel, account) in self.outages

    def down(self, event: e.ChannelDown, at_us: int) -> None:
        """Those who wait there are told in a moment."""
        key = account_key(event.channel, event.account)
        self.outages[key] = Outage(at_us, event.reason)
        self.timers.set(TELL, key, at_us)
        if event.until_us is not None:
            self.timers.set(TRY, key, event.until_us)

    def up(self, event: e.ChannelUp, at_us: int) -> None:
        """Nobody else is told."""
        key = account_key(event.channel, event.account)
        del self.outages[key]
        self.timers.cancel_all((TELL, TRY), key)

    def told(self, event: e.OutageTold, at_us: int) -> None:
        """A slice is done."""
        key = account_key(event.channel, event.account)
        self.outages[key].after = event.after
        if event.is_done:
            self.timers.cancel(TELL, key)
        else:
            self.timers.set(TELL, key, at_us + SLICE_PAUSE_US)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.ChannelDown: Outages.down,
    e.ChannelUp: Outages.up,
    e.OutageTold: Outages.told,
}
