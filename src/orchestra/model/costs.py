"""The part of a plan on what channels cost, whom they reach and what can be done on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from orchestra.model.identity import SERVICE

__all__ = ["ChannelCost", "Costs", "Rates"]


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Rates:
    """What contacts cost, in millionths of the currency's unit.

    Attributes:
        per_contact: each contact, whatever becomes of it.
        per_minute: a minute of an agent who has nothing else in hand; several contacts at once share it.
    """

    per_contact: int = 0
    per_minute: int = 0


@attrs.frozen
class ChannelCost:
    """What contacts on a channel cost, whom it reaches, and what can be done on it.

    Attributes:
        per_contact: each contact, whatever becomes of it; in millionths of the currency's unit.
        per_minute: a minute of an agent who has nothing else in hand; several contacts at once share it.
        concurrency: how many contacts an agent usually has at once on it, from 1 to 100: what a contact will cost is
            reckoned with it; what it has cost, with those that really were in hand.
        reach: kinds of address, one of which a customer must have to be served here; empty if anybody can come.
        can: what can be done on it, in words of your own, such as `files` or `payment`; topics say what they need.
        topics: topic -> what contacts about it cost, where that differs.
    """

    per_contact: int = 0
    per_minute: int = 0
    concurrency: int = 1
    reach: Sequence[str] = attrs.field(default=(), converter=_texts)
    can: Sequence[str] = attrs.field(default=(), converter=_texts)
    topics: Mapping[str, Rates] = attrs.field(factory=dict)

    def rates(self, topic: str | None) -> Rates:
        """What a contact about a topic costs; None is no topic."""
        found = None if topic is None else self.topics.get(topic)
        return Rates(self.per_contact, self.per_minute) if found is None else found


@attrs.frozen
class Costs:
    """What serving customers costs, channel by channel.

    Attributes:
        currency: three letters of ISO 4217; figures of costs are in millionths of its unit.
        channels: channel -> its cost; only channels named here are ever proposed instead of another one.
        needs: topic -> what must be possible on a channel to settle a matter of that topic.
        purpose: for which a customer is invited to another channel, also when theirs is down; unless it is `service`,
            only with their consent.
    """

    currency: str = "EUR"
    channels: Mapping[str, ChannelCost] = attrs.field(factory=dict)
    needs: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    purpose: str = SERVICE
