"""What customers were last told of each fact of their cases.

Belongs here: what was told, by whomever. Does not: what is so (`commitments`), and what is still to be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

from orchestra.engine.aliases import number
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "MOST_FACTS", "Facts", "Told", "Value"]

MOST_FACTS = 50
"""Facts of a case that are remembered, those told last."""

Value = str | int | bool


@attrs.frozen
class Told:
    """The value of a fact that was told last, and when."""

    value: Value
    at_us: int


class Facts(Slice):
    """`told` is case -> fact -> value and instant. Each stays with the case it was told in, also after a merge."""

    TABLES: ClassVar = {"told": None}

    told: dict[str, dict[str, list[Value]]]

    def last(self, cases: Sequence[str], fact: str) -> Told | None:
        """What was told last of a fact in the cases that are one matter; None if nothing was."""
        return self.all(cases).get(fact)

    def all(self, cases: Sequence[str]) -> Mapping[str, Told]:
        """Fact -> what was told last of it, in the cases that are one matter; facts by name."""
        newest: dict[str, tuple[int, int, Value]] = {}
        for case in cases:
            for fact, (value, at_us) in self.told.get(case, {}).items():
                entry = int(at_us), number(case), value
                if fact not in newest or newest[fact][:2] < entry[:2]:
                    newest[fact] = entry
        return {fact: Told(value, at_us) for fact, (at_us, _, value) in sorted(newest.items())}

    def tell(self, event: e.FactTold, at_us: int) -> None:
        """Remember it. What was told longest ago gives way."""
        told = self.told.setdefault(event.case, {})
        told[event.fact] = [event.value, at_us]
        if len(told) > MOST_FACTS:
            del told[min(told, key=lambda fact: (told[fact][1], fact == event.fact, fact))]


EVOLVE: dict[type[e.Event], Evolve] = {e.FactTold: Facts.tell}
