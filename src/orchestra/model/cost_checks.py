"""What may be wrong or doubtful about what a plan says of costs: what makes steering by them pointless."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

import attrs

from orchestra.errors import Fault
from orchestra.model.costs import ChannelCost, Costs, Rates
from orchestra.model.definitions import Channel, Queue, ServiceLevel
from orchestra.model.identity import SERVICE
from orchestra.model.structure import Lost

__all__ = ["Beside", "check_costs"]

_MOST = 10**15
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_KINDS = ("email", "phone", "handle")
"""Kinds of address that need no adapter of their own."""


@attrs.frozen
class Beside:
    """The rest of a plan, as far as costs depend on it.

    Attributes:
        channels: its channels.
        queues: its queues.
        default_queue: where contacts of a channel wait that names no queue.
        purposes: of messages, as the plan names them, beside `service`.
        kinds: of address that the plan names elsewhere.
    """

    channels: Mapping[str, Channel]
    queues: Mapping[str, Queue]
    default_queue: str
    purposes: Iterable[str]
    kinds: Iterable[str]


def check_costs(costs: Costs, beside: Beside, lost: Lost) -> Iterator[Fault]:
    """Everything wrong or doubtful in it.

    Args:
        costs: what the plan says.
        beside: what else it says.
        lost: what of the plan was not understood.
    """
    known = sorted(beside.channels)
    if _CURRENCY.fullmatch(costs.currency) is None:
        yield Fault("costs.currency", "must be three letters of ISO 4217, as EUR")
    if costs.purpose != SERVICE and costs.purpose not in beside.purposes and not lost.touches("identity"):
        yield Fault("costs.purpose", f"must be {SERVICE} or one of identity.purposes")
    for name, cost in costs.channels.items():
        path = f"costs.channels.{name}"
        if name in beside.channels:
            yield from _check_promise(path, name, beside, lost)
        elif not lost.has("channels", name):
            yield Fault(path, f"no channel {name!r}; there are: {', '.join(known) or 'none'}")
        if not 1 <= cost.concurrency <= 100:
            yield Fault(f"{path}.concurrency", "must be from 1 to 100")
        yield from _check_amounts(path, cost)
        yield from _check_reach(path, cost, beside)
        for topic, rates in cost.topics.items():
            yield from _check_amounts(f"{path}.topics.{topic}", rates)
    if not lost.touches("costs"):
        yield from _check_needs(costs)


def _check_amounts(path: str, rates: Rates | ChannelCost) -> Iterator[Fault]:
    for field in ("per_contact", "per_minute"):
        if not 0 <= getattr(rates, field) <= _MOST:
            yield Fault(f"{path}.{field}", "must be from 0 to 1,000,000,000 units, in millionths")


def _check_promise(path: str, name: str, beside: Beside, lost: Lost) -> Iterator[Fault]:
    """Live channels promise their connect target; others what their queue does, which by default suits live ones."""
    channel = beside.channels[name]
    queue = channel.queue or beside.default_queue
    if channel.live or channel.work or lost.touches("queues", queue) or queue not in beside.queues:
        return
    within = ServiceLevel().within
    if beside.queues[queue].service_level.within == within:
        text = f"counts as late after {within.total_seconds():g} s: queues.{queue}.service_level promises no other time"
        yield Fault(path, text, is_error=False)


def _check_reach(path: str, cost: ChannelCost, beside: Beside) -> Iterator[Fault]:
    """Which kinds there are is the adapters' business: only what is nearly another word is taken for a slip."""
    known = {*_KINDS, *beside.kinds}
    for index, kind in enumerate(cost.reach):
        near = [] if kind in known else get_close_matches(kind, sorted(known), 1)
        if near:
            text = f"no address is of kind {kind!r} unless an adapter says so; did you mean {near[0]}?"
            yield Fault(f"{path}.reach[{index}]", text, is_error=False)


def _check_needs(costs: Costs) -> Iterator[Fault]:
    able = {word for cost in costs.channels.values() for word in cost.can}
    for topic, words in costs.needs.items():
        missing = [(index, word) for index, word in enumerate(words) if word not in able]
        for index, word in missing:
            yield Fault(f"costs.needs.{topic}[{index}]", f"no channel can {word!r}")
        if words and not missing and not any(set(words) <= set(cost.can) for cost in costs.channels.values()):
            text = f"no channel can all of it: matters of {topic} are proposed for none"
            yield Fault(f"costs.needs.{topic}", text, is_error=False)
