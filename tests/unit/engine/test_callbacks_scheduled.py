"""Callbacks to people who are in no live contact: whom, about what, and once."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import HOUR, Driver, person, plan, replay
from tests.invariants import WatchedEngine

from orchestra.errors import CommandRefused, InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.definitions import Channel


@pytest.fixture
def driver() -> Driver:
    first = plan()
    channels = {**first.channels, "task": Channel(work=True)}
    return Driver(attrs.evolve(first, channels=channels), engine=WatchedEngine())


def schedule(driver: Driver, who: str = "joe", **values: Any) -> Any:
    return driver.run(c.ScheduleCallback("voice", "main", person(who), **values), 1).result


def test_a_stranger_becomes_a_customer_with_a_case_and_waits_to_be_called(driver: Driver) -> None:
    callback = schedule(driver, topic="order", priority=3)
    assert (callback.is_new, callback.due_us, driver.state(callback)) == (True, None, "QUEUED")
    assert driver.engine.view.identity.holder("key-joe") == callback.customer
    case = driver.engine.view.cases.cases[callback.case.id]
    assert (case.number, case.customer, case.topic, case.owner) == (callback.case.number, "cu1", "order", "care")
    queued = driver.last(e.InteractionQueued)
    assert (queued.start_us, queued.reason, queued.first, queued.priority) == (driver.now_us, "callback", "agent", 3)
    asked = driver.last(e.CallbackRequested)
    assert (asked.asked_in, asked.kind, asked.value) == (None, "handle", "joe")
    driver.sign_in("ana")
    assert driver.offered() == {callback.interaction: "ana"}


def test_whoever_is_known_by_the_address_is_the_customer(driver: Driver) -> None:
    chat = driver.message("joe")
    assert schedule(driver).customer == chat.customer


def test_asking_again_answers_with_the_same_callback(driver: Driver) -> None:
    first = schedule(driver)
    again = schedule(driver, due_us=driver.now_us + HOUR)
    assert (again.interaction, again.case, again.is_new, again.due_us) == (first.interaction, first.case, False, None)
    assert len(driver.events(e.CallbackRequested)) == 1
    topic = schedule(driver, topic="bill")
    assert topic.case != first.case, "another matter"
    assert not schedule(driver, topic="bill").is_new


def test_who_chats_is_called_about_the_same_matter_at_the_number_they_give(driver: Driver) -> None:
    chat = driver.message("joe")
    callback = driver.run(
        c.ScheduleCallback("voice", "main", Address("phone", "key-number", "+4930123"), case=chat.case.id), 1
    ).result
    assert (callback.customer, callback.case) == (chat.customer, chat.case)
    assert driver.last(e.CallbackRequested).value == "+4930123"
    assert driver.state(chat) == "QUEUED", "the chat goes on"
    again = driver.run(
        c.ScheduleCallback("voice", "main", Address("phone", "key-number"), customer=chat.customer), 1
    ).result
    assert again.interaction == callback.interaction, "what was last talked of at that number"


def test_who_has_been_answered_in_the_chat_is_not_called_too(driver: Driver) -> None:
    chat = driver.message("joe")
    callback = schedule(driver, case=chat.case.id, due_us=driver.now_us + HOUR)
    driver.sign_in("ana")
    driver.accept()
    assert driver.state(callback) == "DONE"


def test_who_is_only_worked_for_or_has_a_bot_is_called_still(driver: Driver) -> None:
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    callback = schedule(driver, due_us=driver.now_us + HOUR, topic="order")
    driver.sign_in("ana")
    work = driver.run(c.OpenWorkItem("task", "k1", callback.case.id), 1).result
    driver.accept()
    assert (driver.state(work), driver.state(callback)) == ("ACTIVE", "SCHEDULED")
    driver.run(c.SetAway("ana", "lunch"))
    driver.sign_in("rob")
    chat = driver.message("joe", topic="order")
    assert chat.case.id == callback.case.id
    driver.accept(driver.offer_to("rob"))
    assert (driver.state(chat), driver.state(callback)) == ("ACTIVE", "SCHEDULED")


def test_a_settled_matter_is_not_taken_up_unless_it_is_named(driver: Driver) -> None:
    first = schedule(driver)
    driver.run(c.CancelCallback(first.interaction, "found it"), 1)
    driver.run(c.ResolveCase(first.case.id), 1)
    other = schedule(driver)
    assert other.case != first.case
    driver.run(c.CloseCase(first.case.id), 1)
    named = schedule(driver, case=first.case.id)
    assert (named.case, driver.case_state(named)) == (first.case, "OPEN")


def test_a_participant_can_be_called_about_a_case_and_nobody_else(driver: Driver) -> None:
    chat, other = driver.message("joe"), driver.message("eve")
    driver.refuse(
        c.ScheduleCallback("voice", "main", person("eve"), customer=other.customer, case=chat.case.id), InvalidCommand
    )
    driver.message("eve", reply_case=chat.case.id, channel="email")
    callback = schedule(driver, "eve", customer=other.customer, case=chat.case.id)
    assert (callback.customer, callback.case) == (other.customer, chat.case)


def test_a_topic_finds_the_open_case_on_it(driver: Driver) -> None:
    chat = driver.message("joe", topic="order")
    driver.message("joe", topic="bill", channel="email")
    assert schedule(driver, topic="order").case == chat.case


def test_it_waits_for_its_time_in_the_queue_with_the_skills_that_are_asked_for(driver: Driver) -> None:
    due_us = driver.now_us + HOUR
    callback = schedule(driver, due_us=due_us, queue="german", skills={"billing": 40}, agent="cleo")
    assert (callback.due_us, driver.state(callback)) == (due_us, "SCHEDULED")
    driver.advance_to(due_us)
    queued = driver.last(e.InteractionQueued)
    assert (queued.queue, queued.skills, queued.agent) == ("german", {"billing": 40, "german": 50}, "cleo")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"channel": "email"}, InvalidCommand),
        ({"channel": "task"}, InvalidCommand),
        ({"channel": "fax"}, UnknownId),
        ({"account": ""}, InvalidCommand),
        ({"address": Address("phone", "")}, InvalidCommand),
        ({"customer": "cu9"}, UnknownId),
        ({"case": "ca9"}, UnknownId),
        ({"queue": "nowhere"}, UnknownId),
        ({"skills": {"juggling": 1}}, UnknownId),
        ({"agent": "nobody"}, UnknownId),
        ({"due_us": 1}, InvalidCommand),
    ],
)
def test_what_is_not_known_or_cannot_be_called_is_refused(
    driver: Driver, values: dict[str, Any], error: type[CommandRefused]
) -> None:
    driver.message("joe")
    driver.refuse(
        c.ScheduleCallback(**{"channel": "voice", "account": "main", "address": person("joe"), **values}), error
    )


def test_facts_alone_give_the_same_state(driver: Driver) -> None:
    schedule(driver)
    assert replay(driver.log, is_blanked=True).state_hash() == driver.engine.state_hash()


def test_who_is_called_on_a_form_may_call_in_meanwhile_and_comes_to_the_same_case(driver: Driver) -> None:
    callback = schedule(driver)
    call = driver.call("joe")
    assert (call.case, call.customer) == (callback.case, callback.customer)


def test_who_turns_out_to_be_another_keeps_their_number_and_is_told_nothing_of_the_others_case() -> None:
    """Called at the number of one under the id of the other, as long as both were taken for one person."""
    driver = Driver()
    ann, joe = driver.call("ann"), driver.message("joe", "chat", topic="bill")
    driver.run(c.MergeCustomers(ann.customer, joe.customer, "passport", 100))
    got = driver.run(c.ScheduleCallback("voice", "main", person("ann"), customer=joe.customer, case=joe.case.id)).result
    assert driver.last(e.CallbackRequested).customer == ann.customer
    driver.run(c.SplitCustomers("li1", "two people"))
    assert driver.engine.view.contacts.interactions[got.interaction].customer == ann.customer
    with pytest.raises(InvalidCommand, match="has had no contact with its customer on voice"):
        driver.run(c.SendMessage(joe.case.id, "k", "delay", channel="voice", text="It costs 49."))
