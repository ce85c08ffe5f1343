"""Events: definition."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.plan import Plan

__all__ = ["PlanChanged"]


@attrs.define
class PlanChanged(Event):
    """Another plan is in force from here on. `key_check` recognises the workspace's key without telling it."""

    plan: Plan
    digest: str
    zone_data: str
    key_check: str
