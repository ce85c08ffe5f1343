"""A conflict that nobody has settled is somebody's work, where the plan says so, until it is settled."""

from __future__ import annotations

import attrs
import pytest
from tests.commitment_plans import COMMITTED, bill, quote
from tests.engine_driver import Driver

from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan

PLAN = COMMITTED.replace('tasks = "task"', 'decisions = "decide"') + (
    '[channels.decide]\nwork = true\nqueue = "sales"\n[channels.other]\nwork = true\n'
)


@pytest.fixture
def driver() -> Driver:
    """Joe was told the first, and the carrier has it as the fourth."""
    driver = Driver(PLAN)
    driver.message("joe", "email")
    quote(driver, "2026-12-01", "delivery")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    return driver


def state(driver: Driver) -> str:
    """How the work stands."""
    return driver.engine.view.contacts.interactions["in2"].state


def test_somebody_is_asked_to_settle_it(driver: Driver) -> None:
    item = driver.last(e.WorkItemOpened)
    assert (item.channel, item.key, item.case) == ("decide", "decision:cf1", "ca1")
    assert item.title == "delivery of order:81: 2026-12-01, 2026-12-04; which holds?"
    assert driver.engine.view.routing.items["in2"].queue == "sales"


def test_they_are_asked_once(driver: Driver) -> None:
    bill(driver, "2026-12-05", "delivery", actor="back_office:billing")
    assert len(driver.events(e.ConflictWidened)) == 1
    assert len(driver.events(e.WorkItemOpened)) == 1


def test_what_is_settled_needs_nobody(driver: Driver) -> None:
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert state(driver) == "CANCELED"
    assert driver.last(e.InteractionCanceled).reason == "settled"


def test_what_rings_rings_no_more(driver: Driver) -> None:
    driver.sign_in("cleo")
    assert state(driver) == "OFFERED"
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert driver.last(e.OfferEnded).outcome == "WITHDRAWN"
    assert state(driver) == "CANCELED"


def test_who_has_begun_may_finish(driver: Driver) -> None:
    driver.sign_in("cleo")
    for made in driver.pending():
        driver.accept(made)
    assert state(driver) == "ACTIVE"
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert state(driver) == "ACTIVE"


def test_who_has_finished_is_left_alone(driver: Driver) -> None:
    driver.run(c.CancelInteraction("in2", "no"))
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert len(driver.events(e.InteractionCanceled)) == 1


def test_what_was_asked_on_another_channel_is_found(driver: Driver) -> None:
    driver.change_plan(PLAN.replace('decisions = "decide"', 'decisions = "other"'))
    bill(driver, "2026-12-05", "delivery", actor="back_office:billing")
    assert len(driver.events(e.WorkItemOpened)) == 1
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert state(driver) == "CANCELED"


def test_a_conflict_in_no_case_gets_one() -> None:
    driver = Driver(PLAN)
    driver.message("joe", "email")
    quote(driver, "2026-12-01", "delivery", case=None, customer="cu1")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    assert driver.last(e.CaseOpened).case == "ca2"


def test_nobody_is_asked_unless_the_plan_says_so() -> None:
    driver = Driver(COMMITTED)
    driver.message("joe", "email")
    quote(driver, "2026-12-01", "delivery")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    assert driver.events(e.WorkItemOpened) == []
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert driver.events(e.InteractionCanceled) == []


def test_nobody_else_uses_these_keys(driver: Driver) -> None:
    driver.refuse(c.OpenWorkItem("decide", "decision:cf9", case="ca1"), InvalidCommand, field="key")


def test_it_is_a_channel_for_work() -> None:
    plan = Plan.parse(PLAN)
    for name in ("none", "chat"):
        wrong = attrs.evolve(plan, commitments=attrs.evolve(plan.commitments, decisions=name))
        assert "commitments.decisions" in [fault.path for fault in wrong.faults() if fault.is_error]
