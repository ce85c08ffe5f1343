"""Plain data as TOML reads back to the same."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from orchestra.simulation.toml_text import toml_text

DATA: dict[str, dict[str, Any]] = {
    "scalars": {"a": 1, "b": 1.5, "c": True, "d": "text", "e": False},
    "quotes": {"a": 'say "hello"\\ \n\t', "ü": "ü\x7f"[:1]},
    "tables": {"run": {"length": "1d"}, "classes": {"calls": {"channel": "voice"}, "mails": {"channel": "mail"}}},
    "law": {"classes": {"calls": {"service": {"law": "exponential", "mean_s": 1e-05}}}},
    "empty table": {"teams": {"care": {}}, "x": {}},
    "odd keys": {"a b": {"c.d": 1, "": 2}},
    "lists": {"a": [], "b": [1, 2], "c": ["x", "y"], "d": list(range(100)), "e": [1.0] * 25},
    "list of tables": {"group": {"shifts": [{"begins": "8h", "days": ["mon"]}, {"begins": "9h", "days": []}]}},
    "plain after table": {"b": {"c": 1}, "a": 1},
}


@pytest.mark.parametrize("name", DATA)
def test_it_reads_back(name: str) -> None:
    assert tomllib.loads(toml_text(DATA[name])) == DATA[name]


def test_remarks_on_what_is_not_there_stand_above_all() -> None:
    assert toml_text({"one": 1}, {}, ["two: left\nout", "three"]) == "# two: left out\n# three\none = 1\n"


def test_remarks_stand_above_what_they_are_about() -> None:
    text = toml_text({"a": {"b": 1, "c": {"d": 2}}}, {"a.b": "one", "a.c": "two\nlines"})
    assert text.splitlines() == ["[a]", "# one", "b = 1", "", "# two lines", "[a.c]", "d = 2"]


def test_long_lists_have_a_line_for_each_day() -> None:
    assert toml_text({"rates": [0.0] * 168}).count("\n") == 9
