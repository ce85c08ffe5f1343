from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import MINUTE, SECOND, Driver, plan

from orchestra.engine.routing.rows import EXHAUSTED, MOST_IN_HAND, RETRY
from orchestra.errors import NotPermitted, OfferExpired, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Presence
from orchestra.model.results import Accepted, CaseRef


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.sign_in("ana")
    return driver


def _ends(driver: Driver) -> list[tuple[str, str]]:
    return [(event.agent, event.outcome) for event in driver.events(e.OfferEnded)]


def _channels(**changes: dict[str, Any]) -> Any:
    channels = dict(plan().channels)
    for name, change in changes.items():
        channels[name] = attrs.evolve(channels[name], **change)
    return plan(channels=channels)


# Accepting


def test_an_offer_is_accepted(driver: Driver) -> None:
    driver.message()
    made = driver.last(e.OfferMade)
    assert (made.offer, made.token, made.agent, made.queue, made.channel) == ("of1", 1, "ana", "care", "chat")
    assert (made.weight_percent, made.deadline_us) == (50, driver.now_us + 30 * SECOND)
    decided = driver.run(c.AcceptOffer("of1", "ana", 1))
    assert decided.events[0] == e.OfferAccepted("of1", "in1", "cu1", "ana")
    assert decided.result == Accepted("of1", "in1", CaseRef("ca1", "C-000001"), "cu1")
    assert driver.engine.view.contacts.interactions["in1"].agent == "ana"


@pytest.mark.parametrize("make", [c.AcceptOffer, c.DeclineOffer])
def test_an_answer_carries_the_agent_and_the_token(driver: Driver, make: Any) -> None:
    driver.message()
    driver.refuse(make("of1", "bob", 1), NotPermitted, actor="agent:bob")
    driver.refuse(make("of1", "ana", 0), OfferExpired, offer="of1", state="PENDING")
    driver.refuse(make("of1", "ana", 2), OfferExpired, offer="of1")
    driver.refuse(make("of9", "ana", 1), UnknownId, kind="offer", id="of9")


@pytest.mark.parametrize("bad", ["", "of", "of0", "of-1", "in1", "of9", "of" + "9" * 5000, "of²"])
@pytest.mark.parametrize(
    "make",
    [lambda o: c.AcceptOffer(o, "ana", 1), lambda o: c.DeclineOffer(o, "ana", 1), lambda o: c.RescindOffer(o, "x")],
)
def test_an_offer_that_never_was(driver: Driver, make: Any, bad: str) -> None:
    driver.message()
    driver.refuse(make(bad), UnknownId, kind="offer", id=bad)


@pytest.mark.parametrize("make", [lambda o: c.DeclineOffer(o, "ana", 1), lambda o: c.RescindOffer(o, "x")])
def test_an_offer_that_has_ended(driver: Driver, make: Any) -> None:
    driver.message()
    driver.accept()
    driver.refuse(make("of1"), OfferExpired, offer="of1", state="ACCEPTED")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.refuse(make("of1"), OfferExpired, offer="of1", state="over")


def test_accepting_again_gives_the_same_as_long_as_the_agent_has_it(driver: Driver) -> None:
    """Whoever was not told whether the first answer was stored asks again."""
    driver.call()
    first = driver.accept()
    for step in (c.HoldInteraction("in1", "ana"), c.RetrieveInteraction("in1", "ana"), c.LeaveContact("in1")):
        again = driver.accept()
        assert (again.events, again.result) == ([], first.result)
        driver.run(step)
    assert driver.engine.view.contacts.interactions["in1"].state == "WRAPPING"
    assert (driver.accept().events, driver.accept().result) == ([], first.result)
    driver.run(c.FinishWrapUp("in1", "ana"))
    driver.refuse(c.AcceptOffer("of1", "ana", 1), OfferExpired, offer="of1", state="over")


@pytest.mark.parametrize(
    ("command", "error"),
    [(c.AcceptOffer("of1", "ana", 2), OfferExpired), (c.AcceptOffer("of1", "bob", 1), NotPermitted)],
)
def test_only_who_accepted_it_may_ask_again(driver: Driver, command: c.Command, error: Any) -> None:
    driver.message()
    driver.accept()
    driver.refuse(command, error)


def test_accepting_again_brings_back_nothing_that_was_given_back(driver: Driver) -> None:
    driver.message()
    driver.accept()
    driver.run(c.SignOut("ana"))
    driver.sign_in("ana")
    driver.refuse(c.AcceptOffer("of1", "ana", 1), OfferExpired, offer="of1", state="ACCEPTED")
    assert driver.accept().result.offer == "of2"
    driver.refuse(c.AcceptOffer("of1", "ana", 1), OfferExpired, offer="of1", state="ACCEPTED")


# Declining, missing, taking back


def test_whoever_declines_is_not_asked_again(driver: Driver) -> None:
    driver.message()
    driver.sign_in("bob")
    decided = driver.run(c.DeclineOffer("of1", "ana", 1, "busy"))
    assert decided.events[0] == e.OfferEnded("of1", "in1", "cu1", "ana", "DECLINED", "busy")
    assert driver.offered() == {"in1": "bob"}
    driver.decline()
    assert driver.offered() == {}
    driver.sign_in("cleo")
    assert driver.offered() == {"in1": "cleo"}


def test_a_missed_offer_goes_to_the_next(driver: Driver) -> None:
    driver.message()
    driver.sign_in("bob")
    driver.advance(29)
    assert _ends(driver) == [("ana", "TIMED_OUT")]
    assert driver.offered() == {"in1": "bob"}


def test_an_offer_that_times_out_keeps_the_place(driver: Driver) -> None:
    first = driver.message("joe")
    second = driver.message("jim")
    third = driver.message("jan")
    assert set(driver.offered()) == {first.interaction, second.interaction}
    driver.run(c.SetAway("ana", "x"))
    driver.sign_in("bob")
    assert set(driver.offered()) == {first.interaction, second.interaction}
    assert third.interaction not in driver.offered()


def test_an_offer_is_taken_back_and_made_anew(driver: Driver) -> None:
    driver.message()
    decided = driver.run(c.RescindOffer("of1", "supervisor"))
    assert [type(event) for event in decided.events] == [e.OfferEnded, e.InteractionQueued, e.OfferMade]
    assert driver.last(e.OfferEnded) == e.OfferEnded("of1", "in1", "cu1", "ana", "RESCINDED", "supervisor")
    made = driver.last(e.OfferMade)
    assert (made.agent, made.token) == ("ana", 2), "taking back is nobody's fault: they may be asked again"
    driver.refuse(c.AcceptOffer("of1", "ana", 1), OfferExpired, state="RESCINDED")
    assert driver.accept().events


@pytest.mark.parametrize("ends", [c.RescindOffer("of1", "supervisor"), c.ReportSetupFailed("of1", "ana", 1, "no line")])
def test_whose_offer_ends_is_offered_first_what_is_more_urgent(ends: c.Command) -> None:
    driver = Driver(_channels(chat={"connects": timedelta(seconds=10)}))
    driver.change_plan(attrs.evolve(driver.engine.view.plan, presence=Presence(rest_after_setup_failure=timedelta())))
    driver.sign_in("ana")
    chat = driver.message()
    driver.accept()
    call = driver.call("jim", priority=5)
    assert driver.ringing(chat) == {"ana": "CONNECTING"}
    driver.run(ends)
    assert driver.offered() == {call.interaction: "ana"}, "and not the chat again, though it waited for her just now"
    driver.sign_in("bob")
    assert driver.offered() == {call.interaction: "ana", chat.interaction: "bob"}


# Agents who go


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (c.SetAway("ana", "lunch"), "RESCINDED"),
        (c.SignOut("ana"), "RESCINDED"),
        (c.RemoveAgent("ana"), "RESCINDED"),
        (c.LoseDevice("ana", "main"), "AGENT_LOST"),
    ],
)
def test_offers_of_an_agent_who_goes_end_at_once(driver: Driver, command: c.Command, outcome: str) -> None:
    driver.message("joe")
    driver.message("jim")
    driver.sign_in("bob")
    driver.run(command)
    assert _ends(driver) == [("ana", outcome)] * 2
    assert driver.offered() == {"in1": "bob", "in2": "bob"}
    ana = driver.engine.view.presence.agents.get("ana")
    assert ana is None or ana.misses == 0, "no blame"


def test_with_a_device_left_offers_stay(driver: Driver) -> None:
    driver.run(c.SignIn("ana", "phone"))
    driver.message()
    driver.run(c.LoseDevice("ana", "main"))
    assert driver.offered() == {"in1": "ana"}


@pytest.mark.parametrize("how", ["sign_out", "lost"])
def test_work_in_hand_queues_again_or_stays_as_its_channel_says(driver: Driver, how: str) -> None:
    chat, email = driver.answered("joe", "chat"), driver.answered("jim", "email")
    driver.run(c.HoldInteraction("in1", "ana"))
    start_us = driver.events(e.InteractionQueued)[0].start_us
    if how == "sign_out":
        driver.run(c.SignOut("ana"), 1)
    else:
        driver.run(c.LoseDevice("ana", "main"))
        assert (driver.state(chat), driver.state(email)) == ("HELD", "ACTIVE"), "the grace"
        driver.advance(60)
    assert (driver.state(chat), driver.state(email)) == ("QUEUED", "ACTIVE")
    again = driver.last(e.InteractionQueued)
    assert (again.interaction, again.start_us, again.order) == ("in1", start_us, 1)
    assert again.reason == {"sign_out": "agent_signed_out", "lost": "agent_lost"}[how]
    assert driver.agent_of(email) == "ana"


def test_a_removed_agent_leaves_nothing_behind(driver: Driver) -> None:
    driver.answered("joe", "chat")
    email = driver.answered("jim", "email")
    events = driver.run(c.RemoveAgent("ana")).events
    assert [(event.interaction, event.reason) for event in events if isinstance(event, e.InteractionQueued)] == [
        ("in1", "agent_signed_out"),
        ("in2", "agent_removed"),
    ]
    assert driver.state(email) == "QUEUED"
    driver.sign_in("bob")
    assert driver.offered() == {"in1": "bob", "in2": "bob"}


def test_an_agent_defined_again_begins_with_an_empty_desk(driver: Driver) -> None:
    driver.answered("jim", "email")
    driver.run(c.RemoveAgent("ana"))
    driver.run(c.DefineAgent("ana", ["care"]))
    bench = driver.engine.view.routing.benches["ana"]
    assert (bench.used_percent, bench.counts, bench.takes_work) == (0, {}, False)


# Everybody declined


def test_when_everybody_declined_they_are_asked_again_later(driver: Driver) -> None:
    driver.message()
    decided = driver.decline()
    assert decided.events[-1] == e.RoutingExhausted("in1", "cu1", "care", driver.now_us + 30 * SECOND)
    assert driver.offered() == {}
    assert driver.advance(29.9) == []
    retried, made = driver.advance(0.1)
    assert retried == e.RoutingRetried("in1", "cu1")
    assert isinstance(made, e.OfferMade)
    assert driver.offered() == {"in1": "ana"}


def test_the_queue_says_how_much_later() -> None:
    driver = Driver()
    driver.sign_in("cleo")
    driver.message("joe", "email", account="sales")
    driver.decline()
    assert driver.last(e.RoutingExhausted).retry_us == driver.now_us + 45 * SECOND


def test_somebody_busy_may_still_take_it(driver: Driver) -> None:
    driver.sign_in("bob")
    driver.run(c.SetAway("ana", "x"))
    driver.answered("jim", "voice")
    driver.run(c.SetAvailable("ana"))
    driver.message("joe")
    driver.decline()
    assert driver.events(e.RoutingExhausted) == [], "bob is busy and has not been asked"
    assert driver.engine.view.timers.get(RETRY, "in2") is None


@pytest.mark.parametrize(
    "command",
    [
        c.SignOut("bob"),
        c.SetAway("bob", "x"),
        c.LoseDevice("bob", "main"),
        c.RemoveAgent("bob"),
        c.DefineAgent("bob", ["sales"]),
    ],
)
def test_when_the_last_who_could_take_it_goes_it_is_exhausted(driver: Driver, command: c.Command) -> None:
    driver.sign_in("bob")
    driver.run(c.SetAway("ana", "x"))
    driver.run(c.DefineAgent("bob", ["care"], capacity_percent=100))
    driver.answered("jim", "voice")
    driver.run(c.SetAvailable("ana"))
    driver.message("joe")
    driver.decline()
    driver.run(command)
    assert driver.advance(0)[-1] == e.RoutingExhausted("in2", "cu2", "care", driver.now_us + 30 * SECOND)
    driver.advance(30)
    assert driver.last(e.RoutingRetried).interaction == "in2"
    assert driver.offered()["in2"] == "ana"


def test_a_changed_plan_that_leaves_nobody_exhausts_it(driver: Driver) -> None:
    driver.sign_in("bob")
    driver.run(c.SetAway("ana", "x"))
    driver.answered("jim", "voice")
    driver.run(c.SetAvailable("ana"))
    driver.message("joe")
    driver.decline()
    agents = dict(plan().agents)
    agents["bob"] = attrs.evolve(agents["bob"], teams=("sales",), skills={})
    driver.change_plan(plan(agents=agents))
    driver.advance(1)
    assert driver.last(e.RoutingExhausted).interaction == "in2"


def test_what_is_exhausted_goes_to_whoever_comes(driver: Driver) -> None:
    driver.message()
    driver.decline()
    driver.sign_in("bob")
    assert driver.offered() == {"in1": "bob"}
    assert driver.engine.view.timers.get(RETRY, "in1") is None
    driver.accept()
    driver.advance(60)
    assert driver.events(e.RoutingRetried) == []


def test_what_goes_while_it_is_exhausted_is_forgotten(driver: Driver) -> None:
    driver.message()
    driver.decline()
    driver.run(c.LeaveContact("in1"))
    assert driver.engine.view.timers.get(RETRY, "in1") is None
    assert driver.engine.view.timers.get(EXHAUSTED, "in1") is None
    assert driver.advance(600) == []


def test_after_the_retry_with_nobody_there_it_waits_for_anybody(driver: Driver) -> None:
    driver.message(channel="email")
    driver.decline()
    driver.run(c.SignOut("ana"))
    driver.advance(30)
    assert driver.advance(600) == []
    driver.sign_in("ana")
    assert driver.offered() == {"in1": "ana"}


# Transfers


def test_whoever_hands_over_does_not_get_it_back_at_once(driver: Driver) -> None:
    driver.answered()
    driver.run(c.TransferInteraction("in1", "ana", "care"))
    assert driver.offered() == {}
    assert driver.last(e.RoutingExhausted).interaction == "in1"
    driver.sign_in("bob")
    assert driver.offered() == {"in1": "bob"}


def test_a_transfer_frees_whoever_hands_over(driver: Driver) -> None:
    driver.answered("joe", "voice")
    driver.call("jim")
    assert driver.offered() == {}
    driver.run(c.TransferInteraction("in1", "ana", "sales"))
    assert driver.offered() == {}, "she wraps up her part"
    driver.advance(10)
    assert driver.offered() == {"in2": "ana"}


def test_a_transferred_contact_goes_before_those_who_came_after_it() -> None:
    driver = Driver()
    driver.sign_in("bob")
    first = driver.answered("joe", "voice")
    driver.message("jim", "voice", queue="care")
    driver.run(c.SetAway("bob", "x"))
    driver.run(c.TransferInteraction(first.interaction, "bob", "care"))
    driver.sign_in("ana")
    assert driver.offered() == {first.interaction: "ana"}


# Freed capacity


@pytest.mark.parametrize("how", ["finish", "cancel", "leave", "decline", "leave_offered", "transfer"])
def test_freed_capacity_is_used_at_once(driver: Driver, how: str) -> None:
    channel = "chat"
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=50))
    driver.message("joe", channel)
    if how in ("finish", "cancel", "leave", "transfer"):
        driver.accept()
    driver.message("jim", channel)
    driver.run(
        {
            "finish": c.FinishInteraction("in1", "ana"),
            "cancel": c.CancelInteraction("in1", "x"),
            "leave": c.LeaveContact("in1"),
            "decline": c.DeclineOffer("of1", "ana", 1),
            "leave_offered": c.LeaveContact("in1"),
            "transfer": c.TransferInteraction("in1", "ana", "sales"),
        }[how]
    )
    assert driver.offered() == {"in2": "ana"}


@pytest.mark.parametrize(
    "command",
    [
        c.SetAvailable("ana"),
        c.SignIn("ana"),
        c.ReturnDevice("ana", "main"),
        c.DefineAgent("ana", ["care"]),
    ],
)
def test_whoever_becomes_able_is_offered_what_waits(command: c.Command) -> None:
    driver = Driver()
    if isinstance(command, c.SetAvailable | c.ReturnDevice | c.DefineAgent):
        driver.run(c.SignIn("ana"))
    if isinstance(command, c.SetAvailable):
        driver.run(c.SetAway("ana", "x"))
    if isinstance(command, c.ReturnDevice):
        driver.run(c.LoseDevice("ana", "main"))
    if isinstance(command, c.DefineAgent):
        driver.run(c.DefineAgent("ana", ["sales"]))
    driver.message()
    assert driver.offered() == {}
    driver.run(command)
    assert driver.offered() == {"in1": "ana"}


# Changes of plan


def test_a_plan_with_more_room_is_swept(driver: Driver) -> None:
    for name in ("joe", "jim", "jan"):
        driver.message(name)
    assert len(driver.offered()) == 2
    driver.change_plan(_channels(chat={"weight_percent": 30}))
    assert len(driver.offered()) == 2, "what is held keeps its weight"
    driver.accept(driver.pending()[0])
    driver.run(c.FinishInteraction("in1", "ana"))
    assert set(driver.offered()) == {"in2", "in3"}


def test_a_sweep_offers_what_a_new_plan_makes_possible(driver: Driver) -> None:
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=40))
    driver.message()
    assert driver.offered() == {}
    driver.change_plan(_channels(chat={"weight_percent": 30}))
    driver.advance(0)
    assert driver.offered() == {"in1": "ana"}
    assert driver.last(e.RoutingSwept) == e.RoutingSwept(["ana"])


def test_nobody_works_so_nothing_is_swept() -> None:
    driver = Driver()
    driver.message()
    driver.change_plan(_channels(chat={"weight_percent": 30}))
    assert driver.advance(60) == []


def _crowd(driver: Driver, number: int, **values: Any) -> list[str]:
    names = [f"agent{index:03d}" for index in range(number)]
    for name in names:
        driver.run(c.DefineAgent(name, ["care"], **values))
        driver.run(c.SignIn(name))
    return names


def test_a_sweep_goes_in_slices_which_yield_to_commands(driver: Driver) -> None:
    names = _crowd(driver, 120)
    driver.change_plan(_channels(chat={"weight_percent": 30}))
    since = len(driver.batches)
    driver.advance(0)
    assert driver.run(c.SetAway("ana", "x")).events, "between two slices"
    driver.advance(1)
    swept = [
        event.agents for batch in driver.batches[since:] for event in batch.events if isinstance(event, e.RoutingSwept)
    ]
    assert [len(agents) for agents in swept] == [50, 50, 20]
    assert sorted(name for agents in swept for name in agents) == sorted(names), "ana is gone before her turn"


def test_a_sweep_that_finds_much_work_stops_early() -> None:
    driver = Driver()
    for number in range(300):
        driver.message(f"p{number}", "email", after=0)
    driver.run(c.DefineAgent("ana", ["sales"]))
    driver.run(c.DefineAgent("bob", ["sales"]))
    _crowd(driver, 6, capacity_percent=1)
    driver.change_plan(_channels(email={"weight_percent": 200}))
    driver.advance(1)
    for name in [f"agent{number:03d}" for number in range(6)]:
        driver.run(c.DefineAgent(name, ["care"], capacity_percent=60))
    driver.change_plan(_channels(email={"weight_percent": 1, "offer_timeout": timedelta(days=1)}))
    since = len(driver.batches)
    driver.advance(1)
    assert max(len(batch.events) for batch in driver.batches[since:]) <= 400
    assert len(driver.offered()) == 300


def test_a_new_plan_during_a_sweep_begins_it_anew(driver: Driver) -> None:
    _crowd(driver, 60)
    driver.change_plan(_channels(chat={"weight_percent": 30}))
    driver.advance(0)
    assert len(driver.engine.view.routing.to_sweep) == 11
    driver.change_plan(_channels(chat={"weight_percent": 20}))
    driver.engine.tick(driver.engine.due() or 0)
    assert len(driver.engine.view.routing.to_sweep) == 61
    assert driver.reloaded().state_hash() == driver.engine.state_hash()
    driver.run(c.RemoveAgent("agent059"))
    driver.advance(1)
    assert driver.engine.view.routing.to_sweep == {}
    assert driver.engine.view.timers.get("routing.sweep", "") is None


# Bounds


def test_whatever_becomes_of_an_agent_fits_one_batch() -> None:
    driver = Driver(_channels(email={"weight_percent": 1, "offer_timeout": timedelta(days=1)}))
    for number in range(MOST_IN_HAND + 50):
        driver.message(f"p{number}", "email", after=0)
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=10_000))
    driver.run(c.DefineAgent("bob", ["care"], capacity_percent=10_000))
    driver.sign_in("ana")
    assert list(driver.offered().values()).count("ana") == MOST_IN_HAND
    driver.sign_in("bob")
    driver.run(c.SignOut("ana"))
    assert list(driver.offered().values()).count("bob") == MOST_IN_HAND
    assert max(len(batch.events) for batch in driver.batches) < 600


def test_the_pace_of_a_queue_and_a_place_in_it() -> None:
    driver = Driver()
    routing = driver.engine.view.routing
    for name in ("joe", "jim", "jan", "jon"):
        driver.call(name, after=0)
    assert [routing.place(f"in{number}") for number in (1, 2, 3, 4)] == [(0, None), (1, None), (2, None), (3, None)]
    assert routing.place("in9") is None
    driver.sign_in("ana")
    driver.accept()
    driver.run(c.FinishInteraction("in1", "ana"), 79)
    driver.run(c.FinishWrapUp("in1", "ana"))
    assert routing.place("in2") is None, "it is offered"
    driver.accept(after=1)
    assert (routing.pace["care"][0], routing.pace["care"][2]) == (driver.now_us, 80 * SECOND)
    assert routing.place("in3") == (0, 80 * SECOND)
    assert routing.place("in4") == (1, 160 * SECOND)
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    driver.accept(after=0)
    assert (routing.pace["care"][0], routing.pace["care"][2]) == (driver.now_us, 70 * SECOND)


def test_idle_time_and_nights_tell_nothing_of_how_fast_a_queue_is_served() -> None:
    driver = Driver()
    routing = driver.engine.view.routing
    driver.sign_in("ana")
    for number in range(1, 4):  # one call in ten minutes, over in fifteen seconds
        driver.call(f"p{number}", after=600)
        driver.accept(after=1)
        driver.run(c.FinishInteraction(f"in{number}", "ana"), 10)
        driver.run(c.FinishWrapUp(f"in{number}", "ana"), 5)
    driver.call("joe", after=12 * 3600)
    driver.accept(after=1)
    driver.call("jim")
    place = routing.place("in5")
    assert place is not None
    assert place[1] == 15 * SECOND, "by how long a call keeps ana"
    driver.run(c.SetAway("ana", "lunch"))
    assert routing.place("in5") == (0, None), "nobody at work could help"


def test_the_pace_begins_when_somebody_begins_to_wait() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.call("joe")
    driver.accept()
    driver.call("jim", after=3600)
    driver.run(c.FinishInteraction("in1", "ana"), 590)
    driver.run(c.FinishWrapUp("in1", "ana"), 5)
    driver.accept(after=5)
    assert driver.engine.view.routing.pace["care"][2] == 600 * SECOND


def test_who_waited_through_the_night_tells_nothing_of_the_day() -> None:
    driver = Driver()
    routing = driver.engine.view.routing
    driver.call("joe")
    driver.call("jim")
    driver.run(c.SignIn("ana"), 12 * 3600)
    driver.accept(after=5)
    assert routing.pace["care"][2] == 0


def test_a_place_counts_all_who_wait_in_the_queue_whatever_they_need() -> None:
    driver = Driver()
    driver.message("joe", skills={"german": 10})
    driver.message("jim", "email")
    driver.message("jan", priority=5)
    driver.message("jon", queue="german")
    places = [driver.engine.view.routing.place(f"in{number}") for number in (1, 2, 3, 4)]
    assert [place and place[0] for place in places] == [1, 2, 0, 0]


def test_minutes_of_priority() -> None:
    driver = Driver()
    driver.message("joe", after=0)
    driver.message("jim", after=119, priority=2)
    driver.message("jan", after=2, priority=2)
    driver.sign_in("ana")
    assert list(driver.offered()) == ["in2", "in1"]
    assert driver.engine.view.routing.rules.rank("in2", driver.engine.view.routing.items["in2"])[1] == (
        driver.events(e.InteractionQueued)[1].start_us - 2 * MINUTE
    )
