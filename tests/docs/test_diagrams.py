"""The state diagrams: every step of every table is in its picture, and nothing lies on anything else."""

from __future__ import annotations

import functools
import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from docs._extensions.state_layout import LABEL_CHARACTER, Layout, Rect, lay_out, points_of
from docs._extensions.state_svg import draw

from orchestra.engine.lifecycle import MACHINES, Machine

SVG = "{http://www.w3.org/2000/svg}"

every_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


@functools.cache
def _layout(name: str) -> Layout:
    machine = next(machine for machine in MACHINES if machine.name == name)
    return lay_out(machine.initial, machine.steps)


def layout_of(machine: Machine) -> Layout:
    return _layout(machine.name)


@every_machine
def test_every_step_is_in_the_picture_once(machine: Machine) -> None:
    drawn = [text.get("data-step") for text in ET.fromstring(draw(machine)).iter(f"{SVG}text")]
    steps = [f"{state} {trigger} {after}" for (state, trigger), after in machine.steps.items()]
    assert sorted(step for step in drawn if step is not None) == sorted(steps)


@every_machine
def test_every_trigger_is_written_where_its_step_is(machine: Machine) -> None:
    for text in ET.fromstring(draw(machine)).iter(f"{SVG}text"):
        step = text.get("data-step")
        assert step is None or text.text == step.split()[1]


@every_machine
def test_every_state_has_a_box_and_final_ones_are_marked(machine: Machine) -> None:
    groups = ET.fromstring(draw(machine)).iter(f"{SVG}g")
    assert {group.get("data-state"): "final" in (group.get("class") or "").split() for group in groups} == {
        state: state in machine.final for state in machine.states
    }


@every_machine
def test_every_line_leads_from_its_state_to_its_state(machine: Machine) -> None:
    layout = layout_of(machine)
    rects = {box.state: box.rect for box in layout.boxes}
    assert {(line.source, line.target) for line in layout.lines} == {
        (source, target) for (source, _), target in machine.steps.items()
    }
    for line in layout.lines:
        assert on_edge(rects[line.source], line.curves[0][0]), f"{line.source}: its line begins elsewhere"
        assert on_edge(rects[line.target], line.curves[-1][3]), f"{line.target}: its line ends elsewhere"


def on_edge(rect: Rect, point: tuple[float, float]) -> bool:
    x, y = point
    within_x = rect.x <= x <= rect.x + rect.width
    within_y = rect.y <= y <= rect.y + rect.height
    at_side = y in (rect.y, rect.y + rect.height) or x == rect.x + rect.width
    return within_x and within_y and at_side


@every_machine
def test_no_box_or_label_lies_on_another(machine: Machine) -> None:
    layout = layout_of(machine)
    placed = [(box.state, box.rect) for box in layout.boxes]
    placed += [(f"{label.source} {label.triggers}", label.rect) for label in layout.labels]
    overlapping = [(a[0], b[0]) for a, b in itertools.combinations(placed, 2) if a[1].overlaps(b[1])]
    assert overlapping == []


@every_machine
def test_no_line_crosses_a_box_or_a_label(machine: Machine) -> None:
    layout = layout_of(machine)
    placed = [(box.state, box.rect) for box in layout.boxes]
    placed += [(f"{label.source} {label.triggers}", label.rect) for label in layout.labels]
    crossed = [
        (f"{line.source} to {line.target}", name)
        for line in layout.lines
        for point in points_of(line)
        for name, rect in placed
        if rect.contains(point)
    ]
    assert crossed == []


@every_machine
def test_everything_is_inside_the_picture(machine: Machine) -> None:
    layout = layout_of(machine)
    for rect in [*(box.rect for box in layout.boxes), *(label.rect for label in layout.labels)]:
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.x + rect.width <= layout.width
        assert rect.y + rect.height <= layout.height
    for line in layout.lines:
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in points_of(line))


@every_machine
def test_names_fit_what_is_set_aside_for_them(machine: Machine) -> None:
    layout = layout_of(machine)
    # A monospace character is at most 0.61 of its size wide: 12 px in boxes, 11 px in labels.
    assert all(len(box.state) * 7.32 < box.rect.width for box in layout.boxes)
    assert all(len(word) * 6.71 < label.rect.width for label in layout.labels for word in label.triggers)


@every_machine
def test_the_picture_fits_the_page(machine: Machine) -> None:
    assert layout_of(machine).width <= 780


@every_machine
def test_the_same_table_gives_the_same_picture(machine: Machine) -> None:
    assert draw(machine) == draw(machine)


def test_steps_between_the_same_states_share_a_line() -> None:
    layout = lay_out("A", {("A", "go"): "B", ("A", "walk"): "B", ("B", "back"): "A"})
    assert [(label.source, label.triggers) for label in layout.labels] == [("A", ("go", "walk")), ("B", ("back",))]
    assert len(layout.lines) == 2


def test_a_loop_has_its_label_beside_its_box() -> None:
    layout = lay_out("A", {("A", "again"): "A", ("A", "go"): "B"})
    (box,) = [box.rect for box in layout.boxes if box.state == "A"]
    (label,) = [label.rect for label in layout.labels if label.triggers == ("again",)]
    assert label.x > box.x + box.width
    assert label.width >= len("again") * LABEL_CHARACTER


def test_an_overlap_would_be_seen() -> None:
    assert Rect(0, 0, 10, 10).overlaps(Rect(9, 9, 5, 5))
    assert not Rect(0, 0, 10, 10).overlaps(Rect(10, 0, 5, 5))
    assert Rect(0, 0, 10, 10).contains((5, 5))
    assert not Rect(0, 0, 10, 10).contains((10, 5))


def test_names_are_escaped() -> None:
    machine = Machine("a<b", "A", frozenset({"B"}), {("A", "x&y"): "B"})
    drawn = draw(machine)
    assert re.search(r"x&amp;y", drawn)
    assert ET.fromstring(drawn).findtext(f"{SVG}title") == "States of a<b"
