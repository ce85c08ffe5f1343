"""From what adapters report and applications hand in to the engine's commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from orchestra.channels import inbound
from orchestra.channels.instants import unix_us
from orchestra.channels.parts import Identity, Part, text_of
from orchestra.channels.text import clean_text, refuse_controls
from orchestra.engine.contacts.state import NO_THREAD
from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Address, Email, Handle, Phone, Ref, Thread
from orchestra.model.attachments import MOST_FILES, File
from orchestra.model.commands import (
    AdvanceCase,
    Command,
    CorrectMessage,
    EditMessage,
    EndCall,
    PressKeys,
    ReactToMessage,
    ReceiveContact,
    ReceiveMessage,
    RecordAutoReply,
    RecordReceipt,
    RecordReply,
    RecordWatermark,
    ReportLeg,
    RetractMessage,
    SendMessage,
    SendReaction,
    TakeConsent,
    TakeIdentity,
    WriteReply,
)
from orchestra.model.instants import since_epoch_us
from orchestra.model.limits import id_fault, sequence_fault, text_fault
from orchestra.model.message import Contact, Message
from orchestra.runtime.attached import parts_of, told_of
from orchestra.runtime.fitting import misfit
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line

__all__ = ["commands_of", "digested", "few_words", "receive", "talk_of"]

_MOST_ALSO = 5
"""So many addresses beside the sender's own are taken with a message."""

_LONGEST_REASON = 200


def receive(contact: Message | Contact, key: WorkspaceKey) -> ReceiveMessage | ReceiveContact:
    """The command that takes a message or contact: cleaned, its address hashed, its reply token checked.

    Raises:
        MalformedMessage: a field is of another type, the address or an id is not well formed, the text too long, or
            there are too many files or empty ones.
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
    return ReceiveMessage(
        message_id=provider_id,
        text=text,
        media=told_of(parts_of(contact.media)),
        reply_to=None if contact.reply_to is None else _checked_id(contact.reply_to, "reply_to"),
        sequence=contact.sequence,
        **common,
    )


def _refuse_other_kinds(contact: object) -> None:
    if not isinstance(contact, Contact):
        raise MalformedMessage("", f"must be a Message or a Contact, not {type(contact).__name__}")


def _refuse_misfit(contact: Contact) -> None:
    if (found := misfit(contact)) is not None:
        raise MalformedMessage(*found)
    for index, person in enumerate(contact.also):
        if (found := misfit(person)) is not None:
            raise MalformedMessage(f"also[{index}].{found[0]}", found[1])
    if isinstance(contact, Message):
        _refuse_files(contact.media)
    if contact.at is not None and contact.at.tzinfo is None:
        raise MalformedMessage("at", "needs a time zone: datetime.now(UTC), not datetime.now()")


def _refuse_files(files: Sequence[File]) -> None:
    if len(files) > MOST_FILES:
        raise MalformedMessage("media", f"must be {MOST_FILES} files at most")
    for index, file in enumerate(files):
        if (found := misfit(file)) is not None:
            raise MalformedMessage(f"media[{index}].{found[0]}", found[1])
        if not file.data:
            raise MalformedMessage(f"media[{index}].data", "must not be empty")


def _checked_id(value: str, where: str) -> str:
    if (fault := id_fault(value)) is not None:
        raise MalformedMessage(where, fault)
    return refuse_controls(value, where)


def digested(command: Command, key: WorkspaceKey) -> Command:
    """The command with what tells its text from another under the same key. The caller's own stays as it is."""
    if isinstance(command, CorrectMessage | SendReaction):
        said = command.text if isinstance(command, CorrectMessage) else command.reaction or ""
        if command.key is None or command.digest is not None or misfit(command) is not None or said is None:
            return command
        return attrs.evolve(command, digest=key.digest(said))
    if not isinstance(command, SendMessage | WriteReply) or command.key is None or command.digest is not None:
        return command
    if (command.text is None and command.media is None) or misfit(command) is not None:
        return command  # it says nothing, or is refused for what it is
    text = command.text or ""
    title = command.title if isinstance(command, SendMessage) else None
    said = text if title is None else f"{title}\n{text}"
    said += "".join(f"\x1c{file.get('digest')}\x1d{file.get('name')}" for file in command.media or ())
    if command.template is not None:
        said += "\x1d" + "\x1f".join(command.template)
    if isinstance(command, WriteReply) and (command.answers is not None or command.only_them):
        said += f"\x19{command.answers}\x1f{command.only_them}"
    if command.choices is not None:
        said += "\x1e" + "\x1e".join("\x1f".join(choice) for choice in command.choices)
    return attrs.evolve(command, digest=key.digest(said))


def commands_of(event: inbound.Inbound, line: Line, key: WorkspaceKey) -> list[Command]:
    """What to ask of the engine because of this news; nothing for kinds that concern nobody here.

    Raises:
        MalformedMessage: an address or id in it is not well formed.
    """
    make = _MAKERS.get(type(event))
    return [] if make is None else make(event, line, key)


def _person(event: inbound.Inbound) -> Email | Phone | Handle | None:
    identity = event.origin.sender
    return None if identity is None else _known_as(identity)


def _known_as(identity: Identity) -> Email | Phone | Handle:
    name = None if identity.name is None else clean_text(identity.name)
    if identity.kind == "email":
        return Email(identity.value, name)
    if identity.kind == "phone":
        return Phone(identity.value, name)
    return Handle(identity.value, name, kind=identity.kind)


def _also(event: inbound.Inbound, key: WorkspaceKey) -> list[Address]:
    """The other identities of the sender, as far as the provider vouches for them."""
    others = [identity for identity in event.origin.identities[1:] if identity.is_verified]
    return [key.address(_known_as(identity)) for identity in others[:_MOST_ALSO]]


def _thread(event: inbound.Inbound, key: WorkspaceKey) -> Thread | None:
    conversation = event.origin.thread.conversation
    return None if conversation is None else key.thread(_checked_id(conversation, "thread"))


def talk_of(event: inbound.Inbound, line: Line, key: WorkspaceKey) -> tuple[str, str, str] | None:
    """What the conversation is found by in which this happened; None where nobody is named.

    Raises:
        MalformedMessage: an address or id in it is not well formed.
    """
    thread, person = _thread(event, key), _person(event)
    if thread is not None:
        return line.channel, line.name, thread.key
    return None if person is None else (line.channel, line.name, f"{NO_THREAD}{key.address(person).key}")


def _occurred_us(event: inbound.Inbound) -> int | None:
    return None if event.origin.occurred_at is None else unix_us(event.origin.occurred_at)


def _message_id(event: inbound.Inbound) -> str:
    """Under which a message is taken once: the provider's id of it, by which edits and reactions name it, too."""
    return event.origin.ids.message or event.origin.dedupe_key


def _received(
    event: inbound.Inbound,
    line: Line,
    key: WorkspaceKey,
    message_id: str,
    text: str,
    *,
    choice: str | None = None,
    parts: tuple[Part, ...] = (),
) -> list[Command]:
    person = _person(event)
    if person is None:
        return []
    token, reply_to, sequence = event.origin.thread.token, event.origin.thread.reply_to, event.origin.sequence
    return [
        ReceiveMessage(
            channel=line.channel,
            account=line.name,
            message_id=message_id,
            sender=key.address(person),
            thread=_thread(event, key),
            also=_also(event, key),
            occurred_us=_occurred_us(event),
            reply_case=None if token is None else key.case_of(token),
            invitation=None if token is None else key.invitation_of(token),
            case_number=event.origin.thread.case_number,
            text=clean_text(text),
            choice=choice,
            media=told_of(parts),
            # What is told amiss of its place is no reason to turn a message away.
            reply_to=None if reply_to is None or id_fault(reply_to) is not None else reply_to,
            sequence=None if sequence is None or sequence_fault(sequence) is not None else sequence,
        )
    ]


def _message(event: inbound.MessageReceived, line: Line, key: WorkspaceKey) -> list[Command]:
    return _received(event, line, key, _message_id(event), event.text, parts=event.parts)


def _choice(event: inbound.ChoiceSelected, line: Line, key: WorkspaceKey) -> list[Command]:
    """What they picked, in the words that they saw. The message it names is ours: it is taken under its own id."""
    return _received(event, line, key, event.origin.dedupe_key, event.label or event.choice, choice=event.choice)


def _edit(event: inbound.MessageEdited, line: Line, key: WorkspaceKey) -> list[Command]:
    """Taken as the message itself where that has not come: its first form changes nothing then."""
    edit = EditMessage(
        channel=line.channel,
        account=line.name,
        message_id=event.message_id,
        edit_id=event.origin.dedupe_key,
        occurred_us=_occurred_us(event),
        text=clean_text(event.text),
        media=told_of(event.parts),
    )
    first = _received(event, line, key, event.message_id, event.text, parts=event.parts)
    return [*first, edit]


def _delete(event: inbound.MessageDeleted, line: Line, key: WorkspaceKey) -> list[Command]:
    return [RetractMessage(line.channel, line.name, event.message_id, _occurred_us(event))]


def _reaction(event: inbound.ReactionChanged, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    if person is None:
        return []
    return [
        ReactToMessage(
            channel=line.channel,
            account=line.name,
            message_id=event.message_id,
            reaction_id=event.origin.dedupe_key,
            sender=key.address(person),
            occurred_us=_occurred_us(event),
            reaction=event.reaction,
        )
    ]


def _update(event: inbound.DeliveryUpdate, line: Line, key: WorkspaceKey) -> list[Command]:
    if event.state is inbound.DeliveryState.ACCEPTED:
        return []  # the answer to the sending itself says so
    if event.watermark is not None:
        return _watermark(event, event.watermark, line, key)
    is_weak = event.is_weak and event.state is inbound.DeliveryState.READ
    is_dead = event.is_undeliverable and event.state is inbound.DeliveryState.FAILED
    common = event.state.value, _occurred_us(event), event.code, is_weak, is_dead
    return [RecordReceipt(line.channel, line.name, provider_id, *common) for provider_id in event.message_ids]


def _watermark(event: inbound.DeliveryUpdate, until: datetime, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    if person is None or event.state is inbound.DeliveryState.FAILED or event.is_weak:
        return []
    sender, thread = key.address(person), _thread(event, key)
    return [RecordWatermark(line.channel, line.name, sender, event.state.value, unix_us(until), thread)]


def _echo(event: inbound.OutboundEcho, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    if person is None or (event.key is not None and key.delivery_of(event.key) is not None):
        return []  # our own sending, which its delivery tells of
    return [
        RecordReply(
            channel=line.channel,
            account=line.name,
            message_id=_message_id(event),
            recipient=key.address(person),
            thread=_thread(event, key),
            occurred_us=_occurred_us(event),
            text=clean_text(event.text),
            media=told_of(event.parts),
        )
    ]


def few_words(reason: str | None) -> str | None:
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
            reason=few_words(event.reason),
            report=f"{line.channel}/{line.name}/{_checked_id(event.origin.dedupe_key, 'id')}",
            reported_us=_occurred_us(event),
            actor=f"back_office:{line.channel}",
        )
    ]


def _consent(event: inbound.ConsentChanged, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    if person is None:
        return []
    return [
        TakeConsent(
            channel=line.channel,
            account=line.name,
            sender=key.address(person),
            given=event.is_granted,
            purpose=event.topic,
            occurred_us=_occurred_us(event),
            evidence=event.origin.dedupe_key,
        )
    ]


def _identity(event: inbound.IdentityLinked, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    return [] if person is None else [TakeIdentity(key.address(person), key.address(_known_as(event.linked)))]


def _call(event: inbound.CallEvent, line: Line, key: WorkspaceKey) -> list[Command]:
    """A call that rings is a contact, taken under the call's own id; what happens in it is told under that."""
    call = line.channel, line.name, _checked_id(event.call_id, "call_id")
    if event.leg is not None:
        state = _LEG_STATES.get(event.state)
        leg_id = None if event.leg_id is None else _checked_id(event.leg_id, "leg_id")
        return [] if state is None else [ReportLeg(*call, _checked_id(event.leg, "leg"), state, leg_id)]
    if event.state is inbound.CallState.ENDED:
        return [EndCall(*call)]
    if event.state is inbound.CallState.KEYS_PRESSED:
        return [PressKeys(*call, _checked_id(event.origin.dedupe_key, "press"), event.keys or "")]
    person = _person(event)
    if person is None or event.state is not inbound.CallState.RINGING:
        return []
    return [
        ReceiveContact(
            channel=line.channel,
            account=line.name,
            contact_id=call[-1],
            sender=key.address(person),
            also=_also(event, key),
            occurred_us=_occurred_us(event),
        )
    ]


_LEG_STATES: Mapping[inbound.CallState, str] = {
    inbound.CallState.ANSWERED: "answered",
    inbound.CallState.FAILED: "failed",
    inbound.CallState.ENDED: "ended",
}


def _bounce(event: inbound.BounceReceived, line: Line, key: WorkspaceKey) -> list[Command]:
    """It did not arrive, nor will it. One that names no message of ours, by the provider's id or by the key that
    nobody can guess, may be forged, and says nothing.
    """
    answers = dict(event.origin.ids.other).get("answers")
    delivery = key.delivery_of(answers) if event.message_id is None and answers is not None else None
    if not event.is_final or (event.message_id is None and delivery is None):
        return []
    is_dead, recipient = _unreached(event, key)
    return [
        RecordReceipt(
            channel=line.channel,
            account=line.name,
            provider_id=event.message_id or "",
            receipt="failed",
            occurred_us=_occurred_us(event),
            code=event.code or "bounced",
            is_undeliverable=is_dead,
            recipient=recipient,
            delivery=delivery,
        )
    ]


def _unreached(event: inbound.BounceReceived, key: WorkspaceKey) -> tuple[bool, Address | None]:
    """Whether nobody can be reached at an address, and at which, if that was told."""
    person = _person(event)
    if not event.is_undeliverable or person is None:
        return event.is_undeliverable, None
    try:
        return True, key.address(person)
    except MalformedMessage:
        return False, None  # whatever it is, it is none that we wrote to


def _auto_reply(event: inbound.AutoReplyReceived, line: Line, key: WorkspaceKey) -> list[Command]:
    person = _person(event)
    if person is None:
        return []
    token = event.origin.thread.token
    return [
        RecordAutoReply(
            channel=line.channel,
            account=line.name,
            message_id=_message_id(event),
            sender=key.address(person),
            reason=event.reason,
            thread=_thread(event, key),
            occurred_us=_occurred_us(event),
            reply_case=None if token is None else key.case_of(token),
            text=clean_text(text_of(event.parts)),
        )
    ]


_MAKERS: Mapping[type[inbound.Inbound], Callable[[Any, Line, WorkspaceKey], list[Command]]] = {
    inbound.MessageReceived: _message,
    inbound.ChoiceSelected: _choice,
    inbound.MessageEdited: _edit,
    inbound.MessageDeleted: _delete,
    inbound.ReactionChanged: _reaction,
    inbound.DeliveryUpdate: _update,
    inbound.OutboundEcho: _echo,
    inbound.ProgressPosted: _progress,
    inbound.ConsentChanged: _consent,
    inbound.IdentityLinked: _identity,
    inbound.CallEvent: _call,
    inbound.BounceReceived: _bounce,
    inbound.AutoReplyReceived: _auto_reply,
}
