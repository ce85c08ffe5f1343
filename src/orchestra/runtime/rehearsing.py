"""Rules on trial: which would have fired on what a journal holds, and when. Nothing is decided, and nothing written.

Belongs here: asking rules about what has happened. Does not: firing them (`engine.rules`), and what is printed.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.engine.engine import Engine
from orchestra.engine.rules.conditions import NoAnswer, compiled
from orchestra.engine.rules.scene import Scene
from orchestra.errors import DefinitionError, Fault
from orchestra.journal.port import Journal
from orchestra.model.events import Event, PlanChanged
from orchestra.model.files import decoded
from orchestra.model.instants import instant_text
from orchestra.model.plan import Plan
from orchestra.model.rule_faults import followable, rule_faults
from orchestra.model.rules import Predicates, Rule
from orchestra.model.structure import salvage

__all__ = ["Rehearsal", "RehearsedFiring", "RuleCount", "read_rules", "rehearse"]

_HOUR_US = 3600 * 1_000_000


@attrs.frozen
class RehearsedFiring:
    """A rule that would have fired.

    Attributes:
        position: of the event that it follows.
        at_us: when that happened, microseconds UTC.
        rule: its name.
        on: the event's type.
        actions: what it would have done.
        customer: whose matter it was, if it was anybody's.
        case: the case that it was about, if it was about one.
        interaction: the interaction that it was about, if it was about one.
    """

    position: int
    at_us: int
    rule: str
    on: str
    actions: Sequence[str]
    customer: str | None
    case: str | None
    interaction: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain data; the time as RFC 3339 text."""
        data = attrs.asdict(self)
        del data["at_us"]
        return {**data, "at": instant_text(self.at_us)}


@attrs.define
class RuleCount:
    """How a rule fared.

    Attributes:
        asked: how many events there were that it follows.
        fired: how often it would have fired.
        stopped: how often it would have been stopped, since it had fired so often within the hour.
        failed: how often its predicate gave no answer.
        reason: why, the last time.
    """

    asked: int = 0
    fired: int = 0
    stopped: int = 0
    failed: int = 0
    reason: str | None = None


@attrs.frozen
class Rehearsal:
    """What came of a rehearsal: the firings in order, and each rule's count, in the order of the rules."""

    events: int
    firings: Sequence[RehearsedFiring]
    counts: dict[str, RuleCount]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "events": self.events,
            "rules": {name: attrs.asdict(count) for name, count in self.counts.items()},
            "firings": [firing.to_json() for firing in self.firings],
        }


def read_rules(path: str | Path) -> tuple[Rule, ...]:
    """The `[[rules]]` of a file, which may hold nothing else or a whole plan.

    Raises:
        DefinitionError: it cannot be read, holds no rule, or has faults of form; lists every one.
    """
    source = decoded(Plan.read_file(path))
    try:
        data = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DefinitionError([Fault("", f"not valid TOML: {error}")]) from error
    salvaged = salvage({"rules": data.get("rules", [])}, Plan)
    if salvaged.faults:
        raise DefinitionError(salvaged.faults)
    if salvaged.value is None or not salvaged.value.rules:
        raise DefinitionError([Fault("rules", "there are none: write each as [[rules]]")])
    return tuple(salvaged.value.rules)


def rehearse(journal: Journal, rules: Sequence[Rule], predicates: Predicates | None = None) -> Rehearsal:
    """Ask rules about every event of a journal, of the state as it was just after it.

    A rule in force is asked a moment later, when all that the command brought about has happened. What the rules would
    have done is not done, so nothing follows from it.

    Args:
        journal: what to read.
        rules: those to try.
        predicates: those that the rules name.

    Raises:
        DefinitionError: the rules do not fit the plan that is in force at the journal's end, or a predicate is missing.
        JournalCorrupt: a record is damaged.
        ReplayMismatch: the records cannot have been written by this code.
    """
    _require_sound(journal, rules, predicates or {})
    trial = _Trial(rules, predicates or {})
    engine, firings = Engine(), list[RehearsedFiring]()
    for record in journal.read():
        event = decode_event(record)
        engine.replay(event, record.at_us)
        firings += trial.about(engine, event, record.at_us)
    return Rehearsal(engine.position, firings, trial.counts)


def _require_sound(journal: Journal, rules: Sequence[Rule], predicates: Predicates) -> None:
    plan = Plan()
    for record in journal.read(types=["PlanChanged"]):
        changed = decode_event(record)
        assert isinstance(changed, PlanChanged)  # only these were asked for
        plan = changed.plan
    plan = attrs.evolve(plan, rules=rules)
    found = [*plan.faults(), *rule_faults(plan, predicates)]
    faults = [fault for fault in found if fault.is_error and fault.path.startswith("rules")]
    if faults:
        raise DefinitionError(faults)


class _Trial:
    """Rules by what they follow, and how often each has fired within the hour."""

    def __init__(self, rules: Sequence[Rule], predicates: Predicates) -> None:
        self.counts = {rule.name: RuleCount() for rule in rules}
        self._holds = {rule.name: compiled(rule.when, predicates) for rule in rules}
        self._following: dict[type[Event], list[Rule]] = {}
        for rule in sorted(rules, key=lambda rule: -rule.priority):
            self._following.setdefault(followable()[rule.on], []).append(rule)
        self._hour = 0
        self._fired: Counter[tuple[str, str]] = Counter()

    def about(self, engine: Engine, event: Event, at_us: int) -> Iterator[RehearsedFiring]:
        """The firings that would have followed an event, which the engine has just repeated."""
        rules = self._following.get(type(event), ())
        if not rules:
            return
        if self._hour != at_us // _HOUR_US:
            self._hour, self._fired = at_us // _HOUR_US, Counter()
        scene = Scene.of(engine.view, event, engine.position, at_us)
        for rule in rules:
            if self._fires(rule, scene):
                yield RehearsedFiring(
                    engine.position,
                    at_us,
                    rule.name,
                    rule.on,
                    [action.do for action in rule.do],
                    scene.customer,
                    scene.case,
                    scene.interaction,
                )

    def _fires(self, rule: Rule, scene: Scene) -> bool:
        count = self.counts[rule.name]
        count.asked += 1
        try:
            holds = self._holds[rule.name](scene)
        except NoAnswer as error:
            count.failed += 1
            count.reason = str(error)
            return False
        key = rule.name, scene.case or scene.interaction or scene.customer or ""
        if holds and self._fired[key] >= rule.most_per_hour:
            count.stopped += 1
            return False
        self._fired[key] += holds
        count.fired += holds
        return holds
