"""Answers on their way back from an inbox: the value of a command, or its refusal with all its attributes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from orchestra.codec.canonical import canonical
from orchestra.codec.readers import field_types, object_reader
from orchestra.codec.text import is_object, loads
from orchestra.errors import (
    CommandRefused,
    InvalidCommand,
    MalformedMessage,
    MergeVetoed,
    NotAllowedInState,
    NotPermitted,
    OfferExpired,
    Quarantined,
    StaleVersion,
    TooSoon,
    UnknownId,
    UnsupportedVersion,
)
from orchestra.model.results import (
    Accepted,
    ActionAsked,
    CallStanding,
    CaseRef,
    Consulted,
    Consulting,
    ConsultingQueue,
    Dialed,
    Erased,
    Invited,
    Linked,
    OfferedHandOff,
    Promised,
    Received,
    RequestedCallback,
    Stated,
    TakesPart,
    WorkOpened,
    Written,
)

__all__ = ["RESULT_VERSION", "decode_result", "encode_result"]

RESULT_VERSION = 1
"""The newest form of answers that this library writes and reads."""

_VALUES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(
            Accepted,
            ActionAsked,
            CallStanding,
            CaseRef,
            Consulted,
            Consulting,
            ConsultingQueue,
            Dialed,
            Erased,
            Invited,
            Linked,
        ),
        *(OfferedHandOff, Promised, Received, RequestedCallback, Stated, TakesPart, WorkOpened, Written),
    )
}
_REFUSALS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(InvalidCommand, MergeVetoed, NotAllowedInState, NotPermitted, OfferExpired, Quarantined, StaleVersion),
        *(TooSoon, UnknownId),
    )
}


def encode_result(result: Any) -> str:
    """Canonical text of what a command answered.

    Args:
        result: a value of `model.results`, None, plain data, or a `CommandRefused`. A refusal of a class that is not of
            this library becomes a `CommandRefused` with its text.

    Raises:
        TypeError: none of these, or a float among the plain data.
        MalformedMessage: a text holds a lone surrogate.
    """
    name = type(result).__name__
    if _REFUSALS.get(name) is type(result):
        body = {"refused": name, "value": _fields(result)}
    elif isinstance(result, CommandRefused):
        body = {"refused": "CommandRefused", "value": str(result)}
    elif _VALUES.get(name) is type(result):
        body = {"result": name, "value": _fields(result)}
    else:
        body = {"result": "plain", "value": result}
    return canonical({**body, "version": RESULT_VERSION}, where="result")


def decode_result(text: str) -> Any:
    """The value that a command answered.

    Returns:
        What `encode_result` was given; tuples in it as lists.

    Raises:
        CommandRefused: the answer was a refusal: this is it, of its own class with its own attributes.
        MalformedMessage: the text is no answer.
        UnsupportedVersion: a newer library wrote it.
    """
    body = loads(text, "result")
    if not is_object(body) or type(body.get("version")) is not int:
        raise MalformedMessage("result", "must be an object with a version")
    if body["version"] > RESULT_VERSION:
        raise UnsupportedVersion("result", body["version"], RESULT_VERSION)
    if body.keys() == {"result", "value", "version"}:
        return _value(body["result"], body["value"])
    if body.keys() == {"refused", "value", "version"}:
        raise _refusal(body["refused"], body["value"])
    raise MalformedMessage("result", "must have result or refused, value and version")


def _value(name: Any, value: Any) -> Any:
    if name == "plain":
        return value
    if type(name) is not str or name not in _VALUES:
        raise MalformedMessage("result.result", "must be the name of a result")
    return _reader(name)(value, name)


def _refusal(name: Any, value: Any) -> CommandRefused:
    if name == "CommandRefused" and type(value) is str:
        return CommandRefused(value)
    if type(name) is not str or name not in _REFUSALS:
        raise MalformedMessage("result.refused", "must be the name of a refusal")
    refusal: CommandRefused = _reader(name)(value, name)
    return refusal


@functools.cache
def _reader(name: str) -> Callable[[Any, str], Any]:
    return object_reader((_VALUES | _REFUSALS)[name])


def _fields(value: object) -> dict[str, Any]:
    """Fields that are not None. An error is no plain attrs class, so `attrs.asdict` is no help with one."""
    named = {name: getattr(value, name) for name in field_types(type(value))}
    named = {name: _fields(part) if isinstance(part, CaseRef) else part for name, part in named.items()}
    return {name: part for name, part in named.items() if part is not None}
