"""The other side of the match: agents who take work, in profiles of equal teams and skills, ordered by room and key.

Belongs here: entering agents, taking them out, and leaving them behind. Does not: which of them is chosen (`choice`),
nor whose turn it is to be entered anew (`seats`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestra.engine.ordered import Ordered
from orchestra.engine.routing.counts import Counts
from orchestra.engine.routing.crowd import Crowd
from orchestra.engine.routing.sides import Entry, Key, Numbered, Placed, Profile, ProfileKey

__all__ = ["Takers", "Unmoved"]

_ROOMS = 8
"""Rooms in which nobody is are kept up to this number."""


class Unmoved:
    """Agents who stand where rules of before placed them: they count as able, and as free, but are offered nothing.

    Attributes:
        asks: place of a bit of room by the rules that hold -> the bits by those of before that stand for it.
        of_agent: agent -> where they stand; their own keys, if any are left, are of no account.
    """

    __slots__ = ("_free", "asks", "of_agent")

    def __init__(self, of_agent: dict[str, Placed] | None = None, free: dict[int, Counts] | None = None) -> None:
        self.asks: Mapping[int, int] = {}
        self.of_agent = of_agent or {}
        self._free = free or {}

    def enter(self, agent: str, placed: Placed) -> None:
        """Enter somebody who has come to work, or whose work has changed."""
        self.of_agent[agent] = placed
        if placed.room:
            self._free.setdefault(placed.room, Counts()).up(placed.profile.bit)

    def take_out(self, agent: str) -> None:
        """Take somebody out who is there."""
        profile, room, _ = self.of_agent.pop(agent)
        if room:
            counts = self._free[room]
            counts.down(profile.bit)
            if not counts:
                del self._free[room]

    def bits(self, bits: int) -> int:
        """The bits by the rules of before that stand for some by those that hold."""
        found = 0
        while bits:
            found |= self.asks.get(bits.bit_length() - 1, 0)
            bits ^= 1 << bits.bit_length() - 1
        return found

    def total(self, profiles: int, bits: int) -> int:
        """How many of these profiles have any of these bits of room."""
        asked = self.bits(bits)
        return sum([counts.total(profiles) for room, counts in self._free.items() if room & asked])


class Takers:
    """All agents who take work.

    Attributes:
        of_agent: agent -> where they are placed by the rules that hold.
        unmoved: those who stand by rules of before, by which of them.
        at_work: all of them, by name.
    """

    def __init__(self) -> None:
        self._edition = 0
        self.profiles: dict[ProfileKey, Profile] = {}
        self.of_agent: dict[str, Placed] = {}
        self.unmoved: list[Unmoved] = []
        self.at_work: Ordered[str] = Ordered()
        self._profile_side: Numbered[Profile] = Numbered()
        self._taking = Counts()
        self._free: dict[int, Counts] = {}
        self._everyone: dict[int, list[Crowd]] = {}

    def leave_all(self) -> Unmoved:
        """Leave all behind who are placed, until they are entered anew, perhaps under other own keys; looks at none.

        Returns:
            Them, to be put among `unmoved`.
        """
        unmoved = Unmoved(self.of_agent, self._free)
        self.of_agent, self._free, self._everyone = {}, {}, {}
        self._edition += 1
        return unmoved

    def standing(self, agent: str) -> Placed | None:
        """Where an agent stands, by whichever rules; None if they take no work."""
        placed = self.of_agent.get(agent)
        return placed if placed is not None or not self.unmoved else self._among_unmoved(agent)

    def _among_unmoved(self, agent: str) -> Placed | None:
        return next((one.of_agent[agent] for one in self.unmoved if agent in one.of_agent), None)

    def place(self, agent: str, key: ProfileKey, room: int, keys: Sequence[Key], among: Unmoved | None = None) -> None:
        """Enter an agent who takes work, or move them.

        Args:
            agent: their name.
            key: teams and skills.
            room: for each kind of work the bit at its place if they could be offered one more now, and the next bit if
                they would put other work aside for it; the lowest bit for those who have been offered as much as they
                may be.
            keys: their own keys, in the order's numbering.
            among: with whom they stand by rules of before, and `room` is by those; their keys are not asked for then.
        """
        placed = self.of_agent.get(agent)
        if placed is None and self.unmoved:
            placed = self._among_unmoved(agent)
        if placed is None or placed.profile.key != key:
            self.remove(agent)
            profile = self._profile(key)
            profile.taking[agent] = 1
            self._taking.up(profile.bit)
            self._profile_side.filled(profile)
            self.at_work.add(agent)
        else:
            profile = placed.profile
            self._leave(agent, placed)
        if among is not None:
            among.enter(agent, Placed(profile, room, ()))
            return
        entries = tuple([(*key, agent) for key in keys]) if room else ()
        self.of_agent[agent] = Placed(profile, room, entries)
        if room:
            self._enter(profile, room, entries)

    def remove(self, agent: str) -> None:
        """Take out an agent, who takes no more work; one who is not there is left alone."""
        placed = self.standing(agent)
        if placed is None:
            return
        self._leave(agent, placed)
        self.of_agent.pop(agent, None)
        self.at_work.remove(agent)
        del placed.profile.taking[agent]
        self._taking.down(placed.profile.bit)
        if placed.profile.is_empty:
            self._profile_side.emptied(placed.profile)

    def _profile(self, key: ProfileKey) -> Profile:
        profile = self.profiles.get(key)
        if profile is None:
            for old in self._profile_side.superfluous():
                self._profile_side.drop(old, *old.key)
                del self.profiles[old.key]
            profile = self.profiles[key] = Profile(self._profile_side.number(), key)
            self._profile_side.add(profile, *key)
            self._profile_side.emptied(profile)
        return profile

    def _enter(self, profile: Profile, room: int, entries: Sequence[Entry]) -> None:
        if profile.edition != self._edition:
            profile.free, profile.edition = {}, self._edition
        mine, everyone = profile.free.get(room), self._everyone.get(room)
        if mine is None:
            mine = profile.free[room] = [Ordered() for _ in entries]
        if everyone is None:
            everyone = self._everyone[room] = [Crowd(self.of_agent) for _ in entries]
        for number, entry in enumerate(entries):
            mine[number].add(entry)
            everyone[number].add(entry)
        counts = self._free.get(room)
        if counts is None:
            counts = self._free[room] = Counts()
        counts.up(profile.bit)

    def _leave(self, agent: str, placed: Placed) -> None:
        if self.unmoved and agent not in self.of_agent:
            next(one for one in self.unmoved if agent in one.of_agent).take_out(agent)
            return
        profile, room, entries = placed
        if not room:
            return
        mine, everyone = profile.free[room], self._everyone[room]
        for number, entry in enumerate(entries):
            mine[number].remove(entry)
            everyone[number].remove(entry)
        if len(profile.free) > _ROOMS and not mine[0]:  # most rooms come back
            del profile.free[room]
        if len(self._everyone) > _ROOMS and not everyone[0]:
            del self._everyone[room]
        counts = self._free[room]
        counts.down(profile.bit)
        if len(self._free) > _ROOMS and not counts:
            del self._free[room]

    def _with_room(self, kind: int) -> int:
        """The profiles with somebody free for a kind of work, as a mask."""
        return self._with_any(1 << kind)

    def _with_any(self, bits: int) -> int:
        """The profiles with somebody placed by the rules that hold who has any of these bits of room, as a mask."""
        mask = 0
        for room, counts in self._free.items():
            if room & bits:
                mask |= counts.some()
        return mask
