"""Erlang's formulas: what theory says of queues so plain that theory can say it.

Belongs here: Erlang B, C and A. Does not: anything simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf

__all__ = ["erlang_b", "erlang_c", "least_agents", "mean_wait", "service_level", "service_level_with_patience"]

_PARTS = 2000


def erlang_b(load: float, agents: int) -> float:
    """The share of customers who find all agents busy where nobody waits.

    Args:
        load: arrivals times mean service: how many agents would be busy were there enough.
        agents: at least one.

    Source: A. K. Erlang (1917), by the recursion B(n) = load B(n-1) / (n + load B(n-1)).
    """
    share = 1.0
    for number in range(1, agents + 1):
        share = load * share / (number + load * share)
    return share


def erlang_c(load: float, agents: int) -> float:
    """The share of customers who wait where all wait as long as they must; 1 if the agents cannot keep up.

    Source: A. K. Erlang (1917), from Erlang B.
    """
    if load >= agents:
        return 1.0
    blocked = erlang_b(load, agents)
    return agents * blocked / (agents - load * (1 - blocked))


def mean_wait(load: float, mean_s: float, agents: int) -> float:
    """The mean wait in seconds where all wait as long as they must; infinite if the agents cannot keep up."""
    return erlang_c(load, agents) * mean_s / (agents - load) if load < agents else inf


def service_level(load: float, mean_s: float, agents: int, within_s: float) -> float:
    """The share of customers answered within a time where all wait as long as they must."""
    if load >= agents:
        return 0.0
    return 1 - erlang_c(load, agents) * exp(-(agents - load) * within_s / mean_s)


def service_level_with_patience(load: float, mean_s: float, patience_s: float, agents: int, within_s: float) -> float:
    """The share of all customers answered within a time where patience is exponential (Erlang A).

    Source: C. Palm (1957); by the density of the offered wait, F. Baccelli and G. Hebuterne (1981), as in S. Zeltyn and
    A. Mandelbaum, Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue (2005). The
    integrals are Simpson's.
    """
    rate, drain = load / mean_s, agents / mean_s

    def density(wait_s: float) -> float:
        return exp(rate * patience_s * (1 - exp(-wait_s / patience_s)) - drain * wait_s)

    end_s = within_s
    while density(end_s) > 1e-13 or drain * end_s < 1:
        end_s = 2 * end_s + mean_s / agents
    whole = _integral(density, end_s)
    soon = _integral(lambda wait_s: density(wait_s) * exp(-wait_s / patience_s), within_s)
    at_once = 1 / erlang_b(load, agents - 1) if agents > 1 else 1.0
    # Relative to the state of all but one being busy: `at_once` are the states with an agent free.
    return (at_once + rate * soon) / (at_once + rate * whole)


def _integral(of: Callable[[float], float], end: float) -> float:
    step = end / _PARTS
    odd = sum(of(step * place) for place in range(1, _PARTS, 2))
    even = sum(of(step * place) for place in range(2, _PARTS, 2))
    return step / 3 * (of(0.0) + 4 * odd + 2 * even + of(end))


def least_agents(share: float, level: Callable[[int], float], most: int = 100_000) -> int:
    """The least number of agents at which a level, which rises with them, reaches a share.

    Args:
        share: from 0 to 1, which the level reaches at `most` at last.
        level: agents -> share.
        most: where to stop.
    """
    low, high = 0, 1
    while high < most and level(high) < share:
        low, high = high, 2 * high
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if level(middle) < share:
            low = middle
        else:
            high = middle
    return high
