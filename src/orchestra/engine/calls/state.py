"""Calls that are steered, the legs of their agents, and calls that ended before they rang."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "FORGET", "Call", "Calls", "Leg", "call_key"]

FORGET = "calls.forget"
"""Timer of a call that is over here, and of which its provider has not told that its line is gone."""

_LONGEST_US = 24 * 3600 * 1_000_000
"""No call lasts longer: whoever has not told by then that its line is gone never will."""
_FORGET_AFTER_US = 4 * 3600 * 1_000_000
"""The same, from when the contact is over here."""
_ENDED_KEPT = 1_000
"""So many calls are remembered that ended before they rang: what comes out of order comes within seconds."""
_PRESSES_KEPT = 20


def call_key(channel: str, account: str, call_id: str) -> str:
    """The key of a provider's call."""
    return f"{channel}\x1f{account}\x1f{call_id}"


@attrs.define
class Call:
    """A customer's call, kept until contact and line are over. `shown` is what its line was told last, if it was told.

    `over` says why it is to be hung up, once the contact is over; `presses` are the last that were taken; `untold` are
    the deliveries by which its line is told what to do that are not done yet.
    """

    call_id: str
    is_up: bool = True
    shown: str | None = None
    over: str | None = None
    presses: list[str] = attrs.field(factory=list)
    untold: list[str] = attrs.field(factory=list)


@attrs.define
class Leg:
    """An agent's phone that is called for a call, named as the offer or consult; `leg_id` is the provider's id of it.

    `delivery` had it called. It `is_over` if it is to be hung up as soon as its id is known.
    """

    interaction: str
    call_id: str
    agent: str
    delivery: str
    leg_id: str | None = None
    is_over: bool = False


class Calls(Slice):
    """Calls by interaction, legs by offer or consult; `ended` is call -> its place among those that ended early."""

    TABLES: ClassVar = {"calls": Call, "legs": Leg, "ended": None}

    calls: dict[str, Call]
    legs: dict[str, Leg]
    ended: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups: of legs by delivery and by call, and of calls by what their lines are told."""
        self.by_delivery = {row.delivery: name for name, row in self.legs.items()}
        self.of_step = {step: name for name, row in self.calls.items() for step in row.untold}
        self.of_call: dict[str, dict[str, int]] = {}
        for name, leg in self.legs.items():
            self.of_call.setdefault(leg.interaction, {})[name] = 1

    def legs_of(self, interaction: str) -> list[tuple[str, Leg]]:
        """The legs of a call, by name."""
        return [(name, self.legs[name]) for name in sorted(self.of_call.get(interaction, ()))]

    def taken(self, event: e.ContactTaken, at_us: int) -> None:
        """A call rings, on a channel whose calls are steered."""
        channel = self.plan.channels.get(event.channel)
        if channel is not None and channel.calls is not None:
            self.calls[event.interaction] = Call(event.contact_id)
            self.timers.set(FORGET, event.interaction, at_us + _LONGEST_US)

    def end_kept(self, event: e.CallEndKept, at_us: int) -> None:
        """It has ended before it rang; the oldest of too many is forgotten."""
        number = max(self.ended.values(), default=0) + 1
        self.ended[call_key(event.channel, event.account, event.call_id)] = number
        if len(self.ended) > _ENDED_KEPT:
            del self.ended[min(self.ended, key=self.ended.__getitem__)]

    def steered(self, event: e.CallSteered, at_us: int) -> None:
        """Its line is told to do something, or an agent's phone is."""
        if event.verb == "call":
            assert event.leg is not None  # they are always given where a phone is called
            assert event.agent is not None
            self.legs[event.leg] = Leg(event.interaction, event.call_id, event.agent, event.delivery)
            self.by_delivery[event.delivery] = event.leg
            self.of_call.setdefault(event.interaction, {})[event.leg] = 1
        elif event.verb == "hang_up_leg":
            assert event.leg is not None  # it is always given where one is hung up
            self._drop(event.leg)
        else:
            row = self.calls[event.interaction]
            row.shown = event.verb
            row.untold.append(event.delivery)
            self.of_step[event.delivery] = event.interaction

    def over(
        self,
        event: e.InteractionFinished
        | e.InteractionDone
        | e.InteractionDeflected
        | e.InteractionCanceled
        | e.InteractionAbandoned,
        at_us: int,
    ) -> None:
        """The contact is over, and its line soon."""
        row = self.calls.get(event.interaction)
        if row is None or row.over is not None:
            return
        row.over = "over" if isinstance(event, e.InteractionFinished | e.InteractionAbandoned) else event.reason
        self.timers.set(FORGET, event.interaction, at_us + _FORGET_AFTER_US)
        self._forget(event.interaction, row)

    def ended_now(self, event: e.CallEnded, at_us: int) -> None:
        """Its line is gone."""
        row = self.calls[event.interaction]
        row.is_up = False
        self.timers.cancel(FORGET, event.interaction)
        if event.is_over:
            row.over = row.over or "over"
        self._forget(event.interaction, row)

    def _forget(self, interaction: str, row: Call) -> None:
        if row.over is not None and not row.is_up:
            for step in self.calls.pop(interaction).untold:
                del self.of_step[step]
            self.timers.cancel(FORGET, interaction)

    def pressed(self, event: e.KeysPressed, at_us: int) -> None:
        """These keys are taken once."""
        row = self.calls[event.interaction]
        row.presses = [*row.presses[1 - _PRESSES_KEPT :], event.press]

    def leg_reported(self, event: e.LegReported, at_us: int) -> None:
        """An agent has answered, or their phone is not on the line any more."""
        row = self.legs[event.leg]
        if event.state == "answered":
            row.leg_id = row.leg_id or event.leg_id
        else:
            self._drop(event.leg)

    def called(self, event: e.DeliveryAccepted, at_us: int) -> None:
        """The provider calls an agent, and has told under which id; or a line has been told."""
        self._done(event.delivery)
        name = self.by_delivery.get(event.delivery)
        if name is not None and event.provider_ids:
            self.legs[name].leg_id = event.provider_ids[0]

    def not_called(
        self, event: e.DeliveryFailed | e.DeliveryUnknown | e.DeliveryExpired | e.DeliveryCanceled, at_us: int
    ) -> None:
        """The agent's phone is not called; or nobody knows, and it may be on the line if it is wanted still.

        A line is told no more.
        """
        self._done(event.delivery)
        name = self.by_delivery.get(event.delivery)
        if name is not None and (self.legs[name].is_over or not isinstance(event, e.DeliveryUnknown)):
            self._drop(name)

    def left(self, event: e.OfferEnded | e.ConsultEnded, at_us: int) -> None:
        """The agent is wanted no more."""
        name = event.offer if isinstance(event, e.OfferEnded) else event.consult
        if name in self.legs:
            self.legs[name].is_over = True

    def _done(self, step: str) -> None:
        interaction = self.of_step.pop(step, None)
        if interaction is not None:
            self.calls[interaction].untold.remove(step)

    def _drop(self, name: str) -> None:
        row = self.legs.pop(name)
        del self.by_delivery[row.delivery]
        names = self.of_call[row.interaction]
        del names[name]
        if not names:
            del self.of_call[row.interaction]


EVOLVE: dict[type[e.Event], Evolve] = {
    e.ContactTaken: Calls.taken,
    e.CallEndKept: Calls.end_kept,
    e.CallSteered: Calls.steered,
    e.InteractionFinished: Calls.over,
    e.InteractionDone: Calls.over,
    e.InteractionDeflected: Calls.over,
    e.InteractionCanceled: Calls.over,
    e.InteractionAbandoned: Calls.over,
    e.CallEnded: Calls.ended_now,
    e.KeysPressed: Calls.pressed,
    e.LegReported: Calls.leg_reported,
    e.DeliveryAccepted: Calls.called,
    e.DeliveryFailed: Calls.not_called,
    e.DeliveryUnknown: Calls.not_called,
    e.DeliveryExpired: Calls.not_called,
    e.DeliveryCanceled: Calls.not_called,
    e.OfferEnded: Calls.left,
    e.ConsultEnded: Calls.left,
}
