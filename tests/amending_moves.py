"""Moves of the random workload that change what was sent: corrected, taken back, reacted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from tests.commitment_moves import Chooser

__all__ = ["WEIGHTS"]

_ACTORS = (None, "operator", "agent:ana", "agent:bob", "agent:rob", "agent:fay")


def _message(choose: Chooser, known: Mapping[str, str]) -> str:
    """One of the newest messages, or one that there may never be."""
    newest = list(known)[-10:]
    return choose.pick(newest) if newest and not choose.chance(10) else f"me{choose.number(1, 60)}"


def _key(choose: Chooser) -> str | None:
    return f"k{choose.number(1, 3)}" if choose.chance(50) else None


def correct(engine: Engine, choose: Chooser) -> c.Command:
    """Of what is to leave as often as of what has left."""
    message = _message(choose, engine.view.deliveries.by_message)
    digest, text = f"d{choose.number(1, 2)}", choose.pick(["it says this now", "or this", ""])
    return c.CorrectMessage(message, _key(choose), digest, text, actor=choose.pick(_ACTORS))


def take_back(engine: Engine, choose: Chooser) -> c.Command:
    message = _message(choose, engine.view.deliveries.by_message)
    return c.TakeBackMessage(message, _key(choose), actor=choose.pick(_ACTORS))


def react(engine: Engine, choose: Chooser) -> c.Command:
    message, reaction = _message(choose, engine.view.contacts.by_message), choose.pick(["+1", None, "heart"])
    return c.SendReaction(message, _key(choose), f"d{reaction}", reaction, actor=choose.pick(_ACTORS))


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command], int] = {correct: 5, take_back: 3, react: 3}
