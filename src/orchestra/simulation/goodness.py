"""How well a law describes what was observed: Kolmogorov's distance and how often chance alone leads as far.

Belongs here: distances, p values, the estimate of a survival curve. Does not: which law is fitted to what (`fitting`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import erf, exp, expm1, lgamma, log, sqrt

import attrs

from orchestra.simulation.laws import Law

__all__ = ["Goodness", "censored_goodness", "gamma_share", "goodness", "kolmogorov_tail", "share_of", "survival"]

_MOST_TERMS = 100


@attrs.frozen
class Goodness:
    """How well a law fits.

    Attributes:
        n: observations.
        distance: the largest difference between observed and fitted shares.
        p_value: how often chance alone leads as far were the law true. Where the law's parameters come from the same
            observations it is too high: a small one speaks against the law, a large one not for it.
    """

    n: int
    distance: float
    p_value: float


def kolmogorov_tail(x: float) -> float:
    """The chance that the largest distance of a Brownian bridge exceeds x.

    Source: A. N. Kolmogorov (1933): 2 sum over k >= 1 of (-1)^(k-1) exp(-2 k^2 x^2).
    """
    if x < 0.2:  # the series converges slowly there, and the tail is 1 to twelve digits
        return 1.0
    total = 0.0
    for k in range(1, _MOST_TERMS):
        term = exp(-2 * k * k * x * x)
        total += term if k % 2 else -term
        if term < 1e-16:
            break
    return min(1.0, max(0.0, 2 * total))


def goodness(values: Sequence[float], share: Callable[[float], float]) -> Goodness:
    """Kolmogorov and Smirnov's test of a continuous law.

    Args:
        values: what was observed, in any order; at least one.
        share: value -> share that the law has at most there.

    Source: the p value by M. A. Stephens, Use of the Kolmogorov-Smirnov, Cramer-von Mises and related statistics
    without extensive tables, Journal of the Royal Statistical Society B 32 (1970).
    """
    ordered, n = sorted(values), len(values)
    distance = 0.0
    for place, value in enumerate(ordered):
        expected = share(value)
        distance = max(distance, (place + 1) / n - expected, expected - place / n)
    root = sqrt(n)
    return Goodness(n, distance, kolmogorov_tail((root + 0.12 + 0.11 / root) * distance))


@attrs.frozen
class _Step:
    """An instant at which somebody ended: who were still there, how many ended, the share that lasts longer."""

    at: float
    at_risk: int
    ended: int
    lasting: float


def survival(ends: Sequence[float], censored: Sequence[float]) -> list[_Step]:
    """The share that lasts longer than each end that was seen.

    Args:
        ends: durations whose end was seen.
        censored: durations that were cut off before their end; at a tie they outlast it.

    Source: E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete observations, Journal of the American
    Statistical Association 53 (1958).
    """
    at_risk, lasting = len(ends) + len(censored), 1.0
    counts: dict[float, list[int]] = {}
    for value in ends:
        counts.setdefault(value, [0, 0])[0] += 1
    for value in censored:
        counts.setdefault(value, [0, 0])[1] += 1
    steps = []
    for at in sorted(counts):
        ended, cut = counts[at]
        if ended:
            lasting *= 1 - ended / at_risk
            steps.append(_Step(at, at_risk, ended, lasting))
        at_risk -= ended + cut
    return steps


def censored_goodness(
    ends: Sequence[float], censored: Sequence[float], lasts: Callable[[float], float]
) -> Goodness | None:
    """How well a law describes durations of which many were cut off; None if no end was seen.

    Args:
        ends: durations whose end was seen.
        censored: durations that were cut off.
        lasts: value -> share that lasts longer by the law.

    Source: the distance scaled so that it becomes a Brownian bridge's, W. J. Hall and J. A. Wellner, Confidence bands
    for a survival curve from censored data, Biometrika 67 (1980). The p value takes the whole bridge, of which
    censoring leaves a part, and so is too high.
    """
    if not ends:
        return None
    n = len(ends) + len(censored)
    distance = scaled = variance = 0.0
    before = 1.0
    for step in survival(ends, censored):
        expected = lasts(step.at)
        gap = max(abs(step.lasting - expected), abs(before - expected))
        distance = max(distance, gap)
        if step.at_risk > step.ended:
            variance += n * step.ended / (step.at_risk * (step.at_risk - step.ended))
        if expected > 0:
            scaled = max(scaled, sqrt(n) * gap / expected / (1 + variance))
        before = step.lasting
    return Goodness(n, distance, kolmogorov_tail(scaled))


def gamma_share(shape: float, x: float) -> float:
    """The share of the gamma law of scale 1 below x.

    Source: NIST Digital Library of Mathematical Functions 8.11.4 (series) and 8.9.2 (continued fraction, evaluated by
    the modified method of Lentz).
    """
    if x <= 0:
        return 0.0
    front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        step = shape
        while term > total * 1e-16:
            step += 1
            term *= x / step
            total += term
        return front * total
    b, c = x + 1 - shape, 1e300
    d = 1 / b
    value = d
    for k in range(1, 10_000):
        a = k * (shape - k)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return 1 - front * value


def share_of(law: Law) -> Callable[[float], float]:
    """Microseconds -> the share that an exponential, lognormal or gamma law has at most there."""
    mean, scv = law.mean_us, law.scv_value
    if law.law == "exponential":
        return lambda value: -expm1(-value / mean)
    if law.law == "gamma":
        return lambda value: gamma_share(1 / scv, value / scv / mean)
    sigma = sqrt(log(1 + scv))
    mu = log(mean) - sigma * sigma / 2
    return lambda value: (1 + erf((log(value) - mu) / sigma / sqrt(2))) / 2 if value > 0 else 0.0
