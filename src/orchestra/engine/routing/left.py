"""Places of live contacts that were given up, for customers who come back soon."""

from __future__ import annotations

from orchestra.engine.ordered import Ordered

__all__ = ["LeftPlaces"]


class LeftPlaces:
    """The places that are kept, and in which order they are forgotten.

    `kept` is customer and queue -> [began to wait, arrival, kept until]; it stays the caller's table.
    """

    def __init__(self, kept: dict[str, list[int]]) -> None:
        self._kept = kept
        self._until: Ordered[tuple[int, str]] = Ordered()
        for key, place in kept.items():
            self._until.add((place[2], key))

    def by(self, customer: str, queue: str, at_us: int) -> tuple[int, int] | None:
        """The place that a customer left in a queue a moment ago: when it began to wait, and its arrival.

        Whoever comes back on another channel has it too.
        """
        place = self._kept.get(_key(customer, queue))
        return (place[0], place[1]) if place is not None and at_us < place[2] else None

    def keep(self, customer: str, queue: str, place: tuple[int, int], at_us: int, until_us: int) -> None:
        """Keep a place until an instant."""
        key = _key(customer, queue)
        self._forget(key)
        self._kept[key] = [*place, until_us]
        self._until.add((until_us, key))
        for _ in range(2):  # each place kept forgets at most two: no single step is ever long
            over_us, key = self._until.at(0)
            if over_us > at_us:
                return
            self._forget(key)

    def forget(self, customer: str, queue: str) -> None:
        """Keep a place no longer, if it was kept."""
        self._forget(_key(customer, queue))

    def _forget(self, key: str) -> None:
        place = self._kept.pop(key, None)
        if place is not None:
            self._until.remove((place[2], key))


def _key(customer: str, queue: str) -> str:
    return f"{customer}\x1f{queue}"
