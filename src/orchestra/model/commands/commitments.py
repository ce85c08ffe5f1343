"""Commands: commitments, facts that may contradict them, and conflicts."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["MakeCommitment", "ReportFact", "SettleConflict", "WithdrawCommitment"]


@attrs.define
class MakeCommitment(Command):
    """The company has said something to a customer: a price, a day, what will be done.

    `subject` is the application's own key for what it is about, such as `order:81`, of one customer, and no personal
    data; `attribute` is one of the plan's, and `value` of its type: whole minor units of money, a whole quantity, a day
    as 2026-12-01, an action's word. Exactly one of `case` and `customer` says to whom it was said. It holds `from_us`,
    now unless given, `until_us`, or as long as the plan says. `authority` is one that the speaker has, the highest of
    theirs unless given; `source` says where it was said. `supersedes` is a statement on the same subject and attribute
    that it explicitly replaces. Who says the same again changes nothing.
    """

    subject: str
    attribute: str
    value: int | str
    unit: str | None = None
    case: Id | None = None
    customer: Id | None = None
    from_us: int | None = None
    until_us: int | None = None
    authority: str | None = None
    source: str | None = None
    supersedes: str | None = None


@attrs.define
class WithdrawCommitment(Command):
    """What was said holds no more. Not while a conflict about it is open: that is to be settled instead."""

    commitment: str
    reason: str


@attrs.define
class ReportFact(Command):
    """A back office tells what is so: a bill was issued, an order shipped. It may contradict what was said.

    As `MakeCommitment`, but said to nobody: `case` or `customer` tells whose matter it is, where that is known. A
    later fact of the same speaker, authority and source takes the place of the earlier one.
    """

    subject: str
    attribute: str
    value: int | str
    unit: str | None = None
    case: Id | None = None
    customer: Id | None = None
    from_us: int | None = None
    until_us: int | None = None
    authority: str | None = None
    source: str | None = None
    supersedes: str | None = None


@attrs.define
class SettleConflict(Command):
    """Say which of the statements that contradict each other holds: `keep` is its id."""

    conflict: str
    keep: str
    reason: str | None = None
