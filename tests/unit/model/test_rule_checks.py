"""Faults of rules, each with its path; and how a plan's rules are written and read."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from tests.engine_driver import CARE, plan
from tests.rule_plans import RULED, swarm_rules

from orchestra.codec.commands import decode_command, encode_command
from orchestra.engine.rules.acting import _VERBS
from orchestra.errors import Fault, MalformedMessage
from orchestra.model import commands as c
from orchestra.model.events import EVENTS
from orchestra.model.plan import Plan
from orchestra.model.rule_faults import OWN, about, facts_of, followable, rule_faults
from orchestra.model.rules import ABOUT, OPERATORS, VERBS, Action, Rule, When
from orchestra.model.structure import structure, unstructure

TOLD = '{do = "notify", team = "sales", text = "look"}'


def examined(text: str) -> list[Fault]:
    """All that is said of rules in a plan with this added to it."""
    faults = Plan.examine(RULED + text, lambda plan: rule_faults(plan, {}))[1]
    return [fault for fault in faults if fault.path.startswith("rules")]


def faults(when: str = "", do: str = TOLD, on: str = "MessageReceived", more: str = "") -> dict[str, str]:
    """Path below the rule -> what is wrong with it, of one rule with this condition and these actions."""
    condition = f"when = {{{when}}}" if when else ""
    found = examined(f'[[rules]]\nname = "r"\non = "{on}"\n{condition}\ndo = [{do}]\n{more}')
    return {fault.path.removeprefix("rules[0]."): fault.message for fault in found}


def test_a_plan_with_rules_has_no_faults() -> None:
    of = plan(RULED, rules=swarm_rules(with_predicate=False))
    assert [fault.path for fault in of.faults()] == ["workspace.key"]
    assert list(rule_faults(of, {})) == []


def test_every_verb_is_known_to_the_engine_and_every_field_to_its_rows() -> None:
    assert VERBS.keys() == _VERBS.keys()


def test_a_rule_needs_a_name_of_its_own() -> None:
    named = (f'[[rules]]\nname = "{name}"\non = "CaseOpened"\ndo = [{TOLD}]\n' for name in ("a", "a", "", "x" * 101))
    paths = [fault.path for fault in examined("".join(named))]
    assert paths == ["rules[1].name", "rules[2].name", "rules[3].name"]


def test_there_are_at_most_so_many_rules() -> None:
    rules = [Rule(f"r{number}", "CaseOpened", do=[Action("notify", team="care", text="x")]) for number in range(201)]
    assert "rules: at most 200" in map(str, plan(RULED, rules=rules).faults())


@pytest.mark.parametrize("most", [0, 1001])
def test_how_often_a_rule_fires(most: int) -> None:
    assert faults(more=f"most_per_hour = {most}") == {"most_per_hour": "must be from 1 to 1000"}


def test_a_rule_does_something_and_not_too_much() -> None:
    assert faults(do="") == {"do": "must be 1 to 10 actions"}
    assert faults(do=", ".join([TOLD] * 11)) == {"do": "must be 1 to 10 actions"}


# Events


@pytest.mark.parametrize("on", ["CaseOpend", "RuleFired", "RuleFailed", "RuleStopped", "PlanChanged", ""])
def test_an_event_that_no_rule_may_follow(on: str) -> None:
    (message,) = faults(on=on).values()
    assert message.startswith(f"no event {on!r} that a rule may follow")


def test_an_event_that_is_nearly_right_is_named() -> None:
    assert faults(on="CaseOpend")["on"].endswith("did you mean CaseOpened?")


def test_all_other_events_may_be_followed() -> None:
    assert followable().keys() == EVENTS.keys() - {*OWN, "PlanChanged"}


def test_what_an_event_is_about() -> None:
    assert (
        about(EVENTS["MessageReceived"]) == about(EVENTS["DeliveryFailed"]) == about(EVENTS["FieldsSet"]) == set(ABOUT)
    )
    assert about(EVENTS["CaseOpened"]) == {"case", "customer"}
    assert about(EVENTS["ConsentRecorded"]) == {"customer"}
    assert about(EVENTS["QueueClosed"]) == frozenset()


def test_what_of_an_event_can_be_compared_is_plain_and_not_private() -> None:
    assert facts_of(EVENTS["CaseResolved"]) == {
        "case": "text",
        "customer": "text",
        "disposition": "text",
        "close_us": "integer",
    }
    assert "text" not in facts_of(EVENTS["MessageReceived"])
    assert "skills" not in facts_of(EVENTS["InteractionQueued"])
    assert facts_of(EVENTS["InteractionQueued"])["at_front"] == "boolean"


# Conditions


@pytest.mark.parametrize(
    ("when", "path", "message"),
    [
        ('field = "event.text", value = "x"', "when.field", "MessageReceived has no field 'text' to compare"),
        ('field = "event.numbr", value = 1', "when.field", "MessageReceived has no field 'numbr' to compare"),
        ('field = "case.colour", value = "x"', "when.field", "no field 'case.colour'; there are: case.topic"),
        ('field = "case.fields.colour", value = "x"', "when.field", "no field 'case.fields.colour'"),
        ('field = "agent.name", value = "x"', "when.field", "must begin with event, case, interaction, customer"),
        ('field = "nothing", value = "x"', "when.field", "must begin with event"),
        ('field = "case.topic", value = 1', "when.value", "must be of type text, as case.topic is"),
        ('field = "case.fields.orders", value = true', "when.value", "must be of type integer"),
        ('field = "case.fields.due", value = 3', "when.value", "must be of type date"),
        ('field = "interaction.live", value = "yes"', "when.value", "must be of type boolean"),
        ('field = "case.topic", operator = "one_of", values = ["a", 1]', "when.values[1]", "must be of type text"),
        (
            'field = "case.topic", operator = "at_least", value = "a"',
            "when.operator",
            "at_least compares whole numbers",
        ),
        ('field = "case.topic", operator = "like", value = "a"', "when.operator", "'like' is none of is, is_not"),
        ('field = "case.topic"', "when.value", "is required: is compares with it"),
        ('field = "case.topic", operator = "one_of"', "when.values", "is required: one_of compares with it"),
        ('field = "case.topic", operator = "is_set", value = "x"', "when.value", "means nothing: is_set takes nothing"),
        ('field = "case.topic", value = "x", values = ["x"]', "when.values", "means nothing: is takes value"),
        ('value = "x"', "when.field", "is required where something is compared"),
        ('operator = "is_set"', "when.field", "is required where something is compared"),
        ('predicate = "VIP"', "when.predicate", "must be a name in small letters and its version"),
        ('predicate = "acme.vip@2"', "when.predicate", "no predicate 'acme.vip@2' is registered; there are: none"),
        ('all = [{field = "case.colour", value = "x"}]', "when.all[0].field", "no field 'case.colour'"),
        ('any = [{}, {none = [{operator = "is_set"}]}]', "when.any[1].none[0].field", "is required"),
    ],
)
def test_conditions_that_make_no_sense(when: str, path: str, message: str) -> None:
    found = faults(when)
    assert found.keys() == {path}
    assert found[path].startswith(message)


def test_what_an_event_is_not_about_cannot_be_compared() -> None:
    found = faults('field = "interaction.channel", value = "chat"', on="CaseOpened")
    assert found == {"when.field": "CaseOpened is about no interaction"}


def test_conditions_stand_in_each_other_only_so_deep() -> None:
    when = When("case.topic", "is", "x")
    for _ in range(9):
        when = When(all=[when])
    deep = plan(RULED, rules=[Rule("r", "CaseOpened", when, [Action("notify", team="care", text="x")])])
    assert [fault for fault in deep.faults() if fault.is_error] == []
    deeper = attrs.evolve(deep, rules=[attrs.evolve(deep.rules[0], when=When(none=[when]))])
    (fault,) = [fault for fault in deeper.faults() if fault.is_error]
    assert fault.message == "conditions stand in each other at most 10 deep"
    assert fault.path == "rules[0].when.none[0]" + ".all[0]" * 9
    assert list(rule_faults(deeper, {})) == []


def test_every_event_about_something_tells_whose_it_is() -> None:
    for kind in EVENTS.values():
        assert not about(kind) or "customer" in {field.name for field in attrs.fields(kind)}


def test_a_field_that_was_not_understood_may_be_there() -> None:
    text = """
[[rules]]
name = "r"
on = "CaseOpened"
do = [{do = "set_field", field = "case.fields.odd", value = "x"}]
"""
    faults = Plan.examine(RULED.replace('due = "date"', 'due = "date"\nodd = 5') + text)[1]
    assert [fault.path for fault in faults if fault.is_error] == ["fields.case.odd"]


def test_whether_a_predicate_is_registered_may_not_be_known() -> None:
    of = plan(RULED, rules=[Rule("r", "CaseOpened", When(predicate="a@1"), [Action("notify", team="care", text="x")])])
    (doubt,) = rule_faults(of, None)
    assert (doubt.path, doubt.is_error) == ("rules[0].when.predicate", False)
    assert list(rule_faults(of, {"a@1": lambda _: True})) == []


def test_every_operator_takes_what_it_says() -> None:
    assert {operator.takes for operator in OPERATORS.values()} == {"value", "values", None}


# Actions


@pytest.mark.parametrize(
    ("do", "path", "message"),
    [
        ('{do = "dance"}', "do[0].do", "'dance' is none of queue, raise_priority"),
        ('{do = "queue"}', "do[0].queue", "is required: queue needs it"),
        ('{do = "queue", queue = "nobody"}', "do[0].queue", "no queue 'nobody'; there are: care, german, sales"),
        ('{do = "queue", queue = "care", text = "x"}', "do[0].text", "means nothing: queue takes queue"),
        ('{do = "hold", text = "x"}', "do[0].text", "means nothing: hold takes nothing"),
        ('{do = "raise_priority", minutes = 0}', "do[0].minutes", "must be from 1 to 100000"),
        ('{do = "acknowledge", text = ""}', "do[0].text", "must be 1 to 10000 characters"),
        ('{do = "wait", on = "rain"}', "do[0].on", "must be customer or third_party"),
        ('{do = "assign"}', "do[0]", "assign needs a team or an agent, and not both"),
        ('{do = "assign", team = "care", agent = "ana"}', "do[0]", "assign needs a team or an agent"),
        ('{do = "assign", team = "nobody"}', "do[0].team", "no team 'nobody'; there are: care, sales"),
        ('{do = "open_work_item", channel = "fax"}', "do[0].channel", "no channel 'fax'"),
        ('{do = "open_work_item", channel = "chat"}', "do[0].channel", "channel chat takes contacts"),
        ('{do = "invite", channel = "fax", text = "x"}', "do[0].channel", "no channel 'fax'"),
        ('{do = "invite", channel = "task", text = "x"}', "do[0].channel", "channel task is for work items"),
        ('{do = "set_field", field = "case.topic", value = "x"}', "do[0].field", "must be case.fields.NAME"),
        ('{do = "set_field", field = "agent.fields.x", value = "x"}', "do[0].field", "must be case.fields.NAME"),
        (
            '{do = "set_field", field = "case.fields.x", value = "x"}',
            "do[0].field",
            "the plan declares no case.fields.x",
        ),
        ('{do = "set_field", field = "case.fields.orders", value = "x"}', "do[0].value", "must be of type integer"),
        ('{do = "notify", team = "care"}', "do[0].text", "is required: notify needs it"),
    ],
)
def test_actions_that_make_no_sense(do: str, path: str, message: str) -> None:
    found = faults(do=do)
    assert found.keys() == {path}
    assert found[path].startswith(message)


@pytest.mark.parametrize(
    ("do", "on", "message"),
    [
        ('{do = "hold"}', "CaseOpened", "hold needs an interaction, and CaseOpened is about none"),
        ('{do = "wait", on = "customer"}', "ConsentRecorded", "wait needs a case, and ConsentRecorded is about none"),
        ('{do = "open_work_item", channel = "task"}', "QueueClosed", "open_work_item needs a customer, and"),
        ('{do = "set_field", field = "case.fields.orders"}', "CustomerAdded", "set_field needs a case, and"),
    ],
)
def test_actions_need_what_they_are_about(do: str, on: str, message: str) -> None:
    found = faults(do=do, on=on)
    assert found.keys() == {"do[0].do"}
    assert found["do[0].do"].startswith(message)


def test_an_agent_may_be_defined_later_by_command() -> None:
    (fault,) = examined('[[rules]]\nname = "r"\non = "CaseOpened"\ndo = [{do = "assign", agent = "dora"}]')
    assert (fault.path, fault.is_error) == ("rules[0].do[0].agent", False)
    assert faults(do='{do = "assign", agent = "ana"}') == {}


# Written and read


def test_what_is_not_understood_spoils_no_other_rule() -> None:
    text = """
[[rules]]
name = "a"
on = "CaseOpened"
do = [{do = "notify", team = "tema", text = "x", colour = "red"}]
[teams.tema]
nme = "x"
"""
    found = [str(fault) for fault in Plan.examine(CARE + text)[1] if fault.is_error]
    known = [field.name for field in attrs.fields(Action)]
    assert found == [
        f"rules[0].do[0].colour: is not known here; known: {', '.join(known)}",
        "teams.tema.nme: is not known here; did you mean name?",
    ]


def test_rules_from_a_file_equal_those_from_python() -> None:
    text = """
[[rules]]
name = "vip"
on = "InteractionAttached"
priority = 5
most_per_hour = 3
do = [{do = "queue", queue = "sales"}, {do = "set_field", field = "customer.fields.vip", value = true}]
[rules.when]
all = [{field = "case.topic", operator = "one_of", values = ["order", "refund"]}]
none = [{field = "case.fields.orders", operator = "at_most", value = 3}, {predicate = "acme.vip@2"}]
"""
    when = When(
        all=[When("case.topic", "one_of", values=["order", "refund"])],
        none=[When("case.fields.orders", "at_most", 3), When(predicate="acme.vip@2")],
    )
    actions = [Action("queue", queue="sales"), Action("set_field", field="customer.fields.vip", value=True)]
    expected = plan(RULED, rules=[Rule("vip", "InteractionAttached", when, actions, 5, 3)])
    read = Plan.parse(RULED + text)
    assert read == expected
    assert structure(json.loads(json.dumps(unstructure(read))), Plan) == read
    assert read.digest() != plan(RULED).digest()


def test_a_plan_with_rules_goes_through_the_inbox() -> None:
    of = plan(RULED, rules=swarm_rules(with_predicate=True))
    command = c.ChangePlan(of, of.digest(), "2025b", "check")
    assert decode_command(encode_command(command)) == command


@pytest.mark.parametrize(
    ("when", "path"),
    [({"all": [{"any": [{"value": []}]}]}, "rules[0].when.all[0].any[0].value"), ({"all": 3}, "rules[0].when.all")],
)
def test_a_foreign_plan_whose_conditions_are_none_is_told_where(when: Any, path: str) -> None:
    of = plan(RULED)
    stored = json.loads(encode_command(c.ChangePlan(of, of.digest(), "2025b", "check")))
    rules = [{"name": "r", "on": "CaseOpened", "when": when, "do": []}]

    def planted(value: Any) -> Any:
        if isinstance(value, dict) and "queues" in value:
            return {**value, "rules": rules}
        return {key: planted(one) for key, one in value.items()} if isinstance(value, dict) else value

    with pytest.raises(MalformedMessage) as caught:
        decode_command(json.dumps(planted(stored)))
    assert path in str(caught.value)
