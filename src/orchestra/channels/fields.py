"""Typed reading of foreign JSON objects: each wrong or missing field is an error that names its path.

An adapter reads through `Fields`, so that no KeyError or TypeError of a hostile payload can escape it.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.channels.safe_json import JsonObject, JsonValue
from orchestra.errors import MalformedMessage

__all__ = ["Fields"]

_MAX_ID_LENGTH = 512


class Fields:
    """One JSON object and the path at which it stands in the payload.

    Every method raises `MalformedMessage` with the field's path, never with its value.
    """

    __slots__ = ("_object", "_path")

    def __init__(self, value: JsonValue, path: str) -> None:
        """Take a parsed value that must be an object."""
        if not isinstance(value, dict):
            raise MalformedMessage(path, "must be an object")
        self._object: JsonObject = value
        self._path = path

    def __contains__(self, name: str) -> bool:
        """Tell whether the field is there and not null: providers use both for "absent"."""
        return self._object.get(name) is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that hold something, neither null nor false, in the payload's order."""
        return tuple(name for name, value in self._object.items() if value is not None and value is not False)

    @property
    def path(self) -> str:
        """Where the object stands, as in `events[2].from`."""
        return self._path

    def text(self, name: str) -> str:
        """Give a string, which may be empty."""
        value = self._required(name)
        if not isinstance(value, str):
            raise self._wrong(name, "must be a string")
        return value

    def identifier(self, name: str) -> str:
        """Give a string of 1 to 512 characters: an id that a provider made."""
        value = self.text(name)
        if not 1 <= len(value) <= _MAX_ID_LENGTH:
            raise self._wrong(name, f"must have 1 to {_MAX_ID_LENGTH} characters")
        return value

    def optional_identifier(self, name: str) -> str | None:
        """Give an id, or None where there is none."""
        return self.identifier(name) if name in self else None

    def integer(self, name: str) -> int:
        """Give a whole number; true and false are none."""
        value = self._required(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "must be a whole number")
        return value

    def number(self, name: str) -> int | float:
        """Give a number, whole or not; true and false are none."""
        value = self._required(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong(name, "must be a number")
        return value

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Give true or false; `default` where the field is absent, unless that is None."""
        if default is not None and name not in self:
            return default
        value = self._required(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "must be true or false")
        return value

    def is_true(self, name: str) -> bool:
        """Tell whether the field is `true`, and not anything else that another kind of answer may hold there."""
        return self._object.get(name) is True

    def is_number(self, name: str) -> bool:
        """Tell whether the field is a number: some providers write numbers as text, or now and then."""
        value = self._object.get(name)
        return isinstance(value, int | float) and not isinstance(value, bool)

    def child(self, name: str) -> Fields:
        """Give the object inside this one."""
        return Fields(self._required(name), self._at(name))

    def items(self, name: str) -> list[JsonValue]:
        """Give a list, empty where the field is absent."""
        value = self._object.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "must be a list")
        return value

    def children(self, name: str) -> Iterator[Fields]:
        """Give the objects of a list one by one; the first item that is no object raises when it is reached."""
        for index, item in enumerate(self.items(name)):
            yield Fields(item, f"{self._at(name)}[{index}]")

    def identifiers(self, name: str) -> tuple[str, ...]:
        """Give a list of ids."""
        found = self.items(name)
        if not all(isinstance(item, str) and 1 <= len(item) <= _MAX_ID_LENGTH for item in found):
            raise self._wrong(name, "must be a list of ids")
        return tuple(str(item) for item in found)

    def _required(self, name: str) -> JsonValue:
        value = self._object.get(name)
        if value is None:
            raise self._wrong(name, "is missing")
        return value

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}"

    def _wrong(self, name: str, reason: str) -> MalformedMessage:
        return MalformedMessage(self._at(name), reason)
