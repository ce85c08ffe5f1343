"""Sources of context: what an application knows of a customer elsewhere, asked for when an agent looks at an offer.

Belongs here: asking, within a time and from a cache, and telling what is missing. Does not: what the workspace itself
knows (`context`).
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import anyio
import attrs

from orchestra.model.structure import microseconds
from orchestra.runtime.clock import Clock

__all__ = ["Asked", "ContextSource", "Found", "Source", "Sources"]

_MOST_KEPT = 1_000
_MOST_VALUES = 500
_MOST_CHARACTERS = 20_000

_log = logging.getLogger("orchestra.runtime")


@attrs.frozen
class Asked:
    """What a source is asked about.

    Attributes:
        refs: the application's own keys of the customer, the case and the interaction, sorted.
    """

    customer: str
    case: str
    case_number: str
    interaction: str
    channel: str
    topic: str | None
    refs: tuple[str, ...]


class ContextSource(Protocol):
    """An async function that looks a customer up in another system. It may fail and be slow: no offer waits for it."""

    async def __call__(self, asked: Asked) -> Mapping[str, Any]:
        """What is found: texts, numbers, truths, None, and lists and mappings of these."""
        ...


@attrs.frozen
class Source:
    """A source of context, as `Workspace.open` takes it by name.

    Attributes:
        look_up: asks the other system.
        time_out: how long it is waited for.
        keep: how long an answer about a customer's case is used again; zero asks every time.
    """

    look_up: ContextSource
    time_out: timedelta = timedelta(seconds=2)
    keep: timedelta = timedelta(minutes=1)


@attrs.frozen
class Found:
    """What the sources said: name -> values of those that answered, name -> why not of the others."""

    values: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, repr=False)
    missing: Mapping[str, str] = attrs.field(factory=dict)


class Sources:
    """The sources of a workspace, with what they said lately."""

    def __init__(self, sources: Mapping[str, Source], clock: Clock) -> None:
        self._sources = dict(sorted(sources.items()))
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, str], tuple[int, Mapping[str, Any]]] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """What there is to ask, by name."""
        return tuple(self._sources)

    async def ask(self, asked: Asked) -> Found:
        """Ask all at once. Returns when each has answered, failed, or run out of its time."""
        values: dict[str, Mapping[str, Any]] = {}
        missing: dict[str, str] = {}
        async with anyio.create_task_group() as tasks:
            for name, source in self._sources.items():
                tasks.start_soon(self._ask, name, source, asked, values, missing)
        return Found(dict(sorted(values.items())), dict(sorted(missing.items())))

    async def _ask(
        self, name: str, source: Source, asked: Asked, values: dict[str, Mapping[str, Any]], missing: dict[str, str]
    ) -> None:
        key = name, asked.customer, asked.case
        kept = self._kept.get(key)
        if kept is not None and self._clock.now_us() < kept[0]:
            values[name] = kept[1]
            return
        missing[name] = "timed out"
        with anyio.move_on_after(source.time_out.total_seconds()):
            try:
                found = await source.look_up(asked)
            except Exception as error:  # noqa: BLE001 - the application's code: whatever it raises, the others are told
                _log.warning("source %s failed for %s: %s", name, asked.interaction, type(error).__name__)
                missing[name] = "failed"
                return
            fault = _fault(found)
            if fault is not None:
                missing[name] = fault
                return
            del missing[name]
            values[name] = found
            self._keep(key, source, found)

    def _keep(self, key: tuple[str, str, str], source: Source, found: Mapping[str, Any]) -> None:
        self._kept[key] = self._clock.now_us() + microseconds(source.keep), found
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def _fault(found: object) -> str | None:
    """Why what a source gave is of no use."""
    if not isinstance(found, Mapping):
        return "gave no mapping"
    left = [_MOST_VALUES, _MOST_CHARACTERS]
    if not _is_plain(found, left):
        return "gave too much" if min(left) < 0 else "gave what is no plain value"
    return None


def _is_plain(value: object, left: list[int]) -> bool:
    """Whether a value consists of plain ones alone, and of no more than are left."""
    left[0] -= 1
    if isinstance(value, str):
        left[1] -= len(value)
    if min(left) < 0:
        return False
    if value is None or isinstance(value, str | int | float | bool):
        return True
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item, left) for key, item in value.items())
    return isinstance(value, Sequence) and not isinstance(value, bytes) and all(_is_plain(item, left) for item in value)
