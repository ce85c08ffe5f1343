"""What must hold of how fast accounts send: never faster than their bucket, people first, nothing forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict

import attrs

from orchestra.engine.deliveries.pace import AHEAD_US, RATE
from orchestra.engine.engine import Engine
from orchestra.model import events as e
from orchestra.model.pace import SendingRate
from orchestra.model.plan import Plan
from orchestra.model.structure import microseconds
from tests.watching import invariant

__all__ = ["PaceWitness", "check"]


def _rate(plan: Plan, channel: str, account: str) -> SendingRate | None:
    if channel not in plan.channels:
        return None
    accounts = plan.channels[channel].accounts
    own = accounts[account].rate if account in accounts else None
    return plan.channels[channel].rate if own is None else own


@attrs.define
class PaceWitness:
    """Remembers when attempts began over each account, since the plan that is in force."""

    starts: dict[tuple[str, str], list[int]] = attrs.field(factory=lambda: defaultdict(list))

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Check one event that the engine has just evolved."""
        match event:
            case e.PlanChanged():
                self.starts.clear()
            case e.DeliveryStarted():
                row = engine.view.deliveries.deliveries[event.delivery]
                rate = _rate(engine.view.plan, row.channel, row.account)
                if rate is not None:
                    self._start(row.channel, row.account, rate, at_us)
            case e.DeliveryPermitted():
                row = engine.view.deliveries.deliveries[event.delivery]
                waiting = [one for one in engine.view.deliveries.deliveries.values() if one.waits]
                there = [one for one in waiting if (one.channel, one.account) == (row.channel, row.account)]
                assert not row.automatic or all(one.automatic for one in there), "people's words wait behind it"
            case _:
                pass

    def _start(self, channel: str, account: str, rate: SendingRate, at_us: int) -> None:
        """In no stretch of time that ends now did more begin than its bucket allows."""
        starts = self.starts[channel, account]
        starts.append(at_us)
        for number, first_us in enumerate(starts):
            most = rate.burst + (at_us - first_us) * rate.count // microseconds(rate.per)
            began = len(starts) - number
            assert began <= most, f"{began} began over {channel}/{account} where {most} may"


def check(engine: Engine) -> None:
    """What waits is where it is looked for, and something will let it go on."""
    own, timers = engine.view.deliveries, engine.view.timers
    rows = {name: row for name, row in own.deliveries.items() if row.waits}
    found = {name: number for both in own.waiting.values() for names in both for name, number in names.items()}
    assert found == {name: row.waits for name, row in rows.items()}
    out = Counter(f"{row.channel}\x1f{row.account}" for row in own.deliveries.values() if row.state == "PERMITTED")
    assert own.out == out
    for name, row in rows.items():
        key = f"{row.channel}\x1f{row.account}"
        assert row.state == "PENDING", f"{name} waits though it leaves"
        assert own.is_first(name), f"{name} waits before its turn"
        assert name in own.waiting[key][row.automatic]
        rate = _rate(engine.view.plan, row.channel, row.account)
        # Permits ahead of their tokens are given once half of them are used.
        ahead = 0 if rate is None else AHEAD_US * rate.count // microseconds(rate.per)
        is_full = rate is not None and out[key] >= rate.burst + ahead // 2
        assert rate is None or out[key] <= rate.burst + ahead, "more permits than tokens will come in a moment"
        assert is_full or timers.get(RATE, key) is not None, f"{name} waits for ever"
    for both in own.waiting.values():
        assert any(both)
        assert all(list(names.values()) == sorted(names.values()) for names in both), "out of order"
    assert all(0 <= bucket.level <= bucket.burst * bucket.per_us for bucket in own.buckets.values())


INVARIANTS = (invariant(check, "deliveries", RATE),)
"""Each invariant with all that it reads."""
