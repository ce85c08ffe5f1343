"""Scripts in which customers come to rest now and then, and come back.

What belongs here: making them. What does not: what must hold.
"""

from __future__ import annotations

from functools import cache

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from tests import moves
from tests.archive_moves import settle
from tests.engine_driver import HOUR, MINUTE, SECOND, Driver
from tests.scripts import Step, run_step
from tests.swarm import Dice

__all__ = ["restless"]


@cache
def restless(seed: int, steps: int = 160) -> tuple[Step, ...]:
    """Commands that fit each other, in which customers come to rest now and then, and come back."""
    dice, driver, made = Dice(seed), Driver(None, engine=Engine(moves.SCORES)), list[Step]()

    def give(command: c.Command | None) -> None:
        made.append(Step(command, driver.now_us))
        run_step(driver.engine, made[-1])

    plan = moves.swarm_plan()
    give(c.ChangePlan(plan, plan.digest(), "2025b", "check"))
    for agent in ("ana", "bob", "cleo"):
        give(c.SignIn(agent))
    while len(made) < steps:
        driver.now_us += dice.pick([0, SECOND, 5 * SECOND, dice.number(0, 10 * MINUTE)])
        give(None)
        if dice.chance(12):
            for command in settle(driver.engine, dice):
                give(command)
            driver.now_us += dice.pick([MINUTE, 2 * HOUR])
            give(None)
            continue
        one = dice.move()(driver.engine, dice)
        if one is not None:
            give(one)
    return tuple(made)
