"""How long a customer waits who is in touch on several channels at once: what overlaps counts once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.clock_plans import CLOCKED, clocked, of, row, running, told
from tests.engine_driver import SECOND, Driver, plan

from orchestra.engine.clocks.waits import Spans, begin, close, together
from orchestra.model import commands as c, events as e

WAIT = of("requester_wait", "engagement", target="5m")


def elapsed(from_us: int, until_us: int) -> int:
    return until_us - from_us


@pytest.mark.parametrize(
    ("waits", "total"),
    [
        ([], 0),
        ([[]], 0),
        ([[[0, 10]]], 10),
        ([[[0, None]]], 100),
        ([[[0, 10]], [[5, 20]]], 20),
        ([[[0, 30]], [[5, 20]]], 30),
        ([[[0, 10], [50, 60]], [[20, 30]]], 30),
        ([[[90, None]], [[95, None]]], 10),
    ],
)
def test_what_overlaps_counts_once(waits: Sequence[Spans], total: int) -> None:
    assert together(waits, elapsed, 100) == total


def test_a_wait_begins_and_ends_once() -> None:
    spans: Spans = []
    close(spans, 1)
    begin(spans, 2)
    begin(spans, 3)
    close(spans, 4)
    close(spans, 5)
    begin(spans, 6)
    assert spans == [[2, 4], [6, None]]


def two_at_once(text: str = WAIT) -> Driver:
    """Joe has written in the chat, and calls a minute later."""
    driver = clocked(text)
    driver.message(after=0)
    driver.call(after=60)
    assert driver.engine.view.engagements.of_member("in2") == "en1"
    return driver


def test_waits_on_two_channels_are_one_as_long_as_they_overlap() -> None:
    driver = two_at_once()
    driver.sign_in("ana")
    assert told(driver, "engagement", "interaction") == [("Started", "en1", "in1")]
    driver.accept()
    assert running(driver) == {"ck1": "RUNNING"}
    driver.advance(56)
    driver.sign_in("bob")
    driver.run(c.UnlinkQuestion("in2"), 1)
    driver.accept()
    assert (row(driver).state, row(driver).reason, row(driver).ran_us) == ("PAUSED", "served", 121 * SECOND)
    agent = driver.engine.view.contacts.interactions["in1"].agent
    driver.run(c.TransferInteraction("in1", agent or "", "sales"), 60)
    driver.advance(179)
    assert driver.last(e.ClockBreached).breached_us == driver.now_us
    assert driver.last(e.ClockBreached).case == "ca1"


def test_it_is_over_with_the_last_contact() -> None:
    driver = two_at_once()
    driver.run(c.LeaveContact("in1"), 60)
    assert running(driver) == {"ck1": "RUNNING"}
    driver.run(c.LeaveContact("in2"), 60)
    assert told(driver, "ran_us", "of")[-2:] == [("Fulfilled", 180 * SECOND), ("sForgotten", "en1")]
    own = driver.engine.view.clocks
    assert (own.engaged, own.clocks, [name for name in own.tracks if name[:2] == "en"]) == ({}, {}, [])


def test_two_who_turn_out_to_be_one_have_waited_together() -> None:
    driver = clocked(WAIT)
    driver.sign_in("ana")
    driver.message("joe", after=0)
    driver.accept(after=20)
    driver.call("ann", after=40)
    assert running(driver) == {"ck1": "PAUSED", "ck2": "RUNNING"}
    driver.run(c.MergeCustomers("cu1", "cu2", "agent said so"), 60)
    assert running(driver) == {"ck1": "RUNNING"}
    assert told(driver, "clock", "reason", "ran_us")[-3:] == [
        ("Moved", "ck1", 80 * SECOND),
        ("Canceled", "ck2", "merged", 60 * SECOND),
        ("Resumed", "ck1", "served"),
    ]
    assert driver.last(e.ClockResumed).due_us == driver.now_us + 220 * SECOND
    driver.run(c.SplitCustomers("li1", "two people"), 60)
    assert sorted(driver.engine.view.clocks.engaged.items()) == [("in1", "en1"), ("in2", "en2")]
    assert (row(driver).state, row(driver).ran_us) == ("PAUSED", 20 * SECOND)
    assert [one.ran_us for one in driver.engine.view.clocks.clocks.values() if one.subject == "en2"] == [0]


def test_what_joins_an_engagement_while_its_calendar_is_gone_finds_it_by_another() -> None:
    hours = "".join(f'{day} = ["00:00-24:00"]\n' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    wait = of("requester_wait", "engagement", target="300s", calendar='"shop"')
    driver = clocked(f'[calendars.shop]\nzone = "UTC"\n{hours}{wait}')
    for number in range(30):
        driver.call(f"other{number}", after=0)
    driver.call("joe", after=0)
    driver.advance(60)
    driver.change_plan(plan(CLOCKED + WAIT))
    driver.message("joe", account="second", after=0)
    assert (row(driver, "ck31").calendar, row(driver, "ck31").state) == (None, "RUNNING")
    assert [moved.ran_us for moved in driver.events(e.ClockMoved) if moved.clock == "ck31"] == [60 * SECOND]


def test_an_engagement_is_part_of_the_case_of_its_first_contact() -> None:
    driver = two_at_once()
    driver.run(c.UnlinkQuestion("in2"), 1)
    driver.run(c.SplitCase("ca1", "two matters", interactions=["in2"]), 1)
    assert row(driver).case == "ca1"
    driver.run(c.MoveInteraction("in1", "ca2", "one matter"), 1)
    assert row(driver).case == "ca2"
