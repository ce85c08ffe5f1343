from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import HOUR, Driver, plan, thread

from orchestra.engine.definition.decide import missing
from orchestra.engine.engine import Engine
from orchestra.errors import InvalidCommand, ReplayMismatch
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Role
from orchestra.model.plan import Plan


def _without(**gone: str) -> Plan:
    """The plan without one entry of some of its tables."""
    full = plan()
    rows = {table: dict(getattr(full, table)) for table in gone}
    for table, key in gone.items():
        del rows[table][key]
    return plan(**rows)


def test_a_plan_comes_into_force_once() -> None:
    driver = Driver(None)
    new = plan()
    decided = driver.change_plan(new)
    assert decided.events[0] == e.PlanChanged(new, new.digest(), "2025b", "check")
    assert driver.engine.view.plan == new
    assert driver.engine.view.definition.facts == {"digest": new.digest(), "key_check": "check"}
    assert driver.change_plan(plan()).events == []
    other = attrs.evolve(new, workspace=attrs.evolve(new.workspace, seed=9))
    assert [type(event) for event in driver.change_plan(other).events] == [e.PlanChanged]
    assert driver.engine.view.plan.workspace.seed == 9


def test_a_faulty_plan_is_refused_with_every_fault() -> None:
    driver = Driver()
    bad = plan(queues={"care": attrs.evolve(plan().queues["care"], team="none")}, teams={})
    error = driver.refuse(c.ChangePlan(bad, bad.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert "queues.care.team" in str(error)
    assert "agents.ana.teams" in str(error)
    assert "workspace.key" not in str(error), "a warning stops nothing"


def test_another_key_is_refused() -> None:
    Driver().refuse(c.ChangePlan(plan(), "other", "2025b", "other"), InvalidCommand, field="key_check")


def test_a_new_engine_takes_any_key() -> None:
    driver = Driver(None)
    assert driver.run(c.ChangePlan(plan(), "digest", "2025b", "any")).events


def _faults(driver: Driver, new: Plan) -> list[tuple[str, str]]:
    return [(fault.path, fault.message) for fault in missing(driver.engine.view, new)]


def test_the_plan_in_force_lacks_nothing() -> None:
    driver = Driver()
    driver.message("joe", "email", queue="german")
    driver.engine.view.cases.cases["ca1"].queue = "a queue that a journal of an older library may name"
    in_force = plan()
    assert _faults(driver, in_force) == []
    assert driver.engine.plan_faults(in_force) == in_force.faults()
    assert driver.change_plan(in_force).events == []
    other = attrs.evolve(in_force, workspace=attrs.evolve(in_force.workspace, seed=9))
    assert _faults(driver, other) == [], "a plan is judged by what it takes away"


def test_a_case_that_came_back_does_not_need_the_queue_it_came_from() -> None:
    driver = Driver(plan())
    got = driver.message("joe", "email", queue="german", thread=thread("T1"))
    driver.run(c.CancelInteraction(got.interaction, "x"))
    driver.run(c.ResolveCase(got.case.id))
    driver.run(c.CloseCase(got.case.id))
    smaller = _without(queues="german")
    driver.change_plan(smaller)
    assert driver.message("joe", "email", thread=thread("T1")).case == got.case
    assert driver.last(e.CaseQueueChanged) == e.CaseQueueChanged("ca1", "cu1", "care", "queue removed")
    assert _faults(driver, attrs.evolve(smaller, workspace=attrs.evolve(smaller.workspace, seed=9))) == []


def test_names_that_work_in_flight_needs() -> None:
    driver = Driver(plan(roles={"lead": Role(("*",))}))
    driver.sign_in("ana")
    driver.message("joe", "email", queue="german", skills={"billing": 10})
    driver.run(c.DefineAgent("zoe", ["sales"], roles=["lead"]))
    assert _faults(driver, driver.engine.view.plan) == []
    assert _faults(driver, Plan()) == [
        ("channels.email", "is missing, and interaction in1 needs it"),
        ("queues.german", "is missing, and interaction in1 needs it"),
        ("skills.billing", "is missing, and interaction in1 needs it"),
        ("skills.german", "is missing, and interaction in1 needs it"),
        ("teams.care", "is missing, and case ca1 needs it"),
        ("teams.sales", "is missing, and agent zoe needs it"),
        ("roles.lead", "is missing, and agent zoe needs it"),
    ]
    bad = _without(channels="email")
    error = driver.refuse(c.ChangePlan(bad, bad.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert "channels.email: is missing, and interaction in1 needs it" in str(error)


def test_who_is_to_be_called_back_later_needs_queue_and_skills() -> None:
    driver = Driver()
    got = driver.call("joe", queue="sales", skills={"billing": 10})
    later = driver.run(c.RequestCallback(got.interaction, driver.now_us + HOUR), 5).result.interaction
    told = f"is missing, and callback {later} needs it"
    assert _faults(driver, _without(skills="billing")) == [("skills.billing", told)]
    assert _faults(driver, _without(queues="sales")) == [("queues.sales", told)]


def test_what_is_over_needs_nothing() -> None:
    driver = Driver()
    got = driver.message("joe", "email")
    driver.run(c.CancelInteraction(got.interaction, "spam"))
    driver.run(c.AssignCase(got.case.id, "team", "sales"))
    assert [path for path, _ in _faults(driver, Plan())] == ["queues.care", "teams.sales"]
    driver.run(c.ResolveCase(got.case.id))
    driver.run(c.CloseCase(got.case.id))
    assert _faults(driver, Plan()) == []


def test_a_delivery_under_way_needs_its_channel() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    driver.sent(got)
    driver.run(c.FinishInteraction(got.interaction, "ana", "resolved"))
    driver.run(c.CloseCase(got.case.id))
    assert _faults(driver, Plan()) == [("channels.email", "is missing, and delivery de1 needs it")]
    driver.run(c.CancelDelivery("de1", "x"))
    assert _faults(driver, Plan()) == []


def test_an_agents_case_needs_its_queue_and_no_team() -> None:
    driver = Driver()
    got = driver.message("joe", "email")
    driver.run(c.CancelInteraction(got.interaction, "x"))
    driver.run(c.AssignCase(got.case.id, "agent", "ana"))
    assert [path for path, _ in _faults(driver, Plan())] == ["queues.care"]


def test_agents_of_the_old_plan_need_nothing() -> None:
    driver = Driver()
    driver.sign_in("ana")
    assert _faults(driver, Plan()) == []


def test_the_plan_is_part_of_the_dump() -> None:
    driver = Driver()
    other = driver.reloaded()
    assert other.view.plan == driver.engine.view.plan
    assert other.view.definition.facts == driver.engine.view.definition.facts


def test_a_dump_whose_plan_cannot_be_read_is_a_mismatch() -> None:
    dumped = Driver().engine.dump()
    dumped["sections"]["definition"]["plan"] = {"queue": 1}
    with pytest.raises(ReplayMismatch, match="queue"):
        Engine().load(dumped)
