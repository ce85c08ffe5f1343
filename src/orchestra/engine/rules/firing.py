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


Told = tuple[str, str, int]
"""A rule, and the type and position of the event that it follows."""


@attrs.define
class _Due:
    """Rules that are to be asked about an event; or one that has fired already, and has something left to do."""

    rules: Sequence[Rule]
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
        self._is_over = False
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
        self._depth, self._begun_at, self._is_over = 1, self._view.position, False
        result = yield from steps
        while self._due:
            due = self._due.popleft()
            self._depth = due.depth + 1
            scene = self._scene(due)
            if due.left is None:
                yield from self._ask(due, scene)
            else:
                yield from self._act(_told(due, due.rules[0]), scene, due.left)
        return result

    def _note(self, view: View, event: e.Event, at_us: int) -> Iterable[e.Event]:
        """Note what happens. It is the first to react, so that the event's own position is the state's."""
        verb, rules = AT_ONCE.get(type(event)), view.rules.following[type(event)]
        later = [rule for rule in rules if all(action.do != verb for action in rule.do)]
        if later:
            self._due.append(_Due(later, event, view.position, at_us, self._depth))
        if verb is None or len(later) == len(rules):
            return ()
        due = _Due([rule for rule in rules if rule not in later], event, view.position, at_us, self._depth)
        return self._do_at_once(due, verb)

    def _do_at_once(self, due: _Due, verb: str) -> Iterator[e.Event]:
        """Fire rules at once, and do of their actions what cannot wait."""
        scene = self._scene(due)
        for rule, answer in self._answers(due, scene):
            if (yield from self._fires(due, rule, answer, scene)):
                for action in rule.do:
                    if action.do == verb:
                        yield from _done(_told(due, rule), scene, action)
                left = [action for action in rule.do if action.do != verb]
                self._due.append(attrs.evolve(due, rules=[rule], left=left))

    def _ask(self, due: _Due, scene: Scene) -> Iterator[e.Event]:
        """Ask the rules, all of them before the first one does anything, and let those fire that say yes."""
        for rule, answer in self._answers(due, scene):
            if (yield from self._fires(due, rule, answer, scene)):
                yield from self._act(_told(due, rule), scene, rule.do)

    def _answers(self, due: _Due, scene: Scene) -> list[tuple[Rule, bool | NoAnswer]]:
        return [(rule, self._answer(rule, scene)) for rule in due.rules]

    def _answer(self, rule: Rule, scene: Scene) -> bool | NoAnswer:
        """Whether a rule's condition holds; nobody asks one that was stopped for this hour."""
        if self._times(rule, scene) > rule.most_per_hour:
            return False
        try:
            return self._holds[rule.name](scene)
        except NoAnswer as error:
            return error

    def _times(self, rule: Rule, scene: Scene) -> int:
        key = tally_key(rule.name, scene.customer, scene.case, scene.interaction)
        return self._view.rules.times(key, scene.at_us)

    def _scene(self, due: _Due) -> Scene:
        return Scene.of(self._view, due.event, due.cause, due.at_us)

    def _fires(self, due: _Due, rule: Rule, answer: bool | NoAnswer, scene: Scene) -> Steps:
        """Tell what came of a rule; gives whether it has fired."""
        if answer is False or self._is_over:
            return False
        told, about = _told(due, rule), (scene.customer, scene.case, scene.interaction)
        stopped = self._stops(due, rule, scene)
        if stopped is not None:
            yield e.RuleStopped(*told, stopped, *about)
        elif isinstance(answer, NoAnswer):
            yield e.RuleFailed(*told, str(answer), *about)
        else:
            yield e.RuleFired(*told, [action.do for action in rule.do], due.depth, *about)
            return True
        return False

    def _stops(self, due: _Due, rule: Rule, scene: Scene) -> str | None:
        """Why a rule whose condition holds does not fire all the same."""
        if due.depth > MOST_DEPTH:
            return "depth"
        if self._times(rule, scene) >= rule.most_per_hour:
            return "often"
        return "batch" if self._is_full() else None

    def _is_full(self) -> bool:
        """Whether so much is in the batch that no rule may add to it; then nothing is done any more that is due."""
        if self._view.position - self._begun_at >= FULL:
            self._due.clear()
            self._is_over = True
        return self._is_over

    def _act(self, told: Told, scene: Scene, actions: Sequence[Action]) -> Iterator[e.Event]:
        """Do one after the other. One that cannot be done is told, and those after it are done all the same."""
        for action in actions:
            if self._is_full():
                yield e.RuleStopped(*told, "batch", scene.customer, scene.case, scene.interaction)
                return
            yield from _done(told, scene, action)


def _told(due: _Due, rule: Rule) -> Told:
    return rule.name, type(due.event).__name__, due.cause


def _done(told: Told, scene: Scene, action: Action) -> Iterator[e.Event]:
    try:
        steps = act(scene, told[0], action)
        first = next(steps, None)
    except CommandRefused as error:
        yield e.RuleFailed(*told, str(error), scene.customer, scene.case, scene.interaction, action.do)
        return
    if first is not None:
        yield first
        yield from steps


SECTION = Section("rules", Rules, evolve=EVOLVE)
