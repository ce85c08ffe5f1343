"""Messages of a conversation leave one after the other, in the order in which they were written."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import DAY, Driver
from tests.invariants import WatchedEngine, check_rebuilt, check_state

from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c, events as e


@pytest.fixture
def driver() -> Driver:
    """Three messages to one customer, and one to another."""
    driver = Driver(engine=WatchedEngine())
    driver.sign_in("ana")
    joe, jim = driver.answered("joe", "email"), driver.answered("jim", "email")
    for got in (joe, joe, joe, jim):
        driver.sent(got)
    return driver


def states(driver: Driver) -> dict[str, str]:
    check_state(driver.engine, driver.engine.witness)  # type: ignore[attr-defined]
    check_rebuilt(driver.engine, driver.reloaded())
    return {name: row.state for name, row in driver.engine.view.deliveries.deliveries.items()}


def outcome(driver: Driver, name: str, what: str, **values: Any) -> None:
    attempts = driver.engine.view.deliveries.deliveries[name].attempts
    driver.run(c.StartDelivery(name, attempts + 1, 1))
    driver.run(c.RecordOutcome(name, attempts + 1, what, **values))
    driver.advance(0)


def test_the_first_of_each_conversation_may_leave(driver: Driver) -> None:
    assert states(driver) == {"de1": "PERMITTED", "de2": "PENDING", "de3": "PENDING", "de4": "PERMITTED"}
    driver.refuse(c.StartDelivery("de2", 1, 1), NotAllowedInState, subject="de2")


@pytest.mark.parametrize(("what", "ends"), [("accepted", "ACCEPTED"), ("failed", "FAILED"), ("unknown", "UNKNOWN")])
def test_the_next_one_leaves_when_it_has_ended_however(driver: Driver, what: str, ends: str) -> None:
    outcome(driver, "de1", what)
    assert states(driver) == {"de1": ends, "de2": "PERMITTED", "de3": "PENDING", "de4": "PERMITTED"}


def test_one_that_is_tried_again_is_not_overtaken(driver: Driver) -> None:
    outcome(driver, "de1", "retry", retry_after_us=60_000_000)
    driver.advance(50)
    assert states(driver)["de2"] == "PENDING"
    driver.advance(20)
    outcome(driver, "de1", "accepted")
    assert states(driver)["de2"] == "PERMITTED"


def test_a_permit_that_lapses_keeps_its_turn(driver: Driver) -> None:
    driver.advance(30)
    assert driver.last(e.DeliveryRetried).code == "permit_unused"
    assert {"de2", "de3"}.isdisjoint(event.delivery for event in driver.events(e.DeliveryPermitted))


def test_what_lapsed_before_it_was_held_waits_for_its_turn_when_its_account_is_connected(driver: Driver) -> None:
    driver.advance(31)
    driver.run(c.StopSending("wrong prices", topic="reply"))
    driver.advance(60)
    driver.run(c.SendMessage("ca1", "k1", topic="delay", text="It is late."))
    driver.run(c.StartSending(topic="reply"))
    driver.advance(1)
    driver.run(c.ResumeDeliveries("email", "main"))
    driver.advance(1)
    assert states(driver)["de1"] == "PENDING", "the later message has a permit already"
    outcome(driver, "de5", "accepted")
    assert states(driver)["de1"] == "PERMITTED"


def test_one_that_is_called_back_leaves_its_turn_to_the_next(driver: Driver) -> None:
    driver.run(c.CancelDelivery("de2", "a slip"))
    outcome(driver, "de1", "accepted")
    assert states(driver)["de3"] == "PERMITTED"
    driver.run(c.CancelDelivery("de3", "a slip"))
    driver.sent(driver.message("joe", "email"))
    assert states(driver)["de5"] == "PERMITTED"


def test_what_expires_before_its_turn_is_not_sent(driver: Driver) -> None:
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.advance(3 * DAY / 1_000_000)
    assert states(driver) == {"de1": "STARTED", "de2": "EXPIRED", "de3": "EXPIRED", "de4": "EXPIRED"}


def test_what_a_stop_holds_blocks_nobody_and_leaves_after_those_who_went_on(driver: Driver) -> None:
    driver.run(c.StopSending("wrong prices", topic="reply"))
    driver.advance(30)
    assert driver.engine.view.deliveries.held == {("email", "reply"): {f"de{n}": 1 for n in range(1, 5)}}
    driver.run(c.SendMessage("ca1", "k1", topic="delay", text="It is late."))
    assert states(driver)["de5"] == "PERMITTED"
    driver.run(c.StartSending(topic="reply"))
    driver.advance(1)
    assert [event.delivery for event in driver.events(e.DeliveryReleased)] == ["de1", "de2", "de3"]
    for name, following in (("de5", "de1"), ("de1", "de2"), ("de2", "de3")):
        assert states(driver)[following] == "PENDING"
        outcome(driver, name, "accepted")
    assert states(driver)["de3"] == "PERMITTED"


def test_a_thousand_that_wait_for_their_turn_end_in_batches_of_bounded_size() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    for number in range(1_000):
        driver.run(c.SendMessage(got.case.id, f"k{number}", text="hi"), after=0)
    driver.run(c.StopSending("x"))
    driver.advance(30)
    assert len(driver.engine.view.deliveries.held["email", "message"]) == 1_000
    assert max(len(decided.events) for decided in driver.batches) <= 201
