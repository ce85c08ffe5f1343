"""Moves of calls that are steered: what their providers tell of keys, agents' phones and lines, in and out of order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import attrs

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.calls import CallHandling
from orchestra.model.plan import Plan
from tests.commitment_moves import Chooser
from tests.engine_driver import person

__all__ = ["WEIGHTS", "talk", "with_calls"]


def with_calls(plan: Plan) -> Plan:
    """The same with calls on the channel that is for the phone."""
    voice = plan.channels.get("voice")
    if voice is None or voice.calls is not None:
        return plan
    handling = CallHandling(callback_key="1", callback="Press 1.")
    voice = attrs.evolve(voice, calls=handling, connects=timedelta(seconds=15))
    return attrs.evolve(plan, channels={**plan.channels, "voice": voice})


def _call(engine: Engine, choose: Chooser) -> tuple[str, str, str]:
    """One of the newest calls, or one that is yet to ring."""
    known = [row.call_id for row in engine.view.calls.calls.values()][-6:]
    if not known or choose.chance(8):
        return "voice", "main", f"call{engine.view.contacts.counts.get('taken', 0) + choose.number(1, 3)}"
    return "voice", "main", choose.pick(known)


def ring(engine: Engine, choose: Chooser) -> c.Command:
    number = engine.view.contacts.counts.get("taken", 0) + 1
    return c.ReceiveContact("voice", "main", f"call{number}", person(f"customer{choose.number(0, 5)}"))


def ask(engine: Engine, choose: Chooser) -> c.Command:
    return c.AskCall(*_call(engine, choose), is_sent=choose.chance(50))


def end(engine: Engine, choose: Chooser) -> c.Command:
    return c.EndCall(*_call(engine, choose))


def press(engine: Engine, choose: Chooser) -> c.Command:
    return c.PressKeys(*_call(engine, choose), f"p{choose.number(1, 40)}", choose.pick(["1", "2", ""]))


def accept(engine: Engine, choose: Chooser) -> c.Command | None:
    offers = engine.view.routing.offers
    open_ones = [
        name for name, row in offers.items() if row.state == "PENDING" and row.interaction in engine.view.calls.calls
    ]
    if not open_ones:
        return None
    name = choose.pick(open_ones)
    return c.AcceptOffer(name, offers[name].agent, offers[name].token)


def leg(engine: Engine, choose: Chooser) -> c.Command | None:
    legs = engine.view.calls.legs
    if not legs:
        return None
    name = choose.pick(list(legs)[-6:])
    state = choose.pick(["answered", "answered", "answered", "failed", "ended"])
    return c.ReportLeg("voice", "main", legs[name].call_id, name, state, choose.pick([f"leg-{name}", f"leg-{name}"]))


def carry(engine: Engine, choose: Chooser) -> c.Command | None:
    """What steers a call leaves, or comes to its outcome."""
    rows = {n: r for n, r in engine.view.deliveries.deliveries.items() if r.topic in ("call", "leg")}
    started = [name for name, row in rows.items() if row.state == "STARTED"]
    permitted = [name for name, row in rows.items() if row.state == "PERMITTED"]
    if started and (not permitted or choose.chance(70)):
        name = choose.pick(started)
        outcome = choose.pick(["accepted", "accepted", "accepted", "failed", "unknown", "retry"])
        return c.RecordOutcome(name, rows[name].attempts, outcome, [f"leg-{name}"] if outcome == "accepted" else [])
    if not permitted:
        return None
    name = choose.pick(permitted)
    return c.StartDelivery(name, rows[name].attempts + 1, 1)


def hold(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.contacts.interactions
    mine = [name for name in engine.view.calls.calls if rows[name].state in ("ACTIVE", "HELD")]
    if not mine:
        return None
    name = choose.pick(mine)
    agent = rows[name].agent or ""
    return c.HoldInteraction(name, agent) if rows[name].state == "ACTIVE" else c.RetrieveInteraction(name, agent)


def talk(engine: Engine, choose: Chooser) -> Iterator[c.Command]:
    """A whole call, as far as it comes: it rings, an agent takes it and answers the phone, and something happens."""
    ringing = ring(engine, choose)
    assert isinstance(ringing, c.ReceiveContact)
    yield ringing
    key = next((name for name, row in engine.view.calls.calls.items() if row.call_id == ringing.contact_id), None)
    offers = engine.view.routing.offers
    offer = next((n for n, row in offers.items() if (row.interaction, row.state) == (key, "PENDING")), None)
    if key is None or offer is None:
        return
    yield c.AcceptOffer(offer, offers[offer].agent, offers[offer].token)
    for _ in range(3):
        if (command := carry(engine, choose)) is not None:
            yield command
    call = "voice", "main", ringing.contact_id
    yield c.ReportLeg(*call, offer, choose.pick(["answered", "answered", "answered", "failed"]), f"leg-{offer}")
    for _ in range(3):
        agent = engine.view.contacts.interactions[key].agent or "ana"
        ends = [c.ReportLeg(*call, offer, "ended"), c.EndCall(*call), c.FinishInteraction(key, agent)]
        middle = [c.HoldInteraction(key, agent), c.RetrieveInteraction(key, agent)]
        yield choose.pick([*middle, *middle, *ends, c.TransferInteraction(key, agent, "care")])
        if (command := carry(engine, choose)) is not None:
            yield command


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {
    ring: 6,
    ask: 2,
    end: 3,
    press: 3,
    accept: 8,
    leg: 10,
    carry: 14,
    hold: 3,
}
