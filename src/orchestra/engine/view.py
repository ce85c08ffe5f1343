"""What every section may read: all slices, and the ids and references that commands name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from orchestra.engine.actions.state import Requests
from orchestra.engine.agenda import Agenda
from orchestra.engine.archive.state import Archive
from orchestra.engine.bots.state import Bots
from orchestra.engine.callbacks.state import Callbacks
from orchestra.engine.calls.state import Calls
from orchestra.engine.cases.state import Case, Cases
from orchestra.engine.clocks.state import Clocks
from orchestra.engine.commitments.state import Commitments
from orchestra.engine.consults.state import Consults
from orchestra.engine.contacts.state import Contacts, Interaction
from orchestra.engine.cursors.state import Cursors
from orchestra.engine.definition.state import Definition
from orchestra.engine.deliveries.state import Deliveries, Delivery
from orchestra.engine.details.state import Details
from orchestra.engine.engagements.state import Engagements
from orchestra.engine.facts.state import Facts
from orchestra.engine.findings.state import Findings
from orchestra.engine.hours.state import Hours
from orchestra.engine.identity.state import Customer, Identity
from orchestra.engine.incidents.state import Incidents
from orchestra.engine.invitations.state import Invitations
from orchestra.engine.known.state import Known
from orchestra.engine.logs.state import Logs
from orchestra.engine.notices.state import Notices
from orchestra.engine.outages.state import Outages
from orchestra.engine.ownership.state import Ownership
from orchestra.engine.personal.state import Personal
from orchestra.engine.presence.state import Agent, Presence
from orchestra.engine.progress.state import Progress
from orchestra.engine.promises.state import Promises
from orchestra.engine.remarks.state import Remarks
from orchestra.engine.routing.state import Routing
from orchestra.engine.rules.state import Rules
from orchestra.engine.scores import Rating
from orchestra.engine.section import Plans
from orchestra.engine.segments.state import Segments
from orchestra.engine.stages.state import Stages
from orchestra.engine.supervision.state import Supervision
from orchestra.engine.targets.state import Targets
from orchestra.engine.work.state import Work
from orchestra.errors import UnknownId
from orchestra.model.actions import ActionNames
from orchestra.model.addresses import Ref
from orchestra.model.plan import Plan
from orchestra.model.results import CaseRef
from orchestra.model.rules import Predicates

__all__ = ["View"]

Row = TypeVar("Row")


class View:
    """All slices of the state. Read them; only a section's own `evolve` changes one."""

    __slots__ = (
        "actions",
        "archive",
        "bots",
        "callbacks",
        "calls",
        "cases",
        "clocks",
        "commitments",
        "consults",
        "contacts",
        "cursors",
        "definition",
        "deliveries",
        "details",
        "engagements",
        "facts",
        "findings",
        "hours",
        "identity",
        "incidents",
        "invitations",
        "known",
        "logs",
        "notices",
        "outages",
        "ownership",
        "personal",
        "plans",
        "position",
        "presence",
        "progress",
        "promises",
        "remarks",
        "routing",
        "rules",
        "segments",
        "stages",
        "supervision",
        "targets",
        "timers",
        "work",
    )

    def __init__(
        self,
        rating: Rating | None = None,
        predicates: Predicates | None = None,
        actions: ActionNames | None = None,
    ) -> None:
        self.plans = Plans(rating, predicates, actions)
        self.timers = Agenda()
        self.position = 0
        self.definition = Definition(self.plans, self.timers)
        self.presence = Presence(self.plans, self.timers)
        self.identity = Identity(self.plans, self.timers)
        self.personal = Personal(self.plans, self.timers)
        self.contacts = Contacts(self.plans, self.timers)
        self.cases = Cases(self.plans, self.timers)
        self.ownership = Ownership(self.plans, self.timers)
        self.engagements = Engagements(self.plans, self.timers)
        self.invitations = Invitations(self.plans, self.timers)
        self.outages = Outages(self.plans, self.timers)
        self.cursors = Cursors(self.plans, self.timers)
        self.details = Details(self.plans, self.timers)
        self.supervision = Supervision(self.plans, self.timers)
        self.consults = Consults(self.plans, self.timers)
        self.segments = Segments(self.plans, self.timers)
        self.hours = Hours(self.plans, self.timers)
        self.routing = Routing(self.plans, self.timers)
        self.callbacks = Callbacks(self.plans, self.timers)
        self.targets = Targets(self.plans, self.timers)
        self.deliveries = Deliveries(self.plans, self.timers)
        self.logs = Logs(self.plans, self.timers)
        self.work = Work(self.plans, self.timers)
        self.bots = Bots(self.plans, self.timers)
        self.calls = Calls(self.plans, self.timers)
        self.commitments = Commitments(self.plans, self.timers)
        self.facts = Facts(self.plans, self.timers)
        self.remarks = Remarks(self.plans, self.timers)
        self.stages = Stages(self.plans, self.timers)
        self.promises = Promises(self.plans, self.timers)
        self.progress = Progress(self.plans, self.timers)
        self.findings = Findings(self.plans, self.timers)
        self.incidents = Incidents(self.plans, self.timers)
        self.clocks = Clocks(self.plans, self.timers)
        self.notices = Notices(self.plans, self.timers)
        self.known = Known(self.plans, self.timers)
        self.actions = Requests(self.plans, self.timers)
        self.rules = Rules(self.plans, self.timers)
        self.archive = Archive(self.plans, self.timers)

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self.plans.plan

    def id_of(self, kind: str, name: str | Ref) -> str:
        """The id behind an id or a reference.

        Raises:
            UnknownId: nothing has that reference.
        """
        if isinstance(name, str):
            return name
        target = self.details.refs.get(name.value)
        if target is None:
            raise UnknownId(kind, f"ref:{name.value}")
        return target

    def case(self, name: str | Ref) -> tuple[str, Case]:
        """Id and row of a case; of the one it goes on as, if it was merged.

        Raises:
            UnknownId: there is no such case.
        """
        key = self.cases.root(self.id_of("case", name))
        return key, _row(self.cases.cases, "case", key)

    def matter(self, case: str) -> CaseRef:
        """How callers name the matter that a case is part of: by the case that it goes on as."""
        key = self.cases.root(case)
        return CaseRef(key, self.cases.cases[key].number)

    def interaction(self, name: str | Ref) -> tuple[str, Interaction]:
        """Id and row of an interaction.

        Raises:
            UnknownId: there is no such interaction.
        """
        key = self.id_of("interaction", name)
        return key, _row(self.contacts.interactions, "interaction", key)

    def customer(self, name: str | Ref) -> tuple[str, Customer]:
        """Id and row of a customer; of whom they are an alias of, if they are one.

        Raises:
            UnknownId: there is no such customer.
        """
        key = self.identity.root(self.id_of("customer", name))
        return key, _row(self.identity.customers, "customer", key)

    def agent(self, name: str) -> Agent:
        """The row of an agent.

        Raises:
            UnknownId: there is no such agent.
        """
        return _row(self.presence.agents, "agent", name)

    def delivery(self, name: str) -> Delivery:
        """The row of a delivery.

        Raises:
            UnknownId: there is no such delivery.
        """
        return _row(self.deliveries.deliveries, "delivery", name)

    def draw(self, below: int, *ids: str | int) -> int:
        """A number from 0 to `below` exclusive that depends on the plan's seed and these ids alone (BLAKE2b)."""
        text = "\x1f".join(map(str, (self.plan.workspace.seed, *ids)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % below


def _row(table: Mapping[str, Row], kind: str, key: str) -> Row:
    row = table.get(key)
    if row is None:
        raise UnknownId(kind, key)
    return row
