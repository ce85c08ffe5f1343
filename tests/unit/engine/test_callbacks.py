"""Callbacks: their whole life, each refusal, and that the customer is called once or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND, Driver, person, plan
from tests.invariants import WatchedEngine

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition, Callbacks
from orchestra.model.routing import Step


def centre(**callbacks: Any) -> Driver:
    """A watched contact centre in which ana takes calls."""
    first = plan()
    return Driver(attrs.evolve(first, callbacks=Callbacks(**callbacks)), engine=WatchedEngine())


def waiting(driver: Driver, sender: str = "joe") -> tuple[Any, Any]:
    """A call that waited, and the callback that waits in its place."""
    got = driver.call(sender)
    return got, driver.run(c.RequestCallback(got.interaction), 5).result


def dialling(**callbacks: Any) -> tuple[Driver, Any]:
    """A callback that ana has accepted, with nothing told of it yet."""
    driver = centre(**callbacks)
    _, callback = waiting(driver)
    driver.sign_in("ana")
    driver.accept()
    return driver, callback


def report(driver: Driver, callback: Any, outcome: str) -> Any:
    return driver.run(c.ReportCallback(callback.interaction, "ana", outcome), 1)


def last_queued(driver: Driver, callback: Any) -> e.InteractionQueued:
    return next(q for q in reversed(driver.events(e.InteractionQueued)) if q.interaction == callback.interaction)


# Asking


def test_a_waiting_call_ends_without_being_abandoned_and_its_callback_has_its_place() -> None:
    driver = centre()
    first, callback = waiting(driver)
    before, after = driver.events(e.InteractionQueued)
    assert (driver.state(first), driver.state(callback)) == ("DONE", "QUEUED")
    assert not driver.events(e.InteractionAbandoned)
    assert driver.last(e.InteractionDone).reason == "callback"
    kept = ("queue", "skills", "priority", "start_us", "order", "customer")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    asked = driver.last(e.CallbackRequested)
    assert (asked.case, asked.asked_in) == (first.case.id, first.interaction)


def test_a_callback_goes_before_a_call_that_came_later() -> None:
    driver = centre()
    _, callback = waiting(driver)
    driver.call("zoe")
    driver.sign_in("ana")
    assert driver.offered() == {callback.interaction: "ana"}


def test_a_call_that_rings_when_its_customer_asks_is_taken_back() -> None:
    driver = centre()
    driver.sign_in("ana")
    _, callback = waiting(driver)
    assert driver.events(e.OfferEnded)[0].outcome == "WITHDRAWN"
    assert driver.offered() == {callback.interaction: "ana"}


def test_asking_again_answers_with_the_same_callback_and_ends_the_call_in_which_it_was_asked() -> None:
    driver = centre()
    first, callback = waiting(driver)
    second = driver.call()
    again = driver.run(c.RequestCallback(second.interaction), 1).result
    assert (again.interaction, again.is_new) == (callback.interaction, False)
    assert driver.state(second) == "DONE"
    repeated = driver.run(c.RequestCallback(first.interaction), 1)
    assert (repeated.result.interaction, repeated.events) == (callback.interaction, [])
    assert not driver.run(c.RequestCallback(callback.interaction), 1).events


def test_who_is_being_served_can_be_promised_a_callback_by_their_agent() -> None:
    driver = centre()
    driver.sign_in("ana")
    first = driver.answered(channel="voice")
    due_us = driver.now_us + HOUR
    callback = driver.run(c.RequestCallback(first.interaction, due_us, "ana", actor="agent:ana")).result
    assert (driver.state(first), driver.state(callback)) == ("ACTIVE", "SCHEDULED")
    driver.run(c.FinishInteraction(first.interaction, "ana"), 1)
    driver.advance_to(due_us)
    assert last_queued(driver, callback).agent == "ana"


def test_who_gave_up_can_be_called_back() -> None:
    driver = centre()
    first = driver.call()
    driver.run(c.LeaveContact(first.interaction), 30)
    callback = driver.run(c.RequestCallback(first.interaction), 60).result
    assert last_queued(driver, callback).start_us == driver.now_us


def test_a_callback_waits_in_the_default_queue_if_its_own_is_gone() -> None:
    driver = centre()
    first = driver.call(queue="german")
    driver.run(c.LeaveContact(first.interaction), 30)
    driver.run(c.ResolveCase(first.case.id), 1)
    driver.run(c.CloseCase(first.case.id), 1)
    without = plan()
    queues = {name: queue for name, queue in without.queues.items() if name != "german"}
    driver.change_plan(attrs.evolve(without, queues=queues))
    callback = driver.run(c.RequestCallback(first.interaction), 1).result
    assert last_queued(driver, callback).queue == "care"


# Time


def test_a_scheduled_callback_queues_at_its_time_as_one_who_has_waited_since() -> None:
    driver = centre(priority=7)
    first = driver.call()
    due_us = driver.now_us + 2 * HOUR
    callback = driver.run(c.RequestCallback(first.interaction, due_us)).result
    assert (callback.due_us, driver.state(callback)) == (due_us, "SCHEDULED")
    driver.advance_to(due_us - 1)
    assert driver.state(callback) == "SCHEDULED"
    driver.advance_to(due_us)
    queued = last_queued(driver, callback)
    assert (driver.state(callback), queued.start_us, queued.priority) == ("QUEUED", due_us, 7)


@pytest.mark.parametrize(("ahead_us", "reason"), [(0, "past"), (-SECOND, "past"), (30 * DAY + 1, "too far ahead")])
def test_a_time_in_the_past_or_too_far_ahead_is_refused(ahead_us: int, reason: str) -> None:
    driver = centre()
    first, callback = waiting(driver)
    due_us = driver.now_us + ahead_us
    other = driver.call("zoe", after=0)
    assert reason in str(driver.refuse(c.RequestCallback(other.interaction, due_us), InvalidCommand))
    assert reason in str(driver.refuse(c.RescheduleCallback(callback.interaction, due_us), InvalidCommand))
    assert first.case


def test_thirty_days_ahead_are_allowed() -> None:
    driver = centre()
    _, callback = waiting(driver)
    driver.run(c.RescheduleCallback(callback.interaction, driver.now_us + 30 * DAY))
    assert driver.state(callback) == "SCHEDULED"


def test_another_time_takes_back_what_rings_and_frees_the_agent() -> None:
    driver = centre()
    driver.sign_in("ana")
    _, callback = waiting(driver)
    other = driver.call("zoe")
    driver.run(c.RescheduleCallback(callback.interaction, driver.now_us + HOUR), 1)
    assert (driver.state(callback), driver.offered()) == ("SCHEDULED", {other.interaction: "ana"})
    due_us = driver.now_us + 3 * HOUR
    driver.run(c.RescheduleCallback(callback.interaction, due_us), 1)
    assert driver.engine.view.callbacks.callbacks[callback.interaction].due_us == due_us


def test_a_customer_who_answers_and_wants_another_time_is_put_off() -> None:
    driver, callback = dialling()
    other = driver.call("zoe")
    driver.run(c.RescheduleCallback(callback.interaction, driver.now_us + HOUR), 1)
    assert (driver.state(callback), driver.offered()) == ("SCHEDULED", {other.interaction: "ana"})
    assert not driver.events(e.CallbackFailed)


def test_a_plan_keeps_the_queue_and_skills_of_what_is_scheduled() -> None:
    driver = centre()
    first = driver.call(queue="german")
    driver.run(c.RequestCallback(first.interaction, driver.now_us + HOUR), 1)
    driver.run(c.ResolveCase(first.case.id), 1)
    driver.run(c.CloseCase(first.case.id), 1)
    without = plan()
    queues = {name: queue for name, queue in without.queues.items() if name != "german"}
    new = attrs.evolve(without, queues=queues)
    assert "queues.german" in str(driver.refuse(c.ChangePlan(new, new.digest(), "2025b", "check"), InvalidCommand))


# Dialling


def test_from_the_answer_on_it_is_a_contact_like_any_other() -> None:
    driver, callback = dialling()
    report(driver, callback, "answered")
    assert driver.last(e.CallbackAnswered).interaction == callback.interaction
    driver.refuse(c.ReportCallback(callback.interaction, "ana", "busy"), NotAllowedInState)
    driver.run(c.LeaveContact(callback.interaction), 60)
    assert driver.state(callback) == "WRAPPING"


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "machine"])
def test_who_is_not_reached_is_tried_again_later_and_at_most_so_often(outcome: str) -> None:
    driver, callback = dialling(attempts=2, retry_after=timedelta(minutes=10))
    report(driver, callback, outcome)
    failed = driver.last(e.CallbackFailed)
    assert (failed.attempt, failed.reason, driver.state(callback)) == (1, outcome, "SCHEDULED")
    assert not driver.offered()
    driver.advance_to(driver.now_us + 10 * MINUTE)
    driver.accept()
    report(driver, callback, outcome)
    assert driver.last(e.CallbackExhausted).attempts == 2
    assert driver.last(e.InteractionDone).reason == "callback_exhausted"
    case = driver.engine.view.cases.cases[driver.last(e.CallbackRequested).case]
    assert (case.state, case.owner) == ("OPEN", "ana")


def test_a_wrong_number_is_not_dialled_again() -> None:
    driver, callback = dialling()
    report(driver, callback, "wrong_number")
    assert (driver.state(callback), driver.last(e.CallbackExhausted).attempts) == ("DONE", 1)


def test_only_who_has_it_in_hand_tells_what_became_of_it() -> None:
    driver = centre()
    _, callback = waiting(driver)
    driver.refuse(c.ReportCallback(callback.interaction, "ana", "busy"), NotAllowedInState)
    driver.sign_in("ana")
    driver.accept()
    driver.refuse(c.ReportCallback(callback.interaction, "bob", "busy"), NotPermitted)
    driver.refuse(c.ReportCallback(callback.interaction, "ana", "asleep"), InvalidCommand)


def test_a_callback_whose_agent_signs_out_goes_to_another() -> None:
    driver, callback = dialling()
    driver.run(c.SignOut("ana"), 1)
    driver.sign_in("bob")
    assert driver.offered() == {callback.interaction: "bob"}


def test_an_agent_may_end_a_callback_without_an_answer() -> None:
    driver, callback = dialling()
    driver.run(c.FinishInteraction(callback.interaction, "ana"), 1)
    assert not driver.engine.view.callbacks.callbacks


# No longer wanted


@pytest.mark.parametrize("is_scheduled", [False, True])
def test_a_canceled_callback_is_never_offered(is_scheduled: bool) -> None:
    driver = centre()
    _, callback = waiting(driver)
    if is_scheduled:
        driver.run(c.RescheduleCallback(callback.interaction, driver.now_us + HOUR))
    driver.run(c.CancelCallback(callback.interaction, "found it"), 1)
    driver.sign_in("ana")
    driver.advance(2 * 3600)
    assert (driver.state(callback), driver.offered()) == ("CANCELED", {})
    for command in (c.CancelCallback(callback.interaction, "again"), c.RescheduleCallback(callback.interaction, 1)):
        driver.refuse(command, NotAllowedInState)


def test_who_calls_again_and_is_served_is_not_called_back() -> None:
    driver = centre()
    _, callback = waiting(driver)
    driver.run(c.RescheduleCallback(callback.interaction, driver.now_us + HOUR))
    driver.sign_in("ana")
    driver.answered(channel="voice")
    assert driver.state(callback) == "DONE"
    ended = next(d for d in driver.events(e.InteractionDone) if d.interaction == callback.interaction)
    assert ended.reason == "served"


def test_who_is_being_dialled_is_not_given_up_because_they_call() -> None:
    driver, callback = dialling()
    driver.call()
    driver.sign_in("bob")
    driver.accept()
    assert driver.state(callback) == "ACTIVE"


@pytest.mark.parametrize("is_over", [False, True])
def test_who_was_busy_as_they_called_themselves_is_dialled_no_more(is_over: bool) -> None:
    driver, callback = dialling()
    call = driver.call()
    driver.sign_in("bob")
    driver.accept()
    if is_over:
        driver.run(c.FinishInteraction(call.interaction, "bob", "callback"), 60)
        driver.advance(60)
    report(driver, callback, "busy")
    assert (driver.state(callback), driver.last(e.InteractionDone).reason) == ("DONE", "served")
    driver.advance(2 * 24 * 3600)
    assert [done.interaction for done in driver.events(e.InteractionDone)].count(callback.interaction) == 1


def test_who_is_served_in_another_matter_is_dialled_again() -> None:
    driver, callback = dialling()
    driver.message(channel="chat", topic="another")
    driver.sign_in("bob")
    driver.accept()
    report(driver, callback, "no_answer")
    assert driver.state(callback) == "SCHEDULED"


def test_who_was_served_before_they_asked_for_it_is_dialled_again() -> None:
    driver = centre()
    driver.sign_in("bob")
    before = driver.answered(channel="chat", topic="order")
    driver.run(c.FinishInteraction(before.interaction, "bob"), 1)
    driver.run(c.SignOut("bob"), 60)
    call = driver.call(topic="order")
    assert call.case == before.case
    callback = driver.run(c.RequestCallback(call.interaction), 5).result
    driver.sign_in("ana")
    driver.accept()
    report(driver, callback, "no_answer")
    assert driver.state(callback) == "SCHEDULED"


def test_who_is_served_by_a_bot_alone_is_dialled_again() -> None:
    driver, callback = dialling()
    agents = {**plan().agents, "rob": AgentDefinition(["care"], kind="bot")}
    driver.change_plan(attrs.evolve(driver.engine.view.plan, agents=agents))
    assert driver.call().case.id == callback.case.id
    driver.sign_in("rob")
    driver.accept()
    assert driver.last(e.OfferAccepted).agent == "rob"
    report(driver, callback, "busy")
    assert driver.state(callback) == "SCHEDULED"


@pytest.mark.parametrize(("kind", "state"), [("person", "DONE"), ("bot", "SCHEDULED")])
def test_whoever_served_them_meanwhile_may_be_gone_for_good(kind: str, state: str) -> None:
    driver, callback = dialling()
    agents = {**plan().agents, "zoe": AgentDefinition(["care"], kind=kind)}
    before = driver.engine.view.plan
    driver.change_plan(attrs.evolve(before, agents=agents))
    call = driver.call()
    driver.sign_in("zoe")
    driver.accept()
    driver.run(c.FinishInteraction(call.interaction, "zoe", "callback"), 1)
    driver.advance(60)
    driver.run(c.SignOut("zoe"), 1)
    driver.change_plan(before)
    assert "zoe" not in driver.engine.view.presence.agents
    assert driver.state(call) == "DONE"
    report(driver, callback, "busy")
    assert driver.state(callback) == state


def test_nobody_can_hang_up_who_is_not_on_the_line() -> None:
    driver = centre()
    _, callback = waiting(driver)
    driver.refuse(c.LeaveContact(callback.interaction), NotAllowedInState)


def test_callbacks_are_for_live_contacts_and_agents_who_exist() -> None:
    driver = centre()
    mail = driver.message(channel="email")
    driver.refuse(c.RequestCallback(mail.interaction), InvalidCommand)
    call = driver.call("zoe")
    driver.refuse(c.RequestCallback(call.interaction, agent="nobody"), UnknownId)


def test_who_was_turned_away_by_a_full_queue_can_be_called_back() -> None:
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], limit=0)}
    driver = Driver(attrs.evolve(first, queues=queues), engine=WatchedEngine())
    call = driver.call()
    assert driver.state(call) == "DEFLECTED"
    callback = driver.run(c.RequestCallback(call.interaction), 1).result
    assert driver.state(callback) == "QUEUED"


def test_state_is_the_same_from_the_log_and_from_a_dump() -> None:
    driver, callback = dialling(retry_after=timedelta(hours=1))
    report(driver, callback, "busy")
    assert driver.replayed().state_hash() == driver.reloaded().state_hash() == driver.engine.state_hash()
    assert driver.reloaded().view.callbacks.open == driver.engine.view.callbacks.open


# Plans


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("callbacks.attempts", {"attempts": 0}),
        ("callbacks.retry_after", {"retry_after": timedelta()}),
        ("callbacks.ahead", {"ahead": timedelta()}),
        ("callbacks.ahead", {"ahead": timedelta(days=31)}),
    ],
)
def test_a_plan_tells_what_is_wrong_with_its_callbacks(path: str, values: dict[str, Any]) -> None:
    faults = attrs.evolve(plan(), callbacks=Callbacks(**values)).faults()
    assert [fault.path for fault in faults if fault.is_error] == [path]


def test_a_scheduled_callback_keeps_the_priority_of_the_contact() -> None:
    driver = centre(priority=5)
    got = driver.call("joe", queue="sales", priority=4)
    callback = driver.run(c.RequestCallback(got.interaction, driver.now_us + HOUR)).result
    driver.advance(3600)
    assert driver.engine.view.routing.items[callback.interaction].priority == 2 + 4 + 5, "of queue, contact and plan"


def test_who_was_before_all_others_is_still_when_called_back() -> None:
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], requeue="front")}
    driver = Driver(attrs.evolve(first, queues=queues), engine=WatchedEngine())
    driver.sign_in("ana")
    got = driver.call("joe")
    driver.decline()
    callback = driver.run(c.RequestCallback(got.interaction)).result
    assert driver.last(e.InteractionQueued).at_front
    assert driver.engine.view.routing.items[callback.interaction].at_front


# Queues that close


def closing(when_closed: str, **values: Any) -> Driver:
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], when_closed=when_closed, **values)}
    return Driver(attrs.evolve(first, queues=queues), engine=WatchedEngine())


@pytest.mark.parametrize("when_closed", ["wait", "turn_away", "finish"])
def test_a_callback_waits_in_a_queue_that_closes_with_its_place_and_is_offered_when_it_opens(when_closed: str) -> None:
    driver = closing(when_closed)
    _, callback = waiting(driver)
    place = last_queued(driver, callback)
    call = driver.call("zoe")
    driver.run(c.CloseQueue("care", "meeting"), 1)
    driver.advance(1)
    assert driver.state(callback) == "QUEUED"
    driver.sign_in("ana")
    assert driver.offered() == ({call.interaction: "ana"} if when_closed == "finish" else {})
    driver.sign_in("bob")
    assert callback.interaction not in driver.offered(), "nobody is called back by a queue that is closed"
    driver.run(c.OpenQueue("care", "back"), 5)
    driver.advance(1)
    assert callback.interaction in driver.offered()
    assert last_queued(driver, callback) == place


def test_a_callback_moves_to_where_a_queue_overflows_that_closes() -> None:
    driver = closing("overflow", overflow_to="sales")
    _, callback = waiting(driver)
    place = last_queued(driver, callback)
    driver.run(c.CloseQueue("care", "meeting"), 1)
    driver.advance(1)
    moved = last_queued(driver, callback)
    assert (moved.queue, moved.start_us, moved.first) == ("sales", place.start_us, "agent")
    driver.sign_in("cleo")
    assert driver.offered() == {callback.interaction: "cleo"}


@pytest.mark.parametrize("when_closed", ["wait", "turn_away", "finish"])
def test_a_time_that_comes_while_the_queue_is_closed_is_not_the_turn_before_it_opens(when_closed: str) -> None:
    driver = closing(when_closed)
    driver.sign_in("ana")
    due_us = driver.now_us + HOUR
    callback = driver.run(c.RequestCallback(driver.call().interaction, due_us)).result
    driver.run(c.CloseQueue("care", "meeting"), 1)
    driver.advance_to(due_us + MINUTE)
    assert (driver.state(callback), driver.offered()) == ("QUEUED", {})
    driver.run(c.OpenQueue("care", "back"), 1)
    driver.advance(1)
    assert driver.offered() == {callback.interaction: "ana"}
    assert last_queued(driver, callback).start_us == due_us


def test_who_was_turned_away_by_a_queue_that_is_closed_can_be_called_back_when_it_opens() -> None:
    driver = closing("turn_away")
    driver.run(c.CloseQueue("care", "meeting"), 1)
    call = driver.call()
    assert driver.state(call) == "DEFLECTED"
    callback = driver.run(c.RequestCallback(call.interaction), 1).result
    driver.advance(1)
    assert driver.state(callback) == "QUEUED"


def test_more_callbacks_than_one_slice_do_not_keep_a_queue_clearing_for_ever() -> None:
    driver = closing("turn_away")
    callbacks = [waiting(driver, f"customer{number}")[1] for number in range(60)]
    call = driver.call("zoe")
    driver.run(c.CloseQueue("care", "meeting"), 1)
    driver.advance(1)
    assert (driver.state(call), driver.last(e.QueueCleared).is_done) == ("DEFLECTED", True)
    assert len(driver.events(e.QueueCleared)) == 1
    assert {driver.state(callback) for callback in callbacks} == {"QUEUED"}


def test_a_callback_that_its_agent_hands_on_before_the_answer_is_one_still() -> None:
    driver, callback = dialling()
    driver.run(c.TransferInteraction(callback.interaction, "ana", "sales"), 1)
    assert last_queued(driver, callback).first == "agent"
    driver.sign_in("cleo")
    driver.accept()
    driver.run(c.ReportCallback(callback.interaction, "cleo", "answered"), 1)
    driver.run(c.TransferInteraction(callback.interaction, "cleo", "care"), 1)
    assert last_queued(driver, callback).first is None, "the customer is on the line"


def test_who_is_known_is_not_asked_for_a_callback_while_its_queue_is_closed() -> None:
    driver = closing("finish", steps=[Step(pool="known", lasts=timedelta(hours=9)), Step()])
    call = driver.call()
    callback = driver.run(c.RequestCallback(call.interaction, agent="ana"), 1).result
    driver.run(c.CloseQueue("care", "meeting"), 1)
    driver.sign_in("ana")
    assert driver.offered() == {}
    driver.run(c.OpenQueue("care", "back"), 1)
    driver.advance(1)
    assert driver.offered() == {callback.interaction: "ana"}


# Answers given elsewhere


def record(driver: Driver, *, resolve: bool, to: str = "joe") -> None:
    driver.run(c.RecordReply("voice", "main", f"r{driver.now_us}", person(to), resolve=resolve, text="done"), 1)


@pytest.mark.parametrize("is_scheduled", [False, True])
def test_who_was_told_outside_that_all_is_settled_is_not_called_back(is_scheduled: bool) -> None:
    driver = centre()
    first, callback = waiting(driver)
    if is_scheduled:
        driver.run(c.RescheduleCallback(callback.interaction, driver.now_us + HOUR))
    record(driver, resolve=True)
    assert (driver.case_state(first), driver.state(callback)) == ("RESOLVED", "DONE")
    assert driver.last(e.InteractionDone).reason == "resolved"


def test_an_answer_that_leaves_the_matter_open_does_not_stand_for_the_call() -> None:
    driver = centre()
    _, callback = waiting(driver)
    record(driver, resolve=False)
    assert driver.state(callback) == "QUEUED"
    record(driver, resolve=True, to="zoe")
    assert driver.state(callback) == "QUEUED", "somebody else was answered"


def test_who_was_told_nothing_is_called_back_though_the_case_is_resolved() -> None:
    driver = centre()
    first, callback = waiting(driver)
    driver.run(c.ResolveCase(first.case.id), 1)
    assert driver.state(callback) == "QUEUED"
    record(driver, resolve=False)
    assert driver.state(callback) == "DONE", "now they have been told, and all is settled"


def test_a_callback_that_rings_is_not_ended_by_an_answer_given_elsewhere() -> None:
    driver = centre()
    driver.sign_in("ana")
    _, callback = waiting(driver)
    record(driver, resolve=True)
    assert driver.state(callback) == "OFFERED"
