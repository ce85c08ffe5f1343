from __future__ import annotations

import random
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_state

from orchestra.model import commands as c, events as e


def test_longest_idle_goes_first() -> None:
    driver = Driver()
    driver.sign_in("bob", "ana", "cleo")
    for sender, agent in (("joe", "bob"), ("jim", "ana"), ("jan", "cleo")):
        driver.message(sender)
        assert driver.last(e.OfferMade).agent == agent
        driver.accept()
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishInteraction("in1", "bob"), 1)
    for sender, agent in (("jon", "ana"), ("jil", "bob")):
        driver.message(sender)
        assert driver.last(e.OfferMade).agent == agent
        driver.accept()


def test_whoever_has_work_in_hand_comes_after_all_who_have_none() -> None:
    driver = Driver()
    driver.sign_in("bob")
    driver.answered("joe")
    driver.sign_in("ana")
    driver.message("jim")
    assert driver.last(e.OfferMade).agent == "ana"
    driver.message("jan")
    assert driver.last(e.OfferMade).agent == "bob", "whose last work is longer ago"
    assert driver.last(e.OfferMade).key[0] == 1


def test_ties_are_broken_by_name() -> None:
    driver = Driver()
    for name in ("cleo", "bob", "ana"):
        driver.run(c.SignIn(name))
    driver.message()
    made = driver.last(e.OfferMade)
    assert made.agent == "ana"
    assert made.key == [0, driver.now_us - SECOND, "ana"]
    assert [key[-1] for key in made.runners_up] == ["bob", "cleo"]


def test_the_next_five_are_kept() -> None:
    driver = Driver()
    for number in range(9):
        driver.run(c.DefineAgent(f"a{number}", ["care"]))
        driver.sign_in(f"a{number}")
    driver.message()
    made = driver.last(e.OfferMade)
    assert made.agent == "a0"
    assert [key[-1] for key in made.runners_up] == ["a1", "a2", "a3", "a4", "a5"]
    assert made.runners_up == sorted(made.runners_up)


def test_runners_up_leave_out_whoever_is_excluded() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob", "cleo")
    driver.message()
    driver.decline()
    made = driver.last(e.OfferMade)
    assert made.agent == "bob"
    assert [key[-1] for key in made.runners_up] == ["cleo"]
    assert made.failed == {"excluded": 1}


def test_conditions_that_failed_are_counted() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob", "cleo")
    driver.answered("jim", "voice", skills={"german": 55})
    assert driver.last(e.OfferAccepted).agent == "bob"
    driver.message("joe", skills={"german": 20})
    assert driver.last(e.OfferMade).agent == "cleo"
    assert driver.last(e.OfferMade).failed == {"skills": 1, "saturated": 1}


def test_whoever_is_excluded_and_without_room_counts_as_saturated() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=50))
    driver.sign_in("ana")
    driver.message("joe")
    driver.decline()
    driver.message("jim")
    assert driver.offered() == {"in2": "ana"}
    driver.sign_in("bob")
    assert (driver.last(e.OfferMade).interaction, driver.last(e.OfferMade).failed) == ("in1", {"saturated": 1})
    driver.decline()
    driver.sign_in("cleo")
    assert driver.last(e.OfferMade).failed == {"saturated": 1, "excluded": 1}


def test_an_agent_who_declined_and_left_fails_nothing() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob")
    driver.message("joe")
    driver.decline()
    driver.run(c.RemoveAgent("ana"))
    driver.run(c.RescindOffer(driver.last(e.OfferMade).offer, "x"))
    assert driver.last(e.OfferMade).failed == {}


# Skills


def test_levels_count() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob")
    driver.message(skills={"german": 61})
    assert driver.offered() == {}
    driver.message("jim", skills={"german": 60})
    assert driver.offered() == {"in2": "bob"}
    driver.sign_in("cleo")
    assert driver.offered()["in1"] == "cleo"


def test_a_queues_team_counts() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob")
    driver.message("joe", "email", account="sales")
    assert driver.offered() == {}
    driver.sign_in("cleo")
    assert driver.offered() == {"in1": "cleo"}


def test_all_skills_are_needed() -> None:
    driver = Driver()
    driver.sign_in("bob")
    driver.message(skills={"german": 10, "billing": 10})
    assert driver.offered() == {}
    driver.sign_in("cleo")
    assert driver.offered() == {"in1": "cleo"}


# Capacity


def test_one_budget_over_all_channels() -> None:
    driver = Driver()
    driver.sign_in("ana")
    for sender, channel in (("a", "chat"), ("b", "email"), ("c", "email"), ("d", "email")):
        driver.message(sender, channel)
    assert len(driver.offered()) == 3
    assert driver.engine.view.routing.benches["ana"].used_percent == 90
    driver.message("e", "chat")
    assert len(driver.offered()) == 3


def test_a_limit_per_channel() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=1000))
    driver.sign_in("ana")
    driver.call("a")
    driver.call("b")
    driver.message("c", "chat")
    assert set(driver.offered()) == {"in1", "in3"}


def test_capacity_is_a_share_of_the_budget() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=49))
    driver.sign_in("ana")
    driver.message("a", "chat")
    assert driver.offered() == {}
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=50))
    assert driver.offered() == {"in1": "ana"}


def test_a_weight_that_changes_does_not_change_what_is_held() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "chat")
    channels = dict(plan().channels)
    channels["chat"] = attrs.evolve(channels["chat"], weight_percent=80)
    driver.change_plan(plan(channels=channels))
    assert driver.engine.view.routing.benches["ana"].used_percent == 50
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.engine.view.routing.benches["ana"].used_percent == 0


# Order of waiting


def test_who_waits_longest_is_served_first_over_all_queues_and_channels() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("ana", ["care", "sales"], {"german": 99}, capacity_percent=40))
    driver.message("a", "email")
    driver.message("b", "email", queue="german")
    driver.message("c", "email", account="sales")
    driver.sign_in("ana")
    assert list(driver.offered()) == ["in3", "in1"], "sales is worth two minutes more"
    driver.accept(driver.events(e.OfferMade)[0])
    driver.run(c.FinishInteraction("in3", "ana"))
    assert set(driver.offered()) == {"in1", "in2"}


def test_a_contact_that_claims_to_be_older_goes_before() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=20))
    driver.message("a", "email")
    driver.message("b", "email", occurred_us=driver.now_us - 60_000_000)
    driver.sign_in("ana")
    assert driver.offered() == {"in2": "ana"}


def test_equal_ranks_go_in_order_of_arrival() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=20))
    for number in range(12):
        driver.message(f"p{number}", "email", after=0)
    driver.sign_in("ana")
    served = []
    while driver.offered():
        (name,) = driver.offered()
        served.append(name)
        driver.run(c.CancelInteraction(name, "x"))
    assert served == [f"in{number}" for number in range(1, 13)]


@pytest.mark.parametrize("first", [{}, {"german": 50}], ids=["anybody's first", "german first"])
def test_beside_other_queues_the_oldest_of_each_counts_whatever_it_asks_for(first: dict[str, int]) -> None:
    before = plan()
    sales = attrs.evolve(before.queues["sales"], newest_first=True)
    driver = Driver(plan(queues={**before.queues, "sales": sales}))
    driver.run(c.DefineAgent("ana", ["care"], {"german": 60}, capacity_percent=20))
    for skills in (first, {"german": 50} if not first else {}):
        driver.message(f"p{len(skills)}", "email", skills=skills)
    driver.sign_in("ana")
    assert driver.offered() == {"in1": "ana"}


def test_an_agent_who_declined_the_first_gets_the_next() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=20))
    driver.sign_in("ana")
    driver.message("a", "email")
    driver.message("b", "email")
    driver.decline()
    assert driver.offered() == {"in2": "ana"}


# Against a naive match


@pytest.mark.parametrize("seed", range(15))
def test_every_match_is_that_of_a_naive_search(seed: int) -> None:
    dice = random.Random(seed)
    driver = Driver(engine=WatchedEngine())
    for number in range(8):
        skills: dict[str, int] = {
            skill: dice.choice([30, 60]) for skill in ("german", "billing") if dice.random() < 0.6
        }
        driver.run(
            c.DefineAgent(
                f"a{number}", dice.choice([["care"], ["sales"], ["care", "sales"]]), skills, [], dice.choice([50, 100])
            )
        )
    for _ in range(60):
        act = dice.random()
        agent = f"a{dice.randrange(8)}"
        if act < 0.5:
            needs: Any = {skill: dice.choice([20, 50]) for skill in ("german", "billing") if dice.random() < 0.3}
            driver.message(
                f"p{len(driver.log)}",
                dice.choice(["chat", "email"]),
                dice.random(),
                skills=needs,
                priority=dice.choice([0, 3]),
            )
        elif act < 0.7 and driver.engine.view.agent(agent).state == "OFFLINE":
            driver.run(c.SignIn(agent), dice.random())
        elif act < 0.85 and driver.pending():
            driver.accept(dice.choice(driver.pending()), after=0)
        elif driver.engine.view.agent(agent).state == "AVAILABLE":
            driver.run(c.SignOut(agent), dice.random())
        check_state(driver.engine)
        check_liveness(driver.engine)
