"""What holds of incidents under any interleaving: told once, never before it is approved; closing settles or lists."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given, settings, strategies as st
from tests.engine_driver import CARE, Driver
from tests.incident_invariants import check, check_against
from tests.invariants import WatchedEngine, check_rebuilt

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.engine import Engine
from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e

PEOPLE = ("joe", "mia", "zoe", "kim")
SLICE_US = 1_000

WORDS = (
    "writes",
    "calls",
    "opens",
    "searches",
    "approves",
    "updates",
    "links",
    "unlinks",
    "flags",
    "resolves",
    "merges cases",
    "unmerges",
    "merges people",
    "splits",
    "prefers",
    "closes",
    "waits",
)
STEPS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 3)), min_size=4, max_size=30)


class Lives(Driver):
    """An engine whose every event is looked at, and the commands that the words stand for."""

    def __init__(self) -> None:
        self.watched = WatchedEngine()
        super().__init__(CARE, engine=self.watched)
        self.message("joe", "email", topic="power")
        self.run(c.OpenIncident("no power", "We know.", ["power"]))

    def command(self, word: str, number: int) -> c.Command | None:
        """What a word stands for."""
        view = self.engine.view
        cases, people, links = list(view.cases.cases), list(view.identity.customers), list(view.identity.merges)
        case, other = cases[number % len(cases)], cases[(number + 1) % len(cases)]
        one, another = people[number % len(people)], people[(number + 1) % len(people)]
        row = view.incidents.incidents["ic1"]
        known: dict[str, c.Command | None] = {
            "opens": c.OpenCase(one, "power"),
            "searches": c.LinkMatching("ic1"),
            "approves": c.ApproveIncidentText("ic1", row.version),
            "updates": c.UpdateIncident("ic1", text=f"We know more, {row.version}."),
            "links": c.LinkToIncident("ic1", case),
            "unlinks": c.UnlinkFromIncident("ic1", case, "a fuse"),
            "flags": c.FlagIncidentCase("ic1", case, "check"),
            "resolves": c.ResolveCase(case),
            "merges cases": c.MergeCases(case, other, "the same"),
            "unmerges": c.UnmergeCase(case, "two matters"),
            "merges people": c.MergeCustomers(one, another, "told", 100, actor="operator:kim"),
            "splits": c.SplitCustomers(links[-1], "two people") if links else None,
            "prefers": c.SetPreferences(one, ["chat"] if number % 2 else ["email"]),
            "closes": c.CloseIncident("ic1", "over", "It is over." if number % 2 else None),
        }
        return known[word]

    def act(self, word: str, number: int) -> None:
        """Do what the word says, as far as it may be done."""
        if word == "writes":
            self.message(PEOPLE[number], "email" if number % 2 else "chat", topic="power", after=0)
        elif word == "calls":
            self.call(PEOPLE[number], topic="power", after=0)
        elif word == "waits":
            self.advance_to(self.now_us + SLICE_US)
        elif (command := self.command(word, number)) is not None:
            try:
                self.run(command, 0)
            except CommandRefused:
                return

    def look(self) -> None:
        """What must hold between two batches."""
        check(self.engine)
        check_against(self.engine, self.watched.witness.incidents)

    def end(self) -> None:
        """The incident is closed, whatever came before."""
        if self.engine.view.incidents.open:
            self.run(c.CloseIncident("ic1", "over", "It is over."))
        self.advance(5)


@settings(max_examples=60, deadline=None)
@given(STEPS)
@example([("approves", 0), ("writes", 1), ("merges people", 0), ("updates", 0), ("approves", 0), ("splits", 0)])
@example(
    [("searches", 0), ("waits", 0), ("opens", 0), ("links", 1), ("merges cases", 0), ("closes", 0), ("unmerges", 1)]
)
def test_each_is_told_once_and_closing_settles_all_or_lists_them(steps: Sequence[tuple[str, int]]) -> None:
    lives = Lives()
    for word, number in steps:
        lives.act(word, number)
        lives.look()
    linked = list(lives.engine.view.incidents.links)
    before = len(lives.log)
    lives.end()
    lives.look()
    view = lives.engine.view
    row = view.incidents.incidents["ic1"]
    assert (row.state, view.incidents.links, view.incidents.of_customer) == ("CLOSED", {}, {})
    for case in linked:
        is_listed = any(member in row.excepted for member in view.cases.group(case))
        assert is_listed or view.cases.row(case).state in SETTLED
    ends = [one for one in (logged.event for logged in lives.log[before:]) if isinstance(one, e.IncidentClosed)]
    assert len(ends) <= 1
    check_rebuilt(lives.engine, lives.replayed(is_blanked=True))
    check_rebuilt(lives.engine, lives.reloaded())


@settings(max_examples=20, deadline=None)
@given(STEPS, st.integers(0, 200))
def test_another_engine_goes_on_from_anywhere(steps: Sequence[tuple[str, int]], cut: int) -> None:
    lives = Lives()
    for word, number in steps:
        lives.act(word, number)
    lives.end()
    other = Engine()
    for logged in lives.log[:cut]:
        other.replay(logged.event, logged.at_us)
    half = Engine()
    half.load(other.dump())
    for logged in lives.log[cut:]:
        half.replay(logged.event, logged.at_us)
    assert half.state_hash() == lives.engine.state_hash()
