"""The wait of those who wait on several channels at once, event by event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.unit.insight.rig import fold

from orchestra.insight.measures import Measures
from orchestra.insight.waiting import union_us
from orchestra.model import events as e

US = 1_000_000
Told = list[tuple[e.Event, int]]


def start(name: str, at_s: int, channel: str = "voice") -> Told:
    """A contact that waits from then on."""
    at_us = at_s * US
    return [
        (e.InteractionStarted(name, "cu1", channel, "main", "co1", False, at_us), at_us),
        (e.InteractionQueued(name, "cu1", "care", channel, {}, 0, at_us, 1, "arrived"), at_us),
    ]


def again(name: str, at_s: int, start_s: int) -> Told:
    return [(e.InteractionQueued(name, "cu1", "care", "voice", {}, 0, start_s * US, 1, "unlinked"), at_s * US)]


def say(event: e.Event, at_s: int) -> Told:
    return [(event, at_s * US)]


def take(name: str, at_s: int) -> Told:
    return say(e.OfferAccepted("of1", name, "cu1", "ana"), at_s)


def done(name: str, at_s: int, reason: str = "finished") -> Told:
    return say(e.InteractionDone(name, "cu1", reason), at_s)


def join(name: str, at_s: int) -> Told:
    return say(e.EngagementJoined("en1", "cu1", name, "together"), at_s)


def waits(*parts: Told) -> tuple[int, float | None]:
    """How many engagements were answered, and their mean wait."""
    times = fold([item for part in parts for item in part]).total.journeys.engagement_wait
    return times.n, times.mean_s


def test_one_that_waits_counts_once_it_is_answered() -> None:
    assert waits(start("in1", 10)) == (0, None)
    assert waits(start("in1", 10), take("in1", 25)) == (1, 15.0)


def test_a_second_wait_of_the_same_contact_does_not_count() -> None:
    first = start("in1", 10), take("in1", 25)
    assert waits(*first, again("in1", 40, 40), take("in1", 90)) == (1, 15.0)


@pytest.mark.parametrize(
    "gone",
    [
        e.InteractionAbandoned("in1", "cu1", 30 * US, False),
        e.InteractionCanceled("in1", "cu1", "asked"),
        e.InteractionDeflected("in1", "cu1", "care", "closed"),
        e.InteractionDone("in1", "cu1", "finished"),
    ],
)
def test_one_that_is_gone_without_an_answer_counts_only_with_one_that_has_one(gone: e.Event) -> None:
    assert waits(start("in1", 10), say(gone, 40)) == (0, None)
    both = start("in1", 10), start("in2", 30, "chat"), join("in2", 30)
    assert waits(*both, say(gone, 40), take("in2", 50)) == (1, 40.0)


def test_time_between_two_waits_is_no_wait() -> None:
    parts = start("in1", 10), take("in1", 20), start("in2", 50, "chat"), join("in2", 50), take("in2", 55)
    assert waits(*parts) == (1, 15.0)


def test_an_answer_given_elsewhere_ends_the_wait_when_it_was_given() -> None:
    reply = e.ReplyRecorded("me1", "ca1", "cu1", "voice", "main", "x", "co1", 1, 30 * US, False, interaction="in1")
    opened = [(e.CaseOpened("ca1", "1", "cu1", "team", "care", "care"), 10 * US)]
    parts = start("in1", 10), opened, say(reply, 60), done("in1", 61, "answered_elsewhere")
    assert waits(*parts) == (1, 20.0)
    assert waits(start("in1", 10), done("in1", 61, "answered_elsewhere")) == (1, 51.0)


def test_a_reply_before_the_wait_ends_it_at_once() -> None:
    reply = e.ReplyRecorded("me1", "ca1", "cu1", "voice", "main", "x", "co1", 1, 5 * US, False, interaction="in1")
    parts = start("in1", 10), say(reply, 12), done("in1", 13, "answered_elsewhere")
    assert waits(*parts) == (1, 0.0)


def test_a_linked_question_waits_with_the_one_whose_answer_it_gets() -> None:
    both = start("in1", 10), start("in2", 20, "chat"), join("in2", 20)
    linked = say(e.QuestionLinked("in2", "cu1", "in1", "place"), 21)
    assert waits(*both, linked, take("in1", 60)) == (1, 50.0)
    ended = say(e.QuestionAnswered("in2", "cu1", "in1"), 80)
    assert waits(*both, linked, take("in1", 60), ended, done("in1", 90)) == (1, 50.0)


def test_a_question_that_is_another_after_all_has_waited_all_the_time() -> None:
    both = start("in1", 10), start("in2", 20, "chat"), join("in2", 20)
    linked = say(e.QuestionLinked("in2", "cu1", "in1", "asked"), 21)
    parts = linked, take("in1", 60), again("in2", 70, 20), take("in2", 100)
    assert waits(*both, *parts) == (1, 90.0)


def test_two_who_are_one_have_waited_once_and_twice_when_they_are_two() -> None:
    both = start("in1", 10), start("in2", 20, "chat"), take("in1", 30), take("in2", 60)
    assert waits(*both) == (2, 30.0)
    merged = say(e.EngagementsMerged("en1", "cu1", "en2", ["in2"]), 70)
    assert waits(*both, merged) == (1, 50.0)
    split = say(e.EngagementSplit("en1", "cu1", "en2", ["in2"]), 80)
    assert waits(*both, merged, split) == (2, 30.0)


def test_it_counts_where_the_first_contact_came() -> None:
    parts = [*start("in1", 10), *start("in2", 20, "chat"), *join("in2", 20), *take("in2", 30)]
    measures = fold(parts)
    assert measures.by_channel["voice"].journeys.engagement_wait.n == 1
    assert measures.by_channel["chat"].journeys.engagement_wait.n == 0
    assert measures.by_queue["care"].journeys.engagement_wait.n == 1


def test_an_engagement_that_is_over_is_forgotten_and_stays_counted() -> None:
    parts = [*start("in1", 10), *start("in2", 20, "chat"), *join("in2", 20), *take("in2", 30), *done("in2", 40)]
    measures = fold(parts)
    assert len(measures._waits) == 2
    fold([*take("in1", 50), *done("in1", 60)], measures)
    assert len(measures._waits) == 0
    assert measures._waits._engagements == {}
    assert measures.total.journeys.engagement_wait.mean_s == 40.0


def test_work_items_wait_for_nobodys_sake() -> None:
    work = e.InteractionStarted("in1", "cu1", "task", "main", None, False, 10 * US)
    assert len(fold([(work, 10 * US)])._waits) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12))
def test_a_union_is_what_one_counts_second_by_second(spans: list[tuple[int, int]]) -> None:
    ranges = [(begin, begin + length) for begin, length in spans]
    seconds = {second for begin, end in ranges for second in range(begin, end)}
    assert union_us(ranges) == len(seconds)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 30)), min_size=1, max_size=6))
def test_an_engagement_waits_as_long_as_any_of_its_contacts(spans: list[tuple[int, int]]) -> None:
    told: Told = []
    for number, (begin, length) in enumerate(spans, 1):
        name = f"in{number}"
        told += [*start(name, begin), *(join(name, begin) if number > 1 else []), *take(name, begin + length)]
    ordered: list[Any] = sorted(told, key=lambda item: item[1])
    starts = [item for item in ordered if not isinstance(item[0], e.OfferAccepted)]
    measures = fold([*starts, *(item for item in ordered if isinstance(item[0], e.OfferAccepted))], Measures())
    seconds = {second for begin, length in spans for second in range(begin, begin + length)}
    assert measures.total.journeys.engagement_wait.mean_s == float(len(seconds))
