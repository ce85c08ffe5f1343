"""Commands: promises to customers."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["MakePromise", "RevisePromise", "WithdrawPromise"]


@attrs.define
class MakePromise(Command):
    """The customer was promised that something of their case is done by a time, and not before another one.

    `what` is a stage, which is to be over then, or `resolution`: the matter is done, or `update`: they hear of it.
    Without a time, `due_us`, it is what is foreseen; where nothing can be foreseen, only the next update is promised.
    `confidence` is how sure that is, 1 to 100. `interaction` is the contact in which it was said, if it was in one.
    """

    case: Id
    what: str = "resolution"
    due_us: int | None = None
    earliest_us: int | None = None
    confidence: int | None = None
    interaction: Id | None = None


@attrs.define
class RevisePromise(Command):
    """The customer was told another time than the one promised. The first one stays what it is judged by.

    Without a time, `due_us`, it is what is foreseen now.
    """

    promise: str
    reason: str
    due_us: int | None = None
    earliest_us: int | None = None
    confidence: int | None = None
    interaction: Id | None = None


@attrs.define
class WithdrawPromise(Command):
    """The customer was told that a promise does not hold: it was a mistake, or they want something else now."""

    promise: str
    reason: str
