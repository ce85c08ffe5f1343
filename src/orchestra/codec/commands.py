"""Commands on their way through an inbox: foreign text, read strictly and within bounds."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any

import attrs

from orchestra.codec.canonical import canonical
from orchestra.codec.readers import object_reader
from orchestra.codec.text import is_array, is_object, is_tuple, refuse_surrogates
from orchestra.errors import MalformedMessage, UnsupportedVersion
from orchestra.model.addresses import Address, Ref, Thread
from orchestra.model.commands import COMMANDS, Command
from orchestra.model.plan import Plan
from orchestra.model.structure import unstructure

__all__ = ["COMMAND_VERSION", "MAX_COMMAND_BYTES", "decode_command", "encode_command"]

COMMAND_VERSION = 1
"""The newest form of commands that this library writes and reads."""

MAX_COMMAND_BYTES = 1_000_000
"""Larger commands are refused: a batch of events has no room for what they would say."""

_KINDS = {kind.__name__: kind for kind in COMMANDS}
_LEAST, _MOST = -(2**63), 2**63 - 1
_MOST_DIGITS = 20


def encode_command(command: Command) -> str:
    """Canonical text of a command, its private fields included: for an inbox, never for a log.

    An object with `command` (the class's name), `version`, and the command's fields, of which those that are None are
    left out. A reference is `{"ref": "order:81"}`, an id plain text.

    Raises:
        MalformedMessage: `decode_command` would refuse the text; `where` is the field's path.
        TypeError: it is no command of `model.commands`.
    """
    name = type(command).__name__
    if _KINDS.get(name) is not type(command):
        raise TypeError(f"{name} is no command of this library")
    data = {field.name: _plain(getattr(command, field.name)) for field in attrs.fields(type(command))}
    data = {field: value for field, value in data.items() if value is not None}
    _reader(name)(data, name)
    text = canonical({**data, "command": name, "version": COMMAND_VERSION}, where=name)
    # Sizes and single values, which only the parser looks at: better refused here than stored and refused there.
    _parse(text)
    return text


def decode_command(text: str) -> Command:
    """The command that a text means.

    Raises:
        MalformedMessage: it is larger than `MAX_COMMAND_BYTES`, not JSON, ambiguous (two equal keys), holds NUL, a lone
            surrogate, a float or a number beyond 64 bits, or is no command with just the fields, of just the types,
            that this library knows. `where` is the path; nothing of a private field is quoted.
        UnsupportedVersion: a newer library wrote it.
    """
    data = _parse(text)
    if not is_object(data):
        raise MalformedMessage("command", "must be an object")
    name, version = data.pop("command", None), data.pop("version", None)
    if type(name) is not str or name not in _KINDS:
        raise MalformedMessage("command", "must be the name of a command")
    if type(version) is not int or version < 1:
        raise MalformedMessage("version", "must be a whole number from 1")
    if version > COMMAND_VERSION:
        raise UnsupportedVersion(f"command {name}", version, COMMAND_VERSION)
    return _reader(name)(data, name)


@functools.cache
def _reader(name: str) -> Callable[[Any, str], Command]:
    return object_reader(_KINDS[name])


def _plain(value: Any) -> Any:
    """Plain data of a field's value: lists for tuples, objects for what is no scalar."""
    if isinstance(value, Ref):
        return {"ref": value.value}
    if isinstance(value, Address | Thread):
        return attrs.asdict(value, filter=lambda _, part: part is not None)
    if isinstance(value, Plan):
        return unstructure(value)
    return [_plain(item) for item in value] if is_tuple(value) or is_array(value) else value


def _parse(text: str) -> Any:
    """Plain data of foreign text."""
    if len(text) > MAX_COMMAND_BYTES or (not text.isascii() and len(_encoded(text)) > MAX_COMMAND_BYTES):
        raise MalformedMessage("command", f"larger than {MAX_COMMAND_BYTES} bytes")
    try:
        value = (_CAREFUL if _LONG_NUMBER.search(text) else _QUICK).decode(text)
    except RecursionError:
        raise MalformedMessage("command", "nested too deeply") from None
    except json.JSONDecodeError as error:
        # Not chained: the decoder's error carries the whole text with it.
        raise MalformedMessage("command", f"not JSON: {error.msg} at character {error.pos}") from None
    if "\\u" in text:
        _refuse_strange_text(value, "command")
    return value


def _encoded(text: str) -> bytes:
    refuse_surrogates(text, "command")
    return text.encode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise MalformedMessage("command", "an object has two equal keys")
    return data


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS or not _LEAST <= int(digits) <= _MOST:
        raise MalformedMessage("command", "a number is beyond 64 bits")
    return int(digits)


def _refuse_number(_: str) -> None:
    raise MalformedMessage("command", "numbers must be whole")


def _decoder(**more: Any) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_unique, parse_float=_refuse_number, parse_constant=_refuse_number, **more
    )


# Looking at each number costs more than all else, and only long ones can be beyond 64 bits.
_LONG_NUMBER = re.compile(r"\d{19}", re.ASCII)
_QUICK, _CAREFUL = _decoder(), _decoder(parse_int=_integer)


def _refuse_strange_text(value: Any, path: str) -> None:
    """Refuse NUL and lone surrogates, which get through JSON as escapes."""
    if isinstance(value, str):
        if "\x00" in value:
            raise MalformedMessage(path, "a text holds NUL")
        refuse_surrogates(value, path)
    elif is_array(value):
        for index, item in enumerate(value):
            _refuse_strange_text(item, f"{path}[{index}]")
    elif is_object(value):
        for key, item in value.items():
            _refuse_strange_text(key, path)
            _refuse_strange_text(item, f"{path}.{key}" if key.isidentifier() else path)
