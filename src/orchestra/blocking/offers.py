"""What is shown to an agent, without await.

Generated from `orchestra.runtime.offers` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from datetime import datetime

from orchestra.blocking.agents import ActiveContact
from orchestra.blocking.portal import Counterpart
from orchestra.runtime import offers
from orchestra.runtime.context import Context

__all__ = ["Offer"]


class Offer(Counterpart[offers.Offer]):
    """An interaction shown to an agent, whose capacity is held for it until the deadline."""

    @property
    def id(self) -> str:
        """For the stateless form, `AcceptOffer(id, agent, token)`."""
        return self._inner.id

    @property
    def token(self) -> int:
        """Proves that the answer is to this very offer."""
        return self._inner.token

    @property
    def agent(self) -> str:
        """Whom it is made to."""
        return self._inner.agent

    @property
    def interaction(self) -> str:
        """Id of what is offered."""
        return self._inner.interaction

    @property
    def queue(self) -> str:
        """Where it waited."""
        return self._inner.queue

    @property
    def channel(self) -> str:
        """What it came on."""
        return self._inner.channel

    @property
    def customer(self) -> str:
        """Whose it is."""
        return self._inner.customer

    @property
    def deadline(self) -> datetime:
        """An answer at or after it is too late."""
        return self._inner.deadline

    def accept(self) -> ActiveContact:
        """Take it. Asked again by the agent who has taken it, and still has it, gives the same contact.

        Where the channel `connects`, it returns once agent and customer are connected, which somebody has to confirm:
        `confirm_connected` here, or whatever connects them with the command of that name.

        Raises:
            OfferExpired: it timed out, was taken back or answered already, another agent was first, the customer left,
                or could not be connected; `state` says which.
            JournalUnavailable: it may not be stored; with `outcome_unknown`, ask again.
        """
        return ActiveContact(self._door, self._door.run(self._inner.accept))

    def confirm_connected(self) -> None:
        """Say that agent and customer are connected. Of several agents who ring, the first confirmed has the contact.

        Raises:
            OfferExpired: nobody is being connected by this offer, or not any more.
        """
        self._door.run(self._inner.confirm_connected)

    def setup_failed(self, reason: str | None = None) -> None:
        """Say that agent and customer could not be connected. The customer keeps the place, and nobody is blamed.

        Raises:
            OfferExpired: nobody is being connected by this offer, or not any more.
        """
        self._door.run(self._inner.setup_failed, reason)

    def context(self) -> Context:
        """What is known about it: the matter, the customer's last contacts, what waits for an answer.

        Sources that the application registered are asked at once, each within its time; what one of them cannot tell is
        named in `missing`. The offer waits for none of this.

        Raises:
            NotPermitted: it is neither offered to this agent nor in their hands any more.
        """
        return self._door.run(self._inner.context)

    def decline(self, reason: str | None = None) -> None:
        """Leave it to others; it is not offered to this agent again.

        Raises:
            OfferExpired: it has ended already.
        """
        self._door.run(self._inner.decline, reason)
