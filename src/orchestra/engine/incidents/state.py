"""Incidents as they stand, which cases are linked to them, and who was told what.

A case is linked under the id that it had then. Where cases are merged, each keeps its own link: they count as the one
that they go on as, and each has its link back once they are taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import INCIDENT
from orchestra.engine.ordered import Ordered
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.model import events as e
from orchestra.model.identity import SERVICE

__all__ = ["EVOLVE", "MATCH", "SETTLE", "TELL", "Incident", "IncidentLink", "Incidents", "listed"]

MATCH = "incidents.match"
"""Timer of an incident for which all open cases are looked at."""
TELL = "incidents.tell"
"""Timer of an incident whose linked customers are being told."""
SETTLE = "incidents.settle"
"""Timer of an incident whose linked cases are being settled."""

_TIMERS = {"match": MATCH, "tell": TELL, "settle": SETTLE}

Value = str | int | bool


@attrs.define
class Incident:
    """One cause that concerns many customers.

    `text` is the newest, of `version`; `approved` is the version that is told, 0 for none, and `told_text` its text.
    `told` is customer -> the version that they were told last, and the number of that message; `untold` are customers
    who could not be told -> of which version. `apart` is a set of cases that have another cause; `excepted` is case ->
    why it stays open. The walks have come `past` the case of that number: name of the walk -> number.
    """

    title: str
    topics: list[str]
    queues: list[str]
    fields: dict[str, Value]
    customer_fields: dict[str, Value]
    opened_us: int
    purpose: str = SERVICE
    state: str = INCIDENT.initial
    text: str | None = None
    version: int = 0
    told_text: str | None = None
    approved: int = 0
    resolution: str | None = None
    disposition: str | None = None
    closed_us: int | None = None
    told: dict[str, list[int]] = attrs.field(factory=dict)
    untold: dict[str, int] = attrs.field(factory=dict)
    apart: dict[str, int] = attrs.field(factory=dict)
    excepted: dict[str, str] = attrs.field(factory=dict)
    past: dict[str, int] = attrs.field(factory=dict)
    at_once: int = 0
    settled: int = 0

    def told_to(self, ids: Iterable[str]) -> tuple[int, int]:
        """The version that a person was told last, and the number of the message, under any id; zeros if none."""
        found = [self.told[name] for name in ids if name in self.told]
        version, message = max(found, default=(0, 0))
        return version, message

    def looked_up_by(self) -> list[tuple[str, str]]:
        """Under what it is looked up: a case that matches has at least one of these. None if nothing matches it."""
        if self.topics:
            return [("topic", topic) for topic in self.topics]
        if self.queues:
            return [("queue", queue) for queue in self.queues]
        if self.fields:
            return [("field", min(self.fields))]
        return [("customer_field", name) for name in sorted(self.customer_fields)[:1]]


@attrs.define
class IncidentLink:
    """The incident of which a case comes. `flag` is why the case is to stay open, if it is."""

    incident: str
    customer: str
    flag: str | None = None


class Incidents(Slice):
    """Incidents by id, `links` by case."""

    TABLES: ClassVar = {"incidents": Incident, "links": IncidentLink, "counts": None}

    incidents: dict[str, Incident]
    links: dict[str, IncidentLink]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by incident and customer, and which open incidents contacts may match."""
        self.matching: dict[tuple[str, str], dict[str, int]] = {}
        self.open: dict[str, int] = {}
        for name in sorted(self.incidents, key=_number):
            if self.incidents[name].state == "OPEN":
                self._enter(name)
        self._of: dict[str, Ordered[int]] = {}
        self.of_customer: dict[str, dict[str, int]] = {}
        for case in sorted(self.links, key=_number):
            self._index(case, self.links[case])

    def _enter(self, name: str) -> None:
        self.open[name] = 1
        for key in self.incidents[name].looked_up_by():
            self.matching.setdefault(key, {})[name] = 1

    def _leave(self, name: str) -> None:
        del self.open[name]
        for key in self.incidents[name].looked_up_by():
            names = self.matching[key]
            del names[name]
            if not names:
                del self.matching[key]

    def _index(self, case: str, row: IncidentLink) -> None:
        self._of.setdefault(row.incident, Ordered()).add(_number(case))
        self.of_customer.setdefault(row.customer, {})[case] = 1

    def _drop(self, case: str) -> None:
        row = self.links.pop(case)
        linked, theirs = self._of[row.incident], self.of_customer[row.customer]
        linked.remove(_number(case))
        if not linked:
            del self._of[row.incident]
        del theirs[case]
        if not theirs:
            del self.of_customer[row.customer]

    # Questions

    def next_incident(self) -> str:
        """The id that the next incident will have."""
        return f"ic{self.counts.get('incident', 0) + 1}"

    def linked(self, incident: str, past: int = 0) -> Iterator[str]:
        """The cases linked to an incident, past one's number, oldest first."""
        linked = self._of.get(incident)
        return iter(()) if linked is None else (f"ca{number}" for number in linked.past(past))

    def count(self, incident: str) -> int:
        """How many cases are linked to an incident."""
        return len(self._of.get(incident, ()))

    def of_cases(self, cases: Sequence[str]) -> dict[str, str]:
        """The incidents that the cases of a matter are linked to: incident -> the case that is."""
        if not self.links:
            return {}
        return {self.links[case].incident: case for case in reversed(cases) if case in self.links}

    # Changes

    def opened(self, event: e.IncidentOpened, at_us: int) -> None:
        """Know the incident; contacts may match it."""
        self.counts["incident"] = self.counts.get("incident", 0) + 1
        self.incidents[event.incident] = Incident(
            event.title,
            list(event.topics),
            list(event.queues),
            dict(event.fields),
            dict(event.customer_fields),
            at_us,
            event.purpose,
            text=event.text,
            version=0 if event.text is None else 1,
        )
        self._enter(event.incident)

    def updated(self, event: e.IncidentUpdated, at_us: int) -> None:
        """Know more; another text waits to be approved."""
        row = self.incidents[event.incident]
        row.title, row.version = event.title, event.text_version
        if event.text is not None:
            row.text = event.text

    def approved(self, event: e.IncidentTextApproved, at_us: int) -> None:
        """The text is told from now on: begin to tell those who are linked."""
        row = self.incidents[event.incident]
        row.approved, row.told_text = event.text_version, row.text
        self._begin(event.incident, "tell", at_us)

    def _begin(self, incident: str, walk: str, at_us: int) -> None:
        self.incidents[incident].past[walk] = 0
        self.timers.set(_TIMERS[walk], incident, at_us + SLICE_PAUSE_US)

    def _end(self, incident: str, walk: str) -> None:
        self.incidents[incident].past.pop(walk, None)
        self.timers.cancel(_TIMERS[walk], incident)

    def case_linked(self, event: e.IncidentCaseLinked, at_us: int) -> None:
        """The case comes of the incident."""
        row = self.links[event.case] = IncidentLink(event.incident, event.customer)
        self._index(event.case, row)
        self.incidents[event.incident].apart.pop(event.case, None)

    def case_unlinked(self, event: e.IncidentCaseUnlinked, at_us: int) -> None:
        """It does not, and is not to be linked by itself."""
        self._drop(event.case)
        self.incidents[event.incident].apart[event.case] = 1

    def case_flagged(self, event: e.IncidentCaseFlagged, at_us: int) -> None:
        """It stays open, or does not any more."""
        self.links[event.case].flag = event.reason

    def search(self, event: e.IncidentMatching, at_us: int) -> None:
        """Begin to look at all open cases."""
        self._begin(event.incident, "match", at_us)

    def advanced(self, event: e.IncidentAdvanced, at_us: int) -> None:
        """Go on past that case in the next slice, or end the walk. What was settled is linked no more."""
        if event.walk == "settle":
            for case in list(self._passed(event.incident, event.past)):
                self._drop(case)
        if event.more:
            self.incidents[event.incident].past[event.walk] = event.past
            self.timers.set(_TIMERS[event.walk], event.incident, at_us + SLICE_PAUSE_US)
        else:
            self._end(event.incident, event.walk)

    def _passed(self, incident: str, past: int) -> Iterator[str]:
        for case in self.linked(incident):
            if _number(case) > past:
                return
            yield case

    def told(self, event: e.IncidentTold, at_us: int) -> None:
        """Never tell them this version again."""
        row = self.incidents[event.incident]
        row.told[event.customer] = [event.text_version, _number(event.message)]
        row.untold.pop(event.customer, None)
        row.at_once += event.at_once

    def not_told(self, event: e.IncidentNotTold, at_us: int) -> None:
        """Know who could not be told."""
        self.incidents[event.incident].untold[event.customer] = event.text_version

    def closing(self, event: e.IncidentClosing, at_us: int) -> None:
        """Nothing is linked any more; begin to settle what is."""
        row = self.incidents[event.incident]
        self._leave(event.incident)
        row.state = INCIDENT.steps[row.state, "close"]
        row.resolution, row.disposition = event.resolution, event.disposition
        row.version = event.text_version
        if event.text is not None:
            row.text = row.told_text = event.text
            row.approved = event.text_version
        self._end(event.incident, "match")
        self._end(event.incident, "tell")
        self._begin(event.incident, "settle", at_us)

    def case_settled(self, event: e.IncidentCaseSettled, at_us: int) -> None:
        """Count it."""
        self.incidents[event.incident].settled += 1

    def case_excepted(self, event: e.IncidentCaseExcepted, at_us: int) -> None:
        """List it."""
        reason = event.reason if event.note is None else f"{event.reason}: {event.note}"
        self.incidents[event.incident].excepted[event.case] = reason

    def closed(self, event: e.IncidentClosed, at_us: int) -> None:
        """What is kept of it is how it ended, and what is left open."""
        row = self.incidents[event.incident]
        row.state = INCIDENT.steps[row.state, "end"]
        row.closed_us = at_us
        row.apart = {}


def _number(name: str) -> int:
    return int(name[2:])


def listed(row: Incident, past: int) -> list[str]:
    """The cases that stay open after an incident, past one's number, oldest first."""
    return sorted((case for case in row.excepted if _number(case) > past), key=_number)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.IncidentOpened: Incidents.opened,
    e.IncidentUpdated: Incidents.updated,
    e.IncidentTextApproved: Incidents.approved,
    e.IncidentCaseLinked: Incidents.case_linked,
    e.IncidentCaseUnlinked: Incidents.case_unlinked,
    e.IncidentCaseFlagged: Incidents.case_flagged,
    e.IncidentMatching: Incidents.search,
    e.IncidentAdvanced: Incidents.advanced,
    e.IncidentTold: Incidents.told,
    e.IncidentNotTold: Incidents.not_told,
    e.IncidentClosing: Incidents.closing,
    e.IncidentCaseSettled: Incidents.case_settled,
    e.IncidentCaseExcepted: Incidents.case_excepted,
    e.IncidentClosed: Incidents.closed,
}
