"""Virtual time: what happens next, and who takes notice of what was decided."""

from __future__ import annotations

import random
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final, TypeVar

from orchestra.engine.engine import Decided
from orchestra.engine.view import View
from orchestra.errors import CommandRefused
from orchestra.model.commands import Command
from orchestra.model.events import Event
from orchestra.runtime.ledger import Ledger

__all__ = ["MINUTE", "SECOND", "Clockwork"]

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND

_COMMIT_EVERY: Final = 200

Kind = TypeVar("Kind", bound=Event)
Action = Callable[[], object]


class Clockwork:
    """Drives a ledger from one due instant to the next: the engine's timers and the actions planned here.

    Attributes:
        now_us: virtual time.
        rng: the day's only source of chance.
        refused: class names of refusals -> how often; people act on what they saw last, and are sometimes late.
    """

    def __init__(self, ledger: Ledger, seed: int, start_us: int) -> None:
        self._ledger = ledger
        self._actions: list[tuple[int, int, Action]] = []
        self._order = count()
        self._watchers: dict[type[Event], list[Callable[[Event], None]]] = {}
        self._decided = 0
        self.now_us = start_us
        self.rng = random.Random(seed)
        self.refused: dict[str, int] = {}

    @property
    def view(self) -> View:
        """The state, to look at."""
        return self._ledger.engine.view

    @property
    def epoch(self) -> int:
        """Of the lease under which messages leave."""
        return self._ledger.lease.epoch

    def watch(self, kind: type[Kind], watcher: Callable[[Kind], None]) -> None:
        """Call back for every event of a kind, at the virtual time at which it was decided."""

        def call(event: Event) -> None:
            assert isinstance(event, kind)
            watcher(event)

        self._watchers.setdefault(kind, []).append(call)

    def at(self, at_us: int, action: Action) -> None:
        """Plan an action. Those of one instant happen in the order in which they were planned."""
        heappush(self._actions, (at_us, next(self._order), action))

    def after(self, least_s: int, most_s: int, action: Action) -> None:
        """Plan an action from so many to so many seconds from now."""
        self.at(self.now_us + self.rng.randint(least_s * 1000, most_s * 1000) * 1000, action)

    def chance(self, percent: int) -> bool:
        """True in so many cases of a hundred."""
        return self.rng.randrange(100) < percent

    def do(self, command: Command) -> Decided | None:
        """Give a command now; None if it was refused, as it is to anybody who comes too late."""
        try:
            decided = self._ledger.execute(command, self.now_us)
        except CommandRefused as error:
            name = type(error).__name__
            self.refused[name] = self.refused.get(name, 0) + 1
            return None
        self._notice(decided)
        return decided

    def run(self, until_us: int, on_time: Callable[[int], None]) -> None:
        """Let everything happen that is due by then.

        Args:
            until_us: the last instant.
            on_time: told virtual time now and then.
        """
        while (next_us := self._next_us()) is not None and next_us <= until_us:
            self.now_us = max(self.now_us, next_us)
            for decided in self._ledger.tick(self.now_us):
                self._notice(decided)
            while self._actions and self._actions[0][0] <= self.now_us and not self._is_due():
                heappop(self._actions)[2]()
            if self._decided >= _COMMIT_EVERY:
                self._commit()
                on_time(self.now_us)
        self._commit()
        on_time(until_us)

    def _next_us(self) -> int | None:
        due = self._ledger.engine.due()
        planned = self._actions[0][0] if self._actions else None
        return min((instant for instant in (due, planned) if instant is not None), default=None)

    def _is_due(self) -> bool:
        due = self._ledger.engine.due()
        return due is not None and due <= self.now_us

    def _notice(self, decided: Decided) -> None:
        self._decided += 1
        for event in decided.events:
            for watcher in self._watchers.get(type(event), ()):
                watcher(event)

    def _commit(self) -> None:
        self._ledger.commit()
        self._decided = 0
