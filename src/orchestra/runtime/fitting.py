"""Whether what a caller hands in is of the types that its class declares, checked once, at the door.

Past the door values are trusted: a number where a text belongs would break whatever meets it first, far from its cause.
Belongs here: types. Does not: bounds, and what a value means.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Union, get_args, get_origin

import attrs

from orchestra.codec.readers import field_types
from orchestra.model.plan import Plan

__all__ = ["misfit", "parts_of"]

_Check = Callable[[Any], bool]

_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    type(None): "None",
    datetime: "a datetime",
}


def misfit(value: Any) -> tuple[str, str] | None:
    """The path of the first field of an attrs value that is not of its declared type, and what it must be.

    Never quotes the field: it may be private. None if all fit.
    """
    for part, field in zip(parts_of(value), _fields(type(value)), strict=True):
        if type(part) in field.plain:
            continue
        if not field.fits(part):
            instead = "" if isinstance(part, list | tuple | Mapping) else f", not {type(part).__name__}"
            return field.name, f"must be {field.words}{instead}"
        if field.is_value and (inner := misfit(part)) is not None:
            return f"{field.name}.{inner[0]}", inner[1]
    return None


def parts_of(value: Any) -> tuple[Any, ...]:
    """What stands in the fields of an attrs value, in their order."""
    kind = type(value)
    take = _TAKERS.get(kind)
    if take is None:
        take = _TAKERS[kind] = _taker(kind)
    return take(value)


def _taker(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    names = [field.name for field in attrs.fields(kind)]
    take = attrgetter(*names)
    return take if len(names) > 1 else lambda value: (take(value),)


@attrs.frozen
class _Field:
    """What a field may hold.

    Attributes:
        plain: types that fit without a second look: nearly all fields, so the others' checks need not be quick.
        fits: whether a value of any other type fits.
        words: what it must be.
        is_value: it has fields of its own that are to be looked at.
    """

    name: str
    plain: frozenset[Any]
    fits: _Check
    words: str
    is_value: bool

    @classmethod
    def of(cls, name: str, annotation: Any) -> _Field:
        plain = frozenset(choice for choice in _choices(annotation) if choice in _WORDS)
        return cls(name, plain, _check_of(annotation), _words_of(annotation), _has_fields(annotation))


_TAKERS: dict[type[Any], Callable[[Any], tuple[Any, ...]]] = {}
_FIELDS: dict[type[Any], tuple[_Field, ...]] = {}


def _fields(kind: type[Any]) -> tuple[_Field, ...]:
    found = _FIELDS.get(kind)
    if found is None:
        found = tuple(_Field.of(name, annotation) for name, annotation in field_types(kind).items())
        _FIELDS[kind] = found
    return found


def _choices(annotation: Any) -> tuple[Any, ...]:
    is_union = get_origin(annotation) in (Union, types.UnionType)
    return get_args(annotation) if is_union else (annotation,)


def _has_fields(annotation: Any) -> bool:
    """A plan tells its own faults, with their paths."""
    choices = [choice for choice in _choices(annotation) if choice is not type(None)]
    return all(attrs.has(choice) and choice is not Plan for choice in choices)


def _check_of(annotation: Any) -> _Check:
    choices = _choices(annotation)
    if len(choices) > 1:
        checks = [_check_of(choice) for choice in choices]
        return lambda value: any(fits(value) for fits in checks)
    arguments = get_args(annotation)
    if not arguments:
        # A truth is a number to Python and to nobody else.
        return _is_number if annotation is int else lambda value: isinstance(value, annotation)
    if get_origin(annotation) in (list, Sequence):
        item = _check_of(arguments[0])
        return lambda value: isinstance(value, list | tuple) and all(map(item, value))
    origin: Any = get_origin(annotation)
    of_key, of_item = map(_check_of, arguments)
    return lambda value: isinstance(value, origin) and all(of_key(key) and of_item(item) for key, item in value.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _words_of(annotation: Any) -> str:
    choices = _choices(annotation)
    if len(choices) > 1:
        return " or ".join(map(_words_of, choices))
    arguments = get_args(annotation)
    if get_origin(annotation) in (list, Sequence):
        return f"a list of {_words_of(arguments[0])}"
    if arguments:
        return f"a mapping of {_words_of(arguments[0])} to {_words_of(arguments[1])}"
    name: str = annotation.__name__
    return _WORDS.get(annotation) or f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
