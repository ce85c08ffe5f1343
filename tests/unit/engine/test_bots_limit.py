"""Programs that answer each other come to an end."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import DAY, SECOND, Driver
from tests.unit.engine.test_bots import BOTS, ROB

from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c, events as e

FEW = BOTS.replace("[presence]\n", "[presence]\nbot_answers = 2\n") + ROB


@pytest.fixture
def driver() -> Driver:
    driver = Driver(FEW)
    driver.sign_in("rob", "ana")
    return driver


def _answer(driver: Driver, got: Any, agent: str = "rob") -> None:
    driver.run(c.WriteReply(got.interaction, agent, "Thank you for your mail."), 1)


def _refused(driver: Driver, got: Any) -> None:
    error = driver.refuse(c.WriteReply(got.interaction, "rob", "Thank you."), NotAllowedInState)
    assert "as often as they may" in str(error)


def _machine(driver: Driver) -> Any:
    """Rob talks by mail with a machine that does not say that it is one."""
    got = driver.answered("robot", "email")
    for _ in range(2):
        _answer(driver, got)
        driver.message("robot", "email")
    return got


def test_a_bot_answers_so_often_in_a_day_and_then_people_have_it(driver: Driver) -> None:
    got = _machine(driver)
    _refused(driver, got)
    driver.advance(30)
    assert driver.last(e.InteractionHandedOver).reason == "no_answer"
    assert driver.offered() == {got.interaction: "ana"}
    driver.accept()
    _answer(driver, got, "ana")


def test_nor_does_it_where_it_writes_by_itself(driver: Driver) -> None:
    _machine(driver)
    send = c.SendMessage("ca1", "k", text="Thank you.", actor="bot:rob")
    driver.refuse(send, NotAllowedInState)
    driver.run(c.SendMessage("ca1", "k", text="It is on its way."))


def test_ending_the_contact_begins_no_new_count(driver: Driver) -> None:
    got = _machine(driver)
    driver.run(c.FinishInteraction(got.interaction, "rob"))
    again = driver.answered("robot", "email")
    assert again.interaction != got.interaction
    _refused(driver, again)


def test_a_day_later_it_may_again(driver: Driver) -> None:
    got = _machine(driver)
    driver.run(c.FinishInteraction(got.interaction, "rob"))
    driver.advance(DAY / SECOND)
    driver.sign_in("rob")
    again = driver.answered("robot", "email")
    _answer(driver, again)
    assert driver.engine.view.bots.answered["co1"].count == 1


def test_what_a_person_wrote_shows_that_people_are_there(driver: Driver) -> None:
    got = _machine(driver)
    driver.run(c.HandOver(got.interaction, "rob"))
    driver.accept()
    _answer(driver, got, "ana")
    assert driver.engine.view.bots.answered == {}


def test_what_nobody_wrote_changes_nothing(driver: Driver) -> None:
    got = _machine(driver)
    driver.run(c.SendMessage("ca1", "k", text="It is on its way."))
    _refused(driver, got)


def test_on_live_channels_nobody_is_in_a_loop(driver: Driver) -> None:
    got = driver.answered("joe", "chat")
    for _ in range(5):
        _answer(driver, got)
        driver.message("joe", "chat")
