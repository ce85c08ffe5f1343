"""The plan under which tests commit the company, and shorthand for what is said."""

from __future__ import annotations

from typing import Any

from orchestra.model import commands as c
from orchestra.model.results import Stated
from tests.engine_driver import CARE, Driver

__all__ = ["COMMITTED", "a_driver", "bill", "quote", "stated"]

COMMITTED = (
    CARE
    + """
[channels.task]
work = true
weight_percent = 20
[commitments]
tasks = "task"
[commitments.authorities]
carrier = 30
billing = 10
sales = 10
manager = 20
[commitments.attributes.price]
type = "money"
better = "lower"
unit = "EUR"
lasts = "30d"
[commitments.attributes.refund]
type = "money"
better = "higher"
unit = "EUR"
[commitments.attributes.fee]
type = "money"
better = "lower"
[commitments.attributes.delivery]
type = "date"
better = "earlier"
[commitments.attributes.pickup]
type = "date"
better = "later"
[commitments.attributes.pieces]
type = "quantity"
better = "higher"
[commitments.attributes.remedy]
type = "action"
actions = ["replacement", "repair", "voucher"]
lasts = "never"
[commitments.attributes.colour]
type = "action"
[roles.seller]
may = ["*"]
authority = "sales"
may_commit = {price = 4000, refund = 5000, delivery = true, remedy = true}
[roles.manager]
may = ["*"]
authority = "manager"
may_commit = {price = true, refund = 20000}
[roles.boss]
may = ["*"]
[roles.clerk]
may = ["MakeCommitment"]
may_commit = {delivery = true}
[agents.sam]
teams = ["sales"]
roles = ["seller"]
[agents.meg]
teams = ["sales"]
roles = ["manager", "seller"]
[agents.bea]
teams = ["sales"]
roles = ["boss"]
[agents.tim]
teams = ["sales"]
roles = ["clerk", "manager"]
"""
)
"""A plan in which prices, days and actions can be committed to, by agents with and without limits."""


def a_driver(**settings: str) -> Driver:
    """A driver in which joe has written once, in case ca1; nobody is at work. `settle` may be another."""
    text = COMMITTED
    if "settle" in settings:
        text = text.replace('tasks = "task"', f'tasks = "task"\nsettle = "{settings["settle"]}"')
    driver = Driver(text)
    driver.message("joe", "email")
    return driver


def stated(driver: Driver, command: c.Command, after: float = 1) -> Stated:
    """What a command that says something answers."""
    result = driver.run(command, after).result
    assert isinstance(result, Stated)
    return result


def quote(driver: Driver, value: int | str = 4900, attribute: str = "price", after: float = 1, **values: Any) -> Stated:
    """The company says something to joe about order 81, in his case unless that is given otherwise."""
    values = {"subject": "order:81", "case": "ca1"} | values
    return stated(driver, c.MakeCommitment(attribute=attribute, value=value, **values), after)


def bill(driver: Driver, value: int | str = 5900, attribute: str = "price", after: float = 1, **values: Any) -> Stated:
    """Billing tells something of order 81."""
    values = {"subject": "order:81", "actor": "back_office:billing"} | values
    return stated(driver, c.ReportFact(attribute=attribute, value=value, **values), after)
