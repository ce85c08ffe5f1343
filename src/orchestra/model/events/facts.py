"""Events: what customers are told."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["FactTold"]


@attrs.define
class FactTold(Event):
    """The customer was told a fact of their case.

    `interaction` is the contact in which they were, `notice` what was delivered to them, or was to be, had nobody told
    them in that contact.
    """

    case: str
    customer: str
    fact: str
    value: str | int | bool
    by: str
    interaction: str | None = None
    notice: str | None = None
