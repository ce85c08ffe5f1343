"""An application's own actions: how the plan has them tried, and what their functions are given and give.

Belongs here: the values. Does not: deciding when one is tried (`engine.actions`), and calling it (`runtime.acting`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import TypeAlias

import attrs

from orchestra.errors import Fault

__all__ = ["ActionFunction", "ActionFunctions", "ActionNames", "ActionRequest", "Actions", "Value", "check_actions"]

Value: TypeAlias = str | int | bool
"""What an action is given and gives, by name. Never personal data: it is part of the facts."""


@attrs.frozen
class Actions:
    """How the application's own actions are tried.

    Attributes:
        attempts: how often one is tried, at most; 8 unless stated.
        first_retry: the longest wait after the first attempt; it doubles with each further one.
        longest_retry: the longest wait ever.
        time_out: how long an attempt may take; one that takes longer is ended, and tried again.
    """

    attempts: int = 8
    first_retry: timedelta = timedelta(seconds=2)
    longest_retry: timedelta = timedelta(hours=1)
    time_out: timedelta = timedelta(minutes=1)


@attrs.frozen
class ActionRequest:
    """What an action's function is given.

    Attributes:
        id: of the request.
        action: its name and version.
        key: the same for every attempt of this request and for no other: whatever is done under it is done once.
        attempt: which it is, from 1.
        values: what was asked for with it.
        customer: whose matter it is, if it is anybody's.
        case: the case that it belongs to, if it belongs to one.
        interaction: the interaction that it is about, if it is about one.
    """

    id: str
    action: str
    key: str
    attempt: int
    values: Mapping[str, Value]
    customer: str | None
    case: str | None
    interaction: str | None


ActionFunction: TypeAlias = Callable[[ActionRequest], Awaitable[Mapping[str, Value] | None]]
"""Does it, and gives what came of it. It may be called more than once for a request, always under the same key."""

ActionFunctions: TypeAlias = Mapping[str, ActionFunction]
"""Name with version, as `refund@1` -> the function."""


@attrs.define
class ActionNames:
    """Which actions a process can do.

    Attributes:
        names: with their versions; there may be more later.
        is_complete: whether all that the plan and requests name must be among them from the beginning.
    """

    names: set[str] = attrs.field(factory=set)
    is_complete: bool = False


def check_actions(actions: Actions) -> Iterator[Fault]:
    """Everything wrong in how actions are tried."""
    if actions.attempts < 1:
        yield Fault("actions.attempts", "must be at least 1")
    for field in ("first_retry", "longest_retry", "time_out"):
        if getattr(actions, field) <= timedelta():
            yield Fault(f"actions.{field}", "must be longer than nothing")
