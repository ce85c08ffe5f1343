"""What is sent once a provider said that its window was shut."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, Driver

from orchestra.model import commands as c, events as e

TEMPLATE = ["ready_1", "en_US", "81"]


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    driver.run(c.WriteReply(got.interaction, "ana", "It is ready.", template=TEMPLATE), 1)
    return driver


def _row(driver: Driver, name: str) -> Any:
    return driver.engine.view.deliveries.deliveries[name]


def _outcome(driver: Driver, what: str, name: str = "de1", **values: Any) -> list[e.Event]:
    attempt = _row(driver, name).attempts + 1
    driver.run(c.StartDelivery(name, attempt, 1))
    return driver.run(c.RecordOutcome(name, attempt, what, **values)).events


def _planned(events: list[e.Event]) -> list[e.DeliveryPlanned]:
    return [event for event in events if isinstance(event, e.DeliveryPlanned)]


def test_the_template_follows_as_a_delivery_of_the_same_message(driver: Driver) -> None:
    first = driver.last(e.DeliveryPlanned)
    assert (first.has_template, first.instead_of) == (True, None)
    [second] = _planned(_outcome(driver, "failed", code="window"))
    assert second == attrs.evolve(first, delivery="de2", key="message:me2:template", instead_of="de1")
    assert (_row(driver, "de1").state, _row(driver, "de2").state) == ("FAILED", "PERMITTED")
    assert driver.engine.view.contacts.conversations["co1"].messages == 2, "nothing else was written"


def test_it_is_tried_once(driver: Driver) -> None:
    _outcome(driver, "failed", code="window")
    assert _planned(_outcome(driver, "failed", "de2", code="window")) == []
    assert len(driver.engine.view.deliveries.deliveries) == 2


@pytest.mark.parametrize("code", ["550", None])
def test_what_failed_for_another_reason_is_not_said_otherwise(driver: Driver, code: str | None) -> None:
    assert _planned(_outcome(driver, "failed", code=code)) == []


def test_without_a_template_there_is_nothing_else_to_say(driver: Driver) -> None:
    driver.run(c.SendMessage("ca1", "k", text="It is ready."))
    _outcome(driver, "accepted", provider_ids=["p1"])
    driver.advance(1)
    assert _planned(_outcome(driver, "failed", "de2", code="window")) == []


def test_a_provider_may_say_so_after_it_had_taken_the_message(driver: Driver) -> None:
    _outcome(driver, "accepted", provider_ids=["p1"])
    command = c.RecordReceipt("email", "main", "p1", "failed", code="window")
    recorded, planned, permitted = driver.run(command).events
    assert isinstance(recorded, e.ReceiptRecorded)
    assert isinstance(planned, e.DeliveryPlanned)
    assert isinstance(permitted, e.DeliveryPermitted)
    assert planned.instead_of == "de1"
    assert driver.run(command).events == []


def test_so_it_may_before_its_own_answer_is_there(driver: Driver) -> None:
    for provider_id in ("p1", "p2"):
        driver.run(c.RecordReceipt("email", "main", provider_id, "failed", code="window"))
    events = _outcome(driver, "accepted", provider_ids=["p1", "p2"])
    assert [planned.delivery for planned in _planned(events)] == ["de2"], "two parts of one message are one message"


def test_what_has_arrived_is_not_said_again(driver: Driver) -> None:
    _outcome(driver, "accepted", provider_ids=["p1"])
    driver.run(c.RecordReceipt("email", "main", "p1", "delivered"))
    events = driver.run(c.RecordReceipt("email", "main", "p1", "failed", code="window")).events
    assert [type(event) for event in events] == [e.ReceiptRecorded]


def test_what_was_taken_back_meanwhile_is_not_said_otherwise(driver: Driver) -> None:
    _outcome(driver, "accepted", provider_ids=["p1"])
    driver.run(c.TakeBackMessage("me2"))
    events = driver.run(c.RecordReceipt("email", "main", "p1", "failed", code="window")).events
    assert _planned(events) == []


def test_what_is_too_late_is_not_said_at_all(driver: Driver) -> None:
    _outcome(driver, "accepted", provider_ids=["p1"])
    driver.advance(3 * DAY // 1_000_000)
    events = driver.run(c.RecordReceipt("email", "main", "p1", "failed", code="window")).events
    assert _planned(events) == []
