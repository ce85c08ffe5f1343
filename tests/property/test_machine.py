"""Any commands at any times, shrunk to the shortest that break an invariant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests import moves
from tests.engine_driver import HOUR, MINUTE, SECOND, START, Logged
from tests.invariants import WatchedEngine, Witness, check_liveness, check_rebuilt, check_state

from orchestra.engine.engine import Decided, Engine
from orchestra.errors import CommandRefused
from orchestra.model import commands as c

Value = TypeVar("Value")


class Drawn:
    """Choices that hypothesis makes, and so can shrink."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def pick(self, options: Sequence[Value]) -> Value:
        return options[self._data.draw(st.integers(0, len(options) - 1))] if len(options) > 1 else options[0]

    def number(self, least: int, most: int) -> int:
        return self._data.draw(st.integers(least, most))

    def chance(self, percent: int) -> bool:
        return self._data.draw(st.integers(0, 99)) >= 100 - percent


def _many(weights: dict[moves.Move, int]) -> list[moves.Move]:
    """Moves that matter more stand in more places."""
    return [move for move, weight in weights.items() for _ in range(max(1, weight // 4))]


class AnyCommands(RuleBasedStateMachine):
    """Draws commands, time, repeats and crashes; the invariants of the swarm are looked at after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.witness = Witness()
        self.engine: Engine = WatchedEngine(self.witness, moves.SCORES)
        self.now_us = START
        self.log: list[Logged] = []
        self.last: c.Command | None = None

    def keep(self, decided: Decided) -> None:
        self.log += [Logged(event, decided.at_us, decided.actor) for event in decided.events]

    def drain(self) -> None:
        while (due := self.engine.due()) is not None and due <= max(self.now_us, self.engine.now_us):
            self.keep(self.engine.tick(self.now_us))
            check_state(self.engine, self.witness)

    def do(self, command: c.Command) -> None:
        before, position = self.engine.state_hash(), self.engine.position
        try:
            self.keep(self.engine.execute(command, self.now_us))
        except CommandRefused:
            assert (self.engine.state_hash(), self.engine.position) == (before, position), "a refusal changed something"
        self.drain()

    @initialize()
    def a_plan_and_an_agent(self) -> None:
        plan = moves.swarm_plan()
        self.do(c.ChangePlan(plan, plan.digest(), "2025b", "check"))
        self.do(c.SignIn("bob"))

    @rule(data=st.data(), move=st.sampled_from(_many(dict(moves.WEIGHTS))))
    def command(self, data: st.DataObject, move: moves.Move) -> None:
        command = move(self.engine, Drawn(data))
        if command is not None:
            self.last = command
            self.do(command)

    @precondition(lambda self: self.last is not None)
    @rule()
    def repeat(self) -> None:
        assert self.last is not None
        self.do(self.last)

    @rule(passed_us=st.integers(0, 90) | st.integers(0, 20 * SECOND) | st.integers(MINUTE, 2 * HOUR))
    def time_passes(self, passed_us: int) -> None:
        self.now_us += passed_us
        self.drain()

    @precondition(lambda self: self.engine.due() is not None)
    @rule(early_us=st.integers(0, 1))
    def next_timer(self, early_us: int) -> None:
        due = self.engine.due()
        assert due is not None
        self.now_us = max(self.now_us, due - early_us)
        self.drain()

    @rule(back_us=st.integers(SECOND, HOUR))
    def clock_steps_back(self, back_us: int) -> None:
        self.now_us = max(START, self.now_us - back_us)

    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        """Recover from a snapshot taken anywhere, and the log from there on."""
        at = data.draw(st.integers(0, len(self.log)))
        half = Engine()
        for logged in self.log[:at]:
            half.replay(logged.event, logged.at_us)
        new = WatchedEngine(self.witness, moves.SCORES)
        new.load(json.loads(json.dumps(half.dump(), sort_keys=True)))
        new.replay_unseen(self.log[at:])
        check_rebuilt(self.engine, new)
        self.engine = new

    @invariant()
    def holds(self) -> None:
        check_state(self.engine, self.witness)
        check_liveness(self.engine)

    def teardown(self) -> None:
        """Faults stop: nothing waits without a reason."""
        for _ in range(3):
            self.now_us = max(self.now_us, self.engine.now_us) + HOUR
            self.drain()
        check_liveness(self.engine)
        states = {row.state for row in self.engine.view.deliveries.deliveries.values()}
        assert states & {"PENDING", "PERMITTED"} == set()


TestAnyCommands = AnyCommands.TestCase
TestAnyCommands.settings = settings(
    stateful_step_count=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
