"""What a call is told, made of where it stands and of the plan's words. Nothing is promised that is not known.

Belongs here: pure functions. Does not: when it is told (`deciding`, `sending`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

from orchestra.channels.outbound import CallAction, CallVerb
from orchestra.engine.view import View
from orchestra.model.calls import CallHandling
from orchestra.model.events import CallSteered
from orchestra.model.results import CallStanding

__all__ = ["action_of", "estimate_of", "leg_action", "steered_action", "wait_text"]

_MINUTE_US = 60_000_000

_VERBS: Mapping[str, CallVerb] = {
    "wait": CallVerb.WAIT,
    "listen": CallVerb.LISTEN,
    "hold": CallVerb.HOLD,
    "join": CallVerb.JOIN,
    "hang_up": CallVerb.HANG_UP,
}


def action_of(stands: CallStanding, calls: CallHandling, call_id: str, key: str) -> CallAction | None:
    """What a call is told that stands so; None where nobody knows it.

    Args:
        stands: where it stands.
        calls: how the calls of its channel are steered.
        call_id: the provider's id of it.
        key: tells this from whatever else the call is told.
    """
    verb = _VERBS.get(stands.verb or "")
    if verb is None:
        return None
    takes_keys = verb is CallVerb.WAIT and calls.callback_key is not None
    return CallAction(key=key, call_id=call_id, verb=verb, text=_text(verb, stands, calls), takes_keys=takes_keys)


def steered_action(view: View, steered: CallSteered, key: str, phones: Mapping[str, str]) -> CallAction:
    """What a call is told, in the plan's words, and with what is known of its wait by now.

    Args:
        view: the state.
        steered: what is to happen.
        key: tells this from whatever else the call is told.
        phones: agent -> where they are called, of those for whom that is known here.
    """
    if steered.verb in ("call", "hang_up_leg"):
        return leg_action(steered, key, phones.get(steered.agent or ""))
    calls = view.plan.channels[steered.channel].calls or CallHandling()
    position, wait_us = view.routing.place(steered.interaction) or (None, None)
    stands = CallStanding(steered.verb, reason=steered.reason, position=position, wait_us=wait_us)
    action = action_of(stands, calls, steered.call_id, key)
    assert action is not None  # the engine steers by these verbs alone
    return action


def leg_action(steered: CallSteered, key: str, phone: str | None) -> CallAction:
    """What has an agent's phone ring, or hung up.

    Args:
        steered: what is to happen.
        key: tells this from whatever else the call is told.
        phone: where the agent is called; None where the account knows that.
    """
    if steered.verb == "hang_up_leg":
        return CallAction(key=key, call_id=steered.call_id, verb=CallVerb.HANG_UP, leg_id=steered.leg_id)
    lasts = None if steered.lasts_us is None else timedelta(microseconds=steered.lasts_us)
    return CallAction(
        key=key,
        call_id=steered.call_id,
        verb=CallVerb.CALL,
        agent=steered.agent,
        leg=steered.leg,
        target=phone,
        lasts=lasts,
    )


def _text(verb: CallVerb, stands: CallStanding, calls: CallHandling) -> str:
    match verb:
        case CallVerb.WAIT:
            return wait_text(calls, stands.position, stands.wait_us)
        case CallVerb.HOLD:
            return calls.hold
        case CallVerb.HANG_UP:
            return {"closed": calls.closed, "callback": calls.callback_taken}.get(stands.reason or "", calls.goodbye)
        case _:
            return ""


def wait_text(calls: CallHandling, position: int | None, wait_us: int | None) -> str:
    """What whoever waits hears: that they do, where they stand, how long it takes, and what else they can do.

    Args:
        calls: how the calls of the channel are steered.
        position: how many of the queue go before; None if that is not known, and then neither place nor time is told.
        wait_us: the estimated wait, microseconds; None if that is not known, and then no time is told.
    """
    said = [calls.wait]
    if position is not None:
        said.append(calls.place.format(place=position + 1))
        if wait_us is not None:
            least, most = estimate_of(position, wait_us)
            text = calls.short_estimate if least == 0 else calls.estimate
            said.append(text.format(least=least, most=most))
    if calls.callback_key is not None:
        said.append(calls.callback)
    return " ".join(filter(None, said))


def estimate_of(position: int, wait_us: int) -> tuple[int, int]:
    """The estimated wait as whole minutes, from the least, rounded down, to the most, rounded up and more than that.

    The estimate is a sum of `position + 1` times between accepts. Were these exponential, as the gaps of a Poisson
    process, the sum would follow Erlang's distribution, whose standard deviation is the mean by the root of their
    number (Kleinrock 1975, "Queueing Systems" I, 4.2): so far it may well be off, to either side.
    """
    spread_us = wait_us * 1_000 // math.isqrt((position + 1) * 1_000_000)
    least = max(0, wait_us - spread_us) // _MINUTE_US
    most = -(-(wait_us + spread_us) // _MINUTE_US)
    return least, max(most, least + 1)
