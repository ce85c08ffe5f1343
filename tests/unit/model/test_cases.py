"""What may be wrong in the part of a plan on cases, and what speaks for a case by the score that ships."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, plan

from orchestra.errors import Fault
from orchestra.model.cases import Cases, check_cases
from orchestra.model.correlating import CaseScore, ScoredArrival, ScoredCase, plain
from orchestra.model.scores import ProfileScore, Scores, score_faults

CASE = ScoredCase("ca1", "OPEN", ("order",), "care", "team:care", ("email",), (), {}, 0)
ARRIVAL = ScoredArrival("in2", "cu1", "chat", "main", None, None, {}, 30 * DAY)


def test_what_is_not_stated_is_sound() -> None:
    assert list(check_cases(Cases())) == []


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        ({"attach": ("threads",)}, "attach[0]", "'threads' is none of thread, reply_token"),
        ({"attach": ("correlator", "thread")}, "attach[0]", "the correlator comes last"),
        ({"topic_window": timedelta(0)}, "topic_window", "must be longer than nothing"),
        ({"correlator": "match"}, "correlator", "must be a name with a version"),
        ({"link_at": 101}, "link_at", "must be from 1 to 100"),
        ({"suggest_at": 0}, "suggest_at", "must be from 1 to link_at"),
        ({"suggest_at": 91}, "suggest_at", "must be from 1 to link_at"),
        ({"candidates": 0}, "candidates", "must be from 1 to 50"),
        ({"candidates": 51}, "candidates", "must be from 1 to 50"),
        ({"number": "C-1"}, "number", "needs {}"),
        ({"number": "C-{:q}"}, "number", "is no form for a number"),
    ],
)
def test_each_fault_has_its_path(values: dict[str, Any], path: str, message: str) -> None:
    (fault,) = check_cases(attrs.evolve(Cases(), **values))
    assert fault.path == f"cases.{path}"
    assert message in fault.message


def test_a_contact_is_not_linked_to_what_is_nothing_to_it() -> None:
    faults = check_cases(attrs.evolve(Cases(), link_at=0, suggest_at=0))
    assert [fault.path for fault in faults] == ["cases.link_at", "cases.suggest_at"]


def test_bounds_are_allowed() -> None:
    for values in ({"topic_window": None}, {"link_at": 1, "suggest_at": 1}, {"candidates": 50}, {"link_at": 100}):
        assert list(check_cases(attrs.evolve(Cases(), **values))) == []


def test_a_correlator_that_nobody_registered_is_an_error_at_its_place() -> None:
    named = plan(cases=attrs.evolve(plan().cases, correlator="acme.match@1"))
    none: Scores = {"acme.fit@1": ProfileScore(lambda profile, need: 0)}
    some: Scores = {"acme.match@1": CaseScore(lambda case, arrival: 0)}
    assert list(score_faults(named, none)) == [
        Fault("cases.correlator", "no CaseScore 'acme.match@1' is registered; there are: none")
    ]
    assert list(score_faults(named, some)) == []
    (fault,) = score_faults(named, None)
    assert (fault.path, fault.is_error) == ("cases.correlator", False)
    unasked = plan(cases=attrs.evolve(named.cases, attach=("thread",)))
    assert list(score_faults(unasked, none)) == []
    assert list(score_faults(plan(), {})) == []


def test_what_compares_cases_orders_no_agents() -> None:
    care = attrs.evolve(plan().queues["care"], order=["score:acme.match@1", "idle"])
    named = plan(queues={**plan().queues, "care": care})
    (fault,) = score_faults(named, {"acme.match@1": CaseScore(lambda case, arrival: 0)})
    assert fault == Fault("queues.care.order[0]", "score 'acme.match@1' is a CaseScore, which says nothing of agents")


@pytest.mark.parametrize(
    ("case", "arrival", "score"),
    [
        ({}, {}, 0),
        ({}, {"topic": "order"}, 50),
        ({}, {"topic": "bill", "channel": "email"}, 0),
        ({"topics": ()}, {"topic": "bill"}, 0),
        ({"topics": ("bill", "order")}, {"topic": "bill"}, 50),
        ({"state": "WAITING_ON_CUSTOMER"}, {}, 30),
        ({"state": "WAITING_ON_THIRD_PARTY"}, {}, 0),
        ({}, {"channel": "email"}, 20),
        ({"touched_us": 29 * DAY}, {}, 20),
        ({"touched_us": 29 * DAY - 1}, {}, 10),
        ({"touched_us": 23 * DAY}, {}, 10),
        ({"touched_us": 23 * DAY - 1}, {}, 0),
        ({"state": "WAITING_ON_CUSTOMER", "touched_us": 30 * DAY}, {"channel": "email"}, 70),
        ({"state": "WAITING_ON_CUSTOMER", "touched_us": 30 * DAY}, {"channel": "email", "topic": "order"}, 100),
    ],
)
def test_what_speaks_for_a_case(case: dict[str, Any], arrival: dict[str, Any], score: int) -> None:
    assert plain(attrs.evolve(CASE, **case), attrs.evolve(ARRIVAL, **arrival)) == score
