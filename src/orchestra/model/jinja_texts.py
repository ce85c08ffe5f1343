"""The `jinja` extra: wordings that differ by their facts, in Jinja's sandbox. The one module that imports it.

Of its language conditions and comments are let in, and nothing else: no loop, no call, no arithmetic, no attribute. So
a wording that was taken cannot fail and cannot take long, whatever its facts hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, total_ordering
from importlib import import_module
from typing import Any

import attrs

__all__ = ["NeedsJinja", "Shown", "jinja_names", "jinja_text"]

_CONDITIONS = ("If", "CondExpr", "Compare", "Operand", "And", "Or", "Not")
_LET_IN = frozenset({"Template", "Output", "TemplateData", "Name", "Const", "List", *_CONDITIONS})
_OPERATORS = frozenset(["eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin"])


class NeedsJinja(ValueError):
    """The `jinja` extra is not installed."""

    def __init__(self) -> None:
        super().__init__("needs the jinja extra: pip install 'orchestra-cx[jinja]'")


@total_ordering
@attrs.frozen(eq=False)
class Shown:
    """A fact in a wording: compared as it is, written as its medium has to write it."""

    value: str | int
    written: str

    def __eq__(self, other: object) -> bool:
        """Whether it is that."""
        return self.value == (other.value if isinstance(other, Shown) else other)

    def __lt__(self, other: object) -> bool:
        """Whether it is less; what cannot be compared is not."""
        than = other.value if isinstance(other, Shown) else other
        if isinstance(self.value, int) and isinstance(than, int):
            return self.value < than
        return isinstance(self.value, str) and isinstance(than, str) and self.value < than

    def __hash__(self) -> int:
        """As of what it is."""
        return hash(self.value)

    def __bool__(self) -> bool:
        """Whether it is anything but nothing or an empty text."""
        return bool(self.value)

    def __str__(self) -> str:
        """As it is written."""
        return self.written


def jinja_names(source: str) -> set[str]:
    """The facts that a wording names.

    Raises:
        NeedsJinja: the extra is not installed.
        ValueError: it is none, or asks for more than conditions.
    """
    environment, errors = _environment()
    try:
        tree = environment.parse(source)
    except errors as error:
        raise ValueError(f"line {getattr(error, 'lineno', 1)}: {error}") from None
    names: set[str] = set()
    for node in _below(tree):
        kind = type(node).__name__
        if kind not in _LET_IN:
            raise ValueError(f"line {node.lineno}: {kind} is not let in, but conditions alone")
        if kind == "Compare":
            _check_compare(node)
        if kind == "CondExpr" and node.expr2 is None:
            raise ValueError(f"line {node.lineno}: must say what stands there else")
        if kind == "Name":
            names.add(node.name)
    return names


def _check_compare(node: Any) -> None:
    """A fact is compared with one thing, and is in a list, never in a text: nothing else is sure to have an answer."""
    if type(node.expr).__name__ != "Name" or len(node.ops) != 1 or node.ops[0].op not in _OPERATORS:
        raise ValueError(f"line {node.lineno}: a comparison begins with a fact, and compares it once")
    if (node.ops[0].op in ("in", "notin")) != (type(node.ops[0].expr).__name__ == "List"):
        raise ValueError(f"line {node.lineno}: a fact is in a list, as in [1, 2], and compared with anything else")


def _below(node: Any) -> Iterator[Any]:
    yield node
    for child in node.iter_child_nodes():
        yield from _below(child)


def jinja_text(source: str, facts: Mapping[str, Shown]) -> str:
    """A wording, of which `jinja_names` says that it is one, with all the facts that it names.

    Raises:
        NeedsJinja: the extra is not installed.
    """
    text: str = _compiled(source).render(facts)
    return text


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Any:
    return _environment()[0].from_string(source)


@lru_cache(maxsize=1)
def _environment() -> tuple[Any, type[Exception]]:
    """The sandbox, and what it raises of what is no wording."""
    try:
        jinja, sandbox = import_module("jinja2"), import_module("jinja2.sandbox")
    except ModuleNotFoundError as error:
        raise NeedsJinja from error
    options = {"autoescape": False, "undefined": jinja.StrictUndefined, "keep_trailing_newline": True}
    environment = sandbox.ImmutableSandboxedEnvironment(**options)
    environment.globals.clear()
    return environment, jinja.TemplateSyntaxError
