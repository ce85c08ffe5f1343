"""Student's t: how wide an interval around a mean of few values must be.

Belongs here: the distribution and its quantiles. Does not: what they are used for.
"""

from __future__ import annotations

from functools import cache
from math import exp, lgamma, log

__all__ = ["beta_share", "student_quantile", "student_share"]

_TINY = 1e-300
_CLOSE = 1e-15
_MOST_TERMS = 500


def beta_share(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function I_x(a, b), a and b positive, x from 0 to 1.

    Source: NIST Digital Library of Mathematical Functions 8.17.22 (continued fraction) and 8.17.4 (symmetry), evaluated
    by the modified method of Lentz.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    return front * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            change = c * d
            value *= change
        if abs(change - 1) < _CLOSE:
            break
    return value


def _away(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


def student_share(t: float, degrees: int) -> float:
    """The share of Student's distribution below t.

    Source: DLMF 8.17 with x = degrees / (degrees + t^2), a = degrees / 2, b = 1/2.
    """
    tail = beta_share(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2
    return 1 - tail if t >= 0 else tail


@cache
def student_quantile(share: float, degrees: int) -> float:
    """The t below which so large a share of Student's distribution lies.

    Args:
        share: more than a half and less than 1: 0.975 for a 95 % interval.
        degrees: of freedom, at least 1: one less than there are values.
    """
    low, high = 0.0, 1.0
    while student_share(high, degrees) < share:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if student_share(middle, degrees) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
