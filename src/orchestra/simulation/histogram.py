"""Sets of whole numbers, small in memory whatever their size, that add up.

Belongs here: buckets and percentiles. Does not: what is measured.
"""

from __future__ import annotations

import attrs

__all__ = ["WIDTH", "Histogram"]

_BITS = 7
_FINE = 1 << _BITS

WIDTH = 1 / _FINE
"""Width of a bucket over its least value, at most: 0.8 %."""


@attrs.define
class Histogram:
    """A multiset of whole numbers from 0: one bucket each below 256, then 128 to every doubling.

    Source: the log-linear buckets of HdrHistogram (G. Tene).

    Attributes:
        counts: bucket -> how many.
    """

    counts: dict[int, int] = attrs.field(factory=dict)

    def add(self, value: int) -> None:
        """Add a value."""
        shift = value.bit_length() - _BITS - 1
        bucket = (shift << _BITS) + (value >> shift) if shift > 0 else value
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def merge(self, other: Histogram) -> None:
        """Add all values of another, which stays as it is."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    def quantile(self, share: float) -> float | None:
        """The least value that so large a share does not exceed, within half a bucket; None of nothing."""
        total = sum(self.counts.values())
        passed = 0
        for bucket in sorted(self.counts):
            passed += self.counts[bucket]
            if passed >= share * total:
                return _middle(bucket)
        return None


def _middle(bucket: int) -> float:
    if bucket < 2 * _FINE:
        return float(bucket)
    shift = (bucket >> _BITS) - 1
    return float((bucket - (shift << _BITS)) << shift) + ((1 << shift) - 1) / 2
