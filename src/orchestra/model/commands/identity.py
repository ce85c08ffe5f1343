"""Commands: who a customer is, and what may be sent to them."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Address
from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = [
    "ConfirmAddress",
    "DismissMerge",
    "EraseCustomer",
    "LinkAddress",
    "MergeCustomers",
    "RecordConsent",
    "RecordErasure",
    "SetPreferences",
    "SettleTriage",
    "SplitCustomers",
    "UnlinkAddress",
    "VerifyContact",
]


@attrs.define
class LinkAddress(Command):
    """Note that a customer can be reached, and may write, under another address, too.

    Whoever is known by that address already is merged into the customer, as `MergeCustomers` does. `evidence` says
    how it is known, in a word; `confidence` how sure that is, 0 to 100: below the plan's `merge_at` whoever has the
    address stays apart, and the two are suggested to people.
    """

    customer: Id
    address: Address
    evidence: str
    confidence: int = 100


@attrs.define
class UnlinkAddress(Command):
    """Note that an address is the customer's no longer: whoever writes from it next is somebody else."""

    customer: Id
    address: Address
    reason: str


@attrs.define
class ConfirmAddress(Command):
    """Note that the customer can be reached at an address that was given up; on one channel, or on all of them."""

    customer: Id
    address: Address
    channel: str | None = None


@attrs.define
class MergeCustomers(Command):
    """Note that two customers are one person. `other` becomes an alias of `customer`; both ids go on working.

    Nothing is rewritten, so `SplitCustomers` can undo it. `evidence` says how it is known, in a word; `confidence` how
    sure that is, 0 to 100: below the plan's `merge_at` the two are only suggested to people, below its `suggest_at`
    nothing happens. Two that were split or dismissed are merged again by agents and operators alone.
    """

    customer: Id
    other: Id
    evidence: str
    confidence: int = 100


@attrs.define
class DismissMerge(Command):
    """Note that two customers are different people: they are never merged by themselves."""

    customer: Id
    other: Id
    reason: str


@attrs.define
class SplitCustomers(Command):
    """Undo a merge. What either of them said and was told goes back to them by the address it came from.

    Cases in which both have a part are listed for people to sort out, see `SettleTriage`.
    """

    link: str
    reason: str


@attrs.define
class SettleTriage(Command):
    """Note that a person has sorted out a case in which two customers had a part who were split."""

    case: Id
    link: str


@attrs.define
class VerifyContact(Command):
    """Note how surely the customer in an interaction is who they say. It holds for that interaction alone.

    `level` is one of the plan's, and no higher than its channel can give; `method` says in a word how it was found out.
    """

    interaction: Id
    level: str
    method: str


@attrs.define
class RecordConsent(Command):
    """Note that a customer allows or forbids messages of a purpose, on a channel or on all of them.

    `occurred_us` is when they said so, now unless stated: of two statements the later one holds, in whatever order they
    are recorded. `evidence` is what proves it.
    """

    customer: Id
    purpose: str
    given: bool
    channel: str | None = None
    occurred_us: int | None = None
    evidence: str | None = private()


@attrs.define
class SetPreferences(Command):
    """Note on which channels a customer would rather be written to, the dearest first.

    It takes the place of what was noted before; none at all takes that back. `occurred_us` is when they said so, now
    unless stated: of two statements the later one holds, in whatever order they are recorded. What they forbid is for
    `RecordConsent` to say.
    """

    customer: Id
    channels: list[str]
    occurred_us: int | None = None


@attrs.define
class EraseCustomer(Command):
    """Forget a customer under all their ids: names, addresses and texts are destroyed wherever they are stored.

    What happened stays, without anything that tells of whom, and so does a hash of each address: whoever comes under
    it next is somebody new, and is sent nothing they have not asked for.
    """

    customer: Id
    reason: str


@attrs.define
class RecordErasure(Command):
    """Note that what was stored of a customer's id has been destroyed. Given by whoever owns the workspace."""

    customer: str
