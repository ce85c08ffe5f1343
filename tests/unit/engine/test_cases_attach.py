from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, Driver, plan, thread

from orchestra.model import commands as c, events as e


def _by(driver: Driver) -> str:
    return driver.last(e.InteractionAttached).by


def _over(driver: Driver, got: Any) -> Any:
    """End the interaction, so that the next contact begins another."""
    driver.run(c.CancelInteraction(got.interaction, "x"))
    return got


def _attach(*ways: str) -> Driver:
    return Driver(plan(cases=attrs.evolve(plan().cases, attach=ways)))


def test_a_new_matter_has_a_case_of_its_own() -> None:
    driver = Driver()
    driver.message()
    assert _by(driver) == "new"


# By thread


def test_a_contact_on_a_thread_joins_its_case() -> None:
    driver = Driver()
    first = _over(driver, driver.message("joe", "email", thread=thread("t1")))
    assert driver.message("joe", "email", thread=thread("t1")).case == first.case
    assert _by(driver) == "thread"


def test_another_person_on_the_thread_is_a_participant() -> None:
    driver = Driver()
    first = driver.message("joe", "email", thread=thread("t1"))
    second = driver.message("jim", "email", thread=thread("t1"))
    assert second.case == first.case
    assert (first.customer, second.customer) == ("cu1", "cu2")
    assert driver.events(e.ParticipantJoined) == [e.ParticipantJoined("ca1", "cu1", "cu2", "in1")]
    driver.message("jim", "email", thread=thread("t1"))
    assert len(driver.events(e.ParticipantJoined)) == 1, "they join once"
    assert driver.last(e.MessageReceived).customer == "cu2"


def test_a_participant_who_calls_on_the_thread_joins_too() -> None:
    driver = Driver()
    driver.message("joe", "voice", thread=thread("t1"))
    driver.call("jim", thread=thread("t1"))
    assert driver.last(e.ParticipantJoined).participant == "cu2"


# By reply token


def test_a_verified_token_leads_to_its_case_from_any_channel() -> None:
    driver = Driver()
    first = driver.message("joe", "email", thread=thread("t1"))
    second = driver.message("joe", "chat", reply_case=first.case.id)
    assert second.case == first.case
    assert _by(driver) == "reply_token"


def test_whoever_answers_by_token_is_a_participant() -> None:
    driver = Driver()
    first = driver.message("joe", "email")
    second = driver.message("jim", "email", reply_case=first.case.id)
    assert second.case == first.case
    assert driver.last(e.ParticipantJoined) == e.ParticipantJoined("ca1", "cu1", "cu2", "in2")


def test_a_token_of_no_known_case_leads_nowhere() -> None:
    driver = Driver()
    driver.message("joe", reply_case="ca9")
    assert _by(driver) == "new"


# By number


def test_a_case_number_counts_for_the_customer() -> None:
    driver = Driver()
    first = driver.message("joe", "email", thread=thread("t1"))
    assert driver.message("joe", "chat", case_number=first.case.number).case == first.case
    assert _by(driver) == "case_number"


def test_a_case_number_can_be_guessed_and_counts_for_nobody_else() -> None:
    driver = Driver()
    first = driver.message("joe", "email", thread=thread("t1"))
    assert driver.message("jim", "chat", case_number=first.case.number).case != first.case
    assert _by(driver) == "new"


def test_a_case_number_counts_for_participants() -> None:
    driver = Driver()
    first = driver.message("joe", "email", thread=thread("t1"))
    driver.message("jim", "email", thread=thread("t1"))
    assert driver.message("jim", "chat", case_number=first.case.number).case == first.case
    assert _by(driver) == "case_number"


@pytest.mark.parametrize("number", ["C-000009", "", "ca1"])
def test_a_number_of_no_case_leads_nowhere(number: str) -> None:
    driver = Driver()
    driver.message("joe", "email", thread=thread("t1"))
    driver.message("joe", "chat", case_number=number)
    assert _by(driver) == "new"


# By customer and topic


def test_the_newest_open_case_of_the_same_customer_and_topic() -> None:
    driver = Driver()
    driver.message("joe", "email", thread=thread("t1"), topic="order")
    second = driver.run(c.OpenCase("cu1", "order")).result
    driver.run(c.OpenCase("cu1", "bill"))
    assert driver.message("joe", "chat", topic="order").case == second
    assert _by(driver) == "customer_topic"


def test_topics_and_customers_are_told_apart() -> None:
    driver = Driver()
    driver.message("joe", "email", topic="order")
    driver.message("joe", "chat", topic="bill")
    driver.message("jim", "chat", topic="order")
    driver.message("joe", "voice")
    assert [event.by for event in driver.events(e.InteractionAttached)] == ["new"] * 4


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_settled_case_is_not_open_on_its_topic(is_closed: bool) -> None:
    driver = Driver()
    first = driver.message("joe", "email", topic="order")
    driver.run(c.ResolveCase(first.case.id))
    if is_closed:
        driver.run(c.CloseCase(first.case.id))
    assert driver.message("joe", "chat", topic="order").case != first.case
    driver.run(c.ReopenCase(first.case.id, "x"))
    driver.run(c.ResolveCase("ca2"))
    assert driver.message("joe", "voice", topic="order").case == first.case


# Order of asking


def test_the_plan_says_what_is_asked_and_in_which_order() -> None:
    for ways in (("thread", "reply_token"), ("reply_token", "thread")):
        driver = _attach(*ways)
        first = _over(driver, driver.message("joe", "email", thread=thread("t1")))
        second = driver.message("joe", "chat")
        driver.message("joe", "email", thread=thread("t1"), reply_case=second.case.id)
        assert _by(driver) == ways[0]
        assert first.case != second.case


def test_a_plan_may_ask_nothing() -> None:
    driver = _attach()
    first = _over(driver, driver.message("joe", "email", thread=thread("t1"), topic="order"))
    again = driver.message(
        *("joe", "email"), thread=thread("t1"), topic="order", reply_case=first.case.id, case_number=first.case.number
    )
    assert again.case != first.case


# Closed cases


@pytest.mark.parametrize(
    "values", [{"thread": thread("t1")}, {"thread": thread("t2"), "reply_case": "ca1"}, {"case_number": "C-000001"}]
)
@pytest.mark.parametrize(("late_us", "is_same"), [(0, True), (30 * DAY, True), (30 * DAY + 1, False)])
def test_a_closed_case_reopens_within_its_limit(values: dict[str, Any], late_us: int, is_same: bool) -> None:
    driver = Driver()
    first = _over(driver, driver.message("joe", "email", thread=thread("t1")))
    driver.run(c.ResolveCase(first.case.id))
    driver.run(c.CloseCase(first.case.id))
    closed_us = driver.now_us
    driver.advance_to(closed_us + late_us)
    again = driver.message("joe", "email", after=0, **values)
    assert (again.case == first.case) == is_same
    assert driver.case_state(first) == ("OPEN" if is_same else "CLOSED")
    assert (driver.engine.view.cases.cases["ca1"].closed_us is None) == is_same


def test_a_plan_may_reopen_however_late() -> None:
    cases = attrs.evolve(plan().cases, reopen_within=None, close_after=timedelta(days=1))
    driver = Driver(plan(cases=cases))
    first = _over(driver, driver.message("joe", "email", thread=thread("t1")))
    driver.run(c.ResolveCase(first.case.id))
    driver.advance_to(driver.now_us + 4000 * DAY)
    assert driver.case_state(first) == "CLOSED"
    assert driver.message("joe", "email", thread=thread("t1")).case == first.case
    assert driver.last(e.CaseReopened) == e.CaseReopened("ca1", "cu1", "contact")


def test_without_a_thread_people_go_on_with_the_matter_they_had() -> None:
    driver = Driver()
    first = driver.call(topic="bill")
    assert driver.call().case == first.case
    assert driver.call(topic="move").case != first.case


def test_without_a_thread_a_closed_case_stays_closed() -> None:
    driver = Driver()
    first = driver.call()
    driver.run(c.ResolveCase(first.case.id))
    assert driver.call().case == first.case
    driver.run(c.ResolveCase(first.case.id))
    driver.run(c.CloseCase(first.case.id))
    assert driver.call().case != first.case
