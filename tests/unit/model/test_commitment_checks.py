"""Faults of commitments, authorities and of what roles may commit to, each with its path; and how values read."""

from __future__ import annotations

import pytest
from tests.commitment_plans import COMMITTED
from tests.engine_driver import CARE

from orchestra.errors import Fault
from orchestra.model.commitments import CommitmentAttribute, is_currency, value_text
from orchestra.model.plan import Plan


def faults(text: str, path: str) -> list[Fault]:
    """What is said of a path in a plan with this added to it."""
    return [fault for fault in Plan.examine(CARE + text)[1] if fault.path == path]


def test_a_plan_with_commitments_has_no_faults() -> None:
    assert [fault.path for fault in Plan.parse(COMMITTED).faults()] == ["workspace.key"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ('type = "number"', "type"),
        ('type = "money"\nbetter = "earlier"', "better"),
        ('type = "quantity"\nbetter = "best"', "better"),
        ('type = "date"\nbetter = "lower"', "better"),
        ('type = "action"\nbetter = "higher"', "better"),
        ('type = "date"\nunit = "day"', "unit"),
        ('type = "action"\nunit = "EUR"', "unit"),
        ('type = "money"\nunit = "euro"', "unit"),
        ('type = "money"\nactions = ["repair"]', "actions"),
        ('type = "action"\nactions = ["repair", "repair"]', "actions"),
        ('type = "action"\nactions = ["repair", ""]', "actions"),
        ('type = "money"\nlasts = "0s"', "lasts"),
    ],
)
def test_attributes_that_make_no_sense(values: str, field: str) -> None:
    (fault,) = faults(f"[commitments.attributes.price]\n{values}\n", f"commitments.attributes.price.{field}")
    assert fault.is_error


def test_an_attribute_needs_a_type() -> None:
    (fault,) = faults('[commitments.attributes.price]\nunit = "EUR"\n', "commitments.attributes.price.type")
    assert fault.message == "is required"


@pytest.mark.parametrize(
    "values",
    [
        'type = "quantity"\nunit = "pieces"\nbetter = "higher"',
        'type = "money"\nbetter = "lower"\nlasts = "never"',
        'type = "date"\nbetter = "later"\nlasts = "1d"',
        'type = "action"\nactions = ["repair"]',
        'type = "action"',
    ],
)
def test_attributes_that_make_sense(values: str) -> None:
    text = f'[channels.task]\nwork = true\n[commitments]\ntasks = "task"\n[commitments.attributes.price]\n{values}\n'
    assert [fault for fault in Plan.parse(CARE + text).faults() if fault.path.startswith("commitments")] == []


@pytest.mark.parametrize(("rank", "is_fault"), [(0, True), (1, False), (1000, False), (1001, True)])
def test_ranks_are_from_1_to_1000(rank: int, is_fault: bool) -> None:
    found = faults(f"[commitments.authorities]\nsales = {rank}\n", "commitments.authorities.sales")
    assert [fault.message for fault in found] == ["must be from 1 to 1000"] * is_fault


def test_only_some_ways_to_settle_are_known() -> None:
    (fault,) = faults('[commitments]\nsettle = "always"\n', "commitments.settle")
    assert fault.message == "must be person, unless_worse or precedence"


@pytest.mark.parametrize(
    ("text", "message", "is_error"),
    [
        ('[commitments]\ntasks = "fax"\n', "no channel 'fax'; there are: chat, email, voice", True),
        ('[commitments]\ntasks = "chat"\n', "channel chat takes contacts: work = true marks one for work items", True),
        (
            '[commitments.attributes.price]\ntype = "money"\n',
            "names no channel: nobody is asked to deal with what turns out worse than a customer was told",
            False,
        ),
    ],
)
def test_whoever_is_asked_to_deal_with_what_is_worse(text: str, message: str, is_error: bool) -> None:
    assert faults(text, "commitments.tasks") == [Fault("commitments.tasks", message, is_error)]


def test_what_was_lost_of_a_file_is_not_missed_in_commitments() -> None:
    lost = '[channels.task]\nwork = 5\n[commitments]\ntasks = "task"\n'
    assert [fault.path for fault in Plan.examine(CARE + lost)[1] if fault.is_error] == ["channels.task.work"]
    text = CARE.replace("[channels.chat]", "[channels]\ntask = 5\n[channels.chat]") + '[commitments]\ntasks = "task"\n'
    assert [fault.path for fault in Plan.examine(text)[1] if fault.is_error] == ["channels.task"]


ROLES = """
[commitments]
[commitments.authorities]
sales = 1
[commitments.attributes.refund]
type = "money"
unit = "EUR"
[commitments.attributes.fee]
type = "money"
[commitments.attributes.delivery]
type = "date"
[roles.seller]
may = ["MakeCommitment"]
"""


@pytest.mark.parametrize(
    ("limits", "name", "message"),
    [
        ("refund = 5000", "refund", None),
        ("refund = 0", "refund", None),
        ("refund = true", "refund", None),
        ("delivery = true", "delivery", None),
        ("fee = true", "fee", None),
        ("price = 5", "price", "no attribute 'price'; there are: delivery, fee, refund"),
        ("refund = -1", "refund", "must be 0 or more"),
        ("refund = false", "refund", "must be a whole number, or true for no limit"),
        ('refund = "50 EUR"', "refund", "must be a whole number, or true for no limit"),
        ("delivery = 5", "delivery", "must be true: a value of type date has no limit"),
        ("fee = 5", "fee", "needs an attribute with a unit, to say of what it is so many"),
    ],
)
def test_what_a_role_may_commit_to(limits: str, name: str, message: str | None) -> None:
    found = faults(f"{ROLES}may_commit = {{{limits}}}\n", f"roles.seller.may_commit.{name}")
    assert [fault.message for fault in found] == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("may", "is_doubtful"), [("MakeCommitment", False), ("SettleConflict", False), ("*", False), ("AcceptOffer", True)]
)
def test_limits_mean_something_to_roles_that_may_commit(may: str, is_doubtful: bool) -> None:
    text = ROLES.replace("MakeCommitment", may) + "may_commit = {refund = 5}\n"
    found = faults(text, "roles.seller.may_commit")
    assert [(fault.message, fault.is_error) for fault in found] == [
        ("means nothing: the role may make no commitments", False)
    ] * is_doubtful


@pytest.mark.parametrize(("authority", "is_known"), [("sales", True), ("king", False)])
def test_a_role_speaks_with_an_authority_that_there_is(authority: str, is_known: bool) -> None:
    found = faults(f'{ROLES}authority = "{authority}"\n', "roles.seller.authority")
    assert [fault.message for fault in found] == [] if is_known else ["no authority 'king'; there are: sales"]


def test_what_a_role_names_is_not_missed_where_it_was_lost() -> None:
    text = ROLES.replace('type = "money"\nunit = "EUR"', "type = 5").replace("sales = 1", 'sales = "first"')
    found = Plan.examine(f'{CARE}{text}may_commit = {{refund = 5}}\nauthority = "sales"\n')[1]
    paths = [fault.path for fault in found if fault.is_error]
    assert paths == ["commitments.attributes.refund.type", "commitments.authorities.sales"]


def test_where_there_are_no_attributes_that_is_said() -> None:
    text = '[roles.seller]\nmay = ["*"]\nauthority = "sales"\nmay_commit = {price = true}\n'
    assert faults(text, "roles.seller.authority")[0].message == "no authority 'sales'; there are: none"
    assert faults(text, "roles.seller.may_commit.price")[0].message == "no attribute 'price'; there are: none"


@pytest.mark.parametrize(
    ("kind", "value", "unit", "text"),
    [
        ("money", 4900, "EUR", "49.00 EUR"),
        ("money", 4905, "USD", "49.05 USD"),
        ("money", 5, "EUR", "0.05 EUR"),
        ("money", 4900, "JPY", "4900 JPY"),
        ("money", 4900, "KWD", "4.900 KWD"),
        ("quantity", 3, "pieces", "3 pieces"),
        ("date", "2026-12-01", None, "2026-12-01"),
        ("action", "repair", None, "repair"),
    ],
)
def test_how_values_read(kind: str, value: int | str, unit: str | None, text: str) -> None:
    assert value_text(kind, value, unit) == text


@pytest.mark.parametrize(
    ("unit", "is_one"), [("EUR", True), ("eur", False), ("EURO", False), ("E1R", False), ("ÄÖÜ", False), ("", False)]
)
def test_a_currency_is_three_capital_letters(unit: str, is_one: bool) -> None:
    assert is_currency(unit) is is_one


def test_lists_and_tuples_of_actions_are_equal() -> None:
    assert CommitmentAttribute("action", actions=["a", "b"]) == CommitmentAttribute("action", actions=("a", "b"))
