"""The fold over notices. Belongs here: which event counts as what. Does not: the counts themselves (`notices`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from orchestra.insight.deliveries import RECEIPTS_COUNT_FOR_US
from orchestra.insight.notices import ChannelCount, NoticeCount, NoticeFigures
from orchestra.insight.variants import Window
from orchestra.model import events as e

__all__ = ["NoticeFold"]

_ARRIVED = ("delivered", "read", "acted")


@attrs.define(eq=False)
class _Noticed:
    """A notice of which more may be heard: how it ended as far as is known, and on which channel it was told."""

    topic: str
    outcome: str = ""
    reason: str = ""
    channel: str = ""
    is_delivered: bool = False
    messages: list[str] = attrs.field(factory=list)


@attrs.define(eq=False)
class _Message:
    """Where a message of notices goes, and which it tells."""

    channel: str
    notices: list[str]
    is_delivered: bool = False


class NoticeFold:
    """Counts what becomes of notices, by topic and by channel. What is settled is kept as long as receipts count."""

    def __init__(self) -> None:
        self._total = NoticeCount()
        self._topics: dict[str, NoticeCount] = {}
        self._open: dict[str, _Noticed] = {}
        self._messages: dict[str, _Message] = {}
        self._until: deque[tuple[int, str, int]] = deque()
        self._ends: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def figures(self, window: Window) -> NoticeFigures:
        """What the counts say now."""
        topics = {name: count.figures(window) for name, count in sorted(self._topics.items())}
        return NoticeFigures(self._total.figures(window), topics)

    def _counts(self, one: _Noticed) -> tuple[NoticeCount, NoticeCount]:
        return self._total, self._topics.setdefault(one.topic, NoticeCount())

    def _ways(self, one: _Noticed, channel: str) -> tuple[ChannelCount, ...]:
        return tuple(count.on(channel) for count in self._counts(one))

    def planned(self, event: e.NoticePlanned, at_us: int) -> None:
        """It is to be told."""
        one = self._open[event.notice] = _Noticed(event.topic)
        for count in self._counts(one):
            count.planned += 1
        while self._until and self._until[0][0] < at_us:
            _, name, number = self._until.popleft()
            if self._ends[name] == number:  # it has not gone on since
                for delivery in self._open.pop(name).messages:
                    del self._messages[delivery]
                del self._ends[name]

    def held(self, event: e.NoticeHeld | e.NoticeGathered, at_us: int) -> None:
        """It waits for something."""
        one = self._open.get(event.notice)
        if isinstance(event, e.NoticeHeld):
            reason = event.reason
        else:
            reason = "gathering" if event.leader is None else "in_digest"
        for count in () if one is None else self._counts(one):
            count.held.add(reason)

    def sending(self, event: e.NoticeSending, at_us: int) -> None:
        """It is tried on a channel."""
        one = self._open.get(event.notice)
        if one is not None:
            self._messages[event.delivery] = _Message(event.channel, [event.notice])
            one.messages.append(event.delivery)
            one.channel = event.channel
            for way in self._ways(one, event.channel):
                way.tried += 1

    def recalled(self, event: e.NoticeRecalled, at_us: int) -> None:
        """That was called back: it was not tried."""
        one = self._open.get(event.notice)
        for way in () if one is None else self._ways(one, one.channel):
            way.tried -= 1

    def skipped(self, event: e.NoticeLegSkipped, at_us: int) -> None:
        """It is not tried on a channel."""
        one = self._open.get(event.notice)
        for way in () if one is None else self._ways(one, event.channel):
            way.skipped.add(event.reason)

    def leg_failed(self, event: e.NoticeLegFailed, at_us: int) -> None:
        """It did not arrive there, or not after all."""
        one = self._open.get(event.notice)
        if one is not None:
            self._turn(event.notice, one, "", "", at_us)
            for way in self._ways(one, event.channel):
                way.failed.add(event.reason)

    def sent(self, event: e.NoticeSent, at_us: int) -> None:
        """It is told."""
        one = self._open.get(event.notice)
        if one is None:
            return
        one.channel = event.channel
        self._turn(event.notice, one, "sent", "", at_us)
        message = self._messages.get(event.delivery)
        if message is not None and event.notice not in message.notices:
            message.notices.append(event.notice)
        if event.receipt in _ARRIVED or (message is not None and message.is_delivered):
            self._delivered(one, event.channel)

    def suppressed(self, event: e.NoticeSuppressed, at_us: int) -> None:
        """Nobody is told."""
        self._ended(event.notice, "suppressed", event.reason, at_us)

    def failed(self, event: e.NoticeFailed, at_us: int) -> None:
        """It arrived nowhere."""
        self._ended(event.notice, "failed", event.reason, at_us)

    def expired(self, event: e.NoticeExpired, at_us: int) -> None:
        """It was too late."""
        self._ended(event.notice, "expired", "", at_us)

    def _ended(self, name: str, outcome: str, reason: str, at_us: int) -> None:
        one = self._open.get(name)
        if one is not None:
            self._turn(name, one, outcome, reason, at_us)

    def _turn(self, name: str, one: _Noticed, outcome: str, reason: str, at_us: int) -> None:
        """It counts as this from now on, and no longer as that."""
        for count in self._counts(one):
            if one.outcome:
                count.end(one.outcome, one.reason, -1)
            if outcome:
                count.end(outcome, reason, 1)
        for way in self._ways(one, one.channel) if "sent" in (outcome, one.outcome) else ():
            way.sent += (outcome == "sent") - (one.outcome == "sent")
        one.outcome, one.reason = outcome, reason
        number = self._ends[name] = self._ends.get(name, 0) + 1
        if outcome:
            self._until.append((at_us + RECEIPTS_COUNT_FOR_US, name, number))

    def receipt(self, event: e.ReceiptRecorded, at_us: int) -> None:
        """A provider told that a message came so far."""
        message = self._messages.get(event.delivery)
        if message is None or event.receipt not in _ARRIVED or event.conflicts or event.is_weak:
            return
        message.is_delivered = True
        for name in message.notices:
            if (one := self._open.get(name)) is not None:
                self._delivered(one, message.channel)

    def _delivered(self, one: _Noticed, channel: str) -> None:
        """Count it once, where it was delivered first."""
        if one.is_delivered:
            return
        one.is_delivered = True
        for count in self._counts(one):
            count.delivered += 1
            count.on(channel).delivered += 1

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.NoticePlanned: planned,
        e.NoticeHeld: held,
        e.NoticeGathered: held,
        e.NoticeSending: sending,
        e.NoticeRecalled: recalled,
        e.NoticeLegSkipped: skipped,
        e.NoticeLegFailed: leg_failed,
        e.NoticeSent: sent,
        e.NoticeSuppressed: suppressed,
        e.NoticeFailed: failed,
        e.NoticeExpired: expired,
        e.ReceiptRecorded: receipt,
    }
