"""Cases offered to other departments: exactly one owner at every step, until somebody takes them or nobody does."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.engine_driver import HOUR, Driver, plan

from orchestra.engine.ownership.state import TIME_OUT
from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition, Role
from orchestra.model.plan import Plan
from orchestra.model.results import CaseRef, OfferedHandOff

OFFER = c.OfferHandOff("ca1", "team", "sales", "wants a bigger one")


def a_plan() -> Plan:
    """Ana and bob are in care, cleo in care and sales, dan in sales; sue may act for others, and rob is a bot."""
    care = plan()
    agents = {
        **care.agents,
        "dan": AgentDefinition(["sales"]),
        "sue": AgentDefinition(["sales"], roles=["head"]),
        "rob": AgentDefinition(["sales"], kind="bot"),
    }
    return attrs.evolve(care, agents=agents, roles={"head": Role(["*"], others=True)})


@pytest.fixture
def driver() -> Driver:
    """Ana owns case ca1 of joe."""
    driver = Driver(a_plan())
    driver.sign_in("ana")
    driver.answered()
    return driver


def owner(driver: Driver) -> tuple[str, str]:
    """Who answers for the case."""
    case = driver.engine.view.cases.cases["ca1"]
    return case.owner_kind, case.owner


def offered(driver: Driver, kind: str, name: str) -> list[str]:
    """The cases that are offered to somebody."""
    found = driver.engine.view.ownership.offered_to.get((kind, name), ())
    return [driver.engine.view.ownership.hand_offs[f"ho{number}"].case for number in found]


def test_the_owner_answers_for_it_until_somebody_accepts(driver: Driver) -> None:
    decided = driver.run(attrs.evolve(OFFER, actor="agent:ana"), 1)
    until_us = driver.now_us + 4 * HOUR
    assert decided.events == [
        e.HandOffOffered("ho1", "ca1", "cu1", "agent", "ana", "team", "sales", until_us, "wants a bigger one")
    ]
    assert decided.result == OfferedHandOff("ho1", CaseRef("ca1", "C-000001"), until_us)
    assert (owner(driver), offered(driver, "team", "sales")) == (("agent", "ana"), ["ca1"])
    accepted = driver.run(c.AcceptHandOff("ho1", "dan"), 1)
    assert accepted.events == [
        e.HandOffAccepted("ho1", "ca1", "cu1", "dan", "sales"),
        e.CaseOwnerChanged("ca1", "cu1", "agent", "dan", "handed_off"),
    ]
    assert (accepted.actor, accepted.result) == ("agent:dan", CaseRef("ca1", "C-000001"))
    assert (owner(driver), offered(driver, "team", "sales")) == (("agent", "dan"), [])
    assert driver.engine.view.timers.get(TIME_OUT, "ho1") is None


def test_who_declines_leaves_it_to_its_owner(driver: Driver) -> None:
    driver.run(OFFER)
    decided = driver.run(c.DeclineHandOff("ho1", "dan", "not ours"))
    assert decided.events == [e.HandOffEnded("ho1", "ca1", "cu1", "DECLINED", "dan", "not ours")]
    assert owner(driver) == ("agent", "ana")
    driver.refuse(c.AcceptHandOff("ho1", "dan"), NotAllowedInState, state="over", trigger="accept")


def test_what_nobody_answers_stays_where_it_is(driver: Driver) -> None:
    driver.change_plan(attrs.evolve(a_plan(), cases=attrs.evolve(a_plan().cases, hand_off_within=timedelta(hours=1))))
    driver.run(OFFER)
    assert driver.advance(3599) == []
    assert driver.advance(1) == [e.HandOffEnded("ho1", "ca1", "cu1", "TIMED_OUT")]
    assert owner(driver) == ("agent", "ana")
    assert driver.run(OFFER).result.hand_off == "ho2"


def test_the_owner_takes_it_back(driver: Driver) -> None:
    driver.run(OFFER)
    decided = driver.run(c.WithdrawHandOff("ho1", "solved it", actor="agent:ana"))
    assert decided.events == [e.HandOffEnded("ho1", "ca1", "cu1", "WITHDRAWN", None, "solved it")]
    assert offered(driver, "team", "sales") == []


@pytest.mark.parametrize("command", [c.AssignCase("ca1", "agent", "bob"), c.AssignCase("ca1", "team", "care")])
def test_nobody_offers_what_is_not_theirs_any_more(driver: Driver, command: c.Command) -> None:
    driver.run(OFFER)
    assert driver.run(command).events[-1] == e.HandOffEnded("ho1", "ca1", "cu1", "WITHDRAWN", None, "owner_changed")


def test_nobody_offers_what_is_settled(driver: Driver) -> None:
    driver.run(OFFER)
    decided = driver.run(c.ResolveCase("ca1"))
    assert decided.events[-1] == e.HandOffEnded("ho1", "ca1", "cu1", "WITHDRAWN", None, "resolved")
    driver.refuse(OFFER, NotAllowedInState, subject="ca1", state="RESOLVED")
    driver.run(c.CloseCase("ca1"))
    driver.refuse(OFFER, NotAllowedInState, subject="ca1", state="CLOSED")


def test_a_case_is_offered_to_one_at_a_time(driver: Driver) -> None:
    driver.run(OFFER)
    driver.refuse(c.OfferHandOff("ca1", "agent", "bob"), NotAllowedInState, subject="ca1", state="offered in ho1")


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.OfferHandOff("ca9", "team", "sales"), UnknownId),
        (c.OfferHandOff("ca1", "team", "none"), UnknownId),
        (c.OfferHandOff("ca1", "agent", "none"), UnknownId),
        (c.OfferHandOff("ca1", "queue", "sales"), InvalidCommand),
        (c.OfferHandOff("ca1", "agent", "ana"), InvalidCommand),
        (c.OfferHandOff("ca1", "agent", "rob"), InvalidCommand),
        (c.OfferHandOff("ca1", "team", "sales", "x" * 1_000_000), InvalidCommand),
        (c.AcceptHandOff("ho1", "dan"), UnknownId),
        (c.DeclineHandOff("ho0", "dan", "x"), UnknownId),
        (c.WithdrawHandOff("ca1", "x"), UnknownId),
        (c.WithdrawHandOff("ho²", "x"), UnknownId),
    ],
)
def test_what_cannot_be_handed_over(driver: Driver, command: c.Command, error: type[CommandRefused]) -> None:
    driver.refuse(command, error)


def test_who_does_not_own_it_cannot_offer_it(driver: Driver) -> None:
    for name in ("bob", "cleo", "dan"):
        driver.refuse(attrs.evolve(OFFER, actor=f"agent:{name}"), NotPermitted)
    driver.run(attrs.evolve(OFFER, actor="agent:sue"))
    driver.refuse(c.WithdrawHandOff("ho1", "x", actor="agent:bob"), NotPermitted)
    driver.run(c.WithdrawHandOff("ho1", "x", actor="operator:root"))
    driver.run(attrs.evolve(OFFER, actor="back_office:crm"))


def test_each_of_the_owning_team_may_offer_its_cases(driver: Driver) -> None:
    driver.run(c.AssignCase("ca1", "team", "care"))
    driver.refuse(attrs.evolve(OFFER, actor="agent:dan"), NotPermitted)
    driver.run(attrs.evolve(OFFER, actor="agent:bob"))


def test_a_role_that_covers_nobody_else_does_not_help() -> None:
    wanted = a_plan()
    driver = Driver(attrs.evolve(wanted, roles={"head": Role(["OfferHandOff"])}))
    driver.sign_in("ana")
    driver.answered()
    driver.refuse(attrs.evolve(OFFER, actor="agent:sue"), NotPermitted)
    driver.change_plan(attrs.evolve(wanted, roles={"head": Role(["ResolveCase"], others=True)}))
    driver.refuse(attrs.evolve(OFFER, actor="agent:sue"), NotPermitted)


@pytest.mark.parametrize("kind", [c.AcceptHandOff, c.DeclineHandOff])
def test_only_who_is_asked_may_answer(driver: Driver, kind: type) -> None:
    more = () if kind is c.AcceptHandOff else ("no",)
    driver.run(OFFER)
    for name in ("bob", "rob"):
        driver.refuse(kind("ho1", name, *more), NotPermitted)
    driver.refuse(kind("ho1", "none", *more), UnknownId)
    driver.run(c.WithdrawHandOff("ho1", "x"))
    driver.run(c.OfferHandOff("ca1", "agent", "bob"))
    driver.refuse(kind("ho2", "cleo", *more), NotPermitted)
    driver.run(kind("ho2", "bob", *more))


def test_the_owner_does_not_take_it_from_themself(driver: Driver) -> None:
    driver.run(c.OfferHandOff("ca1", "team", "care"))
    driver.refuse(c.AcceptHandOff("ho1", "ana"), InvalidCommand)
    driver.run(c.AcceptHandOff("ho1", "bob"))
    assert owner(driver) == ("agent", "bob")


@pytest.mark.parametrize(("to", "team"), [("bob", "care"), ("cleo", "care"), ("dan", "sales")])
def test_an_agent_takes_it_for_a_team_of_theirs(driver: Driver, to: str, team: str) -> None:
    driver.run(c.OfferHandOff("ca1", "agent", to))
    driver.run(c.AcceptHandOff("ho1", to))
    assert driver.last(e.HandOffAccepted).team == team
    driver.run(c.RemoveAgent(to))
    driver.advance(1)
    assert driver.last(e.CaseOwnerChanged) == e.CaseOwnerChanged("ca1", "cu1", "team", team, "agent removed")


def test_an_agent_who_is_gone_answers_no_more(driver: Driver) -> None:
    driver.run(c.OfferHandOff("ca1", "agent", "dan"))
    driver.run(c.RemoveAgent("dan"))
    driver.refuse(c.AcceptHandOff("ho1", "dan"), UnknownId)
    driver.advance(4 * 3600)
    assert driver.last(e.HandOffEnded).outcome == "TIMED_OUT"


def test_a_plan_keeps_the_teams_that_are_asked(driver: Driver) -> None:
    driver.run(OFFER)
    driver.run(c.OpenCase("cu1"))
    driver.run(c.OfferHandOff("ca2", "agent", "bob"))
    agents = {name: a_plan().agents[name] for name in ("ana", "bob")}
    queues = {"care": a_plan().queues["care"]}
    channels = {"chat": a_plan().channels["chat"]}
    smaller = attrs.evolve(
        a_plan(), agents=agents, queues=queues, channels=channels, teams={"care": a_plan().teams["care"]}
    )
    errors = [str(fault) for fault in driver.engine.plan_faults(smaller) if fault.is_error]
    assert errors == ["teams.sales: is missing, and hand-off ho1 needs it"]
    driver.run(c.WithdrawHandOff("ho1", "x"))
    driver.change_plan(smaller)


def test_what_was_said_of_who_the_customer_is_goes_on_to_hold(driver: Driver) -> None:
    driver.run(c.VerifyContact("in1", "basic", "asked"))
    before = dict(driver.engine.view.identity.verified)
    driver.run(OFFER)
    driver.run(c.AcceptHandOff("ho1", "dan"))
    assert driver.engine.view.identity.verified == before


def test_what_is_rebuilt_knows_what_is_offered(driver: Driver) -> None:
    driver.run(OFFER)
    driver.run(c.OpenCase("cu1"))
    driver.run(c.OfferHandOff("ca2", "team", "sales"))
    for engine in (driver.engine, driver.reloaded(), driver.replayed(is_blanked=True)):
        own = engine.view.ownership
        assert list(own.offered_to["team", "sales"]) == [1, 2]
        assert own.of_case == {"ca1": "ho1", "ca2": "ho2"}
    driver.run(c.WithdrawHandOff("ho1", "solved"))
    assert offered(driver, "team", "sales") == ["ca2"]
