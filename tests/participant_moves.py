"""Moves of the random workload about people who have a part in somebody else's case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.definitions import Participant
from tests.commitment_moves import Chooser
from tests.engine_driver import person

__all__ = ["WEIGHTS", "swarm_participants"]

ROLES = ("relative", "expert", "stranger", None)
"""The plan knows all but the stranger."""


def swarm_participants() -> Mapping[str, Participant]:
    """A relative who may be told of the case, and an expert who is shown nothing but may be read."""
    return {"relative": Participant("facts", told=True), "expert": Participant(shown=True)}


def _case(engine: Engine, choose: Chooser) -> str | None:
    """A case in which somebody has a part, mostly."""
    rows = engine.view.cases.cases
    joint = [name for name, row in rows.items() if row.participants]
    names = (joint if joint and choose.chance(60) else list(rows))[-12:]
    return choose.pick(names) if names else None


def _whom(engine: Engine, choose: Chooser, case: str) -> str:
    participants = sorted(engine.view.cases.cases[case].participants)
    if participants and choose.chance(60):
        return choose.pick(participants)
    return choose.pick(list(engine.view.identity.customers)[-6:])


def set_participant(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose)
    if case is None:
        return None
    role, acts = choose.pick(ROLES), choose.chance(30)
    evidence = "paper 7" if choose.chance(80) else None
    if choose.chance(20):
        address = person(f"customer{choose.number(0, 8)}")
        return c.SetParticipant(case, None, role, acts, address, evidence)
    return c.SetParticipant(case, _whom(engine, choose, case), role, acts, None, evidence)


def remove_participant(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose)
    return None if case is None else c.RemoveParticipant(case, _whom(engine, choose, case), "gone")


def send_to_participant(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose)
    if case is None:
        return None
    return c.SendMessage(case, f"told{engine.position}", to=_whom(engine, choose, case), text="for you")


def ask_as_participant(engine: Engine, choose: Chooser) -> c.Command | None:
    """Somebody asks for a callback about a case that need not be theirs."""
    case = _case(engine, choose)
    if case is None:
        return None
    contacts = sorted(engine.view.cases.cases[case].interactions)
    if not contacts:
        return None
    return c.RequestCallback(choose.pick(contacts), actor=f"customer:{_whom(engine, choose, case)}")


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {
    set_participant: 4,
    remove_participant: 2,
    send_to_participant: 3,
    ask_as_participant: 1,
}
"""Move -> how often it is made, relative to the others."""
