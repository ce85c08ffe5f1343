from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from tests.strategies import PLANS

from orchestra.errors import DefinitionError, Fault
from orchestra.model.definitions import (
    Account,
    AgentDefinition,
    Cases,
    Channel,
    Deliveries,
    Fields,
    Queue,
    ServiceLevel,
    Team,
    WorkspaceDefinition,
)
from orchestra.model.plan import Plan
from orchestra.model.structure import structure, unstructure

TEXT = """
[workspace]
name = "shop"
default_queue = "care"
key = "SHOP_KEY"

[skills]
german = "speaks German"

[teams.care]

[queues.care]
team = "care"

[queues.german]
team = "care"
skills = { german = 2 }

[channels.chat]
live = true
weight_percent = 25
queue = "care"
accounts.de = { queue = "german" }

[agents.ana]
teams = ["care"]
skills = { german = 3 }
"""

PLAN = Plan.parse(TEXT)


def messages(plan: Plan, path: str) -> list[str]:
    return [fault.message for fault in plan.faults() if fault.path == path]


def test_a_plan_file_and_python_give_the_same_value() -> None:
    assert (
        Plan(
            workspace=WorkspaceDefinition(default_queue="care", name="shop", key="SHOP_KEY"),
            skills={"german": "speaks German"},
            teams={"care": Team()},
            queues={"care": Queue("care"), "german": Queue("care", {"german": 2})},
            channels={"chat": Channel(live=True, weight_percent=25, queue="care", accounts={"de": Account("german")})},
            agents={"ana": AgentDefinition(["care"], {"german": 3})},
        )
        == PLAN
    )
    assert PLAN.faults() == []


def test_a_plan_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(TEXT, "utf-8")
    assert Plan.load(file) == Plan.load(str(file)) == PLAN


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b"\xef\xbb\xbf[workspace]", "begins with a byte order mark"),
        (b"[workspace", "not valid TOML"),
        (b"#" * 1_800_001, "larger than 1800000 bytes"),
        (b'[workspace]\ndefault_queue = "care"\nnames = "x"', "workspace.names: is not known here"),
        (b'[workspace]\ndefault_queue = "care"', "queues: at least one queue is needed"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes | None, part: str) -> None:
    file = tmp_path / "plan.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DefinitionError) as caught:
        Plan.load(file)
    assert part in str(caught.value)


def test_every_fault_is_told_at_once() -> None:
    text = TEXT.replace("weight_percent = 25", "weight_percent = true").replace("german = 2", "dutch = 2")
    with pytest.raises(DefinitionError) as caught:
        Plan.parse(text)
    assert [fault.path for fault in caught.value.faults] == [
        "channels.chat.weight_percent",
        "queues.german.skills.dutch",
    ]


def test_a_byte_order_mark_in_a_text_is_told() -> None:
    with pytest.raises(DefinitionError, match="byte order mark"):
        Plan.parse("\ufeff" + TEXT)


@given(PLANS)
def test_plain_data_of_a_plan_reads_back(plan: Plan) -> None:
    assert structure(unstructure(plan), Plan) == plan


@given(PLANS, PLANS)
def test_equal_plans_and_only_those_have_the_same_digest(one: Plan, other: Plan) -> None:
    assert (one.digest() == other.digest()) == (one.to_json() == other.to_json())


def test_the_order_of_a_file_does_not_change_the_digest() -> None:
    turned = attrs.evolve(PLAN, queues=dict(reversed(PLAN.queues.items())))
    assert turned.digest() == PLAN.digest()
    assert attrs.evolve(PLAN, skills={}).digest() != PLAN.digest()


def test_names_of_people_can_be_left_out() -> None:
    named = attrs.evolve(PLAN, agents={"ana": AgentDefinition(["care"], name="Ana Example")})
    assert "Ana Example" not in named.without_names().to_json()
    assert attrs.evolve(PLAN, agents={"ana": AgentDefinition(["care"])}) == named.without_names()
    assert "Ana Example" not in repr(named)


def test_where_contacts_wait() -> None:
    assert PLAN.queue_of("chat", "de") == "german"
    assert PLAN.queue_of("chat", "main") == "care"
    other = attrs.evolve(PLAN, channels={"chat": Channel(accounts={"x": Account()})})
    assert other.queue_of("chat", "x") == "care"


@pytest.mark.parametrize(
    ("changes", "path", "part"),
    [
        (
            {"workspace": WorkspaceDefinition("nowhere")},
            "workspace.default_queue",
            "no queue 'nowhere'; there are: care",
        ),
        ({"queues": {}}, "queues", "at least one queue is needed"),
        ({"channels": {"chat": Channel(put_aside="x")}}, "channels.chat.put_aside", "keep or requeue"),
        ({"channels": {"chat": Channel(interrupts=["chat"])}}, "channels.chat.interrupts[0]", "interrupt itself"),
        ({"channels": {"chat": Channel(interrupts=["x"])}}, "channels.chat.interrupts[0]", "no channel 'x'"),
        ({"queues": {"care": Queue("x")}}, "queues.care.team", "no team 'x'; there are: care"),
        ({"queues": {"care": Queue("care", {"x": 1})}}, "queues.care.skills.x", "no skill 'x'"),
        ({"queues": {"care": Queue("care", {"german": 0})}}, "queues.care.skills.german", "from 1 to 100"),
        (
            {"queues": {"care": Queue("care", service_level=ServiceLevel(0))}},
            "queues.care.service_level.percent",
            "from 1 to 100",
        ),
        (
            {"queues": {"care": Queue("care", retry_after=timedelta())}},
            "queues.care.retry_after",
            "longer than nothing",
        ),
        ({"channels": {"sms": Channel(queue="x")}}, "channels.sms.queue", "no queue 'x'"),
        ({"channels": {"sms": Channel(accounts={"a": Account("x")})}}, "channels.sms.accounts.a.queue", "no queue 'x'"),
        ({"channels": {"sms": Channel(parties=1)}}, "channels.sms.parties", "from 2 to 10"),
        ({"channels": {"sms": Channel(parties=11)}}, "channels.sms.parties", "from 2 to 10"),
        ({"channels": {"sms": Channel(weight_percent=0)}}, "channels.sms.weight_percent", "from 1 to 1000"),
        ({"channels": {"sms": Channel(limit=0)}}, "channels.sms.limit", "at least 1"),
        (
            {"channels": {"sms": Channel(offer_timeout=timedelta())}},
            "channels.sms.offer_timeout",
            "longer than nothing",
        ),
        ({"channels": {"sms": Channel(connects=timedelta())}}, "channels.sms.connects", "longer than nothing"),
        ({"channels": {"sms": Channel(work=True, live=True)}}, "channels.sms.live", "never live"),
        ({"channels": {"sms": Channel(keep_ids=timedelta(days=6))}}, "channels.sms.keep_ids", "at least 7d"),
        ({"channels": {"sms": Channel(on_agent_lost="drop")}}, "channels.sms.on_agent_lost", "requeue or keep or park"),
        ({"channels": {"sms": Channel(park_for=timedelta())}}, "channels.sms.park_for", "longer than nothing"),
        ({"agents": {"bob": AgentDefinition([])}}, "agents.bob.teams", "at least one team"),
        ({"agents": {"bob": AgentDefinition(["x"])}}, "agents.bob.teams", "no team 'x'"),
        (
            {"agents": {"bob": AgentDefinition(["care"], roles=["x"])}},
            "agents.bob.roles",
            "no role 'x'; there are: none",
        ),
        ({"agents": {"bob": AgentDefinition(["care"], {"x": 1})}}, "agents.bob.skills.x", "no skill 'x'"),
        (
            {"agents": {"bob": AgentDefinition(["care"], capacity_percent=0)}},
            "agents.bob.capacity_percent",
            "from 1 to 10000",
        ),
        ({"agents": {f"a{n}": AgentDefinition(["care"]) for n in range(7_501)}}, "agents", "at most 7,500 in a plan"),
        ({"cases": Cases(attach=["thread", "guess"])}, "cases.attach[1]", "'guess' is none of"),
        ({"cases": Cases(number="C")}, "cases.number", "needs {} where the running number goes"),
        ({"cases": Cases(number="{")}, "cases.number", "is no form for a number"),
        ({"cases": Cases(number="{x}")}, "cases.number", "is no form for a number"),
        ({"deliveries": Deliveries(attempts=0)}, "deliveries.attempts", "at least 1"),
        ({"deliveries": Deliveries(permit=timedelta())}, "deliveries.permit", "longer than nothing"),
        ({"fields": Fields(case={"total": "money"})}, "fields.case.total", "'money' is none of text, integer"),
    ],
)
def test_each_fault_has_its_path_and_its_mend(changes: dict[str, object], path: str, part: str) -> None:
    plan = attrs.evolve(PLAN, **changes)
    assert any(part in message for message in messages(plan, path))
    with pytest.raises(DefinitionError) as caught:
        plan.require_sound()
    assert path in [fault.path for fault in caught.value.faults]


def test_a_plan_too_large_for_one_event_is_refused() -> None:
    plan = attrs.evolve(PLAN, skills={"german": "x" * 900_000})
    assert "larger than 900000 bytes" in messages(plan, "")[0]


def test_warnings_stop_nothing() -> None:
    plan = attrs.evolve(PLAN, workspace=WorkspaceDefinition("care"), agents={"ana": AgentDefinition(["care"])})
    plan.require_sound()
    assert [(fault.path, fault.is_error) for fault in plan.faults()] == [
        ("queues.german", False),
        ("workspace.key", False),
    ]


def test_parking_whoever_is_on_the_line_is_doubtful() -> None:
    channels = {"sms": Channel(live=True, on_agent_lost="park")}
    found = [fault for fault in attrs.evolve(PLAN, channels=channels).faults() if fault.path.startswith("channels")]
    assert [(fault.path, fault.is_error) for fault in found] == [("channels.sms.on_agent_lost", False)]


def test_errors_come_before_warnings() -> None:
    plan = attrs.evolve(PLAN, workspace=WorkspaceDefinition("nowhere"), teams={})
    kinds = [fault.is_error for fault in plan.faults()]
    assert kinds == sorted(kinds, reverse=True)
    assert str(Fault("a.b", "is wrong")) == "a.b: is wrong"
    assert str(Fault("", "is wrong")) == "is wrong"
