"""The races that a router must survive, one test each."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, plan
from tests.invariants import check_liveness, check_state

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, OfferExpired
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Ring, Step


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.sign_in("ana")
    return driver


@pytest.mark.parametrize("late_us", [0, 1, 45 * SECOND])
def test_accept_after_time_out(driver: Driver, late_us: int) -> None:
    got = driver.message()
    made = driver.last(e.OfferMade)
    driver.advance_to(made.deadline_us + late_us)
    driver.refuse(c.AcceptOffer(made.offer, "ana", made.token), OfferExpired, offer="of1", state="TIMED_OUT")
    assert driver.state(got) == ("QUEUED" if late_us < 30 * SECOND else "OFFERED")


def test_accept_just_before_time_out(driver: Driver) -> None:
    driver.message()
    made = driver.last(e.OfferMade)
    driver.advance_to(made.deadline_us - 1)
    assert driver.accept(after=0).events


def test_two_devices_accept_at_once(driver: Driver) -> None:
    driver.run(c.SignIn("ana", "phone"))
    driver.message()
    first = driver.accept(after=0)
    assert driver.accept(after=0).result == first.result, "both show the same contact in the same hands"
    assert len(driver.events(e.OfferAccepted)) == 1


def test_accept_while_the_customer_hangs_up(driver: Driver) -> None:
    got = driver.message()
    driver.run(c.LeaveContact(got.interaction))
    driver.refuse(c.AcceptOffer("of1", "ana", 1), OfferExpired, state="over")
    driver.message("jim")
    driver.accept(after=0)
    driver.run(c.LeaveContact("in2"))
    assert driver.last(e.InteractionFinished).by == "customer", "the accept came first"


def test_a_customer_who_leaves_during_an_offer_is_never_blamed_on_the_agent(driver: Driver) -> None:
    for name in ("joe", "jim", "jan", "jon"):
        got = driver.message(name)
        driver.run(c.LeaveContact(got.interaction), 10)
    agent = driver.engine.view.agent("ana")
    assert (agent.misses, agent.state) == (0, "AVAILABLE")
    assert {event.outcome for event in driver.events(e.OfferEnded)} == {"CUSTOMER_LEFT"}


@pytest.mark.parametrize(
    "command", [c.SignOut("ana"), c.SetAway("ana", "x"), c.LoseDevice("ana", "main"), c.RemoveAgent("ana")]
)
def test_an_agent_goes_or_changes_status_mid_offer(driver: Driver, command: c.Command) -> None:
    got = driver.message()
    driver.run(command)
    assert driver.state(got) == "QUEUED"
    if not isinstance(command, c.RemoveAgent):
        driver.refuse(c.AcceptOffer("of1", "ana", 1), OfferExpired)
    driver.sign_in("bob")
    assert driver.offered() == {got.interaction: "bob"}


def test_an_item_is_reserved_then_found_taken(driver: Driver) -> None:
    got = driver.message()
    driver.run(c.RescindOffer("of1", "x"))
    second = driver.last(e.OfferMade)
    driver.accept(second)
    driver.refuse(c.AcceptOffer("of1", "ana", 1), OfferExpired, state="RESCINDED")
    assert driver.agent_of(got) == "ana"


def test_double_completion(driver: Driver) -> None:
    got = driver.answered()
    driver.run(c.FinishInteraction(got.interaction, "ana", "resolved"))
    driver.refuse(c.FinishInteraction(got.interaction, "ana", "resolved"), NotAllowedInState, state="DONE")
    driver.refuse(c.LeaveContact(got.interaction), NotAllowedInState, state="DONE")
    assert len(driver.events(e.InteractionDone)) == 1
    assert len(driver.events(e.CaseResolved)) == 1


def test_a_late_time_out_after_a_re_offer_touches_only_its_own_offer(driver: Driver) -> None:
    driver.message()
    driver.run(c.RescindOffer("of1", "x"), 20)
    second = driver.last(e.OfferMade)
    driver.advance_to(driver.events(e.OfferMade)[0].deadline_us)
    assert driver.pending() == [second]
    assert driver.events(e.OfferEnded)[-1].outcome == "RESCINDED"
    driver.advance_to(second.deadline_us)
    assert driver.last(e.OfferEnded).offer == second.offer


def test_a_stale_token_for_a_new_offer(driver: Driver) -> None:
    driver.message()
    driver.run(c.RescindOffer("of1", "x"))
    driver.refuse(c.AcceptOffer("of2", "ana", 1), OfferExpired, offer="of2", state="PENDING")


def test_a_transfer_target_that_never_answers(driver: Driver) -> None:
    got = driver.answered()
    driver.sign_in("cleo")
    driver.run(c.TransferInteraction(got.interaction, "ana", "sales"))
    for _ in range(3):
        driver.advance_to(driver.last(e.OfferMade).deadline_us)
        driver.advance(45)
    assert driver.engine.view.agent("cleo").state == "AWAY", "three in a row"
    assert driver.state(got) == "QUEUED"
    driver.run(c.SetAvailable("cleo"))
    assert driver.offered() == {got.interaction: "cleo"}
    queued = driver.events(e.InteractionQueued)
    assert {(event.start_us, event.order) for event in queued} == {(queued[0].start_us, queued[0].order)}


def test_a_source_that_signs_out_during_a_transfer(driver: Driver) -> None:
    got = driver.answered()
    driver.sign_in("cleo")
    driver.run(c.TransferInteraction(got.interaction, "ana", "sales"))
    driver.run(c.SignOut("ana"))
    assert driver.offered() == {got.interaction: "cleo"}
    driver.accept()
    assert (driver.agent_of(got), driver.owner(got)) == ("cleo", ("agent", "cleo"))


def test_capacity_lowered_below_use(driver: Driver) -> None:
    driver.answered("joe")
    driver.answered("jim")
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=30))
    bench = driver.engine.view.routing.benches["ana"]
    assert (bench.used_percent, bench.capacity_percent) == (100, 30)
    driver.message("jan")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.offered() == {}, "still above"
    driver.message("jon", "email")
    driver.run(c.FinishInteraction("in2", "ana"))
    assert driver.offered() == {"in4": "ana"}
    check_state(driver.engine)


def test_a_channels_limit_lowered_below_use(driver: Driver) -> None:
    driver.answered("joe")
    driver.answered("jim")
    channels = dict(plan().channels)
    channels["chat"] = attrs.evolve(channels["chat"], limit=1)
    driver.change_plan(plan(channels=channels))
    driver.advance(1)
    driver.message("jan")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.offered() == {}
    driver.run(c.FinishInteraction("in2", "ana"))
    assert driver.offered() == {"in3": "ana"}


def test_a_skill_removed_from_an_agent_mid_offer() -> None:
    driver = Driver()
    driver.sign_in("bob")
    got = driver.message(skills={"german": 10})
    driver.run(c.DefineAgent("bob", ["care"]))
    assert driver.offered() == {got.interaction: "bob"}, "it was right when it was decided"
    driver.decline()
    assert driver.offered() == {}
    driver.advance(300)
    assert driver.offered() == {}, "nor offered again"


def test_plan_changed_with_offers_out(driver: Driver) -> None:
    got = driver.message()
    made = driver.last(e.OfferMade)
    channels = dict(plan().channels)
    channels["chat"] = attrs.evolve(channels["chat"], weight_percent=100, offer_timeout=plan().presence.grace)
    driver.change_plan(plan(channels=channels))
    driver.advance(0)
    assert driver.pending() == [made]
    driver.accept(made)
    assert driver.engine.view.routing.benches["ana"].used_percent == 50
    driver.run(c.FinishInteraction(got.interaction, "ana"))
    check_state(driver.engine)


def test_the_agent_is_dropped_from_the_plan_with_offers_out(driver: Driver) -> None:
    got = driver.message()
    driver.change_plan(plan(agents={name: row for name, row in plan().agents.items() if name != "ana"}))
    driver.advance(1)
    assert driver.state(got) == "QUEUED"
    assert driver.last(e.OfferEnded).outcome == "RESCINDED"
    check_state(driver.engine)


def test_a_queue_with_items_waiting_cannot_be_dropped() -> None:
    driver = Driver()
    driver.message(queue="german")
    less = plan(queues={name: row for name, row in plan().queues.items() if name != "german"})
    driver.refuse(c.ChangePlan(less, less.digest(), "2025b", "check"), InvalidCommand, field="plan")
    driver.run(c.LeaveContact("in1"))
    driver.run(c.ResolveCase("ca1"))
    driver.run(c.CloseCase("ca1"))
    assert driver.change_plan(less).events


def test_an_agent_deleted_with_work_in_hand(driver: Driver) -> None:
    chat, email, offered = driver.answered("joe"), driver.answered("jim", "email"), driver.message("jan", "email")
    driver.run(c.RemoveAgent("ana"))
    driver.advance(0)
    assert [driver.state(got) for got in (chat, email, offered)] == ["QUEUED"] * 3
    assert driver.owner(chat) == ("team", "care")
    check_state(driver.engine)
    driver.sign_in("bob")
    assert len(driver.offered()) == 3


def test_the_clock_steps_back(driver: Driver) -> None:
    driver.message()
    made = driver.last(e.OfferMade)
    now_us = driver.engine.now_us
    driver.engine.execute(c.SetAway("ana", "x"), now_us - 3_600 * SECOND)
    driver.engine.execute(c.SetAvailable("ana"), now_us - 10 * SECOND)
    assert driver.engine.now_us == now_us
    due = driver.engine.due()
    assert due == made.deadline_us, "the second offer has as long as the first"
    assert driver.engine.tick(now_us - 3_600 * SECOND).events == []
    assert driver.engine.tick(due).events


def test_the_clock_jumps_ahead(driver: Driver) -> None:
    got = driver.answered("joe", "email")
    driver.message("jim")
    driver.now_us += 400 * 86_400 * SECOND
    driver.advance(0)
    assert driver.state(got) == "DONE"
    assert [event.outcome for event in driver.events(e.OfferEnded)] == ["TIMED_OUT"]
    check_liveness(driver.engine)


def test_a_thousand_agents_sign_in_at_one_instant() -> None:
    driver = Driver()
    for number in range(1000):
        driver.message(f"p{number}", "chat", after=0)
        driver.run(c.DefineAgent(f"a{number:04d}", ["care"], capacity_percent=50))
    for number in range(1000):
        driver.run(c.SignIn(f"a{number:04d}"))
    offered = driver.offered()
    assert offered == {f"in{number + 1}": f"a{number:04d}" for number in range(1000)}
    check_state(driver.engine)
    check_liveness(driver.engine)


def test_the_work_per_sign_in_of_a_thousand_is_bounded() -> None:
    driver = Driver()
    for number in range(1000):
        driver.message(f"p{number}", "chat", after=0)
        driver.run(c.DefineAgent(f"a{number:04d}", ["care"], capacity_percent=100))
    calls, events = list[int](), list[int]()
    for number in range(1000):
        count = [0]

        def noted(frame: Any, event: str, argument: Any, count: list[int] = count) -> None:
            count[0] += 1

        sys.setprofile(noted)
        try:
            decided = driver.engine.execute(c.SignIn(f"a{number:04d}"), driver.now_us)
        finally:
            sys.setprofile(None)
        calls.append(count[0])
        events.append(len(decided.events))
    assert max(events) == 3, "a batch of its own each: signed in, and as many offers as there is room for"
    assert sum(events) == 2000
    assert max(calls) <= 2 * calls[1], "the last does no more than the second"


# Rings, and answers that are still to be connected


@pytest.fixture
def dialing() -> Driver:
    """Calls ring two agents, and must be connected after an answer; cleo is not at work."""
    of = plan()
    voice = attrs.evolve(of.channels["voice"], connects=timedelta(seconds=30))
    care = attrs.evolve(of.queues["care"], ring=Ring(first=2), overflow_to="sales", steps=[Step(timedelta(seconds=15))])
    driver = Driver(attrs.evolve(of, channels={**of.channels, "voice": voice}, queues={**of.queues, "care": care}))
    driver.sign_in("ana", "bob")
    return driver


def test_a_ring_leg_is_still_being_set_up_when_another_agent_wins(dialing: Driver) -> None:
    got = dialing.call()
    dialing.accept(dialing.offer_to("ana"))
    dialing.accept(dialing.offer_to("bob"))
    decided = dialing.confirm(dialing.offer_to("bob"), after=0)
    assert type(decided.events[0]) is e.OfferAccepted
    end = dialing.last(e.OfferEnded)
    assert (end.agent, end.outcome, end.reason) == ("ana", "RESCINDED", "another agent took it")
    late = dialing.offer_to("ana")
    dialing.refuse(c.ConfirmConnected(late.offer, "ana", late.token), OfferExpired, state="RESCINDED")
    dialing.refuse(c.ReportSetupFailed(late.offer, "ana", late.token), OfferExpired, state="RESCINDED")
    assert dialing.agent_of(got) == "bob"
    check_state(dialing.engine)


def test_two_agents_of_a_ring_accept_at_once() -> None:
    of = plan()
    care = attrs.evolve(of.queues["care"], ring=Ring(first=2))
    driver = Driver(attrs.evolve(of, queues={**of.queues, "care": care}))
    driver.sign_in("ana", "bob")
    got = driver.call()
    driver.advance(0)
    first, second = driver.pending()
    driver.accept(first, after=0)
    driver.refuse(c.AcceptOffer(second.offer, second.agent, second.token), OfferExpired, state="RESCINDED")
    assert driver.agent_of(got) == first.agent


def test_the_maximum_wait_is_reached_while_connecting(dialing: Driver) -> None:
    got = dialing.call()
    dialing.accept(dialing.offer_to("ana"))
    dialing.advance(28)
    assert dialing.engine.view.routing.items[got.interaction].queue == "care", "it would have overflowed after 15 s"
    dialing.confirm(dialing.offer_to("ana"))
    assert dialing.agent_of(got) == "ana"


def test_a_customer_hangs_up_while_connecting(dialing: Driver) -> None:
    got = dialing.call()
    dialing.accept(dialing.offer_to("ana"))
    made = dialing.offer_to("ana")
    dialing.run(c.LeaveContact(got.interaction))
    assert dialing.state(got) == "ABANDONED"
    assert {end.outcome for end in dialing.events(e.OfferEnded)} == {"CUSTOMER_LEFT"}
    dialing.refuse(c.ConfirmConnected(made.offer, "ana", made.token), OfferExpired, state="over")
    dialing.advance(60)
    assert [dialing.engine.view.agent(agent).misses for agent in ("ana", "bob")] == [0, 0]


def test_two_devices_confirm_at_once(dialing: Driver) -> None:
    dialing.run(c.SignIn("ana", "phone"))
    dialing.call()
    first, second = dialing.accept(dialing.offer_to("ana")), dialing.accept(dialing.offer_to("ana"))
    assert first.result == second.result
    first, second = dialing.confirm(dialing.offer_to("ana")), dialing.confirm(dialing.offer_to("ana"))
    assert first.result == second.result
    assert len(dialing.events(e.OfferAccepted)) == 1


def test_a_late_time_out_of_a_set_up_touches_only_its_own_offer(dialing: Driver) -> None:
    dialing.call()
    dialing.accept(dialing.offer_to("ana"))
    until_us = dialing.last(e.OfferConnecting).until_us
    dialing.fail(dialing.offer_to("ana"), after=5)
    dialing.advance(6)
    again = dialing.offer_to("ana")
    dialing.accept(again, after=0)
    dialing.advance_to(until_us)
    assert dialing.engine.view.routing.offers[again.offer].state == "CONNECTING"


def test_an_agent_goes_offline_while_connecting_and_the_rest_of_the_ring_goes_on(dialing: Driver) -> None:
    got = dialing.call()
    dialing.accept(dialing.offer_to("ana"))
    dialing.run(c.LoseDevice("ana", "main"))
    assert dialing.last(e.OfferEnded).outcome == "AGENT_LOST"
    assert (dialing.state(got), dialing.ringing(got)) == ("OFFERED", {"bob": "PENDING"})


def test_the_time_to_confirm_is_over_at_its_own_instant(dialing: Driver) -> None:
    dialing.call()
    dialing.accept(dialing.offer_to("ana"))
    made = dialing.offer_to("ana")
    dialing.advance_to(dialing.last(e.OfferConnecting).until_us)
    dialing.refuse(c.ConfirmConnected(made.offer, "ana", made.token), OfferExpired, state="SETUP_FAILED")


def test_a_skill_removed_from_an_agent_who_is_being_connected(dialing: Driver) -> None:
    got = dialing.call(skills={"german": 60})
    dialing.accept(dialing.offer_to("bob"))
    dialing.run(c.DefineAgent("bob", ["care"]))
    dialing.confirm(dialing.offer_to("bob"))
    assert dialing.agent_of(got) == "bob", "it was right when it was decided"


def test_an_agent_is_deleted_while_connecting(dialing: Driver) -> None:
    got = dialing.call()
    dialing.accept(dialing.offer_to("ana"))
    dialing.run(c.RemoveAgent("ana"))
    dialing.advance(0)
    assert (dialing.state(got), dialing.ringing(got)) == ("OFFERED", {"bob": "PENDING"})
    check_state(dialing.engine)


def test_a_message_arrives_while_its_interaction_finishes(driver: Driver) -> None:
    got = driver.answered("joe", "voice")
    driver.run(c.FinishInteraction(got.interaction, "ana", "resolved"))
    again = driver.message("joe", "voice", after=0)
    assert again.interaction != got.interaction
    driver.advance(10)
    assert driver.case_state(got) == "OPEN", "the customer is being served in it"


def test_a_decline_for_an_offer_made_to_another(driver: Driver) -> None:
    driver.message()
    driver.sign_in("bob")
    driver.decline()
    driver.refuse(c.DeclineOffer("of2", "ana", 2), NotPermitted)
    assert driver.offered() == {"in1": "bob"}


def test_a_wrap_up_and_its_agent_end_at_one_instant(driver: Driver) -> None:
    driver.answered("joe", "voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.run(c.LoseDevice("ana", "main"))
    driver.advance_to(driver.now_us + 10 * SECOND)
    assert [event.reason for event in driver.events(e.InteractionDone)] == ["finished"]
    driver.advance(60)
    assert driver.events(e.AgentLost) == [e.AgentLost("ana")]


def test_a_queue_is_closed_with_items_waiting(driver: Driver) -> None:
    driver.run(c.SetAway("ana", "lunch"))
    waiting = [driver.message(name).interaction for name in ("joe", "jim")]
    driver.run(c.CloseQueue("care", "holiday"))
    driver.run(c.SetAvailable("ana"))
    assert driver.offered() == {}, "it is closed, and they wait on"
    assert {driver.engine.view.contacts.interactions[name].state for name in waiting} == {"QUEUED"}
    driver.run(c.OpenQueue("care", "back"))
    driver.advance(1)  # in slices
    assert waiting[0] in driver.offered()
    check_state(driver.engine)
    check_liveness(driver.engine)
