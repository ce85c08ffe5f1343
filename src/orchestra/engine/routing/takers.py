"""The other side of the match: agents who take work, in profiles of equal teams and skills, ordered by room and key.

Belongs here: entering agents, and taking them out. Does not: which of them is chosen (`choice`).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.engine.ordered import Ordered
from orchestra.engine.routing.counts import Counts
from orchestra.engine.routing.crowd import Crowd
from orchestra.engine.routing.sides import Entry, Key, Numbered, Placed, Profile, ProfileKey

__all__ = ["Takers"]

_ROOMS = 8
"""Rooms in which nobody is are kept up to this number."""


class Takers:
    """All agents who take work."""

    def __init__(self) -> None:
        self.nobody()

    def nobody(self) -> None:
        """Take everybody out: all are entered anew, perhaps under other own keys."""
        self.profiles: dict[ProfileKey, Profile] = {}
        self.of_agent: dict[str, Placed] = {}
        self._profile_side: Numbered[Profile] = Numbered()
        self._taking = Counts()
        self._free: dict[int, Counts] = {}
        self._everyone: dict[int, list[Crowd]] = {}

    def place(self, agent: str, key: ProfileKey, room: int, keys: Sequence[Key]) -> None:
        """Enter an agent who takes work, or move them.

        Args:
            agent: their name.
            key: teams and skills.
            room: for each kind of work the bit at its place if they could be offered one more now, and the next bit if
                they would put other work aside for it; the lowest bit for those who have been offered as much as they
                may be.
            keys: their own keys, in the order's numbering.
        """
        placed = self.of_agent.get(agent)
        if placed is None or placed.profile.key != key:
            self.remove(agent)
            profile = self._profile(key)
            profile.taking[agent] = 1
            self._taking.up(profile.number)
            self._profile_side.filled(profile)
        else:
            profile = placed.profile
            self._leave(placed)
        entries = tuple([(*key, agent) for key in keys]) if room else ()
        self.of_agent[agent] = Placed(profile, room, entries)
        if room:
            self._enter(profile, room, entries)

    def remove(self, agent: str) -> None:
        """Take out an agent, who takes no more work; one who is not there is left alone."""
        placed = self.of_agent.pop(agent, None)
        if placed is None:
            return
        self._leave(placed)
        del placed.profile.taking[agent]
        self._taking.down(placed.profile.number)
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
        counts.up(profile.number)

    def _leave(self, placed: Placed) -> None:
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
        counts.down(profile.number)
        if len(self._free) > _ROOMS and not counts:
            del self._free[room]

    def _with_room(self, kind: int) -> int:
        """The profiles with somebody free for a kind of work, as a mask."""
        mask = 0
        for room, counts in self._free.items():
            if room >> kind & 1:
                mask |= counts.some()
        return mask
