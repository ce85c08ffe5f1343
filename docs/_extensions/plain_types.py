"""Types and docstrings of attrs classes in words, for readers of plan files and catalogues.

What belongs here: Python in, words out. What does not: tables, Sphinx.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from orchestra.model.structure import format_duration

__all__ = ["default_in_words", "described", "hints", "plain_type", "type_in_words"]

_WORDS: Mapping[Any, str] = {str: "text", int: "whole number", bool: "true or false", timedelta: "duration"}
_ATTRIBUTE = re.compile(r"^ {4}(\w+): ?(.*(?:\n {8,}.*)*)", re.MULTILINE)


def described(kind: type[Any]) -> tuple[str, dict[str, str]]:
    """What a class's docstring says: its text, and field -> meaning from its section "Attributes"."""
    text, _, attributes = inspect.cleandoc(kind.__doc__ or "").partition("\nAttributes:\n")
    meanings = {name: re.sub(r"\s+", " ", meaning).strip() for name, meaning in _ATTRIBUTE.findall(attributes)}
    return text.strip(), meanings


def hints(kind: type[Any]) -> dict[str, Any]:
    """Field -> its type, resolved."""
    return get_type_hints(kind)


def type_in_words(kind: Any) -> str:
    """A type as people say it: `list of text`, `table: name -> whole number`."""
    if kind in _WORDS:
        return _WORDS[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(type_in_words(one) for one in arguments if one is not type(None))
    if origin is not None and issubclass(origin, Mapping):
        return f"table: name → {type_in_words(arguments[1])}"
    if origin is not None and issubclass(origin, Sequence):
        return f"list of {type_in_words(arguments[0])}"
    return str(kind.__name__)


def plain_type(annotation: Any) -> str:
    """An annotation as it stands in the code, without module names."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b[a-z_]\w*(?:\.[a-z_]\w*)*\.(?=[A-Z])", "", text)


def default_in_words(field: attrs.Attribute[Any]) -> str:
    """A field's default: `required` if it has none."""
    value = field.default
    if value is attrs.NOTHING:
        return "required"
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return "empty"
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value) or "empty"
    return f"`{value}`" if value != "" else "empty"
