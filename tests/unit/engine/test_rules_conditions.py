"""Conditions: what each operator holds of, how they go together, what they can read, and predicates that go wrong."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import Driver, plan
from tests.rule_plans import RULED, field, outcomes, ruled

from orchestra.engine.engine import Engine
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.rules import Action, Occasion, Rule, When

TOLD = Action("notify", team="sales", text="look")


def holds(when: When, on: str = "MessageReceived", **values: Any) -> bool:
    """Whether a condition holds of a message of a customer who counts as a good one, in a case of two orders."""
    driver = ruled()
    driver.sign_in("ana")
    got = driver.answered(topic="order", channel="chat")
    driver.run(c.SetFields(got.customer, {"vip": True}))
    driver.run(c.SetFields(got.case.id, {"orders": 2, "due": "2026-12-01"}))
    driver.change_plan(plan(RULED, rules=[Rule("r", on, when, [TOLD])]))
    driver.message(**values)
    return bool(driver.events(e.RuleFired))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (When(), True),
        (field("case.topic", "order"), True),
        (field("case.topic", "refund"), False),
        (field("case.topic", "refund", "is_not"), True),
        (field("case.topic", None, "one_of", values=["order", "refund"]), True),
        (field("case.topic", None, "one_of", values=["refund"]), False),
        (field("case.topic", None, "none_of", values=["refund"]), True),
        (field("case.topic", None, "none_of", values=["order"]), False),
        (field("case.topic", None, "is_set"), True),
        (field("case.topic", None, "is_not_set"), False),
        (field("case.fields.orders", 2, "at_least"), True),
        (field("case.fields.orders", 3, "at_least"), False),
        (field("case.fields.orders", 2, "at_most"), True),
        (field("case.fields.orders", 1, "at_most"), False),
        (field("case.fields.due", "2026-11-30", "at_least"), True),
        (field("case.fields.due", "2026-11-30", "at_most"), False),
        (field("customer.fields.vip", value=True), True),
        (field("customer.fields.vip", value=False), False),
        (field("interaction.fields.note", "x"), False),
        (field("interaction.fields.note", "x", "is_not"), True),
        (field("interaction.fields.note", None, "none_of", values=["x"]), True),
        (field("interaction.fields.note", None, "is_not_set"), True),
        (field("interaction.state", "ACTIVE"), True),
        (field("interaction.agent", "ana"), True),
        (field("interaction.live", value=True), True),
        (field("event.number", 2), True),
        (field("event.number", 2, "at_most"), True),
    ],
)
def test_what_an_operator_holds_of(when: When, *, expected: bool) -> None:
    assert holds(when) is expected


@pytest.mark.parametrize("operator", ["at_least", "at_most"])
def test_what_is_not_set_is_neither_more_nor_less(operator: str) -> None:
    driver = ruled(Rule("r", "MessageReceived", field("case.fields.orders", 2, operator), [TOLD]))
    driver.message()
    assert outcomes(driver) == []


def test_a_truth_is_no_number() -> None:
    driver = Driver(None)
    rules = [Rule("r", "MessageReceived", field("event.number", value=True), [TOLD])]
    of = plan(RULED, rules=rules)
    driver.engine.replay(e.PlanChanged(of, of.digest(), "2025b", "check"), driver.now_us)
    driver.message()
    assert outcomes(driver) == []


YES, NO = field("case.topic", "order"), field("case.topic", "refund")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (When(all=[YES, YES]), True),
        (When(all=[YES, NO]), False),
        (When(any=[NO, YES]), True),
        (When(any=[NO, NO]), False),
        (When(none=[NO, NO]), True),
        (When(none=[NO, YES]), False),
        (When(all=[YES], any=[YES, NO], none=[NO]), True),
        (When(all=[YES], any=[YES, NO], none=[YES]), False),
        (field("case.topic", "order", all=[NO]), False),
        (When(none=[When(all=[YES, NO])], any=[When(none=[NO])]), True),
    ],
)
def test_how_conditions_go_together(when: When, *, expected: bool) -> None:
    assert holds(when) is expected


# What is read


def test_deliveries_are_about_their_case_and_contact() -> None:
    when = When(all=[field("case.topic", "order"), field("interaction.agent", "ana")])
    driver = ruled(Rule("r", "DeliveryFailed", when, [TOLD]))
    driver.sign_in("ana")
    got = driver.answered(topic="order")
    delivery = driver.sent(got)
    driver.run(c.StartDelivery(delivery, 1, 1))
    driver.run(c.RecordOutcome(delivery, 1, "failed"))
    (fired,) = driver.events(e.RuleFired)
    assert (fired.customer, fired.case, fired.interaction) == (got.customer, got.case.id, got.interaction)


@pytest.mark.parametrize("kind", ["customer", "case", "interaction"])
def test_fields_that_are_set_are_about_what_they_are_set_of(kind: str) -> None:
    driver = ruled(Rule("r", "FieldsSet", When(), [TOLD]))
    got = driver.message()
    ids = {"customer": got.customer, "case": got.case.id, "interaction": got.interaction}
    values = {"customer": {"vip": True}, "case": {"orders": 1}, "interaction": {"note": "x"}}
    driver.run(c.SetFields(ids[kind], values[kind]))
    fired = driver.last(e.RuleFired)
    expected = {"customer": (None, None), "case": (ids["case"], None), "interaction": (ids["case"], ids["interaction"])}
    assert (fired.customer, (fired.case, fired.interaction)) == (got.customer, expected[kind])


def test_a_person_of_several_ids_has_one_set_of_fields() -> None:
    driver = ruled(Rule("r", "MessageReceived", field("customer.fields.vip", value=True), [TOLD]))
    joe, sue = driver.message("joe", "email"), driver.message("sue", "email")
    driver.run(c.SetFields(joe.customer, {"vip": True}))
    driver.run(c.MergeCustomers(joe.customer, sue.customer, "told", 100))
    driver.message("sue", "email")
    assert len(driver.events(e.RuleFired)) == 1


def test_a_case_event_names_no_customer_but_that_of_its_case() -> None:
    driver = ruled(Rule("r", "OfferMade", field("case.owner_kind", "team"), [TOLD]))
    driver.sign_in("ana")
    got = driver.message()
    assert driver.last(e.TeamNotified).customer == got.customer


# Predicates


class Asked:
    """Remembers what it was asked, and gives what it is told to."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.occasions = answer, list[Occasion]()

    def __call__(self, occasion: Occasion) -> Any:
        self.occasions.append(occasion)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def asking(answer: Any, **when: Any) -> tuple[Driver, Asked]:
    asked = Asked(answer)
    when_ = When(predicate="acme.vip@2", **when)
    return ruled(Rule("r", "MessageReceived", when_, [TOLD]), predicates={"acme.vip@2": asked}), asked


@pytest.mark.parametrize("answer", [True, False])
def test_a_predicate_decides(*, answer: bool) -> None:
    driver, _ = asking(answer)
    driver.message()
    assert bool(outcomes(driver)) is answer


def test_a_predicate_is_told_what_happened_and_nothing_private() -> None:
    driver, asked = asking(answer=True)
    got = driver.message(topic="order", text="my secret")
    driver.run(c.SetFields(got.case.id, {"orders": 2}))
    driver.run(c.SetFields(got.customer, {"vip": False}))
    driver.message(text="my secret")
    occasion = asked.occasions[-1]
    assert "secret" not in repr(occasion)
    assert "key-joe" not in repr(occasion)
    assert (occasion.event, occasion.at_us) == ("MessageReceived", driver.engine.now_us)
    assert (occasion.facts["number"], occasion.facts["channel"]) == (2, "chat")
    assert occasion.case == {
        "topic": "order",
        "state": "OPEN",
        "queue": "care",
        "owner": "care",
        "owner_kind": "team",
        "fields.orders": 2,
    }
    assert occasion.interaction == {
        "channel": "chat",
        "account": "main",
        "state": "QUEUED",
        "queue": "care",
        "live": True,
    }
    assert occasion.customer == {"fields.vip": False}


def test_a_predicate_is_not_asked_where_the_rest_does_not_hold() -> None:
    driver, asked = asking(True, field="case.topic", value="refund")
    driver.message()
    assert asked.occasions == []


def test_what_is_about_nothing_has_no_fields() -> None:
    asked = Asked(answer=True)
    when = When(predicate="acme.vip@2")
    driver = ruled(Rule("r", "AgentSignedIn", when, [TOLD]), predicates={"acme.vip@2": asked})
    driver.sign_in("ana")
    (occasion,) = asked.occasions
    assert (occasion.case, occasion.interaction, occasion.customer) == ({}, {}, {})
    assert occasion.facts == {"agent": "ana", "device": "main", "takes_work": True}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ValueError("joe is no customer"), "predicate acme.vip@2 raised ValueError"),
        (1, "predicate acme.vip@2 gave int, not true or false"),
        (None, "predicate acme.vip@2 gave NoneType, not true or false"),
    ],
)
def test_a_predicate_that_gives_no_answer_is_told_and_harms_nobody(answer: Any, reason: str) -> None:
    driver, _ = asking(answer)
    got = driver.message()
    (failed,) = driver.events(e.RuleFailed)
    assert (failed.reason, failed.action, failed.case) == (reason, None, got.case.id)
    assert driver.events(e.MessageReceived), "what it was asked about has happened all the same"
    assert not driver.events(e.RuleFired)


def test_a_predicate_that_fails_again_and_again_is_left_alone_until_the_hour_is_over() -> None:
    driver, asked = asking(ValueError())
    for _ in range(25):
        driver.message()
    assert outcomes(driver) == [("failed", "r", "")] * 20 + [("stopped", "r", "often")]
    assert len(asked.occasions) == 21


def test_a_plan_in_force_may_name_a_predicate_that_this_process_does_not_have() -> None:
    driver, _ = asking(answer=True)
    other = Driver(None, engine=Engine())
    other.engine.load(driver.engine.dump())
    other.now_us = driver.now_us
    other.message()
    assert other.last(e.RuleFailed).reason == "predicate acme.vip@2 is not registered"


def test_a_plan_that_names_a_predicate_that_nobody_registered_is_refused() -> None:
    of = plan(RULED, rules=[Rule("r", "MessageReceived", When(predicate="acme.vip@3"), [TOLD])])
    driver, _ = asking(answer=True)
    error = driver.refuse(c.ChangePlan(of, of.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert "no predicate 'acme.vip@3' is registered; there are: acme.vip@2" in str(error)
    (fault,) = [one for one in driver.engine.plan_faults(of) if one.is_error]
    assert fault.path == "rules[0].when.predicate"
