"""Events: findings for other departments."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["FindingAcknowledged", "FindingRaised"]


@attrs.define
class FindingRaised(Event):
    """A case has brought something to light; `teams` have it on their lists."""

    finding: str
    case: str
    customer: str
    kind: str
    teams: list[str]
    fields: dict[str, str | int | bool | None]
    text: str | None = private()


@attrs.define
class FindingAcknowledged(Event):
    """A team has taken note of it."""

    finding: str
    case: str
    customer: str
    kind: str
    team: str
