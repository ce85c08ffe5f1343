"""Where in the journal something began, and what is asked of agents, for their sessions.

Belongs here: looking back. Does not: the sessions themselves (`sessions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestra.codec import decode_event
from orchestra.journal.port import Journal
from orchestra.runtime.history.explain import BEGINS
from orchestra.runtime.history.notes import note_of
from orchestra.runtime.owner import Owner
from orchestra.runtime.threads import in_thread
from orchestra.runtime.views import asked_of

__all__ = ["Looking"]


class Looking(Protocol):
    """What agents' sessions look back for."""

    journal: Journal
    _owner: Owner

    async def offers_since(self, agent: str) -> int:
        """A position before which nothing was offered to or asked of the agent that is still pending."""
        pending = asked_of(self._owner.view, agent)
        now = await self._owner.read(lambda view: view.position)
        for kind, customer, token in pending:
            now = min(now, await in_thread(self._before, [kind], customer, "token", token))
        return now

    async def begin_of(self, interaction: str, customer: str) -> int:
        """The position before an interaction of the customer began."""
        return await in_thread(self._before, BEGINS, customer, "interaction", interaction)

    def _before(self, kinds: Sequence[str], customer: str, field: str, value: str | int) -> int:
        """The position before the one event of those types about the customer whose field has that value."""
        for record in self.journal.read(subjects=[customer], types=kinds):
            if getattr(decode_event(record), field) == value:
                return record.position - 1
        return self._owner.recent.position

    async def note_of(self, consult: str, customer: str) -> str | None:
        """What was written to whoever a queue asks for help."""
        return await in_thread(note_of, self.journal, consult, customer)

    def is_pending(self, offer: str, token: int | None = None) -> bool:
        """Whether an offer or a consult can still be answered, under this token if one is given."""
        view = self._owner.view
        row = view.routing.offers.get(offer) or view.consults.consults.get(offer)
        return row is not None and row.state in ("PENDING", "ASKED") and token in (None, row.token)
