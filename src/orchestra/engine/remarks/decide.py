"""Taking what is told of messages: each piece once, and in whatever order it comes.

Belongs here: edits, retractions, reactions, answers of machines, files that were kept. Does not: messages, which begin
contacts or go on with them (`contacts`), and what became of our own (`deliveries`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestra.engine.contacts.intake import (
    already,
    check_channel,
    check_files,
    check_id,
    check_text,
    check_thread,
    when,
)
from orchestra.engine.contacts.state import NO_THREAD, Taken, taken_key
from orchestra.engine.remarks.state import EVOLVE, Remarks, auto_reply_key, reaction_key
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.attachments import MOST_FILES

__all__ = ["SECTION"]

_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)
_LONGEST_REACTION = 64
"""A reaction is an emoji or the provider's word for one."""


def _edit(view: View, command: c.EditMessage, at_us: int) -> Steps:
    _check(view, command)
    check_id("edit_id", command.edit_id)
    check_text(command.text)
    check_files(command.media)
    taken, message = _message(view, command)
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    key = taken_key(command.channel, command.account, command.message_id)
    if view.remarks.is_older(key, command.edit_id, occurred_us):
        return None
    yield e.MessageEdited(
        message,
        taken.interaction,
        _case(view, taken),
        taken.customer,
        command.channel,
        command.account,
        command.message_id,
        command.edit_id,
        occurred_us,
        command.text,
        command.media,
    )
    return None


def _retract(view: View, command: c.RetractMessage, at_us: int) -> Steps:
    _check(view, command)
    key = taken_key(command.channel, command.account, command.message_id)
    if view.remarks.is_retracted(key):
        return None
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    if already(view, command.channel, command.account, command.message_id) is None:
        yield e.RetractionKept(command.channel, command.account, command.message_id, occurred_us)
        return None
    taken, message = _message(view, command)
    yield _retracted(view, command, taken, message, occurred_us)
    return None


def _react(view: View, command: c.ReactToMessage, at_us: int) -> Steps:
    _check(view, command)
    check_id("reaction_id", command.reaction_id)
    reaction = command.reaction
    if reaction is not None and not (reaction.isprintable() and 1 <= len(reaction) <= _LONGEST_REACTION):
        raise InvalidCommand("reaction", f"must be 1 to {_LONGEST_REACTION} printable characters")
    message, case, customer = _target(view, command)
    holder = view.identity.holder(command.sender.key) if command.sender.matches else None
    if holder is None or not view.identity.is_same(holder, customer):
        return None  # somebody who reads along
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    key = reaction_key(command.channel, command.account, command.message_id)
    if view.remarks.is_older(key, command.reaction_id, occurred_us):
        return None
    yield e.ReactionChanged(
        message,
        case,
        customer,
        command.channel,
        command.account,
        command.message_id,
        command.reaction_id,
        occurred_us,
        reaction,
    )
    return None


def _auto_reply(view: View, command: c.RecordAutoReply, at_us: int) -> Steps:
    _check(view, command)
    check_id("reason", command.reason)
    check_thread(command.thread)
    check_text(command.text)
    key = auto_reply_key(command.channel, command.account, command.message_id)
    conversation = _conversation(view, command)
    talked_of = None if conversation is None else view.contacts.conversations[conversation].case
    named = talked_of if command.reply_case is None else command.reply_case
    if named is None or key in view.remarks.remarks:
        return None  # to nothing that we know of, or taken before
    case, row = view.case(named)
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    yield e.AutoReplyRecorded(
        case,
        row.customer,
        command.channel,
        command.account,
        command.message_id,
        conversation,
        command.reason,
        occurred_us,
        command.text,
    )
    return None


def _keep_file(view: View, command: c.KeepFile, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    check_id("message", command.message)
    if not 1 <= command.place <= MOST_FILES:
        raise InvalidCommand("place", f"must be from 1 to {MOST_FILES}")
    if _DIGEST.fullmatch(command.digest or "") is None:
        raise InvalidCommand("digest", "must be SHA-256, hexadecimal")
    if customer in view.identity.erasing:
        raise UnknownId("customer", customer)
    yield e.FileKept(command.message, customer, command.place, command.digest)
    return None


def _check(view: View, command: c.EditMessage | c.RetractMessage | c.ReactToMessage | c.RecordAutoReply) -> None:
    check_channel(view, command.channel)
    check_id("message_id", command.message_id)
    check_id("account", command.account)


def _message(view: View, command: c.EditMessage | c.RetractMessage) -> tuple[Taken, str]:
    """What became of the message, and its own id.

    Raises:
        UnknownId: no message was taken under that id.
    """
    taken = already(view, command.channel, command.account, command.message_id)
    if taken is None or taken.message is None:
        raise UnknownId("message", command.message_id)
    return taken, taken.message


def _case(view: View, taken: Taken) -> str:
    """The case that a message belongs to now: its contact may have been moved."""
    row = None if taken.interaction is None else view.contacts.interactions.get(taken.interaction)
    return taken.case if row is None or row.case is None else row.case


def _target(view: View, command: c.ReactToMessage) -> tuple[str, str, str]:
    """Message, case and customer of what was reacted to: theirs, or ours.

    Raises:
        UnknownId: nothing was taken or sent under that id.
    """
    taken = already(view, command.channel, command.account, command.message_id)
    if taken is not None and taken.message is not None:
        return taken.message, _case(view, taken), taken.customer
    sent = view.deliveries.by_provider_id.get((command.channel, command.account, command.message_id))
    if sent is None:
        raise UnknownId("message", command.message_id)
    row = view.deliveries.deliveries[sent]
    return row.message, row.case, row.customer


def _conversation(view: View, command: c.RecordAutoReply) -> str | None:
    """The conversation that a machine answered in: the thread's, or the one with its address."""
    thread = command.thread
    key = f"{NO_THREAD}{command.sender.key}" if thread is None else thread.key
    return view.contacts.by_thread.get((command.channel, command.account, key))


def _retracted(
    view: View, of: c.RetractMessage | e.MessageReceived, taken: Taken, message: str, occurred_us: int
) -> e.MessageRetracted:
    return e.MessageRetracted(
        message,
        taken.interaction,
        _case(view, taken),
        taken.customer,
        of.channel,
        of.account,
        of.message_id,
        occurred_us,
    )


def _on_received(view: View, event: e.MessageReceived, at_us: int) -> Iterator[e.Event]:
    """What was taken back before it came is so still."""
    key = taken_key(event.channel, event.account, event.message_id)
    if view.remarks.is_retracted(key):
        yield _retracted(view, event, view.contacts.taken[key], event.message, view.remarks.remarks[key].occurred_us)


SECTION = Section(
    "remarks",
    Remarks,
    {
        c.EditMessage: _edit,
        c.RetractMessage: _retract,
        c.ReactToMessage: _react,
        c.RecordAutoReply: _auto_reply,
        c.KeepFile: _keep_file,
    },
    EVOLVE,
    {e.MessageReceived: _on_received},
)
