"""Customers as they stand: their addresses, who is an alias of whom, who was kept apart, what they consented to.

A customer id never stops working and no event is ever moved to another one. A merge makes one customer an alias of
another, so that both are one person; taking the alias away is all that a split has to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import attrs

from orchestra.engine.aliases import Aliased
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Rows
from orchestra.model import events as e

__all__ = [
    "EVOLVE",
    "TRIAGE",
    "AddressLink",
    "Consent",
    "Customer",
    "GivenUp",
    "Identity",
    "Merge",
    "Preference",
    "Suggestion",
    "consent_key",
    "given_up_key",
]

TRIAGE = "identity.triage"
"""Timer of a split whose mixed cases are still being listed; its subject is the link."""


@attrs.define
class Customer:
    """A customer. `link` is the merge by which they are an alias, if they are one."""

    link: str | None = None


@attrs.define
class AddressLink:
    """Whose an address is, how that is known, and since when; `zones` are those in which its customer may be."""

    customer: str
    kind: str
    evidence: str
    confidence: int
    since_us: int
    zones: list[str] | None = None


@attrs.define
class Merge:
    """Two customers who are one person, until it was undone."""

    customer: str
    other: str
    evidence: str
    confidence: int
    since_us: int
    until_us: int | None = None


@attrs.define
class Suggestion:
    """Two customers who may be one person, for people to look at."""

    customer: str
    other: str
    evidence: str
    confidence: int
    veto: str | None


@attrs.define
class Consent:
    """What a customer said last about a purpose, and when they said it."""

    given: bool
    occurred_us: int


@attrs.define
class Preference:
    """On which channels a customer would rather be written to, the dearest first, and when they said so."""

    channels: list[str]
    occurred_us: int


@attrs.define
class GivenUp:
    """Whose address it is at which nobody can be reached, why, and since when that is known."""

    customer: str
    reason: str
    since_us: int


@attrs.define
class Listing:
    """How far the mixed cases of a split are listed, and who was who when it was made: later splits part them further.

    `sides` are the ids of the two people.
    """

    last: str
    sides: list[list[str]]


def consent_key(customer: str, channel: str | None, purpose: str) -> str:
    """The key under which a consent is held."""
    return f"{customer}\x1f{channel or '*'}\x1f{purpose}"


def given_up_key(channel: str, address: str) -> str:
    """The key under which it is held that nobody can be reached at an address."""
    return f"{channel}\x1f{address}"


class Identity(Aliased):
    """Customers, addresses by hash, merges by link.

    `apart` is customer -> those who are never merged with them by themselves; `listing` is link -> how far the
    mixed cases of a split are listed that are not all listed yet; `triage` is case and link -> the side of the split
    that has a part in a case of the other; `verified` is interaction -> level; `erasing` are ids of which something may
    still be stored; `suppressed` are hashed addresses of people who were forgotten; `given_up` is channel and hashed
    address -> whom nothing reaches there.
    """

    TABLES: ClassVar = {
        "customers": Customer,
        "addresses": AddressLink,
        "merges": Merge,
        "suggestions": Suggestion,
        "apart": None,
        "listing": Listing,
        "triage": None,
        "verified": None,
        "consents": Consent,
        "preferences": Preference,
        "given_up": GivenUp,
        "erasing": None,
        "suppressed": None,
        "counts": None,
    }

    customers: dict[str, Customer]
    addresses: dict[str, AddressLink]
    merges: dict[str, Merge]
    suggestions: dict[str, Suggestion]
    apart: dict[str, dict[str, int]]
    listing: dict[str, Listing]
    triage: dict[str, str]
    verified: dict[str, str]
    consents: dict[str, Consent]
    preferences: dict[str, Preference]
    given_up: dict[str, GivenUp]
    erasing: dict[str, int]
    suppressed: dict[str, int]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild who is one person, and the look-ups by customer."""
        super().reindex()
        self.addresses_of: dict[str, dict[str, int]] = {}
        for address, row in self.addresses.items():
            self.addresses_of.setdefault(row.customer, {})[address] = 1
        self.given_up_of: dict[str, dict[str, int]] = {}
        self._mark(self.given_up)
        self._suggested: dict[str, dict[str, int]] = {}
        for key, suggestion in self.suggestions.items():
            self._note(key, suggestion)
        self._gather(name for name, customer in self.customers.items() if customer.link is not None)

    def _above(self, name: str) -> str | None:
        link = self.customers[name].link
        return None if link is None else self.merges[link].customer

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget people, and what leads to them."""
        for name in keys["customers"]:
            self._part(name)
            self.addresses_of.pop(name, None)
            self.given_up_of.pop(name, None)
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know people again, and who of them are one person."""
        super().put_back(rows)
        for address in rows["addresses"][0]:
            self.addresses_of.setdefault(self.addresses[address].customer, {})[address] = 1
        self._mark(rows["given_up"][0] if "given_up" in rows else ())
        self._gather(name for name in rows["customers"][0] if self.customers[name].link is not None)

    # Questions

    def is_same(self, customer: str, other: str) -> bool:
        """Whether two ids are one person's."""
        return customer == other or self.root(customer) == self.root(other)

    def holder(self, address: str) -> str | None:
        """The id under which an address is known."""
        row = self.addresses.get(address)
        return None if row is None else row.customer

    def is_apart(self, customer: str, other: str) -> bool:
        """Whether two people were told apart, under any of their ids."""
        others = self.group(other)
        return any(name in self.apart[mine] for mine in self.group(customer) if mine in self.apart for name in others)

    def suggestion(self, customer: str, other: str) -> str | None:
        """The key of the suggestion that two people are one."""
        theirs = set(self.group(other))
        for mine in self.group(customer):
            for key in self._suggested.get(mine, ()):
                row = self.suggestions[key]
                if (row.other if row.customer == mine else row.customer) in theirs:
                    return key
        return None

    def suggested(self, customer: str) -> list[Suggestion]:
        """All that suggests that this person is one with another."""
        keys = {key for name in self.group(customer) for key in self._suggested.get(name, ())}
        return [self.suggestions[key] for key in sorted(keys)]

    def preferred(self, customer: str) -> Sequence[str]:
        """The channels on which a person would rather be written to, the dearest first: what any id said last."""
        if not self.preferences:
            return ()
        said = (row for name in self.group(customer) if (row := self.preferences.get(name)) is not None)
        newest = max(said, key=lambda row: row.occurred_us, default=None)
        return () if newest is None else newest.channels

    def next_id(self, kind: str, prefix: str) -> str:
        """The id that the next of this kind will have."""
        return f"{prefix}{self.counts.get(kind, 0) + 1}"

    # Changes

    def added(self, event: e.CustomerAdded, at_us: int) -> None:
        """Know the customer, and by the address if it names anybody."""
        customer, address = event.customer, event.address
        self.counts["customer"] = self.counts.get("customer", 0) + 1
        self.customers[customer] = Customer()
        if event.matches:
            self.addresses[address] = AddressLink(customer, event.kind, "contact", 100, at_us)
            self.addresses_of[customer] = {address: 1}

    def _link(self, address: str, row: AddressLink) -> None:
        self.addresses[address] = row
        self.addresses_of.setdefault(row.customer, {})[address] = 1

    def linked(self, event: e.AddressLinked, at_us: int) -> None:
        """Know the customer by another address, too."""
        self._link(event.address, AddressLink(event.customer, event.kind, event.evidence, event.confidence, at_us))

    def placed(self, event: e.AddressPlaced, at_us: int) -> None:
        """Know where its customer may be."""
        self.addresses[event.address].zones = event.zones

    def unlinked(self, event: e.AddressUnlinked, at_us: int) -> None:
        """Know nobody by the address."""
        self._unlink(event.customer, event.address)

    def _unlink(self, customer: str, address: str) -> None:
        del self.addresses[address]
        for key in [key for key in self.given_up_of.get(customer, ()) if key.endswith(f"\x1f{address}")]:
            self._unmark(key)
        addresses = self.addresses_of[customer]
        del addresses[address]
        if not addresses:
            del self.addresses_of[customer]

    def gave_up(self, event: e.AddressGivenUp, at_us: int) -> None:
        """Nobody can be reached there, whatever is sent."""
        key = given_up_key(event.channel, event.address)
        self.given_up[key] = GivenUp(event.customer, event.reason, at_us)
        self._mark([key])

    def took_up(self, event: e.AddressTakenUp, at_us: int) -> None:
        """They can be reached there again."""
        self._unmark(given_up_key(event.channel, event.address))

    def _mark(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.given_up_of.setdefault(self.given_up[key].customer, {})[key] = 1

    def _unmark(self, key: str) -> None:
        customer = self.given_up.pop(key).customer
        del self.given_up_of[customer][key]
        if not self.given_up_of[customer]:
            del self.given_up_of[customer]

    def given_up_on(self, ids: Iterable[str]) -> set[str]:
        """The channels on which an address of theirs was given up."""
        return {key.partition("\x1f")[0] for name in ids for key in self.given_up_of.get(name, ())}

    def erased(self, event: e.CustomerErased, at_us: int) -> None:
        """Know nobody by the customer's addresses, and suggest nothing of them."""
        self.erasing[event.customer] = 1
        self.preferences.pop(event.customer, None)
        for address in sorted(self.addresses_of.get(event.customer, ())):
            self._unlink(event.customer, address)
            self.suppressed[address] = 1
        for key in sorted(self.given_up_of.get(event.customer, ())):
            self._unmark(key)
        for key in sorted(self._suggested.get(event.customer, ())):
            self._drop(key)

    def erasure_done(self, event: e.ErasureDone, at_us: int) -> None:
        """Nothing is left to destroy."""
        self.erasing.pop(event.customer, None)

    def aliased(self, event: e.CustomerAliased, at_us: int) -> None:
        """Two people's ids are one person's."""
        self.customers[event.customer].link = event.link
        self.merges[event.link] = Merge(event.alias_of, event.customer, "", 0, at_us)
        aliases = [*self.group(event.customer), *self.group(event.alias_of)]
        aliases.remove(event.alias_of)
        self._groups.pop(event.customer, None)
        self._gather(aliases)

    def merged(self, event: e.CustomersMerged, at_us: int) -> None:
        """Know why, and suggest no more what is settled."""
        self.counts["link"] = self.counts.get("link", 0) + 1
        row = self.merges[event.link]
        row.evidence, row.confidence = event.evidence, event.confidence
        ids = set(self.group(event.customer))
        for name in sorted(ids):
            for key in sorted(self._suggested.get(name, ())):
                suggestion = self.suggestions[key]
                if suggestion.customer in ids and suggestion.other in ids:
                    self._drop(key)

    def suggested_merge(self, event: e.MergeSuggested, at_us: int) -> None:
        """Keep it until people have looked."""
        key = f"{event.customer}\x1f{event.other}"
        row = Suggestion(event.customer, event.other, event.evidence, event.confidence, event.veto)
        self.suggestions[key] = row
        self._note(key, row)

    def _note(self, key: str, row: Suggestion) -> None:
        for name in (row.customer, row.other):
            self._suggested.setdefault(name, {})[key] = 1

    def _drop(self, key: str) -> None:
        row = self.suggestions.pop(key)
        for name in (row.customer, row.other):
            keys = self._suggested[name]
            del keys[key]
            if not keys:
                del self._suggested[name]

    def dismissed(self, event: e.MergeDismissed, at_us: int) -> None:
        """Never merge them by themselves, nor suggest it."""
        self._keep_apart(event.customer, event.other)
        while (key := self.suggestion(event.customer, event.other)) is not None:
            self._drop(key)

    def _keep_apart(self, customer: str, other: str) -> None:
        self.apart.setdefault(customer, {})[other] = 1
        self.apart.setdefault(other, {})[customer] = 1

    def unaliased(self, event: e.CustomerUnaliased, at_us: int) -> None:
        """One person's ids are two people's: each goes by its own links."""
        ids = self.group(event.customer)
        self._groups.pop(self.root(event.customer))
        for name in ids:
            self._root_of.pop(name, None)
        self.customers[event.customer].link = None
        self._gather(name for name in ids if self.customers[name].link is not None)

    def split(self, event: e.CustomersSplit, at_us: int) -> None:
        """Keep them apart, and begin to list the cases in which both have a part."""
        self.merges[event.link].until_us = at_us
        self._keep_apart(event.customer, event.other)
        self.listing[event.link] = Listing("", [list(self.group(name)) for name in (event.customer, event.other)])
        self.timers.set(TRIAGE, event.link, at_us + SLICE_PAUSE_US)

    def triage_needed(self, event: e.TriageNeeded, at_us: int) -> None:
        """List the case."""
        self.triage[f"{event.case}\x1f{event.link}"] = event.other
        self.listing[event.link].last = event.case
        self.timers.set(TRIAGE, event.link, at_us + SLICE_PAUSE_US)

    def triage_listed(self, event: e.TriageListed, at_us: int) -> None:
        """All are listed."""
        del self.listing[event.link]
        self.timers.cancel(TRIAGE, event.link)

    def triage_settled(self, event: e.TriageSettled, at_us: int) -> None:
        """A person has seen to the case."""
        del self.triage[f"{event.case}\x1f{event.link}"]

    def contact_verified(self, event: e.ContactVerified, at_us: int) -> None:
        """Know how sure it is, in that interaction."""
        self.verified[event.interaction] = event.level

    def over(
        self,
        event: e.InteractionDone
        | e.InteractionAbandoned
        | e.InteractionCanceled
        | e.InteractionDeflected
        | e.QuestionAnswered,
        at_us: int,
    ) -> None:
        """What was found out in an interaction ends with it."""
        self.verified.pop(event.interaction, None)

    def consent_recorded(self, event: e.ConsentRecorded, at_us: int) -> None:
        """Keep what the customer said last."""
        key = consent_key(event.customer, event.channel, event.purpose)
        held = self.consents.get(key)
        if held is None or held.occurred_us <= event.occurred_us:
            self.consents[key] = Consent(event.given, event.occurred_us)

    def preferences_set(self, event: e.PreferencesSet, at_us: int) -> None:
        """Keep what the customer said last; also "on none in particular", which undoes what an alias said."""
        held = self.preferences.get(event.customer)
        if held is None or held.occurred_us <= event.occurred_us:
            self.preferences[event.customer] = Preference(list(event.channels), event.occurred_us)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.CustomerAdded: Identity.added,
    e.AddressLinked: Identity.linked,
    e.AddressUnlinked: Identity.unlinked,
    e.AddressPlaced: Identity.placed,
    e.AddressGivenUp: Identity.gave_up,
    e.AddressTakenUp: Identity.took_up,
    e.CustomerErased: Identity.erased,
    e.ErasureDone: Identity.erasure_done,
    e.CustomerAliased: Identity.aliased,
    e.CustomersMerged: Identity.merged,
    e.MergeSuggested: Identity.suggested_merge,
    e.MergeDismissed: Identity.dismissed,
    e.CustomerUnaliased: Identity.unaliased,
    e.CustomersSplit: Identity.split,
    e.TriageNeeded: Identity.triage_needed,
    e.TriageListed: Identity.triage_listed,
    e.TriageSettled: Identity.triage_settled,
    e.ContactVerified: Identity.contact_verified,
    e.InteractionDone: Identity.over,
    e.InteractionAbandoned: Identity.over,
    e.InteractionCanceled: Identity.over,
    e.InteractionDeflected: Identity.over,
    e.QuestionAnswered: Identity.over,
    e.ConsentRecorded: Identity.consent_recorded,
    e.PreferencesSet: Identity.preferences_set,
}
