"""Whatever becomes known late, journeys are what they would have been had it been known at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.insight.rig import fold

from orchestra.insight.journeys import CaseCount, Journeys
from orchestra.insight.measures import Measures
from orchestra.model import events as e

US = 1_000_000
WINDOW_S = 1_000
"""Longer than any history here, so that everything may be restated; who comes back is decided by `NEAR_S`."""

CUSTOMERS = ("cu1", "cu2", "cu3")
CHANNELS = ("voice", "chat")
TOPICS = ("bill", "parcel", None)
History = list[tuple[e.Event, int]]


@attrs.define
class World:
    """What has happened so far, as plainly as it can be noted, beside the events that say so."""

    events: History = attrs.field(factory=list)
    cases: list[dict[str, Any]] = attrs.field(factory=list)
    contacts: list[dict[str, Any]] = attrs.field(factory=list)
    alias: dict[str, str] = attrs.field(factory=dict)
    at_us: int = 0

    def say(self, *events: e.Event) -> None:
        self.events += [(event, self.at_us) for event in events]

    def case(self, name: str) -> dict[str, Any]:
        return next(case for case in self.cases if case["name"] == name)

    def root(self, name: str) -> str:
        while (into := self.case(name)["into"]) is not None:
            name = into
        return name

    def person(self, customer: str) -> str:
        while customer in self.alias:
            customer = self.alias[customer]
        return customer

    # What may happen

    def open(self, customer: str, topic: str | None) -> None:
        name = f"ca{len(self.cases) + 1}"
        self.cases.append({"name": name, "customer": customer, "topic": topic, "into": None, "resolved": None})
        self.cases[-1]["others"] = False
        self.say(e.CaseOpened(name, name, customer, "team", "care", "care", topic))

    def come(self, case: str, customer: str, channel: str, made_us: int, *, joins: bool) -> None:
        name = f"in{len(self.contacts) + 1}"
        others = [one["engagement"] for one in self.contacts if self.person(one["customer"]) == self.person(customer)]
        engagement = others[-1] if joins and others else f"en{name[2:]}"
        self.contacts.append({"name": name, "case": case, "customer": customer, "channel": channel, "at": made_us})
        self.contacts[-1] |= {"engagement": engagement, "agents": set(), "moves": 0}
        self.say(e.InteractionStarted(name, customer, channel, "main", "co1", False, made_us))
        self.say(e.InteractionAttached(name, self.root(case), customer, "thread"))
        self.contacts[-1]["case"] = self.root(case)
        if engagement != f"en{name[2:]}":
            self.say(e.EngagementJoined(engagement, customer, name, "together"))

    def settle(self, case: str) -> None:
        row = self.case(self.root(case))
        row["resolved"] = self.at_us
        self.say(e.CaseResolved(row["name"], row["customer"]))

    def reopen(self, case: str) -> None:
        row = self.case(self.root(case))
        row["resolved"] = None
        self.say(e.CaseReopened(row["name"], row["customer"], "asked"))

    def wait(self, case: str) -> None:
        row = self.case(self.root(case))
        row["others"] = True
        self.say(e.CaseWaiting(row["name"], row["customer"], "third_party"))

    def join(self, one: str, other: str) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            self.case(other)["into"] = one
            self.say(e.CaseMerged(other, self.case(other)["customer"], one, "same"))

    def part(self, name: str) -> None:
        row = self.case(name)
        if row["into"] is not None:
            into, row["into"] = row["into"], None
            self.say(e.CaseUnmerged(name, row["customer"], into, "RESOLVED", "other"))

    def move(self, contact: dict[str, Any], case: str) -> None:
        before, contact["case"] = contact["case"], self.root(case)
        self.say(e.InteractionMoved(contact["name"], contact["customer"], contact["case"], before, "asked"))

    def marry(self, one: str, other: str) -> None:
        one, other = self.person(one), self.person(other)
        if one != other:
            self.alias[other] = one
            self.say(e.CustomerAliased(other, one, "li1"))

    def divorce(self, customer: str) -> None:
        if customer in self.alias:
            self.say(e.CustomerUnaliased(customer, self.alias.pop(customer), "li1"))


def by_hand(world: World, window_us: int) -> dict[str, Any]:
    """The figures of a world as it stands, from nothing but what is noted of it."""
    own = sorted(world.contacts, key=lambda one: (one["at"], int(one["name"][2:])))
    keys = [(world.person(one["customer"]), _topic(world, one["case"])) for one in own]
    repeated = 0
    for place, key in enumerate(keys):
        before = [one for one, other in zip(own[:place], keys, strict=False) if other == key]
        repeated += bool(before) and own[place]["at"] - before[-1]["at"] <= window_us
    counts = [_count(world, case, own, keys, window_us) for case in world.cases if case["into"] is None]
    summed = {name: sum(getattr(count, name) for count in counts) for name in attrs.asdict(CaseCount())}
    index = sorted(count.index for count in counts if count.effort_of)
    return {"contacts": len(own), "repeated": repeated, "index": index, **summed}


def _topic(world: World, case: str) -> str:
    root = world.case(world.root(case))
    return str(root["topic"] or root["name"])


def _count(world: World, case: dict[str, Any], own: Sequence[Any], keys: Sequence[Any], window_us: int) -> CaseCount:
    name = case["name"]
    mine = [one for one in own if world.root(one["case"]) == name]
    if not mine:
        return CaseCount()
    is_resolved = case["resolved"] is not None
    group = [other for other in world.cases if world.root(other["name"]) == name]
    waited = any(other["others"] for other in group)
    key = (world.person(case["customer"]), _topic(world, name))
    filed = [one for one, other in zip(own, keys, strict=True) if other == key]
    since = next((place for place, one in enumerate(filed) if one in mine), None)
    rivals = [one["at"] for one in filed[since:] if one not in mine] if since is not None else []
    if since is None:  # nobody but others came in it: whoever comes on its topic comes elsewhere
        rivals = []
    stayed = is_resolved and len({one["engagement"] for one in mine}) == 1
    stayed = stayed and not any(at <= case["resolved"] + window_us for at in rivals)
    return CaseCount(
        effort_of=1,
        resolved=is_resolved,
        single=is_resolved and len(mine) == 1,
        attainable=is_resolved and not waited,
        single_attainable=is_resolved and not waited and len(mine) == 1,
        stayed=stayed,
        contacts=len(mine),
        switches=sum(one["channel"] != other["channel"] for one, other in pairwise(mine)),
    )


def told(journeys: Journeys) -> dict[str, Any]:
    values = journeys.effort
    found = {"contacts": journeys.contacts, "repeated": journeys.repeated, **attrs.asdict(journeys.count)}
    found["index_mean"] = values.mean
    return found


def expected(world: World, window_us: int) -> dict[str, Any]:
    found = by_hand(world, window_us)
    index = found.pop("index")
    found["contacts"] = len(world.contacts)
    return {**found, "index_mean": round(sum(index) / len(index), 6) if index else None}


STEPS = ("open", "come", "come", "come", "settle", "reopen", "wait", "join", "part", "move", "marry", "divorce")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World()
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=25)):
        world.at_us += draw(st.integers(1, 20)) * US
        _step(draw, world, step)
    return world


def _step(draw: st.DrawFn, world: World, step: str) -> None:
    if step == "open" or not world.cases:
        world.open(draw(st.sampled_from(CUSTOMERS)), draw(st.sampled_from(TOPICS)))
        return
    case = draw(st.sampled_from(world.cases))
    mine = [name for name in CUSTOMERS if world.person(name) == world.person(case["customer"])]
    if step == "come":
        made_us = max(0, world.at_us - draw(st.sampled_from((0, 0, 30))) * US)
        who, channel = draw(st.sampled_from(mine)), draw(st.sampled_from(CHANNELS))
        world.come(case["name"], who, channel, made_us, joins=draw(st.booleans()))
    elif step in ("settle", "reopen", "wait", "part"):
        getattr(world, step)(case["name"])
    elif step == "join":
        same = [one for one in world.cases if world.person(one["customer"]) == world.person(case["customer"])]
        world.join(case["name"], draw(st.sampled_from(same))["name"])
    elif step == "move" and world.contacts:
        world.move(draw(st.sampled_from(world.contacts)), case["name"])
    elif step == "marry":
        world.marry(draw(st.sampled_from(CUSTOMERS)), draw(st.sampled_from(CUSTOMERS)))
    elif step == "divorce":
        world.divorce(draw(st.sampled_from(CUSTOMERS)))


@settings(max_examples=250)
@given(worlds())
def test_figures_are_those_of_a_count_by_hand(world: World) -> None:
    measures = fold(world.events, Measures(return_s=WINDOW_S))
    assert told(measures.total.journeys) == expected(world, WINDOW_S * US)


@given(worlds(), st.lists(st.integers(0, 60), max_size=4))
def test_reading_figures_changes_none(world: World, reads: Iterable[int]) -> None:
    live, at = Measures(return_s=WINDOW_S), 0
    for read in sorted(reads):
        fold(world.events[at:read], live)
        live.to_json()
        at = max(at, read)
    fold(world.events[at:], live)
    assert live.to_json() == fold(world.events, Measures(return_s=WINDOW_S)).to_json()


@settings(max_examples=250)
@given(worlds())
def test_a_merge_that_is_undone_leaves_no_trace(world: World) -> None:
    before = told(fold(world.events, Measures(return_s=WINDOW_S)).total.journeys)
    roots = sorted({world.person(name) for name in CUSTOMERS})
    world.at_us += US
    for name in roots[1:]:
        world.marry(roots[0], name)
    for name in roots[1:]:
        world.divorce(name)
    assert told(fold(world.events, Measures(return_s=WINDOW_S)).total.journeys) == before


@given(worlds())
def test_every_slice_adds_up(world: World) -> None:
    measures = fold(world.events, Measures(return_s=WINDOW_S))
    for slices in (measures.by_channel, measures.by_account):
        for name in ("contacts", "repeated"):
            assert sum(getattr(one.journeys, name) for one in slices.values()) == getattr(measures.total.journeys, name)
        resolved = sum(one.journeys.count.resolved for one in slices.values())
        assert resolved == measures.total.journeys.count.resolved


# Windows


def _contacts(*at_s: int) -> Iterator[tuple[e.Event, int]]:
    yield e.CaseOpened("ca1", "1", "cu1", "team", "care", "care", "bill"), 0
    for number, at in enumerate(at_s, 1):
        started = e.InteractionStarted(f"in{number}", "cu1", "voice", "main", "co1", False, at * US)
        yield started, at * US
        yield e.InteractionAttached(f"in{number}", "ca1", "cu1", "thread"), at * US


@pytest.mark.parametrize(("gap_s", "repeated"), [(100, 1), (101, 0)])
def test_the_window_is_closed_at_its_end(gap_s: int, repeated: int) -> None:
    journeys = fold(_contacts(10, 10 + gap_s), Measures(return_s=100)).total.journeys
    assert journeys.repeated == repeated


def test_what_is_older_than_two_windows_is_let_go_and_stays_counted() -> None:
    measures = fold(_contacts(*range(0, 5_000, 50)), Measures(return_s=100))
    assert measures.total.journeys.repeated == 99
    assert len(measures._journeys._returning) <= 5


def test_people_who_turn_out_to_be_one_are_restated_as_far_back_as_the_window() -> None:
    events = [*_contacts(0, 300, 310)]
    events += [(e.CaseOpened("ca2", "2", "cu2", "team", "care", "care", "bill"), 320 * US)]
    events += [(e.InteractionStarted("in9", "cu2", "chat", "main", "co2", False, 320 * US), 320 * US)]
    events += [(e.InteractionAttached("in9", "ca2", "cu2", "thread"), 320 * US)]
    apart = fold(events, Measures(return_s=100))
    assert json.dumps(apart.to_json())
    assert apart.total.journeys.repeated == 1
    assert (
        fold(
            [*events, (e.CustomerAliased("cu2", "cu1", "li1"), 330 * US)], Measures(return_s=100)
        ).total.journeys.repeated
        == 2
    )
    late = fold([*events, (e.CustomerAliased("cu2", "cu1", "li1"), 430 * US)], Measures(return_s=100))
    assert late.total.journeys.repeated == 1
