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

    What a back office reports may come again, or later than what it reported after that. So a report has an id,
    `report`, equal each time it comes, and the time at which it was made by its sender's clock, `reported_us`, if that
    is known. One that is known already changes nothing, nor does one made before the newest that is known. None leads
    back to an earlier stage unless it was made after the case came to the one it is in. A time of a report that is over
    when it comes is left away. The result says what became of a report: `taken`, `known`, `late` or `back`.
    """

    case: Id
    stage: str
    due_us: int | None = None
    earliest_us: int | None = None
    reason: str | None = None
    report: str | None = None
    reported_us: int | None = None
