"""The one table of tables: which rows go with a customer who is archived, which keep one from it, and which stay.

Every table of every section stands here; a test fails on one that does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from orchestra.engine.archive.group import Group
from orchestra.engine.personal.state import BASES, MANNERS, manner_key, zone_key
from orchestra.engine.section import Evolve, Slice
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["GOES_ON", "LEAVES", "STAYS", "moves", "rows_of"]

_Pick = Callable[[View, Group], Iterable[str]]


def _ids(kind: str) -> _Pick:
    return lambda view, group: group.of(kind)


def _of_addresses(view: View, group: Group) -> Iterator[str]:
    return (address for name in group.of("cu") for address in view.identity.addresses_of.get(name, ()))


def _of_given_up(view: View, group: Group) -> Iterator[str]:
    return (key for name in group.of("cu") for key in view.identity.given_up_of.get(name, ()))


def _of_parts(view: View, group: Group) -> Iterator[str]:
    return (f"{case}\x1f{person}" for case in group.of("ca") for person in view.cases.cases[case].participants)


def _of_refs(view: View, group: Group) -> Iterator[str]:
    return (ref for name in group.all() for ref in view.details.refs_of.get(name, ()))


def _of_zones(view: View, group: Group) -> Iterator[str]:
    return (zone_key(name, basis) for name in group.of("cu") for basis in BASES)


def _of_manners(view: View, group: Group) -> Iterator[str]:
    return (manner_key(name, manner) for name in group.of("cu") for manner in MANNERS)


def _of_promises(view: View, group: Group) -> Iterator[str]:
    return (name for case in group.of("ca") for name in view.promises.of_case.get(case, ()))


def _all(view: View, group: Group) -> Iterable[str]:
    return group.all()


LEAVES: Mapping[str, Mapping[str, _Pick]] = {
    "identity": {
        "customers": _ids("cu"),
        "addresses": _of_addresses,
        "merges": _ids("li"),
        "apart": _ids("cu"),
        "consents": _ids("consent"),
        "preferences": _ids("cu"),
        "given_up": _of_given_up,
    },
    "personal": {"zones": _of_zones, "manners": _of_manners},
    "contacts": {"conversations": _ids("co"), "interactions": _ids("in")},
    "cases": {"cases": _ids("ca"), "parts": _of_parts, "suggestions": _ids("in")},
    "ownership": {"behind": _ids("ca")},
    "details": {"refs": _of_refs, "fields": _all},
    "deliveries": {"deliveries": _ids("de")},
    "bots": {"answered": _ids("co")},
    "notices": {"notices": _ids("nt"), "wishes": _ids("cu"), "matters": _ids("cu")},
    "logs": {"statuses": _ids("ca")},
    "work": {"items": _ids("in")},
    "known": {"customers": _ids("cu")},
    "facts": {"told": _ids("ca")},
    "stages": {"courses": _ids("ca")},
    "promises": {"promises": _of_promises},
    "actions": {"requests": _ids("ar")},
}
"""Section -> table -> the keys of its rows that leave with a group of customers, where there are such rows."""

GOES_ON: Mapping[str, Sequence[str]] = {
    "identity": ["suggestions", "listing", "triage", "verified", "erasing"],
    "ownership": ["hand_offs", "waits"],
    "engagements": ["engagements", "members", "linked", "deferred"],
    "invitations": ["invitations"],
    "consults": ["consults"],
    "supervision": ["listeners"],
    "segments": ["segments"],
    "routing": ["items", "offers"],
    "callbacks": ["callbacks"],
    "targets": ["aims"],
    "bots": ["in_hand"],
    "calls": ["calls", "legs"],
    "known": ["questions"],
    "commitments": ["statements", "conflicts"],
    "findings": ["findings"],
    "incidents": ["links"],
    "clocks": ["clocks", "tracks"],
    "promises": ["forecasts"],
}
"""Section -> tables whose rows say that something goes on: as long as a customer has one, they stay (see `group`)."""

STAYS: Mapping[str, Sequence[str]] = {
    "definition": ["facts"],
    "presence": ["agents", "to_follow"],
    "identity": ["suppressed", "counts"],
    "contacts": ["taken", "counts"],
    "cases": ["forms", "reserved", "counts"],
    "ownership": ["counts"],
    "engagements": ["counts"],
    "invitations": ["counts"],
    "outages": ["outages"],
    "cursors": ["cursors"],
    "consults": ["counts"],
    "segments": ["counts"],
    "hours": ["doors"],
    "routing": ["benches", "to_sweep", "left", "closed", "to_ask", "pace", "counts", "editions", "to_move", "to_seat"],
    "deliveries": ["stops", "down", "frozen", "to_release", "early", "buckets", "counts"],
    "notices": ["cooling", "counts"],
    "logs": ["prefixes", "importing"],
    "remarks": ["remarks", "counts"],
    "bots": ["bots"],
    "calls": ["ended"],
    "known": ["bots"],
    "commitments": ["counts"],
    "stages": ["finished"],
    "promises": ["counts"],
    "findings": ["counts"],
    "incidents": ["incidents", "counts"],
    "clocks": ["walks", "changed", "counts"],
    "actions": ["counts"],
    "rules": ["fired", "hours", "counts"],
    "archive": ["counts"],
}
"""Section -> tables that are nobody's: the plan, agents, sums, and what is kept for a time of its own or for ever."""


def rows_of(view: View, group: Group) -> dict[str, str]:
    """Everything that leaves with a group: section -> canonical JSON of its rows."""
    rows: dict[str, str] = {}
    for section, picks in LEAVES.items():
        own: Slice = getattr(view, section)
        keys = {name: _there(getattr(own, name), pick(view, group)) for name, pick in picks.items()}
        if any(keys.values()):
            rows[section] = _canonical(own.picked(keys))
    return rows


def _there(table: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    return sorted(key for key in keys if key in table)


def _canonical(rows: Any) -> str:
    return json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def moves(section: str) -> dict[type[e.Event], Evolve]:
    """How a section's state follows customers who are archived and recalled; nothing if none of it leaves."""
    if section not in LEAVES:
        return {}

    def archived(own: Slice, event: e.CustomerArchived, at_us: int) -> None:
        rows = event.rows.get(section)
        if rows is not None:
            own.take_out({name: columns[0] for name, columns in json.loads(rows).items()})

    def recalled(own: Slice, event: e.CustomerRecalled, at_us: int) -> None:
        rows = event.rows.get(section)
        if rows is not None:
            own.put_back(json.loads(rows))

    return {e.CustomerArchived: archived, e.CustomerRecalled: recalled}
