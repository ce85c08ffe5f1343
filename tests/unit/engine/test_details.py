from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import Driver

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.message()
    return driver


@pytest.mark.parametrize("target", ["cu1", "ca1", "in1"])
def test_anything_can_have_references(driver: Driver, target: str) -> None:
    assert driver.run(c.AddRef(target, "order:81")).events == [e.RefAdded(target, "order:81", "cu1")]
    assert driver.run(c.AddRef(target, "order:81")).events == [], "the same once more"
    assert driver.run(c.AddRef(ref("order:81"), "order:82")).events == [e.RefAdded(target, "order:82", "cu1")]
    assert driver.engine.view.details.refs == {"order:81": target, "order:82": target}


def test_a_reference_names_one_thing(driver: Driver) -> None:
    driver.run(c.AddRef("ca1", "order:81"))
    error = driver.refuse(c.AddRef("in1", "order:81"), InvalidCommand, field="ref")
    assert "ca1" in str(error)


@pytest.mark.parametrize("bad", ["", "x" * 201, "a\nb", "a\x00", "\x1f"])
def test_a_reference_that_makes_no_sense(driver: Driver, bad: str) -> None:
    driver.refuse(c.AddRef("ca1", bad), InvalidCommand, field="ref")


def test_the_longest_reference(driver: Driver) -> None:
    assert driver.run(c.AddRef("ca1", "ü" * 200)).events


@pytest.mark.parametrize("target", ["ca9", ref("none"), ""])
@pytest.mark.parametrize("command", [c.AddRef("", "x"), c.SetFields("", {})])
def test_a_target_that_nobody_knows(driver: Driver, target: Any, command: Any) -> None:
    command.target = target
    driver.refuse(command, UnknownId, kind="customer, case or interaction")


def test_fields_are_set_changed_and_removed(driver: Driver) -> None:
    assert driver.run(c.SetFields("ca1", {"orders": 2, "due": "2026-01-31"})).events == [
        e.FieldsSet("ca1", {"due": "2026-01-31", "orders": 2}, "cu1")
    ]
    assert driver.run(c.SetFields("ca1", {"orders": 2})).events == []
    assert driver.run(c.SetFields("ca1", {"orders": 3, "due": "2026-01-31"})).events == [
        e.FieldsSet("ca1", {"orders": 3}, "cu1")
    ]
    assert driver.run(c.SetFields("ca1", {"orders": None})).events == [e.FieldsSet("ca1", {"orders": None}, "cu1")]
    assert driver.engine.view.details.fields == {"ca1": {"due": "2026-01-31"}}
    assert driver.run(c.SetFields("ca1", {"orders": None})).events == []
    driver.run(c.SetFields("ca1", {"due": None}))
    assert driver.engine.view.details.fields == {}


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("cu1", {"vip": True}),
        ("cu1", {"vip": False}),
        ("ca1", {"orders": -(2**62)}),
        ("in1", {"note": "x" * 2_000}),
        ("in1", {"note": ""}),
    ],
)
def test_values_of_the_declared_type(driver: Driver, target: str, fields: dict[str, Any]) -> None:
    driver.run(c.SetFields(target, fields))
    assert driver.engine.view.details.fields[target] == fields


@pytest.mark.parametrize(
    ("target", "fields", "field"),
    [
        ("cu1", {"orders": 1}, "orders"),
        ("ca1", {"vip": True}, "vip"),
        ("ca1", {"none": None}, "none"),
        ("cu1", {"vip": 1}, "vip"),
        ("cu1", {"vip": "true"}, "vip"),
        ("ca1", {"orders": True}, "orders"),
        ("ca1", {"orders": "1"}, "orders"),
        ("ca1", {"orders": 2**63}, "orders"),
        ("ca1", {"due": 20260131}, "due"),
        ("ca1", {"due": "31.1.2026"}, "due"),
        ("ca1", {"due": "2026-01-31x"}, "due"),
        ("in1", {"note": 5}, "note"),
        ("in1", {"note": "x" * 2_001}, "note"),
        ("ca1", {"orders": 1, "due": "soon"}, "due"),
    ],
)
def test_other_values_are_refused(driver: Driver, target: str, fields: dict[str, Any], field: str) -> None:
    driver.refuse(c.SetFields(target, fields), InvalidCommand, field=f"fields.{field}")


def test_any_command_may_use_a_reference(driver: Driver) -> None:
    driver.run(c.AddRef("ca1", "order:81"))
    driver.run(c.AddRef("in1", "call:1"))
    driver.run(c.AddRef("cu1", "crm:7"))
    driver.run(c.SetCaseWaiting(ref("order:81"), "customer"))
    driver.run(c.CancelInteraction(ref("call:1"), "x"))
    driver.run(c.OpenCase(ref("crm:7")))
    driver.run(c.SetFields(ref("crm:7"), {"vip": True}))
    assert driver.engine.view.cases.cases["ca1"].state == "WAITING_ON_CUSTOMER"
    assert driver.engine.view.contacts.interactions["in1"].state == "CANCELED"
    assert driver.engine.view.cases.cases["ca2"].customer == "cu1"
