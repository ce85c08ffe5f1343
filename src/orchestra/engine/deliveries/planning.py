"""To whom a message about a case may go; writing it and planning its delivery, in one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from orchestra.engine.cases.state import NO_PART, Case
from orchestra.engine.contacts.intake import check_choices, check_files, check_text
from orchestra.engine.identity.undeliverable import is_given_up
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.attachments import FileData
from orchestra.model.command import Id
from orchestra.model.definitions import Participant
from orchestra.model.identity import SERVICE
from orchestra.model.limits import line_fault
from orchestra.model.results import Written
from orchestra.model.structure import microseconds

__all__ = ["SAID_AT_ONCE", "Beside", "check_said", "conversation_with", "point", "recipient", "write", "write_all"]

SAID_AT_ONCE = ("deferred", "linked")
"""Topics of what tells customers, where they have just written, that this has come in: it waits for nothing."""


@attrs.frozen
class Beside:
    """What goes with a text, as `MessageWritten` says it."""

    media: list[FileData] | None = None
    template: list[str] | None = None
    answers: str | None = None
    only_them: bool = False

    @property
    def parts(self) -> tuple[list[FileData] | None, list[str] | None, str | None, bool | None]:
        """Its fields as the event has them."""
        return self.media, self.template, self.answers, self.only_them or None


_NOTHING = Beside()
_UNNAMED = Participant()
_MOST_PARAMETERS = 50
_LONGEST_PARAMETER = 1_024


def recipient(view: View, key: str, case: Case, to: Id) -> str:
    """The participant of a case to whom a message about it goes.

    Raises:
        InvalidCommand: they have no part in it.
        NotAllowedInState: their role in it is told nothing.
    """
    person, _ = view.customer(to)
    ids = view.identity.group(person)
    if case.customer in ids:
        return case.customer
    rows = [view.cases.cases[member] for member in view.cases.group(key)]
    if not any(name in row.participants for name in ids for row in rows):
        raise InvalidCommand("to", f"{person} has no part in {key}")
    role = (view.cases.part(key, ids) or NO_PART).role
    if not view.plan.participants.get(role or "", _UNNAMED).told:
        raise NotAllowedInState(person, f"told nothing of {key} as {role or 'somebody without a role'}", "send")
    return person


def conversation_with(view: View, case: str, person: str, channel: str | None) -> str:
    """The newest conversation of a case with somebody, on that channel if one is named, else on any of the plan.

    Never one with anybody else who wrote in the case: what is sent is for them alone.

    Raises:
        InvalidCommand: there was none, or nobody can be reached there any more.
    """
    wanted = [name for name in (view.plan.channels if channel is None else (channel,)) if name in view.plan.channels]
    ids = view.identity.group(person)
    keys = ((member, name, on) for member in view.cases.group(case) for name in ids for on in wanted)
    found = sorted((name for key in keys if (name := view.contacts.newest.get(key))), key=lambda name: -int(name[2:]))
    for newest in found:
        conversation = view.contacts.interactions[newest].conversation
        assert conversation is not None  # the newest is one in which people write
        if not is_given_up(view, conversation):
            return conversation
    if found:
        raise InvalidCommand("channel", f"{person} can be reached on none in which case {case} was written in")
    whom = "its customer" if view.identity.is_same(person, view.cases.cases[case].customer) else person
    raise InvalidCommand("channel", f"case {case} has had no contact with {whom} on {channel or 'any channel'}")


def write(
    view: View,
    at_us: int,
    *,
    conversation: str,
    case: str,
    customer: str,
    text: str | None,
    title: str | None = None,
    medium: str | None = None,
    choices: list[list[str]] | None = None,
    beside: Beside = _NOTHING,
    interaction: str | None = None,
    agent: str | None = None,
    key: str | None = None,
    topic: str = "reply",
    digest: str | None = None,
    purpose: str = SERVICE,
    subject: str | None = None,
    automatic: bool = False,
    notice: str | None = None,
    expires_us: int | None = None,
) -> Steps:
    """Write a message into a conversation and plan its delivery; gives `Written`.

    Without a key of the caller's the message's own id is the key; without an instant the plan says when it expires.
    """
    row = view.contacts.conversations[conversation]
    message, delivery = view.contacts.next_id("message", "me"), view.deliveries.next_delivery()
    body = view.position + 1  # where the next event, which holds the text, will stand
    number = row.messages + 1
    yield e.MessageWritten(
        message, case, customer, conversation, number, interaction, agent, text, title, medium, choices, *beside.parts
    )
    yield e.DeliveryPlanned(
        delivery,
        key or f"message:{message}",
        message,
        case,
        customer,
        row.channel,
        row.account,
        conversation,
        topic,
        body,
        at_us + microseconds(view.plan.deliveries.expires_after) if expires_us is None else expires_us,
        interaction,
        digest,
        purpose,
        subject,
        automatic,
        notice,
        beside.template is not None,
    )
    return Written(message, delivery)


def check_said(command: c.WriteReply | c.SendMessage) -> None:
    """Refuse a message that says nothing, or too much, files that are not kept, and what is no template."""
    if not command.text and command.media is None:
        raise InvalidCommand("text", "must not be empty")
    check_text(command.text)
    check_choices(command.choices)
    check_files(command.media)
    if any("digest" not in file for file in command.media or ()):
        raise InvalidCommand("media", "needs the digest under which each file is kept")
    template = command.template
    if template is None:
        return
    if not command.text:
        raise InvalidCommand("template", "stands for a text, and there is none")
    if not 2 <= len(template) <= _MOST_PARAMETERS + 2:
        raise InvalidCommand("template", f"must be a name, a language and at most {_MOST_PARAMETERS} parameters")
    for text in template:
        if (fault := line_fault(text, _LONGEST_PARAMETER)) is not None:
            raise InvalidCommand("template", fault)


def write_all(
    view: View,
    at_us: int,
    *,
    text: str | None,
    key: str | None,
    title: str | None = None,
    choices: list[list[str]] | None = None,
    beside: Beside,
    **written: Any,
) -> Steps:
    """Write a message with files; gives the `Written` of the message that has the text.

    Each file is a message of its own, so that what becomes of one is no other's matter; the first goes with the text
    unless that has a title or choices, which files have not.
    """
    files = beside.media or []
    first = files[:1] if not text or (title is None and choices is None) else []
    said = yield from write(
        view,
        at_us,
        text=text or None,
        title=title,
        choices=choices,
        beside=attrs.evolve(beside, media=first or None),
        key=key,
        **written,
    )
    for file in files[len(first) :]:
        yield from write(view, at_us, text=None, beside=attrs.evolve(beside, media=[file], template=None), **written)
    return said


def point(view: View, interaction: str, at_us: int) -> Iterator[e.Event]:
    """Tell whoever wrote in a contact that they were answered elsewhere, if the plan has a text for that."""
    row, pointer = view.contacts.interactions[interaction], view.plan.engagements.pointer
    assert row.case is not None  # every interaction has a case from its first batch on
    assert row.conversation is not None  # nobody asks anything in a work item
    if pointer is not None and view.contacts.conversations[row.conversation].messages:
        yield from write(
            view,
            at_us,
            conversation=row.conversation,
            case=row.case,
            customer=row.customer,
            text=pointer,
            interaction=interaction,
            key=f"pointer:{interaction}",
            topic="pointer",
            automatic=True,
        )
