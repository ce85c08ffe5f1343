"""Events: calls that are steered."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["CallEndKept", "CallEnded", "CallSteered", "KeysPressed", "LegReported"]


@attrs.define
class CallSteered(Event):
    """A call is to do something else from now on; the delivery tells its provider so, and is planned by this.

    Attributes:
        delivery: by which it leaves, with permits as any other.
        body: the position of this event.
        call_id: the provider's id of the customer's call.
        verb: `wait`, `hold`, `join` the agent of a leg, `call` an agent, `hang_up` the call, or `hang_up_leg`.
        agent: of a `call`, whose phone is to ring.
        leg: of a `call`, `join` or `hang_up_leg`, the agent's leg, which is named as the offer or consult.
        leg_id: of a `hang_up_leg`, the provider's id of it.
        reason: of a `hang_up`, why.
        lasts_us: of a `call`, how long the phone rings.
    """

    delivery: str
    interaction: str
    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    body: int
    expires_us: int
    call_id: str
    verb: str
    agent: str | None = None
    leg: str | None = None
    leg_id: str | None = None
    reason: str | None = None
    lasts_us: int | None = None


@attrs.define
class KeysPressed(Event):
    """The customer pressed keys, or none in time; `press` tells the press from others of the call."""

    interaction: str
    customer: str
    press: str
    keys: str | None = private()


@attrs.define
class LegReported(Event):
    """What became of an agent's leg, named as the offer or consult: `answered`, `failed` or `ended`."""

    interaction: str
    customer: str
    leg: str
    state: str
    leg_id: str | None = None


@attrs.define
class CallEnded(Event):
    """The customer's line is gone; `by` is `provider`, or `time` where nobody told so for hours.

    `is_over` if the contact was over before.
    """

    interaction: str
    customer: str
    by: str
    is_over: bool


@attrs.define
class CallEndKept(Event):
    """A call was told to be over before it was told to ring: when that comes, it is over at once."""

    channel: str
    account: str
    call_id: str
