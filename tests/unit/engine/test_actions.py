"""The application's own actions: asked for once per key, tried until they end, and never after that."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import HOUR, SECOND, Driver, plan
from tests.invariants import WatchedEngine
from tests.rule_plans import RULED, field, ruled

from orchestra.engine.engine import Engine
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.actions import ActionNames, Actions
from orchestra.model.results import ActionAsked
from orchestra.model.rule_faults import rule_faults
from orchestra.model.rules import Action, Rule


def a_driver(**limits: Any) -> Driver:
    """A driver in which refunds can be done, and joe has written once."""
    actions = ActionNames({"refund@1"})
    driver = Driver(plan(RULED, actions=Actions(**limits)), engine=WatchedEngine(actions=actions))
    driver.message()
    return driver


def request(driver: Driver, key: str = "k1", after: float = 0, **more: Any) -> str:
    """A refund is asked for; gives the request's id."""
    asked: ActionAsked = driver.run(c.RequestAction("refund@1", key, **more), after).result
    return asked.id


def start(driver: Driver, name: str = "ar1", attempt: int = 1, epoch: int = 1) -> None:
    driver.run(c.StartAction(name, attempt, epoch))


def record(driver: Driver, outcome: str, attempt: int = 1, **more: Any) -> None:
    driver.run(c.RecordAction("ar1", attempt, outcome, **more))


def state(driver: Driver, name: str = "ar1") -> str:
    return driver.engine.view.actions.requests[name].state


# Asked for


def test_what_is_asked_for_is_ready_at_once() -> None:
    driver = a_driver()
    name = request(driver, case="ca1", values={"order": "81", "cents": 4900})
    assert (name, state(driver)) == ("ar1", "READY")
    values = {"cents": 4900, "order": "81"}
    assert driver.last(e.ActionRequested) == e.ActionRequested("ar1", "refund@1", "k1", values, "cu1", "ca1")


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, (None, None, None)),
        ({"customer": "cu1"}, ("cu1", None, None)),
        ({"case": "ca1"}, ("cu1", "ca1", None)),
        ({"interaction": "in1"}, ("cu1", "ca1", "in1")),
    ],
)
def test_whose_matter_it_is_follows_from_what_is_told(about: dict[str, str], expected: Any) -> None:
    driver = a_driver()
    request(driver, **about)
    asked = driver.last(e.ActionRequested)
    assert (asked.customer, asked.case, asked.interaction) == expected


def test_it_is_taken_once_per_action_and_key() -> None:
    driver = a_driver()
    request(driver, values={"cents": 1})
    again = driver.run(c.RequestAction("refund@1", "k1", values={"cents": 1}))
    assert (again.result, again.events) == (ActionAsked("ar1", duplicate=True), [])
    error = driver.refuse(c.RequestAction("refund@1", "k1", values={"cents": 2}), InvalidCommand, field="key")
    assert str(error) == "key: 'k1' was used for another request: ar1"
    assert request(driver, "k2") == "ar2"


def test_what_makes_no_sense_is_refused() -> None:
    driver = a_driver()
    driver.refuse(c.RequestAction("refund@2", "k1"), UnknownId)
    driver.refuse(c.RequestAction("refund@1", ""), InvalidCommand, field="key")
    driver.refuse(c.RequestAction("refund@1", "k1", "ca9"), UnknownId)
    driver.refuse(c.RequestAction("refund@1", "k1", None, "cu9"), UnknownId)
    driver.refuse(c.RequestAction("refund@1", "k1", interaction="in9"), UnknownId)
    many = {f"v{number}": number for number in range(51)}
    driver.refuse(c.RequestAction("refund@1", "k1", values=many), InvalidCommand, field="values")
    driver.refuse(c.RequestAction("refund@1", "k1", values={"note": "x" * 2001}), InvalidCommand, field="values.note")


def test_an_action_that_is_registered_later_can_be_asked_for_then() -> None:
    names = ActionNames()
    driver = Driver(RULED, engine=Engine(actions=names))
    driver.refuse(c.RequestAction("refund@1", "k1"), UnknownId)
    names.names.add("refund@1")
    assert request(driver) == "ar1"


# Tried


def test_an_attempt_is_started_and_done() -> None:
    driver = a_driver()
    request(driver, case="ca1")
    start(driver)
    assert (state(driver), driver.last(e.ActionStarted).epoch) == ("STARTED", 1)
    record(driver, "done", values={"receipt": "r7", "cents": 5})
    done = driver.last(e.ActionDone)
    assert done == e.ActionDone("ar1", "refund@1", 1, {"cents": 5, "receipt": "r7"}, "cu1", "ca1")
    assert state(driver) == "DONE"
    assert driver.engine.due() is None or driver.engine.view.timers.get("actions.due", "ar1") is None


def test_what_did_not_succeed_is_tried_again_after_ever_longer_waits() -> None:
    driver = a_driver(attempts=4)
    request(driver)
    waits = []
    for attempt in (1, 2, 3):
        start(driver, attempt=attempt)
        record(driver, "retry", attempt, code="busy")
        retried = driver.last(e.ActionRetried)
        waits.append(retried.next_us - driver.engine.now_us)
        assert (retried.attempt, retried.code, state(driver)) == (attempt, "busy", "WAITING")
        assert 0 <= waits[-1] <= 2 * SECOND * 2 ** (attempt - 1)
        driver.advance_to(max(retried.next_us, driver.now_us))
        assert (driver.last(e.ActionDue).request, state(driver)) == ("ar1", "READY")
    assert len(set(waits)) == 3
    start(driver, attempt=4)
    record(driver, "retry", 4, code="busy")
    assert (driver.last(e.ActionFailed).code, state(driver)) == ("busy", "FAILED")


def test_no_wait_is_longer_than_the_longest() -> None:
    driver = a_driver(attempts=60, longest_retry=attrs.evolve(Actions()).first_retry)
    request(driver)
    for attempt in range(1, 60):
        start(driver, attempt=attempt)
        record(driver, "retry", attempt)
        assert driver.last(e.ActionRetried).next_us - driver.engine.now_us <= 2 * SECOND
        driver.advance(2)


def test_what_cannot_be_done_is_not_tried_again() -> None:
    driver = a_driver()
    request(driver)
    start(driver)
    record(driver, "failed", code="no_such_order")
    assert (driver.last(e.ActionFailed).code, state(driver)) == ("no_such_order", "FAILED")
    assert driver.advance(HOUR / SECOND) == [] or state(driver) == "FAILED"


def test_attempts_come_one_after_the_other() -> None:
    driver = a_driver()
    request(driver)
    driver.refuse(c.StartAction("ar1", 2, 1), InvalidCommand, field="attempt")
    driver.refuse(c.StartAction("ar9", 1, 1), UnknownId)
    driver.refuse(c.RecordAction("ar1", 1, "done"), NotAllowedInState)
    start(driver)
    driver.refuse(c.StartAction("ar1", 2, 1), NotAllowedInState)
    driver.refuse(c.RecordAction("ar1", 2, "done"), NotAllowedInState)
    driver.refuse(c.RecordAction("ar1", 1, "perhaps"), InvalidCommand, field="outcome")
    driver.refuse(c.RecordAction("ar1", 1, "done", {"note": "x" * 2001}), InvalidCommand, field="values.note")
    record(driver, "done")
    driver.refuse(c.RecordAction("ar1", 1, "done"), NotAllowedInState)


# Lost, and called back


def test_what_an_earlier_owner_had_begun_is_tried_again_under_the_same_request() -> None:
    driver = a_driver()
    request(driver)
    start(driver, epoch=3)
    driver.refuse(c.RecoverAction("ar1", 3), NotAllowedInState)
    driver.run(c.RecoverAction("ar1", 4))
    assert (driver.last(e.ActionRetried).code, state(driver)) == ("owner_lost", "WAITING")
    driver.refuse(c.RecoverAction("ar1", 5), NotAllowedInState)


def test_nobody_knows_what_became_of_the_last_attempt() -> None:
    driver = a_driver(attempts=1)
    request(driver, case="ca1")
    start(driver)
    driver.run(c.RecoverAction("ar1", 2))
    assert driver.last(e.ActionUnknown) == e.ActionUnknown("ar1", "refund@1", 1, "cu1", "ca1")
    assert state(driver) == "UNKNOWN"


def test_what_is_not_being_done_can_be_called_back() -> None:
    driver = a_driver()
    request(driver, "k1")
    request(driver, "k2")
    driver.run(c.CancelAction("ar2", "changed its mind"))
    start(driver)
    driver.refuse(c.CancelAction("ar1", "too late"), NotAllowedInState)
    record(driver, "retry")
    driver.run(c.CancelAction("ar1", "changed its mind"))
    assert (state(driver), state(driver, "ar2")) == ("CANCELED", "CANCELED")
    assert driver.last(e.ActionCanceled).reason == "changed its mind"
    driver.advance(60)
    assert not driver.events(e.ActionDue)


def test_the_state_is_rebuilt() -> None:
    driver = a_driver()
    for number in range(1, 13):
        request(driver, f"k{number}")
    start(driver)
    record(driver, "retry")
    start(driver, "ar2")
    driver.run(c.CancelAction("ar3", "changed its mind"))
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        own, other = engine.view.actions, driver.engine.view.actions
        assert list(own.open) == list(other.open)
        assert (own.ready, own.started, own.by_key) == (other.ready, other.started, other.by_key)


# From rules


def test_a_rule_has_an_action_done_once_for_each_cause() -> None:
    driver = ruled(Rule("r", "CaseResolved", do=[Action("run", action="refund@1")]))
    got = driver.message()
    driver.run(c.ResolveCase(got.case.id), 1)
    asked = driver.last(e.ActionRequested)
    cause = driver.last(e.RuleFired).cause
    assert (asked.action, asked.key, asked.case, asked.customer) == (
        "refund@1",
        f"rule:r:{cause}",
        got.case.id,
        got.customer,
    )


def test_rules_follow_what_comes_of_actions() -> None:
    told = Action("notify", team="sales", text="look")
    driver = ruled(Rule("r", "ActionFailed", field("case.topic", "order"), [told]))
    got = driver.message(topic="order")
    request(driver, case=got.case.id)
    start(driver)
    record(driver, "failed")
    assert driver.last(e.TeamNotified).case == got.case.id


def test_a_rule_may_run_what_is_about_nobody() -> None:
    driver = ruled(Rule("r", "AgentSignedIn", do=[Action("run", action="refund@1")]))
    driver.sign_in("ana")
    assert driver.last(e.ActionRequested).customer is None


def test_an_action_that_is_not_registered_is_told() -> None:
    driver = ruled(Rule("r", "CaseResolved", do=[Action("run", action="tell@1")]))
    got = driver.message()
    driver.run(c.ResolveCase(got.case.id), 1)
    (failed,) = driver.events(e.RuleFailed)
    assert (failed.action, failed.reason) == ("run", "no action 'tell@1'")


# What is named


def naming(action: str) -> Any:
    return plan(RULED, rules=[Rule("r", "CaseResolved", do=[Action("run", action=action)])])


def test_rules_may_only_name_what_is_registered_where_that_is_known() -> None:
    complete = ActionNames({"refund@1"}, is_complete=True)
    (fault,) = rule_faults(naming("refund@2"), {}, complete)
    assert str(fault) == "rules[0].do[0].action: no action 'refund@2' is registered; there are: refund@1"
    assert list(rule_faults(naming("refund@1"), {}, complete)) == []
    assert list(rule_faults(naming("refund@2"), {}, ActionNames())) == []
    assert list(rule_faults(naming("refund@2"), {})) == []
    of = naming("refund@2")
    driver = Driver(RULED, engine=Engine(actions=complete))
    driver.refuse(c.ChangePlan(of, of.digest(), "2025b", "check"), InvalidCommand, field="plan")


def test_a_name_needs_a_version() -> None:
    assert "rules[0].do[0].action: must be a name in small letters and its version, as refund@1" in map(
        str, naming("refund").faults()
    )


def test_what_is_still_to_be_done_needs_its_action() -> None:
    driver = a_driver()
    for key in ("k1", "k2", "k3"):
        request(driver, key)
    driver.run(c.CancelAction("ar1", "changed its mind"))
    of = driver.engine.view.plan
    complete = Engine(actions=ActionNames(set(), is_complete=True))
    complete.load(driver.engine.dump())
    assert [str(fault) for fault in complete.plan_faults(of) if fault.is_error] == [
        "actions.refund@1: is not registered, and ar2 needs it"
    ]
    for names in (ActionNames(), ActionNames({"refund@1"}, is_complete=True)):
        lenient = Engine(actions=names)
        lenient.load(driver.engine.dump())
        assert [fault for fault in lenient.plan_faults(of) if fault.is_error] == []


@pytest.mark.parametrize("name", ["first_retry", "longest_retry", "time_out"])
def test_how_actions_are_tried_has_bounds(name: str) -> None:
    of = plan(RULED, actions=Actions(attempts=0, **{name: Actions().first_retry * 0}))
    assert [fault.path for fault in of.faults() if fault.is_error] == ["actions.attempts", f"actions.{name}"]
