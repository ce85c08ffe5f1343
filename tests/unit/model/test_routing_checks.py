from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import plan

from orchestra.model.definitions import AgentDefinition
from orchestra.model.plan import Plan
from orchestra.model.routing import Ageing, Condition, Ring, Serving, Step

MINUTE = timedelta(minutes=1)


def served(**parts: Any) -> Plan:
    first = plan()
    return attrs.evolve(first, queues={**first.queues, "care": attrs.evolve(first.queues["care"], **parts)})


def test_a_plan_may_say_all_of_it() -> None:
    text = """
    [workspace]
    name = "w"
    default_queue = "care"
    key = "K"
    [teams.care]
    [teams.back]
    [skills]
    german = "German"
    [queues.care]
    team = "care"
    tier = 1
    ageing_percent = 50
    newest_first = true
    requeue = "reset"
    order = ["level", "proficiency", "random"]
    overflow_to = "rest"
    overflow_if = {wait_above = "5m", queue = "rest"}
    exhausted = "next_step"
    also = {back = {after = "30s", level = 2}}
    ring = {first = 3, more = 2, every = "5s", most = 10}
    [[queues.care.steps]]
    pool = "known"
    beyond_capacity = true
    lasts = "15s"
    [[queues.care.steps]]
    lasts = "1m"
    clock = "item"
    skills = {german = 50}
    prefer = {german = 90}
    order = ["preferred", "idle"]
    ring = {first = 2}
    skip_if = {nobody = true}
    [[queues.care.steps]]
    relax = {"*" = 0}
    teams = ["back"]
    [queues.rest]
    team = "back"
    [channels.chat]
    [agents.ana]
    teams = ["care", "back"]
    skills = {german = 60}
    """
    read = Plan.parse(text)
    assert read.faults() == []
    care = read.queues["care"]
    assert care.also == {"back": Serving(timedelta(seconds=30), 2)}
    assert [step.lasts for step in care.steps] == [timedelta(seconds=15), MINUTE, None]
    assert care.steps[1].skip_if == Condition(nobody=True)
    assert care.ring == Ring(3, timedelta(seconds=5), 2, 10)
    assert [step.ring for step in care.steps] == [None, Ring(2), None]
    assert Plan.parse(text).digest() == read.digest()


@pytest.mark.parametrize(
    ("step", "is_doubtful"),
    [
        (Step(lasts=2 * MINUTE, clock="item"), True),
        (Step(lasts=MINUTE, clock="item"), True),
        (Step(lasts=MINUTE / 2, clock="item"), False),
        (Step(lasts=2 * MINUTE), False),
        (Step(lasts=2 * MINUTE, clock="item", skip_if=Condition(nobody=True)), False),
        (Step(lasts=2 * MINUTE, clock="item", pool="known"), False),
    ],
    ids=["shorter", "as long", "longer", "another clock", "may be skipped", "may know nobody"],
)
def test_a_step_that_is_over_before_it_begins_is_doubtful(step: Step, is_doubtful: bool) -> None:
    steps = [step, Step(lasts=MINUTE, clock="item"), Step()]
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], steps=steps)}
    found = [fault for fault in attrs.evolve(first, queues=queues).faults() if fault.path.endswith("lasts")]
    assert [(fault.path, fault.is_error) for fault in found] == [("queues.care.steps[1].lasts", False)] * is_doubtful


@pytest.mark.parametrize(
    ("parts", "path", "words"),
    [
        ({"known": "friend"}, "known", "owner or last"),
        ({"rank": "late"}, "rank", "waiting or due"),
        ({"rank": "due", "newest_first": True}, "rank", "newest_first leaves no place"),
        ({"requeue": "last"}, "requeue", "keep or front or reset"),
        ({"exhausted": "give_up"}, "exhausted", "retry or next_step"),
        ({"order": []}, "order", "at least one part"),
        ({"ageing": [Ageing(timedelta(), 1)]}, "ageing[0].after", "longer than nothing"),
        (
            {"ageing": [Ageing(timedelta(seconds=9), 1), Ageing(timedelta(seconds=9), 1)]},
            "ageing[1].after",
            "longer than the one before",
        ),
        ({"ageing": [Ageing(timedelta(seconds=9), 0)]}, "ageing[0].priority", "at least 1"),
        ({"order": ["score:acme.vip", "idle"]}, "order[0]", "'score:acme.vip' names no score and version"),
        ({"order": ["score:Acme@1"]}, "order[0]", "names no score and version, as score:acme.vip@2"),
        ({"steps": [Step(order=["score:acme@0"])]}, "steps[0].order[0]", "names no score and version"),
        ({"order": ["idle", "youngest"]}, "order[1]", "'youngest' is none of busy, idle"),
        ({"order": ["random", "idle"]}, "order[0]", "must be the last part"),
        ({"ageing_percent": -1}, "ageing_percent", "from 0 to 10000"),
        ({"tier": -1}, "tier", "0 or more"),
        ({"limit": -1}, "limit", "0 or more"),
        ({"also": {"nobody": Serving()}}, "also.nobody", "no team 'nobody'; there are: care, sales"),
        ({"also": {"care": Serving()}}, "also.care", "own team"),
        ({"also": {"sales": Serving(-MINUTE)}}, "also.sales.after", "not be negative"),
        ({"also": {"sales": Serving(level=0)}}, "also.sales.level", "at least 1"),
        ({"overflow_if": Condition(nobody=True)}, "overflow_if", "overflow_to names no queue"),
        ({"overflow_to": "nowhere"}, "overflow_to", "no queue 'nowhere'"),
        ({"overflow_to": "care"}, "overflow_to", "circle: care -> care"),
        ({"ring": Ring(0)}, "ring.first", "from 1 to 50"),
        ({"ring": Ring(51)}, "ring.first", "from 1 to 50"),
        ({"ring": Ring(every=MINUTE, more=0)}, "ring.more", "from 1 to 50"),
        ({"ring": Ring(every=MINUTE, most=51)}, "ring.most", "from 1 to 50"),
        ({"ring": Ring(3, every=MINUTE, most=2)}, "ring.most", "not be less than first"),
        ({"ring": Ring(every=timedelta())}, "ring.every", "longer than nothing"),
        ({"ring": Ring(more=2)}, "ring.every", "is needed"),
        ({"ring": Ring(most=5)}, "ring.every", "is needed"),
        ({"steps": [Step(ring=Ring(0))]}, "steps[0].ring.first", "from 1 to 50"),
        ({"steps": [Step(clock="wall")]}, "steps[0].clock", "step or item"),
        ({"steps": [Step(pool="all")]}, "steps[0].pool", "teams or known"),
        ({"steps": [Step(beyond_capacity=True)]}, "steps[0].beyond_capacity", 'it needs pool = "known"'),
        ({"steps": [Step(pool="people", beyond_capacity=True)]}, "steps[0].beyond_capacity", "knows the customer"),
        ({"steps": [Step(order=["x"])]}, "steps[0].order[0]", "'x' is none of"),
        ({"steps": [Step(teams=["x"])]}, "steps[0].teams[0]", "no team 'x'"),
        ({"steps": [Step(skills={"x": 1})]}, "steps[0].skills.x", "no skill 'x'"),
        ({"steps": [Step(skills={"german": 0})]}, "steps[0].skills.german", "from 1 to 100"),
        ({"steps": [Step(prefer={"*": 1})]}, "steps[0].prefer.*", "no skill '*'"),
        ({"steps": [Step(relax={"*": 101})]}, "steps[0].relax.*", "from 0 to 100"),
        ({"steps": [Step(lasts=timedelta())]}, "steps[0].lasts", "longer than nothing"),
        ({"steps": [Step(), Step()]}, "steps[0]", "never reached"),
        ({"steps": [Step(pool="known", lasts=MINUTE)]}, "steps[0]", "no step is left"),
        ({"steps": [Step(skip_if=Condition(queue="x", waiting_above=1))]}, "steps[0].skip_if.queue", "no queue 'x'"),
        ({"steps": [Step(skip_if=Condition(waiting_above=-1))]}, "steps[0].skip_if.waiting_above", "0 or more"),
        (
            {"steps": [Step(skip_if=Condition(service_level_below=0))]},
            "steps[0].skip_if.service_level_below",
            "from 1 to 100",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_path(parts: dict[str, Any], path: str, words: str) -> None:
    found = {fault.path: fault.message for fault in served(**parts).faults() if fault.is_error}
    assert words in found[f"queues.care.{path}"]


@pytest.mark.parametrize(
    ("parts", "path", "words"),
    [
        (
            {"steps": [Step(skip_if=Condition(nobody=True, queue="sales"))]},
            "steps[0].skip_if.queue",
            "nothing is asked",
        ),
        ({"steps": [Step(pool="known", lasts=MINUTE, ring=Ring(2)), Step()]}, "steps[0].ring", "for one agent alone"),
        ({"steps": [Step(skills={"german": 100})]}, "steps[0]", "no agent of the plan can serve it"),
        ({"steps": [Step(teams=["sales"], skills={"german": 91})]}, "steps[0]", "no agent of the plan can serve it"),
    ],
)
def test_what_is_doubtful_is_told_too(parts: dict[str, Any], path: str, words: str) -> None:
    found = {fault.path: fault.message for fault in served(**parts).faults() if not fault.is_error}
    assert words in found[f"queues.care.{path}"]


def test_a_circle_of_queues_is_told_for_each_in_it() -> None:
    first = served(overflow_to="german")
    queues = {name: attrs.evolve(queue, overflow_to="care") for name, queue in first.queues.items() if name != "care"}
    faults = attrs.evolve(first, queues={**first.queues, **queues}).faults()
    circles = {fault.path: fault.message for fault in faults if "circle" in fault.message}
    assert circles == {
        "queues.care.overflow_to": "goes round in a circle: care -> german -> care",
        "queues.german.overflow_to": "goes round in a circle: german -> care -> german",
    }


def test_relaxing_makes_a_step_one_that_agents_can_serve() -> None:
    steps = [Step(skills={"german": 100}, relax={"german": 90})]
    assert not [fault for fault in served(steps=steps).faults() if "steps[0]" in fault.path]


def test_a_queue_that_only_another_team_can_serve_is_served() -> None:
    first = served(skills={"billing": 90}, also={"sales": Serving()})
    agents = {**first.agents, "dan": AgentDefinition(["sales"], {"billing": 90})}
    assert not [fault for fault in attrs.evolve(first, agents=agents).faults() if fault.path.startswith("queues.care")]
    assert [fault for fault in first.faults() if fault.path == "queues.care"]
