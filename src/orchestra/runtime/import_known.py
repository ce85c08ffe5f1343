"""Messages that a journal holds, for whoever imports a file again after the engine has forgotten their ids.

Belongs here: looking them up, a customer at a time. Does not: ids that the engine still keeps.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeVar

from orchestra.codec import decode_event
from orchestra.engine.contacts.state import taken_key
from orchestra.engine.view import View
from orchestra.journal.port import Journal
from orchestra.model import events as e

__all__ = ["KnownMessages"]

_TYPES: Final = (e.MessageReceived.__name__, e.ReplyRecorded.__name__)
_MOST_PEOPLE: Final = 2_000
_MOST_RECENT: Final = 2_000

Held = TypeVar("Held")


class KnownMessages:
    """Which messages of a customer are in the journal, or about to be.

    A channel keeps ids for a time that is made for repeats by providers; a file that was mended and is imported again
    may repeat what is years old. Bounded: whoever was not asked for lately is read again.
    """

    def __init__(self, journal: Journal, view: View) -> None:
        self._journal = journal
        self._view = view
        self._people: OrderedDict[str, set[str]] = OrderedDict()
        self._recent: OrderedDict[str, None] = OrderedDict()

    def has(self, channel: str, account: str, message_id: str, address: str) -> bool:
        """Whether a message from or to whoever has the (hashed) address was taken under this id."""
        key = taken_key(channel, account, message_id)
        holder = self._view.identity.holder(address)
        return key in self._recent or (holder is not None and key in self._of(self._view.identity.root(holder)))

    def add(self, channel: str, account: str, message_id: str, customer: str) -> None:
        """A message of a customer was taken, which is not in the journal yet."""
        key = taken_key(channel, account, message_id)
        _keep(self._recent, key, None, _MOST_RECENT)
        person = self._people.get(self._view.identity.root(customer))
        if person is not None:
            person.add(key)

    def _of(self, customer: str) -> set[str]:
        known = self._people.get(customer)
        if known is None:
            known = set()
            for record in self._journal.read(subjects=self._view.identity.group(customer), types=_TYPES):
                event = decode_event(record)
                assert isinstance(event, e.MessageReceived | e.ReplyRecorded)
                known.add(taken_key(event.channel, event.account, event.message_id))
        _keep(self._people, customer, known, _MOST_PEOPLE)
        return known


def _keep(held: OrderedDict[str, Held], key: str, value: Held, most: int) -> None:
    held[key] = value
    held.move_to_end(key)
    if len(held) > most:
        held.popitem(last=False)
