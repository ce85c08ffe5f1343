"""Events: what customers told of themselves, as far as it matters for how and when they are addressed."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["CustomerFormSet", "CustomerHoursSet", "CustomerLanguageSet", "CustomerZoneSet"]


@attrs.define
class CustomerZoneSet(Event):
    """The customer is in this time zone, as they `said` or as their verified `address` tells; not known if None."""

    customer: str
    zone: str | None
    basis: str
    occurred_us: int
    evidence: str | None = private()


@attrs.define
class CustomerLanguageSet(Event):
    """The customer wants to be addressed in this language; in none in particular if None."""

    customer: str
    language: str | None
    occurred_us: int


@attrs.define
class CustomerFormSet(Event):
    """The customer wants to be addressed in this form; in none in particular if None."""

    customer: str
    form: str | None
    occurred_us: int


@attrs.define
class CustomerHoursSet(Event):
    """The customer would rather be reached at this time of their day, as `18:00-20:00`; at no time of it if None."""

    customer: str
    hours: str | None
    occurred_us: int
