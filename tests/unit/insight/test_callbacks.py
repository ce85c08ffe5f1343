from __future__ import annotations

from tests.unit.insight.rig import PLAN, Desk

from orchestra.insight.figures import Contacts
from orchestra.model import commands as c


def a_desk() -> Desk:
    return Desk(PLAN + "[callbacks]\nattempts = 1\n")


def contacts(desk: Desk) -> Contacts:
    return desk.measures().total.contacts


def test_who_asks_to_be_called_back_is_neither_abandoned_nor_counted_among_those_who_could_be() -> None:
    desk = a_desk()
    desk.call("joe", 10)
    desk.run(c.RequestCallback("in1"), 40)
    desk.call("eve", 50)
    desk.run(c.LeaveContact("in3"), 90)
    counted = contacts(desk)
    assert (counted.queued, counted.abandoned, counted.flow_outs) == (2, 1, 1)
    assert (counted.called_back, counted.callbacks) == (1, 1)
    assert desk.measures().total.abandonment.percent == 100
    assert desk.measures().by_queue["care"].contacts.callbacks == 1


def test_callbacks_count_as_answered_or_failed_and_their_time_as_handled() -> None:
    desk = a_desk()
    desk.call("joe", 10)
    callback = desk.run(c.RequestCallback("in1"), 20).result.interaction
    desk.sign_in("ana", at_s=30)
    desk.take(callback, 40)
    desk.run(c.ReportCallback(callback, "ana", "answered"), 50)
    desk.run(c.FinishInteraction(callback, "ana"), 70)
    counted, handling = contacts(desk), desk.measures().total.handling
    assert (counted.answered, counted.callbacks_answered, counted.callbacks_failed) == (0, 1, 0)
    assert (handling.handled, handling.aht_s) == (1, 30)


def test_a_callback_that_reached_nobody_counts_as_failed() -> None:
    desk = a_desk()
    desk.call("joe", 10)
    callback = desk.run(c.RequestCallback("in1"), 20).result.interaction
    desk.sign_in("ana", at_s=30)
    desk.take(callback, 40)
    desk.run(c.ReportCallback(callback, "ana", "busy"), 50)
    counted = contacts(desk)
    assert (counted.callbacks, counted.callbacks_answered, counted.callbacks_failed) == (1, 0, 1)


def test_a_failed_attempt_ends_the_agents_time_and_a_canceled_callback_is_no_flow_out() -> None:
    desk = Desk()
    desk.call("joe", 10)
    callback = desk.run(c.RequestCallback("in1"), 20).result.interaction
    desk.sign_in("ana", at_s=30)
    desk.take(callback, 40)
    desk.run(c.ReportCallback(callback, "ana", "busy"), 50)
    desk.run(c.CancelCallback(callback, "settled"), 60)
    counted, handling = contacts(desk), desk.measures().total.handling
    assert (counted.flow_outs, counted.callbacks_failed) == (1, 0)
    assert (handling.handled, handling.aht_s) == (1, 10)


def test_a_callback_whose_queue_closes_was_not_turned_away_from_the_line() -> None:
    desk = Desk(PLAN.replace('retry_after = "1h"\n', 'retry_after = "1h"\nwhen_closed = "turn_away"\n'))
    desk.call("joe", 10)
    desk.run(c.RequestCallback("in1"), 20)
    desk.run(c.CloseQueue("care", "fire"), 30)
    desk.call("eve", 60)
    counted = contacts(desk)
    assert (counted.callbacks, counted.turned_away, counted.live) == (1, 1, 2), "joe left the line, eve was turned away"


def test_customers_who_are_called_first_count_as_called_reached_and_then_like_who_calls() -> None:
    desk = Desk(PLAN + '[callbacks]\nfirst = "customer"\nattempts = 2\nretry_after = "1m"\n')
    desk.sign_in("ana", at_s=1)
    desk.call("joe", 10)
    desk.run(c.LeaveContact("in1"), 12)
    callback = desk.run(c.RequestCallback("in1"), 20).result.interaction
    desk.run(c.ReportDialing(callback, 1, "busy"), 25)
    desk.wait(85)
    desk.call("eve", 86)
    desk.take("in3", 87)
    desk.run(c.ReportDialing(callback, 2, "answered"), 90)
    counted = contacts(desk)
    assert (counted.callbacks_dialed, counted.callbacks_answered, counted.queued, counted.waiting) == (2, 1, 3, 1)
    desk.run(c.LeaveContact(callback), 100)
    counted = contacts(desk)
    assert (counted.abandoned, counted.callbacks_abandoned, counted.live) == (2, 1, 3)
    assert desk.measures().by_queue["care"].contacts.callbacks_dialed == 2


def test_who_is_called_first_and_served_counts_as_answered_from_when_they_came_to_the_line() -> None:
    desk = Desk(PLAN + '[callbacks]\nfirst = "customer"\n')
    desk.sign_in("ana", at_s=1)
    desk.call("joe", 10)
    desk.run(c.LeaveContact("in1"), 12)
    callback = desk.run(c.RequestCallback("in1"), 500).result.interaction
    desk.run(c.ReportDialing(callback, 1, "answered"), 510)
    desk.take(callback, 514)
    counted = contacts(desk)
    assert (counted.answered, counted.answered_in_time, counted.callbacks_abandoned) == (1, 1, 0)
    assert desk.measures().total.wait.mean_s == 4
