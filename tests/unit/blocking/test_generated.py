"""The generated half of the blocking door: it is what the generator writes now, and lacks nothing of the async API."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from tests.blocking_generator import INTERNAL, SOURCES, TARGET, _docstring, _words, generate

import orchestra
from orchestra import blocking
from orchestra.runtime import agents, client, offers, sessions, workspace

PAIRS = [
    (offers.Offer, blocking.Offer),
    (agents.ActiveContact, blocking.ActiveContact),
    (sessions.AgentSession, blocking.AgentSession),
    (client.Client, blocking.Client),
    (workspace.Workspace, blocking.Workspace),
]


def _public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_checked_in_is_what_the_generator_writes(name: str) -> None:
    assert (TARGET / f"{name}.py").read_text("utf-8") == generate(name), "run `python -m tests.blocking_generator`"


@pytest.mark.parametrize(("there", "here"), PAIRS)
def test_every_public_method_has_a_counterpart(there: type, here: type) -> None:
    assert _public(there) - _public(here) - INTERNAL.keys() - {"open"} == set()
    assert _public(here) - _public(there) <= {"behind", "close", "journal", "key", "plan", *there.__annotations__}


@pytest.mark.parametrize(("there", "here"), PAIRS)
def test_arguments_are_the_same(there: type, here: type) -> None:
    for name in _public(there) & _public(here):
        if inspect.isfunction(getattr(there, name)):
            assert _arguments(getattr(there, name)) == _arguments(getattr(here, name)), name


@pytest.mark.parametrize(
    ("there", "here"), [(orchestra.connect, blocking.connect), (orchestra.Workspace.open, blocking.open)]
)
def test_both_ways_in_take_the_same(there: Callable[..., Any], here: Callable[..., Any]) -> None:
    assert _arguments(there) == _arguments(here)


def _arguments(function: Callable[..., Any]) -> list[tuple[str, str, Any]]:
    listed = inspect.signature(function).parameters.values()
    return [(p.name, p.kind.name, p.default) for p in listed if p.name not in {"self", "timeout"}]


def test_nothing_listed_as_internal_is_gone_already() -> None:
    assert INTERNAL.keys() <= {name for there, _ in PAIRS for name in _public(there)}


def test_a_docstring_that_speaks_of_the_event_loop_is_refused() -> None:
    with pytest.raises(AssertionError, match="not fit to block"):
        _docstring("Call it from any task.", "    ")


def test_a_reworded_docstring_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no longer says"):
        _words("connect", "Something else.")
