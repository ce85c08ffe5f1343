"""The part of a plan on customers who are in touch on several channels at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import attrs

from orchestra.errors import Fault

__all__ = ["MODES", "Engagements", "check_engagements"]

MODES = ("together", "link", "defer", "separate")


@attrs.frozen
class Engagements:
    """Several contacts of one customer at the same time.

    Attributes:
        pairs: channel on which they are in touch -> channel on which they come as well, about the same case ->
            `together`, `link`, `defer` or `separate`; `together` unless stated. What is together goes to the agent who
            leads, if they can take it. What is linked is asked of nobody: the answer to the contact that was there is
            its answer, too. What is deferred waits until they are done with the contact that was there, then it is
            theirs first.
        defer_for: how long that waits at most; then it is routed as any other, and its age counts all of it.
        deferred: what a customer is told, once, who writes in a contact that waits so; nothing unless given.
        pointer: what a customer is told where they asked something that was answered in another of their contacts;
            nothing unless given.
        hold_automation: whether what the application sends by itself waits while a person talks with the customer on a
            live channel; the agent may tell it instead.
        cool_down: how long it waits after they have stopped.
        channel_down: what those are written on another channel, with `{token}`, who wait where an account is down;
            nothing unless given.
        invitation_lasts: how long an invitation to another channel may be taken up, unless it says so itself.
        never_held: topics of messages that leave all the same, such as codes that the customer is waiting for.
        linked: what a customer is told, once, who writes where a pair of channels has it linked; nothing of their
            matter, since others may read along. Nothing unless given.
    """

    pairs: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    defer_for: timedelta = timedelta(minutes=10)
    deferred: str | None = None
    pointer: str | None = None
    hold_automation: bool = True
    cool_down: timedelta = timedelta(minutes=5)
    channel_down: str | None = None
    invitation_lasts: timedelta = timedelta(days=1)
    never_held: Sequence[str] = ()
    linked: str | None = None

    def mode(self, there: str, comes: str) -> str:
        """How a contact on one channel goes with another one about the same case that is there already."""
        return self.pairs.get(there, {}).get(comes, MODES[0])


def check_engagements(engagements: Engagements) -> Iterator[Fault]:
    """Everything wrong in it that does not depend on the rest of the plan."""
    if engagements.cool_down < timedelta():
        yield Fault("engagements.cool_down", "must not be below 0")
    if engagements.defer_for <= timedelta():
        yield Fault("engagements.defer_for", "must be above 0")
    if engagements.invitation_lasts <= timedelta():
        yield Fault("engagements.invitation_lasts", "must be above 0")
    for name in ("deferred", "linked", "pointer", "channel_down"):
        if getattr(engagements, name) == "":
            yield Fault(f"engagements.{name}", "must not be empty: leave it out to tell nothing")
    for there, others in engagements.pairs.items():
        for comes, mode in others.items():
            if mode not in MODES:
                yield Fault(f"engagements.pairs.{there}.{comes}", f"must be one of {', '.join(MODES)}")
