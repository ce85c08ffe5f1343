"""Events: commitments, facts that may contradict them, and conflicts.

A statement is a commitment, by the company to a customer, or a fact, told by a back office. Values are exact: money in
whole minor units with its currency as unit, whole quantities with theirs, days as 2026-12-01, words for actions; `type`
says which.
"""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "CommitmentConflict",
    "CommitmentCorrected",
    "CommitmentExpired",
    "CommitmentMade",
    "CommitmentWithdrawn",
    "ConflictWidened",
    "FactExpired",
    "FactReported",
]


@attrs.define
class CommitmentMade(Event):
    """The company committed itself to a customer.

    `by` is the actor who said it, `source` where. It holds from `from_us` to `until_us` where a speaker has said so;
    `ends_us` is when it ends by itself, None for never.
    """

    commitment: str
    customer: str
    subject: str
    attribute: str
    type: str
    value: int | str
    by: str
    from_us: int
    unit: str | None = None
    case: str | None = None
    authority: str | None = None
    source: str | None = None
    until_us: int | None = None
    ends_us: int | None = None
    supersedes: str | None = None


@attrs.define
class FactReported(Event):
    """A back office told what is so. It takes the place of `replaces`, an earlier fact of the same speaker."""

    fact: str
    customer: str | None
    subject: str
    attribute: str
    type: str
    value: int | str
    by: str
    from_us: int
    unit: str | None = None
    case: str | None = None
    authority: str | None = None
    source: str | None = None
    until_us: int | None = None
    ends_us: int | None = None
    supersedes: str | None = None
    replaces: str | None = None


@attrs.define
class CommitmentWithdrawn(Event):
    """What was said holds no more; whoever said so has a reason."""

    commitment: str
    customer: str
    subject: str
    attribute: str
    reason: str


@attrs.define
class CommitmentExpired(Event):
    """The time for which it held has passed."""

    commitment: str
    customer: str
    subject: str
    attribute: str


@attrs.define
class FactExpired(Event):
    """The time for which it held has passed; nothing is compared with it any more."""

    fact: str
    customer: str | None
    subject: str
    attribute: str


@attrs.define
class CommitmentConflict(Event):
    """A statement contradicts what was said of the same subject before: its notices are frozen until it is settled.

    `statement` is the new one: `by` whom, and its `value`. `against` are those that it contradicts, oldest first;
    `said_by` and `said` are of the first of these. Precedence proposes to `keep` one, by the `rule` that decided:
    `supersession`, `authority`, `specific`, `favourable` or `newest`. `effect` says what that would mean for whoever
    was told otherwise: `none` if what they were told holds, `better`, `worse`, or `unclear` where that is not known.
    """

    conflict: str
    customer: str
    subject: str
    attribute: str
    type: str
    statement: str
    by: str
    value: int | str
    against: list[str]
    said_by: str
    said: int | str
    keep: str
    rule: str
    effect: str
    unit: str | None = None
    said_unit: str | None = None
    case: str | None = None


@attrs.define
class ConflictWidened(Event):
    """Further statements take part in an open conflict: the last of `statements` is the new one, `by` whom.

    `keep`, `rule` and `effect` are what precedence proposes now.
    """

    conflict: str
    customer: str
    subject: str
    attribute: str
    type: str
    statements: list[str]
    by: str
    value: int | str
    keep: str
    rule: str
    effect: str
    unit: str | None = None
    case: str | None = None


@attrs.define
class CommitmentCorrected(Event):
    """A conflict is settled: `keep` holds, with this `value`, and the statements in `ended` hold no more.

    A fact that is kept is a commitment from then on: it is what the customer is to be told.

    `instead` is what had been said to the customer where that holds no more, else what a back office had told. `rule`
    is that of precedence which decided, or `person`. `effect` is what it means for the customer, as in
    `CommitmentConflict`; what has become worse for them, or might have, is somebody's task.
    """

    conflict: str
    customer: str
    subject: str
    attribute: str
    type: str
    keep: str
    value: int | str
    ended: list[str]
    instead: int | str
    rule: str
    effect: str
    unit: str | None = None
    instead_unit: str | None = None
    case: str | None = None
    reason: str | None = None
