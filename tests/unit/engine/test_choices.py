"""What customers may pick from: offered in answers and messages, and what they picked."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import Driver, person

from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e

COLOURS = [["blue", "Blue, please"], ["red", "Red"]]


@pytest.fixture
def driver() -> Driver:
    """Ana talks with joe in in1."""
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    return driver


def test_an_answer_offers_them_in_order(driver: Driver) -> None:
    driver.run(c.WriteReply("in1", "ana", "Which one?", choices=COLOURS))
    assert driver.last(e.MessageWritten).choices == COLOURS


def test_so_does_a_message_of_the_application(driver: Driver) -> None:
    driver.run(c.SendMessage("ca1", "k1", text="Which one?", choices=COLOURS))
    assert driver.last(e.MessageWritten).choices == COLOURS
    driver.run(c.SendMessage("ca1", "k2", text="Done"))
    assert driver.last(e.MessageWritten).choices is None


def test_what_was_picked_comes_back_by_its_id(driver: Driver) -> None:
    driver.run(c.ReceiveMessage("email", "main", "m9", person("joe"), text="Blue, please", choice="blue"))
    assert driver.last(e.MessageReceived).choice == "blue"
    with pytest.raises(InvalidCommand, match="choice"):
        driver.run(c.ReceiveMessage("email", "main", "m10", person("joe"), text="x", choice=""))


@pytest.mark.parametrize(
    "choices",
    [
        [],
        [[str(number), "x"] for number in range(21)],
        [["blue"]],
        [["blue", "Blue", "more"]],
        [["", "Blue"]],
        [["blue", ""]],
        [["blue", "Bl\nue"]],
        [["blue", "Blue"], ["blue", "Azure"]],
    ],
    ids=str,
)
def test_what_nobody_could_pick_from_is_refused(driver: Driver, choices: Any) -> None:
    for command in (
        c.WriteReply("in1", "ana", "Which one?", choices=choices),
        c.SendMessage("ca1", "k1", text="Which one?", choices=choices),
    ):
        with pytest.raises(InvalidCommand, match="choices"):
            driver.run(command)
