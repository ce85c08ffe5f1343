"""Changing what was sent: the calls of whoever has the contact, and what adapters are asked for.

Belongs here: whether a channel can, and the values that adapters carry. Does not: who may change what (the engine
decides), and sending it (`sending`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from orchestra.channels.account import Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.outbound import Delete, Edit, React
from orchestra.channels.parts import Identity
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c
from orchestra.model.results import Written
from orchestra.runtime.desk import Desk, until_known
from orchestra.runtime.fitting import misfit
from orchestra.runtime.lines import Line, Lines

__all__ = ["Amending", "changes", "if_able"]

_NOT_OUT = ("PENDING", "PERMITTED")

_log = logging.getLogger("orchestra.runtime")

_CANNOT: Mapping[type[c.Command], tuple[str, str]] = {
    c.CorrectMessage: ("edit", "where what was sent cannot be corrected: write what is right instead"),
    c.TakeBackMessage: ("delete", "where what was sent cannot be taken back: write what is right instead"),
    c.SendReaction: ("react", "where we cannot react to messages: write instead"),
}
"""Command -> the capability that it needs, and what is said where that is missing."""


class Amending(Protocol):
    """What whoever has a contact may do to messages that were sent, where the channel can.

    Attributes:
        agent: in whose hands.
    """

    agent: str
    _workspace: Desk

    async def correct(self, message: str | Written, text: str, key: str | None = None) -> Written:
        """Replace the text of a message of ours; returns when that is durable and its delivery planned.

        A message that has not left yet leaves as it is now, on any channel.

        Args:
            message: its id, or what writing it gave.
            text: all that it says from now on.
            key: corrected once per message and key. Give your own to be able to ask again after a failure.

        Returns:
            The message, and the delivery by which the correction leaves.

        Guarantees:
            While nobody knows whether it was stored, it is asked for again under the same key, a few times.

        Raises:
            CommandRefused: the channel cannot, the message is not there or taken back, it is none that this agent or
                their team answers for, or the key was used for another text; says which.
            JournalUnavailable: it may not be stored; with `outcome_unknown`, ask again with the same key.
        """
        command = c.CorrectMessage(_id(message), key, text=text)
        return await self._changed(command)

    async def take_back(self, message: str | Written, key: str | None = None) -> Written:
        """Delete a message of ours at its provider, or call it back if it has not left yet. As `correct`.

        Each file of a message is a message of its own. What was taken back once stays so.

        Args:
            message: its id, or what writing it gave.
            key: as in `correct`.

        Raises:
            CommandRefused: as `correct`.
            JournalUnavailable: as `correct`.
        """
        return await self._changed(c.TakeBackMessage(_id(message), key))

    async def react(self, message: str, reaction: str | None, key: str | None = None) -> Written:
        """Put our reaction on a message of the customer's, in place of the one before. As `correct`.

        Args:
            message: its id, as `Question.message` has it.
            reaction: an emoji, or the provider's word for one; None takes it away.
            key: as in `correct`.

        Raises:
            CommandRefused: the channel cannot, or nothing is known of the message, or not any more; says which.
            JournalUnavailable: as `correct`.
        """
        return await self._changed(c.SendReaction(message, key, reaction=reaction))

    async def _changed(self, command: c.CorrectMessage | c.TakeBackMessage | c.SendReaction) -> Written:
        command.actor, command.key = f"agent:{self.agent}", command.key or self._workspace.reply_key()
        return await until_known(self._workspace, command)


def _id(message: str | Written) -> str:
    return message.message if isinstance(message, Written) else message


def changes(act: str, ids: Sequence[str], key: str, text: str | None) -> list[Edit | Delete | React]:
    """What an adapter is asked for, by the provider's ids of the message, each under a key of its own."""
    keys = [key, *(f"{key}.{number}" for number in range(2, len(ids) + 1))]
    if act == "taken_back":
        return [Delete(key=own, message_id=name) for own, name in zip(keys, ids, strict=False)]
    if act == "reacted":
        return [React(key=key, message_id=name, reaction=text) for name in ids]
    return [Edit(key=key, message_id=name, text=text or "") for name in ids[:1]]


def if_able(view: View, lines: Lines, command: c.Command) -> c.Command:
    """The command, unless it is to change a message where the channel cannot.

    Where the account is not connected here nobody can tell, and the delivery will.

    Raises:
        InvalidCommand: it cannot; says what to do instead.
    """
    if not isinstance(command, c.CorrectMessage | c.TakeBackMessage | c.SendReaction) or misfit(command) is not None:
        return command
    place = _theirs(view, command.message) if isinstance(command, c.SendReaction) else _ours(view, command.message)
    line, (needed, advice) = None if place is None else lines.of(*place), _CANNOT[type(command)]
    if line is not None and getattr(_able(line), needed) is not True:
        raise InvalidCommand("message", f"is on {line.channel}, {advice}")
    return command


def _theirs(view: View, message: str) -> tuple[str, str] | None:
    key = view.contacts.by_message.get(message)
    if key is None:
        return None
    channel, account, _ = key.split("\x1f", 2)
    return channel, account


def _ours(view: View, message: str) -> tuple[str, str] | None:
    """Where a message of ours is that has left; what has not is no matter of the channel's."""
    row = view.deliveries.deliveries.get(view.deliveries.by_message.get(message, ""))
    return None if row is None or row.state in _NOT_OUT else (row.channel, row.account)


def _able(line: Line) -> Capabilities:
    """What the channel can do; the poorest of all where the adapter cannot tell."""
    try:
        return line.adapter.capabilities(line.account, Conversation(recipient=Identity("none", "")))
    except Exception as error:  # noqa: BLE001 - a plug-in's fault
        _log.error("adapter of %s cannot tell its capabilities: %s", line.channel, type(error).__name__)
        return Capabilities()
