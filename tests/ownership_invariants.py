"""What must hold of who answers for cases, of hand-offs, of escalation, and of what departments are told."""

from __future__ import annotations

import attrs

from orchestra.engine.engine import Engine
from orchestra.engine.ownership.state import ESCALATE, TIME_OUT
from orchestra.model import events as e
from tests.watching import invariant

__all__ = ["OwnershipWitness", "check", "check_against"]

_OVER = ("RESOLVED", "CLOSED", "MERGED")


@attrs.define
class OwnershipWitness:
    """Remembers who owned each case, which offers of cases are open, and who wrote and has no answer."""

    owners: dict[str, tuple[str, str]] = attrs.field(factory=dict)
    offered: dict[str, e.HandOffOffered] = attrs.field(factory=dict)
    ended: set[str] = attrs.field(factory=set)
    taken: e.HandOffAccepted | e.CaseEscalated | None = None
    unanswered: set[str] = attrs.field(factory=set)
    due: dict[str, int] = attrs.field(factory=dict)
    to_note: set[tuple[str, str]] = attrs.field(factory=set)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        taken, self.taken = self.taken, None
        root = engine.view.cases.root
        self._follow(engine, event)
        match event:
            case e.CaseOpened(case=case):
                self.owners[case] = event.owner_kind, event.owner
            case e.CaseOwnerChanged():
                self._own(engine, event, taken)
            case e.MessageReceived(case=case):
                self.unanswered.add(root(case))
            case e.MessageWritten(case=case, interaction=str()) if event.agent not in engine.view.bots.bots:
                self.unanswered.discard(root(case))
            case e.ReplyRecorded(case=case) | e.CaseWaiting(case=case) | e.CaseResolved(case=case):
                self.unanswered.discard(root(case))
            case e.QuestionAnswered(interaction=interaction):
                self.unanswered.discard(root(engine.view.contacts.interactions[interaction].case or ""))
            case e.HandOffOffered() | e.HandOffAccepted() | e.HandOffEnded():
                self._hand_off(engine, event)
            case e.EscalationScheduled(case=case):
                assert case in self.unanswered, "nobody waits"
                self.due[case] = event.due_us
            case e.EscalationEnded(case=case):
                del self.due[case]
                if event.reason == "moved":
                    self.unanswered.discard(case)
            case e.CaseEscalated(case=case):
                self._escalate(engine, event)
            case e.FindingRaised(finding=name, teams=teams):
                assert teams, "nobody wants to know"
                self.to_note |= {(team, name) for team in teams}
            case e.FindingAcknowledged(finding=name, team=team):
                self.to_note.remove((team, name))
            case _:
                pass
        if taken is not None:
            assert isinstance(event, e.CaseOwnerChanged), "somebody took a case, and another owns it"

    def _follow(self, engine: Engine, event: e.Event) -> None:
        """What becomes of who waits where matters become one, or two."""
        root = engine.view.cases.root
        if isinstance(event, e.CaseMerged) and event.case in self.unanswered:
            self.unanswered.discard(event.case)
            self.unanswered.add(root(event.case))
        elif isinstance(event, e.InteractionMoved):
            self._part(engine, root(event.before), root(event.case))
        elif isinstance(event, e.CaseUnmerged):
            self._part(engine, root(event.into), root(event.case))

    def _part(self, engine: Engine, case: str, other: str) -> None:
        """A matter in which somebody waited is two: they wait where their contact is."""
        view = engine.view
        if case == other or case not in self.unanswered or case not in view.ownership.waits:
            return
        asked = {name for name, messages in view.known.questions.items() if messages}
        asked_in = {view.cases.root(view.contacts.interactions[name].case or "") for name in asked}
        if other in asked_in:
            self.unanswered.add(other)

    def _own(self, engine: Engine, event: e.CaseOwnerChanged, taken: e.Event | None) -> None:
        new = event.owner_kind, event.owner
        assert new != self.owners[event.case], "the owner is the same"
        if isinstance(taken, e.HandOffAccepted):
            assert new == ("agent", taken.agent), "somebody else has it"
        elif isinstance(taken, e.CaseEscalated):
            assert new == ("team", taken.to), "it went to another team"
        self.owners[event.case] = new

    def _hand_off(self, engine: Engine, event: e.HandOffOffered | e.HandOffAccepted | e.HandOffEnded) -> None:
        name, now_us = event.hand_off, engine.now_us
        if isinstance(event, e.HandOffOffered):
            assert all(open_.case != event.case for open_ in self.offered.values()), "offered to two at once"
            assert (event.owner_kind, event.owner) == self.owners[event.case], "offered by who does not own it"
            assert now_us < event.until_us
            self.offered[name] = event
            return
        made = self.offered.pop(name)
        assert name not in self.ended, "ended twice"
        self.ended.add(name)
        if isinstance(event, e.HandOffAccepted):
            assert now_us < made.until_us, "taken too late"
            assert (made.owner_kind, made.owner) == self.owners[event.case], "somebody else owned it meanwhile"
            teams = engine.view.presence.agents[event.agent].teams
            assert made.to == event.agent if made.to_kind == "agent" else made.to in teams, "nobody asked them"
            self.taken = event
        elif event.outcome == "TIMED_OUT":
            assert now_us >= made.until_us, "timed out early"

    def _escalate(self, engine: Engine, event: e.CaseEscalated) -> None:
        assert event.team != event.to
        if event.reason == "unanswered":
            assert event.case in self.unanswered, "escalated though they have an answer"
            assert engine.now_us >= self.due[event.case], "escalated early"
        self.taken = event


def check_against(engine: Engine, witness: OwnershipWitness) -> None:
    """Every case has the one owner whom the events tell, and nothing that was offered is lost."""
    view = engine.view
    assert {name: (row.owner_kind, row.owner) for name, row in view.cases.cases.items()} == witness.owners
    assert view.ownership.hand_offs.keys() == witness.offered.keys(), "a hand-off never ended, or was lost"
    assert view.ownership.waits.keys() == witness.due.keys()
    assert witness.due.keys() <= witness.unanswered, "a case escalates though they have an answer"
    lists = view.findings.on_list.items()
    assert {(team, f"fi{number}") for team, numbers in lists for number in numbers} == witness.to_note
    waiting = {(team, name) for name, row in view.findings.findings.items() for team in row.waits_for}
    assert waiting == witness.to_note, "a finding was lost, or is kept though everybody has taken note"
    for case, due_us in witness.due.items():
        assert view.timers.get(ESCALATE, case) == due_us


def check(engine: Engine) -> None:
    """Everything that must hold."""
    view = engine.view
    own = view.ownership
    assert {row.case: name for name, row in own.hand_offs.items()} == own.of_case
    for name, row in own.hand_offs.items():
        assert view.timers.get(TIME_OUT, name) == row.until_us, "would never end"
        assert view.cases.cases[row.case].state not in _OVER, "what is settled is offered"
        assert row.to_kind == "agent" or row.to in view.plan.teams, "offered to a team that is gone"
    for case, wait in own.waits.items():
        assert view.cases.cases[case].state not in _OVER, "what is settled escalates"
        assert wait.to in view.plan.teams, "escalates to a team that is gone"
    noted = {team for row in view.findings.findings.values() for team in row.waits_for}
    assert noted <= view.plan.teams.keys(), "a team that is gone is to take note"
    owned = [f"ca{number}" for numbers in view.cases.owned.values() for number in numbers]
    open_ = [name for name, row in view.cases.cases.items() if row.state not in ("CLOSED", "MERGED")]
    assert sorted(owned) == sorted(open_), "a case is nobody's, or two people's"


INVARIANTS = (
    invariant(check, "ownership", "cases", "findings", TIME_OUT),
    invariant(check_against, "cases", "ownership", "findings", "seen ownership", ESCALATE, of="ownership"),
)
"""Each invariant with all that it reads."""
