"""Moves of the random workload that open incidents, tell their customers, and close them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c

__all__ = ["WEIGHTS", "live_through"]

Value = TypeVar("Value")


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def number(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...


def _some(choose: Chooser, names: Iterable[str], odd: str) -> str | None:
    """One of the newest of these; now and then one that does not exist."""
    options = list(names)[-8:]
    if choose.chance(2):
        return odd
    return choose.pick(options) if options else None


def _incident(engine: Engine, choose: Chooser) -> str | None:
    own = engine.view.incidents
    return _some(choose, own.incidents if choose.chance(5) else own.open, "ic99")


def open_incident(engine: Engine, choose: Chooser) -> c.Command:
    """One that contacts match by their topic, their queue or a field; or none does."""
    matched = choose.pick(["topic", "topic", "queue", "fields", "customer_fields", "none"])
    return c.OpenIncident(
        "no power",
        choose.pick(["We know of it.", "We know of it.", None]),
        ["order", "bill"] if matched == "topic" else [],
        ["care", "sales"] if matched == "queue" else [],
        {"orders": 1} if matched == "fields" else {},
        {"vip": True} if matched == "customer_fields" else {},
        choose.pick(["service", "service", "service", "news"]),
    )


def update_incident(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _incident(engine, choose)
    return None if name is None else c.UpdateIncident(name, text=f"We know more of it, at {engine.position}.")


def approve_text(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _incident(engine, choose)
    row = engine.view.incidents.incidents.get(name or "")
    return None if name is None or row is None else c.ApproveIncidentText(name, row.version - choose.chance(5))


def link_to_incident(engine: Engine, choose: Chooser) -> c.Command | None:
    name, case = _incident(engine, choose), _some(choose, engine.view.cases.cases, "ca999")
    return None if name is None or case is None else c.LinkToIncident(name, case)


def _linked(engine: Engine, choose: Chooser) -> tuple[str, str] | None:
    case = _some(choose, engine.view.incidents.links, "ca999")
    row = engine.view.incidents.links.get(case or "")
    return None if case is None or row is None else (row.incident, case)


def unlink_from_incident(engine: Engine, choose: Chooser) -> c.Command | None:
    pair = _linked(engine, choose)
    return None if pair is None else c.UnlinkFromIncident(*pair, "another cause")


def flag_incident_case(engine: Engine, choose: Chooser) -> c.Command | None:
    pair = _linked(engine, choose)
    return None if pair is None else c.FlagIncidentCase(*pair, choose.pick(["check", "check", None]))


def link_matching(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _incident(engine, choose)
    return None if name is None else c.LinkMatching(name)


def close_incident(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _incident(engine, choose)
    return None if name is None else c.CloseIncident(name, "over", choose.pick(["It is over.", None]))


def live_through(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """An incident from its opening to its end, with what may come between two slices of it."""
    name = engine.view.incidents.next_incident()
    cases = list(engine.view.cases.cases)[-4:]
    yield c.OpenIncident("no power", "We know of it.", queues=["care", "sales", "german"])
    yield c.LinkMatching(name)
    if choose.chance(80):
        yield c.ApproveIncidentText(name, 1)
    for case in cases:
        meanwhile: Sequence[c.Command] = (
            c.LinkToIncident(name, case),
            c.ResolveCase(case),
            c.ReopenCase(case, "again"),
            c.MergeCases(case, choose.pick(cases), "the same"),
            c.UnmergeCase(case, "two matters"),
            c.FlagIncidentCase(name, case, "check"),
            c.UnlinkFromIncident(name, case, "another cause"),
        )
        yield choose.pick(meanwhile)
    if choose.chance(40):
        yield c.UpdateIncident(name, text="We know more of it.")
        yield c.ApproveIncidentText(name, 2)
    if choose.chance(70):
        yield c.CloseIncident(name, "over", choose.pick(["It is over.", None]))
    for case in cases:
        yield choose.pick([c.ReopenCase(case, "again"), c.LinkToIncident(name, case), c.UnmergeCase(case, "two")])


Move = Callable[[Engine, Chooser], "c.Command | None"]

WEIGHTS: Mapping[Move, int] = {
    open_incident: 2,
    update_incident: 1,
    approve_text: 4,
    link_to_incident: 4,
    unlink_from_incident: 2,
    flag_incident_case: 1,
    link_matching: 2,
    close_incident: 1,
}
"""Move -> how often it is made, relative to those of `moves`."""
