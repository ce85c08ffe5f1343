"""What a customer would be told of a topic, word for word, before anything is sent.

Belongs here: the call, and facts as applications have them. Does not: putting facts into words (`engine.rendering`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

import attrs

from orchestra.engine.rendering import fact_faults, say
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model.addresses import Ref
from orchestra.model.facts import Fact
from orchestra.model.instants import since_epoch_us
from orchestra.model.structure import microseconds
from orchestra.runtime.checks import refuse_no_id
from orchestra.runtime.owner import Owner

__all__ = ["Told", "Wordings", "plain_fact"]


@attrs.frozen
class Told:
    """What a customer would be told.

    Attributes:
        title: the line above it, where the channel has one; None if there is none.
        text: what is said.
        medium: how it is read: `plain`, `html` or `markdown`.
        language: in which it is said.
    """

    title: str | None
    text: str
    medium: str
    language: str


def plain_fact(value: str | int | date | datetime | timedelta) -> Fact:
    """A fact as it is stored: instants and lengths of time in microseconds, days as text."""
    if isinstance(value, datetime):
        return since_epoch_us(value)
    if isinstance(value, timedelta):
        return microseconds(value)
    return value.isoformat() if isinstance(value, date) else value


class Wordings(Protocol):
    """What customers would be told. Reads see what is durable, and only that."""

    _owner: Owner

    async def wording(
        self,
        customer: str | Ref,
        topic: str,
        channel: str,
        facts: Mapping[str, str | int | date | datetime | timedelta],
    ) -> Told:
        """What a customer would be told of a topic on a channel: in their language and form, on their clock.

        Args:
            customer: whose language, form of address and zone count.
            topic: one of the plan's templates.
            channel: on which it would be said.
            facts: all that the topic has, each of its type.

        Raises:
            UnknownId: there is no such customer, topic or channel.
            InvalidCommand: a fact is missing, of another type, or none of the topic's.
        """
        refuse_no_id("customer", customer)
        plain = {name: plain_fact(value) for name, value in facts.items()}
        return await self._owner.read(lambda view: _told(view, customer, topic, channel, plain))


def _told(view: View, customer: str | Ref, topic: str, channel: str, facts: Mapping[str, Fact]) -> Told:
    key, _ = view.customer(customer)
    template = view.plan.templates.get(topic)
    if template is None:
        raise UnknownId("topic", topic)
    if channel not in view.plan.channels:
        raise UnknownId("channel", channel)
    for name, fault in fact_faults(template, facts):
        raise InvalidCommand(f"facts.{name}", fault)
    found = say(view, key, topic, channel, facts)
    return Told(None if found.title is None else found.title.text, found.text, found.medium, found.language)
