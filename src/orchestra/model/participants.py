"""The part of a plan on participants: others than a case's customer who have a part in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from orchestra.errors import Fault

__all__ = ["PARTS", "Participant", "check_participants"]

PARTS = ("own", "facts", "all")
"""How much of a case is seen, from least to most."""


@attrs.frozen
class Participant:
    """What somebody of this role in a case is shown and told. Who has no role is as these defaults say.

    Attributes:
        sees: of the case. `own` is what they wrote and were written themselves; `facts` is also what became of the case
            and what its customer was promised; `all` is also what customer and company wrote to each other.
        shown: whether the case's customer, and others with a part in it, may read what they write.
        told: whether messages about the case may be sent to them; they are answered in any case.
    """

    sees: str = "own"
    shown: bool = False
    told: bool = False


def check_participants(participants: Mapping[str, Participant]) -> Iterator[Fault]:
    """Everything wrong in them."""
    for name, participant in participants.items():
        if participant.sees not in PARTS:
            yield Fault(f"participants.{name}.sees", f"must be one of {', '.join(PARTS)}")
