"""An engine with the directory that a journal has.

What belongs here: doing what a workspace does when a command needs somebody who is archived. What does not: what must
hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import attrs

from orchestra.engine.archive.decide import RecallCustomer
from orchestra.engine.engine import Decided, Engine
from orchestra.errors import NeedsRecall
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from tests.engine_driver import CARE, Logged

__all__ = [
    "ARCHIVED",
    "ArchivingEngine",
    "archiving",
    "archiving_plan",
    "rows_but_archive",
    "with_archive",
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
        if isinstance(command, c.StartDelivery) and command.wording:  # a position, which is another one here
            row = self.view.deliveries.deliveries.get(command.delivery)
            command = attrs.evolve(command, wording=command.wording if row is None else row.wording)
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
    names = [field.name for field in attrs.fields(engine.view.deliveries.TABLES["deliveries"])]
    for position in ("wording", "body"):  # the later one first
        del dumped["sections"]["deliveries"]["deliveries"][names.index(position) + 1]
    return without_positions(json.dumps(dumped, sort_keys=True, indent=0))


def with_archive(command: c.Command | None, after: timedelta) -> c.Command | None:
    """A command as it is given to an engine that archives: its plan says so."""
    if not isinstance(command, c.ChangePlan):
        return command
    plan = archiving(command.plan, after)
    return attrs.evolve(command, plan=plan, digest=plan.digest())
