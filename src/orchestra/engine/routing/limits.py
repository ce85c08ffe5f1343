"""How fast an agent may be given work: rests, limits of rate, the warm-up after signing in, and what was done lately.

Belongs here: what holds at an instant, and until when. Does not: who is offered what.
"""

from __future__ import annotations

from orchestra.engine.routing.rows import Bench
from orchestra.model.definitions import Presence
from orchestra.model.structure import microseconds

_UNLIMITED = Presence()

__all__ = ["note_offer", "note_sign_in", "note_work", "regard", "rest_us"]

_SLOTS = 12
"""Into so many parts the window is divided that orders of agents look at."""


def note_sign_in(bench: Bench, at_us: int) -> None:
    """The agent has begun to work, unless they had before."""
    if bench.since_us is None:
        bench.since_us, bench.fresh = at_us, 0


def note_offer(bench: Bench, presence: Presence, at_us: int) -> None:
    """The agent is made an offer."""
    bench.fresh += 1
    if presence.rate.offers is None:
        bench.recent = []
    else:
        bench.recent = [*bench.recent, at_us][-presence.rate.offers :]


def note_work(bench: Bench, presence: Presence, at_us: int, taken: int, talk_us: int) -> None:
    """The agent has taken contacts, or ended some that took so long."""
    slot_us = microseconds(presence.window) // _SLOTS
    if not bench.slots or at_us >= bench.slots[-1][0] + slot_us:
        bench.slots.append([at_us - at_us % slot_us, 0, 0])
    bench.slots[-1][1] += taken
    bench.slots[-1][2] += talk_us


def rest_us(presence: Presence, outcome: str) -> int:
    """How long an agent is offered nothing after an offer that ended so."""
    rests = {
        "DECLINED": presence.rest_after_decline,
        "TIMED_OUT": presence.rest_after_miss,
        "SETUP_FAILED": presence.rest_after_setup_failure,
    }
    return microseconds(rests[outcome]) if outcome in rests else 0


def _forget(bench: Bench, presence: Presence, at_us: int) -> int:
    """Forget what is older than the window; the answer is when something more will be, zero for never."""
    window_us = microseconds(presence.window)
    bench.slots = [slot for slot in bench.slots if slot[0] + window_us > at_us]
    return bench.slots[0][0] + window_us if bench.slots else 0


def regard(bench: Bench, presence: Presence, at_us: int) -> int | None:
    """Note what holds for an agent now. Bots rest, and are limited by nothing else.

    Returns:
        The next instant at which something else does; None for never.
    """
    forgets_us = _forget(bench, presence, at_us)
    if bench.kind == "bot":
        presence = _UNLIMITED
    limited_until_us = max(_rate_until_us(bench, presence), _return_until_us(bench, presence))
    bench.rests, bench.is_limited = at_us < bench.rest_until_us, at_us < limited_until_us
    bench.warm_percent, warmer_us = _warmth(bench, presence, at_us)
    changes = bench.rest_until_us, limited_until_us, warmer_us, forgets_us
    return min((due for due in changes if due > at_us), default=None)


def _rate_until_us(bench: Bench, presence: Presence) -> int:
    rate = presence.rate
    if rate.offers is None or len(bench.recent) < rate.offers:
        return 0
    return bench.recent[-rate.offers] + microseconds(rate.per)


def _return_until_us(bench: Bench, presence: Presence) -> int:
    rate = presence.on_return
    if rate.offers is None or bench.since_us is None or bench.fresh < rate.offers:
        return 0
    return bench.since_us + microseconds(rate.per)


def _warmth(bench: Bench, presence: Presence, at_us: int) -> tuple[int, int]:
    """The share of the budget that may be used, and when it grows next; zero for never."""
    warm_up = presence.warm_up
    lasts_us = microseconds(warm_up.lasts)
    if bench.since_us is None or at_us >= bench.since_us + lasts_us:
        return 100, 0
    step = (at_us - bench.since_us) * warm_up.steps // lasts_us
    percent = warm_up.percent + (100 - warm_up.percent) * step // warm_up.steps
    return percent, bench.since_us - (-lasts_us * (step + 1) // warm_up.steps)
