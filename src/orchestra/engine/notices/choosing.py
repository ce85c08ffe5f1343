"""On which channel a customer is told something: where they may be, want it, and can be written to.

Belongs here: channels and the conversations on them. Does not: whether and when it is told at all (`checks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from orchestra.engine.contacts.intake import find_or_begin
from orchestra.engine.deliveries.conversations import UNLISTED, conversations_of, places
from orchestra.engine.identity.consent import is_allowed
from orchestra.engine.identity.state import given_up_key
from orchestra.engine.identity.undeliverable import UNDELIVERABLE
from orchestra.engine.notices.gathering import digest_of, is_alone
from orchestra.engine.notices.row import Notice, route
from orchestra.engine.notices.state import wish_key
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.model.addresses import Address
from orchestra.model.notices import Leg, NoticeTopic

__all__ = ["account_of", "begin", "channels_for", "lacks", "legs_for", "legs_of", "matter_of", "place_on", "refusal"]


def refusal(view: View, row: Notice, topic: NoticeTopic, channel: str) -> str | None:
    """Why a customer is not to be told something on a channel; None if they may be."""
    if not is_allowed(view, row.customer, channel, topic.purpose):
        return "no_consent"
    return None if _wants(view, row, topic, channel) else "not_wanted"


def _wants(view: View, row: Notice, topic: NoticeTopic, channel: str) -> bool:
    """By the narrowest word of theirs; of several ids of one person the most restrictive."""
    if topic.kind == "critical":
        return True
    keys = [wish_key(row.topic, channel), wish_key(row.topic, None)]
    if topic.kind not in view.plan.notices.mandatory:
        keys.append(wish_key(None, None))
    wishes = [view.notices.wishes.get(one, {}) for one in view.identity.group(row.customer)]
    for key in keys:
        said = {of[key] for of in wishes if key in of}
        if said:
            return False not in said
    return topic.wanted


def channels_for(view: View, name: str, row: Notice, topic: NoticeTopic) -> Iterable[str]:
    """The channels on which it could still be told, the next one first."""
    return [leg.channel for leg in legs_for(view, name, row, topic)]


def legs_of(view: View, name: str, row: Notice, topic: NoticeTopic) -> Sequence[Leg]:
    """The channels on which it is tried, as the plan has them: those of its digest if it is not alone."""
    digest = None if is_alone(view, name, row) else digest_of(view, row)
    return topic.legs if digest is None else digest.legs


def legs_for(view: View, name: str, row: Notice, topic: NoticeTopic) -> list[Leg]:
    """The channels on which it is still to be tried, the next one first."""
    ids = view.identity.group(row.customer)
    preferred = places(view, ids[0])
    if legs := legs_of(view, name, row, topic):
        left = [one for leg in legs if leg.channel in view.plan.channels for one in _ways(row, leg)]
        return sorted(left, key=lambda leg: preferred.get(leg.channel, UNLISTED))
    return [] if row.channels else list(map(Leg, _reached(view, row, ids, preferred)))


def _ways(row: Notice, leg: Leg) -> list[Leg]:
    """The accounts of a channel over which it is still to be tried; none once it may have arrived over one of them."""
    routes = {provider: route(leg.channel, provider) for provider in leg.providers or (None,)}
    if any(row.channels.get(one) in row.left for one in routes.values()):
        return []
    left = [provider for provider, one in routes.items() if one not in row.channels]
    return [leg if provider is None else attrs.evolve(leg, providers=[provider]) for provider in left]


def account_of(leg: Leg) -> str | None:
    """The account over which a way goes; None if any will do."""
    return leg.providers[0] if leg.providers else None


def _reached(view: View, row: Notice, ids: Sequence[str], preferred: dict[str, int]) -> list[str]:
    """Where they can be written to: as they prefer, else where they wrote last, else where a conversation can begin."""
    talks = view.contacts.conversations
    written = (talks[name].channel for name in conversations_of(view, row.case, ids))
    found = [*written, *sorted(view.plan.notices.starts)]
    return sorted(dict.fromkeys(found), key=lambda channel: preferred.get(channel, UNLISTED))


def place_on(view: View, row: Notice, leg: Leg) -> str | Address | None:
    """The conversation in which they can be told on a channel, or the address with which one can begin, or neither."""
    ids, account = view.identity.group(row.customer), account_of(leg)
    talks = view.contacts.conversations
    there = [one for one in conversations_of(view, row.case, ids) if talks[one].channel == leg.channel]
    known = next((one for one in there if account in (None, talks[one].account)), None)
    return known or _address(view, ids, leg.channel)


def lacks(view: View, row: Notice, channel: str) -> str:
    """Why a customer cannot be told anything on a channel on which there is no place for it."""
    is_lost = channel in view.identity.given_up_on(view.identity.group(row.customer))
    return UNDELIVERABLE if is_lost else "no_address"


def _address(view: View, ids: Sequence[str], channel: str) -> Address | None:
    """The address of theirs that was learned last, of the kind that the channel takes."""
    start = view.plan.notices.starts.get(channel)
    if start is None:
        return None
    addresses, given_up = view.identity.addresses, view.identity.given_up
    found = (
        key
        for key in _addresses(view, ids)
        if addresses[key].kind == start.address and given_up_key(channel, key) not in given_up
    )
    newest = max(found, key=lambda key: (addresses[key].since_us, key), default=None)
    return None if newest is None else Address(start.address, newest)


def _addresses(view: View, ids: Sequence[str]) -> Iterator[str]:
    return (key for one in ids for key in view.identity.addresses_of.get(one, ()))


def matter_of(view: View, customer: str) -> str | None:
    """The newest case under which a person was told what is about no case; None if they were told nothing.

    Who was taken for them once may have been told under a case that is not theirs.
    """
    own, identity = view.notices.matters, view.identity
    found = (own[one] for one in identity.group(customer) if one in own)
    theirs = (case for case in found if identity.is_same(view.cases.row(case).customer, customer))
    return max(theirs, key=lambda case: int(case[2:]), default=None)


def begin(view: View, leg: Leg, person: Address) -> Steps:
    """The id of the conversation with an address, after the event that begins it if there is none."""
    holder, start = view.identity.addresses[person.key].customer, view.plan.notices.starts[leg.channel]
    return (yield from find_or_begin(view, holder, leg.channel, account_of(leg) or start.account, None, person))
