"""Events: who a customer is, and what may be sent to them."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = [
    "AddressGivenUp",
    "AddressLinked",
    "AddressPlaced",
    "AddressTakenUp",
    "AddressUnlinked",
    "ConsentRecorded",
    "ContactVerified",
    "CustomerAdded",
    "CustomerAliased",
    "CustomerErased",
    "CustomerUnaliased",
    "CustomersMerged",
    "CustomersSplit",
    "ErasureDone",
    "MergeDismissed",
    "MergeSuggested",
    "PreferencesSet",
    "TriageListed",
    "TriageNeeded",
    "TriageSettled",
]


@attrs.define
class CustomerAdded(Event):
    """Somebody unknown so far: a provisional customer, with an address.

    Where `matches` is false the address names nobody, as that of a hidden caller: whoever comes under it next is
    somebody else.
    """

    customer: str
    kind: str
    address: str
    value: str | None = private()
    name: str | None = private()
    matches: bool = True


@attrs.define
class AddressLinked(Event):
    """The customer may write from another address, too."""

    customer: str
    kind: str
    address: str
    evidence: str
    confidence: int
    value: str | None = private()
    name: str | None = private()


@attrs.define
class AddressPlaced(Event):
    """By this address of theirs, such as a phone number, the customer is in one of these time zones."""

    customer: str
    address: str
    zones: list[str]


@attrs.define
class AddressGivenUp(Event):
    """Nobody can be reached at the address on a channel: `delivery` came back for that `reason`.

    Nothing is sent there until they write from it again, or it is confirmed.
    """

    customer: str
    address: str
    channel: str
    reason: str
    delivery: str


@attrs.define
class AddressTakenUp(Event):
    """The customer can be reached at the address again: they `wrote` from it, or it was `confirmed`."""

    customer: str
    address: str
    channel: str
    reason: str


@attrs.define
class AddressUnlinked(Event):
    """The address is the customer's no longer."""

    customer: str
    address: str
    reason: str


@attrs.define
class CustomerAliased(Event):
    """This customer is another one of whom more is known: `alias_of`. Their own id goes on working."""

    customer: str
    alias_of: str
    link: str


@attrs.define
class CustomersMerged(Event):
    """Two customers are one person. `link` names the merge; `other` has become an alias just before."""

    link: str
    customer: str
    other: str
    evidence: str
    confidence: int


@attrs.define
class MergeSuggested(Event):
    """Two customers may be one person: somebody should look. `veto` is what speaks against it, if anything does."""

    customer: str
    other: str
    evidence: str
    confidence: int
    veto: str | None = None


@attrs.define
class MergeDismissed(Event):
    """The two are different people, and never merged by themselves."""

    customer: str
    other: str
    reason: str


@attrs.define
class CustomerUnaliased(Event):
    """This customer is a person of their own again, with everybody who was merged into them."""

    customer: str
    alias_of: str
    link: str


@attrs.define
class CustomersSplit(Event):
    """A merge was undone: they are two people, and never merged again by themselves."""

    link: str
    customer: str
    other: str
    reason: str


@attrs.define
class TriageNeeded(Event):
    """A case in which both sides of a split have a part: a person has to say whose it is."""

    case: str
    link: str
    customer: str
    other: str


@attrs.define
class TriageListed(Event):
    """All cases in which both sides of a split have a part are listed."""

    link: str
    customer: str


@attrs.define
class TriageSettled(Event):
    """A person has sorted out the case."""

    case: str
    link: str
    customer: str


@attrs.define
class ContactVerified(Event):
    """The customer in the interaction is who they say, as surely as `level` says."""

    interaction: str
    customer: str
    level: str
    method: str


@attrs.define
class ConsentRecorded(Event):
    """The customer allowed or forbade messages of a purpose; on all channels if `channel` is None."""

    customer: str
    channel: str | None
    purpose: str
    given: bool
    occurred_us: int
    evidence: str | None = private()


@attrs.define
class PreferencesSet(Event):
    """The customer would rather be written to on these channels, the dearest first; on none in particular if empty."""

    customer: str
    channels: list[str]
    occurred_us: int


@attrs.define
class CustomerErased(Event):
    """The customer is to be forgotten: from now on nobody is known by this id, and what it stores is destroyed."""

    customer: str
    reason: str


@attrs.define
class ErasureDone(Event):
    """Nothing that tells who the customer was is stored any more."""

    customer: str
