"""Seeded runs of random commands and faults, checked after every event and every batch.

What belongs here: the run itself, so that other sessions can drive it. What does not: how often it runs.
"""

from __future__ import annotations

import json
import marshal
import random
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, TypeVar
from unittest.mock import patch

import attrs

from orchestra.engine import section as sections
from orchestra.engine.business_time import BusinessTime
from orchestra.engine.calendar import Calendar
from orchestra.engine.definition import state as defining
from orchestra.engine.deliveries.state import DUE, PERMIT
from orchestra.engine.engine import SECTIONS, Engine
from orchestra.engine.incidents import walking
from orchestra.engine.routing import decide
from orchestra.engine.section import SLICE_PAUSE_US
from orchestra.errors import CommandRefused, Fault
from orchestra.model import commands as c
from orchestra.model.events import Event
from orchestra.model.plan import Plan
from orchestra.model.structure import structure, unstructure
from tests import (
    action_moves,
    amending_moves,
    archive_moves,
    call_moves,
    case_moves,
    clock_moves,
    commitment_moves,
    import_moves,
    incident_moves,
    journey_invariants,
    journey_moves,
    moves,
    notice_moves,
    ownership_moves,
    remark_moves,
)
from tests.archiving import ARCHIVED, ArchivingEngine, rows_but_archive, with_archive
from tests.engine_driver import HOUR, MINUTE, SECOND, START, Driver, Logged
from tests.invariants import (
    WatchedEngine,
    Witness,
    check_changed,
    check_changed_liveness,
    check_liveness,
    check_rebuilt,
    check_state,
)
from tests.rule_plans import PREDICATES, swarm_rules
from tests.watching import NotedTimers, followed_by

__all__ = ["FAULTS", "Report", "SwarmFailed", "run_seed"]

Value = TypeVar("Value")

FAULTS = ("duplicates", "reordering", "clock_steps", "flapping", "decline_storm", "capacity_cut", "plans", "crashes")
"""Each run has a random subset of them."""

STEPS = 150


class SwarmFailed(AssertionError):
    """A run broke an invariant. The text says which, at which step, and how to run it again."""


class Dice:
    """Choices of a seeded run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def pick(self, options: Sequence[Value]) -> Value:
        return options[int(self._random.random() * len(options))]

    def number(self, least: int, most: int) -> int:
        return least + int(self._random.random() * (most - least + 1))

    def chance(self, percent: int) -> bool:
        return self._random.random() * 100 < percent

    def move(self) -> moves.Move:
        return self.of(moves.WEIGHTS)

    def of(self, weights: Mapping[Any, int]) -> moves.Move:
        """One of some moves, each as often as it says."""
        known = _SUMS.get(id(weights))
        if known is None:
            known = _SUMS[id(weights)] = list(weights), list(accumulate(weights.values()))
        return self._random.choices(known[0], cum_weights=known[1])[0]


_SUMS: dict[int, tuple[list[moves.Move], list[int]]] = {}
"""Moves and how often they are made up to each, by the tables of their modules, which nobody changes."""


@attrs.define
class Report:
    """What a run did: commands done and refused, events by name, who was archived, the state it ended in."""

    seed: int
    done: Counter[str] = attrs.field(factory=Counter)
    refused: Counter[str] = attrs.field(factory=Counter)
    events: Counter[str] = attrs.field(factory=Counter)
    crashes: int = 0
    archived: int = 0
    state_hash: str = ""


class Run:
    """One run from one seed."""

    def __init__(self, seed: int) -> None:
        self.dice, self.imports = Dice(seed), Dice(seed + 1_000_000)
        self.faults = frozenset(fault for fault in FAULTS if self.dice.chance(50))
        self.witness = Witness()
        self.driver = Driver(None, engine=WatchedEngine(self.witness, moves.SCORES, PREDICATES, action_moves.NAMES))
        self.report = Report(seed)
        # In some runs another engine is told the same, and archives whom it can: it must decide the same. Not where the
        # clock goes back: its time goes by its own timers, too.
        is_shadowed = seed % 4 == 1 and "clock_steps" not in self.faults
        self.shadow = ArchivingEngine(moves.SCORES, PREDICATES, action_moves.NAMES) if is_shadowed else None
        self.rests = Dice(seed + 2_000_000)
        # In half of the runs cases go on by stages, from dice of their own; a third of these has clocks, too.
        self.has_stages, self.steps = seed % 6 in (1, 2, 5), Dice(seed + 3_000_000)
        # In every other run there are service clocks, from dice of their own: the other runs go as without them.
        self.clocks = Dice(seed + 4_000_000)
        self.has_clocks = seed % 2 == 0
        self.tells = Dice(seed + 5_000_000)
        self.heard = Dice(seed + 6_000_000)
        self.calls = Dice(seed + 7_000_000)
        self.amends = Dice(seed + 8_000_000)
        self.looked_at, self.rows = -1, Rows()
        self.late: list[c.Command] = []
        self.recent: list[c.Command] = []

    def go(self, steps: int) -> Report:
        plan = moves.swarm_plan()
        if self.dice.chance(50):
            plan = attrs.evolve(plan, callbacks=moves.customer_first(self.dice, plan.callbacks))
        if self.dice.chance(40):
            plan = attrs.evolve(plan, rules=swarm_rules(with_predicate=True))
        if self.has_clocks:
            plan = clock_moves.with_clocks(plan)
        self.do(c.ChangePlan(plan, plan.digest(), "2025b", "check"))
        for _ in range(steps):
            self.pass_time()
            for command in self.commands():
                self.do(command)
            if "crashes" in self.faults and self.dice.chance(2):
                self.crash()
        self.wind_down()
        self.crash()
        self.report.events.update(type(logged.event).__name__ for logged in self.driver.log)
        if self.shadow is not None:
            told = (logged.event for logged in self.shadow.log)
            self.report.events.update(type(event).__name__ for event in told if isinstance(event, ARCHIVED))
        self.report.state_hash = self.driver.engine.state_hash()
        return self.report

    # Time

    def pass_time(self) -> None:
        """Mostly a little later; sometimes straight to a timer, sometimes back, sometimes hours later."""
        driver, dice = self.driver, self.dice
        roll = dice.number(1, 100)
        due = driver.engine.due()
        if "clock_steps" in self.faults and roll <= 4:
            driver.now_us = max(START, driver.now_us + dice.pick([-1, 1]) * dice.number(SECOND, HOUR))
        elif roll <= 16 and due is not None:
            driver.now_us = max(driver.now_us, due)
        elif roll <= 18:
            driver.now_us += dice.number(MINUTE, 2 * HOUR)
        elif roll <= 80:
            driver.now_us += dice.number(0, 5 * SECOND)
        self.drain()

    def drain(self) -> None:
        """Let every timer ring that is due, and look after each batch."""
        engine = self.driver.engine
        while (due := engine.due()) is not None and due <= max(self.driver.now_us, engine.now_us):
            decided = engine.tick(self.driver.now_us)
            assert decided.events, "a tick with a timer due brought nothing"
            self.keep(decided.events, decided.at_us, decided.actor)
        if self.looked_at != engine.position:  # without a batch between, all is as it was
            assert isinstance(engine, WatchedEngine)
            check_changed_liveness(engine)
            journey_invariants.check_liveness(engine, self.witness.journeys)
            self.looked_at = engine.position
        self.follow(None)

    def follow(self, command: c.Command | None) -> None:
        """Let the engine that archives do the same, at the same time."""
        shadow, now_us = self.shadow, self.driver.now_us
        if shadow is None:
            return
        while (due := shadow.due()) is not None and due <= max(now_us, shadow.now_us):
            shadow.tick(now_us)
        told = with_archive(command, timedelta(seconds=5))
        if told is not None:
            with suppress(CommandRefused):
                shadow.execute(told, now_us)

    # Commands

    def commands(self) -> Iterator[c.Command]:
        """The next commands, with the faults of this run."""
        dice, engine = self.dice, self.driver.engine
        if "decline_storm" in self.faults and dice.chance(3):
            for _ in range(6):
                if (command := moves.decline(engine, dice)) is not None:
                    yield command
        if "flapping" in self.faults and dice.chance(4):
            agent = dice.pick(moves.AGENTS)
            yield from (c.SignIn(agent), c.SetAway(agent, "lunch"), c.SetAvailable(agent), c.LoseDevice(agent, "main"))
            yield from (c.ReturnDevice(agent, "main"), c.SignOut(agent), c.SignIn(agent))
        if "capacity_cut" in self.faults and dice.chance(3):
            yield c.DefineAgent(dice.pick(moves.AGENTS), ["care"], capacity_percent=dice.pick([1, 30]))
        if "plans" in self.faults and dice.chance(1):
            yield from moves.come_back_to_no_queue(engine, dice)
        if "plans" in self.faults and dice.chance(2):
            yield from moves.change_midway(engine, dice)
            if "crashes" in self.faults and dice.chance(30):
                self.crash()
        if dice.chance(8):
            yield from dice.pick([moves.confer, moves.supervise, moves.stop_answers, moves.seek_help])(engine, dice)
        if dice.chance(4):
            lives = [case_moves.take_apart, incident_moves.live_through]
            yield from dice.pick([commitment_moves.dispute, ownership_moves.pass_on, *lives])(engine, dice)
        yield from self.past()
        yield from self.rest()
        yield from self.progress()
        yield from self.timed()
        yield from self.tell()
        yield from self.hear()
        yield from self.ring()
        yield from self.amend()
        command = dice.move()(engine, dice)
        if command is None or (isinstance(command, c.ChangePlan) and "plans" not in self.faults):
            return
        if "reordering" in self.faults and dice.chance(5):
            self.late.append(command)
        else:
            yield command
        if self.late and dice.chance(15):
            yield self.late.pop(dice.number(0, len(self.late) - 1))
        if "duplicates" in self.faults and self.recent and dice.chance(8):
            yield dice.pick(self.recent)

    def rest(self) -> Iterator[c.Command]:
        """Where customers are archived, one of them comes to rest now and then."""
        if self.shadow is not None and self.rests.chance(5):
            yield from archive_moves.settle(self.driver.engine, self.rests)

    def past(self) -> Iterator[c.Command]:
        """In some runs another system's history comes in, from dice of its own: the other runs go as without it."""
        if self.report.seed % 3 == 0 and self.imports.chance(4):
            yield from import_moves.import_history(self.driver.engine, self.imports)
        elif self.report.seed % 3 == 0 and self.imports.chance(4):
            command = self.imports.pick(import_moves.MOVES)(self.driver.engine, self.imports)
            if command is not None:
                yield command

    def progress(self) -> Iterator[c.Command]:
        """Where cases go on by stages, they do, and their customers are told and promised things."""
        if not self.has_stages or not self.steps.chance(40):
            return
        if self.steps.chance(15):
            yield from journey_moves.slip(self.driver.engine, self.steps)
        command = self.steps.of(journey_moves.WEIGHTS)(self.driver.engine, self.steps)
        if command is not None:
            yield command

    def timed(self) -> Iterator[c.Command]:
        """Where there are clocks, they are paused and resumed, and what they go by changes."""
        if self.has_clocks and self.clocks.chance(30):
            command = self.clocks.of(clock_moves.WEIGHTS)(self.driver.engine, self.clocks)
            if command is not None:
                yield command

    def planned(self, command: c.ChangePlan) -> c.ChangePlan:
        """A change of plan as this run has it: with all that it is to do."""
        seed, plan = self.report.seed, command.plan
        if seed % 3 == 1:
            plan = notice_moves.with_notices(plan)
        if seed % 7 == 3:
            plan = call_moves.with_calls(plan)
        if seed % 5 == 2:
            plan = moves.beyond_capacity(plan)
        if self.has_clocks and not plan.clocks:  # another plan has other clocks, once there are any
            plan = clock_moves.changed(plan, self.clocks)
        if self.has_stages:
            plan = journey_moves.with_case_types(plan, self.steps)
        return command if plan is command.plan else attrs.evolve(command, plan=plan, digest=plan.digest())

    def tell(self) -> Iterator[c.Command]:
        """In some runs customers are told before they ask, from dice of its own: the other runs go as without it."""
        if self.report.seed % 3 != 1:
            return
        if self.tells.chance(30):
            yield from notice_moves.carry(self.driver.engine, self.tells)
        if self.tells.chance(40):
            command = self.tells.of(notice_moves.WEIGHTS)(self.driver.engine, self.tells)
            if command is not None:
                yield command

    def hear(self) -> Iterator[c.Command]:
        """In some runs providers tell of messages and their writers, from dice of its own."""
        if self.report.seed % 5 == 2 and self.heard.chance(25):
            yield self.heard.of(remark_moves.WEIGHTS)(self.driver.engine, self.heard)

    def ring(self) -> Iterator[c.Command]:
        """In some runs calls are steered, from dice of its own."""
        if self.report.seed % 7 == 3 and self.calls.chance(4):
            yield from call_moves.talk(self.driver.engine, self.calls)
        if self.report.seed % 7 == 3 and self.calls.chance(35):
            command = self.calls.of(call_moves.WEIGHTS)(self.driver.engine, self.calls)
            if command is not None:
                yield command

    def amend(self) -> Iterator[c.Command]:
        """In some runs what was sent is changed, from dice of its own."""
        if self.report.seed % 5 == 3 and self.amends.chance(30):
            yield self.amends.of(amending_moves.WEIGHTS)(self.driver.engine, self.amends)

    def do(self, command: c.Command) -> None:
        """Execute a command; a refusal must have changed nothing."""
        self.drain()
        if isinstance(command, c.ChangePlan):
            command = self.planned(command)
        engine, name = self.driver.engine, type(command).__name__
        position, before = engine.position, self.rows.before(engine) if self.dice.chance(4) else None
        self.follow(command)
        try:
            decided = engine.execute(command, self.driver.now_us)
        except CommandRefused:
            assert engine.position == position, "a refusal left events"
            assert before is None or written(engine) == before, "a refusal changed the state"
            self.report.refused[name] += 1
            return
        if before is not None and engine.position % 4 == 0:
            check_untouched(before, engine, decided.events)
        self.report.done[name] += 1
        self.recent = [*self.recent[-5:], command]
        self.keep(decided.events, decided.at_us, decided.actor)
        self.drain()

    def keep(self, events: Sequence[Event], at_us: int, actor: str) -> None:
        self.driver.log += [Logged(event, at_us, actor) for event in events]
        self.rows.note(events)
        assert isinstance(self.driver.engine, WatchedEngine)
        check_changed(self.driver.engine)

    # Crashes, and the end

    def crash(self) -> None:
        """Throw the engine away and go on with one rebuilt from the log, from a snapshot, or from both."""
        old = self.driver.engine
        check_state(old, self.witness)
        check_liveness(old)
        assert isinstance(old.view.timers, NotedTimers)
        assert old.view.timers.are_as_told(), "timers were set or cancelled past those who look after them"
        kind = self.dice.pick(["replay", "load", "both"])
        new = WatchedEngine(self.witness, moves.SCORES, PREDICATES, action_moves.NAMES)
        if kind == "replay":
            new.replay_unseen(self.driver.log)
        elif kind == "load":
            new.load(json.loads(json.dumps(old.dump(), sort_keys=True)))
        else:
            half = Engine()
            at = self.dice.number(0, len(self.driver.log))
            for logged in self.driver.log[:at]:
                half.replay(logged.event, logged.at_us)
            new.load(json.loads(json.dumps(half.dump(), sort_keys=True)))
            new.replay_unseen(self.driver.log[at:])
        check_rebuilt(old, new)
        self.driver.engine, self.rows, self.looked_at = new, Rows(), -1
        self.report.crashes += 1

    def work_off(self) -> None:
        """Bulk work goes on from slice to slice."""
        while (due := self.driver.engine.due()) is not None and due <= self.driver.now_us + 10 * SLICE_PAUSE_US:
            self.driver.now_us = max(due, self.driver.now_us)
            self.drain()

    def wind_down(self) -> None:
        """Faults stop: after enough time nothing is left that waits without a reason."""
        for _ in range(4):
            self.driver.now_us = max(self.driver.now_us, self.driver.engine.now_us) + 2 * HOUR
            self.drain()
            self.work_off()
        deliveries = self.driver.engine.view.deliveries
        notices = self.driver.engine.view.notices.notices
        # What is told by a notice may be on its way for as long as that is worth telling: tried again and again, unless
        # its account is down or others go before it.
        words = {name for name, row in notices.items() if row.expires_us > self.driver.now_us}
        left = {name: row for name, row in deliveries.deliveries.items() if row.state in ("PENDING", "PERMITTED")}
        assert {row.notice for row in left.values()} <= words
        for name, row in left.items():
            rings = [self.driver.engine.view.timers.get(timer, name) for timer in (DUE, PERMIT)]
            waits = row.is_held or row.waits or not deliveries.is_first(name)
            assert waits or any(rings), f"{name} is never tried again"
        if self.shadow is not None:
            self.shadow.recall_all(self.driver.now_us)
            self.report.archived = len(self.shadow.stored)
            assert rows_but_archive(self.shadow) == rows_but_archive(self.driver.engine), "archived is another state"


class Rows:
    """The rows of each section, and all timers, told as bytes: the same bytes, the same rows.

    What no event has concerned is not written again: should it have changed nevertheless, the next look tells.
    """

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._touched: set[str] = set()

    def note(self, events: Iterable[Event]) -> None:
        """Events have taken effect."""
        for event in events:
            self._touched |= followed_by(type(event))

    def before(self, engine: Engine) -> dict[str, bytes]:
        """As they are now, if sections change through the events that they follow."""
        for section in SECTIONS:
            if section.name in self._touched or section.name not in self._known:
                self._known[section.name] = marshal.dumps(getattr(engine.view, section.name).dump(), 2)
        self._touched.clear()
        self._known[""] = marshal.dumps(engine.view.timers.rows(), 2)
        return dict(self._known)


def written(engine: Engine) -> dict[str, bytes]:
    """All rows as they are now."""
    return Rows().before(engine)


def check_untouched(before: Mapping[str, bytes], engine: Engine, events: Iterable[Event]) -> None:
    """A section changes through the events that it follows, and in no other way."""
    touched = {"", *(name for event in events for name in followed_by(type(event)))}
    after = written(engine)
    assert [name for name in before if name not in touched and before[name] != after[name]] == [], "changed unheard"


def _once(work: Callable[[Plan], Value]) -> Callable[[Plan], Value]:
    """Work on plans that is done once for each of them; nobody changes one."""
    known: dict[int, tuple[Plan, Value]] = {}

    def once(plan: Plan) -> Value:
        found = known.get(id(plan))
        if found is None:
            found = known[id(plan)] = plan, work(plan)
        return found[1]

    return once


@lru_cache(maxsize=100)
def _structured(text: str) -> Plan | list[Fault]:
    return structure(json.loads(text), Plan)


@contextmanager
def _quickened() -> Generator[None]:
    """Plans, which nobody changes, are written, read back and given their calendars once each, not by every engine."""
    with (
        patch.object(Plan, "to_json", _once(Plan.to_json)),
        patch.object(Plan, "without_names", _once(Plan.without_names)),
        patch.object(defining, "unstructure", _once(unstructure)),
        patch.object(defining, "structure", lambda dumped, _: _structured(json.dumps(dumped))),
        patch.object(sections, "Calendar", _calendar),
        patch.object(sections, "BusinessTime", _business_time),
    ):
        yield


_calendar = lru_cache(maxsize=100)(Calendar)
_business_time = lru_cache(maxsize=100)(BusinessTime)


def run_seed(seed: int, steps: int = STEPS) -> Report:
    """Run one seed.

    Raises:
        SwarmFailed: something that must hold did not.
    """
    run = Run(seed)
    try:
        # So that much comes between two slices.
        with (
            patch.object(decide, "_MOVED_AT_ONCE", 2),
            patch.object(decide, "_SEATED_AT_ONCE", 2),
            patch.object(walking, "_LOOKED_AT", 3),
            _quickened(),
        ):
            return run.go(steps)
    except Exception as error:
        last = type(run.driver.log[-1].event).__name__ if run.driver.log else "nothing"
        faults = ", ".join(sorted(run.faults)) or "no faults"
        raise SwarmFailed(
            f"seed {seed} with {faults}, after event {len(run.driver.log)} ({last}): {type(error).__name__}: {error}\n"
            f"again: ORCHESTRA_SWARM_SEED={seed} python -m pytest tests/simulation/test_swarm.py"
        ) from error
