"""Conflicts: when one is told, what takes part, how it is settled, and what follows."""

from __future__ import annotations

import pytest
from tests.commitment_plans import COMMITTED, a_driver, bill, quote
from tests.engine_driver import DAY, START, Driver

from orchestra.engine.commitments.state import MOST_ON_PAIR
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Stated


def held(driver: Driver) -> list[str]:
    return sorted(driver.engine.view.commitments.statements)


def opened(driver: Driver) -> list[str]:
    return sorted(driver.engine.view.commitments.conflicts)


def disputed(**settings: str) -> Driver:
    """A driver in which sam quoted 49.00, and the manager's office has 59.00."""
    driver = a_driver(**settings)
    quote(driver, actor="agent:sam")
    bill(driver, authority="manager")
    return driver


# When one is told


def test_a_fact_that_contradicts_what_was_said_raises_a_conflict() -> None:
    driver = disputed()
    assert driver.last(e.CommitmentConflict) == e.CommitmentConflict(
        "cf1",
        "cu1",
        "order:81",
        "price",
        "money",
        "fa2",
        "back_office:billing",
        5900,
        ["cm1"],
        "agent:sam",
        4900,
        "fa2",
        "authority",
        "worse",
        "EUR",
        "EUR",
        "ca1",
    )


def test_so_does_another_agent_and_what_is_said_after_the_fact() -> None:
    driver = a_driver(settle="person")
    bill(driver)
    got = quote(driver, actor="agent:sam")
    assert got == Stated("cm2", "cf1")
    assert driver.last(e.CommitmentConflict).said_by == "back_office:billing"
    assert driver.last(e.CommitmentConflict).customer == "cu1"
    quote(driver, subject="order:82", actor="agent:sam")
    assert quote(driver, 4500, subject="order:82", actor="agent:meg").conflict == "cf2"


@pytest.mark.parametrize(
    ("attribute", "value", "values"),
    [
        ("price", 4900, {}),
        ("refund", 5900, {}),
        ("price", 5900, {"subject": "order:82"}),
        ("price", 5900, {"from_us": START + 10 * DAY}),
        ("price", 5900, {"from_us": START - 10 * DAY, "until_us": START + DAY}),
    ],
)
def test_what_agrees_or_is_about_another_thing_or_time_raises_none(
    attribute: str, value: int, values: dict[str, object]
) -> None:
    driver = a_driver()
    quote(driver, from_us=START + DAY, until_us=START + 10 * DAY)
    bill(driver, value, attribute, **values)
    assert driver.events(e.CommitmentConflict) == []


def test_what_expired_or_was_withdrawn_is_contradicted_by_nothing() -> None:
    driver = a_driver(settle="person")
    quote(driver, until_us=START + DAY)
    quote(driver, 300, "refund")
    driver.run(c.WithdrawCommitment("cm2", "typo"))
    driver.advance_to(START + DAY)
    bill(driver)
    bill(driver, 200, "refund")
    assert driver.events(e.CommitmentConflict) == []


def test_all_that_it_contradicts_takes_part_and_the_oldest_is_told() -> None:
    driver = a_driver(settle="person")
    for actor in ("agent:sam", "agent:meg"):
        quote(driver, actor=actor)
    bill(driver, 4900)
    bill(driver, 5900, actor="back_office:erp")
    conflict = driver.last(e.CommitmentConflict)
    assert (conflict.against, conflict.said_by) == (["cm1", "cm2"], "agent:sam")
    assert held(driver) == ["cm1", "cm2", "fa3", "fa4"]
    row = driver.engine.view.commitments.conflicts["cf1"]
    assert sorted(row.statements) == ["cm1", "cm2", "fa4"], "the bill that agrees has no part in it"


# What joins


def test_a_further_statement_joins_the_open_conflict() -> None:
    driver = disputed()
    got = quote(driver, 4500, actor="agent:meg")
    assert got == Stated("cm3")
    assert driver.last(e.ConflictWidened) == e.ConflictWidened(
        "cf1",
        "cu1",
        "order:81",
        "price",
        "money",
        ["cm3"],
        "agent:meg",
        4500,
        "cm3",
        "specific",
        "better",
        "EUR",
        "ca1",
    )
    # That is better than what the customer was told, so that it was settled at once.
    assert driver.last(e.CommitmentCorrected).ended == ["cm1", "fa2"]
    assert held(driver) == ["cm3"]


def test_what_stays_in_dispute_waits_for_a_person() -> None:
    driver = disputed()
    got = quote(driver, 5500, actor="agent:meg")
    assert got.conflict == "cf1"
    row = driver.engine.view.commitments.conflicts["cf1"]
    assert (row.keep, row.rule, row.effect) == ("cm3", "specific", "worse")
    assert driver.events(e.CommitmentCorrected) == []


def test_a_fact_that_agrees_with_one_side_joins_too() -> None:
    driver = a_driver(settle="person")
    quote(driver, "2026-12-01", "delivery", actor="agent:sam")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    got = bill(driver, "2026-12-01", "delivery", actor="back_office:carrier")
    assert got == Stated("fa3", "cf1"), "the carrier has changed its mind, and what it said before is in dispute"
    assert driver.last(e.ConflictWidened).statements == ["fa3"]
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert held(driver) == ["cm1", "fa3"]


def test_a_back_office_that_takes_back_what_it_told_settles_what_it_raised() -> None:
    driver = a_driver()
    quote(driver, "2026-12-01", "delivery", actor="agent:sam")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    assert opened(driver) == ["cf1"]
    bill(driver, "2026-12-01", "delivery", actor="back_office:carrier")
    corrected = driver.last(e.CommitmentCorrected)
    assert (corrected.keep, corrected.ended, corrected.rule, corrected.effect) == (
        "fa3",
        ["fa2"],
        "supersession",
        "none",
    )


def test_what_has_no_part_in_a_conflict_stays_out_of_it() -> None:
    driver = disputed(settle="person")
    assert quote(driver, 7900, from_us=START + 60 * DAY).conflict is None
    assert driver.events(e.ConflictWidened) == []


def test_what_joins_brings_with_it_what_it_contradicts() -> None:
    driver = disputed(settle="person")
    quote(driver, 7900, from_us=START + 60 * DAY, actor="agent:bea")
    quote(driver, 6900, until_us=START + 61 * DAY, actor="agent:bea")
    widened = driver.last(e.ConflictWidened)
    assert (widened.statements, widened.by, widened.value) == (["cm3", "cm4"], "agent:bea", 6900)


# Who settles it


@pytest.mark.parametrize(
    ("settle", "keep", "authority", "settles"),
    [
        ("person", 5900, "manager", False),
        ("person", 5900, None, False),
        ("unless_worse", 5900, "manager", False),
        ("unless_worse", 5900, None, True),
        ("unless_worse", 4500, "manager", True),
        ("precedence", 5900, "manager", True),
        ("precedence", 5900, None, True),
    ],
)
def test_the_plan_says_what_is_settled_without_asking(
    settle: str, keep: int, authority: str | None, settles: bool
) -> None:
    driver = a_driver(settle=settle)
    quote(driver, actor="agent:sam")
    bill(driver, keep, authority=authority)
    assert opened(driver) == ([] if settles else ["cf1"])


@pytest.mark.parametrize("settle", ["person", "unless_worse", "precedence"])
def test_what_is_explicitly_superseded_needs_no_asking(settle: str) -> None:
    driver = a_driver(settle=settle)
    quote(driver, actor="agent:sam")
    got = quote(driver, 5200, supersedes="cm1", actor="agent:sam")
    assert got == Stated("cm2")
    corrected = driver.last(e.CommitmentCorrected)
    assert (corrected.keep, corrected.rule, corrected.effect) == ("cm2", "supersession", "worse")


def test_what_is_not_known_to_be_better_waits_for_a_person() -> None:
    driver = a_driver()
    quote(driver, "red", "colour")
    quote(driver, "blue", "colour")
    assert driver.last(e.CommitmentConflict).effect == "unclear"
    assert opened(driver) == ["cf1"]


def test_a_person_keeps_what_they_decide() -> None:
    driver = disputed()
    driver.run(c.SettleConflict("cf1", "cm1", "goodwill", actor="agent:meg"))
    assert driver.last(e.CommitmentCorrected) == e.CommitmentCorrected(
        "cf1",
        "cu1",
        "order:81",
        "price",
        "money",
        "cm1",
        4900,
        ["fa2"],
        5900,
        "person",
        "none",
        "EUR",
        "EUR",
        "ca1",
        "goodwill",
    )
    assert held(driver) == ["cm1"]
    assert opened(driver) == []


def test_only_one_of_its_statements_can_be_kept() -> None:
    driver = disputed()
    quote(driver, 300, "refund")
    refusal = driver.refuse(c.SettleConflict("cf1", "cm3"), InvalidCommand, field="keep")
    assert "cm1, fa2" in str(refusal)
    driver.refuse(c.SettleConflict("cf2", "cm1"), UnknownId, kind="conflict", id="cf2")
    driver.run(c.SettleConflict("cf1", "cm1"))
    driver.refuse(c.SettleConflict("cf1", "cm1"), NotAllowedInState, subject="cf1", state="settled")


def test_nobody_keeps_what_they_may_not_commit_to() -> None:
    driver = a_driver(settle="person")
    quote(driver, 20000, "refund", actor="agent:meg")
    bill(driver, 1000, "refund")
    refusal = driver.refuse(c.SettleConflict("cf1", "cm1", actor="agent:sam"), NotPermitted, actor="agent:sam")
    assert "50.00 EUR at most" in str(refusal)
    driver.run(c.SettleConflict("cf1", "fa2", actor="agent:sam"))
    assert driver.last(e.CommitmentCorrected).effect == "worse"


def test_a_bot_settles_nothing_and_an_agent_without_a_role_does() -> None:
    driver = disputed()
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.refuse(c.SettleConflict("cf1", "fa2", actor="bot:rob"), NotPermitted, actor="bot:rob")
    driver.run(c.SettleConflict("cf1", "fa2", actor="agent:ana"))


# While it is open


def test_what_is_in_dispute_can_be_settled_and_not_withdrawn() -> None:
    driver = disputed()
    refusal = driver.refuse(c.WithdrawCommitment("cm1", "typo"), NotAllowedInState, subject="cm1")
    assert "in conflict cf1" in str(refusal)


def test_what_is_in_dispute_does_not_expire_and_then_does() -> None:
    driver = a_driver(settle="person")
    quote(driver, until_us=START + DAY)
    bill(driver, until_us=START + 3 * DAY)
    driver.advance_to(START + 2 * DAY)
    assert held(driver) == ["cm1", "fa2"]
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert driver.last(e.CommitmentCorrected).ended == ["fa2"]
    driver.advance(0)
    assert driver.last(e.CommitmentExpired).commitment == "cm1"
    driver.advance_to(START + 4 * DAY)
    assert driver.events(e.FactExpired) == []


def test_what_is_kept_holds_for_the_rest_of_its_time() -> None:
    driver = a_driver(settle="person")
    quote(driver, until_us=START + 2 * DAY)
    bill(driver, until_us=START + 3 * DAY)
    driver.run(c.SettleConflict("cf1", "fa2"), 86_400)
    driver.advance_to(START + 3 * DAY - 1)
    assert held(driver) == ["fa2"]
    driver.advance_to(START + 3 * DAY)
    assert held(driver) == []


def test_a_fact_in_dispute_stays_and_a_later_one_joins() -> None:
    driver = disputed(settle="person")
    got = bill(driver, 6900, authority="manager")
    assert got == Stated("fa3", "cf1")
    assert driver.last(e.FactReported).replaces is None
    driver.run(c.SettleConflict("cf1", "fa3"))
    assert driver.last(e.CommitmentCorrected).ended == ["cm1", "fa2"]


# What follows


def test_what_is_left_and_still_contradicts_itself_is_told_anew() -> None:
    driver = a_driver(settle="person")
    quote(driver, 100, until_us=START + 10 * DAY, actor="agent:bea")
    quote(driver, 200, until_us=START + 10 * DAY, actor="agent:bea")
    quote(driver, 300, from_us=START + 20 * DAY, actor="agent:bea")
    quote(driver, 400, until_us=START + 21 * DAY, actor="agent:bea")
    bill(driver, 200, until_us=START + 10 * DAY)
    assert opened(driver) == ["cf1"]
    driver.run(c.SettleConflict("cf1", "cm3"))
    corrected = driver.last(e.CommitmentCorrected)
    assert corrected.ended == ["cm4"]
    again = driver.last(e.CommitmentConflict)
    assert (again.conflict, again.statement, again.against) == ("cf2", "fa5", ["cm1"])
    assert driver.last(e.ConflictWidened).statements == ["cm2"]
    assert held(driver) == ["cm1", "cm2", "cm3", "fa5"]


def test_what_is_left_is_settled_at_once_where_the_plan_says_so_by_now() -> None:
    driver = a_driver(settle="person")
    quote(driver, 200, until_us=START + 10 * DAY, actor="agent:bea")
    quote(driver, 100, until_us=START + 10 * DAY, actor="agent:bea")
    quote(driver, 300, from_us=START + 20 * DAY, actor="agent:bea")
    quote(driver, 400, until_us=START + 21 * DAY, actor="agent:bea")
    driver.change_plan(COMMITTED.replace("tasks =", 'settle = "precedence"\ntasks ='))
    driver.run(c.SettleConflict("cf1", "cm3"))
    assert [(event.conflict, event.ended) for event in driver.events(e.CommitmentCorrected)] == [
        ("cf1", ["cm4"]),
        ("cf2", ["cm1"]),
    ]
    assert held(driver) == ["cm2", "cm3"]


def test_what_lasts_for_ever_does_so_after_a_conflict_too() -> None:
    driver = a_driver(settle="person")
    quote(driver, "repair", "remedy")
    bill(driver, "voucher", "remedy", until_us=START + DAY)
    driver.run(c.SettleConflict("cf1", "cm1"))
    driver.advance(10_000 * 86_400)
    assert held(driver) == ["cm1"]


def test_what_is_worse_for_the_customer_is_a_task_in_the_queue_of_their_case() -> None:
    driver = disputed()
    driver.run(c.AssignCase("ca1", "agent", "sam"))
    driver.run(c.SettleConflict("cf1", "fa2", actor="agent:meg"))
    item = driver.last(e.WorkItemOpened)
    assert (item.channel, item.key, item.case, item.customer) == ("task", "conflict:cf1", "ca1", "cu1")
    assert item.title == "price of order:81: 59.00 EUR holds, the customer was told 49.00 EUR"
    started = driver.last(e.InteractionStarted)
    assert (started.interaction, started.queue, started.agent) == (item.interaction, "care", "sam")
    assert driver.last(e.InteractionAttached).case == "ca1"


@pytest.mark.parametrize(("value", "attribute", "keep"), [(4500, "price", "fa2"), (5900, "price", "cm1")])
def test_what_is_not_worse_is_nobodys_task(value: int, attribute: str, keep: str) -> None:
    driver = a_driver(settle="person")
    quote(driver)
    bill(driver, value, attribute)
    driver.run(c.SettleConflict("cf1", keep))
    assert driver.events(e.WorkItemOpened) == []


def test_what_may_be_worse_is_a_task_too_of_a_new_case_where_there_is_none() -> None:
    driver = a_driver(settle="precedence")
    quote(driver, "red", "colour", case=None, customer="cu1")
    quote(driver, "blue", "colour", case=None, customer="cu1")
    assert driver.last(e.CommitmentCorrected).effect == "unclear"
    assert driver.last(e.WorkItemOpened).case is None
    assert driver.last(e.CaseOpened).case == "ca2"
    assert driver.last(e.InteractionStarted).agent is None


def test_a_task_of_a_closed_case_opens_it_again_in_a_queue_that_there_is() -> None:
    more = COMMITTED + '[queues.old]\nteam = "sales"\n'
    driver = Driver(more)
    driver.message("joe", "email", queue="old")
    quote(driver, actor="agent:sam")
    bill(driver, authority="manager")
    driver.run(c.CancelInteraction("in1", "done"))
    driver.run(c.AssignCase("ca1", "agent", "bob"))
    driver.run(c.ResolveCase("ca1"))
    driver.run(c.CloseCase("ca1"))
    driver.run(c.RemoveAgent("bob"))
    driver.change_plan(COMMITTED.replace('[agents.bob]\nteams = ["care"]\nskills = {german = 60}\n', ""))
    driver.run(c.SettleConflict("cf1", "fa2"))
    assert driver.last(e.CaseReopened).reason == "work_item"
    assert driver.last(e.InteractionStarted).queue is None
    assert driver.last(e.InteractionStarted).agent is None
    assert driver.last(e.InteractionQueued).queue == "care"


def test_without_a_channel_for_it_there_is_no_task() -> None:
    driver = Driver(COMMITTED.replace('tasks = "task"', ""))
    driver.message("joe", "email")
    quote(driver, actor="agent:sam")
    bill(driver, authority="manager")
    driver.run(c.SettleConflict("cf1", "fa2"))
    assert driver.last(e.CommitmentCorrected).effect == "worse"
    assert driver.events(e.WorkItemOpened) == []


def test_no_work_item_of_the_application_takes_the_key_of_a_conflict() -> None:
    driver = a_driver()
    driver.refuse(c.OpenWorkItem("task", "conflict:cf1", "ca1"), InvalidCommand, field="key")


def test_several_statements_that_are_ended_are_corrected_once() -> None:
    driver = disputed(settle="person")
    quote(driver, 4700, actor="agent:bea")
    driver.run(c.SettleConflict("cf1", "fa2"))
    (corrected,) = driver.events(e.CommitmentCorrected)
    assert (corrected.ended, corrected.instead, corrected.effect) == (["cm1", "cm3"], 4900, "worse")
    assert len(driver.events(e.WorkItemOpened)) == 1


def test_what_a_fact_is_kept_instead_of_is_first_what_the_customer_was_told() -> None:
    driver = a_driver(settle="person")
    bill(driver, 6900)
    quote(driver, 4900)
    bill(driver, 5900, actor="back_office:erp")
    driver.run(c.SettleConflict("cf1", "fa3"))
    corrected = driver.last(e.CommitmentCorrected)
    assert (corrected.ended, corrected.instead) == (["fa1", "cm2"], 4900)


# What was settled is the company's word


def test_a_back_office_that_tells_again_what_was_overruled_changes_nothing() -> None:
    driver = disputed()
    driver.run(c.SettleConflict("cf1", "cm1"))
    assert bill(driver, authority="manager") == Stated("fa2", holds=False, duplicate=True)
    assert bill(driver, authority="manager", until_us=START + 2 * DAY).duplicate
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()


@pytest.mark.parametrize(
    "other",
    [
        {"value": 6000},
        {"authority": None},
        {"source": "bill:7"},
        {"actor": "back_office:erp"},
        {"from_us": START + 60 * DAY},
        {"supersedes": "fa2"},
    ],
)
def test_what_differs_from_what_was_overruled_is_told_anew(other: dict[str, object]) -> None:
    driver = disputed()
    driver.run(c.SettleConflict("cf1", "cm1"))
    got = bill(driver, **{"authority": "manager"} | other)  # type: ignore[arg-type]
    assert got.statement == "fa3"
    assert not got.duplicate


def test_what_was_overruled_counts_again_once_that_is_in_dispute_or_over() -> None:
    driver = disputed()
    driver.run(c.SettleConflict("cf1", "cm1"))
    quote(driver, 5000, actor="agent:meg")
    assert bill(driver, authority="manager") == Stated("fa4", "cf2")
    driver.run(c.SettleConflict("cf2", "cm1"))
    driver.run(c.WithdrawCommitment("cm1", "over"))
    assert bill(driver, authority="manager") == Stated("fa5")


def test_no_more_is_kept_of_what_was_overruled_than_can_be_said() -> None:
    driver = a_driver()
    quote(driver, actor="agent:sam")
    for number in range(MOST_ON_PAIR + 3):
        bill(driver, 5900 + number)
    kept = driver.engine.view.commitments.statements["cm1"].overruled
    assert list(kept) == [f"fa{number}" for number in range(5, MOST_ON_PAIR + 5)]
    assert kept["fa5"] == ["back_office:billing", "billing", None, 5903, "EUR"]


def test_a_fact_that_is_kept_is_what_the_customer_is_told_and_later_facts_contradict_it() -> None:
    driver = a_driver()
    quote(driver, "2026-12-01", "delivery", actor="agent:sam")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    driver.run(c.SettleConflict("cf1", "fa2"))
    row = driver.engine.view.commitments.statements["fa2"]
    assert (row.kind, row.customer, row.case) == ("commitment", "cu1", "ca1")
    assert driver.engine.view.commitments.of_case == {"ca1": {"fa2": 1}}
    assert bill(driver, "2026-12-04", "delivery", actor="back_office:carrier").conflict is None
    got = bill(driver, "2026-12-05", "delivery", actor="back_office:carrier")
    assert got == Stated("fa4", "cf2")
    conflict = driver.last(e.CommitmentConflict)
    assert (conflict.against, conflict.keep, conflict.rule, conflict.effect) == (
        ["fa2"],
        "fa4",
        "supersession",
        "worse",
    )
    assert driver.reloaded().state_hash() == driver.replayed().state_hash() == driver.engine.state_hash()


def test_a_fact_that_is_kept_stays_with_the_case_that_it_was_told_for() -> None:
    driver = a_driver(settle="person")
    driver.message("jim", "email")
    quote(driver)
    bill(driver, case="ca2")
    driver.run(c.SettleConflict("cf1", "fa2"))
    row = driver.engine.view.commitments.statements["fa2"]
    assert (row.kind, row.customer, row.case) == ("commitment", "cu2", "ca2")


def test_facts_that_tell_otherwise_go_with_it_though_they_had_no_part_in_it() -> None:
    driver = a_driver(settle="person")
    quote(driver, "2026-12-01", "delivery")
    bill(driver, "2026-12-01", "delivery", actor="back_office:warehouse")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    driver.run(c.SettleConflict("cf1", "fa3"))
    assert driver.last(e.CommitmentCorrected).ended == ["cm1", "fa2"]
    assert held(driver) == ["fa3"]
