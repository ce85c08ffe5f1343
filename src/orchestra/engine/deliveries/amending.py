"""Changing a message that was sent: correcting it, taking it back, and reacting to one of a customer's.

Belongs here: who may do so, to which messages, and the delivery by which it leaves. Does not: when that leaves
(`decide`), and what customers do to messages (`remarks`).
"""

from __future__ import annotations

import attrs

from orchestra.engine.access import covers_others
from orchestra.engine.contacts.intake import check_text
from orchestra.engine.deliveries.row import Delivery
from orchestra.engine.identity.undeliverable import UNDELIVERABLE, is_given_up
from orchestra.engine.ownership.owners import team_behind
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import actor_kind, actor_name
from orchestra.model.identity import SERVICE
from orchestra.model.results import Written
from orchestra.model.structure import microseconds

__all__ = ["correct", "react", "take_back"]

_Amending = c.CorrectMessage | c.TakeBackMessage | c.SendReaction

_AGENTS = ("agent", "bot")
_NOT_OUT = ("PENDING", "PERMITTED")
_THERE = ("ACCEPTED", "DELIVERED", "READ", "ACTED")
"""The provider has it, under ids that are known."""
_MOST_PARTS = 8
"""So many messages of the provider's are deleted for one of ours."""
_LONGEST_REACTION = 64
"""A reaction is an emoji or the provider's word for one."""


@attrs.frozen
class _Place:
    """Where a message is, as `MessageAmended` says it; and the contact that it was written in, if in one."""

    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    topic: str
    interaction: str | None

    @classmethod
    def of(cls, row: Delivery) -> _Place:
        """Where a message of ours is."""
        where = row.case, row.customer, row.channel, row.account, row.conversation
        return cls(*where, row.topic, row.interaction)


def correct(view: View, command: c.CorrectMessage, at_us: int) -> Steps:
    """Decide on other words for a message; gives `Written`."""
    if not command.text:
        raise InvalidCommand("text", "must not be empty: TakeBackMessage takes a message back")
    check_text(command.text)
    known = _known(view, command, "corrected", command.digest)
    if known is not None:
        return known
    name, row = _ours(view, command, "correct")
    if view.deliveries.is_taken_back(name):
        raise NotAllowedInState(command.message, "taken back", "correct")
    if row.subject is not None and (conflict := view.commitments.frozen_by(row.subject)) is not None:
        raise NotAllowedInState(row.subject, f"in conflict {conflict}", "correct")
    is_out = _is_out(command.message, row, "correct")
    if row.instead_of is not None:
        raise NotAllowedInState(command.message, "said by its template", "correct")
    parts = len(row.provider_ids)
    if parts > 1:
        raise NotAllowedInState(command.message, f"there in {parts} parts, to be taken back together", "correct")
    delivery = view.deliveries.next_delivery() if is_out else None
    yield _amended(view, command, at_us, "corrected", _Place.of(row), delivery, name, command.text, row.purpose)
    return Written(command.message, delivery or name)


def take_back(view: View, command: c.TakeBackMessage, at_us: int) -> Steps:
    """Decide on taking a message back; gives `Written`. Once is enough."""
    known = _known(view, command, "taken_back", None)
    if known is not None:
        return known
    name, row = _ours(view, command, "take_back")
    if view.deliveries.is_taken_back(name):
        return Written(command.message, row.taken_back or name)
    is_out = _is_out(command.message, row, "take_back")
    if len(row.provider_ids) > _MOST_PARTS:
        raise NotAllowedInState(command.message, f"there in more than {_MOST_PARTS} parts", "take_back")
    delivery = view.deliveries.next_delivery() if is_out else None
    yield _amended(view, command, at_us, "taken_back", _Place.of(row), delivery, name, None)
    if delivery is None:
        yield e.DeliveryCanceled(name, row.customer, "taken back")
    return Written(command.message, delivery or name)


def react(view: View, command: c.SendReaction, at_us: int) -> Steps:
    """Decide on a reaction to a message of a customer's; gives `Written`."""
    reaction = command.reaction
    if reaction is not None and not (reaction.isprintable() and 1 <= len(reaction) <= _LONGEST_REACTION):
        raise InvalidCommand("reaction", f"must be 1 to {_LONGEST_REACTION} printable characters")
    known = _known(view, command, "reacted", command.digest)
    if known is not None:
        return known
    key = view.contacts.by_message.get(command.message)
    taken = None if key is None else view.contacts.taken[key]
    if key is None or taken is None or taken.interaction is None:
        raise UnknownId("message", command.message)
    name, contact = view.interaction(taken.interaction)
    assert contact.conversation is not None  # there was a message in it
    assert contact.case is not None  # every interaction has a case from its first batch on
    if view.remarks.is_retracted(key):
        raise NotAllowedInState(command.message, "taken back by its writer", "react")
    account = contact.channel, contact.account
    place = _Place(contact.case, taken.customer, *account, contact.conversation, "reply", name)
    _check(view, command, place, "react")
    delivery = view.deliveries.next_delivery()
    yield _amended(view, command, at_us, "reacted", place, delivery, None, reaction)
    return Written(command.message, delivery)


def _key(command: _Amending) -> str | None:
    """The delivery's key: the message's own, so that nobody else's is."""
    return None if command.key is None else f"message:{command.message}:amend:{command.key}"


def _known(view: View, command: _Amending, act: str, digest: str | None) -> Written | None:
    """What was asked for before under that key."""
    if command.key == "":
        raise InvalidCommand("key", "must not be empty")
    name = view.deliveries.by_key.get(_key(command) or "")
    if name is None:
        return None
    row = view.deliveries.deliveries[name]
    if (row.act, row.digest) != (act, digest):
        raise InvalidCommand("key", f"{command.key!r} was used for another change of it: {name}")
    return Written(row.message, name)


def _ours(view: View, command: c.CorrectMessage | c.TakeBackMessage, wish: str) -> tuple[str, Delivery]:
    """A message of ours that may be changed, and the delivery by which it went.

    Raises:
        UnknownId: there is none of that id.
        InvalidCommand: it is changed by other means.
        NotAllowedInState, NotPermitted: see `_check`.
    """
    name = view.deliveries.by_message.get(command.message)
    if name is None:
        raise UnknownId("message", command.message)
    row = view.deliveries.deliveries[name]
    if row.notice is not None:
        raise InvalidCommand("message", f"{command.message} is a notice: the next one on its matter corrects it")
    if row.key.startswith("invitation:"):
        raise InvalidCommand("message", f"{command.message} is an invitation: WithdrawInvitation takes it back")
    _check(view, command, _Place.of(row), wish)
    return name, row


def _check(view: View, command: _Amending, place: _Place, wish: str) -> None:
    """Refuse what nobody can be told any more, and an agent whose message it is not.

    Raises:
        NotAllowedInState: its customer is erased, or cannot be reached there any more.
        NotPermitted: the agent has no part in the contacts there, and does not answer for the case.
    """
    if place.customer in view.identity.erasing:
        raise NotAllowedInState(command.message, "erased", wish)
    if is_given_up(view, place.conversation):
        raise NotAllowedInState(command.message, UNDELIVERABLE, wish)
    actor = command.actor or "system"
    if actor_kind(actor) in _AGENTS and not _is_theirs(view, command, place, actor_name(actor)):
        reason = f"{command.message} is of no contact that they have or had, nor of a case of theirs or their team's"
        raise NotPermitted(actor, type(command).__name__, reason)


def _is_theirs(view: View, command: _Amending, place: _Place, name: str) -> bool:
    """Whether an agent has a part in the conversation, had the contact of the message, or answers for its case."""
    newest = view.contacts.conversations[place.conversation].interaction
    contacts = [one for one in (newest, place.interaction) if one is not None]
    if any(name == view.contacts.interactions[one].agent for one in contacts):
        return True
    if any(name == row.consulted for one in contacts for _, row in view.consults.parties(one)):
        return True
    case, agent = view.cases.root(place.case), view.presence.agents[name]
    row = view.cases.cases[case]
    if (row.owner_kind, row.owner) == ("agent", name) or team_behind(view, case) in agent.teams:
        return True
    return covers_others(view, command, agent)


def _is_out(message: str, row: Delivery, wish: str) -> bool:
    """Whether a message is with its provider, who has to be told then; not if it has never left.

    Raises:
        NotAllowedInState: nobody knows, or it never will be there.
    """
    if row.state in _NOT_OUT and not row.attempts:
        return False
    if row.state in _NOT_OUT:
        raise NotAllowedInState(message, "being tried again, which CancelDelivery ends", wish)
    if row.state == "STARTED":
        raise NotAllowedInState(message, "just leaving, so ask again in a moment", wish)
    if row.state not in _THERE:
        raise NotAllowedInState(message, row.state, wish)
    if not row.provider_ids:
        raise NotAllowedInState(message, "known to its provider by no id", wish)
    return True


def _amended(
    view: View,
    command: _Amending,
    at_us: int,
    act: str,
    place: _Place,
    delivery: str | None,
    of: str | None,
    text: str | None,
    purpose: str = SERVICE,
) -> e.MessageAmended:
    """The change of a message, by a delivery if one is given."""
    actor = command.actor or "system"
    return e.MessageAmended(
        delivery,
        None if delivery is None else _key(command) or f"message:{delivery}",
        act,
        command.message,
        of,
        place.case,
        place.customer,
        place.channel,
        place.account,
        place.conversation,
        place.topic,
        view.position + 1,
        at_us + microseconds(view.plan.deliveries.expires_after),
        place.interaction,
        actor_name(actor) if actor_kind(actor) in _AGENTS else None,
        None if isinstance(command, c.TakeBackMessage) else command.digest,
        purpose,
        text,
    )
