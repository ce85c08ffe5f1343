"""Conditions as functions, made once for a plan, and the calls of an application's predicates.

Belongs here: whether a condition holds. Does not: what follows (`firing`), and what is wrong with one (`model`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestra.engine.rules.scene import Scene, reader
from orchestra.model.rules import Plain, Predicates, When

__all__ = ["Holds", "NoAnswer", "compiled"]

Holds = Callable[[Scene], bool]


class NoAnswer(Exception):
    """A predicate said neither yes nor no. Its text says why, and nothing that the predicate said."""


def compiled(when: When, predicates: Predicates) -> Holds:
    """What tells whether a condition holds; asks the predicate last, and only if all else holds.

    Raises (the function):
        NoAnswer: the predicate gave no answer.
    """
    parts = list(_parts(when, predicates))
    return lambda scene: all(holds(scene) for holds in parts)


def _parts(when: When, predicates: Predicates) -> Iterator[Holds]:
    if when.field is not None:
        yield _compared(when, when.field)
    every, some, no = ([compiled(inner, predicates) for inner in inners] for inners in (when.all, when.any, when.none))
    yield from every
    if some:
        yield lambda scene: any(holds(scene) for holds in some)
    if no:
        yield lambda scene: not any(holds(scene) for holds in no)
    if when.predicate is not None:
        name = when.predicate
        yield lambda scene: _asked(name, predicates, scene)


def _compared(when: When, field: str) -> Holds:
    read, compare, with_what = reader(field), _COMPARE[when.operator], _compared_with(when)
    return lambda scene: compare(read(scene), with_what)


def _compared_with(when: When) -> Any:
    return when.values if when.operator in ("one_of", "none_of") else when.value


def _is(value: Plain | None, other: Any) -> bool:
    """A truth is a number to Python, and to nobody else."""
    return value == other and type(value) is type(other)


def _one_of(value: Plain | None, others: Any) -> bool:
    return any(_is(value, other) for other in others)


def _is_least(least: Any, value: Any) -> bool:
    return least is not None and value is not None and type(least) is type(value) and bool(least <= value)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": _is,
    "is_not": lambda value, other: not _is(value, other),
    "one_of": _one_of,
    "none_of": lambda value, others: not _one_of(value, others),
    "at_least": lambda value, other: _is_least(other, value),
    "at_most": _is_least,
    "is_set": lambda value, _: value is not None,
    "is_not_set": lambda value, _: value is None,
}


def _asked(name: str, predicates: Predicates, scene: Scene) -> bool:
    predicate = predicates.get(name)
    if predicate is None:  # a plan may be in force that names what this process does not have
        raise NoAnswer(f"predicate {name} is not registered")
    try:
        answer = predicate(scene.occasion())
    except Exception as error:
        raise NoAnswer(f"predicate {name} raised {type(error).__name__}") from error
    if type(answer) is not bool:
        raise NoAnswer(f"predicate {name} gave {type(answer).__name__}, not true or false")
    return answer
