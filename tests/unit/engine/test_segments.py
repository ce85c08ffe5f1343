"""Each agent wraps up their own part: what follows for whoever gives a contact away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, SECOND, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt
from tests.unit.engine.consult_desk import Desk

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, TooSoon
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Label
from orchestra.model.plan import Plan


def wrapping(**values: Any) -> Plan:
    """Chats are wrapped up as stated, for ten seconds unless stated."""
    first = plan()
    chat = attrs.evolve(first.channels["chat"], **{"wrap_up": timedelta(seconds=10), **values})
    return attrs.evolve(first, channels={**first.channels, "chat": chat})


def centre(**values: Any) -> Desk:
    """Ana has a chat, and bob is at work."""
    desk = Desk(wrapping(**values), engine=WatchedEngine())
    desk.sign_in("ana")
    desk.answered("joe", "chat")
    desk.sign_in("bob")
    return desk


def hand_over(desk: Desk, how: str = "blind") -> None:
    """Ana gives her chat to bob."""
    if how == "queue":
        desk.run(c.TransferInteraction("in1", "ana", "care"))
        desk.accept()
        return
    asked = desk.run(c.TransferToAgent("in1", "ana", "bob") if how == "blind" else c.AskConsult("in1", "ana", "bob"))
    desk.run(c.AcceptConsult(asked.result.consult, "bob", asked.result.token))
    if how == "attended":
        desk.run(c.CompleteTransfer(asked.result.consult, "ana"))


def has(desk: Desk, agent: str = "ana") -> tuple[int, dict[str, int]]:
    bench = desk.engine.view.routing.benches[agent]
    return bench.used_percent, bench.counts


def state(desk: Desk) -> tuple[str, str | None]:
    row = desk.engine.view.contacts.interactions["in1"]
    return row.state, row.agent


@pytest.mark.parametrize("how", ["blind", "attended", "queue"])
def test_whoever_gives_a_contact_away_wraps_up_their_part_while_it_goes_on(how: str) -> None:
    desk = centre(wrap_up_percent=40)
    hand_over(desk, how)
    started = desk.last(e.SegmentWrapUpStarted)
    assert (started.segment, started.interaction, started.agent) == ("sg1", "in1", "ana")
    assert (started.wrap_up, started.weight_percent) == ("timed", 20)
    assert has(desk) == (20, {"chat": 1})
    assert state(desk) == ("ACTIVE", "bob")
    brought = desk.advance(10)
    ended = e.SegmentWrapUpEnded("sg1", "in1", "cu1", "ana", "chat", 20, [], "finished")
    assert ended in brought
    assert has(desk) == (0, {})
    assert state(desk) == ("ACTIVE", "bob")


def test_they_may_end_it_sooner_with_an_outcome_of_their_own() -> None:
    desk = centre(wrap_up_mode="required")
    hand_over(desk)
    assert desk.last(e.SegmentWrapUpStarted).until_us is None
    desk.advance(600)
    desk.refuse(c.FinishWrapUp("in1", "ana"), InvalidCommand, field="disposition")
    desk.refuse(c.FinishWrapUp("in1", "ana", "nonsense"), InvalidCommand, field="disposition")
    desk.run(c.FinishWrapUp("in1", "ana", "callback"))
    assert desk.last(e.SegmentWrapUpEnded).disposition == "callback"
    assert desk.engine.view.contacts.interactions["in1"].disposition is None
    assert state(desk) == ("ACTIVE", "bob")
    desk.refuse(c.FinishWrapUp("in1", "ana", "callback"), NotAllowedInState, state="ACTIVE")


def test_optional_wrap_up_of_a_part_lasts_until_the_agent_ends_it() -> None:
    desk = centre(wrap_up_mode="optional", wrap_up=timedelta(), idle_after=None)
    hand_over(desk)
    desk.advance(DAY // SECOND)
    assert has(desk) == (50, {"chat": 1})
    desk.run(c.FinishWrapUp("in1", "ana"))
    assert has(desk) == (0, {})


def test_fixed_wrap_up_of_a_part_ends_by_its_time_alone() -> None:
    desk = centre(wrap_up_mode="fixed")
    hand_over(desk)
    until_us = desk.now_us + 10 * SECOND
    desk.refuse(c.FinishWrapUp("in1", "ana", "resolved"), TooSoon, subject="in1", until_us=until_us)
    desk.advance(10)
    assert has(desk) == (0, {})


def test_without_wrap_up_there_is_none_of_a_part() -> None:
    desk = centre(wrap_up=timedelta())
    hand_over(desk)
    assert desk.events(e.SegmentWrapUpStarted) == []
    assert has(desk) == (0, {})


def test_the_contact_ends_without_the_part_and_the_part_without_the_contact() -> None:
    desk = centre(wrap_up_mode="optional", wrap_up=timedelta())
    hand_over(desk)
    desk.run(c.FinishInteraction("in1", "bob"))
    desk.run(c.FinishWrapUp("in1", "bob", "resolved"))
    assert state(desk)[0] == "DONE"
    assert has(desk) == (50, {"chat": 1})
    desk.run(c.FinishWrapUp("in1", "ana", "callback"))
    assert desk.engine.view.contacts.interactions["in1"].disposition == "resolved"


def test_each_part_ends_by_itself() -> None:
    desk = Desk(wrapping(wrap_up_mode="optional", wrap_up=timedelta()), engine=WatchedEngine())
    desk.sign_in("ana")
    for sender in ("joe", "jim"):
        desk.answered(sender, "chat")
    desk.sign_in("bob")
    for name in ("in1", "in2"):
        asked = desk.run(c.TransferToAgent(name, "ana", "bob")).result
        desk.run(c.AcceptConsult(asked.consult, "bob", asked.token))
    assert has(desk) == (100, {"chat": 2})
    desk.run(c.FinishWrapUp("in1", "ana"))
    assert has(desk) == (50, {"chat": 1})
    assert [row.interaction for row in desk.engine.view.segments.segments.values()] == ["in2"]
    desk.run(c.SignOut("ana"))
    assert desk.engine.view.segments.segments == {}


def test_nobody_ends_the_wrap_up_of_anothers_part() -> None:
    desk = centre(wrap_up_mode="optional")
    hand_over(desk)
    desk.refuse(c.FinishWrapUp("in1", "bob"), NotAllowedInState)
    desk.refuse(c.FinishWrapUp("in1", "ana", actor="agent:bob"), NotPermitted)


def test_whoever_is_gone_has_no_part_to_wrap_up() -> None:
    desk = centre(wrap_up_mode="optional")
    asked = desk.run(c.TransferToAgent("in1", "ana", "bob")).result
    desk.run(c.SignOut("ana"))
    desk.run(c.AcceptConsult(asked.consult, "bob", asked.token))
    assert desk.events(e.SegmentWrapUpStarted) == []


@pytest.mark.parametrize("is_lost", [False, True])
def test_it_ends_with_its_agent(is_lost: bool) -> None:
    desk = centre(wrap_up_mode="required")
    hand_over(desk)
    if is_lost:
        desk.run(c.LoseDevice("ana", "main"))
        desk.advance(60)
    else:
        desk.run(c.SignOut("ana"))
    assert desk.last(e.SegmentWrapUpEnded).reason == "agent_left"
    assert has(desk) == (0, {})
    assert state(desk) == ("ACTIVE", "bob")


def test_an_agent_who_is_away_wraps_up_all_the_same() -> None:
    desk = centre()
    desk.run(c.SetAway("ana", "lunch"))
    hand_over(desk)
    assert has(desk) == (50, {"chat": 1})
    desk.advance(10)
    assert has(desk) == (0, {})


@pytest.mark.parametrize("how", ["transfer", "queue"])
def test_who_has_the_contact_again_goes_on_with_their_part(how: str) -> None:
    desk = centre(wrap_up_mode="fixed", wrap_up=timedelta(seconds=60), wrap_up_percent=0)
    hand_over(desk)
    if how == "transfer":
        asked = desk.run(c.TransferToAgent("in1", "bob", "ana")).result
        desk.run(c.AcceptConsult(asked.consult, "ana", asked.token))
    else:
        desk.run(c.TransferInteraction("in1", "bob", "care"))
        desk.accept()
    assert desk.events(e.SegmentWrapUpEnded)[0].reason == "taken_again"
    assert has(desk) == (50, {"chat": 1})
    assert state(desk) == ("ACTIVE", "ana")


def test_the_room_that_it_leaves_is_offered_at_once_and_the_rest_when_it_ends() -> None:
    first = wrapping(wrap_up_percent=80, weight_percent=100)
    desk = Desk(first, engine=WatchedEngine())
    desk.sign_in("ana")
    desk.answered("joe", "chat")
    desk.sign_in("bob")
    asked = desk.run(c.TransferToAgent("in1", "ana", "bob")).result
    for number in range(2):
        desk.message(f"p{number}", "email")
    assert desk.offered() == {}
    desk.run(c.AcceptConsult(asked.consult, "bob", asked.token))
    assert desk.offered() == {"in2": "ana"}
    desk.advance(9)
    assert desk.offered() == {"in2": "ana"}
    desk.advance(1)
    assert desk.offered() == {"in2": "ana", "in3": "ana"}
    check_liveness(desk.engine)


def test_a_limit_of_the_channel_and_of_a_label_counts_it() -> None:
    first = wrapping(wrap_up_percent=0, limit=1)
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], labels=["complex"])}
    desk = Desk(attrs.evolve(first, queues=queues, labels={"complex": Label(1)}), engine=WatchedEngine())
    desk.sign_in("ana")
    desk.answered("joe", "chat")
    desk.sign_in("bob")
    hand_over(desk)
    desk.message("jim", "email")
    assert desk.offered() == {}
    assert desk.engine.view.routing.benches["ana"].labels == {"complex": 1}
    desk.advance(10)
    assert desk.offered() == {"in2": "ana"}


def test_what_is_taken_over_leaves_a_part_too() -> None:
    desk = centre()
    desk.run(c.MonitorInteraction("in1", "bob", actor="operator:eve"))
    desk.run(c.TakeOver("in1", "bob", actor="operator:eve"))
    assert has(desk) == (50, {"chat": 1})
    assert state(desk) == ("ACTIVE", "bob")


def test_who_waits_longest_for_an_offer_is_not_changed_by_wrap_up() -> None:
    desk = centre()
    before = desk.engine.view.routing.benches["ana"].offered_us
    hand_over(desk)
    assert desk.engine.view.routing.benches["ana"].offered_us == before


def test_an_engine_rebuilt_has_the_same_parts() -> None:
    desk = centre()
    hand_over(desk)
    check_rebuilt(desk.engine, desk.replayed())
    check_rebuilt(desk.engine, desk.reloaded())
