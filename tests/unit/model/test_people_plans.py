"""What a plan says of sight, brands and participants, and what is wrong with it."""

from __future__ import annotations

import pytest

from orchestra.model.brands import Brand, accounts_of
from orchestra.model.definitions import Participant, Role, Sight
from orchestra.model.plan import Plan

BASE = """
[workspace]
default_queue = "care"
key = "secret"
[teams.care]
[teams.sales]
[queues.care]
team = "care"
[channels.chat]
[channels.mail]
[commitments]
[commitments.attributes.price]
type = "money"
[commitments.attributes.remedy]
type = "action"
[fields.customer]
vip = "boolean"
[fields.case]
orders = "integer"
[fields.interaction]
note = "text"
"""


def faults(text: str) -> list[tuple[str, bool]]:
    found = Plan.examine(BASE + text)[1]
    return [(fault.path, fault.is_error) for fault in found if fault.path != "commitments.tasks"]


def test_a_small_shop_says_nothing() -> None:
    plan = Plan.parse(BASE)
    assert (plan.brands, plan.participants) == ({}, {})
    assert Role(["*"]).sees == Sight("all", "facts", "trace", ())
    assert Participant() == Participant("own", shown=False, told=False)


def test_all_of_it_is_said_in_a_file() -> None:
    plan = Plan.parse(
        BASE
        + """
[roles.trainee]
may = ["AcceptOffer"]
sees = {own = "facts", teams = "trace", brands = "trace", withholds = ["price", "vip", "orders", "note"]}
[brands.shoes]
name = "Shoes Ltd"
teams = ["care"]
accounts = {chat = ["shoes", "boots"], mail = ["shoes"]}
[brands.hats]
accounts = {chat = ["hats"]}
[participants.relative]
sees = "facts"
told = true
[participants.expert]
shown = true
"""
    )
    assert plan.roles["trainee"].sees == Sight("facts", "trace", "trace", ["price", "vip", "orders", "note"])
    assert plan.brands["shoes"] == Brand({"chat": ["shoes", "boots"], "mail": ["shoes"]}, ["care"], "Shoes Ltd")
    assert accounts_of(plan.brands) == {
        ("chat", "shoes"): "shoes",
        ("chat", "boots"): "shoes",
        ("mail", "shoes"): "shoes",
        ("chat", "hats"): "hats",
    }
    assert plan.participants == {"relative": Participant("facts", told=True), "expert": Participant(shown=True)}
    assert Plan.parse(BASE).digest() != plan.digest()


@pytest.mark.parametrize(
    ("text", "path", "is_error"),
    [
        ('[roles.x]\nmay = ["*"]\nsees = {own = "some"}', "roles.x.sees.own", True),
        ('[roles.x]\nmay = ["*"]\nsees = {teams = "none"}', "roles.x.sees.teams", True),
        ('[roles.x]\nmay = ["*"]\nsees = {brands = ""}', "roles.x.sees.brands", True),
        ('[roles.x]\nmay = ["*"]\nsees = {withholds = ["vip", "prize"]}', "roles.x.sees.withholds[1]", True),
        ('[roles.x]\nmay = ["*"]\nsees = {withhold = ["vip"]}', "roles.x.sees.withhold", True),
        ("[brands.x]", "brands.x.accounts", False),
        ('[brands.x]\naccounts = {fax = ["x"]}', "brands.x.accounts.fax", True),
        ('[brands.x]\naccounts = {chat = ["x"]}\nteams = ["care", "care2"]', "brands.x.teams[1]", True),
        ('[brands.x]\naccounts = {chat = ["x"]}\n[brands.y]\naccounts = {chat = ["y", "x"]}', None, True),
        ('[participants.x]\nsees = "trace"', "participants.x.sees", True),
    ],
)
def test_what_is_wrong_is_told_with_its_path(text: str, path: str | None, is_error: bool) -> None:
    assert faults(text) == [(path or "brands.y.accounts.chat[1]", is_error)]


def test_an_account_named_twice_by_one_brand_is_no_quarrel() -> None:
    assert faults('[brands.x]\naccounts = {chat = ["x", "x"]}') == []


def test_what_was_not_understood_is_not_missed() -> None:
    text = '[roles.x]\nmay = ["*"]\nsees = {withholds = ["colour"]}\n'
    assert [path for path, _ in faults(text)] == ["roles.x.sees.withholds[0]"]
    broken = BASE.replace('vip = "boolean"', "colour = 7") + text
    assert "roles.x.sees.withholds[0]" not in [fault.path for fault in Plan.examine(broken)[1]]
