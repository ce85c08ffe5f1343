"""Who can serve what, and who is next: waiting items and free agents, indexed so that a match never scans.

Items wait in buckets of equal requirements, agents belong to profiles of equal teams and skills. Which profile fits
which bucket is never asked one by one: each team, skill and level has a bit mask over all profiles and one over all
buckets, and a few wide `and`s give all that fit. A decision then compares heads. Nothing here is authoritative: the
whole is rebuilt from the state, and no decision depends on when it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace, merge
from itertools import chain, islice

from orchestra.engine.ordered import Ordered
from orchestra.engine.routing.items import Items
from orchestra.engine.routing.sides import Bucket, Entry, Order, Profile, Requirement, nth
from orchestra.engine.routing.takers import Takers

__all__ = ["Index"]

_PROBED = 256
"""Agents looked at in the order of all who are free, before profiles are compared after all."""


class Index(Items, Takers):
    """All waiting items and all agents who take work.

    `own_keys` is how many own keys each agent is placed under.
    """

    def __init__(self, own_keys: int = 1) -> None:
        Items.__init__(self)
        Takers.__init__(self, own_keys)

    def takers(self, queues: Iterable[str]) -> Iterator[str]:
        """Agents who could be offered something that waits or rings in these queues; some of them several times."""
        return self.takers_of(chain.from_iterable(self.of_queue.get(queue, {}).values() for queue in queues))

    def takers_of(self, buckets: Iterable[Bucket]) -> Iterator[str]:
        """Agents who could be offered something of these buckets; some of them several times."""
        fit: dict[int, int] = {}
        for bucket in buckets:
            wanted = bucket.wanted
            if wanted.agent and self.is_free(wanted.agent, wanted):
                yield wanted.agent
            elif not bucket.is_empty:
                fit[wanted.bits] = fit.get(wanted.bits, 0) | self.able_profiles(wanted)
        for bits, mask in fit.items():
            for profile in self._profile_side.members(mask):
                for room, ordered in profile.free.items():
                    if room & bits:
                        yield from (entry[-1] for entry in ordered[0])

    # What fits

    def able_profiles(self, wanted: Requirement) -> int:
        """The profiles that meet a requirement, as a mask."""
        side = self._profile_side
        mask = side.of_teams(wanted.teams)
        for skill, level in wanted.skills:
            mask &= side.above(skill, level - 1)
        return mask

    def open_buckets(self, profile: Profile, *, rings: bool = False) -> int:
        """The buckets that a profile can serve and in which something waits, or rings, as a mask."""
        version, served = profile.served
        if version != self._bucket_side.version:
            served = self._served(profile, version, served)
            profile.served, profile.opened = (self._bucket_side.version, served), (0, [])
        return served & (self._rung if rings else self._waited)

    def _served(self, profile: Profile, version: int, served: int) -> int:
        """The buckets that a profile can serve, given those at a version."""
        side = self._bucket_side
        changed = side.since(version)
        if changed is None:
            levels, too_much = profile.levels, 0
            for skill in side.by_skill:
                too_much |= side.above(skill, levels.get(skill, 0))
            return side.of_teams(profile.key[0]) & ~too_much
        for number in changed:
            bucket, bit = side.by_number[number], 1 << number
            served = served | bit if bucket is not None and profile.fits(bucket.wanted) else served & ~bit
        return served

    def _opened(self, profile: Profile) -> Sequence[Bucket]:
        """Those of `open_buckets` in which something waits, one by one."""
        mask = self.open_buckets(profile) & ~self._shut
        if profile.opened[0] != mask:
            profile.opened = mask, list(self._bucket_side.members(mask))
        return profile.opened[1]

    def _rings(self, profile: Profile) -> Sequence[Bucket]:
        """Those of `open_buckets` in which something rings, one by one."""
        rung = self.open_buckets(profile, rings=True) & ~self._shut if self._rung else 0
        return list(self._bucket_side.members(rung))

    def served_excluding(self, agent: str, profile: Profile) -> Iterator[Bucket]:
        """The buckets that an agent of this profile can serve and in which some item excludes somebody."""
        yield from (bucket for bucket in self.of_known.get(agent, {}).values() if bucket.excluding)
        if self._excluding:
            yield from self._bucket_side.members(self.open_buckets(profile) & self._excluding)

    def excluding(self) -> Iterator[Bucket]:
        """All buckets in which some item excludes somebody."""
        known = [bucket for buckets in self.of_known.values() for bucket in buckets.values() if bucket.excluding]
        return chain(known, self._bucket_side.members(self._excluding))

    def able(self, wanted: Requirement) -> int:
        """How many agents who take work meet a requirement, busy or not."""
        if wanted.agent:
            return int(wanted.agent in self.of_agent)
        return self._taking.total(self.able_profiles(wanted))

    def is_able(self, agent: str, wanted: Requirement) -> bool:
        """Whether this agent takes work and meets the requirement."""
        placed = self.of_agent.get(agent)
        if placed is None:
            return False
        return wanted.agent == agent if wanted.agent else placed.profile.fits(wanted)

    def is_free(self, agent: str, wanted: Requirement) -> bool:
        """Whether this agent could be offered such an item now."""
        return self.is_able(agent, wanted) and bool(self.of_agent[agent].room & wanted.bits)

    def has_room(self, agent: str, wanted: Requirement) -> bool:
        """Whether this agent could be offered such an item now, and has to put nothing aside for it."""
        return self.is_able(agent, wanted) and bool(self.of_agent[agent].room >> wanted.kind & 1)

    def free(self, wanted: Requirement) -> int:
        """How many agents could be offered such an item now."""
        return self.holding(wanted, wanted.bits)

    def holding(self, wanted: Requirement, bits: int) -> int:
        """How many agents who meet a requirement have any of these bits of room."""
        if wanted.agent:
            return int(self.is_able(wanted.agent, wanted) and bool(self.of_agent[wanted.agent].room & bits))
        if not self._free:
            return 0
        mask = self.able_profiles(wanted)
        return sum([counts.total(mask) for room, counts in self._free.items() if room & bits])

    def tally(self, wanted: Requirement, bits: int) -> tuple[int, int, int]:
        """How many agents `able` counts, how many `holding` does with these bits, and how many `free` does."""
        if wanted.agent:
            return self.able(wanted), self.holding(wanted, bits), self.free(wanted)
        mask, either = self.able_profiles(wanted), wanted.bits
        totals = [(room, counts.total(mask)) for room, counts in self._free.items()]
        holding = sum([total for room, total in totals if room & bits])
        return self._taking.total(mask), holding, sum([total for room, total in totals if room & either])

    # The match

    def best_agents(self, wanted: Requirement, order: Order) -> Iterator[Entry]:
        """Agents who could be offered such an item now, best first, as full keys with the name at the end."""
        if wanted.agent:
            return (order.full(profile, wanted, entry) for profile, entry in self.who_fits(wanted, order))
        free = self._with_room(wanted.kind)
        if not free:
            return iter(())
        mask = self.able_profiles(wanted) & free
        if not mask:
            return iter(())
        # To the first of m profiles that fit among n free agents it is about n / m steps; comparing profiles is m.
        if order.is_own and mask.bit_count() ** 2 > len(self.of_agent):
            return self._probe(wanted, order, mask)
        return self._compare(wanted, order, mask)

    def who_fits(self, wanted: Requirement, order: Order) -> Iterator[tuple[Profile, Entry]]:
        """All agents who could be offered such an item now, with the own key that the order goes by, in no order."""
        if wanted.agent:
            placed = self.of_agent.get(wanted.agent)
            if placed is not None and placed.room >> wanted.kind & 1:
                yield placed.profile, placed.keys[order.own]
            return
        for profile in self._profile_side.members(self.able_profiles(wanted) & self._with_room(wanted.kind)):
            for room, orders in profile.free.items():
                if room >> wanted.kind & 1:
                    yield from ((profile, entry) for entry in orders[order.own])

    def with_known(self, entries: Iterator[Entry], wanted: Requirement, order: Order, agent: str) -> Iterator[Entry]:
        """As `best_agents` or `draw` gave them, with the one whom the customer knows where that puts them.

        Nobody is searched for: all others are alike by that part, so it is one comparison where the one comes.
        """
        placed = self.of_agent.get(agent)
        if placed is None or not placed.room >> wanted.kind & 1 or not self.is_able(agent, wanted):
            return entries
        mine = order.full(placed.profile, wanted, placed.keys[order.own], known=agent)
        return merge([mine], (entry for entry in entries if entry[-1] != agent))

    @staticmethod
    def by_putting_aside(wanted: Requirement) -> Requirement:
        """The same, asked of those who would put other work aside for it."""
        return wanted._replace(kind=wanted.kind + 1)

    def draw(self, wanted: Requirement, order: Order, draw: Callable[[int], int]) -> Iterator[Entry]:
        """As `best_agents`, but those who are equally best come in an order that begins with one drawn.

        Args:
            wanted: what an item waits for.
            order: of the agents.
            draw: gives a number from 0 to its argument exclusive.
        """
        equals = self._equals(wanted, order)
        total = sum(count for _, count, _ in equals)
        drawn = set()
        at = draw(total) if total else 0
        for number in chain(range(at, total), range(at)):
            profile, entry = nth(equals, number)
            drawn.add(entry[-1])
            yield order.full(profile, wanted, entry)
        yield from (entry for entry in self.best_agents(wanted, order) if entry[-1] not in drawn)

    def _equals(self, wanted: Requirement, order: Order) -> list[tuple[Profile, int, Ordered[Entry]]]:
        """Of the profiles with those who are best in all parts: how many in the order stand equal at its head."""
        best: Entry | None = None
        equals: list[tuple[Profile, int, Ordered[Entry]]] = []
        mask = 0 if wanted.agent else self.able_profiles(wanted) & self._with_room(wanted.kind)
        for profile in self._profile_side.members(mask):
            for room, orders in profile.free.items():
                head = orders[order.own].first()
                if head is None or not room >> wanted.kind & 1:
                    continue
                ordered = orders[order.own]
                key = order.full(profile, wanted, head)[:-1]
                if best is not None and key > best:
                    continue
                if best is None or key < best:
                    best, equals = key, []
                own = head[:-1]
                count = ordered.position((*own[:-1], own[-1] + 1)) if own else len(ordered)
                equals.append((profile, count, ordered))
        # However they, and kinds of work, came to be numbered.
        return sorted(equals, key=lambda one: (one[0].key, one[2].first()))

    def _compare(self, wanted: Requirement, order: Order, mask: int) -> Iterator[Entry]:
        """Merge the profiles by their heads; behind their heads only those are looked at whose head was taken."""
        own = order.own
        streams: list[tuple[Profile, Ordered[Entry]]] = []
        heads: list[tuple[Entry, int]] = []
        for profile in self._profile_side.members(mask):
            for room, orders in profile.free.items():
                head = orders[own].first()
                if head is not None and room >> wanted.kind & 1:
                    heads.append((order.full(profile, wanted, head), len(streams)))
                    streams.append((profile, orders[own]))
        heapify(heads)
        begun: dict[int, Iterator[Entry]] = {}
        while heads:
            head, number = heads[0]
            yield head
            profile, ordered = streams[number]
            entries = begun.get(number)
            if entries is None:
                entries = begun[number] = islice(ordered, 1, None)
            following = next(entries, None)
            if following is None:
                heappop(heads)
            else:
                heapreplace(heads, (order.full(profile, wanted, following), number))

    def _probe(self, wanted: Requirement, order: Order, mask: int) -> Iterator[Entry]:
        """Walk over all who are free in order, and ask of each whether they fit.

        Where many profiles fit, somebody who does comes soon; where after a while too few came, the profiles that fit
        are compared after all. So neither many profiles nor rare skills make a long walk.
        """
        orders = [ordered[order.own] for room, ordered in self._everyone.items() if room >> wanted.kind & 1]
        streams = [iter(ordered) for ordered in orders if ordered]
        heads = [(next(entries), number) for number, entries in enumerate(streams)]
        heapify(heads)
        found = set()
        for _ in range(_PROBED):
            if not heads:
                return
            entry, number = heads[0]
            profile = self.of_agent[entry[-1]].profile
            if mask >> profile.number & 1:
                found.add(entry[-1])
                yield order.full(profile, wanted, entry)
            following = next(streams[number], None)
            if following is None:
                heappop(heads)
            else:
                heapreplace(heads, (following, number))
        yield from (entry for entry in self._compare(wanted, order, mask) if entry[-1] not in found)

    def open_to(self, agent: str, *, rings: bool = False) -> Sequence[Bucket]:
        """The buckets from which this agent could be offered something now, in no order that matters.

        Args:
            agent: their name.
            rings: whether those count in which something rings, not those in which something waits.
        """
        placed = self.of_agent.get(agent)
        if placed is None or not placed.room:
            return ()
        if rings:
            buckets = self._rings(placed.profile)
        else:
            buckets, known = self._opened(placed.profile), self.of_known.get(agent)
            if known is not None:
                asked = [bucket for bucket in known.values() if not self.shuts(bucket.wanted)]
                buckets = [*asked, *buckets]
        room = placed.room
        return [bucket for bucket in buckets if room & bucket.bits]
