"""Supervisors listen to contacts, whisper to their agents, barge in and take over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestra.engine.consults.parts import completed
from orchestra.engine.contacts.intake import check_text
from orchestra.engine.contacts.state import Interaction
from orchestra.engine.section import Section, Steps
from orchestra.engine.supervision.state import EVOLVE, Supervision
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e

__all__ = ["SECTION"]

_IN_HAND = ("ACTIVE", "HELD", "PARKED")
_MOST = 20
"""Most supervisors who listen to one interaction, and most interactions that one listens to."""

_Heard = c.Whisper | c.BargeIn | c.TakeOver


def _monitor(view: View, command: c.MonitorInteraction, at_us: int) -> Steps:
    key, interaction = view.interaction(command.interaction)
    own, state = view.supervision, view.agent(command.agent).state
    if interaction.state not in _IN_HAND:
        raise NotAllowedInState(key, interaction.state, "monitor")
    if command.agent in view.bots.bots:
        raise InvalidCommand("agent", "bots do not supervise")
    if state == "OFFLINE":
        raise NotAllowedInState(command.agent, state, "monitor")
    if interaction.agent == command.agent or _party(view, key, command.agent) is not None:
        raise InvalidCommand("agent", "takes part in the interaction themself")
    if own.listens(command.agent, key):
        return None
    if len(own.listeners.get(key, ())) >= _MOST or len(own.of_agent.get(command.agent, ())) >= _MOST:
        raise NotAllowedInState(key, "FULL", "monitor")
    assert interaction.agent is not None  # somebody has what is in hand
    yield e.MonitoringStarted(key, interaction.customer, command.agent, interaction.agent)
    return None


def _stop(view: View, command: c.StopMonitoring, at_us: int) -> Steps:
    key, interaction = view.interaction(command.interaction)
    if view.supervision.listens(command.agent, key):
        yield e.MonitoringEnded(key, interaction.customer, command.agent, "stopped")
    return None


def _heard(view: View, command: _Heard) -> tuple[str, Interaction, str]:
    """An interaction to which the supervisor listens, and who has it."""
    key, interaction = view.interaction(command.interaction)
    if not view.supervision.listens(command.agent, key):
        raise NotAllowedInState(key, "UNMONITORED", "supervise")
    assert interaction.agent is not None  # what nobody has is not listened to
    return key, interaction, interaction.agent


def _whisper(view: View, command: c.Whisper, at_us: int) -> Steps:
    key, interaction, agent = _heard(view, command)
    if not command.text:
        raise InvalidCommand("text", "must not be empty")
    check_text(command.text)
    yield e.Whispered(key, interaction.customer, command.agent, agent, command.text)
    return None


def _party(view: View, key: str, agent: str) -> str | None:
    """The consult by which an agent is asked about an interaction or takes part in it."""
    return next((name for name, row in view.consults.of_interaction(key) if row.consulted == agent), None)


def _barge_in(view: View, command: c.BargeIn, at_us: int) -> Steps:
    key, interaction, agent = _heard(view, command)
    yield from _barged_in(view, key, interaction, agent, command.agent)
    return None


def _barged_in(view: View, key: str, interaction: Interaction, agent: str, supervisor: str) -> Iterator[e.Event]:
    """Nothing is asked of the plan's number of parties: whoever supervises comes in all the same."""
    asked = _party(view, key, supervisor)
    if asked is not None:
        raise NotAllowedInState(asked, view.consults.consults[asked].state, "barge_in")
    token, part = view.consults.next_token(), view.routing.part_in(key)
    yield e.MonitoringEnded(key, interaction.customer, supervisor, "barged in")
    yield e.BargedIn(
        f"cs{token}",
        key,
        interaction.customer,
        agent,
        supervisor,
        part.channel,
        token,
        part.weight_percent,
        list(part.labels),
    )


def _take_over(view: View, command: c.TakeOver, at_us: int) -> Steps:
    key, interaction = view.interaction(command.interaction)
    party = _party(view, key, command.agent)
    if party is None or view.consults.consults[party].state != "MERGED":
        key, interaction, agent = _heard(view, command)
        yield from _barged_in(view, key, interaction, agent, command.agent)
        party = _party(view, key, command.agent)
    assert party is not None  # they have just come in
    yield completed(view, party)
    return None


# What ends it


Unheard = e.InteractionQueued | e.InteractionFinished | e.InteractionDone | e.InteractionCanceled | e.CallbackScheduled


def _on_over(view: View, event: Unheard, at_us: int) -> Iterable[e.Event]:
    listeners = view.supervision.listeners.get(event.interaction)
    return _unheard(event, sorted(listeners)) if listeners else ()


def _unheard(event: Unheard, listeners: Sequence[str]) -> Iterator[e.Event]:
    for agent in listeners:
        yield e.MonitoringEnded(event.interaction, event.customer, agent, "no agent has it")


def _on_gone(view: View, event: e.AgentSignedOut | e.AgentLost, at_us: int) -> Iterator[e.Event]:
    for interaction in sorted(view.supervision.of_agent.get(event.agent, ())):
        customer = view.contacts.interactions[interaction].customer
        yield e.MonitoringEnded(interaction, customer, event.agent, "supervisor gone")


def _on_part(view: View, event: e.ConsultAccepted, at_us: int) -> Iterator[e.Event]:
    """Whoever takes part hears it anyway."""
    if view.supervision.listens(event.consulted, event.interaction):
        yield e.MonitoringEnded(event.interaction, event.customer, event.consulted, "takes part")


SECTION = Section(
    "supervision",
    Supervision,
    {
        c.MonitorInteraction: _monitor,
        c.StopMonitoring: _stop,
        c.Whisper: _whisper,
        c.BargeIn: _barge_in,
        c.TakeOver: _take_over,
    },
    EVOLVE,
    {
        e.InteractionQueued: _on_over,
        e.InteractionFinished: _on_over,
        e.InteractionDone: _on_over,
        e.InteractionCanceled: _on_over,
        e.CallbackScheduled: _on_over,
        e.AgentSignedOut: _on_gone,
        e.AgentLost: _on_gone,
        e.ConsultAccepted: _on_part,
    },
)
