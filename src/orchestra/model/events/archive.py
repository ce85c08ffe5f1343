"""Events: customers who are archived, and those who are recalled."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["ArchivePutOff", "ArchiveSwept", "CustomerArchived", "CustomerRecalled"]


@attrs.define
class CustomerArchived(Event):
    """Everything of the customer is settled: from here on the journal alone knows them, and who belongs to them.

    `rows` is section -> canonical JSON of its rows; `keys` are hashes of what leads to them, for the directory.
    """

    customer: str
    rows: dict[str, str]
    keys: list[str]


@attrs.define
class CustomerRecalled(Event):
    """The customer is back, as they were archived at position `archived_at`, with who belongs to them."""

    customer: str
    archived_at: int
    rows: dict[str, str]


@attrs.define
class ArchivePutOff(Event):
    """It was not time to archive the customer: they are looked at again then, or once a case of theirs is closed."""

    customer: str
    until_us: int | None = None


@attrs.define
class ArchiveSwept(Event):
    """Customers up to this number were told by when they may be archived, since the plan now says so.

    `is_last` if there are no more.
    """

    number: int
    due_us: int
    customers: list[str]
    is_last: bool
