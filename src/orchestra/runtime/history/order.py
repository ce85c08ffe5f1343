"""The order of what was said: by when people said it, not by when it came."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

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
    the order in which it came. Two things say more than clocks do: what a provider numbered stands in the order of its
    numbers, and what names the message that it answers stands behind that. All else stays where it happened: by that
    the engine decided.

    Args:
        found: records and their events, in the order in which they came.
    """
    ordered, spoken, names = list(found), dict[str, list[int]](), _Names()
    for place, (_, event) in enumerate(found):
        names.learn(event)
        if isinstance(event, _SAID):
            spoken.setdefault(event.conversation, []).append(place)
    for places in spoken.values():
        said = [found[place] for place in places]
        times = _times([said_us(*one) for one in said], _behind([event for _, event in said], names))
        for place, (_, spoken_at) in zip(places, sorted(zip(times, places, strict=True)), strict=True):
            ordered[place] = found[spoken_at]
    return ordered


class _Names:
    """Under which ids of a provider messages are known: it names those that are answered by its own."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str], str] = {}
        self._sent: dict[str, tuple[str, str]] = {}

    def learn(self, event: e.Event) -> None:
        match event:
            case e.MessageReceived() | e.ReplyRecorded():
                self._messages[event.conversation, event.message_id] = event.message
            case e.DeliveryPlanned():
                self._sent[event.delivery] = event.conversation, event.message
            case e.DeliveryAccepted() if event.delivery in self._sent:
                conversation, message = self._sent[event.delivery]
                self._messages.update({(conversation, name): message for name in event.provider_ids})
            case _:
                pass

    def answered(self, event: e.Event) -> str | None:
        """The message that one answers, if it says so and that is known."""
        match event:
            case e.MessageWritten(answers=message):
                return message
            case e.MessageReceived(reply_to=str(name)):
                return self._messages.get((event.conversation, name))
            case _:
                return None


def _behind(said: Sequence[e.Event], names: _Names) -> list[list[int]]:
    """Behind which others each message of a conversation stands, whatever their times are, by places."""
    places = {event.message: place for place, event in enumerate(said) if isinstance(event, _SAID)}
    behind = [[places[one] for one in (names.answered(event),) if one in places] for event in said]
    numbered = sorted(
        (event.sequence, place)
        for place, event in enumerate(said)
        if isinstance(event, e.MessageReceived) and event.sequence is not None
    )
    for (_, before), (_, place) in pairwise(numbered):
        behind[place].append(before)
    return behind


def _times(own: Sequence[int], behind: Sequence[Sequence[int]]) -> list[int]:
    """By which time each message counts: its own, or the latest of those that it stands behind if that is later.

    Messages that are said to stand behind each other, which only an error or malice says, are taken as they come up.
    """
    times, begun = list(own), set[int]()
    for start in range(len(own)):
        path = [start] if start not in begun else []
        while path:
            place = path[-1]
            begun.add(place)
            first = next((other for other in behind[place] if other not in begun), None)
            if first is not None:
                path.append(first)
                continue
            # What came later counts as earlier only if its time is less.
            times[place] = max([own[place], *(times[other] + (other > place) for other in behind[place])])
            path.pop()
    return times
