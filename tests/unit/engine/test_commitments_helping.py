"""Who helps the agent who leads may write to the customer, and commits the company to nothing."""

from __future__ import annotations

import pytest
from tests.commitment_plans import COMMITTED, bill, quote
from tests.engine_driver import Driver

from orchestra.engine.engagements.leading import lead_for
from orchestra.errors import NotPermitted
from orchestra.model import commands as c

CALL = {"case": "ca1", "subject": "order:81", "attribute": "price", "value": 4900}


@pytest.fixture
def driver() -> Driver:
    """Ana talks with joe on the phone, and bob writes with him in a chat about the same."""
    driver = Driver(COMMITTED)
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.sign_in("bob")
    driver.answered("joe", "chat", topic="order")
    assert lead_for(driver.engine.view, "in2") == "ana"
    return driver


def test_who_helps_writes_but_does_not_commit(driver: Driver) -> None:
    driver.run(c.WriteReply("in2", "bob", "I see that you are on the phone"))
    refused = driver.refuse(c.MakeCommitment(**CALL, actor="agent:bob"), NotPermitted)
    assert str(refused).endswith("ana leads en1: who helps commits the company to nothing")
    driver.refuse(
        c.MakeCommitment("order:81", "price", 4900, customer="cu1", actor="agent:bob"), NotPermitted, actor="agent:bob"
    )
    quote(driver, actor="agent:ana")
    driver.refuse(c.WithdrawCommitment("cm1", "wrong", actor="agent:bob"), NotPermitted)
    driver.run(c.WithdrawCommitment("cm1", "wrong", actor="agent:ana"))


def test_who_helps_does_not_settle(driver: Driver) -> None:
    quote(driver, "2026-12-01", "delivery", actor="agent:ana")
    conflict = bill(driver, "2026-12-04", "delivery", actor="back_office:carrier").conflict
    assert conflict is not None
    driver.refuse(c.SettleConflict(conflict, "cm1", actor="agent:bob"), NotPermitted)
    driver.run(c.SettleConflict(conflict, "cm1", actor="agent:ana"))


def test_who_has_no_part_in_it_is_not_in_the_way(driver: Driver) -> None:
    quote(driver, actor="agent:cleo")
    quote(driver, 4800, actor="operator:root", supersedes="cm1")
    quote(driver, 10, "pieces", unit="pieces", actor="back_office:billing")


def test_in_another_matter_they_are_nobodys_help() -> None:
    driver = Driver(COMMITTED)
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.sign_in("bob")
    driver.answered("joe", "chat", topic="bill")
    quote(driver, case="ca2", actor="agent:bob")


def test_what_they_have_beside_it_is_theirs_to_decide(driver: Driver) -> None:
    driver.answered("joe", "email", topic="bill")
    assert driver.engine.view.contacts.interactions["in3"].agent == "bob"
    quote(driver, case="ca2", actor="agent:bob")
    driver.refuse(c.MakeCommitment(**CALL, actor="agent:bob"), NotPermitted)


def test_who_is_left_leads(driver: Driver) -> None:
    driver.run(c.FinishInteraction("in1", "ana"))
    quote(driver, actor="agent:bob")


def test_while_nobody_leads_anybody_commits() -> None:
    driver = Driver(COMMITTED)
    driver.message("joe", "chat", topic="order")
    quote(driver, actor="agent:bob")
