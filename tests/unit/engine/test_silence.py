"""What contacts weigh while their customers are silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, person, plan
from tests.invariants import WatchedEngine, check_liveness

from orchestra.engine.routing.rows import SILENCE
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Channel, Silence
from orchestra.model.plan import Plan

SHORT = Silence(timedelta(minutes=4), 10)
NOTHING = Silence(timedelta(minutes=4), 0)


def silent_plan(silence: Silence = SHORT, **channels: dict[str, Any]) -> Plan:
    """Chats weigh half a budget, and less once their customers are silent."""
    first = plan()
    changed: dict[str, Channel] = {**first.channels, "chat": attrs.evolve(first.channels["chat"], silence=silence)}
    for name, values in channels.items():
        changed[name] = attrs.evolve(changed[name], **values)
    return attrs.evolve(first, channels=changed)


def centre(silence: Silence = SHORT, *agents: str, **channels: dict[str, Any]) -> Driver:
    """Ana, or whoever is named, at work."""
    driver = Driver(silent_plan(silence, **channels), engine=WatchedEngine())
    driver.sign_in(*(agents or ("ana",)))
    return driver


def used(driver: Driver, agent: str = "ana") -> int:
    return driver.engine.view.routing.benches[agent].used_percent


def write(driver: Driver, interaction: str = "in1", agent: str = "ana") -> None:
    driver.run(c.WriteReply(interaction, agent, "hi"), 1)


def test_once_answered_a_silent_customer_takes_a_share_of_the_weight() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.advance(239.999)
    assert used(driver) == 50
    assert e.CustomerFellSilent("in1", "cu1", "ana", 5) in driver.advance(0.001)
    assert used(driver) == 5


def test_who_has_not_been_answered_is_not_silent() -> None:
    driver = centre()
    driver.answered()
    assert driver.advance(3600) == []
    assert used(driver) == 50


def test_who_writes_is_not_silent() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.message(after=200)
    driver.advance(3600)
    assert driver.events(e.CustomerFellSilent) == []


def test_the_clock_counts_from_our_last_message() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.advance(200)
    write(driver)
    driver.advance(239)
    assert used(driver) == 50
    driver.advance(1)
    assert used(driver) == 5


def test_the_room_that_silence_leaves_is_offered_at_once() -> None:
    driver = centre(NOTHING)
    driver.answered("joe")
    driver.answered("jim")
    write(driver)
    driver.message("jon")
    assert driver.offered() == {}
    driver.advance(240)
    assert driver.offered() == {"in3": "ana"}
    check_liveness(driver.engine)


def test_the_whole_weight_comes_back_beyond_the_budget_and_takes_nothing_away() -> None:
    driver = centre(NOTHING)
    for sender in ("joe", "jim"):
        driver.answered(sender)
    write(driver)
    driver.advance(240)
    third = driver.answered("jon")
    driver.message("joe")
    assert used(driver) == 150
    assert driver.state(third) == "ACTIVE"
    driver.message("jay")
    assert driver.offered() == {}, "no new work until there is room again"
    driver.run(c.FinishInteraction("in2", "ana"))
    assert driver.offered() == {}
    driver.run(c.FinishInteraction("in3", "ana"))
    assert driver.offered() == {"in4": "ana"}


def test_what_we_write_into_the_silence_leaves_it_as_it_is() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.advance(240)
    write(driver)
    assert used(driver) == 5
    driver.advance(3600)
    assert len(driver.events(e.CustomerFellSilent)) == 1
    driver.message()
    assert used(driver) == 50


def test_a_later_answer_begins_another_silence() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.advance(240)
    driver.message()
    write(driver)
    driver.advance(240)
    assert len(driver.events(e.CustomerFellSilent)) == 2
    assert used(driver) == 5


def test_an_answer_given_elsewhere_is_one() -> None:
    driver = centre()
    driver.answered()
    driver.run(c.RecordReply("chat", "main", "r1", person("joe"), "ana", text="by phone"))
    driver.advance(240)
    assert used(driver) == 5


@pytest.mark.parametrize("percent", [100, 40])
def test_wrap_up_counts_of_the_whole_weight(percent: int) -> None:
    driver = centre(chat={"wrap_up": timedelta(seconds=60), "wrap_up_percent": percent})
    driver.answered()
    write(driver)
    driver.advance(240)
    driver.run(c.FinishInteraction("in1", "ana"))
    assert used(driver) == percent // 2
    driver.advance(60)
    assert used(driver) == 0


def test_what_is_wrapped_up_is_not_silent() -> None:
    driver = centre(chat={"wrap_up": timedelta(hours=1)})
    driver.answered()
    write(driver)
    driver.run(c.FinishInteraction("in1", "ana"))
    write_elsewhere = c.RecordReply("chat", "main", "r1", person("joe"), "ana", text="by phone")
    driver.run(write_elsewhere)
    driver.advance(600)
    assert driver.events(e.CustomerFellSilent) == []
    assert used(driver) == 50


def test_whoever_gets_it_has_the_whole_weight_until_they_have_answered() -> None:
    driver = centre(SHORT, "ana", "bob")
    driver.answered()
    write(driver)
    driver.advance(240)
    driver.run(c.TransferToAgent("in1", "ana", "bob"))
    driver.run(c.AcceptConsult("cs1", "bob", 1))
    assert (used(driver), used(driver, "bob")) == (0, 50)
    driver.advance(3600)
    assert used(driver, "bob") == 50
    write(driver, "in1", "bob")
    driver.advance(240)
    assert used(driver, "bob") == 5


def test_what_waits_again_is_not_silent() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.run(c.TransferInteraction("in1", "ana", "sales"))
    assert driver.engine.view.timers.get(SILENCE, "in1") is None
    assert driver.engine.view.routing.items["in1"].is_silent is False


def test_what_is_put_aside_may_fall_silent_and_then_needs_less_room_to_go_on() -> None:
    driver = centre(Silence(), voice={"interrupts": ["email"]}, email={"silence": Silence(timedelta(minutes=4), 50)})
    got = driver.answered("joe", "email")
    write(driver)
    driver.call("jim")
    driver.accept()
    driver.advance(240)
    assert (driver.state(got), used(driver)) == ("PARKED", 100)
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert (driver.state(got), used(driver)) == ("ACTIVE", 10)
    driver.message("joe", "email")
    assert used(driver) == 20


def test_what_is_put_aside_takes_nothing_when_its_customer_writes() -> None:
    driver = centre(Silence(), voice={"interrupts": ["email"]}, email={"silence": Silence(timedelta(minutes=4), 50)})
    got = driver.answered("joe", "email")
    write(driver)
    driver.advance(240)
    driver.call("jim")
    driver.accept()
    assert (driver.state(got), used(driver)) == ("PARKED", 100)
    driver.message("joe", "email")
    assert (driver.state(got), used(driver)) == ("PARKED", 100)
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert (driver.state(got), used(driver)) == ("ACTIVE", 20)


def test_what_weighs_nothing_is_not_put_aside() -> None:
    driver = centre(Silence(), voice={"interrupts": ["email"]}, email={"silence": Silence(timedelta(minutes=4), 0)})
    got = driver.answered("joe", "email")
    write(driver)
    driver.advance(240)
    driver.call("jim")
    driver.accept()
    assert driver.state(got) == "ACTIVE"
    assert driver.events(e.InteractionInterrupted) == []


def test_a_plan_without_silence_ends_what_is_still_to_come_with_the_whole_weight() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.change_plan(silent_plan(Silence()))
    driver.advance(240)
    assert used(driver) == 50
    driver.message()
    write(driver)
    assert driver.engine.view.timers.get(SILENCE, "in1") is None


def test_a_change_of_plan_leaves_who_is_silent_as_they_are() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.advance(240)
    driver.change_plan(silent_plan(Silence(timedelta(minutes=1), 80)))
    assert used(driver) == 5
    driver.message()
    write(driver)
    driver.advance(60)
    assert used(driver) == 40


def test_a_message_after_the_contact_is_over_changes_no_weight() -> None:
    driver = centre()
    driver.answered()
    write(driver)
    driver.run(c.CancelInteraction("in1", "spam"))
    driver.message()
    assert driver.engine.due() is not None
    assert SECOND * 240 + driver.now_us != driver.engine.due()
    assert driver.engine.view.timers.get(SILENCE, "in1") is None
