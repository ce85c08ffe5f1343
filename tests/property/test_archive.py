"""Whoever is archived is as if they had never been: the same commands give the same events, and the same state."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import attrs
import pytest
from tests import moves
from tests.archiving import ARCHIVED, ArchivingEngine, archiving, restless, rows_but_archive, without_positions
from tests.scripts import Step, run_step

from orchestra.engine.engine import Decided, Engine
from orchestra.model import commands as c, events as e

SEEDS = range(12)


def _told(decided: list[Decided]) -> list[tuple[object, ...]]:
    """What was decided, without the archive's own events and without positions."""
    told: list[tuple[object, ...]] = []
    for one in decided:
        events = [event for event in one.events if not isinstance(event, ARCHIVED)]
        shown = [without_positions(repr(event)) for event in events if not isinstance(event, e.PlanChanged)]
        if shown or one.actor == "refused":
            told.append((one.at_us, one.actor, without_positions(repr(one.result)), *shown))
    return told


def _with_archive(step: Step, after: timedelta | None) -> Step:
    command = step.command
    if not isinstance(command, c.ChangePlan):
        return step
    plan = archiving(command.plan, after)
    return attrs.evolve(step, command=attrs.evolve(command, plan=plan, digest=plan.digest()))


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_is_archived_is_as_if_they_had_never_been(seed: int) -> None:
    plain, archiver = Engine(moves.SCORES), ArchivingEngine(moves.SCORES)
    at_us = 0
    for number, step in enumerate(restless(seed)):
        expected = run_step(plain, step)
        found = run_step(archiver, _with_archive(step, timedelta(seconds=3)))
        assert _told(found) == _told(expected), f"step {number}: {step.command}"
        at_us = max(at_us, step.at_us)
    archiver.recall_all(at_us)
    run_step(plain, Step(None, at_us))
    assert rows_but_archive(archiver) == rows_but_archive(plain)


def test_the_scripts_archive_and_recall() -> None:
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        engine = ArchivingEngine(moves.SCORES)
        for step in restless(seed):
            for one in run_step(engine, _with_archive(step, timedelta(seconds=3))):
                seen.update(type(event).__name__ for event in one.events)
        seen["CustomerRecalled"] += len(engine.recalls)
    assert seen["CustomerArchived"] > 20
    assert seen["CustomerRecalled"] > 10
