"""How far the news of each account have been taken, in the provider's own words."""

from __future__ import annotations

from typing import ClassVar

from orchestra.engine.outages.state import account_key
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Cursors"]


class Cursors(Slice):
    """Cursors by account. One without a cursor has never been asked, or had nothing to tell."""

    TABLES: ClassVar = {"cursors": None}

    cursors: dict[str, str]

    def of(self, channel: str, account: str) -> str | None:
        """Where to go on asking an account for news; None for the very beginning."""
        return self.cursors.get(account_key(channel, account))

    def moved(self, event: e.CursorMoved, at_us: int) -> None:
        """All that came before it has been taken."""
        self.cursors[account_key(event.channel, event.account)] = event.cursor


EVOLVE: dict[type[e.Event], Evolve] = {e.CursorMoved: Cursors.moved}
