"""What providers tell of people by their addresses: what they want to be sent, and who else they are.

Belongs here: news of adapters. Does not: what people and applications note of a customer whom they name (`decide`).
"""

from __future__ import annotations

from orchestra.engine.contacts.intake import add_customer, check_channel, check_id, when
from orchestra.engine.identity.linking import link_known
from orchestra.engine.identity.undeliverable import taken_up
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address

__all__ = ["check_purpose", "take_consent", "take_identity"]


def check_purpose(view: View, purpose: str) -> None:
    """Refuse a purpose that the plan does not name."""
    if purpose not in view.plan.identity.purposes:
        known = ", ".join(sorted(view.plan.identity.purposes)) or "none is named"
        raise InvalidCommand("purpose", f"must be one of the plan's purposes: {known}")


def take_consent(view: View, command: c.TakeConsent, at_us: int) -> Steps:
    """Decide what somebody allows or forbids on the channel on which they said so."""
    check_channel(view, command.channel)
    check_id("account", command.account)
    if command.purpose is not None:
        check_purpose(view, command.purpose)
    purposes = sorted(view.plan.identity.purposes) if command.purpose is None else [command.purpose]
    _check_sender(command.sender)
    customer = yield from _known(view, command.sender)
    yield from taken_up(view, command.channel, command.sender.key)
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    for purpose in purposes:
        yield e.ConsentRecorded(customer, command.channel, purpose, command.given, occurred_us, command.evidence)
    return None


def take_identity(view: View, command: c.TakeIdentity, at_us: int) -> Steps:
    """Decide that two addresses are one person's, as far as nothing speaks against it."""
    _check_sender(command.sender)
    check_id("linked", command.linked.key)
    customer = yield from _known(view, command.sender)
    yield from link_known(view, customer, [command.linked])
    return None


def _check_sender(sender: Address) -> None:
    check_id("sender", sender.key)
    if not sender.matches:
        raise InvalidCommand("sender", "is blocked: it names nobody")


def _known(view: View, sender: Address) -> Steps:
    """Whoever has the address; somebody new if nobody has: what they forbid holds from their first contact on."""
    holder = view.identity.holder(sender.key)
    if holder is None:
        return (yield from add_customer(view, sender))
    return view.identity.root(holder)
