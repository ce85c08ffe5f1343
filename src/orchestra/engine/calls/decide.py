"""What calls do as their contacts go on, and what their providers tell of keys, legs and lines.

Belongs here: from what happens in a contact to what its line is told. Does not: what callers hear, which the runtime
says in the plan's words, and the waiting and taking themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.callbacks.asking import WAITS, request
from orchestra.engine.calls.state import EVOLVE, FORGET, Calls, call_key
from orchestra.engine.calls.steering import drop_leg, drop_unsent, standing, steer
from orchestra.engine.consults.parts import end as end_consult, fail as fail_consult, is_consult, joined
from orchestra.engine.contacts.decide import finished, left
from orchestra.engine.contacts.intake import already, check_id
from orchestra.engine.lifecycle import CONSULT, INTERACTION
from orchestra.engine.routing.offers import end
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import CallStanding

__all__ = ["SECTION"]

_OF_CALL = c.AskCall | c.EndCall | c.PressKeys | c.ReportLeg
_LEG_STATES = ("answered", "failed", "ended")
_ON_LINE = ("join", "hold")
"""What a line was told last that does not ask by itself what comes next, or not soon."""
_SENT = ("wait", "hang_up")
"""What a line is sent that cannot be answered. A bot speaks by itself, and whoever is on the line or on hold knows."""
_MOST_KEYS = 50

Over = (
    e.InteractionFinished | e.InteractionDone | e.InteractionDeflected | e.InteractionCanceled | e.InteractionAbandoned
)


def _call(view: View, command: _OF_CALL) -> str | None:
    """The interaction of a call; None if nobody took one under that id."""
    check_id("call_id", command.call_id)
    check_id("account", command.account)
    taken = already(view, command.channel, command.account, command.call_id)
    return None if taken is None or taken.message is not None else taken.interaction


def _steered(view: View, command: _OF_CALL) -> str:
    """The interaction of a call that is steered."""
    key = _call(view, command)
    if key is None:
        raise UnknownId("call", command.call_id)
    return key


def _ask(view: View, command: c.AskCall, at_us: int) -> Steps:
    key = _call(view, command)
    if key is None:
        return CallStanding()
    stands, call = standing(view, key), view.calls.calls.get(key)
    if command.is_sent and call is not None and call.is_up and not stands.is_due and stands.verb in _SENT:
        yield from steer(view, key, stands.verb, at_us, reason=stands.reason)
    return stands


def _end(view: View, command: c.EndCall, at_us: int) -> Steps:
    key = _call(view, command)
    if key is None:
        yield from _ended_early(view, command)
        return None
    yield from _line_gone(view, key, "provider", at_us)
    return None


def _ended_early(view: View, command: c.EndCall) -> Iterator[e.Event]:
    """Its ringing is on its way, where calls are steered: nobody else would ever end it."""
    channel = view.plan.channels.get(command.channel)
    if channel is None or channel.calls is None:
        raise UnknownId("call", command.call_id)
    if call_key(command.channel, command.account, command.call_id) not in view.calls.ended:
        yield e.CallEndKept(command.channel, command.account, command.call_id)


def _line_gone(view: View, key: str, by: str, at_us: int) -> Iterator[e.Event]:
    """The customer is on the line no more: what was to be told it is not, and the contact is over."""
    interaction, call = view.contacts.interactions[key], view.calls.calls.get(key)
    if call is not None and call.is_up:
        yield from drop_unsent(view, key, "line gone")
        yield e.CallEnded(key, interaction.customer, by, not interaction.is_open)
    if interaction.is_open and _may_leave(view, key):
        yield from left(view, key, at_us)


def _may_leave(view: View, key: str) -> bool:
    state = view.contacts.interactions[key].state
    return key in view.engagements.linked or any(INTERACTION.allows(state, way) for way in ("wrap_up", "leave"))


def _press(view: View, command: c.PressKeys, at_us: int) -> Steps:
    check_id("press", command.press)
    keys = command.keys or ""
    if len(keys) > _MOST_KEYS:
        raise InvalidCommand("keys", f"at most {_MOST_KEYS}")
    key = _steered(view, command)
    interaction, call = view.contacts.interactions[key], view.calls.calls.get(key)
    if call is None or not interaction.is_open or command.press in call.presses:
        return standing(view, key)
    yield e.KeysPressed(key, interaction.customer, command.press, keys)
    handling = view.plan.channels[interaction.channel].calls
    if handling is not None and keys == handling.callback_key and _waits_for_people(view, key):
        yield from request(view, c.RequestCallback(key), at_us)
    return standing(view, key)


def _waits_for_people(view: View, key: str) -> bool:
    return view.contacts.interactions[key].state in WAITS and standing(view, key).verb == "wait"


def _leg(view: View, command: c.ReportLeg, at_us: int) -> Steps:
    if command.state not in _LEG_STATES:
        raise InvalidCommand("state", f"must be one of {', '.join(_LEG_STATES)}")
    key, name = _steered(view, command), command.leg
    row = view.calls.legs.get(name)
    if row is None or row.interaction != key:
        return None  # it was hung up meanwhile, or told so before
    customer = view.contacts.interactions[key].customer
    if command.state == "answered" and row.leg_id is not None and not _is_connecting(view, name):
        return None  # told before, or too late
    yield e.LegReported(key, customer, name, command.state, command.leg_id)
    if command.state == "answered":
        yield from _answered(view, name, at_us)
    elif _is_connecting(view, name):
        yield from _failed(view, name, at_us)
    elif command.state == "ended":
        yield from _hung_up(view, key, name, row.agent, at_us)
    return None


def _is_connecting(view: View, name: str) -> bool:
    """Whether an agent who has taken an offer or consult is being connected by that leg."""
    if is_consult(name):
        consult = view.consults.consults.get(name)
        return consult is not None and consult.state == "CONNECTING"
    offer = view.routing.offers.get(name)
    return offer is not None and offer.state == "CONNECTING"


def _answered(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Agent and customer are connected; or the agent is let go who is wanted no more."""
    row = view.calls.legs[name]
    if not _is_connecting(view, name):
        yield from drop_leg(view, name, at_us)
    elif is_consult(name):
        yield joined(view, name)
    else:
        customer = view.contacts.interactions[row.interaction].customer
        yield e.OfferAccepted(name, row.interaction, customer, row.agent)


def _failed(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    if is_consult(name):
        yield from fail_consult(view, name, "fail", "no answer", at_us)
    else:
        yield end(view, name, "fail", "no answer")


def _hung_up(view: View, key: str, name: str, agent: str, at_us: int) -> Iterator[e.Event]:
    """An agent who hangs up has finished, or helps no more."""
    interaction = view.contacts.interactions[key]
    if interaction.agent == agent and interaction.state in ("ACTIVE", "HELD"):
        yield from finished(view, key, "agent", None, at_us)
        return
    consult = view.consults.consults.get(name)
    if consult is not None and CONSULT.allows(consult.state, "leave"):
        yield end_consult(view, name, "leave", "hung up")


# What follows


def _on_taken(view: View, event: e.ContactTaken, at_us: int) -> Iterator[e.Event]:
    """It has ended before it rang."""
    key = call_key(event.channel, event.account, event.contact_id)
    if key in view.calls.ended and event.interaction in view.calls.calls:
        yield from _line_gone(view, event.interaction, "provider", at_us)


def _on_connecting(view: View, event: e.OfferConnecting, at_us: int) -> Iterator[e.Event]:
    """An agent's phone rings; a bot has none, and is on the line as soon as it answers."""
    if event.interaction not in view.calls.calls:
        return
    if event.agent in view.bots.bots:
        yield e.OfferAccepted(event.offer, event.interaction, event.customer, event.agent)
    else:
        call = {"agent": event.agent, "leg": event.offer}
        yield from steer(view, event.interaction, "call", at_us, lasts_us=event.until_us - at_us, **call)


def _on_consult_connecting(view: View, event: e.ConsultConnecting, at_us: int) -> Iterator[e.Event]:
    if event.interaction in view.calls.calls:
        call = {"agent": event.consulted, "leg": event.consult}
        yield from steer(view, event.interaction, "call", at_us, lasts_us=event.until_us - at_us, **call)


def _on_accepted(view: View, event: e.OfferAccepted, at_us: int) -> Iterator[e.Event]:
    """A bot speaks; people are joined."""
    if event.interaction in view.calls.calls and event.agent not in view.bots.bots:
        yield from _show(view, event.interaction, "join", at_us)


def _on_transferred(view: View, event: e.TransferCompleted, at_us: int) -> Iterator[e.Event]:
    """The agent who had it is let go; the one who has it is on the line."""
    if event.interaction not in view.calls.calls:
        return
    yield from _show(view, event.interaction, "join", at_us)
    for name, row in view.calls.legs_of(event.interaction):
        if row.agent == event.agent:
            yield from drop_leg(view, name, at_us)


def _on_held(view: View, event: e.InteractionHeld, at_us: int) -> Iterator[e.Event]:
    return _show(view, event.interaction, "hold", at_us)


def _on_retrieved(view: View, event: e.InteractionRetrieved, at_us: int) -> Iterator[e.Event]:
    return _show(view, event.interaction, "join", at_us)


def _show(view: View, key: str, verb: str, at_us: int) -> Iterator[e.Event]:
    call = view.calls.calls.get(key)
    if call is not None and call.is_up and call.shown != verb:
        yield from steer(view, key, verb, at_us)


def _on_queued(view: View, event: e.InteractionQueued, at_us: int) -> Iterator[e.Event]:
    """Whoever talked with an agent waits again; lines that ask by themselves are told then."""
    call = view.calls.calls.get(event.interaction)
    if call is None:
        return
    if call.shown in _ON_LINE:
        yield from _show(view, event.interaction, "wait", at_us)
    yield from _let_go(view, event.interaction, at_us)


def _let_go(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """Hang up on agents who are asked no more, and have nothing to do with it any more."""
    for name, row in view.calls.legs_of(key):
        if not _is_connecting(view, name) and not (row.is_over and row.leg_id is None):
            yield from drop_leg(view, name, at_us)


def _on_over(view: View, event: Over, at_us: int) -> Iterator[e.Event]:
    """The line is hung up; not where a bot had it, whose last words end with asking what comes next."""
    key = event.interaction
    call = view.calls.calls.get(key)
    by_bot = isinstance(event, e.InteractionFinished | e.InteractionDone) and event.agent in view.bots.bots
    if call is not None and call.is_up and call.shown != "hang_up" and not by_bot:
        reason = "closed" if isinstance(event, e.InteractionDeflected) else call.over
        yield from steer(view, key, "hang_up", at_us, reason=reason)
    yield from _let_go(view, key, at_us)


def _on_left(view: View, event: e.OfferEnded | e.ConsultEnded, at_us: int) -> Iterator[e.Event]:
    name = event.offer if isinstance(event, e.OfferEnded) else event.consult
    if name in view.calls.legs:
        yield from drop_leg(view, name, at_us)


def _on_called(view: View, event: e.DeliveryAccepted, at_us: int) -> Iterator[e.Event]:
    """A phone rings by now that is wanted no more."""
    name = view.calls.by_delivery.get(event.delivery)
    if name is not None and view.calls.legs[name].is_over:
        yield from drop_leg(view, name, at_us)


def _forget(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """No provider will ever tell that its line is gone."""
    return _line_gone(view, key, "time", at_us)


SECTION = Section(
    "calls",
    Calls,
    {c.AskCall: _ask, c.EndCall: _end, c.PressKeys: _press, c.ReportLeg: _leg},
    EVOLVE,
    {
        e.ContactTaken: _on_taken,
        e.OfferConnecting: _on_connecting,
        e.ConsultConnecting: _on_consult_connecting,
        e.OfferAccepted: _on_accepted,
        e.TransferCompleted: _on_transferred,
        e.InteractionHeld: _on_held,
        e.InteractionRetrieved: _on_retrieved,
        e.InteractionQueued: _on_queued,
        e.InteractionFinished: _on_over,
        e.InteractionDone: _on_over,
        e.InteractionDeflected: _on_over,
        e.InteractionCanceled: _on_over,
        e.InteractionAbandoned: _on_over,
        e.OfferEnded: _on_left,
        e.ConsultEnded: _on_left,
        e.DeliveryAccepted: _on_called,
    },
    {FORGET: _forget},
)
