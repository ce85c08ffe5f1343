"""Signals: worth showing now and not worth keeping. Computed for those who listen, coalesced, never journaled."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta

import anyio
import attrs

from orchestra.engine.view import View
from orchestra.model.structure import microseconds
from orchestra.runtime.clock import sleep_until
from orchestra.runtime.owner import Owner
from orchestra.runtime.passing import Passing

__all__ = ["PlaceSignal", "Signals", "TypingSignal"]


@attrs.frozen
class PlaceSignal:
    """Where a waiting interaction stands.

    Attributes:
        interaction: its id; of a consult that waits in a queue, that of the consult.
        position: how many of its queue go before it; None once it no longer waits.
        estimated_wait: (position + 1) times the queue's smoothed time between accepts; None if that is not known.
    """

    interaction: str
    position: int | None
    estimated_wait: timedelta | None


@attrs.frozen
class TypingSignal:
    """Somebody is typing in an interaction: `who` is `customer` or an agent's id."""

    interaction: str
    who: str


Signal = PlaceSignal | TypingSignal


class Signals:
    """Subscriptions to signals of one interaction each."""

    def __init__(self, owner: Owner, passing: Passing) -> None:
        self._owner = owner
        self._passing = passing
        self._typing: dict[str, list[set[str]]] = {}
        self._all_typing: list[set[tuple[str, str]]] = []

    def typing(self, interaction: str, who: str) -> None:
        """Tell those who listen that somebody is typing; and the customer, if it is who talks with them."""
        self._passing.typing(interaction, who)
        for heard in self._typing.get(interaction, ()):
            heard.add(who)
        for all_heard in self._all_typing:
            all_heard.add((interaction, who))
        if interaction in self._typing or self._all_typing:
            self._owner.recent.bell.ring()

    def read(self, interaction: str) -> None:
        """Tell the customer that what they wrote last was read."""
        self._passing.read(interaction)

    async def typing_in(self, talk: tuple[str, str, str]) -> None:
        """Tell those who listen to the contact that goes on in a conversation that its customer is typing."""
        interaction = await self._owner.read(lambda view: _open_in(view, talk))
        if interaction is not None:
            self.typing(interaction, "customer")

    async def typings(self, every: timedelta) -> AsyncGenerator[TypingSignal]:
        """Who is typing in any interaction, each told at most once per `every`; ends when the workspace closes.

        What comes within `every` of what was told is not told later: by then it may be over.
        """
        heard: set[tuple[str, str]] = set()
        rests: dict[tuple[str, str], int] = {}
        self._all_typing.append(heard)
        try:
            while not self._owner.is_closing:
                stroke, now_us = self._owner.recent.bell.stroke, self._owner.clock.now_us()
                rests = {pair: until_us for pair, until_us in rests.items() if until_us > now_us}
                fresh = sorted(heard - rests.keys())
                heard.clear()
                rests.update(dict.fromkeys(fresh, now_us + microseconds(every)))
                for interaction, who in fresh:
                    yield TypingSignal(interaction, who)
                if not heard:
                    await stroke.wait()
        finally:
            self._all_typing[:] = [other for other in self._all_typing if other is not heard]

    async def of(self, interaction: str, every: timedelta) -> AsyncGenerator[Signal]:
        """Signals of an interaction while it waits: the newest of each kind, at most once per `every`.

        A place is told no more often than its queue's `announce_every`, except that the wait is over.
        """
        typing: set[str] = set()
        self._typing.setdefault(interaction, []).append(typing)
        try:
            last: PlaceSignal | None = None
            again_us = 0
            while not self._owner.is_closing:
                stroke = self._owner.recent.bell.stroke
                place, pause_us = await self._owner.read(lambda view: _look(view, interaction))
                signal, now_us = _place(interaction, place), self._owner.clock.now_us()
                is_due = place is None or now_us >= again_us
                held_until_us = again_us if signal != last and not is_due else None
                if signal != last and is_due:
                    last, again_us = signal, now_us + pause_us
                    yield signal
                if place is None:
                    return
                for who in sorted(typing):
                    yield TypingSignal(interaction, who)
                typing.clear()
                await anyio.sleep(every.total_seconds())
                await sleep_until(self._owner.clock, held_until_us, stroke)
        finally:
            listening = self._typing[interaction]
            listening[:] = [heard for heard in listening if heard is not typing]
            if not listening:
                del self._typing[interaction]


def _look(view: View, interaction: str) -> tuple[tuple[int, int | None] | None, int]:
    """Where an interaction stands, and how long its queue pauses between two announcements."""
    item = view.routing.items.get(interaction)
    pause_us = 0 if item is None else microseconds(view.plan.queues[item.queue].announce_every)
    return view.routing.place(interaction), pause_us


def _place(interaction: str, place: tuple[int, int | None] | None) -> PlaceSignal:
    if place is None:
        return PlaceSignal(interaction, None, None)
    position, wait_us = place
    return PlaceSignal(interaction, position, None if wait_us is None else timedelta(microseconds=wait_us))


def _open_in(view: View, talk: tuple[str, str, str]) -> str | None:
    """The contact that goes on in a conversation, found by channel, account and thread."""
    conversation = view.contacts.by_thread.get(talk)
    name = None if conversation is None else view.contacts.conversations[conversation].interaction
    return name if name is not None and view.contacts.interactions[name].is_open else None
