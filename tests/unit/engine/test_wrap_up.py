"""How wrap-up ends, by channel, and what it weighs meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, SECOND, Driver, plan

from orchestra.engine.contacts.state import WRAP_UP
from orchestra.errors import InvalidCommand, TooSoon
from orchestra.model import commands as c, events as e


def centre(channel: str = "voice", **values: Any) -> Driver:
    """Ana at work, with one channel wrapped up as stated."""
    first = plan()
    channels = {**first.channels, channel: attrs.evolve(first.channels[channel], **values)}
    driver = Driver(attrs.evolve(first, channels=channels))
    driver.sign_in("ana")
    return driver


def used(driver: Driver) -> int:
    return driver.engine.view.routing.benches["ana"].used_percent


def test_optional_wrap_up_lasts_until_the_agent_ends_it() -> None:
    driver = centre(wrap_up_mode="optional", wrap_up=timedelta())
    got = driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana", "resolved"))
    assert driver.last(e.InteractionFinished).wrap_up == "optional"
    assert driver.advance(DAY // SECOND) == []
    assert driver.state(got) == "WRAPPING"
    driver.run(c.FinishWrapUp("in1", "ana"))
    assert driver.last(e.InteractionDone) == e.InteractionDone("in1", "cu1", "finished", "ana", "resolved")


def test_optional_wrap_up_has_a_longest_time_where_the_channel_states_one() -> None:
    driver = centre(wrap_up_mode="optional", wrap_up=timedelta(seconds=90))
    got = driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.advance(89)
    assert driver.state(got) == "WRAPPING"
    driver.advance(1)
    assert driver.state(got) == "DONE"


def test_required_wrap_up_ends_only_with_a_disposition() -> None:
    driver = centre(wrap_up_mode="required")
    got = driver.answered(channel="voice")
    driver.run(c.LeaveContact("in1"))
    assert driver.engine.view.timers.get(WRAP_UP, "in1") is None
    driver.advance(3600)
    driver.refuse(c.FinishWrapUp("in1", "ana"), InvalidCommand, field="disposition")
    assert driver.state(got) == "WRAPPING"
    driver.run(c.FinishWrapUp("in1", "ana", "callback"))
    assert driver.last(e.InteractionDone).disposition == "callback"


def test_a_disposition_given_at_the_finish_is_one() -> None:
    driver = centre(wrap_up_mode="required")
    driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana", "callback"))
    driver.run(c.FinishWrapUp("in1", "ana"))
    assert driver.last(e.InteractionDone).disposition == "callback"


def test_required_wrap_up_ends_with_its_agent() -> None:
    driver = centre(wrap_up_mode="required")
    driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert e.InteractionDone("in1", "cu1", "agent_left", "ana") in driver.run(c.SignOut("ana")).events


@pytest.mark.parametrize("mode", ["required", "optional", "fixed"])
def test_there_is_none_for_an_agent_who_is_gone(mode: str) -> None:
    """Whose contacts are kept while they are away: nobody would ever end it."""
    driver = centre("chat", wrap_up_mode=mode, wrap_up=timedelta(minutes=2), on_agent_lost="keep")
    got = driver.answered(channel="chat")
    driver.run(c.SignOut("ana"))
    assert driver.state(got) == "ACTIVE"
    driver.run(c.LeaveContact("in1"))
    assert driver.last(e.InteractionFinished).wrap_up is None
    assert driver.last(e.InteractionDone) == e.InteractionDone("in1", "cu1", "finished", "ana")


def test_fixed_wrap_up_ends_by_its_time_alone() -> None:
    driver = centre(wrap_up_mode="fixed")
    got = driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    until_us = driver.now_us + 10 * SECOND
    driver.refuse(c.FinishWrapUp("in1", "ana", "resolved"), TooSoon, subject="in1", until_us=until_us)
    driver.advance(9.999)
    assert driver.state(got) == "WRAPPING"
    driver.advance(0.001)
    assert driver.state(got) == "DONE"


def test_how_it_ends_was_settled_when_it_began() -> None:
    driver = centre(wrap_up_mode="fixed")
    driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.change_plan(plan())
    driver.refuse(c.FinishWrapUp("in1", "ana"), TooSoon)


def test_without_a_time_timed_wrap_up_is_none() -> None:
    driver = centre(wrap_up=timedelta(), wrap_up_percent=50)
    got = driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.last(e.InteractionFinished).wrap_up is None
    assert driver.state(got) == "DONE"
    assert used(driver) == 0


@pytest.mark.parametrize(("percent", "left"), [(100, 100), (30, 30), (0, 0)])
def test_during_wrap_up_only_a_share_of_the_weight_counts(percent: int, left: int) -> None:
    driver = centre(wrap_up_percent=percent)
    driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert used(driver) == left
    driver.run(c.FinishWrapUp("in1", "ana"))
    assert used(driver) == 0


def test_the_room_that_wrap_up_leaves_is_offered_at_once() -> None:
    driver = centre(wrap_up_percent=50)
    driver.answered(channel="voice")
    driver.message("jim", "chat")
    assert driver.offered() == {}
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.offered() == {"in2": "ana"}
    assert used(driver) == 100


def test_during_wrap_up_the_channels_limit_counts_it_still() -> None:
    driver = centre(wrap_up_percent=0)
    driver.answered(channel="voice")
    driver.call("jim")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.offered() == {}


def _mails_give_way() -> Driver:
    first = plan()
    channels = {
        **first.channels,
        "voice": attrs.evolve(first.channels["voice"], interrupts=["email"]),
        "email": attrs.evolve(first.channels["email"], wrap_up_mode="optional", wrap_up_percent=50),
    }
    driver = Driver(attrs.evolve(first, channels=channels))
    driver.sign_in("ana")
    return driver


def test_what_was_put_aside_weighs_its_share_again_once_it_is_wrapped_up() -> None:
    driver = _mails_give_way()
    got = driver.answered("joe", "email")
    driver.call("jim")
    driver.accept()
    assert driver.state(got) == "PARKED"
    assert used(driver) == 100
    driver.run(c.FinishInteraction("in1", "ana"))
    assert used(driver) == 110
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert driver.state(got) == "WRAPPING"
    assert used(driver) == 10


def test_what_is_wrapped_up_while_an_offer_would_put_it_aside_stays_in_wrap_up() -> None:
    driver = _mails_give_way()
    got = driver.answered("joe", "email")
    driver.call("jim")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.accept()
    assert driver.state(got) == "WRAPPING"
    assert driver.names().count("InteractionInterrupted") == 0
    assert used(driver) == 110
