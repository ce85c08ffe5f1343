"""An engine with the directory that a journal has, and scripts in which customers come to rest.

What belongs here: doing what a workspace does when a command needs somebody who is archived. What does not: what must
hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import attrs

from orchestra.engine.archive.decide import RecallCustomer
from orchestra.engine.engine import Decided, Engine
from orchestra.errors import NeedsRecall
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from tests import moves
from tests.engine_driver import CARE, HOUR, MINUTE, SECOND, Driver, Logged
from tests.scripts import Step, run_step
from tests.swarm import Dice

__all__ = [
    "ARCHIVED",
    "ArchivingEngine",
    "archiving",
    "archiving_plan",
    "restless",
    "rows_but_archive",
    "without_positions",
]

ARCHIVED = (e.ArchivePutOff, e.ArchiveSwept, e.CustomerArchived, e.CustomerRecalled)
"""Events that only an archive brings about."""


class ArchivingEngine(Engine):
    """Looks into a directory of its own, recalls whoever is behind what a command names, and goes on.

    `recalls` are the decisions that this took, `looked_up` the keys that were asked for, `log` is all that happened.
    """

    def __init__(self, *names: Any) -> None:
        super().__init__(*names)
        self.directory: dict[str, set[int]] = {}
        self.stored: dict[int, e.CustomerArchived] = {}
        self.recalls: list[Decided] = []
        self.looked_up: list[str] = []
        self.log: list[Logged] = []

    def execute(self, command: c.Command, at_us: int, absent: Collection[str] = ()) -> Decided:
        missing = set(absent)
        while True:
            try:
                return self.note(super().execute(command, at_us, missing))
            except NeedsRecall as needed:
                self.looked_up += needed.keys
                if not self.recall(needed.keys, at_us):
                    missing.update(needed.keys)

    def recall(self, keys: Collection[str], at_us: int) -> bool:
        """Bring back whoever is behind the keys; says whether anybody is."""
        found = sorted({position for key in keys for position in self.directory.get(key, ())})
        for position in found:
            decided = super().execute(RecallCustomer(self.stored[position].rows, position), at_us)
            assert decided.events, "the directory knew somebody who was there"
            self.recalls.append(self.note(decided))
        return bool(found)

    @property
    def last_keys(self) -> list[str]:
        """All that leads to whoever was archived last."""
        return self.stored[max(self.stored)].keys

    def recall_all(self, at_us: int) -> None:
        """Bring everybody back, once all that is due has rung."""
        while (due := self.due()) is not None and due <= max(at_us, self.now_us):
            self.tick(at_us)
        self.recall(list(self.directory), at_us)

    def tick(self, at_us: int) -> Decided:
        return self.note(super().tick(at_us))

    def note(self, decided: Decided) -> Decided:
        """File and strike, as a journal does."""
        self.log += [Logged(event, decided.at_us, decided.actor) for event in decided.events]
        for position, event in enumerate(decided.events, decided.first):
            if isinstance(event, e.CustomerArchived):
                self.stored[position] = event
                for key in event.keys:
                    self.directory.setdefault(key, set()).add(position)
            elif isinstance(event, e.CustomerRecalled):
                for positions in self.directory.values():
                    positions.discard(event.archived_at)
        return decided


def archiving(plan: Plan, after: timedelta | None) -> Plan:
    """A plan by which customers are archived so long after everything is settled."""
    return attrs.evolve(plan, cases=attrs.evolve(plan.cases, archive_after=after))


def archiving_plan(after: timedelta = timedelta(days=30)) -> Plan:
    """The small contact centre, with an archive."""
    return archiving(Plan.parse(CARE), after)


def without_positions(text: str) -> str:
    """A text without the positions of events, which the archive's own events move."""
    return re.sub(r"(cause=|body=|position=|rule:[a-z ]+:)\d+", r"\1?", text)


def rows_but_archive(engine: Engine) -> str:
    """The state without the archive's own rows and timers, and without positions, which its events move."""
    dumped = engine.dump()
    del dumped["clock"], dumped["sections"]["archive"], dumped["sections"]["definition"]
    dumped["timers"] = [row for row in dumped["timers"] if not str(row[0]).startswith("archive.")]
    bodies = [field.name for field in attrs.fields(engine.view.deliveries.TABLES["deliveries"])].index("body") + 1
    del dumped["sections"]["deliveries"]["deliveries"][bodies]
    return without_positions(json.dumps(dumped, sort_keys=True, indent=0))


def _settle(engine: Engine, dice: Dice) -> Iterator[c.Command]:
    """What ends all that goes on of one customer."""
    names = sorted(engine.view.identity.customers)
    if not names:
        return
    ids = engine.view.identity.group(dice.pick(names))
    for name, row in sorted(engine.view.contacts.interactions.items()):
        if row.customer in ids and not row.is_final:
            yield c.CancelInteraction(name, "settled")
    for name, delivery in sorted(engine.view.deliveries.deliveries.items()):
        if delivery.customer in ids and delivery.state == "PENDING":
            yield c.CancelDelivery(name, "settled")
    for name, statement in sorted(engine.view.commitments.statements.items()):
        if statement.customer in ids and statement.conflict is None:
            yield c.WithdrawCommitment(name, "settled")
    for name, case in sorted(engine.view.cases.cases.items()):
        if case.customer in ids and case.into is None and case.state != "CLOSED":
            yield c.ResolveCase(name)
            yield c.CloseCase(name)


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
            for command in _settle(driver.engine, dice):
                give(command)
            driver.now_us += dice.pick([MINUTE, 2 * HOUR])
            give(None)
            continue
        one = dice.move()(driver.engine, dice)
        if one is not None:
            give(one)
    return tuple(made)
