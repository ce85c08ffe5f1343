"""However often, and in whatever order, a back office's reports come: the newest one says where the case is."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from tests.case_plans import Journey, order_plan
from tests.engine_driver import SECOND

from orchestra.model import commands as c, events as e

pytestmark = pytest.mark.property

STAGES = ("received", "checked", "shipping", "ready")


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[str, int]], list[int]]:
    """Stages and when they were reported, each at a time of its own; and in which order these reports come."""
    times = draw(st.lists(st.integers(-500, 200), min_size=1, max_size=8, unique=True))
    made = [(draw(st.sampled_from(STAGES)), second) for second in sorted(times)]
    again = draw(st.lists(st.integers(0, len(made) - 1), max_size=6))
    return made, draw(st.permutations([*range(len(made)), *again]))


@given(deliveries())
def test_the_newest_report_says_where_the_case_is(drawn: tuple[list[tuple[str, int]], list[int]]) -> None:
    made, order = drawn
    journey = Journey(order_plan(resolves=False))
    began_us = journey.now_us
    for place in order:
        stage, second = made[place]
        journey.run(c.AdvanceCase("ca1", stage, report=f"r{place}", reported_us=began_us + second * SECOND), 1)
    assert journey.course().stage == made[-1][0]
    heard = journey.events(e.ProgressReported)
    assert len(heard) == len(made), "a report that comes again is no news"
    taken = [event.reported_us for event in heard if event.outcome == "taken"]
    assert taken == sorted(taken), "none that is older than another one follows it"
