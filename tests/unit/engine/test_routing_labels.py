"""Labels: of some work nobody has too much at once, whatever its channel."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt
from tests.unit.engine.consult_desk import Desk

from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Label, Rate
from orchestra.model.plan import Plan
from orchestra.runtime.history.waiting import why_waiting


def labelled(limit: int = 2, *, labels: tuple[str, ...] = ("complex",), **channels: dict[str, Any]) -> Plan:
    """German contacts carry labels, and agents have room for much more than the limit."""
    first = plan()
    queues = {**first.queues, "german": attrs.evolve(first.queues["german"], labels=labels)}
    agents = {name: attrs.evolve(agent, capacity_percent=400) for name, agent in first.agents.items()}
    changed = {**first.channels}
    for name, values in channels.items():
        changed[name] = attrs.evolve(changed[name], **values)
    known = {label: Label(limit) for label in ("complex", "money")}
    return attrs.evolve(first, queues=queues, agents=agents, channels=changed, labels=known)


@pytest.fixture
def desk() -> Desk:
    driver = Desk(labelled(), engine=WatchedEngine())
    driver.sign_in("bob")
    return driver


def has(desk: Desk, agent: str = "bob") -> dict[str, int]:
    return desk.engine.view.routing.benches[agent].labels


def test_nobody_has_more_of_a_label_than_its_limit_whatever_the_channel(desk: Desk) -> None:
    desk.answered("p1", "chat", queue="german")
    desk.answered("p2", "email", queue="german")
    waiting = desk.message("p3", "email", queue="german")
    assert desk.offered() == {}
    why = why_waiting(desk.engine.view, waiting.interaction)
    assert why is not None
    assert (why.reason, why.counts) == ("saturated", {"saturated": 1})
    assert has(desk) == {"complex": 2}


def test_what_carries_no_label_is_offered_all_the_same(desk: Desk) -> None:
    for number in range(3):
        desk.message(f"p{number}", "email", queue="german")
    plain = desk.message("joe", "email")
    assert desk.offered() == {"in1": "bob", "in2": "bob", plain.interaction: "bob"}


def test_an_offer_counts_and_gives_back_when_it_ends(desk: Desk) -> None:
    for number in range(3):
        desk.message(f"p{number}", "email", queue="german")
    assert desk.last(e.OfferMade).labels == ["complex"]
    desk.decline(desk.offer_to("bob"))
    assert desk.offered() == {"in1": "bob", "in3": "bob"}
    assert has(desk) == {"complex": 2}


def test_what_ends_makes_room_at_once(desk: Desk) -> None:
    for number in range(2):
        desk.answered(f"p{number}", "email", queue="german")
    third = desk.message("p3", "email", queue="german")
    desk.run(c.FinishInteraction("in1", "bob"))
    assert desk.offered() == {third.interaction: "bob"}
    check_liveness(desk.engine)


def test_of_several_labels_the_narrowest_counts() -> None:
    first = labelled(labels=("money", "complex"))
    desk = Desk(attrs.evolve(first, labels={"complex": Label(3), "money": Label(1)}), engine=WatchedEngine())
    desk.sign_in("bob")
    desk.answered("p1", "email", queue="german")
    desk.message("p2", "email", queue="german")
    assert desk.offered() == {}
    assert has(desk) == {"complex": 1, "money": 1}


def test_what_moves_to_another_queue_carries_that_queues_labels(desk: Desk) -> None:
    got = desk.answered("p1", "email", queue="german")
    desk.run(c.TransferInteraction(got.interaction, "bob", "care"))
    assert has(desk) == {}
    desk.sign_in("ana")
    assert desk.last(e.OfferMade).labels == []
    desk.accept()
    assert has(desk, "ana") == {}


def test_who_is_consulted_has_one_more_of_the_label(desk: Desk) -> None:
    got = desk.answered("p1", "email", queue="german")
    desk.sign_in("cleo")
    asked = desk.ask(got, "cleo")
    assert has(desk, "cleo") == {"complex": 1}
    desk.join(asked, "cleo")
    desk.run(c.EndConsult(asked.consult, "bob"))
    assert has(desk, "cleo") == {}


def test_who_has_enough_of_a_label_is_not_consulted(desk: Desk) -> None:
    desk.answered("p1", "email", queue="german")
    desk.answered("p2", "email", queue="german")
    desk.run(c.SetAway("bob", "lunch"))
    desk.sign_in("cleo")
    got = desk.answered("p3", "email", queue="german")
    desk.run(c.SetAvailable("bob"))
    desk.refuse(c.AskConsult(got.interaction, "cleo", "bob"), NotAllowedInState, state="SATURATED")


def test_who_has_been_offered_as_much_as_they_may_be_is_not_consulted() -> None:
    first = labelled()
    desk = Desk(attrs.evolve(first, presence=attrs.evolve(first.presence, rate=Rate(1))), engine=WatchedEngine())
    desk.sign_in("bob")
    desk.answered("p1", "email", queue="german")
    desk.sign_in("cleo")
    got = desk.answered("p2", "email", queue="german")
    assert desk.agent_of(got) == "cleo"
    desk.refuse(c.AskConsult(got.interaction, "cleo", "bob"), NotAllowedInState, state="SATURATED")


def test_what_is_transferred_counts_for_whoever_has_it(desk: Desk) -> None:
    got = desk.answered("p1", "email", queue="german")
    desk.sign_in("cleo")
    desk.join(desk.transfer(got, "cleo"), "cleo")
    assert (has(desk), has(desk, "cleo")) == ({}, {"complex": 1})
    desk.run(c.FinishInteraction(got.interaction, "cleo"))
    assert has(desk, "cleo") == {}


def test_a_supervisor_who_barges_in_has_one_more_even_beyond_the_limit(desk: Desk) -> None:
    desk.run(c.SetAway("bob", "lunch"))
    desk.sign_in("cleo")
    got = desk.answered("p1", "email", queue="german")
    desk.run(c.SetAway("cleo", "lunch"))
    desk.run(c.SetAvailable("bob"))
    desk.answered("p2", "email", queue="german")
    desk.answered("p3", "email", queue="german")
    desk.run(c.MonitorInteraction(got.interaction, "bob", actor="operator:eve"))
    desk.run(c.BargeIn(got.interaction, "bob", actor="operator:eve"))
    assert desk.last(e.BargedIn).labels == ["complex"]
    assert has(desk) == {"complex": 3}


def test_putting_work_aside_makes_no_room_for_a_label() -> None:
    desk = Desk(labelled(1, voice={"interrupts": ["email"], "weight_percent": 390}), engine=WatchedEngine())
    desk.sign_in("bob")
    desk.answered("p1", "email", queue="german")
    desk.call("p2", queue="german")
    assert desk.offered() == {}
    desk.call("p3")
    assert desk.offered() == {"in3": "bob"}


def test_a_change_of_plan_holds_for_what_comes_next(desk: Desk) -> None:
    desk.answered("p1", "email", queue="german")
    desk.answered("p2", "email", queue="german")
    desk.message("p3", "email", queue="german")
    desk.change_plan(labelled(3))
    desk.advance(1)
    assert desk.offered() == {"in3": "bob"}
    desk.change_plan(labelled(3, labels=()))
    assert has(desk) == {"complex": 3}, "what was taken under a label has it"
    desk.message("p4", "email", queue="german")
    assert desk.offered() == {"in3": "bob", "in4": "bob"}
    desk.change_plan(attrs.evolve(labelled(labels=()), labels={}))
    desk.run(c.FinishInteraction("in1", "bob"))
    assert has(desk) == {"complex": 2}


def test_who_helps_with_what_carries_a_label_that_is_no_more_is_not_limited(desk: Desk) -> None:
    got = desk.answered("p1", "email", queue="german")
    desk.change_plan(attrs.evolve(labelled(labels=()), labels={}))
    desk.sign_in("cleo")
    desk.ask(got, "cleo")
    assert has(desk, "cleo") == {"complex": 1}


def test_an_engine_rebuilt_has_the_same_room(desk: Desk) -> None:
    desk.answered("p1", "email", queue="german")
    desk.message("p2", "chat", queue="german")
    desk.message("p3", "email", queue="german")
    check_rebuilt(desk.engine, desk.replayed())
    check_rebuilt(desk.engine, desk.reloaded())
