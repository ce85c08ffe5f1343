"""The rules in force, and how often each has fired of late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e
from orchestra.model.rule_faults import followable
from orchestra.model.rules import Rule

__all__ = ["EVOLVE", "Rules", "tally_key"]

_HOUR_US = 3600 * 1_000_000

Told = e.RuleFired | e.RuleFailed | e.RuleStopped


def tally_key(rule: str, customer: str | None, case: str | None, interaction: str | None) -> str:
    """Of what the firings of a rule are counted: of a case, else of an interaction or a customer, else of all."""
    return f"{rule}\x1f{case or interaction or customer or ''}"


class Rules(Slice):
    """`fired` is rule and case -> how often it fired within `hours`' one hour. What is older is forgotten at once.

    Hours are those of the clock, so that nothing has to ring when one is over.
    """

    TABLES: ClassVar = {"fired": None, "hours": None, "counts": None}

    fired: dict[str, int]
    hours: dict[str, int]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Find what follows each type of event, in the order in which it does."""
        self.following: Mapping[type[e.Event], tuple[Rule, ...]] = _following(self.plan.rules)

    def times(self, key: str, at_us: int) -> int:
        """How often a rule has fired within this hour."""
        return self.fired.get(key, 0) if self.hours.get("now") == at_us // _HOUR_US else 0

    def next_notification(self) -> str:
        """The id that the next notification will have."""
        return f"nt{self.counts.get('notification', 0) + 1}"

    def notified(self, event: e.TeamNotified, at_us: int) -> None:
        """A team is told something, under an id of its own."""
        self.counts["notification"] = self.counts.get("notification", 0) + 1

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Other rules hold."""
        self.reindex()
        self.plans.on_rules()

    def told(self, event: Told, at_us: int) -> None:
        """Count it, and once more when it is stopped for that, so that it is not told again.

        A failure without an action is a rule whose predicate was asked in vain; one with, was counted as it fired.
        """
        if isinstance(event, e.RuleFailed) and event.action is not None:
            return
        if isinstance(event, e.RuleStopped) and event.reason != "often":
            return
        if self.hours.get("now") != at_us // _HOUR_US:
            self.hours, self.fired = {"now": at_us // _HOUR_US}, {}
        key = tally_key(event.rule, event.customer, event.case, event.interaction)
        self.fired[key] = self.fired.get(key, 0) + 1


def _following(rules: Sequence[Rule]) -> Mapping[type[e.Event], tuple[Rule, ...]]:
    """Type of event -> its rules. One that this version knows no more is left out: a journal may hold such a plan."""
    found: dict[type[e.Event], list[Rule]] = {}
    known = followable()
    for rule in rules:
        if rule.on in known:
            found.setdefault(known[rule.on], []).append(rule)
    return {kind: tuple(sorted(those, key=lambda rule: -rule.priority)) for kind, those in found.items()}


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: Rules.plan_changed,
    e.RuleFired: Rules.told,
    e.RuleFailed: Rules.told,
    e.RuleStopped: Rules.told,
    e.TeamNotified: Rules.notified,
}
