"""What an application hands in: a contact that came over one of its channels, with or without a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from orchestra.model.addresses import Email, Handle, Phone
from orchestra.model.attachments import File

__all__ = ["Contact", "Message"]


@attrs.frozen
class Contact:
    """An inbound contact without a text, such as a phone call.

    Attributes:
        channel: name of a channel in the plan.
        id: the provider's id of it; the same (channel, account, id) is taken once.
        sender: whom it is from.
        also: further addresses under which the provider knows the sender for sure; at most 5.
        account: the company's own account on the channel.
        thread: the provider's conversation key; without one a sender has one conversation per account.
        at: when it happened (aware); None means now.
        reply_token: the token of an earlier message of ours that it answers, or of an invitation by which it comes.
        case_number: a case number that the customer gave.
        topic: what it is about, in the plan's or the application's words.
        queue: where it should wait, instead of the channel's own queue.
        skills: skill -> least level that the agent must have, on top of the queue's.
        priority: minutes of waiting that it is worth more than others of its queue.
    """

    channel: str
    id: str = attrs.field(kw_only=True)
    sender: Email | Phone | Handle = attrs.field(kw_only=True)
    also: Sequence[Email | Phone | Handle] = attrs.field(default=(), kw_only=True)
    account: str = attrs.field(default="main", kw_only=True)
    thread: str | None = attrs.field(default=None, kw_only=True, repr=False)
    at: datetime | None = attrs.field(default=None, kw_only=True)
    reply_token: str | None = attrs.field(default=None, kw_only=True, repr=False)
    case_number: str | None = attrs.field(default=None, kw_only=True)
    topic: str | None = attrs.field(default=None, kw_only=True)
    queue: str | None = attrs.field(default=None, kw_only=True)
    skills: Mapping[str, int] = attrs.field(factory=dict, kw_only=True)
    priority: int = attrs.field(default=0, kw_only=True)


@attrs.frozen
class Message(Contact):
    """An inbound message: a chat line, a mail, a post, a form.

    Attributes:
        text: its body; may be empty if there are files.
        media: the files that came with it, at most 20. They are kept with the customer.
        reply_to: the provider's id of the message that it answers: it stands behind that, whatever clocks say.
        sequence: the provider's own number of it in the conversation, from 0, if those rise in the order in which
            people wrote. It says more than a time.
    """

    text: str = attrs.field(kw_only=True, repr=False)
    media: Sequence[File] = attrs.field(default=(), kw_only=True, repr=False)
    reply_to: str | None = attrs.field(default=None, kw_only=True)
    sequence: int | None = attrs.field(default=None, kw_only=True)
