"""A plan that changes moves what it changes: the index is what it would be, were it built from nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import attrs
import pytest
from tests import moves
from tests.engine_driver import MINUTE, SECOND, START
from tests.invariants import check_rebuilt, check_state
from tests.scripts import Step as Given, run_step, told
from tests.swarm import Dice

from orchestra.engine.engine import Engine
from orchestra.engine.routing import decide
from orchestra.model import commands as c
from orchestra.model.definitions import Channel, Queue, Rate, WarmUp
from orchestra.model.plan import Plan
from orchestra.model.routing import Ageing, Ring, Serving, Step

SECONDS = timedelta(seconds=1)
CHOICES: Mapping[str, Sequence[object]] = {
    "team": ["care", "sales"],
    "also": [{}, {"sales": Serving(20 * SECONDS, 2)}, {"sales": Serving()}],
    "steps": [
        [],
        [Step(lasts=9 * SECONDS, skills={"german": 50}), Step(relax={"*": 0})],
        [Step(pool="known", lasts=5 * SECONDS), Step()],
    ],
    "tier": [0, 1],
    "ageing_percent": [50, 100],
    "ageing": [[], [Ageing(10 * SECONDS, 1), Ageing(40 * SECONDS, 4)], [Ageing(25 * SECONDS, 2)]],
    "newest_first": [False, True],
    "order": [
        ["idle"],
        ["busy", "score:swarm.fitting@2", "random"],
        ["score:swarm.each@1", "idle"],
        ["handled", "open"],
        ["affinity", "busy", "idle"],
        ["idle_inbound", "idle"],
    ],
    "ring": [Ring(), Ring(first=3), Ring(first=2, every=2 * SECONDS, most=4)],
    "when_closed": ["wait", "finish"],
    "retry_after": [5 * SECONDS, 30 * SECONDS],
    "announce_every": [SECONDS, 9 * SECONDS],
}
"""Parts of a queue -> what they become. Some say where its contacts stand, and some do not."""


def _queue(dice: Dice, plan: Plan) -> Plan:
    queues: dict[str, Queue] = dict(plan.queues)
    name, part = dice.pick(["care", "care", *sorted(queues)]), dice.pick(sorted(CHOICES))
    queues[name] = attrs.evolve(queues[name], **{part: dice.pick(CHOICES[part])})
    return attrs.evolve(plan, queues=queues)


def _room(dice: Dice, plan: Plan) -> Plan:
    channels: dict[str, Channel] = dict(plan.channels)
    name = dice.pick(sorted(channels))
    weight, limit = dice.pick([20, 60, 100]), dice.pick([None, 1, 3])
    channels[name] = attrs.evolve(channels[name], weight_percent=weight, limit=limit)
    return attrs.evolve(plan, channels=channels)


def _more_channels(dice: Dice, plan: Plan) -> Plan:
    """One whose name comes before or after all others."""
    return attrs.evolve(plan, channels={**plan.channels, dice.pick(["aaa", "mmm", "zzz"]): Channel()})


def _fewer_channels(dice: Dice, plan: Plan) -> Plan:
    gone = dice.pick(["aaa", "mmm", "zzz"])
    return attrs.evolve(plan, channels={name: one for name, one in plan.channels.items() if name != gone})


def _pace(dice: Dice, plan: Plan) -> Plan:
    rate = dice.pick([Rate(), Rate(3, 30 * SECONDS)])
    warm_up = dice.pick([WarmUp(), WarmUp(50, 60 * SECONDS, 2)])
    return attrs.evolve(plan, presence=attrs.evolve(plan.presence, rate=rate, warm_up=warm_up))


def _agent(dice: Dice, plan: Plan) -> Plan:
    agents = dict(plan.agents)
    name = dice.pick(sorted(agents))
    skills = dice.pick([{}, {"german": 90}])
    agents[name] = attrs.evolve(agents[name], skills=skills, teams=dice.pick([["care"], ["care", "sales"]]))
    return attrs.evolve(plan, agents=agents)


CHANGES: Sequence[Callable[[Dice, Plan], Plan]] = (
    _queue,
    _queue,
    _queue,
    _room,
    _more_channels,
    _fewer_channels,
    _pace,
    _agent,
)


def _rebuilt(engine: Engine) -> Engine:
    other = Engine(moves.SCORES)
    other.load(json.loads(json.dumps(engine.dump(), sort_keys=True)))
    return other


@pytest.mark.parametrize("seed", range(10))
def test_after_every_change_all_stands_where_it_would_were_it_built_from_nothing(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide, "_MOVED_AT_ONCE", 1 + seed % 3)
    monkeypatch.setattr(decide, "_SEATED_AT_ONCE", 1 + seed % 2)
    dice, at_us, changed = Dice(seed), START, 0
    live = other = Engine(moves.SCORES)
    midway = seating = 0
    plan = moves.swarm_plan()
    run_step(live, Given(c.ChangePlan(plan, plan.digest(), "2025b", "check"), at_us))
    for agent in ("ana", "bob", "cleo"):
        run_step(live, Given(c.SignIn(agent), at_us))
    for number in range(200):
        at_us += dice.pick([0, 0, SECOND, 5 * SECOND, dice.number(0, 3 * MINUTE)])
        command = moves.receive(live, dice) if dice.chance(55) else dice.move()(live, dice)
        if number % 8 == 7:
            command = c.SignIn(dice.pick(["ana", "bob", "cleo"]))
        if number % 8 == 0:
            for change in (_queue, _room, *[dice.pick(CHANGES) for _ in range(dice.number(0, 2))]):
                plan = change(dice, plan)
            command = c.ChangePlan(plan, plan.digest(), "2025b", "check")
        decided = told(run_step(live, Given(command, at_us)))
        if other is not live:
            assert told(run_step(other, Given(command, at_us))) == decided, f"decided otherwise at step {number}"
        if number % 8 == 0:
            plan, before = live.view.plan, other
            other = _rebuilt(live)
            check_rebuilt(live, other)
            if before is not live:
                check_rebuilt(before, other)
            midway += bool(live.view.routing.to_move)
            seating += bool(live.view.routing.to_seat)
            changed += any("PlanChanged" in one for one in decided)
            check_state(live)
    assert (changed > 10, midway > 1, seating > 0) == (True, True, True)
