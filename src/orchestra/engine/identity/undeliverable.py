"""Addresses at which nobody can be reached: given up when a provider says so, taken up when somebody writes from them.

Belongs here: what marks an address, and what takes the mark away. Does not: what is not sent because of it
(`deliveries`, `notices`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.contacts.state import Conversation
from orchestra.engine.identity.state import given_up_key
from orchestra.engine.view import View
from orchestra.errors import UnknownId
from orchestra.model import commands as c, events as e

__all__ = ["UNDELIVERABLE", "confirm_address", "give_up", "is_given_up", "taken_up"]

UNDELIVERABLE = "undeliverable"
"""Why what was to go to such an address does not leave, or goes elsewhere."""


def is_given_up(view: View, conversation: str) -> bool:
    """Whether nobody can be reached at the address that is written to in a conversation."""
    if not view.identity.given_up:
        return False
    talk = view.contacts.conversations[conversation]
    return given_up_key(talk.channel, talk.address) in view.identity.given_up


def give_up(
    view: View, talk: Conversation, recipient: str | None, sent_us: int | None, reason: str, delivery: str
) -> Iterator[e.Event]:
    """Mark the address that is written to in a conversation.

    Not if it was another address at which nobody could be reached, to which theirs passes things on; nor if they wrote
    after what came back was sent: whoever does is there again.
    """
    if recipient not in (None, talk.address) or given_up_key(talk.channel, talk.address) in view.identity.given_up:
        return
    if sent_us is not None and talk.last_inbound_us is not None and talk.last_inbound_us > sent_us:
        return
    holder = view.identity.holder(talk.address) or talk.customer
    yield e.AddressGivenUp(holder, talk.address, talk.channel, reason, delivery)


def taken_up(view: View, channel: str, address: str) -> Iterator[e.Event]:
    """Somebody has written from an address: if it was given up on that channel, it is not any more."""
    row = view.identity.given_up.get(given_up_key(channel, address))
    if row is not None:
        yield e.AddressTakenUp(row.customer, address, channel, "wrote")


def confirm_address(view: View, command: c.ConfirmAddress, at_us: int) -> Iterator[e.Event]:
    """Decide that a customer can be reached at an address after all, on one channel or on all of them."""
    customer, _ = view.customer(command.customer)
    holder = view.identity.holder(command.address.key)
    if holder is None or not view.identity.is_same(holder, customer):
        raise UnknownId(f"address of {customer}", command.address.kind)
    if command.channel is not None and command.channel not in view.plan.channels:
        raise UnknownId("channel", command.channel)
    for key in sorted(view.identity.given_up_of.get(holder, ())):
        channel, _, address = key.partition("\x1f")
        if address == command.address.key and command.channel in (None, channel):
            yield e.AddressTakenUp(holder, address, channel, "confirmed")
