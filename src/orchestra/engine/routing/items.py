"""One side of the match: what waits or rings, in buckets of equal requirements, each with its bit in the masks.

Belongs here: entering items, taking them out, and queues that are shut, or whose rules have changed. Does not: who
could serve them (`index`).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from orchestra.engine.ordered import Ordered
from orchestra.engine.routing.sides import Bucket, Numbered, Rank, Requirement

__all__ = ["Items"]

_APART = 32
"""So many buckets of a queue are asked one by one how many in them go before an item; the others share one order."""


class Items:
    """All waiting and ringing items."""

    def __init__(self) -> None:
        self.buckets: dict[Requirement, Bucket] = {}
        self.of_queue: dict[str, dict[Requirement, Bucket]] = {}
        self.of_known: dict[str, dict[Requirement, Bucket]] = {}
        self.of_item: dict[str, tuple[Bucket, Rank]] = {}
        self.of_ringing: dict[str, tuple[Bucket, Rank]] = {}
        self.waiting = 0
        self.waiting_in: dict[str, int] = {}
        self._bucket_side: Numbered[Bucket] = Numbered()
        self._waited = 0
        self._rung = 0
        self._shut = 0
        self._shut_queues: dict[str, bool] = {}
        self._excluding = 0
        self._apart: dict[str, dict[Bucket, int]] = {}
        self._shared: dict[str, Ordered[Rank]] = {}
        self._behind: dict[str, Ordered[Rank]] = {}

    def wait(self, item: str, wanted: Requirement, rank: Rank) -> Bucket:
        """Enter an item that waits."""
        bucket = self.buckets.get(wanted) or self._bucket(wanted)
        if not bucket.waiting:
            self._fill(bucket)
            self._waited |= bucket.bit
        bucket.waiting.add(rank)
        self.waiting_in[wanted.queue] = self.waiting_in.get(wanted.queue, 0) + 1
        self.of_item[item] = (bucket, rank)
        self.waiting += 1
        if bucket.shared is not None:
            bucket.shared.add(rank)
        return bucket

    def unwait(self, item: str) -> None:
        """Take out an item."""
        bucket, rank = self.of_item.pop(item)
        if bucket.is_behind:
            self._take_from_behind(bucket, rank)
        else:
            bucket.waiting.remove(rank)
        self.waiting -= 1
        queue = bucket.wanted.queue
        self.waiting_in[queue] -= 1
        if bucket.shared is not None:
            bucket.shared.remove(rank)
        if bucket.excluding:
            self._include(item, bucket)
        if not bucket.waiting:
            self._waited ^= bucket.bit
            self._left(bucket)

    def position(self, item: str) -> int:
        """How many of its queue go before a waiting item.

        No question costs what waits there: the first buckets of a queue are few, and all others share one order.
        """
        bucket, rank = self.of_item[item]
        queue = bucket.wanted.queue
        before = sum([one.waiting.position(rank) for one in self._apart.get(queue, ())])
        return before + (self._shared[queue].position(rank) if queue in self._shared else 0)

    def ring(self, item: str, wanted: Requirement, rank: Rank) -> None:
        """Enter an item that rings already, and is to ring more agents of several."""
        bucket = self.buckets.get(wanted) or self._bucket(wanted)
        self._fill(bucket)
        bucket.ringing.add(rank)
        self._rung |= bucket.bit
        self.of_ringing[item] = (bucket, rank)

    def unring(self, item: str) -> None:
        """Take out an item that is to ring nobody else; one that is not there is left alone."""
        known = self.of_ringing.pop(item, None)
        if known is None:
            return
        bucket, rank = known
        bucket.ringing.remove(rank)
        if not bucket.ringing:
            self._rung ^= bucket.bit
        self._left(bucket)

    def wanted(self, item: str) -> Requirement:
        """What an item wants that waits, or is to ring more."""
        return (self.of_item.get(item) or self.of_ringing[item])[0].wanted

    def _fill(self, bucket: Bucket) -> None:
        """Something is put into a bucket."""
        if bucket.is_empty and not bucket.wanted.agent:
            self._bucket_side.filled(bucket)

    def _left(self, bucket: Bucket) -> None:
        """Something was taken out of a bucket."""
        if not bucket.is_empty or bucket.is_behind:
            return
        if bucket.wanted.agent:
            self._forget(bucket)
        else:
            self._bucket_side.emptied(bucket)

    def exclude(self, item: str) -> None:
        """Note that a waiting item excludes somebody."""
        bucket, _ = self.of_item[item]
        bucket.excluding[item] = 1
        self._excluding |= bucket.bit

    def include(self, item: str) -> None:
        """Note that a waiting item excludes nobody any more."""
        self._include(item, self.of_item[item][0])

    def _include(self, item: str, bucket: Bucket) -> None:
        had = bucket.excluding.pop(item, None) is not None
        if had and not bucket.excluding:
            self._excluding ^= bucket.bit

    def _bucket(self, wanted: Requirement) -> Bucket:
        for old in self._bucket_side.superfluous():
            self._bucket_side.drop(old, old.wanted.teams, old.wanted.skills)
            self._shut &= ~(1 << old.number)
            self._forget(old)
        bucket = self.buckets[wanted] = Bucket(-1 if wanted.agent else self._bucket_side.number(), wanted)
        self.of_queue.setdefault(wanted.queue, {})[wanted] = bucket
        apart = self._apart.setdefault(wanted.queue, {})
        if len(apart) < _APART:
            apart[bucket] = 1
        else:
            bucket.shared = self._shared.setdefault(wanted.queue, Ordered())
        if wanted.agent:
            self.of_known.setdefault(wanted.agent, {})[wanted] = bucket
        else:
            self._bucket_side.add(bucket, wanted.teams, wanted.skills)
            self._bucket_side.emptied(bucket)
            self._shut |= self.shuts(wanted) << bucket.number
        return bucket

    def _forget(self, bucket: Bucket) -> None:
        wanted = bucket.wanted
        del self.buckets[wanted], self.of_queue[wanted.queue][wanted]
        if not bucket.waiting:
            self._apart[wanted.queue].pop(bucket, None)
        if wanted.agent:
            del self.of_known[wanted.agent][wanted]
            if not self.of_known[wanted.agent]:
                del self.of_known[wanted.agent]

    def buckets_of(self, queue: str) -> Iterator[Bucket]:
        """All buckets of a queue, those included in which something waits that is behind."""
        yield from self.of_queue.get(queue, {}).values()
        yield from (self.of_item[head[-1]][0] for head in self._behind.get(queue, ()))

    # Queues whose rules have changed

    def leave_behind(self, queue: str) -> None:
        """Match nothing that waits or rings in a queue until it is entered anew.

        This looks at the buckets alone. What waits still counts as waiting, and keeps its rank beside that of others.
        """
        heads = self._behind.get(queue, Ordered())
        gone = 0
        for wanted, bucket in list(self.of_queue.get(queue, {}).items()):
            gone |= bucket.bit
            if bucket.bit:
                self._bucket_side.filled(bucket)  # nor is it kept as an empty one
                self._bucket_side.drop(bucket, wanted.teams, wanted.skills)
            self._forget(bucket)
            bucket.number, bucket.is_behind = -1, True
            head = bucket.waiting.first()
            if head is not None:
                heads.add(head)
        self._waited &= ~gone
        self._rung &= ~gone
        self._shut &= ~gone
        self._excluding &= ~gone
        if heads:
            self._behind[queue] = heads

    def behind(self, queue: str, most: int) -> list[str]:
        """At most so many that wait in a queue and are behind, by the ranks that they had.

        The first of all are among the first of the runs whose heads come first, so that no others are looked at.
        """
        heads = islice(self._behind.get(queue, ()), most)
        runs = [self.of_item[head[-1]][0].waiting for head in heads]
        return [rank[-1] for rank in islice(merge(*runs), most)]

    def _take_from_behind(self, bucket: Bucket, rank: Rank) -> None:
        queue = bucket.wanted.queue
        heads, was_head = self._behind[queue], bucket.waiting.first() == rank
        bucket.waiting.remove(rank)
        if was_head:
            heads.remove(rank)
            following = bucket.waiting.first()
            if following is not None:
                heads.add(following)
                return
            self._apart[queue].pop(bucket, None)
            if not heads:
                del self._behind[queue]

    # Queues that are shut

    def is_shut(self, queue: str) -> bool | None:
        """Whether nothing is offered from a queue, or no callbacks alone, which is false; None if it is not shut."""
        return self._shut_queues.get(queue)

    def shuts(self, wanted: Requirement) -> bool:
        """Whether nothing is offered of what wants this."""
        return self._shut_queues.get(wanted.queue, False) or (wanted.is_callback and wanted.queue in self._shut_queues)

    def shut(self, queue: str, *, for_all: bool = True) -> None:
        """Offer nothing from a queue, whatever comes to wait there; or, if not for all, no callbacks."""
        self._shut_queues[queue] = for_all
        for bucket in self._of_teams(queue):
            self._shut |= self.shuts(bucket.wanted) << bucket.number

    def reopen(self, queue: str) -> None:
        """Offer from a queue again."""
        del self._shut_queues[queue]
        for bucket in self._of_teams(queue):
            self._shut &= ~(1 << bucket.number)

    def _of_teams(self, queue: str) -> Iterator[Bucket]:
        return (bucket for bucket in self.of_queue.get(queue, {}).values() if not bucket.wanted.agent)
