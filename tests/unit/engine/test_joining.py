"""What is written in public by whoever is on the phone: heard at once, asked of nobody, and answered with the call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine_driver import Driver, plan, thread

from orchestra.model import commands as c, events as e
from orchestra.model.clocks import ClockPolicy
from orchestra.model.engagements import Engagements

PAIRS = {"voice": {"email": "link", "chat": "link"}}
WORDS = "We are talking with you already."


def _driver(pairs: dict[str, dict[str, str]] = PAIRS, pointer: str | None = None) -> Driver:
    return Driver(plan(engagements=Engagements(pairs, linked=WORDS, pointer=pointer)))


def _on_the_phone(pointer: str | None = None) -> Driver:
    """Joe talks with Ana about his order, and Bob has nothing to do."""
    driver = _driver(pointer=pointer)
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.sign_in("bob")
    return driver


def _state(driver: Driver, interaction: str) -> str:
    return driver.engine.view.contacts.interactions[interaction].state


def _told(driver: Driver) -> list[tuple[str, str | None]]:
    planned = {event.message: event.channel for event in driver.events(e.DeliveryPlanned)}
    return [(planned[event.message], event.text) for event in driver.events(e.MessageWritten)]


def test_it_is_asked_of_nobody_and_answered_with_the_call() -> None:
    driver = _on_the_phone(pointer="We have answered you on the phone.")
    driver.message("joe", "email", topic="order", text="Nobody answers!")
    linked = driver.last(e.QuestionLinked)
    assert (linked.interaction, linked.to, linked.by) == ("in2", "in1", "pair")
    assert [event.interaction for event in driver.events(e.OfferMade)] == ["in1"], "and nobody saw it ring"
    driver.run(c.FinishInteraction("in1", "ana", "resolved"), 60)
    assert (_state(driver, "in2"), driver.last(e.QuestionAnswered).by) == ("MERGED", "in1")
    assert _told(driver) == [("email", WORDS), ("email", "We have answered you on the phone.")]
    assert driver.replayed().state_hash() == driver.engine.state_hash()


def test_they_are_told_once_at_once_and_by_nobody() -> None:
    driver = _on_the_phone()
    driver.message("joe", "email", topic="order")
    driver.message("joe", "email", topic="order", text="Well?")
    assert _told(driver) == [("email", WORDS)]
    assert driver.events(e.DeliveryPermitted), "it leaves while they talk: it answers what they have just done"
    planned = driver.last(e.DeliveryPlanned)
    assert (planned.topic, planned.automatic) == ("linked", True)
    driver.message("joe", "chat", topic="order")
    assert _told(driver) == [("email", WORDS), ("chat", WORDS)], "but in each place"


def test_without_words_nothing_is_told() -> None:
    driver = Driver(plan(engagements=Engagements(PAIRS)))
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", "email", topic="order")
    assert (_state(driver, "in2"), _told(driver)) == ("LINKED", [])


def test_what_is_linked_by_people_or_for_its_place_is_told_nothing() -> None:
    driver = _driver({}, pointer="Elsewhere.")
    driver.message("joe", "email", topic="order")
    driver.message("joe", "chat", topic="order")
    driver.message("joe", "chat", topic="order", text="Still there?")
    assert (len(driver.engine.view.engagements.linked), _told(driver)) == (1, [])


def test_that_it_was_heard_is_no_answer_that_a_clock_waits_for() -> None:
    clock = ClockPolicy("reply", "first_reply", timedelta(minutes=10), human_only=False)
    driver = Driver(plan(engagements=Engagements(PAIRS, linked=WORDS), clocks=[clock]))
    driver.sign_in("ana")
    driver.call("joe", "voice", topic="order")
    driver.message("joe", "email", topic="order")
    assert _told(driver) == [("email", WORDS)]
    assert not driver.events(e.CustomerAnswered)


def test_a_caller_who_still_waits_is_answered_once() -> None:
    driver = _driver()
    driver.call("joe", "voice", topic="order")
    driver.message("joe", "email", topic="order")
    assert driver.engine.view.engagements.linked == {"in2": "in1"}
    driver.run(c.LeaveContact("in1"), 60)
    assert _state(driver, "in2") == "QUEUED", "nobody answered the call"
    assert not [event for event in driver.events(e.QuestionLinked) if event.interaction == "in1"]


@pytest.mark.parametrize(
    ("pairs", "channel", "topic"),
    [(PAIRS, "email", "bill"), ({"voice": {"chat": "link"}}, "email", "order"), ({}, "email", "order")],
)
def test_another_matter_and_another_pair_have_an_answer_of_their_own(
    pairs: dict[str, dict[str, str]], channel: str, topic: str
) -> None:
    driver = _driver(pairs)
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", channel, topic=topic)
    assert driver.engine.view.engagements.linked == {}


def test_a_link_goes_before_all_else_that_the_plan_says() -> None:
    driver = _driver({"voice": {"email": "link"}, "chat": {"email": "defer"}})
    driver.message("joe", "chat", topic="order")
    driver.sign_in("ana")
    driver.accept()
    driver.sign_in("bob")
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", "email", topic="order")
    assert driver.engine.view.engagements.linked == {"in3": "in2"}


def test_what_people_say_is_another_question_is_so_and_whoever_takes_it_helps() -> None:
    driver = _on_the_phone()
    driver.message("joe", "email", topic="order")
    driver.run(c.UnlinkQuestion("in2", actor="agent:ana"), 1)
    offer = driver.last(e.OfferMade)
    assert (offer.interaction, offer.agent) == ("in2", "bob"), "Ana has no room beside a call"
    driver.accept()
    assert driver.engine.view.engagements.members["in2"].mode == "link"
    driver.message("joe", "email", topic="order", text="And now?")
    assert _state(driver, "in2") == "ACTIVE"


def test_when_it_turns_out_to_be_about_the_same_it_is_answered_with_it() -> None:
    driver = _driver()
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", "email", topic="bill")
    assert _state(driver, "in2") == "QUEUED"
    driver.run(c.MoveInteraction("in2", "ca1", "one matter"), 1)
    assert driver.engine.view.engagements.linked == {"in2": "in1"}
    driver.run(c.MoveInteraction("in2", "ca2", "two after all"), 1)
    assert (_state(driver, "in2"), driver.engine.view.engagements.linked) == ("QUEUED", {})


def test_what_was_told_apart_is_not_joined_once_more() -> None:
    driver = _on_the_phone()
    driver.message("joe", "email", topic="order")
    driver.run(c.UnlinkQuestion("in2"), 1)
    driver.message("joe", "email", topic="bill", account="sales")
    driver.run(c.MoveInteraction("in2", "ca2", "another matter"), 1)
    driver.run(c.MoveInteraction("in2", "ca1", "the same matter"), 1)
    assert driver.engine.view.engagements.linked == {}


def test_very_many_are_not_answered_with_one_call() -> None:
    driver = _on_the_phone()
    for number in range(52):
        driver.message("joe", "chat", topic="order", thread=thread(f"t{number}"), after=0)
    linked = driver.engine.view.engagements.linked_to("in1")
    assert len(linked) == 50
