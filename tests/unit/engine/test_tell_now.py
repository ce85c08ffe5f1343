"""What the application sends by itself waits while a person talks with the customer, who may tell it instead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import HOUR, MINUTE, Driver, plan

from orchestra.engine.deliveries.state import SLICE
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted
from orchestra.model import commands as c, events as e
from orchestra.model.engagements import Engagements


def _driver(**engagements: Any) -> Driver:
    """Joe wrote a mail and is on the phone with ana now."""
    channels = {**plan().channels, "voice": attrs.evolve(plan().channels["voice"], wrap_up=timedelta())}
    driver = Driver(plan(channels=channels, engagements=Engagements(**engagements)))
    driver.message("joe", "email", topic="order")
    driver.run(c.CancelInteraction("in1", "seen to"), 1)
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    return driver


def _send(driver: Driver, key: str = "k1", **values: Any) -> str:
    return str(driver.run(c.SendMessage("ca1", key, channel="email", text="It is late.", **values), 1).result.delivery)


def _state(driver: Driver, delivery: str = "de1") -> tuple[str, bool]:
    row = driver.engine.view.deliveries.deliveries[delivery]
    return row.state, row.is_held


def test_what_is_sent_by_itself_waits_while_somebody_talks_with_the_customer() -> None:
    driver = _driver()
    _send(driver)
    assert driver.last(e.DeliveryHeld).reason == "somebody talks with them"
    assert _state(driver) == ("PENDING", True)


@pytest.mark.parametrize("actor", ["agent:ana", "operator:kim"])
def test_what_somebody_writes_leaves(actor: str) -> None:
    driver = _driver()
    _send(driver, actor=actor)
    assert _state(driver) == ("PERMITTED", False)


def test_what_the_plan_excepts_leaves() -> None:
    driver = _driver(never_held=["code"])
    _send(driver, topic="code")
    assert _state(driver) == ("PERMITTED", False)
    driver = _driver(hold_automation=False)
    _send(driver)
    assert _state(driver) == ("PERMITTED", False)


def test_whoever_waits_or_talks_with_a_bot_is_written_to() -> None:
    driver = Driver()
    driver.message("joe", "email", topic="order")
    _send(driver)
    assert _state(driver) == ("PERMITTED", False)
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.run(c.SignIn("rob"), 1)
    driver.accept()
    _send(driver, "k2")
    assert driver.engine.view.deliveries.hushed == {}


def test_it_leaves_a_while_after_they_have_stopped() -> None:
    driver = _driver()
    _send(driver)
    driver.run(c.FinishInteraction("in2", "ana"), 60)
    assert driver.last(e.TalkEnded).until_us == driver.engine.now_us + 5 * MINUTE
    driver.advance(299)
    assert _state(driver) == ("PENDING", True)
    driver.advance(2)
    assert _state(driver) == ("PERMITTED", False)


def test_unless_somebody_talks_with_them_again_by_then() -> None:
    driver = _driver()
    _send(driver)
    driver.run(c.FinishInteraction("in2", "ana"), 60)
    driver.answered("joe", "voice", topic="order")
    driver.advance(400)
    assert _state(driver) == ("PENDING", True)
    driver.run(c.FinishInteraction("in3", "ana"), 60)
    driver.advance(301)
    assert _state(driver) == ("PERMITTED", False)


def test_the_check_and_the_sending_are_one_decision() -> None:
    driver = _driver()
    driver.run(c.FinishInteraction("in2", "ana"), 60)
    _send(driver)
    assert _state(driver) == ("PERMITTED", False)
    driver.answered("joe", "voice", topic="order")
    driver.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState, state="while somebody talks with its customer")
    driver.advance(40)
    assert _state(driver) == ("PENDING", True), "a permit that ran out is not given again"


def test_whoever_talks_with_them_tells_it_instead() -> None:
    driver = _driver()
    _send(driver)
    driver.run(c.TellNow("in2", "ana", "de1"), 5)
    assert driver.last(e.DeliveryCanceled) == e.DeliveryCanceled("de1", "cu1", "told")
    driver.refuse(c.TellNow("in2", "ana", "de1"), NotAllowedInState, state="CANCELED")


def test_nobody_else_tells_it() -> None:
    driver = _driver()
    driver.sign_in("bob")
    _send(driver)
    driver.refuse(c.TellNow("in2", "bob", "de1"), NotPermitted)
    driver.answered("zoe", "voice")
    driver.refuse(c.TellNow("in3", "bob", "de1"), InvalidCommand, field="delivery")


def test_it_expires_rather_than_arrive_late() -> None:
    driver = _driver()
    _send(driver)
    driver.advance(30 * 24 * HOUR / 1_000_000)
    assert _state(driver) == ("EXPIRED", False)
    assert driver.engine.view.deliveries.hushed == {}


@pytest.mark.parametrize(
    "command", [c.TransferInteraction("in2", "ana", "german"), c.SignOut("ana"), c.CancelInteraction("in2", "gone")]
)
def test_talk_ends_in_many_ways(command: c.Command) -> None:
    driver = _driver()
    _send(driver)
    driver.run(command, 1)
    assert driver.last(e.TalkEnded).customer == "cu1"


def test_another_agent_goes_on_talking() -> None:
    driver = _driver()
    driver.sign_in("bob")
    _send(driver)
    driver.run(c.TransferToAgent("in2", "ana", "bob"), 1)
    asked = driver.last(e.ConsultAsked)
    driver.run(c.AcceptConsult(asked.consult, "bob", asked.token), 1)
    assert not driver.events(e.TalkEnded)


def test_a_bot_that_somebody_turns_out_to_be_talks_with_nobody() -> None:
    driver = _driver()
    _send(driver)
    driver.run(c.DefineAgent("ana", ["care"], kind="bot"), 1)
    assert driver.last(e.TalkEnded).customer == "cu1"
    driver.run(c.DefineAgent("ana", ["care"]), 1)
    driver.run(c.DefineAgent("ana", ["care"]), 1)
    assert len(driver.events(e.TalkEnded)) == 1


def test_who_turns_out_to_be_two_is_talked_with_as_one_of_them() -> None:
    driver = _driver()
    driver.message("jm", "email", topic="bill")
    driver.run(c.CancelInteraction("in3", "seen to"), 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    driver.run(c.SendMessage("ca2", "k1", channel="email", text="Paid."), 1)
    assert _state(driver) == ("PENDING", True)
    driver.run(c.SplitCustomers("li1", "two"), 1)
    assert [event.customer for event in driver.events(e.TalkEnded)] == ["cu2"]


def test_very_many_are_looked_at_in_slices() -> None:
    driver = _driver()
    for number in range(SLICE + 10):
        _send(driver, f"k{number}")
    driver.run(c.FinishInteraction("in2", "ana"), 1)
    driver.advance(301)
    assert [len(event.deliveries) for event in driver.events(e.AutomationResumed)] == [SLICE, 10]
    assert driver.engine.view.deliveries.hushed == {}


def test_an_operators_stop_keeps_what_talk_no_longer_does() -> None:
    driver = _driver()
    _send(driver)
    driver.run(c.StopSending("storm"), 1)
    driver.run(c.FinishInteraction("in2", "ana"), 1)
    driver.advance(301)
    assert _state(driver) == ("PENDING", True)
    driver.run(c.StartSending(), 1)
    driver.advance(1)
    assert _state(driver) == ("PERMITTED", False)


def test_all_of_it_is_rebuilt() -> None:
    driver = _driver()
    _send(driver)
    mine, theirs = driver.engine.view.deliveries, driver.reloaded().view.deliveries
    assert mine.hushed == theirs.hushed == {"cu1": {"de1": 1}}
    assert driver.replayed().state_hash() == driver.engine.state_hash()


def test_a_time_below_nothing_is_a_fault_of_the_plan() -> None:
    faults = plan(engagements=Engagements(cool_down=timedelta(minutes=-5))).faults()
    assert "engagements.cool_down" in [fault.path for fault in faults]
