"""What a bare model says happened to its customers, counted by the rules of the simulator.

Belongs here: paths, and counting them. Does not: how a path comes about (the models), figures (`results`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import attrs

from orchestra.model.structure import microseconds
from orchestra.simulation.books import Stretch
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import CURVES, Tally

__all__ = ["NEVER", "Crew", "Path", "Span", "counted"]

NEVER = 1 << 62
"""Later than anything: what has not happened by the end of a run."""


class Span(NamedTuple):
    """From when on a run counts, and when it is over: the end is no part of it. Microseconds from the start."""

    begin: int
    end: int


@attrs.define
class Path:
    """What happened to the customers of one class, or to those whom one group served. Microseconds from the start.

    Attributes:
        came: when who is served, or will be, got in; `began` when an agent answered them, `ended` when that was over.
        lost: (when they came, when they left), of those whose patience ended first.
        refused: first tries of those who heard busy.
        again: further tries, and `again_refused` those of them that heard busy.
        away: (since when, until when) somebody was about to try again.
        aside: (since when, until when) somebody was put aside for more urgent work.
        aside_us: how long each of `came` was put aside in all; empty if nobody ever was.
    """

    came: list[int] = attrs.field(factory=list)
    began: list[int] = attrs.field(factory=list)
    ended: list[int] = attrs.field(factory=list)
    lost: list[tuple[int, int]] = attrs.field(factory=list)
    refused: list[int] = attrs.field(factory=list)
    again: list[int] = attrs.field(factory=list)
    again_refused: list[int] = attrs.field(factory=list)
    away: list[tuple[int, int]] = attrs.field(factory=list)
    aside: list[tuple[int, int]] = attrs.field(factory=list)
    aside_us: list[int] = attrs.field(factory=list)


@attrs.define
class Crew:
    """A group of agents.

    Attributes:
        agents: how many.
        path: of those whom they served.
        busy: (since when, until when) one of them had anybody.
    """

    agents: int
    path: Path = attrs.field(factory=Path)
    busy: list[tuple[int, int]] = attrs.field(factory=list)


def counted(
    scenario: Scenario, span: Span, paths: Mapping[str, Path], crews: Mapping[str, Crew], *, closely: bool
) -> Stretch:
    """What the simulator counts of such a run.

    Args:
        scenario: what is to be reported.
        span: what of the run counts.
        paths: class -> its path.
        crews: group -> what it did; empty if the model does not say who served whom.
        closely: whether to count also what no family asks for: every wait in its bucket, all areas.
    """
    classes, groups = {}, {}
    for name, path in paths.items():
        tally = classes[name] = Tally(length_us=span.end - span.begin)
        _count_tries(tally, path, span)
        _count_waits(tally, path, span, scenario.results.limits_us, closely=closely)
        _count_services(tally, path, span)
        tally.areas = dict.fromkeys(CURVES, 0)
        tally.areas["retrying"] = _area(path.away, span)
        if closely:
            tally.areas["waiting"] = _area(_waiting(path), span)
            tally.areas["serving"] = _area(_served(path), span)
        _look(tally, path, span, scenario)
    for name, crew in crews.items():
        tally = groups[name] = Tally(length_us=span.end - span.begin)
        _count_waits(tally, crew.path, span, scenario.results.limits_us, closely=closely)
        _count_services(tally, crew.path, span)
        tally.areas = dict.fromkeys(CURVES, 0)
        tally.areas["serving"] = _area(_served(crew.path), span)
        tally.areas["busy"] = _area(crew.busy, span)
        tally.areas["staffed"] = crew.agents * tally.length_us
    return Stretch(classes, groups)


def _count_tries(tally: Tally, path: Path, span: Span) -> None:
    got_in = _within(path.came, span) + _within((came for came, _ in path.lost), span)
    refused, again = _within(path.refused, span), _within(path.again, span)
    tally.blocked = refused + _within(path.again_refused, span)
    tally.came = got_in + tally.blocked
    tally.first, tally.first_blocked = tally.came - again, refused


def _count_waits(tally: Tally, path: Path, span: Span, limits_us: Sequence[int], *, closely: bool) -> None:
    """A wait counts when it ends."""
    begin, end = span
    answered = [began - came for came, began in zip(path.came, path.began, strict=True) if begin <= began < end]
    lost = [left - came for came, left in path.lost if begin <= left < end]
    tally.answered, tally.abandoned = len(answered), len(lost)
    tally.waited = len(answered) - answered.count(0) + len(lost) - lost.count(0)
    tally.answered_us = sum(answered)
    tally.wait_us = tally.answered_us + sum(lost)
    for limit in limits_us:
        within = sum([wait <= limit for wait in answered])
        tally.within.append(within)
        tally.over.append(len(answered) - within + sum([wait > limit for wait in lost]))
    if closely:
        for wait in answered:
            tally.answered_waits.add(wait)
        for wait in lost:
            tally.abandoned_waits.add(wait)


def _count_services(tally: Tally, path: Path, span: Span) -> None:
    begin, end = span
    at = [place for place, ended in enumerate(path.ended) if begin <= ended < end]
    tally.served = len(at)
    ended_us = sum([path.ended[place] for place in at])
    tally.stay_us = ended_us - sum([path.came[place] for place in at])
    tally.service_us = ended_us - sum([path.began[place] for place in at])
    if path.aside_us:
        tally.service_us -= sum([path.aside_us[place] for place in at])


def _look(tally: Tally, path: Path, span: Span, scenario: Scenario) -> None:
    """How many waited and were served at certain instants of each cycle."""
    if not scenario.results.at:
        return
    assert scenario.results.cycle is not None
    cycle_us = microseconds(scenario.results.cycle)
    curves = [[sorted(edges) for edges in zip(*stays, strict=True)] for stays in (_waiting(path), _served(path))]
    for at in map(microseconds, scenario.results.at):
        row = tally.looks[at] = [0, 0, 0]
        for now in range(at, span.end, cycle_us):
            if now >= span.begin:
                row[0] += 1
                for place, (ups, downs) in enumerate(curves, 1):
                    row[place] += bisect_right(ups, now) - bisect_right(downs, now)


def _waiting(path: Path) -> list[tuple[int, int]]:
    return [*zip(path.came, path.began, strict=True), *path.lost, *path.aside]


def _served(path: Path) -> list[tuple[int, int]]:
    """From the answer to the end, less what is put aside in between: such a stay ends before it begins."""
    return [*zip(path.began, path.ended, strict=True), *((until, since) for since, until in path.aside)]


def _area(stays: Iterable[tuple[int, int]], span: Span) -> int:
    """The area under the curve of how many stay."""
    begin, end = span
    return sum([min(max(until, begin), end) - min(max(since, begin), end) for since, until in stays])


def _within(instants: Iterable[int], span: Span) -> int:
    ordered = instants if isinstance(instants, list) else list(instants)
    return bisect_left(ordered, span.end) - bisect_left(ordered, span.begin)
