"""Whom an arriving contact is offered to is whom comparing everybody finds, by any order of the plan language."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from tests import routing_oracle as oracle
from tests.engine_driver import Driver, plan

from orchestra.engine import ordered
from orchestra.engine.routing import choice
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.routing import Serving, Step

PARTS = (
    *("busy", "open", "spare", "position", "idle"),
    *("level", "proficiency", "proficiency_min", "preferred", "affinity"),
)
orders = st.lists(st.sampled_from(PARTS), max_size=5, unique=True)
skills = st.dictionaries(st.sampled_from(["german", "billing"]), st.integers(1, 3), max_size=2)
agents = st.lists(
    st.tuples(
        st.sets(st.sampled_from(["care", "sales", "back"]), min_size=1),
        skills,
        st.sampled_from([100, 200]),
        st.integers(0, 1),
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


def _plan(order: list[str], prefer: dict[str, int], sales: int, back: int) -> Plan:
    of = plan(agents={}, teams={**plan().teams, "back": plan().teams["care"]})
    also = {"sales": Serving(level=sales), "back": Serving(after=timedelta(), level=back)}
    queue = attrs.evolve(of.queues["care"], order=order, also=also, steps=[Step(prefer=prefer)])
    return attrs.evolve(of, queues={**of.queues, "care": queue})


@pytest.mark.parametrize(("steps", "tries", "block"), [(8, 256, 512), (1_000, 0, 1), (0, 2, 2)])
def test_an_arriving_contact_is_offered_to_the_best_of_all(
    steps: int, tries: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "_STEPS", steps)
    monkeypatch.setattr(choice, "_TRIES", tries)
    monkeypatch.setattr(ordered, "_BLOCK", block)

    @settings(max_examples=60, deadline=None)
    @given(orders, st.booleans(), skills, st.integers(1, 3), st.integers(1, 3), agents, skills)
    def check(
        order: list[str],
        draws: bool,
        prefer: dict[str, int],
        sales: int,
        back: int,
        floor: list[tuple[set[str], dict[str, int], int, int, bool]],
        asked: dict[str, int],
    ) -> None:
        by = [*order, "random"] if draws or not order else order
        driver = Driver(_plan(by, prefer, sales, back))
        for number, (teams, levels, capacity, position, is_busy) in enumerate(floor):
            name = f"a{number}"
            driver.run(c.DefineAgent(name, sorted(teams), levels, capacity_percent=capacity, position=position))
            driver.sign_in(name)
            if is_busy:
                driver.message(f"writer-{number}", "email")
        view = driver.engine.view
        benches = deepcopy(view.routing.benches)
        got = driver.message("joe", "chat", skills=asked)
        item = view.routing.items[got.interaction]
        keys = [
            tuple(oracle.key(view.plan, name, bench, item)[0])
            for name, bench in benches.items()
            if bench.takes_work
            and oracle.able(view.plan, name, bench, item)
            and oracle.has_room(view.plan, bench, item)
        ]
        made = [event for event in driver.events(e.OfferMade) if event.interaction == got.interaction]
        if not keys:
            assert made == []
            return
        if draws or not order:
            assert tuple(made[0].key[:-1]) == min(keys)[:-1]
            assert tuple(made[0].key) in keys
        else:
            assert [tuple(key) for key in (made[0].key, *made[0].runners_up)] == sorted(keys)[:6]

    check()
