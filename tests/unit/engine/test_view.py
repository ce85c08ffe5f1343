from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver

from orchestra.engine.view import View
from orchestra.errors import UnknownId
from orchestra.model import commands as c
from orchestra.model.addresses import ref


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered(topic="order")
    driver.run(c.WriteReply("in1", "ana", "hi"))
    driver.run(c.AddRef("ca1", "order:81"))
    return driver


def test_ids_and_references_find_the_same_row(driver: Driver) -> None:
    view = driver.engine.view
    assert view.case("ca1") == view.case(ref("order:81"))
    assert view.case("ca1")[0] == "ca1"
    assert view.interaction("in1")[1].agent == "ana"
    assert view.customer("cu1")[0] == view.identity.holder("key-joe") == "cu1"
    assert view.agent("ana").state == "AVAILABLE"
    assert view.delivery("de1").case == "ca1"
    assert view.plan.queues.keys() == {"care", "german", "sales"}


@pytest.mark.parametrize(
    ("look", "kind", "key"),
    [
        (lambda view: view.case("ca9"), "case", "ca9"),
        (lambda view: view.interaction("in9"), "interaction", "in9"),
        (lambda view: view.customer("cu9"), "customer", "cu9"),
        (lambda view: view.agent("zoe"), "agent", "zoe"),
        (lambda view: view.delivery("de9"), "delivery", "de9"),
        (lambda view: view.case(ref("order:1")), "case", "ref:order:1"),
        (lambda view: view.interaction(ref("order:81")), "interaction", "ca1"),
        (lambda view: view.customer(ref("order:81")), "customer", "ca1"),
    ],
)
def test_what_nobody_knows_is_refused(driver: Driver, look: Callable[[View], Any], kind: str, key: str) -> None:
    with pytest.raises(UnknownId) as caught:
        look(driver.engine.view)
    assert (caught.value.kind, caught.value.id) == (kind, key)


def test_a_draw_depends_on_the_seed_and_the_ids_alone(driver: Driver) -> None:
    view = driver.engine.view
    drawn = [view.draw(1000, "retry", "de1", attempt) for attempt in range(50)]
    assert drawn == [view.draw(1000, "retry", "de1", attempt) for attempt in range(50)]
    assert len(set(drawn)) > 40
    assert all(0 <= number < 1000 for number in drawn)
    assert view.draw(1, "x") == 0
    assert view.draw(10**9, "ab", "c") != view.draw(10**9, "a", "bc")
    plan = view.plan
    view.plans.plan = attrs.evolve(plan, workspace=attrs.evolve(plan.workspace, seed=8))
    assert drawn != [view.draw(1000, "retry", "de1", attempt) for attempt in range(50)]
    view.plans.plan = plan


def test_a_draw_never_changes_from_one_version_to_the_next(driver: Driver) -> None:
    assert driver.engine.view.draw(1_000_000_007, "retry", "de1", 1) == DRAWN


DRAWN = 139_862_997
"""Written down once: journals of old versions were decided with it."""
