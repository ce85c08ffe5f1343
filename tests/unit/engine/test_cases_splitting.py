"""Splitting cases and moving interactions: each has its own number and owner, and can be put back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import Driver, person, plan, thread
from tests.invariants import check_rebuilt, check_state

from orchestra.engine.cases import merging
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.definitions import Channel, Queue
from orchestra.model.engagements import Engagements
from orchestra.model.results import CaseRef


def _case(driver: Driver, name: str) -> Any:
    return driver.engine.view.cases.cases[name]


def _sound(driver: Driver) -> None:
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())
    check_rebuilt(driver.engine, driver.reloaded())


def _mixed(of: Any = None) -> Driver:
    """Joe wrote two mails on two threads, which went into one case, and called about it."""
    driver = Driver(of or plan())
    driver.message("joe", "email", thread=thread("t1"), topic="order")
    driver.message("joe", "email", thread=thread("t2"), reply_case="ca1")
    driver.call("joe", "voice", case_number="C-000001")
    return driver


def test_part_of_a_case_goes_on_as_a_case_of_its_own() -> None:
    driver = _mixed()
    assert driver.run(c.SplitCase("ca1", "two orders", ["in2"], topic="bill"), 1).result == CaseRef("ca2", "C-000002")
    assert driver.last(e.CaseOpened) == e.CaseOpened("ca2", "C-000002", "cu1", "team", "care", "care", "bill")
    assert driver.last(e.CaseSplit) == e.CaseSplit("ca1", "cu1", "ca2", "two orders")
    assert driver.last(e.InteractionMoved) == e.InteractionMoved("in2", "cu1", "ca2", "ca1", "split", "in1")
    assert (sorted(_case(driver, "ca1").interactions), list(_case(driver, "ca2").interactions)) == (
        ["in1", "in3"],
        ["in2"],
    )
    assert driver.message("joe", "email", thread=thread("t2")).case.id == "ca2"
    assert driver.message("joe", "email", thread=thread("t1")).case.id == "ca1"
    _sound(driver)


def test_a_conversation_goes_along_with_all_its_contacts_in_the_case() -> None:
    driver = _mixed()
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.message("joe", "email", thread=thread("t2"))
    driver.run(c.SplitCase("ca1", "x", conversations=["co2"]), 1)
    assert [event.interaction for event in driver.events(e.InteractionMoved)] == ["in2", "in4"]
    assert driver.engine.view.contacts.conversations["co2"].case == "ca2"
    _sound(driver)


def test_a_conversation_stays_where_its_latest_contact_is() -> None:
    driver = _mixed()
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.message("joe", "email", thread=thread("t2"))
    driver.run(c.MoveInteraction("in4", driver.run(c.OpenCase("cu1"), 1).result.id, "other"), 1)
    driver.run(c.MoveInteraction("in2", driver.run(c.OpenCase("cu1"), 1).result.id, "third"), 1)
    assert driver.engine.view.contacts.conversations["co2"].case == "ca2"
    _sound(driver)


def test_what_is_long_over_moves_without_its_conversation() -> None:
    driver = _mixed()
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.message("joe", "email", thread=thread("t2"))
    driver.run(c.SplitCase("ca1", "x", ["in2"]), 1)
    assert driver.engine.view.contacts.conversations["co2"].case == "ca1"
    driver.run(c.CancelInteraction("in4", "x"), 1)
    assert driver.message("joe", "email", thread=thread("t2")).case.id == "ca1"
    _sound(driver)


def test_where_only_we_have_called_the_conversation_goes_with_that() -> None:
    driver = Driver()
    driver.sign_in("ana")
    asked = driver.run(c.ScheduleCallback("voice", "main", person("joe"), topic="order"), 1).result
    driver.accept()
    driver.run(c.ReportCallback(asked.interaction, "ana", "answered"), 1)
    driver.run(c.SplitCase("ca1", "x", [asked.interaction]), 1)
    assert driver.engine.view.contacts.conversations["co1"].case == "ca2"
    _sound(driver)


def test_merging_undoes_a_split() -> None:
    driver = _mixed()
    driver.run(c.SplitCase("ca1", "x", ["in2"]), 1)
    driver.run(c.MergeCases("ca1", "ca2", "one after all"), 1)
    assert driver.message("joe", "email", thread=thread("t2")).case.id == "ca1"
    driver.run(c.SplitCase("ca2", "x", ["in1"]), 1)
    assert [_case(driver, name).interactions for name in ("ca2", "ca3")] == [{"in2": 1}, {"in1": 1}]


def test_whoever_has_the_contact_in_hand_owns_the_new_case() -> None:
    apart = {"email": {"email": "separate", "voice": "separate"}}
    driver = _mixed(plan(engagements=Engagements(apart)))
    driver.sign_in("ana", "cleo")
    for made in driver.pending():
        driver.accept(made)
    driver.run(c.CancelInteraction("in3", "x"), 1)
    agent = driver.engine.view.contacts.interactions["in1"].agent
    assert agent is not None
    driver.run(c.AssignCase("ca1", "team", "sales"), 1)
    driver.run(c.SplitCase("ca1", "x", ["in1", "in3"]), 1)
    assert (_case(driver, "ca2").owner_kind, _case(driver, "ca2").owner) == ("agent", agent)
    assert list(driver.engine.view.cases.owned["agent", agent]) == [2]


def test_a_bot_owns_no_case() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.run(c.SignIn("rob"), 1)
    driver.answered("joe", "chat")
    driver.run(c.SplitCase("ca1", "x", ["in1"]), 1)
    assert _case(driver, "ca2").owner_kind == "team"


def test_a_split_off_case_is_whose_the_contacts_are() -> None:
    driver = Driver()
    driver.message("joe", "email", thread=thread("t1"))
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.message("jim", "email", thread=thread("t1"), after=1)
    driver.call("jim", case_number="C-000001")
    driver.run(c.SplitCase("ca1", "jim's own", ["in3"]), 1)
    assert _case(driver, "ca2").customer == "cu2"
    driver.run(c.SplitCase("ca1", "both", ["in1", "in2"]), 1)
    assert _case(driver, "ca3").customer == "cu1"
    _sound(driver)


def test_the_queue_is_that_of_the_case_as_long_as_there_is_one() -> None:
    more = plan(queues={**plan().queues, "fair": Queue("sales")})
    driver = Driver(more)
    driver.message("joe", "email", queue="fair")
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    driver.change_plan(plan())
    driver.run(c.SplitCase("ca1", "x", ["in1"]), 1)
    assert _case(driver, "ca2").queue == "care"
    driver.run(c.SplitCase("ca2", "x", ["in1"], queue="sales"), 1)
    assert (_case(driver, "ca3").queue, _case(driver, "ca3").owner) == ("sales", "sales")
    driver.refuse(c.SplitCase("ca3", "x", ["in1"], queue="fair"), UnknownId, id="fair")


def test_what_cannot_be_split_off_is_refused() -> None:
    driver = _mixed()
    driver.message("jim", "chat")
    refusals = (
        (c.SplitCase("ca1", "x"), InvalidCommand),
        (c.SplitCase("ca1", "x", ["in4"]), InvalidCommand),
        (c.SplitCase("ca1", "x", ["in9"]), UnknownId),
        (c.SplitCase("ca1", "x", conversations=["co9"]), UnknownId),
        (c.SplitCase("ca1", "x", conversations=["co4"]), InvalidCommand),
        (c.SplitCase("ca9", "x", ["in1"]), UnknownId),
    )
    for command, error in refusals:
        driver.refuse(command, error)


def test_only_so_many_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MOST_MOVED", 1)
    driver = _mixed()
    driver.refuse(c.SplitCase("ca1", "x", ["in1", "in2"]), InvalidCommand, field="interactions")


def test_a_callback_stays_where_its_customer_has_it() -> None:
    driver = _mixed()
    asked = driver.run(c.RequestCallback("in3"), 1).result
    driver.refuse(c.SplitCase("ca1", "x", [asked.interaction]), NotAllowedInState, subject=asked.interaction)
    driver.run(c.OpenCase("cu1"), 1)
    driver.refuse(c.MoveInteraction(asked.interaction, "ca2", "x"), NotAllowedInState, subject=asked.interaction)


# Moving


def test_what_is_delivered_again_is_where_it_was_moved() -> None:
    driver = Driver()
    driver.message("joe", "email", message_id="p1")
    driver.call("joe", contact_id="p2", topic="bill")
    driver.run(c.RecordReply("email", "main", "p3", person("zoe"), text="done"), 1)
    driver.run(c.MoveInteraction("in1", "ca2", "x"), 1)
    assert driver.message("joe", "email", message_id="p1").case.id == "ca2"
    assert driver.message("joe", "email", message_id="p3").case.id == "ca3", "an answer, to nobody's contact"
    driver.run(c.MoveInteraction("in2", "ca1", "x"), 1)
    got = driver.call("joe", contact_id="p2", topic="bill")
    assert (got.case.id, got.duplicate) == ("ca1", True)


def test_an_interaction_is_moved_and_back() -> None:
    driver = _mixed()
    driver.run(c.OpenCase("cu1", "bill"), 1)
    driver.run(c.AddRef("ca2", "bill:7"), 1)
    before = driver.engine.view.contacts.newest.copy()
    assert driver.run(c.MoveInteraction("in2", ref("bill:7"), "about the bill"), 1).result == CaseRef("ca2", "C-000002")
    moved = driver.last(e.InteractionMoved)
    assert (moved.case, moved.before, moved.reason, moved.left) == ("ca2", "ca1", "about the bill", "in1")
    assert driver.run(c.MoveInteraction("in2", "ca2", "x"), 1).events == []
    driver.run(c.MoveInteraction("in2", "ca1", "not about the bill"), 1)
    assert driver.last(e.InteractionMoved).left is None
    assert driver.engine.view.contacts.newest == before
    _sound(driver)


def test_what_is_sent_about_a_case_goes_where_its_own_newest_contact_was() -> None:
    driver = _mixed()
    driver.run(c.OpenCase("cu1", "bill"), 1)
    driver.run(c.MoveInteraction("in2", "ca2", "x"), 1)
    driver.run(c.SendMessage("ca1", "k1", "delay", "email", text="late"), 1)
    assert driver.last(e.MessageWritten).conversation == "co1"
    driver.run(c.SendMessage("ca2", "k2", "delay", "email", text="late"), 1)
    assert driver.last(e.MessageWritten).conversation == "co2"
    driver.run(c.MoveInteraction("in3", "ca2", "x"), 1)
    driver.refuse(c.SendMessage("ca1", "k3", "delay", "voice", text="late"), InvalidCommand, field="channel")


def test_whose_contact_is_moved_takes_part_in_the_case() -> None:
    driver = _mixed()
    driver.message("jim", "chat")
    driver.run(c.MoveInteraction("in4", "ca1", "his wife's order"), 1)
    assert driver.last(e.ParticipantJoined) == e.ParticipantJoined("ca1", "cu1", "cu2", "in4")
    assert _case(driver, "ca2").state == "OPEN", "it stays its owner's to settle"


def test_an_open_contact_opens_the_settled_case_that_it_is_moved_to() -> None:
    driver = _mixed()
    driver.run(c.OpenCase("cu1", "bill"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.run(c.MoveInteraction("in1", "ca2", "x"), 1)
    assert _case(driver, "ca2").state == "RESOLVED", "what is over is nobody's work"
    driver.run(c.MoveInteraction("in2", "ca2", "x"), 1)
    assert driver.last(e.CaseReopened) == e.CaseReopened("ca2", "cu1", "moved")
    driver.run(c.MoveInteraction("in2", "ca1", "x"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    assert "ca2" not in driver.engine.view.contacts.open_in_case
    _sound(driver)


def test_a_work_item_is_moved_like_any_other() -> None:
    channels = {**plan().channels, "task": Channel(work=True)}
    driver = _mixed(plan(channels=channels))
    driver.run(c.OpenWorkItem("task", "k", "ca1"), 1)
    driver.run(c.SplitCase("ca1", "x", ["in4", "in3"]), 1)
    assert [event.left for event in driver.events(e.InteractionMoved)] == [None, None]
    _sound(driver)


def test_who_is_nobody_cannot_be_moved() -> None:
    driver = _mixed()
    driver.refuse(c.MoveInteraction("in9", "ca1", "x"), UnknownId, id="in9")
    driver.refuse(c.MoveInteraction("in1", "ca9", "x"), UnknownId, id="ca9")
    assert driver.engine.view.identity.holder(person("joe").key) == "cu1"
