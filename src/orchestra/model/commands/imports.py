"""Commands: what another system knows of the past. Taken only between `BeginImport` and `MarkLog`."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Address, Thread
from orchestra.model.attachments import FileData
from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["CASE_STATUSES", "BeginImport", "ImportCase", "ImportCustomer", "ImportMessage", "ImportStatus"]

CASE_STATUSES = ("open", "waiting_on_customer", "waiting_on_third_party", "resolved", "closed")
"""How a case may be said to stand."""


@attrs.define
class BeginImport(Command):
    """From here to the next `MarkLog`, which is in the same append, what comes in is of the past.

    `previous` is the digest of the prefix that it goes on from, as in that `MarkLog`.
    """

    previous: str | None = None


@attrs.define
class ImportCustomer(Command):
    """Know somebody by their addresses and by the application's own key, `ref`, before they are in touch.

    Whoever is known by one of the addresses already is that customer; an address that the plan forbids them to have is
    suggested to people. `fields` are those that the plan declares of a customer. The same `ref` again adds what is new.
    """

    ref: str
    addresses: list[Address]
    fields: dict[str, str | int | bool | None] = attrs.field(factory=dict)


@attrs.define
class ImportCase(Command):
    """Open a case that another system opened, under its own `number` and the application's own key, `ref`.

    It is of `customer`, or of whoever has the `address`, who is new with it if nobody has; exactly one is given. Its
    owner is the `agent`, else the team of its queue. The same `ref` again changes nothing.
    """

    ref: str
    customer: Id | None = None
    address: Address | None = None
    number: str | None = None
    topic: str | None = None
    queue: str | None = None
    agent: str | None = None
    fields: dict[str, str | int | bool | None] = attrs.field(factory=dict)


@attrs.define
class ImportMessage(Command):
    """Take a message that a customer wrote (`inbound`) or was sent (else), once per (channel, account, message_id).

    `address` is the customer's. It belongs to `case`, whatever the plan says about attaching; without one it attaches
    as a live message would. An inbound one waits for an answer, as any message does, until an outbound one or the
    case's status ends that; on a live channel the contact is over at once, since nobody waits on a line any more. Its
    time is believed, however long ago.
    """

    channel: str
    account: str
    message_id: str
    address: Address
    inbound: bool
    case: Id | None = None
    thread: Thread | None = None
    occurred_us: int | None = None
    agent: str | None = None
    text: str | None = private()
    media: list[FileData] | None = private()


@attrs.define
class ImportStatus(Command):
    """Say how a case stood from an instant on, in one of `CASE_STATUSES`.

    What waited in a case that is resolved or closed waits no more. An instant that is not after the newest one that was
    told of the case changes nothing.
    """

    case: Id
    status: str
    occurred_us: int | None = None
    disposition: str | None = None
