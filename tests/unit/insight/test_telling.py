"""Who speaks first, how long nobody speaks, and where cases go, event by event."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.unit.insight.rig import fold

from orchestra.insight.journeys import HandOffs, Journeys
from orchestra.model import events as e

US = 1_000_000
Told = list[tuple[e.Event, int]]

NOTHING = HandOffs(0, 0, 0, 0, 0, 0, 0, {}, 0)


def say(event: e.Event, at_s: int) -> Told:
    return [(event, at_s * US)]


def opened(case: str = "ca1", at_s: int = 0, queue: str = "care") -> Told:
    return say(e.CaseOpened(case, case, "cu1", "team", "care", queue), at_s)


def come(number: int, at_s: int, case: str = "ca1", conversation: str | None = "co1") -> Told:
    """A contact about the case."""
    name, at_us = f"in{number}", at_s * US
    return [
        (e.InteractionStarted(name, "cu1", "voice", "main", conversation, False, at_us), at_us),
        (e.InteractionAttached(name, case, "cu1", "thread"), at_us),
    ]


def take(number: int, at_s: int) -> Told:
    name, at_us = f"in{number}", at_s * US
    return [
        (e.InteractionQueued(name, "cu1", "care", "voice", {}, 0, at_us, 1, "arrived"), at_us),
        (e.OfferAccepted("of1", name, "cu1", "ana"), at_us),
    ]


def finish(number: int, at_s: int) -> Told:
    return say(e.InteractionFinished(f"in{number}", "cu1", "ana", "agent"), at_s)


def write(at_s: int, case: str = "ca1") -> Told:
    """The company writes."""
    names = ("de1", f"k{at_s}", f"me{at_s}", case, "cu1", "voice", "main", "co1", "status")
    return say(e.DeliveryPlanned(*names, 1, 10**18), at_s)


def resolve(at_s: int, case: str = "ca1") -> Told:
    return say(e.CaseResolved(case, "cu1"), at_s)


def journeys(*parts: Told) -> Journeys:
    return fold([item for part in parts for item in part]).total.journeys


def asked(*parts: Told) -> tuple[int, int]:
    """How often the company spoke first, and how often the customer."""
    found = journeys(*parts).proactivity
    return found.told_first, found.chased_first


def silences(*parts: Told) -> tuple[int, float | None]:
    """How many there were, and how long all together."""
    times = journeys(*parts).proactivity.silence
    return times.n, None if times.mean_s is None else times.mean_s * times.n


# Who speaks first


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([come(1, 10)], (0, 0)),
        ([come(1, 10), write(20)], (1, 0)),
        ([come(1, 10), write(20), write(30)], (1, 0)),
        ([come(1, 10), come(2, 20)], (0, 1)),
        ([come(1, 10), come(2, 20), come(3, 30)], (0, 2)),
        ([come(1, 10), come(2, 20), write(30)], (1, 1)),
        ([come(1, 10), write(20), come(2, 30)], (1, 0)),
        ([come(1, 10), write(20), come(2, 30), write(40)], (2, 0)),
        ([come(1, 10), take(1, 20)], (1, 0)),
        ([come(1, 10), resolve(20), come(2, 30)], (0, 0)),
        ([write(5), come(1, 10)], (0, 0)),
    ],
)
def test_who_speaks_first(parts: list[Told], expected: tuple[int, int]) -> None:
    assert asked(opened(), *parts) == expected


def test_work_for_a_case_is_no_question_of_its_customers() -> None:
    assert asked(opened(), come(1, 10), come(2, 20, conversation=None)) == (0, 0)


def test_an_answer_given_elsewhere_is_a_word() -> None:
    reply = e.ReplyRecorded("me1", "ca1", "cu1", "voice", "main", "x", "co1", 1, 20 * US, False)
    assert asked(opened(), come(1, 10), say(reply, 20)) == (1, 0)


def test_cases_are_told_apart() -> None:
    both = opened(), opened("ca2"), come(1, 10), come(2, 20, "ca2")
    assert asked(*both) == (0, 0)
    assert asked(*both, write(30, "ca2"), come(3, 40)) == (1, 1)


def test_a_word_in_a_merged_case_is_one_in_what_it_goes_on_as() -> None:
    both = opened(), opened("ca2"), come(1, 10), come(2, 20, "ca2")
    merged = say(e.CaseMerged("ca2", "cu1", "ca1", "same"), 25)
    assert asked(*both, merged, write(30, "ca2")) == (1, 0)


def test_shares_name_what_they_are_made_of() -> None:
    found = journeys(opened(), come(1, 10), write(20), come(2, 30), come(3, 40))
    told, chased = found.told_before_asking, found.status_chasing
    assert (told.name, told.numerator, told.denominator) == ("told before asking", 1, 2)
    assert (chased.name, chased.numerator, chased.denominator) == ("status-chasing contacts per case", 1, 1)


# Silence


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([come(1, 10)], (0, None)),
        ([come(1, 10), write(30)], (1, 20.0)),
        ([come(1, 10), write(30), write(70)], (2, 60.0)),
        ([come(1, 10), come(2, 20), write(30)], (1, 20.0)),
        ([come(1, 10), resolve(50)], (1, 40.0)),
        ([come(1, 10), write(30), resolve(50)], (2, 40.0)),
        ([come(1, 10), resolve(50), write(90)], (1, 40.0)),
        ([come(1, 10), take(1, 15), finish(1, 100), write(130)], (2, 35.0)),
        ([come(1, 10), resolve(50), come(2, 60), write(65)], (2, 45.0)),
    ],
)
def test_how_long_nobody_speaks(parts: list[Told], expected: tuple[int, float | None]) -> None:
    assert silences(opened(), *parts) == expected


def test_while_it_is_the_customers_turn_nobody_owes_a_word() -> None:
    waits = say(e.CaseWaiting("ca1", "cu1", "customer"), 20)
    goes_on = say(e.CaseResumed("ca1", "cu1", "asked"), 500)
    assert silences(opened(), come(1, 10), waits) == (1, 10.0)
    assert silences(opened(), come(1, 10), waits, goes_on, write(530)) == (2, 40.0)
    assert silences(opened(), come(1, 10), goes_on, write(530)) == (1, 520.0)


def test_while_others_are_waited_for_the_customer_is_still_to_be_told() -> None:
    waits = say(e.CaseWaiting("ca1", "cu1", "third_party"), 20)
    assert silences(opened(), come(1, 10), waits, write(100)) == (1, 90.0)


def test_a_case_that_is_closed_is_told_of_no_more() -> None:
    closed = say(e.CaseClosed("ca1", "cu1", "time"), 20)
    assert silences(opened(), come(1, 10), closed, write(100)) == (0, None)
    assert len(fold([*opened(), *come(1, 10), *closed])._telling) == 0


# Hand-offs, escalations and findings


def offered(number: int) -> e.HandOffOffered:
    return e.HandOffOffered(f"ho{number}", "ca1", "cu1", "team", "care", "team", "sales", 9)


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (offered(1), {"offered": 1}),
        (e.HandOffAccepted("ho1", "ca1", "cu1", "cid", "sales"), {"accepted": 1}),
        (e.HandOffEnded("ho1", "ca1", "cu1", "DECLINED", "cid", "no"), {"declined": 1}),
        (e.HandOffEnded("ho1", "ca1", "cu1", "TIMED_OUT"), {"timed_out": 1}),
        (e.HandOffEnded("ho1", "ca1", "cu1", "WITHDRAWN"), {"withdrawn": 1}),
        (e.CaseEscalated("ca1", "cu1", "care", "sales", "unanswered"), {"escalated": 1, "escalated_by_time": 1}),
        (e.CaseEscalated("ca1", "cu1", "care", "sales", "angry"), {"escalated": 1}),
        (e.FindingRaised("fi1", "ca1", "cu1", "idea", ["sales"], {}), {"findings": {"idea": 1}}),
        (e.FindingAcknowledged("fi1", "ca1", "cu1", "idea", "sales"), {"findings_acknowledged": 1}),
    ],
)
def test_each_counts_once_where_its_case_counts(event: e.Event, counts: dict[str, Any]) -> None:
    measures = fold([*opened(), *come(1, 10), *say(event, 20)])
    expected = attrs.evolve(NOTHING, **counts)
    assert measures.total.journeys.hand_offs == expected
    assert measures.by_queue["care"].journeys.hand_offs == expected
    assert measures.by_channel["voice"].journeys.hand_offs == expected
    assert fold(say(event, 20)).total.journeys.hand_offs == NOTHING


def test_they_count_in_the_queue_of_that_time() -> None:
    moved = say(e.CaseQueueChanged("ca1", "cu1", "german", "asked"), 30)
    parts = [*opened(), *come(1, 10), *say(offered(1), 20), *moved, *say(offered(2), 40), *say(offered(3), 50)]
    by_queue = fold(parts).by_queue
    assert by_queue["care"].journeys.hand_offs.offered == 1
    assert by_queue["german"].journeys.hand_offs.offered == 2
