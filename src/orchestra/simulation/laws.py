"""Laws of durations: how long service, patience, wrap-up, ringing or a pause takes.

Belongs here: the laws, their moments, drawing from them. Does not: who draws when (`customers`, `agents`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from math import exp, isfinite, log, log1p, sqrt
from random import Random

import attrs

from orchestra.errors import Fault
from orchestra.model.structure import microseconds

__all__ = ["LAWS", "Draw", "Law", "Speeds"]

Draw = Callable[[Random], float]
"""Draws one duration, in microseconds."""

_SECOND_US = 1_000_000


def _durations(values: Sequence[timedelta]) -> tuple[timedelta, ...]:
    return tuple(values)


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(values)


@attrs.frozen
class Law:
    """How long something takes. Durations are texts (`3m`, `250ms`); keys in `_s` are numbers of seconds instead.

    Attributes:
        law: `exponential`, `deterministic`, `lognormal`, `gamma` or `empirical`.
        mean: the mean; of `deterministic` the value itself.
        mean_s: the same in seconds.
        scv: of `lognormal` and `gamma`, the squared coefficient of variation (variance over squared mean); 1 unless
            stated.
        shape: of `gamma`, instead of `scv`, which is 1 / shape; a whole number k makes it an Erlang law of k phases.
        values: of `empirical`, durations that are equally likely.
        values_s: the same in seconds.
        quantiles: of `empirical`, durations at equally spaced probabilities from 0 to 1, between which the law is
            uniform; at least two.
        quantiles_s: the same in seconds.
        mean_at: of a service, the mean while its agent has one, two, three ... interactions in hand; the last one holds
            for more. When that number changes, the work that is left goes on at the new speed.
        mean_at_s: the same in seconds.
    """

    law: str
    mean: timedelta | None = None
    mean_s: float | None = None
    scv: float | None = None
    shape: float | None = None
    values: Sequence[timedelta] = attrs.field(default=(), converter=_durations)
    values_s: Sequence[float] = attrs.field(default=(), converter=_numbers)
    quantiles: Sequence[timedelta] = attrs.field(default=(), converter=_durations)
    quantiles_s: Sequence[float] = attrs.field(default=(), converter=_numbers)
    mean_at: Sequence[timedelta] = attrs.field(default=(), converter=_durations)
    mean_at_s: Sequence[float] = attrs.field(default=(), converter=_numbers)

    @property
    def mean_us(self) -> float:
        """The mean in microseconds; with a table by concurrency, the mean of work done alone."""
        if self.law == "empirical":
            points = self.points_us()
            if self.is_by_quantiles:
                return sum(low + high for low, high in pairwise(points)) / (2 * (len(points) - 1))
            return sum(points) / len(points)
        if self.mean is not None:
            return float(microseconds(self.mean))
        if self.mean_s is not None:
            return self.mean_s * _SECOND_US
        return self.means_at_us()[0]

    @property
    def scv_value(self) -> float:
        """The squared coefficient of variation of the law."""
        return LAWS[self.law].scv(self)

    @property
    def is_zero(self) -> bool:
        """Whether it takes no time at all, ever."""
        return self.mean_us == 0

    @property
    def is_by_quantiles(self) -> bool:
        """Whether an empirical law is given by quantiles, not by values."""
        return bool(self.quantiles or self.quantiles_s)

    def points_us(self) -> list[float]:
        """The values or quantiles of an empirical law, microseconds."""
        texts = self.quantiles or self.values
        return [float(microseconds(text)) for text in texts] or [
            number * _SECOND_US for number in self.quantiles_s or self.values_s
        ]

    def means_at_us(self) -> list[float]:
        """Means by the number of interactions in hand, from one on; empty if that does not matter."""
        return [float(microseconds(mean)) for mean in self.mean_at] or [mean * _SECOND_US for mean in self.mean_at_s]

    def sampler(self) -> Draw:
        """What draws from this law. The law must have no faults."""
        return LAWS[self.law].sampler(self)

    def faults(self, path: str, *, is_service: bool = False) -> Iterator[Fault]:
        """Everything that makes this no law.

        Args:
            path: where it stands.
            is_service: whether a table by concurrency means anything there.
        """
        known = LAWS.get(self.law)
        if known is None:
            yield Fault(f"{path}.law", f"{self.law!r} is none of {', '.join(LAWS)}")
            return
        given = {field.name for field in attrs.fields(Law) if getattr(self, field.name) not in (None, ())} - {"law"}
        for name in sorted(given - known.takes - (_BY_CONCURRENCY if is_service else frozenset())):
            yield Fault(f"{path}.{name}", f"means nothing to law {self.law!r}")
        sources = sorted(given & _SOURCES)
        if is_service and not sources and given & _BY_CONCURRENCY:
            sources = sorted(given & _BY_CONCURRENCY)
        if len(sources) != 1:
            wanted = " or ".join(sorted(known.takes & _SOURCES))
            yield Fault(path, f"needs one of {wanted}" if not sources else f"has both {' and '.join(sources)}")
        yield from self._number_faults(path, given)

    def _number_faults(self, path: str, given: set[str]) -> Iterator[Fault]:
        if {"scv", "shape"} <= given:
            yield Fault(f"{path}.shape", "is 1 / scv: give one of the two")
        for name in sorted(given & {"scv", "shape"}):
            if not (isfinite(getattr(self, name)) and getattr(self, name) > 0):
                yield Fault(f"{path}.{name}", "must be more than zero")
        for name in sorted(given - {"scv", "shape"}):
            value = getattr(self, name)
            for place, one in enumerate(value if isinstance(value, tuple) else (value,)):
                length = one.total_seconds() if isinstance(one, timedelta) else one
                least = 1e-6 if name in _BY_CONCURRENCY else 0
                if not (isfinite(length) and length >= least):
                    where = f"{path}.{name}[{place}]" if isinstance(value, tuple) else f"{path}.{name}"
                    yield Fault(where, "must be longer than nothing" if least else "must not be negative")
        if self.is_by_quantiles:
            points = self.points_us()
            if len(points) < 2 or points != sorted(points):
                yield Fault(path, "quantiles must be at least two, and rise")
        if self.law in ("lognormal", "gamma") and not given.isdisjoint({"mean", "mean_s"}) and self.mean_us <= 0:
            yield Fault(f"{path}.mean", f"a {self.law} law needs a mean of more than zero")


@attrs.frozen
class Speeds:
    """How fast one interaction is worked by the number its agent has in hand: the duration alone over that at k.

    Attributes:
        factors: speed at one, two, three ... in hand; the last holds for more.
    """

    factors: Sequence[float]

    def at(self, in_hand: int) -> float:
        """Speed with so many in hand, at least one."""
        return self.factors[min(in_hand, len(self.factors)) - 1]

    @classmethod
    def of(cls, law: Law) -> Speeds | None:
        """The speeds of a service law; None if they do not depend on what is in hand."""
        means = law.means_at_us()
        return cls(tuple(law.mean_us / mean for mean in means)) if means else None


def _exponential(law: Law) -> Draw:
    mean_us = law.mean_us
    return lambda random: -mean_us * log1p(-random.random())


def _deterministic(law: Law) -> Draw:
    value_us = law.mean_us
    return lambda _: value_us


def _lognormal(law: Law) -> Draw:
    """Moments to parameters: sigma^2 = log(1 + scv), mu = log(mean) - sigma^2 / 2."""
    variance = log1p(_given_scv(law))
    mu, sigma = log(law.mean_us) - variance / 2, sqrt(variance)
    return lambda random: exp(random.normalvariate(mu, sigma))


def _gamma(law: Law) -> Draw:
    shape = 1 / _given_scv(law)
    scale_us = law.mean_us / shape
    return lambda random: random.gammavariate(shape, scale_us)


def _empirical(law: Law) -> Draw:
    points = law.points_us()
    if not law.is_by_quantiles:
        return lambda random: points[int(random.random() * len(points))]
    last = len(points) - 1

    def draw(random: Random) -> float:
        whole, part = divmod(random.random() * last, 1)
        low = points[int(whole)]
        return low + part * (points[int(whole) + 1] - low)

    return draw


def _given_scv(law: Law) -> float:
    return 1 / law.shape if law.shape is not None else 1.0 if law.scv is None else law.scv


def _empirical_scv(law: Law) -> float:
    points, mean = law.points_us(), law.mean_us
    if not mean:
        return 0.0
    if law.is_by_quantiles:
        pairs = list(pairwise(points))
        square = sum(low * low + low * high + high * high for low, high in pairs) / (3 * len(pairs))
    else:
        square = sum(point * point for point in points) / len(points)
    return square / (mean * mean) - 1


@attrs.frozen
class _Kind:
    takes: frozenset[str]
    sampler: Callable[[Law], Draw]
    scv: Callable[[Law], float]


_MEAN = frozenset({"mean", "mean_s"})
_POINTS = frozenset({"values", "values_s", "quantiles", "quantiles_s"})
_SOURCES = _MEAN | _POINTS
_BY_CONCURRENCY = frozenset({"mean_at", "mean_at_s"})

LAWS: Mapping[str, _Kind] = {
    "exponential": _Kind(_MEAN, _exponential, lambda _: 1.0),
    "deterministic": _Kind(_MEAN, _deterministic, lambda _: 0.0),
    "lognormal": _Kind(_MEAN | {"scv"}, _lognormal, _given_scv),
    "gamma": _Kind(_MEAN | {"scv", "shape"}, _gamma, _given_scv),
    "empirical": _Kind(_POINTS, _empirical, _empirical_scv),
}
"""Name of a law -> the keys it takes, what draws from it, its squared coefficient of variation."""
