"""What customers told of themselves, without await.

Generated from `orchestra.runtime.personal` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Ref
from orchestra.runtime import personal

__all__ = ["Personal"]


AnyPersonal = TypeVar("AnyPersonal", bound=personal.Personal)


class Personal(Opened[AnyPersonal]):
    """Commands about how and when a customer is addressed."""

    def set_zone(
        self,
        customer: str | Ref,
        zone: str | None,
        *,
        basis: str = "said",
        since: datetime | None = None,
        evidence: str | None = None,
        actor: str | None = None,
    ) -> None:
        """Note in which time zone a customer is, so that quiet hours go by the clock on their wall.

        Args:
            customer: their id, or a reference.
            zone: its name, as `Europe/Berlin`; None takes back what was noted.
            basis: `said` if they told, or `address` if it is that of their verified postal address.
            since: since when it is known; now unless given.
            evidence: what proves it.
            actor: who notes it, as `agent:ana`.

        Raises:
            CommandRefused: there is no such customer, or no such zone.
        """
        self._door.run(self._inner.set_zone, customer, zone, basis=basis, since=since, evidence=evidence, actor=actor)

    def set_language(
        self, customer: str | Ref, language: str | None, *, since: datetime | None = None, actor: str | None = None
    ) -> None:
        """Note in which language a customer wants to be addressed.

        Args:
            customer: their id, or a reference.
            language: as `de` or `de-AT`; None takes back what was noted.
            since: when they said so; now unless given.
            actor: who notes it, as `agent:ana`.

        Raises:
            CommandRefused: there is no such customer, or it is no language.
        """
        self._door.run(self._inner.set_language, customer, language, since=since, actor=actor)

    def set_form(
        self, customer: str | Ref, form: str | None, *, since: datetime | None = None, actor: str | None = None
    ) -> None:
        """Note in which form a customer wants to be addressed.

        Args:
            customer: their id, or a reference.
            form: one that the plan's templates name, as `informal`; None takes back what was noted.
            since: when they said so; now unless given.
            actor: who notes it, as `agent:ana`.

        Raises:
            CommandRefused: there is no such customer, or no template names the form.
        """
        self._door.run(self._inner.set_form, customer, form, since=since, actor=actor)

    def set_hours(
        self, customer: str | Ref, hours: str | None, *, since: datetime | None = None, actor: str | None = None
    ) -> None:
        """Note at what time of the day a customer would rather be reached. Rules and wordings go by it.

        Args:
            customer: their id, or a reference.
            hours: as `18:00-20:00`, on their own clock; None takes back what was noted.
            since: when they said so; now unless given.
            actor: who notes it, as `agent:ana`.

        Raises:
            CommandRefused: there is no such customer, or these are no hours.
        """
        self._door.run(self._inner.set_hours, customer, hours, since=since, actor=actor)
