"""How fast agents are given work: limits of rate, what is taken on return, the warm-up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import check_rebuilt

from orchestra.engine.routing.limits import note_offer, note_sign_in, regard
from orchestra.engine.routing.match import failing
from orchestra.engine.routing.rows import Bench
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Presence, Rate, WarmUp
from orchestra.runtime.history.waiting import candidates, why_waiting

MINUTE = timedelta(minutes=1)


def centre(**presence: Any) -> Driver:
    """Ana at work, with so much in hand that only the pace bars her."""
    first = plan()
    driver = Driver(attrs.evolve(first, presence=attrs.evolve(first.presence, **presence)))
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=1000))
    driver.sign_in("ana")
    return driver


def mails(driver: Driver, count: int) -> None:
    """So many mails come and are taken by whom they are offered to."""
    for number in range(count):
        driver.message(f"m{driver.now_us}{number}", "email", after=0)
        if driver.pending():
            driver.accept(after=0)


def taken(driver: Driver) -> int:
    return len(driver.events(e.OfferAccepted))


def test_an_agent_is_made_so_many_offers_within_a_time_and_more_once_it_is_over() -> None:
    driver = centre(rate=Rate(2, MINUTE))
    mails(driver, 1)
    driver.advance(20)
    mails(driver, 3)
    assert taken(driver) == 2
    driver.advance(39.999)
    assert driver.offered() == {}
    driver.advance(0.001)
    assert driver.offered() == {"in3": "ana"}
    assert driver.last(e.AgentRested).agent == "ana"
    driver.accept(after=0)
    driver.advance(19)
    assert taken(driver) == 3
    driver.advance(1)
    assert driver.offered() == {"in4": "ana"}


def test_an_offer_that_was_declined_counts_in_the_rate() -> None:
    driver = centre(rate=Rate(1, MINUTE))
    driver.message("joe", "email")
    driver.decline()
    driver.message("jim", "email")
    assert driver.offered() == {}
    driver.advance(60)
    assert len(driver.offered()) == 1


def test_signing_in_again_forgets_no_offer() -> None:
    driver = centre(rate=Rate(1, MINUTE))
    mails(driver, 2)
    driver.run(c.SignOut("ana"))
    driver.sign_in("ana")
    assert driver.offered() == {}
    driver.advance(60)
    assert len(driver.offered()) == 1


def test_a_limit_while_away_lifts_only_when_back() -> None:
    driver = centre(rate=Rate(1, MINUTE))
    mails(driver, 2)
    driver.run(c.SetAway("ana", "lunch"))
    assert driver.advance(120) == []
    driver.run(c.SetAvailable("ana"))
    assert driver.offered() == {"in2": "ana"}


def test_who_comes_back_does_not_get_all_that_waits() -> None:
    first = plan()
    driver = Driver(attrs.evolve(first, presence=attrs.evolve(first.presence, on_return=Rate(3, 10 * MINUTE))))
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=1000))
    for number in range(20):
        driver.message(f"m{number}", "email", after=0)
    driver.sign_in("ana")
    assert len(driver.offered()) == 3
    driver.decline(after=0)
    assert len(driver.offered()) == 3, "what was declined is not counted"
    for offer in driver.pending():
        driver.accept(offer, after=0)
    driver.run(c.FinishInteraction(driver.last(e.OfferAccepted).interaction, "ana"), after=0)
    assert driver.offered() == {}, "what is done was taken"
    driver.advance(599)
    assert driver.offered() == {}
    driver.advance(1)
    assert len(driver.offered()) > 3


def test_a_second_device_and_a_break_begin_no_new_return() -> None:
    driver = centre(on_return=Rate(1, 10 * MINUTE))
    mails(driver, 2)
    driver.run(c.SetAway("ana", "lunch"))
    driver.run(c.SetAvailable("ana"))
    driver.run(c.SignIn("ana", "phone"))
    assert driver.offered() == {}
    driver.run(c.SignOut("ana"))
    driver.sign_in("ana")
    assert len(driver.offered()) == 1


def test_the_budget_grows_in_steps_after_signing_in() -> None:
    first = plan()
    presence = attrs.evolve(first.presence, warm_up=WarmUp(20, 10 * MINUTE, 4))
    driver = Driver(attrs.evolve(first, presence=presence))
    for number in range(9):
        driver.message(f"m{number}", "email", after=0)
    driver.sign_in("ana")
    assert len(driver.offered()) == 1, "mails take a fifth each"
    driver.accept(after=0)
    for seconds, in_hand in [(149, 1), (1, 2), (150, 3), (150, 4), (149, 4), (1, 5), (600, 5)]:
        driver.advance(seconds)
        for offer in driver.pending():
            driver.accept(offer, after=0)
        assert taken(driver) == in_hand
    check_rebuilt(driver.engine, driver.reloaded())
    check_rebuilt(driver.engine, driver.replayed())


def test_a_plan_without_limits_lifts_them() -> None:
    driver = centre(rate=Rate(1, MINUTE))
    mails(driver, 2)
    driver.change_plan(plan())
    driver.advance(0)
    assert driver.offered() == {"in2": "ana"}


def test_whoever_is_limited_is_counted_so() -> None:
    driver = centre(rate=Rate(1, MINUTE))
    mails(driver, 2)
    view = driver.engine.view
    item = view.routing.items["in2"]
    assert failing(view, item, view.routing.rules.wanted(item)) == {"rate_limited": 1}
    waiting = why_waiting(view, "in2")
    assert waiting is not None
    assert waiting.reason == "rate_limited"
    assert waiting.sentence == "1 could take it, but rest, or have been offered as much as they may be for now"
    assert {one.agent: one.failing for one in candidates(view, "in2")}["ana"] == "rate_limited"


def test_who_knows_the_customer_is_counted_too() -> None:
    driver = centre(rate=Rate(1, MINUTE))
    mails(driver, 2)
    view = driver.engine.view
    item = view.routing.items["in2"]
    wanted = view.routing.index.wanted("in2")
    assert failing(view, item, wanted._replace(agent="ana")) == {"rate_limited": 1}
    assert failing(view, item, wanted._replace(agent="bob")) == {"skills": 1}


@pytest.mark.parametrize(
    ("at_us", "percent", "next_us"), [(0, 50, 4), (3, 50, 4), (4, 66, 7), (6, 66, 7), (7, 83, 10), (10, 100, None)]
)
def test_steps_that_do_not_divide_the_time_are_rounded_up(at_us: int, percent: int, next_us: int | None) -> None:
    bench = Bench([], {}, 100)
    note_sign_in(bench, 0)
    warm_up = WarmUp(50, timedelta(microseconds=10), 3)
    assert regard(bench, Presence(warm_up=warm_up), at_us) == next_us
    assert bench.warm_percent == bench.budget_percent == percent


def test_of_old_offers_only_as_many_are_kept_as_the_rate_needs() -> None:
    bench, presence = Bench([], {}, 100), Presence(rate=Rate(3))
    for at_us in range(10):
        note_offer(bench, presence, at_us)
    assert bench.recent == [7, 8, 9]
    note_offer(bench, Presence(), 11)
    assert bench.recent == []


def test_bots_have_no_pace() -> None:
    driver = centre(rate=Rate(1, MINUTE), on_return=Rate(1, MINUTE), warm_up=WarmUp(1, MINUTE))
    driver.message("joe", "email")
    driver.message("jim", "email")
    assert len(driver.offered()) == 0
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=1000, kind="bot"))
    assert len(driver.offered()) == 2
