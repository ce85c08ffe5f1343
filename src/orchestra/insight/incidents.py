"""What became of incidents: how many were told, who heard it at once, what was settled and what stayed open.

Belongs here: the fold over an incident's events, and its figures. Does not: the measures of contacts and cases
(`measures`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.insight.report import Table
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.instants import instant, span_text

__all__ = ["IncidentFigures", "excepted_table", "incident_figures", "incidents_table"]

_FOLDED: Collection[str] = frozenset(
    {
        "IncidentOpened",
        "IncidentUpdated",
        "IncidentTextApproved",
        "IncidentCaseLinked",
        "IncidentCaseUnlinked",
        "IncidentTold",
        "IncidentNotTold",
        "IncidentClosing",
        "IncidentCaseSettled",
        "IncidentCaseExcepted",
        "IncidentClosed",
    }
)


@attrs.define
class IncidentFigures:
    """What became of one incident.

    Attributes:
        opened_us: when it became known, microseconds UTC.
        title: the fact, as it was known last.
        state: `OPEN`, `CLOSING` or `CLOSED`.
        told: how many customers were told anything.
        messages: how many times a text was told.
        at_once: how many of these answered a contact that had just come.
        untold: how many customers were never told anything, since they could not be.
        linked: cases that came of it, without those of which people said that they had another cause.
        settled: cases that were settled with it.
        excepted: case -> why it stayed open.
        first_told_us: how long it took from when it became known until the first customer was told.
        lasted_us: how long it took until the last case was settled; None until then.
    """

    opened_us: int
    title: str
    state: str = "OPEN"
    messages: int = 0
    at_once: int = 0
    linked: int = 0
    settled: int = 0
    excepted: dict[str, str] = attrs.field(factory=dict)
    first_told_us: int | None = None
    lasted_us: int | None = None
    _told: set[str] = attrs.field(factory=set, repr=False)
    _untold: set[str] = attrs.field(factory=set, repr=False)

    @property
    def told(self) -> int:
        """How many customers were told anything."""
        return len(self._told)

    @property
    def untold(self) -> int:
        """How many customers were never told anything, since they could not be."""
        return len(self._untold - self._told)

    def add(self, event: e.Event, at_us: int) -> None:
        """Count an event of the incident."""
        match event:
            case e.IncidentUpdated(title=title):
                self.title = title
            case e.IncidentCaseLinked():
                self.linked += 1
            case e.IncidentCaseUnlinked():
                self.linked -= 1
            case e.IncidentTold():
                self._tell(event, at_us)
            case e.IncidentNotTold(customer=customer):
                self._untold.add(customer)
            case e.IncidentClosing():
                self.state = "CLOSING"
            case e.IncidentCaseSettled():
                self.settled += 1
            case e.IncidentCaseExcepted(case=case, reason=reason, note=note):
                self.excepted[case] = reason if note is None else f"{reason}: {note}"
            case e.IncidentClosed():
                self.state, self.lasted_us = "CLOSED", at_us - self.opened_us
            case _:
                pass

    def _tell(self, event: e.IncidentTold, at_us: int) -> None:
        self._told.add(event.customer)
        self.messages += 1
        self.at_once += event.at_once
        if self.first_told_us is None:
            self.first_told_us = at_us - self.opened_us

    def to_json(self) -> dict[str, Any]:
        """The figures as plain values; times in seconds."""
        reasons = Counter(reason.partition(":")[0] for reason in self.excepted.values())
        return {
            "title": self.title,
            "state": self.state,
            "opened": instant(self.opened_us).isoformat(),
            "linked": self.linked,
            "told": self.told,
            "messages": self.messages,
            "at_once": self.at_once,
            "untold": self.untold,
            "settled": self.settled,
            "excepted": len(self.excepted),
            "excepted_by": dict(sorted(reasons.items())),
            "first_told_s": _seconds(self.first_told_us),
            "lasted_s": _seconds(self.lasted_us),
        }


def _seconds(span_us: int | None) -> float | None:
    return None if span_us is None else span_us / 1_000_000


def incident_figures(journal: Journal) -> dict[str, IncidentFigures]:
    """What became of each incident of a journal: id -> figures, oldest first.

    Raises:
        JournalCorrupt: a record is damaged.
        ReplayMismatch: a record's facts are not what its event consists of.
        UnsupportedVersion: a newer library wrote it.
    """
    found: dict[str, IncidentFigures] = {}
    for record in journal.read(types=_FOLDED):
        event = decode_event(record)
        if isinstance(event, e.IncidentOpened):
            found[event.incident] = IncidentFigures(record.at_us, event.title)
        else:
            found[event.incident].add(event, record.at_us)  # type: ignore[attr-defined]
    return found


def incidents_table(figures: Mapping[str, IncidentFigures]) -> Table:
    """All incidents as a table."""
    rows = tuple(
        (
            name,
            one.title,
            one.state.lower(),
            f"{one.linked}",
            f"{one.told}",
            f"{one.at_once}",
            f"{one.untold}",
            f"{one.settled}",
            f"{len(one.excepted)}",
            "-" if one.lasted_us is None else span_text(one.lasted_us / 1_000_000),
        )
        for name, one in figures.items()
    )
    header = ("id", "incident", "state", "cases", "told", "at once", "untold", "settled", "open", "lasted")
    return Table("Incidents", header, rows, frozenset(range(3, 10)))


def excepted_table(name: str, figures: IncidentFigures) -> Table:
    """The cases that stayed open after an incident."""
    return Table(f"Stayed open after {name}", ("case", "why"), tuple(figures.excepted.items()))
