"""Cases in which nothing is left to be done once what was asked in them has been answered in another one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.engine_driver import DAY, Driver, person, plan

from orchestra.model import commands as c, events as e
from orchestra.model.case_types import CaseType, Stage


def _states(driver: Driver) -> dict[str, str]:
    return {name: row.state for name, row in driver.engine.view.cases.cases.items()}


def _asked_thrice(**parts: Any) -> Driver:
    """Joe asks by mail and in the chat what Ana tells him on the phone: three cases, and she links them."""
    driver = Driver(plan(**parts))
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    for channel in ("email", "chat"):
        driver.message("joe", channel, topic=channel)
    driver.run(c.LinkQuestion("in2", "in1", actor="agent:ana"), 1)
    driver.run(c.LinkQuestion("in3", "in1", actor="agent:ana"), 1)
    return driver


def _finish(driver: Driver, disposition: str | None = "resolved") -> None:
    driver.run(c.FinishInteraction("in1", "ana", disposition), 1)
    driver.run(c.FinishWrapUp("in1", "ana"), 1)


def test_with_the_answer_all_cases_in_which_it_was_asked_are_settled() -> None:
    driver = _asked_thrice()
    _finish(driver)
    assert set(_states(driver).values()) == {"RESOLVED"}
    assert {event.disposition for event in driver.events(e.CaseResolved)} == {"resolved"}
    assert driver.replayed().state_hash() == driver.engine.state_hash()
    driver.advance(7 * DAY // 1_000_000)
    assert set(_states(driver).values()) == {"CLOSED"}, "so that all of it can be archived"


def test_as_long_as_the_matter_is_open_so_is_what_asked_the_same() -> None:
    driver = _asked_thrice()
    _finish(driver, "callback")
    assert set(_states(driver).values()) == {"OPEN"}
    driver.run(c.ResolveCase("ca1", "resolved"), 60)
    assert set(_states(driver).values()) == {"RESOLVED"}


def test_a_matter_that_was_settled_before_the_contact_was_over_settles_the_others_then() -> None:
    driver = _asked_thrice()
    driver.run(c.ResolveCase("ca1"), 1)
    assert _states(driver) == {"ca1": "RESOLVED", "ca2": "OPEN", "ca3": "OPEN"}
    driver.run(c.FinishInteraction("in1", "ana"), 1)
    assert set(_states(driver).values()) == {"RESOLVED"}


def test_an_answer_that_is_recorded_counts_as_well() -> None:
    driver = Driver()
    driver.message("joe", "email", topic="order")
    driver.message("joe", "chat", topic="bill")
    driver.run(c.LinkQuestion("in2", "in1"), 1)
    driver.run(c.RecordReply("email", "main", "r1", person("joe"), agent="eve", resolve=True), 1)
    assert _states(driver) == {"ca1": "RESOLVED", "ca2": "RESOLVED"}


def test_who_writes_once_more_has_the_case_open_again() -> None:
    driver = _asked_thrice()
    _finish(driver)
    driver.message("joe", "email", topic="email")
    assert _states(driver) == {"ca1": "RESOLVED", "ca2": "OPEN", "ca3": "RESOLVED"}
    driver.run(c.ReopenCase("ca1", "not so"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    assert _states(driver)["ca2"] == "OPEN", "what was written there since is answered by nothing"


def test_a_case_in_which_something_was_before_stays_open() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "email", topic="bill")
    driver.run(c.FinishInteraction("in1", "ana"), 1)
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", "email", topic="bill")
    driver.run(c.LinkQuestion("in3", "in2"), 1)
    driver.run(c.FinishInteraction("in2", "ana", "resolved"), 1)
    driver.run(c.FinishWrapUp("in2", "ana"), 1)
    assert _states(driver) == {"ca1": "OPEN", "ca2": "RESOLVED"}


def test_a_case_in_which_something_has_come_since_stays_open() -> None:
    driver = _asked_thrice()
    driver.call("joe", "voice", topic="email")
    _finish(driver)
    assert _states(driver) == {"ca1": "RESOLVED", "ca2": "OPEN", "ca3": "RESOLVED"}


def test_what_goes_through_stages_is_more_than_a_question() -> None:
    stage = Stage("checked", normal=timedelta(days=1), max_silence=timedelta(days=1))
    kinds = {"order": CaseType(topics=("email",), stages=[stage, Stage("ready")], silent=True)}
    driver = _asked_thrice(case_types=kinds)
    _finish(driver)
    assert _states(driver) == {"ca1": "RESOLVED", "ca2": "OPEN", "ca3": "RESOLVED"}


def test_a_question_that_was_taken_back_waits_for_an_answer_of_its_own() -> None:
    driver = _asked_thrice()
    driver.run(c.UnlinkQuestion("in2"), 1)
    _finish(driver)
    assert _states(driver) == {"ca1": "RESOLVED", "ca2": "OPEN", "ca3": "RESOLVED"}


def test_a_matter_of_which_one_part_still_waits_stays_open() -> None:
    driver = _asked_thrice()
    driver.run(c.MergeCases("ca2", "ca3", "one matter"), 1)
    driver.run(c.UnlinkQuestion("in3"), 1)
    _finish(driver)
    assert _states(driver)["ca2"] == "OPEN"


def test_what_goes_on_as_the_matter_that_is_settled_needs_no_settling() -> None:
    driver = _asked_thrice()
    driver.run(c.MergeCases("ca1", "ca2", "one matter"), 1)
    _finish(driver)
    assert _states(driver) == {"ca1": "RESOLVED", "ca2": "MERGED", "ca3": "RESOLVED"}
