"""What is refused at the door: what is no command, and commands that could never be stored or are absurdly long.

Belongs here: what the engine must not see. Does not: which types fit (`fitting`), and what depends on the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import iscoroutinefunction
from itertools import chain
from pathlib import Path
from typing import Any

import attrs

from orchestra.errors import DefinitionError, Fault, InvalidCommand
from orchestra.journal.chain import LARGEST
from orchestra.journal.port import Journal
from orchestra.model.addresses import Ref
from orchestra.model.commands import COMMANDS, Command
from orchestra.model.correlating import CaseScore
from orchestra.model.plan import Plan
from orchestra.model.routing import NAMED
from orchestra.model.scores import ProfileScore, Score
from orchestra.runtime.fitting import misfit, parts_of
from orchestra.runtime.lines import Line
from orchestra.runtime.sources import Knowledge, Source

__all__ = ["refuse_no_id", "refuse_odd_setup", "refuse_unstorable"]

_LONGEST = 2_000
_LEAST = -LARGEST - 1
_COMMANDS = frozenset(COMMANDS)


def refuse_unstorable(command: Command) -> None:
    """Let only commands through whose fields are of their types, and whose texts and numbers can be written down.

    The engine must not decide on what cannot be written down: the decision would be lost with all that build on it.
    Bodies have a limit of their own.

    Raises:
        InvalidCommand: it is no command, a field is of another type, a text holds a lone surrogate or is too long, or
            a number is beyond 64 bits.
    """
    if type(command) not in _COMMANDS:
        raise InvalidCommand("command", f"must be one of orchestra.commands, not {_named(command)}")
    if (found := misfit(command)) is not None:
        raise InvalidCommand(*found)
    for field, value in zip(attrs.fields(type(command)), parts_of(command), strict=True):
        if (fault := _fault(value)) is not None:
            raise InvalidCommand(field.name, fault)
        if isinstance(value, str) and field.name != "text" and len(value) > _LONGEST:
            raise InvalidCommand(field.name, f"must be at most {_LONGEST} characters")


def refuse_no_id(field: str, value: object) -> None:
    """Let only through what may stand for an id.

    Raises:
        InvalidCommand: it is neither text nor a reference.
    """
    if not isinstance(value, str | Ref):
        raise InvalidCommand(field, f"must be an id, or a reference made by ref(...), not {_named(value)}")


def refuse_odd_setup(**given: Any) -> None:
    """Let only through what a workspace can be opened with, or connected to.

    Args:
        given: arguments by name, those of `Workspace.open` or `connect`, whose journal is a `journal_url`.

    Raises:
        DefinitionError: one is of another type; says of each what to pass.
    """
    faults = [Fault(name.removesuffix("_url"), fault) for name, value in given.items() for fault in _SETUP[name](value)]
    if faults:
        raise DefinitionError(faults)


def _plan(value: Any) -> Iterator[str]:
    if not isinstance(value, Plan | str | Path):
        yield f"must be a Plan or the path of a plan file, not {_named(value)}"


def _journal(value: Any) -> Iterator[str]:
    if not isinstance(value, str | Journal):
        yield f"must be a URL, as 'sqlite:contacts.db', or an open journal, not {_named(value)}"


def _url(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"must be the URL of the owner's journal, as 'sqlite:contacts.db', not {_named(value)}"


def _channels(value: Any) -> Iterator[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield f"must be a list of lines, not {_named(value)}"
        return
    yield from (f"must hold lines alone, as Line(...), not {_named(item)}" for item in value if type(item) is not Line)


def _secrets(value: Any) -> Iterator[str]:
    if value is not None and not isinstance(value, Mapping):
        yield f"must be a mapping of the secrets' names to their values, not {_named(value)}"


def _clock(value: Any) -> Iterator[str]:
    if value is not None and not all(callable(getattr(value, name, None)) for name in ("now_us", "sleep_until")):
        yield f"must have now_us and sleep_until, as a VirtualClock, which {_named(value)} has not"


def _sources(value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"must be a mapping of names to sources, as {{'crm': Source(look_up)}}, not {_named(value)}"
        return
    yield from (
        f"must hold sources, as Source(look_up) or Knowledge(find), not {_named(one)}"
        for one in value.values()
        if type(one) not in (Source, Knowledge)
    )


def _scores(value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"must be a mapping of names to scores, as {{'acme.vip@2': Score(rate)}}, not {_named(value)}"
        return
    for name, one in value.items():
        if not isinstance(name, str) or NAMED.fullmatch(name) is None:
            yield f"must have names with a version, as acme.vip@2, not {name!r}"
        elif type(one) not in (Score, ProfileScore, CaseScore):
            yield f"must hold scores, as Score(rate), ProfileScore(rate) or CaseScore(rate), not {_named(one)}"
        elif not callable(one.rate):
            yield f"must hold functions: {name} is {_named(one.rate)}"


def _predicates(value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"must be a mapping of names to functions, as {{'acme.vip@2': is_vip}}, not {_named(value)}"
        return
    for name, one in value.items():
        if not isinstance(name, str) or NAMED.fullmatch(name) is None:
            yield f"must have names with a version, as acme.vip@2, not {name!r}"
        elif not callable(one):
            yield f"must hold functions: {name} is {_named(one)}"


def _actions(value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"must be a mapping of names to functions, as {{'refund@1': refund}}, not {_named(value)}"
        return
    for name, one in value.items():
        if not isinstance(name, str) or NAMED.fullmatch(name) is None:
            yield f"must have names with a version, as refund@1, not {name!r}"
        elif not iscoroutinefunction(one) and not iscoroutinefunction(getattr(one, "__call__", None)):  # noqa: B004
            yield f"must hold async functions: {name} is {_named(one)}"


def _patience(value: Any) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"must be a number of seconds, not {_named(value)}"


_SETUP = {
    "plan": _plan,
    "journal": _journal,
    "journal_url": _url,
    "channels": _channels,
    "secrets": _secrets,
    "clock": _clock,
    "sources": _sources,
    "scores": _scores,
    "predicates": _predicates,
    "actions": _actions,
    "patience_s": _patience,
}


def _named(value: Any) -> str:
    """What it is, without what it says."""
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _fault(value: Any) -> str | None:
    """Why a value of a command's field cannot be stored; None if it can."""
    if value is None:
        return None
    if isinstance(value, str):
        return None if value.isascii() or _has_utf8(value) else "a text holds a lone surrogate"
    if isinstance(value, int):
        return None if _LEAST <= value <= LARGEST else "a whole number is beyond 64 bits"
    for part in _inside(value):
        if (fault := _fault(part)) is not None:
            return fault
    return None


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return chain(value, value.values())
    if isinstance(value, list | tuple):
        return value
    return parts_of(value) if attrs.has(type(value)) else ()


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
