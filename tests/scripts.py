"""Scripts: commands that fit each other, with their times, so that the same can be given to many engines.

What belongs here: making and running them. What does not: what must hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import attrs

from orchestra.engine.engine import Decided, Engine
from orchestra.errors import CommandRefused
from orchestra.model import commands as c
from tests import moves
from tests.engine_driver import MINUTE, SECOND, Driver
from tests.swarm import Dice

__all__ = ["Step", "run_step", "script", "told"]

STEPS = 110


@attrs.frozen
class Step:
    """A command and when it was given; without one, time passed."""

    command: c.Command | None
    at_us: int


@cache
def script(seed: int) -> tuple[Step, ...]:
    """Commands that fit each other, each with its time: the timers due before it ring first."""
    dice, driver, steps = Dice(seed), Driver(None, engine=Engine(moves.SCORES)), list[Step]()

    def give(command: c.Command | None) -> None:
        steps.append(Step(command, driver.now_us))
        run_step(driver.engine, steps[-1])

    plan = moves.swarm_plan()
    give(c.ChangePlan(plan, plan.digest(), "2025b", "check"))
    for agent in ("ana", "bob", "cleo"):
        give(c.SignIn(agent))
    while len(steps) < STEPS:
        driver.now_us += dice.pick([0, SECOND, 5 * SECOND, dice.number(0, 10 * MINUTE)])
        give(None)
        command = dice.move()(driver.engine, dice)
        if command is not None:
            give(command)
    return tuple(steps)


def run_step(engine: Engine, step: Step) -> list[Decided]:
    """Everything that one step decides; a refusal decides nothing."""
    decided = []
    while (due := engine.due()) is not None and due <= max(step.at_us, engine.now_us):
        decided.append(engine.tick(step.at_us))
    if step.command is not None:
        try:
            decided.append(engine.execute(step.command, step.at_us))
        except CommandRefused as error:
            decided.append(Decided(0, step.at_us, "refused", [], (type(error).__name__, str(error))))
    return decided


def told(decided: Iterable[Decided]) -> list[str]:
    """What a caller could see of it, private parts included: reprs leave those out, so they are written out."""
    return [
        repr((one.first, one.at_us, one.actor, one.result, [(type(x).__name__, attrs.asdict(x)) for x in one.events]))
        for one in decided
        if one.events or one.actor == "refused"
    ]
