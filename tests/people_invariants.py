"""What must hold of who customers are, and of what they consented to."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import attrs

from orchestra.engine.engine import Engine
from orchestra.engine.identity.linking import MOST_IDS
from orchestra.engine.identity.state import TRIAGE
from orchestra.model import events as e
from tests.watching import invariant

__all__ = ["PeopleWitness", "asked_first", "check", "check_engagements", "lead_for", "people", "talks"]

_WHERE_THEY_ARE = ("deferred", "invitation", "linked")
"""Topics of what is written to whoever has just written, in their own conversation, and tells nothing of a case."""


@attrs.define
class PeopleWitness:
    """Remembers what was said about whom, without any look-up of the engine's."""

    wished: dict[str, list[tuple[int, list[str]]]] = attrs.field(factory=lambda: defaultdict(list))
    said: dict[tuple[str, str, str | None], list[tuple[int, bool]]] = attrs.field(factory=lambda: defaultdict(list))
    mixed: dict[str, set[str]] = attrs.field(factory=dict)
    listed: dict[str, set[str]] = attrs.field(factory=lambda: defaultdict(set))
    apart: set[frozenset[str]] = attrs.field(factory=set)
    addresses: dict[str, set[str]] = attrs.field(factory=lambda: defaultdict(set))
    forgotten: set[str] = attrs.field(factory=set)
    versions: dict[str, int] = attrs.field(factory=dict)
    planned: int = 0
    lost: dict[tuple[str, str], str] = attrs.field(factory=dict)
    parts: dict[tuple[str, str], tuple[str | None, bool]] = attrs.field(factory=dict)
    own_parts: set[tuple[str, str]] = attrs.field(factory=set)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        if isinstance(event, e.ConsentRecorded):
            self.said[event.customer, event.purpose, event.channel].append((event.occurred_us, event.given))
        elif isinstance(event, e.PreferencesSet):
            self.wished[event.customer].append((event.occurred_us, list(event.channels)))
        elif isinstance(event, e.PlanChanged):
            self.planned = engine.position
        elif isinstance(event, e.EngagementSplit):
            self.versions[event.other] = self.versions.get(event.engagement, 0)
        elif isinstance(event, e.CustomersSplit):
            self.mixed[event.link] = _mixed(engine, event.customer, event.other)
            self.apart.add(frozenset((event.customer, event.other)))
        elif isinstance(event, e.ParticipantLeft):
            self._sort_out_less(engine)
        elif isinstance(event, e.MergeDismissed):
            self.apart.add(frozenset((event.customer, event.other)))
        elif isinstance(event, e.CustomerAdded | e.AddressLinked):
            if not isinstance(event, e.CustomerAdded) or event.matches:
                self.addresses[event.customer].add(event.address)
        elif isinstance(event, e.AddressUnlinked):
            self.addresses[event.customer].remove(event.address)
        elif isinstance(event, e.CustomerErased):
            self.forgotten |= self.addresses.pop(event.customer, set())
            self.wished.pop(event.customer, None)
        elif isinstance(event, e.TriageNeeded):
            assert event.case not in self.listed[event.link], f"{event.case} was listed twice"
            self.listed[event.link].add(event.case)
        elif isinstance(event, e.DeliveryStarted):
            self._check_consent(engine, event.delivery)
            row = engine.view.deliveries.deliveries[event.delivery]
            place = row.channel, engine.view.contacts.conversations[row.conversation].address
            assert place not in self.lost, f"{event.delivery} leaves for where nobody can be reached"
        self._see_lost(event)
        self._see_parts(engine, event)
        self._check_versions(engine)
        if isinstance(event, e.PreferencesSet | e.CustomerAliased | e.CustomerUnaliased | e.CustomerErased):
            self._check_wishes(engine, event.customer)

    def _see_lost(self, event: e.Event) -> None:
        """Where nobody can be reached: as long as who had the address has it."""
        if isinstance(event, e.AddressGivenUp):
            self.lost[event.channel, event.address] = event.customer
        elif isinstance(event, e.AddressTakenUp):
            assert self.lost.pop((event.channel, event.address)) == event.customer
        elif isinstance(event, e.AddressUnlinked | e.CustomerErased):
            address = event.address if isinstance(event, e.AddressUnlinked) else None
            for place, customer in list(self.lost.items()):
                if customer == event.customer and address in (None, place[1]):
                    del self.lost[place]

    def _see_parts(self, engine: Engine, event: e.Event) -> None:
        if isinstance(event, e.ParticipantJoined | e.ParticipantChanged):
            self.parts[event.case, event.participant] = event.role, event.acts
        elif isinstance(event, e.ParticipantLeft):
            del self.parts[event.case, event.participant]
        elif isinstance(event, e.CustomerErased):
            for (case, name), (role, _) in list(self.parts.items()):
                if name == event.customer:
                    self.parts[case, name] = role, False
        elif isinstance(event, e.PartTaken):
            self.own_parts.add((event.case, event.customer))
        elif isinstance(event, e.PartEnded):
            self.own_parts.remove((event.case, event.customer))
        elif isinstance(event, e.DeliveryPlanned) and event.interaction is None and event.topic not in _WHERE_THEY_ARE:
            self._check_told(engine, event)

    def _check_told(self, engine: Engine, event: e.DeliveryPlanned) -> None:
        """What nobody answered goes to the case's customer, or to a participant whose role is told of the case."""
        group = _group(engine, event.customer)
        if engine.view.cases.cases[event.case].customer in group:
            return
        pairs = {(case, name) for case in engine.view.cases.group(event.case) for name in group}
        roles = {self.parts[pair][0] for pair in pairs if pair in self.parts}
        known = engine.view.plan.participants
        assert any(role in known and known[role].told for role in roles), f"{event.delivery} tells a stranger"

    def _check_versions(self, engine: Engine) -> None:
        """A version that was seen never comes back: what has changed is always told by a higher one."""
        engagements = engine.view.engagements
        names = {engagements.of_member(one) for one in engagements.members}
        for name in names:
            version = engagements.changes_of(name)[-1][0]
            assert version >= self.versions.get(name, 0), f"{name} went back to version {version}"
            self.versions[name] = version
        for name in self.versions.keys() - names:
            del self.versions[name]

    def _sort_out_less(self, engine: Engine) -> None:
        """Whoever left a case before it was listed has no part in it that would have to be sorted out."""
        for link in engine.view.identity.listing:
            row = engine.view.identity.merges[link]
            self.mixed[link] &= _mixed(engine, row.customer, row.other) | self.listed[link]

    def _check_wishes(self, engine: Engine, customer: str) -> None:
        """Of all that a person said under any of their ids the latest holds."""
        ids = _group(engine, customer)
        said = [(when, name) for name in ids for when, _ in self.wished.get(name, ())]
        newest = max((when for when, _ in said), default=None)
        held = list(engine.view.identity.preferred(customer))
        last = [
            [channels for when, channels in self.wished[name] if when == newest][-1]
            for when, name in said
            if when == newest
        ]
        assert held in (last or [[]]), f"{customer} is written to on {held}, and said {last} last"

    def _check_consent(self, engine: Engine, delivery: str) -> None:
        """Nothing leaves that its customer forbade, under whichever of their ids, nor what they have not asked for."""
        row = engine.view.deliveries.deliveries[delivery]
        if row.purpose == "service":
            return
        words = []
        for name in _group(engine, row.customer):
            said = [
                (at_us, narrow, given)
                for narrow, channel in enumerate((None, row.channel))
                for at_us, given in self.said[name, row.purpose, channel]
            ]
            if said:
                newest = max(at_us for at_us, _, _ in said)
                narrow = max(narrow for at_us, narrow, _ in said if at_us == newest)
                words.append([given for at_us, n, given in said if (at_us, n) == (newest, narrow)][-1])
        rule = engine.view.plan.identity.purposes.get(row.purpose)
        addresses = {
            a for name in _group(engine, row.customer) for a in engine.view.identity.addresses_of.get(name, ())
        }
        allowed = all(words) if words else rule == "opt_out" and not addresses & self.forgotten
        assert allowed, f"{delivery} left without the customer's consent to {row.purpose}"


def people(engine: Engine) -> dict[str, list[str]]:
    """All ids of each person, by each of their ids, by the links alone."""
    rows, merges = engine.view.identity.customers, engine.view.identity.merges
    by_top: dict[str, list[str]] = {}
    for name in rows:
        top, seen = name, {name}
        while (link := rows[top].link) is not None:
            top = merges[link].customer
            assert top not in seen, f"{top} is an alias of itself"
            seen.add(top)
        by_top.setdefault(top, []).append(name)
    return {name: group for group in by_top.values() for name in group}


def _group(engine: Engine, customer: str) -> list[str]:
    return people(engine)[customer]


def _mixed(engine: Engine, customer: str, other: str) -> set[str]:
    sides = [set(_group(engine, name)) for name in (customer, other)]
    return {
        name
        for name, case in engine.view.cases.cases.items()
        for mine, theirs in (sides, reversed(sides))
        if case.customer in mine and theirs & case.participants.keys()
    }


def check(engine: Engine) -> None:
    """Everything that must hold between two batches."""
    identity = engine.view.identity
    groups = people(engine)
    for name in identity.customers:
        group = groups[name]
        assert sorted(identity.group(name)) == sorted(group), f"{name} is one of {group}, not of {identity.group(name)}"
        assert len(group) <= MOST_IDS
        assert identity.customers[identity.root(name)].link is None, f"{identity.root(name)} is an alias"
    holding = {row.link for row in identity.customers.values()} - {None}
    undone = {name for name, row in identity.merges.items() if row.until_us is not None}
    assert holding | undone == set(identity.merges), "a merge neither holds nor is undone"
    assert not holding & undone, "a merge holds that was undone"
    held = {address: name for name, addresses in identity.addresses_of.items() for address in addresses}
    assert held == {address: row.customer for address, row in identity.addresses.items()}
    for row in identity.suggestions.values():
        assert not identity.is_same(row.customer, row.other), "it is suggested of one person that they are one"
    for link in identity.merges:
        assert (link in identity.listing) == (engine.view.timers.get(TRIAGE, link) is not None)


def _check_verified(engine: Engine) -> None:
    for name in engine.view.identity.verified:
        assert not engine.view.contacts.interactions[name].is_final, f"{name} is over and still verified"


def check_engagements(engine: Engine) -> None:
    """Whoever is in touch is so in one engagement, led by a person who has a part in it."""
    _check_questions(engine)
    view = engine.view
    rows, members = view.contacts.interactions, view.engagements.members
    to_call = view.callbacks.callbacks
    open_ones = {name for name, row in rows.items() if row.is_open and row.conversation is not None}
    assert members.keys() == open_ones - to_call.keys(), "others are in touch than have open contacts"
    counts = Counter(member.engagement for member in members.values() if member.engagement is not None)
    assert {name: row.contacts for name, row in view.engagements.engagements.items()} == counts
    of_person: dict[str, set[str]] = defaultdict(set)
    for name, member in members.items():
        assert member.customer == rows[name].customer, f"{name} is somebody else's"
        assert member.engagement is None or member.changes == [], f"{name} remembers changes that are everybody's"
        of_person[view.identity.root(member.customer)].add(view.engagements.of_member(name))
    for person, names in of_person.items():
        assert len(names) == 1, f"{person} is in touch in {names} at once"


def _check_questions(engine: Engine) -> None:
    """What waits for another's answer will have it, since that one goes on."""
    view = engine.view
    rows, members, linked = view.contacts.interactions, view.engagements.members, view.engagements.linked
    assert linked.keys() == {name for name, row in rows.items() if row.state == "LINKED"}
    for name, to in linked.items():
        assert to in members, f"{name} waits for the answer to {to}, which is over"
        assert to not in linked, f"{name} waits for the answer to {to}, which waits for another itself"
        assert view.identity.is_same(rows[name].customer, rows[to].customer), f"{name} waits for somebody else's"


def _check_deferred(engine: Engine) -> None:
    """What waits for another contact to be over waits for one that goes on, for some time, and is asked of nobody."""
    view = engine.view
    rows, deferred = view.contacts.interactions, view.engagements.deferred
    assert deferred.keys() == {name for name, row in rows.items() if row.state == "DEFERRED"}
    for name, row in deferred.items():
        assert not rows[row.to].is_final, f"{name} waits until {row.to} is over, which is"
        assert rows[row.to].state != "DEFERRED", f"{name} waits for {row.to}, which waits for another itself"
        assert view.timers.get("engagements.defer", name) == row.until_us, f"{name} may wait for ever"
        assert view.identity.is_same(rows[name].customer, rows[row.to].customer), f"{name} waits for somebody else"
        assert not view.routing.items[name].ringing


def _check_places(engine: Engine, planned: int) -> None:
    """Nobody holds two places for one case, unless the plan has it so, or had until a moment ago."""
    view = engine.view
    rows, members = view.contacts.interactions, view.engagements.members
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in sorted(members, key=lambda one: members[one].began):
        if rows[name].state in ("QUEUED", "OFFERED") and not members[name].is_apart:
            places[view.identity.root(rows[name].customer), view.cases.root(rows[name].case or "")].append(name)
    for names in places.values():
        for there, comes in itertools.combinations(names, 2):
            mode = view.plan.engagements.mode(rows[there].channel, rows[comes].channel)
            is_meant = members[comes].mode != "together" or mode != "together" or members[comes].began < planned
            assert is_meant, f"{there} and {comes} hold two places for one case"


def talks(engine: Engine, customer: str) -> bool:
    """Whether a person talks with a customer, under any of their ids, on a live channel."""
    view = engine.view
    return any(
        row.agent is not None
        and row.live
        and row.is_open
        and row.conversation is not None
        and view.presence.agents[row.agent].kind == "person"
        and view.identity.is_same(row.customer, customer)
        and name in view.engagements.members
        for name, row in view.contacts.interactions.items()
    )


def asked_first(engine: Engine, interaction: str) -> str | None:
    """Who is asked first for a contact: whoever had the one for whose end it waited, else who leads."""
    mine = engine.view.engagements.members.get(interaction)
    return lead_for(engine, interaction) if mine is None or mine.asked_first is None else mine.asked_first


def lead_for(engine: Engine, interaction: str) -> str | None:
    """Who is to be asked first for a contact."""
    view = engine.view
    mine = view.engagements.members.get(interaction)
    if mine is None or mine.mode not in ("together", "link"):
        return None
    had = [
        (member.since, agent)
        for name, member in view.engagements.members.items()
        if member.engagement == mine.engagement and (agent := view.contacts.interactions[name].agent) is not None
    ]
    people = [(since, agent) for since, agent in had if view.presence.agents[agent].kind == "person"]
    return min(people)[1] if people else None


def check_places(engine: Engine, witness: PeopleWitness) -> None:
    """Nobody holds two places for one case."""
    _check_places(engine, witness.planned)


def check_parts(engine: Engine, witness: PeopleWitness) -> None:
    """Whoever has a part in a case was told so, and no others."""
    cases = engine.view.cases.cases
    there = {(name, person) for name, row in cases.items() for person in row.participants}
    assert there == set(witness.parts), "others have a part in a case than were told"
    assert there == witness.own_parts, "somebody's own history has another part in a case than the case's"
    for (case, person), (role, acts) in witness.parts.items():
        part = engine.view.cases.parts.get(f"{case}\x1f{person}")
        assert (role, acts) == ((part.role, part.acts) if part is not None else (None, False))


def check_identity(engine: Engine, witness: PeopleWitness) -> None:
    """What people are to sort out is what was mixed when they were split."""
    identity = engine.view.identity
    known = {address: name for name, addresses in witness.addresses.items() for address in addresses}
    assert {address: row.customer for address, row in identity.addresses.items()} == known
    assert set(identity.suppressed) == witness.forgotten, "somebody was forgotten who was not, or was not who was"
    pairs = {frozenset((name, other)) for name, others in identity.apart.items() for other in others}
    assert pairs == witness.apart, "others are kept apart than were told apart"
    for link, cases in witness.mixed.items():
        if link not in identity.listing:
            assert cases <= witness.listed[link], f"{cases - witness.listed[link]} of {link} are forgotten"


INVARIANTS = (
    invariant(check, "identity", TRIAGE),
    invariant(_check_verified, "identity", "contacts"),
    invariant(check_engagements, "contacts", "engagements", "callbacks", "identity"),
    invariant(_check_deferred, "contacts", "engagements", "identity", "routing", "engagements.defer"),
    invariant(check_places, "contacts", "engagements", "identity", "cases", "seen people", of="people"),
    invariant(check_parts, "cases", "seen people", of="people"),
    invariant(check_identity, "identity", "seen people", of="people"),
)
"""Each invariant with all that it reads."""
