"""The order of what was said: by when people said it, not by when it came."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.model import events as e
from orchestra.model.records import Record

__all__ = ["in_order", "said_us"]

_SAID = e.MessageReceived | e.ReplyRecorded | e.MessageWritten


def said_us(record: Record, event: e.Event) -> int:
    """When it was said by its source, or else when it happened; microseconds UTC.

    What a source tells was taken when it came: never after that, nor longer ago than its channel's `max_age`.
    """
    return event.occurred_us if isinstance(event, e.MessageReceived | e.ReplyRecorded) else record.at_us


def in_order(found: Sequence[tuple[Record, e.Event]]) -> list[tuple[Record, e.Event]]:
    """A history with what was said in each conversation in the order in which it was said.

    A mail that was long under way stands before the answer that crossed it. What was said at the same time stands in
    the order in which it came; an answer that names what it answers stands behind it, whatever clocks say. All else
    stays where it happened: by that the engine decided.

    Args:
        found: records and their events, in the order in which they came.
    """
    ordered, spoken = list(found), dict[str, list[int]]()
    for place, (_, event) in enumerate(found):
        if isinstance(event, _SAID):
            spoken.setdefault(event.conversation, []).append(place)
    for places in spoken.values():
        times = _times([found[place] for place in places])
        for place, (_, spoken_at) in zip(places, sorted(zip(times, places, strict=True)), strict=True):
            ordered[place] = found[spoken_at]
    return ordered


def _times(found: Sequence[tuple[Record, e.Event]]) -> list[int]:
    """By which time each message counts: its own, or that of what it answers if that is later."""
    times, of = [], dict[str, int]()
    for record, event in found:
        assert isinstance(event, _SAID)
        answered = event.answers if isinstance(event, e.MessageWritten) else None
        times.append(max(said_us(record, event), of.get(answered or "", 0)))
        of[event.message] = times[-1]
    return times
