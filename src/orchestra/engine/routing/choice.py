"""Which of the agents who take work could be offered something, how many they are, and who of them comes first.

Profiles that fit are found by masks. An order compares agents by keys of their own and by how well they fit; by the
latter, all of a profile are equal, and the profiles that fit fall into few groups. Within a group the own keys alone
decide, and everybody free stands in their order already.

Belongs here: who of those who take work fits, is free, and goes first. Does not: what waits for them (`index`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush, heapreplace, merge
from itertools import accumulate, chain, count, takewhile

from orchestra.engine.ordered import Ordered, merged
from orchestra.engine.routing.sides import Entry, Order, Profile, Requirement
from orchestra.engine.routing.takers import Takers

__all__ = ["Choice"]

_STEPS = 8
"""So many steps of a walk over all who are free take as long as to look at one profile."""
_RANKED = 8
"""So many are asked for, as a rule: the best, and who would come next."""
_TRIES = 256
"""So many places are drawn; if too few of them were of somebody who fits, those are listed after all."""

Run = tuple[Ordered[Entry], int, int]
"""An order, where some begin in it that follow each other, and where they end."""


class Choice(Takers):
    """All agents who take work, as they are chosen from."""

    # Who fits

    def able_profiles(self, wanted: Requirement) -> int:
        """The profiles that meet a requirement, as a mask."""
        side = self._profile_side
        mask = side.of_teams(wanted.teams)
        for skill, level in wanted.skills:
            mask &= side.above(skill, level - 1)
        return mask

    def able(self, wanted: Requirement) -> int:
        """How many agents who take work meet a requirement, busy or not."""
        if wanted.agent:
            return int(self.standing(wanted.agent) is not None)
        return self._taking.total(self.able_profiles(wanted))

    def is_able(self, agent: str, wanted: Requirement) -> bool:
        """Whether this agent takes work and meets the requirement."""
        placed = self.standing(agent)
        if placed is None:
            return False
        return wanted.agent == agent if wanted.agent else placed.profile.fits(wanted)

    def is_free(self, agent: str, wanted: Requirement) -> bool:
        """Whether this agent could be offered such an item now, or in a moment if they are yet to be placed."""
        return self._is_holding(agent, wanted, wanted.bits)

    def _is_holding(self, agent: str, wanted: Requirement, bits: int) -> bool:
        if not self.is_able(agent, wanted):
            return False
        placed = self.of_agent.get(agent)
        if placed is not None:
            return bool(placed.room & bits)
        return any(agent in one.of_agent and one.of_agent[agent].room & one.bits(bits) for one in self.unmoved)

    def has_room(self, agent: str, wanted: Requirement) -> bool:
        """Whether this agent could be offered such an item now, and has to put nothing aside for it."""
        placed = self.of_agent.get(agent)
        return placed is not None and bool(placed.room >> wanted.kind & 1) and self.is_able(agent, wanted)

    def free(self, wanted: Requirement) -> int:
        """How many agents could be offered such an item now, or in a moment if they are yet to be placed."""
        return self.holding(wanted, wanted.bits)

    def ready(self, wanted: Requirement) -> int:
        """How many agents could be offered such an item now."""
        if wanted.agent:
            return int(wanted.agent in self.of_agent and self.is_free(wanted.agent, wanted))
        return self._holding(self.able_profiles(wanted), wanted.bits)

    def holding(self, wanted: Requirement, bits: int) -> int:
        """How many agents who meet a requirement have any of these bits of room, wherever they stand."""
        if wanted.agent:
            return int(self._is_holding(wanted.agent, wanted, bits))
        return self._with(self.able_profiles(wanted), bits) if self.at_work else 0

    def tally(self, wanted: Requirement, bits: int) -> tuple[int, int, int]:
        """How many agents `able` counts, how many `holding` does with these bits, and how many `free` does."""
        if wanted.agent:
            return self.able(wanted), self.holding(wanted, bits), self.free(wanted)
        mask = self.able_profiles(wanted)
        return self._taking.total(mask), self._with(mask, bits), self._with(mask, wanted.bits)

    def _with(self, mask: int, bits: int) -> int:
        """How many of these profiles have any of these bits of room."""
        return self._holding(mask, bits) + sum([one.total(mask, bits) for one in self.unmoved])

    def _holding(self, mask: int, bits: int) -> int:
        """Those of them who are placed by the rules that hold."""
        return sum([counts.total(mask) for room, counts in self._free.items() if room & bits])

    def who_fits(self, wanted: Requirement, order: Order) -> Iterator[tuple[Profile, Entry]]:
        """All agents who could be offered such an item now, with the own key that the order goes by, in no order."""
        if wanted.agent:
            placed = self.of_agent.get(wanted.agent)
            if placed is not None and placed.room >> wanted.kind & 1:
                yield placed.profile, placed.keys[order.own]
            return
        for profile in self._profile_side.members(self._fitting(wanted)):
            for room, orders in profile.free.items():
                if room >> wanted.kind & 1:
                    yield from ((profile, entry) for entry in orders[order.own])

    def _fitting(self, wanted: Requirement) -> int:
        """The profiles that meet a requirement and of which somebody has room, as a mask."""
        free = self._with_room(wanted.kind)
        return self.able_profiles(wanted) & free if free else 0

    # Who comes first

    def best_agents(self, wanted: Requirement, order: Order) -> Iterator[Entry]:
        """Agents who could be offered such an item now, best first, as full keys with the name at the end."""
        if wanted.agent:
            return (order.full(profile, wanted, entry) for profile, entry in self.who_fits(wanted, order))
        mask = self._fitting(wanted)
        if not mask:
            return iter(())
        return self._by_group(wanted, order, mask) if order.fitting else self._keyed(wanted, order, mask)

    def _by_group(self, wanted: Requirement, order: Order, mask: int) -> Iterator[Entry]:
        """Merge the groups that fit equally well, best first. None is looked into before somebody of it may be next."""
        groups = order.groups(self._profile_side, wanted, mask)
        first = next(self._by_own(order.own, wanted.kind, mask)) if order.is_led else ()
        bounds = ((order.bound(self._any_of(group), wanted, first), group) for group in groups)
        heads: list[tuple[Entry, Iterator[Entry]]] = []
        coming = next(bounds, None)
        while heads or coming is not None:
            if coming is not None and not (heads and heads[0][0] < coming[0]):
                agents = self._keyed(wanted, order, coming[1])
                heappush(heads, (next(agents), agents))  # no two keys are equal
                coming = next(bounds, None)
                continue
            head, agents = heads[0]
            yield head
            following = next(agents, None)
            if following is None:
                heappop(heads)
            else:
                heapreplace(heads, (following, agents))

    def _any_of(self, mask: int) -> Profile:
        """A profile of a mask."""
        profile = self._profile_side.by_number[mask.bit_length() - 1]
        assert profile is not None
        return profile

    def _keyed(self, wanted: Requirement, order: Order, mask: int) -> Iterator[Entry]:
        """The full keys of those of some profiles who fit equally well, in order."""
        for entry in self._by_own(order.own, wanted.kind, mask):
            yield order.full(self.of_agent[entry[-1]].profile, wanted, entry)

    def _by_own(self, own: int, kind: int, mask: int, asked: int = _RANKED) -> Iterator[Entry]:
        """Agents of some profiles with room for a kind of work, by own keys.

        Of few profiles the orders of each are merged. Of many somebody comes soon in the order of all who are free: to
        one of m among n it is about n / m steps, as often as one is asked for.
        """
        profiles = mask.bit_count()
        if profiles * profiles * _STEPS > len(self.of_agent) * asked:
            return merge(*[crowds[own].among(mask) for room, crowds in self._everyone.items() if room >> kind & 1])
        orders = [profile.free.items() for profile in self._profile_side.members(mask)]
        return merged([ordered[own] for room, ordered in chain.from_iterable(orders) if room >> kind & 1])

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

    # Where chance decides

    def draw(self, wanted: Requirement, order: Order, draw: Callable[[int, int], int]) -> Iterator[Entry]:
        """As `best_agents`, but those who are equally best come in an order that is drawn.

        Args:
            wanted: what an item waits for.
            order: of the agents.
            draw: gives a number from 0 to its first argument exclusive; the second says which draw it is, from 0.
        """
        drawn: set[str] = set()
        best = next(self.best_agents(wanted, order), None)
        if best is not None and not wanted.agent:
            draws = count()
            for entry in self._equals(wanted, order, best[-1], lambda below: draw(below, next(draws))):
                if entry[-1] not in drawn:
                    drawn.add(entry[-1])
                    yield order.full(self.of_agent[entry[-1]].profile, wanted, entry)
        yield from (entry for entry in self.best_agents(wanted, order) if entry[-1] not in drawn)

    def _equals(self, wanted: Requirement, order: Order, best: str, draw: Callable[[int], int]) -> Iterator[Entry]:
        """All who are as good as the best, as drawn; some of them several times.

        Places are drawn among all who are equal by own keys, and whoever fits there as well is one of them. If they
        are few among those, or turn out to be, they are listed.
        """
        profile, _, keys = self.of_agent[best]
        groups = order.groups(self._profile_side, wanted, self._fitting(wanted))
        mask = next(group for group in groups if group & profile.bit)
        own, kind, values = order.own, wanted.kind, keys[order.own][:-1]
        runs = self._equal_by_own(kind, own, values)
        total = sum(end - begin for _, begin, end in runs)
        fit = self._holding(mask, 1 << kind)
        for _ in range(_TRIES if fit * fit > total else 0):
            entry = _nth(runs, draw(total))
            if mask & self.of_agent[entry[-1]].profile.bit:
                yield entry
        equals = list(takewhile(lambda entry: entry[:-1] == values, self._by_own(own, kind, mask, fit)))
        while equals:
            yield equals.pop(draw(len(equals)))

    def _equal_by_own(self, kind: int, own: int, values: tuple[int, ...]) -> list[Run]:
        """Where those of all who are free stand that have these own values, whatever they fit."""
        after = (*values[:-1], values[-1] + 1) if values else ()
        runs = []
        for room, crowds in self._everyone.items():
            if room >> kind & 1:
                ordered = crowds[own].in_order()
                runs.append((ordered, ordered.position(values), ordered.position(after) if values else len(ordered)))
        # However kinds of work came to be numbered.
        return sorted([run for run in runs if run[1] < run[2]], key=lambda run: run[0].at(run[1]))


def _nth(runs: Sequence[Run], number: int) -> Entry:
    """The one with so many before it in runs that are taken one after the other."""
    ends = list(accumulate(end - begin for _, begin, end in runs))
    at = bisect_right(ends, number)
    ordered, _, end = runs[at]
    return ordered.at(end - ends[at] + number)
