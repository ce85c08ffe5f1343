"""Deciding on a command that may be about somebody who is archived.

Belongs here: asking for them until nobody is missing. Does not: where they are, and what was stored of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from orchestra.engine.engine import Decided, Engine
from orchestra.errors import NeedsRecall
from orchestra.model.command import Command

__all__ = ["Recall", "decide"]

Recall = Callable[[Collection[str], int], bool]
"""Brings back whoever is archived behind these keys, at that time; says whether anybody was."""


def decide(engine: Engine, command: Command, at_us: int, recall: Recall) -> Decided:
    """Decide on a command, once everybody whom it is about is there.

    Raises:
        CommandRefused: it cannot be done.
    """
    absent: set[str] = set()
    while True:
        try:
            return engine.execute(command, at_us, absent)
        except NeedsRecall as needed:
            keys = needed.keys
        if not recall(keys, at_us):
            absent.update(keys)
