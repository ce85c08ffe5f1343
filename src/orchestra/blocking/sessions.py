"""An agent signed in on a device, without await.

Generated from `orchestra.runtime.sessions` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from orchestra.blocking.agents import Consult, Offer
from orchestra.blocking.portal import Counterpart, Stream
from orchestra.runtime import sessions

__all__ = ["AgentSession"]


class AgentSession(Counterpart[sessions.AgentSession]):
    """An agent signed in on one device. As long as this process lives, the device counts as present."""

    @property
    def agent(self) -> str:
        """The agent's id."""
        return self._inner.agent

    @property
    def device(self) -> str:
        """The device's name."""
        return self._inner.device

    def offers(self, timeout: timedelta | None = None) -> Stream[Offer]:
        """Offers to this agent: those pending now, then new ones as they are made. Ends when the workspace closes.

        Args:
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.offers(), partial(Offer, self._door), timeout)

    def next_offer(self) -> Offer:
        """The next offer to this agent: one pending now, or the first that is made.

        Raises:
            JournalUnavailable: the workspace closed before there was one.
        """
        return Offer(self._door, self._door.run(self._inner.next_offer))

    def consults(self, timeout: timedelta | None = None) -> Stream[Consult]:
        """What other agents ask of this one: what is pending now, then more as it comes. Ends as `offers` does.

        Args:
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.consults(), partial(Consult, self._door), timeout)

    def next_consult(self) -> Consult:
        """The next consult of this agent: one pending now, or the first that is asked.

        Raises:
            JournalUnavailable: the workspace closed before there was one.
        """
        return Consult(self._door, self._door.run(self._inner.next_consult))

    def away(self, reason: str) -> None:
        """Take no new work."""
        self._door.run(self._inner.away, reason)

    def available(self) -> None:
        """Take new work again."""
        self._door.run(self._inner.available)

    def sign_out(self) -> None:
        """Stop working."""
        self._door.run(self._inner.sign_out)
