from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from tests.engine_driver import MINUTE, SECOND, START, Driver, plan

from orchestra.engine import engine as module
from orchestra.engine.archive.decide import RecallCustomer
from orchestra.engine.engine import MAX_BATCH, SECTIONS, Engine, EngineFault, TickFirst
from orchestra.engine.section import Steps
from orchestra.errors import InvalidCommand, OrchestraError, ReplayMismatch, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Role


@attrs.define
class Dance(c.Command):
    """A command that no section knows."""


def test_a_command_that_no_section_decides_is_refused() -> None:
    Driver().refuse(Dance(), InvalidCommand, field="command")


def test_every_command_is_decided_by_one_section_and_every_event_evolves_some() -> None:
    decided = [command for section in SECTIONS for command in section.decide]
    known = [*c.COMMANDS, RecallCustomer]  # the one that nobody can send
    assert sorted(command.__name__ for command in decided) == sorted(command.__name__ for command in known)
    assert {event for section in SECTIONS for event in section.evolve} == set(e.EVENTS.values())
    reacted = {event for section in SECTIONS for event in section.react}
    assert reacted <= set(e.EVENTS.values())
    timers = [name for section in SECTIONS for name in section.timers]
    assert len(timers) == len(set(timers))
    assert all(name.startswith(f"{section.name}.") for section in SECTIONS for name in section.timers)


def test_the_batch_tells_position_time_actor_and_result() -> None:
    driver = Driver()
    driver.sign_in("ana")
    first = driver.engine.position + 1
    decided = driver.run(c.SetAway("ana", "lunch"), 1)
    assert (decided.first, decided.at_us, decided.actor) == (first, driver.now_us, "agent:ana")
    assert decided.events == [e.AgentWentAway("ana", "lunch")]
    assert decided.result is None
    assert driver.engine.position == first


def test_a_command_that_changes_nothing_gives_an_empty_batch() -> None:
    driver = Driver()
    driver.sign_in("ana")
    decided = driver.run(c.SignIn("ana"))
    assert decided.events == []
    assert decided.first == driver.engine.position + 1


def test_time_never_goes_back() -> None:
    driver = Driver()
    driver.sign_in("ana")
    now_us = driver.engine.now_us
    decided = driver.engine.execute(c.SetAway("ana", "lunch"), now_us - MINUTE)
    assert decided.at_us == driver.engine.now_us == now_us
    assert driver.engine.tick(START - MINUTE).at_us == now_us


def test_a_due_timer_goes_before_a_command() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.message()
    due = driver.engine.due()
    assert due == driver.last(e.OfferMade).deadline_us
    before = driver.engine.state_hash()
    with pytest.raises(TickFirst):
        driver.engine.execute(c.SetAway("ana", "lunch"), due)
    assert driver.engine.state_hash() == before
    assert driver.engine.execute(c.SetAway("ana", "lunch"), due - 1).events


def test_a_tick_before_anything_is_due_brings_nothing() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.message()
    due = driver.engine.due()
    assert due is not None
    before = driver.engine.state_hash()
    assert driver.engine.tick(due - 1).events == []
    assert driver.engine.state_hash() == before
    decided = driver.engine.tick(due)
    assert isinstance(decided.events[0], e.OfferEnded)
    assert decided.actor == "system"


def test_an_empty_engine_has_nothing_due() -> None:
    engine = Engine()
    assert engine.due() is None
    assert engine.position == 0
    assert engine.tick(START).events == []


def test_a_tick_takes_timers_in_order_of_due_and_key_until_the_batch_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TICK_BATCH", 3)
    driver = Driver()
    for number in range(8):
        driver.message(f"p{number}", "email", after=0)
        driver.run(c.ResolveCase(f"ca{number + 1}"))
    due = driver.engine.due()
    assert due is not None
    closed = []
    while (then := driver.engine.due()) is not None and then <= due:
        decided = driver.engine.tick(due)
        assert len(decided.events) <= 3
        closed += [event.case for event in decided.events if isinstance(event, e.CaseClosed)]
    assert closed == [f"ca{number + 1}" for number in range(8)]


# The engine's own rules, broken on purpose


def _broken(monkeypatch: pytest.MonkeyPatch, driver: Driver, steps: Any) -> None:
    monkeypatch.setitem(driver.engine._decide, c.SetAvailable, steps)


def test_refusing_after_the_first_event_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver()
    driver.sign_in("ana")

    def decide(view: Any, command: Any, at_us: int) -> Steps:
        yield e.AgentWentAway("ana", "x")
        raise UnknownId("agent", "ana")

    _broken(monkeypatch, driver, decide)
    with pytest.raises(EngineFault, match="refused after AgentWentAway"):
        driver.engine.execute(c.SetAvailable("ana"), driver.now_us)


def test_a_batch_without_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver()
    driver.sign_in("ana")

    def decide(view: Any, command: Any, at_us: int) -> Steps:
        while True:
            yield e.AgentWentAway("ana", "x")

    _broken(monkeypatch, driver, decide)
    with pytest.raises(EngineFault, match=f"more than {MAX_BATCH} events"):
        driver.engine.execute(c.SetAvailable("ana"), driver.now_us)


def test_a_timer_that_brings_nothing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver()

    def ring(view: Any, subject: str, at_us: int) -> Iterator[e.Event]:
        yield from ()

    monkeypatch.setitem(driver.engine._timers, "contacts.idle", ring)
    driver.engine.view.timers.set("contacts.idle", "in1", START)
    with pytest.raises(EngineFault, match="brought nothing"):
        driver.engine.tick(START)


def test_any_other_error_comes_through_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver()
    driver.sign_in("ana")

    def decide(view: Any, command: Any, at_us: int) -> Steps:
        yield e.AgentWentAway("zoe", "x")

    _broken(monkeypatch, driver, decide)
    with pytest.raises(KeyError):
        driver.engine.execute(c.SetAvailable("ana"), driver.now_us)


def test_faults_of_the_engine_are_not_refusals() -> None:
    assert issubclass(EngineFault, OrchestraError)
    assert issubclass(TickFirst, OrchestraError)


# Reactions


def test_each_event_is_evolved_by_all_before_anyone_reacts() -> None:
    driver = Driver()
    driver.sign_in("ana")
    since = len(driver.log)
    driver.message()
    assert driver.names(since) == [
        *("CustomerAdded", "ConversationStarted", "InteractionStarted", "CaseOpened", "InteractionAttached"),
        *("InteractionQueued", "OfferMade", "MessageReceived"),
    ]


# Rebuilding


def test_replay_gives_the_state_that_was() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered()
    other = driver.replayed()
    assert other.state_hash() == driver.engine.state_hash()
    assert (other.position, other.now_us, other.due()) == (
        driver.engine.position,
        driver.engine.now_us,
        driver.engine.due(),
    )


@pytest.mark.parametrize(
    "event",
    [
        e.AgentSignedIn("zoe", "main", takes_work=True),
        e.InteractionQueued("in9", "cu1", "care", "chat", {}, 0, 1, 1, "x"),
        e.CaseResolved("ca9", "cu1"),
        e.AgentSignedOut("ana", "x"),
    ],
)
def test_an_event_that_does_not_fit_is_a_mismatch(event: e.Event) -> None:
    driver = Driver()
    with pytest.raises(ReplayMismatch) as caught:
        driver.engine.replay(event, START)
    assert caught.value.position == driver.engine.position
    assert type(event).__name__ in caught.value.reason


def test_a_dump_is_plain_json_and_loads_to_the_same_state() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered()
    dumped = driver.engine.dump()
    assert json.loads(json.dumps(dumped)) == dumped
    assert dumped["clock"] == {"now_us": driver.engine.now_us, "position": driver.engine.position}
    assert list(dumped["sections"]) == [section.name for section in SECTIONS]
    other = driver.reloaded()
    assert other.state_hash() == driver.engine.state_hash()
    assert (other.position, other.now_us, other.due()) == (
        driver.engine.position,
        driver.engine.now_us,
        driver.engine.due(),
    )


def test_the_hash_tells_states_apart_and_knows_no_clock() -> None:
    driver = Driver()
    driver.sign_in("ana")
    before = driver.engine.state_hash()
    assert len(before) == 32
    driver.engine.tick(driver.now_us + SECOND)
    assert driver.engine.state_hash() == before
    driver.run(c.SetAway("ana", "lunch"))
    away = driver.engine.state_hash()
    driver.run(c.SetAway("ana", "meeting"))
    assert len({before, away, driver.engine.state_hash()}) == 3


def test_the_hash_covers_timers() -> None:
    driver = Driver()
    before = driver.engine.state_hash()
    driver.engine.view.timers.set("contacts.idle", "in1", START)
    assert driver.engine.state_hash() != before


# Questions about plans


def test_plan_faults_are_those_of_the_plan_its_roles_and_the_work_in_flight() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.message()
    new = plan(roles={"odd": Role(("Dance",))})
    new = attrs.evolve(new, channels={"email": new.channels["email"]}, agents={})
    paths = [fault.path for fault in driver.engine.plan_faults(new)]
    assert "workspace.key" in paths
    assert "roles.odd.may[0]" in paths
    assert "channels.chat" in paths
    assert not [fault for fault in driver.engine.plan_faults(plan()) if fault.is_error]
