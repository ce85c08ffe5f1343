"""Wordings with conditions: what they say, what is not let in, and that no fact acts in them."""

from __future__ import annotations

import sys
from unittest.mock import patch

import pytest
from tests.engine_driver import Driver, plan

from orchestra.engine.rendering import render
from orchestra.model import jinja_texts
from orchestra.model.escaping import Line
from orchestra.model.facts import Fact
from orchestra.model.jinja_texts import NeedsJinja, Shown, jinja_names, jinja_text
from orchestra.model.templates import Topic, Wording

TEXT = "{% if days == 1 %}tomorrow{% elif days < 8 %}in {{ days }} days{% else %}later{% endif %}"
READY = Topic(
    syntax="jinja",
    facts={"days": "integer", "what": "text"},
    languages={"en": Wording("{{ what }}{# for us #}", f"{{{{ what }}}} {TEXT}\n", "html")},
)


def said(days: Fact, what: str = "Box") -> tuple[Line | None, str]:
    view = Driver(plan(templates={"ready": READY})).engine.view
    found = render(view, "ready", None, "chat", {"days": days, "what": what}, "UTC")
    return found.title, found.text


@pytest.mark.parametrize(("days", "when"), [(1, "tomorrow"), (3, "in 3 days"), (9, "later")])
def test_a_wording_may_differ_by_its_facts(days: int, when: str) -> None:
    assert said(days) == (Line("Box"), f"Box {when}\n")


def test_a_fact_is_no_template_and_no_markup() -> None:
    title, text = said(1, "<b>{{ days }}{% if %}\r\n")
    assert title == Line("<b>(( days ))(% if %)")
    assert text == "&lt;b&gt;(( days ))(% if %) tomorrow\n"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("nothing", set()),
        (TEXT, {"days"}),
        ("{{ a if b in ['x', 1] else 'no' }}", {"a", "b"}),
        ("{% if not a and (b != c or b >= 2) %}x{% endif %}", {"a", "b", "c"}),
        ("{% if a not in [1] %}{% if b %}{{ c }}{% endif %}{% endif %}", {"a", "b", "c"}),
    ],
)
def test_the_facts_that_a_wording_names(source: str, names: set[str]) -> None:
    assert jinja_names(source) == names


@pytest.mark.parametrize(
    "source",
    [
        "{% for x in a %}{% endfor %}",
        "{{ a() }}",
        "{{ a.b }}",
        "{{ a['b'] }}",
        "{{ a|upper }}",
        "{{ a * 9 }}",
        "{{ 9 ** 9 }}",
        "{{ a ~ a }}",
        "{{ range(9) }}",
        "{% set a = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% if a is defined %}{% endif %}",
        "{% if 1 == a %}{% endif %}",
        "{% if a < 2 < 3 %}{% endif %}",
        "{% if a in b %}{% endif %}",
        "{% if a in 'text' %}{% endif %}",
        "{% if a == [1] %}{% endif %}",
        "{{ a if b }}",
        "{{ a",
        "{% if a %}",
        "{% nonsense %}",
    ],
)
def test_what_is_more_than_a_condition_is_not_let_in(source: str) -> None:
    with pytest.raises(ValueError, match="line 1: "):
        jinja_names(source)


def test_facts_are_compared_as_they_are_and_written_as_their_medium_has_to() -> None:
    three, text = Shown(3, "three"), Shown("a&b", "a&amp;b")
    assert (three == 3, three == Shown(3, "x"), three == "3", three < 4, three < Shown(5, ""), three < "4") == (
        True,
        True,
        False,
        True,
        True,
        False,
    )
    assert (text == "a&b", text < "b", text > "a", text < 3, bool(text), bool(Shown(0, "0"))) == (
        True,
        True,
        True,
        False,
        True,
        False,
    )
    assert {three: 1}[Shown(3, "3")] == 1
    assert (
        jinja_text("{% if text == 'a&b' and text in ['x', 'a&b'] %}{{ text }}{% endif %}", {"text": text}) == "a&amp;b"
    )


def test_whatever_is_compared_there_is_an_answer() -> None:
    for operator in ("==", "!=", "<", "<=", ">", ">="):
        for other in ("1", "'a'", "number", "text", "none", "1.5"):
            for name in ("number", "text"):
                source = f"{{% if {name} {operator} {other} %}}yes{{% else %}}no{{% endif %}}"
                names = jinja_names(source)
                assert names <= {"number", "text"}
                shown = {"number": Shown(1, "1"), "text": Shown("a", "a")}
                assert jinja_text(source, shown) in ("yes", "no")


@pytest.mark.parametrize(
    ("topic", "path", "words"),
    [
        (Topic({}, {"en": Wording(text="{{ days }}")}, "jinja"), "templates.t.languages.en.text", "no fact 'days'"),
        (Topic({}, {"en": Wording(text="{{")}, "jinja"), "templates.t.languages.en.text", "line 1"),
        (Topic({}, {"en": Wording(text="x")}, "mako"), "templates.t.syntax", "must be one of dollar, jinja"),
    ],
)
def test_what_is_wrong_is_told_when_the_plan_is_read(topic: Topic, path: str, words: str) -> None:
    (fault,) = [fault for fault in plan(templates={"t": topic}).faults() if fault.is_error]
    assert fault.path == path
    assert words in fault.message


def test_without_the_extra_a_plan_says_what_to_install() -> None:
    jinja_texts._environment.cache_clear()
    with patch.dict(sys.modules, {"jinja2": None, "jinja2.sandbox": None}):
        with pytest.raises(NeedsJinja):
            jinja_names("x")
        (fault,) = [fault for fault in plan(templates={"ready": READY}).faults() if "title" in fault.path]
        assert "pip install 'orchestra-cx[jinja]'" in fault.message
    jinja_texts._environment.cache_clear()
