"""What became of notices: planned, told or not and why, by topic and by channel.

Belongs here: the counts and the figures. Does not: events (`notice_fold`), and messages that were no notices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestra.insight.tally import Reasons
from orchestra.insight.variants import Share, Window

__all__ = ["ChannelCount", "NoticeCount", "NoticeFigures", "TopicFigures", "WayFigures"]


@attrs.define(eq=False)
class ChannelCount:
    """Counts of one topic on one channel."""

    tried: int = 0
    sent: int = 0
    delivered: int = 0
    failed: Reasons = attrs.field(factory=Reasons)
    skipped: Reasons = attrs.field(factory=Reasons)

    def figures(self) -> WayFigures:
        """What the counts say now."""
        failed, skipped = self.failed.by_name(), self.skipped.by_name()
        return WayFigures(
            self.tried, self.sent, self.delivered, sum(failed.values()), sum(skipped.values()), failed, skipped
        )


@attrs.define(eq=False)
class NoticeCount:
    """Counts of one topic, or of all."""

    planned: int = 0
    sent: int = 0
    delivered: int = 0
    expired: int = 0
    suppressed: Reasons = attrs.field(factory=Reasons)
    failed: Reasons = attrs.field(factory=Reasons)
    held: Reasons = attrs.field(factory=Reasons)
    channels: dict[str, ChannelCount] = attrs.field(factory=dict)

    def on(self, channel: str) -> ChannelCount:
        """The counts on a channel."""
        return self.channels.setdefault(channel, ChannelCount())

    def end(self, outcome: str, reason: str, sign: int) -> None:
        """One ended so, or did not after all."""
        if outcome in ("suppressed", "failed"):
            getattr(self, outcome).add(reason, sign)
        else:
            setattr(self, outcome, getattr(self, outcome) + sign)

    def figures(self, window: Window) -> TopicFigures:
        """What the counts say now."""
        suppressed, failed = self.suppressed.by_name(), self.failed.by_name()
        return TopicFigures(
            window,
            self.planned,
            self.sent,
            self.delivered,
            sum(suppressed.values()),
            sum(failed.values()),
            self.expired,
            suppressed,
            failed,
            self.held.by_name(),
            {channel: one.figures() for channel, one in sorted(self.channels.items())},
        )


@attrs.frozen
class WayFigures:
    """What became of notices on one channel.

    Attributes:
        tried: how often a message of one was written there; what was called back before it left and written again
            counts once.
        sent: notices that arrived there as far as the channel was asked for.
        delivered: notices of which the provider told that they were delivered there, or read.
        failed: messages by which a notice did not arrive, or not in time.
        skipped: how often it was not tried there.
        failed_by_reason: reason, or the provider's code -> how many of the failed.
        skipped_by_reason: reason -> how many of the skipped.
    """

    tried: int
    sent: int
    delivered: int
    failed: int
    skipped: int
    failed_by_reason: Mapping[str, int]
    skipped_by_reason: Mapping[str, int]


@attrs.frozen
class TopicFigures:
    """What became of the notices of a topic, or of all.

    Each that was planned is told, not told, or waits. What turns out otherwise later counts otherwise from then on.

    Attributes:
        planned: all.
        sent: told by a message that arrived as far as its channel was asked for.
        delivered: notices of which a provider told that they were delivered, or read.
        suppressed: not told, for a reason; `told` is what an agent has told instead.
        failed: arrived nowhere, as far as anybody knows.
        expired: their time passed before they could leave.
        suppressed_by_reason: reason -> how many of the suppressed.
        failed_by_reason: reason, or the provider's code -> how many of the failed.
        held_by_reason: reason -> how often one was held for it.
        channels: channel -> what became of them there, sorted. A notice may have been tried on several.
    """

    window: Window
    planned: int
    sent: int
    delivered: int
    suppressed: int
    failed: int
    expired: int
    suppressed_by_reason: Mapping[str, int]
    failed_by_reason: Mapping[str, int]
    held_by_reason: Mapping[str, int]
    channels: Mapping[str, WayFigures]

    @property
    def waiting(self) -> int:
        """Of which it is not settled what becomes."""
        return self.planned - self.sent - self.suppressed - self.failed - self.expired

    @property
    def arrival(self) -> Share:
        """Sent, of all that were to be told and could not be held back for a reason."""
        return Share("notices that arrived", self.sent, self.sent + self.failed + self.expired, self.window)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        counts = attrs.asdict(self, filter=lambda field, _: field.name != "window")
        return {**counts, "waiting": self.waiting, "arrival": self.arrival.to_json()}


@attrs.frozen
class NoticeFigures:
    """What became of notices: of all together, and by topic, sorted."""

    total: TopicFigures
    by_topic: Mapping[str, TopicFigures]

    def to_json(self) -> dict[str, Any]:
        """Plain data: the total's figures, and those of each topic under `by_topic`."""
        return {**self.total.to_json(), "by_topic": {name: one.to_json() for name, one in self.by_topic.items()}}
