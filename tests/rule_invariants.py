"""What must hold of rules: each firing has its cause, is of a rule in force, and neither too deep nor too often."""

from __future__ import annotations

from collections import Counter

import attrs

from orchestra.engine.engine import MAX_BATCH, Engine
from orchestra.model import events as e
from orchestra.model.rules import MOST_DEPTH

__all__ = ["RuleWitness"]

_HOUR_US = 3600 * 1_000_000


@attrs.define
class RuleWitness:
    """Remembers what happened of late and how often each rule fired in this hour, worked out from the events alone."""

    recent: dict[int, str] = attrs.field(factory=dict)
    hour: int = -1
    fired: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    stopped: set[tuple[str, str]] = attrs.field(factory=set)
    routed: set[str] = attrs.field(factory=set)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        self.recent[engine.position] = type(event).__name__
        self.recent.pop(engine.position - MAX_BATCH, None)
        match event:
            case e.RuleFired() | e.RuleFailed() | e.RuleStopped():
                self._tell(engine, event, at_us)
            case e.InteractionRouted(interaction=name, queue=queue):
                assert name not in self.routed, "routed twice before it waited"
                assert engine.view.contacts.interactions[name].state == "ARRIVED", "routed once it waits"
                assert engine.view.contacts.interactions[name].queue == queue
                self.routed.add(name)
            case e.InteractionQueued(interaction=name):
                self.routed.discard(name)
            case _:
                pass

    def _tell(self, engine: Engine, event: e.RuleFired | e.RuleFailed | e.RuleStopped, at_us: int) -> None:
        (rule,) = [one for one in engine.view.plan.rules if one.name == event.rule]
        assert rule.on == event.on == self.recent.get(event.cause), "no such cause"
        if self.hour != at_us // _HOUR_US:
            self.hour, self.fired, self.stopped = at_us // _HOUR_US, Counter(), set()
        key = event.rule, event.case or event.interaction or event.customer or ""
        if isinstance(event, e.RuleStopped):
            self._stop(event, key, rule.most_per_hour)
            return
        assert key not in self.stopped, "goes on though it was stopped"
        if isinstance(event, e.RuleFired):
            assert 1 <= event.depth <= MOST_DEPTH, "too many, one because of the other"
            assert event.actions == [action.do for action in rule.do]
        if isinstance(event, e.RuleFired) or event.action is None:
            self.fired[key] += 1
        assert self.fired[key] <= rule.most_per_hour + 1, "too often"

    def _stop(self, event: e.RuleStopped, key: tuple[str, str], most: int) -> None:
        if event.reason == "often":
            assert self.fired[key] == most, "stopped too soon"
            assert key not in self.stopped, "told twice"
            self.stopped.add(key)
