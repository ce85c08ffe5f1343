"""People other than a case's customer who have a part in it: entered, given a role, told, acting for the customer."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import DAY, Driver, person, plan, thread

from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.definitions import Participant
from orchestra.model.results import TakesPart

FAMILY = plan(participants={"relative": Participant("facts", told=True), "expert": Participant(shown=True)})


def family() -> Driver:
    """Joe has a case, and Eve has written in one of her own."""
    driver = Driver(FAMILY)
    driver.message("joe", "email")
    driver.message("eve", "email")
    return driver


def test_somebody_is_entered_with_a_role() -> None:
    driver = family()
    decided = driver.run(c.SetParticipant("ca1", "cu2", "relative"))
    assert decided.events == [
        e.ParticipantJoined("ca1", "cu1", "cu2", None, "relative"),
        e.PartTaken("cu2", "ca1", "cu1", "relative"),
    ]
    assert decided.result == TakesPart("cu2", "ca1")
    part = driver.engine.view.cases.part("ca1", ["cu2"])
    assert part is not None
    assert (part.role, part.acts) == ("relative", False)
    assert driver.engine.view.cases.joined_by == {"cu2": {"ca1": 1}}
    assert driver.reloaded().view.cases.joined_by == {"cu2": {"ca1": 1}}


def test_somebody_whom_nobody_knows_is_entered_by_their_address() -> None:
    driver = family()
    decided = driver.run(c.SetParticipant("ca1", address=person("zoe"), role="relative"))
    assert [type(event) for event in decided.events] == [e.CustomerAdded, e.ParticipantJoined, e.PartTaken]
    assert decided.result == TakesPart("cu3", "ca1")
    assert driver.run(c.SetParticipant("ca1", address=person("zoe"), role="relative")).events == []
    assert driver.run(c.SetParticipant("ca1", address=person("eve"))).result == TakesPart("cu2", "ca1")


@pytest.mark.parametrize(
    ("command", "error", "field"),
    [
        (c.SetParticipant("ca1"), InvalidCommand, "participant"),
        (c.SetParticipant("ca1", "cu2", address=person("zoe")), InvalidCommand, "participant"),
        (c.SetParticipant("ca1", "cu1"), InvalidCommand, "participant"),
        (c.SetParticipant("ca1", address=person("joe")), InvalidCommand, "participant"),
        (c.SetParticipant("ca1", "cu2", "stranger"), InvalidCommand, "role"),
        (c.SetParticipant("ca1", "cu2", acts=True), InvalidCommand, "evidence"),
        (c.SetParticipant("ca1", address=Address("handle", "", "x")), InvalidCommand, "address"),
        (c.SetParticipant("ca1", address=Address("handle", "key-hidden", matches=False)), InvalidCommand, "address"),
        (c.SetParticipant("ca9", "cu2"), UnknownId, None),
        (c.SetParticipant("ca1", "cu9"), UnknownId, None),
        (c.RemoveParticipant("ca1", "cu2", "x"), NotAllowedInState, None),
        (c.RemoveParticipant("ca1", "cu9", "x"), UnknownId, None),
    ],
)
def test_what_cannot_be_a_part_is_refused(command: c.Command, error: type[CommandRefused], field: str | None) -> None:
    refused = family().refuse(command, error)
    if field is not None:
        assert getattr(refused, "field", None) == field


@pytest.mark.parametrize("role", ["", "x" * 101, "two\nlines"])
def test_where_the_plan_names_no_role_any_word_is_one(role: str) -> None:
    driver = Driver()
    driver.message("joe", "email")
    driver.message("eve", "email")
    driver.refuse(c.SetParticipant("ca1", "cu2", role), InvalidCommand, field="role")
    driver.run(c.SetParticipant("ca1", "cu2", "godmother"))
    assert driver.last(e.ParticipantJoined).role == "godmother"


def test_a_closed_case_takes_nobody_in() -> None:
    driver = family()
    driver.run(c.SetParticipant("ca1", "cu2", "relative"))
    driver.run(c.ResolveCase("ca1"))
    driver.advance(8 * DAY / 1_000_000)
    driver.refuse(c.SetParticipant("ca1", "cu2"), NotAllowedInState, state="CLOSED")
    driver.run(c.RemoveParticipant("ca1", "cu2", "asked to"))
    assert driver.engine.view.cases.cases["ca1"].participants == {}


def test_whoever_wrote_by_themself_can_be_given_a_role() -> None:
    driver = Driver(FAMILY)
    driver.message("joe", "email", thread=thread("t"))
    driver.message("eve", "email", thread=thread("t"))
    assert driver.last(e.ParticipantJoined) == e.ParticipantJoined("ca1", "cu1", "cu2", "in1")
    assert driver.last(e.PartTaken) == e.PartTaken("cu2", "ca1", "cu1")
    decided = driver.run(c.SetParticipant("ca1", "cu2", "expert"))
    assert decided.events == [
        e.ParticipantChanged("ca1", "cu1", "cu2", "expert", False),
        e.PartTaken("cu2", "ca1", "cu1", "expert"),
    ]
    assert driver.run(c.SetParticipant("ca1", "cu2", "expert")).events == [], "nothing has changed"


def test_all_ids_of_a_person_have_the_same_part() -> None:
    driver = Driver(FAMILY)
    for name in ("joe", "eve", "eva"):
        driver.message(name, "email", thread=thread("t"))
    driver.run(c.MergeCustomers("cu2", "cu3", "login"))
    decided = driver.run(c.SetParticipant("ca1", "cu3", "relative"))
    assert [event.participant for event in decided.events if isinstance(event, e.ParticipantChanged)] == ["cu2", "cu3"]
    assert decided.result == TakesPart("cu2", "ca1")
    decided = driver.run(c.RemoveParticipant("ca1", "cu3", "moved away"))
    assert [event.participant for event in decided.events if isinstance(event, e.ParticipantLeft)] == ["cu2", "cu3"]
    assert driver.engine.view.cases.joined_by == {}


def test_whoever_left_and_writes_again_has_a_part_again_without_a_role() -> None:
    driver = Driver(FAMILY)
    driver.message("joe", "email", thread=thread("t"))
    driver.message("eve", "email", thread=thread("t"))
    driver.run(c.SetParticipant("ca1", "cu2", "relative"))
    decided = driver.run(c.RemoveParticipant("ca1", "cu2", "asked to"))
    assert decided.events == [
        e.ParticipantLeft("ca1", "cu1", "cu2", "asked to"),
        e.PartEnded("cu2", "ca1", "cu1", "asked to"),
    ]
    assert driver.engine.view.cases.parts == {}
    driver.message("eve", "email", thread=thread("t"))
    assert driver.last(e.ParticipantJoined).role is None
    assert driver.engine.view.cases.cases["ca1"].participants == {"cu2": 1}


def test_leaving_one_case_is_not_leaving_another() -> None:
    driver = family()
    driver.message("joe", "chat", topic="other")
    for case in ("ca1", "ca3"):
        driver.run(c.SetParticipant(case, "cu2"))
    driver.run(c.RemoveParticipant("ca1", "cu2", "asked to"))
    assert driver.engine.view.cases.joined_by == {"cu2": {"ca3": 1}}


def test_a_snapshot_from_the_middle_of_leaving_goes_on() -> None:
    driver = family()
    driver.run(c.SetParticipant("ca1", "cu2", "relative", True, None, "paper 7"))
    driver.run(c.RemoveParticipant("ca1", "cu2", "asked to"))
    half = Driver(None, engine=driver.replayed()).engine
    assert half.state_hash() == driver.engine.state_hash()
    middle = Driver(None)
    for logged in driver.log[:-1]:
        middle.engine.replay(logged.event, logged.at_us)
    loaded = middle.reloaded()
    loaded.replay(driver.log[-1].event, driver.log[-1].at_us)
    assert loaded.state_hash() == driver.engine.state_hash()


# What a participant is told


def told(driver: Driver, to: str | None, key: str = "k", **more: object) -> e.DeliveryPlanned:
    command = attrs.evolve(c.SendMessage("ca1", key, to=to, text="news"), **more)
    driver.run(command)
    return driver.last(e.DeliveryPlanned)


def in_one_case() -> Driver:
    """Joe's case in which Eve, a relative, and Max, an expert, have written in conversations of their own."""
    driver = Driver(FAMILY)
    driver.message("joe", "email")
    for name, role in (("eve", "relative"), ("max", "expert")):
        got = driver.message(name, "email", reply_case="ca1")
        driver.run(c.SetParticipant("ca1", got.customer, role))
    return driver


def test_a_participant_whose_role_says_so_may_be_told_of_the_case() -> None:
    driver = in_one_case()
    assert told(driver, "cu2").customer == "cu2"
    assert told(driver, None, "k2").customer == "cu1"
    assert told(driver, "cu1", "k3").customer == "cu1"
    assert driver.last(e.MessageWritten).customer == "cu1"


def test_whose_role_says_nothing_is_told_nothing() -> None:
    driver = in_one_case()
    driver.refuse(c.SendMessage("ca1", "k", to="cu3", text="x"), NotAllowedInState, subject="cu3")
    driver.run(c.SetParticipant("ca1", "cu2", None))
    refused = driver.refuse(c.SendMessage("ca1", "k", to="cu2", text="x"), NotAllowedInState)
    assert "without a role" in str(refused)


def test_nobody_is_told_who_has_no_part() -> None:
    driver = in_one_case()
    driver.message("zoe", "email")
    driver.refuse(c.SendMessage("ca1", "k", to="cu4", text="x"), InvalidCommand, field="to")
    driver.refuse(c.SendMessage("ca1", "k", to="cu9", text="x"), UnknownId)


def test_a_participant_is_told_where_they_have_talked_of_the_case() -> None:
    driver = in_one_case()
    driver.run(c.SetParticipant("ca1", address=person("zoe"), role="relative"))
    refused = driver.refuse(c.SendMessage("ca1", "k", to="cu4", text="x"), InvalidCommand, field="channel")
    assert "no contact with cu4 on any channel" in str(refused)
    refused = driver.refuse(c.SendMessage("ca1", "k", channel="chat", text="x"), InvalidCommand, field="channel")
    assert "no contact with its customer on chat" in str(refused)


def test_one_key_tells_one_person() -> None:
    driver = in_one_case()
    first = told(driver, "cu2").delivery
    assert driver.run(c.SendMessage("ca1", "k", to="cu2", text="news")).result.delivery == first
    driver.refuse(c.SendMessage("ca1", "k", text="news"), InvalidCommand, field="key")


# Acting for the customer


def test_nobody_asks_for_anything_in_the_case_of_another() -> None:
    driver = family()
    driver.run(c.SetParticipant("ca1", "cu2", "relative"))
    driver.refuse(c.CancelCallback("in1", "x", actor="customer:cu2"), NotPermitted)
    driver.refuse(c.ScheduleCallback("voice", "main", person("eve"), case="ca1", actor="customer:cu2"), NotPermitted)


def test_whoever_acts_for_the_customer_asks_as_they_may_in_this_case_alone() -> None:
    driver = family()
    driver.message("joe", "chat", topic="other")
    driver.run(c.SetParticipant("ca1", "cu2", "relative", True, None, "paper 7"))
    assert driver.last(e.ParticipantJoined).evidence == "paper 7"
    due = driver.now_us + DAY
    asked = c.ScheduleCallback("voice", "main", person("eve"), case="ca1", due_us=due, actor="customer:cu2")
    got = driver.run(asked).result
    assert driver.last(e.CallbackRequested).customer == "cu1"
    driver.run(c.CancelCallback(got.interaction, "not needed", actor="customer:cu2"))
    driver.refuse(attrs.evolve(asked, case="ca3"), NotPermitted)
    driver.refuse(attrs.evolve(asked, case=None, customer="cu1"), NotPermitted)
    driver.refuse(c.RecordConsent("cu1", "news", True, actor="customer:cu2"), NotPermitted)


def test_nobody_acts_for_another_participant() -> None:
    driver = in_one_case()
    driver.run(c.SetParticipant("ca1", "cu2", "relative", True, None, "paper 7"))
    driver.refuse(c.LeaveContact("in3", actor="customer:cu2"), NotPermitted)


def test_whoever_acts_no_longer_asks_for_nothing() -> None:
    driver = family()
    driver.run(c.SetParticipant("ca1", "cu2", "relative", True, None, "paper 7"))
    asked = c.ScheduleCallback("voice", "main", person("eve"), case="ca1", actor="customer:cu2")
    driver.run(c.SetParticipant("ca1", "cu2", "relative", True))  # the evidence was seen when they began
    driver.run(c.SetParticipant("ca1", "cu2", "relative"))
    assert driver.last(e.ParticipantChanged).acts is False
    driver.refuse(asked, NotPermitted)


def test_whoever_is_forgotten_acts_for_nobody() -> None:
    driver = family()
    driver.run(c.SetParticipant("ca1", "cu2", "relative", True, None, "paper 7"))
    driver.message("eve", "email", reply_case="ca1")
    driver.message("max", "email", reply_case="ca1")
    driver.run(c.EraseCustomer("cu3", "asked"))
    asked = c.ScheduleCallback("voice", "main", person("eve"), case="ca1", actor="customer:cu2")
    driver.run(c.EraseCustomer("cu2", "asked"))
    driver.refuse(asked, NotPermitted)
    part = driver.engine.view.cases.part("ca1", ["cu2"])
    assert part is not None
    assert (part.role, part.acts) == ("relative", False)


def test_evidence_is_private() -> None:
    driver = family()
    driver.run(c.SetParticipant("ca1", "cu2", "relative", True, None, "paper 7"))
    assert driver.replayed(is_blanked=True).state_hash() == driver.engine.state_hash()
    assert "paper 7" not in repr(driver.last(e.ParticipantJoined))
