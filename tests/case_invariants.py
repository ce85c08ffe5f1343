"""What must hold of cases: one owner each, one case for each interaction, and merges that nothing is lost by."""

from __future__ import annotations

from collections import defaultdict

import attrs

from orchestra.engine.cases.merging import MOST_MERGED
from orchestra.engine.cases.state import CLOSE, SETTLED
from orchestra.engine.engine import Engine
from orchestra.model import events as e
from tests.watching import due_of, invariant

__all__ = ["CaseWitness", "check", "check_against", "owner_of"]


@attrs.define
class CaseWitness:
    """Remembers where each interaction is, and what was merged into what, without any look-up of the engine's."""

    case_of: dict[str, str] = attrs.field(factory=dict)
    into: dict[str, str] = attrs.field(factory=dict)
    asked_for: dict[str, str | None] = attrs.field(factory=dict)
    owners: dict[str, tuple[str, str]] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.CaseOpened() | e.CaseOwnerChanged():
                self.owners[event.case] = event.owner_kind, event.owner
                assert event.case not in self.into, f"{event.case} is merged, and has an owner of its own"
            case e.WorkItemOpened():
                self.asked_for[event.interaction] = event.case
            case e.InteractionAttached():
                asked_for = self.asked_for.get(event.interaction)
                assert asked_for in (None, event.case), f"{event.interaction} was asked for in {asked_for}"
                assert event.interaction not in self.case_of, f"{event.interaction} was attached twice"
                self.case_of[event.interaction] = event.case
            case e.InteractionMoved():
                assert self.case_of[event.interaction] == event.before, f"{event.interaction} moved from elsewhere"
                self.case_of[event.interaction] = event.case
            case e.CaseMerged():
                assert event.case not in self.into, f"{event.case} was merged twice"
                self.into[event.case] = event.into
            case e.CaseUnmerged():
                assert self.into.pop(event.case) == event.into
            case e.CaseResolved() | e.CaseReopened() | e.CaseClosed() | e.CaseWaiting() | e.CaseResumed():
                assert event.case not in self.into, f"{type(event).__name__} of {event.case}, which is merged"
            case _:
                pass

    def root(self, case: str) -> str:
        """What a case goes on as."""
        while case in self.into:
            case = self.into[case]
        return case


def owner_of(engine: Engine, case: str) -> tuple[str, str]:
    """Who is accountable for a matter, by the rows alone."""
    row = engine.view.cases.cases[case]
    while row.into is not None:
        row = engine.view.cases.cases[row.into]
    return row.owner_kind, row.owner


def check(engine: Engine) -> None:
    """Everything that must hold between two batches."""
    cases, rows = engine.view.cases, engine.view.contacts.interactions
    closing = due_of(engine, CLOSE)
    groups: dict[str, list[str]] = defaultdict(list)
    found: dict[str, str] = {}
    for name, case in cases.cases.items():
        top = name
        if case.into is not None:
            seen = {name}
            while (into := cases.cases[top].into) is not None:
                assert into not in seen, f"{into} goes on as itself"
                seen.add(into)
                top = into
        groups[top].append(name)
        assert (case.state == "MERGED") == (case.into is not None) == (case.before is not None)
        assert case.state == "RESOLVED" or name not in closing, f"{name} closes, {case.state}"
        for interaction in case.interactions:
            assert interaction not in found, f"{interaction} is in {name} and in {found[interaction]}"
            found[interaction] = name
        assert cases.row(name) is cases.cases[top]
    assert found == {name: row.case for name, row in rows.items()}
    for name, row in cases.suggestions.items():
        case = rows[name].case
        assert case is not None
        assert cases.root(case) != cases.root(row.case), f"{name} is where it may belong"
        assert cases.row(case).state != "CLOSED", f"somebody is to look at {name}, which is filed"
    open_roots = {name for name in groups if cases.cases[name].state not in SETTLED}
    assert open_roots == {name for names in cases.open_of.values() for name in names}
    for top, members in groups.items():
        assert sorted(cases.group(top)) == sorted(members)
        assert len(members) <= MOST_MERGED


def check_against(engine: Engine, witness: CaseWitness) -> None:
    """Each interaction is where it was last put, each case owned by whom it was last given to."""
    assert witness.case_of == {name: row.case for name, row in engine.view.contacts.interactions.items()}
    assert witness.into == {name: row.into for name, row in engine.view.cases.cases.items() if row.into is not None}
    for name in engine.view.cases.cases:
        assert owner_of(engine, name) == witness.owners[witness.root(name)], f"{name} has two owners"


INVARIANTS = (
    invariant(check, "cases", "contacts", CLOSE),
    invariant(check_against, "cases", "contacts", "seen cases", of="cases"),
)
"""Each invariant with all that it reads."""
