"""From what adapters report and applications hand in to the engine's commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orchestra.channels import inbound
from orchestra.channels.instants import unix_us
from orchestra.channels.text import clean_text, refuse_controls
from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Email, Handle, Phone, Ref, Thread
from orchestra.model.commands import (
    AdvanceCase,
    Command,
    ReceiveContact,
    ReceiveMessage,
    RecordReceipt,
    RecordReply,
    SendMessage,
    WriteReply,
)
from orchestra.model.instants import since_epoch_us
from orchestra.model.limits import id_fault, text_fault
from orchestra.model.message import Contact, Message
from orchestra.runtime.fitting import misfit
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line

__all__ = ["commands_of", "digested", "receive"]

_LONGEST_REASON = 200


def receive(contact: Message | Contact, key: WorkspaceKey) -> ReceiveMessage | ReceiveContact:
    """The command that takes a message or contact: cleaned, its address hashed, its reply token checked.

    Raises:
        MalformedMessage: a field is of another type, the address or an id is not well formed, or the text too long.
    """
    _refuse_other_kinds(contact)
    _refuse_misfit(contact)
    common: dict[str, Any] = {
        "channel": contact.channel,
        "account": _checked_id(contact.account, "account"),
        "sender": key.address(contact.sender),
        "also": [key.address(person) for person in contact.also],
        "thread": None if contact.thread is None else key.thread(_checked_id(contact.thread, "thread")),
        "occurred_us": None if contact.at is None else since_epoch_us(contact.at),
        "reply_case": None if contact.reply_token is None else key.case_of(contact.reply_token),
        "invitation": None if contact.reply_token is None else key.invitation_of(contact.reply_token),
        "case_number": contact.case_number,
        "topic": contact.topic,
        "queue": contact.queue,
        "skills": dict(contact.skills),
        "priority": contact.priority,
    }
    provider_id = _checked_id(contact.id, "id")
    if not isinstance(contact, Message):
        return ReceiveContact(contact_id=provider_id, **common)
    text = clean_text(contact.text)
    if (fault := text_fault(text)) is not None:
        raise MalformedMessage("text", fault)
    return ReceiveMessage(message_id=provider_id, text=text, **common)


def _refuse_other_kinds(contact: object) -> None:
    if not isinstance(contact, Contact):
        raise MalformedMessage("", f"must be a Message or a Contact, not {type(contact).__name__}")


def _refuse_misfit(contact: Contact) -> None:
    if (found := misfit(contact)) is not None:
        raise MalformedMessage(*found)
    for index, person in enumerate(contact.also):
        if (found := misfit(person)) is not None:
            raise MalformedMessage(f"also[{index}].{found[0]}", found[1])
    if contact.at is not None and contact.at.tzinfo is None:
        raise MalformedMessage("at", "needs a time zone: datetime.now(UTC), not datetime.now()")


def _checked_id(value: str, where: str) -> str:
    if (fault := id_fault(value)) is not None:
        raise MalformedMessage(where, fault)
    return refuse_controls(value, where)


def digested(command: Command, key: WorkspaceKey) -> Command:
    """The command with what tells its text from another under the same key. The caller's own stays as it is."""
    if not isinstance(command, SendMessage | WriteReply) or command.key is None or command.text is None:
        return command
    title = command.title if isinstance(command, SendMessage) else None
    said = command.text if title is None else f"{title}\n{command.text}"
    return command if command.digest is not None else attrs.evolve(command, digest=key.digest(said))


def commands_of(event: inbound.Inbound, line: Line, key: WorkspaceKey) -> list[Command]:
    """What to ask of the engine because of this news; nothing for kinds that concern nobody here.

    Raises:
        MalformedMessage: an address or id in it is not well formed.
    """
    make = _MAKERS.get(type(event))
    return [] if make is None else make(event, line, key)


def _person(event: inbound.Inbound) -> Email | Phone | Handle | None:
    identity = event.origin.sender
    if identity is None:
        return None
    name = None if identity.name is None else clean_text(identity.name)
    if identity.kind == "email":
        return Email(identity.value, name)
    if identity.kind == "phone":
        return Phone(identity.value, name)
    return Handle(identity.value, name, kind=identity.kind)


def _thread(event: inbound.Inbound, key: WorkspaceKey) -> Thread | None:
    conversation = event.origin.thread.conversation
    return None if conversation is None else key.thread(_checked_id(conversation, "thread"))


def _occurred_us(event: inbound.Inbound) -> int | None:
    return None if event.origin.occurred_at is None else unix_us(event.origin.occurred_at)


def _message(event: inbound.MessageReceived, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    if person is None:
        return []
    token = event.origin.thread.token
    return [
        ReceiveMessage(
            channel=line.channel,
            account=line.name,
            message_id=event.origin.dedupe_key,
            sender=key.address(person),
            thread=_thread(event, key),
            occurred_us=_occurred_us(event),
            reply_case=None if token is None else key.case_of(token),
            invitation=None if token is None else key.invitation_of(token),
            text=clean_text(event.text),
        )
    ]


def _update(event: inbound.DeliveryUpdate, line: Line, key: WorkspaceKey) -> list[Command]:
    if event.state is inbound.DeliveryState.ACCEPTED:
        return []  # the answer to the sending itself says so
    return [
        RecordReceipt(line.channel, line.name, provider_id, event.state.value, _occurred_us(event), event.code)
        for provider_id in event.message_ids
    ]


def _echo(event: inbound.OutboundEcho, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    if person is None or (event.key is not None and key.delivery_of(event.key) is not None):
        return []  # our own sending, which its delivery tells of
    return [
        RecordReply(
            channel=line.channel,
            account=line.name,
            message_id=event.origin.dedupe_key,
            recipient=key.address(person),
            thread=_thread(event, key),
            occurred_us=_occurred_us(event),
            text=clean_text(event.text),
        )
    ]


def _few_words(reason: str | None) -> str | None:
    """A reason as a command takes it: a stage counts though somebody wrote too much about it."""
    if reason is None:
        return None
    line = " ".join(clean_text(reason).split())
    return "".join(character for character in line if character.isprintable())[:_LONGEST_REASON].strip() or None


def _progress(event: inbound.ProgressPosted, line: Line, key: WorkspaceKey) -> list[Command]:
    """A report, which may have come before: it is told from others by the provider's own id, and by its own time."""
    return [
        AdvanceCase(
            Ref(_checked_id(event.ref, "ref")),
            _checked_id(event.stage, "stage"),
            due_us=None if event.due_at is None else unix_us(event.due_at),
            earliest_us=None if event.earliest_at is None else unix_us(event.earliest_at),
            reason=_few_words(event.reason),
            report=f"{line.channel}/{line.name}/{_checked_id(event.origin.dedupe_key, 'id')}",
            reported_us=_occurred_us(event),
            actor=f"back_office:{line.channel}",
        )
    ]


_MAKERS: Mapping[type[inbound.Inbound], Callable[[Any, Line, WorkspaceKey], list[Command]]] = {
    inbound.MessageReceived: _message,
    inbound.DeliveryUpdate: _update,
    inbound.OutboundEcho: _echo,
    inbound.ProgressPosted: _progress,
}
