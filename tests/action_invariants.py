"""What must hold of the application's own actions: once per key, one attempt at a time, never after their end."""

from __future__ import annotations

import attrs

from orchestra.engine.actions.state import DUE
from orchestra.engine.engine import Engine
from orchestra.engine.lifecycle import ACTION
from orchestra.model import events as e
from tests.watching import invariant

__all__ = ["ActionWitness", "check"]


_OF_ACTIONS = tuple(kind for name, kind in e.EVENTS.items() if name.startswith("Action"))
"""Events that tell of an action, if they name one."""


@attrs.define
class ActionWitness:
    """Remembers keys, attempts, and what is over."""

    keys: set[tuple[str, str]] = attrs.field(factory=set)
    attempts: dict[str, int] = attrs.field(factory=dict)
    started: set[str] = attrs.field(factory=set)
    over: set[str] = attrs.field(factory=set)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        name = getattr(event, "request", None)
        if not isinstance(event, _OF_ACTIONS) or name is None:
            return
        assert name not in self.over, "goes on after its end"
        match event:
            case e.ActionRequested():
                assert (event.action, event.key) not in self.keys, "taken twice under one key"
                self.keys.add((event.action, event.key))
                self.attempts[name] = 0
            case e.ActionStarted():
                assert name not in self.started, "two attempts at once"
                assert event.attempt == self.attempts[name] + 1, "an attempt was skipped or repeated"
                assert event.attempt <= engine.view.plan.actions.attempts, "tried too often"
                self.attempts[name] = event.attempt
                self.started.add(name)
            case e.ActionRetried():
                self.started.remove(name)
            case e.ActionDone() | e.ActionFailed() | e.ActionUnknown():
                self.started.remove(name)
                self.over.add(name)
            case e.ActionCanceled():
                assert name not in self.started, "called back while it was being done"
                self.over.add(name)
            case _:
                pass


def check(engine: Engine, witness: ActionWitness) -> None:
    """Compare the state with what was seen."""
    own = engine.view.actions
    assert own.requests.keys() == witness.attempts.keys()
    for name, row in own.requests.items():
        assert row.state in ACTION.states
        assert (row.state in ACTION.final) == (name in witness.over) == (name not in own.open)
        assert (row.state == "STARTED") == (name in witness.started) == (name in own.started)
        assert (row.state == "READY") == (name in own.ready)
        due = engine.view.timers.get(DUE, name)
        assert (due is not None) == (row.state == "WAITING"), "what waits has an end, and nothing else has a timer"
        assert own.by_key[row.action, row.key] == name


INVARIANTS = (invariant(check, "actions", "seen actions", DUE, of="actions"),)
"""Each invariant with all that it reads."""
