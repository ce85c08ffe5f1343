"""Callbacks in which the customer is called first: when, how many at once, and what becomes of each call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import HOUR, MINUTE, SECOND, Driver, plan
from tests.invariants import WatchedEngine

from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Callbacks, Channel, Queue
from orchestra.model.routing import Step
from orchestra.runtime.history.waiting import why_waiting

CUSTOMERS = ("joe", "eve", "ann", "max", "zoe")


def centre(queues: dict[str, Queue] | None = None, channels: dict[str, Channel] | None = None, **values: Any) -> Driver:
    """A watched contact centre that calls customers first."""
    first = plan()
    return Driver(
        attrs.evolve(
            first,
            queues={**first.queues, **(queues or {})},
            channels={**first.channels, **(channels or {})},
            callbacks=Callbacks(first="customer", **values),
        ),
        engine=WatchedEngine(),
    )


def care(**values: Any) -> dict[str, Queue]:
    return {"care": attrs.evolve(plan().queues["care"], **values)}


def waiting(driver: Driver, *senders: str) -> list[Any]:
    """Callbacks that wait, in the places of calls."""
    return [driver.run(c.RequestCallback(driver.call(sender).interaction), 5).result for sender in senders or ("joe",)]


def report(driver: Driver, callback: Any, outcome: str, after: float = 1) -> Any:
    token = driver.engine.view.callbacks.callbacks[callback.interaction].token
    return driver.run(c.ReportDialing(callback.interaction, token, outcome), after).result


def states(driver: Driver, callbacks: list[Any]) -> list[str]:
    return [driver.state(callback) for callback in callbacks]


# When


def test_the_customer_is_called_when_an_agent_is_free_and_nobody_is_asked_before_the_answer() -> None:
    driver = centre()
    (callback,) = waiting(driver)
    assert driver.state(callback) == "QUEUED"
    driver.sign_in("ana")
    made = driver.last(e.CallbackDialing)
    assert (driver.state(callback), driver.offered()) == ("DIALING", {})
    assert (made.interaction, made.token, made.attempt) == (callback.interaction, 1, 1)
    assert (made.queue, made.channel, made.account) == ("care", "voice", "main")
    assert made.until_us == driver.now_us + MINUTE


def test_who_asks_while_an_agent_is_free_is_called_at_once() -> None:
    driver = centre()
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    assert driver.state(callback) == "DIALING"


def test_no_agent_is_held_while_a_customer_is_called() -> None:
    driver = centre()
    waiting(driver)
    driver.sign_in("ana")
    other = driver.call("zoe")
    assert driver.offered() == {other.interaction: "ana"}


def test_whoever_waits_longer_on_the_line_is_offered_before_a_customer_is_called() -> None:
    driver = centre()
    other = driver.call("zoe")
    (callback,) = waiting(driver)
    driver.sign_in("ana")
    assert (driver.offered(), driver.state(callback)) == ({other.interaction: "ana"}, "QUEUED")


def test_the_customer_who_answers_waits_before_all_others_and_is_offered() -> None:
    driver = centre()
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    first = driver.call("zoe")
    assert driver.offered() == {first.interaction: "ana"}
    second = driver.call("max")
    assert report(driver, callback, "answered").waits
    assert driver.last(e.CallbackAnswered).agent is None
    queued = driver.last(e.InteractionQueued)
    assert (queued.start_us, queued.at_front, queued.first) == (driver.now_us, True, None)
    driver.decline()
    assert driver.offered() == {callback.interaction: "ana"}
    assert (driver.state(first), driver.state(second)) == ("QUEUED", "QUEUED")


def test_a_time_that_comes_is_the_turn_to_be_called() -> None:
    driver = centre()
    driver.sign_in("ana")
    due_us = driver.now_us + HOUR
    callback = driver.run(c.RequestCallback(driver.call().interaction, due_us)).result
    driver.advance_to(due_us - 1)
    assert driver.state(callback) == "SCHEDULED"
    driver.advance_to(due_us)
    assert driver.state(callback) == "DIALING"


def test_who_knows_the_customer_is_waited_for_before_the_customer_is_called() -> None:
    steps = [Step(pool="known", lasts=timedelta(seconds=30)), Step()]
    driver = centre(care(steps=steps))
    driver.sign_in("ana", "bob")
    driver.call("zoe")
    driver.run(c.DeclineOffer("of1", "ana", 1))
    driver.accept(driver.offer_to("bob"))
    due_us = driver.now_us + HOUR
    callback = driver.run(c.RequestCallback(driver.call().interaction, due_us, "bob")).result
    driver.advance_to(due_us)
    assert driver.state(callback) == "QUEUED"
    driver.advance(30)
    assert driver.state(callback) == "DIALING"


# How many at once


def test_never_more_are_called_than_agents_are_free() -> None:
    driver = centre(at_once=5)
    callbacks = waiting(driver, *CUSTOMERS)
    driver.sign_in("ana", "bob")
    assert states(driver, callbacks) == ["DIALING", "DIALING", "QUEUED", "QUEUED", "QUEUED"]


def test_never_more_are_called_than_the_plan_allows_and_why_the_next_one_waits_is_told() -> None:
    driver = centre(at_once=1)
    callbacks = waiting(driver, "joe", "eve")
    driver.sign_in("ana", "bob")
    assert states(driver, callbacks) == ["DIALING", "QUEUED"]
    told = why_waiting(driver.engine.view, callbacks[1].interaction)
    assert told is not None
    assert (told.reason, told.sentence) == (
        "others_called",
        "as many customers of queue care are being called as may be at once",
    )
    assert why_waiting(driver.engine.view, callbacks[0].interaction) is None


@pytest.mark.parametrize("end", ["busy", "wrong_number", "answered", "cancel", "reschedule", "other", "time"])
def test_when_a_call_ends_the_next_customer_is_called(end: str) -> None:
    driver = centre(at_once=1)
    first, second = waiting(driver, "joe", "eve")
    driver.sign_in("ana", "bob")
    if end == "cancel":
        driver.run(c.CancelCallback(first.interaction, "no need"), 1)
    elif end == "reschedule":
        driver.run(c.RescheduleCallback(first.interaction, driver.now_us + HOUR), 1)
    elif end == "other":
        driver.run(c.CancelInteraction(first.interaction, "no need"), 1)
    elif end == "time":
        driver.advance(60)
    else:
        report(driver, first, end)
    assert driver.state(second) == "DIALING"


def test_an_agent_who_serves_two_queues_is_a_reason_to_call_in_both() -> None:
    driver = centre()
    joe = driver.run(c.RequestCallback(driver.call("joe").interaction), 1).result
    eve = driver.run(c.RequestCallback(driver.call("eve", queue="sales").interaction), 1).result
    driver.sign_in("cleo")
    assert states(driver, [joe, eve]) == ["DIALING", "DIALING"]


def test_of_different_needs_only_those_are_called_whom_somebody_could_take() -> None:
    driver = centre()
    german = driver.run(c.RequestCallback(driver.call("joe", skills={"german": 80}).interaction), 1).result
    plain = driver.run(c.RequestCallback(driver.call("eve").interaction), 1).result
    driver.sign_in("ana")
    assert states(driver, [german, plain]) == ["QUEUED", "DIALING"]
    driver.sign_in("cleo")
    assert driver.state(german) == "QUEUED", "cleo may be needed for the other"
    report(driver, plain, "busy")
    assert driver.state(german) == "DIALING"


def test_one_free_agent_is_the_reason_for_at_most_fifty_calls_in_one_batch() -> None:
    queues = {f"q{number}": Queue("care") for number in range(60)}
    driver = centre(queues)
    for queue in queues:
        driver.run(c.RequestCallback(driver.call(f"of-{queue}", queue=queue).interaction), 1)
    driver.sign_in("ana")
    assert len(driver.events(e.CallbackDialing)) == 50
    call = driver.call("zoe")
    assert driver.offered() == {call.interaction: "ana"}


# Ahead


def busy(**values: Any) -> Driver:
    """A queue with a pace of ten seconds, whose one agent talks."""
    driver = centre(channels={"voice": attrs.evolve(plan().channels["voice"], wrap_up=timedelta())}, **values)
    driver.sign_in("ana")
    for sender in ("a", "b", "c", "d"):
        got = driver.call(sender)
        driver.accept()
        driver.run(c.FinishInteraction(got.interaction, "ana"), 8)
    driver.call("e")
    driver.accept()
    return driver


def test_customers_are_called_ahead_once_their_estimated_wait_is_short() -> None:
    driver = busy(dial_ahead=timedelta(seconds=15))
    others = [driver.call("f"), driver.call("g")]
    (callback,) = waiting(driver, "joe")
    assert driver.state(callback) == "QUEUED", "two are before them"
    driver.run(c.LeaveContact(others[0].interaction), 1)
    assert driver.state(callback) == "QUEUED"
    driver.run(c.FinishInteraction("in5", "ana"), 1)
    driver.accept()
    assert driver.state(callback) == "DIALING"


def test_nobody_is_called_ahead_without_a_pace_or_without_anybody_at_work() -> None:
    driver = centre(dial_ahead=timedelta(hours=1))
    (callback,) = waiting(driver)
    assert driver.state(callback) == "QUEUED"
    driver.sign_in("ana")
    assert driver.state(callback) == "DIALING"
    (other,) = waiting(driver, "eve")
    driver.run(c.SetAway("ana", "lunch"), 1)
    assert driver.state(other) == "QUEUED"


def test_never_more_are_called_ahead_than_agents_are_at_work() -> None:
    driver = busy(dial_ahead=timedelta(hours=1))
    callbacks = waiting(driver, "joe", "eve")
    assert states(driver, callbacks) == ["DIALING", "QUEUED"]


# What becomes of a call


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "machine"])
def test_who_is_not_reached_is_tried_again_later_and_at_most_so_often(outcome: str) -> None:
    driver = centre(attempts=2, retry_after=timedelta(minutes=10))
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    told = report(driver, callback, outcome)
    assert (told.waits, told.due_us, driver.state(callback)) == (False, driver.now_us + 10 * MINUTE, "SCHEDULED")
    failed = driver.last(e.CallbackFailed)
    assert (failed.agent, failed.attempt, failed.reason) == (None, 1, outcome)
    driver.advance(600)
    again = driver.last(e.CallbackDialing)
    assert (driver.state(callback), again.token, again.attempt) == ("DIALING", 2, 2)
    assert report(driver, callback, outcome) == type(told)(waits=False)
    assert (driver.state(callback), driver.last(e.CallbackExhausted).attempts) == ("DONE", 2)


def test_without_a_report_in_time_nobody_answered() -> None:
    driver = centre(answer_within=timedelta(seconds=25))
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    driver.advance(24)
    assert driver.state(callback) == "DIALING"
    driver.advance(1)
    assert (driver.state(callback), driver.last(e.CallbackFailed).reason) == ("SCHEDULED", "no_answer")
    driver.refuse(c.ReportDialing(callback.interaction, 1, "answered"), NotAllowedInState)


def test_a_wrong_number_is_not_called_again() -> None:
    driver = centre()
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    report(driver, callback, "wrong_number")
    assert driver.state(callback) == "DONE"


def test_a_report_is_of_one_call_alone() -> None:
    driver = centre()
    (callback,) = waiting(driver)
    driver.refuse(c.ReportDialing(callback.interaction, 0, "busy"), NotAllowedInState)
    driver.sign_in("ana")
    driver.refuse(c.ReportDialing(callback.interaction, 1, "asleep"), InvalidCommand)
    driver.run(c.RescheduleCallback(callback.interaction, driver.now_us + HOUR), 1)
    driver.advance(3600)
    driver.refuse(c.ReportDialing(callback.interaction, 1, "answered"), InvalidCommand)
    report(driver, callback, "answered")
    driver.refuse(c.ReportDialing(callback.interaction, 2, "answered"), NotAllowedInState)
    assert not driver.events(e.CallbackFailed), "to be put off is no failed attempt"


def test_who_answers_and_gives_up_before_an_agent_comes_has_abandoned() -> None:
    driver = centre()
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    driver.refuse(c.LeaveContact(callback.interaction), NotAllowedInState)
    driver.call("zoe")
    report(driver, callback, "answered")
    driver.run(c.LeaveContact(callback.interaction), 7)
    left = driver.last(e.InteractionAbandoned)
    assert (left.interaction, left.waited_us, left.is_short) == (callback.interaction, 7 * SECOND, False)
    assert not driver.engine.view.callbacks.callbacks


def test_who_answers_has_a_connect_target_from_then_on_and_had_none_before() -> None:
    driver = centre()
    driver.sign_in("ana")
    callbacks = waiting(driver, "joe")
    driver.call("zoe")
    assert callbacks[0].interaction not in driver.engine.view.targets.aims
    report(driver, callbacks[0], "answered", after=30)
    aim = driver.engine.view.targets.aims[callbacks[0].interaction]
    assert aim.by_us == driver.now_us + 120 * SECOND


def test_a_callback_that_moves_to_another_queue_has_no_connect_target_and_is_called_there() -> None:
    driver = centre(care(overflow_to="sales", steps=[Step(lasts=timedelta(seconds=20))]))
    (callback,) = waiting(driver)
    driver.advance(20)
    assert driver.last(e.InteractionQueued).queue == "sales"
    assert not driver.engine.view.targets.is_at_risk(callback.interaction)
    assert callback.interaction not in driver.engine.view.targets.aims
    driver.sign_in("cleo")
    assert (driver.state(callback), driver.last(e.CallbackDialing).queue) == ("DIALING", "sales")


def test_who_is_served_while_they_are_called_is_called_no_more() -> None:
    driver = centre()
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    driver.call("joe")
    driver.accept()
    assert driver.state(callback) == "DONE"
    ended = next(done for done in driver.events(e.InteractionDone) if done.interaction == callback.interaction)
    assert ended.reason == "served"


def test_a_callback_keeps_who_is_first_though_the_plan_changes_while_it_waits() -> None:
    driver = centre()
    (callback,) = waiting(driver)
    driver.change_plan(plan())
    (other,) = waiting(driver, "eve")
    driver.sign_in("ana")
    assert driver.offered() == {other.interaction: "ana"}
    driver.sign_in("bob")
    assert driver.state(callback) == "DIALING"


def test_a_plan_that_lets_more_be_called_at_once_has_them_called() -> None:
    driver = centre(at_once=1)
    callbacks = waiting(driver, "joe", "eve")
    driver.sign_in("ana", "bob")
    assert states(driver, callbacks) == ["DIALING", "QUEUED"]
    driver.change_plan(attrs.evolve(plan(), callbacks=Callbacks(first="customer", at_once=2)))
    driver.advance(1)
    assert states(driver, callbacks) == ["DIALING", "DIALING"]


@pytest.mark.parametrize(("before", "after"), [("wait", "finish"), ("finish", "wait")])
def test_a_plan_that_closes_a_queue_otherwise_offers_live_contacts_alone_or_nothing(before: str, after: str) -> None:
    driver = centre(care(when_closed=before))
    (callback,) = waiting(driver)
    call = driver.call("zoe")
    driver.run(c.CloseQueue("care", "meeting"), 1)
    driver.change_plan(attrs.evolve(plan(), queues={**plan().queues, **care(when_closed=after)}))
    driver.sign_in("ana", "bob")
    driver.advance(1)
    assert driver.offered() == ({call.interaction: "ana"} if after == "finish" else {})
    assert driver.state(callback) == "QUEUED"


# Closed


@pytest.mark.parametrize("when_closed", ["wait", "turn_away", "finish"])
def test_nobody_is_called_while_the_queue_is_closed(when_closed: str) -> None:
    driver = centre(care(when_closed=when_closed), at_once=1)
    waiting(driver, "joe", "eve")
    driver.run(c.CloseQueue("care", "meeting"), 1)
    driver.sign_in("ana")
    assert not driver.events(e.CallbackDialing)
    driver.run(c.OpenQueue("care", "back"), 1)
    driver.advance(1)
    assert driver.last(e.CallbackDialing).interaction == "in2"


@pytest.mark.parametrize("when_closed", ["wait", "turn_away"])
def test_who_answers_when_the_queue_has_closed_is_called_again_when_it_opens(when_closed: str) -> None:
    driver = centre(care(when_closed=when_closed))
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    driver.run(c.CloseQueue("care", "fire"), 1)
    assert driver.state(callback) == "DIALING", "what rings goes on"
    told = report(driver, callback, "answered")
    assert (told.waits, told.due_us, driver.state(callback)) == (False, None, "QUEUED")
    assert not driver.events(e.CallbackAnswered)
    driver.run(c.OpenQueue("care", "back"), 60)
    driver.advance(1)
    assert (driver.state(callback), driver.last(e.CallbackDialing).attempt) == ("DIALING", 1)


def test_who_answers_when_the_queue_has_closed_is_served_where_it_finishes_or_overflows() -> None:
    for values, queue in (
        ({"when_closed": "finish"}, "care"),
        ({"when_closed": "overflow", "overflow_to": "sales"}, "sales"),
    ):
        driver = centre(care(**values))
        driver.sign_in("cleo")
        (callback,) = waiting(driver)
        driver.run(c.CloseQueue("care", "fire"), 1)
        assert report(driver, callback, "answered").waits
        assert driver.offered() == {callback.interaction: "cleo"}
        assert driver.last(e.OfferMade).queue == queue


# State and plans


def test_state_is_the_same_from_the_log_and_from_a_dump_while_customers_are_called() -> None:
    driver = centre(at_once=2)
    waiting(driver, *CUSTOMERS)
    driver.sign_in("ana", "bob", "cleo")
    assert driver.replayed().state_hash() == driver.reloaded().state_hash() == driver.engine.state_hash()
    assert driver.reloaded().view.routing.dialing == driver.engine.view.routing.dialing == {"care": 2}
    assert driver.reloaded().view.routing.to_dial == driver.engine.view.routing.to_dial == {"care": 3}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("callbacks.first", {"first": "nobody"}),
        ("callbacks.at_once", {"at_once": 0}),
        ("callbacks.at_once", {"at_once": 101}),
        ("callbacks.dial_ahead", {"dial_ahead": timedelta(seconds=-1)}),
        ("callbacks.answer_within", {"answer_within": timedelta()}),
    ],
)
def test_a_plan_tells_what_is_wrong_with_its_calls(path: str, values: dict[str, Any]) -> None:
    faults = attrs.evolve(plan(), callbacks=Callbacks(**values)).faults()
    assert [fault.path for fault in faults if fault.is_error] == [path]


# In touch otherwise


def test_who_was_reached_and_waits_in_the_same_matter_as_well_has_one_place() -> None:
    """The callback was asked for before they wrote, and is part of what goes on only since they were reached."""
    driver = centre()
    driver.sign_in("ana")
    (callback,) = waiting(driver)
    driver.run(c.SignOut("ana"))
    mail = driver.message("joe", "email", topic="bill")
    assert report(driver, callback, "answered").waits
    assert [driver.state(got) for got in (callback, mail)] == ["QUEUED", "QUEUED"], "two matters"
    driver.run(c.MergeCases(mail.case.id, callback.case.id, "the same"))
    assert [driver.state(got) for got in (callback, mail)] == ["QUEUED", "LINKED"]
