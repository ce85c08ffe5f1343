"""Consults on channels where agents have to be connected before they take part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, plan
from tests.invariants import WatchedEngine, check_rebuilt
from tests.unit.engine.consult_desk import Desk

from orchestra.errors import NotAllowedInState, NotPermitted, OfferExpired, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan


def connecting(seconds: int | None = 15) -> Plan:
    first = plan()
    connects = None if seconds is None else timedelta(seconds=seconds)
    chat = attrs.evolve(first.channels["chat"], connects=connects)
    return attrs.evolve(first, channels={**first.channels, "chat": chat})


@pytest.fixture
def desk() -> Desk:
    """Ana has a chat, and bob is at work."""
    desk = Desk(connecting(), engine=WatchedEngine())
    desk.sign_in("ana")
    desk.answered("joe", "chat")
    desk.sign_in("bob")
    return desk


@pytest.fixture
def asked(desk: Desk) -> Any:
    return desk.run(c.AskConsult("in1", "ana", "bob")).result


def connected(desk: Desk, asked: Any, **more: Any) -> Any:
    return desk.run(c.ConfirmConnected(asked.consult, "bob", asked.token, **more)).result


def consult(desk: Desk) -> str | None:
    row = desk.engine.view.consults.consults.get("cs1")
    return None if row is None else row.state


def test_who_accepts_takes_part_once_they_are_connected(desk: Desk, asked: Any) -> None:
    assert desk.join(asked).is_connecting
    assert desk.last(e.ConsultConnecting).until_us == desk.now_us + 15 * SECOND
    assert consult(desk) == "CONNECTING"
    assert desk.events(e.ConsultAccepted) == []
    told = connected(desk, asked)
    assert (told.consult, told.agent, told.is_connecting) == ("cs1", "ana", False)
    assert consult(desk) == "JOINED"
    desk.advance(600)
    assert consult(desk) == "JOINED"


def test_asking_again_changes_nothing(desk: Desk, asked: Any) -> None:
    desk.join(asked)
    assert desk.join(asked).is_connecting
    connected(desk, asked)
    again = desk.run(c.ConfirmConnected(asked.consult, "bob", asked.token))
    assert (again.events, again.result.is_connecting) == ([], False)
    assert not desk.join(asked).is_connecting
    assert len(desk.events(e.ConsultAccepted)) == 1


def test_a_transfer_is_over_once_the_other_agent_is_connected(desk: Desk) -> None:
    asked = desk.run(c.TransferToAgent("in1", "ana", "bob")).result
    desk.join(asked)
    desk.run(c.WriteReply("in1", "ana", "one moment"))
    told = connected(desk, asked)
    assert (told.interaction, told.is_connecting) == ("in1", False)
    assert desk.engine.view.contacts.interactions["in1"].agent == "bob"
    desk.refuse(c.ConfirmConnected(asked.consult, "bob", asked.token), OfferExpired, state="over")


@pytest.mark.parametrize("is_reported", [True, False])
def test_who_cannot_be_connected_takes_no_part_and_is_not_blamed(desk: Desk, asked: Any, is_reported: bool) -> None:
    desk.join(asked)
    if is_reported:
        desk.run(c.ReportSetupFailed(asked.consult, "bob", asked.token, "no line"))
    else:
        desk.advance(15)
    ended = desk.last(e.ConsultEnded)
    assert (ended.outcome, ended.reason) == ("SETUP_FAILED", "no line" if is_reported else None)
    assert desk.used("bob") == 0
    assert desk.engine.view.contacts.interactions["in1"].agent == "ana"
    assert not desk.engine.view.routing.benches["bob"].rests
    desk.ask(attrs.make_class("Got", ["interaction"])("in1"), "bob")


def test_the_time_to_confirm_is_over_at_its_own_instant(desk: Desk, asked: Any) -> None:
    desk.join(asked)
    desk.advance(14.999999)
    assert consult(desk) == "CONNECTING"
    desk.advance(0.000001)
    desk.refuse(c.ConfirmConnected(asked.consult, "bob", asked.token), OfferExpired, state="over")


def test_only_who_is_asked_and_has_answered_is_connected(desk: Desk, asked: Any) -> None:
    desk.refuse(c.ConfirmConnected(asked.consult, "bob", asked.token), OfferExpired, state="ASKED")
    desk.refuse(c.ReportSetupFailed(asked.consult, "bob", asked.token), OfferExpired, state="ASKED")
    desk.join(asked)
    desk.refuse(c.ConfirmConnected(asked.consult, "ana", asked.token), NotPermitted)
    desk.refuse(c.ConfirmConnected(asked.consult, "bob", asked.token + 1), OfferExpired, state="CONNECTING")
    desk.refuse(c.ConfirmConnected("cs9", "bob", 9), UnknownId, kind="consult")
    desk.refuse(c.ReportSetupFailed("cs9", "bob", 9), UnknownId, kind="consult")
    desk.refuse(c.DeclineConsult(asked.consult, "bob", asked.token), OfferExpired, state="CONNECTING")
    connected(desk, asked)
    desk.refuse(c.ReportSetupFailed(asked.consult, "bob", asked.token), OfferExpired, state="JOINED")


def test_who_is_being_connected_neither_joins_nor_gets_the_contact_nor_leaves(desk: Desk, asked: Any) -> None:
    desk.join(asked)
    desk.refuse(c.MergeConsult(asked.consult, "ana"), NotAllowedInState, state="CONNECTING")
    desk.refuse(c.CompleteTransfer(asked.consult, "ana"), NotAllowedInState, state="CONNECTING")
    desk.refuse(c.LeaveConsult(asked.consult, "bob"), NotAllowedInState, state="CONNECTING")
    desk.refuse(c.WriteReply("in1", "bob", "hi"), NotPermitted)


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (c.EndConsult("cs1", "ana"), "CANCELED"),
        (c.LeaveContact("in1"), "CUSTOMER_LEFT"),
        (c.SignOut("bob"), "AGENT_LOST"),
        (c.SetAway("bob", "lunch"), "AGENT_LOST"),
        (c.LoseDevice("bob", "main"), "AGENT_LOST"),
        (c.SignOut("ana"), "CANCELED"),
    ],
)
def test_what_ends_a_consult_ends_its_being_connected(desk: Desk, asked: Any, command: c.Command, outcome: str) -> None:
    desk.join(asked)
    desk.run(command)
    assert desk.last(e.ConsultEnded).outcome == outcome
    assert desk.used("bob") in (0, 50)  # bob may be offered what waits again
    assert consult(desk) is None


def test_a_transfer_goes_on_without_who_asked_and_fails_into_the_queue(desk: Desk) -> None:
    asked = desk.run(c.TransferToAgent("in1", "ana", "bob")).result
    desk.join(asked)
    desk.run(c.SignOut("ana"))
    assert consult(desk) == "CONNECTING"
    desk.run(c.ReportSetupFailed(asked.consult, "bob", asked.token))
    assert desk.last(e.InteractionQueued).reason == "transfer_failed"


def test_a_change_of_plan_leaves_who_is_being_connected_as_they_are(desk: Desk, asked: Any) -> None:
    desk.join(asked)
    desk.change_plan(connecting(None))
    assert desk.join(asked).is_connecting
    connected(desk, asked)
    assert consult(desk) == "JOINED"


def test_an_engine_rebuilt_connects_the_same(desk: Desk, asked: Any) -> None:
    desk.join(asked)
    check_rebuilt(desk.engine, desk.replayed())
    check_rebuilt(desk.engine, desk.reloaded())
