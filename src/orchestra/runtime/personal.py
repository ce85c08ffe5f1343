"""What customers told of themselves, also by who asks another process."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from orchestra.model.addresses import Ref
from orchestra.model.commands import Command, SetCustomerForm, SetCustomerHours, SetCustomerLanguage, SetCustomerZone
from orchestra.model.instants import since_epoch_us

__all__ = ["Personal"]


class Personal(Protocol):
    """Commands about how and when a customer is addressed."""

    async def execute(self, command: Command) -> object:
        """Decide on a command and give its result, once that is durable."""
        ...

    async def set_zone(
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
        occurred_us = None if since is None else since_epoch_us(since)
        await self.execute(SetCustomerZone(customer, zone, basis, occurred_us, evidence, actor=actor))

    async def set_language(
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
        occurred_us = None if since is None else since_epoch_us(since)
        await self.execute(SetCustomerLanguage(customer, language, occurred_us, actor=actor))

    async def set_form(
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
        occurred_us = None if since is None else since_epoch_us(since)
        await self.execute(SetCustomerForm(customer, form, occurred_us, actor=actor))

    async def set_hours(
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
        occurred_us = None if since is None else since_epoch_us(since)
        await self.execute(SetCustomerHours(customer, hours, occurred_us, actor=actor))
