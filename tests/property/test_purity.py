"""What the design promises about the tables of functions, watched while they run."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from tests import moves
from tests.engine_driver import Logged, replay
from tests.scripts import run_step, script, told
from tests.swarm import Run

from orchestra.engine.engine import SECTIONS, Engine
from orchestra.engine.section import Slice
from orchestra.errors import CommandRefused
from orchestra.model import commands as c
from orchestra.model.event import Event
from orchestra.model.events import EVENTS
from orchestra.model.scores import Scores
from orchestra.testing.purity import forbid_effects

pytestmark = pytest.mark.reach

SEEDS = range(8)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _rows(engine: Engine) -> dict[str, str]:
    """Section -> its rows as text."""
    return {name: _text(rows) for name, rows in engine.dump()["sections"].items()}


def _facts(event: Event) -> dict[str, Any]:
    return attrs.asdict(event, recurse=False)


def _handlers(engine: Engine) -> dict[type[Event], Any]:
    """Whom each event concerns, though none of it has come."""
    return {kind: engine._concerned(kind) for kind in EVENTS.values()}


def section_of(evolve: Callable[..., None]) -> type[Slice]:
    """The slice that it changes."""
    return type(evolve.__self__)  # type: ignore[attr-defined,no-any-return]


class Instrumented(Engine):
    """An engine that looks after each function of a table whether it kept to its part."""

    def __init__(self, scores: Scores | None = None) -> None:
        super().__init__(scores)
        names = {section.state: section.name for section in SECTIONS}
        self._decide = {kind: self._deciding(decide) for kind, decide in self._decide.items()}
        self._handlers = {
            kind: (
                [self._evolving(names[section_of(evolve)], evolve) for evolve in evolves],
                [self._reacting(react) for react in reacts],
            )
            for kind, (evolves, reacts) in _handlers(self).items()
        }
        self._timers = {name: self._reacting(ring) for name, ring in self._timers.items()}
        self.looked = 0

    def _state(self) -> str:
        return _text([_rows(self), self.view.timers.rows(), self.view.position])

    def _deciding(self, decide: Callable[..., Any]) -> Callable[..., Any]:
        def watched(view: Any, command: c.Command, at_us: int) -> Any:
            before = copy.copy(command)
            steps = decide(view, command, at_us)
            result = yield from self._between(steps)
            assert command == before, "decide changed the command"
            return result

        return watched

    def _reacting(self, react: Callable[..., Any]) -> Callable[..., Any]:
        def watched(view: Any, subject: Any, at_us: int) -> Iterator[Event]:
            yield from self._between(iter(react(view, subject, at_us)))

        return watched

    def _between(self, steps: Any) -> Any:
        """Run a generator, and see that the state is the same before and after each stretch of its own code."""
        while True:
            before = self._state()
            try:
                with forbid_effects():
                    event = next(steps)
            except StopIteration as stop:
                assert self._state() == before, "it changed the state itself"
                return stop.value
            assert self._state() == before, "it changed the state itself"
            self.looked += 1
            yield event

    def _evolving(self, name: str, evolve: Callable[..., None]) -> Callable[..., None]:
        def watched(event: Event, at_us: int) -> None:
            others, facts = _rows(self), copy.deepcopy(_facts(event))
            with forbid_effects():
                evolve(event, at_us)
            after = _rows(self)
            changed = {section for section in after if after[section] != others[section]}
            assert changed <= {name}, f"{name} changed {changed}"
            assert _facts(event) == facts, "evolve changed the event"
            self.looked += 1

        return watched


@pytest.mark.parametrize("seed", SEEDS)
def test_decide_and_react_change_nothing_and_evolve_only_its_own_slice(seed: int) -> None:
    engine, plain = Instrumented(moves.SCORES), Engine(moves.SCORES)
    for step in script(seed):
        assert told(run_step(engine, step)) == told(run_step(plain, step))
    assert engine.looked > 150


@pytest.mark.parametrize("seed", SEEDS)
def test_events_are_never_changed_after_emission(seed: int) -> None:
    run = Run(seed)
    seen: list[tuple[Event, str]] = []
    keep = run.keep

    def keeping(events: Any, at_us: int, actor: str) -> None:
        seen.extend((event, repr(_facts(event))) for event in events)
        keep(events, at_us, actor)

    run.keep = keeping  # type: ignore[method-assign]
    run.go(120)
    assert [repr(_facts(event)) for event, _ in seen] == [text for _, text in seen]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_state_does_not_change_with_the_callers_values(seed: int) -> None:
    """Lists and dicts of a command are the caller's: what they do with them later is no business of the engine."""
    run = Run(seed)
    given: list[c.Command] = []
    do = run.do

    def doing(command: c.Command) -> None:
        own = copy.deepcopy(command)
        do(own)
        given.append(own)

    run.do = doing  # type: ignore[method-assign]
    run.go(120)
    before = run.driver.engine.state_hash()
    for command in given:
        for field in attrs.fields(type(command)):
            value = getattr(command, field.name)
            if isinstance(value, list | dict):
                value.clear()
    assert run.driver.engine.state_hash() == before
    assert replay(run.driver.log).state_hash() == before


@pytest.mark.parametrize("seed", SEEDS)
def test_evolve_reads_no_private_field(seed: int) -> None:
    run = Run(seed)
    run.go(120)
    assert replay(run.driver.log, is_blanked=True).state_hash() == run.driver.engine.state_hash()


@pytest.mark.parametrize("seed", SEEDS)
def test_evolve_reads_only_the_event_and_the_slice(seed: int) -> None:
    """Each section rebuilt alone, with the plan and nothing else, ends as it did among all."""
    run = Run(seed)
    run.go(120)
    whole = _rows(run.driver.engine)
    for section in SECTIONS:
        if section.name == "definition":
            continue
        alone = Engine(moves.SCORES)
        alone._handlers = {
            kind: ([one for one in evolves if section_of(one) in (section.state, SECTIONS[0].state)], reacts)
            for kind, (evolves, reacts) in _handlers(alone).items()
        }
        _play(alone, run.driver.log)
        assert _rows(alone)[section.name] == whole[section.name], section.name


def _play(engine: Engine, log: list[Logged]) -> None:
    for logged in log:
        engine.replay(logged.event, logged.at_us)


def test_refusals_come_before_the_first_event() -> None:
    """A refusal after an event is a fault of the engine; the swarm's runs would have raised it."""
    refused = 0
    for seed in range(20):
        report = Run(seed).go(100)
        refused += report.refused.total()
    assert refused > 100
    assert not issubclass(CommandRefused, AssertionError)
