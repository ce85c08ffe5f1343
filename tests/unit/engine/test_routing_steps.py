"""How a queue is served: steps, known agents, further teams, order, rank, overflow."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import MINUTE, SECOND, Driver, person, plan
from tests.invariants import WatchedEngine, check_liveness, check_state

from orchestra.errors import UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.routing import Condition, Serving, Step


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def desk(queue: str = "care", **parts: Any) -> Driver:
    """A watched contact centre in which one queue is served otherwise."""
    first = plan()
    queues = {**first.queues, queue: attrs.evolve(first.queues[queue], **parts)}
    return Driver(attrs.evolve(first, queues=queues), engine=WatchedEngine())


def hire(driver: Driver, name: str, *teams: str, capacity: int = 100, **skills: int) -> None:
    driver.run(c.DefineAgent(name, list(teams) or ["care"], skills, capacity_percent=capacity))
    driver.sign_in(name)


def offered(driver: Driver) -> dict[str, str]:
    check_state(driver.engine)
    check_liveness(driver.engine)
    return driver.offered()


# Steps


def test_a_step_asks_for_more_until_its_time_is_over() -> None:
    driver = desk(steps=[Step(lasts=seconds(20), skills={"billing": 30}), Step()])
    driver.sign_in("ana")
    driver.message()
    assert offered(driver) == {}
    driver.advance(19)
    assert offered(driver) == {}
    driver.advance(1)
    assert driver.last(e.StepEntered) == e.StepEntered("in1", "cu1", "care", 1, "time")
    assert offered(driver) == {"in1": "ana"}


def test_skills_expire_ring_by_ring() -> None:
    rings = [
        Step(lasts=seconds(10), skills={"german": 80}),
        Step(lasts=seconds(10), skills={"german": 60}),
        Step(relax={"german": 0}),
    ]
    driver = desk("german", steps=rings)
    driver.sign_in("ana")
    driver.message(queue="german")
    driver.advance(10)
    assert offered(driver) == {}
    driver.sign_in("bob")
    assert offered(driver) == {"in1": "bob"}, "who has 60"
    driver.run(c.SetAway("bob", "x"))
    driver.advance(10)
    assert offered(driver) == {"in1": "ana"}, "nothing is asked for any more"


def test_everything_may_be_relaxed_at_once() -> None:
    driver = desk("german", steps=[Step(lasts=seconds(5)), Step(relax={"*": 10})])
    hire(driver, "dan", german=10, billing=10)
    driver.message(queue="german", skills={"billing": 90})
    driver.advance(4)
    assert offered(driver) == {}
    driver.advance(1)
    assert offered(driver) == {"in1": "dan"}


def test_the_clock_of_a_step_may_count_from_when_the_contact_began_to_wait() -> None:
    steps = [
        Step(lasts=seconds(20), skills={"billing": 30}),
        Step(lasts=seconds(30), clock="item", teams=["sales"]),
        Step(),
    ]
    driver = desk(steps=steps)
    driver.sign_in("ana")
    driver.message()
    driver.advance(20)
    assert driver.last(e.StepEntered).step == 1
    driver.advance(9)
    assert offered(driver) == {}
    driver.advance(1)
    assert offered(driver) == {"in1": "ana"}


def test_a_step_is_skipped_where_nobody_could_serve_it() -> None:
    steps = [Step(lasts=seconds(60), skills={"billing": 30}, skip_if=Condition(nobody=True)), Step()]
    driver = desk(steps=steps)
    driver.sign_in("ana")
    driver.message()
    assert driver.last(e.StepEntered).reason == "skipped"
    assert offered(driver) == {"in1": "ana"}
    driver.sign_in("cleo")
    driver.message("jim")
    assert offered(driver)["in2"] == "cleo", "there is somebody now"


def test_a_step_is_skipped_where_all_are_busy() -> None:
    steps = [Step(lasts=seconds(60), teams=["sales"], skip_if=Condition(saturated=True)), Step()]
    driver = desk(steps=steps)
    driver.sign_in("cleo")
    driver.answered("joe", "voice")
    driver.sign_in("ana")
    driver.call("jim")
    assert offered(driver) == {"in2": "ana"}


@pytest.mark.parametrize(("waiting", "skips"), [(1, False), (2, True)])
def test_a_step_is_skipped_by_the_length_of_a_queue(waiting: int, skips: bool) -> None:
    condition = Condition(waiting_above=1, queue="german")
    driver = desk(steps=[Step(lasts=seconds(60), teams=["sales"], skip_if=condition), Step()])
    for number in range(waiting):
        driver.message(f"p{number}", queue="german")
    driver.message("joe")
    assert bool(driver.events(e.StepEntered)) is skips


def test_a_step_is_skipped_by_the_estimated_wait_and_all_conditions_must_hold() -> None:
    condition = Condition(wait_above=seconds(100), waiting_above=1)
    driver = desk(steps=[Step(lasts=seconds(600), teams=["care"], skip_if=condition), Step()])
    driver.sign_in("ana")
    for number in (1, 2):
        driver.call(f"p{number}", after=0)
    driver.accept(after=0)
    driver.run(c.FinishInteraction("in1", "ana"), 90)
    driver.run(c.FinishWrapUp("in1", "ana"))
    driver.accept()
    driver.call("jan", after=0)
    assert driver.events(e.StepEntered) == [], "nobody else waits"
    driver.call("jon", after=0)
    assert driver.last(e.StepEntered).interaction == "in4", "two places at 91 seconds"


def test_a_step_is_skipped_by_the_service_level_of_a_queue() -> None:
    condition = Condition(service_level_below=95)
    driver = desk(steps=[Step(lasts=seconds(600), teams=["care"], skip_if=condition), Step()])
    driver.call("joe")
    driver.advance(60)
    driver.sign_in("ana")
    driver.accept()
    assert driver.engine.view.routing.paces.service_level("care") == 93
    driver.call("jim")
    assert driver.last(e.StepEntered).interaction == "in2"


def test_whoever_gives_up_late_counts_against_the_service_level() -> None:
    driver = desk()
    driver.sign_in("ana")
    driver.answered("joe", "voice")
    for name, after in (("jim", 2), ("jan", 30)):
        driver.call(name)
        driver.run(c.LeaveContact(driver.last(e.InteractionStarted).interaction), after)
    assert driver.engine.view.routing.paces.service_level("care") == 93


def test_where_no_later_step_applies_the_same_lasts_again() -> None:
    steps = [Step(lasts=seconds(10), teams=["sales"]), Step(lasts=seconds(10), skip_if=Condition(nobody=True))]
    driver = desk(steps=steps)
    driver.message()
    driver.advance(10)
    assert driver.last(e.StepEntered) == e.StepEntered("in1", "cu1", "care", 0, "stayed")
    driver.sign_in("ana")
    driver.advance(10)
    assert driver.last(e.StepEntered).step == 1
    assert offered(driver) == {"in1": "ana"}


def test_a_contact_that_waits_again_goes_on_in_its_step() -> None:
    driver = desk(steps=[Step(lasts=seconds(20), teams=["sales"]), Step()])
    driver.sign_in("ana")
    driver.message()
    driver.advance(20)
    driver.decline()
    assert driver.engine.view.routing.items["in1"].step == 1
    driver.sign_in("bob")
    assert offered(driver) == {"in1": "bob"}


def test_a_plan_without_steps_ends_those_that_were_begun() -> None:
    driver = desk(steps=[Step(lasts=seconds(20), teams=["sales"]), Step(lasts=seconds(5), teams=["sales"]), Step()])
    driver.sign_in("ana")
    driver.message()
    driver.advance(20)
    driver.change_plan(plan())
    driver.advance(0)
    assert offered(driver) == {"in1": "ana"}
    assert driver.engine.view.timers.get("routing.step", "in1") is None


# Known agents


def test_the_agent_who_owns_the_case_is_asked_first_for_some_time() -> None:
    driver = desk(steps=[Step(lasts=seconds(15), pool="known"), Step()])
    driver.sign_in("bob")
    driver.answered("joe", "email")
    driver.run(c.AssignCase("ca1", "agent", "bob"))
    driver.run(c.FinishInteraction("in1", "bob"))
    driver.run(c.SetAway("bob", "lunch"))
    driver.sign_in("ana")
    driver.message("joe", "email")
    assert offered(driver) == {}
    driver.run(c.SetAvailable("bob"), 10)
    assert offered(driver) == {"in2": "bob"}
    driver.message("jim", "email")
    assert offered(driver)["in3"] == "ana", "nobody knows jim"


def test_a_known_agent_who_does_not_come_is_not_waited_for_longer() -> None:
    driver = desk(steps=[Step(lasts=seconds(15), pool="known"), Step()])
    driver.sign_in("ana", "bob")
    driver.run(c.SetAway("bob", "lunch"))
    driver.message(agent="bob")
    driver.advance(14)
    assert offered(driver) == {}
    driver.advance(1)
    assert offered(driver) == {"in1": "ana"}


def test_a_known_agent_who_has_signed_out_is_not_waited_for() -> None:
    driver = desk(steps=[Step(lasts=seconds(300), pool="known"), Step()])
    driver.sign_in("ana")
    driver.message(agent="bob")
    assert offered(driver) == {"in1": "ana"}


def test_a_step_gives_minutes_of_priority() -> None:
    driver = desk(steps=[Step(lasts=seconds(60)), Step(priority=5)])
    driver.message("joe")
    driver.advance(70)
    assert driver.last(e.StepEntered).interaction == "in1"
    driver.message("jan", priority=3)  # worth more than joe has waited, and less than what joe's step adds
    places = driver.engine.view.routing.place
    assert (places("in1"), places("in2")) == ((0, None), (1, None))


def test_a_known_agent_who_declines_lets_the_others_be_asked_at_once() -> None:
    driver = desk(steps=[Step(lasts=seconds(15), pool="known"), Step()])
    driver.sign_in("ana", "bob")
    driver.message(agent="bob")
    assert offered(driver) == {"in1": "bob"}
    driver.decline()
    assert driver.last(e.StepEntered).reason == "exhausted"
    assert offered(driver) == {"in1": "ana"}


def test_a_known_agent_is_asked_whatever_team_and_skills_but_not_above_capacity() -> None:
    driver = desk("german", steps=[Step(lasts=seconds(15), pool="known"), Step()])
    hire(driver, "dan", "sales")
    driver.call("joe", queue="german", agent="dan")
    assert offered(driver) == {"in1": "dan"}
    driver.accept()
    driver.call("jim", queue="german", agent="dan")
    assert offered(driver) == {}
    driver.run(c.FinishInteraction("in1", "dan"))
    driver.run(c.FinishWrapUp("in1", "dan"))
    assert offered(driver) == {"in2": "dan"}


def test_nobody_unknown_knows_a_customer() -> None:
    driver = desk()
    receive = c.ReceiveMessage("chat", "main", "m1", person("joe"), agent="zoe", text="hi")
    driver.refuse(receive, UnknownId, kind="agent", id="zoe")


# Further teams


def test_another_team_serves_what_has_waited_long_enough() -> None:
    driver = desk(also={"sales": Serving(after=seconds(30))})
    hire(driver, "dan", "sales")
    driver.message()
    driver.advance(29)
    assert offered(driver) == {}
    driver.advance(1)
    assert driver.last(e.GateOpened) == e.GateOpened("in1", "cu1", "care", 1)
    assert offered(driver) == {"in1": "dan"}


def test_gates_open_one_after_the_other() -> None:
    first = plan()
    teams = {**first.teams, "back": first.teams["care"]}
    also = {"sales": Serving(after=seconds(30)), "back": Serving(after=seconds(60))}
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], also=also)}
    driver = Driver(attrs.evolve(first, teams=teams, queues=queues), engine=WatchedEngine())
    hire(driver, "dan", "back")
    driver.message()
    driver.advance(59)
    assert [event.gate for event in driver.events(e.GateOpened)] == [1]
    driver.advance(1)
    assert offered(driver) == {"in1": "dan"}


def test_a_lower_level_goes_first_however_long_the_others_have_waited() -> None:
    driver = desk(also={"sales": Serving(level=2)})
    driver.message("joe")
    driver.message("jim", queue="sales", after=100)
    hire(driver, "dan", "sales")
    assert list(offered(driver)) == ["in2"] or driver.events(e.OfferMade)[0].interaction == "in2"


def test_the_order_by_level_prefers_the_own_team() -> None:
    driver = desk(also={"sales": Serving(level=2)}, order=["level", "idle"])
    hire(driver, "dan", "sales")
    driver.sign_in("ana")
    driver.message()
    assert driver.last(e.OfferMade).key == [1, driver.engine.view.routing.benches["ana"].idle_since_us - SECOND, "ana"]
    assert driver.last(e.OfferMade).runners_up[0][0] == 2


# Order of agents


def _order(*parts: str, **step: Any) -> Driver:
    return desk(order=list(parts), steps=[Step(**step)] if step else [])


def test_by_fewest_in_hand() -> None:
    driver = _order("open", "idle")
    for name in ("ana", "bob"):
        hire(driver, name, capacity=300)
    for number in range(5):
        driver.answered(f"p{number}")
    taken = [event.agent for event in driver.events(e.OfferAccepted)]
    assert Counter(taken) == {"ana": 3, "bob": 2}
    assert taken[:2] == ["ana", "bob"]


def test_by_what_is_left_of_the_budget_or_its_share() -> None:
    for part, agent in (("spare", "big"), ("spare_ratio", "small")):
        driver = _order(part)
        hire(driver, "big", capacity=400)
        driver.answered("joe", "voice")
        hire(driver, "small", capacity=200)
        driver.message("jim")
        assert driver.last(e.OfferMade).agent == agent


def test_by_round_robin() -> None:
    driver = _order("offered")
    for name in ("ana", "bob", "cleo"):
        hire(driver, name, capacity=1000)
    for number in range(6):
        driver.answered(f"p{number}")
    assert [event.agent for event in driver.events(e.OfferAccepted)] == ["ana", "bob", "cleo"] * 2


def test_by_proficiency_sum_and_weakest() -> None:
    for part, agent in (("proficiency", "sum"), ("proficiency_min", "even")):
        driver = _order(part)
        hire(driver, "sum", german=90, billing=20)
        hire(driver, "even", german=50, billing=40)
        driver.message(skills={"german": 10, "billing": 10})
        assert driver.last(e.OfferMade).agent == agent


def test_by_preference() -> None:
    driver = _order("preferred", "idle", prefer={"billing": 30, "german": 80})
    driver.sign_in("ana", "bob", "cleo")
    driver.message()
    assert [driver.last(e.OfferMade).agent] == ["cleo"]
    assert driver.last(e.OfferMade).key[0] == -2


@pytest.mark.reach
def test_by_chance_each_as_often_and_by_the_seed_alone() -> None:
    def run(seed: int) -> list[str]:
        first = plan()
        queues = {**first.queues, "care": attrs.evolve(first.queues["care"], order=["busy", "random"])}
        workspace = attrs.evolve(first.workspace, seed=seed)
        driver = Driver(attrs.evolve(first, queues=queues, workspace=workspace), engine=WatchedEngine())
        for number in range(4):
            hire(driver, f"a{number}", capacity=400)
        hire(driver, "a4", capacity=1000)
        for number in range(400):
            driver.answered(f"p{number}", after=0)
            driver.run(c.FinishInteraction(f"in{number + 1}", driver.last(e.OfferAccepted).agent))
        return [event.agent for event in driver.events(e.OfferAccepted)]

    chosen = run(1)
    assert chosen == run(1)
    assert chosen != run(2)
    assert len(Counter(chosen)) == 5
    assert all(50 < count < 115 for count in Counter(chosen).values()), Counter(chosen)


def test_whoever_declined_is_not_drawn_again() -> None:
    driver = _order("random")
    driver.sign_in("ana", "bob", "cleo")
    driver.message()
    seen = []
    for _ in range(3):
        seen.append(driver.last(e.OfferMade).agent)
        driver.decline()
    assert sorted(seen) == ["ana", "bob", "cleo"]


# Rank of contacts


def test_a_lower_tier_goes_first_however_long_others_have_waited() -> None:
    driver = desk("care", tier=1)
    driver.message("joe", after=0)
    driver.message("jim", queue="german", after=3600)
    driver.sign_in("bob")
    assert driver.events(e.OfferMade)[0].interaction == "in2"


def test_the_newest_goes_first_where_the_queue_says_so() -> None:
    driver = desk(newest_first=True)
    for name in ("joe", "jim", "jan"):
        driver.call(name)
    driver.call("jon", priority=1)
    driver.call("jil", after=61)
    driver.sign_in("ana")
    for expected in ("in5", "in4", "in3", "in2", "in1"):
        assert list(offered(driver)) == [expected]
        driver.accept()
        driver.run(c.FinishInteraction(expected, "ana"))
        driver.run(c.FinishWrapUp(expected, "ana"))


def test_waiting_counts_at_the_rate_of_the_queue() -> None:
    driver = desk("german", ageing_percent=300)
    driver.call("joe")
    driver.call("jim", queue="german", after=60)
    driver.advance(20)
    driver.sign_in("bob")
    assert list(offered(driver)) == ["in1"], "80 seconds against 3 * 20"
    driver.accept()
    driver.call("jan", after=0)
    driver.run(c.FinishInteraction("in1", "bob"), 21)
    driver.run(c.FinishWrapUp("in1", "bob"))
    assert list(offered(driver)) == ["in2"]


def test_without_ageing_only_priority_counts_and_then_the_place() -> None:
    driver = desk("german", ageing_percent=0)
    driver.call("jim", queue="german")
    driver.call("joe", queue="german", priority=1)
    driver.call("jan", queue="german", priority=1)
    driver.sign_in("bob")
    assert list(offered(driver)) == ["in2"]


@pytest.mark.parametrize(("requeue", "first"), [("keep", "in1"), ("front", "in3"), ("reset", "in2")])
def test_the_place_of_what_waits_again(requeue: str, first: str) -> None:
    driver = desk(requeue=requeue)
    driver.sign_in("ana")
    driver.call("joe")
    driver.call("jim")
    if requeue == "front":
        driver.call("jan", priority=60)
        driver.run(c.RescindOffer("of1", "x"))
        driver.run(c.SetAway("ana", "x"))
        driver.sign_in("bob")
        assert list(offered(driver)) == ["in1"], "in front of all priority"
        return
    driver.run(c.SetAway("ana", "x"))
    driver.sign_in("bob")
    assert list(offered(driver)) == [first]


def test_priority_of_its_own_survives_a_transfer() -> None:
    driver = desk()
    driver.sign_in("ana")
    driver.call("joe", priority=7)
    driver.accept()
    driver.run(c.TransferInteraction("in1", "ana", "sales"))
    queued = driver.last(e.InteractionQueued)
    assert (queued.priority, queued.start_us) == (7 + 2, driver.events(e.InteractionQueued)[0].start_us)
    assert driver.engine.view.routing.items["in1"].priority * MINUTE == 9 * MINUTE


# Overflow


def test_what_nobody_took_in_all_steps_overflows_with_its_place() -> None:
    driver = desk(steps=[Step(lasts=seconds(10)), Step(lasts=seconds(5))], overflow_to="sales")
    hire(driver, "dan", "sales")
    driver.message()
    driver.advance(10)
    assert offered(driver) == {}
    driver.advance(5)
    queued = driver.last(e.InteractionQueued)
    assert (queued.queue, queued.reason, queued.start_us) == ("sales", "overflowed", driver.now_us - 15 * SECOND)
    assert offered(driver) == {"in1": "dan"}
    assert driver.engine.view.contacts.interactions["in1"].queue == "sales"


def test_a_single_step_that_lasts_overflows_too() -> None:
    driver = desk(steps=[Step(lasts=seconds(10))], overflow_to="sales")
    driver.message()
    driver.advance(10)
    assert driver.last(e.InteractionQueued).queue == "sales"


def test_a_contact_overflows_when_it_arrives() -> None:
    driver = desk(overflow_to="german", overflow_if=Condition(waiting_above=0))
    driver.message("joe")
    driver.message("jim")
    queued = driver.last(e.InteractionQueued)
    assert (queued.interaction, queued.queue, queued.reason, queued.skills) == (
        "in2",
        "german",
        "overflowed",
        {"german": 50},
    )


# Full queues


def test_a_live_contact_is_turned_away_by_a_full_queue() -> None:
    driver = desk(limit=1)
    driver.call("joe")
    driver.call("jim")
    assert driver.last(e.InteractionDeflected) == e.InteractionDeflected("in2", "cu2", "care", "full")
    assert driver.engine.view.contacts.interactions["in2"].state == "DEFLECTED"
    assert driver.engine.view.cases.cases["ca2"].state == "OPEN", "somebody may still call back"
    driver.sign_in("ana")
    assert offered(driver) == {"in1": "ana"}
    driver.call("jim")
    assert driver.engine.view.contacts.interactions["in3"].state == "QUEUED"


def test_nobody_is_turned_away_who_can_be_served_at_once() -> None:
    driver = desk(limit=0)
    driver.sign_in("ana")
    driver.call("joe")
    assert offered(driver) == {"in1": "ana"}
    driver.call("jim")
    assert driver.last(e.InteractionDeflected).interaction == "in2"


def test_what_is_written_is_never_turned_away() -> None:
    driver = desk(limit=0)
    driver.message("joe", "email")
    assert driver.engine.view.contacts.interactions["in1"].state == "QUEUED"


def test_a_full_queue_overflows_where_it_can() -> None:
    driver = desk(limit=0, overflow_to="sales")
    driver.call("joe")
    assert driver.last(e.InteractionQueued).queue == "sales"


# Work that is put aside


def blended(**parts: Any) -> Driver:
    """A contact centre in which calls interrupt mails and chats."""
    first = plan(**parts)
    voice = attrs.evolve(first.channels["voice"], interrupts=["email", "chat"])
    return Driver(attrs.evolve(first, channels={**first.channels, "voice": voice}), engine=WatchedEngine())


def state(driver: Driver, name: str) -> str:
    check_state(driver.engine)
    check_liveness(driver.engine)
    return driver.engine.view.contacts.interactions[name].state


def test_a_call_puts_other_work_aside_and_gives_it_back() -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    driver.call("jim")
    made = driver.last(e.OfferMade)
    assert (made.interaction, made.agent) == ("in2", "ana")
    assert state(driver, "in1") == "ACTIVE", "nothing is interrupted before the call is taken"
    assert driver.engine.view.routing.benches["ana"].used_percent == 100
    driver.accept()
    assert driver.last(e.InteractionInterrupted) == e.InteractionInterrupted("in1", "cu1", "ana", "in2")
    assert state(driver, "in1") == "PARKED"
    driver.run(c.FinishInteraction("in2", "ana"))
    assert state(driver, "in1") == "PARKED", "she still wraps up"
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert driver.last(e.InteractionResumed) == e.InteractionResumed("in1", "cu1", "ana")
    assert state(driver, "in1") == "ACTIVE"
    assert driver.engine.view.routing.benches["ana"].used_percent == 20


def test_what_fits_beside_a_call_is_offered_where_more_was_put_aside_than_the_call_needs() -> None:
    of = blended().engine.view.plan
    weights = {"chat": 80, "email": 40, "voice": 30}
    channels = {name: attrs.evolve(of.channels[name], weight_percent=weight) for name, weight in weights.items()}
    driver = Driver(attrs.evolve(of, channels=channels), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.answered("joe", "chat")
    letter = driver.message("jan", "email")
    assert driver.offered() == {}
    call = driver.call("jim")
    driver.advance(0)
    assert driver.offered() == {call.interaction: "ana", letter.interaction: "ana"}
    assert state(driver, "in1") == "ACTIVE"


@pytest.mark.parametrize("ends", ["decline", "time", "leave", "away"])
def test_an_offer_that_comes_to_nothing_leaves_the_work_as_it_was(ends: str) -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    driver.call("jim")
    if ends == "decline":
        driver.decline()
    elif ends == "time":
        driver.advance(20)
    elif ends == "leave":
        driver.run(c.LeaveContact("in2"))
    else:
        driver.run(c.SetAway("ana", "x"))
    assert state(driver, "in1") == "ACTIVE"
    assert driver.engine.view.routing.benches["ana"].used_percent == 20
    assert driver.events(e.InteractionInterrupted) == []


def test_whoever_need_put_nothing_aside_goes_first() -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    driver.advance(600)
    driver.sign_in("bob")
    driver.call("jim")
    assert driver.last(e.OfferMade).agent == "bob"


def test_no_more_is_put_aside_than_needed_and_the_least_urgent_of_it() -> None:
    driver = blended()
    hire(driver, "dan", capacity=140)
    for name in ("joe", "jim", "jan"):
        driver.answered(name, "email")
    driver.call("jon")
    driver.accept()
    assert [event.interaction for event in driver.events(e.InteractionInterrupted)] == ["in3"]


def test_what_is_only_offered_is_not_put_aside() -> None:
    driver = blended()
    hire(driver, "dan", capacity=150)
    driver.answered("joe", "chat")
    driver.message("jim", "chat")
    driver.call("jan")
    driver.accept()
    assert [event.interaction for event in driver.events(e.InteractionInterrupted)] == ["in1"]
    assert driver.offered() == {"in2": "dan"}


def test_a_call_interrupts_neither_a_call_nor_wrap_up() -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "voice")
    driver.call("jim")
    assert state(driver, "in2") == "QUEUED"
    driver.run(c.FinishInteraction("in1", "ana"))
    assert state(driver, "in2") == "QUEUED"


def test_what_was_put_aside_goes_before_new_work_but_not_before_a_further_call() -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "chat")
    driver.answered("jim", "chat")
    driver.call("jan")
    driver.accept()
    assert len(driver.events(e.InteractionInterrupted)) == 2
    driver.message("jon", "chat", after=0)
    driver.call("jil", priority=5)
    driver.run(c.FinishInteraction("in3", "ana"))
    driver.run(c.FinishWrapUp("in3", "ana"))
    assert driver.offered() == {"in5": "ana"}
    assert driver.events(e.InteractionResumed) == [], "there is no room beside the further call"
    assert driver.engine.view.routing.benches["ana"].used_percent == 100
    driver.accept()
    driver.run(c.FinishInteraction("in5", "ana"))
    driver.run(c.FinishWrapUp("in5", "ana"))
    assert [event.interaction for event in driver.events(e.InteractionResumed)][-2:] == ["in1", "in2"]
    assert state(driver, "in4") == "QUEUED"


@pytest.mark.parametrize("when", ["while it rings", "when it is put aside"])
def test_wrap_up_of_what_makes_room_is_done_beside_the_call(when: str) -> None:
    first = plan()
    chat = attrs.evolve(first.channels["chat"], wrap_up=seconds(300))
    driver = blended(channels={**first.channels, "chat": chat})
    driver.sign_in("ana")
    driver.answered("joe", "chat")
    driver.call("jim")
    if when == "while it rings":
        driver.run(c.FinishInteraction("in1", "ana"))
        driver.accept()
    else:
        driver.accept()
        driver.run(c.FinishInteraction("in1", "ana"))
    assert state(driver, "in1") == "WRAPPING"
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert (state(driver, "in1"), state(driver, "in2")) == ("WRAPPING", "DONE")
    driver.advance(300)
    assert state(driver, "in1") == "DONE"
    assert driver.engine.view.routing.benches["ana"].used_percent == 0


def test_who_has_nothing_else_goes_on_with_what_was_put_aside_even_with_a_smaller_budget() -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    driver.call("jim")
    driver.accept()
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=10))
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert state(driver, "in1") == "ACTIVE"


def test_what_was_put_aside_takes_the_room_that_new_work_would_have_had() -> None:
    driver = blended()
    driver.sign_in("ana")
    for name in ("joe", "jim", "jan", "jon", "jil"):
        driver.answered(name, "email")
    driver.call("jo")
    driver.accept()
    driver.message("jack", "email")
    driver.run(c.FinishInteraction("in6", "ana"))
    driver.run(c.FinishWrapUp("in6", "ana"))
    assert len(driver.events(e.InteractionResumed)) == 5
    assert (driver.offered(), state(driver, "in7")) == ({}, "QUEUED")


def test_what_is_put_aside_may_wait_for_anybody_again() -> None:
    first = plan()
    chat = attrs.evolve(first.channels["chat"], put_aside="requeue")
    driver = blended(channels={**first.channels, "chat": chat})
    driver.sign_in("ana")
    driver.answered("joe", "chat")
    driver.call("jim")
    driver.accept()
    queued = driver.last(e.InteractionQueued)
    assert (queued.interaction, queued.reason) == ("in1", "interrupted")
    assert queued.start_us == driver.events(e.InteractionQueued)[0].start_us
    assert state(driver, "in1") == "QUEUED"
    driver.sign_in("bob")
    assert driver.offered() == {"in1": "bob"}


def test_the_agent_may_finish_what_is_put_aside() -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    driver.call("jim")
    driver.accept()
    driver.run(c.FinishInteraction("in1", "ana"))
    assert state(driver, "in1") == "DONE"
    assert driver.engine.view.routing.benches["ana"].used_percent == 100
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert driver.engine.view.routing.benches["ana"].used_percent == 0


def test_what_is_put_aside_by_an_agent_who_goes_waits_again_or_is_kept() -> None:
    driver = blended()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    driver.answered("jim", "chat")
    driver.call("jan")
    driver.accept()
    driver.run(c.SignOut("ana"))
    assert (state(driver, "in1"), state(driver, "in2"), state(driver, "in3")) == ("PARKED", "QUEUED", "QUEUED")
    driver.sign_in("bob")
    driver.accept()
    assert driver.offered() == {"in3": "bob"}, "who would put the chat aside"
    driver.sign_in("ana")
    assert state(driver, "in1") == "ACTIVE", "mails are kept"


# Exhausted


def test_once_all_declined_the_next_step_may_begin() -> None:
    driver = desk(exhausted="next_step", steps=[Step(lasts=seconds(600)), Step(teams=["sales"])])
    driver.sign_in("ana")
    hire(driver, "dan", "sales")
    driver.message()
    driver.decline()
    assert driver.last(e.StepEntered) == e.StepEntered("in1", "cu1", "care", 1, "exhausted")
    assert offered(driver) == {"in1": "dan"}
    driver.decline()
    assert driver.last(e.RoutingExhausted).interaction == "in1", "no step is left"


# Rest


@pytest.mark.parametrize(("declines", "rest"), [(True, 10), (False, 30)])
def test_whoever_declines_or_misses_an_offer_is_left_alone_for_a_while(declines: bool, rest: int) -> None:
    first = plan()
    presence = attrs.evolve(first.presence, rest_after_decline=seconds(10), rest_after_miss=seconds(30))
    driver = Driver(attrs.evolve(first, presence=presence), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.call("joe")
    if declines:
        driver.decline()
    else:
        driver.advance(20)
    driver.call("jim", after=0)
    driver.advance(rest - 1)
    assert offered(driver) == {}
    driver.advance(1)
    assert driver.events(e.AgentRested) == [e.AgentRested("ana")]
    assert offered(driver) == {"in2": "ana"}


def test_a_rest_ends_with_the_shift() -> None:
    first = plan()
    presence = attrs.evolve(first.presence, rest_after_decline=seconds(600))
    driver = Driver(attrs.evolve(first, presence=presence), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.call("joe")
    driver.decline()
    driver.run(c.SignOut("ana"))
    driver.call("jim")
    driver.sign_in("ana")
    assert offered(driver) == {"in2": "ana"}
    driver.decline()
    driver.run(c.RemoveAgent("ana"))
    driver.advance(600)
    assert driver.events(e.AgentRested) == []


def test_what_an_agent_still_has_when_a_rest_begins_stays_with_them() -> None:
    first = plan()
    presence = attrs.evolve(first.presence, rest_after_decline=seconds(60))
    driver = Driver(attrs.evolve(first, presence=presence), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.answered("joe", "chat")
    driver.message("jim", "chat")
    driver.decline()
    assert driver.engine.view.contacts.interactions["in1"].agent == "ana"
    driver.message("jan", "chat")
    assert offered(driver) == {}
    driver.run(c.FinishInteraction("in1", "ana"))
    assert offered(driver) == {}


def test_beside_other_queues_the_newest_counts_as_long_as_it_has_waited() -> None:
    driver = desk(newest_first=True)
    driver.call("joe")
    driver.call("jim", queue="german", after=60)
    driver.call("jan", after=60)
    driver.sign_in("bob")
    assert list(offered(driver)) == ["in2"], "which has waited a minute longer than the newest of the other queue"


def test_a_place_at_the_end_is_nobody_elses() -> None:
    driver = desk(requeue="reset")
    driver.sign_in("ana")
    driver.call("joe")
    driver.decline()
    driver.call("jim")
    places = [event.order for event in driver.events(e.InteractionQueued)]
    assert places == [1, 2, 3]
