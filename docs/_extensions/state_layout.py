"""Where everything in a state diagram goes: boxes in layers, one place of its own for each label, lines around both.

The method is the usual one for layered drawings (Sugiyama, Tagawa and Toda 1981): turn steps that lead back, put states
into layers, order each layer so that few lines cross, then move everything sideways until lines are short. Two things
are particular. A label is a node of its own in a layer between those of states, so no line and no box can ever lie
under it. And lines bend only in the gaps between layers, so none can cross a box.

What belongs here: geometry. What does not: states' meaning, SVG, Sphinx.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["Box", "Label", "Layout", "Line", "Rect", "lay_out", "points_of"]

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]
Steps = Mapping[tuple[str, str], str]

BOX_CHARACTER = 7.4
"""Width set aside for one character of a state's name: 12 px monospace."""
LABEL_CHARACTER = 6.8
"""Width set aside for one character of a label: 11 px monospace."""

_BOX_HEIGHT = 30.0
_BOX_PADDING = 11.0
_LABEL_LINE = 15.0
_LABEL_PADDING = 3.0
_LAYER_GAP = 24.0
_BESIDE = 6.5
_WIDEST = 500.0
"""A layer that is as wide as this with its labels takes no more of them while another one has room."""
_PORTS = 15.0
_TIGHT_PORTS = 10.0
_MARGIN = 12.0
_START = 26.0
_LOOP = 24.0
_SWEEPS = 24


@dataclass(frozen=True)
class Rect:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Rect) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def contains(self, point: Point) -> bool:
        """Whether the point lies inside, edges excluded."""
        return self.x < point[0] < self.x + self.width and self.y < point[1] < self.y + self.height


@dataclass(frozen=True)
class Box:
    """A state."""

    state: str
    rect: Rect


@dataclass(frozen=True)
class Label:
    """The triggers of all steps from one state to one other, a line each."""

    source: str
    target: str
    triggers: tuple[str, ...]
    rect: Rect


@dataclass(frozen=True)
class Line:
    """A step's line from state to state, in cubic curves (start, two controls, end); interrupted by its label.

    `heading` is where its arrow points: (0, 1) is down.
    """

    source: str
    target: str
    curves: tuple[Curve, ...]
    heading: Point


@dataclass(frozen=True)
class Layout:
    """A drawn state machine. `start` is where the dot before the initial state stands."""

    width: float
    height: float
    start: Point
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]


@dataclass(eq=False)
class _Node:
    """A state, a label, or a bend of a long line; `x` is the middle of its box."""

    layer: int
    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    x: float = 0.0
    above: list[_Node] = field(default_factory=list)
    below: list[_Node] = field(default_factory=list)

    @property
    def is_bend(self) -> bool:
        return self.height == 0


@dataclass(eq=False)
class _Route:
    """A pair of states with all triggers between them. `upper` and `lower` are its ends as layers have them."""

    source: str
    target: str
    triggers: list[str]
    upper: str = ""
    lower: str = ""
    nodes: list[_Node] = field(default_factory=list)
    label: _Node | None = None


def lay_out(initial: str, steps: Steps) -> Layout:
    """Lay a state machine out, from the initial state downwards.

    Args:
        initial: the state it begins in; every other one can be reached from it.
        steps: (state, trigger) -> next state.
    """
    routes = _routes(steps)
    loops = {route.source: route for route in routes if route.source == route.target}
    routes = [route for route in routes if route.source != route.target]
    layers_of = _layers_of(initial, routes)
    states = {state: _state_node(state, layers_of, routes, loops.get(state)) for state in layers_of}
    layers: list[list[_Node]] = [[] for _ in range(max(node.layer for node in states.values()) + 1)]
    for node in states.values():
        layers[node.layer].append(node)
    for route in routes:
        _insert(route, states, layers)
    _order(layers)
    _place(layers)
    return _drawn(initial, states, routes, loops, layers)


def _routes(steps: Steps) -> list[_Route]:
    found: dict[tuple[str, str], _Route] = {}
    for (source, trigger), target in steps.items():
        found.setdefault((source, target), _Route(source, target, [])).triggers.append(trigger)
    return list(found.values())


# Layers


def _layers_of(initial: str, routes: Sequence[_Route]) -> dict[str, int]:
    """State -> its layer, an even number; turns the routes that lead back so that all lead down."""
    leaving: dict[str, list[_Route]] = {}
    for route in routes:
        leaving.setdefault(route.source, []).append(route)
    finished: list[str] = []
    open_: set[str] = set()

    def visit(state: str) -> None:
        open_.add(state)
        for route in leaving.get(state, ()):
            turned = route.target in open_
            route.upper, route.lower = (route.target, state) if turned else (state, route.target)
            if not turned and route.target not in finished:
                visit(route.target)
        open_.remove(state)
        finished.append(state)

    visit(initial)
    layer = dict.fromkeys(reversed(finished), 0)
    for state in layer:
        for route in routes:
            if route.upper == state:
                layer[route.lower] = max(layer[route.lower], layer[state] + 2)
    return layer


def _state_node(state: str, layers_of: Mapping[str, int], routes: Sequence[_Route], loop: _Route | None) -> _Node:
    """A state's node, wide enough for its name and for the lines that meet either side."""
    meeting = max(sum(route.upper == state for route in routes), sum(route.lower == state for route in routes))
    half = max(len(state) * BOX_CHARACTER / 2 + _BOX_PADDING, meeting * _TIGHT_PORTS / 2 + _BOX_PADDING / 2)
    beside = 0.0 if loop is None else _LOOP + 2 * _LABEL_PADDING + _text_width(loop.triggers)
    return _Node(layers_of[state], half, half + beside, _BOX_HEIGHT)


def _text_width(triggers: Sequence[str]) -> float:
    return max(map(len, triggers)) * LABEL_CHARACTER


def _insert(route: _Route, states: Mapping[str, _Node], layers: list[list[_Node]]) -> None:
    """Give the route a node in every layer that it passes."""
    upper, lower = states[route.upper], states[route.lower]
    at = _label_layer(route, range(upper.layer + 1, lower.layer, 2), layers)
    chain = [upper]
    for layer in range(upper.layer + 1, lower.layer):
        node = _Node(layer)
        if layer == at:
            node.left = node.right = _text_width(route.triggers) / 2 + _LABEL_PADDING
            node.height = len(route.triggers) * _LABEL_LINE
            route.label = node
        layers[layer].append(node)
        chain.append(node)
    chain.append(lower)
    for above, below in pairwise(chain):
        above.below.append(below)
        below.above.append(above)
    route.nodes = chain


def _label_layer(route: _Route, passed: Sequence[int], layers: Sequence[Sequence[_Node]]) -> int:
    """The layer nearest to where the step begins that has room for its label; the emptiest if none has."""
    width = {layer: sum(node.left + node.right + _BESIDE for node in layers[layer]) for layer in passed}
    nearest = passed if route.source == route.upper else passed[::-1]
    room = _WIDEST - _text_width(route.triggers)
    return next((layer for layer in nearest if width[layer] <= room), min(nearest, key=width.__getitem__))


# Order within layers


def _order(layers: list[list[_Node]]) -> None:
    """Order each layer so that few lines cross: sweep by neighbours' mean place, swap pairs, keep the best."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers[1:] if downwards else layers[-2::-1]:
            places = {node: place for other in layers for place, node in enumerate(other)}
            layer.sort(key=lambda node: _mean_place(node, places, downwards))
        _swap(layers)
        count = _crossings(layers)
        if count < fewest:
            best, fewest = [list(layer) for layer in layers], count
    for layer, kept in zip(layers, best, strict=True):
        layer[:] = kept


def _mean_place(node: _Node, places: Mapping[_Node, int], downwards: bool) -> float:
    neighbours = node.above if downwards else node.below
    if not neighbours:
        return float(places[node])
    return sum(places[other] for other in neighbours) / len(neighbours)


def _swap(layers: list[list[_Node]]) -> None:
    """Swap neighbours as long as that saves crossings."""
    places = {node: place for layer in layers for place, node in enumerate(layer)}
    improved = True
    while improved:
        improved = False
        for layer in layers:
            for place in range(len(layer) - 1):
                left, right = layer[place], layer[place + 1]
                if _crossed(left, right, places) > _crossed(right, left, places):
                    layer[place], layer[place + 1] = right, left
                    places[left], places[right] = place + 1, place
                    improved = True


def _crossed(left: _Node, right: _Node, places: Mapping[_Node, int]) -> int:
    """How many lines of two neighbours cross each other, if they stand in this order."""
    return sum(
        places[one] > places[other]
        for ours, theirs in ((left.above, right.above), (left.below, right.below))
        for one in ours
        for other in theirs
    )


def _crossings(layers: Sequence[Sequence[_Node]]) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        place = {node: index for index, node in enumerate(lower)}
        ends = [(index, place[below]) for index, node in enumerate(upper) for below in node.below]
        count += sum(a < c and b > d for a, b in ends for c, d in ends)
    return count


# Places sideways


def _place(layers: Sequence[Sequence[_Node]]) -> None:
    """Move nodes sideways so that lines are short and long lines straight, in the order the layers have."""
    for layer in layers:
        _spread(layer, [(0.0, 1.0)] * len(layer))
    for sweep in range(8 * _SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            _spread(layer, [_wish(node) for node in layer])


def _wish(node: _Node) -> tuple[float, float]:
    """Where a node would be best, and how much that matters: a bend matters more, or a long line gets crooked."""
    around = [(other.x, 16.0 if node.is_bend and other.is_bend else 1.0) for other in (*node.above, *node.below)]
    if not around:
        return node.x, 0.1
    weight = sum(share for _, share in around)
    return sum(x * share for x, share in around) / weight, weight


def _spread(layer: Sequence[_Node], wishes: Sequence[tuple[float, float]]) -> None:
    """Put each node as near to its wish as the others let it (least squares, pooling adjacent violators)."""
    offsets, at = [], 0.0
    for place, node in enumerate(layer):
        at += layer[place - 1].right + _BESIDE + node.left if place else 0.0
        offsets.append(at)
    blocks: list[list[float]] = []  # weighted mean, weight, size
    for (wish, weight), offset in zip(wishes, offsets, strict=True):
        blocks.append([wish - offset, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, heavy, size = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * heavy) / (last[1] + heavy)
            last[1] += heavy
            last[2] += size
    shifts = [mean for mean, _, size in blocks for _ in range(int(size))]
    for node, offset, shift in zip(layer, offsets, shifts, strict=True):
        node.x = offset + shift


# Drawing


def _drawn(
    initial: str,
    states: Mapping[str, _Node],
    routes: Sequence[_Route],
    loops: Mapping[str, _Route],
    layers: Sequence[Sequence[_Node]],
) -> Layout:
    leftmost = min(node.x - node.left for layer in layers for node in layer)
    for layer in layers:
        for node in layer:
            node.x += _MARGIN - leftmost
    tops, depths = _tops(layers), [max(node.height for node in layer) for layer in layers]
    boxes = [Box(state, _box_rect(node, tops)) for state, node in states.items()]
    labels, lines = [], []
    ports = _ports(routes)
    for route in routes:
        assert route.label is not None  # every route passes at least one layer between its ends
        label = _label_rect(route.label, tops)
        labels.append(Label(route.source, route.target, tuple(route.triggers), label))
        lines.append(_line(route, ports, tops, depths))
    for state, route in loops.items():
        beside, around = _loop(route, _box_rect(states[state], tops))
        labels.append(beside)
        lines.append(around)
    width = max(node.x + node.right for layer in layers for node in layer) + _MARGIN
    height = tops[-1] + depths[-1] + _MARGIN
    return Layout(width, height, (states[initial].x, _MARGIN), tuple(boxes), tuple(labels), tuple(lines))


def _tops(layers: Sequence[Sequence[_Node]]) -> list[float]:
    tops, at = [], _MARGIN + _START
    for layer in layers:
        tops.append(at)
        at += max(node.height for node in layer) + _LAYER_GAP
    return tops


def _box_rect(node: _Node, tops: Sequence[float]) -> Rect:
    return Rect(node.x - node.left, tops[node.layer], 2 * node.left, _BOX_HEIGHT)


def _label_rect(node: _Node, tops: Sequence[float]) -> Rect:
    return Rect(node.x - node.left, tops[node.layer], node.left + node.right, node.height)


def _ports(routes: Sequence[_Route]) -> dict[tuple[_Route, bool], float]:
    """(route, whether at its lower end) -> where its line meets the box, so that lines share no point."""
    ends: dict[tuple[_Node, bool], list[tuple[float, int]]] = {}
    for number, route in enumerate(routes):
        ends.setdefault((route.nodes[0], False), []).append((route.nodes[1].x, number))
        ends.setdefault((route.nodes[-1], True), []).append((route.nodes[-2].x, number))
    ports = {}
    for (node, is_lower), meeting in ends.items():
        apart = min(_PORTS, (2 * node.left - _BOX_PADDING) / len(meeting))
        for place, (_, number) in enumerate(sorted(meeting)):
            ports[routes[number], is_lower] = node.x + (place - (len(meeting) - 1) / 2) * apart
    return ports


def _line(
    route: _Route, ports: Mapping[tuple[_Route, bool], float], tops: Sequence[float], depths: Sequence[float]
) -> Line:
    """From box to box: straight through layers, curved between them, with a gap for the label."""
    curves: list[Curve] = []
    at: Point = (ports[route, False], tops[route.nodes[0].layer] + _BOX_HEIGHT)
    for node in route.nodes[1:]:
        top = tops[node.layer]
        end = (node.x if node is not route.nodes[-1] else ports[route, True], top)
        middle = (at[1] + end[1]) / 2
        curves.append((at, (at[0], middle), (end[0], middle), end))
        begin, at = (node.x, top + node.height), (node.x, top + depths[node.layer])
        if begin != at and node is not route.nodes[-1]:
            curves.append((begin, begin, at, at))
    if route.source == route.upper:
        return Line(route.source, route.target, tuple(curves), (0.0, 1.0))
    turned = tuple((d, c, b, a) for a, b, c, d in reversed(curves))
    return Line(route.source, route.target, turned, (0.0, -1.0))


def _loop(route: _Route, box: Rect) -> tuple[Label, Line]:
    right, middle = box.x + box.width, box.y + box.height / 2
    begin, end = (right, middle - 7), (right, middle + 7)
    out = right + _LOOP * 1.15
    curve = (begin, (out, middle - 13), (out, middle + 13), end)
    height = len(route.triggers) * _LABEL_LINE
    rect = Rect(right + _LOOP, middle - height / 2, _text_width(route.triggers) + 2 * _LABEL_PADDING, height)
    label = Label(route.source, route.target, tuple(route.triggers), rect)
    return label, Line(route.source, route.target, (curve,), (-1.0, 0.0))


def points_of(line: Line, per_curve: int = 24) -> Iterator[Point]:
    """Points along a line, for whoever wants to know what it touches."""
    for a, b, c, d in line.curves:
        for step in range(per_curve + 1):
            t = step / per_curve
            u = 1 - t
            yield (
                u**3 * a[0] + 3 * u * u * t * b[0] + 3 * u * t * t * c[0] + t**3 * d[0],
                u**3 * a[1] + 3 * u * u * t * b[1] + 3 * u * t * t * c[1] + t**3 * d[1],
            )
