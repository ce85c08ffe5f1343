"""The least agents that meet a target: by Erlang where that applies, by the engine everywhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.simulation.scenes import DESK, FOLLOWED, PLAN, recorded, scene

from orchestra.errors import DefinitionError
from orchestra.simulation.erlang import least_agents, service_level
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.staffing import Target, Trial, ignored, staff, start_value

RUN = "[run]\ncontacts = 500\nwarm_up_contacts = 100\nbatches = 1\n"
TIME = timedelta(seconds=20)
QUARTERS = Target(75, TIME)
POISSON = '{law = "recorded", at_s = [0.0]}'


def calls(rate: float, name: str = "calls", rest: str = "", service: str = "exponential") -> str:
    text = recorded(0, name=name, rest=rest).replace(POISSON, f'{{law = "poisson", rate = {rate}, per = "1m"}}')
    return text.replace('{law = "deterministic", mean_s = 10.0}', f'{{law = "{service}", mean = "1m"}}')


def centre(text: str, groups: str = DESK) -> Scenario:
    return scene(RUN + text + groups)


@pytest.mark.truth
@pytest.mark.parametrize("rate", [0.5, 3.0])
def test_the_answer_agrees_with_erlang(rate: float) -> None:
    expected = least_agents(0.75, lambda agents: service_level(rate, 60, agents, 20))
    found = staff(centre(calls(rate)), QUARTERS, seeds=4, processes=1)
    assert found.start == {"desk": expected}
    assert found.best.agents == {"desk": expected}
    assert found.best.meets
    assert found.best.confidence > 0.9


@pytest.mark.reach
def test_the_search_finds_its_way_from_far_away() -> None:
    """Twenty calls at once every ten minutes: nothing that Erlang knows of."""
    instants = [600.0 * number for number in range(10) for _ in range(20)]
    burst = recorded(*instants, service_s=60, rest='patience = {law = "exponential", mean = "10m"}')
    told: list[Trial] = []
    found = staff(scene(burst + DESK), Target(90, timedelta(seconds=20)), on_trial=told.append, processes=1, seeds=2)
    assert found.best.agents == {"desk": 18}
    assert found.start == {"desk": 5}
    assert found.best.level.value == pytest.approx(0.9)
    assert told == list(found.trials)
    assert any(trial.agents == {"desk": 17} and not trial.meets for trial in told)


@pytest.mark.truth
def test_no_group_can_spare_an_agent() -> None:
    groups = DESK + "skills = {german = 50}" + DESK.replace("desk", "plain")
    text = calls(1.0) + calls(1.0, "german", "skills = {german = 10}")
    found = staff(centre(text, groups), QUARTERS, seeds=4, processes=1)
    tried = {tuple(trial.agents.values()): trial.meets for trial in found.trials}
    best = tuple(found.best.agents.values())
    assert tried[best]
    fewer = [(best[0] - 1, best[1]), (best[0], best[1] - 1)]
    assert not any(tried[agents] for agents in fewer if min(agents) >= 1)


@pytest.mark.truth
def test_every_class_can_be_asked_for() -> None:
    groups = DESK + "skills = {german = 50}" + DESK.replace("desk", "plain")
    text = calls(2.0) + calls(0.2, "german", "skills = {german = 10}\npriority = -1000")
    every = Target(75, timedelta(seconds=20), is_each_class=True)
    found = staff(centre(text, groups), every, seeds=2, processes=1)
    for figures in found.best.results.classes.values():
        value = figures["p_within.20"].value
        assert value is not None
        assert value >= 0.75


def test_patience_is_reckoned_with() -> None:
    patient, impatient = centre(calls(10.0)), centre(calls(10.0, rest='patience = {law = "exponential", mean = "1m"}'))
    assert start_value(impatient, QUARTERS)["desk"] < start_value(patient, QUARTERS)["desk"]


def test_members_are_there_already() -> None:
    groups = DESK + 'members = ["ana"]'
    assert (
        start_value(centre(calls(3.0), groups), QUARTERS)["desk"]
        == start_value(centre(calls(3.0)), QUARTERS)["desk"] - 1
    )


ALONE = '[groups.alone]\nmembers = ["ana"]\n'


def test_a_group_of_members_alone_is_left_as_it_is() -> None:
    scenario = centre(calls(1.0), ALONE + DESK)
    assert start_value(scenario, QUARTERS)["alone"] == 0
    found = staff(scenario, QUARTERS, seeds=1, processes=1)
    assert found.best.agents["alone"] == 0
    assert {trial.agents["alone"] for trial in found.trials} == {0}
    assert found.best.agents["desk"] >= 1
    assert found.best.meets


def test_members_alone_may_be_enough() -> None:
    found = staff(centre(calls(0.01), ALONE), QUARTERS, seeds=1, processes=1)
    assert (found.start, found.best.agents, found.best.meets) == ({"alone": 0}, {"alone": 0}, True)
    assert len(found.trials) == 1


def test_where_members_alone_are_too_few_the_path_says_what_is_needed() -> None:
    both = ALONE + '[groups.sales]\nmembers = ["ben"]\n'
    plan = PLAN.replace("[plan.agents.ana]", '[plan.agents.ben]\nteams = ["sales"]\n[plan.agents.ana]')
    with pytest.raises(DefinitionError) as caught:
        staff(scene(RUN + calls(5.0) + both, plan), QUARTERS, seeds=1, processes=1)
    told = {fault.path: fault.message for fault in caught.value.faults}
    assert told.keys() == {"groups.alone.teams", "groups.sales.teams"}
    assert told["groups.alone.teams"].startswith("needed, to say in which teams further agents are: the members alone")


def test_teams_that_serve_a_queue_too_share_its_load() -> None:
    groups = DESK + DESK.replace("desk", "more").replace('"care"', '"sales"')
    alone = start_value(centre(calls(8.0), groups), QUARTERS)
    also = PLAN.replace("[plan.queues.care]", "[plan.queues.care]\nalso = {sales = {}}")
    shared = start_value(scene(RUN + calls(8.0) + groups, also), QUARTERS)
    assert (alone["more"], shared["desk"]) == (1, shared["more"])
    assert 1 < shared["desk"] < alone["desk"]


def test_speed_and_wrap_up_are_reckoned_with() -> None:
    plain = start_value(centre(calls(9.0)), QUARTERS)["desk"]
    wrap_up = calls(9.0, rest='wrap_up = {law = "exponential", mean = "30s"}').replace('"voice"', '"talk"')
    assert start_value(centre(wrap_up), QUARTERS)["desk"] > plain
    assert start_value(centre(calls(9.0), DESK + "speed = 2.0"), QUARTERS)["desk"] < plain


@pytest.mark.truth
def test_more_runs_decide_what_is_close() -> None:
    """At three calls a minute four agents answer 63 % at once or soon: a target just there takes all the runs."""
    level = 100 * service_level(3.0, 60, 4, 20)
    found = staff(centre(calls(3.0)), Target(level, timedelta(seconds=20)), seeds=8, processes=1)
    assert max(trial.seeds for trial in found.trials) == 8


def test_as_plain_data() -> None:
    told = staff(centre(calls(0.5)), QUARTERS, seeds=2, processes=1).to_json()
    assert told.keys() == {"agents", "best", "erlang", "trials", "results"}
    assert told["best"]["agents"] == told["agents"]


def test_what_no_staffing_can_meet_is_refused_with_a_reason() -> None:
    ringing = f'{DESK}ring = {{law = "deterministic", mean = "25s"}}\n'
    scenario = scene("[run]\ncontacts = 10\nbatches = 1\n" + calls(0.7) + ringing)
    with pytest.raises(DefinitionError, match="agents are not what is missing: look at how long it rings"):
        staff(scenario, Target(80, timedelta(seconds=20)), seeds=1, processes=1)


def test_how_many_work_in_a_shift_is_not_asked() -> None:
    """All whom staffing tries are there, whatever the shift says."""
    counted = centre(calls(3.0), DESK + 'shifts = [{begins = "0s", lasts = "1d", agents = 1}]')
    told, plain = (
        staff(one, QUARTERS, seeds=1, processes=1)
        for one in (counted, centre(calls(3.0), DESK + 'shifts = [{begins = "0s", lasts = "1d"}]'))
    )
    assert told.best.agents == plain.best.agents
    assert [(fault.path, fault.is_error) for fault in ignored(counted)] == [("groups.desk.shifts[0].agents", False)]


@pytest.mark.parametrize(
    ("scenario", "target"),
    [
        (centre(calls(1.0)), Target(100, timedelta(seconds=20))),
        (centre(calls(1.0)), Target(80, timedelta(seconds=-1))),
    ],
)
def test_what_cannot_be_found_is_refused(scenario: Scenario, target: Target) -> None:
    with pytest.raises(DefinitionError):
        staff(scenario, target)


def test_who_still_waits_at_the_end_was_not_answered_in_time() -> None:
    """One agent answers the first at once, and nobody else; the last has not waited for so long."""
    run = '[run]\nlength = "60s"\nwarm_up = "1s"\nbatches = 2\n'
    found = staff(scene(run + recorded(1, 2, 3, 45, service_s=1000) + DESK), Target(60, TIME), seeds=1, processes=1)
    levels = {trial.agents["desk"]: (trial.level.value, trial.level.n) for trial in found.trials}
    assert levels[1] == (pytest.approx(1 / 3), 3)
    assert levels[2] == (pytest.approx(2 / 3), 3)
    assert found.best.agents == {"desk": 2}
    both = recorded(1, 2, 3, 45, service_s=1000) + recorded(1, 2, name="others")
    target = Target(60, TIME, is_each_class=True)
    each = staff(scene(run + both + DESK), target, seeds=1, processes=1)
    assert [trial.level.n for trial in each.trials if trial.agents == {"desk": 1}] == [2], "the class that does worst"
    assert each.best.agents == {"desk": 3}


def test_work_that_rules_ask_for_is_reckoned_with() -> None:
    """Six hours of work an hour, of which the scenario says nothing: as many come as calls are answered."""
    work = '[classes.looking]\nchannel = "task"\nqueue = "sales"\nservice = {law = "exponential", mean = "6m"}\n'
    groups = DESK + '[groups.back]\nagents = 1\nteams = ["sales"]\n'
    scenario = scene('[run]\nlength = "12h"\nbatches = 1\n' + calls(1.0) + work + groups, PLAN + FOLLOWED)
    found = staff(scenario, Target(80, TIME), seeds=2, processes=1)
    assert start_value(scenario, Target(80, TIME)) == {"desk": 3, "back": 1}
    assert found.start["back"] == pytest.approx(least_agents(0.8, lambda n: service_level(6, 360, n, 20)), abs=1)
    assert found.best.agents["back"] > 6, "else the work would only grow"
    assert found.best.meets
