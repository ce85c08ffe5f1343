"""What waits counts as older once it has reached an age that its queue names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import MINUTE, SECOND, Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state

from orchestra.engine.routing import decide
from orchestra.engine.routing.rows import AGEING
from orchestra.model import commands as c, events as e
from orchestra.model.routing import Ageing, Step

AGES = (Ageing(timedelta(minutes=5), 3), Ageing(timedelta(minutes=15), 10))


def centre(mails: int = 0, **queues: dict[str, Any]) -> Driver:
    """A centre in which what waits in `care` ages in two steps; first so many mails come there."""
    first = plan()
    given = {"care": {"ageing": AGES}, **queues}
    changed = {name: attrs.evolve(first.queues[name], **parts) for name, parts in given.items()}
    driver = Driver(plan(queues={**first.queues, **changed}), engine=WatchedEngine())
    for number in range(mails):
        driver.message(f"p{number}", "email")
    return driver


def checked(driver: Driver) -> None:
    """All holds, after a rebuild too."""
    driver.advance(0)
    check_state(driver.engine)
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.reloaded())
    check_rebuilt(driver.engine, driver.replayed(is_blanked=True))


def aged(driver: Driver, name: str = "in1") -> int:
    """How many of its queue's ages it has reached."""
    return driver.engine.view.routing.items[name].aged


def due(driver: Driver, name: str = "in1") -> int | None:
    """When it will reach the next one."""
    return driver.engine.view.timers.get(AGEING, name)


def test_at_each_age_it_counts_as_older() -> None:
    driver = centre(mails=1)
    began_us = driver.now_us
    assert due(driver) == began_us + 5 * MINUTE
    assert driver.advance(5 * 60 - 1) == []
    assert driver.advance(1) == [e.PriorityRaised("in1", "cu1", "care", 1, 3)]
    assert (aged(driver), due(driver)) == (1, began_us + 15 * MINUTE)
    checked(driver)
    assert driver.advance(600) == [e.PriorityRaised("in1", "cu1", "care", 2, 13)]
    assert (aged(driver), due(driver)) == (2, None)
    assert driver.advance(10_000) == []
    checked(driver)


def test_it_goes_before_what_counted_as_older_until_then() -> None:
    def first_after(wait_s: float) -> str:
        driver = centre(mails=1)
        driver.message("vip", "email", priority=2)
        driver.advance(wait_s)
        driver.run(c.DefineAgent("dan", ["care"], capacity_percent=20))
        driver.sign_in("dan")
        checked(driver)
        return driver.last(e.OfferMade).interaction

    assert first_after(297) == "in2", "it is worth two minutes of waiting more"
    assert first_after(298) == "in1", "until the other has waited five minutes, a second before it has itself"


def test_beside_another_queue_it_counts_too() -> None:
    def first_after(wait_s: float) -> str:
        driver = centre(sales={"priority": 2})
        driver.message("joe", "email")
        driver.message("jim", "email", queue="sales")
        driver.advance(wait_s)
        driver.run(c.DefineAgent("dan", ["care", "sales"], capacity_percent=20))
        driver.sign_in("dan")
        return driver.last(e.OfferMade).interaction

    assert first_after(200) == "in2"
    assert first_after(400) == "in1"


def test_in_one_queue_the_newest_first_yields_to_the_old() -> None:
    driver = centre(care={"ageing": [Ageing(timedelta(minutes=5), 60)], "newest_first": True})
    driver.message("joe", "email")
    driver.message("jim", "email", after=290)
    driver.advance(60)
    driver.run(c.DefineAgent("dan", ["care"], capacity_percent=20))
    driver.sign_in("dan")
    assert driver.last(e.OfferMade).interaction == "in1"


def test_where_waiting_does_not_count_age_still_does() -> None:
    driver = centre(care={"ageing": AGES, "ageing_percent": 0})
    driver.message("joe", "email")
    driver.message("jim", "email", priority=1)
    driver.advance(298)
    driver.run(c.DefineAgent("dan", ["care"], capacity_percent=20))
    driver.sign_in("dan")
    assert driver.last(e.OfferMade).interaction == "in1"


def test_what_is_offered_or_in_hand_grows_no_older_and_has_its_age_when_it_waits_again() -> None:
    driver = centre(mails=1)
    driver.sign_in("ana")
    assert due(driver) is None
    driver.accept()
    driver.advance(6 * 60)
    assert driver.events(e.PriorityRaised) == []
    driver.run(c.TransferInteraction("in1", "ana", "care"))
    assert aged(driver) == 1, "at once"
    assert driver.events(e.PriorityRaised) == []
    checked(driver)


def test_what_is_declined_has_the_age_that_it_had() -> None:
    driver = centre(mails=1)
    driver.advance(5 * 60)
    driver.sign_in("ana")
    driver.decline()
    assert (aged(driver), len(driver.events(e.PriorityRaised))) == (1, 1)
    checked(driver)


def test_what_begins_anew_is_young_again() -> None:
    driver = centre(mails=1, care={"ageing": AGES, "requeue": "reset"})
    driver.advance(5 * 60)
    driver.sign_in("ana")
    driver.decline()
    assert (aged(driver), due(driver)) == (0, driver.now_us + 5 * MINUTE)
    checked(driver)


def test_another_queue_counts_by_its_own_ages() -> None:
    driver = centre(
        care={"ageing": AGES, "overflow_to": "sales", "steps": [Step(lasts=timedelta(minutes=6))]},
        sales={"ageing": [Ageing(timedelta(minutes=1), 1), Ageing(timedelta(minutes=2), 1), AGES[1]]},
    )
    driver.message("joe", "email")
    driver.advance(6 * 60)
    assert driver.last(e.InteractionQueued).reason == "overflowed"
    assert (aged(driver), due(driver)) == (2, driver.now_us + 9 * MINUTE)
    checked(driver)


def test_what_has_happened_long_ago_is_as_old_as_it_is() -> None:
    driver = centre()
    driver.message("joe", "email", occurred_us=driver.now_us - 16 * MINUTE)
    assert (aged(driver), due(driver), driver.events(e.PriorityRaised)) == (2, None, [])


def test_several_ages_that_are_reached_at_once_are_told_once() -> None:
    driver = centre(mails=1)
    began_us = driver.now_us
    ticked = driver.engine.tick(began_us + 20 * MINUTE)
    assert ticked.events == [e.PriorityRaised("in1", "cu1", "care", 2, 13)]


@pytest.mark.parametrize(("ages", "reached"), [((), 0), (AGES[1:], 0), ((Ageing(timedelta(minutes=1), 9), *AGES), 2)])
def test_a_change_of_plan_holds_for_what_waits(ages: tuple[Ageing, ...], reached: int) -> None:
    driver = centre(mails=2)
    driver.advance(7 * 60)
    before = driver.engine.view.plan
    care = attrs.evolve(before.queues["care"], ageing=ages)
    driver.change_plan(attrs.evolve(before, queues={**before.queues, "care": care}))
    driver.advance(0)
    assert [aged(driver, name) for name in ("in1", "in2")] == [reached, reached]
    checked(driver)


@pytest.mark.parametrize("after_s", [0, 30])
def test_what_reaches_an_age_of_before_goes_by_the_new_plan(monkeypatch: pytest.MonkeyPatch, after_s: int) -> None:
    monkeypatch.setattr(decide, "_MOVED_AT_ONCE", 1)
    driver = centre()
    for name in ("a", "b", "c"):
        driver.message(name, "email", after=0)
    driver.advance(299)
    before = driver.engine.view.plan
    care = attrs.evolve(before.queues["care"], tier=1, ageing=[Ageing(timedelta(seconds=300 + after_s), 4)])
    driver.change_plan(attrs.evolve(before, queues={**before.queues, "care": care}))
    driver.now_us += SECOND
    events = driver._keep(driver.engine.tick(driver.now_us)).events
    moved = [event.moved for event in events if isinstance(event, e.RoutingMoved) and event.moved]
    assert moved == [["in1"], ["in2"], ["in3"]]
    reached = [] if after_s else [1, 1, 1]
    driver.advance(0)
    assert [aged(driver, name) for name in ("in1", "in2", "in3")] == (reached or [0, 0, 0])
    assert [event.priority for event in driver.events(e.PriorityRaised)] == []
    driver.advance(after_s)
    assert aged(driver) == 1
    check_rebuilt(driver.engine, driver.reloaded())


def test_a_customer_who_is_to_be_called_comes_to_their_turn() -> None:
    driver = centre(care={"ageing": [Ageing(timedelta(minutes=5), 30)]})
    before = driver.engine.view.plan
    callbacks = attrs.evolve(before.callbacks, first="customer", at_once=2, dial_ahead=timedelta(seconds=100))
    driver.change_plan(attrs.evolve(before, callbacks=callbacks))
    driver.sign_in("ana")
    busy = driver.answered("joe", "voice")
    driver.call("jim")
    driver.advance(60)
    driver.run(c.FinishInteraction(busy.interaction, "ana"))
    driver.run(c.FinishWrapUp(busy.interaction, "ana"))
    driver.accept()
    called = driver.call("jan")
    for sender in ("vip1", "vip2"):
        driver.message(sender, "email", after=30, priority=20)
    callback = driver.run(c.RequestCallback(called.interaction)).result.interaction
    assert driver.engine.view.contacts.interactions[callback].state == "QUEUED"
    assert driver.engine.view.routing.place(callback) == (2, 3 * 61 * SECOND)
    brought = driver.advance(4 * 60)
    assert [type(event).__name__ for event in brought] == ["PriorityRaised", "CallbackDialing"]


def test_closed_queues_let_it_grow_older_too() -> None:
    driver = centre(mails=1)
    driver.run(c.CloseQueue("care", "meeting"))
    driver.advance(5 * 60)
    assert aged(driver) == 1
    checked(driver)


def test_a_consult_that_waits_ages_by_its_queue() -> None:
    driver = centre(sales={"ageing": AGES[:1]})
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    consult = driver.run(c.ConsultQueue(got.interaction, "ana", "sales")).result.consult
    driver.advance(5 * 60)
    assert driver.last(e.PriorityRaised) == e.PriorityRaised("in1", "cu1", "sales", 1, 3, consult)
    assert aged(driver, consult) == 1
    checked(driver)
