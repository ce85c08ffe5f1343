"""Case numbers under another form, while cases are archived: none is given twice, and each still leads to its case."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.archiving import archiving
from tests.engine_driver import CARE, Driver, person
from tests.unit.engine.test_archive import Archive

from orchestra.engine.cases.numbers import running_number
from orchestra.model import commands as c
from orchestra.model.addresses import ref
from orchestra.model.plan import Plan

FORMS = [
    "C-{:06d}",
    "{}",
    "{}0",
    "2024-{:04}",
    "{:x}",
    "{:#X}",
    "{:o}",
    "{:b}",
    "{:,}",
    "{:*>6}",
    "{:.1f}",
    "{:6d}|",
    "{0}-{0}",
]


def _plan(number: str, after: timedelta | None = timedelta(days=30)) -> Plan:
    plan = archiving(Plan.parse(CARE), after)
    return attrs.evolve(plan, cases=attrs.evolve(plan.cases, number=number, reopen_within=timedelta(days=900)))


def _put(driver: Driver, plan: Plan) -> None:
    driver.run(c.ChangePlan(plan, plan.digest(), "2025b", "check"), 1)


@pytest.mark.parametrize("form", [*FORMS, "{{{}}}", "N{{}}{:03d}"])
def test_the_running_number_is_read_from_what_a_form_writes(form: str) -> None:
    for count in (1, 7, 10, 99, 100, 4096, 1_234_567):
        assert running_number(form, form.format(count)) == count
    assert running_number(form, "something else") == 0
    assert running_number(form, form.format(12) + "'") == 0


def test_what_holds_no_running_number_is_not_read() -> None:
    assert running_number("none", "none") == 0


@pytest.mark.parametrize("after", [timedelta(days=30), None])
def test_a_number_under_another_form_is_never_that_of_an_archived_case(after: timedelta | None) -> None:
    driver = Archive(_plan("{}0", after))
    driver.over("joe")
    driver.over("ann")
    driver.days(62)
    assert driver.is_there() is (after is None)
    _put(driver, _plan("{}", after))
    numbers = [driver.message(f"p{number}", "email").case.number for number in range(3, 22)]
    assert [number for number in numbers if "'" in number] == ["10'", "20'"]
    assert {"9", "11", "19", "21"} <= {*numbers}
    for number, case, who in (("10", "ca1", "joe"), ("20", "ca2", "ann"), ("10'", "ca10", "p10")):
        assert driver.engine.execute(_by_number(number, who), driver.now_us).result.case.id == case


def _by_number(number: str, who: str) -> c.ReceiveMessage:
    return c.ReceiveMessage("chat", "main", f"by-{number}", person(who), case_number=number, text="x")


def test_a_number_that_an_archived_case_never_had_is_given() -> None:
    """The first case brought a number of its own along, so nobody has that which its count would have given."""
    driver = Archive(_plan("{}0"))
    driver.run(c.BeginImport())
    driver.run(c.ImportCase("t1", address=person("joe"), number="old"))
    driver.run(c.ImportStatus(ref("t1"), "resolved"))
    driver.run(c.MarkLog("0" * 64, 3, 0, 0, None, 0))
    driver.run(c.CloseCase("ca1"), 1)
    driver.over("ann")
    driver.days(62)
    assert driver.engine.view.cases.reserved == {"old": 1}
    _put(driver, _plan("{}"))
    numbers = [driver.message(f"p{number}", "email").case.number for number in range(3, 22)]
    assert [number for number in numbers if "'" in number] == ["20'"]
    assert "10" in numbers
    assert driver.engine.execute(_by_number("old", "joe"), driver.now_us).result.case.id == "ca1"
    assert driver.engine.view.cases.reserved == {}


def test_a_number_of_the_form_that_is_past_leads_to_its_case() -> None:
    for number, case, who in (("C-000001", "ca1", "joe"), ("2-0002", "ca2", "ann")):
        driver = Archive(_plan("C-{:06d}"))
        driver.over("joe")
        _put(driver, _plan("2-{:04d}"))
        driver.over("ann")
        driver.days(62)
        _put(driver, _plan("N{}"))
        assert not driver.engine.view.identity.customers
        assert driver.engine.view.cases.reserved == {}, "the forms tell them"
        assert driver.engine.execute(_by_number(number, who), driver.now_us).result.case.id == case
        assert driver.engine.view.cases.by_number == {number: case}


def test_a_token_leads_to_an_archived_case() -> None:
    driver = Archive(_plan("C-{:06d}"))
    driver.over("joe")
    driver.days(62)
    command = c.ReceiveMessage("email", "main", "m9", person("joe"), reply_case="ca1", text="x")
    assert driver.engine.execute(command, driver.now_us).result.case.id == "ca1"


def test_a_plan_that_comes_back_before_a_case_was_opened_changes_no_form() -> None:
    driver = Driver(_plan("A{}"))
    driver.message("joe", "email")
    _put(driver, _plan("B{}"))
    _put(driver, _plan("A{}"))
    _put(driver, _plan("A{}"))
    assert driver.message("ann", "email").case.number == "A2"
    assert driver.engine.view.cases.forms == {"1": "A{}", "2": "A{}"}
    assert driver.reloaded().view.cases.next_case() == ("ca3", "A3")
