"""Which law describes durations that were seen, of which some were cut off, and how well.

Belongs here: service, wrap-up and patience. Does not: how far a law is off (`goodness`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import erfc, exp, log, pi, sqrt
from statistics import fmean, pvariance
from typing import Any

import attrs

from orchestra.model.structure import unstructure
from orchestra.simulation.goodness import Goodness, censored_goodness, goodness, share_of
from orchestra.simulation.laws import Law

__all__ = ["Fit", "fit_patience", "fit_service"]

_EXACT = 1e-9
_MOST_ROUNDS = 500
_LONGEST, _WIDEST = log(1e15), 10.0
"""Logarithms of microseconds: thirty years; and so wide that one in a hundred waits a thousand times as long."""
_FAR = 30.0
"""Beyond so many deviations hardly anything is left of the normal law to compute with."""


@attrs.frozen
class Fit:
    """A law and how well it describes what was seen.

    Attributes:
        law: as a scenario has it.
        seen: durations whose end was seen; of arrivals, how many.
        cut_off: durations that were cut off: the patience of those who were answered.
        goodness: None where nothing can be tested.
    """

    law: Mapping[str, Any]
    seen: int
    cut_off: int = 0
    goodness: Goodness | None = None

    def remark(self) -> str:
        """The fit in a line."""
        cut = f", {self.cut_off} cut off" if self.cut_off else ""
        if self.goodness is None:
            return f"{self.seen} seen{cut}"
        return f"{self.seen} seen{cut}; KS {self.goodness.distance:.3f}, p {self.goodness.p_value:.3g}"


def fit_service(values: Sequence[int]) -> Fit | None:
    """The law that describes durations best, of exponential, lognormal and gamma; None of none.

    Args:
        values: microseconds.
    """
    if not values:
        return None
    mean_us = fmean(values)
    scv = pvariance(values) / mean_us**2 if mean_us else 0.0
    if scv < _EXACT:
        return Fit({"law": "deterministic", "mean_s": mean_us / 1e6}, len(values))
    laws = [Law("exponential", mean_s=mean_us / 1e6), Law("gamma", mean_s=mean_us / 1e6, scv=scv)]
    logs = [log(value) for value in values if value > 0]
    if len(logs) == len(values) and (spread := pvariance(logs)) > _EXACT:
        laws.append(Law("lognormal", mean_s=exp(fmean(logs) + spread / 2) / 1e6, scv=exp(spread) - 1))
    best = min(laws, key=lambda law: goodness(values, share_of(law)).distance)
    return Fit(_rounded(best), len(values), 0, goodness(values, share_of(best)))


def fit_patience(waits: Sequence[int], cut_waits: Sequence[int]) -> Fit | None:
    """The law that describes patience best, of exponential and lognormal; None if nobody left.

    Args:
        waits: of those who left, microseconds.
        cut_waits: of those who were answered first.

    Source: both by maximum likelihood. The exponential law: B. Epstein and M. Sobel, Life testing, Journal of the
    American Statistical Association 48 (1953): all time waited over the number of those who left. The lognormal law:
    `_lognormal_patience`. Between them: H. Akaike, A new look at the statistical model identification, IEEE
    Transactions on Automatic Control 19 (1974).
    """
    if not waits:
        return None
    mean_s = max(1e-6, (sum(waits) + sum(cut_waits)) / len(waits) / 1e6)
    law, likelihood = Law("exponential", mean_s=mean_s), -len(waits) * (log(mean_s * 1e6) + 1)
    found = _lognormal_patience(waits, cut_waits)
    if found is not None and found[1] > likelihood + 1:  # it has one parameter more, which has to be worth it
        law = found[0]
    share = share_of(law)
    return Fit(
        _rounded(law), len(waits), len(cut_waits), censored_goodness(waits, cut_waits, lambda value: 1 - share(value))
    )


def _lognormal_patience(waits: Sequence[int], cut_waits: Sequence[int]) -> tuple[Law, float] | None:
    """The likeliest lognormal patience, and the logarithm of how likely what was seen is by it.

    None where somebody left at once, all who left waited as long, or too few left to tell when most would.

    Who was answered first would have waited longer: what their logarithm and its square would be on average, by the law
    found so far, stands for it, until that changes nothing any more.

    Source: A. P. Dempster, N. M. Laird and D. B. Rubin, Maximum likelihood from incomplete data via the EM algorithm,
    Journal of the Royal Statistical Society B 39 (1977), section 4.2.
    """
    if min(waits) <= 0:
        return None
    ends, cuts = [log(value) for value in waits], [log(value) for value in cut_waits if value > 0]
    if pvariance(ends) < _EXACT:
        return None
    mean, variance = fmean([*ends, *cuts]), pvariance([*ends, *cuts])
    for _ in range(_MOST_ROUNDS):
        before, (mean, variance) = mean, _likelier(ends, cuts, mean, variance)
        if abs(mean - before) < _EXACT * sqrt(variance):
            break
    if mean + variance / 2 > _LONGEST or variance > _WIDEST:
        return None
    law = Law("lognormal", mean_s=exp(mean + variance / 2) / 1e6, scv=exp(variance) - 1)
    root = sqrt(variance)
    seen = sum(-value - log(root * sqrt(2 * pi)) - ((value - mean) / root) ** 2 / 2 for value in ends)
    return law, seen + sum(log(_beyond((value - mean) / root)) for value in cuts)


def _likelier(ends: Sequence[float], cuts: Sequence[float], mean: float, variance: float) -> tuple[float, float]:
    """Mean and variance of a normal law under which ends and cuts are at least as likely."""
    root, count = sqrt(variance), len(ends) + len(cuts)
    total, squares = sum(ends), sum((value - mean) ** 2 for value in ends)
    for value in cuts:
        place = (value - mean) / root
        excess = place if place > _FAR else exp(-place * place / 2) / sqrt(2 * pi) / _beyond(place)
        total += mean + root * excess
        squares += variance * (1 + place * excess)
    return total / count, squares / count - (total / count - mean) ** 2


def _beyond(place: float) -> float:
    """The share of the standard normal law beyond a place; never nothing."""
    return erfc(min(place, _FAR) / sqrt(2)) / 2


def _rounded(law: Law) -> dict[str, Any]:
    data: dict[str, Any] = unstructure(law)
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in data.items()}
