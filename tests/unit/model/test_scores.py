"""Which scores a plan names, and what may be wrong or doubtful about that."""

from __future__ import annotations

import attrs
from tests.engine_driver import plan

from orchestra.errors import Fault
from orchestra.model.plan import Plan
from orchestra.model.routing import Step
from orchestra.model.scores import ProfileScore, Score, Scores, score_faults

SCORES: Scores = {
    "acme.vip@2": Score(lambda agent, contact: 0),
    "acme.fit@1": ProfileScore(lambda profile, need: 0),
}


def naming(order: list[str], *steps: Step) -> Plan:
    first = plan()
    care = attrs.evolve(first.queues["care"], order=order, steps=steps)
    return attrs.evolve(first, queues={**first.queues, "care": care})


def test_a_plan_may_name_scores_anywhere_in_an_order() -> None:
    new = naming(["busy", "score:acme.fit@1", "random"], Step(order=["score:acme.fit@1"]))
    assert [fault for fault in new.faults() if fault.is_error] == []
    assert list(score_faults(new, SCORES)) == []
    assert Plan.parse('[queues.care]\nteam = "care"\norder = ["score:a.b_c@12"]\n' + PARTS).queues["care"].order == (
        "score:a.b_c@12",
    )


PARTS = """
[workspace]
default_queue = "care"
[teams.care]
[channels.chat]
"""


def test_one_that_is_not_registered_is_an_error_at_its_place() -> None:
    new = naming(["idle"], Step(order=["idle", "score:acme.vip@3"]))
    assert list(score_faults(new, SCORES)) == [
        Fault(
            "queues.care.steps[0].order[1]",
            "no score 'acme.vip@3' is registered; there are: acme.fit@1, acme.vip@2",
        )
    ]
    assert [fault.message for fault in score_faults(new, {})] == [
        "no score 'acme.vip@3' is registered; there are: none"
    ]


def test_one_that_is_asked_of_every_agent_is_warned_of() -> None:
    (fault,) = score_faults(naming(["score:acme.vip@2", "score:acme.fit@1"]), SCORES)
    assert (fault.path, fault.is_error) == ("queues.care.order[0]", False)
    assert "is asked of every agent" in fault.message


def test_where_nobody_knows_what_is_registered_each_is_doubtful() -> None:
    (fault,) = score_faults(naming(["score:acme.vip@2", "idle"]), None)
    assert (fault.path, fault.is_error) == ("queues.care.order[0]", False)


def test_what_names_no_score_is_not_looked_up() -> None:
    assert list(score_faults(naming(["score:nothing", "idle"]), {})) == []
