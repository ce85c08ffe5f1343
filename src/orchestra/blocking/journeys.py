"""How cases go on, and what customers are told of it, without await.

Generated from `orchestra.runtime.journeys` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Ref
from orchestra.runtime import journeys

__all__ = ["Journeys"]


AnyJourneys = TypeVar("AnyJourneys", bound=journeys.Journeys)


class Journeys(Opened[AnyJourneys]):
    """Commands about how cases go on, and what was told of that."""

    def tell_fact(
        self,
        case: str | Ref,
        fact: str,
        value: str | int | date,
        *,
        interaction: str | Ref | None = None,
        actor: str | None = None,
    ) -> None:
        """Note that a case's customer was told something of it, so that nobody need tell them the same again.

        Args:
            case: its id, or the application's own key.
            fact: what it is about, in the application's words, as `ready`; never personal data.
            value: what they were told: a word, a number, true or false, a day; never personal data.
            interaction: the contact in which they were told, if it was in one.
            actor: who told them, as `agent:ana`; the application itself unless given.

        Raises:
            MalformedMessage: the value is a time of a day.
            CommandRefused: there is no such case, the contact is not part of it, or the fact or its value is too long.
        """
        self._door.run(self._inner.tell_fact, case, fact, value, interaction=interaction, actor=actor)

    def pause_clock(self, clock: str, reason: str, *, actor: str | None = None) -> None:
        """Let a service clock stand still, until the customer is heard again or it is resumed.

        Args:
            clock: its id, as `clocks` gives it.
            reason: why, as its policy may have it; in the company's words, never personal data.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such clock, it is over, or its policy does not allow that reason.
        """
        self._door.run(self._inner.pause_clock, clock, reason, actor=actor)

    def resume_clock(self, clock: str, *, actor: str | None = None) -> None:
        """Let a service clock go on that was paused; while its case waits it may stand still for that.

        Args:
            clock: its id, as `clocks` gives it.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such clock, or nobody has paused it.
        """
        self._door.run(self._inner.resume_clock, clock, actor=actor)
