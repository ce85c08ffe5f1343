"""For whom something is read, and how much of it they are shown: by role, team, brand and person.

Belongs here: who a reader is, and what they see of what belongs where. Does not: leaving out of a timeline or a view
what they do not (`history.redaction`, `redacting`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotPermitted, UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.addresses import actor_kind, actor_name
from orchestra.model.brands import accounts_of
from orchestra.model.plan import Plan
from orchestra.model.roles import SIGHT, Sight
from orchestra.runtime.history.people import person_of

__all__ = ["NOWHERE", "Place", "Reader", "Withheld", "place_in", "reader_in", "reader_of"]

_WHOLE = ("system", "operator")
_STAFF = ("agent", "bot")
_KINDS = (*_WHOLE, *_STAFF, "back_office", "customer")

Teams = Callable[[str], Collection[str]]


@attrs.frozen
class Withheld:
    """Stands where something is that the reader is not shown.

    Attributes:
        why: `team`: another team answers for it; `brand`: it belongs to another brand; `role`: no role of theirs shows
            it; `person`: it is another person's; `inner`: it is the company's own business; `retracted`: its
            writer took it back.
        of: the team, brand or person; None where that is not known.
    """

    why: str
    of: str | None = None

    def __str__(self) -> str:
        return f"[withheld: {self.why}{'' if self.of is None else f' {self.of}'}]"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"withheld": self.why, "of": self.of}


@attrs.frozen
class Place:
    """Where something that happened belongs.

    Attributes:
        team: in which it happened, if that is known.
        answers: `team:care` and `agent:ana`: who answers for it.
        hands: agents who had it in hand themselves.
        brand: whose account it was on; None for one of none.
    """

    team: str | None = None
    answers: frozenset[str] = frozenset()
    hands: frozenset[str] = frozenset()
    brand: str | None = None


NOWHERE = Place()
"""Of what belongs to a customer, whoever answers for their cases."""


@attrs.frozen
class Reader:
    """For whom something is read.

    Attributes:
        actor: who they are; None for the application itself, which sees everything.
        plan: the plan in force.
        agent: their id, if they work here.
        teams: in which they work.
        brands: for which they work; None for all.
        sights: what their roles show, one at least.
        ids: all ids of the customer that they are; none of somebody else.
        teams_of: agent -> the teams in which they work.
    """

    actor: str | None
    plan: Plan
    agent: str | None = None
    teams: frozenset[str] = frozenset()
    brands: frozenset[str] | None = None
    sights: Sequence[Sight] = (Sight(),)
    ids: Sequence[str] = ()
    teams_of: Teams = attrs.field(default=lambda agent: (), repr=False)

    @property
    def sees_all(self) -> bool:
        """Whether nothing is withheld from them."""
        return self.actor is None or actor_kind(self.actor) in _WHOLE

    def refuse_customers(self, what: str) -> None:
        """Let only those in who work for the company.

        Raises:
            NotPermitted: they are a customer.
        """
        if self.ids:
            raise NotPermitted(str(self.actor), what, "not for a customer")

    def refuse_others(self, customer: str, what: str) -> None:
        """Let a customer only to what is their own.

        Raises:
            NotPermitted: it is another customer's.
        """
        if self.ids and customer not in self.ids:
            raise NotPermitted(str(self.actor), what, "it is another customer")

    def seen(self, place: Place) -> tuple[str, Withheld]:
        """How much they see of what belongs there, as one of `SIGHT`, and what stands for the rest."""
        if self.sees_all:
            return SIGHT[-1], Withheld("role")
        scope, mark = self._scope(place)
        return max((str(getattr(sight, scope)) for sight in self.sights), key=SIGHT.index), mark

    def _scope(self, place: Place) -> tuple[str, Withheld]:
        if self.agent in place.hands:
            return "own", Withheld("role")
        if place.brand is not None and self.brands is not None and place.brand not in self.brands:
            return "brands", Withheld("brand", place.brand)
        if any(map(self._is_ours, place.answers)):
            return "own", Withheld("role")
        return "teams", Withheld("team", place.team)

    def _is_ours(self, answers: str) -> bool:
        kind, _, name = answers.partition(":")
        if kind == "team":
            return name in self.teams
        return name == self.agent or not self.teams.isdisjoint(self.teams_of(name))

    def hides(self, name: str) -> bool:
        """Whether an attribute or field of this name is withheld from them wherever it stands."""
        return not self.sees_all and all(name in sight.withholds for sight in self.sights)

    def fields(self, fields: Mapping[str, str | int | bool | Withheld]) -> dict[str, str | int | bool | Withheld]:
        """Fields as they see them. Customers see none: they are the company's notes."""
        mark = Withheld("inner" if self.ids else "role")
        return {name: mark if self.ids or self.hides(name) else value for name, value in fields.items()}


def reader_in(view: View, actor: str | None) -> Reader:
    """Who an actor is as the state stands.

    Raises:
        InvalidCommand: they are of no known kind.
        NotPermitted: no such agent or customer is known.
    """

    def teams_of(agent: str) -> Collection[str]:
        row = view.presence.agents.get(agent)
        return () if row is None else row.teams

    def ids_of(customer: str) -> Sequence[str]:
        if customer not in view.identity.customers:  # or archived, and to be looked up
            raise NotPermitted(str(actor), "read", "no such customer") from UnknownId("customer", customer)
        return view.identity.group(customer)

    def profile(agent: str) -> tuple[Collection[str], Collection[str]] | None:
        row = view.presence.agents.get(agent)
        return None if row is None else (row.teams, row.roles)

    return _reader(view.plan, actor, profile, teams_of, ids_of)


def reader_of(journal: Journal, actor: str | None) -> Reader:
    """Who an actor is, from the journal alone.

    Raises:
        InvalidCommand: they are of no known kind.
        NotPermitted: no such agent or customer is known.
        JournalCorrupt: a record is damaged.
    """
    newest = deque(journal.read(types=["PlanChanged"]), maxlen=1)
    changed = decode_event(newest[0]) if newest else None
    plan = changed.plan if isinstance(changed, e.PlanChanged) else Plan()
    staff = _staff(journal) if actor is not None and actor_kind(actor) in _STAFF else {}

    def teams_of(agent: str) -> Collection[str]:
        return staff[agent][0] if agent in staff else ()

    def ids_of(customer: str) -> Sequence[str]:
        ids = person_of(journal, customer).ids
        return ids if any(True for _ in journal.read(subjects=ids, limit=1)) else ()

    return _reader(plan, actor, staff.get, teams_of, ids_of)


def _staff(journal: Journal) -> dict[str, tuple[Collection[str], Collection[str]]]:
    """Agent -> teams and roles."""
    found: dict[str, tuple[Collection[str], Collection[str]]] = {}
    for record in journal.read(types=["AgentDefined", "AgentRemoved"]):
        event = decode_event(record)
        if isinstance(event, e.AgentDefined):
            found[event.agent] = event.teams, event.roles
        elif isinstance(event, e.AgentRemoved):
            found.pop(event.agent, None)
    return found


def _reader(
    plan: Plan,
    actor: str | None,
    profile: Callable[[str], tuple[Collection[str], Collection[str]] | None],
    teams_of: Teams,
    ids_of: Callable[[str], Sequence[str]],
) -> Reader:
    if actor is None:
        return Reader(None, plan)
    kind, name = actor_kind(actor), actor_name(actor)
    if kind not in _KINDS:
        raise InvalidCommand("actor", f"must be one of {', '.join(_KINDS)}, then a colon and a name")
    if kind in _STAFF:
        found = profile(name)
        if found is None:
            raise NotPermitted(actor, "read", "no such agent")
        teams, roles = frozenset(found[0]), found[1]
        sights = [plan.roles[role].sees for role in sorted(roles) if role in plan.roles] or [Sight()]
        return Reader(actor, plan, name, teams, _brands(plan, teams), sights, teams_of=teams_of)
    if kind == "customer":
        ids = ids_of(name) if name else ()
        if not ids:
            raise NotPermitted(actor, "read", "no such customer")
        return Reader(actor, plan, ids=ids)
    return Reader(actor, plan)


def _brands(plan: Plan, teams: frozenset[str]) -> frozenset[str] | None:
    """The brands for which teams work; None for all, as soon as one of the teams is of no brand."""
    named = {team for brand in plan.brands.values() for team in brand.teams}
    if not teams <= named:
        return None
    return frozenset(name for name, brand in plan.brands.items() if not teams.isdisjoint(brand.teams))


def place_in(view: View, case: str | None, interaction: str | None = None) -> Place:
    """Where a case belongs as the state stands, or one interaction of it."""
    row = None if case is None else view.cases.cases[case]
    contact = None if interaction is None else view.contacts.interactions[interaction]
    accounts, answers, team, hands = accounts_of(view.plan.brands), set[str](), None, set[str]()
    if row is not None:
        answers.add(f"{row.owner_kind}:{row.owner}")
        team = row.owner if row.owner_kind == "team" else _team_of(view, row.queue)
    if contact is not None:
        queue = _team_of(view, contact.queue)
        team = queue or team
        answers |= {f"team:{queue}"} if queue is not None else set()
        hands |= {contact.agent} if contact.agent is not None else set()
        brand = accounts.get((contact.channel, contact.account))
    else:
        brand = None if row is None or not accounts else _brand_of(view, row.interactions, accounts)
    return Place(team, frozenset(answers), frozenset(hands), brand)


def _team_of(view: View, queue: str | None) -> str | None:
    definition = None if queue is None else view.plan.queues.get(queue)
    return None if definition is None else definition.team


def _brand_of(view: View, interactions: Collection[str], accounts: Mapping[tuple[str, str], str]) -> str | None:
    """The brand on whose account a case came up."""
    rows = map(view.contacts.interactions.__getitem__, sorted(interactions, key=lambda name: int(name[2:])))
    return next((brand for row in rows if (brand := accounts.get((row.channel, row.account))) is not None), None)
