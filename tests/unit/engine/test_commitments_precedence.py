"""Which of two statements holds: each rule, and that those before it go first."""

from __future__ import annotations

from typing import Any

import pytest
from tests.commitment_plans import COMMITTED, a_driver, bill, quote
from tests.engine_driver import DAY, START

from orchestra.engine.commitments.comparison import contradicts, differs, is_better
from orchestra.engine.commitments.precedence import RULES, effect_of, prevailing, propose
from orchestra.engine.commitments.state import Statement
from orchestra.model import events as e
from orchestra.model.plan import Plan

PLAN = Plan.parse(COMMITTED).commitments


def said(value: int | str = 4900, attribute: str = "price", **values: Any) -> Statement:
    """A commitment to joe in his case, by sales, for a month."""
    kind = PLAN.attributes[attribute].type
    plain: dict[str, Any] = {
        "kind": "commitment",
        "subject": "order:81",
        "type": kind,
        "unit": "EUR" if kind == "money" else None,
        "customer": "cu1",
        "case": "ca1",
        "by": "agent:sam",
        "authority": "sales",
        "source": None,
        "from_us": START,
        "until_us": None,
        "ends_us": START + 30 * DAY,
        "supersedes": None,
    }
    return Statement(attribute=attribute, value=value, **plain | values)


def told(value: int | str = 5900, attribute: str = "price", **values: Any) -> Statement:
    """A fact by billing, of nobody's case."""
    plain = {"kind": "fact", "customer": None, "case": None, "by": "back_office:billing", "authority": "billing"}
    return said(value, attribute, **plain | values)


CASE = {"case": "ca1", "customer": "cu1"}


@pytest.mark.parametrize(
    ("one", "other", "holds", "rule"),
    [
        # 1: whoever explicitly supersedes goes first, whatever else speaks for the other
        (said(), told(supersedes="cm1", authority=None), 2, "supersession"),
        (said(supersedes="cm2"), told(authority="carrier"), 1, "supersession"),
        (
            said(by="back_office:carrier", authority="carrier"),
            told(by="back_office:carrier", authority="carrier"),
            2,
            "supersession",
        ),
        (told(4900, **CASE), told(5900), 2, "supersession"),
        # 2: then the higher authority, though it is less specific, worse for the customer, and older
        (told(authority="carrier"), said(4900), 1, "authority"),
        (said(4900), told(5900, authority="manager"), 2, "authority"),
        (said(authority=None), said(5900), 2, "authority"),
        (said(authority="gone"), said(5900), 2, "authority"),
        # 3: then what is said for the case, for the customer, in general; and what has an end
        (said(5900), told(4900), 1, "specific"),
        (said(5900), told(4900, customer="cu1"), 1, "specific"),
        (told(5900, customer="cu1"), told(4900, by="back_office:erp"), 1, "specific"),
        (said(5900, until_us=START + DAY), told(4900, **CASE), 1, "specific"),
        (said(4900), told(5900, **CASE, until_us=START + DAY), 2, "specific"),
        (said(5900), said(4900, case=None, until_us=START + DAY), 1, "specific"),
        # 4: then what is better for the customer
        (said(4900), said(5900), 1, "favourable"),
        (said(5900), told(4900, **CASE), 2, "favourable"),
        (said("2026-12-01", "delivery"), said("2026-12-04", "delivery"), 1, "favourable"),
        (said("2026-12-01", "pickup"), said("2026-12-04", "pickup"), 2, "favourable"),
        (said(300, "refund"), said(200, "refund"), 1, "favourable"),
        (said("repair", "remedy"), said("replacement", "remedy"), 2, "favourable"),
        # 5: then the newest
        (said("red", "colour"), said("blue", "colour"), 2, "newest"),
        (said(4900, "fee"), said(5900, "fee", unit="USD"), 2, "newest"),
        (said("repair", "remedy"), said("refund", "remedy"), 2, "newest"),
        (said("refund", "remedy"), said("repair", "remedy"), 2, "newest"),
        (said(4900), said(4900), 2, "newest"),
        (said("repair", "remedy"), said("repair", "remedy"), 2, "newest"),
    ],
)
def test_each_rule_tells_two_statements_apart(one: Statement, other: Statement, holds: int, rule: str) -> None:
    rows = {"cm1": one, "cm2": other}
    assert prevailing(PLAN, rows, "cm1", "cm2") == (f"cm{holds}", rule)
    assert prevailing(PLAN, rows, "cm2", "cm1") == (f"cm{holds}", rule), "whichever is named first"


def test_the_rules_stand_in_the_order_in_which_they_count() -> None:
    assert list(RULES) == ["supersession", "authority", "specific", "favourable", "newest"]


def test_of_several_the_best_holds_by_the_rule_that_tells_the_best_two_apart() -> None:
    rows = {"cm1": said(4900), "cm2": said(4700), "cm10": said(5200, authority="manager"), "fa3": told(5900)}
    assert attrs_of(propose(PLAN, rows, ["cm10", "fa3", "cm2", "cm1"])) == ("cm10", "authority", "worse")
    assert attrs_of(propose(PLAN, rows, ["cm1", "cm2", "fa3"])) == ("cm2", "favourable", "better")


def attrs_of(proposal: Any) -> tuple[str, str, str]:
    return proposal.keep, proposal.rule, proposal.effect


# What it means for the customer


@pytest.mark.parametrize(
    ("keep", "ended", "effect"),
    [
        (said(4900), [told(5900)], "none"),
        (told(5900), [said(4900)], "worse"),
        (told(4500), [said(4900)], "better"),
        (told(4800), [said(4900), said(4700)], "worse"),
        (told(4800), [said(4900), said(4850), told(1)], "better"),
        (told("blue", "colour"), [said("red", "colour")], "unclear"),
        (told(4900, "fee", unit="USD"), [said(4900, "fee"), said(5900, "fee", unit="USD")], "unclear"),
        (told(4900, "fee", unit="USD"), [said(4900, "fee"), said(4800, "fee", unit="USD")], "worse"),
        (told("2026-12-04", "delivery"), [said("2026-12-01", "delivery")], "worse"),
        (told("voucher", "remedy"), [said("repair", "remedy")], "worse"),
    ],
)
def test_what_it_means_for_whoever_was_told_otherwise(keep: Statement, ended: list[Statement], effect: str) -> None:
    rows = {"fa9": keep} | {f"cm{number}": row for number, row in enumerate(ended, 1)}
    assert effect_of(PLAN, rows, "fa9", [name for name in rows if name != "fa9"]) == effect


# What contradicts what


@pytest.mark.parametrize(
    ("one", "other", "is_other"),
    [
        (said(4900), said(4900), False),
        (said(4900), said(5900), True),
        (said(4900, "fee"), said(4900, "fee", unit="USD"), True),
        (said(4900, ends_us=START + DAY), said(5900, from_us=START + DAY), False),
        (said(4900, ends_us=START + DAY), said(5900, from_us=START + DAY - 1), True),
        (said(4900, ends_us=None), said(5900, from_us=START + 9000 * DAY, ends_us=None), True),
        (said(4900, from_us=START + DAY, ends_us=None), said(5900, ends_us=START + DAY), False),
    ],
)
def test_statements_differ_where_they_say_something_else_for_the_same_time(
    one: Statement, other: Statement, is_other: bool
) -> None:
    assert differs(one, other) is differs(other, one) is is_other


def test_facts_contradict_what_was_said_and_not_each_other() -> None:
    assert contradicts(said(4900), told(5900))
    assert contradicts(told(5900), said(4900))
    assert contradicts(said(4900), said(5900))
    assert not contradicts(told(4900), told(5900))


@pytest.mark.parametrize("attribute", ["price", "delivery", "remedy"])
def test_equal_values_are_not_better_than_each_other(attribute: str) -> None:
    value: int | str = {"price": 5, "delivery": "2026-12-01", "remedy": "repair"}[attribute]
    assert is_better(PLAN.attributes[attribute], said(value, attribute), said(value, attribute)) is None


# In the engine


def test_what_is_proposed_and_why_is_told_with_the_conflict() -> None:
    driver = a_driver(settle="person")
    quote(driver, actor="agent:sam")
    got = bill(driver)
    conflict = driver.last(e.CommitmentConflict)
    assert got.conflict == conflict.conflict == "cf1"
    assert (conflict.statement, conflict.by, conflict.value) == ("fa2", "back_office:billing", 5900)
    assert (conflict.against, conflict.said_by, conflict.said) == (["cm1"], "agent:sam", 4900)
    assert (conflict.keep, conflict.rule, conflict.effect) == ("cm1", "specific", "none")
    assert (conflict.customer, conflict.case) == ("cu1", "ca1")


def test_a_higher_rank_of_the_plan_in_force_counts() -> None:
    driver = a_driver(settle="person")
    quote(driver, actor="agent:sam")
    driver.change_plan(
        COMMITTED.replace("billing = 10", "billing = 11").replace("tasks =", 'settle = "person"\ntasks =')
    )
    bill(driver)
    assert driver.last(e.CommitmentConflict).rule == "authority"
    assert driver.last(e.CommitmentConflict).keep == "fa2"
