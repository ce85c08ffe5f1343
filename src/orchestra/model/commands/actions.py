"""Commands: the application's own actions."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["CancelAction", "RecordAction", "RecoverAction", "RequestAction", "StartAction"]


@attrs.define
class RequestAction(Command):
    """Have one of the application's own actions done, `refund@1`. Taken once per action and `key`.

    It belongs to `case`, or to `customer`, or to nobody. `values` are for its function, and never personal data.
    """

    action: str
    key: str
    case: Id | None = None
    customer: Id | None = None
    interaction: Id | None = None
    values: dict[str, str | int | bool] = attrs.field(factory=dict)


@attrs.define
class StartAction(Command):
    """An attempt begins now, by the owner of this `epoch`."""

    request: str
    attempt: int
    epoch: int


@attrs.define
class RecordAction(Command):
    """What became of an attempt: `outcome` is done, retry, or failed (for good). `values` are what came of it."""

    request: str
    attempt: int
    outcome: str
    values: dict[str, str | int | bool] = attrs.field(factory=dict)
    code: str | None = None


@attrs.define
class RecoverAction(Command):
    """An attempt had been started by an owner of an earlier epoch, and nobody knows what became of it."""

    request: str
    epoch: int


@attrs.define
class CancelAction(Command):
    """It is not to be done any more; one that is being done cannot be called back."""

    request: str
    reason: str
