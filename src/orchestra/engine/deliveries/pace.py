"""How fast each account sends: a bucket of tokens, and what waits for one.

A token comes every `per / count`, and a bucket holds `burst` of them. A start takes one; a permit that nobody has used
yet keeps one for its start, so that starts keep to the rate however late they use their permits. Where tokens come
fast, permits are given a moment ahead of theirs: whoever has one waits that long before it starts. All in whole
numbers: a level counts in parts of a token, of which each has as many as `per` has microseconds.

Source: Turner 1986, "New directions in communications (or which way to the information age?)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestra.engine.outages.state import account_key
from orchestra.engine.section import Slice
from orchestra.model import events as e
from orchestra.model.pace import SendingRate
from orchestra.model.plan import Plan
from orchestra.model.structure import microseconds

__all__ = ["DUE", "RATE", "Bucket", "Paced", "rate_of"]

DUE = "deliveries.due"
"""Timer of a delivery's next attempt."""
RATE = "deliveries.rate"
"""Timer of an account over which something waits for a token."""
AHEAD_US = 50_000
"""How long before its token a permit may be given: as long as it takes to be stored and used, or a fast account would
wait for that between any two of its messages.
"""


@attrs.define
class Bucket:
    """An account's tokens: `level` at `at_us`, in parts of which a token has `per_us`, and the rate that fills it."""

    count: int
    per_us: int
    burst: int
    level: int
    at_us: int

    def filled(self, at_us: int) -> int:
        """The level at an instant."""
        return min(self.burst * self.per_us, self.level + (at_us - self.at_us) * self.count)

    @property
    def ahead(self) -> int:
        """How many tokens come in the moment by which permits are ahead of them."""
        return AHEAD_US * self.count // self.per_us

    def reaches(self, tokens: int, at_us: int) -> int | None:
        """The first instant, not before this one, at which it holds so many tokens; None if it never can."""
        if tokens > self.burst:
            return None
        missing = tokens * self.per_us - self.filled(at_us)
        return at_us if missing <= 0 else at_us - (-missing // self.count)


def rate_of(plan: Plan, channel: str, account: str) -> SendingRate | None:
    """How fast a plan lets an account send; None for as fast as it can."""
    definition = plan.channels.get(channel)
    own = None if definition is None else definition.accounts.get(account)
    return (own and own.rate) or (definition and definition.rate) or None


def _full(rate: SendingRate, at_us: int) -> Bucket:
    per_us = microseconds(rate.per)
    return Bucket(rate.count, per_us, rate.burst, rate.burst * per_us, at_us)


class Paced(Slice):
    """Buckets by account, and what waits over each: people's words before what nobody wrote, each in order.

    `out` is account -> how many permits nobody has used yet. `waiting` and `out` are derived from the deliveries.
    """

    deliveries: dict[str, Any]
    buckets: dict[str, Bucket]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild what waits, of which the deliveries themselves tell."""
        super().reindex()
        self.out: dict[str, int] = {}
        self.waiting: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
        for number, name in sorted((row.waits, name) for name, row in self.deliveries.items() if row.waits):
            self._wait(name, self.deliveries[name], number)

    # Questions

    def has_room(self, channel: str, account: str, at_us: int) -> bool:
        """Whether an account may be given a further permit now."""
        return self.room_at(channel, account, at_us) == at_us

    def token_at(self, channel: str, account: str, at_us: int) -> int:
        """When an attempt may start over an account, not before this instant."""
        bucket = self._bucket(channel, account, at_us)
        found = None if bucket is None else bucket.reaches(1, at_us)
        return at_us if found is None else found  # a bucket holds one at least

    def room_at(self, channel: str, account: str, at_us: int) -> int | None:
        """When an account may be given a further permit; None if one that it was given has to start first."""
        bucket = self._bucket(channel, account, at_us)
        return at_us if bucket is None else bucket.reaches(self._kept(channel, account) + 1 - bucket.ahead, at_us)

    def goes_before(self, key: str, *, automatic: bool) -> bool:
        """Whether something waits over an account that a delivery must not overtake."""
        spoken, written = self.waiting.get(key, _NOBODY)
        return bool(spoken) or (automatic and bool(written))

    def first_waiting(self, key: str) -> str | None:
        """What is next to be permitted over an account, of what waits."""
        spoken, written = self.waiting.get(key, _NOBODY)
        return next(iter(spoken), None) or next(iter(written), None)

    def waiting_over(self) -> Mapping[str, int]:
        """Account, as `sms/main` -> how many deliveries wait until it takes more."""
        counts = {key: len(spoken) + len(written) for key, (spoken, written) in sorted(self.waiting.items())}
        return {key.replace("\x1f", "/"): count for key, count in counts.items()}

    def _bucket(self, channel: str, account: str, at_us: int) -> Bucket | None:
        """The bucket of an account that has a rate, full if nothing was sent by it yet."""
        found = self.buckets.get(account_key(channel, account))
        if found is not None:
            return found
        rate = rate_of(self.plan, channel, account)
        return None if rate is None else _full(rate, at_us)

    def _kept(self, channel: str, account: str) -> int:
        return self.out.get(account_key(channel, account), 0)

    # Changes

    def spread(self, event: e.DeliverySpread, at_us: int) -> None:
        """It waits until its account takes more."""
        row = self.deliveries[event.delivery]
        self.timers.cancel(DUE, event.delivery)
        row.waits = self.counts["waits"] = self.counts.get("waits", 0) + 1
        self._wait(event.delivery, row, row.waits)
        self._look(row.channel, row.account, at_us)

    def _wait(self, name: str, row: Any, number: int) -> None:
        self.waiting.setdefault(account_key(row.channel, row.account), ({}, {}))[row.automatic][name] = number

    def _end_wait(self, name: str, row: Any) -> None:
        if not row.waits:
            return
        key, row.waits = account_key(row.channel, row.account), 0
        both = self.waiting[key]
        del both[row.automatic][name]
        if not any(both):
            del self.waiting[key]
            self.timers.cancel(RATE, key)

    def _keep(self, key: str, count: int) -> None:
        """Permits that nobody has used yet, more or fewer."""
        self.out[key] = self.out.get(key, 0) + count
        if not self.out[key]:
            del self.out[key]

    def _look(self, channel: str, account: str, at_us: int) -> None:
        """See now whether an account takes more, unless that is to be seen already, or a start has to come first.

        Permits that are ahead of their tokens are given several at a time: once half of them are used.
        """
        key = account_key(channel, account)
        if key not in self.waiting or self.timers.get(RATE, key) is not None:
            return
        bucket = self._bucket(channel, account, at_us)
        if bucket is None or self._kept(channel, account) < bucket.burst + bucket.ahead // 2:
            self.timers.set(RATE, key, at_us)

    def _take(self, channel: str, account: str, at_us: int) -> None:
        """An attempt starts: take its token."""
        bucket = self._bucket(channel, account, at_us)
        if bucket is not None:
            bucket.level, bucket.at_us = bucket.filled(at_us) - bucket.per_us, at_us
            self.buckets[account_key(channel, account)] = bucket

    def paced(self, event: e.AccountPaced, at_us: int) -> None:
        """See again when it takes more."""
        key = account_key(event.channel, event.account)
        if event.next_us is None:
            self.timers.cancel(RATE, key)
        else:
            self.timers.set(RATE, key, event.next_us)

    def rates_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Tokens stay, as far as the new rate holds them; what waits is looked at by the new rate."""
        for key, bucket in list(self.buckets.items()):
            channel, _, account = key.partition("\x1f")
            rate = rate_of(event.plan, channel, account)
            if rate is None:
                del self.buckets[key]
                continue
            full = _full(rate, at_us)
            full.level = min(full.level, bucket.filled(at_us) * full.per_us // bucket.per_us)
            self.buckets[key] = full
        for key in self.waiting:
            self.timers.set(RATE, key, at_us)


_NOBODY: tuple[dict[str, int], dict[str, int]] = ({}, {})
