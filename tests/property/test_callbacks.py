"""A callback keeps the place of the contact that asked for it."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from tests.engine_driver import CARE, Driver

from orchestra.model import commands as c, events as e

CALLERS = ("joe", "eve", "ann", "max", "zoe")


def _order(asking: frozenset[int], priorities: list[int], *, is_asked: bool) -> list[str]:
    """In which order one agent is offered all callers, of whom some ask to be called back if they are let."""
    driver = Driver(CARE)
    for number, caller in enumerate(CALLERS):
        driver.call(caller, priority=priorities[number])
    if is_asked:
        for number in sorted(asking, reverse=True):
            driver.run(c.RequestCallback(f"in{number + 1}"), 1)
    else:
        driver.advance(len(asking))
    driver.sign_in("ana")
    served = []
    for _ in CALLERS:
        made = driver.accept().events[0]
        assert isinstance(made, e.OfferAccepted)
        served.append(made.customer)
        driver.run(c.FinishInteraction(made.interaction, "ana"), 20)
        driver.advance(15)
    return served


@settings(max_examples=30, deadline=None)
@given(st.frozensets(st.integers(0, len(CALLERS) - 1)), st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_a_callback_is_offered_when_its_contact_would_have_been(asking: frozenset[int], priorities: list[int]) -> None:
    assert _order(asking, priorities, is_asked=True) == _order(asking, priorities, is_asked=False)
