"""What is said to customers and told by back offices: its form, who may say it, how long it holds."""

from __future__ import annotations

import pytest
from tests.commitment_plans import COMMITTED, a_driver, bill, quote, stated
from tests.engine_driver import DAY, START, Driver

from orchestra.engine.commitments.state import MOST_ON_PAIR
from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.plan import Plan
from orchestra.model.results import Stated


def held(driver: Driver) -> list[str]:
    """Ids of what holds or is in dispute."""
    return sorted(driver.engine.view.commitments.statements)


# What is said


def test_a_commitment_holds_from_now_for_as_long_as_the_plan_says() -> None:
    driver = a_driver()
    got = quote(driver, actor="agent:sam", source="in1")
    assert got == Stated("cm1")
    made = driver.last(e.CommitmentMade)
    assert made == e.CommitmentMade(
        "cm1",
        "cu1",
        "order:81",
        "price",
        "money",
        4900,
        "agent:sam",
        driver.now_us,
        "EUR",
        "ca1",
        "sales",
        "in1",
        None,
        driver.now_us + 30 * DAY,
    )


@pytest.mark.parametrize(
    ("attribute", "value", "unit", "kept"),
    [
        ("price", 0, None, "EUR"),
        ("price", 10**15, "EUR", "EUR"),
        ("fee", 100, "JPY", "JPY"),
        ("pieces", 3, "pieces", "pieces"),
        ("delivery", "2026-12-01", None, None),
        ("remedy", "repair", None, None),
        ("colour", "dark blue", None, None),
    ],
)
def test_values_of_each_type_are_kept_as_they_are(
    attribute: str, value: int | str, unit: str | None, kept: str
) -> None:
    driver = a_driver()
    quote(driver, value, attribute, unit=unit)
    row = driver.engine.view.commitments.statements["cm1"]
    assert (row.value, row.unit) == (value, kept)


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"subject": ""}, InvalidCommand, {"field": "subject"}),
        ({"source": ""}, InvalidCommand, {"field": "source"}),
        ({"attribute": "weight"}, UnknownId, {"kind": "attribute", "id": "weight"}),
        ({"value": -1}, InvalidCommand, {"field": "value"}),
        ({"value": 10**15 + 1}, InvalidCommand, {"field": "value"}),
        ({"value": "49.00"}, InvalidCommand, {"field": "value"}),
        ({"value": True}, InvalidCommand, {"field": "value"}),
        ({"unit": "USD"}, InvalidCommand, {"field": "unit"}),
        ({"attribute": "fee"}, InvalidCommand, {"field": "unit"}),
        ({"attribute": "fee", "unit": "euro"}, InvalidCommand, {"field": "unit"}),
        ({"attribute": "pieces"}, InvalidCommand, {"field": "unit"}),
        ({"attribute": "pieces", "unit": ""}, InvalidCommand, {"field": "unit"}),
        ({"attribute": "pieces", "value": "3", "unit": "pieces"}, InvalidCommand, {"field": "value"}),
        ({"attribute": "delivery", "value": 20261201}, InvalidCommand, {"field": "value"}),
        ({"attribute": "delivery", "value": "20261201"}, InvalidCommand, {"field": "value"}),
        ({"attribute": "delivery", "value": "2026-02-30"}, InvalidCommand, {"field": "value"}),
        ({"attribute": "delivery", "value": "2026-12-01", "unit": "day"}, InvalidCommand, {"field": "unit"}),
        ({"attribute": "remedy", "value": "refund"}, InvalidCommand, {"field": "value"}),
        ({"attribute": "colour", "value": ""}, InvalidCommand, {"field": "value"}),
        ({"attribute": "colour", "value": "x" * 101}, InvalidCommand, {"field": "value"}),
        ({"attribute": "colour", "value": "blue\n"}, InvalidCommand, {"field": "value"}),
        ({"attribute": "colour", "value": 5}, InvalidCommand, {"field": "value"}),
        ({"case": None}, InvalidCommand, {"field": "case"}),
        ({"customer": "cu1"}, InvalidCommand, {"field": "case"}),
        ({"case": "ca9"}, UnknownId, {"kind": "case"}),
        ({"case": None, "customer": "cu9"}, UnknownId, {"kind": "customer"}),
        ({"until_us": START}, InvalidCommand, {"field": "until_us"}),
        ({"from_us": START + 9 * DAY, "until_us": START + 9 * DAY}, InvalidCommand, {"field": "until_us"}),
        ({"authority": "king"}, UnknownId, {"kind": "authority", "id": "king"}),
        ({"supersedes": "cm9"}, UnknownId, {"kind": "statement", "id": "cm9"}),
        ({"supersedes": "cf1"}, UnknownId, {"kind": "statement", "id": "cf1"}),
        ({"supersedes": "cm" + "9" * 30}, UnknownId, {"kind": "statement"}),
    ],
)
def test_what_cannot_be_said_is_refused(
    values: dict[str, object], error: type[CommandRefused], told: dict[str, str]
) -> None:
    wanted = {"subject": "order:81", "attribute": "price", "value": 4900, "case": "ca1"} | values
    a_driver().refuse(c.MakeCommitment(**wanted), error, **told)  # type: ignore[arg-type]


def test_it_is_said_to_a_customer_where_it_belongs_to_no_case() -> None:
    driver = a_driver()
    driver.run(c.AddRef("cu1", "crm:5"))
    quote(driver, case=None, customer=ref("crm:5"))
    made = driver.last(e.CommitmentMade)
    assert (made.customer, made.case) == ("cu1", None)
    driver.run(c.AddRef("ca1", "ticket:5"))
    quote(driver, 4800, subject="order:82", case=ref("ticket:5"))
    assert driver.last(e.CommitmentMade).case == "ca1"


def test_who_says_the_same_again_changes_nothing() -> None:
    driver = a_driver()
    quote(driver, actor="agent:sam")
    assert quote(driver, actor="agent:sam") == Stated("cm1", duplicate=True)
    bill(driver, 4900)
    assert bill(driver, 4900) == Stated("fa2", duplicate=True)
    assert held(driver) == ["cm1", "fa2"]


@pytest.mark.parametrize(
    "other",
    [
        {"actor": "agent:meg"},
        {"source": "in1"},
        {"authority": "sales", "actor": "agent:meg"},
        {"until_us": START + 90 * DAY},
        {"from_us": START + DAY},
        {"case": None, "customer": "cu1"},
        {"supersedes": "cm1"},
    ],
)
def test_what_differs_in_anything_is_said_anew_and_agrees(other: dict[str, object]) -> None:
    driver = a_driver()
    quote(driver)
    got = quote(driver, **other)
    assert got == Stated("cm2")
    assert driver.events(e.CommitmentConflict) == []


def test_so_much_can_be_said_about_one_thing_and_no_more() -> None:
    driver = a_driver()
    for number in range(MOST_ON_PAIR):
        quote(driver, source=f"mail:{number}")
    wanted = c.MakeCommitment("order:81", "price", 4900, case="ca1")
    refusal = driver.refuse(wanted, NotAllowedInState, subject="order:81")
    assert "20 statements" in str(refusal)
    driver.refuse(c.ReportFact("order:81", "price", 4900), NotAllowedInState, subject="order:81")
    quote(driver, 300, "refund")
    assert quote(driver, source="mail:3").duplicate


# Facts


def test_a_fact_belongs_to_nobody_unless_it_says_so() -> None:
    driver = a_driver()
    bill(driver)
    assert driver.last(e.FactReported).customer is None
    bill(driver, subject="order:82", customer="cu1")
    assert (driver.last(e.FactReported).customer, driver.last(e.FactReported).case) == ("cu1", None)
    bill(driver, subject="order:83", case="ca1")
    assert (driver.last(e.FactReported).customer, driver.last(e.FactReported).case) == ("cu1", "ca1")


def test_a_later_fact_takes_the_place_of_what_the_same_speaker_told_before() -> None:
    driver = a_driver()
    bill(driver, "2026-12-01", "delivery", actor="back_office:carrier")
    bill(driver, "2026-12-02", "delivery", actor="back_office:warehouse")
    bill(driver, "2026-12-04", "delivery", actor="back_office:carrier")
    assert driver.last(e.FactReported).replaces == "fa1"
    assert held(driver) == ["fa2", "fa3"]
    assert driver.events(e.CommitmentConflict) == [], "facts alone contradict nothing that was said"


def test_facts_for_another_time_stand_beside_each_other() -> None:
    driver = a_driver()
    bill(driver, 4900, until_us=START + 10 * DAY)
    bill(driver, 5900, from_us=START + 10 * DAY)
    assert driver.last(e.FactReported).replaces is None
    assert held(driver) == ["fa1", "fa2"]


def test_facts_that_take_the_place_of_others_are_never_too_many() -> None:
    driver = a_driver()
    for number in range(MOST_ON_PAIR):
        bill(driver, actor=f"back_office:office{number}")
    driver.refuse(c.ReportFact("order:81", "price", 1, actor="back_office:new"), NotAllowedInState)
    assert bill(driver, 6000, actor="back_office:office7").holds


# Who speaks with which authority


@pytest.mark.parametrize(
    ("actor", "given", "authority"),
    [
        ("agent:sam", None, "sales"),
        ("agent:meg", None, "manager"),
        ("agent:meg", "sales", "sales"),
        ("agent:ana", None, None),
        ("agent:bea", None, None),
        ("back_office:billing", None, "billing"),
        ("back_office:erp", None, None),
        ("back_office:erp", "billing", "billing"),
        ("system", None, None),
        ("operator:eve", "manager", "manager"),
        (None, None, None),
    ],
)
def test_who_speaks_with_which_authority(actor: str | None, given: str | None, authority: str | None) -> None:
    driver = a_driver()
    quote(driver, actor=actor, authority=given)
    made = driver.last(e.CommitmentMade)
    assert (made.authority, made.by) == (authority, actor or "system")


@pytest.mark.parametrize("actor", ["agent:sam", "agent:ana"])
def test_no_agent_speaks_with_an_authority_that_no_role_of_theirs_has(actor: str) -> None:
    command = c.MakeCommitment("order:81", "price", 4900, case="ca1", authority="manager", actor=actor)
    refusal = a_driver().refuse(command, NotPermitted, actor=actor)
    assert "MakeCommitment: no role of theirs speaks with authority manager" in str(refusal)


# Limits of roles


@pytest.mark.parametrize(
    ("actor", "attribute", "value", "limit"),
    [
        ("agent:sam", "price", 4000, None),
        ("agent:sam", "price", 3999, "40.00 EUR at least"),
        ("agent:sam", "refund", 5000, None),
        ("agent:sam", "refund", 5001, "50.00 EUR at most"),
        ("agent:sam", "delivery", "2026-12-01", None),
        ("agent:sam", "colour", "red", "any colour"),
        ("agent:meg", "refund", 20000, None),
        ("agent:meg", "refund", 20001, "200.00 EUR at most"),
        ("agent:meg", "price", 1, None),
        ("agent:bea", "refund", 10**9, None),
        ("agent:ana", "refund", 10**9, None),
        ("agent:tim", "refund", 20000, None),
        ("agent:tim", "remedy", "repair", "any remedy"),
        ("back_office:billing", "refund", 10**9, None),
        ("operator:eve", "refund", 10**9, None),
    ],
)
def test_agents_commit_within_what_their_roles_let_them(
    actor: str, attribute: str, value: int | str, limit: str | None
) -> None:
    driver = a_driver()
    command = c.MakeCommitment("order:81", attribute, value, case="ca1", actor=actor)
    if limit is None:
        assert driver.run(command).result.holds
    else:
        assert limit in str(driver.refuse(command, NotPermitted, actor=actor))


def test_a_role_that_may_not_make_commitments_lends_no_limits() -> None:
    driver = Driver(COMMITTED.replace('may = ["*"]\nauthority = "manager"', 'may = ["AssignCase"]'))
    driver.message("joe", "email")
    command = c.MakeCommitment("order:81", "refund", 100, case="ca1", actor="agent:tim")
    assert "any refund" in str(driver.refuse(command, NotPermitted))


@pytest.mark.parametrize(
    ("command", "actor", "may"),
    [
        (c.MakeCommitment("o", "price", 1, case="ca1"), "agent:ana", True),
        (c.MakeCommitment("o", "price", 1, case="ca1"), "back_office:x", True),
        (c.MakeCommitment("o", "price", 1, case="ca1"), "customer:cu1", False),
        (c.ReportFact("o", "price", 1), "back_office:x", True),
        (c.ReportFact("o", "price", 1), "agent:ana", False),
        (c.ReportFact("o", "price", 1), "agent:bea", True),
        (c.ReportFact("o", "price", 1), "customer:cu1", False),
        (c.SettleConflict("cf1", "cm1"), "back_office:x", False),
        (c.WithdrawCommitment("cm1", "typo"), "customer:cu1", False),
    ],
)
def test_who_may_say_what(command: c.Command, actor: str, may: bool) -> None:
    driver = a_driver()
    command.actor = actor
    if may:
        driver.run(command)
    else:
        driver.refuse(command, NotPermitted, actor=actor)


# Withdrawing


def test_what_was_said_can_be_withdrawn_with_a_reason() -> None:
    driver = a_driver()
    quote(driver, actor="agent:sam")
    driver.run(c.WithdrawCommitment("cm1", "misread", actor="agent:meg"))
    assert driver.last(e.CommitmentWithdrawn) == e.CommitmentWithdrawn("cm1", "cu1", "order:81", "price", "misread")
    assert held(driver) == []
    assert driver.engine.view.commitments.of_case == {}
    assert driver.engine.view.commitments.of_customer == {}
    assert len(driver.engine.view.timers) == len(driver.reloaded().view.timers)
    driver.refuse(c.WithdrawCommitment("cm1", "again"), NotAllowedInState, subject="cm1", state="over")


@pytest.mark.parametrize("name", ["cm2", "fa1", "cf1", "x", "", "cm-1", "cm0", "cm²"])
def test_only_a_commitment_can_be_withdrawn(name: str) -> None:
    driver = a_driver()
    bill(driver)
    driver.refuse(c.WithdrawCommitment(name, "typo"), UnknownId, kind="commitment", id=name)


def test_nobody_withdraws_or_supersedes_what_was_said_with_a_higher_authority() -> None:
    driver = a_driver()
    quote(driver, actor="agent:meg")
    refusal = driver.refuse(c.WithdrawCommitment("cm1", "no", actor="agent:sam"), NotPermitted, actor="agent:sam")
    assert "higher authority, manager" in str(refusal)
    command = c.MakeCommitment("order:81", "price", 5500, case="ca1", supersedes="cm1", actor="agent:sam")
    driver.refuse(command, NotPermitted, actor="agent:sam")
    command = c.ReportFact("order:81", "price", 5500, supersedes="cm1", actor="back_office:billing")
    driver.refuse(command, NotPermitted, actor="back_office:billing")
    driver.run(c.WithdrawCommitment("cm1", "fraud", actor="operator:eve"))


def test_only_what_is_about_the_same_can_be_superseded() -> None:
    driver = a_driver()
    quote(driver)
    command = c.MakeCommitment("order:81", "refund", 300, case="ca1", supersedes="cm1")
    assert "price of order:81" in str(driver.refuse(command, InvalidCommand, field="supersedes"))
    driver.refuse(c.ReportFact("order:82", "price", 300, supersedes="cm1"), InvalidCommand, field="supersedes")


def test_what_is_over_can_be_named_as_superseded_which_changes_nothing() -> None:
    driver = a_driver()
    quote(driver)
    driver.run(c.WithdrawCommitment("cm1", "typo"))
    assert quote(driver, 4800, supersedes="cm1") == Stated("cm2")


# How long it holds


def test_it_holds_until_its_time_has_passed() -> None:
    driver = a_driver()
    quote(driver, until_us=START + DAY)
    bill(driver, 300, "refund", until_us=START + DAY, case="ca1")
    driver.advance_to(START + DAY - 1)
    assert held(driver) == ["cm1", "fa2"]
    brought = driver.advance_to(START + DAY)
    assert brought == [
        e.CommitmentExpired("cm1", "cu1", "order:81", "price"),
        e.FactExpired("fa2", "cu1", "order:81", "refund"),
    ]
    assert held(driver) == []
    assert quote(driver).statement == "cm3", "ids are never given twice"


def test_it_holds_as_long_as_the_plan_says_where_nobody_has_said_how_long() -> None:
    driver = a_driver()
    quote(driver, from_us=START + DAY)
    quote(driver, "repair", "remedy")
    driver.advance_to(START + 31 * DAY - 1)
    assert held(driver) == ["cm1", "cm2"]
    driver.advance_to(START + 31 * DAY)
    driver.advance(10_000 * 86_400)
    assert held(driver) == ["cm2"], "the plan lets it last for ever"


def test_what_began_to_hold_in_the_past_lasts_from_now() -> None:
    driver = a_driver()
    quote(driver, from_us=START - 90 * DAY)
    assert driver.last(e.CommitmentMade).ends_us == driver.now_us + 30 * DAY


# The plan


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('type = "money"\nbetter = "lower"\nunit = "EUR"\nlasts = "30d"', 'type = "action"', "is of another type"),
        ("[commitments.attributes.price]", "[commitments.attributes.cost]", "is missing"),
    ],
)
def test_no_plan_takes_away_what_something_was_said_of(old: str, new: str, told: str) -> None:
    plan = Plan.parse(COMMITTED.replace("price = 4000, ", "").replace("price = true, ", "").replace(old, new))
    driver = a_driver()
    quote(driver, 300, "refund")
    driver.change_plan(plan)
    driver.change_plan(COMMITTED)
    quote(driver)
    quote(driver, source="again")
    refusal = driver.refuse(c.ChangePlan(plan, plan.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert f"commitments.attributes.price: {told}, and cm2 needs it" in str(refusal)


# Rebuilding


def test_everything_is_rebuilt_by_replay_and_from_a_snapshot() -> None:
    driver = a_driver(settle="person")
    quote(driver, actor="agent:sam")
    quote(driver, case=None, customer="cu1")
    bill(driver)
    bill(driver, 200, "refund")
    quote(driver, 300, "refund")
    stated(driver, c.MakeCommitment("order:82", "remedy", "repair", case="ca1"))
    for engine in (driver.replayed(), driver.replayed(is_blanked=True), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        mine, theirs = driver.engine.view.commitments, engine.view.commitments
        for name in ("on_pair", "on_subject", "of_case", "of_customer", "open_on", "frozen"):
            assert getattr(mine, name) == getattr(theirs, name), name
