"""What must hold of commitments, facts and conflicts, and of what is sent about their subjects."""

from __future__ import annotations

from itertools import combinations

import attrs

from orchestra.engine.commitments.state import EXPIRY, MOST_ON_PAIR, Statement
from orchestra.engine.engine import Engine
from orchestra.model import events as e
from tests.watching import invariant

__all__ = ["CommitmentWitness", "check", "check_against"]

_OPEN = ("worse", "unclear")


@attrs.define
class CommitmentWitness:
    """Remembers which conflicts there were and what became of them, what was ended, and who is to deal with it."""

    raised: set[str] = attrs.field(factory=set)
    corrected: dict[str, str] = attrs.field(factory=dict)
    ended: set[str] = attrs.field(factory=set)
    tasks: set[str] = attrs.field(factory=set)
    decisions: set[str] = attrs.field(factory=set)
    needless: set[str] = attrs.field(factory=set)
    outdated: set[str] = attrs.field(factory=set)
    subjects: dict[str, str] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.CommitmentConflict(conflict=name):
                assert name not in self.raised, "a conflict was raised twice"
                self.raised.add(name)
                self._propose(engine, name)
            case e.ConflictWidened(conflict=name):
                self._propose(engine, name)
            case e.CommitmentCorrected():
                self._correct(engine, event)
            case (
                e.CommitmentExpired(commitment=name) | e.FactExpired(fact=name) | e.CommitmentWithdrawn(commitment=name)
            ):
                self.ended.add(name)
            case e.WorkItemOpened(key=key) if key.startswith("conflict:"):
                assert key not in self.tasks, "two tasks for one conflict"
                self.tasks.add(key)
            case e.WorkItemOpened(key=key) if key.startswith("decision:"):
                assert key not in self.decisions, "somebody is asked twice to settle one conflict"
                assert key.removeprefix("decision:") in engine.view.commitments.conflicts, "asked to settle nothing"
                self.decisions.add(key)
            case e.DeliveryPlanned(subject=str(subject), delivery=name):
                assert not engine.view.commitments.frozen.get(subject), "written about a subject in conflict"
                self.subjects[name] = subject
            case e.DeliveryPermitted(delivery=name) | e.DeliveryStarted(delivery=name) if name in self.subjects:
                assert not engine.view.commitments.frozen.get(self.subjects[name]), "leaves while its subject is frozen"
                assert name not in self.outdated, "leaves though what it says was corrected"
            case _:
                pass

    def _propose(self, engine: Engine, name: str) -> None:
        own = engine.view.commitments
        conflict = own.conflicts[name]
        assert conflict.keep in conflict.statements, "what would be kept has no part in it"
        assert len(conflict.statements) > 1, "a conflict with itself"

    def _correct(self, engine: Engine, event: e.CommitmentCorrected) -> None:
        assert event.conflict in self.raised, "settled before it was raised"
        assert event.conflict not in self.corrected, "corrected twice"
        assert event.keep not in event.ended
        assert event.ended, "nothing was in conflict"
        self.corrected[event.conflict] = event.effect
        for name, row in engine.view.work.items.items():
            if row.key == f"decision:{event.conflict}" and _waits(engine, name):
                self.needless.add(name)
        self.ended |= set(event.ended)
        if event.effect != "none":
            rows = engine.view.deliveries.deliveries
            unsent = {name for name in self.subjects if rows[name].state in ("PENDING", "PERMITTED", "STARTED")}
            self.outdated |= {name for name in unsent if self.subjects[name] == event.subject}


def check_against(engine: Engine, witness: CommitmentWitness) -> None:
    """Each conflict is open or was corrected once, and what is worse is somebody's task."""
    own = engine.view.commitments
    assert witness.raised - witness.corrected.keys() == own.conflicts.keys(), "a conflict went without a correction"
    assert not witness.ended & own.statements.keys(), "what was ended holds again"
    asked = {name.removeprefix("decision:") for name in witness.decisions}
    assert own.conflicts.keys() <= asked, "nobody is asked to settle a conflict"
    states = engine.view.contacts.interactions
    assert {states[name].state for name in witness.needless} <= {"CANCELED"}, "asked to settle what is settled"
    worse = {f"conflict:{name}" for name, effect in witness.corrected.items() if effect in _OPEN}
    assert witness.tasks == worse, f"tasks are {sorted(witness.tasks)}, worse are {sorted(worse)}"


def check(engine: Engine) -> None:
    """Everything that must hold."""
    view = engine.view
    own = view.commitments
    for pair, names in own.on_pair.items():
        assert len(names) <= MOST_ON_PAIR
        for one, other in combinations(sorted(names), 2):
            rows = own.statements[one], own.statements[other]
            if _contradict(*rows):
                assert rows[0].conflict == rows[1].conflict != None, f"{one} and {other} of {pair} contradict unseen"  # noqa: E711
    frozen: dict[str, int] = {}
    for name, conflict in own.conflicts.items():
        frozen[conflict.subject] = frozen.get(conflict.subject, 0) + 1
        assert all(own.statements[member].conflict == name for member in conflict.statements)
        assert own.frozen_by(conflict.subject) is not None, "an open conflict freezes nothing"
    assert view.deliveries.frozen == frozen, "what is frozen is not what is in conflict"
    for name, row in own.statements.items():
        due = view.timers.get(EXPIRY, name)
        assert row.kind == "fact" or row.customer is not None, "said to nobody"
        assert not row.overruled.keys() & own.statements.keys(), "what was overruled holds"
        if row.conflict is not None or row.ends_us is None:
            assert due is None, "what is in dispute, or lasts for ever, would expire"
        else:
            assert due is not None, "would never expire"
            assert due >= row.ends_us


def _contradict(one: Statement, other: Statement) -> bool:
    """Worked out by looking at an instant in which both hold."""
    at_us = max(one.from_us, other.from_us)
    both = all(row.ends_us is None or at_us < row.ends_us for row in (one, other))
    is_said = one.kind == "commitment" or other.kind == "commitment"
    return both and is_said and (one.value, one.unit) != (other.value, other.unit)


def _waits(engine: Engine, interaction: str) -> bool:
    """Whether a work item waits for somebody who has not begun."""
    return engine.view.contacts.interactions[interaction].state in ("QUEUED", "OFFERED", "CONNECTING")


INVARIANTS = (
    invariant(check, "commitments", "deliveries", EXPIRY),
    invariant(check_against, "commitments", "contacts", "seen commitments", of="commitments"),
)
"""Each invariant with all that it reads."""
