"""What the key of an agent says to people: each part of an order in words, as a table.

Belongs here: part of an order -> phrase. Does not: how agents are ordered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestra.engine.scores import UNRATED
from orchestra.model.instants import instant_text, span_text
from orchestra.model.routing import SCORE

__all__ = ["second", "standing"]


def second(at_us: int) -> str:
    """An instant for people, who do not read fractions; JSON has them."""
    return instant_text(at_us - at_us % 1_000_000)


_PHRASES: Mapping[str, Callable[[int], str]] = {
    "affinity": lambda value: "not whom the customer knows" if value else "the customer knows them",
    "busy": lambda value: "busy" if value else "idle",
    "idle": lambda value: f"unchanged since {second(value)}",
    "idle_inbound": lambda value: f"no contact of a customer's since {second(value)}",
    "offered": lambda value: f"last offered something {second(value)}" if value else "never offered anything",
    "open": lambda value: f"{value} in hand",
    "spare": lambda value: f"{-value} % of a budget left",
    "spare_ratio": lambda value: f"{value // 10_000} % of their budget used",
    "handled": lambda value: f"{value} taken lately",
    "talk": lambda value: f"talked {span_text(value / 1_000_000)} lately",
    "position": lambda value: f"position {value}",
    "level": lambda value: f"level {value}",
    "proficiency": lambda value: f"skill {-value} in all",
    "proficiency_min": lambda value: f"weakest skill {-value}",
    "preferred": lambda value: f"meets {-value} preferences",
}
"""Part of an order -> what its value in a key means."""


def standing(order: Sequence[str], key: Sequence[int | str]) -> str:
    """What a key says to people, part by part.

    Args:
        order: what the parts are.
        key: of an agent, whose name is at the end.
    """
    phrases = [_phrase(part, int(value)) for part, value in zip(order, key, strict=False)]
    # What most queues go by is said shorter.
    return ", ".join(phrases).replace("idle, unchanged since", "idle since").replace("busy, unchanged", "busy")


def _phrase(part: str, value: int) -> str:
    if part.startswith(SCORE):
        return f"{part} failed" if value == UNRATED else f"{part} {-value}"
    return _PHRASES[part](value)
