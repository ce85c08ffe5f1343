"""To which case a contact belongs where nothing names it: who is in touch, topics in their time, and guesses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, Driver, plan, thread
from tests.invariants import check_rebuilt, check_state

from orchestra.engine.cases import correlating
from orchestra.engine.engine import Engine
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.correlating import CaseScore, ScoredArrival, ScoredCase
from orchestra.model.plan import Plan
from orchestra.model.results import CaseRef
from orchestra.model.scores import ScoreFailure, Scores

Rate = Callable[[ScoredCase, ScoredArrival], int]


def _by(driver: Driver) -> str:
    return driver.last(e.InteractionAttached).by


def _over(driver: Driver, got: Any) -> None:
    driver.run(c.CancelInteraction(got.interaction, "x"), 1)


def _sound(driver: Driver) -> None:
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())
    check_rebuilt(driver.engine, driver.reloaded())


def _guessing(rate: Rate | None = None, **cases: Any) -> Driver:
    """A centre that guesses by a score of its own."""
    scores: Scores = {} if rate is None else {"acme.match@1": CaseScore(rate)}
    names = {} if rate is None else {"correlator": "acme.match@1"}
    of: Plan = plan(cases=attrs.evolve(plan().cases, **names, **cases))
    return Driver(of, engine=Engine(scores))


# Who is in touch


def test_who_is_on_the_phone_and_chats_goes_on_with_the_same_matter() -> None:
    driver = Driver()
    phone = driver.call("joe", topic="order")
    assert driver.message("joe", "chat").case == phone.case
    assert _by(driver) == "engagement"
    driver.message("joe", "email", topic="bill")
    assert _by(driver) == "new", "they say that it is about something else"


def test_of_two_matters_at_the_same_time_it_is_neither() -> None:
    driver = Driver()
    driver.call("joe", topic="order")
    driver.message("joe", "chat", topic="bill")
    driver.message("joe", "email")
    assert _by(driver) == "new"


def test_two_cases_that_are_one_matter_are_one() -> None:
    driver = Driver()
    driver.call("joe", topic="order")
    driver.message("joe", "chat", topic="bill")
    driver.run(c.MergeCases("ca1", "ca2", "x"), 1)
    got = driver.message("joe", "email")
    assert (got.case.id, _by(driver)) == ("ca1", "engagement")
    assert driver.last(e.InteractionAttached).case == "ca2", "the newest of it"


def test_what_waits_for_an_answer_is_no_talk() -> None:
    driver = Driver()
    driver.message("joe", "email", thread=thread("t1"))
    driver.message("joe", "email", thread=thread("t2"))
    assert _by(driver) == "new"
    driver.call("joe")
    assert _by(driver) == "new"


def test_a_person_is_in_touch_under_all_their_ids() -> None:
    driver = Driver()
    driver.call("joe", topic="order")
    jm = driver.message("jm", "email", topic="bill")
    _over(driver, jm)
    driver.run(c.MergeCustomers("cu1", "cu2", "login"), 1)
    assert driver.message("jm", "chat").case.id == "ca1"
    assert _by(driver) == "engagement"


# Topics in their time


def test_a_topic_tells_within_its_window() -> None:
    driver = Driver()
    first = driver.message("joe", "email", topic="order", thread=thread("t1"))
    _over(driver, first)
    assert driver.message("joe", "email", after=29 * DAY / 10**6, topic="order", thread=thread("t2")).case == first.case
    _over(driver, driver.last(e.InteractionAttached))
    assert driver.message("joe", "email", after=31 * DAY / 10**6, topic="order", thread=thread("t3")).case != first.case


def test_an_open_contact_keeps_the_window_open() -> None:
    driver = _guessing(attach=("customer_topic",), topic_window=timedelta(hours=1))
    first = driver.message("joe", "email", topic="order", thread=thread("t1"))
    got = driver.message("joe", "email", after=7200, topic="order", thread=thread("t2"))
    assert got.case == first.case
    for one in (first, got):
        _over(driver, one)
    assert driver.message("joe", "email", after=7200, topic="order", thread=thread("t3")).case != first.case


def test_a_window_may_have_no_end() -> None:
    driver = _guessing(attach=("customer_topic",), topic_window=None)
    first = driver.message("joe", "email", topic="order")
    _over(driver, first)
    assert driver.message("joe", "chat", after=900 * DAY / 10**6, topic="order").case == first.case


# Guesses


def test_a_sure_guess_links_and_can_be_undone() -> None:
    driver = _guessing(lambda case, arrival: 90)
    driver.message("joe", "email")
    got = driver.message("joe", "chat")
    assert (got.case.id, _by(driver)) == ("ca1", "correlator")
    driver.run(c.SplitCase("ca1", "another matter", [got.interaction]), 1)
    assert driver.engine.view.contacts.interactions[got.interaction].case == "ca2"
    _sound(driver)


def test_a_fair_guess_is_suggested_to_whoever_gets_the_contact() -> None:
    driver = _guessing(lambda case, arrival: 89)
    driver.message("joe", "email")
    got = driver.message("joe", "chat")
    assert (got.case.id, _by(driver)) == ("ca2", "new")
    assert driver.last(e.CaseSuggested) == e.CaseSuggested(got.interaction, "cu1", "ca1", 89, "acme.match@1")
    _sound(driver)


def test_a_poor_guess_is_none() -> None:
    driver = _guessing(lambda case, arrival: 49)
    driver.message("joe", "email")
    driver.message("joe", "chat")
    assert (_by(driver), driver.events(e.CaseSuggested)) == ("new", [])


def test_the_best_of_the_newest_is_taken_and_of_equal_ones_the_newest() -> None:
    scores = {"ca1": 100, "ca2": 60, "ca3": 70, "ca4": 70}
    driver = _guessing(lambda case, arrival: scores[case.case], candidates=3)
    driver.message("joe", "email")
    for topic in ("a", "b", "c"):
        driver.run(c.OpenCase("cu1", topic), 1)
    driver.message("joe", "chat")
    assert driver.last(e.CaseSuggested).case == "ca4", "the first is too old to be looked at"


def test_only_open_cases_of_the_person_are_compared() -> None:
    seen: list[str] = []

    def rate(case: ScoredCase, arrival: ScoredArrival) -> int:
        seen.append(case.case)
        return 0

    driver = _guessing(rate)
    for sender in ("joe", "jim"):
        driver.message(sender, "email")
    for topic in ("a", "b", "c"):
        driver.run(c.OpenCase("cu1", topic), 1)
    driver.run(c.ResolveCase("ca3"), 1)
    driver.run(c.MergeCases("ca1", "ca4", "x"), 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "login"), 1)
    seen.clear()
    driver.message("joe", "chat")
    assert seen == ["ca5", "ca2", "ca1"]


def test_a_score_is_given_what_is_known() -> None:
    given: list[tuple[ScoredCase, ScoredArrival]] = []

    def rate(case: ScoredCase, arrival: ScoredArrival) -> int:
        given.append((case, arrival))
        return 0

    driver = _guessing(rate, attach=("correlator",))
    driver.message("joe", "email", topic="order")
    driver.run(c.AddRef("ca1", "order:81"), 1)
    driver.run(c.SetFields("ca1", {"orders": 2}), 1)
    driver.message("joe", "chat", topic="bill", queue="german", skills={"billing": 3})
    (case, arrival) = given[-1]
    first_us = driver.engine.view.cases.cases["ca1"].touched_us
    assert case == ScoredCase(
        "ca1", "OPEN", ("order",), "care", "team:care", ("email",), ("order:81",), {"orders": 2}, first_us
    )
    assert arrival == ScoredArrival("in2", "cu1", "chat", "main", "bill", "german", {"billing": 3}, driver.now_us)
    driver.run(c.SetFields("ca2", {"orders": 5}), 1)
    driver.run(c.MergeCases("ca1", "ca2", "x"), 1)
    driver.message("joe", "voice")
    (case, _) = given[-1]
    assert (case.topics, case.channels, case.fields) == (("bill", "order"), ("chat", "email"), {"orders": 2})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (ZeroDivisionError, "raised ZeroDivisionError"),
        (101, "gave 101, not 0 to 100"),
        (-1, "gave -1, not 0 to 100"),
        (True, "gave bool, not 0 to 100"),
        (0.9, "gave float, not 0 to 100"),
        (None, "gave NoneType, not 0 to 100"),
    ],
)
def test_a_score_that_fails_says_nothing_and_the_contact_goes_on(value: Any, reason: str) -> None:
    def rate(case: ScoredCase, arrival: ScoredArrival) -> int:
        if case.case == "ca1":
            return 60
        if isinstance(value, type):
            raise value
        return value  # type: ignore[no-any-return]

    driver = _guessing(rate)
    driver.message("joe", "email")
    driver.run(c.OpenCase("cu1", "bill"), 1)
    driver.sign_in("ana")
    got = driver.message("joe", "chat")
    assert driver.last(e.CaseSuggested).case == "ca1", "what it says of others counts"
    assert driver.state(got) in ("QUEUED", "OFFERED")
    assert driver.engine.view.plans.rating.failures() == {"acme.match@1": ScoreFailure(1, reason)}


def test_a_plan_in_force_may_name_what_this_process_does_not_have() -> None:
    first = _guessing(lambda case, arrival: 90)
    first.message("joe", "email")
    second = Driver(None, engine=first.replayed())
    second.now_us = first.now_us
    second.message("joe", "chat")
    assert _by(second) == "new"
    assert second.engine.view.plans.rating.failures() == {"acme.match@1": ScoreFailure(1, "is not registered")}


def test_what_is_replayed_asks_no_score() -> None:
    driver = _guessing(lambda case, arrival: 60)
    driver.message("joe", "email")
    driver.message("joe", "chat")
    engine = driver.replayed()
    assert engine.view.plans.rating.failures() == {}
    assert engine.view.cases.suggestions["in2"].case == "ca1"


def test_a_plan_that_names_no_case_score_is_refused() -> None:
    named = plan(cases=attrs.evolve(plan().cases, correlator="acme.match@2"))
    driver = Driver()
    refused = driver.refuse(c.ChangePlan(named, named.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert "no CaseScore 'acme.match@2' is registered; there are: none" in str(refused)


def test_a_plan_may_ask_no_correlator() -> None:
    driver = _guessing(lambda case, arrival: 100, attach=("thread",))
    driver.message("joe", "email")
    driver.message("joe", "chat")
    assert _by(driver) == "new"


def test_a_work_item_is_nobody_s_word() -> None:
    driver = _guessing(lambda case, arrival: 100)
    channels = {**driver.engine.view.plan.channels}
    channels["task"] = attrs.evolve(channels["email"], work=True)
    driver.change_plan(attrs.evolve(driver.engine.view.plan, channels=channels))
    driver.message("joe", "email")
    driver.run(c.OpenWorkItem("task", "k", customer="cu1"), 1)
    assert _by(driver) == "new"


# The score that ships


def test_a_contact_without_topic_is_suggested_where_the_customer_is_waited_for() -> None:
    driver = Driver()
    first = driver.message("joe", "email", topic="order")
    driver.run(c.SetCaseWaiting("ca1", "customer"), 1)
    got = driver.call("joe")
    assert got.case != first.case
    assert driver.last(e.CaseSuggested) == e.CaseSuggested(got.interaction, "cu1", "ca1", 50, "orchestra.plain@1")


def test_a_contact_without_anything_in_common_is_a_new_matter() -> None:
    driver = Driver()
    driver.message("joe", "email", topic="order")
    driver.call("joe", topic="bill")
    driver.call("joe")
    assert driver.events(e.CaseSuggested) == []


# What people make of it


def _suggested(driver: Driver | None = None) -> Driver:
    driver = driver or _guessing(lambda case, arrival: 60)
    driver.message("joe", "email", thread=thread("t1"), topic="order")
    driver.message("joe", "chat", thread=thread("t2"))
    return driver


def test_an_accepted_case_takes_all_of_the_new_one_along() -> None:
    driver = _suggested()
    assert driver.run(c.AcceptCaseSuggestion("in2"), 1).result == CaseRef("ca1", "C-000001")
    assert driver.last(e.CaseMerged) == e.CaseMerged("ca2", "cu1", "ca1", "suggestion")
    assert driver.engine.view.cases.suggestions == {}
    driver.refuse(c.AcceptCaseSuggestion("in2"), UnknownId, id="in2")
    driver.run(c.UnmergeCase("ca2", "another matter"), 1)
    assert driver.engine.view.cases.cases["ca2"].state == "OPEN"
    _sound(driver)


def test_what_has_more_than_the_contact_stays_and_the_contact_moves() -> None:
    driver = _suggested()
    driver.call("joe", case_number="C-000002")
    driver.run(c.AcceptCaseSuggestion("in2"), 1)
    moved = driver.last(e.InteractionMoved)
    assert (moved.interaction, moved.case, moved.before, moved.reason) == ("in2", "ca1", "ca2", "suggestion")
    assert driver.engine.view.cases.suggestions == {}
    _sound(driver)


def test_two_who_are_told_apart_have_two_cases_still(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = _guessing(lambda case, arrival: 60)
    driver.message("joe", "email")
    driver.message("jim", "email", topic="bill")
    driver.run(c.MergeCustomers("cu1", "cu2", "login"), 1)
    _over(driver, driver.last(e.InteractionAttached))
    got = driver.call("jim")
    assert driver.last(e.CaseSuggested).case == "ca2"
    driver.run(c.DismissCaseSuggestion(got.interaction, "no"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(c.ResolveCase("ca3"), 1)
    got = driver.call("jim", "chat", topic="return")
    assert driver.last(e.CaseSuggested).case == "ca1"
    driver.run(c.SplitCustomers("li1", "brothers"), 1)
    driver.run(c.AcceptCaseSuggestion(got.interaction), 1)
    assert driver.last(e.InteractionMoved).case == "ca1"
    assert driver.last(e.ParticipantJoined).participant == "cu2"
    monkeypatch.setattr(correlating, "MOST_MERGED", 1)
    driver = _suggested()
    driver.run(c.AcceptCaseSuggestion("in2"), 1)
    assert driver.last(e.InteractionMoved).interaction == "in2"


def test_a_contact_whose_customer_is_to_be_called_back_stays() -> None:
    driver = _guessing(lambda case, arrival: 60)
    driver.message("joe", "email")
    got = driver.call("joe")
    asked = driver.run(c.RequestCallback(got.interaction), 1).result
    driver.run(c.AcceptCaseSuggestion(got.interaction), 1)
    assert driver.last(e.InteractionMoved).interaction == got.interaction, "the callback is in its case, too"
    driver.refuse(c.MoveInteraction(asked.interaction, "ca1", "x"), NotAllowedInState, subject=asked.interaction)


def test_a_dismissed_case_is_suggested_no_more() -> None:
    driver = _suggested()
    driver.run(c.DismissCaseSuggestion("in2", "another order"), 1)
    assert driver.last(e.CaseSuggestionDismissed) == e.CaseSuggestionDismissed("in2", "cu1", "ca1", "another order")
    driver.refuse(c.DismissCaseSuggestion("in2", "x"), UnknownId)
    driver.refuse(c.AcceptCaseSuggestion("in9"), UnknownId, id="in9")
    _sound(driver)


def test_a_suggested_case_that_was_merged_leads_to_what_it_goes_on_as() -> None:
    driver = _suggested()
    driver.run(c.OpenCase("cu1", "bill"), 1)
    driver.run(c.MergeCases("ca3", "ca1", "x"), 1)
    assert driver.engine.view.cases.suggestions["in2"].case == "ca1"
    assert driver.run(c.AcceptCaseSuggestion("in2"), 1).result.id == "ca3"
    _sound(driver)


@pytest.mark.parametrize("how", ["merge", "move", "close"])
def test_nobody_looks_at_what_is_settled_otherwise(how: str) -> None:
    driver = _suggested()
    if how == "close":
        driver.run(c.ResolveCase("ca2"), 1)
        driver.run(c.CloseCase("ca2"), 1)
    else:
        driver.run(c.MergeCases("ca1", "ca2", "x") if how == "merge" else c.MoveInteraction("in2", "ca1", "x"), 1)
    assert driver.engine.view.cases.suggestions == {}


def test_nobody_looks_at_a_settled_case_that_is_merged_into_a_filed_one() -> None:
    driver = _suggested()
    driver.run(c.OpenCase("cu1", "bill"), 1)
    driver.run(c.ResolveCase("ca3"), 1)
    driver.run(c.CloseCase("ca3"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    assert set(driver.engine.view.cases.suggestions) == {"in2"}
    driver.run(c.MergeCases("ca3", "ca2", "x"), 1)
    assert driver.engine.view.cases.row("ca3").state == "CLOSED"
    assert driver.engine.view.cases.suggestions == {}
    _sound(driver)


def test_what_is_merged_elsewhere_may_belong_there_still() -> None:
    driver = _suggested()
    driver.run(c.OpenCase("cu1", "bill"), 1)
    driver.run(c.MergeCases("ca3", "ca2", "x"), 1)
    assert driver.engine.view.cases.suggestions["in2"].case == "ca1"
    driver.run(c.MergeCases("ca1", "ca3", "x"), 1)
    assert driver.engine.view.cases.suggestions == {}
    _sound(driver)
