"""What is sent about a subject in conflict: refused, held, released or called back."""

from __future__ import annotations

import pytest
from tests.commitment_plans import a_driver, bill, quote
from tests.engine_driver import DAY, SECOND, Driver

from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e


def a_quote(**settings: str) -> Driver:
    driver = a_driver(**{"settle": "person"} | settings)
    quote(driver, actor="agent:sam")
    return driver


def send(driver: Driver, key: str = "k1", subject: str | None = "order:81", topic: str = "order") -> str:
    """A message about the order; gives the delivery's id."""
    command = c.SendMessage("ca1", key, topic, subject=subject, text="Your order costs 49.")
    delivery: str = driver.run(command, 1).result.delivery
    return delivery


def state(driver: Driver, delivery: str) -> str:
    row = driver.engine.view.deliveries.deliveries[delivery]
    return f"{row.state} held" if row.is_held else row.state


def begin(driver: Driver, delivery: str, attempt: int = 1) -> None:
    driver.run(c.StartDelivery(delivery, attempt, 1))


# Refused


def test_nothing_new_is_sent_about_a_subject_in_conflict() -> None:
    driver = a_quote()
    bill(driver)
    refusal = driver.refuse(c.SendMessage("ca1", "k1", subject="order:81", text="49"), NotAllowedInState)
    assert str(refusal) == "order:81 is in conflict cf1: cannot send message"
    send(driver, "k2", "order:82")
    send(driver, "k3", None)
    driver.run(c.SettleConflict("cf1", "fa2"))
    assert state(driver, send(driver, "k1")) == "PENDING", "until those before it have left"


def test_what_was_sent_before_is_the_same_message_also_while_it_is_frozen() -> None:
    driver = a_quote()
    delivery = send(driver)
    bill(driver)
    assert send(driver) == delivery
    for other in ("order:82", None):
        driver.refuse(c.SendMessage("ca1", "k1", "order", subject=other, text="49"), InvalidCommand, field="key")


def test_a_subject_must_be_one() -> None:
    driver = a_quote()
    driver.refuse(c.SendMessage("ca1", "k1", subject="", text="49"), InvalidCommand, field="subject")


def test_what_a_person_writes_in_a_conversation_is_not_frozen() -> None:
    driver = a_quote()
    driver.sign_in("ana")
    driver.accept()
    bill(driver)
    written = driver.run(c.WriteReply("in1", "ana", "I am looking into it.")).result
    assert state(driver, written.delivery) == "PERMITTED"


@pytest.mark.parametrize("first", ["cf1", "cf2"])
def test_a_subject_is_frozen_until_all_conflicts_about_it_are_settled(first: str) -> None:
    driver = a_quote()
    delivery = send(driver)
    quote(driver, 3000, "refund")
    bill(driver)
    bill(driver, 2000, "refund")
    driver.advance(30)
    assert state(driver, delivery) == "PENDING held"
    keep = {"cf1": "cm1", "cf2": "cm2"}
    driver.run(c.SettleConflict(first, keep.pop(first)))
    (last,) = keep
    assert driver.advance(1) == []
    refusal = driver.refuse(c.SendMessage("ca1", "k2", subject="order:81", text="49"), NotAllowedInState)
    assert last in str(refusal)
    driver.run(c.SettleConflict(last, keep[last]))
    driver.advance(0)
    assert state(driver, delivery) == "PERMITTED"


# Held


def test_what_was_permitted_does_not_leave_and_is_held_when_its_permit_lapses() -> None:
    driver = a_quote()
    delivery = send(driver)
    bill(driver)
    refusal = driver.refuse(c.StartDelivery(delivery, 1, 1), NotAllowedInState, subject=delivery)
    assert "about order:81, in conflict cf1" in str(refusal)
    driver.advance(30)
    assert state(driver, delivery) == "PENDING held"
    assert driver.last(e.DeliveryHeld).reason == "conflict cf1"
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.view.deliveries.about == {"order:81": {delivery: 1}}
        assert engine.view.deliveries.frozen == {"order:81": 1}


def test_what_is_due_again_is_held_and_what_has_left_is_not() -> None:
    driver = a_quote()
    first = send(driver)
    begin(driver, first)
    bill(driver)
    driver.run(c.RecordOutcome(first, 1, "retry", retry_after_us=60 * SECOND))
    driver.advance_to(driver.last(e.DeliveryRetried).next_us)
    assert state(driver, first) == "PENDING held"


def test_what_is_held_expires_in_its_time() -> None:
    driver = a_quote()
    delivery = send(driver)
    bill(driver)
    driver.advance(3 * DAY // SECOND)
    assert state(driver, delivery) == "EXPIRED"
    driver.run(c.SettleConflict("cf1", "fa2"))
    driver.advance(0)
    assert driver.engine.view.deliveries.about == {}


# Released, or called back


def test_what_says_what_holds_leaves_once_it_is_settled() -> None:
    driver = a_quote()
    delivery = send(driver)
    bill(driver)
    driver.advance(30)
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert driver.last(e.CommitmentCorrected).effect == "none"
    driver.advance(0)
    assert state(driver, delivery) == "PERMITTED"
    begin(driver, delivery)


@pytest.mark.parametrize("value", [5900, 4500])
def test_what_may_say_what_holds_no_more_is_called_back(value: int) -> None:
    driver = a_quote()
    delivery = send(driver)
    bill(driver, value)
    driver.advance(30)
    driver.run(c.SettleConflict("cf1", "fa2"))
    driver.advance(0)
    assert state(driver, delivery) == "CANCELED"
    assert driver.last(e.DeliveryCanceled).reason == "corrected"
    assert driver.engine.view.deliveries.to_release == {}
    assert state(driver, send(driver, "k2")) == "PERMITTED", "what is written now knows what holds"


def test_what_was_permitted_before_the_correction_does_not_leave_either() -> None:
    driver = a_quote()
    delivery = send(driver)
    bill(driver)
    driver.run(c.SettleConflict("cf1", "fa2"))
    refusal = driver.refuse(c.StartDelivery(delivery, 1, 1), NotAllowedInState, subject=delivery)
    assert "outdated by a correction" in str(refusal)
    driver.advance(30)
    assert state(driver, delivery) == "CANCELED"


def test_what_had_left_before_the_correction_is_not_tried_again() -> None:
    driver = a_quote()
    delivery = send(driver)
    begin(driver, delivery)
    bill(driver)
    driver.run(c.SettleConflict("cf1", "fa2"))
    driver.run(c.RecordOutcome(delivery, 1, "retry"))
    driver.advance(5)
    assert state(driver, delivery) == "CANCELED"


def test_a_correction_in_the_customers_words_first_and_then_none_leaves_it_outdated() -> None:
    driver = a_quote()
    delivery = send(driver)
    quote(driver, 3000, "refund")
    bill(driver)
    bill(driver, 2000, "refund")
    driver.advance(30)
    driver.run(c.SettleConflict("cf1", "fa3"))
    driver.advance(0)
    assert state(driver, delivery) == "CANCELED", "though another conflict about the order is open"
    driver.run(c.SettleConflict("cf2", "cm2"))
    assert state(driver, delivery) == "CANCELED"


def test_a_turn_that_a_message_in_conflict_gives_up_is_the_next_ones() -> None:
    driver = a_quote()
    first, second = send(driver), send(driver, "k2", None)
    assert state(driver, second) == "PENDING"
    bill(driver)
    driver.advance(30)
    assert (state(driver, first), state(driver, second)) == ("PENDING held", "PERMITTED")
    driver.run(c.SettleConflict("cf1", "cm1"))
    driver.advance(0)
    assert driver.last(e.DeliveryReleased).delivery == first
    assert state(driver, first) == "PENDING", "after the one that has begun to leave"


# Together with an operator's stop


def test_a_stop_keeps_what_a_conflict_lets_go() -> None:
    driver = a_quote()
    delivery = send(driver)
    bill(driver)
    driver.run(c.StopSending("incident", None, "order"))
    driver.advance(30)
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert driver.advance(1) == []
    assert driver.last(e.DeliveryHeld).reason == "conflict cf1"
    assert state(driver, delivery) == "PENDING held"
    driver.run(c.StartSending(None, "order"))
    driver.advance(0)
    assert state(driver, delivery) == "PERMITTED"


def test_a_conflict_keeps_what_a_stop_lets_go() -> None:
    driver = a_quote()
    delivery = send(driver)
    driver.run(c.StopSending("incident", None, "order"))
    driver.advance(30)
    assert driver.last(e.DeliveryHeld).reason is None
    bill(driver)
    driver.run(c.StartSending(None, "order"))
    driver.advance(0)
    assert state(driver, delivery) == "PENDING held"
    driver.run(c.SettleConflict("cf1", "cm1"))
    driver.advance(0)
    assert state(driver, delivery) == "PERMITTED"


def test_a_stop_does_not_keep_what_is_outdated_from_being_called_back() -> None:
    driver = a_quote()
    delivery = send(driver)
    driver.run(c.StopSending("incident", None, "order"))
    driver.advance(30)
    bill(driver)
    driver.run(c.SettleConflict("cf1", "fa2"))
    driver.advance(0)
    assert state(driver, delivery) == "CANCELED"
