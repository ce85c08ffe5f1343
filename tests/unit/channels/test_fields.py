from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestra.channels.fields import Fields
from orchestra.channels.safe_json import JsonValue
from orchestra.errors import MalformedMessage


def fields(**values: JsonValue) -> Fields:
    return Fields(values, "body")


def test_fields_of_the_right_type_are_given() -> None:
    item = fields(text="", id="a", count=3, on=True, off=None, child={"x": "y"}, list=[{"n": 1}, {"n": 2}], ids=["a"])
    assert item.text("text") == ""
    assert item.identifier("id") == "a"
    assert item.optional_identifier("off") is None
    assert item.integer("count") == 3
    assert item.flag("on") is True
    assert item.flag("off", default=False) is False
    assert item.child("child").text("x") == "y"
    assert item.child("child").path == "body.child"
    assert [child.integer("n") for child in item.children("list")] == [1, 2]
    assert item.identifiers("ids") == ("a",)
    assert item.identifiers("none") == ()
    assert "off" not in item
    assert "id" in item


@pytest.mark.parametrize(
    ("read", "where"),
    [
        (lambda item: item.text("missing"), "body.missing"),
        (lambda item: item.text("null"), "body.null"),
        (lambda item: item.text("number"), "body.number"),
        (lambda item: item.identifier("empty"), "body.empty"),
        (lambda item: item.identifier("long"), "body.long"),
        (lambda item: item.optional_identifier("number"), "body.number"),
        (lambda item: item.integer("yes"), "body.yes"),
        (lambda item: item.integer("half"), "body.half"),
        (lambda item: item.number("yes"), "body.yes"),
        (lambda item: item.number("empty"), "body.empty"),
        (lambda item: item.flag("number"), "body.number"),
        (lambda item: item.flag("missing"), "body.missing"),
        (lambda item: item.child("number"), "body.number"),
        (lambda item: item.items("number"), "body.number"),
        (lambda item: list(item.children("mixed")), "body.mixed[1]"),
        (lambda item: item.identifiers("mixed"), "body.mixed"),
        (lambda item: item.identifiers("blank"), "body.blank"),
    ],
)
def test_every_other_field_is_an_error_with_its_path(read: Callable[[Fields], object], where: str) -> None:
    item = fields(null=None, number=1, empty="", long="x" * 513, yes=True, half=0.5, mixed=[{}, 2], blank=[""])
    with pytest.raises(MalformedMessage) as caught:
        read(item)
    assert caught.value.where == where


@pytest.mark.parametrize("value", [None, 1, "text", [], True])
def test_only_objects_have_fields(value: JsonValue) -> None:
    with pytest.raises(MalformedMessage):
        Fields(value, "body")


def test_names_are_those_of_fields_that_hold_something() -> None:
    assert fields(b=0, a="", off=None, no=False, yes=True).names == ("b", "a", "yes")


def test_numbers_may_be_broken() -> None:
    assert (fields(n=52.5).number("n"), fields(n=-3).number("n")) == (52.5, -3)


@pytest.mark.parametrize(("value", "expected"), [(True, True), (1, False), ("true", False), ({}, False), (None, False)])
def test_only_true_is_true(value: JsonValue, expected: bool) -> None:
    assert fields(result=value).is_true("result") is expected
    assert not fields().is_true("result")
