"""Taking inbound contacts: once each, clamped in time, by a known or provisional customer, in a conversation."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestra.engine.contacts.state import NO_THREAD, Taken, taken_key
from orchestra.engine.identity.linking import link_known
from orchestra.engine.identity.placing import place
from orchestra.engine.identity.undeliverable import taken_up
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address, Thread
from orchestra.model.attachments import FileData, files_fault
from orchestra.model.limits import id_fault, line_fault, sequence_fault, text_fault
from orchestra.model.results import Received
from orchestra.model.structure import microseconds

__all__ = [
    "add_customer",
    "already",
    "check_channel",
    "check_choices",
    "check_files",
    "check_id",
    "check_route",
    "check_skills",
    "check_text",
    "check_thread",
    "find_or_begin",
    "find_or_start",
    "receive_contact",
    "receive_message",
    "received",
    "when",
]


MOST_CHOICES = 20
"""Things to pick from in one message."""

MOST_ALSO = 5
"""Addresses that a sender is known by, beside the one they wrote from."""


def receive_message(view: View, command: c.ReceiveMessage, at_us: int) -> Steps:
    """Decide on an inbound message."""
    _check_ids(command, command.message_id)
    taken = already(view, command.channel, command.account, command.message_id)
    if taken is not None:
        return _taken_before(view, taken)
    _check(view, command)
    check_text(command.text)
    check_files(command.media)
    _check_place(command)
    if command.choice is not None:
        check_id("choice", command.choice)
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    customer, conversation = yield from find_or_start(view, command, command.sender)
    yield from taken_up(view, command.channel, command.sender.key)
    if command.also:
        yield from link_known(view, customer, command.also)
    open_one = view.contacts.conversations[conversation].interaction
    if open_one is None or not view.contacts.interactions[open_one].is_open:
        open_one = yield from _start(view, command, conversation, occurred_us)
    interaction = view.contacts.interactions[open_one]
    assert interaction.case is not None  # attaching is a reaction to starting
    yield e.MessageReceived(
        view.contacts.next_id("message", "me"),
        open_one,
        interaction.case,
        customer,
        command.channel,
        command.account,
        command.message_id,
        conversation,
        view.contacts.conversations[conversation].messages + 1,
        occurred_us,
        command.text,
        command.choice,
        command.media,
        command.reply_to,
        command.sequence,
    )
    key = taken_key(command.channel, command.account, command.message_id)
    return received(view, view.contacts.taken[key], is_duplicate=False)


def receive_contact(view: View, command: c.ReceiveContact, at_us: int) -> Steps:
    """Decide on an inbound contact without text: each is an interaction of its own."""
    _check_ids(command, command.contact_id)
    taken = already(view, command.channel, command.account, command.contact_id)
    if taken is not None:
        return _taken_before(view, taken)
    _check(view, command)
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    customer, conversation = yield from find_or_start(view, command, command.sender)
    yield from taken_up(view, command.channel, command.sender.key)
    if command.also:
        yield from link_known(view, customer, command.also)
    started = yield from _start(view, command, conversation, occurred_us)
    case = view.contacts.interactions[started].case
    assert case is not None  # attaching is a reaction to starting
    yield e.ContactTaken(started, case, customer, command.channel, command.account, command.contact_id)
    key = taken_key(command.channel, command.account, command.contact_id)
    return received(view, view.contacts.taken[key], is_duplicate=False)


def already(view: View, channel: str, account: str, provider_id: str) -> Taken | None:
    """What became of this provider's id when it was taken before."""
    return view.contacts.taken.get(taken_key(channel, account, provider_id))


def _taken_before(view: View, taken: Taken) -> Received:
    """The answer to a contact that was taken before, whose interaction may have been moved since then."""
    again = received(view, taken, is_duplicate=True)
    case = None if taken.interaction is None else view.contacts.interactions[taken.interaction].case
    return again if case is None else attrs.evolve(again, case=view.matter(case))


def received(view: View, taken: Taken, *, is_duplicate: bool) -> Received:
    """The answer to a command that took an id, now or before."""
    case = view.matter(taken.case)
    return Received(view.identity.root(taken.customer), taken.interaction, case, taken.message, is_duplicate)


def _check_ids(command: c.ReceiveMessage | c.ReceiveContact, provider_id: str) -> None:
    """Before anything is looked up under them."""
    check_id("id", provider_id)
    check_id("account", command.account)
    check_thread(command.thread)


def _check(view: View, command: c.ReceiveMessage | c.ReceiveContact) -> None:
    check_channel(view, command.channel)
    check_route(view, command)
    if len(command.also) > MOST_ALSO:
        raise InvalidCommand("also", f"at most {MOST_ALSO} addresses beside the sender's own")
    for address in command.also:
        check_id("also", address.key)


def _check_place(command: c.ReceiveMessage) -> None:
    """Refuse what says nothing of the order in which messages were written."""
    if command.reply_to is not None:
        check_id("reply_to", command.reply_to)
    if command.sequence is not None and (fault := sequence_fault(command.sequence)) is not None:
        raise InvalidCommand("sequence", fault)


def check_channel(view: View, channel: str) -> None:
    """Refuse a channel that the plan does not know, or on which nobody writes or calls."""
    if channel not in view.plan.channels:
        raise UnknownId("channel", channel)
    if view.plan.channels[channel].work:
        raise InvalidCommand("channel", f"{channel} is for work items, which OpenWorkItem opens")


def check_route(view: View, command: c.ReceiveMessage | c.ReceiveContact | c.OpenWorkItem | c.ScheduleCallback) -> None:
    """Refuse a queue, an agent and skills that are not known."""
    if command.queue is not None and command.queue not in view.plan.queues:
        raise UnknownId("queue", command.queue)
    if command.agent is not None:
        view.agent(command.agent)
    check_skills(view, command.skills)


def check_skills(view: View, skills: Mapping[str, int]) -> None:
    """Refuse skills that the plan does not know, and levels that nobody could have."""
    for skill, level in skills.items():
        if skill not in view.plan.skills:
            raise UnknownId("skill", skill)
        if not 1 <= level <= 100:
            raise InvalidCommand(f"skills.{skill}", "level must be from 1 to 100")


def check_text(text: str | None) -> None:
    """Refuse a text that would not fit into a batch."""
    if (fault := text_fault(text)) is not None:
        raise InvalidCommand("text", fault)


def check_files(media: list[FileData] | None) -> None:
    """Refuse what is no description of files."""
    if (fault := files_fault(media)) is not None:
        raise InvalidCommand("media", fault)


def check_choices(choices: list[list[str]] | None) -> None:
    """Refuse what nobody could pick from, or what could not be told apart when it comes back."""
    if choices is None:
        return
    if not 1 <= len(choices) <= MOST_CHOICES:
        raise InvalidCommand("choices", f"must be 1 to {MOST_CHOICES}")
    if any(len(choice) != 2 for choice in choices):
        raise InvalidCommand("choices", "must each be an id and a label")
    for name, label in choices:
        check_id("choices", name)
        if (fault := line_fault(label)) is not None:
            raise InvalidCommand("choices", fault)
    if len({name for name, _ in choices}) < len(choices):
        raise InvalidCommand("choices", "names an id twice")


def check_id(field: str, text: str) -> None:
    """Refuse an id that could not be told apart from another, or is absurdly long."""
    if (fault := id_fault(text)) is not None:
        raise InvalidCommand(field, fault)


def check_thread(thread: Thread | None) -> None:
    """Refuse a thread that could be taken for another, or for none."""
    if thread is None:
        return
    for text in (thread.key,) if thread.value is None else (thread.key, thread.value):
        check_id("thread", text)
    if thread.key.startswith(NO_THREAD):
        raise InvalidCommand("thread", f"its key must be a hash, which never begins with {NO_THREAD!r}")


def when(view: View, channel: str, occurred_us: int | None, at_us: int) -> int:
    """When it happened: what the source says, but never after now nor before the channel's longest age."""
    if occurred_us is None or occurred_us > at_us:
        return at_us
    oldest = view.plan.channels[channel].max_age
    return occurred_us if oldest is None else max(occurred_us, at_us - microseconds(oldest))


def find_or_start(
    view: View, command: c.ReceiveMessage | c.ReceiveContact | c.RecordReply | c.ImportMessage, person: Address
) -> Steps:
    """The ids of customer and conversation, after the events that make them if they are new."""
    customer = view.identity.holder(person.key) if person.matches else None
    if customer is None:
        added = _added(view, person)
        customer = added.customer
        yield added
    yield from place(view, person)
    conversation, started = _conversation(view, customer, command.channel, command.account, command.thread, person)
    if started is not None:
        yield started
    return customer, conversation


def add_customer(view: View, person: Address) -> Steps:
    """The id of somebody whom nobody knows by their address, after the event that makes it."""
    added = _added(view, person)
    yield added
    yield from place(view, person)
    return added.customer


def _added(view: View, person: Address) -> e.CustomerAdded:
    customer = view.identity.next_id("customer", "cu")
    return e.CustomerAdded(customer, person.kind, person.key, person.value, person.name, person.matches)


def find_or_begin(
    view: View, customer: str, channel: str, account: str, thread: Thread | None, person: Address
) -> Steps:
    """The id of the conversation under a thread, or with an address, after the event that begins it if it is new."""
    conversation, started = _conversation(view, customer, channel, account, thread, person)
    if started is not None:
        yield started
    return conversation


def _conversation(
    view: View, customer: str, channel: str, account: str, thread: Thread | None, person: Address
) -> tuple[str, e.ConversationStarted | None]:
    conversation, value = view.contacts.next_id("conversation", "co"), None
    if thread is not None:
        key, value = thread.key, thread.value
    elif person.matches:
        key = f"{NO_THREAD}{person.key}"
    else:
        key = f"{NO_THREAD}{person.key}/{conversation}"  # whoever hides has nothing in common with others who do
    known = view.contacts.by_thread.get((channel, account, key))
    # An address may have passed to somebody else, who goes on with nothing.
    if known is not None and (
        thread is not None or view.identity.is_same(view.contacts.conversations[known].customer, customer)
    ):
        return known, None
    return conversation, e.ConversationStarted(conversation, customer, channel, account, key, person.key, value)


def _start(view: View, command: c.ReceiveMessage | c.ReceiveContact, conversation: str, occurred_us: int) -> Steps:
    """Start an interaction of the conversation; gives its id."""
    interaction = view.contacts.next_id("interaction", "in")
    yield e.InteractionStarted(
        interaction,
        view.contacts.conversations[conversation].customer,
        command.channel,
        command.account,
        conversation,
        view.plan.channels[command.channel].live,
        occurred_us,
        command.reply_case,
        command.case_number,
        command.topic,
        command.queue,
        dict(sorted(command.skills.items())),
        command.priority,
        command.agent,
        command.invitation,
    )
    return interaction
