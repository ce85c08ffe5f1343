"""Virtual time: the engine, what people have planned, and who is told what was decided.

Belongs here: going from one due instant to the next. Does not: what anybody does there (`line`, `floor`, `driver`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from heapq import heappop, heappush
from itertools import count
from typing import Any

from orchestra.engine.engine import Decided, Engine
from orchestra.engine.recalling import decide
from orchestra.model.addresses import Address
from orchestra.model.commands import Command
from orchestra.model.events import Event
from orchestra.model.scores import Scores
from orchestra.simulation.archived import Archived

__all__ = ["NEVER_US", "Action", "Clockwork"]

NEVER_US = 1 << 62
"""Later than anything."""

Action = Callable[[Any], None]
"""What somebody has planned, given whom it concerns."""


class Clockwork:
    """An engine and the time that passes for it.

    Args:
        start_us: the first instant.
        notice: told each decision, in order, before anything else happens.
        scores: those that the plan names.

    Attributes:
        engine: the one that decides.
        now_us: virtual time.
        archived: those of whom the engine has let go though they will come back.
    """

    def __init__(self, start_us: int, notice: Callable[[list[Event]], None], scores: Scores | None = None) -> None:
        self.engine = Engine(scores)
        self.now_us = start_us
        self.archived = Archived()
        self._notice = notice
        self._planned: list[tuple[int, int, Action, Any]] = []
        self._at_once: deque[tuple[Action, Any]] = deque()
        self._order = count()

    def plan(self, at_us: int, action: Action, subject: Any) -> None:
        """Plan an action. Those of one instant happen in the order in which they were planned."""
        heappush(self._planned, (at_us, next(self._order), action, subject))

    def at_once(self, action: Action, subject: Any) -> None:
        """Let an action happen as soon as what is being told has been told."""
        self._at_once.append((action, subject))

    def do(self, command: Command) -> None:
        """Give a command now, and tell what was decided.

        Raises:
            CommandRefused: it was refused.
        """
        self._notice(self.decide(command).events)

    def decide(self, command: Command) -> Decided:
        """As `do`, but what was decided is for the caller to tell."""
        engine, now_us = self.engine, self.now_us
        while (due_us := engine.due()) is not None and due_us <= now_us:
            self._tick()
        return decide(engine, command, now_us, _nobody)

    def _tick(self) -> None:
        decided = self.engine.tick(self.now_us)
        self.archived.note(decided)
        self._notice(decided.events)

    def is_back(self, address: Address) -> None:
        """Whoever has this address comes back: the engine knows of them what it did."""
        recall = self.archived.take(address)
        if recall is not None:
            self.do(recall)

    def tell(self, decided: Decided) -> None:
        """Tell what `decide` gave."""
        self._notice(decided.events)

    def step(self, before_us: int) -> bool:
        """Let what is next happen, if that is before an instant.

        Returns:
            False if nothing happens before it.
        """
        while self._at_once:
            action, subject = self._at_once.popleft()
            action(subject)
        planned = self._planned
        at_us = planned[0][0] if planned else NEVER_US
        due_us = self.engine.due()
        if due_us is not None and due_us <= at_us:
            if due_us >= before_us:
                return False
            # What a place that somebody has back from an earlier try is measured by may have been due long ago.
            self.now_us = max(self.now_us, due_us)
            self._tick()
            return True
        if at_us >= before_us:
            return False
        self.now_us = at_us
        _, _, action, subject = heappop(planned)
        action(subject)
        return True


def _nobody(keys: Collection[str], at_us: int) -> bool:
    """Nobody else is archived who is named again."""
    return False
