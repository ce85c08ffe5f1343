"""Consults: asking another agent for help, their answer, and all that ends their part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestra.engine.consults.parts import answer, completed, end, fail, joined, known, theirs
from orchestra.engine.consults.state import ANSWER, EVOLVE, Consult, Consults
from orchestra.engine.contacts.intake import check_skills
from orchestra.engine.contacts.state import Interaction
from orchestra.engine.lifecycle import CONSULT
from orchestra.engine.routing.arriving import arrive
from orchestra.engine.routing.rows import Item, Load
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, OfferExpired, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.limits import text_fault
from orchestra.model.results import Consulting, ConsultingQueue
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_IN_HAND = ("ACTIVE", "HELD")
_Asking = c.AskConsult | c.ConsultQueue | c.TransferToAgent
_NO_BOTS = "bots are not consulted, and hand over with HandOver"


# Asking


def _ask(view: View, command: c.AskConsult, at_us: int) -> Steps:
    return _asked(view, command, command.consulted, "consult", at_us)


def _transfer(view: View, command: c.TransferToAgent, at_us: int) -> Steps:
    return _asked(view, command, command.to, "transfer", at_us)


def _ask_queue(view: View, command: c.ConsultQueue, at_us: int) -> Steps:
    key, interaction = _owned(view, command, "consult")
    if command.queue not in view.plan.queues:
        raise UnknownId("queue", command.queue)
    check_skills(view, command.skills)
    _check_note(command.note)
    _check_alone(view, key)
    if command.agent in view.bots.bots:
        raise InvalidCommand("agent", _NO_BOTS)
    barred = sorted({command.agent, *(row.consulted for _, row in view.consults.parties(key))})
    customer, channel = interaction.customer, interaction.channel
    arriving = Item(customer, channel, command.queue, for_people=True, consult_on=key, barred=barred)
    place = arrive(view, arriving, command.skills, is_live=interaction.live)
    if place.turned_away is not None:
        raise NotAllowedInState(place.queue, place.turned_away.upper(), "be_consulted")
    name = f"cs{view.consults.next_token()}"
    yield e.ConsultQueued(
        name,
        key,
        customer,
        command.agent,
        place.queue,
        channel,
        place.skills,
        view.plan.queues[place.queue].priority + command.priority,
        at_us,
        view.routing.next_order(),
        "asked" if place.queue == command.queue else "overflowed",
        barred,
        note=command.note,
    )
    return ConsultingQueue(name, place.queue)


def _asked(view: View, command: c.AskConsult | c.TransferToAgent, other: str, purpose: str, at_us: int) -> Steps:
    key, interaction = _owned(view, command, purpose)
    _check_note(command.note)
    _check_alone(view, key)
    for name, row in view.consults.of_interaction(key):
        if row.consulted == other:
            raise NotAllowedInState(name, row.state, "be_consulted")
    part = view.routing.part_in(key)
    _check_free(view, command.agent, other, part)
    channel, token = view.plan.channels[interaction.channel], view.consults.next_token()
    deadline_us = at_us + microseconds(channel.answer_within)
    yield e.ConsultAsked(
        f"cs{token}",
        key,
        interaction.customer,
        command.agent,
        other,
        interaction.channel,
        token,
        part.weight_percent,
        deadline_us,
        purpose,
        command.note,
        list(part.labels),
    )
    return Consulting(f"cs{token}", token, part.weight_percent, deadline_us)


def _check_note(note: str | None) -> None:
    if (fault := text_fault(note)) is not None:
        raise InvalidCommand("note", fault)


def _check_alone(view: View, key: str) -> None:
    """Refuse to ask while somebody else is asked, or takes part without the customer."""
    for name, row in view.consults.of_interaction(key):
        if row.state != "MERGED":
            raise NotAllowedInState(name, row.state, "ask_another")


def _owned(view: View, command: _Asking, wish: str) -> tuple[str, Interaction]:
    """An interaction that this agent has and is busy with."""
    key, interaction = view.interaction(command.interaction)
    if interaction.state not in _IN_HAND:
        raise NotAllowedInState(key, interaction.state, wish)
    if interaction.agent != command.agent:
        raise NotPermitted(f"agent:{command.agent}", type(command).__name__, f"{key} is not theirs")
    return key, interaction


def _check_free(view: View, agent: str, consulted: str, part: Load) -> None:
    """Refuse to ask somebody who has no room for it now."""
    if consulted == agent:
        raise InvalidCommand("agent", "must be another one")
    presence = view.agent(consulted)
    if agent in view.bots.bots or consulted in view.bots.bots:
        raise InvalidCommand("agent", _NO_BOTS)
    if not presence.takes_work:
        raise NotAllowedInState(
            consulted, "SILENT" if presence.state == "AVAILABLE" else presence.state, "be_consulted"
        )
    if not view.routing.has_room(consulted, part):
        raise NotAllowedInState(consulted, "SATURATED", "be_consulted")


# Answering


def _asked_by(view: View, command: c.EndConsult | c.CompleteTransfer | c.MergeConsult) -> Consult:
    """The consult, of the agent who asked."""
    row = known(view, command.consult)
    if row.agent != command.agent:
        raise NotPermitted(f"agent:{command.agent}", type(command).__name__, "another agent asked")
    return row


def _accept(view: View, command: c.AcceptConsult, at_us: int) -> Steps:
    row = theirs(view, command, command.consult, command.agent)
    if row.token != command.token:
        raise OfferExpired(command.consult, row.state)
    told, connects = answer(view, command.consult), view.plan.channels[row.channel].connects
    if row.state != CONSULT.initial:  # they ask again
        return told
    if connects is None:
        yield joined(view, command.consult)
        return told
    until_us = at_us + microseconds(connects)
    yield e.ConsultConnecting(command.consult, row.interaction, row.customer, row.agent, row.consulted, until_us)
    return answer(view, command.consult)


def _decline(view: View, command: c.DeclineConsult, at_us: int) -> Steps:
    row = theirs(view, command, command.consult, command.agent)
    if row.token != command.token or row.state != CONSULT.initial:
        raise OfferExpired(command.consult, row.state)
    yield from fail(view, command.consult, "decline", command.reason, at_us)
    return None


def _leave(view: View, command: c.LeaveConsult, at_us: int) -> Steps:
    row = theirs(view, command, command.consult, command.agent)
    CONSULT.step(command.consult, row.state, "leave")
    yield end(view, command.consult, "leave", None)
    return None


def _end_it(view: View, command: c.EndConsult, at_us: int) -> Steps:
    _asked_by(view, command)
    yield from fail(view, command.consult, "end", command.reason, at_us)
    return None


def _merge(view: View, command: c.MergeConsult, at_us: int) -> Steps:
    row = _asked_by(view, command)
    CONSULT.step(command.consult, row.state, "merge")
    if len(view.consults.parties(row.interaction)) + 2 > view.plan.channels[row.channel].parties:
        raise NotAllowedInState(row.interaction, "FULL", "merge")
    yield e.ConsultMerged(command.consult, row.interaction, row.customer, row.agent, row.consulted)
    return None


def _complete(view: View, command: c.CompleteTransfer, at_us: int) -> Steps:
    row = _asked_by(view, command)
    CONSULT.step(command.consult, row.state, "transfer")
    yield completed(view, command.consult)
    return None


def _on_accepted(view: View, event: e.ConsultAccepted, at_us: int) -> Iterator[e.Event]:
    """Whoever accepts a transfer has the interaction."""
    if event.purpose == "transfer":
        yield completed(view, event.consult)


def _on_completed(view: View, event: e.TransferCompleted, at_us: int) -> Iterable[e.Event]:
    """Who asked a queue for help has given the interaction away before anybody came."""
    found = [name for name, row in view.consults.of_interaction(event.interaction) if row.queue and row.is_open]
    return (end(view, name, "end", "the contact is another agent's") for name in found)


# What ends consults


def _end_all(view: View, interaction: str, trigger: str, reason: str) -> Iterable[e.Event]:
    found = view.consults.of_interaction(interaction)
    return (end(view, name, trigger, reason) for name, _ in found) if found else ()


def _on_queued(view: View, event: e.InteractionQueued | e.CallbackScheduled, at_us: int) -> Iterable[e.Event]:
    return _end_all(view, event.interaction, "end", "the contact waits again")


def _on_finished(view: View, event: e.InteractionFinished, at_us: int) -> Iterable[e.Event]:
    trigger = "customer_leave" if event.by == "customer" else "end"
    return _end_all(view, event.interaction, trigger, "the contact is over")


def _on_over(view: View, event: e.InteractionCanceled | e.InteractionDone, at_us: int) -> Iterable[e.Event]:
    return _end_all(view, event.interaction, "end", "the contact is over")


def _on_gone(view: View, event: e.AgentSignedOut | e.AgentLost, at_us: int) -> Iterator[e.Event]:
    """Whoever is gone takes part in nothing, and asks for no help. What they were handing over is handed over."""
    for name, _ in view.consults.of_consulted(event.agent):
        yield from fail(view, name, "agent_lose", None, at_us)
    for interaction in sorted(view.routing.in_hand.get(event.agent, ())):
        if view.routing.items[interaction].held_by == event.agent:
            yield from _left_alone(view, interaction)


def _left_alone(view: View, interaction: str) -> Iterator[e.Event]:
    """Who has an interaction is gone: who has talked with the customer longest has it now, if anybody does."""
    for name, row in view.consults.of_interaction(interaction):
        if row.purpose == "consult" and row.state != "MERGED":
            yield end(view, name, "end", "who asked is gone")
    for name, _ in view.consults.parties(interaction)[:1]:
        yield completed(view, name)


def _on_silent(view: View, event: e.AgentWentAway | e.DeviceLost, at_us: int) -> Iterator[e.Event]:
    """Whoever takes no work is asked no more; where they take part already, they go on."""
    if isinstance(event, e.DeviceLost) and event.grace_until_us is None:
        return
    for name, row in view.consults.of_consulted(event.agent):
        if row.state in (CONSULT.initial, "CONNECTING"):
            yield from fail(view, name, "agent_lose", None, at_us)


def _over(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    trigger = "time_out" if view.consults.consults[name].state == CONSULT.initial else "fail"
    return fail(view, name, trigger, None, at_us)


SECTION = Section(
    "consults",
    Consults,
    {
        c.AskConsult: _ask,
        c.ConsultQueue: _ask_queue,
        c.AcceptConsult: _accept,
        c.DeclineConsult: _decline,
        c.EndConsult: _end_it,
        c.LeaveConsult: _leave,
        c.MergeConsult: _merge,
        c.CompleteTransfer: _complete,
        c.TransferToAgent: _transfer,
    },
    EVOLVE,
    {
        e.ConsultAccepted: _on_accepted,
        e.TransferCompleted: _on_completed,
        e.InteractionQueued: _on_queued,
        e.InteractionFinished: _on_finished,
        e.InteractionCanceled: _on_over,
        e.InteractionDone: _on_over,
        e.CallbackScheduled: _on_queued,
        e.AgentSignedOut: _on_gone,
        e.AgentLost: _on_gone,
        e.AgentWentAway: _on_silent,
        e.DeviceLost: _on_silent,
    },
    {ANSWER: _over},
)
