"""Which messages were changed or taken back, and which news of machines were taken: for a week.

Belongs here: what of several news on one message is the last. Does not: the messages themselves (`contacts`).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import ClassVar

import attrs

from orchestra.engine.contacts.state import taken_key
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Remark", "Remarks", "auto_reply_key", "reaction_key"]

_KEPT_US = 7 * 24 * 3600 * 1_000_000
"""Providers send again, and in any order, for up to so long."""


@attrs.define
class Remark:
    """The last that was told of a message: the provider's id of that; None if it was taken back, or is a machine's."""

    number: int
    at_us: int
    occurred_us: int
    news: str | None


def auto_reply_key(channel: str, account: str, message_id: str) -> str:
    """The key under which a machine's answer is remembered, which no message has."""
    return f"auto\x1f{taken_key(channel, account, message_id)}"


def reaction_key(channel: str, account: str, message_id: str) -> str:
    """The key under which the reaction to a message is remembered."""
    return f"reaction\x1f{taken_key(channel, account, message_id)}"


class Remarks(Slice):
    """Remarks by the key of the message they are on."""

    TABLES: ClassVar = {"remarks": Remark, "counts": None}

    remarks: dict[str, Remark]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild in which order they came."""
        self._order = OrderedDict.fromkeys(sorted(self.remarks, key=lambda key: self.remarks[key].number))

    def is_retracted(self, key: str) -> bool:
        """Whether the message was taken back."""
        row = self.remarks.get(key)
        return row is not None and row.news is None

    def is_older(self, key: str, news: str, occurred_us: int) -> bool:
        """Whether an edit or a reaction was taken before, or tells less than what was."""
        row = self.remarks.get(key)
        return row is not None and (row.news in (None, news) or row.occurred_us > occurred_us)

    def _keep(self, key: str, at_us: int, occurred_us: int, news: str | None) -> None:
        number = self.counts["remark"] = self.counts.get("remark", 0) + 1
        self.remarks[key] = Remark(number, at_us, occurred_us, news)
        self._order[key] = None
        self._order.move_to_end(key)
        for _ in range(2):  # each one kept forgets at most two: no single step is ever long
            oldest = next(iter(self._order))
            if self.remarks[oldest].at_us >= at_us - _KEPT_US:
                return
            del self.remarks[oldest], self._order[oldest]

    def edited(self, event: e.MessageEdited, at_us: int) -> None:
        """What it says now is the last that was told."""
        key = taken_key(event.channel, event.account, event.message_id)
        self._keep(key, at_us, event.occurred_us, event.edit_id)

    def retracted(self, event: e.MessageRetracted | e.RetractionKept, at_us: int) -> None:
        """It was taken back: nothing that is told of it changes that."""
        self._keep(taken_key(event.channel, event.account, event.message_id), at_us, event.occurred_us, None)

    def reacted(self, event: e.ReactionChanged, at_us: int) -> None:
        """It is the last reaction that was told."""
        key = reaction_key(event.channel, event.account, event.message_id)
        self._keep(key, at_us, event.occurred_us, event.reaction_id)

    def auto_replied(self, event: e.AutoReplyRecorded, at_us: int) -> None:
        """The machine's answer was taken."""
        key = auto_reply_key(event.channel, event.account, event.message_id)
        self._keep(key, at_us, event.occurred_us, None)

    def file_kept(self, event: e.FileKept, at_us: int) -> None:
        """One file more is kept; where that is, the private part says."""
        self.counts["file"] = self.counts.get("file", 0) + 1


EVOLVE: dict[type[e.Event], Evolve] = {
    e.MessageEdited: Remarks.edited,
    e.MessageRetracted: Remarks.retracted,
    e.RetractionKept: Remarks.retracted,
    e.ReactionChanged: Remarks.reacted,
    e.AutoReplyRecorded: Remarks.auto_replied,
    e.FileKept: Remarks.file_kept,
}
