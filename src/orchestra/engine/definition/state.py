"""The plan in force, as state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from orchestra.engine.section import Evolve, Slice
from orchestra.errors import ReplayMismatch
from orchestra.model import events as e
from orchestra.model.plan import Plan
from orchestra.model.structure import structure, unstructure

__all__ = ["EVOLVE", "Definition"]


class Definition(Slice):
    """Digest and key check of the plan in force; the plan itself is in `plans`.

    The edition of the zone data stays in the event: it is the machine's, and on all the same contacts give one state.
    """

    TABLES: ClassVar = {"facts": None}

    facts: dict[str, str]

    def reindex(self) -> None:
        """Nothing is written yet."""
        self._written: tuple[Plan, Any] | None = None

    def changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Put the plan into force."""
        self.plans.plan = event.plan.without_names()
        self.facts = {"digest": event.digest, "key_check": event.key_check}

    def dump(self) -> dict[str, Any]:
        """As of every slice, and the plan as plain data, which is written once for each plan."""
        if self._written is None or self._written[0] is not self.plans.plan:
            self._written = self.plans.plan, unstructure(self.plans.plan)
        return super().dump() | {"plan": self._written[1]}

    def load(self, dumped: Mapping[str, Any]) -> None:
        """As of every slice; the plan first, since others read it."""
        plan = structure(dumped["plan"], Plan)
        if isinstance(plan, list):
            raise ReplayMismatch(0, "; ".join(map(str, plan)))
        self.plans.plan = plan
        super().load(dumped)


EVOLVE: dict[type[e.Event], Evolve] = {e.PlanChanged: Definition.changed}
