"""Figures of tallies made by hand, and their intervals."""

from __future__ import annotations

import pytest
from tests.unit.simulation.scenes import DESK, figures, recorded, scene

from orchestra.simulation.results import Figures, figures_of, interval, limit_text, results_of
from orchestra.simulation.tally import Counter, Tally

SECOND = 1_000_000
LIMITS = (20 * SECOND,)


def tally(*waits_s: int, left_s: tuple[int, ...] = (), length_s: int = 100) -> Tally:
    counter = Counter(0, LIMITS)
    counter.staffed.up(0)
    for wait in waits_s:
        counter.answered(wait * SECOND)
    for wait in left_s:
        counter.abandoned(wait * SECOND)
    found = counter.cut(length_s * SECOND)
    found.came = found.first = len(waits_s) + len(left_s)
    return found


def told(*samples: Tally, kind: str = "total") -> Figures:
    return figures_of(samples, kind, LIMITS)


def test_the_figures_of_one_stretch() -> None:
    found = told(tally(0, 10, 30, left_s=(40,)))
    assert found["wait.mean"].value == 20
    assert found["wait_served.mean"].value == pytest.approx(40 / 3)
    assert found["p_wait"].value == 0.75
    assert found["p_within.20"].value == 0.5
    assert found["p_over.20"].value == 0.5
    assert found["abandoned"].value == 0.25
    assert found["wait.p50"].value == pytest.approx(10, rel=0.01)
    assert found["wait.p90"].value == pytest.approx(40, rel=0.01)
    assert found["wait_served.p90"].value == pytest.approx(30, rel=0.01)
    assert found["staffed"].value == 1
    assert found["occupancy"].value == 0
    assert found["duration"].value == 100
    assert found["wait.mean"].n == 4


def test_a_single_sample_has_no_interval() -> None:
    found = told(tally(5))
    assert (found["wait.mean"].half_width, found["wait.mean"].standard_error) == (None, None)
    assert found["wait.mean"].samples == 1


def test_intervals_are_students() -> None:
    found = told(tally(1), tally(2), tally(3))
    assert found["wait.mean"].value == 2
    assert found["wait.mean"].standard_error == pytest.approx(3**-0.5)
    assert found["wait.mean"].half_width == pytest.approx(4.302653 * 3**-0.5)


def test_the_value_is_that_of_all_together() -> None:
    """Not the mean of the samples' means: each customer counts the same."""
    assert told(tally(0, 0, 0), tally(8))["wait.mean"].value == 2


def test_samples_without_anybody_do_not_count() -> None:
    found = told(tally(1), tally(), tally(3))
    assert found["wait.mean"].samples == 2
    assert found["staffed"].samples == 3


def test_nothing_has_no_value() -> None:
    found = told(tally())
    assert found["wait.mean"].value is None
    assert found["wait.p50"].value is None
    assert found["p_within.20"].value is None
    assert found["service.mean"].value is None


def test_the_length_of_runs_is_their_mean() -> None:
    assert told(tally(length_s=10), tally(length_s=30))["duration"].value == 20


def test_intervals_widen_with_confidence() -> None:
    wide, narrow = interval([1.0, 2.0, 4.0], 99)[0], interval([1.0, 2.0, 4.0], 90)[0]
    assert wide is not None
    assert narrow is not None
    assert wide > narrow


@pytest.mark.parametrize(("limit_us", "text"), [(20 * SECOND, "20"), (500_000, "0.5"), (90 * SECOND, "90")])
def test_limits_are_named_in_seconds(limit_us: int, text: str) -> None:
    assert limit_text(limit_us) == text


def test_classes_have_no_agents_and_groups_nobody_who_left() -> None:
    of_class, of_group = told(tally(1), kind="class"), told(tally(1), kind="group")
    assert "occupancy" not in of_class.estimates
    assert not {"abandoned", "blocked", "queue_length"} & of_group.estimates.keys()
    assert {"occupancy", "wait.mean", "p_within.20"} <= of_group.estimates.keys()


NAMES = {"wait", "p_wait", "p_within", "abandoned", "blocked", "queue_length", "in_service", "occupancy"}


def test_the_result_names_are_the_documented_ones() -> None:
    results = figures(scene(recorded(0, 5) + DESK)).to_json()
    assert results["total"].keys() >= NAMES
    assert results["total"]["wait"].keys() == {"mean", "p50", "p90"}
    assert results["total"]["p_within"].keys() == {"20"}
    assert results["total"]["wait"]["mean"] == {
        "value": 2.5,
        "half_width": None,
        "n": 2,
        "standard_error": None,
        "samples": 1,
    }
    assert results["classes"].keys() == {"calls"}
    assert results["groups"].keys() == {"desk"}
    assert (results["seeds"], results["confidence_percent"]) == ([1], 95.0)


def test_the_total_has_the_customers_of_all_classes_and_the_agents_of_all_groups() -> None:
    text = recorded(0, 5) + recorded(1, name="more") + DESK + DESK.replace("desk", "other")
    results = figures(scene(text))
    assert results.total["wait.mean"].n == 3
    assert results.total["staffed"].value == 2
    duration = results.total["duration"].value
    assert duration is not None
    assert results.total["in_service"].value == pytest.approx(30 / duration)
    assert results.total["occupancy"].value == pytest.approx(30 / duration / 2)


def test_several_runs_are_samples_as_wholes() -> None:
    scenario = scene(recorded(0, 5) + DESK)
    runs = [*figures(scenario).runs] * 3
    results = results_of(runs, scenario.results.limits_us)
    assert results.total["wait.mean"].samples == 3
    assert results.total["wait.mean"].half_width == 0
