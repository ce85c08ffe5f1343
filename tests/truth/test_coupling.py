"""The comparison with a bare model sees what is wrong with an engine, and estimates with it are right."""

from __future__ import annotations

from math import hypot, sqrt

import attrs
import pytest
from tests.truth.coupling import Coupling, coupled
from tests.truth.families import FAMILIES, Family
from tests.truth.peers.paths import Path, Span, counted

from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.rules import Rules
from orchestra.engine.routing.sides import Rank
from orchestra.simulation.books import Stretch
from orchestra.simulation.results import Results, SeedRun, results_of
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import Tally

pytestmark = pytest.mark.truth

SEEDS = (11, 12)


def short(name: str) -> tuple[Family, Scenario]:
    family = attrs.evolve(FAMILIES[name], warm_up=50)
    return family, family.scenario(150)


def both(name: str) -> Coupling:
    family, scenario = short(name)
    return coupled(scenario, family.peer, SEEDS, processes=1)


def test_equal_ways_are_equal() -> None:
    assert both("M/M/2").unequal() == []
    assert both("M/M/5 priority").unequal() == []


@pytest.mark.parametrize("name", ["M/D/1", "M/M/2", "N-design"])
def test_one_who_is_served_too_late_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all customers only the 100th lets others go before."""
    rank = Rules.rank

    def late(self: Rules, who: str, item: Item) -> Rank:
        tier, age, order, last = rank(self, who, item)
        return (tier, age + (order == 100) * 3_600_000_000, order, last)

    monkeypatch.setattr(Rules, "rank", late)
    assert both(name).unequal() != []


def test_ignored_priorities_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rank = Rules.rank

    def plain(self: Rules, who: str, item: Item) -> Rank:
        return rank(self, who, attrs.evolve(item, priority=0))

    monkeypatch.setattr(Rules, "rank", plain)
    assert any("wait_us" in told for told in both("M/M/5 priority").unequal())


def _run(seed: int, wait_us: int) -> SeedRun:
    return SeedRun(seed, [Stretch({"calls": Tally(answered=1, wait_us=wait_us, within=[1], over=[0])}, {})])


def test_an_estimate_is_what_the_peer_says_and_by_how_much_the_engine_differs() -> None:
    def results(*seconds: int) -> Results:
        return results_of([_run(seed, 1_000_000 * wait) for seed, wait in enumerate(seconds)], (20_000_000,))

    _, scenario = short("M/M/2")
    coupling = Coupling(scenario, results(5, 9), results(4, 6), results(2, 4, 6, 8))
    found = coupling.estimate(lambda one: one.total["wait.mean"])
    assert found.value == 5 + (1 + 3) / 2
    # Four of standard deviation sqrt(20 / 3), and two gaps a distance of two apart.
    assert found.standard_error == pytest.approx(hypot(sqrt(20 / 3) / 2, 1))
    assert found.n == 4


def test_a_path_is_counted_when_it_ends() -> None:
    """The span begins at 100 and ends at 200; nothing at 200 counts."""
    _, scenario = short("M/M/2")
    path = Path(
        came=[90, 100, 150, 199],
        began=[100, 100, 170, 200],
        ended=[199, 200, 180, 260],
        lost=[(95, 100), (160, 199), (170, 200)],
        refused=[99, 100, 200],
    )
    stretch = counted(scenario, Span(100, 200), {"calls": path}, {}, closely=True)
    tally = stretch.classes["calls"]
    assert (tally.first, tally.blocked, tally.length_us) == (6, 1, 100)
    assert (tally.answered, tally.answered_us, tally.abandoned, tally.wait_us) == (3, 30, 2, 30 + 44)
    assert tally.waited == 4
    assert (tally.served, tally.service_us, tally.stay_us) == (2, 99 + 10, 109 + 30)
    assert tally.areas["waiting"] == 20 + 1 + 39 + 30
    assert tally.areas["serving"] == 99 + 100 + 10
