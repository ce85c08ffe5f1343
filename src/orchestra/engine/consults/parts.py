"""Looking up consults, ending them, and connecting who has answered: for all who are asked about them."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestra.engine.consults.state import Consult
from orchestra.engine.lifecycle import CONSULT
from orchestra.engine.routing.parking import leave_behind
from orchestra.engine.routing.steps import queue_again
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import NotPermitted, OfferExpired, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Consulted

__all__ = ["answer", "completed", "confirm", "end", "fail", "is_consult", "joined", "known", "report_failure", "theirs"]

_DIGITS = 20
_PREFIX = "cs"
_OF_ONE = ("decline", "time_out", "fail", "agent_lose")
"""What ends the asking of one agent, and says nothing of others."""


def is_consult(name: str) -> bool:
    """Whether an id is one of a consult, not of an offer."""
    return name.startswith(_PREFIX)


def known(view: View, name: str) -> Consult:
    """The row of a consult, which is kept until it ends."""
    row = view.consults.consults.get(name)
    if row is not None:
        return row
    number = name.removeprefix(_PREFIX)
    if number.isdecimal() and len(number) < _DIGITS and 0 < int(number) < view.consults.next_token():
        raise OfferExpired(name, "over")
    raise UnknownId("consult", name)


def theirs(view: View, command: c.Command, name: str, agent: str) -> Consult:
    """The consult, of an agent who is asked or takes part."""
    row = known(view, name)
    if row.consulted != agent:
        raise NotPermitted(f"agent:{agent}", type(command).__name__, "another agent is asked")
    return row


def answer(view: View, name: str) -> Consulted:
    """What a consulted agent is told who answers."""
    row = view.consults.consults[name]
    case = view.contacts.interactions[row.interaction].case
    assert case is not None  # only interactions of a case are routed
    return Consulted(name, row.interaction, view.matter(case), row.customer, row.agent, row.state == "CONNECTING")


def joined(view: View, name: str) -> e.ConsultAccepted:
    """The event by which the consulted agent takes part."""
    row = view.consults.consults[name]
    return e.ConsultAccepted(name, row.interaction, row.customer, row.agent, row.consulted, row.purpose, row.queue)


def _connecting(view: View, command: c.ConfirmConnected | c.ReportSetupFailed, *further: str) -> Consult:
    row = theirs(view, command, command.offer, command.agent)
    if row.token != command.token or row.state not in ("CONNECTING", *further):
        raise OfferExpired(command.offer, row.state)
    return row


def confirm(view: View, command: c.ConfirmConnected) -> Steps:
    """The consulted agent is connected; if they are already, they ask again."""
    row = _connecting(view, command, "JOINED", "MERGED")
    told = answer(view, command.offer)
    if row.state == "CONNECTING":
        yield joined(view, command.offer)
        told = attrs.evolve(told, is_connecting=False)  # of a transfer nothing is left to be looked up
    return told


def report_failure(view: View, command: c.ReportSetupFailed, at_us: int) -> Steps:
    """The consulted agent could not be connected."""
    _connecting(view, command)
    yield from fail(view, command.offer, "fail", command.reason, at_us)
    return None


def fail(view: View, name: str, trigger: str, reason: str | None, at_us: int) -> Iterator[e.Event]:
    """An asking has come to nothing, and with it the consult, unless its queue has others to ask.

    What was to be transferred waits again, or is parked, if whoever had it is gone.
    """
    row = view.consults.consults[name]
    if row.queue is not None and row.is_open and trigger in _OF_ONE:
        outcome = CONSULT.step(name, row.state, trigger)
        yield queue_again(view, name, outcome.lower(), at_us, told=reason)
        return
    yield end(view, name, trigger, reason)
    if row.purpose == "transfer" and view.presence.agents[row.agent].state == "OFFLINE":
        yield from leave_behind(view, row.interaction, row.agent, "transfer_failed", at_us)


def completed(view: View, name: str) -> e.TransferCompleted:
    """The event by which the interaction is that of the agent who takes part."""
    row = view.consults.consults[name]
    labels = view.routing.items[row.interaction].labels
    parties = row.agent, row.consulted
    return e.TransferCompleted(name, row.interaction, row.customer, *parties, row.weight_percent, row.labels, labels)


def end(view: View, name: str, trigger: str, reason: str | None) -> e.ConsultEnded:
    """The event that ends a consult by a trigger of its table."""
    row = view.consults.consults[name]
    return e.ConsultEnded(
        name,
        row.interaction,
        row.customer,
        row.agent,
        row.consulted or None,
        row.channel,
        row.weight_percent,
        CONSULT.step(name, row.state, trigger),
        reason,
        row.labels,
        row.queue,
    )
