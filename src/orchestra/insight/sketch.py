"""Sets of durations and of people, small in memory whatever their size.

Belongs here: exact on small sets, a mergeable log-linear histogram on large ones. Does not: what is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestra.model.instants import seconds

__all__ = ["ERROR", "EXACT", "Distinct", "Times", "Values"]

EXACT = 10_000
"""Sets up to this size are kept as they are."""

_BITS = 6
_FINE = 1 << _BITS

ERROR = 1 / (2 * _FINE)
"""Largest relative error of a percentile of a larger set: half a bucket over its least value."""


def _bucket(value: int) -> int:
    """The bucket of a value: one each below 128, then 64 to every doubling (as in HDR histograms)."""
    shift = max(0, value.bit_length() - _BITS - 1)
    return (shift << _BITS) + (value >> shift)


def _middle(bucket: int) -> int:
    """The value in the middle of a bucket."""
    if bucket < 2 * _FINE:
        return bucket
    shift = (bucket >> _BITS) - 1
    return ((bucket - (shift << _BITS)) << shift) + ((1 << shift) >> 1)


@attrs.frozen
class Times:
    """A set of durations in short; every figure is None when `n` is 0.

    Attributes:
        n: how many.
        mean_s: exact sum over n, rounded to the microsecond.
        median_s: of an even number the mean of the middle two.
        p90_s: the value at place `int(0.9 n)` of the sorted set, counted from 0; `p95_s` likewise.
        error: largest relative error of the percentiles; 0.0 means exact. The mean is always exact.
    """

    n: int
    mean_s: float | None
    median_s: float | None
    p90_s: float | None
    p95_s: float | None
    error: float

    def to_json(self) -> dict[str, float | int | None]:
        """Plain data."""
        return attrs.asdict(self)


class Values:
    """A multiset of whole numbers from 0. Adding, removing and merging give the same in any order, up to `ERROR`.

    Args:
        exact: the size up to which percentiles are exact.
    """

    __slots__ = ("_counts", "_exact", "is_exact", "n", "total")

    def __init__(self, exact: int = EXACT) -> None:
        self._exact = exact
        self._counts: dict[int, int] = {}
        self.is_exact = True
        self.n = 0
        self.total = 0

    def add(self, value: int) -> None:
        """Add a value."""
        self._count(value, 1)
        if self.is_exact and self.n > self._exact:
            self._coarsen()

    def remove(self, value: int) -> None:
        """Take back a value that was added."""
        self._count(value, -1)

    def replace(self, before: int | None, after: int | None) -> None:
        """Take back a value that was added and add another; None is no value."""
        if before is not None:
            self.remove(before)
        if after is not None:
            self.add(after)

    def _count(self, value: int, by: int) -> None:
        key = value if self.is_exact else _bucket(value)
        self.n += by
        self.total += by * value
        left = self._counts.get(key, 0) + by
        if left:
            self._counts[key] = left
        else:
            del self._counts[key]

    def merge(self, other: Values) -> None:
        """Add all values of another set, which stays as it is."""
        if self.is_exact and (not other.is_exact or self.n + other.n > self._exact):
            self._coarsen()
        for value, count in other._counts.items():
            key = _bucket(value) if other.is_exact and not self.is_exact else value
            self._counts[key] = self._counts.get(key, 0) + count
        self.n += other.n
        self.total += other.total

    def _coarsen(self) -> None:
        counts: dict[int, int] = {}
        for value, count in self._counts.items():
            key = _bucket(value)
            counts[key] = counts.get(key, 0) + count
        self._counts = counts
        self.is_exact = False

    def at(self, *places: int) -> list[int]:
        """The values at these places of the sorted set, counted from 0; places rise."""
        found: list[int] = []
        passed = 0
        for key in sorted(self._counts):
            passed += self._counts[key]
            while len(found) < len(places) and places[len(found)] < passed:
                found.append(key if self.is_exact else _middle(key))
        return found

    def times(self) -> Times:
        """The set in short, its values being microseconds."""
        n = self.n
        if not n:
            return Times(0, None, None, None, None, 0.0)
        below, above, p90, p95 = self.at((n - 1) // 2, n // 2, 9 * n // 10, 19 * n // 20)
        error = 0.0 if self.is_exact else ERROR
        return Times(n, seconds(self.total, n), seconds(below + above, 2), seconds(p90), seconds(p95), error)


class Distinct:
    """A set of ids, counted exactly. Ids that end in a running number take one bit each."""

    __slots__ = ("_bits", "_others")

    def __init__(self) -> None:
        self._bits: dict[str, bytearray] = {}
        self._others: set[str] = set()

    def add(self, name: str) -> None:
        """Add an id; adding it again changes nothing."""
        digits = name[2:]
        if not (digits.isascii() and digits.isdigit()) or digits[0] == "0" or len(digits) > 8:
            self._others.add(name)
            return
        place, bit = divmod(int(digits), 8)
        bits = self._bits.setdefault(name[:2], bytearray())
        if place >= len(bits):
            bits.extend(bytes(place + 1 + place // 8 - len(bits)))
        bits[place] |= 1 << bit

    def __len__(self) -> int:
        return len(self._others) + sum(_ones(bits) for bits in self._bits.values())

    def merge(self, other: Distinct) -> None:
        """Add all ids of another set, which stays as it is."""
        self._others |= other._others
        for prefix, theirs in other._bits.items():
            ours = self._bits.setdefault(prefix, bytearray())
            ours.extend(bytes(max(0, len(theirs) - len(ours))))
            for place, byte in enumerate(theirs):
                ours[place] |= byte


_CHUNK = 4096


def _chunks(bits: bytearray) -> Iterator[bytes]:
    for start in range(0, len(bits), _CHUNK):
        yield bytes(bits[start : start + _CHUNK])


def _ones(bits: bytearray) -> int:
    return sum(int.from_bytes(chunk, "big").bit_count() for chunk in _chunks(bits))
