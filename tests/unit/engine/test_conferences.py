"""Conferences: consulted agents who talk with the customer too, and who has the contact while they come and go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import plan
from tests.unit.engine.consult_desk import Desk

from orchestra.errors import NotAllowedInState, NotPermitted, OfferExpired
from orchestra.model import commands as c, events as e


def merge(desk: Desk, got: Any, agent: str) -> str:
    """Another agent is consulted and merged; gives the consult."""
    asked = desk.ask(got, agent)
    desk.join(asked, agent)
    desk.run(c.MergeConsult(asked.consult, desk.agent_of(got)), 1)
    name: str = asked.consult
    return name


def parties(desk: Desk, got: Any) -> list[tuple[str, str]]:
    """Who talks with the customer beside who has the contact, and who that is to them."""
    return [(row.consulted, row.agent) for _, row in desk.engine.view.consults.parties(got.interaction)]


def test_who_is_merged_may_write_and_the_contact_stays_with_who_asked(desk: Desk, got: Any, joined: Any) -> None:
    desk.refuse(c.WriteReply(got.interaction, "bob", "hi"), NotPermitted)
    desk.run(c.MergeConsult("cs1", "ana"), 1)
    desk.run(c.WriteReply(got.interaction, "bob", "hi"), 1)
    desk.run(c.WriteReply(got.interaction, "ana", "hi"), 1)
    assert [event.agent for event in desk.events(e.MessageWritten)] == ["bob", "ana"]
    for command in (c.FinishInteraction(got.interaction, "bob"), c.HoldInteraction(got.interaction, "bob")):
        desk.refuse(command, NotPermitted)
    assert (desk.agent_of(got), parties(desk, got)) == ("ana", [("bob", "ana")])


def test_only_who_asked_merges_and_only_who_takes_part_is_merged(desk: Desk, asked: Any) -> None:
    desk.refuse(c.MergeConsult("cs1", "ana"), NotAllowedInState, state="ASKED", trigger="merge")
    desk.join(asked)
    desk.refuse(c.MergeConsult("cs1", "bob"), NotPermitted)
    desk.run(c.MergeConsult("cs1", "ana"), 1)
    desk.refuse(c.MergeConsult("cs1", "ana"), NotAllowedInState, state="MERGED", trigger="merge")


def test_somebody_further_can_be_consulted_and_nobody_twice(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    again = c.AskConsult(got.interaction, "ana", "bob")
    desk.refuse(again, NotAllowedInState, subject="cs1", state="MERGED", trigger="be_consulted")
    desk.ask(got, "cleo")
    desk.refuse(again, NotAllowedInState)


def test_as_many_are_merged_as_the_channel_allows(desk: Desk, got: Any) -> None:
    desk.run(c.DefineAgent("dan", ["care"]), 1)
    desk.sign_in("dan")
    merge(desk, got, "bob")
    merge(desk, got, "cleo")
    asked = desk.ask(got, "dan")
    desk.join(asked, "dan")
    desk.refuse(c.MergeConsult("cs3", "ana"), NotAllowedInState, subject=got.interaction, state="FULL")
    desk.run(c.LeaveConsult("cs1", "bob"), 1)
    desk.run(c.MergeConsult("cs3", "ana"), 1)
    assert parties(desk, got) == [("cleo", "ana"), ("dan", "ana")]


def test_who_leaves_has_the_capacity_back_and_the_others_stay(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    merge(desk, got, "cleo")
    desk.run(c.LeaveConsult("cs1", "bob"), 1)
    desk.refuse(c.WriteReply(got.interaction, "bob", "hi"), NotPermitted)
    assert (desk.outcome(), desk.used("bob"), desk.used("cleo")) == ("LEFT", 0, 50)
    assert (desk.agent_of(got), parties(desk, got)) == ("ana", [("cleo", "ana")])


def test_who_has_the_contact_leaves_it_to_a_named_party(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    merge(desk, got, "cleo")
    desk.run(c.CompleteTransfer("cs2", "ana"), 1)
    assert (desk.agent_of(got), parties(desk, got)) == ("cleo", [("bob", "cleo")])
    assert (desk.used("ana"), desk.used("bob"), desk.used("cleo")) == (0, 50, 50)
    desk.refuse(c.EndConsult("cs1", "ana"), NotPermitted)
    desk.run(c.EndConsult("cs1", "cleo"), 1)
    assert desk.used("bob") == 0


@pytest.mark.parametrize("goes", [c.SignOut("ana"), c.RemoveAgent("ana")])
def test_who_has_been_merged_longest_has_the_contact_when_its_agent_is_gone(
    desk: Desk, got: Any, goes: c.Command
) -> None:
    merge(desk, got, "bob")
    merge(desk, got, "cleo")
    desk.run(goes, 1)
    assert (desk.state(got), desk.agent_of(got), parties(desk, got)) == ("ACTIVE", "bob", [("cleo", "bob")])


def test_who_is_only_consulted_is_let_go_when_the_agent_is_gone(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    desk.join(desk.ask(got, "cleo"), "cleo")
    desk.run(c.SignOut("ana"), 1)
    assert (desk.agent_of(got), parties(desk, got), desk.used("cleo")) == ("bob", [], 0)


def test_a_party_is_gone_and_the_contact_is_what_it_was(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    desk.run(c.SignOut("bob"), 1)
    assert desk.outcome() == "AGENT_LOST"
    desk.unchanged(got)


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (c.FinishInteraction("in1", "ana"), "ENDED"),
        (c.LeaveContact("in1"), "CUSTOMER_LEFT"),
        (c.CancelInteraction("in1", "spam"), "ENDED"),
        (c.TransferInteraction("in1", "ana", "sales"), "ENDED"),
    ],
)
def test_a_conference_ends_for_all(desk: Desk, got: Any, ends: c.Command, outcome: str) -> None:
    merge(desk, got, "bob")
    merge(desk, got, "cleo")
    desk.run(ends, 1)
    assert [event.outcome for event in desk.events(e.ConsultEnded)] == [outcome] * 2
    assert (desk.used("bob"), desk.engine.view.consults.consults) == (0, {})


def test_a_contact_with_parties_is_transferred_and_they_stay(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    asked = desk.transfer(got, "cleo")
    desk.join(asked, "cleo")
    assert (desk.agent_of(got), parties(desk, got)) == ("cleo", [("bob", "cleo")])


def test_the_agent_is_gone_during_a_conference_and_a_transfer(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    asked = desk.transfer(got, "cleo")
    desk.run(c.SignOut("ana"), 1)
    assert desk.agent_of(got) == "bob"
    desk.join(asked, "cleo")
    assert (desk.agent_of(got), parties(desk, got), desk.used("bob")) == ("cleo", [], 0)


def test_an_answer_to_what_is_over_is_refused(desk: Desk, got: Any) -> None:
    merge(desk, got, "bob")
    desk.run(c.FinishInteraction(got.interaction, "ana"), 1)
    for command in (c.MergeConsult("cs1", "ana"), c.LeaveConsult("cs1", "bob"), c.CompleteTransfer("cs1", "ana")):
        desk.refuse(command, OfferExpired, state="over")


def test_two_parties_are_enough_where_the_plan_says_so() -> None:
    of = plan()
    chat = attrs.evolve(of.channels["chat"], parties=2, offer_timeout=timedelta(seconds=30))
    desk = Desk(attrs.evolve(of, channels={**of.channels, "chat": chat}))
    desk.sign_in("ana")
    got = desk.answered()
    desk.sign_in("bob", "cleo")
    merge(desk, got, "bob")
    desk.join(desk.ask(got, "cleo"), "cleo")
    desk.refuse(c.MergeConsult("cs2", "ana"), NotAllowedInState, state="FULL", trigger="merge")
