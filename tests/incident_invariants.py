"""What must hold of incidents: nothing is told before it is approved or twice, and closing settles or lists."""

from __future__ import annotations

import attrs

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.engine import Engine
from orchestra.engine.incidents.state import MATCH, SETTLE, TELL
from orchestra.model import events as e
from tests.watching import invariant

__all__ = ["IncidentWitness", "check", "check_against"]


@attrs.define
class IncidentWitness:
    """Remembers which texts were approved, who was told them, and what each incident was to settle."""

    approved: dict[str, int] = attrs.field(factory=dict)
    told: dict[tuple[str, str], int] = attrs.field(factory=dict)
    links: dict[str, str] = attrs.field(factory=dict)
    to_settle: dict[str, list[str]] = attrs.field(factory=dict)
    reopened: set[str] = attrs.field(factory=set)
    planned: dict[str, e.DeliveryPlanned] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.DeliveryPlanned(topic="incident"):
                self.planned[event.delivery] = event
            case e.IncidentTextApproved():
                self.approved[event.incident] = event.text_version
            case e.IncidentTold():
                self._see_told(engine, event)
            case e.IncidentNotTold():
                assert event.text_version == self.approved[event.incident], "of a text that is not approved"
                told = self._told_to(engine, event.incident, event.customer)
                assert max(told.values(), default=0) < event.text_version, "they know it"
            case e.IncidentCaseLinked():
                assert event.case not in self.links, f"{event.case} is linked twice"
                assert engine.view.incidents.incidents[event.incident].state == "OPEN"
                self.links[event.case] = event.incident
            case e.IncidentCaseUnlinked():
                assert self.links.pop(event.case) == event.incident
            case e.IncidentClosing():
                self._see_closing(event)
            case e.IncidentCaseSettled():
                assert engine.view.cases.cases[event.case].state in SETTLED
            case e.IncidentAdvanced(walk="settle"):
                self._see_settled(engine, event)
            case e.IncidentClosed():
                self._see_closed(engine, event)
            case e.CaseReopened() | e.CaseUnmerged():
                self.reopened.add(engine.view.cases.root(event.case))
            case _:
                pass

    def _told_to(self, engine: Engine, incident: str, customer: str) -> dict[str, int]:
        ids = engine.view.identity.group(customer)
        return {one: self.told[incident, one] for one in ids if (incident, one) in self.told}

    def _see_told(self, engine: Engine, event: e.IncidentTold) -> None:
        assert event.text_version == self.approved.get(event.incident), "told before it was approved"
        before = self._told_to(engine, event.incident, event.customer)
        assert max(before.values(), default=0) < event.text_version, f"{event.customer} was told twice"
        self.told[event.incident, event.customer] = event.text_version
        planned = self.planned[event.delivery]
        assert planned.automatic, "held while somebody talks with them, as all that nobody wrote"
        assert (planned.message, planned.channel) == (event.message, event.channel)
        assert engine.view.identity.is_same(planned.customer, event.customer), "told somebody else"

    def _see_closing(self, event: e.IncidentClosing) -> None:
        if event.text is not None:
            self.approved[event.incident] = event.text_version
        self.to_settle[event.incident] = [case for case, name in self.links.items() if name == event.incident]
        self.reopened.clear()

    def _see_settled(self, engine: Engine, event: e.IncidentAdvanced) -> None:
        """What the walk has passed may come of another incident from now on."""
        view, excepted = engine.view, engine.view.incidents.incidents[event.incident].excepted
        passed = [case for case in self.to_settle[event.incident] if int(case[2:]) <= event.past]
        for case in passed:
            self.to_settle[event.incident].remove(case)
            assert self.links.pop(case) == event.incident
            is_listed = any(member in excepted for member in view.cases.group(case))
            is_settled = view.cases.row(case).state in SETTLED
            is_new = any(member in self.reopened for member in view.cases.group(case))
            assert is_listed or is_settled or is_new, f"{case} is neither settled nor listed"

    def _see_closed(self, engine: Engine, event: e.IncidentClosed) -> None:
        assert self.to_settle.pop(event.incident) == [], "something was not looked at"
        assert event.excepted == len(engine.view.incidents.incidents[event.incident].excepted)


def check(engine: Engine) -> None:
    """Everything that must hold between two batches."""
    own, timers = engine.view.incidents, engine.view.timers
    assert list(own.open) == [name for name, row in own.incidents.items() if row.state == "OPEN"]
    for name, row in own.incidents.items():
        for walk, timer in (("match", MATCH), ("tell", TELL), ("settle", SETTLE)):
            assert (walk in row.past) == (timers.get(timer, name) is not None), f"{walk} of {name} stands still"
        assert ("settle" in row.past) == (row.state == "CLOSING")
        assert all(version <= row.approved for version, _ in row.told.values()), "told what nobody approved"
        assert all(row.told.get(one, [0, 0])[0] < version for one, version in row.untold.items()), "told, and not"
        assert row.state != "CLOSED" or own.count(name) == 0
    for case, link in own.links.items():
        assert own.incidents[link.incident].state != "CLOSED"
        assert link.customer == engine.view.cases.cases[case].customer
        assert case in own.linked(link.incident)


def check_against(engine: Engine, witness: IncidentWitness) -> None:
    """Each case is linked to what it was last linked to, until what closes has settled it."""
    assert {case: row.incident for case, row in engine.view.incidents.links.items()} == witness.links
    rows = engine.view.incidents.incidents.items()
    told = {(name, one): version for name, row in rows for one, (version, _) in row.told.items()}
    assert told == witness.told


INVARIANTS = (
    invariant(check, "incidents", "cases", MATCH, TELL, SETTLE),
    invariant(check_against, "incidents", "seen incidents", of="incidents"),
)
"""Each invariant with all that it reads."""
