from __future__ import annotations

import itertools

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.unit.insight.rig import PLAN, START_US, Desk, fold, person, thread

from orchestra.insight import answering
from orchestra.insight.measures import Measures
from orchestra.model import commands as c, events as e

SECOND = 1_000_000


def inbound(at_s: int, case: str = "ca1", channel: str = "mail", customer: str = "cu1") -> e.MessageReceived:
    return e.MessageReceived("me", "in1", case, customer, channel, "main", "x", "co1", 1, at_s * SECOND)


def outbound(at_s: int, case: str = "ca1", channel: str = "mail") -> e.ReplyRecorded:
    return e.ReplyRecorded("me", case, "cu1", channel, "main", "x", "co1", 1, at_s * SECOND, True)


OPENED = e.CaseOpened("ca1", "C-1", "cu1", "team", "care", "care")


def of(*events: e.Event) -> Measures:
    return fold([(event, 10**9) for event in events])


def responses(*events: e.Event) -> list[float | None]:
    figures = of(OPENED, *events).total
    return [figures.first_response.times.mean_s, figures.end_to_end.mean_s]


# First response, end to end


def test_a_case_is_answered_once() -> None:
    assert responses(inbound(10), inbound(15), outbound(30), inbound(40), outbound(45)) == [20.0, 35.0]


def test_an_answer_before_any_question_is_none() -> None:
    assert responses(outbound(5)) == [None, None]
    assert responses(outbound(5), inbound(10)) == [None, None]
    assert responses(outbound(5), inbound(10), outbound(12)) == [2.0, 2.0]


def test_an_answer_that_is_older_than_the_question_is_none() -> None:
    assert responses(inbound(10), outbound(9)) == [None, None]
    assert responses(inbound(10), outbound(9), outbound(11)) == [1.0, 1.0]


def test_an_answer_at_the_same_moment_took_no_time() -> None:
    assert responses(inbound(10), outbound(10)) == [0.0, 0.0]


def test_messages_may_come_late() -> None:
    assert responses(inbound(20), inbound(10), outbound(50), outbound(40)) == [30.0, 40.0]
    assert responses(inbound(20), outbound(50), inbound(10)) == [40.0, 40.0]


@pytest.mark.parametrize(
    ("told", "first_s", "whole_s"),
    [
        ((inbound(3600), outbound(3900), inbound(0)), 3900, 3900),
        ((outbound(300), inbound(0)), 300, 300),
        ((inbound(0), outbound(1800), outbound(300)), 300, 1800),
        ((outbound(300), outbound(200), outbound(100), inbound(250), inbound(150)), 50, 150),
        ((outbound(100), outbound(300), inbound(250), inbound(50)), 50, 250),
        ((inbound(0), outbound(300), outbound(1800), inbound(600)), 300, 1800),
    ],
)
def test_the_order_in_which_messages_become_known_decides_nothing(
    told: tuple[e.Event, ...], first_s: float, whole_s: float
) -> None:
    for order in itertools.permutations(told):
        assert responses(*order) == [first_s, whole_s]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=9))
def test_first_response_and_end_to_end_are_those_of_the_messages_own_times(told: list[tuple[bool, int]]) -> None:
    asked = [at_s for is_inbound, at_s in told if is_inbound]
    answered = [at_s for is_inbound, at_s in told if not is_inbound and asked and at_s >= min(asked)]
    expected = [min(answered) - min(asked), max(answered) - min(asked)] if answered else [None, None]
    assert responses(*(inbound(at_s) if is_inbound else outbound(at_s) for is_inbound, at_s in told)) == expected


def test_a_first_response_that_is_restated_is_counted_once_within_its_limit() -> None:
    figures = of(OPENED, inbound(3600), outbound(3900), inbound(0)).total
    assert (figures.first_response.times.n, figures.first_response.within) == (1, {"3600": 0})
    figures = of(OPENED, inbound(0), outbound(3900), outbound(300)).total
    assert (figures.first_response.times.n, figures.first_response.within) == (1, {"3600": 1})


# Answers that never left


def _answered_twice() -> tuple[Desk, str]:
    """A mail asked about at 10 and answered at 40 and 70; nothing has left yet."""
    desk = Desk()
    desk.sign_in("ana")
    mailed = desk.write("joe", 10, "mail")
    desk.take(mailed, 20)
    desk.run(c.WriteReply(mailed, "ana", text="a"), 40)
    desk.run(c.WriteReply(mailed, "ana", text="b"), 70)
    return desk, mailed


def _times(desk: Desk) -> list[float | None]:
    figures = desk.measures().total
    assert figures.first_response.within == {"3600": figures.first_response.times.n}
    return [figures.first_response.times.mean_s, figures.end_to_end.mean_s]


def test_an_answer_that_was_called_back_is_none() -> None:
    desk, mailed = _answered_twice()
    assert _times(desk) == [30.0, 60.0]
    desk.run(c.CancelDelivery("de1", "typo"), 75)
    assert _times(desk) == [60.0, 60.0]
    desk.run(c.CancelDelivery("de2", "typo"), 76)
    assert _times(desk) == [None, None]
    desk.run(c.WriteReply(mailed, "ana", text="c"), 90)
    assert _times(desk) == [80.0, 80.0]
    assert desk.measures().total.messages.outbound == 3


def test_the_last_answer_counts_only_if_it_left() -> None:
    desk, _ = _answered_twice()
    desk.run(c.CancelDelivery("de2", "typo"), 75)
    assert _times(desk) == [30.0, 30.0]


def written(at_s: int, delivery: str) -> tuple[e.Event, int]:
    planned = e.DeliveryPlanned(delivery, "key", "me", "ca1", "cu1", "mail", "main", "co1", "reply", 1, 10**18)
    return planned, at_s * SECOND


FATES = {
    "failed": (e.DeliveryFailed("de1", "cu1", 1, "no such mailbox"),),
    "expired": (e.DeliveryExpired("de1", "cu1"),),
    "canceled": (e.DeliveryCanceled("de1", "cu1", "asked"),),
    "unknown, then failed": (e.DeliveryUnknown("de1", "cu1", 1), e.DeliveryFailed("de1", "cu1", 1, "lost")),
}


@pytest.mark.parametrize("fate", FATES)
def test_an_answer_that_never_left_gives_way_to_the_next(fate: str) -> None:
    events = [(OPENED, 1), (inbound(10), 10 * SECOND), written(40, "de1"), written(70, "de2")]
    gone = [(event, 80 * SECOND) for event in FATES[fate]]
    figures = fold([*events, *gone]).total
    assert (figures.first_response.times.mean_s, figures.end_to_end.mean_s) == (60.0, 60.0)
    assert fold([*events[:3], *gone]).total.first_response.times.n == 0


def test_an_answer_that_left_stays_one_whatever_becomes_of_it() -> None:
    events = [(OPENED, 1), (inbound(10), 10 * SECOND), written(40, "de1")]
    taken = (e.DeliveryAccepted("de1", "cu1", 1, ["p1"]), 50 * SECOND)
    bounced = (e.DeliveryFailed("de1", "cu1", 1, "bounced"), 60 * SECOND)
    assert fold([*events, taken, bounced]).total.first_response.times.mean_s == 30.0


def test_an_answer_of_which_nobody_knows_counts() -> None:
    events = [(OPENED, 1), (inbound(10), 10 * SECOND), written(40, "de1")]
    assert fold([*events, (e.DeliveryUnknown("de1", "cu1", 1), 1)]).total.first_response.times.mean_s == 30.0


def test_what_left_no_longer_takes_room_in_its_case() -> None:
    """An accepted answer is one of two instants of its case, however many there were."""
    case = answering.Answering(())
    answers = [case.wrote(at_us) for at_us in range(100)]
    case.asked(0)
    for answer in answers:
        answer.left()
    assert case.kept <= 2


def test_unanswered_cases_have_no_times() -> None:
    figures = of(OPENED, inbound(10)).total
    assert (figures.cases, figures.first_response.times.n, figures.end_to_end.n) == (1, 0, 0)


def test_responses_within_limits_are_counted() -> None:
    measures = Measures(within_s=(10, 20))
    for event in (OPENED, inbound(10), outbound(25)):
        measures.add(event, 1)
    assert measures.total.first_response.within == {"10": 0, "20": 1}


def test_the_limit_itself_is_within() -> None:
    assert of(OPENED, inbound(0), outbound(3_600)).total.first_response.within == {"3600": 1}
    assert of(OPENED, inbound(0), outbound(3_601)).total.first_response.within == {"3600": 0}


def test_written_messages_answer_at_the_time_of_their_record() -> None:
    desk = Desk()
    desk.sign_in("ana")
    mailed = desk.write("joe", 10, "mail")
    desk.take(mailed, 20)
    desk.run(c.WriteReply(mailed, "ana", text="a"), 35)
    desk.run(c.WriteReply(mailed, "ana", text="b"), 50)
    figures = desk.measures().total
    assert (figures.first_response.times.mean_s, figures.end_to_end.mean_s) == (25.0, 40.0)
    assert figures.messages.outbound == 2


def test_messages_outside_of_an_interaction_count_too() -> None:
    desk = Desk()
    desk.write("joe", 10, "mail")
    desk.run(c.SendMessage("ca1", "notice-1", text="we are on it"), 40)
    measures = desk.measures()
    assert measures.total.first_response.times.mean_s == 30.0
    assert measures.by_queue["care"].messages.outbound == 1


# Where a case counts


def test_a_case_counts_where_it_first_had_a_contact() -> None:
    measures = of(OPENED, inbound(10), inbound(20, channel="chat"), outbound(30, channel="chat"))
    assert {name: f.cases for name, f in measures.by_channel.items()} == {"chat": 0, "mail": 1}
    assert measures.by_channel["mail"].first_response.times.n == 1
    assert measures.by_channel["chat"].first_response.times.n == 0
    assert measures.by_channel["chat"].messages.outbound == 1
    assert measures.by_queue["care"].end_to_end.mean_s == 20.0


def test_a_case_without_a_contact_counts_in_its_queue() -> None:
    desk = Desk()
    desk.write("joe", 10, topic="one")
    desk.run(c.OpenCase("cu1", "two"), 20)
    measures = desk.measures()
    assert (measures.total.cases, measures.by_queue["care"].cases, measures.by_channel["chat"].cases) == (2, 2, 1)
    desk.write("joe", 30, "mail", topic="two")
    assert desk.measures().by_channel["mail"].cases == 1


MOVED = e.CaseQueueChanged("ca1", "cu1", "german", "queue removed")


def _by_queue(measures: Measures) -> dict[str, tuple[int, int, float | None, float | None]]:
    """Queue -> cases, first responses within an hour, mean first response, mean end-to-end time."""
    return {
        name: (f.cases, f.first_response.within["3600"], f.first_response.times.mean_s, f.end_to_end.mean_s)
        for name, f in measures.by_queue.items()
    }


@pytest.mark.parametrize("place", range(4))
def test_a_case_counts_in_the_queue_it_is_in_now_whenever_it_came_there(place: int) -> None:
    told = [inbound(10), outbound(30), outbound(50)]
    told.insert(place, MOVED)
    measures = of(OPENED, *told)
    assert _by_queue(measures) == {"care": (0, 0, None, None), "german": (1, 1, 20.0, 40.0)}
    unmoved = of(OPENED, *(event for event in told if event is not MOVED))
    for name in ("total", "by_channel", "by_account"):
        assert getattr(measures, name) == getattr(unmoved, name)


def test_what_becomes_known_after_a_case_moved_is_restated_in_its_new_queue() -> None:
    measures = of(OPENED, inbound(3600), outbound(3900), MOVED, inbound(0), outbound(300))
    assert _by_queue(measures) == {"care": (0, 0, None, None), "german": (1, 1, 300.0, 3900.0)}


def test_a_case_that_moves_takes_its_own_figures_alone_with_it() -> None:
    other = e.CaseOpened("ca2", "C-2", "cu2", "team", "care", "care")
    measures = of(OPENED, other, inbound(0), inbound(0, "ca2"), outbound(10), outbound(20, "ca2"), MOVED)
    assert _by_queue(measures) == {"care": (1, 1, 20.0, 20.0), "german": (1, 1, 10.0, 10.0)}


def test_a_case_may_come_back_to_its_queue() -> None:
    back = attrs.evolve(MOVED, queue="care")
    for moves in ((MOVED, back), (back,), (MOVED, MOVED, back, back)):
        measures = of(OPENED, inbound(0), outbound(10), *moves)
        assert _by_queue(measures)["care"] == (1, 1, 10.0, 10.0)
        assert _by_queue(measures).get("german", (0, 0, None, None)) == (0, 0, None, None)


def test_an_answer_that_never_left_is_taken_back_in_the_queue_the_case_is_in() -> None:
    events = [(OPENED, 1), (inbound(10), 10 * SECOND), written(40, "de1"), (MOVED, 45 * SECOND)]
    assert _by_queue(fold(events))["german"] == (1, 1, 30.0, 30.0)
    events += [(e.DeliveryCanceled("de1", "cu1", "asked"), 50 * SECOND)]
    assert _by_queue(fold(events)) == {"care": (0, 0, None, None), "german": (1, 0, None, None)}


def test_messages_count_where_the_case_was_when_they_were_written() -> None:
    measures = of(OPENED, inbound(0), outbound(10), MOVED, outbound(20), inbound(30), inbound(40))
    messages = {name: (f.messages.inbound, f.messages.outbound) for name, f in measures.by_queue.items()}
    assert messages == {"care": (1, 1), "german": (2, 1)}


def test_the_queue_of_an_unknown_case_is_passed_over() -> None:
    measures = of(MOVED)
    assert (measures.by_queue, measures.total.cases) == ({}, 0)


def test_a_case_whose_queue_was_dropped_counts_in_the_one_it_came_back_to() -> None:
    desk = Desk()
    desk.write("joe", 10, "mail", thread=thread("t1"), queue="german")
    desk.run(c.RecordReply("mail", "main", "r1", person("joe"), thread=thread("t1")), 20)
    desk.run(c.ResolveCase("ca1"), 22)
    desk.run(c.CloseCase("ca1"), 23)
    assert _by_queue(desk.measures())["german"] == (1, 1, 10.0, 10.0)
    queues = {name: queue for name, queue in desk.view.plan.queues.items() if name != "german"}
    smaller = attrs.evolve(desk.view.plan, queues=queues)
    desk.run(c.ChangePlan(smaller, smaller.digest(), "zones", "check"), 30)
    desk.write("joe", 40, "mail", thread=thread("t1"))
    assert _by_queue(desk.measures()) == {"care": (1, 1, 10.0, 10.0), "german": (0, 0, None, None)}


def test_an_answer_without_a_question_opens_a_case_there() -> None:
    desk = Desk()
    desk.run(c.RecordReply("mail", "main", "r1", person("joe")), 10)
    measures = desk.measures()
    assert (measures.by_channel["mail"].cases, measures.total.customers) == (1, 1)
    assert measures.by_account["main"].messages.outbound == 1


# Customers


def test_customers_are_people_however_often_they_come() -> None:
    desk = Desk()
    desk.write("joe", 10)
    desk.write("joe", 20, "mail")
    desk.call("eve", 30)
    measures = desk.measures()
    assert measures.total.customers == 2
    assert {name: f.customers for name, f in measures.by_channel.items()} == {"chat": 1, "mail": 1, "voice": 1}
    assert measures.by_queue["care"].customers == 2


def test_participants_are_customers() -> None:
    desk = Desk()
    desk.write("joe", 10, thread=thread("t"))
    desk.write("eve", 20, thread=thread("t"))
    desk.call("sue", 30, "chat", thread=thread("t"))
    measures = desk.measures()
    assert (measures.total.customers, measures.total.cases, measures.total.messages.inbound) == (3, 1, 2)


# What is kept


def _closed_case(reopen_within: str) -> tuple[Desk, Measures]:
    desk = Desk(PLAN.replace('close_after = "7d"', f'close_after = "1d"\nreopen_within = "{reopen_within}"'))
    desk.write("joe", 10, "mail", thread=thread("t1"))
    desk.run(c.RecordReply("mail", "main", "r1", person("joe"), thread=thread("t1"), resolve=True), 20)
    desk.wait(100_000)
    return desk, desk.measures()


def _close_another(desk: Desk, at_s: float) -> None:
    desk.write("eve", at_s, "mail", thread=thread("t2"))
    desk.run(c.RecordReply("mail", "main", f"r{at_s}", person("eve"), thread=thread("t2"), resolve=True), at_s + 1)
    desk.wait(at_s + 100_000)


def test_a_closed_case_goes_on_if_it_comes_back() -> None:
    desk, _ = _closed_case("30d")
    desk.write("joe", 200_000, "mail", thread=thread("t1"))
    desk.run(c.RecordReply("mail", "main", "r2", person("joe"), thread=thread("t1")), 200_010)
    figures = desk.measures().total
    assert (figures.cases, figures.first_response.times.mean_s, figures.end_to_end.mean_s) == (1, 10.0, 200_000.0)


def test_a_closed_case_is_forgotten_when_it_can_no_longer_come_back() -> None:
    desk, measures = _closed_case("2d")
    assert measures.in_work == 1
    _close_another(desk, 400_000)
    measures = desk.measures()
    assert measures.in_work == 1
    assert measures.total.end_to_end.n == 2
    desk.run(c.ReopenCase("ca1", "asked"), 600_000)
    desk.run(c.SendMessage("ca1", "late", text="sorry"), 600_010)
    figures = desk.measures().total
    assert (figures.messages.outbound, figures.end_to_end.mean_s) == (3, 5.5)


def test_a_case_that_came_back_is_kept() -> None:
    desk, _ = _closed_case("2d")
    desk.run(c.ReopenCase("ca1", "asked"), 150_000)
    _close_another(desk, 400_000)
    assert desk.measures().in_work == 2


def test_without_a_limit_closed_cases_are_kept() -> None:
    measures = of(OPENED, e.CaseClosed("ca1", "cu1", "time"), e.CaseClosed("ca9", "cu1", "time"))
    assert measures.in_work == 1
    plan = Desk().view.plan.parse(PLAN)
    never = attrs.evolve(plan, cases=attrs.evolve(plan.cases, reopen_within=None))
    changed = e.PlanChanged(never, "d", "z", "k")
    measures = fold([(changed, 1), (OPENED, 1), (e.CaseClosed("ca1", "cu1", "time"), 10**18)])
    assert measures.in_work == 1


def test_messages_of_unknown_cases_count_as_messages() -> None:
    measures = of(inbound(10), outbound(20), e.CaseReopened("ca1", "cu1", "contact"))
    assert (measures.total.messages.inbound, measures.total.messages.outbound, measures.total.cases) == (1, 1, 0)
    assert measures.by_queue == {}


def test_the_window_begins_with_the_oldest_message() -> None:
    told = fold([(OPENED, 20 * SECOND), (inbound(10), 20 * SECOND), (outbound(5), 30 * SECOND)])
    assert (told.window.from_us, told.window.to_us) == (5 * SECOND, 30 * SECOND)


def test_the_window_is_that_of_the_events() -> None:
    desk = Desk()
    desk.write("joe", 10)
    window = desk.measures().window
    assert (window.from_us, window.to_us) == (START_US, START_US + 10 * SECOND)


# Cases that are one matter


SECOND_CASE = e.CaseOpened("ca2", "C-2", "cu1", "team", "care", "care")
MERGED = e.CaseMerged("ca2", "cu1", "ca1", "the same")
UNMERGED = e.CaseUnmerged("ca2", "cu1", "ca1", "OPEN", "two")


def _figures(*events: e.Event) -> tuple[int, int, float | None, float | None]:
    figures = of(OPENED, SECOND_CASE, *events).total
    return figures.cases, figures.first_response.times.n, figures.first_response.times.mean_s, figures.end_to_end.mean_s


def test_merged_cases_count_as_one_and_are_answered_once() -> None:
    apart = inbound(0), inbound(10, "ca2"), outbound(40), outbound(50, "ca2")
    assert _figures(*apart) == (2, 2, 40.0, 40.0)
    assert _figures(*apart, MERGED) == (1, 1, 40.0, 50.0)
    assert _figures(*apart, MERGED, UNMERGED) == (2, 2, 40.0, 40.0)


@pytest.mark.parametrize("at", range(5))
def test_when_cases_are_merged_decides_nothing(at: int) -> None:
    told: list[e.Event] = [inbound(20), outbound(30), inbound(0, "ca2"), outbound(60, "ca2")]
    assert _figures(*told[:at], MERGED, *told[at:]) == (1, 1, 30.0, 60.0)
    assert _figures(*told[:at], MERGED, *told[at:], UNMERGED) == _figures(*told)


def test_an_answer_in_one_answers_the_question_in_the_other() -> None:
    assert _figures(outbound(30), inbound(10, "ca2"), MERGED) == (1, 1, 20.0, 20.0)
    assert _figures(outbound(30), inbound(10, "ca2"), MERGED, UNMERGED) == (2, 0, None, None)
    assert _figures(MERGED, outbound(30)) == (1, 0, None, None)


def test_cases_merged_into_merged_ones_are_one() -> None:
    third = e.CaseOpened("ca3", "C-3", "cu1", "team", "care", "care")
    merged = third, e.CaseMerged("ca3", "cu1", "ca2", "x"), MERGED
    assert _figures(*merged, inbound(5, "ca3"), outbound(9)) == (1, 1, 4.0, 4.0)
    assert _figures(*merged, inbound(5, "ca3"), outbound(9), UNMERGED) == (2, 0, None, None)


def test_a_merged_case_counts_on_its_channel_once_it_is_apart() -> None:
    by_channel = of(OPENED, SECOND_CASE, inbound(0), MERGED, inbound(5, "ca2", "chat")).by_channel
    assert (by_channel["mail"].cases, by_channel["chat"].cases) == (1, 0)
    by_channel = of(OPENED, SECOND_CASE, inbound(0), MERGED, inbound(5, "ca2", "chat"), UNMERGED).by_channel
    assert (by_channel["mail"].cases, by_channel["chat"].cases) == (1, 1)


def test_a_merge_of_what_began_before_the_figures_changes_none() -> None:
    assert of(OPENED, MERGED, UNMERGED).total.cases == 1
    assert of(SECOND_CASE, MERGED, UNMERGED).total.cases == 1


def test_merged_cases_are_forgotten_with_what_they_went_on_as() -> None:
    measures = Measures()
    closed = e.CaseClosed("ca1", "cu1", "time")
    day_us = 24 * 3600 * SECOND
    for event, at_us in ((OPENED, 0), (SECOND_CASE, 0), (MERGED, 0), (closed, 1)):
        measures.add(event, at_us)
    assert measures.in_work == 2
    last = attrs.evolve(OPENED, case="ca9")
    for event, at_us in ((last, 40 * day_us), (attrs.evolve(closed, case="ca9"), 40 * day_us)):
        measures.add(event, at_us)
    assert measures.in_work == 1


def test_a_closed_case_that_is_apart_again_is_forgotten_in_its_time() -> None:
    measures = Measures()
    day_us = 24 * 3600 * SECOND
    for event in (OPENED, SECOND_CASE, MERGED, attrs.evolve(UNMERGED, state="CLOSED")):
        measures.add(event, 0)
    assert measures.in_work == 2
    measures.add(e.CaseClosed("ca1", "cu1", "time"), 40 * day_us)
    assert measures.in_work == 1


def test_what_is_moved_counts_in_its_new_case() -> None:
    started = e.InteractionStarted("in1", "cu1", "mail", "main", "co1", False, 0)
    attached = e.InteractionAttached("in1", "ca1", "cu1", "new")
    moved = e.InteractionMoved("in1", "cu1", "ca2", "ca1", "split")
    told = of(started, OPENED, attached, SECOND_CASE, moved)
    assert (told.total.cases, told.by_channel["mail"].cases) == (2, 2)
    assert of(OPENED, SECOND_CASE, moved).total.cases == 2
