"""Inviting somebody to another channel, and joining the contact that comes with the case it is about.

Belongs here: making, taking up and ending invitations, and closing the contact from which somebody was invited once
they are answered. Does not: tokens, which only the shell can make and read, and the routing of whoever comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestra.engine.contacts.intake import check_channel, check_text
from orchestra.engine.deliveries.planning import Beside, conversation_with, point, write
from orchestra.engine.identity.linking import merge
from orchestra.engine.invitations.proving import named, takes_up
from orchestra.engine.invitations.state import EVOLVE, EXPIRE, Invitation, Invitations
from orchestra.engine.lifecycle import INVITATION
from orchestra.engine.routing.offers import end_all
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Invited
from orchestra.model.structure import microseconds

__all__ = ["SECTION", "invited"]

_LONGEST_US = 90 * 24 * 3600 * 1_000_000
_WAITS = ("QUEUED", "OFFERED", "CONNECTING", "DEFERRED")
_IN_HAND = ("ACTIVE", "HELD", "PARKED")


def _invite(view: View, command: c.InviteToChannel, at_us: int) -> Steps:
    case, interaction, conversation = _about(view, command)
    if view.cases.cases[case].state == "CLOSED":
        raise NotAllowedInState(case, "CLOSED", "invite")
    talk = view.contacts.conversations[conversation]
    check_channel(view, command.channel)
    if command.channel == talk.channel:
        raise InvalidCommand("channel", f"they are on {talk.channel} already")
    if not command.text:
        raise InvalidCommand("text", "must not be empty")
    check_text(command.text)
    lasts_us = command.lasts_us
    if lasts_us is not None and not 0 < lasts_us <= _LONGEST_US:
        raise InvalidCommand("lasts_us", "must be above 0, and at most 90 days")
    return (yield from invited(view, at_us, case, interaction, conversation, command.channel, command.text, lasts_us))


def invited(
    view: View,
    at_us: int,
    case: str,
    interaction: str | None,
    conversation: str,
    channel: str,
    text: str,
    lasts_us: int | None = None,
) -> Steps:
    """Write in a conversation that its customer may go on with a case on a channel; gives `Invited`.

    Its token is theirs: where others can read along it is written to them alone, if the channel can.
    """
    customer = view.contacts.conversations[conversation].customer
    until_us = at_us + (lasts_us or microseconds(view.plan.engagements.invitation_lasts))
    yield from _replaced(view, case, customer, channel)
    name = view.invitations.next_id()
    yield e.InvitationMade(name, case, customer, channel, conversation, until_us, interaction)
    written = yield from write(
        view,
        at_us,
        conversation=conversation,
        case=case,
        customer=customer,
        text=text,
        key=f"invitation:{name}",
        beside=Beside(only_them=True),
        topic="invitation",
    )
    return Invited(name, written.message, written.delivery)


def _about(view: View, command: c.InviteToChannel) -> tuple[str, str | None, str]:
    """The case, the contact if one is named, and the conversation in which the invitation is written."""
    if (command.interaction is None) == (command.case is None):
        raise InvalidCommand("case", "name an interaction or a case, and not both")
    if command.interaction is None:
        assert command.case is not None  # just asked
        case, row = view.case(command.case)
        return case, None, conversation_with(view, case, row.customer, None)
    key, contact = view.interaction(command.interaction)
    if contact.conversation is None:
        raise InvalidCommand("interaction", f"{key} is a work item, in which nobody is in touch")
    if not contact.is_open:
        raise NotAllowedInState(key, contact.state, "invite")
    assert contact.case is not None  # every interaction has a case from its first batch on
    return view.cases.root(contact.case), key, contact.conversation


def _replaced(view: View, case: str, customer: str, channel: str) -> Iterator[e.Event]:
    """Of two invitations to one channel the newer counts: one place, one token."""
    for name in view.invitations.offered(view.cases.group(case)):
        row = view.invitations.invitations[name]
        if row.channel == channel and view.identity.is_same(row.customer, customer):
            yield _ended(name, row, "withdraw", "replaced")


def _withdraw(view: View, command: c.WithdrawInvitation, at_us: int) -> Steps:
    row = view.invitations.invitations.get(command.invitation)
    if row is None:
        raise UnknownId("invitation", command.invitation)
    INVITATION.step(command.invitation, row.state, "withdraw")
    yield _ended(command.invitation, row, "withdraw", command.reason)
    return None


def _ended(name: str, row: Invitation, trigger: str, reason: str | None = None) -> e.InvitationEnded:
    outcome = INVITATION.step(name, row.state, trigger)
    return e.InvitationEnded(name, row.case, row.customer, outcome, reason)


def _expired(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    yield _ended(name, view.invitations.invitations[name], "expire")


def _on_closed(view: View, event: e.CaseClosed, at_us: int) -> Iterator[e.Event]:
    """Nobody is invited to what is over."""
    if view.invitations.invitations:
        for name in view.invitations.offered(view.cases.group(event.case)):
            yield _ended(name, view.invitations.invitations[name], "withdraw", "case closed")


def _on_started(view: View, event: e.InteractionStarted, at_us: int) -> Iterator[e.Event]:
    """Somebody comes with an invitation. Cases react first: whether it joins the case is decided by now."""
    row = named(view, event)
    if row is None:
        return
    assert event.invitation is not None  # it names one
    own = view.contacts.interactions[event.interaction].case
    is_there = view.cases.root(own or "") == view.cases.root(row.case)
    if is_there and takes_up(view, event, row):
        yield e.InvitationAccepted(event.invitation, row.case, row.customer, event.interaction, event.customer)
        yield from _left(view, row, event.interaction)
        yield from _perhaps_one(view, row.customer, event.customer)
    elif not is_there:
        # Somebody else may have seen it, and this may still be what they come about: people look.
        least = view.plan.cases.suggest_at
        yield e.CaseSuggested(event.interaction, event.customer, view.cases.root(row.case), least, "invitation")


def _left(view: View, row: Invitation, to: str) -> Iterator[e.Event]:
    """They leave what they wrote in, which its agent keeps: what comes there late is still the agent's to answer."""
    contact = view.contacts.interactions.get(row.interaction or "")
    if row.interaction is None or contact is None or contact.state not in ("ACTIVE", "HELD"):
        return
    if view.contacts.conversations[row.conversation].last_inbound_us is None:
        return  # whoever is on the line stays there until they hang up
    assert contact.agent is not None  # somebody has it in hand
    yield e.CustomerMovedOn(row.interaction, contact.customer, contact.agent, to)


def _perhaps_one(view: View, customer: str, other: str) -> Iterator[e.Event]:
    """Whoever comes may be the one who was invited; a token that others can see is not enough to know."""
    plan = view.plan.identity
    confidence = min(plan.suggest_at, plan.merge_at - 1)
    yield from merge(view, customer, other, "invitation", confidence, by_person=False)


def _on_finished(view: View, event: e.InteractionFinished, at_us: int) -> Iterable[e.Event]:
    """Whoever came by an invitation has been answered: so has their contact on the channel that they came from."""
    row = view.invitations.taken_by(event.interaction)
    if row is None or row.interaction is None:
        return ()
    return _closed(view, row.interaction, event.agent, at_us)


def _closed(view: View, name: str, agent: str, at_us: int) -> Iterator[e.Event]:
    contact = view.contacts.interactions.get(name)
    if contact is None or contact.state not in (*_WAITS, *_IN_HAND):
        return
    yield from point(view, name, at_us)
    if contact.state in _WAITS:
        yield from end_all(view, name, "withdraw", "answered elsewhere")
        yield e.InteractionDone(name, contact.customer, "answered_elsewhere", agent)
        return
    assert contact.agent is not None  # somebody has it in hand
    yield e.InteractionFinished(name, contact.customer, contact.agent, "answer elsewhere")
    yield e.InteractionDone(name, contact.customer, "answered_elsewhere", contact.agent)


SECTION = Section(
    "invitations",
    Invitations,
    {c.InviteToChannel: _invite, c.WithdrawInvitation: _withdraw},
    EVOLVE,
    {
        e.InteractionStarted: _on_started,
        e.InteractionFinished: _on_finished,
        e.CaseClosed: _on_closed,
    },
    {EXPIRE: _expired},
)
