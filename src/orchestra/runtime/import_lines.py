"""The lines of a history file: what another system knows, one JSON object a line, read within bounds.

Belongs here: the form of each type of line. Does not: what a workspace makes of it (`importing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypeAlias, cast

import attrs

from orchestra.channels.safe_json import JsonObject, JsonValue
from orchestra.channels.text import clean_text, refuse_controls
from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Email, Handle, Phone
from orchestra.model.attachments import FileData, files_fault
from orchestra.model.limits import text_fault
from orchestra.runtime.contact_log import instant_of, line_object, name_of, refuse_unknown

__all__ = [
    "AgentLine",
    "CaseLine",
    "ConsentLine",
    "CustomerLine",
    "HistoryLine",
    "MessageLine",
    "StatusLine",
    "parse_history_line",
]

Person: TypeAlias = Email | Phone | Handle
Fields: TypeAlias = Mapping[str, str | int | bool | None]

_MOST_NAMES: Final = 200


@attrs.frozen
class AgentLine:
    """Somebody who answers customers."""

    at_us: int
    id: str
    teams: Sequence[str]
    skills: Mapping[str, int] = attrs.field(factory=dict)
    roles: Sequence[str] = ()
    name: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class CustomerLine:
    """A customer with their addresses. `id` is the other system's key for them, by which later lines name them."""

    at_us: int
    id: str
    addresses: Sequence[Person] = attrs.field(repr=False)
    fields: Fields = attrs.field(factory=dict)


@attrs.frozen
class ConsentLine:
    """What a customer allowed or forbade, for a purpose, on a channel or on all."""

    at_us: int
    purpose: str
    given: bool
    customer: str | None = None
    address: Person | None = attrs.field(default=None, repr=False)
    channel: str | None = None
    evidence: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class CaseLine:
    """A matter that was opened. `id` is the other system's key, `number` what customers were told."""

    at_us: int
    id: str
    customer: str | None = None
    address: Person | None = attrs.field(default=None, repr=False)
    number: str | None = None
    topic: str | None = None
    queue: str | None = None
    agent: str | None = None
    fields: Fields = attrs.field(factory=dict)


@attrs.frozen
class MessageLine:
    """A message that a customer wrote or was sent. `address` is the customer's, whoever wrote."""

    at_us: int
    channel: str
    account: str
    id: str
    inbound: bool
    address: Person = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    case: str | None = None
    thread: str | None = attrs.field(default=None, repr=False)
    agent: str | None = None
    media: Sequence[FileData] | None = attrs.field(default=None, repr=False)


@attrs.frozen
class StatusLine:
    """How a case stood from then on."""

    at_us: int
    case: str
    status: str
    disposition: str | None = None


HistoryLine: TypeAlias = AgentLine | CustomerLine | ConsentLine | CaseLine | MessageLine | StatusLine


def parse_history_line(data: bytes, number: int, latest_us: int | None = None) -> HistoryLine:
    """Read one line.

    Args:
        data: its bytes, with or without a line end.
        number: from 1, for errors.
        latest_us: the latest instant that a line may tell, microseconds since 1970 UTC; None is no bound.

    Raises:
        MalformedMessage: it is not a line of a history; tells the line's number and what is to be mended, quotes no
            text and no address.
    """
    where = f"line {number}"
    value = line_object(data, where)
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        near = get_close_matches(kind[:40], _TYPES, 1) if isinstance(kind, str) else []
        hint = f"did you mean {near[0]}?" if near else f"it must be one of {', '.join(_TYPES)}"
        raise MalformedMessage(where, f"type is missing or unknown; {hint}")
    made, required, optional = _TYPES[kind]
    refuse_unknown(value, ("type", "at", *required), tuple(optional), where)
    given = {**required, **{name: read for name, read in optional.items() if value.get(name) is not None}}
    fields: dict[str, Any] = {}
    for name, read in given.items():
        field, content = read(value, name, where)
        fields[field] = content
    if "address" in optional and ("address" in fields) == ("customer" in fields):
        raise MalformedMessage(where, "needs customer or address: exactly one of them")
    return cast(HistoryLine, made(at_us=instant_of(value["at"], where, latest_us), **fields))


Read: TypeAlias = Callable[[JsonObject, str, str], tuple[str, Any]]
"""Object, name of its field, where it stands -> name of the line's field, and its content."""


def _name(value: JsonObject, name: str, where: str) -> tuple[str, str]:
    return name, name_of(value, name, where)


def _names(value: JsonObject, name: str, where: str) -> tuple[str, tuple[str, ...]]:
    listed = value[name]
    if not isinstance(listed, list) or len(listed) > _MOST_NAMES:
        raise MalformedMessage(where, f"{name} must be a list of at most {_MOST_NAMES} names")
    return name, tuple(name_of({name: item}, name, where) for item in listed)


def _levels(value: JsonObject, name: str, where: str) -> tuple[str, dict[str, int]]:
    levels = value[name]
    if not isinstance(levels, dict):
        raise MalformedMessage(where, f"{name} must be an object of name and level")
    found: dict[str, int] = {}
    for skill, level in levels.items():
        if not isinstance(level, int) or isinstance(level, bool):
            raise MalformedMessage(where, f"{name}: a level must be a whole number from 1 to 100")
        found[skill] = level
    return name, found


def _fields(value: JsonObject, name: str, where: str) -> tuple[str, dict[str, str | int | bool | None]]:
    fields = value[name]
    if not isinstance(fields, dict):
        raise MalformedMessage(where, f"{name} must be an object of name and value")
    found: dict[str, str | int | bool | None] = {}
    for field, content in fields.items():
        if content is not None and not isinstance(content, str | int):
            raise MalformedMessage(where, f"{name}: a value must be text, a whole number, true, false or null")
        found[field] = content
    return name, found


def _truth(value: JsonObject, name: str, where: str) -> tuple[str, bool]:
    truth = value[name]
    if not isinstance(truth, bool):
        raise MalformedMessage(where, f"{name} must be true or false")
    return name, truth


def _text(value: JsonObject, name: str, where: str) -> tuple[str, str]:
    text = value[name]
    if not isinstance(text, str):
        raise MalformedMessage(where, f"{name} must be a string")
    if (fault := text_fault(text)) is not None:
        raise MalformedMessage(where, f"{name} {fault}")
    return name, clean_text(text)


def _files(value: JsonObject, name: str, where: str) -> tuple[str, list[FileData]]:
    """Files of a message: what is known of each. Their bytes stay where they are, and `ref` says where that is."""
    listed = value[name]
    if not isinstance(listed, list):
        raise MalformedMessage(where, f"{name} must be a list of files")
    files: list[FileData] = []
    for index, item in enumerate(listed):
        within = f"{name}[{index}]"
        if not isinstance(item, dict):
            raise MalformedMessage(where, f'{within} must be an object, as {{"kind": "image", "name": ...}}')
        refuse_unknown(item, ("kind",), ("type", "size", "name", "ref"), f"{where}: {within}")
        files.append({part: found for part, found in item.items() if isinstance(found, str | int)})
        if len(files[-1]) < len(item) or any(isinstance(found, bool) for found in item.values()):
            raise MalformedMessage(where, f"{within}: size must be a whole number, all else text")
    if (fault := files_fault(files)) is not None:
        raise MalformedMessage(where, f"{name} {fault}")
    return name, files


def _direction(value: JsonObject, name: str, where: str) -> tuple[str, bool]:
    if value[name] not in ("inbound", "outbound"):
        raise MalformedMessage(where, f"{name} must be inbound or outbound")
    return "inbound", value[name] == "inbound"


def _address(value: JsonObject, name: str, where: str) -> tuple[str, Person]:
    return name, _person(value[name], name, where)


def _addresses(value: JsonObject, name: str, where: str) -> tuple[str, tuple[Person, ...]]:
    listed = value[name]
    if not isinstance(listed, list) or not listed:
        raise MalformedMessage(where, f"{name} must be a list of at least one address")
    return name, tuple(_person(item, f"{name}[{index}]", where) for index, item in enumerate(listed))


def _person(value: JsonValue, name: str, where: str) -> Person:
    if not isinstance(value, dict):
        raise MalformedMessage(where, f'{name} must be an object, as {{"kind": "email", "value": ...}}')
    within = f"{where}: {name}"
    refuse_unknown(value, ("kind", "value"), ("name",), within)
    kind, address = name_of(value, "kind", within), name_of(value, "value", within)
    called = None if value.get("name") is None else refuse_controls(name_of(value, "name", within), "name")
    if kind == "email":
        return Email(address, called)
    return Phone(address, called) if kind == "phone" else Handle(address, called, kind=kind)


_WHOSE: Final[Mapping[str, Read]] = {"customer": _name, "address": _address}

_TYPES: Final[Mapping[str, tuple[type[Any], Mapping[str, Read], Mapping[str, Read]]]] = {
    "agent": (AgentLine, {"id": _name, "teams": _names}, {"skills": _levels, "roles": _names, "name": _name}),
    "customer": (CustomerLine, {"id": _name, "addresses": _addresses}, {"fields": _fields}),
    "consent": (
        ConsentLine,
        {"purpose": _name, "given": _truth},
        {**_WHOSE, "channel": _name, "evidence": _text},
    ),
    "case": (
        CaseLine,
        {"id": _name},
        {**_WHOSE, "number": _name, "topic": _name, "queue": _name, "agent": _name, "fields": _fields},
    ),
    "message": (
        MessageLine,
        {
            "channel": _name,
            "account": _name,
            "id": _name,
            "direction": _direction,
            "address": _address,
            "text": _text,
        },
        {"case": _name, "thread": _name, "agent": _name, "media": _files},
    ),
    "status": (StatusLine, {"case": _name, "status": _name}, {"disposition": _name}),
}
"""Type of line -> class, required fields, optional fields."""
