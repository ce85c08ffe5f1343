"""What must hold of how cases go on, and of what their customers are told of it."""

from __future__ import annotations

import attrs

from orchestra.engine.engine import Engine
from orchestra.engine.facts.state import MOST_FACTS
from orchestra.model import events as e

__all__ = ["JourneyWitness", "check_against"]


@attrs.define
class JourneyWitness:
    """Remembers what was told last of each fact in each case."""

    told: dict[tuple[str, str], tuple[object, int]] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.FactTold():
                assert engine.view.cases.root(event.case) == event.case, "told in a case that goes on as another"
                self.told[event.case, event.fact] = event.value, engine.now_us
                told = engine.view.facts.last(engine.view.cases.group(event.case), event.fact)
                assert told is not None, "it was forgotten at once"
                assert told.at_us == engine.now_us
            case _:
                pass


def check_against(engine: Engine, witness: JourneyWitness) -> None:
    """What was told is what the events say."""
    facts = engine.view.facts.told
    rows = {(case, fact): tuple(told) for case, of in facts.items() for fact, told in of.items()}
    assert rows == witness.told
    assert all(0 < len(of) <= MOST_FACTS for of in facts.values())
