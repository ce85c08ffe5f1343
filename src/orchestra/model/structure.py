"""Plain data (as a TOML file gives it) into attrs values, collecting every fault with its path.

cattrs stops at types; this adds what people write in plan files: durations as text (`"20s"`, `"1h30m"`), and refusal of
unknown keys with the nearest known one. What is broken can be left out, so that the rest is checked all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_origin

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

__all__ = [
    "Lost",
    "Place",
    "Salvaged",
    "format_duration",
    "microseconds",
    "parse_duration",
    "salvage",
    "structure",
    "unstructure",
]

Value = TypeVar("Value")

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of plain data to a value in it."""

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
_MOST_SHOWN = 60
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=1024)  # a plan has few durations, and each contact asks for ten of them
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
    raise ValueError(f"{_shown(value)} is no duration: write it as text, 20s, 5m, 1h30m, 7d")


def _duration_or_never(value: Any, _: Any) -> timedelta | None:
    """TOML has no word for nothing, so a plan file says `never`."""
    return None if value is None or value == "never" else _duration(value, timedelta)


def _exactly(kind: type[Any]) -> Any:
    def check(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"{_shown(value)} must be of type {kind.__name__}")
        return value

    return check


def _check_containers(converter: cattrs.Converter) -> None:
    def is_mapping(kind: Any) -> bool:
        return get_origin(kind) is Mapping

    def is_sequence(kind: Any) -> bool:
        return get_origin(kind) is Sequence

    def into(plain: Any) -> Any:
        return lambda value, kind: converter.structure(value, plain[get_args(kind)])

    converter.register_structure_hook_factory(is_mapping, lambda _: _of_table(into(dict)))
    converter.register_structure_hook_factory(is_sequence, lambda _: _of_list(into(list)))


def _of_table(build: Any) -> Any:
    def check(value: Any, kind: Any) -> Any:
        if not isinstance(value, Mapping):
            raise TypeError(f"must be a table, not {_shown(value)}")
        return build(value, kind)

    return check


def _of_list(build: Any) -> Any:
    def check(value: Any, kind: Any) -> Any:
        if not isinstance(value, list | tuple):  # a text is a sequence too, of its letters
            raise TypeError(f"must be a list, not {_shown(value)}")
        return build(value, kind)

    return check


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _scalar(value: Any, _: Any) -> Any:
    if value is None or type(value) in (str, int, bool):
        return value
    raise ValueError(f"{_shown(value)} must be text, a whole number, true or false")


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
        lambda cls: _of_table(
            make_dict_structure_fn(
                cls, converter, _cattrs_forbid_extra_keys=True, _cattrs_use_alias=True, _cattrs_detailed_validation=True
            )
        ),
    )
    _check_containers(converter)
    converter.register_unstructure_hook_factory(
        attrs.has,
        lambda cls: make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True, _cattrs_use_alias=True),
    )
    return converter


_CONVERTER = _build()


@attrs.frozen
class Lost:
    """Places of plain data that could not be understood: what depends on them cannot be judged.

    Attributes:
        places: those left out, and those that an unknown key was probably meant for.
    """

    places: frozenset[Place] = frozenset()

    def has(self, *place: str | int) -> bool:
        """Whether this place was lost, or one that it is in."""
        return any(place[: len(lost)] == lost for lost in self.places)

    def touches(self, *place: str | int) -> bool:
        """Whether this place was lost, or anything in it."""
        return self.has(*place) or any(lost[: len(place)] == place for lost in self.places)

    def covers(self, fault: Fault) -> bool:
        """Whether the fault is about what was lost, and so perhaps none."""
        return any(_is_within(fault.path, _text(lost)) for lost in self.places)


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


@attrs.frozen
class Salvaged(Generic[Value]):
    """What could be built from plain data.

    Attributes:
        value: built from what was understood; None if nothing can be built without what was not.
        faults: everything that is wrong with the data's form.
        lost: what was left out.
    """

    value: Value | None
    faults: list[Fault]
    lost: Lost = Lost()


@attrs.frozen
class _Broken:
    """A fault of form: where it is, what to leave out to be rid of it, and the keys that may have been meant."""

    place: Place
    message: str
    drop: Place
    meant: Place | None = None


def structure(data: Any, kind: type[Value]) -> Value | list[Fault]:
    """Build `kind` from plain data, or tell everything that is wrong with the data."""
    try:
        return _CONVERTER.structure(data, kind)
    except BaseValidationError as error:
        return [Fault(_text(broken.place), broken.message) for broken in _broken(error, ())]
    except TypeError as error:
        return [Fault("", str(error))]


def salvage(data: Any, kind: type[Value]) -> Salvaged[Value]:
    """Build `kind` from as much of the plain data as can be understood, and tell everything that is wrong with it.

    What is broken is left out, and so is what cannot be without it: a table that lacks a required key. A broken item of
    a list becomes an empty text where that is an item, so that the others keep their index; else the list is left out.

    Args:
        data: dicts and lists, which are changed.
        kind: what to build.
    """
    faults: list[Fault] = []
    lost: set[Place] = set()
    while True:
        try:
            return Salvaged(_CONVERTER.structure(data, kind), faults, Lost(frozenset(lost)))
        except BaseValidationError as error:
            found = list(_broken(error, ()))
        except TypeError as error:
            return Salvaged(None, [Fault("", str(error))], Lost(frozenset({()})))
        # What only shows when the first is left out follows from it.
        faults = faults or [Fault(_text(broken.place), broken.message) for broken in found]
        lost.update(broken.meant for broken in found if broken.meant is not None)
        if not _drop_all(data, [broken.drop for broken in found], lost):
            return Salvaged(None, faults, Lost(frozenset(lost)))


def _drop_all(data: Any, places: Iterable[Place], lost: set[Place]) -> bool:
    """Leave these places out; False when the root itself would have to go."""
    return all(_drop(data, place, lost) for place in sorted(set(places), key=len))


def _drop(data: Any, place: Place, lost: set[Place]) -> bool:
    lost.add(place)
    if not place:
        return False
    *outer, key = place
    holder = _at(data, place[:-1])
    if isinstance(holder, dict) and key in holder:
        del holder[key]
    elif isinstance(holder, list) and isinstance(key, int) and holder[key] != "":
        holder[key] = ""
    elif holder is not None:  # leaving it out changed nothing
        return _drop(data, tuple(outer), lost)
    return True


def _at(data: Any, place: Place) -> Any:
    """What stands there; None if that was left out already."""
    for key in place:
        if isinstance(data, dict):
            data = data.get(key)
        else:
            data = data[key] if isinstance(data, list) and isinstance(key, int) else None
    return data


def unstructure(value: Any) -> Any:
    """Plain data from which `structure` builds an equal value; whatever is at its default is left out."""
    return _CONVERTER.unstructure(value)


def _broken(error: BaseException, place: Place) -> Iterator[_Broken]:
    if isinstance(error, ClassValidationError | IterableValidationError):
        for inner in error.exceptions:
            yield from _broken(inner, _inside(place, inner))
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [field.alias or field.name for field in attrs.fields(error.cl)]
        for key in sorted(error.extra_fields):
            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            meant = (*place, near[0]) if near else None
            yield _Broken((*place, key), f"is not known here; {hint}", (*place, key), meant)
    elif isinstance(error, KeyError):
        yield _Broken(place, "is required", place[:-1])
    else:
        yield _Broken(place, str(error) or type(error).__name__, place)


def _inside(place: Place, inner: BaseException) -> Place:
    for note in getattr(inner, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (*place, note.name)
        if isinstance(note, IterableValidationNote):
            return (*place, note.index)
    return place


def _text(place: Place) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".")
