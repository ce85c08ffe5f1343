"""Signing in and out, going away, losing devices; and what a plan says about agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestra.engine.lifecycle import PRESENCE
from orchestra.engine.presence.state import EVOLVE, GONE, GRACE, Agent, Presence, wanted
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_SLICE = 100
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
    """Agents named in the plan follow it; those defined by command stay."""
    for name, definition in sorted(event.plan.agents.items()):
        known = view.presence.agents.get(name)
        if known is None or (known.source == "plan" and known.profile != wanted(definition)):
            teams, skills, roles, capacity_percent, kind, position = wanted(definition)
            profile = teams, skills, roles, capacity_percent
            yield e.AgentDefined(name, *profile, "plan", definition.name, kind, position)
    yield from _remove_gone(view, "", at_us)


def _remove_gone(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    """A slice of the walk over those whom the plan no longer names."""
    until = view.position + _SLICE
    for name in tuple(view.presence.to_remove):
        if view.position >= until:
            return
        yield from _removed(name, view.presence.agents[name])


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
    {GONE: _remove_gone, GRACE: _grace_over},
)
