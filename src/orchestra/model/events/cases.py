"""Events: cases."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "CaseClosed",
    "CaseOpened",
    "CaseOwnerChanged",
    "CaseQueueChanged",
    "CaseReopened",
    "CaseResolved",
    "CaseResumed",
    "CaseWaiting",
    "FieldsSet",
    "RefAdded",
]


@attrs.define
class CaseOpened(Event):
    """A matter of one customer, with its first accountable owner. `conversation` is where it came up, if in one."""

    case: str
    number: str
    customer: str
    owner_kind: str
    owner: str
    queue: str
    topic: str | None = None
    conversation: str | None = None


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
