"""What hypothesis draws: events, commands, results, plans and plain data, derived from the model's field types."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from orchestra.errors import (
    CommandRefused,
    InvalidCommand,
    NotAllowedInState,
    NotPermitted,
    OfferExpired,
    UnknownId,
)
from orchestra.model.addresses import Ref
from orchestra.model.commands import COMMANDS, Command
from orchestra.model.events import EVENTS, Event
from orchestra.model.plan import Plan
from orchestra.model.results import Accepted, CaseRef, Received, Written

AWKWARD = (
    *("", '"', "\\", "/", "\x00", "\x1f", "\n\r\t\b\f", "\x7f", "\x80"),
    *("\u2028\u2029", "\ufeff", "\uffff", "😀", "e\u0301", "\\u0041"),
)
"""Texts in which writers of JSON differ."""

TEXTS = st.text(max_size=12) | st.sampled_from(AWKWARD) | st.text(st.sampled_from("".join(AWKWARD)), max_size=6)
"""Any text that has a UTF-8 form."""

FOREIGN_TEXTS = TEXTS.map(lambda text: text.replace("\x00", ""))
"""Texts that an inbox takes: those without NUL."""

LONE_SURROGATES = st.builds("{}{}{}".format, TEXTS, st.characters(categories=["Cs"]), st.just("x"))
"""Texts without a UTF-8 form."""

INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)])

# A slotted class is made from a class without slots, which may still be among the subclasses: the later one counts.
COMMAND_KINDS: dict[str, type[Command]] = {kind.__name__: kind for kind in COMMANDS}
RESULTS: tuple[type[Any], ...] = (Accepted, CaseRef, Received, Written)
REFUSALS: tuple[type[CommandRefused], ...] = (InvalidCommand, NotAllowedInState, NotPermitted, OfferExpired, UnknownId)

SCALARS = st.none() | st.booleans() | INTEGERS | TEXTS

PLAIN = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
"""Plain data, as deep as results and state rows are."""

PLANS = st.sampled_from(
    [
        Plan(),
        Plan.parse("""
        workspace = { default_queue = "care", name = "Küche 😀", seed = 7, key = "KEY" }
        queues.care = { team = "first", skills = { german = 2 }, retry_after = "1m30s" }
        teams.first = { name = "First line" }
        skills = { german = "speaks it" }
        agents.ana = { teams = ["first"], skills = { german = 3 }, name = "Ana Muñoz" }
        agents.ben = { teams = ["first"] }
        roles.lead = { may = ["*"], others = true }
        channels.voice = { live = true, wrap_up = "30s", limit = 1, accounts.main = { queue = "care" } }
        fields.case = { order = "text" }
    """),
        Plan.parse("""
        workspace.default_queue = "care"
        queues.care.team = "first"
        teams.first = {}
        cases = { attach = ["thread"], number = "N{}" }
    """),
    ]
)
"""Sound plans, one with people's names in it, and the empty one."""


def values(annotation: Any, texts: st.SearchStrategy[str] = TEXTS) -> st.SearchStrategy[Any]:
    """Values of a field of this type."""
    scalars = {str: texts, int: INTEGERS, bool: st.booleans(), type(None): st.none(), Plan: PLANS}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in scalars:
        return scalars[annotation]
    if annotation is Ref:
        return st.builds(Ref, texts)
    if origin is Union or origin is types.UnionType:
        return st.one_of([values(member, texts) for member in arguments])
    if origin is list:
        return st.lists(values(arguments[0], texts), max_size=4)
    if origin is dict:
        return st.dictionaries(texts, values(arguments[1], texts), max_size=4)
    assert attrs.has(annotation), annotation
    return instances(annotation, texts)


def instances(kind: type[Any], texts: st.SearchStrategy[str] = TEXTS) -> st.SearchStrategy[Any]:
    """Instances of an attrs class, every field drawn from its type."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name], texts) for field in attrs.fields(kind)})


def events() -> st.SearchStrategy[Event]:
    """Events of every class."""
    return st.sampled_from(sorted(EVENTS)).flatmap(lambda name: instances(EVENTS[name]))


def commands() -> st.SearchStrategy[Command]:
    """Commands of every class, as an inbox takes them."""
    return st.sampled_from(list(COMMAND_KINDS.values())).flatmap(lambda kind: instances(kind, FOREIGN_TEXTS))


def results() -> st.SearchStrategy[Any]:
    """What commands answer: values of the model, or plain data."""
    return PLAIN | st.one_of([instances(kind) for kind in RESULTS])


def refusals() -> st.SearchStrategy[CommandRefused]:
    """Refusals of every class that has attributes."""
    return st.one_of([instances(kind) for kind in REFUSALS])
