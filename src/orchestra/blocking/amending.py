"""Changing what was sent, without await.

Generated from `orchestra.runtime.amending` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from typing import TypeVar

from orchestra.blocking.portal import Counterpart
from orchestra.model.results import Written
from orchestra.runtime import amending

__all__ = ["Amending"]


AnyAmending = TypeVar("AnyAmending", bound=amending.Amending)


class Amending(Counterpart[AnyAmending]):
    """What whoever has a contact may do to messages that were sent, where the channel can."""

    @property
    def agent(self) -> str:
        """In whose hands."""
        return self._inner.agent

    def correct(self, message: str | Written, text: str, key: str | None = None) -> Written:
        """Replace the text of a message of ours; returns when that is durable and its delivery planned.

        A message that has not left yet leaves as it is now, on any channel.

        Args:
            message: its id, or what writing it gave.
            text: all that it says from now on.
            key: corrected once per message and key. Give your own to be able to ask again after a failure.

        Returns:
            The message, and the delivery by which the correction leaves.

        Guarantees:
            While nobody knows whether it was stored, it is asked for again under the same key, a few times.

        Raises:
            CommandRefused: the channel cannot, the message is not there or taken back, it is none that this agent or
                their team answers for, or the key was used for another text; says which.
            JournalUnavailable: it may not be stored; with `outcome_unknown`, ask again with the same key.
        """
        return self._door.run(self._inner.correct, message, text, key)

    def take_back(self, message: str | Written, key: str | None = None) -> Written:
        """Delete a message of ours at its provider, or call it back if it has not left yet. As `correct`.

        Each file of a message is a message of its own. What was taken back once stays so.

        Args:
            message: its id, or what writing it gave.
            key: as in `correct`.

        Raises:
            CommandRefused: as `correct`.
            JournalUnavailable: as `correct`.
        """
        return self._door.run(self._inner.take_back, message, key)

    def react(self, message: str, reaction: str | None, key: str | None = None) -> Written:
        """Put our reaction on a message of the customer's, in place of the one before. As `correct`.

        Args:
            message: its id, as `Question.message` has it.
            reaction: an emoji, or the provider's word for one; None takes it away.
            key: as in `correct`.

        Raises:
            CommandRefused: the channel cannot, or nothing is known of the message, or not any more; says which.
            JournalUnavailable: as `correct`.
        """
        return self._door.run(self._inner.react, message, reaction, key)
