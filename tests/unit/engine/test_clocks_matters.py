"""Clocks of cases that wait, are opened again, merged, parted and split, and of contacts that move."""

from __future__ import annotations

from typing import Any

from tests.clock_plans import clocked, of, row, running, told
from tests.engine_driver import HOUR, MINUTE, SECOND, Driver, thread

from orchestra.model import commands as c, events as e

SOLVE = of("resolution", target="1d", pause_on='["customer", "third_party"]')
WAIT = of("requester_wait", target="1d", pause_on='["third_party"]')
REPLIES = of("first_reply", target="1h") + of("next_reply", target="1h")


def mail(driver: Driver, sender: str = "joe", **values: Any) -> Any:
    return driver.message(sender, **{"channel": "email"} | values)


def two_cases(text: str) -> Driver:
    """Joe has written about an order and a bill, a minute apart."""
    driver = clocked(text)
    mail(driver, topic="order", thread=thread("a"), after=0)
    mail(driver, topic="bill", thread=thread("b"), after=60)
    assert len(driver.engine.view.cases.cases) == 2
    return driver


# Waiting


def test_a_case_that_waits_pauses_what_the_policy_says() -> None:
    driver = clocked(SOLVE + of("resolution", "interaction", name="contact", pause_on="[]") + REPLIES)
    mail(driver, after=0)
    driver.run(c.SetCaseWaiting("ca1", "third_party"), 600)
    states = {driver.engine.view.clocks.clocks[name].policy: state for name, state in running(driver).items()}
    assert states == {"resolution": "PAUSED", "contact": "RUNNING", "first_reply": "RUNNING"}
    driver.run(c.ResumeCase("ca1"), 600)
    assert told(driver, "policy", "reason", "ran_us", "paused_us")[-2:] == [
        ("Paused", "resolution", "third_party", 600 * SECOND),
        ("Resumed", "resolution", "third_party", 600 * SECOND),
    ]


def test_another_wait_is_the_same_pause() -> None:
    driver = clocked(SOLVE)
    mail(driver, after=0)
    driver.run(c.SetCaseWaiting("ca1", "third_party"), 600)
    driver.run(c.SetCaseWaiting("ca1", "customer"), 600)
    mail(driver, after=600)
    assert told(driver, "reason", "paused_us") == [
        ("Started",),
        ("Paused", "third_party"),
        ("Resumed", "third_party", 1200 * SECOND),
    ]


def test_a_customer_waits_for_us_whatever_the_policy_says_unless_we_wait_for_them() -> None:
    driver = clocked(of("requester_wait", target="1d", pause_on="[]"))
    mail(driver, after=0)
    driver.run(c.SetCaseWaiting("ca1", "third_party"), 600)
    assert running(driver) == {"ck1": "RUNNING"}
    driver.run(c.SetCaseWaiting("ca1", "customer"), 600)
    assert (row(driver).state, row(driver).ran_us) == ("PAUSED", 1200 * SECOND)
    driver.run(c.ResolveCase("ca1"), 600)
    assert driver.last(e.ClockFulfilled).ran_us == 1200 * SECOND
    assert driver.last(e.ClockFulfilled).paused_us == 600 * SECOND


def test_a_customer_who_asks_while_a_third_party_is_waited_for_is_owed_an_answer() -> None:
    driver = clocked(SOLVE)
    driver.sign_in("ana")
    mail(driver, after=0)
    driver.accept(after=0)
    driver.run(c.SetCaseWaiting("ca1", "third_party"), 600)
    mail(driver, after=600)
    assert running(driver) == {"ck1": "RUNNING"}
    assert driver.engine.view.cases.cases["ca1"].state == "WAITING_ON_THIRD_PARTY"
    driver.run(c.WriteReply("in1", "ana", "Still waiting."), 60)
    assert (row(driver).state, row(driver).ran_us, row(driver).paused_us) == ("PAUSED", 660 * SECOND, 600 * SECOND)
    driver.run(c.ResolveCase("ca1"), 60)
    mail(driver, after=60)
    assert running(driver) == {"ck1": "RUNNING"}


# Opened again


def test_a_case_that_is_opened_again_goes_on_where_it_stood() -> None:
    driver = clocked(SOLVE + WAIT)
    mail(driver, after=0)
    driver.run(c.ResolveCase("ca1"), 3600)
    assert running(driver) == {"ck1": "FULFILLED", "ck2": "FULFILLED"}
    mail(driver, after=7200)
    assert running(driver) == {"ck1": "RUNNING", "ck2": "RUNNING"}
    driver.advance(23 * 3600 - 1)
    assert driver.events(e.ClockBreached) == []
    driver.advance(1)
    assert [event.clock for event in driver.events(e.ClockBreached)] == ["ck1", "ck2"]
    driver.run(c.ResolveCase("ca1"), 60)
    assert {event.ran_us for event in driver.events(e.ClockFulfilled)} == {HOUR, 24 * HOUR + MINUTE}
    driver.run(c.ReopenCase("ca1", "again"), 60)
    restarted = driver.last(e.ClockRestarted)
    assert (restarted.due_us, restarted.next_us) == (None, None)
    driver.advance(10 * 24 * 3600)
    assert len(driver.events(e.ClockBreached)) == 2


def test_what_is_closed_is_forgotten_and_begins_anew() -> None:
    driver = clocked(SOLVE)
    mail(driver, after=0)
    driver.run(c.ResolveCase("ca1"), 60)
    driver.run(c.CloseCase("ca1"), 60)
    assert driver.last(e.ClocksForgotten) == e.ClocksForgotten("ca1", "cu1")
    own = driver.engine.view.clocks
    assert (own.clocks, own.of, list(own.tracks)) == ({}, {}, ["in1"])
    driver.run(c.ReopenCase("ca1", "again"), 60)
    assert running(driver) == {"ck2": "RUNNING"}


# Merged and parted


def test_merged_cases_keep_their_clocks_and_one_answer_serves_both() -> None:
    driver = two_cases(REPLIES + SOLVE)
    assert len(running(driver)) == 4
    driver.run(c.MergeCases("ca1", "ca2", "the same"), 60)
    assert len(running(driver)) == 4
    driver.run(c.SendMessage("ca1", "k1", text="Both are on their way.", actor="operator"), 60)
    assert [(one.case, one.ran_us) for one in driver.events(e.ClockFulfilled)] == [
        ("ca1", 180 * SECOND),
        ("ca2", 120 * SECOND),
    ]
    mail(driver, thread=thread("b"), after=60)
    assert [one.case for one in driver.events(e.ClockStarted) if one.measure == "next_reply"] == ["ca1"]
    driver.run(c.ResolveCase("ca1"), 60)
    assert {one.case for one in driver.events(e.ClockFulfilled) if one.measure == "resolution"} == {"ca1", "ca2"}


def test_parted_cases_go_on_as_if_they_had_never_been_merged() -> None:
    driver = two_cases(SOLVE)
    driver.run(c.MergeCases("ca1", "ca2", "the same"), 600)
    driver.run(c.SetCaseWaiting("ca1", "customer"), 600)
    assert running(driver) == {"ck1": "PAUSED", "ck2": "PAUSED"}
    driver.run(c.UnmergeCase("ca2", "two matters"), 600)
    assert running(driver) == {"ck1": "PAUSED", "ck2": "RUNNING"}
    assert (row(driver, "ck2").ran_us, row(driver, "ck2").paused_us) == (1200 * SECOND, 600 * SECOND)


def test_a_settled_case_that_is_part_of_one_that_goes_on_begins_nothing() -> None:
    driver = two_cases(SOLVE)
    driver.run(c.ResolveCase("ca2"), 60)
    driver.run(c.MergeCases("ca1", "ca2", "the same"), 60)
    assert running(driver) == {"ck1": "RUNNING", "ck2": "FULFILLED"}
    driver.run(c.ResolveCase("ca1"), 60)
    driver.run(c.ReopenCase("ca1", "again"), 60)
    assert running(driver) == {"ck1": "RUNNING", "ck2": "FULFILLED"}
    driver.run(c.UnmergeCase("ca2", "two"), 60)
    assert running(driver) == {"ck1": "RUNNING", "ck2": "RUNNING"}


def test_what_is_merged_into_a_closed_case_or_closes_with_it_is_forgotten() -> None:
    driver = two_cases(SOLVE)
    for case in ("ca1", "ca2"):
        driver.run(c.ResolveCase(case), 60)
    driver.run(c.CloseCase("ca1"), 60)
    driver.run(c.MergeCases("ca1", "ca2", "the same"), 60)
    assert running(driver) == {}
    assert not {"ca1", "ca2"} & driver.engine.view.clocks.tracks.keys()

    driver = two_cases(SOLVE)
    driver.run(c.MergeCases("ca1", "ca2", "the same"), 60)
    driver.run(c.ResolveCase("ca1"), 60)
    driver.run(c.CloseCase("ca1"), 60)
    assert running(driver) == {}
    assert not {"ca1", "ca2"} & driver.engine.view.clocks.tracks.keys()


# Split and moved


def test_a_question_that_is_a_matter_of_its_own_is_to_be_answered_there() -> None:
    driver = clocked(REPLIES + SOLVE)
    mail(driver, topic="order", after=0)
    driver.call(topic="order", after=60)
    assert [one.case for one in driver.events(e.ClockStarted)] == ["ca1", "ca1"]
    driver.run(c.SplitCase("ca1", "two matters", interactions=["in2"]), 60)
    owed = {(one.case, one.measure) for one in driver.engine.view.clocks.clocks.values()}
    assert owed == {("ca1", "first_reply"), ("ca1", "resolution"), ("ca2", "first_reply"), ("ca2", "resolution")}
    assert driver.engine.view.clocks.tracks["ca2"].first == "in2"
    driver.run(c.MoveInteraction("in1", "ca2", "one matter"), 60)
    assert told(driver, "case", "measure", "reason")[-1] == ("Canceled", "ca1", "first_reply", "moved")


def test_what_was_answered_before_it_was_moved_was_answered_there() -> None:
    driver = clocked(REPLIES)
    driver.sign_in("ana")
    mail(driver, topic="order", after=0)
    driver.accept(after=0)
    driver.run(c.WriteReply("in1", "ana", "hello"), 60)
    driver.run(c.SplitCase("ca1", "two matters", interactions=["in1"]), 60)
    assert running(driver) == {}
    mail(driver, after=60)
    assert [(one.case, one.measure) for one in driver.events(e.ClockStarted)][-1] == ("ca2", "next_reply")


def test_work_goes_with_the_contact_that_moves() -> None:
    driver = clocked(of("agent_work"))
    driver.sign_in("ana")
    mail(driver, topic="order", after=0)
    driver.accept(after=0)
    driver.run(c.SplitCase("ca1", "two matters", interactions=["in1"]), 600)
    assert running(driver) == {"ck1": "PAUSED", "ck2": "RUNNING"}
    assert (row(driver).ran_us, row(driver, "ck2").case) == (600 * SECOND, "ca2")


def test_a_contact_moves_with_what_it_measures() -> None:
    driver = two_cases(of("resolution", "interaction", when='{field = "case.topic", value = "order"}'))
    assert running(driver) == {"ck1": "RUNNING"}
    driver.run(c.MoveInteraction("in1", "ca2", "one matter"), 60)
    assert told(driver, "case", "reason")[-1] == ("Canceled", "ca2", "no_policy")
    driver.run(c.MoveInteraction("in2", "ca1", "one matter"), 60)
    assert told(driver, "case", "interaction")[-1] == ("Started", "ca1", "in2")
