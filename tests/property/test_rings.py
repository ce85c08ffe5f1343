"""A ring holds the best of those who could take a contact, as many as it is to, whatever the plan and whoever works."""

from __future__ import annotations

from datetime import timedelta

import attrs
from hypothesis import given, settings, strategies as st
from tests import routing_oracle as oracle
from tests.engine_driver import Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_state

from orchestra.engine.engine import Engine
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Ring
from orchestra.model.plan import Plan

ORDERS = (
    ["busy", "idle"],
    ["proficiency", "idle"],
    ["open", "proficiency_min"],
    ["idle_inbound", "offered"],
    ["spare_ratio"],
)

rings = st.builds(
    Ring,
    first=st.integers(1, 6),
    more=st.integers(1, 3),
    every=st.just(timedelta(seconds=2)),
    most=st.integers(6, 9),
)
agents = st.lists(
    st.tuples(st.integers(1, 90), st.sampled_from([50, 100, 200]), st.booleans()), min_size=1, max_size=10
)


def _plan(ring: Ring, order: list[str]) -> Plan:
    of = plan()
    queue = attrs.evolve(of.queues["german"], skills={"german": 30}, order=order, ring=ring)
    return attrs.evolve(of, queues={**of.queues, "german": queue})


def _best(engine: Engine, name: str, most: int) -> list[str]:
    """The best who could take an item, found by looking at everybody; who rings already stays."""
    view = engine.view
    item = view.routing.items[name]
    keys = [
        oracle.key(view.plan, agent, bench, item)[0]
        for agent, bench in view.routing.benches.items()
        if bench.takes_work
        and agent not in item.ringing
        and oracle.able(view.plan, agent, bench, item)
        and oracle.has_room(view.plan, bench, item)
    ]
    return [key[-1] for key in sorted(keys)[: most - len(item.ringing)]]


@settings(max_examples=60, deadline=None)
@given(ring=rings, order=st.sampled_from(ORDERS), floor=agents, channel=st.sampled_from(["voice", "chat"]))
def test_a_ring_is_filled_with_the_best_of_all_who_could_take_it(
    ring: Ring, order: list[str], floor: list[tuple[int, int, bool]], channel: str
) -> None:
    driver = Driver(_plan(ring, order), engine=WatchedEngine())
    for number, (level, capacity, is_busy) in enumerate(floor):
        name = f"a{number}"
        driver.run(c.DefineAgent(name, ["care"], {"german": level}, capacity_percent=capacity))
        driver.sign_in(name)
        if is_busy:
            driver.message(f"writer-{number}", "email")
            driver.accept()
    got = driver.call("joe", channel, queue="german")
    widths = [ring.first, *range(ring.first + ring.more, ring.most, ring.more), ring.most]
    for width in widths:
        before = set(driver.engine.view.routing.items[got.interaction].ringing)
        if driver.state(got) == "QUEUED":
            assert _best(driver.engine, got.interaction, 1) == []
            return
        expected = before | set(_best(driver.engine, got.interaction, width))
        driver.advance(0 if width == ring.first else 2)
        assert driver.engine.view.routing.items[got.interaction].ringing.keys() == expected
        check_state(driver.engine)
        check_liveness(driver.engine)


@settings(max_examples=40, deadline=None)
@given(ring=rings, acts=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 7)), min_size=1, max_size=15))
def test_exactly_one_of_a_ring_takes_the_contact_and_everybody_else_is_as_before(
    ring: Ring, acts: list[tuple[int, int]]
) -> None:
    driver = Driver(_plan(ring, ["idle"]), engine=WatchedEngine())
    for number in range(8):
        driver.run(c.DefineAgent(f"a{number}", ["care"], {"german": 60}))
        driver.sign_in(f"a{number}")
    got = driver.call("joe", "voice", queue="german")
    driver.advance(0)
    for act, number in acts:
        pending = driver.pending()
        if not pending:
            break
        made = pending[number % len(pending)]
        if act == 0:
            driver.decline(made, after=0)
        elif act == 1:
            driver.run(c.RescindOffer(made.offer, "x"))
        else:
            driver.advance(act - 1)
        check_state(driver.engine)
    pending = driver.pending()
    if pending:
        driver.accept(pending[-1], after=0)
        driver.advance(0)
        assert driver.agent_of(got) == pending[-1].agent
        used = {name: bench.used_percent for name, bench in driver.engine.view.routing.benches.items()}
        assert [name for name, percent in used.items() if percent] == [pending[-1].agent]
    assert len(driver.events(e.OfferAccepted)) == bool(pending)
    check_liveness(driver.engine)
