"""What agents answer to offers, and what becomes of an answer until agent and customer are connected."""

from __future__ import annotations

from orchestra.engine.consults.parts import confirm, is_consult, report_failure
from orchestra.engine.lifecycle import OFFER
from orchestra.engine.routing.offers import end
from orchestra.engine.routing.rows import Offer
from orchestra.engine.section import Decide, Steps
from orchestra.engine.view import View
from orchestra.errors import NotPermitted, OfferExpired, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Accepted
from orchestra.model.structure import microseconds

__all__ = ["DECIDE"]

_DIGITS = 20

_Answer = c.AcceptOffer | c.ConfirmConnected | c.DeclineOffer | c.ReportSetupFailed


def _known(view: View, offer: str) -> Offer:
    """The row of an offer, which is kept as long as its interaction is not over."""
    row = view.routing.offers.get(offer)
    if row is not None:
        return row
    number = offer.removeprefix("of")
    if number.isdecimal() and len(number) < _DIGITS and 0 < int(number) < view.routing.next_token():
        raise OfferExpired(offer, "over")
    raise UnknownId("offer", offer)


def _open(view: View, command: _Answer, trigger: str) -> Offer:
    """The offer to which this agent may still answer so."""
    row = _known(view, command.offer)
    if row.agent != command.agent:
        raise NotPermitted(f"agent:{command.agent}", type(command).__name__, "it was offered to another agent")
    if row.token != command.token or not OFFER.allows(row.state, trigger):
        raise OfferExpired(command.offer, row.state)
    return row


def _is_theirs(view: View, command: c.AcceptOffer | c.ConfirmConnected, *states: str) -> bool:
    """Whether just this offer is the agent's still, in one of these states: then they ask again."""
    row = _known(view, command.offer)
    if (row.agent, row.token) != (command.agent, command.token) or row.state not in states:
        return False
    return row.state == "CONNECTING" or view.routing.items[row.interaction].taken_by == command.offer


def _accepted(view: View, offer: str) -> Accepted:
    """What an agent is told who takes an interaction."""
    row = view.routing.offers[offer]
    interaction = view.contacts.interactions[row.interaction]
    assert interaction.case is not None  # only interactions of a case are routed
    case = view.matter(interaction.case)
    return Accepted(offer, row.interaction, case, interaction.customer, row.state == "CONNECTING")


def _accept(view: View, command: c.AcceptOffer, at_us: int) -> Steps:
    if not _is_theirs(view, command, "CONNECTING", "ACCEPTED"):
        row = _open(view, command, "accept")
        item = view.routing.items[row.interaction]
        connects = view.plan.channels[item.channel].connects
        if connects is None:
            yield e.OfferAccepted(command.offer, row.interaction, item.customer, command.agent)
        else:
            until_us = at_us + microseconds(connects)
            yield e.OfferConnecting(command.offer, row.interaction, item.customer, command.agent, until_us)
    return _accepted(view, command.offer)


def _confirm(view: View, command: c.ConfirmConnected, at_us: int) -> Steps:
    if is_consult(command.offer):
        return (yield from confirm(view, command))
    if not _is_theirs(view, command, "ACCEPTED"):
        row = _open(view, command, "confirm")
        customer = view.routing.items[row.interaction].customer
        yield e.OfferAccepted(command.offer, row.interaction, customer, command.agent)
    return _accepted(view, command.offer)


def _fail(view: View, command: c.ReportSetupFailed, at_us: int) -> Steps:
    if is_consult(command.offer):
        return (yield from report_failure(view, command, at_us))
    _open(view, command, "fail")
    yield end(view, command.offer, "fail", command.reason)
    return None


def _decline(view: View, command: c.DeclineOffer, at_us: int) -> Steps:
    _open(view, command, "decline")
    yield end(view, command.offer, "decline", command.reason)
    return None


def _rescind(view: View, command: c.RescindOffer, at_us: int) -> Steps:
    row = _known(view, command.offer)
    if not OFFER.allows(row.state, "rescind"):
        raise OfferExpired(command.offer, row.state)
    yield end(view, command.offer, "rescind", command.reason)
    return None


DECIDE: dict[type[c.Command], Decide] = {
    c.AcceptOffer: _accept,
    c.ConfirmConnected: _confirm,
    c.ReportSetupFailed: _fail,
    c.DeclineOffer: _decline,
    c.RescindOffer: _rescind,
}
