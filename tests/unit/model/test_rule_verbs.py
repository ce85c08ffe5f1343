"""Every verb with all that it takes, without each thing that it needs, and with each that means nothing to it."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import plan
from tests.rule_plans import RULED

from orchestra.model.rules import VERBS, Action, Rule

SOUND: dict[str, Action] = {
    "queue": Action("queue", queue="sales"),
    "raise_priority": Action("raise_priority", minutes=5),
    "hold": Action("hold"),
    "link": Action("link"),
    "invite": Action("invite", channel="email", text="Come: {token}"),
    "acknowledge": Action("acknowledge", text="We have it."),
    "wait": Action("wait", on="customer"),
    "assign": Action("assign", team="sales"),
    "escalate": Action("escalate"),
    "open_work_item": Action("open_work_item", channel="task"),
    "set_field": Action("set_field", field="case.fields.orders", value=2),
    "notify": Action("notify", team="sales", text="look"),
    "run": Action("run", action="refund@1"),
}
OTHER = Action(
    "hold",
    queue="sales",
    minutes=5,
    text="look",
    on="customer",
    team="sales",
    agent="ana",
    channel="task",
    title="check",
    field="case.fields.orders",
    value=2,
    action="refund@1",
)
"""Each field with something that makes sense by itself."""


def faults(action: Action) -> dict[str, str]:
    """Field of the action -> what is wrong with it."""
    of = plan(RULED, rules=[Rule("r", "MessageReceived", do=[action])])
    found = [fault for fault in of.faults() if fault.is_error]
    return {fault.path.rpartition(".")[2]: fault.message for fault in found}


def test_there_is_an_example_of_every_verb() -> None:
    assert SOUND.keys() == VERBS.keys()
    assert {field.name for field in attrs.fields(Action)} - {"do"} == {
        field.name for field in attrs.fields(Action) if getattr(OTHER, field.name) is not None
    } - {"do"}


@pytest.mark.parametrize("verb", SOUND)
def test_what_a_verb_takes_is_enough(verb: str) -> None:
    assert faults(SOUND[verb]) == {}


@pytest.mark.parametrize(("verb", "field"), [(verb, field) for verb, of in VERBS.items() for field in of.required])
def test_what_a_verb_needs_must_be_given(verb: str, field: str) -> None:
    found = faults(attrs.evolve(SOUND[verb], **{field: None}))
    assert found[field] == f"is required: {verb} needs it"


STRANGE = [
    (verb, field.name)
    for verb, of in VERBS.items()
    for field in attrs.fields(Action)
    if field.name not in ("do", *of.required, *of.allowed)
]


@pytest.mark.parametrize(("verb", "field"), STRANGE)
def test_what_means_nothing_to_a_verb_is_told(verb: str, field: str) -> None:
    found = faults(attrs.evolve(SOUND[verb], **{field: getattr(OTHER, field)}))
    assert found[field].startswith(f"means nothing: {verb} takes ")
