"""Commands: definition."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command
from orchestra.model.plan import Plan

__all__ = ["ChangePlan"]


@attrs.define
class ChangePlan(Command):
    """Put another plan into force. Refused if work in flight needs a name that the new plan lacks.

    `zone_data` is the edition of the time zone data on this machine: it is told in the event and decides nothing.
    """

    plan: Plan
    digest: str
    zone_data: str
    key_check: str
