"""Sources of context: what an application knows elsewhere of a customer, and of what they ask.

They are asked when an agent looks at an offer. Belongs here: asking, within a time and from a cache, and telling what
is missing. Does not: what the workspace itself knows (`context`).
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol

import anyio
import attrs

from orchestra.model.structure import microseconds
from orchestra.runtime.clock import Clock

__all__ = ["Article", "Asked", "ContextSource", "Found", "Knowledge", "KnowledgeSource", "Source", "Sources"]

_MOST_KEPT = 1_000
_MOST_VALUES = 500
_MOST_CHARACTERS = 20_000
_MOST_ARTICLES = 5

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
class Article:
    """Something written down that may answer the customer.

    Attributes:
        title: what an agent chooses it by.
        ref: where it is: an address to open, or the application's own key of it.
        excerpt: the part that may be the answer.
    """

    title: str
    ref: str
    excerpt: str = ""


class KnowledgeSource(Protocol):
    """An async function that finds what may answer a customer. It may fail and be slow: no offer waits for it."""

    async def __call__(self, asked: Asked, texts: Sequence[str]) -> Sequence[Article]:
        """What may answer, best first.

        Args:
            asked: who asks, and in which matter.
            texts: what they wrote that has no answer yet, and what a work item asks for: as much as the agent is shown.
        """
        ...


@attrs.frozen
class Knowledge:
    """A source of knowledge, as `Workspace.open` takes it by name beside those of context.

    Attributes:
        find: asks the collection: a help centre, a wiki, an index.
        time_out: how long it is waited for.
        keep: how long what was found for the same words in the same case is used again; zero asks every time.
    """

    find: KnowledgeSource
    time_out: timedelta = timedelta(seconds=2)
    keep: timedelta = timedelta(minutes=1)


@attrs.frozen
class Found:
    """What the sources said.

    Attributes:
        values: name -> what a source of context knows.
        knowledge: name -> what a source of knowledge found, best first.
        missing: name -> why not, of those that gave nothing of use.
    """

    values: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, repr=False)
    knowledge: Mapping[str, Sequence[Article]] = attrs.field(factory=dict, repr=False)
    missing: Mapping[str, str] = attrs.field(factory=dict)


class Sources:
    """The sources of a workspace, with what they said lately."""

    def __init__(self, sources: Mapping[str, Source | Knowledge], clock: Clock) -> None:
        self._sources = dict(sorted(sources.items()))
        self._clock = clock
        self._kept: OrderedDict[tuple[str, ...], tuple[int, Any]] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """What there is to ask, by name."""
        return tuple(self._sources)

    async def ask(self, asked: Asked, texts: Sequence[str] = ()) -> Found:
        """Ask all at once. Returns when each has answered, failed, or run out of its time."""
        values: dict[str, Mapping[str, Any]] = {}
        knowledge: dict[str, Sequence[Article]] = {}
        missing: dict[str, str] = {}
        # Of what was asked only a hash is kept: it is the customer's.
        words = blake2b("\0".join(texts).encode("utf-8", "replace")).hexdigest()
        async with anyio.create_task_group() as tasks:
            for name, source in self._sources.items():
                key = name, asked.customer, asked.case
                if isinstance(source, Source):
                    ask = partial(source.look_up, asked)
                    tasks.start_soon(self._ask, key, source, ask, _fault, values, missing)
                else:
                    find = partial(source.find, asked, tuple(texts))
                    tasks.start_soon(self._ask, (*key, words), source, find, _no_articles, knowledge, missing)
        return Found(dict(sorted(values.items())), dict(sorted(knowledge.items())), dict(sorted(missing.items())))

    async def _ask(
        self,
        key: tuple[str, ...],
        source: Source | Knowledge,
        ask: Callable[[], Awaitable[Any]],
        fault_of: Callable[[object], str | None],
        answers: dict[str, Any],
        missing: dict[str, str],
    ) -> None:
        name, kept = key[0], self._kept.get(key)
        if kept is not None and self._clock.now_us() < kept[0]:
            answers[name] = kept[1]
            return
        missing[name] = "timed out"
        with anyio.move_on_after(source.time_out.total_seconds()):
            try:
                found = await ask()
            except Exception as error:  # noqa: BLE001 - the application's code: whatever it raises, the others are told
                _log.warning("source %s failed in %s: %s", name, key[2], type(error).__name__)
                missing[name] = "failed"
                return
            fault = fault_of(found)
            if fault is not None:
                missing[name] = fault
                return
            del missing[name]
            answers[name] = found
            self._keep(key, source, found)

    def _keep(self, key: tuple[str, ...], source: Source | Knowledge, found: Any) -> None:
        self._kept[key] = self._clock.now_us() + microseconds(source.keep), found
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def _no_articles(found: object) -> str | None:
    """Why what a source of knowledge gave is of no use."""
    if isinstance(found, str) or not isinstance(found, Sequence) or not all(type(one) is Article for one in found):
        return "gave no list of articles"
    texts = [text for one in found for text in (one.title, one.ref, one.excerpt)]
    if not all(isinstance(text, str) for text in texts):
        return "gave an article that is no text"
    too_much = len(found) > _MOST_ARTICLES or sum(map(len, texts)) > _MOST_CHARACTERS
    return "gave too much" if too_much else None


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
