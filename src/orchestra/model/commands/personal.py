"""Commands: what customers told of themselves, as far as it matters for how and when they are addressed."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["SetCustomerForm", "SetCustomerHours", "SetCustomerLanguage", "SetCustomerZone"]


@attrs.define
class SetCustomerZone(Command):
    """Note in which time zone a customer is, as `Europe/Berlin`; None takes back what was noted.

    `basis` is how it is known: `said` if they told, or `address` if it is that of their verified postal address, which
    counts less. `occurred_us` is since when it is known, now unless stated: of two statements the later one holds, in
    whatever order they are recorded. `evidence` is what proves it.
    """

    customer: Id
    zone: str | None
    basis: str = "said"
    occurred_us: int | None = None
    evidence: str | None = private()


@attrs.define
class SetCustomerLanguage(Command):
    """Note in which language a customer wants to be addressed, as `de` or `de-AT`; None takes back what was noted.

    `occurred_us` is when they said so, now unless stated: of two statements the later one holds, in whatever order they
    are recorded.
    """

    customer: Id
    language: str | None
    occurred_us: int | None = None


@attrs.define
class SetCustomerForm(Command):
    """Note in which form a customer wants to be addressed, as `informal`; None takes back what was noted.

    Forms are those that the plan's templates name. `occurred_us` is as of `SetCustomerLanguage`.
    """

    customer: Id
    form: str | None
    occurred_us: int | None = None


@attrs.define
class SetCustomerHours(Command):
    """Note at what time of the day a customer would rather be reached, as `18:00-20:00` on their own clock; None takes
    back what was noted.

    Nothing is held until then: rules and wordings go by it. `occurred_us` is as of `SetCustomerLanguage`.
    """

    customer: Id
    hours: str | None
    occurred_us: int | None = None
