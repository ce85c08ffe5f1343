"""The pictures of scenarios: all of it is in them, no text lies on another, nothing is outside the frame."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from docs._extensions.scenario_layout import CHARACTER, LINE, Picture, lay_out
from docs._extensions.scenario_svg import draw
from docs._extensions.scenario_text import SCENARIOS, Scenario, read_scenario
from tests.browser import browser_page
from tests.docs.pages import DOCS

SVG = "{http://www.w3.org/2000/svg}"
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.txt"))

every_scenario = pytest.mark.parametrize("name", NAMES)

WORST = """A title with <signs> & "quotes"

Joe has a long name for an account, and much to say.

Steps
    09:00:00 ana signs in
    09:00:10 joe writes on averylongchannel about order: {long}
    09:00:10 the same comes once more
    09:00:20 ana finishes on averylongchannel => refused: {long}

Timeline of joe
    09:00:10 averylongchannel offered to ana, who talks with them already
    09:00:10 - {long}
    09:00:30 - something happened by itself
""".format(long="it goes on and on " * 12)


def scenario(name: str) -> Scenario:
    return read_scenario((SCENARIOS / f"{name}.txt").read_text("utf-8"))


def texts(drawn: str, *kinds: str) -> list[str]:
    found = ET.fromstring(drawn).iter(f"{SVG}text")
    return [text.text or "" for text in found if text.get("class") in kinds]


@every_scenario
def test_whoever_does_something_has_a_lane(name: str) -> None:
    drawn = draw(scenario(name))
    lanes = texts(drawn, "name")
    assert lanes[-1] == "engine"
    assert len(set(lanes)) == len(lanes)
    for step in scenario(name).steps:
        assert step.words.split()[0] in {*lanes, "the"}
    order = ["customer", "channel", "agent", "engine"]
    kinds = [lane.kind for lane in lay_out(scenario(name)).lanes]
    assert kinds == sorted(kinds, key=order.index)


@every_scenario
def test_every_step_is_in_the_picture(name: str) -> None:
    words = " ".join(texts(draw(scenario(name)), "step")).split()
    steps = scenario(name).steps
    assert len([row for row in lay_out(scenario(name)).rows if row.kind == "step"]) == len(steps)
    for step in steps:
        assert set(step.words.split()[-1:]) <= set(words) | {lane.name for lane in lay_out(scenario(name)).lanes}


@every_scenario
def test_times_only_go_on(name: str) -> None:
    clocks = texts(draw(scenario(name)), "clock")
    assert clocks == sorted(set(clocks))


def boxes(picture: Picture) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every text, as wide as its characters are said to be."""
    found = [(8.0, row.y - LINE / 2, 8 + CHARACTER * 8, row.y + LINE / 2) for row in picture.rows if row.clock]
    for row in picture.rows:
        for place, line in enumerate(row.label):
            y = row.y + LINE * place
            found.append((row.x, y - LINE / 2, row.x + CHARACTER * len(line), y + LINE / 2))
    for lane in picture.lanes:
        half = CHARACTER * len(lane.name) / 2
        found.append((lane.x - half, 6, lane.x + half, 36))
    return found


@pytest.mark.parametrize("name", [*NAMES, "worst"])
def test_no_text_lies_on_another_or_outside_by_the_layout(name: str) -> None:
    picture = lay_out(read_scenario(WORST) if name == "worst" else scenario(name))
    for left, top, right, bottom in boxes(picture):
        assert 0 <= left <= right <= picture.width
        assert 0 <= top <= bottom <= picture.height
    overlapping = [
        (a, b)
        for a, b in itertools.combinations(boxes(picture), 2)
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]
    assert overlapping == []


def test_signs_are_escaped() -> None:
    root = ET.fromstring(draw(read_scenario(WORST)))
    assert root.get("aria-label") == 'A title with <signs> & "quotes"'


LOOK = """
() => [...document.querySelectorAll(".scenario svg")].map(svg => {
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map(text => {
    const box = text.getBoundingClientRect();
    const [x, y] = [frame.left, frame.top];
    return [text.textContent, box.left - x, box.top - y, box.right - x, box.bottom - y];
  });
  return {name: svg.parentNode.id, width: frame.width, height: frame.height, texts: texts};
})
"""


def rendered(pictures: dict[str, str]) -> Sequence[dict[str, Any]]:
    """Where a browser puts each text of each picture."""
    style = (DOCS / "_static" / "pages.css").read_text("utf-8")
    drawn = "".join(f'<div class="scenario" id="{name}">{picture}</div>' for name, picture in pictures.items())
    with browser_page() as page:
        page.set_content(f'<!doctype html><meta charset="utf-8"><style>{style}</style>{drawn}')
        seen: Sequence[dict[str, Any]] = page.evaluate(LOOK)
    return seen


def misplaced(picture: dict[str, Any]) -> list[str]:
    """What lies outside of a picture or on something else."""
    texts = picture["texts"]
    outside = [
        f"{text} is outside"
        for text, left, top, right, bottom in texts
        if left < 0 or top < 0 or right > picture["width"] or bottom > picture["height"]
    ]
    return outside + [
        f"{a[0]} lies on {b[0]}"
        for a, b in itertools.combinations(texts, 2)
        if a[1] < b[3] and b[1] < a[3] and a[2] < b[4] and b[2] < a[4]
    ]


def test_a_browser_puts_no_text_on_another_or_outside() -> None:
    pictures = {name: draw(scenario(name)) for name in NAMES} | {"worst": draw(read_scenario(WORST))}
    seen = rendered(pictures)
    assert [one["name"] for one in seen] == list(pictures)
    assert all(text[1] < text[3] for one in seen for text in one["texts"]), "drawn without letters"
    assert {one["name"]: misplaced(one) for one in seen if misplaced(one)} == {}


def test_a_browser_tells_what_is_misplaced() -> None:
    texts = '<text class="step" x="5" y="20">one</text><text class="step" x="9" y="24">two</text>'
    far = '<text class="step" x="95" y="90">three</text>'
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">{texts}{far}</svg>'
    (seen,) = rendered({"bad": picture})
    assert misplaced(seen) == ["three is outside", "one lies on two"]


def test_every_scenario_stands_in_the_documentation() -> None:
    page = (DOCS / "explanation" / "situations.md").read_text("utf-8")
    assert sorted(re.findall(r"```\{scenario\} (\w+)", page)) == NAMES


# The form of the text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Title\n\nAbout\n", "needs a title"),
        ("Title\n\n    09:00:00 x does\n", "what is this part of"),
        ("Title\n\nAbout\n\nSteps\n    nine: x does\n\nTimeline of x\n    y\n", "no step"),
        ("Title\n\nAbout\n\nSteps\n    09:00:00 x does\nmore\n", "neither a step nor the head"),
        (
            "Title\n\nAbout\n\nSteps\n    09:00:01 x does\n    09:00:00 x does\n\nTimeline of x\n    y\n",
            "steps go on in time",
        ),
    ],
)
def test_what_is_no_scenario_is_told(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_scenario(text)


def test_what_a_text_says() -> None:
    read = read_scenario(WORST)
    assert read.about == "Joe has a long name for an account, and much to say."
    assert (read.steps[0].clock, read.steps[0].words, read.steps[0].refused) == ("09:00:00", "ana signs in", None)
    assert (read.steps[3].refused or "").startswith("it goes on")
    assert [(told.customer, told.reader, len(told.lines)) for told in read.timelines] == [("joe", None, 3)]
