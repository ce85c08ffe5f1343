"""Pages about the plan, the events and the commands, written from the classes themselves, in Markdown.

What belongs here: what stands in these pages. What does not: Sphinx.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, get_args, get_origin

import attrs
from docs._extensions.plain_types import default_in_words, described, hints, plain_type, type_in_words

import orchestra
from orchestra.engine.access import _MAY
from orchestra.model.commands import COMMANDS
from orchestra.model.events import EVENTS
from orchestra.model.plan_data import PlanData
from orchestra.model.private import private_names

__all__ = ["command_catalogue", "event_catalogue", "plan_keys", "plan_tables", "public_names"]

_AREAS = {
    "actions": "The application's own actions",
    "agents": "Agents and devices",
    "bots": "Bots",
    "cases": "Cases, references and fields",
    "commitments": "Commitments and conflicts",
    "consults": "Consults",
    "contacts": "Contacts and messages",
    "definition": "The plan",
    "deliveries": "Deliveries",
    "engagements": "Contacts at the same time",
    "archive": "Archive and recall",
    "facts": "What customers are told",
    "findings": "Findings for other departments",
    "identity": "Who customers are",
    "notices": "Notices",
    "invitations": "Invitations to another channel",
    "hours": "Queues that close and open",
    "clocks": "Service clocks",
    "incidents": "Incidents",
    "imports": "Imported history",
    "logs": "Contact logs",
    "offers": "Offers and routing",
    "outages": "Accounts that are down, and how far they are read",
    "ownership": "Hand-off and escalation",
    "stages": "Types of cases and their stages",
    "promises": "Promises, forecasts and delays",
    "remarks": "What is told of messages, and by whom they come",
    "rules": "Rules",
    "callbacks": "Callbacks",
    "calls": "Calls that are steered",
    "participants": "Participants of cases",
    "personal": "How and when customers are addressed",
    "segments": "Segments",
    "supervision": "Supervision",
    "targets": "Connect targets",
    "work": "Work items",
}
"""Module that defines an event or command -> heading."""


def public_names() -> str:
    """What `orchestra` gives, with where it comes from and what it is."""
    rows = ["| name | what it is | where it is from |", "|---|---|---|"]
    for name in orchestra.__all__:
        if name.startswith("__"):
            continue
        value = getattr(orchestra, name)
        home = value.__name__ if inspect.ismodule(value) else value.__module__
        summary = (inspect.getdoc(value) or "").partition("\n\n")[0].replace("\n", " ")
        rows.append(f"| `{name}` | {summary} | `{home}` |")
    return "\n".join(rows)


def plan_tables() -> Iterator[tuple[str, type[Any]]]:
    """Every table of a plan file with its class, as they stand in a `Plan`: `queues.NAME.service_level`."""
    yield from _tables("", PlanData)


def _tables(path: str, kind: type[Any]) -> Iterator[tuple[str, type[Any]]]:
    yield path, kind
    for name, hint in hints(kind).items():
        inner, part = _inner(name, hint)
        if attrs.has(inner) and inner is not kind:  # conditions stand in conditions
            yield from _tables(f"{path}.{part}".lstrip("."), inner)


def _inner(name: str, hint: Any) -> tuple[Any, str]:
    """The class in a field, which may hold many of it by name or in a list, and the field's part of a path."""
    origin = get_origin(hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return get_args(hint)[1], f"{name}.NAME"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return get_args(hint)[0], f"{name}[]"
    some = [one for one in get_args(hint) if one is not type(None)]  # a table that may be left out
    return (some[0] if isinstance(hint, UnionType) and len(some) == 1 else hint), name


def _heading(path: str) -> str:
    """As a plan file has it: a table in square brackets, one of a list of them in two."""
    plain = path.replace("[]", "")
    return f"[[{plain}]]" if path.endswith("[]") else f"[{plain}]"


def plan_keys() -> str:
    """Every table of a plan file with all its keys."""
    return "\n".join(line for path, kind in plan_tables() for line in _plan_table(path, kind))


def _plan_table(path: str, kind: type[Any]) -> Iterator[str]:
    text, meanings = described(kind)
    if not path:
        for field in _plain_fields(kind):
            yield from (f"## `[{field.name}]`", "", meanings.get(field.name, ""), "")
        return
    yield from (f"## `{_heading(path)}`", "", text, "", "| key | type | default | meaning |", "|---|---|---|---|")
    resolved = hints(kind)
    for field in _plain_fields(kind):
        meaning = meanings.get(field.name, "").removesuffix(".")
        cells = (f"`{field.name}`", type_in_words(resolved[field.name]), default_in_words(field), meaning)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _plain_fields(kind: type[Any]) -> list[attrs.Attribute[Any]]:
    """Fields that are no tables of their own."""
    resolved = hints(kind)
    inner = {name: _inner(name, hint)[0] for name, hint in resolved.items()}
    return [field for field in attrs.fields(kind) if not attrs.has(inner[field.name])]


def event_catalogue() -> str:
    """Every event with its fields, by area."""
    return "\n".join(line for area in _AREAS for line in _area(area, EVENTS.values(), _event_lines))


def command_catalogue() -> str:
    """Every command with its fields and who may give it, by area."""
    return "\n".join(line for area in _AREAS for line in _area(area, COMMANDS, _command_lines))


def _area(area: str, kinds: Any, lines_of: Any) -> Iterator[str]:
    inside = [kind for kind in kinds if kind.__module__.rpartition(".")[2] == area]
    if inside:
        yield from (f"## {_AREAS[area]}", "")
        for kind in sorted(inside, key=lambda kind: str(kind.__name__)):
            yield from (f"### {kind.__name__}", "", *lines_of(kind), "")


def _event_lines(kind: type[Any]) -> Iterator[str]:
    text, meanings = described(kind)
    version = [f"Version {kind.version}.", ""] if kind.version != 1 else []
    yield from (text, "", *version, *_fields(kind, meanings))


def _command_lines(kind: type[Any]) -> Iterator[str]:
    text, meanings = described(kind)
    yield from (text, "", f"**Given by:** {', '.join(_who(kind))}.", "", *_fields(kind, meanings))


def _who(kind: type[Any]) -> Iterator[str]:
    for actor, allowed in _MAY.items():
        if allowed is None or kind in allowed:
            yield actor.replace("_", " ")


def _fields(kind: type[Any], meanings: Mapping[str, str]) -> Iterator[str]:
    """A table of the fields; columns in which nothing would stand are left out."""
    private = private_names(kind)
    rows = []
    for field in attrs.fields(kind):
        if field.name == "actor":
            continue
        notes = ["**private**" if field.name in private else "", meanings.get(field.name, "").removesuffix(".")]
        shown = plain_type(field.type).replace("|", "\\|")
        default = "" if field.default is attrs.NOTHING else default_in_words(field)
        rows.append((f"`{field.name}`", f"`{shown}`", default, "; ".join(filter(None, notes))))
    kept = [column for column in range(4) if column < 2 or any(row[column] for row in rows)]
    if rows:
        heads = ("field", "type", "default", "note")
        yield f"| {' | '.join(heads[column] for column in kept)} |"
        yield "|" + "---|" * len(kept)
        yield from (f"| {' | '.join(row[column] for column in kept)} |" for row in rows)
