"""What must hold of what is imported: its case is the one named, nobody is on a line, what is newer is told last."""

from __future__ import annotations

import attrs

from orchestra.engine.engine import Engine
from orchestra.model import events as e
from tests.watching import invariant

__all__ = ["ImportWitness", "check"]


@attrs.define
class ImportWitness:
    """Remembers which contacts began with a case that was named, and how cases were said to stand."""

    named: dict[str, str | None] = attrs.field(factory=dict)
    told: dict[str, int] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.InteractionStarted(interaction=name, conversation=str()):
                self.named[name] = event.reply_case
            case e.InteractionAttached(interaction=name, by="import"):
                assert engine.view.logs.importing, "a case was imposed outside of an import"
                assert self.named[name] == event.case, "an imported message is in another case than it names"
            case e.StatusImported(case=name, occurred_us=told_us):
                assert engine.view.logs.importing, "a status was imported outside of an import"
                assert told_us > self.told.get(name, -1), "an older status took the place of a newer one"
                self.told[name] = told_us
            case e.LogTaken():
                assert not engine.view.logs.importing, "an import went on behind its mark"
            case _:
                pass


def check(engine: Engine) -> None:
    """Case numbers are told to customers: each is of one case."""
    cases = engine.view.cases
    assert len(cases.by_number) == len(cases.cases), "two cases have one number"
    assert engine.view.logs.statuses.keys() <= cases.cases.keys()


INVARIANTS = (invariant(check, "cases", "logs"),)
"""Each invariant with all that it reads."""
