"""Events: definition."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.plan import Plan

__all__ = ["PlanChanged"]


@attrs.define
class PlanChanged(Event):
    """Another plan is in force from here on. `key_check` recognises the workspace's key without telling it.

    `zone_data` is the edition of the time zone data on the machine that put it into force, as `2025b`. It is told
    here and is no part of the state.
    """

    plan: Plan
    digest: str
    zone_data: str
    key_check: str
