"""What an application asks agents to do beside their contacts: a work item."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from orchestra.model.addresses import Ref

__all__ = ["WorkItem"]


@attrs.frozen
class WorkItem:
    """Work on a customer's matter, which waits for an agent like any contact.

    Attributes:
        channel: name of a channel that the plan marks as work.
        key: the application's own; a work item is opened once per channel and key.
        case: id or reference of the case it belongs to, which is open again if it was resolved or closed.
        customer: id or reference of whose new case it is, where no case is given.
        title: what is to be done, for the agent; private.
        text: the rest of it; private.
        topic: what a new case is about, in the plan's or the application's words.
        queue: where it should wait, instead of the channel's own queue.
        skills: skill -> least level that the agent must have, on top of the queue's.
        priority: minutes of waiting that it is worth more than others of its queue.
        agent: who knows the matter, for queues that ask them first; the agent who owns the case, unless stated.
        due: when it should be done (aware); queues with `rank = "due"` go by it.
        ref: the application's own key for its interaction.
        fields: fields of an interaction that the plan declares.
    """

    channel: str
    key: str = attrs.field(kw_only=True)
    case: str | Ref | None = attrs.field(default=None, kw_only=True)
    customer: str | Ref | None = attrs.field(default=None, kw_only=True)
    title: str | None = attrs.field(default=None, kw_only=True, repr=False)
    text: str | None = attrs.field(default=None, kw_only=True, repr=False)
    topic: str | None = attrs.field(default=None, kw_only=True)
    queue: str | None = attrs.field(default=None, kw_only=True)
    skills: Mapping[str, int] = attrs.field(factory=dict, kw_only=True)
    priority: int = attrs.field(default=0, kw_only=True)
    agent: str | None = attrs.field(default=None, kw_only=True)
    due: datetime | None = attrs.field(default=None, kw_only=True)
    ref: str | None = attrs.field(default=None, kw_only=True)
    fields: Mapping[str, str | int | bool] = attrs.field(factory=dict, kw_only=True)
