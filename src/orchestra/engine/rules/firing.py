"""Firing rules: each event that a rule follows is noted, and the rules are asked once the command has had its way.

By then all that follows by itself has followed, so that no rule comes between the steps of another section's decision.
What rules do may be followed by rules in turn, as part of the same batch. Belongs here: when rules are asked, and when
not any more. Does not: what holds (`conditions`) and what is done (`acting`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from orchestra.engine.rules.acting import AT_ONCE, act
from orchestra.engine.rules.conditions import Holds, NoAnswer, compiled
from orchestra.engine.rules.scene import Scene
from orchestra.engine.rules.state import EVOLVE, Rules, tally_key
from orchestra.engine.section import React, Section, Steps
from orchestra.engine.view import View
from orchestra.errors import CommandRefused
from orchestra.model import events as e
from orchestra.model.rules import MOST_DEPTH, Action, Rule

__all__ = ["FULL", "SECTION", "Firing"]

FULL = 700
"""Events of one batch after which no rule does anything more in it: what is left is for what has begun."""


@attrs.define
class _Due:
    """A rule that is to be asked, or has fired and has something left to do."""

    rule: Rule
    event: e.Event
    cause: int
    at_us: int
    depth: int
    left: Sequence[Action] | None = None


class Firing:
    """Asks the rules of the plan in force about what happens in one batch. What it holds is over with the batch."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._due: deque[_Due] = deque()
        self._depth = 1
        self._begun_at = 0
        self._holds: Mapping[str, Holds] = {}

    def arm(self) -> Mapping[type[e.Event], React]:
        """Go by the rules of the plan in force: type of event -> what notes it. Other types cost nothing."""
        following = self._view.rules.following
        self._holds = {
            rule.name: compiled(rule.when, self._view.plans.predicates)
            for rules in following.values()
            for rule in rules
        }
        return dict.fromkeys(following, self._note)

    def follow(self, steps: Steps) -> Steps:
        """The steps of a command or of time, then what the rules make of them; gives the command's result."""
        self._due.clear()
        self._depth, self._begun_at = 1, self._view.position
        result = yield from steps
        while self._due:
            due = self._due.popleft()
            self._depth = due.depth + 1
            yield from self._ask(due) if due.left is None else self._act(due, self._scene(due), due.left)
        return result

    def _note(self, view: View, event: e.Event, at_us: int) -> Iterable[e.Event]:
        """Note what happens. It is the first to react, so that the event's own position is the state's."""
        at_once = AT_ONCE.get(type(event))
        events: list[Iterator[e.Event]] = []
        for rule in view.rules.following[type(event)]:
            due = _Due(rule, event, view.position, at_us, self._depth)
            if any(action.do == at_once for action in rule.do):
                events.append(self._route(due))
            else:
                self._due.append(due)
        return (one for those in events for one in those)

    def _route(self, due: _Due) -> Iterator[e.Event]:
        """Fire a rule at once, and do of its actions what cannot wait."""
        scene = self._scene(due)
        if (yield from self._fires(due, scene)):
            at_once = AT_ONCE[type(due.event)]
            for action in due.rule.do:
                if action.do == at_once:
                    yield from _done(due, scene, action)
            due.left = tuple(action for action in due.rule.do if action.do != at_once)
            self._due.append(due)

    def _ask(self, due: _Due) -> Iterator[e.Event]:
        scene = self._scene(due)
        if (yield from self._fires(due, scene)):
            yield from self._act(due, scene, due.rule.do)

    def _scene(self, due: _Due) -> Scene:
        return Scene.of(self._view, due.event, due.cause, due.at_us)

    def _fires(self, due: _Due, scene: Scene) -> Steps:
        """Ask a rule; gives whether it has fired."""
        rule, told = due.rule, _told(due)
        times = self._view.rules.times(tally_key(rule.name, scene.customer, scene.case, scene.interaction), scene.at_us)
        if times > rule.most_per_hour:
            return False
        try:
            if not self._holds[rule.name](scene):
                return False
        except NoAnswer as error:
            yield e.RuleFailed(*told, str(error), scene.customer, scene.case, scene.interaction)
            return False
        stopped = self._stops(due, times)
        if stopped is not None:
            yield e.RuleStopped(*told, stopped, scene.customer, scene.case, scene.interaction)
            return False
        actions = [action.do for action in rule.do]
        yield e.RuleFired(*told, actions, due.depth, scene.customer, scene.case, scene.interaction)
        return True

    def _stops(self, due: _Due, times: int) -> str | None:
        """Why a rule whose condition holds does not fire all the same."""
        if due.depth > MOST_DEPTH:
            return "depth"
        if times == due.rule.most_per_hour:
            return "often"
        return "batch" if self._is_full() else None

    def _is_full(self) -> bool:
        """Whether so much is in the batch that no rule may add to it; then none that is due is asked any more."""
        is_full = self._view.position - self._begun_at >= FULL
        if is_full:
            self._due.clear()
        return is_full

    def _act(self, due: _Due, scene: Scene, actions: Sequence[Action]) -> Iterator[e.Event]:
        """Do one after the other. One that cannot be done is told, and those after it are done all the same."""
        for action in actions:
            if self._is_full():
                yield e.RuleStopped(*_told(due), "batch", scene.customer, scene.case, scene.interaction)
                return
            yield from _done(due, scene, action)


def _told(due: _Due) -> tuple[str, str, int]:
    return due.rule.name, type(due.event).__name__, due.cause


def _done(due: _Due, scene: Scene, action: Action) -> Iterator[e.Event]:
    try:
        steps = act(scene, due.rule.name, action)
        first = next(steps, None)
    except CommandRefused as error:
        yield e.RuleFailed(*_told(due), str(error), scene.customer, scene.case, scene.interaction, action.do)
        return
    if first is not None:
        yield first
        yield from steps


SECTION = Section("rules", Rules, evolve=EVOLVE)
