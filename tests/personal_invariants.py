"""What must hold of what customers told of themselves: it is looked up as it was said, whoever is an alias of whom."""

from __future__ import annotations

from collections import defaultdict

import attrs

from orchestra.engine.engine import Engine
from orchestra.engine.quiet_hours import zone_of, zones_of
from orchestra.model import events as e
from tests.people_invariants import people
from tests.watching import invariant

__all__ = ["PersonalWitness", "check_against"]

_CHANGING = (
    *(
        e.CustomerZoneSet,
        e.CustomerLanguageSet,
        e.CustomerFormSet,
        e.CustomerHoursSet,
        e.AddressPlaced,
        e.AddressLinked,
        e.AddressUnlinked,
    ),
    *(e.CustomerAdded, e.CustomerAliased, e.CustomerUnaliased, e.CustomersMerged, e.CustomersSplit, e.CustomerErased),
    *(e.ErasureDone, e.PlanChanged, e.CustomerArchived, e.CustomerRecalled),
)

Said = tuple[int, int, str | None]
"""Since when it is known, which event said it, and what."""


@attrs.define
class PersonalWitness:
    """Remembers everything that was said, and when ids became one person's, without any table of the engine's."""

    zones: dict[tuple[str, str], list[Said]] = attrs.field(factory=lambda: defaultdict(list))
    manners: dict[tuple[str, str], list[tuple[int, str | None]]] = attrs.field(factory=lambda: defaultdict(list))
    by_address: dict[str, tuple[str, list[str]]] = attrs.field(factory=dict)
    joined: dict[str, int] = attrs.field(factory=dict)
    has_changed: bool = True

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        self.has_changed = self.has_changed or isinstance(event, _CHANGING)
        match event:
            case e.CustomerZoneSet():
                self.zones[event.customer, event.basis].append((event.occurred_us, engine.position, event.zone))
            case e.CustomerLanguageSet():
                self.manners[event.customer, "language"].append((event.occurred_us, event.language))
            case e.CustomerFormSet():
                self.manners[event.customer, "form"].append((event.occurred_us, event.form))
            case e.CustomerHoursSet():
                self.manners[event.customer, "hours"].append((event.occurred_us, event.hours))
            case e.AddressPlaced():
                self.by_address[event.address] = event.customer, event.zones
            case e.AddressUnlinked():
                self.by_address.pop(event.address, None)
            case e.CustomerAliased():
                self.joined |= dict.fromkeys(_through(engine, event.customer), engine.position)
            case e.CustomerErased():
                for basis in ("said", "address"):
                    self.zones.pop((event.customer, basis), None)
                for manner in ("language", "form", "hours"):
                    self.manners.pop((event.customer, manner), None)
                gone = [key for key, (whose, _) in self.by_address.items() if whose == event.customer]
                for key in gone:
                    del self.by_address[key]
            case _:
                return
        if (customer := getattr(event, "customer", None)) is not None:
            self.check(engine, customer, people(engine)[customer])

    def check(self, engine: Engine, customer: str, ids: list[str]) -> None:
        """Compare where a customer may be with all that was ever said of them under any of their ids."""
        expected = self._said(engine, ids, "said") or self._said(engine, ids, "address")
        if not expected:
            expected = {zone for whose, zones in self.by_address.values() if whose in ids for zone in zones}
        own = engine.view.plan.workspace.zone
        found = zones_of(engine.view, customer)
        assert list(found) == sorted(expected or ({own} if own else ())), (
            f"{customer} is in {found}, and not in {expected}"
        )
        assert zone_of(engine.view, customer) in (own or "UTC", *found)
        for manner in ("language", "form"):
            self._check_manner(engine, ids, manner)

    def _check_manner(self, engine: Engine, ids: list[str], manner: str) -> None:
        """Of all that a person said under any of their ids the latest holds."""
        last = [(max(when for when, _ in said), said) for name in ids if (said := self.manners.get((name, manner)))]
        newest = max((when for when, _ in last), default=None)
        may_be = [[value for when, value in said if when == newest][-1] for latest, said in last if latest == newest]
        assert engine.view.personal.said_last(ids, manner) in (may_be or [None])

    def _said(self, engine: Engine, ids: list[str], basis: str) -> set[str]:
        """The last words of each id, but of those that the whole person has overruled since they are one."""
        last = {name: max(said) for name in ids if (said := self.zones.get((name, basis)))}
        whole = last.get(engine.view.identity.root(ids[0]))
        standing = [
            zone
            for name, (occurred_us, _, zone) in last.items()
            if whole is None or last[name] is whole or whole[1] < self.joined.get(name, 0) or whole[0] < occurred_us
        ]
        return {zone for zone in standing if zone is not None}


def _through(engine: Engine, customer: str) -> list[str]:
    """The ids of a person that are theirs as they are those of one of their ids."""
    identity, found = engine.view.identity, []
    for name in identity.group(customer):
        at = name
        while at != customer and (link := identity.customers[at].link) is not None:
            at = identity.merges[link].customer
        found += [name] if at == customer else []
    return found


def check_against(engine: Engine, witness: PersonalWitness) -> None:
    """Everybody is where they are known to be, if anything happened that may have changed that."""
    if not witness.has_changed:
        return
    witness.has_changed = False
    ids = people(engine)
    for customer in engine.view.identity.customers:
        witness.check(engine, customer, ids[customer])


INVARIANTS = (invariant(check_against, "identity", "personal", "seen personal", of="personal"),)
"""Each invariant with all that it reads."""
