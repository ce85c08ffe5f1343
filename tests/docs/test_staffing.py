"""The staffing tutorial and the simulator's reference: what they show is run, what they name is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks, folder_with, run, words

from orchestra.simulation.arrivals import ARRIVALS, Arrivals
from orchestra.simulation.checks import faults_of
from orchestra.simulation.laws import LAWS, Law
from orchestra.simulation.results import figures_of
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.schema import CustomerClass, Group, Reporting, Retry, Run, Shift
from orchestra.simulation.tally import Tally

PAGE = DOCS / "tutorial" / "staffing.md"
REFERENCE = DOCS / "reference" / "simulation.md"

PLAN = """
[workspace]
default_queue = "care"
[teams.care]
[queues.care]
team = "care"
[channels.voice]
live = true
[channels.chat]
live = true
weight_percent = 33
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, list[str]]]:
    """Each block of commands in order, what it printed, and the outputs shown below it."""
    folder = tmp_path_factory.mktemp("staffing")
    folder_with(folder, {block.caption: block.text for block in blocks(PAGE) if block.caption})
    found: list[tuple[str, list[str]]] = []
    for block in blocks(PAGE):
        if block.language == "sh":
            found.append((run(block.text, folder), []))
        elif block.language == "text":
            found[-1][1].append(block.text)
    return found


@pytest.mark.truth
def test_what_is_shown_is_what_is_printed(printed: list[tuple[str, list[str]]]) -> None:
    assert [len(shown) for _, shown in printed] == [1, 1, 2]
    for text, shown in printed:
        whole = " ".join(words(text))
        assert all(" ".join(words(part)) in whole for part in shown)


@pytest.mark.truth
def test_the_answer_is_the_one_that_the_page_tells(printed: list[tuple[str, list[str]]]) -> None:
    rows = [line.split() for line in printed[-1][0].splitlines()[-2:]]
    assert rows == [["both", "9", "9"], ["english", "6", "6"]]


def test_the_scenario_of_the_reference_is_sound(tmp_path: Path) -> None:
    (text,) = [block.text for block in blocks(REFERENCE) if block.language == "toml"]
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    assert tomllib.loads(text)["plan"] == "plan.toml"
    assert faults_of(Scenario.parse(text, tmp_path)) == []


def test_every_result_is_in_the_table() -> None:
    table = re.findall(r"^\| `(\w+)`[^|]*\| ([\w, ]+) \|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    shown = {name: set(of.split(", ")) for name, of in table}
    told: dict[str, set[str]] = {}
    for kind, name in (("total", "total"), ("class", "classes"), ("group", "groups")):
        for figure in figures_of([Tally()], kind, (1,), (1,)).estimates:
            told.setdefault(figure.partition(".")[0], set()).add(name)
    assert shown == {name: {"all"} if len(of) == 3 else of for name, of in told.items()}


@pytest.mark.parametrize("kind", [CustomerClass, Retry, Group, Shift, Run, Reporting, Scenario, Arrivals, Law])
def test_every_key_is_explained(kind: type) -> None:
    explained = re.findall(r"^ {4,8}([a-z_, ]+):", kind.__doc__ or "", re.MULTILINE)
    names = {name for group in explained for name in group.split(", ")}
    assert {field.name for field in kind.__attrs_attrs__} <= names  # type: ignore[attr-defined]


def test_every_kind_of_arrivals_and_law_is_named() -> None:
    assert all(f"`{name}`" in (Arrivals.__doc__ or "") for name in ARRIVALS)
    assert all(f"`{name}`" in (Law.__doc__ or "") for name in LAWS)
