"""On which channel a contact is best served: in time, as its customer prefers, and at least cost; never by force.

Belongs here: questions to the state as it stands, and reasons. Does not: decisions; inviting anybody (`inviting`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from orchestra.engine.cases.state import Case
from orchestra.engine.identity.consent import is_allowed
from orchestra.engine.routing.rows import Item
from orchestra.engine.view import View
from orchestra.errors import NotAllowedInState
from orchestra.model.addresses import Ref
from orchestra.model.costs import ChannelCost
from orchestra.model.instants import seconds, span_text
from orchestra.model.structure import microseconds
from orchestra.runtime.checks import refuse_no_id

__all__ = ["ORDER", "Option", "Steering", "steer"]

ORDER = ("late", "unwelcome", "cost", "wait", "moves")
"""What the key of a channel is made of, from what counts most; its name is at the end."""

_MINUTE_US = 60_000_000
_NEVER_US = 1 << 62


@attrs.frozen
class Option:
    """A channel that could be proposed, and why it is or is not.

    Attributes:
        channel: its name.
        is_current: whether the contact is on it already.
        wait_us: how long a customer would probably wait on it, microseconds; None if nothing tells.
        promised_us: within how long they should be answered there.
        cost_micros: what the contact would probably cost, in millionths of the currency's unit.
        failing: the first condition that it does not meet; None if it can be proposed.
        key: what it is compared by, as `ORDER`, least first; None if it cannot be proposed.
        reason: why it won or lost, in words.
    """

    channel: str
    is_current: bool
    wait_us: int | None
    promised_us: int
    cost_micros: int
    failing: str | None = None
    key: tuple[int | str, ...] | None = None
    reason: str = ""

    @property
    def is_in_time(self) -> bool:
        """Whether a customer would probably be answered as soon as is promised."""
        return self.wait_us is not None and self.wait_us <= self.promised_us


@attrs.frozen
class Steering:
    """Which channel is proposed for a contact, and why.

    Attributes:
        interaction: its id.
        channel: the best; that of the contact if it had better stay, or if nothing can be proposed.
        currency: of the costs.
        options: all channels, the best first, those that cannot be proposed last.
        invited: id of an invitation to that channel, for their case, that they have not taken up yet; None if there is
            none.
    """

    interaction: str
    channel: str
    currency: str
    options: Sequence[Option]
    invited: str | None = None

    @property
    def is_change(self) -> bool:
        """Whether another channel than the contact's own is proposed."""
        return any(one.channel == self.channel and not one.is_current for one in self.options)

    @property
    def invitation(self) -> str | None:
        """What the customer may be offered, in words; None if they had better stay."""
        if not self.is_change:
            return None
        best = next(one for one in self.options if one.channel == self.channel)
        own = next(one for one in self.options if one.is_current)
        soon = "now" if not best.wait_us else f"within about {span_text(best.wait_us / 1_000_000)}"
        stay = "wait" if own.wait_us is None else f"wait about {span_text(own.wait_us / 1_000_000)}"
        return f"reply by {best.channel} {soon}, or {stay}"

    @property
    def text(self) -> str | None:
        """What they are written if the application has no words of its own; None if they had better stay."""
        return None if self.invitation is None else f"You may {self.invitation}. Your token is {{token}}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "interaction": self.interaction,
            "channel": self.channel,
            "is_change": self.is_change,
            "invitation": self.invitation,
            "invited": self.invited,
            "currency": self.currency,
            "order": list(ORDER),
            "options": [_plain(one) for one in self.options],
        }


def _plain(option: Option) -> dict[str, Any]:
    data = attrs.asdict(option)
    for name in ("wait", "promised"):
        length_us = data.pop(f"{name}_us")
        data[f"{name}_s"] = None if length_us is None else seconds(length_us)
    data["key"] = None if option.key is None else list(option.key)
    return data


def steer(view: View, name: str | Ref) -> Steering:
    """The channel on which a waiting contact is best served, as the state stands. Changes nothing.

    A channel can be proposed if the plan has its cost, the customer can be reached on it and has consented, it can do
    what the topic needs, none of its accounts is down, its queue is open, and something tells how long it takes there.
    Of these, those on which the customer is answered in time go first; of these, those that they prefer; of these, the
    cheapest. Where none is in time, the one with the shortest wait goes first. The contact's own channel needs no
    consent: its customer came there. Work items, and contacts whose case is closed, stay.

    Raises:
        UnknownId: there is no such interaction.
        NotAllowedInState: it waits for nobody: it was taken, or is over.
    """
    refuse_no_id("interaction", name)
    key, row = view.interaction(name)
    item = view.routing.items.get(key)
    if item is None or item.state not in ("WAITING", "OFFERED"):
        raise NotAllowedInState(key, row.state, "steer")
    costs = view.plan.costs
    found = [_option(view, key, item, channel) for channel in sorted({*costs.channels, item.channel})]
    able = sorted((one for one in found if one.key is not None), key=lambda one: one.key or ())
    options = [*_reasoned(able, costs.currency), *(one for one in found if one.key is None)]
    best = able[0].channel if able else item.channel
    return Steering(key, best, costs.currency, options, _invited(view, key, item, best))


def _invited(view: View, key: str, item: Item, channel: str) -> str | None:
    """The invitation of this customer to the channel, about this case, that is still open."""
    case = view.contacts.interactions[key].case
    rows = view.invitations.invitations
    open_ones = view.invitations.offered(view.cases.group(view.cases.root(case or "")))
    theirs = (name for name in open_ones if view.identity.is_same(rows[name].customer, item.customer))
    return next((name for name in theirs if rows[name].channel == channel), None)


def _option(view: View, key: str, item: Item, name: str) -> Option:
    channel, is_current = view.plan.channels[name], name == item.channel
    queue = item.queue if is_current else channel.queue or view.plan.workspace.default_queue
    cost = view.plan.costs.channels.get(name, ChannelCost())
    if is_current:
        place = view.routing.place(key)
        wait_us = 0 if place is None else place[1]
    else:
        wait_us = _wait_us(view, item, name, queue)
    within = channel.connect_target if channel.live else view.plan.queues[queue].service_level.within
    case = _case(view, key)
    option = Option(name, is_current, wait_us, microseconds(within), _cost(view, cost, case.topic, queue))
    failing = next(_failing(view, item, option, cost, case, queue), None)
    if failing is not None:
        return attrs.evolve(option, failing=failing, reason=failing)
    return attrs.evolve(option, key=_key(view, item, option))


def _wait_us(view: View, item: Item, channel: str, queue: str) -> int | None:
    """How long a customer who came there now would probably wait, behind all who wait in the queue."""
    coming = Item(item.customer, channel, queue, dict(view.plan.queues[queue].skills))
    wanted = view.routing.rules.wanted(coming)
    return view.routing.wait_us(wanted, view.routing.index.waiting_in.get(queue, 0))


def _case(view: View, key: str) -> Case:
    case = view.contacts.interactions[key].case
    assert case is not None  # every interaction has a case from its first batch on
    return view.cases.row(case)


def _cost(view: View, cost: ChannelCost, topic: str | None, queue: str) -> int:
    """What a contact costs: its own, and its share of an agent's time, by how long contacts of the queue last."""
    rates = cost.rates(topic)
    lasts_us = view.routing.paces.lasts_us(queue)
    return rates.per_contact + rates.per_minute * lasts_us // (_MINUTE_US * cost.concurrency)


def _failing(view: View, item: Item, option: Option, cost: ChannelCost, case: Case, queue: str) -> Iterator[str]:
    """What speaks against a channel, first what counts most."""
    costs = view.plan.costs
    missing = [word for word in costs.needs.get(case.topic or "", ()) if word not in cost.can]
    if missing:
        yield f"cannot {', '.join(missing)}"
    if view.routing.is_shut(queue):
        yield "closed"
    if option.is_current:
        return
    if view.plan.channels[item.channel].work:
        yield "in a work item nobody is in touch"
    if case.state == "CLOSED":
        yield "the case is closed: nobody is invited to what is over"
    if view.plan.channels[option.channel].work:
        yield "for work items only"
    down = _down(view, option.channel)
    if down:
        yield f"down: {', '.join(down)}"
    if option.wait_us is None:
        yield "nothing tells how long it takes"
    if cost.reach and _kinds(view, item.customer).isdisjoint(cost.reach):
        yield f"no address of theirs is of kind {' or '.join(cost.reach)}"
    if not is_allowed(view, item.customer, option.channel, costs.purpose):
        yield f"no consent to {costs.purpose}"


def _down(view: View, channel: str) -> list[str]:
    """The accounts of a channel that are down: on which of them a customer would come, nobody knows."""
    accounts = (key.split("\x1f") for key in view.deliveries.down)
    return sorted(account for name, account in accounts if name == channel)


def _kinds(view: View, customer: str) -> set[str]:
    identity = view.identity
    addresses = (one for name in identity.group(customer) for one in identity.addresses_of.get(name, ()))
    return {identity.addresses[one].kind for one in addresses}


def _key(view: View, item: Item, option: Option) -> tuple[int | str, ...]:
    preferred = view.identity.preferred(item.customer)
    wait_us = _NEVER_US if option.wait_us is None else option.wait_us
    late = 0 if option.is_in_time else max(1, wait_us)
    unwelcome = int(bool(preferred) and option.channel not in preferred)
    return late, unwelcome, option.cost_micros, wait_us, int(not option.is_current), option.channel


def _reasoned(able: Sequence[Option], currency: str) -> Iterator[Option]:
    """Each with the first thing in which it differs from the best."""
    for option in able:
        yield attrs.evolve(option, reason=_reason(able[0], option, currency))


def _reason(best: Option, option: Option, currency: str) -> str:
    if option is best:
        return f"{_timely(best)}, {_money(best.cost_micros, currency)}"
    assert best.key is not None  # both can be proposed
    assert option.key is not None
    part = next(name for name, ours, theirs in zip(ORDER, best.key, option.key, strict=False) if ours != theirs)
    if part == "late":
        return _timely(option)
    if part == "unwelcome":
        return "not among those that the customer prefers"
    if part == "cost":
        return f"costs {_money(option.cost_micros - best.cost_micros, currency)} more"
    return "a longer wait at the same cost" if part == "wait" else "no better than to stay"


def _timely(option: Option) -> str:
    promised = span_text(option.promised_us / 1_000_000)
    if option.wait_us is None:
        return f"nothing tells how long it takes; promised are {promised}"
    wait = span_text(option.wait_us / 1_000_000)
    return (
        f"in time: about {wait} of {promised}" if option.is_in_time else f"late: about {wait}, promised are {promised}"
    )


def _money(micros: int, currency: str) -> str:
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") + f" {currency}"
