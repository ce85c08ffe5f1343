"""Commands: accounts of channels that are down, and how far their news have been taken."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command

__all__ = ["MoveCursor", "ReportChannel"]


@attrs.define
class ReportChannel(Command):
    """Tell that an account of a channel is `down`, or `up` again.

    While it is down nothing is sent over it: what was to leave waits, and expires in its time. Those who wait for an
    answer there are invited, where else they have been in touch, if the plan has a text for that. `for_us` is after how
    long it counts as up by itself, to be tried again; never unless stated. What is the case already changes nothing.
    """

    channel: str
    account: str
    state: str
    reason: str
    for_us: int | None = None


@attrs.define
class MoveCursor(Command):
    """Go on from there when an account of a channel is next asked for its news.

    Given by the runtime, after all news before it are durable: if they come again, they are known. What the provider
    means by `cursor` is its own affair; it has at most 2,000 characters. The one that is kept already changes nothing.
    """

    channel: str
    account: str
    cursor: str = attrs.field(repr=False)
