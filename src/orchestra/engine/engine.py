"""The engine: commands and time in, events out.

It reads no clock, draws no chance, does no I/O. Every instant is an argument, every id comes from a count in its state,
and all that it knows is what its events say: the same events give the same state, hash for hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from types import MethodType
from typing import Any

import attrs

from orchestra.engine.access import authorize, role_faults
from orchestra.engine.actions.decide import SECTION as ACTIONS, unregistered
from orchestra.engine.archive.decide import SECTION as ARCHIVE
from orchestra.engine.archive.group import stock
from orchestra.engine.archive.keys import behind_unknown, looked_up
from orchestra.engine.archive.tables import moves
from orchestra.engine.bots.decide import SECTION as BOTS
from orchestra.engine.callbacks.decide import SECTION as CALLBACKS
from orchestra.engine.calls.decide import SECTION as CALLS
from orchestra.engine.cases.decide import SECTION as CASES
from orchestra.engine.clocks.decide import SECTION as CLOCKS
from orchestra.engine.commitments.decide import SECTION as COMMITMENTS
from orchestra.engine.consults.decide import SECTION as CONSULTS
from orchestra.engine.contacts.decide import SECTION as CONTACTS
from orchestra.engine.cursors.decide import SECTION as CURSORS
from orchestra.engine.definition.decide import SECTION as DEFINITION, missing
from orchestra.engine.deliveries.decide import SECTION as DELIVERIES
from orchestra.engine.details.decide import SECTION as DETAILS
from orchestra.engine.engagements.decide import SECTION as ENGAGEMENTS, check_seen
from orchestra.engine.facts.decide import SECTION as FACTS
from orchestra.engine.findings.decide import SECTION as FINDINGS
from orchestra.engine.hours.decide import SECTION as HOURS
from orchestra.engine.identity.decide import SECTION as IDENTITY
from orchestra.engine.incidents.decide import SECTION as INCIDENTS
from orchestra.engine.invitations.decide import SECTION as INVITATIONS
from orchestra.engine.known.state import SECTION as KNOWN
from orchestra.engine.logs.decide import SECTION as LOGS
from orchestra.engine.notices.decide import SECTION as NOTICES
from orchestra.engine.outages.decide import SECTION as OUTAGES
from orchestra.engine.ownership.decide import SECTION as OWNERSHIP
from orchestra.engine.personal.decide import SECTION as PERSONAL
from orchestra.engine.presence.decide import SECTION as PRESENCE
from orchestra.engine.progress.telling import SECTION as PROGRESS
from orchestra.engine.promises.decide import SECTION as PROMISES
from orchestra.engine.remarks.decide import SECTION as REMARKS
from orchestra.engine.routing.decide import SECTION as ROUTING
from orchestra.engine.rules.firing import SECTION as RULES, Firing
from orchestra.engine.scores import Rating
from orchestra.engine.section import Decide, Evolve, OnTimer, React, Section, Steps
from orchestra.engine.segments.decide import SECTION as SEGMENTS
from orchestra.engine.stages.decide import SECTION as STAGES
from orchestra.engine.supervision.decide import SECTION as SUPERVISION
from orchestra.engine.targets.decide import SECTION as TARGETS
from orchestra.engine.view import View
from orchestra.engine.work.decide import SECTION as WORK
from orchestra.errors import (
    CommandRefused,
    Fault,
    InvalidCommand,
    NeedsRecall,
    OrchestraError,
    ReplayMismatch,
    UnknownId,
)
from orchestra.model.actions import ActionNames
from orchestra.model.addresses import Actor
from orchestra.model.commands import Command
from orchestra.model.events import Event
from orchestra.model.plan import Plan
from orchestra.model.rule_faults import rule_faults
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores, score_faults

__all__ = ["MAX_BATCH", "SCHEMA", "SECTIONS", "Decided", "Engine", "EngineFault", "TickFirst"]

SECTIONS: tuple[Section[Any], ...] = (
    DEFINITION,
    PRESENCE,
    IDENTITY,
    PERSONAL,
    CONTACTS,
    CASES,
    OWNERSHIP,
    ENGAGEMENTS,
    INVITATIONS,
    OUTAGES,
    CURSORS,
    DETAILS,
    CONSULTS,
    SUPERVISION,
    SEGMENTS,
    HOURS,
    ROUTING,
    CALLBACKS,
    TARGETS,
    DELIVERIES,
    LOGS,
    WORK,
    BOTS,
    CALLS,
    KNOWN,
    COMMITMENTS,
    FACTS,
    REMARKS,
    STAGES,
    PROMISES,
    FINDINGS,
    INCIDENTS,
    CLOCKS,
    NOTICES,
    PROGRESS,
    ACTIONS,
    ARCHIVE,
    RULES,
)
"""All sections, in the order in which they react."""

MAX_BATCH = 1000
"""Most events of one batch."""

SCHEMA = "1"
"""Form of the rows that `dump` gives; a snapshot of another form is not used."""

_TICK_BATCH = 200
_PATIENT_BATCH = 20
"""Once a batch has so many events, patient work goes on in the next one: between both there is room for commands."""

Evolved = Callable[[Any, int], None]
"""What one section does with an event: its `evolve` with its own slice."""

_NOBODY: tuple[list[tuple[str, Evolve]], list[React]] = ([], [])


def _followers() -> dict[type[Event], tuple[list[tuple[str, Evolve]], list[React]]]:
    """Whom each event concerns, in the order of the sections: how their state follows, and how they react."""
    found: dict[type[Event], tuple[list[tuple[str, Evolve]], list[React]]] = {}
    for section in SECTIONS:
        for kind, evolve in (*section.evolve.items(), *moves(section.name).items()):
            found.setdefault(kind, ([], []))[0].append((section.name, evolve))
        for kind, react in section.react.items():
            found.setdefault(kind, ([], []))[1].append(react)
    return found


# Put together once: engines are made by the thousand where histories are read and where tests rebuild them.
_FOLLOWERS = _followers()
_DECIDE: Mapping[type[Command], Decide] = {kind: one for section in SECTIONS for kind, one in section.decide.items()}
_TIMERS: Mapping[str, OnTimer] = {name: ring for section in SECTIONS for name, ring in section.timers.items()}
_PATIENT = frozenset(name for section in SECTIONS for name in section.patient)


class EngineFault(OrchestraError):
    """The engine broke one of its own rules. It must be discarded and loaded anew from the journal."""


class TickFirst(OrchestraError):
    """A timer is due at or before the command's time: call `tick` until `due()` is later."""


@attrs.define
class Decided:
    """What one command or one tick decided.

    Attributes:
        first: position of the first event.
        at_us: engine time of all of them.
        actor: who caused them.
        events: in order; never changed after this.
        result: what the command answers.
    """

    first: int
    at_us: int
    actor: Actor
    events: list[Event]
    result: Any = None


class Engine:
    """One workspace's decisions.

    `execute` and `tick` decide, `replay` repeats what was decided. All three change the state through events alone.

    `scores`, `predicates` and `actions` are those that plans may name. Decisions go by them; what was decided is
    repeated without them.
    """

    def __init__(
        self,
        scores: Scores | None = None,
        predicates: Predicates | None = None,
        actions: ActionNames | None = None,
    ) -> None:
        self.view = View(Rating(scores), predicates, actions)
        self.now_us = 0
        self._batch: list[Event] = []
        self._at_us = 0
        self._decide, self._timers = dict(_DECIDE), dict(_TIMERS)
        self.view.timers.patient |= _PATIENT
        self._handlers: dict[type[Event], tuple[list[Evolved], list[React]]] = {}
        self._firing = Firing(self.view)
        self._has_rules = False
        self._followed: list[type[Event]] = []
        self.view.plans.on_rules = self._arm

    def _arm(self) -> None:
        """Let the rules of the plan in force hear first what they follow; what they do not follow costs nothing."""
        for kind in self._followed:
            del self._concerned(kind)[1][0]
        heard = self._firing.arm()
        for kind, hear in heard.items():
            self._concerned(kind)[1].insert(0, hear)
        self._followed, self._has_rules = list(heard), bool(heard)

    def _concerned(self, kind: type[Event]) -> tuple[list[Evolved], list[React]]:
        """Whom an event concerns. What a history holds no event of costs nothing."""
        known = self._handlers.get(kind)
        if known is None:
            evolves, reacts = _FOLLOWERS.get(kind, _NOBODY)
            bound: list[Evolved] = [MethodType(evolve, getattr(self.view, name)) for name, evolve in evolves]
            known = self._handlers[kind] = bound, list(reacts)
        return known

    # Deciding

    @property
    def position(self) -> int:
        """How many events made this state."""
        return self.view.position

    def due(self, *, is_prompt: bool = False) -> int | None:
        """When the next timer falls, or the next that commands wait for; microseconds UTC, None if none is set."""
        first = self.view.timers.first_prompt() if is_prompt else self.view.timers.first()
        return None if first is None else first[0]

    def execute(self, command: Command, at_us: int, absent: Collection[str] = ()) -> Decided:
        """Decide on a command.

        Args:
            command: what is asked.
            at_us: now, by the writer's clock; if it is before engine time, engine time is taken.
            absent: keys of which the directory knows nobody who is archived, looked up since the last event.

        Returns:
            The events it decided, already in force, and the command's result.

        Raises:
            CommandRefused: it cannot be done; nothing has changed.
            TickFirst: a timer is due that commands wait for; nothing has changed.
            NeedsRecall: it names what somebody who is archived may be behind; nothing has changed. Look the keys up,
                execute `RecallCustomer` for all who are found, and the command again.
            EngineFault: a rule of the engine itself was broken; discard it.
        """
        at_us = max(at_us, self.now_us)
        first = self.view.timers.first_prompt()
        if first is not None and first[0] <= at_us:
            raise TickFirst(f"a timer was due at {first[0]}")
        if self.view.archive.is_empty:
            return self._execute(command, at_us)
        missing = [key for key in looked_up(self.view, command) if key not in absent]
        if missing:
            raise NeedsRecall(missing)
        try:
            return self._execute(command, at_us)
        except UnknownId as error:
            key = behind_unknown(error)
            if key in absent:
                raise
            raise NeedsRecall([key]) from error

    def _execute(self, command: Command, at_us: int) -> Decided:
        decide = self._decide.get(type(command))
        if decide is None:
            raise InvalidCommand("command", f"{type(command).__name__} is not a command of this engine")
        actor = authorize(self.view, command)
        if command.seen is not None:
            check_seen(self.view, command, command.seen)
        return self._run(self._with_rules(decide(self.view, command, at_us)), at_us, actor)

    def tick(self, at_us: int, *, is_prompt: bool = False) -> Decided:
        """Let time pass: what the timers due by `at_us` bring, as one batch of bounded size.

        Call it again while `due()` is not later than `at_us`.

        Args:
            at_us: now, as in `execute`.
            is_prompt: leave what commands need not wait for to a later call.
        """
        at_us = max(at_us, self.now_us)
        return self._run(self._with_rules(self._ring(at_us, is_prompt=is_prompt)), at_us, "system")

    def _with_rules(self, steps: Steps) -> Steps:
        return self._firing.follow(steps) if self._has_rules else steps

    def _ring(self, at_us: int, *, is_prompt: bool) -> Steps:
        timers = self.view.timers
        while len(self._batch) < _TICK_BATCH:
            first = timers.first_prompt() if is_prompt else timers.first()
            if first is None or first[0] > at_us:
                return None
            before = len(self._batch)
            _, name, subject = first
            yield from self._timers[name](self.view, subject, at_us)
            if len(self._batch) == before:
                raise EngineFault(f"timer {name} of {subject} brought nothing and would ring for ever")
            if name in timers.patient and len(self._batch) >= _PATIENT_BATCH:
                return None
        return None

    def _run(self, steps: Steps, at_us: int, actor: Actor) -> Decided:
        first = self.view.position + 1
        batch = self._batch = []
        self._at_us = at_us
        try:
            while True:
                self._emit(next(steps))
        except StopIteration as stop:
            if self.view.archive.is_behind:
                stock(self.view, 1)
            return Decided(first, at_us, actor, batch, stop.value)
        except CommandRefused as error:
            if batch:
                raise EngineFault(f"refused after {type(batch[-1]).__name__}: {error}") from error
            raise

    def _emit(self, event: Event) -> None:
        """Evolve all sections, then let them react, depth first."""
        batch = self._batch
        if len(batch) >= MAX_BATCH:
            raise EngineFault(f"more than {MAX_BATCH} events in one batch")
        batch.append(event)
        at_us = self.now_us = self._at_us
        self.view.position += 1
        kind = type(event)
        evolves, reacts = self._handlers.get(kind) or self._concerned(kind)
        for evolve in evolves:
            evolve(event, at_us)
        for react in reacts:
            for further in react(self.view, event, at_us):
                self._emit(further)

    # Rebuilding

    def replay(self, event: Event, at_us: int) -> None:
        """Repeat an event that was decided before. Nothing is decided or reacted to.

        Raises:
            ReplayMismatch: this code could not have decided it there.
        """
        try:
            self.view.position += 1
            self.now_us = at_us
            for evolve in self._concerned(type(event))[0]:
                evolve(event, at_us)
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            reason = f"{type(event).__name__} does not fit the state before it ({type(error).__name__}: {error})"
            raise ReplayMismatch(self.view.position, reason) from error

    def dump(self) -> dict[str, Any]:
        """The whole state as plain columns, JSON-ready: section -> table -> columns sorted by key."""
        sections = {section.name: getattr(self.view, section.name).dump() for section in SECTIONS}
        clock = {"now_us": self.now_us, "position": self.view.position}
        return {"clock": clock, "sections": sections, "timers": self.view.timers.rows()}

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Take the state that `dump` gave. The engine owns the rows from here on."""
        for section in SECTIONS:
            getattr(self.view, section.name).load(dumped["sections"][section.name])
        self.view.timers.load(dumped["timers"])
        self._arm()
        self.now_us = dumped["clock"]["now_us"]
        self.view.position = dumped["clock"]["position"]

    def state_hash(self) -> str:
        """A fingerprint of what the state says: BLAKE2b over canonical JSON of all sections' rows and the timers."""
        dumped = self.dump()
        text = json.dumps(
            [dumped["sections"], dumped["timers"]], sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    # Questions about plans

    def plan_faults(self, plan: Plan) -> list[Fault]:
        """All that speaks against putting this plan into force now: its own faults, and what work in flight needs."""
        plans = self.view.plans
        named = [*score_faults(plan, plans.rating.scores), *rule_faults(plan, plans.predicates, plans.actions)]
        return [*plan.faults(), *role_faults(plan), *missing(self.view, plan), *named, *unregistered(self.view)]
