"""Exact results for calls of several kinds, each with agents of its own, that share the places there are in all.

Without the shared places the kinds are M/M/c queues that know nothing of each other, each a reversible process; with
them these are cut off where all places are taken, which leaves the probabilities of all other states in proportion.

Source: F. P. Kelly, Reversibility and Stochastic Networks (1979), section 1.6, on truncated reversible processes. Who
comes sees what is there on average, and waits for as many services as are before them, c at a time.

Belongs here: the formulas. Does not: who else can do what (`families`), and the comparison.
"""

from __future__ import annotations

from itertools import accumulate
from math import exp

__all__ = ["one_skill_each"]


def one_skill_each(
    kinds: int, arrivals: float, services: float, agents: int, places: int, within: float
) -> dict[str, float]:
    """What is known of calls that only agents of their own kind can take.

    Args:
        kinds: of calls.
        arrivals: of each kind, in a unit of time.
        services: of each agent, in a unit of time.
        agents: of each kind.
        places: for all who wait and are served; whoever finds none is turned away.
        within: in how long a call is to be answered, in that unit.

    Returns:
        Of those who are turned away the share, of the others the mean wait, who waits, and who is answered in time.
    """
    one = list(accumulate((arrivals / (services * min(n, agents)) for n in range(1, places + 1)), _times, initial=1.0))
    others = [1.0] + [0.0] * places
    for _ in range(kinds - 1):
        others = _beside(others, one)
    all_kinds = _beside(others, one)
    # So many of the others are there, or fewer, and not all places are taken by whoever comes.
    fewer = [0.0, *accumulate(others)]
    seen = [one[n] * fewer[places - n] for n in range(places)]
    taken = sum(seen)
    waiting = {n - agents: seen[n] / taken for n in range(agents, places)}
    pace = agents * services
    return {
        "mean_wait_min": sum(share * (ahead + 1) / pace for ahead, share in waiting.items()),
        "P_wait": sum(waiting.values()),
        "P_wait_le_30s": 1 - sum(share * _longer(ahead + 1, pace * within) for ahead, share in waiting.items()),
        "P_block": all_kinds[places] / sum(all_kinds),
    }


def _times(product: float, factor: float) -> float:
    return product * factor


def _beside(some: list[float], others: list[float]) -> list[float]:
    """The distribution of a sum, up to the places that there are; neither adds up to one."""
    return [sum(some[n] * others[total - n] for n in range(total + 1)) for total in range(len(some))]


def _longer(services: int, mean: float) -> float:
    """Whether so many services, one after the other, take longer than a time in which so many end on average."""
    terms = accumulate((mean / n for n in range(1, services)), _times, initial=1.0)
    return exp(-mean) * sum(terms)
