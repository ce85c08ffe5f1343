from __future__ import annotations

from fractions import Fraction

from hypothesis import given, strategies as st

from orchestra.insight.figures import OVERLAP
from orchestra.insight.handling import InHand, Workload
from orchestra.insight.tally import Spent


def test_one_contact_alone_has_all_the_time() -> None:
    in_hand = InHand("ana", Workload(), 100)
    in_hand.enter("hold", 130)
    in_hand.enter("talk", 140)
    in_hand.enter("wrap_up", 190)
    assert in_hand.end(200) == Spent(80, 10, 10, 100 * OVERLAP)


def test_two_at_once_share_the_time() -> None:
    workload = Workload()
    first, second = InHand("ana", workload, 0), InHand("ana", workload, 60)
    assert first.end(100).weighted == (60 + 20) * OVERLAP
    assert second.end(130).weighted == (20 + 30) * OVERLAP


def test_another_agent_shares_nothing() -> None:
    workload = Workload()
    first = InHand("ana", workload, 0)
    InHand("bob", workload, 0)
    assert first.end(10).weighted == 10 * OVERLAP


def test_what_ended_idle_counts_to_the_last_message() -> None:
    in_hand = InHand("ana", Workload(), 0)
    in_hand.touch(40)
    spent = in_hand.end(1_000, is_idle=True)
    assert (spent.talk, spent.weighted) == (40, 40 * OVERLAP)


def test_what_ended_idle_without_a_message_took_no_time() -> None:
    assert InHand("ana", Workload(), 7).end(1_000, is_idle=True) == Spent()


def test_what_is_parked_takes_nobodys_time() -> None:
    workload = Workload()
    in_hand, other = InHand("ana", workload, 0), InHand("ana", workload, 0)
    in_hand.park(20)
    in_hand.park(25)
    in_hand.touch(30)
    in_hand.enter("talk", 40)
    assert in_hand.end(50) == Spent(30, 0, 0, 15 * OVERLAP)
    assert other.end(50).weighted == (10 + 20 + 5) * OVERLAP


def test_what_is_over_while_it_is_parked_took_the_time_until_then() -> None:
    in_hand = InHand("ana", Workload(), 0)
    in_hand.park(20)
    assert in_hand.end(100, is_idle=True) == Spent(20, 0, 0, 20 * OVERLAP)


def test_idle_on_hold_never_counts_backwards() -> None:
    in_hand = InHand("ana", Workload(), 0)
    in_hand.touch(10)
    in_hand.enter("hold", 50)
    assert in_hand.end(100, is_idle=True) == Spent(50, 0, 0, 10 * OVERLAP)


def test_an_agent_with_nothing_in_hand_is_forgotten() -> None:
    workload = Workload()
    InHand("ana", workload, 0).end(10)
    assert workload._clocks == {}


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 1000)), min_size=1, max_size=12))
def test_shared_time_adds_up_to_the_time_with_anything_in_hand(spans: list[tuple[int, int]]) -> None:
    workload = Workload()
    moves = sorted(
        [(start, 1, place) for place, (start, _) in enumerate(spans)]
        + [(start + length, 2, place) for place, (start, length) in enumerate(spans)]
    )
    in_hand: dict[int, InHand] = {}
    weighted = 0
    for at_us, move, place in moves:
        if move == 1:
            in_hand[place] = InHand("ana", workload, at_us)
        else:
            weighted += in_hand.pop(place).end(at_us).weighted
    covered = {moment for start, length in spans for moment in range(start, start + length)}
    assert Fraction(weighted, OVERLAP) == len(covered)
