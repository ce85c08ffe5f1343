"""Readers: from a type annotation, once, to a function that lets exactly that type through and names the path if not.

Readers look at types and names only; bounds on size and on single values are the caller's.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from orchestra.codec.text import TEXT, is_array, is_object
from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Ref
from orchestra.model.plan import Plan
from orchestra.model.structure import parse_duration, structure

__all__ = ["Reader", "field_types", "object_reader", "reader_of"]

Reader = Callable[[Any, str], Any]
"""(plain value, path) -> value of the field; MalformedMessage with the path otherwise."""

Kind = TypeVar("Kind")

_WORDS = {str: "text", int: "a whole number", bool: "true or false", type(None): "null"}
_MOST_SHOWN = 40
_MOST_OF_REASON = 200


def field_types(kind: type[Any]) -> dict[str, Any]:
    """Field -> resolved type, of an attrs class, in the order of its fields."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in _fields(kind)}


def _fields(kind: Any) -> tuple[attrs.Attribute[Any], ...]:
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(kind)
    return fields


def reader_of(annotation: Any) -> Reader:
    """The reader for a type.

    Args:
        annotation: str, int, bool, None, `timedelta`, `list[...]` or `Sequence[...]`, `dict[str, ...]` or
            `Mapping[str, ...]`, an attrs class, or a union of scalars and at most one of the others.

    Raises:
        TypeError: any other annotation: the model has a type that no reader was written for.
    """
    if annotation in _WORDS:
        return _scalar(frozenset({annotation}))
    origin = get_origin(annotation)
    if origin is Union or origin is types.UnionType:
        return _union(get_args(annotation))
    if origin is list or origin is Sequence:
        return _list(get_args(annotation)[0])
    if (origin is dict or origin is Mapping) and get_args(annotation)[0] is str:
        return _map(get_args(annotation)[1])
    if annotation is timedelta:
        return _read_duration
    if annotation is Plan:
        return _read_plan
    if annotation is Ref:
        return _read_ref
    if attrs.has(annotation):
        return object_reader(annotation)
    raise TypeError(f"no reader for {annotation!r}")


def object_reader(kind: type[Kind]) -> Callable[[Any, str], Kind]:
    """A reader of an attrs class from an object with its fields' names.

    What has a default, or may be None, may be missing.
    """
    hints = field_types(kind)
    readers = {
        name: _later(annotation) if _holds(annotation, kind) else reader_of(annotation)
        for name, annotation in hints.items()
    }
    bare = [field.name for field in _fields(kind) if field.default is attrs.NOTHING]
    nothing = {name: None for name in bare if types.NoneType in get_args(hints[name])}
    required = [name for name in bare if name not in nothing]

    def read(value: Any, path: str) -> Kind:
        if not is_object(value):
            raise MalformedMessage(path, "must be an object")
        if not readers.keys() >= value.keys():
            unknown = min(value.keys() - readers.keys())
            raise MalformedMessage(path, f"has no field {_shown(unknown)}")
        for name in required:
            if name not in value:
                raise MalformedMessage(f"{path}.{name}", "is required")
        return kind(**nothing | {name: readers[name](item, f"{path}.{name}") for name, item in value.items()})

    return read


def _holds(annotation: Any, kind: type[Any]) -> bool:
    """Whether a type is a class or contains it, as where values of one class stand in each other."""
    return annotation is kind or any(_holds(inner, kind) for inner in get_args(annotation))


def _later(annotation: Any) -> Reader:
    """A reader that is made when it is first needed."""
    made = functools.cache(lambda: reader_of(annotation))

    def read(value: Any, path: str) -> Any:
        return made()(value, path)

    return read


def _scalar(exact: frozenset[Any]) -> Reader:
    reason = f"must be {_words(exact)}"

    def read(value: Any, path: str) -> Any:
        if type(value) not in exact:
            raise MalformedMessage(path, reason)
        return value

    return read


def _union(members: Collection[Any]) -> Reader:
    exact = frozenset(member for member in members if member in _WORDS)
    others = [member for member in members if member not in _WORDS]
    if not others:
        return _scalar(exact)
    if len(others) > 1:
        raise TypeError(f"no reader for a union of {others!r}")
    read_other = reader_of(others[0])

    def read(value: Any, path: str) -> Any:
        return value if type(value) in exact else read_other(value, path)

    return read


def _scalars_in(annotation: Any) -> frozenset[Any]:
    """The types that an item may have if it is a scalar; empty if it is something else."""
    members = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return frozenset(members) if all(member in _WORDS for member in members) else frozenset()


def _list(item: Any) -> Reader:
    exact, read_item = _scalars_in(item), reader_of(item)

    def read(value: Any, path: str) -> Any:
        if not is_array(value):
            raise MalformedMessage(path, "must be a list")
        if exact and exact.issuperset(map(type, value)):
            return value
        return [read_item(one, f"{path}[{index}]") for index, one in enumerate(value)]

    return read


def _map(item: Any) -> Reader:
    exact, read_item = _scalars_in(item), reader_of(item)

    def read(value: Any, path: str) -> Any:
        if not is_object(value):
            raise MalformedMessage(path, "must be an object")
        if not TEXT.issuperset(map(type, value)):
            raise MalformedMessage(path, "must have keys of text")
        if exact and exact.issuperset(map(type, value.values())):
            return value
        return {key: read_item(one, f"{path}.{_shown(key)}") for key, one in value.items()}

    return read


def _read_ref(value: Any, path: str) -> Ref:
    if not is_object(value) or value.keys() != {"ref"} or type(value["ref"]) is not str:
        raise MalformedMessage(path, 'must be an id, or a reference as {"ref": "..."}')
    return Ref(value["ref"])


def _read_duration(value: Any, path: str) -> timedelta:
    if type(value) is not str:
        raise MalformedMessage(path, "must be a duration as text: 20s, 5m, 1h30m, 7d")
    try:
        return parse_duration(value)
    except (ValueError, OverflowError):
        raise MalformedMessage(path, "must be a duration: 20s, 5m, 1h30m, 7d") from None


@functools.cache
def _plan_reader() -> Reader:
    return object_reader(Plan)


def _read_plan(value: Any, path: str) -> Plan:
    # `structure` collects every fault, which is right for a file that somebody edits and slow on hostile data.
    _plan_reader()(value, path)
    plan = structure(value, Plan)
    if isinstance(plan, list):
        raise MalformedMessage(f"{path}.{plan[0].path}".rstrip("."), plan[0].message[:_MOST_OF_REASON])
    return plan


def _words(exact: Collection[Any]) -> str:
    return " or ".join(word for kind, word in _WORDS.items() if kind in exact)


def _shown(key: str) -> str:
    """A foreign name as it may stand in a message: short, and without characters that forge a line."""
    return key if key.isidentifier() and key.isascii() and len(key) <= _MOST_SHOWN else ascii(key[:_MOST_SHOWN])
