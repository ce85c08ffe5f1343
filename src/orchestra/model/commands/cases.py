"""Commands: cases."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = [
    "AddRef",
    "AssignCase",
    "CloseCase",
    "OpenCase",
    "ReopenCase",
    "ResolveCase",
    "ResumeCase",
    "SetCaseWaiting",
    "SetFields",
]


@attrs.define
class OpenCase(Command):
    """Open a case for a known customer without a contact."""

    customer: Id
    topic: str | None = None
    queue: str | None = None


@attrs.define
class SetCaseWaiting(Command):
    """The case waits `on` customer or third_party."""

    case: Id
    on: str
    reason: str | None = None


@attrs.define
class ResumeCase(Command):
    """What the case waited for has come."""

    case: Id


@attrs.define
class ResolveCase(Command):
    """The matter is settled."""

    case: Id
    disposition: str | None = None


@attrs.define
class ReopenCase(Command):
    """It was not settled after all."""

    case: Id
    reason: str


@attrs.define
class CloseCase(Command):
    """File a resolved case for good."""

    case: Id


@attrs.define
class AssignCase(Command):
    """Make an agent or a team the one accountable owner."""

    case: Id
    owner_kind: str
    owner: str


@attrs.define
class AddRef(Command):
    """Let a customer, case or interaction be addressed by the application's own key."""

    target: Id
    ref: str


@attrs.define
class SetFields(Command):
    """Set typed fields that the plan declares. A value of None removes the field."""

    target: Id
    fields: dict[str, str | int | bool | None]
