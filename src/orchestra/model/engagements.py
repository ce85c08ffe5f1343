"""The part of a plan on customers who are in touch on several channels at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from orchestra.errors import Fault

__all__ = ["MODES", "Engagements", "check_engagements"]

MODES = ("together", "separate")


@attrs.frozen
class Engagements:
    """Several contacts of one customer at the same time.

    Attributes:
        pairs: channel on which they are in touch -> channel on which they come as well, about the same case ->
            `together` or `separate`; `together` unless stated. What is together goes to the agent who leads, if they
            can take it.
        pointer: what a customer is told where they asked something that was answered in another of their contacts;
            nothing unless given.
    """

    pairs: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    pointer: str | None = None

    def mode(self, there: str, comes: str) -> str:
        """How a contact on one channel goes with another one about the same case that is there already."""
        return self.pairs.get(there, {}).get(comes, MODES[0])


def check_engagements(engagements: Engagements) -> Iterator[Fault]:
    """Everything wrong in it that does not depend on the rest of the plan."""
    if engagements.pointer == "":
        yield Fault("engagements.pointer", "must not be empty: leave it out to tell nothing")
    for there, others in engagements.pairs.items():
        for comes, mode in others.items():
            if mode not in MODES:
                yield Fault(f"engagements.pairs.{there}.{comes}", f"must be one of {', '.join(MODES)}")
