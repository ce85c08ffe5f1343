"""What holds of cases whatever was merged, split and moved, and in whatever order contacts came."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st
from tests import moves
from tests.case_invariants import owner_of
from tests.engine_driver import Driver, Logged, person, plan, thread
from tests.invariants import check_rebuilt, check_state
from tests.scripts import Step, run_step, script

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.engine import Engine
from orchestra.model import commands as c, events as e

UNTOUCHED = ("contacts", "callbacks", "commitments", "deliveries", "details", "routing", "presence", "work", "known")
"""Sections in which a merge and its undoing leave nothing."""


def _run(seed: int, steps: int) -> tuple[Engine, list[Logged]]:
    engine, log = Engine(moves.SCORES), list[Logged]()
    given = script(seed)[:steps]
    for step in (*given, Step(None, given[-1].at_us)):  # so that nothing is due any more
        for decided in run_step(engine, step):
            log += [Logged(event, decided.at_us, decided.actor) for event in decided.events]
    return engine, log


def _rows(engine: Engine) -> dict[str, Any]:
    """Everything but clocks and versions, which go on."""
    sections = engine.dump()["sections"]
    rows = {"cases": sections["cases"]["cases"], **{name: sections[name] for name in UNTOUCHED}}
    return json.loads(json.dumps(rows, sort_keys=True))


def _is_quiet(engine: Engine, case: str) -> bool:
    """Whether no two contacts of the person wait, which would hold one place meanwhile, and be offered anew.

    Nor does one wait for the answer to another: once it is about another matter it waits for its own, for good.
    """
    view = engine.view
    there = view.engagements.of(view.identity.group(view.cases.cases[case].customer))
    states = [view.contacts.interactions[name].state for name in there]
    return "LINKED" not in states and sum(state in ("QUEUED", "OFFERED") for state in states) < 2


def _mergeable(engine: Engine) -> list[tuple[str, str]]:
    """Pairs of cases of one person that are both open, of which neither is merged: the others open what they join."""
    rows = {name: row for name, row in engine.view.cases.cases.items() if row.state not in (*SETTLED, "MERGED")}
    is_same = engine.view.identity.is_same
    pairs = [(name, other) for name in rows for other in rows if name != other]
    return [(name, other) for name, other in pairs if is_same(rows[name].customer, rows[other].customer)]


@pytest.mark.parametrize("steps", [70, 110])
def test_a_merge_and_its_undoing_leave_nothing(steps: int) -> None:
    done = 0
    for seed in range(24):
        engine, log = _run(seed, steps)
        for name, other in _mergeable(engine):
            if not _is_quiet(engine, name):
                continue
            before, at_us = _rows(engine), engine.now_us
            for command in (c.MergeCases(name, other, "the same"), c.UnmergeCase(other, "two")):
                log += [Logged(event, at_us, "system") for event in engine.execute(command, at_us).events]
            assert _rows(engine) == before, f"{other} was merged into {name}, and something stayed"
            done += 1
        rebuilt = Engine()
        for logged in log:
            rebuilt.replay(logged.event, logged.at_us)
        check_rebuilt(engine, rebuilt)
    assert done > 5


@pytest.mark.parametrize("steps", [70, 110])
def test_what_is_moved_and_moved_back_leaves_nothing(steps: int) -> None:
    done = 0
    for seed in range(36):
        engine, log = _run(seed, steps)
        cases = engine.view.cases
        for name, other in _mergeable(engine):
            for interaction in sorted(cases.cases[other].interactions):
                row = engine.view.contacts.interactions[interaction]
                whose = row.customer
                is_to_call = interaction in engine.view.callbacks.callbacks
                talk = engine.view.contacts.conversations.get(row.conversation or "")
                if talk is not None and talk.case != row.case:
                    continue  # an answer given elsewhere was about another case since then
                if is_to_call or whose != cases.cases[name].customer or not _is_quiet(engine, name):
                    continue
                before, at_us = _rows(engine), engine.now_us
                for case in (name, other):
                    command = c.MoveInteraction(interaction, case, "wrong case")
                    log += [Logged(event, at_us, "system") for event in engine.execute(command, at_us).events]
                assert _rows(engine) == before, f"{interaction} was moved to {name} and back, and something stayed"
                done += 1
        check_state(engine)
        rebuilt = Engine()
        for logged in log:
            rebuilt.replay(logged.event, logged.at_us)
        check_rebuilt(engine, rebuilt)
    assert done > 5


CONTACTS = st.lists(
    st.one_of(
        st.tuples(st.just("thread"), st.sampled_from(["t1", "t2"])),
        st.tuples(st.just("number"), st.sampled_from(["C-000001", "C-000002"])),
        st.tuples(st.just("topic"), st.sampled_from(["order", "bill"])),
        st.tuples(st.just("over"), st.sampled_from(["one", "all"])),
    ),
    max_size=12,
)


def _two() -> Driver:
    driver = Driver()
    driver.message("joe", "email", thread=thread("t1"), topic="order")
    driver.message("joe", "email", thread=thread("t2"), topic="bill")
    return driver


def _come(driver: Driver, number: int, kind: str, what: str) -> None:
    if kind == "over":
        rows = driver.engine.view.contacts.interactions
        open_ones = [name for name, row in rows.items() if not row.is_final]
        for name in open_ones[: 1 if what == "one" else None]:
            driver.run(c.CancelInteraction(name, "x"), 1)
        return
    where = {"thread": {"thread": thread(what)}, "number": {"case_number": what}, "topic": {"topic": what}}[kind]
    driver.message("joe", "email", message_id=f"p{number}", **({"thread": thread(f"own{number}")} | where))


def _structure(driver: Driver) -> dict[str, list[str]]:
    return {name: sorted(row.interactions) for name, row in driver.engine.view.cases.cases.items()}


@given(CONTACTS, st.booleans())
def test_what_comes_to_either_side_of_a_merge_is_there_when_it_is_undone(
    contacts: list[tuple[str, str]], is_turned: bool
) -> None:
    """As if they had never been merged."""
    merged, apart = _two(), _two()
    name, other = ("ca2", "ca1") if is_turned else ("ca1", "ca2")
    merged.run(c.MergeCases(name, other, "the same"), 1)
    apart.advance(1)
    for number, (kind, what) in enumerate(contacts):
        for driver in (merged, apart):
            _come(driver, number, kind, what)
        if merged.engine.view.contacts.interactions:
            assert merged.engine.view.cases.group("ca1") == ("ca1", "ca2")
    merged.run(c.UnmergeCase(other, "two"), 1)
    assert _structure(merged) == _structure(apart)
    check_state(merged.engine)


ORDERED = st.lists(
    st.tuples(st.sampled_from(["joe", "jim"]), st.sampled_from(["order", "bill", "return"]), st.integers(0, 2)),
    min_size=1,
    max_size=8,
)


@given(ORDERED, st.data())
def test_the_order_in_which_contacts_come_decides_nothing(
    contacts: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    """For contacts that each tell their topic, on threads that are each of one person and topic.

    Whatever order they come in, however often each is delivered, and whether those before are over by then: nothing
    but sender and topic decides, since a thread leads to no other case than its topic does, and no case closes.
    """
    structures = []
    for _ in range(2):
        order = data.draw(st.permutations(range(len(contacts))))
        again = data.draw(st.lists(st.sampled_from(order), max_size=4))
        driver = Driver()
        for number in (*order, *again):
            who, topic, talk = contacts[number]
            values = {"topic": topic, "thread": thread(f"{who}-{topic}-{talk}"), "message_id": f"p{number}"}
            driver.message(who, data.draw(st.sampled_from(["email"])), **values)
            if data.draw(st.booleans()):
                _come(driver, 0, "over", "all")
        found: dict[str, set[str]] = defaultdict(set)
        for event in driver.events(e.MessageReceived):
            found[driver.engine.view.cases.root(event.case)].add(event.message_id)
        structures.append({frozenset(ids) for ids in found.values()})
        check_state(driver.engine)
    assert structures[0] == structures[1]
    pairs = {(who, topic) for who, topic, _ in contacts}
    assert len(structures[0]) == len(pairs)


@pytest.mark.parametrize("seed", range(6))
def test_every_case_has_one_owner_at_every_step(seed: int) -> None:
    """After each batch: an agent or a team that there is, unless the agent has just gone and it is being taken."""
    engine = Engine(moves.SCORES)
    for step in script(seed):
        run_step(engine, step)
        for name, case in engine.view.cases.cases.items():
            kind, owner = owner_of(engine, name)
            row = engine.view.cases.row(name)
            assert (kind, owner) == (row.owner_kind, row.owner)
            owned = list(engine.view.cases.owned.get((kind, owner), ()))
            assert (int(engine.view.cases.root(name)[2:]) in owned) == (row.state != "CLOSED")
            assert case.into is None or int(name[2:]) not in owned, f"{name} is merged, and owned by itself"


def test_a_merged_case_is_attached_to_by_nothing_else() -> None:
    driver = Driver(plan())
    driver.message("joe", "email", topic="order")
    driver.run(c.OpenCase("cu1", "bill"), 1)
    before = attrs.evolve(driver.engine.view.cases.cases["ca2"])
    driver.run(c.MergeCases("ca1", "ca2", "x"), 1)
    driver.run(c.UnmergeCase("ca2", "x"), 1)
    assert driver.engine.view.cases.cases["ca2"] == before
    assert driver.engine.view.identity.holder(person("joe").key) == "cu1"
