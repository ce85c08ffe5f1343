"""What may be wrong or doubtful about how much work a plan gives an agent, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from orchestra.errors import Fault
from orchestra.model.definitions import AgentDefinition, Channel, Presence

__all__ = ["check_pace", "check_room", "check_silence", "check_wrap_up"]

_MOST = 100
_SHORTEST_WINDOW = timedelta(seconds=12)
_MODES = ("timed", "optional", "required", "fixed")


def check_wrap_up(path: str, channel: Channel) -> Iterator[Fault]:
    """The faults of a channel's wrap-up; `path` is the channel's."""
    mode = channel.wrap_up_mode
    if mode not in _MODES:
        yield Fault(f"{path}.wrap_up_mode", f"must be {', '.join(_MODES[:-1])} or {_MODES[-1]}")
    if channel.wrap_up < timedelta():
        yield Fault(f"{path}.wrap_up", "must not be negative")
    elif mode == "fixed" and not channel.wrap_up:
        yield Fault(f"{path}.wrap_up", "must be longer than nothing, since only its time ends fixed wrap-up")
    elif mode == "required" and channel.wrap_up:
        yield Fault(f"{path}.wrap_up", "means nothing, since only the agent ends required wrap-up", is_error=False)
    if not 0 <= channel.wrap_up_percent <= 100:
        yield Fault(f"{path}.wrap_up_percent", "must be from 0 to 100")
    elif channel.wrap_up_percent < 100 and mode == "timed" and not channel.wrap_up:
        yield Fault(f"{path}.wrap_up_percent", "means nothing without wrap-up", is_error=False)


def check_silence(path: str, channel: Channel) -> Iterator[Fault]:
    """The faults of what a channel's contacts weigh while customers are silent; `path` is the channel's."""
    silence = channel.silence
    if not 0 <= silence.percent <= 100:
        yield Fault(f"{path}.silence.percent", "must be from 0 to 100")
    elif silence.percent < 100 and silence.after is None:
        yield Fault(f"{path}.silence.after", "is needed, to say when a contact weighs less")
    if silence.after is None:
        return
    if silence.after <= timedelta():
        yield Fault(f"{path}.silence.after", "must be longer than nothing")
    elif silence.percent == 100:
        yield Fault(f"{path}.silence.percent", "means nothing: a contact weighs what it did before", is_error=False)
    if channel.work:
        yield Fault(f"{path}.silence", "means nothing for work items, in which nobody writes", is_error=False)
    elif channel.idle_after is not None and not channel.live and silence.after >= channel.idle_after:
        yield Fault(f"{path}.silence.after", "means nothing, since the contact is over by then", is_error=False)


def check_room(
    agents: Mapping[str, AgentDefinition], channels: Mapping[str, Channel], *, goes_beyond: bool
) -> Iterator[Fault]:
    """Warn of agents whose budget is smaller than what any channel's contact takes, and of contacts that nobody can.

    There is no doubt where some step goes beyond capacity: it may be meant so.
    """
    if goes_beyond:
        return
    least = min((channel.weight_percent for channel in channels.values()), default=0)
    for name, agent in agents.items():
        if agent.capacity_percent < least:
            text = f"is less than a contact of any channel takes, which is {least}: nothing is ever offered"
            yield Fault(f"agents.{name}.capacity_percent", text, is_error=False)
    most = max((agent.capacity_percent for agent in agents.values()), default=None)
    for name, channel in channels.items():
        if most is not None and channel.weight_percent > most >= least:
            text = f"is more than any agent of the plan has, which is {most}: nobody is ever offered such a contact"
            yield Fault(f"channels.{name}.weight_percent", text, is_error=False)


def check_parking(path: str, channel: Channel) -> Iterator[Fault]:
    """The faults of what becomes of work whose agent is gone."""
    if channel.on_agent_lost not in ("requeue", "keep", "park"):
        yield Fault(f"{path}.on_agent_lost", "must be requeue or keep or park")
    if channel.on_agent_lost == "park" and channel.live:
        yield Fault(f"{path}.on_agent_lost", "leaves who is on the line alone until then", is_error=False)
    if channel.park_for <= timedelta():
        yield Fault(f"{path}.park_for", "must be longer than nothing")


def check_pace(presence: Presence) -> Iterator[Fault]:
    """The faults of how fast agents are given work."""
    for field in ("rate", "on_return"):
        rate = getattr(presence, field)
        if rate.offers is not None and not 1 <= rate.offers <= _MOST:
            yield Fault(f"presence.{field}.offers", f"must be from 1 to {_MOST}")
        if rate.per <= timedelta():
            yield Fault(f"presence.{field}.per", "must be longer than nothing")
    if presence.window < _SHORTEST_WINDOW:
        yield Fault("presence.window", "must be at least 12s")
    warm_up = presence.warm_up
    if not 1 <= warm_up.percent <= 100:
        yield Fault("presence.warm_up.percent", "must be from 1 to 100")
    if not 1 <= warm_up.steps <= _MOST:
        yield Fault("presence.warm_up.steps", f"must be from 1 to {_MOST}")
    if warm_up.lasts < timedelta():
        yield Fault("presence.warm_up.lasts", "must not be negative")
    elif warm_up.percent < 100 and not warm_up.lasts:
        yield Fault("presence.warm_up.lasts", "is needed, to say when the budget is whole")
