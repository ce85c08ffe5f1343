"""Place, estimated wait and typing, without await.

Generated from `orchestra.runtime.signalling` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from orchestra.blocking.portal import Opened, Stream, as_is
from orchestra.runtime import signalling
from orchestra.runtime.signals import Signal, TypingSignal

__all__ = ["Signalling"]


AnySignalling = TypeVar("AnySignalling", bound=signalling.Signalling)


class Signalling(Opened[AnySignalling]):
    """What is worth showing now and not worth keeping. None of it is journaled."""

    def signals(
        self, interaction: str, every: timedelta = timedelta(seconds=1), timeout: timedelta | None = None
    ) -> Stream[Signal]:
        """Position, estimated wait and typing of a waiting interaction, coalesced; ends when it no longer waits.

        Args:
            interaction: its id.
            every: least time between two.
            timeout: the iteration ends when nothing came for this long; None waits for ever.

        The id of a consult that waits in a queue gives its position and estimated wait.
        """
        return Stream(self._door, self._inner.signals(interaction, every), as_is, timeout)

    def typing(self, interaction: str, who: str) -> None:
        """Tell whoever listens to the interaction's signals that `who` is typing. Not journaled.

        If `who` is an agent or bot that talks with the customer, the customer is shown it, too, where the channel can:
        at once, and again after some seconds if it is told again. It is told to them at best, and never waited for.
        """
        self._door.run_sync(self._inner.typing, interaction, who)

    def mark_read(self, interaction: str) -> None:
        """Show the customer that what they wrote last in the interaction's conversation was read. Not journaled.

        Where the channel can; at best, and never waited for. It says nothing of whether anybody has answered.
        """
        self._door.run_sync(self._inner.mark_read, interaction)

    def typings(
        self, every: timedelta = timedelta(seconds=1), timeout: timedelta | None = None
    ) -> Stream[TypingSignal]:
        """Who is typing, in any interaction; ends when the workspace closes.

        It is for desktops and web doors, which know whom of those they serve it concerns.

        Args:
            every: least time between two that are the same.
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.typings(every), as_is, timeout)
