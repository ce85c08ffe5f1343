"""Events: the application's own actions."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "ActionCanceled",
    "ActionDone",
    "ActionDue",
    "ActionFailed",
    "ActionRequested",
    "ActionRetried",
    "ActionStarted",
    "ActionUnknown",
]


@attrs.define
class ActionRequested(Event):
    """One of the application's own actions is to be done, at once. Taken once per `action` and `key`."""

    request: str
    action: str
    key: str
    values: dict[str, str | int | bool]
    customer: str | None = None
    case: str | None = None
    interaction: str | None = None


@attrs.define
class ActionDue(Event):
    """It is time for the next attempt."""

    request: str
    action: str
    customer: str | None = None
    case: str | None = None


@attrs.define
class ActionStarted(Event):
    """An attempt begins, by the owner of this epoch."""

    request: str
    action: str
    attempt: int
    epoch: int
    customer: str | None = None
    case: str | None = None


@attrs.define
class ActionDone(Event):
    """It is done; `values` are what came of it."""

    request: str
    action: str
    attempt: int
    values: dict[str, str | int | bool]
    customer: str | None = None
    case: str | None = None


@attrs.define
class ActionRetried(Event):
    """The attempt did not succeed, or nobody knows (`owner_lost`): the next one is due at `next_us`."""

    request: str
    action: str
    attempt: int
    next_us: int
    customer: str | None = None
    case: str | None = None
    code: str | None = None


@attrs.define
class ActionFailed(Event):
    """It cannot be done, or has been tried often enough."""

    request: str
    action: str
    attempt: int
    customer: str | None = None
    case: str | None = None
    code: str | None = None


@attrs.define
class ActionUnknown(Event):
    """Nobody knows whether the last attempt did it, and there is no further one."""

    request: str
    action: str
    attempt: int
    customer: str | None = None
    case: str | None = None


@attrs.define
class ActionCanceled(Event):
    """It is not to be done any more."""

    request: str
    action: str
    reason: str
    customer: str | None = None
    case: str | None = None
