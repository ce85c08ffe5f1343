"""The generated pages: complete, and with a meaning for everything that a plan file may hold."""

from __future__ import annotations

import re
from datetime import timedelta

import attrs
import pytest
from docs._extensions.catalogues import command_catalogue, event_catalogue, plan_keys, plan_tables
from docs._extensions.plain_types import default_in_words, described, plain_type, type_in_words

from orchestra.engine.access import _MAY
from orchestra.model.commands import COMMANDS, AcceptOffer, ReceiveMessage, StopSending
from orchestra.model.events import EVENTS, DeliveryAccepted, MessageReceived
from orchestra.model.plan import Plan
from orchestra.model.private import private_names


def sections(text: str) -> dict[str, str]:
    """Third-level heading -> what stands under it."""
    parts = re.split(r"^### (\w+)$", re.sub(r"^## .*$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(section: str) -> dict[str, list[str]]:
    """First cell -> the other cells, of the rows of tables."""
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {first.strip("`"): rest for first, *rest in cells}


def test_every_event_is_in_its_catalogue_with_every_field() -> None:
    found = sections(event_catalogue())
    assert found.keys() == EVENTS.keys()
    for name, kind in EVENTS.items():
        assert list(rows(found[name])) == [field.name for field in attrs.fields(kind)]


def test_private_fields_are_marked_and_no_others() -> None:
    found = sections(event_catalogue()) | sections(command_catalogue())
    for kind in (*EVENTS.values(), *COMMANDS):
        marked = {name for name, cells in rows(found[kind.__name__]).items() if cells[-1].startswith("**private**")}
        assert marked == private_names(kind), kind


def test_every_command_is_in_its_catalogue_with_every_field() -> None:
    found = sections(command_catalogue())
    assert found.keys() == {kind.__name__ for kind in COMMANDS}
    for kind in COMMANDS:
        assert list(rows(found[kind.__name__])) == [f.name for f in attrs.fields(kind) if f.name != "actor"]


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        (ReceiveMessage, "customer, operator, system"),
        (AcceptOffer, "agent, bot, operator, system"),
        (StopSending, "operator, system"),
    ],
)
def test_who_may_give_a_command_is_what_the_engine_checks(kind: type, who: str) -> None:
    assert f"**Given by:** {who}." in sections(command_catalogue())[kind.__name__]


def test_every_kind_of_actor_is_told() -> None:
    text = command_catalogue()
    assert all(actor.replace("_", " ") in text for actor in _MAY)


def test_every_table_of_a_plan_is_there() -> None:
    paths = [path for path, _ in plan_tables()]
    assert {"workspace", "queues.NAME", "queues.NAME.service_level", "channels.NAME.accounts.NAME"} <= set(paths)
    text = plan_keys()
    assert "queues.NAME.steps[].skip_if" in paths
    assert "## `[[queues.NAME.steps]]`" in text
    assert "## `[queues.NAME.steps.skip_if]`" in text
    assert all(f"[{path.replace('[]', '')}]" in text for path in paths if path)


def test_every_field_of_the_plan_is_a_table_or_has_one() -> None:
    text = plan_keys()
    assert all(f"## `[{field.name}" in text for field in attrs.fields(Plan))


def test_every_key_of_a_plan_has_a_meaning() -> None:
    meanings = {name: cells[-1] for name, cells in rows(plan_keys()).items()}
    assert {name for name, meaning in meanings.items() if not meaning} == set()


@pytest.mark.parametrize("kind", [kind for _, kind in plan_tables()], ids=lambda kind: kind.__name__)
def test_the_docstrings_of_a_plan_tell_of_its_fields_and_of_nothing_else(kind: type) -> None:
    assert described(kind)[1].keys() == {field.name for field in attrs.fields(kind)}


def test_types_in_words() -> None:
    assert type_in_words(str | None) == "text"
    assert type_in_words(timedelta) == "duration"
    assert type_in_words(dict[str, int]) == "table: name → whole number"
    assert type_in_words(list[str]) == "list of text"
    assert plain_type("orchestra.model.plan.Plan | None") == "Plan | None"


def test_defaults_in_words() -> None:
    assert default_in_words(attrs.fields(MessageReceived).message) == "required"
    assert default_in_words(attrs.fields(MessageReceived).text) == "none"
    assert default_in_words(attrs.fields(ReceiveMessage).skills) == "empty"
    assert default_in_words(attrs.fields(DeliveryAccepted).provider_ids) == "required"


def test_a_docstring_is_taken_apart() -> None:
    class Sample:
        """What it is.

        Attributes:
            name: what people
                call it.
            other: more.
        """

    assert described(Sample) == ("What it is.", {"name": "what people call it.", "other": "more."})
