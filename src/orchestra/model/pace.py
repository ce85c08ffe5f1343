"""How fast an account sends, as a user writes it, and what may be wrong with it; who goes when is the engine's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import attrs

from orchestra.errors import Fault
from orchestra.model.structure import microseconds

__all__ = ["SendingRate", "check_rate"]

_MOST = 1_000_000
_LONGEST = timedelta(days=1)


@attrs.frozen
class SendingRate:
    """How many messages leave over one account: `count` in each `per`, evenly, and `burst` at once after a rest.

    In any stretch of time no more begin to leave than `burst`, and `count` for each `per` of it. A provider that takes
    100 in a second never sees more with `count = 90` and `burst = 10`.

    Attributes:
        count: how many, from 1 to 1,000,000.
        per: within how long, at most a day; a second unless stated.
        burst: how many at once after a rest, at least 1, which it is unless stated.
    """

    count: int
    per: timedelta = timedelta(seconds=1)
    burst: int = 1


def check_rate(path: str, rate: SendingRate) -> Iterator[Fault]:
    """Everything wrong in it."""
    for field in ("count", "burst"):
        if not 1 <= getattr(rate, field) <= _MOST:
            yield Fault(f"{path}.{field}", f"must be from 1 to {_MOST:,}")
    if microseconds(rate.per) <= 0 or rate.per > _LONGEST:
        yield Fault(f"{path}.per", "must be longer than nothing and at most 1d")
