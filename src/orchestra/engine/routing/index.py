"""Who can serve what, and who is next: waiting items and free agents, indexed so that a match never scans.

Items wait in buckets of equal requirements, agents belong to profiles of equal teams and skills. Which profile fits
which bucket is never asked one by one: each team, and each digit of the level in a skill, has a bit mask over all
profiles and one over all buckets, and a few wide `and`s give all that fit. A decision then compares heads. Nothing here
is authoritative: the whole is rebuilt from the state, and no decision depends on when it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from orchestra.engine.routing.choice import Choice
from orchestra.engine.routing.items import Items
from orchestra.engine.routing.sides import Bucket, Profile

__all__ = ["Index"]


class Index(Items, Choice):
    """All waiting items and all agents who take work."""

    def __init__(self) -> None:
        Items.__init__(self)
        Choice.__init__(self)

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
            for profile in self._profile_side.members(mask & self._with_any(bits)):
                for room, ordered in profile.free.items():
                    if room & bits:
                        yield from (entry[-1] for entry in ordered[0])

    # What fits

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
            for skill in side.levels:
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
