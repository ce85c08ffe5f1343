"""Signing in and out, going away, losing devices; and what a plan says about agents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from orchestra.engine.lifecycle import PRESENCE
from orchestra.engine.presence.state import EVOLVE, FOLLOW, GRACE, Agent, Presence, wanted
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_SLICE = 100
_AT_ONCE = 500
_LONGEST_NAME = 200


def _define(view: View, command: c.DefineAgent, at_us: int) -> Steps:
    if not command.agent or len(command.agent) > _LONGEST_NAME or not command.agent.isprintable():
        raise InvalidCommand("agent", f"must be 1 to {_LONGEST_NAME} printable characters")
    _require_known("teams", command.teams, view.plan.teams)
    _require_known("roles", command.roles, view.plan.roles)
    _require_known("skills", command.skills, view.plan.skills)
    if not command.teams:
        raise InvalidCommand("teams", "an agent needs at least one team")
    if not all(1 <= level <= 100 for level in command.skills.values()):
        raise InvalidCommand("skills", "levels must be from 1 to 100")
    if not 1 <= command.capacity_percent <= 10_000:
        raise InvalidCommand("capacity_percent", "must be from 1 to 10000")
    if command.kind not in ("person", "bot"):
        raise InvalidCommand("kind", "must be person or bot")
    if command.position < 0:
        raise InvalidCommand("position", "must be 0 or more")
    yield e.AgentDefined(
        command.agent,
        sorted(command.teams),
        dict(sorted(command.skills.items())),
        sorted(command.roles),
        command.capacity_percent,
        "command",
        command.name,
        command.kind,
        command.position,
    )
    return None


def _require_known(field: str, names: Sequence[str] | dict[str, int], known: object) -> None:
    for name in names:
        if name not in known:  # type: ignore[operator]
            raise InvalidCommand(field, f"the plan has no {name!r}")


def _remove(view: View, command: c.RemoveAgent, at_us: int) -> Steps:
    yield from _removed(command.agent, view.agent(command.agent))
    return None


def _removed(name: str, agent: Agent) -> Iterator[e.Event]:
    if agent.state != "OFFLINE":
        yield e.AgentSignedOut(name, "removed")
    yield e.AgentRemoved(name)


def _sign_in(view: View, command: c.SignIn, at_us: int) -> Steps:
    agent = view.agent(command.agent)
    PRESENCE.step(command.agent, agent.state, "sign_in")
    if not command.device:
        raise InvalidCommand("device", "must not be empty")
    if agent.devices.get(command.device):
        return None
    yield e.AgentSignedIn(command.agent, command.device, agent.state != "AWAY")
    return None


def _sign_out(view: View, command: c.SignOut, at_us: int) -> Steps:
    PRESENCE.step(command.agent, view.agent(command.agent).state, "sign_out")
    yield e.AgentSignedOut(command.agent, command.reason)
    return None


def _set_away(view: View, command: c.SetAway, at_us: int) -> Steps:
    PRESENCE.step(command.agent, view.agent(command.agent).state, "go_away")
    allowed = view.plan.presence.away_reasons
    if allowed and command.reason not in allowed:
        raise InvalidCommand("reason", f"must be one of {', '.join(allowed)}")
    yield e.AgentWentAway(command.agent, command.reason)
    return None


def _set_available(view: View, command: c.SetAvailable, at_us: int) -> Steps:
    agent = view.agent(command.agent)
    PRESENCE.step(command.agent, agent.state, "come_back")
    yield e.AgentAvailable(command.agent, agent.answers)
    return None


def _lose_device(view: View, command: c.LoseDevice, at_us: int) -> Steps:
    agent = view.agent(command.agent)
    if command.device not in agent.devices:
        raise UnknownId("device", command.device)
    if not agent.devices[command.device]:
        return None
    is_last = not any(answers for device, answers in agent.devices.items() if device != command.device)
    grace = at_us + microseconds(view.plan.presence.grace) if is_last else None
    yield e.DeviceLost(command.agent, command.device, grace)
    return None


def _return_device(view: View, command: c.ReturnDevice, at_us: int) -> Steps:
    agent = view.agent(command.agent)
    if command.device not in agent.devices:
        raise UnknownId("device", command.device)
    if agent.devices[command.device]:
        return None
    yield e.DeviceReturned(command.agent, command.device, agent.state == "AVAILABLE")
    return None


def _on_plan_changed(view: View, event: e.PlanChanged, at_us: int) -> Iterator[e.Event]:
    """Agents follow the plan: so many at once as a batch can take. Who is known takes more along than who is new."""
    new = [name for name in islice(view.presence.to_follow, _AT_ONCE) if name not in view.presence.agents]
    yield from _walk(view, event.plan, new, _AT_ONCE)
    if len(new) < _AT_ONCE:
        yield from _walk(view, event.plan, tuple(islice(view.presence.to_follow, _SLICE)), _SLICE)


def _follow(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    """A slice of those who are left. Their names are those in the plan's own event: the state has none."""
    return _walk(view, view.plan, tuple(islice(view.presence.to_follow, _SLICE)), _SLICE)


def _walk(view: View, plan: Plan, names: Iterable[str], most: int) -> Iterator[e.Event]:
    """Those become what the plan says of them, and what follows from that happens; so many events, more or less."""
    until = view.position + most
    for name in names:
        if view.position >= until:
            return
        yield from _followed(view, plan, name)


def _followed(view: View, plan: Plan, name: str) -> Iterator[e.Event]:
    definition = plan.agents.get(name)
    if definition is None:
        yield from _removed(name, view.presence.agents[name])
        return
    teams, skills, roles, capacity_percent, kind, position = wanted(definition)
    yield e.AgentDefined(name, teams, skills, roles, capacity_percent, "plan", definition.name, kind, position)


def _on_offer_ended(view: View, event: e.OfferEnded, at_us: int) -> Iterator[e.Event]:
    agent = view.presence.agents[event.agent]
    limit = view.plan.presence.misses
    if limit and agent.misses >= limit and agent.state == "AVAILABLE":
        yield e.AgentWentAway(event.agent, "missed offers")


def _grace_over(view: View, agent: str, at_us: int) -> Iterator[e.Event]:
    yield e.AgentLost(agent)


SECTION = Section(
    "presence",
    Presence,
    {
        c.DefineAgent: _define,
        c.RemoveAgent: _remove,
        c.SignIn: _sign_in,
        c.SignOut: _sign_out,
        c.SetAway: _set_away,
        c.SetAvailable: _set_available,
        c.LoseDevice: _lose_device,
        c.ReturnDevice: _return_device,
    },
    EVOLVE,
    {e.PlanChanged: _on_plan_changed, e.OfferEnded: _on_offer_ended},
    {FOLLOW: _follow, GRACE: _grace_over},
)
