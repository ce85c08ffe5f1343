"""Events: accounts of channels that are down, and how far their news have been taken."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["ChannelDown", "ChannelUp", "CursorMoved", "OutageTold"]


@attrs.define
class ChannelDown(Event):
    """Nothing is sent over this account of a channel any more; it is tried again at `until_us`, if that is stated."""

    channel: str
    account: str
    reason: str
    until_us: int | None = None


@attrs.define
class ChannelUp(Event):
    """What waited for this account of a channel is sent again, unless it has expired."""

    channel: str
    account: str
    reason: str


@attrs.define
class OutageTold(Event):
    """Of those who wait where an account is down, the ones up to `after` have been looked at.

    `invited` is how many of them were written elsewhere.
    """

    channel: str
    account: str
    after: int
    invited: int
    is_done: bool


@attrs.define
class CursorMoved(Event):
    """All news of this account before `cursor` have been taken: it is asked for those after it from now on."""

    channel: str
    account: str
    cursor: str = attrs.field(repr=False)
