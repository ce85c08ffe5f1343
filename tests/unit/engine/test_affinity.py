"""Orders of agents in which whoever knows the customer comes first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan, thread
from tests.invariants import WatchedEngine, check_rebuilt

from orchestra.model import commands as c, events as e
from orchestra.model.routing import Ring, Step
from orchestra.model.scores import Score


def centre(*order: str, signed_in: Iterable[str] = ("ana", "bob", "cleo"), **queue: Any) -> Driver:
    """A centre whose mails go by this order, and in which bob has had joe."""
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], order=order, **queue)}
    names = {"acme.name@1": Score(lambda agent, contact: len(agent.name))}
    driver = Driver(attrs.evolve(first, queues=queues), engine=WatchedEngine(scores=names))
    driver.sign_in("bob")
    handled(driver)
    driver.run(c.SignOut("bob"))
    driver.sign_in(*signed_in)
    return driver


def mail(driver: Driver, sender: str = "joe", **values: Any) -> str:
    """A mail that is answered in no contact that there is; its interaction."""
    got = driver.message(sender, "email", thread=thread(f"t{driver.engine.position}"), **values)
    return str(got.interaction)


def handled(driver: Driver, sender: str = "joe") -> None:
    """A contact is taken and ended."""
    got = driver.answered(sender, "email")
    driver.run(c.FinishInteraction(got.interaction, driver.agent_of(got), "resolved"))
    driver.run(c.CloseCase(got.case.id))


def test_whoever_knows_the_customer_goes_first() -> None:
    driver = centre("affinity", "busy", "idle")
    mail(driver, "jim")
    assert driver.last(e.OfferMade).agent == "ana", "whom nobody knows goes by the rest of the order"
    assert [key[0] for key in (driver.last(e.OfferMade).key, *driver.last(e.OfferMade).runners_up)] == [1, 1, 1]
    mail(driver, "joe")
    made = driver.last(e.OfferMade)
    assert (made.agent, made.key[0], [key[0] for key in made.runners_up]) == ("bob", 0, [1, 1])
    assert made.order == ["affinity", "busy", "idle"]
    assert [key[-1] for key in made.runners_up] == ["cleo", "ana"], "each stands there once"


def test_whom_the_queue_says_they_know_goes_before_who_had_them_last() -> None:
    driver = centre("affinity", "idle")
    driver.run(c.OpenCase("cu1", "order"))
    driver.run(c.AssignCase("ca2", "agent", "cleo"))
    mail(driver, "joe", topic="order")
    assert driver.last(e.OfferMade).agent == "cleo"
    mail(driver, "joe", agent="ana", topic="bill")
    assert driver.last(e.OfferMade).agent == "ana", "whom it is for"


def test_in_another_place_of_the_order_only_equals_are_parted() -> None:
    driver = centre("busy", "affinity", "idle")
    mail(driver, "joe")
    assert driver.last(e.OfferMade).agent == "bob"
    mail(driver, "joe")
    assert driver.last(e.OfferMade).agent == "ana", "who has nothing in hand goes before whom they know"
    assert driver.last(e.OfferMade).key[:2] == [0, 1]


def test_who_cannot_take_it_is_passed_over() -> None:
    driver = centre("affinity", "idle")
    driver.run(c.DefineAgent("bob", ["care"], capacity_percent=10))
    mail(driver, "joe")
    assert driver.last(e.OfferMade).agent == "ana", "bob has no room"
    driver.run(c.DefineAgent("bob", ["sales"]))
    mail(driver, "joe")
    assert driver.last(e.OfferMade).agent == "cleo", "bob is in another team"
    driver.run(c.SignOut("bob"))
    mail(driver, "joe")
    assert driver.last(e.OfferMade).agent == "ana", "bob is not at work"


def test_who_declined_is_not_asked_again() -> None:
    driver = centre("affinity", "idle")
    mail(driver, "joe")
    driver.decline()
    assert driver.last(e.OfferMade).agent == "ana"
    assert [key[-1] for key in driver.last(e.OfferMade).runners_up] == ["cleo"]


def test_who_is_drawn_is_drawn_from_the_others() -> None:
    driver = centre("affinity", "random")
    for _ in range(3):
        mail(driver, "joe")
        assert driver.last(e.OfferMade).agent == "bob"
    drawn = {mail(driver, f"p{number}") and driver.last(e.OfferMade).agent for number in range(6)}
    assert len(drawn) > 1


def test_beside_a_score_they_go_first_too() -> None:
    driver = centre("affinity", "score:acme.name@1")
    mail(driver, "joe")
    made = driver.last(e.OfferMade)
    assert (made.key, made.runners_up) == ([0, -3, "bob"], [[1, -4, "cleo"], [1, -3, "ana"]])


def test_in_a_step_for_the_known_agent_the_key_says_that_they_are() -> None:
    driver = centre("affinity", "idle", known="last", steps=[Step(pool="known", lasts=timedelta(seconds=9)), Step()])
    mail(driver, "joe")
    assert (driver.last(e.OfferMade).agent, driver.last(e.OfferMade).key[0]) == ("bob", 0)


def test_of_a_ring_they_are_the_first() -> None:
    driver = centre("affinity", "idle", ring=Ring(first=2))
    name = mail(driver, "joe")
    driver.advance(0)
    assert [made.agent for made in driver.events(e.OfferMade) if made.interaction == name] == ["bob", "ana"]


def test_whoever_becomes_free_is_given_the_most_urgent_whomever_they_know() -> None:
    driver = centre("affinity", "idle", signed_in=())
    mail(driver, "jim")
    mail(driver, "joe")
    driver.sign_in("bob")
    first, second = driver.events(e.OfferMade)[-2:]
    assert [made.key[0] for made in (first, second)] == [1, 0]


def test_the_one_who_had_a_bots_customer_before_gets_them_from_the_bot() -> None:
    driver = centre("affinity", "idle", signed_in=())
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.sign_in("rob")
    got = driver.answered("joe", "email")
    driver.sign_in("ana", "bob")
    driver.run(c.HandOver(got.interaction, "rob"))
    assert driver.last(e.OfferMade).agent == "bob"


@pytest.mark.parametrize("order", [("affinity", "idle"), ("idle", "affinity"), ("proficiency", "affinity", "random")])
def test_a_rebuilt_engine_decides_the_same(order: tuple[str, ...]) -> None:
    driver = centre(*order)
    other = driver.reloaded()
    check_rebuilt(driver.engine, other)
    command = c.AssignCase("ca1", "agent", "ana")
    assert driver.engine.execute(command, driver.now_us) == other.execute(command, driver.now_us)
