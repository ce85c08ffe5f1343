"""How long most of something took lately: daily histograms of whole numbers, small whatever goes into them.

A ring is day -> bucket -> how many, both as text; the buckets of all its days together make a histogram, bucket ->
how many. Rings of two sources, or of two halves of a day, are merged by adding up counts.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DAYS", "ERROR", "Histogram", "Ring", "add", "bucket_of", "bucket_value", "count", "merge", "quantile"]

DAYS = 90
"""Days of a ring: from that of its newest number back."""

_BITS = 5
_FINE = 1 << _BITS

ERROR = 1 / (2 * _FINE)
"""Largest relative error of a quantile: half a bucket over its least value."""

Ring = dict[str, dict[str, int]]
Histogram = dict[int, int]


def bucket_of(value: int) -> int:
    """The bucket of a number from 0: one each below 64, then 32 to every doubling (as in HDR histograms)."""
    shift = max(0, value.bit_length() - _BITS - 1)
    return (shift << _BITS) + (value >> shift)


def bucket_value(bucket: int) -> int:
    """The number in the middle of a bucket."""
    if bucket < 2 * _FINE:
        return bucket
    shift = (bucket >> _BITS) - 1
    return ((bucket - (shift << _BITS)) << shift) + ((1 << shift) >> 1)


def add(ring: Ring, day: int, value: int) -> bool:
    """Take a number into a ring on its newest day; gives whether days have become too old and left it."""
    key = str(bucket_of(value))
    of_day = ring.setdefault(str(day), {})
    of_day[key] = of_day.get(key, 0) + 1
    old = [one for one in ring if int(one) <= day - DAYS]
    for one in old:
        del ring[one]
    return bool(old)


def merge(ring: Ring) -> Histogram:
    """All days of a ring together."""
    merged: Histogram = {}
    for of_day in ring.values():
        for bucket, many in of_day.items():
            merged[int(bucket)] = merged.get(int(bucket), 0) + many
    return merged


def count(histogram: Mapping[int, int], above: int = -1) -> int:
    """How many numbers are in a histogram, of those in buckets above that of a number."""
    past = bucket_of(above) if above >= 0 else -1
    return sum(many for bucket, many in histogram.items() if bucket > past)


def quantile(histogram: Mapping[int, int], percent: int, above: int = -1) -> int | None:
    """The number that so many of a hundred do not exceed, of those in buckets above that of another; None of nothing.

    It is the one at place `ceil(n * percent / 100)` of the sorted numbers, counted from 1, up to `ERROR`.
    """
    past = bucket_of(above) if above >= 0 else -1
    buckets = sorted(bucket for bucket in histogram if bucket > past)
    place = -(-sum(histogram[bucket] for bucket in buckets) * percent // 100)
    for bucket in buckets:
        place -= histogram[bucket]
        if place <= 0:
            return bucket_value(bucket)
    return None
