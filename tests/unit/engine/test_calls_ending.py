"""Calls of which the provider tells that they are over: abandoned, answered, or over before."""

from __future__ import annotations

import attrs
import pytest
from tests.archiving import ArchivingEngine, archiving_plan
from tests.engine_driver import DAY, SECOND, Driver

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e

OVER = c.EndCall("voice", "main", "call1")


@pytest.fixture
def driver() -> Driver:
    return Driver()


def test_whoever_waits_and_hangs_up_has_abandoned(driver: Driver) -> None:
    driver.call("joe", contact_id="call1")
    driver.run(OVER, 30)
    [left] = driver.events(e.InteractionAbandoned)
    assert (left.interaction, left.waited_us) == ("in1", 30 * SECOND)


def test_whoever_talked_has_finished(driver: Driver) -> None:
    driver.sign_in("ana")
    driver.answered("joe", "voice", contact_id="call1")
    driver.run(OVER, 60)
    [over] = driver.events(e.InteractionFinished)
    assert (over.agent, over.by) == ("ana", "customer")


def test_told_again_or_after_the_agent_it_changes_nothing(driver: Driver) -> None:
    driver.sign_in("ana")
    driver.answered("joe", "voice", contact_id="call1")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.run(OVER).events == []
    driver.call("mia", contact_id="call2")
    second = attrs.evolve(OVER, call_id="call2")
    assert driver.run(second).events != []
    assert driver.run(second).events == []


def test_a_call_that_nobody_took_and_a_message_are_none(driver: Driver) -> None:
    with pytest.raises(UnknownId):
        driver.run(OVER)
    driver.message("joe", "chat", message_id="m1")
    with pytest.raises(UnknownId):
        driver.run(c.EndCall("chat", "main", "m1"))
    with pytest.raises(InvalidCommand):
        driver.run(attrs.evolve(OVER, call_id=""))
    with pytest.raises(InvalidCommand):
        driver.run(attrs.evolve(OVER, account=""))


def test_of_somebody_archived_it_changes_nothing() -> None:
    driver = Driver(archiving_plan(), engine=ArchivingEngine())
    got = driver.call("joe", contact_id="call1")
    driver.run(c.LeaveContact(got.interaction), 5)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    driver.advance(31 * DAY // SECOND)
    assert driver.engine.view.identity.customers == {}
    assert driver.run(OVER).events == []
