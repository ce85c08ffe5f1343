"""The two sides of a match, buckets of items and profiles of agents, each numbered, with bit masks by what it needs."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from orchestra.engine.ordered import Ordered
from orchestra.engine.routing.digits import above, flip

__all__ = [
    "OF_CONSULT",
    "Bucket",
    "Entry",
    "Fitting",
    "Key",
    "Numbered",
    "Order",
    "Part",
    "Placed",
    "Profile",
    "ProfileKey",
    "Rank",
    "Requirement",
    "Skills",
]

Key = tuple[int, ...]
"""An agent's place by some order, least first, without the agent's name at its end."""
Rank = tuple[int, int, int, str]
"""(tier, age, arrival, item), least first: who of a bucket is served next."""
Skills = tuple[tuple[str, int], ...]
"""(skill, least level), sorted."""
OF_CONSULT = "consult"
"""What is wanted for a consult waits apart from what is wanted for contacts."""
ProfileKey = tuple[tuple[str, ...], Skills]
"""Teams and skills, both sorted."""
Entry = tuple[Any, ...]
"""A key with the agent's name at its end."""

_CHANGES = 32
"""So many changes of a side are remembered, for whoever has to follow only those."""
_SPARED = 1024
"""Empty buckets and profiles are kept at least up to this number: most come back."""


class Requirement(NamedTuple):
    """What an item waits for: an agent of one of these teams with these skills, or one agent by name.

    `kind` is the place of its kind of work among the bits of an agent's room. Some wait `apart`: callbacks by who is
    `first` of them, since they are never offered from a queue that is closed, nor to an agent before a customer is
    called who is first; and consults, for which nothing is put aside.
    """

    queue: str
    kind: int
    teams: tuple[str, ...]
    skills: Skills
    agent: str = ""
    apart: str = ""

    @property
    def is_callback(self) -> bool:
        """Whether it is wanted for a callback that has not reached its customer."""
        return bool(self.apart) and self.apart != OF_CONSULT

    @property
    def bits(self) -> int:
        """The bits of an agent's room by which they could be asked, with and without putting other work aside."""
        return (1 if self.apart == OF_CONSULT else 3) << self.kind


class Fitting(Protocol):
    """A part of an order by which all agents of a profile are equal."""

    def __call__(self, profile: Profile, wanted: Requirement, /) -> int:
        """What it gives them, least first."""
        ...

    def split(self, side: Numbered[Profile], wanted: Requirement, mask: int, /) -> Iterator[int]:
        """The profiles of a mask in groups to whom it gives the same, least first; none of them is empty."""
        ...


Part: TypeAlias = "int | str | Fitting | None"
"""Part of an order: a place in the agent's own key, a named score, whom the customer knows, or how well they fit."""


class Order:
    """How agents are ordered: each part is a place in the agent's own key, how well they fit, or a named score.

    The own parts are all that the agent's own key has, and stand as they do there.

    Attributes:
        own: which of the own keys that every agent is placed under.
        parts: from the one that counts most; None is whether the customer knows somebody else.
        names: of the parts.
        draws: whether those who are equal in all parts are drawn from.
        each: the scores that are asked of each agent who fits, and of which nothing is known before.
        fitting: the parts by which all agents of a profile are equal.
        is_led: whether own parts come before the first of these.
        asks_known: whether it asks whom the customer knows.
    """

    __slots__ = ("_is_whole", "_lead", "asks_known", "draws", "each", "fitting", "is_led", "names", "own", "parts")

    def __init__(self, own: int, parts: Sequence[Part], *, names: Sequence[str] = (), draws: bool = False) -> None:
        self.own = own
        self.draws = draws
        self.parts = tuple(parts)
        self.names = tuple(names)
        self.each = tuple(part for part in self.parts if isinstance(part, str))
        self.asks_known = None in self.parts
        self.fitting = tuple(part for part in self.parts if not (part is None or isinstance(part, int | str)))
        self._lead = self._leading()
        self.is_led = any(isinstance(part, int) for part in self._lead)
        self._is_whole = self.parts == tuple(range(len(self.parts)))

    def full(
        self,
        profile: Profile,
        wanted: Requirement,
        entry: Entry,
        scores: Mapping[str, int] = MappingProxyType({}),
        known: str | None = None,
    ) -> Entry:
        """The whole key of an agent for an item, with the name at its end.

        Args:
            profile: the agent's.
            wanted: what the item waits for.
            entry: the agent's own key by which they are placed.
            scores: what those of `each` give the agent.
            known: whom the customer knows.
        """
        if self._is_whole:
            return entry
        parts: list[int] = []
        for part in self.parts:
            if isinstance(part, int):
                parts.append(entry[part])
            elif part is None:
                parts.append(int(entry[-1] != known))
            else:
                parts.append(scores[part] if isinstance(part, str) else part(profile, wanted))
        return (*parts, entry[-1])

    def groups(self, side: Numbered[Profile], wanted: Requirement, mask: int, at: int = 0) -> Iterator[int]:
        """The profiles of a mask in groups that are equal by all parts from one on that say how well they fit.

        The best come first, and none is worked out before its turn.
        """
        if at == len(self.fitting):
            yield mask
            return
        for group in self.fitting[at].split(side, wanted, mask):
            yield from self.groups(side, wanted, group, at + 1)

    def bound(self, profile: Profile, wanted: Requirement, first: Entry) -> Entry:
        """What no agent of such a profile goes before, nor of any in the groups that follow: the beginning of a key.

        Args:
            profile: of the group.
            wanted: what the item waits for.
            first: the own key that no other goes before; not asked for unless the order `is_led` by own parts.
        """
        bound: list[int] = []
        for part in self._lead:
            if isinstance(part, int):
                bound.append(first[part])
            else:
                bound.append(1 if part is None else part(profile, wanted))
        return tuple(bound)

    def _leading(self) -> tuple[int | Fitting | None, ...]:
        """The parts up to the first own one that comes after one of `fitting`."""
        leading: list[int | Fitting | None] = []
        for part in self.parts:
            if isinstance(part, str) or (isinstance(part, int) and any(one in self.fitting for one in leading)):
                break
            leading.append(part)
        return tuple(leading)


class Bucket:
    """Items that want the same, by rank: those that wait, those that ring already and want more, those that exclude.

    `dials` says whether the customers of all of them are called before an agent is asked, `bits` are of what they want.
    What waits is also in an order that is `shared` with other buckets of the queue, if there are many.
    If it `is_behind`, its queue's rules have changed since: it wants nothing that still holds, and has no number.
    """

    __slots__ = ("bits", "dials", "excluding", "is_behind", "number", "ringing", "shared", "waiting", "wanted")

    def __init__(self, number: int, wanted: Requirement) -> None:
        self.number = number
        self.wanted = wanted
        self.bits = wanted.bits
        self.dials = wanted.apart == "customer"
        self.is_behind = False
        self.waiting: Ordered[Rank] = Ordered()
        self.ringing: Ordered[Rank] = Ordered()
        self.shared: Ordered[Rank] | None = None
        self.excluding: dict[str, int] = {}

    @property
    def bit(self) -> int:
        """Its bit in the masks; none if it has no number."""
        return 1 << self.number if self.number >= 0 else 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits or rings here."""
        return not self.waiting and not self.ringing


class Profile:
    """Agents of equal teams and skills. `free` is room -> the free among them, once per own key, by an `edition` of all
    agents' places; by a later one there are none.

    Remembered until something changes there: `served` is the version of the buckets' side and those that it can serve,
    `opened` those of them in which something waits, as a mask and one by one. `bit` is its bit in the masks.
    """

    __slots__ = ("bit", "edition", "free", "key", "levels", "number", "opened", "served", "taking", "teams")

    def __init__(self, number: int, key: ProfileKey) -> None:
        self.number = number
        self.bit = 1 << number
        self.key = key
        self.teams = frozenset(key[0])
        self.levels = dict(key[1])
        self.taking: dict[str, int] = {}
        self.free: dict[int, list[Ordered[Entry]]] = {}
        self.edition = 0
        self.served: tuple[int, int] = (-1, 0)
        self.opened: tuple[int, list[Bucket]] = (0, [])

    @property
    def is_empty(self) -> bool:
        """Whether nobody of this profile takes work."""
        return not self.taking

    def fits(self, wanted: Requirement) -> bool:
        """Whether agents of this profile meet the requirement, unless it names one of them."""
        return not self.teams.isdisjoint(wanted.teams) and all(
            self.levels.get(skill, 0) >= level for skill, level in wanted.skills
        )


class Placed(NamedTuple):
    """Where an agent stands: profile, room as bits of the kinds of work there is room for, and own keys if any is."""

    profile: Profile
    room: int
    keys: tuple[Entry, ...]


Side = TypeVar("Side", Bucket, Profile)


class Numbered(Generic[Side]):
    """One side of the match: each bucket or profile has a number, its bit in the masks by team, skill and level.

    `version` rises with each that is added or dropped. `levels` is skill -> the level of each, as binary digits.
    """

    def __init__(self) -> None:
        self.version = 0
        self._changed: deque[int] = deque(maxlen=_CHANGES)
        self.by_number: list[Side | None] = []
        self.by_team: dict[str, int] = {}
        self.levels: dict[str, list[int]] = {}
        self.all = 0
        self._above: dict[str, dict[int, int]] = {}
        self._free: list[int] = []
        self._empty: OrderedDict[int, Side] = OrderedDict()

    def number(self) -> int:
        """A number that nobody has."""
        if self._free:
            return self._free.pop()
        self.by_number.append(None)
        return len(self.by_number) - 1

    def add(self, one: Side, teams: Sequence[str], skills: Skills) -> None:
        """Enter one into the masks."""
        self._change(one.number)
        self.by_number[one.number] = one
        bit = 1 << one.number
        self.all |= bit
        for team in teams:
            self.by_team[team] = self.by_team.get(team, 0) | bit
        for skill, level in skills:
            flip(self.levels.setdefault(skill, []), level, bit)
            self._above.pop(skill, None)

    def drop(self, one: Side, teams: Sequence[str], skills: Skills) -> None:
        """Take one out of the masks; its number is free."""
        self._change(one.number)
        self.by_number[one.number] = None
        self._free.append(one.number)
        bit = 1 << one.number
        self.all ^= bit
        for team in teams:
            self.by_team[team] ^= bit
            if not self.by_team[team]:
                del self.by_team[team]
        for skill, level in skills:
            flip(self.levels[skill], level, bit)
            self._above.pop(skill, None)
            if not self.levels[skill]:
                del self.levels[skill]

    def _change(self, number: int) -> None:
        self.version += 1
        self._changed.append(number)

    def since(self, version: int) -> Iterable[int] | None:
        """The numbers that were added or dropped since a version; None if that was too many of them ago."""
        count = self.version - version
        return islice(reversed(self._changed), count) if version >= 0 and count <= len(self._changed) else None

    def of_teams(self, teams: Iterable[str]) -> int:
        """Those of any of these teams, as a mask."""
        mask = 0
        for team in teams:
            mask |= self.by_team.get(team, 0)
        return mask

    def above(self, skill: str, level: int) -> int:
        """Those with more than this level of a skill, as a mask. Remembered until the skill's masks change."""
        known = self._above.setdefault(skill, {})
        mask = known.get(level)
        if mask is None:
            mask = known[level] = above(self.levels.get(skill, ()), level)
        return mask

    def members(self, mask: int) -> Iterator[Side]:
        """Those whose bits are set, by number. The search for the next bit runs in C."""
        bits = f"{mask:b}"[::-1]
        at = bits.find("1")
        while at >= 0:
            one = self.by_number[at]
            assert one is not None
            yield one
            at = bits.find("1", at + 1)

    def emptied(self, one: Side) -> None:
        """Note that one is empty."""
        self._empty[one.number] = one

    def filled(self, one: Side) -> None:
        """Note that one is no longer empty."""
        self._empty.pop(one.number, None)

    def superfluous(self) -> Iterator[Side]:
        """At most two that have been empty longest, where there are more empty ones than others."""
        for _ in range(2):
            if len(self._empty) <= max(_SPARED, self.all.bit_count() // 2):
                return
            yield self._empty.popitem(last=False)[1]
