"""Whoever is archived is as if they had never been: the same commands give the same events, and the same state."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import attrs
import pytest
from tests import moves
from tests.archiving import ARCHIVED, ArchivingEngine, rows_but_archive, with_archive, without_positions
from tests.engine_driver import replay
from tests.restless import restless
from tests.scripts import Step, run_step

from orchestra.engine.archive import group
from orchestra.engine.archive.group import group_of, stock
from orchestra.engine.engine import Decided, Engine
from orchestra.model import events as e

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


def _with_archive(step: Step, after: timedelta) -> Step:
    return attrs.evolve(step, command=with_archive(step.command, after))


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


def _archived_run(seed: int, steps: int | None = None) -> ArchivingEngine:
    engine = ArchivingEngine(moves.SCORES)
    for step in restless(seed)[:steps]:
        run_step(engine, _with_archive(step, timedelta(seconds=3)))
    return engine


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_what_belongs_to_whom_is_the_same_however_it_was_found_out(seed: int) -> None:
    engine = _archived_run(seed)
    view = engine.view
    stock(view)
    noted = {name: group_of(view, name) for name in view.identity.customers}
    view.archive.reindex()
    stock(view)
    found = {name: group_of(view, name) for name in view.identity.customers}
    assert noted == found
    of = view.archive.of
    there = {**view.cases.cases, **view.contacts.interactions, **view.identity.customers}
    assert of.keys() <= there.keys(), "something is kept of who is not there"


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_what_is_taken_down_in_slices_is_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restart, again and again, while commands come in between."""
    monkeypatch.setattr(group, "SLICE", 2)
    plain, halting = _archived_run(seed), ArchivingEngine(moves.SCORES)
    for number, step in enumerate(restless(seed)):
        if number % 23 == 0:
            halting.view.archive.reindex()
        run_step(halting, _with_archive(step, timedelta(seconds=3)))
    assert halting.state_hash() == plain.state_hash()


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_an_archive_recovers_at_any_position_and_goes_on_the_same(seed: int) -> None:
    engine = _archived_run(seed)
    for at in range(0, len(engine.log), 41):
        half = replay(engine.log[:at])
        other = Engine()
        other.load(json.loads(json.dumps(half.dump(), sort_keys=True)))
        for logged in engine.log[at:]:
            other.replay(logged.event, logged.at_us)
        assert other.state_hash() == engine.state_hash(), f"from position {at}"


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_no_row_that_is_there_names_one_that_is_not(seed: int) -> None:
    engine = ArchivingEngine(moves.SCORES)
    view = engine.view
    for step in restless(seed):
        run_step(engine, _with_archive(step, timedelta(seconds=3)))
        people, cases, contacts = view.identity.customers, view.cases.cases, view.contacts.interactions
        for case in cases.values():
            assert {case.customer, *case.participants} <= people.keys()
            assert case.interactions.keys() <= contacts.keys()
            assert case.into is None or case.into in cases
        for contact in contacts.values():
            assert contact.customer in people
            assert contact.case in cases
            assert contact.conversation is None or contact.conversation in view.contacts.conversations
        for talk in view.contacts.conversations.values():
            assert talk.customer in people
            assert talk.case is None or talk.case in cases
            assert talk.interaction is None or talk.interaction in contacts
        for delivery in view.deliveries.deliveries.values():
            assert delivery.customer in people
            assert delivery.case in cases
        for link in view.identity.merges.values():
            assert {link.customer, link.other} <= people.keys()
        assert {row.customer for row in view.identity.addresses.values()} <= people.keys()
        assert set(view.details.refs.values()) <= people.keys() | cases.keys() | contacts.keys()
        assert {timer[1] for timer in view.timers.rows() if timer[0] == "archive.due"} <= people.keys()
