"""Runs side by side, and two scenarios that meet the same customers."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.simulation.scenes import DESK, PLAN, recorded, scene

from orchestra.errors import DefinitionError
from orchestra.model.scores import ProfileScore, Score, ScoredAgent, ScoredContact, Scores
from orchestra.simulation.books import SimulationBroken
from orchestra.simulation.run import compare, run_seed, seeds_from, simulate
from orchestra.simulation.scenario import Scenario

RUN = "[run]\ncontacts = 600\nwarm_up_contacts = 100\nbatches = 5\n"


CALLS = """
[classes.calls]
channel = "voice"
arrivals = {law = "poisson", rate = 60}
service = {law = "exponential", mean = "30s"}
"""


def queue(agents: int = 2, service: str = "exponential", rate: int = 60) -> Scenario:
    """Customers a minute apart on average, who need a minute."""
    calls = recorded(0).replace('{law = "recorded", at_s = [0.0]}', f'{{law = "poisson", rate = {rate}}}')
    calls = calls.replace('{law = "deterministic", mean_s = 10.0}', f'{{law = "{service}", mean = "1m"}}')
    return scene(RUN + calls + DESK.replace("agents = 1", f"agents = {agents}"))


@pytest.mark.truth
def test_side_by_side_is_the_same_as_one_after_the_other() -> None:
    told: list[float] = []
    apart = simulate(queue(), [1, 2], on_progress=told.append, processes=2)
    assert apart == simulate(queue(), [1, 2], processes=1)
    assert told[-1] == 1
    assert told == sorted(told)


def test_progress_of_several_runs_adds_up() -> None:
    told: list[float] = []
    simulate(queue(), [1, 2], on_progress=told.append, processes=1)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (500 / 600 / 2, 1)


def test_what_breaks_in_a_process_is_told_here() -> None:
    text = recorded(0) + DESK + "decline_percent = 100"
    broken = scene(text, plan=PLAN_WITHOUT_RETRY)
    with pytest.raises(SimulationBroken):
        simulate(broken, [1, 2], processes=2)


INTERRUPTED = """
import os, signal, sys
from orchestra.simulation.run import simulate
from orchestra.simulation.scenario import Scenario

def interrupt(share):
    if not told:
        told.append(share)
        os.killpg(0, signal.SIGINT)  # as a terminal does: this process, and those of the pool

if __name__ == "__main__":
    told = []
    try:
        simulate(Scenario.load(sys.argv[1]), range(1, 41), on_progress=interrupt, processes=2)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts go another way there")
def test_an_interrupt_ends_all_runs_soon_and_nobody_but_the_caller_hears_of_it(tmp_path: Path) -> None:
    """Each of the forty would go on for minutes."""
    (tmp_path / "main.py").write_text(INTERRUPTED, encoding="utf-8")
    endless = f"{PLAN}{RUN}{DESK}{CALLS}".replace("contacts = 600", "contacts = 400_000")
    (tmp_path / "scenario.toml").write_text(endless, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "main.py"), str(tmp_path / "scenario.toml")],
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)


PLAN_WITHOUT_RETRY = """
[plan.workspace]
default_queue = "care"
[plan.teams.care]
[plan.teams.none]
[plan.queues.care]
team = "none"
[plan.channels.voice]
live = true
"""


def test_seeds_begin_with_the_scenarios_own() -> None:
    assert seeds_from(queue(), 3) == [1, 2, 3]
    assert simulate(queue()).seeds == [1]


@pytest.mark.parametrize("seeds", [[], [1, 1]])
def test_seeds_must_differ(seeds: list[int]) -> None:
    with pytest.raises(DefinitionError, match="no two alike"):
        simulate(queue(), seeds)


def test_the_collector_is_left_as_it_was() -> None:
    before = gc.get_threshold()
    run_seed(queue(), 1)
    assert gc.get_threshold() == before


def test_two_scenarios_meet_the_same_customers() -> None:
    comparison = compare(queue(2), queue(3), processes=1)
    assert comparison.total["service.mean"].value == pytest.approx(0, abs=0.5)
    assert comparison.total["staffed"].value == 1
    mean = comparison.total["wait.mean"].value
    assert mean is not None
    assert mean < 0
    assert comparison.total["wait.mean"].samples == 5
    assert comparison.classes.keys() == {"calls"}
    assert comparison.groups.keys() == {"desk"}


@pytest.mark.truth
def test_paired_differences_are_surer_than_unpaired_ones() -> None:
    comparison = compare(queue(2), queue(3), [1, 2, 3, 4], processes=1)
    paired = comparison.total["wait.mean"].standard_error
    alone = [results.total["in_service"].standard_error for results in (comparison.first, comparison.second)]
    level = comparison.total["in_service"].standard_error
    assert paired is not None
    assert level is not None
    assert alone[0] is not None
    assert level < alone[0] / 4


def test_the_same_twice_differs_by_nothing() -> None:
    comparison = compare(queue(), queue(), processes=1)
    assert {estimate.value for estimate in comparison.total.values()} <= {0, None}


def test_a_comparison_as_plain_data() -> None:
    told = compare(queue(), queue(), processes=1).to_json()
    assert told.keys() == {"first", "second", "difference"}
    assert told["difference"]["total"]["wait"]["mean"]["value"] == 0
    assert told["difference"]["groups"]["desk"]["occupancy"]["value"] == 0


def test_scenarios_that_report_otherwise_cannot_be_compared() -> None:
    other = scene('[results]\nwithin = ["1m"]\n' + recorded(0) + DESK)
    with pytest.raises(DefinitionError, match="report the same"):
        compare(queue(), other)


def test_another_law_of_one_thing_leaves_the_others_as_they_were() -> None:
    """Service times change, the instants of arrival do not."""
    one, other = (run_seed(queue(50, service), 1) for service in ("exponential", "deterministic"))
    lengths = [[stretch.classes["calls"].length_us for stretch in run.stretches] for run in (one, other)]
    assert lengths[0] == lengths[1]


def by_number(agent: ScoredAgent, contact: ScoredContact) -> int:
    return agent.idle_since_us


SCORED = PLAN_WITHOUT_RETRY.replace('team = "none"', 'team = "care"\norder = ["score:acme.late@1"]')


def test_a_plan_may_name_scores_which_are_given_to_every_run() -> None:
    scored = scene(recorded(0, 1, 2) + DESK, plan=SCORED)
    scores: Scores = {"acme.late@1": Score(by_number)}
    apart = simulate(scored, [1, 2], processes=2, scores=scores)
    assert apart == simulate(scored, [1, 2], processes=1, scores=scores)
    assert compare(scored, scored, [1, 2], processes=1, scores=scores).first == apart


def test_scores_that_no_other_process_can_import_keep_all_runs_here() -> None:
    asked: list[int] = []

    def counted(profile: object, need: object) -> int:
        asked.append(1)
        return 0

    simulate(scene(recorded(0) + DESK, plan=SCORED), [1, 2], scores={"acme.late@1": ProfileScore(counted)})
    assert len(asked) == 2


def test_a_scenario_whose_scores_are_not_given_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"plan.queues.care.order\[0\]: no score 'acme.late@1' is registered"):
        simulate(scene(recorded(0) + DESK, plan=SCORED))
