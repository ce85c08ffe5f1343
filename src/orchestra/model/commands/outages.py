"""Commands: accounts of channels that are down."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command

__all__ = ["ReportChannel"]


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
