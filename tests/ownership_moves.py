"""Moves of the random workload that offer cases to others, answer that, escalate, and tell others what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.definitions import FindingKind, Team

__all__ = ["WEIGHTS", "pass_on", "swarm_findings", "swarm_teams"]

Value = TypeVar("Value")

TEAMS = ("care", "sales", "experts")
AGENTS = ("ana", "bob", "cleo", "fay", "rob")


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...


def swarm_teams() -> dict[str, Team]:
    """What nobody of care answers goes to sales after a while, and from there to the experts."""
    second = timedelta(seconds=1)
    return {
        "care": Team(escalates_to="sales", escalate_after=60 * second),
        "sales": Team(escalates_to="experts", escalate_after=40 * second),
        "experts": Team(),
    }


def swarm_findings() -> dict[str, FindingKind]:
    """One kind for one team, and one for several."""
    return {"praise": FindingKind(["care"], {"stars": "integer"}), "chance": FindingKind(["sales", "experts"])}


def offer_hand_off(engine: Engine, choose: Chooser) -> c.Command | None:
    cases = list(engine.view.cases.cases)[-12:]
    if not cases:
        return None
    kind = choose.pick(["team", "agent"])
    to = choose.pick(TEAMS if kind == "team" else AGENTS)
    return c.OfferHandOff(choose.pick(cases), kind, to, "yours", actor=choose.pick([None, None, "agent:ana"]))


def answer_hand_off(engine: Engine, choose: Chooser) -> c.Command | None:
    names = list(engine.view.ownership.hand_offs)[-6:]
    if not names:
        return None
    name, agent = choose.pick(names), choose.pick(AGENTS)
    return choose.pick(
        [c.AcceptHandOff(name, agent), c.AcceptHandOff(name, agent), c.DeclineHandOff(name, agent, "not ours")]
    )


def withdraw_hand_off(engine: Engine, choose: Chooser) -> c.Command | None:
    names = list(engine.view.ownership.hand_offs)[-6:]
    return c.WithdrawHandOff(choose.pick(names), "solved") if names else None


def escalate(engine: Engine, choose: Chooser) -> c.Command | None:
    cases = list(engine.view.cases.cases)[-12:]
    return c.EscalateCase(choose.pick(cases), "angry", actor=choose.pick([None, "agent:ana"])) if cases else None


def pass_on(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """A case is offered to a team, and one of that takes it, unless something comes between."""
    cases = [name for name, row in engine.view.cases.cases.items() if row.state == "OPEN"][-12:]
    if not cases:
        return
    case, team = choose.pick(cases), choose.pick(TEAMS)
    yield c.OfferHandOff(case, "team", team)
    if choose.chance(20):
        yield choose.pick([c.ResolveCase(case), c.AssignCase(case, "team", "care"), c.EscalateCase(case, "angry")])
    name = engine.view.ownership.of_case.get(case)
    if name is not None and choose.chance(70):
        agent = {"care": "ana", "sales": "cleo", "experts": "fay"}[team]
        yield choose.pick([c.AcceptHandOff(name, agent), c.DeclineHandOff(name, agent, "not ours")])


def raise_finding(engine: Engine, choose: Chooser) -> c.Command | None:
    cases = list(engine.view.cases.cases)[-12:]
    if not cases:
        return None
    kind, fields = choose.pick(["praise", "chance", "chance"]), choose.pick([{}, {}, {"stars": 5}])
    return c.RaiseFinding(choose.pick(cases), kind, fields, "look", actor=choose.pick([None, "agent:ana"]))


def acknowledge(engine: Engine, choose: Chooser) -> c.Command | None:
    names = list(engine.view.findings.findings)[-6:]
    if not names:
        return None
    return c.AcknowledgeFinding(choose.pick(names), choose.pick(TEAMS), actor=choose.pick([None, None, "agent:cleo"]))


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {
    offer_hand_off: 4,
    answer_hand_off: 4,
    withdraw_hand_off: 1,
    escalate: 2,
    raise_finding: 2,
    acknowledge: 3,
}
"""Move -> how often it is made, relative to the others."""
