"""Commands: the types of cases, and how far they have come."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["AdvanceCase", "SetCaseType"]


@attrs.define
class SetCaseType(Command):
    """Say which of the plan's types a case is of, whatever its topic says; None for none.

    It begins with the first stage of its type. Of a case that is of this type already nothing changes.
    """

    case: Id
    type: str | None


@attrs.define
class AdvanceCase(Command):
    """A case has come to a stage; or, in that stage already, it is known when that will be over.

    Without a time, `due_us`, the stage takes what is normal. With one it is expected to be over by then, and not before
    `earliest_us`; `reason` says why, in a few words without personal data. Whoever says the same again changes nothing.
    """

    case: Id
    stage: str
    due_us: int | None = None
    earliest_us: int | None = None
    reason: str | None = None
