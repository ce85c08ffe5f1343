"""Twilio's forms: parameters by name, read with care. All of its webhooks are such."""

from __future__ import annotations

from collections.abc import Mapping

from orchestra.channels.urlencoded import read_pairs
from orchestra.errors import MalformedMessage

__all__ = ["Form", "read_parameters"]

_MOST_FIELDS = 1_000
_LONGEST_BODY = 1_000_000
_LONGEST_ID = 512


def read_parameters(body: bytes) -> tuple[tuple[str, str], ...]:
    """Read a body in the encoding of forms, in order.

    Raises:
        MalformedMessage: too large, too many parameters, or not UTF-8.
    """
    return read_pairs(body, most_bytes=_LONGEST_BODY, most_fields=_MOST_FIELDS)


class Form:
    """The parameters of one request, as `channels.fields.Fields` for JSON: every fault names its parameter.

    Unknown ones are passed over: Twilio adds parameters without notice.
    """

    __slots__ = ("_values",)

    def __init__(self, parameters: tuple[tuple[str, str], ...]) -> None:
        values: dict[str, set[str]] = {}
        for name, value in parameters:
            values.setdefault(name, set()).add(value)
        self._values: Mapping[str, set[str]] = values

    def optional(self, name: str) -> str | None:
        """Give a parameter; None if it is missing or empty.

        Raises:
            MalformedMessage: it is there with several values, so that nobody knows which one counts.
        """
        found = self._values.get(name, {""})
        if len(found) > 1:
            raise MalformedMessage(name, "has several values")
        return next(iter(found)) or None

    def text(self, name: str) -> str:
        """Give a parameter that must be there; it may be empty.

        Raises:
            MalformedMessage: it is missing, or has several values.
        """
        if name not in self._values:
            raise MalformedMessage(name, "is missing")
        return self.optional(name) or ""

    def identifier(self, name: str) -> str:
        """Give a parameter of 1 to 512 characters without controls.

        Raises:
            MalformedMessage: it is not.
        """
        found = self.text(name)
        if not 1 <= len(found) <= _LONGEST_ID or not found.isprintable():
            raise MalformedMessage(name, f"must have 1 to {_LONGEST_ID} characters of one line")
        return found

    def optional_identifier(self, name: str) -> str | None:
        """Give a parameter as `identifier` does; None if it is missing or empty."""
        return None if self.optional(name) is None else self.identifier(name)

    def count(self, name: str, most: int) -> int:
        """Give a number from 0 to `most`, 0 where it is missing.

        Raises:
            MalformedMessage: it is no number, or too large.
        """
        found = self.optional(name) or "0"
        if not (found.isascii() and found.isdecimal() and len(found) <= 9 and int(found) <= most):
            raise MalformedMessage(name, f"must be a number of at most {most}")
        return int(found)
