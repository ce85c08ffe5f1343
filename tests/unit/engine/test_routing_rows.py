"""What the best contact centres route by: one test per row of the table of features, named after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, person, plan
from tests.invariants import WatchedEngine

from orchestra.errors import InvalidCommand, OfferExpired, TooSoon
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Callbacks, Label, Rate, Role, Silence, WarmUp
from orchestra.model.routing import Condition, Ring, Serving, Step
from orchestra.model.scores import Score


def centre(
    queues: dict[str, dict[str, Any]] | None = None, channels: dict[str, dict[str, Any]] | None = None
) -> Driver:
    """A watched contact centre, some of whose queues and channels are otherwise."""
    first = plan()
    changed = {
        "queues": {
            **first.queues,
            **{name: attrs.evolve(first.queues[name], **of) for name, of in (queues or {}).items()},
        },
        "channels": {
            **first.channels,
            **{name: attrs.evolve(first.channels[name], **of) for name, of in (channels or {}).items()},
        },
    }
    return Driver(attrs.evolve(first, **changed), engine=WatchedEngine())


def hire(driver: Driver, name: str, *teams: str, **skills: int) -> None:
    driver.run(c.DefineAgent(name, list(teams) or ["care"], skills))
    driver.sign_in(name)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_ordered_routing_steps_with_pool_requirement_time_out_and_skip() -> None:
    steps = [
        Step(pool="known", lasts=seconds(10)),
        Step(lasts=seconds(10), skills={"german": 95}, skip_if=Condition(nobody=True)),
        Step(lasts=seconds(10), teams=["sales"], skills={"german": 80}),
        Step(),
    ]
    driver = centre({"care": {"steps": steps}})
    driver.sign_in("ana", "bob")
    driver.run(c.SetAway("bob", "lunch"))
    driver.message(agent="bob")
    assert [event.step for event in driver.events(e.StepEntered)] == []
    driver.advance(10)
    assert driver.last(e.StepEntered).step == 2, "nobody has 95, so that ring is passed over"
    driver.sign_in("cleo")
    assert driver.offered() == {"in1": "cleo"}
    driver.decline()
    driver.advance(10)
    assert driver.offered() == {"in1": "ana"}


def test_skills_with_proficiency_required_then_dropped() -> None:
    steps = [Step(lasts=seconds(30)), Step(lasts=seconds(30), relax={"german": 20}), Step(relax={"german": 0})]
    driver = centre({"german": {"steps": steps}})
    hire(driver, "dan", german=30)
    driver.sign_in("ana")
    driver.message(queue="german")
    assert driver.offered() == {}
    driver.advance(30)
    assert driver.offered() == {"in1": "dan"}
    driver.decline()
    driver.advance(30)
    assert driver.offered() == {"in1": "ana"}


def test_a_known_agent_is_waited_for_and_never_given_more_than_they_can_do() -> None:
    driver = centre({"care": {"steps": [Step(pool="known", lasts=seconds(30)), Step()]}})
    driver.sign_in("ana", "bob")
    driver.answered("jim", "voice")
    driver.call("joe", agent="ana")
    assert driver.offered() == {}, "she is on the phone"
    driver.advance(30)
    assert driver.offered() == {"in2": "bob"}


def test_a_known_agent_is_given_more_than_they_can_do_only_where_that_is_said() -> None:
    driver = centre({"care": {"steps": [Step(pool="known", beyond_capacity=True, lasts=seconds(30)), Step()]}})
    driver.sign_in("ana", "bob")
    driver.call("sue", agent="ana")
    driver.accept()
    driver.call("joe", agent="ana")
    assert driver.offered() == {"in2": "ana"}
    assert driver.last(e.OfferMade).beyond_capacity
    driver.call("jim")
    assert driver.offered() == {"in2": "ana", "in3": "bob"}, "whom nobody knows goes to whoever has room"


def test_conditional_overflow_on_the_estimated_wait_or_service_level_of_another_queue() -> None:
    condition = Condition(service_level_below=60, queue="german")
    driver = centre({"care": {"overflow_to": "sales", "overflow_if": condition}})
    driver.message("p0")
    assert driver.last(e.InteractionQueued).queue == "care"
    driver.sign_in("bob")
    for number in range(12):
        driver.call(f"p{number}", queue="german")
        driver.run(c.LeaveContact(driver.last(e.InteractionQueued).interaction), 15)
    driver.message("joe")
    assert (driver.last(e.InteractionQueued).queue, driver.last(e.InteractionQueued).reason) == ("sales", "overflowed")


@pytest.mark.parametrize("queue", [None, "german"])
def test_conditional_overflow_on_the_estimated_wait(queue: str | None) -> None:
    there = queue or "care"
    condition = Condition(wait_above=seconds(100), queue=queue)
    driver = centre({"care": {"overflow_to": "sales", "overflow_if": condition}})
    driver.sign_in("bob" if queue else "ana")
    for number in (1, 2, 3):  # one at a time, ten minutes apart, each for fifty seconds: nobody has to wait
        driver.call(f"p{number}", queue=there, after=600)
        made = driver.last(e.OfferMade)
        driver.accept()
        driver.run(c.FinishInteraction(made.interaction, made.agent), 50)
        driver.run(c.FinishWrapUp(made.interaction, made.agent))
    driver.call("joe", queue=there)
    driver.accept()
    for number, expected in enumerate(("care", "sales", "sales")):
        driver.call(f"q{number}")
        assert driver.last(e.InteractionQueued).queue == expected
        if queue:
            driver.call(f"r{number}", queue=queue)


def test_a_reservation_times_out_and_the_decliner_is_not_offered_the_same_item_again() -> None:
    driver = centre()
    driver.sign_in("ana", "bob")
    driver.message()
    first = driver.last(e.OfferMade)
    driver.advance(30)
    assert driver.last(e.OfferEnded).outcome == "TIMED_OUT"
    assert driver.offered() == {"in1": "bob"}
    driver.decline()
    assert driver.offered() == {}
    driver.refuse(c.AcceptOffer(first.offer, "ana", first.token), OfferExpired)


@pytest.mark.parametrize(("minutes", "first"), [(0, "in1"), (1, "in1"), (3, "in2")])
def test_priority_as_minutes_of_waiting(minutes: int, first: str) -> None:
    driver = centre()
    driver.message("joe", "email")
    driver.message("jim", "email", after=120, priority=minutes)
    driver.sign_in("ana")
    assert driver.events(e.OfferMade)[0].interaction == first


def test_priority_as_class() -> None:
    driver = centre({"german": {"tier": 0}, "care": {"tier": 1}})
    driver.message("joe", "email", priority=500)
    driver.message("jim", "email", after=3600, queue="german")
    driver.sign_in("bob")
    assert [made.interaction for made in driver.events(e.OfferMade)] == ["in2", "in1"]


def test_a_delay_gate_per_profile_and_queue() -> None:
    driver = centre({"care": {"also": {"sales": Serving(after=seconds(45))}}})
    hire(driver, "sam", "sales")
    driver.message()
    driver.advance(44)
    assert driver.offered() == {}
    driver.advance(1)
    assert driver.offered() == {"in1": "sam"}


def test_the_backdated_start_keeps_the_place_on_requeue_and_transfer() -> None:
    driver = centre()
    driver.sign_in("cleo")
    driver.answered("joe", "voice")
    start_us = driver.events(e.InteractionQueued)[0].start_us
    driver.run(c.TransferInteraction("in1", "cleo", "sales"), 60)
    driver.run(c.SignOut("cleo"))
    assert {event.start_us for event in driver.events(e.InteractionQueued)} == {start_us}


def test_the_backdated_start_keeps_the_place_on_a_channel_switch() -> None:
    driver = centre()
    driver.message("joe", "email", topic="order")
    driver.call("zoe", after=60)
    driver.call("joe", topic="order", after=60)
    mail, other, call = driver.events(e.InteractionQueued)
    assert call.start_us == mail.start_us < other.start_us
    assert driver.last(e.QuestionLinked) == e.QuestionLinked("in1", "cu1", "in3", "place")
    driver.sign_in("ana")
    assert driver.offered() == {"in3": "ana"}, "zoe called before joe did, who had written before that"


def test_newest_first_queues() -> None:
    driver = centre({"care": {"newest_first": True}})
    for name in ("joe", "jim", "jan"):
        driver.message(name, "email")
    driver.sign_in("ana")
    assert [made.interaction for made in driver.events(e.OfferMade)] == ["in3", "in2", "in1"]


ORDERS = {
    "longest idle": (["idle"], "bob"),
    "least busy": (["open"], "bob"),
    "nothing in hand": (["busy"], "bob"),
    "spare budget": (["spare"], "bob"),
    "spare ratio": (["spare_ratio"], "bob"),
    "round robin": (["offered"], "bob"),
    "proficiency": (["proficiency"], "cleo"),
    "weakest skill": (["proficiency_min"], "cleo"),
    "level": (["level", "proficiency"], "cleo"),
}


@pytest.mark.parametrize("order", ORDERS)
def test_agents_are_ordered_as_the_queue_says(order: str) -> None:
    parts, best = ORDERS[order]
    driver = centre({"german": {"order": parts}})
    driver.sign_in("cleo", "bob")
    driver.message("jim", "chat", queue="german", skills={"billing": 1})
    assert driver.last(e.OfferMade).agent == "cleo", "the only one who knows billing"
    driver.message("joe", "chat", queue="german")
    assert driver.last(e.OfferMade).agent == best


def called(*order: str, window: timedelta = timedelta(hours=1)) -> Driver:
    """Calls go in this order to ana and bob, of whom ana stands before bob in all that is not asked for."""
    first = plan()
    presence, care = attrs.evolve(first.presence, window=window), attrs.evolve(first.queues["care"], order=order)
    driver = Driver(
        attrs.evolve(first, presence=presence, queues={**first.queues, "care": care}), engine=WatchedEngine()
    )
    driver.sign_in("ana", "bob")
    return driver


def serve(driver: Driver, agent: str, lasts: float) -> None:
    """An agent has a call of so many seconds, while nobody else is there to take it; nothing is wrapped up."""
    others = [name for name in ("ana", "bob") if name != agent]
    for name in others:
        driver.run(c.SetAway(name, "break"))
    got = driver.answered("sue", "voice")
    assert driver.agent_of(got) == agent
    driver.run(c.FinishInteraction(got.interaction, agent), lasts)
    driver.run(c.FinishWrapUp(got.interaction, agent))
    for name in others:
        driver.run(c.SetAvailable(name))


def next_one(driver: Driver) -> str:
    """Whom a call goes to that comes now, and is not taken."""
    driver.call("joe")
    made = driver.last(e.OfferMade)
    driver.run(c.LeaveContact(made.interaction))
    return made.agent


def test_agents_are_ordered_by_the_fewest_handled() -> None:
    driver = called("handled")
    serve(driver, "ana", 1)
    serve(driver, "ana", 1)
    serve(driver, "bob", 600)
    assert next_one(driver) == "bob", "who has taken one, though he talked longest, last, and was idle least"
    serve(driver, "bob", 1)
    assert next_one(driver) == "ana", "both have taken two"
    serve(driver, "bob", 1)
    assert next_one(driver) == "ana"
    assert [key[0] for key in (driver.last(e.OfferMade).key, *driver.last(e.OfferMade).runners_up)] == [2, 3]


def test_agents_are_ordered_by_the_least_talk() -> None:
    driver = called("talk")
    serve(driver, "ana", 100)
    serve(driver, "bob", 30)
    serve(driver, "bob", 30)
    assert next_one(driver) == "bob", "a minute of talk in two calls is less than 100 s in one"
    serve(driver, "bob", 50)
    assert next_one(driver) == "ana"
    made = driver.last(e.OfferMade)
    assert [key[0] for key in (made.key, *made.runners_up)] == [100 * SECOND, 110 * SECOND]


def test_agents_are_ordered_top_down() -> None:
    driver = called("position")
    for name, position in (("ana", 1), ("bob", 0)):
        driver.run(c.DefineAgent(name, ["care"], position=position))
    for _ in range(3):
        assert next_one(driver) == "bob", "the first who is free, however often and however recently he was asked"
        serve(driver, "bob", 60)
    driver.answered("sue", "voice")
    assert next_one(driver) == "ana", "bob has a call in hand"
    driver.run(c.DefineAgent("cleo", ["care"], position=0))
    driver.sign_in("cleo")
    assert next_one(driver) == "cleo"


@pytest.mark.parametrize("part", ["handled", "talk"])
def test_a_fair_distribution_looks_at_a_window_and_not_at_all_that_ever_was(part: str) -> None:
    driver = called(part, window=timedelta(hours=1))
    began_us = driver.now_us
    for _ in range(3):
        serve(driver, "ana", 60)
    of_ana_us = driver.now_us
    driver.advance(1800)
    serve(driver, "bob", 90)
    of_bob_us = driver.now_us
    assert next_one(driver) == "bob", "within the window ana has done more"
    driver.advance_to(began_us + 54 * 60 * SECOND)
    assert next_one(driver) == "bob", "and all of it counts for eleven twelfths of the window at least"
    driver.advance_to(of_ana_us + 60 * 60 * SECOND)
    assert next_one(driver) == "ana", "what she did is longer ago than the window, what bob did is not"
    assert [key[0] > 0 for key in driver.last(e.OfferMade).runners_up] == [True]
    driver.advance_to(of_bob_us + 60 * 60 * SECOND)
    assert next_one(driver) == "ana", "they are equal again, and go by name"
    assert driver.last(e.OfferMade).runners_up == [[0, "bob"]]


def test_a_score_of_the_applications_own_orders_agents() -> None:
    care = attrs.evolve(plan().queues["care"], order=["score:acme.names@1", "idle"])
    scores = {"acme.names@1": Score(lambda agent, contact: len(agent.name))}
    driver = Driver(plan(queues={**plan().queues, "care": care}), engine=WatchedEngine(scores=scores))
    driver.sign_in("ana", "bob", "cleo")
    driver.message()
    assert (driver.last(e.OfferMade).agent, driver.last(e.OfferMade).key[0]) == ("cleo", -4)


def test_a_seeded_random_order_is_the_same_in_every_run_and_another_under_another_seed() -> None:
    def drawn(seed: int) -> list[str]:
        driver = centre({"care": {"order": ["random"]}})
        driver.change_plan(attrs.evolve(driver.engine.view.plan, workspace=attrs.evolve(plan().workspace, seed=seed)))
        driver.sign_in("ana", "bob", "cleo")
        for number in range(6):
            driver.message(f"p{number}", "email", after=0)
        return [made.agent for made in driver.events(e.OfferMade)]

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(5)}) > 1


def test_capacity_is_a_count_per_channel_and_one_weighted_budget() -> None:
    driver = centre()
    driver.sign_in("ana")
    driver.call("joe")
    driver.message("jim", "email")
    assert driver.offered() == {"in1": "ana"}, "a call takes the whole budget"
    hire(driver, "dan")
    driver.run(c.DefineAgent("dan", ["care"], capacity_percent=400))
    driver.call("jan")
    driver.call("jon")
    assert sorted(driver.offered()) == ["in1", "in2", "in3"], "one call each, whatever the budget"


def test_capacity_has_caps_per_label() -> None:
    first = plan(labels={"complex": Label(1)})
    queues = {**first.queues, "german": attrs.evolve(first.queues["german"], labels=["complex"])}
    driver = Driver(attrs.evolve(first, queues=queues), engine=WatchedEngine())
    driver.sign_in("bob")
    driver.answered("p1", "email", queue="german")
    driver.message("p2", "email", queue="german")
    driver.message("p3", "email")
    assert driver.offered() == {"in3": "bob"}


def test_weight_falls_while_the_customer_is_silent_and_regaining_it_never_evicts() -> None:
    driver = centre(channels={"chat": {"silence": Silence(seconds(240), 0)}})
    driver.sign_in("ana")
    for sender in ("joe", "jim"):
        driver.answered(sender)
    driver.run(c.WriteReply("in1", "ana", "hi"))
    driver.message("jon")
    driver.advance(220)
    assert driver.offered() == {}
    driver.message("jay", after=19)
    driver.advance(1)
    assert driver.offered() == {"in3": "ana"}
    driver.accept(driver.offer_to("ana"))
    driver.message("joe")
    assert driver.engine.view.routing.benches["ana"].used_percent == 150
    assert driver.offered() == {}


def test_interruptible_work_is_put_aside_for_what_is_urgent() -> None:
    driver = centre(channels={"voice": {"interrupts": ["email"]}})
    driver.sign_in("ana")
    driver.answered("joe", "email")
    driver.call("jim")
    driver.accept()
    assert driver.last(e.InteractionInterrupted).interaction == "in1"


def test_wrap_up_holds_capacity_until_its_time_is_over_or_the_agent_ends_it() -> None:
    driver = centre()
    driver.sign_in("ana")
    driver.answered("joe", "voice")
    driver.call("jim")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.offered() == {}
    driver.advance(10)
    assert driver.offered() == {"in2": "ana"}
    driver.accept()
    driver.call("jan")
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert driver.offered() == {"in3": "ana"}


def test_a_cold_transfer_goes_to_a_queue_and_not_back_to_whoever_gave_it_away() -> None:
    driver = centre()
    driver.sign_in("ana")
    driver.answered("joe", "chat")
    driver.run(c.TransferInteraction("in1", "ana", "care"))
    assert driver.offered() == {}
    driver.sign_in("bob")
    assert driver.offered() == {"in1": "bob"}


def test_ageing_at_different_rates() -> None:
    driver = centre({"care": {"ageing_percent": 100}, "german": {"ageing_percent": 300}})
    driver.message("joe", "email")
    driver.message("jim", "email", after=120, queue="german")
    driver.advance(30)
    hire(driver, "dan", german=90)
    assert driver.events(e.OfferMade)[0].interaction == "in1", "150 s against 3 x 30 s"
    driver = centre({"care": {"ageing_percent": 100}, "german": {"ageing_percent": 300}})
    driver.message("joe", "email")
    driver.message("jim", "email", after=120, queue="german")
    driver.advance(70)
    hire(driver, "dan", german=90)
    assert driver.events(e.OfferMade)[0].interaction == "in2", "190 s against 3 x 70 s"


def test_agents_rest_after_a_declined_or_missed_offer() -> None:
    first = plan()
    presence = attrs.evolve(first.presence, rest_after_decline=seconds(20))
    driver = Driver(attrs.evolve(first, presence=presence), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.message("joe")
    driver.decline()
    driver.message("jim")
    assert driver.offered() == {}
    driver.advance(20)
    assert driver.offered() == {"in2": "ana"}


def test_everyone_excluded_is_told_and_all_are_asked_again_later() -> None:
    driver = centre({"care": {"retry_after": seconds(40)}})
    driver.sign_in("ana")
    driver.message()
    driver.decline()
    assert driver.last(e.RoutingExhausted).retry_us == driver.now_us + 40 * SECOND
    driver.advance(40)
    assert driver.offered() == {"in1": "ana"}


def test_parallel_offers_and_a_staggered_ring() -> None:
    driver = centre({"care": {"ring": Ring(first=2, more=1, every=seconds(5), most=3)}})
    driver.sign_in("ana", "bob", "cleo")
    driver.message()
    driver.advance(0)
    assert [made.agent for made in driver.pending()] == ["ana", "bob"]
    driver.advance(5)
    assert [made.agent for made in driver.pending()] == ["ana", "bob", "cleo"]
    driver.accept(driver.pending()[1])
    assert driver.offered() == {}
    assert driver.engine.view.contacts.interactions["in1"].agent == "bob"


@pytest.mark.parametrize(("mode", "refusal"), [("fixed", TooSoon), ("required", InvalidCommand)])
def test_wrap_up_without_early_exit_and_wrap_up_that_asks_for_an_outcome(mode: str, refusal: type[Any]) -> None:
    driver = centre(channels={"voice": {"wrap_up_mode": mode}})
    driver.sign_in("ana")
    driver.answered("joe", "voice")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.refuse(c.FinishWrapUp("in1", "ana"), refusal)


def test_a_caller_who_gave_up_has_the_place_back_within_a_minute() -> None:
    driver = centre()
    driver.call("joe")
    driver.call("jim", after=5)
    driver.run(c.LeaveContact("in1"), 10)
    driver.call("joe", after=30)
    driver.sign_in("ana")
    assert driver.offered() == {"in3": "ana"}


def test_callbacks_keep_the_place_or_wait_for_their_time() -> None:
    driver = centre()
    driver.call("joe")
    driver.call("jim", after=5)
    queued = driver.run(c.RequestCallback("in1"), 10).result
    later = driver.run(c.RequestCallback("in2", driver.now_us + 3600 * SECOND)).result
    driver.sign_in("ana")
    assert driver.offered() == {queued.interaction: "ana"}
    assert driver.state(later) == "SCHEDULED"


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_callbacks_agent_first_or_customer_first(first: str) -> None:
    driver = Driver(attrs.evolve(plan(), callbacks=Callbacks(first=first)), engine=WatchedEngine())
    driver.call("joe")
    callback = driver.run(c.RequestCallback("in1"), 10).result
    driver.sign_in("ana")
    assert (driver.offered() == {callback.interaction: "ana"}) == (first == "agent")
    if first == "agent":
        driver.accept()
        driver.run(c.ReportCallback(callback.interaction, "ana", "answered"), 5)
    else:
        assert driver.state(callback) == "DIALING"
        driver.run(c.ReportDialing(callback.interaction, 1, "answered"), 5)
        driver.accept()
    assert (driver.state(callback), driver.agent_of(callback)) == ("ACTIVE", "ana")


def test_callbacks_for_who_asks_on_a_form() -> None:
    driver = centre()
    driver.sign_in("ana")
    callback = driver.run(c.ScheduleCallback("voice", "main", person("joe"), topic="order")).result
    assert driver.offered() == {callback.interaction: "ana"}


def test_callbacks_owned_by_who_promised_them_then_queued_for_anybody() -> None:
    steps = [Step(pool="known", lasts=timedelta(seconds=30)), Step()]
    driver = centre(queues={"care": {"steps": steps}})
    driver.sign_in("ana", "bob")
    driver.run(c.SetAway("bob", "lunch"))
    callback = driver.run(c.ScheduleCallback("voice", "main", person("joe"), agent="bob")).result
    assert driver.offered() == {}
    driver.advance(30)
    assert driver.offered() == {callback.interaction: "ana"}


def test_callbacks_wait_for_their_queue_to_open() -> None:
    driver = centre(queues={"care": {"when_closed": "turn_away"}})
    callback = driver.run(c.ScheduleCallback("voice", "main", person("joe"))).result
    driver.run(c.CloseQueue("care", "night"), 1)
    driver.sign_in("ana")
    assert (driver.state(callback), driver.offered()) == ("QUEUED", {})
    driver.run(c.OpenQueue("care", "morning"), 3600)
    driver.advance(1)
    assert driver.offered() == {callback.interaction: "ana"}


def test_attended_transfer_consult_and_conference() -> None:
    driver = centre()
    driver.sign_in("ana", "bob")
    driver.answered("joe", "chat")
    driver.run(c.AskConsult("in1", "ana", "bob"))
    asked = driver.last(e.ConsultAsked)
    driver.run(c.AcceptConsult(asked.consult, "bob", asked.token), 1)
    assert driver.engine.view.contacts.interactions["in1"].agent == "ana", "who asked has it still"
    driver.run(c.MergeConsult(asked.consult, "ana"))
    parties = driver.engine.view.consults.parties("in1")
    assert [row.consulted for _, row in parties] == ["bob"], "all three talk"
    driver.run(c.CompleteTransfer(asked.consult, "ana"))
    assert driver.engine.view.contacts.interactions["in1"].agent == "bob"
    assert driver.engine.view.consults.parties("in1") == [], "ana has left"


def test_a_supervisor_monitors_and_barges_in() -> None:
    may = ("SignIn", "MonitorInteraction", "BargeIn")
    driver = Driver(plan(roles={"supervisor": Role(may)}), engine=WatchedEngine())
    driver.run(c.DefineAgent("eve", ["sales"], roles=["supervisor"]))
    driver.sign_in("ana", "eve")
    driver.answered("joe", "chat")
    driver.run(c.MonitorInteraction("in1", "eve"), 1)
    assert driver.last(e.MonitoringStarted).interaction == "in1"
    assert driver.engine.view.consults.parties("in1") == [], "who listens does not talk"
    driver.run(c.BargeIn("in1", "eve"), 1)
    assert [row.consulted for _, row in driver.engine.view.consults.parties("in1")] == ["eve"]
    assert driver.engine.view.contacts.interactions["in1"].agent == "ana", "who has it still"


def test_the_source_owns_until_the_target_is_connected_and_then_wraps_up_a_part_of_its_own() -> None:
    values = {"connects": seconds(10), "wrap_up": seconds(20), "wrap_up_percent": 50}
    driver = centre(channels={"chat": values})
    driver.sign_in("ana")
    got = driver.answered()
    driver.sign_in("bob")
    for outcome in ("fails", "works"):
        asked = driver.run(c.TransferToAgent("in1", "ana", "bob")).result
        driver.run(c.AcceptConsult(asked.consult, "bob", asked.token))
        assert driver.agent_of(got) == "ana"
        if outcome == "fails":
            driver.run(c.ReportSetupFailed(asked.consult, "bob", asked.token))
            assert driver.agent_of(got) == "ana"
        else:
            driver.run(c.ConfirmConnected(asked.consult, "bob", asked.token))
    assert driver.agent_of(got) == "bob"
    benches = driver.engine.view.routing.benches
    assert (benches["ana"].used_percent, benches["bob"].used_percent) == (25, 50)
    driver.advance(20)
    assert (benches["ana"].used_percent, driver.state(got)) == (0, "ACTIVE")


def test_work_items_are_routed_like_contacts() -> None:
    first = plan()
    task = attrs.evolve(first.channels["email"], work=True, idle_after=None)
    driver = Driver(attrs.evolve(first, channels={**first.channels, "task": task}), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.message("joe", "email")
    driver.run(c.OpenWorkItem("task", "job1", case="ca1"))
    assert driver.offered() == {"in1": "ana", "in2": "ana"}


def test_bots_are_agents() -> None:
    driver = centre({"care": {"steps": [Step(pool="bots", lasts=seconds(20)), Step(pool="people")]}})
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.sign_in("ana", "rob")
    driver.answered("joe", "chat")
    assert driver.engine.view.contacts.interactions["in1"].agent == "rob"
    driver.run(c.HandOver("in1", "rob"))
    assert driver.offered() == {"in1": "ana"}


def test_agents_are_given_so_much_within_a_time() -> None:
    first = plan()
    presence = attrs.evolve(first.presence, rate=Rate(offers=1, per=seconds(60)))
    driver = Driver(attrs.evolve(first, presence=presence), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.message("joe", "email")
    driver.message("jim", "email")
    assert driver.offered() == {"in1": "ana"}
    driver.advance(60)
    assert driver.offered() == {"in2": "ana"}, "the first was missed, the second is the next one"


def test_the_budget_warms_up_after_sign_in() -> None:
    first = plan()
    presence = attrs.evolve(first.presence, warm_up=WarmUp(lasts=timedelta(minutes=10), percent=50, steps=2))
    driver = Driver(attrs.evolve(first, presence=presence), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.call()
    assert driver.offered() == {}, "a call takes the whole budget"
    driver.advance(600)
    assert driver.offered() == {"in1": "ana"}
