"""When customers come: Poisson, rates that change over a cycle, renewals, recorded instants.

Belongs here: instants of arrival from the start of a run on. Does not: who comes (`customers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import count
from math import isfinite, log1p, pi, sin
from random import Random

import attrs

from orchestra.errors import Fault
from orchestra.model.structure import microseconds
from orchestra.simulation.laws import Law

__all__ = ["ARRIVALS", "Arrivals"]

_SECOND_US = 1_000_000


def _tuple(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(values)


def _durations(values: Sequence[timedelta]) -> tuple[timedelta, ...]:
    return tuple(values)


@attrs.frozen
class Arrivals:
    """When the customers of a class come. Instants count from the start of the run.

    Attributes:
        law: `poisson`, `varying`, `sinusoidal`, `renewal` or `recorded`.
        rate: of `poisson` and `sinusoidal`, how many come in one `per` on average.
        per: the time that rates are for; an hour unless stated.
        rates: of `varying`, the rate in each of equally long parts of the cycle.
        cycle: of `varying`, `sinusoidal` and `recorded`, after which it all repeats; `recorded` needs none.
        amplitude: of `sinusoidal`, by how much the rate swings: `rate + amplitude sin(2 pi (t + shift) / cycle)`.
        shift: of `sinusoidal`, how far into the cycle the run starts; nothing unless stated.
        interval: of `renewal`, the law of the time between two customers, and before the first.
        at: of `recorded`, the instants, rising.
        at_s: the same in seconds.
    """

    law: str
    rate: float | None = None
    per: timedelta = timedelta(hours=1)
    rates: Sequence[float] = attrs.field(default=(), converter=_tuple)
    cycle: timedelta | None = None
    amplitude: float | None = None
    shift: timedelta = timedelta()
    interval: Law | None = None
    at: Sequence[timedelta] = attrs.field(default=(), converter=_durations)
    at_s: Sequence[float] = attrs.field(default=(), converter=_tuple)

    def instants(self, random: Random) -> Iterator[int]:
        """Instants of arrival in microseconds, never falling. The arrivals must have no faults."""
        return ARRIVALS[self.law].instants(self, random)

    @property
    def mean_per_s(self) -> float | None:
        """Long-run arrivals a second; None where there is no such thing."""
        return ARRIVALS[self.law].mean_per_s(self)

    @property
    def peak_per_s(self) -> float | None:
        """The highest rate, arrivals a second; None where there is no such thing."""
        if self.law == "varying":
            return max(self.rates) / self.per.total_seconds()
        if self.law == "sinusoidal":
            return (_or_zero(self.rate) + _or_zero(self.amplitude)) / self.per.total_seconds()
        return self.mean_per_s

    def recorded_us(self) -> list[int]:
        """The recorded instants in microseconds."""
        return [microseconds(at) for at in self.at] or [round(at * _SECOND_US) for at in self.at_s]

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that makes this no arrivals."""
        known = ARRIVALS.get(self.law)
        if known is None:
            yield Fault(f"{path}.law", f"{self.law!r} is none of {', '.join(ARRIVALS)}")
            return
        defaults = Arrivals(self.law)
        fields = [field.name for field in attrs.fields(Arrivals)]
        given = {name for name in fields if getattr(self, name) != getattr(defaults, name)} - {"law"}
        for name in sorted(given - known.needs - known.may - {"per"}):
            yield Fault(f"{path}.{name}", f"means nothing to {self.law!r} arrivals")
        for name in sorted(known.needs - given - ({"at"} if self.at_s else set())):
            yield Fault(f"{path}.{name}", "is required")
        if microseconds(self.per) <= 0:
            yield Fault(f"{path}.per", "must be longer than nothing")
        yield from self._value_faults(path)

    def _value_faults(self, path: str) -> Iterator[Fault]:
        numbers = [("rate", self.rate), ("amplitude", self.amplitude)]
        numbers += [(f"rates[{place}]", rate) for place, rate in enumerate(self.rates)]
        for name, number in numbers:
            if number is not None and not (isfinite(number) and number >= 0):
                yield Fault(f"{path}.{name}", "must be a number, and not negative")
        if self.rate is not None and self.amplitude is not None and self.amplitude > self.rate:
            yield Fault(f"{path}.amplitude", "must not be more than the rate, which would fall below zero")
        if self.rates and not any(self.rates):
            yield Fault(f"{path}.rates", "at least one must be more than zero")
        if self.rate == 0:
            yield Fault(f"{path}.rate", "must be more than zero")
        if self.cycle is not None and microseconds(self.cycle) <= 0:
            yield Fault(f"{path}.cycle", "must be longer than nothing")
        if self.interval is not None:
            unsound = list(self.interval.faults(f"{path}.interval"))
            yield from unsound
            if not unsound and self.interval.is_zero:
                yield Fault(f"{path}.interval", "must be longer than nothing on average")
        yield from self._recorded_faults(path)

    def _recorded_faults(self, path: str) -> Iterator[Fault]:
        if self.at and self.at_s:
            yield Fault(f"{path}.at_s", "give at or at_s, not both")
            return
        if not all(map(isfinite, self.at_s)):
            yield Fault(f"{path}.at_s", "must be numbers")
            return
        instants = self.recorded_us()
        if instants and (instants != sorted(instants) or instants[0] < 0):
            yield Fault(f"{path}.at", "must rise, from zero on")
        elif instants and self.cycle is not None and instants[-1] >= microseconds(self.cycle):
            yield Fault(f"{path}.cycle", "must be longer than what was recorded")


def _or_zero(number: float | None) -> float:
    return 0.0 if number is None else number


def _poisson(arrivals: Arrivals, random: Random) -> Iterator[int]:
    mean_us = microseconds(arrivals.per) / _or_zero(arrivals.rate)
    at_us = 0.0
    while True:
        at_us -= mean_us * log1p(-random.random())
        yield round(at_us)


def _thinned(random: Random, peak: float, rate_at: Callable[[float], float]) -> Iterator[int]:
    """Candidates at the peak rate, each kept in proportion to the rate at its instant.

    Source: P. A. W. Lewis and G. S. Shedler, Simulation of nonhomogeneous Poisson processes by thinning, Naval
    Research Logistics Quarterly 26 (1979).
    """
    at_us = 0.0
    while True:
        at_us -= log1p(-random.random()) / peak
        if random.random() * peak < rate_at(at_us):
            yield round(at_us)


def _varying(arrivals: Arrivals, random: Random) -> Iterator[int]:
    assert arrivals.cycle is not None
    per_us, cycle_us = microseconds(arrivals.per), microseconds(arrivals.cycle)
    rates = [rate / per_us for rate in arrivals.rates]
    parts = len(rates)

    def rate_at(at_us: float) -> float:
        return rates[min(int(at_us % cycle_us * parts / cycle_us), parts - 1)]

    return _thinned(random, max(rates), rate_at)


def _sinusoidal(arrivals: Arrivals, random: Random) -> Iterator[int]:
    assert arrivals.cycle is not None
    per_us, cycle_us = microseconds(arrivals.per), microseconds(arrivals.cycle)
    middle, swing = _or_zero(arrivals.rate) / per_us, _or_zero(arrivals.amplitude) / per_us
    shift_us = microseconds(arrivals.shift)

    def rate_at(at_us: float) -> float:
        return middle + swing * sin(2 * pi * (at_us + shift_us) / cycle_us)

    return _thinned(random, middle + swing, rate_at)


def _renewal(arrivals: Arrivals, random: Random) -> Iterator[int]:
    assert arrivals.interval is not None
    draw, at_us = arrivals.interval.sampler(), 0.0
    while True:
        at_us += draw(random)
        yield round(at_us)


def _recorded(arrivals: Arrivals, random: Random) -> Iterator[int]:
    instants = arrivals.recorded_us()
    cycle_us = 0 if arrivals.cycle is None else microseconds(arrivals.cycle)
    for round_ in count() if cycle_us else (0,):
        for at_us in instants:
            yield round_ * cycle_us + at_us


def _mean_constant(arrivals: Arrivals) -> float | None:
    return _or_zero(arrivals.rate) / arrivals.per.total_seconds()


def _mean_varying(arrivals: Arrivals) -> float | None:
    return sum(arrivals.rates) / len(arrivals.rates) / arrivals.per.total_seconds()


def _mean_renewal(arrivals: Arrivals) -> float | None:
    assert arrivals.interval is not None
    return _SECOND_US / arrivals.interval.mean_us


def _mean_recorded(arrivals: Arrivals) -> float | None:
    instants = arrivals.recorded_us()
    length_us = instants[-1] if arrivals.cycle is None else microseconds(arrivals.cycle)
    return len(instants) * _SECOND_US / length_us if length_us else None


@attrs.frozen
class _Kind:
    needs: frozenset[str]
    may: frozenset[str]
    instants: Callable[[Arrivals, Random], Iterator[int]]
    mean_per_s: Callable[[Arrivals], float | None]


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


ARRIVALS: Mapping[str, _Kind] = {
    "poisson": _Kind(_names("rate"), _names(), _poisson, _mean_constant),
    "varying": _Kind(_names("rates", "cycle"), _names(), _varying, _mean_varying),
    "sinusoidal": _Kind(_names("rate", "amplitude", "cycle"), _names("shift"), _sinusoidal, _mean_constant),
    "renewal": _Kind(_names("interval"), _names(), _renewal, _mean_renewal),
    "recorded": _Kind(_names("at"), _names("at_s", "cycle"), _recorded, _mean_recorded),
}
"""Name -> the keys it needs and may have, its instants, its mean rate."""
