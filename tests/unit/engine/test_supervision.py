"""Supervisors: listening, whispering, barging in and taking over."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state
from tests.unit.engine.consult_desk import Desk

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Role

MAY = ("SignIn", "SignOut", "MonitorInteraction", "StopMonitoring", "Whisper", "BargeIn", "TakeOver", "AcceptConsult")


@pytest.fixture
def floor() -> Any:
    """Ana has a chat; Eve is at work, and may supervise."""
    engine = WatchedEngine()
    desk = Desk(plan(roles={"supervisor": Role((*MAY, "LeaveConsult", "FinishInteraction"))}), engine=engine)
    desk.sign_in("ana")
    desk.answered()
    desk.run(c.DefineAgent("eve", ["sales"], roles=["supervisor"]), 1)
    desk.sign_in("bob", "eve")
    yield desk
    desk.advance(0)
    check_state(engine, engine.witness)
    check_liveness(engine)
    for rebuilt in (desk.replayed(is_blanked=True), desk.reloaded()):
        check_rebuilt(engine, rebuilt)


@pytest.fixture
def heard(floor: Desk) -> Desk:
    """Eve listens."""
    floor.run(c.MonitorInteraction("in1", "eve"), 1)
    return floor


def listens(desk: Desk) -> dict[str, list[str]]:
    """Interaction -> who listens."""
    return {name: sorted(agents) for name, agents in desk.engine.view.supervision.listeners.items()}


@pytest.mark.parametrize("kind", [c.MonitorInteraction, c.StopMonitoring, c.Whisper, c.BargeIn, c.TakeOver])
def test_only_whose_role_says_so_supervises(floor: Desk, kind: Any) -> None:
    floor.refuse(kind("in1", "bob"), NotPermitted, actor="agent:bob")
    floor.refuse(kind("in1", "bob", actor="agent:bob"), NotPermitted, actor="agent:bob")
    floor.refuse(kind("in1", "bob", actor="agent:eve"), NotPermitted, actor="agent:eve")


def test_who_listens_takes_no_capacity_and_is_told_by_name(floor: Desk) -> None:
    decided = floor.run(c.MonitorInteraction("in1", "eve"), 1)
    assert decided.events == [e.MonitoringStarted("in1", "cu1", "eve", "ana")]
    assert decided.actor == "agent:eve"
    assert (listens(floor), floor.used("eve")) == ({"in1": ["eve"]}, 0)
    assert floor.run(c.MonitorInteraction("in1", "eve"), 1).events == []
    floor.run(c.StopMonitoring("in1", "eve"), 1)
    assert (listens(floor), floor.last(e.MonitoringEnded).reason) == ({}, "stopped")
    assert floor.run(c.StopMonitoring("in1", "eve"), 1).events == []


def test_what_is_whispered_is_private(heard: Desk) -> None:
    heard.run(c.Whisper("in1", "eve", "offer her a discount"), 1)
    event = heard.last(e.Whispered)
    assert (event.agent, event.monitored, event.text) == ("eve", "ana", "offer her a discount")
    assert "discount" not in repr(event)
    assert heard.engine.view.supervision.listeners == {"in1": {"eve": 1}}
    heard.refuse(c.Whisper("in1", "eve", ""), InvalidCommand, field="text")
    heard.refuse(c.Whisper("in1", "eve", "x" * 500_001), InvalidCommand, field="text")


def test_who_barges_in_talks_with_the_customer_and_the_contact_stays_the_agents(heard: Desk) -> None:
    heard.refuse(c.WriteReply("in1", "eve", "hi", actor="system"), NotPermitted)
    heard.run(c.BargeIn("in1", "eve"), 1)
    assert (listens(heard), heard.used("eve"), heard.last(e.MonitoringEnded).reason) == ({}, 50, "barged in")
    heard.run(c.WriteReply("in1", "eve", "hi", actor="system"), 1)
    assert heard.engine.view.contacts.interactions["in1"].agent == "ana"
    heard.run(c.LeaveConsult("cs1", "eve"), 1)
    assert heard.used("eve") == 0


@pytest.mark.parametrize("has_come_in", [False, True])
def test_who_takes_over_has_the_contact(heard: Desk, has_come_in: bool) -> None:
    if has_come_in:
        heard.run(c.BargeIn("in1", "eve"), 1)
    heard.run(c.TakeOver("in1", "eve"), 1)
    assert heard.engine.view.contacts.interactions["in1"].agent == "eve"
    assert (heard.used("ana"), heard.used("eve"), listens(heard)) == (0, 50, {})
    heard.run(c.FinishInteraction("in1", "eve"), 1)
    assert heard.used("eve") == 0


@pytest.mark.parametrize("kind", [c.Whisper, c.BargeIn, c.TakeOver])
def test_who_does_not_listen_does_not_interfere(floor: Desk, kind: Any) -> None:
    floor.refuse(kind("in1", "eve"), NotAllowedInState, subject="in1", state="UNMONITORED")


def test_who_is_consulted_takes_part_and_listens_no_more(heard: Desk) -> None:
    heard.run(c.AskConsult("in1", "ana", "eve"), 1)
    for kind in (c.BargeIn, c.TakeOver):
        heard.refuse(kind("in1", "eve"), NotAllowedInState, subject="cs1", state="ASKED", trigger="barge_in")
    heard.run(c.AcceptConsult("cs1", "eve", 1), 1)
    assert (listens(heard), heard.last(e.MonitoringEnded).reason) == ({}, "takes part")
    heard.refuse(c.MonitorInteraction("in1", "eve"), InvalidCommand, field="agent")


@pytest.mark.parametrize(
    "ends",
    [
        c.FinishInteraction("in1", "ana"),
        c.LeaveContact("in1"),
        c.CancelInteraction("in1", "spam"),
        c.TransferInteraction("in1", "ana", "sales"),
        c.SignOut("ana"),
    ],
)
def test_nobody_listens_to_what_no_agent_has(heard: Desk, ends: c.Command) -> None:
    heard.run(ends, 1)
    assert (listens(heard), heard.last(e.MonitoringEnded).reason) == ({}, "no agent has it")


def test_who_signs_out_listens_no_more(heard: Desk) -> None:
    heard.run(c.SignOut("eve"), 1)
    assert (listens(heard), heard.last(e.MonitoringEnded).reason) == ({}, "supervisor gone")


def test_several_may_listen_and_each_stops_alone(heard: Desk) -> None:
    heard.run(c.DefineAgent("max", ["sales"], roles=["supervisor"]), 1)
    heard.sign_in("max")
    heard.run(c.MonitorInteraction("in1", "max"), 1)
    assert listens(heard) == {"in1": ["eve", "max"]}
    heard.run(c.Whisper("in1", "max", "well done"), 1)
    assert heard.engine.view.supervision.listeners == {"in1": {"eve": 0, "max": 1}}
    heard.run(c.StopMonitoring("in1", "eve"), 1)
    assert listens(heard) == {"in1": ["max"]}


def test_who_listens_goes_on_when_another_agent_has_it(heard: Desk) -> None:
    heard.run(c.TransferToAgent("in1", "ana", "bob"), 1)
    heard.run(c.AcceptConsult("cs1", "bob", 1), 1)
    assert listens(heard) == {"in1": ["eve"]}
    heard.run(c.Whisper("in1", "eve", "well done"), 1)
    assert heard.last(e.Whispered).monitored == "bob"


def test_what_cannot_be_listened_to_is_refused(floor: Desk) -> None:
    waiting = floor.message("mia", queue="german", skills={"billing": 90})
    floor.refuse(c.MonitorInteraction(waiting.interaction, "eve"), NotAllowedInState, trigger="monitor")
    floor.refuse(c.MonitorInteraction("in1", "ana", actor="system"), InvalidCommand, field="agent")
    floor.run(c.SignOut("eve"), 1)
    floor.refuse(c.MonitorInteraction("in1", "eve"), NotAllowedInState, subject="eve", state="OFFLINE")
    floor.run(c.DefineAgent("rob", ["sales"], kind="bot"), 1)
    floor.refuse(c.MonitorInteraction("in1", "rob", actor="system"), InvalidCommand, field="agent")


def test_several_listen_and_each_stops_alone(heard: Desk) -> None:
    heard.run(c.MonitorInteraction("in1", "bob", actor="system"), 1)
    other = heard.message("mia")
    heard.run(c.AcceptOffer("of2", heard.offered()[other.interaction], 2), 1)
    who = "eve" if heard.agent_of(other) != "eve" else "bob"
    heard.run(c.MonitorInteraction(other.interaction, who, actor="system"), 1)
    heard.run(c.StopMonitoring("in1", "eve"), 1)
    assert "bob" in listens(heard)["in1"]


def test_no_more_than_twenty_listen(floor: Desk) -> None:
    for number in range(21):
        floor.run(c.DefineAgent(f"s{number}", ["sales"]), 1)
        floor.run(c.SignIn(f"s{number}"), 1)
    for number in range(20):
        floor.run(c.MonitorInteraction("in1", f"s{number}", actor="system"), 1)
    floor.refuse(c.MonitorInteraction("in1", "s20", actor="system"), NotAllowedInState, state="FULL")


def test_a_case_goes_to_who_takes_over(heard: Desk) -> None:
    heard.run(c.TakeOver("in1", "eve"), 1)
    assert heard.last(e.CaseOwnerChanged).owner == "eve"
