"""How fast each queue is served, and how much of it in time: smoothed figures, in whole numbers.

Belongs here: following what happened. Does not: what it means for whoever waits (`state.Routing.wait_us`).
"""

from __future__ import annotations

from orchestra.engine.routing.rows import Item

__all__ = ["Pace"]

_WHOLE = 1_000_000


class Pace:
    """The figures of all queues.

    `rows` is queue -> [last accept, since when somebody has waited there, smoothed time between accepts, smoothed share
    within the service level of 1,000,000, smoothed time that a contact keeps its agent]; it stays the caller's table.
    """

    def __init__(self, rows: dict[str, list[int]]) -> None:
        self._rows = rows

    def _of(self, queue: str) -> list[int]:
        return self._rows.get(queue) or self._rows.setdefault(queue, [0, 0, 0, _WHOLE, 0])

    def waits(self, queue: str, at_us: int) -> None:
        """Somebody comes to wait where nobody waited."""
        self._of(queue)[1] = at_us

    def accepted(self, queue: str, made_us: int, at_work_us: int, at_us: int) -> None:
        """What was offered at `made_us` is accepted: follow the time between accepts, exponentially smoothed by 1/8.

        How fast a queue is served shows only while somebody waits in it: not by what found an agent at once,
        by the time in which nobody waited, nor by agents who have just come to work, at `at_work_us`.
        """
        row = self._of(queue)
        last_us, waiting_us, interval_us, *_ = row
        from_us = max(last_us, waiting_us)
        if made_us > waiting_us and at_work_us < from_us:
            row[2] = _smoothed(interval_us, at_us - from_us)
        row[0] = at_us

    def over(self, item: Item, at_us: int) -> None:
        """A contact is over: follow how long it kept its agent, a mean of the same kind."""
        if item.taken_us:
            row = self._of(item.queue)
            row[4] = _smoothed(row[4], at_us - item.taken_us)

    def answered(self, queue: str, *, is_met: bool) -> None:
        """Follow the share of contacts that are answered within the service level, with weight 1/16."""
        row = self._of(queue)
        row[3] = (15 * row[3] + (_WHOLE if is_met else 0)) // 16

    def service_level(self, queue: str) -> int:
        """The share of the queue's last contacts that were answered within its service level, percent."""
        row = self._rows.get(queue)
        return 100 if row is None else row[3] // (_WHOLE // 100)

    def interval_us(self, queue: str, at_once: int) -> int:
        """The time between accepts while somebody waits, microseconds; 0 if nothing tells.

        Before anybody has waited there it is the time that a contact keeps its agent, divided by the contacts that can
        be had at once.
        """
        row = self._rows.get(queue)
        return 0 if row is None else row[2] or row[4] // at_once

    def lasts_us(self, queue: str) -> int:
        """The smoothed time that a contact of the queue keeps its agent, microseconds; 0 before one is over."""
        row = self._rows.get(queue)
        return 0 if row is None else row[4]


def _smoothed(mean_us: int, next_us: int) -> int:
    return (7 * mean_us + next_us) // 8 if mean_us else next_us
