"""Events: cases."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "CaseClosed",
    "CaseMerged",
    "CaseOpened",
    "CaseOwnerChanged",
    "CaseQueueChanged",
    "CaseReopened",
    "CaseResolved",
    "CaseResumed",
    "CaseSplit",
    "CaseSuggested",
    "CaseSuggestionDismissed",
    "CaseUnmerged",
    "CaseWaiting",
    "FieldsSet",
    "InteractionMoved",
    "RefAdded",
]


@attrs.define
class CaseOpened(Event):
    """A matter of one customer, with its first accountable owner. `conversation` is where it came up, if in one.

    `follows` is a case that has been closed for too long to be joined, to which the customer replied.
    """

    case: str
    number: str
    customer: str
    owner_kind: str
    owner: str
    queue: str
    topic: str | None = None
    conversation: str | None = None
    follows: str | None = None


@attrs.define
class CaseOwnerChanged(Event):
    """Another agent or team is accountable."""

    case: str
    customer: str
    owner_kind: str
    owner: str
    reason: str


@attrs.define
class CaseQueueChanged(Event):
    """The case belongs to another queue, whose team answers for it when nobody else does."""

    case: str
    customer: str
    queue: str
    reason: str


@attrs.define
class CaseWaiting(Event):
    """The case waits on the customer or a third party."""

    case: str
    customer: str
    on: str
    reason: str | None = None


@attrs.define
class CaseResumed(Event):
    """The case no longer waits."""

    case: str
    customer: str
    reason: str


@attrs.define
class CaseResolved(Event):
    """The matter is settled; it closes at `close_us` unless the customer comes back."""

    case: str
    customer: str
    disposition: str | None = None
    close_us: int | None = None


@attrs.define
class CaseReopened(Event):
    """The matter was not settled after all."""

    case: str
    customer: str
    reason: str


@attrs.define
class CaseClosed(Event):
    """The case is filed."""

    case: str
    customer: str
    reason: str


@attrs.define
class CaseMerged(Event):
    """The case is the same matter as `into`, and goes on as that one. Its own id and number go on working."""

    case: str
    customer: str
    into: str
    reason: str


@attrs.define
class CaseUnmerged(Event):
    """The case goes on by itself again, with everything that came from it, in the `state` it was in before.

    `into` is what it was merged into. A case that is resolved closes at `close_us`.
    """

    case: str
    customer: str
    into: str
    state: str
    reason: str
    close_us: int | None = None


@attrs.define
class CaseSplit(Event):
    """Part of the case is a matter of its own: the contacts that move now go on as the case `other`, just opened."""

    case: str
    customer: str
    other: str
    reason: str


@attrs.define
class InteractionMoved(Event):
    """The interaction belongs to this case, and no longer to the one `before`.

    `left` is the customer's newest contact on that channel which stays behind, if there is one: where they are written
    to about that case.
    """

    interaction: str
    customer: str
    case: str
    before: str
    reason: str
    left: str | None = None


@attrs.define
class CaseSuggested(Event):
    """The interaction has a case of its own, and may belong to this one: whoever gets it should look.

    `score` is how sure that is, 0 to 100, by `correlator`.
    """

    interaction: str
    customer: str
    case: str
    score: int
    correlator: str


@attrs.define
class CaseSuggestionDismissed(Event):
    """Somebody has looked: the interaction does not belong to this case."""

    interaction: str
    customer: str
    case: str
    reason: str


@attrs.define
class RefAdded(Event):
    """A customer, case or interaction can be addressed by the application's own key."""

    target: str
    ref: str
    customer: str


@attrs.define
class FieldsSet(Event):
    """Typed fields of a customer, case or interaction changed; None removes."""

    target: str
    fields: dict[str, str | int | bool | None]
    customer: str
