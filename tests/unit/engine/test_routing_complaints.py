"""What users of other systems ask for and do not get: each complaint of the field, and what happens here instead.

That position and wait are never pushed is answered where signals are tested, since the engine pushes nothing.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import attrs
from tests.engine_driver import SECOND, Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_state

from orchestra.errors import NotPermitted, OfferExpired
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Rate
from orchestra.runtime.history.waiting import candidates, why_waiting


def watched(**parts: object) -> Driver:
    """A contact centre whose invariants are checked after every event."""
    return Driver(plan(**parts), engine=WatchedEngine())


def test_work_is_not_stuck_on_an_agent_who_is_offline() -> None:
    driver = watched()
    driver.sign_in("ana")
    call = driver.answered("joe", "voice")
    driver.call("jim", "voice")
    driver.run(c.SignOut("ana"))
    assert driver.state(call) == "QUEUED"
    driver.sign_in("bob")
    assert driver.offered() == {call.interaction: "bob"}, "with the place that it had"


def test_work_is_not_stuck_on_an_agent_whose_devices_fell_silent() -> None:
    driver = watched()
    driver.sign_in("ana")
    call = driver.answered("joe", "voice")
    driver.run(c.LoseDevice("ana", "main"))
    driver.sign_in("bob")
    assert driver.offered() == {}, "she may come back"
    driver.advance(60)
    assert driver.offered() == {call.interaction: "bob"}


def test_the_backlog_is_drained_as_soon_as_capacity_frees() -> None:
    driver = watched()
    driver.sign_in("ana")
    first = driver.answered("joe", "voice")
    for name in ("p1", "p2", "p3", "p4", "p5", "p6"):
        driver.message(name, "email")
    assert driver.offered() == {}
    driver.run(c.FinishInteraction(first.interaction, "ana"))
    freed = driver.run(c.FinishWrapUp(first.interaction, "ana"), after=0)
    made = [event.interaction for event in freed.events if isinstance(event, e.OfferMade)]
    assert made == ["in2", "in3", "in4", "in5", "in6"], "all that fits the budget, in the same moment"


def test_whoever_signs_in_gets_as_much_as_there_is_room_for() -> None:
    driver = watched()
    for name in ("p1", "p2", "p3"):
        driver.message(name, "chat")
    driver.sign_in("ana")
    assert driver.offered() == {"in1": "ana", "in2": "ana"}


def test_nobody_is_taken_to_be_present_who_does_not_answer() -> None:
    driver = watched()
    driver.sign_in("ana", "bob")
    driver.run(c.LoseDevice("ana", "main"))
    for name in ("p1", "p2", "p3", "p4"):
        driver.message(name, "chat")
    assert set(driver.offered().values()) == {"bob"}
    driver.run(c.ReturnDevice("ana", "main"))
    assert Counter(driver.offered().values()) == {"bob": 2, "ana": 2}


def test_who_misses_again_and_again_is_set_away() -> None:
    driver = watched()
    driver.sign_in("ana")
    for name in ("p1", "p2", "p3"):
        driver.call(name)
    driver.advance(60)
    assert driver.last(e.AgentWentAway) == e.AgentWentAway("ana", "missed offers")
    assert driver.offered() == {}


def test_nobody_is_given_more_than_they_can_do_however_much_comes_at_once() -> None:
    driver = watched()
    driver.sign_in("ana", "bob")
    for number in range(30):
        driver.message(f"p{number}", "chat", after=0)
        driver.call(f"q{number}", after=0)
    check_state(driver.engine)
    check_liveness(driver.engine)
    benches = driver.engine.view.routing.benches
    assert [benches[name].used_percent for name in ("ana", "bob")] == [100, 100]
    assert Counter(driver.offered().values()) == {"ana": 2, "bob": 1}, "two chats, one call"


def test_automation_does_not_overwrite_what_a_person_has_taken() -> None:
    driver = watched()
    driver.sign_in("ana", "bob")
    chat = driver.answered("joe", "chat")
    before = driver.engine.state_hash()
    driver.refuse(c.RescindOffer("of1", reason="a rule wants it", actor="system"), OfferExpired)
    driver.refuse(c.TransferInteraction(chat.interaction, "bob", "sales"), NotPermitted)
    assert (driver.agent_of(chat), driver.engine.state_hash()) == ("ana", before)
    driver.change_plan(attrs.evolve(plan(), queues=dict(reversed(plan().queues.items()))))
    assert driver.agent_of(chat) == "ana"


def test_the_place_is_not_lost_on_transfer() -> None:
    driver = watched()
    driver.sign_in("cleo")
    early = driver.answered("joe", "voice")
    driver.call("jim", queue="sales", after=30)
    driver.run(c.TransferInteraction(early.interaction, "cleo", "sales"))
    queued = driver.last(e.InteractionQueued)
    assert (queued.interaction, queued.queue) == (early.interaction, "sales")
    assert queued.start_us == driver.events(e.InteractionQueued)[0].start_us
    driver.run(c.DefineAgent("dan", ["sales"]))
    driver.sign_in("dan")
    assert early.interaction in driver.offered(), "it goes before whoever came later"


def test_one_customer_on_several_channels_at_once_is_one_customer_with_one_case() -> None:
    driver = watched()
    driver.sign_in("ana", "bob")
    call = driver.call("joe", "voice", topic="order")
    chat = driver.message("joe", "chat", topic="order")
    mail = driver.message("joe", "email", topic="order")
    assert {got.customer for got in (call, chat, mail)} == {"cu1"}
    assert {got.case.id for got in (call, chat, mail)} == {"ca1"}
    assert driver.offered() == {call.interaction: "ana"}, "and whoever answers the call answers all three"
    assert [driver.state(got) for got in (call, chat, mail)] == ["OFFERED", "LINKED", "LINKED"]


def test_why_this_agent_is_answered() -> None:
    driver = watched()
    driver.sign_in("ana", "bob", "cleo")
    driver.answered("jim", "chat")
    driver.message("joe", "chat")
    made = driver.last(e.OfferMade)
    assert made.agent == "bob", "who is idle for longer than cleo, while ana has something in hand"
    assert made.key[-1] == "bob"
    assert [key[-1] for key in made.runners_up] == ["cleo", "ana"]
    assert made.key < made.runners_up[0] < made.runners_up[1]
    german = driver.message("jan", "chat", queue="german")
    assert driver.last(e.OfferMade).failed == {"skills": 1}
    driver.decline()
    told = {one.agent: one.failing for one in candidates(driver.engine.view, german.interaction)}
    assert told["ana"] == "skill german 0 < 50"


def test_why_it_still_waits_is_answered() -> None:
    driver = watched()
    nobody = driver.message("joe", "chat", queue="german")
    driver.sign_in("ana")
    driver.answered("jim", "voice")
    busy = driver.call("jan")
    reasons = {}
    for got in (nobody, busy):
        waiting = why_waiting(driver.engine.view, got.interaction)
        assert waiting is not None
        reasons[got.interaction] = waiting.reason
    assert reasons == {nobody.interaction: "no_agents", busy.interaction: "saturated"}


def test_the_estimated_wait_is_known_from_the_pace_of_the_queue() -> None:
    driver = watched()
    driver.sign_in("ana")
    for number in range(4):
        driver.call(f"p{number}")
        driver.accept(after=0)
        driver.run(c.FinishInteraction(f"in{number + 1}", "ana"), 60)
        driver.run(c.FinishWrapUp(f"in{number + 1}", "ana"), after=0)
    driver.call("joe")
    driver.accept(after=0)
    driver.call("jim")
    driver.call("jan")
    first, second = (driver.engine.view.routing.place(name) for name in ("in6", "in7"))
    assert first is not None
    assert second is not None
    assert (first[0], second[0]) == (0, 1)
    assert second[1] == 2 * (first[1] or 0)
    assert abs((first[1] or 0) - 61 * SECOND) < timedelta(seconds=15) / timedelta(microseconds=1)


def test_whoever_comes_back_from_leave_is_not_buried() -> None:
    first = plan()
    presence = attrs.evolve(first.presence, on_return=Rate(offers=3, per=timedelta(minutes=30)))
    driver = Driver(attrs.evolve(first, presence=presence), engine=WatchedEngine())
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=10_000))
    for number in range(100):
        driver.message(f"p{number}", "email")
    driver.sign_in("ana")
    assert len(driver.offered()) == 3
    waiting = why_waiting(driver.engine.view, "in50")
    assert waiting is not None
    assert waiting.reason == "rate_limited"
