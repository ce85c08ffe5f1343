"""What has changed is looked at anew, what has not is not, and an invariant can read no more than it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.engine_driver import CARE, Driver
from tests.invariants import INVARIANTS, WatchedEngine, check_changed, check_state
from tests.swarm import Rows, check_untouched, written
from tests.watching import NOW, NotedTimers, Watch, due_of, followed_by, invariant, named, named_by, reached

from orchestra.engine.engine import SECTIONS
from orchestra.model import events as e


def driven() -> WatchedEngine:
    """A contact centre in which somebody waits, watched and looked at."""
    engine = WatchedEngine()
    driver = Driver(CARE, engine=engine)
    driver.message("joe")
    check_changed(engine)
    return engine


def watch(engine: WatchedEngine, check: Callable[..., None], *reads: str) -> Watch:
    """Looks at one invariant alone, and has looked at it once."""
    watching = Watch(engine, engine.witness, ([invariant(check, *reads)],), lambda kind: frozenset())
    watching.look(0)
    return watching


def test_only_what_reads_something_that_has_changed_is_looked_at_anew() -> None:
    engine = driven()
    looked: list[str] = []
    watching = watch(engine, lambda part: looked.append("routing"), "routing")
    for kind, times in ((e.CursorMoved, 1), (e.OfferMade, 2), (e.PlanChanged, 3), (e.CursorMoved, 3)):
        watching.note(kind)
        watching.look(0)
        assert len(looked) == times, f"after {kind.__name__}"
    assert "routing" not in followed_by(e.CursorMoved)
    watching.forget()
    watching.look(0)
    assert len(looked) == 4


def test_a_timer_that_is_set_or_cancelled_is_looked_at_anew() -> None:
    engine = driven()
    looked: list[int | None] = []
    watching = watch(engine, lambda part: looked.append(part.view.timers.get("a.b", "x")), "a.b")
    timers = engine.view.timers
    timers.set("a.b", "x", 5)
    watching.look(0)
    timers.set("other.b", "x", 5)
    watching.look(0)
    timers.cancel("a.b", "x")
    watching.look(0)
    timers.set("a.b", "y", 6)
    timers.cancel_all(("a.b", "other.b"), "y")
    watching.look(0)
    assert looked == [None, 5, None, None]


def test_timers_that_move_unheard_are_found() -> None:
    engine = driven()
    assert isinstance(engine.view.timers, NotedTimers)
    engine.view.timers.set("a.b", "x", 5)
    assert engine.view.timers.are_as_told()
    engine.view.timers._due["a.b"]["x"] = 6
    with pytest.raises(AssertionError, match="past those who look after them"):
        check_changed(engine)
    engine.view.timers.changed.clear()
    assert engine.view.timers.are_as_told([])
    assert not engine.view.timers.are_as_told()
    engine.view.timers._due["a.b"] = {"y": 5}
    assert not engine.view.timers.are_as_told()
    engine.view.timers.set("a.c", "z", 5)
    engine.view.timers._size += 1
    assert not engine.view.timers.are_as_told([]), "one more is due than anybody set"


@pytest.mark.parametrize(
    "read",
    [
        lambda part: part.view.cases,
        lambda part: part.view.timers.get("cases.close", "ca1"),
        lambda part: due_of(part, "cases.close"),
        lambda part: part.now_us,
        lambda part: part.due(),
    ],
)
def test_an_invariant_reads_no_more_than_it_says(read: Callable[[Any], Any]) -> None:
    engine = driven()
    with pytest.raises((AssertionError, KeyError)):
        watch(engine, read, "routing")
    watch(engine, read, "cases", "cases.close", NOW)


def test_an_invariant_reads_no_more_of_the_witness_than_it_says() -> None:
    engine = driven()
    checks: list[tuple[str, Callable[[Any, Any], Any]]] = [("numbers", lambda part, seen: seen.numbers)]
    for name, read in (*checks, ("numbers", lambda part, seen: seen.cursors)):
        one = invariant(read, "contacts", f"seen {name}")
        if read is checks[0][1]:
            one.of_engine(engine, engine.witness)()
        else:
            with pytest.raises(AssertionError, match="cursors is read"):
                one.of_engine(engine, engine.witness)()


def test_a_state_that_changed_unheard_is_found_by_a_look_at_everything() -> None:
    engine = driven()
    engine.view.cursors.cursors["chat\x1fmain"] = "nobody said so"
    check_changed(engine)  # no event concerned it
    with pytest.raises(AssertionError, match="a cursor moved without its event"):
        check_state(engine, engine.witness)


def test_rows_that_changed_unheard_are_found() -> None:
    engine = driven()
    rows = Rows()
    before = rows.before(engine)
    assert before == written(engine)
    engine.view.cursors.cursors["chat\x1fmain"] = "nobody said so"
    with pytest.raises(AssertionError, match="changed unheard"):
        check_untouched(before, engine, [])
    assert rows.before(engine) == before != written(engine)
    rows.note([e.CursorMoved("chat", "main", "nobody said so")])
    check_untouched(before, engine, [e.CursorMoved("chat", "main", "nobody said so")])
    assert rows.before(engine) == written(engine) != before


class Hearing:
    """Names events in each way there is."""

    def see(self, event: e.Event) -> None:
        match event:
            case e.CaseOpened(case="ca1"):
                self.told = 1
            case e.CaseClosed() if any(isinstance(event, e.CaseMerged) for _ in "a"):
                self.other()
            case _:
                pass

    def other(self) -> None:
        self.further = isinstance(object(), OF_OFFERS)


OF_OFFERS = (e.OfferMade, e.OfferEnded)


def test_a_witness_hears_what_it_names() -> None:
    assert named(Hearing) == {e.CaseOpened, e.CaseClosed, e.CaseMerged, *OF_OFFERS}
    assert named_by(Hearing.other) == set(OF_OFFERS)
    assert {"told", "further"} <= reached(Hearing, [Hearing.see])
    assert "told" not in reached(Hearing, [Hearing.other])


def test_each_invariant_says_what_there_is() -> None:
    sections = {section.name for section in SECTIONS}
    for one in INVARIANTS:
        read = {name for name in one.reads if not name.startswith("seen ") and name != NOW}
        assert {name.partition(".")[0] for name in read} <= sections, one.check
        assert read, "it reads nothing"
