"""Transfers to an agent: attended, after a consult, and blind, by asking them to take the contact."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import plan
from tests.invariants import WatchedEngine, check_liveness
from tests.unit.engine.consult_desk import Desk

from orchestra.errors import NotAllowedInState, NotPermitted, OfferExpired
from orchestra.model import commands as c, events as e

# Attended


def test_the_contact_is_the_consulted_agents_once_the_transfer_is_completed(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.HoldInteraction(got.interaction, "ana"), 1)
    decided = desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert [type(event).__name__ for event in decided.events] == ["TransferCompleted", "CaseOwnerChanged"]
    assert (desk.state(got), desk.agent_of(got), desk.owner(got)) == ("ACTIVE", "bob", ("agent", "bob"))
    assert (desk.used("ana"), desk.used("bob")) == (0, 50)
    desk.refuse(c.WriteReply(got.interaction, "ana", "hi"), NotPermitted)
    desk.run(c.WriteReply(got.interaction, "bob", "hi"), 1)
    desk.run(c.FinishInteraction(got.interaction, "bob"), 1)
    assert (desk.state(got), desk.used("bob")) == ("DONE", 0)


def test_a_transfer_is_completed_only_by_who_asked_and_with_who_takes_part(desk: Desk, asked: Any) -> None:
    desk.refuse(c.CompleteTransfer("cs1", "ana"), NotAllowedInState, state="ASKED", trigger="transfer")
    desk.join(asked)
    desk.refuse(c.CompleteTransfer("cs1", "bob"), NotPermitted)
    desk.run(c.EndConsult("cs1", "ana"), 1)
    desk.refuse(c.CompleteTransfer("cs1", "ana"), OfferExpired, state="over")


def test_whoever_hands_over_is_offered_what_waits(desk: Desk) -> None:
    got = desk.answered("joe", "voice")
    desk.sign_in("bob")
    desk.join(desk.ask(got))
    waiting = desk.call("mia")
    assert desk.offered() == {}
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert desk.offered() == {}, "ana wraps up her part"
    desk.advance(10)
    assert desk.offered() == {waiting.interaction: "ana"}


def test_whoever_has_it_now_hands_it_on(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    desk.join(desk.ask(got, "cleo"), "cleo")
    desk.run(c.CompleteTransfer("cs2", "bob"), 1)
    assert (desk.agent_of(got), desk.used("bob"), desk.used("cleo")) == ("cleo", 0, 50)


def test_a_case_that_somebody_else_owns_stays_theirs(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.AssignCase(got.case.id, "agent", "cleo"), 1)
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert desk.owner(got) == ("agent", "cleo")


def test_a_case_that_only_a_team_owns_is_the_new_agents(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.AssignCase(got.case.id, "team", "care"), 1)
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert desk.owner(got) == ("agent", "bob")


def test_what_was_put_aside_for_a_contact_comes_back_when_it_is_handed_over() -> None:
    of = plan()
    voice = attrs.evolve(of.channels["voice"], interrupts=["chat"])
    desk = Desk(attrs.evolve(of, channels={**of.channels, "voice": voice}))
    desk.sign_in("ana")
    chat = desk.answered("joe", "chat")
    call = desk.answered("mia", "voice")
    assert desk.state(chat) == "PARKED"
    desk.sign_in("bob")
    desk.join(desk.ask(call))
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert (desk.state(chat), desk.agent_of(call), desk.used("ana")) == ("PARKED", "bob", 100)
    desk.advance(10)
    assert (desk.state(chat), desk.agent_of(call), desk.used("ana")) == ("ACTIVE", "bob", 50)


def test_what_is_put_aside_can_be_handed_over() -> None:
    of = plan()
    voice = attrs.evolve(of.channels["voice"], interrupts=["chat"])
    desk = Desk(attrs.evolve(of, channels={**of.channels, "voice": voice}))
    desk.sign_in("ana")
    chat = desk.answered("joe", "chat")
    desk.run(c.SignIn("bob"), 1)
    desk.join(desk.ask(chat))
    call = desk.call("mia")
    desk.accept()
    assert (desk.agent_of(call), desk.state(chat)) == ("ana", "PARKED")
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert (desk.state(chat), desk.agent_of(chat), desk.used("ana"), desk.used("bob")) == ("ACTIVE", "bob", 100, 50)


def test_what_was_handed_over_may_be_put_aside_for_what_waits() -> None:
    of = plan()
    voice = attrs.evolve(of.channels["voice"], interrupts=["chat"])
    desk = Desk(attrs.evolve(of, channels={**of.channels, "voice": voice}), engine=WatchedEngine())
    desk.sign_in("ana")
    chat = desk.answered("joe", "chat")
    desk.sign_in("bob")
    desk.join(desk.ask(chat))
    desk.run(c.SetAway("ana", "lunch"), 1)
    call = desk.call("mia")
    assert desk.offered() == {}
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    desk.advance(0)
    assert desk.offered() == {call.interaction: "bob"}
    check_liveness(desk.engine)


# Blind


def test_whoever_accepts_a_transfer_has_the_contact(desk: Desk, got: Any) -> None:
    asked = desk.transfer(got)
    assert (desk.agent_of(got), desk.used("ana"), desk.used("bob")) == ("ana", 50, 50)
    assert desk.last(e.ConsultAsked).purpose == "transfer"
    desk.join(asked)
    names = [type(event).__name__ for event in desk.batches[-1].events]
    assert names == ["ConsultAccepted", "TransferCompleted", "CaseOwnerChanged"]
    assert (desk.agent_of(got), desk.used("ana"), desk.used("bob")) == ("bob", 0, 50)


def test_the_target_of_a_transfer_never_answers(desk: Desk, got: Any) -> None:
    desk.transfer(got)
    desk.advance(30)
    assert (desk.outcome(), desk.used("bob")) == ("TIMED_OUT", 0)
    desk.unchanged(got)


@pytest.mark.parametrize(
    "command",
    [c.DeclineConsult("cs1", "bob", 1), c.SignOut("bob"), c.SetAway("bob", "lunch"), c.EndConsult("cs1", "ana")],
)
def test_a_transfer_that_fails_leaves_the_contact_with_who_had_it(desk: Desk, got: Any, command: c.Command) -> None:
    desk.transfer(got)
    desk.run(command, 1)
    desk.unchanged(got)


def test_the_source_signs_out_during_a_transfer_that_is_accepted(desk: Desk, got: Any) -> None:
    asked = desk.transfer(got)
    desk.run(c.SignOut("ana"), 1)
    assert (desk.state(got), desk.agent_of(got)) == ("ACTIVE", "ana")
    desk.join(asked)
    assert (desk.agent_of(got), desk.used("ana")) == ("bob", 0)


@pytest.mark.parametrize(
    "command", [c.DeclineConsult("cs1", "bob", 1), c.SignOut("bob"), c.LoseDevice("bob", "main"), None]
)
def test_the_source_is_gone_when_a_transfer_fails(desk: Desk, got: Any, command: c.Command | None) -> None:
    start_us = desk.last(e.InteractionQueued).start_us
    desk.run(c.SetAway("cleo", "lunch"), 1)
    desk.transfer(got)
    desk.run(c.SignOut("ana"), 1)
    if command is None:
        desk.advance(30)
    else:
        desk.run(command, 1)
    queued = desk.last(e.InteractionQueued)
    assert (queued.interaction, queued.reason, queued.start_us) == (got.interaction, "transfer_failed", start_us)
    assert desk.used("ana") == 0


def test_what_the_channel_keeps_with_the_source_stays_theirs_when_a_transfer_fails(desk: Desk) -> None:
    got = desk.answered("joe", "email")
    desk.sign_in("bob")
    desk.transfer(got)
    desk.run(c.SignOut("ana"), 1)
    desk.advance(60)
    assert (desk.outcome(), desk.agent_of(got)) == ("TIMED_OUT", "ana")


def test_the_source_comes_back_before_a_transfer_fails(desk: Desk, got: Any) -> None:
    desk.transfer(got)
    desk.run(c.SignOut("ana"), 1)
    desk.run(c.SignIn("ana"), 1)
    desk.advance(30)
    desk.unchanged(got)


def test_the_source_is_removed_during_a_transfer(desk: Desk, got: Any) -> None:
    desk.transfer(got)
    desk.run(c.RemoveAgent("ana"), 1)
    assert (desk.outcome(), desk.last(e.InteractionQueued).reason) == ("CANCELED", "agent_removed")


def test_the_customer_leaves_during_a_transfer_whose_source_is_gone(desk: Desk, got: Any) -> None:
    desk.transfer(got)
    desk.run(c.SignOut("ana"), 1)
    desk.run(c.LeaveContact(got.interaction), 1)
    assert (desk.outcome(), desk.state(got)) == ("CUSTOMER_LEFT", "DONE")


def test_nobody_else_is_asked_while_a_transfer_rings(desk: Desk, got: Any) -> None:
    desk.transfer(got)
    desk.refuse(c.AskConsult(got.interaction, "ana", "cleo"), NotAllowedInState, subject="cs1", state="ASKED")
    desk.refuse(c.TransferToAgent(got.interaction, "ana", "cleo"), NotAllowedInState, subject="cs1")
