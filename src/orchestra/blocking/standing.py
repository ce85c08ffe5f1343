"""How cases stand, without await.

Generated from `orchestra.runtime.standing` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Email, Handle, Phone, Ref
from orchestra.runtime import standing
from orchestra.runtime.clocks import ClockView
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.progress import ProgressView, ToldFact

__all__ = ["Standing"]


AnyStanding = TypeVar("AnyStanding", bound=standing.Standing)


class Standing(Opened[AnyStanding]):
    """How cases stand, and whom an address is. Reads see what is durable, and only that."""

    @property
    def key(self) -> WorkspaceKey:
        """The workspace's key: hashes addresses, makes reply tokens."""
        return self._inner.key

    def known_by(self, person: Email | Phone | Handle) -> str | None:
        """The id of the customer who is known by an address; None if nobody is, or whoever is has been archived.

        Raises:
            MalformedMessage: the address is not well formed.
        """
        return self._door.run(self._inner.known_by, person)

    def told(self, case: str | Ref, *, actor: str | None = None) -> tuple[ToldFact, ...]:
        """What a case's customer was told last of each fact, facts by name; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such case.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        return self._door.run(self._inner.told, case, actor=actor)

    def clocks(self, case: str | Ref) -> tuple[ClockView, ...]:
        """How the service clocks of a matter stand now: its cases', and those of contacts that go on in it.

        Returns:
            Those that run, stand still, or would go on if the case were opened again; those that began first before
            others. What is over for good is in the history and in the measures.

        Raises:
            UnknownId: there is no such case.
        """
        return self._door.run(self._inner.clocks, case)

    def progress(self, case: str | Ref, *, actor: str | None = None) -> ProgressView:
        """How far a case has come, what is foreseen and promised of it; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such case.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        return self._door.run(self._inner.progress, case, actor=actor)
