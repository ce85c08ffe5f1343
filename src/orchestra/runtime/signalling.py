"""Signals as a workspace offers them: place, estimated wait, typing and reading.

Belongs here: the calls. Does not: how signals are coalesced (`signals`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Protocol

from orchestra.runtime.signals import Signal, Signals, TypingSignal

__all__ = ["Signalling"]


class Signalling(Protocol):
    """What is worth showing now and not worth keeping. None of it is journaled."""

    _signals: Signals

    def signals(self, interaction: str, every: timedelta = timedelta(seconds=1)) -> AsyncGenerator[Signal]:
        """Position, estimated wait and typing of a waiting interaction, coalesced; ends when it no longer waits.

        The id of a consult that waits in a queue gives its position and estimated wait.
        """
        return self._signals.of(interaction, every)

    def typing(self, interaction: str, who: str) -> None:
        """Tell whoever listens to the interaction's signals that `who` is typing. Not journaled.

        If `who` is an agent or bot that talks with the customer, the customer is shown it, too, where the channel can:
        at once, and again after some seconds if it is told again. It is told to them at best, and never waited for.
        """
        self._signals.typing(interaction, who)

    def mark_read(self, interaction: str) -> None:
        """Show the customer that what they wrote last in the interaction's conversation was read. Not journaled.

        Where the channel can; at best, and never waited for. It says nothing of whether anybody has answered.
        """
        self._signals.read(interaction)

    def typings(self, every: timedelta = timedelta(seconds=1)) -> AsyncGenerator[TypingSignal]:
        """Who is typing, in any interaction; ends when the workspace closes.

        It is for desktops and web doors, which know whom of those they serve it concerns.

        Args:
            every: least time between two that are the same.
        """
        return self._signals.typings(every)
