"""Contacts that ring several agents at once: how many, who joins, and that exactly one takes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import CARE, SECOND, Driver, person, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state

from orchestra.engine.engine import MAX_BATCH
from orchestra.engine.routing.match import failing
from orchestra.errors import OfferExpired
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Ring, Step
from orchestra.model.plan import Plan
from orchestra.runtime.history.waiting import candidates

AGENTS = ("ana", "bob", "cleo")


def ringing(ring: Ring, **queue: Any) -> Plan:
    """The small contact centre, whose first queue rings so."""
    of = plan()
    return attrs.evolve(of, queues={**of.queues, "care": attrs.evolve(of.queues["care"], ring=ring, **queue)})


def driver_of(ring: Ring, *agents: str, **queue: Any) -> Driver:
    """An engine under that plan, with these agents at work."""
    driver = Driver(ringing(ring, **queue), engine=WatchedEngine())
    driver.sign_in(*agents)
    return driver


def settled(driver: Driver) -> None:
    """Everything holds, now and after a rebuild."""
    driver.advance(0)
    check_state(driver.engine)
    check_liveness(driver.engine)
    for rebuilt in (driver.replayed(), driver.reloaded()):
        check_rebuilt(driver.engine, rebuilt)


def call(driver: Driver, sender: str = "joe", channel: str = "voice", **values: Any) -> Any:
    """A call that rings as many as it is to, at once."""
    got = driver.call(sender, channel, **values)
    driver.advance(0)
    return got


def test_one_agent_is_asked_unless_stated() -> None:
    driver = Driver(engine=WatchedEngine())
    driver.sign_in(*AGENTS)
    got = call(driver)
    assert driver.ringing(got) == {"ana": "PENDING"}
    assert driver.events(e.RingWidened) == []


def test_as_many_ring_at_once_as_the_queue_says_and_the_best_of_them() -> None:
    driver = driver_of(Ring(first=2), *AGENTS)
    got = call(driver)
    assert driver.ringing(got) == {"ana": "PENDING", "bob": "PENDING"}
    assert [(event.agents, event.queue) for event in driver.events(e.RingWidened)] == [(2, "care")]
    settled(driver)


def test_each_offer_holds_its_own_capacity_and_has_its_own_token_and_deadline() -> None:
    driver = driver_of(Ring(first=1, every=timedelta(seconds=5)), "ana", "bob")
    call(driver)
    driver.advance(5)
    first, second = driver.pending()
    assert (first.token, second.token) == (1, 2)
    assert second.deadline_us - first.deadline_us == 5 * SECOND
    benches = driver.engine.view.routing.benches
    assert [benches[agent].used_percent for agent in ("ana", "bob")] == [100, 100]
    driver.refuse(c.AcceptOffer(second.offer, "bob", first.token), OfferExpired, state="PENDING")


def test_the_first_to_take_it_has_it_and_the_others_are_free_at_once_and_blamed_for_nothing() -> None:
    driver = driver_of(Ring(first=3), *AGENTS)
    got = call(driver)
    idle = {name: row.idle_since_us for name, row in driver.engine.view.routing.benches.items()}
    assert len(set(idle.values())) == 1
    decided = driver.accept(driver.offer_to("bob"))
    assert [(type(event).__name__, getattr(event, "agent", "")) for event in decided.events[:1]] == [
        ("OfferAccepted", "bob")
    ]
    ends = [event for event in decided.events if isinstance(event, e.OfferEnded)]
    assert [(end.agent, end.outcome, end.reason) for end in ends] == [
        ("ana", "RESCINDED", "another agent took it"),
        ("cleo", "RESCINDED", "another agent took it"),
    ]
    assert (driver.state(got), driver.agent_of(got)) == ("ACTIVE", "bob")
    view = driver.engine.view
    assert [view.agent(agent).misses for agent in AGENTS] == [0, 0, 0]
    assert [view.routing.benches[agent].used_percent for agent in AGENTS] == [0, 100, 0]
    for agent in ("ana", "cleo"):
        made = driver.offer_to(agent)
        driver.refuse(c.AcceptOffer(made.offer, agent, made.token), OfferExpired, state="RESCINDED")
    settled(driver)


def test_who_loses_a_ring_keeps_the_turn() -> None:
    driver = driver_of(Ring(first=2), "ana", "bob")
    before = driver.engine.view.routing.benches["ana"].idle_since_us
    call(driver)
    driver.accept(driver.offer_to("bob"), after=10)
    assert driver.engine.view.routing.benches["ana"].idle_since_us == before, "has neither worked nor refused to"


def test_who_loses_a_ring_after_other_work_has_changed_has_the_later_turn() -> None:
    driver = driver_of(Ring(first=2), "ana", "bob")
    got = call(driver, channel="chat")
    driver.message("jim", "email", queue="sales")
    driver.run(c.DefineAgent("ana", ["care", "sales"]), 5)
    driver.advance(0)
    assert driver.offer_to("ana").channel == "email"
    driver.accept(driver.offer_to("bob"))
    assert driver.agent_of(got) == "bob"
    assert driver.engine.view.routing.benches["ana"].idle_since_us == driver.now_us


def test_what_waits_is_offered_to_who_lost_a_ring() -> None:
    driver = driver_of(Ring(first=2), "ana", "bob")
    call(driver)
    waiting = call(driver, "jim")
    assert driver.state(waiting) == "QUEUED"
    driver.accept(driver.offer_to("ana"))
    settled(driver)
    assert driver.ringing(waiting) == {"bob": "PENDING"}


def test_who_declines_or_misses_it_is_replaced_by_the_next_best() -> None:
    driver = driver_of(Ring(first=2), *AGENTS)
    got = call(driver)
    decided = driver.decline(driver.offer_to("ana"))
    assert driver.ringing(got) == {"bob": "PENDING", "cleo": "PENDING"}
    assert not any(isinstance(event, e.InteractionQueued) for event in decided.events), "others still ring"
    assert driver.state(got) == "OFFERED"
    settled(driver)
    driver.advance_to(driver.offer_to("bob").deadline_us)
    assert driver.ringing(got) == {"cleo": "PENDING"}
    assert driver.engine.view.agent("bob").misses == 1


def test_it_waits_again_with_its_place_only_when_its_last_offer_is_gone() -> None:
    driver = driver_of(Ring(first=3), *AGENTS)
    got = call(driver)
    queued = driver.last(e.InteractionQueued)
    for agent in ("ana", "cleo"):
        driver.decline(driver.offer_to(agent))
        assert driver.state(got) == "OFFERED"
    driver.decline(driver.offer_to("bob"))
    assert driver.state(got) == "QUEUED"
    again = driver.last(e.InteractionQueued)
    assert (again.start_us, again.order, again.reason) == (queued.start_us, queued.order, "declined")
    assert driver.events(e.RoutingExhausted)
    driver.advance(30)
    assert len(driver.ringing(got)) == 3, "all are asked again, and it rings anew as at first"
    settled(driver)


def test_it_rings_more_and_more_until_as_many_as_there_may_be() -> None:
    driver = driver_of(Ring(first=1, more=1, every=timedelta(seconds=4), most=2), *AGENTS)
    got = call(driver)
    assert driver.ringing(got) == {"ana": "PENDING"}
    driver.advance(4)
    assert driver.ringing(got) == {"ana": "PENDING", "bob": "PENDING"}
    driver.advance(12)
    assert driver.ringing(got) == {"ana": "PENDING", "bob": "PENDING"}
    assert [event.agents for event in driver.events(e.RingWidened)] == [2]
    settled(driver)


def test_several_may_be_added_at_a_time_and_more_than_there_are() -> None:
    driver = driver_of(Ring(first=1, more=5, every=timedelta(seconds=4), most=9), *AGENTS)
    got = call(driver)
    driver.advance(4)
    assert list(driver.ringing(got)) == ["ana", "bob", "cleo"]
    driver.advance(4)
    assert [event.agents for event in driver.events(e.RingWidened)] == [6, 9]


def test_a_freed_agent_joins_a_ring_that_is_to_ring_more() -> None:
    driver = driver_of(Ring(first=3), "ana")
    got = call(driver)
    assert driver.ringing(got) == {"ana": "PENDING"}
    driver.sign_in("bob")
    assert driver.ringing(got) == {"ana": "PENDING", "bob": "PENDING"}
    settled(driver)


def test_a_freed_agent_serves_what_waits_before_joining_a_ring() -> None:
    driver = driver_of(Ring(first=2), "ana")
    old, young = call(driver), call(driver, "jim")
    driver.sign_in("bob")
    assert driver.ringing(young) == {"bob": "PENDING"}, "nobody is asked to take it, whenever it came"
    assert driver.ringing(old) == {"ana": "PENDING"}
    driver.sign_in("cleo")
    assert driver.ringing(old) == {"ana": "PENDING", "cleo": "PENDING"}, "and of those that ring, the older"
    settled(driver)


def test_nobody_joins_who_has_been_asked_or_has_refused() -> None:
    driver = driver_of(Ring(first=3), "ana", "bob")
    got = call(driver, channel="chat")
    driver.decline(driver.offer_to("ana"))
    driver.run(c.SetAway("ana", "x"))
    driver.run(c.SetAvailable("ana"))
    assert driver.ringing(got) == {"bob": "PENDING"}
    assert driver.engine.view.routing.benches["bob"].used_percent == 50, "once, though there is room for two"
    settled(driver)


@pytest.mark.parametrize(("waited", "rung"), [(0, 2), (21, 3)])
def test_a_step_may_ring_otherwise_than_its_queue(waited: float, rung: int) -> None:
    steps = [Step(lasts=timedelta(seconds=20), ring=Ring(first=2)), Step()]
    driver = driver_of(Ring(first=3), steps=steps)
    got = call(driver)
    driver.advance(waited)
    driver.sign_in(*AGENTS)
    assert len(driver.ringing(got)) == rung


def test_the_one_who_knows_the_customer_is_asked_alone() -> None:
    steps = [Step(pool="known", lasts=timedelta(seconds=60)), Step()]
    driver = driver_of(Ring(first=3), *AGENTS, steps=steps)
    got = call(driver, agent="bob")
    assert driver.ringing(got) == {"bob": "PENDING"}
    assert call(driver, "jim").interaction in driver.offered(), "one whom nobody knows rings at all others"
    assert len(driver.offered()) == 2
    driver.change_plan(ringing(Ring(first=3)))
    driver.change_plan(ringing(Ring(first=3), steps=steps))
    settled(driver)


def test_a_plan_that_asks_one_agent_alone_lets_a_ring_be_as_large_as_it_is() -> None:
    driver = driver_of(Ring(first=3), "ana")
    got = call(driver, agent="ana")
    driver.change_plan(ringing(Ring(first=3), steps=[Step(pool="known", lasts=timedelta(seconds=60)), Step()]))
    driver.sign_in("bob")
    assert driver.ringing(got) == {"ana": "PENDING"}
    settled(driver)


def test_another_plan_never_takes_an_offer_back_and_counts_from_the_next_widening() -> None:
    driver = driver_of(Ring(first=2, every=timedelta(seconds=4)), *AGENTS)
    got = call(driver)
    driver.change_plan(ringing(Ring()))
    driver.advance(4)
    assert len(driver.ringing(got)) == 2
    assert [event.agents for event in driver.events(e.RingWidened)] == [2, 2]
    driver.advance(8)
    assert len(driver.events(e.RingWidened)) == 2
    settled(driver)


@pytest.mark.parametrize(
    ("command", "outcome", "state"),
    [
        (c.LeaveContact("in1"), "CUSTOMER_LEFT", "ABANDONED"),
        (c.CancelInteraction("in1", "settled"), "WITHDRAWN", "CANCELED"),
    ],
)
def test_all_offers_end_with_the_contact(command: c.Command, outcome: str, state: str) -> None:
    driver = driver_of(Ring(first=3), *AGENTS)
    got = call(driver)
    after = call(driver, "jim")
    decided = driver.run(command)
    ends = [event for event in decided.events if isinstance(event, e.OfferEnded)]
    assert [(end.agent, end.outcome) for end in ends] == [(agent, outcome) for agent in AGENTS]
    assert driver.state(got) == state
    settled(driver)
    assert len(driver.ringing(after)) == 3, "nobody is asked to take what ends; all are asked to take what waits"


def test_all_offers_end_with_an_answer_given_elsewhere() -> None:
    driver = driver_of(Ring(first=3), *AGENTS)
    got = driver.message()
    driver.advance(0)
    driver.run(c.RecordReply("chat", "main", "r1", person("joe"), text="done"))
    assert {end.outcome for end in driver.events(e.OfferEnded)} == {"WITHDRAWN"}
    assert driver.state(got) == "DONE"
    settled(driver)


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (c.SetAway("bob", "x"), "RESCINDED"),
        (c.SignOut("bob"), "RESCINDED"),
        (c.RemoveAgent("bob"), "RESCINDED"),
        (c.LoseDevice("bob", "main"), "AGENT_LOST"),
    ],
)
def test_an_agent_who_goes_ends_only_their_own_offer(command: c.Command, outcome: str) -> None:
    driver = driver_of(Ring(first=2), *AGENTS)
    got = call(driver)
    driver.run(command)
    assert [(end.agent, end.outcome) for end in driver.events(e.OfferEnded)] == [("bob", outcome)]
    assert driver.ringing(got) == {"ana": "PENDING", "cleo": "PENDING"}
    assert driver.state(got) == "OFFERED"
    settled(driver)


def test_one_offer_taken_back_leaves_the_others() -> None:
    driver = driver_of(Ring(first=2), "ana", "bob")
    got = call(driver)
    driver.run(c.RescindOffer(driver.offer_to("ana").offer, "x"))
    assert driver.ringing(got) == {"ana": "PENDING", "bob": "PENDING"}, "nobody else could take it"
    settled(driver)


INTERRUPTING = CARE.replace("[channels.voice]", '[channels.voice]\ninterrupts = ["email"]')


def interrupting(*agents: str) -> Driver:
    """Agents with a letter each that leaves no room for a call, unless it is put aside."""
    of = Plan.parse(INTERRUPTING)
    queues = {**of.queues, "care": attrs.evolve(of.queues["care"], ring=Ring(first=2))}
    driver = Driver(attrs.evolve(of, queues=queues), engine=WatchedEngine())
    for agent in agents:
        driver.sign_in(agent)
        driver.message(f"writer-{agent}", "email")
        driver.accept(driver.offer_to(agent))
    return driver


def test_each_who_rings_would_put_their_own_work_aside_and_only_who_takes_it_does() -> None:
    driver = interrupting("ana", "bob")
    got = call(driver)
    assert driver.ringing(got) == {"ana": "PENDING", "bob": "PENDING"}
    letters = {agent: driver.engine.view.routing.in_hand[agent].keys() - {got.interaction} for agent in ("ana", "bob")}
    driver.accept(driver.offer_to("bob"))
    states = {
        agent: [driver.engine.view.contacts.interactions[name].state for name in names]
        for agent, names in letters.items()
    }
    assert states == {"ana": ["ACTIVE"], "bob": ["PARKED"]}
    assert [driver.engine.view.routing.benches[agent].used_percent for agent in ("ana", "bob")] == [20, 100]
    settled(driver)
    driver.run(c.FinishInteraction(got.interaction, "bob"))
    driver.advance(10)
    assert driver.last(e.InteractionResumed).agent == "bob"
    settled(driver)


def test_what_was_put_aside_goes_on_before_its_agent_joins_a_ring() -> None:
    driver = interrupting("ana", "bob")
    first = call(driver)
    driver.accept(driver.offer_to("bob"))
    second = call(driver, "jim")
    assert driver.ringing(second) == {"ana": "PENDING"}
    driver.run(c.FinishInteraction(first.interaction, "bob"))
    driver.advance(10)
    assert [type(logged.event).__name__ for logged in driver.log[-3:]] == [
        "InteractionDone",
        "InteractionResumed",
        "OfferMade",
    ]
    assert driver.ringing(second) == {"ana": "PENDING", "bob": "PENDING"}
    settled(driver)


def test_a_ring_of_fifty_is_won_in_one_batch_and_what_follows_comes_in_slices() -> None:
    of = ringing(Ring(first=50))
    channels = {**of.channels, "email": attrs.evolve(of.channels["email"], weight_percent=1)}
    driver = Driver(attrs.evolve(of, channels=channels))
    for number in range(50):
        driver.run(c.DefineAgent(f"a{number:02d}", ["care"]))
        driver.sign_in(f"a{number:02d}")
    got = call(driver)
    assert len(driver.ringing(got)) == 50
    for number in range(2500):
        driver.message(f"writer-{number}", "email", after=0)
    assert len(driver.offered()) == 1
    batches = len(driver.batches)
    driver.accept(driver.offer_to("a25"))
    driver.advance(2)
    assert max(len(batch.events) for batch in driver.batches[batches:]) < MAX_BATCH // 2
    assert len(driver.offered()) == 2500
    check_state(driver.engine)
    check_liveness(driver.engine)


def test_who_is_asked_already_is_counted_so_and_listed_so() -> None:
    driver = driver_of(Ring(first=2), "ana", "bob")
    got = call(driver, channel="chat")
    view = driver.engine.view
    item = view.routing.items[got.interaction]
    assert failing(view, item, view.routing.rules.wanted(item)) == {"asked": 2}
    assert driver.offer_to("bob").failed == {"asked": 1}
    listed = {one.agent: one.failing for one in candidates(view, got.interaction)}
    assert listed == {"ana": "asked", "bob": "asked", "cleo": "offline"}


@pytest.mark.parametrize(("channel", "seconds"), [("voice", 20), ("email", 60)])
def test_a_live_contact_is_offered_for_a_shorter_time_unless_stated(channel: str, seconds: int) -> None:
    of = plan()
    channels = {name: attrs.evolve(row, offer_timeout=None) for name, row in of.channels.items()}
    driver = Driver(attrs.evolve(of, channels=channels))
    driver.sign_in("ana")
    driver.call(channel=channel)
    assert driver.last(e.OfferMade).deadline_us - driver.now_us == seconds * SECOND
