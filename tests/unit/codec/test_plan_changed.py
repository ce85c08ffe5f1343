"""`PlanChanged`: the plan is facts, what it calls its people is private."""

from __future__ import annotations

import json

import attrs
import pytest
from hypothesis import given
from tests.strategies import PLANS

from orchestra.codec import decode_event, encode_event, to_record
from orchestra.errors import MalformedMessage, ReplayMismatch
from orchestra.model.definitions import AgentDefinition
from orchestra.model.events import PlanChanged
from orchestra.model.plan import Plan

PLAN = Plan(agents={"ana": AgentDefinition(["first"], name="Ana Muñoz"), "ben": AgentDefinition(["first"])})
EVENT = PlanChanged(PLAN, "d", "2026a", "k")


@given(PLANS)
def test_comes_back(plan: Plan) -> None:
    event = PlanChanged(plan, plan.digest(), "2026a", "k")
    decoded = decode_event(to_record(event, 1, 2, "operator:o"))
    assert isinstance(decoded, PlanChanged)
    assert decoded.plan.to_json() == plan.to_json()
    assert (decoded.digest, decoded.zone_data, decoded.key_check) == (plan.digest(), "2026a", "k")


def test_names_of_people_are_private() -> None:
    name, version, facts, private = encode_event(EVENT)
    assert (name, version) == ("PlanChanged", 1)
    assert "Mu" not in facts
    assert private == '{"agent_names":{"ana":"Ana Muñoz"}}'
    assert encode_event(attrs.evolve(EVENT, plan=Plan()))[3] is None


def test_blanked_names_are_gone_and_all_else_stays() -> None:
    record = attrs.evolve(to_record(EVENT, 1, 2, "operator:o"), private=None)
    decoded = decode_event(record)
    assert isinstance(decoded, PlanChanged)
    assert decoded.plan.agents["ana"].name is None
    assert encode_event(decoded)[2] == record.facts


def test_only_text_beside_the_plan() -> None:
    with pytest.raises(TypeError, match="digest"):
        encode_event(attrs.evolve(EVENT, digest=1.0))  # type: ignore[arg-type]
    with pytest.raises(MalformedMessage):
        encode_event(attrs.evolve(EVENT, digest="\ud800"))


@pytest.mark.parametrize(
    ("facts", "private", "reason"),
    [
        ("[]", None, "facts: must be an object"),
        ("[]", '{"agent_names":{"ana":"A"}}', "private.agent_names"),
        (json.dumps({"plan": {}, "digest": "", "zone_data": ""}), None, "facts.key_check: is required"),
        (json.dumps({"plan": {"x": 1}, "digest": "", "zone_data": "", "key_check": ""}), None, "facts.plan: has no"),
        (None, '{"agent_names":{"zoe":"Z"}}', "private.agent_names"),
        (None, '{"agent_names":{"ana":1}}', "private.agent_names.ana: must be text"),
        (None, '{"names":{}}', "private: must have agent_names"),
        (None, "[]", "private: must have agent_names"),
    ],
)
def test_malformed_parts_are_refused(facts: str | None, private: str | None, reason: str) -> None:
    record = attrs.evolve(to_record(EVENT, 9, 2, "operator:o"), private=private)
    with pytest.raises(ReplayMismatch) as refused:
        decode_event(record if facts is None else attrs.evolve(record, facts=facts))
    assert refused.value.position == 9
    assert reason in refused.value.reason
