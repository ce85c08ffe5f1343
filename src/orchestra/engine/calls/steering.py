"""Telling a call's provider what to do: each step is a delivery, and takes the place of those not yet sent."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.results import CallStanding

__all__ = ["drop_leg", "drop_unsent", "standing", "steer"]

_STALE_AFTER_US = 60 * 1_000_000
"""What could not be told a line for so long is told no more: by then the line does something else."""
_UNSENT = ("PENDING", "PERMITTED")
_WAITING = ("QUEUED", "OFFERED", "CONNECTING", "PARKED", "LINKED", "DEFERRED")


def steer(
    view: View,
    key: str,
    verb: str,
    at_us: int,
    *,
    agent: str | None = None,
    leg: str | None = None,
    leg_id: str | None = None,
    reason: str | None = None,
    lasts_us: int | None = None,
) -> Iterator[e.Event]:
    """Have a call do something else from now on; what it was to do before, and was not told yet, it is told no more."""
    interaction = view.contacts.interactions[key]
    assert interaction.case is not None  # every interaction has a case from its first batch on
    assert interaction.conversation is not None  # calls are no work items
    if leg is None:
        yield from drop_unsent(view, key, "superseded")
    known = view.calls.calls.get(key)
    talk = view.contacts.conversations[interaction.conversation]
    yield e.CallSteered(
        view.deliveries.next_delivery(),
        key,
        interaction.case,
        interaction.customer,
        talk.channel,
        talk.account,
        interaction.conversation,
        view.position + 1,
        at_us + _STALE_AFTER_US,
        view.calls.legs[leg or ""].call_id if known is None else known.call_id,
        verb,
        agent,
        leg,
        leg_id,
        reason,
        lasts_us,
    )


def drop_unsent(view: View, key: str, reason: str) -> Iterator[e.Event]:
    """Call back what a call's line was to be told, and was not yet; agents' legs are none of its business."""
    call = view.calls.calls.get(key)
    for name in [] if call is None else list(call.untold):
        row = view.deliveries.deliveries[name]
        if row.state in _UNSENT:
            yield e.DeliveryCanceled(name, row.customer, reason)


def drop_leg(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Have an agent's phone hung up: at once where its provider's id is known, else as soon as it is."""
    row = view.calls.legs[name]
    if row.leg_id is not None:
        yield from steer(view, row.interaction, "hang_up_leg", at_us, leg=name, leg_id=row.leg_id)
    elif view.deliveries.deliveries[row.delivery].state in _UNSENT:
        yield e.DeliveryCanceled(row.delivery, view.contacts.interactions[row.interaction].customer, "superseded")


def standing(view: View, key: str) -> CallStanding:
    """What a call is to do now, whatever it was told before."""
    interaction, call = view.contacts.interactions[key], view.calls.calls.get(key)
    line = view.deliveries.line.get(interaction.conversation or "", ())
    is_due = any(view.deliveries.deliveries[name].interaction == key for name in line)
    if call is None or call.over is not None or interaction.state not in (*_WAITING, "ACTIVE", "HELD"):
        known = None if call is None else call.over
        reason = "closed" if interaction.state == "DEFLECTED" else known or "over"
        return CallStanding("hang_up", key, reason=reason, is_due=is_due)
    if _is_with_bot(view, key):
        return CallStanding("listen", key, is_due=is_due or view.bots.owes(key))
    if interaction.state in _WAITING:
        position, wait_us = view.routing.place(key) or (None, None)
        return CallStanding("wait", key, position=position, wait_us=wait_us, is_due=is_due)
    return CallStanding("hold" if interaction.state == "HELD" else "join", key, is_due=is_due)


def _is_with_bot(view: View, key: str) -> bool:
    """Whether a bot has the call, or is asked first."""
    item = view.routing.items.get(key)
    asked = () if item is None else item.ringing if item.held_by is None else (item.held_by,)
    return any(agent in view.bots.bots for agent in asked)
