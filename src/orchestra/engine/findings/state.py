"""Findings of which some team has yet to take note. The others are in the journal alone."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.ordered import Ordered
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Finding", "Findings"]


@attrs.define
class Finding:
    """Something for other departments. `waits_for` is a set of the teams that have yet to take note."""

    case: str
    customer: str
    kind: str
    fields: dict[str, str | int | bool | None]
    raised_us: int
    waits_for: dict[str, int]


class Findings(Slice):
    """Findings by id."""

    TABLES: ClassVar = {"findings": Finding, "counts": None}

    findings: dict[str, Finding]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the lists of the teams."""
        self.on_list: dict[str, Ordered[int]] = {}
        for name in sorted(self.findings, key=_number):
            self._enter(name, self.findings[name])

    def _enter(self, name: str, row: Finding) -> None:
        for team in row.waits_for:
            self.on_list.setdefault(team, Ordered()).add(_number(name))

    def next_finding(self) -> str:
        """The id that the next finding will have."""
        return f"fi{self.counts.get('finding', 0) + 1}"

    def is_past(self, name: str) -> bool:
        """Whether there was a finding of this id."""
        number = name[2:]
        is_number = number.isascii() and number.isdecimal() and len(number) < 20
        return is_number and name[:2] == "fi" and 0 < int(number) <= self.counts.get("finding", 0)

    def raised(self, event: e.FindingRaised, at_us: int) -> None:
        """Enter it on the lists."""
        self.counts["finding"] = self.counts.get("finding", 0) + 1
        waits_for = dict.fromkeys(event.teams, 1)
        row = Finding(event.case, event.customer, event.kind, event.fields, at_us, waits_for)
        self.findings[event.finding] = row
        self._enter(event.finding, row)

    def acknowledged(self, event: e.FindingAcknowledged, at_us: int) -> None:
        """Take it from a list; forget it with the last one."""
        row = self.findings[event.finding]
        del row.waits_for[event.team]
        listed = self.on_list[event.team]
        listed.remove(_number(event.finding))
        if not listed:
            del self.on_list[event.team]
        if not row.waits_for:
            del self.findings[event.finding]


def _number(name: str) -> int:
    return int(name[2:])


EVOLVE: dict[type[e.Event], Evolve] = {
    e.FindingRaised: Findings.raised,
    e.FindingAcknowledged: Findings.acknowledged,
}
