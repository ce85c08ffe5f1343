"""Since when agents have had no contact that a customer began."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, plan
from tests.invariants import WatchedEngine, check_rebuilt

from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Channel
from orchestra.model.routing import Ring


def centre(**queue: Any) -> Driver:
    """A centre that goes by it; ana comes, then bob."""
    first = plan()
    care = attrs.evolve(first.queues["care"], order=["idle_inbound"], **queue)
    channels = {**first.channels, "task": Channel(work=True)}
    driver = Driver(plan(queues={**first.queues, "care": care}, channels=channels), engine=WatchedEngine())
    driver.sign_in("ana", "bob")
    return driver


def since(driver: Driver, agent: str) -> int:
    """When it was, in microseconds before now."""
    return driver.now_us - driver.engine.view.routing.benches[agent].inbound_us


def finish(driver: Driver, got: Any, after: float = 5) -> None:
    """Whoever has it is done with it."""
    agent = driver.agent_of(got)
    driver.run(c.FinishInteraction(got.interaction, agent), after)
    if driver.state(got) == "WRAPPING":
        driver.run(c.FinishWrapUp(got.interaction, agent), after=1)


def test_whoever_has_had_no_call_for_longest_goes_first() -> None:
    driver = centre()
    for best in ("ana", "bob", "ana"):
        got = driver.answered("joe", "voice")
        assert driver.agent_of(got) == best
        finish(driver, got)
        assert since(driver, best) == 0


def test_it_counts_from_the_offer_and_from_the_end() -> None:
    driver = centre()
    got = driver.answered("joe", "voice")
    assert since(driver, "ana") == SECOND, "since it was offered"
    driver.run(c.FinishInteraction(got.interaction, "ana"), after=5)
    assert since(driver, "ana") == 6 * SECOND, "it is being wrapped up"
    driver.run(c.FinishWrapUp(got.interaction, "ana"), after=1)
    assert since(driver, "ana") == 0


def test_coming_to_work_counts() -> None:
    driver = centre()
    driver.run(c.SetAway("ana", "lunch"), 5)
    driver.run(c.SetAvailable("ana"), 5)
    assert (since(driver, "ana"), since(driver, "bob")) == (0, 10 * SECOND)


def test_a_work_item_does_not_count() -> None:
    driver = centre()
    driver.run(c.SetAway("bob", "lunch"))
    finish(driver, driver.answered("joe", "voice"))
    driver.run(c.SetAway("ana", "lunch"))
    driver.run(c.SetAvailable("bob"), 1)
    work = driver.run(c.OpenWorkItem("task", "job1", customer="cu1", topic="bill", title="look"), 1).result
    driver.accept()
    assert since(driver, "bob") == 2 * SECOND
    driver.run(c.FinishInteraction(work.interaction, "bob"), 5)
    assert since(driver, "bob") == 7 * SECOND


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_a_callback_that_we_dial_does_not_count(first: str) -> None:
    driver = centre()
    before = driver.engine.view.plan
    driver.change_plan(attrs.evolve(before, callbacks=attrs.evolve(before.callbacks, first=first)))
    driver.run(c.SetAway("bob", "lunch"))
    called = driver.call("joe")
    callback = driver.run(c.RequestCallback(called.interaction)).result.interaction
    then = driver.engine.view.routing.benches["ana"].inbound_us
    if first == "customer":
        token = driver.last(e.CallbackDialing).token
        driver.run(c.ReportDialing(callback, token, "answered"), 3)
    driver.accept()
    if first == "agent":
        driver.run(c.ReportCallback(callback, "ana", "answered"), 3)
    driver.run(c.FinishInteraction(callback, "ana"), 5)
    driver.run(c.FinishWrapUp(callback, "ana"), 1)
    assert driver.engine.view.routing.benches["ana"].inbound_us == then
    assert driver.engine.view.routing.benches["ana"].idle_since_us == driver.now_us


def test_helping_does_not_count_and_taking_over_does() -> None:
    driver = centre()
    got = driver.answered("joe", "chat")
    consult = driver.run(c.AskConsult(got.interaction, "ana", "bob"), 1).result
    driver.run(c.AcceptConsult(consult.consult, "bob", consult.token), 1)
    asked = since(driver, "bob")
    assert asked > 2 * SECOND
    driver.run(c.CompleteTransfer(consult.consult, "ana"), 1)
    assert (since(driver, "ana"), since(driver, "bob")) == (0, 0)


def test_taking_over_what_no_customer_began_does_not_count() -> None:
    driver = centre()
    driver.run(c.SetAway("bob", "lunch"))
    finish(driver, driver.answered("joe", "voice"))
    work = driver.run(c.OpenWorkItem("task", "job1", customer="cu1", topic="bill", title="look"), 1).result
    driver.accept()
    driver.run(c.SetAvailable("bob"), 1)
    consult = driver.run(c.AskConsult(work.interaction, "ana", "bob"), 1).result
    driver.run(c.AcceptConsult(consult.consult, "bob", consult.token), 1)
    driver.run(c.CompleteTransfer(consult.consult, "ana"), 1)
    assert driver.agent_of(work) == "bob"
    assert since(driver, "bob") == 3 * SECOND, "since bob came back"
    check_rebuilt(driver.engine, driver.reloaded())


def test_whoever_loses_a_ring_has_the_turn_they_had() -> None:
    driver = centre(ring=Ring(first=2))
    before = {name: driver.engine.view.routing.benches[name].inbound_us for name in ("ana", "bob")}
    driver.call("joe")
    driver.advance(0)
    driver.accept(driver.offer_to("ana"))
    benches = driver.engine.view.routing.benches
    assert (benches["bob"].inbound_us, benches["ana"].inbound_us > before["ana"]) == (before["bob"], True)


def test_it_survives_a_rebuild() -> None:
    driver = centre()
    driver.answered("joe", "voice")
    check_rebuilt(driver.engine, driver.reloaded())
    check_rebuilt(driver.engine, driver.replayed(is_blanked=True))
