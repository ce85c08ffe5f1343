"""Plain data (as a TOML file gives it) into attrs values, collecting every fault with its path.

cattrs stops at types; this adds what people write in plan files: durations as text (`"20s"`, `"1h30m"`), and refusal of
unknown keys with the nearest known one.
"""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from orchestra.errors import Fault

__all__ = ["format_duration", "microseconds", "parse_duration", "structure", "unstructure"]

Value = TypeVar("Value")

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
}
_PART = re.compile(r"(\d{1,9})\s*(us|ms|w|d|h|m|s)\s*", re.ASCII)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(duration: timedelta) -> int:
    """The duration as whole microseconds."""
    return duration // _MICROSECOND


def parse_duration(text: str) -> timedelta:
    """Read `20s`, `5m`, `1h30m`, `7d`, `2w`, `250ms` or `15us`.

    Raises:
        ValueError: any other text.
    """
    total, end = timedelta(), 0
    for part in _PART.finditer(text):
        if part.start() != end:
            break
        try:
            total += int(part[1]) * _UNITS[part[2]]
        except OverflowError as error:
            raise ValueError(f"{text!r} is longer than any calendar") from error
        end = part.end()
    if not text or end != len(text):
        raise ValueError(f"{text!r} is no duration: write 20s, 5m, 1h30m, 7d")
    return total


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back to the same duration."""
    left, parts = microseconds(duration), []
    for unit, size in _UNITS.items():
        count, left = divmod(left, microseconds(size))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _duration(value: Any, _: type[timedelta]) -> timedelta:
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(f"{value!r} is no duration: write it as text, 20s, 5m, 1h30m, 7d")


def _duration_or_never(value: Any, _: Any) -> timedelta | None:
    """TOML has no word for nothing, so a plan file says `never`."""
    return None if value is None or value == "never" else _duration(value, timedelta)


def _exactly(kind: type[Any]) -> Any:
    def check(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"{value!r} must be of type {kind.__name__}")
        return value

    return check


def _scalar(value: Any, _: Any) -> Any:
    if value is None or type(value) in (str, int, bool):
        return value
    raise ValueError(f"{value!r} must be text, a whole number, true or false")


def _build() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True, omit_if_default=True)
    converter.register_structure_hook(timedelta, _duration)
    # By predicate: the oldest cattrs that is supported takes no union as a key.
    converter.register_structure_hook_func(lambda kind: kind == timedelta | None, _duration_or_never)
    converter.register_unstructure_hook(timedelta, format_duration)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(str | int | bool | None, _scalar)
    converter.register_structure_hook(str | int | bool, _scalar)
    converter.register_structure_hook_factory(
        attrs.has,
        lambda cls: make_dict_structure_fn(
            cls, converter, _cattrs_forbid_extra_keys=True, _cattrs_use_alias=True, _cattrs_detailed_validation=True
        ),
    )
    converter.register_unstructure_hook_factory(
        attrs.has,
        lambda cls: make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True, _cattrs_use_alias=True),
    )
    return converter


_CONVERTER = _build()


def structure(data: Any, kind: type[Value]) -> Value | list[Fault]:
    """Build `kind` from plain data, or tell everything that is wrong with the data."""
    try:
        return _CONVERTER.structure(data, kind)
    except BaseValidationError as error:
        return _faults(error, "")


def unstructure(value: Any) -> Any:
    """Plain data from which `structure` builds an equal value; whatever is at its default is left out."""
    return _CONVERTER.unstructure(value)


def _faults(error: BaseException, path: str) -> list[Fault]:
    if isinstance(error, ClassValidationError | IterableValidationError):
        faults = []
        for inner in error.exceptions:
            faults.extend(_faults(inner, _join(path, inner)))
        return faults
    if isinstance(error, ForbiddenExtraKeysError):
        known = [field.alias or field.name for field in attrs.fields(error.cl)]
        return [Fault(f"{path}.{key}".lstrip("."), _unknown(key, known)) for key in sorted(error.extra_fields)]
    if isinstance(error, KeyError):
        return [Fault(f"{path}".lstrip("."), "is required")]
    return [Fault(path, str(error) or type(error).__name__)]


def _unknown(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, 1)
    return f"is not known here; did you mean {near[0]}?" if near else f"is not known here; known: {', '.join(known)}"


def _join(path: str, inner: BaseException) -> str:
    for note in getattr(inner, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return f"{path}.{note.name}".lstrip(".")
        if isinstance(note, IterableValidationNote):
            index = note.index
            return f"{path}[{index}]" if isinstance(index, int) else f"{path}.{index}".lstrip(".")
    return path
