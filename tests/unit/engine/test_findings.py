"""Findings: told to the teams that want to know, and on each one's list until somebody of it takes note."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan

from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition, FindingKind, Role
from orchestra.model.plan import Plan

TYPES = {"product": "text", "stars": "integer", "public": "boolean", "seen": "date"}


def a_plan() -> Plan:
    """Brand wants to know of praise, brand and sales of chances; dan is in sales, and sue may act for others."""
    teams = {**plan().teams, "brand": plan().teams["sales"]}
    agents = {
        **plan().agents,
        "dan": AgentDefinition(["sales"]),
        "sue": AgentDefinition(["care"], roles=["head"]),
    }
    findings = {"praise": FindingKind(["brand"], TYPES), "chance": FindingKind(["sales", "brand"])}
    roles = {"head": Role(["*"], others=True)}
    return attrs.evolve(plan(), teams=teams, agents=agents, findings=findings, roles=roles)


@pytest.fixture
def driver() -> Driver:
    """Joe has written, in case ca1."""
    driver = Driver(a_plan())
    driver.message()
    return driver


def listed(driver: Driver, team: str) -> list[int]:
    """What is on a team's list."""
    return list(driver.engine.view.findings.on_list.get(team, ()))


def test_it_is_on_the_list_of_each_team_that_wants_to_know(driver: Driver) -> None:
    decided = driver.run(c.RaiseFinding("ca1", "chance", text="wants a bigger one", actor="agent:ana"))
    raised = e.FindingRaised("fi1", "ca1", "cu1", "chance", ["brand", "sales"], {}, "wants a bigger one")
    assert (decided.events, decided.result, decided.actor) == ([raised], "fi1", "agent:ana")
    assert driver.run(c.RaiseFinding("ca1", "praise")).result == "fi2"
    assert (listed(driver, "brand"), listed(driver, "sales"), listed(driver, "care")) == ([1, 2], [1], [])


def test_each_team_takes_note_for_itself(driver: Driver) -> None:
    driver.run(c.RaiseFinding("ca1", "chance"))
    decided = driver.run(c.AcknowledgeFinding("fi1", "sales", actor="agent:dan"))
    assert decided.events == [e.FindingAcknowledged("fi1", "ca1", "cu1", "chance", "sales")]
    assert (listed(driver, "brand"), listed(driver, "sales")) == ([1], [])
    driver.refuse(c.AcknowledgeFinding("fi1", "sales"), NotAllowedInState, subject="fi1")
    driver.run(c.AcknowledgeFinding("fi1", "brand"))
    assert driver.engine.view.findings.findings == {}
    driver.refuse(c.AcknowledgeFinding("fi1", "brand"), NotAllowedInState, subject="fi1")


def test_nobody_takes_note_for_another_team(driver: Driver) -> None:
    driver.run(c.RaiseFinding("ca1", "praise"))
    driver.refuse(c.AcknowledgeFinding("fi1", "brand", actor="agent:dan"), NotPermitted)
    driver.refuse(c.AcknowledgeFinding("fi1", "sales", actor="agent:dan"), NotAllowedInState)
    driver.run(c.AcknowledgeFinding("fi1", "brand", actor="agent:sue"))


def test_another_system_takes_note_for_its_team(driver: Driver) -> None:
    driver.run(c.RaiseFinding("ca1", "praise"))
    driver.run(c.AcknowledgeFinding("fi1", "brand", actor="back_office:brand"))


def test_it_consists_of_the_fields_that_the_plan_declares(driver: Driver) -> None:
    fields: dict[str, Any] = {"stars": 5, "product": "shoe", "public": True, "seen": "2026-12-01"}
    driver.run(c.RaiseFinding("ca1", "praise", {**fields, "product": None}))
    assert driver.last(e.FindingRaised).fields == {"public": True, "seen": "2026-12-01", "stars": 5}
    for engine in (driver.reloaded(), driver.replayed(is_blanked=True)):
        assert engine.view.findings.findings["fi1"].fields == driver.last(e.FindingRaised).fields


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.RaiseFinding("ca9", "praise"), UnknownId),
        (c.RaiseFinding("ca1", "gossip"), UnknownId),
        (c.RaiseFinding("ca1", "praise", {"colour": "red"}), InvalidCommand),
        (c.RaiseFinding("ca1", "praise", {"stars": "five"}), InvalidCommand),
        (c.RaiseFinding("ca1", "praise", {}, "x" * 1_000_000), InvalidCommand),
        (c.RaiseFinding("ca1", "praise", actor="customer"), NotPermitted),
        (c.AcknowledgeFinding("fi1", "brand"), UnknownId),
        (c.AcknowledgeFinding("ca1", "brand"), UnknownId),
        (c.AcknowledgeFinding("fi²", "brand"), UnknownId),
    ],
)
def test_what_cannot_be_found(driver: Driver, command: c.Command, error: type[CommandRefused]) -> None:
    driver.refuse(command, error)


def test_a_plan_keeps_the_teams_that_have_something_to_note(driver: Driver) -> None:
    driver.run(c.RaiseFinding("ca1", "praise"))
    without = attrs.evolve(a_plan(), teams=plan().teams, findings={})
    errors = [str(fault) for fault in driver.engine.plan_faults(without) if fault.is_error]
    assert errors == ["teams.brand: is missing, and finding fi1 needs it"]
    driver.change_plan(attrs.evolve(a_plan(), findings={}))
    driver.run(c.AcknowledgeFinding("fi1", "brand"))
    driver.change_plan(without)


def test_what_is_rebuilt_has_the_same_lists(driver: Driver) -> None:
    for kind in ("chance", "praise", "chance"):
        driver.run(c.RaiseFinding("ca1", kind))
    driver.run(c.AcknowledgeFinding("fi1", "brand"))
    for engine in (driver.engine, driver.reloaded(), driver.replayed(is_blanked=True)):
        lists = {team: list(numbers) for team, numbers in engine.view.findings.on_list.items()}
        assert lists == {"brand": [2, 3], "sales": [1, 3]}
