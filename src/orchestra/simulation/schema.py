"""The parts of a scenario: who comes, who works, for how long, and what to report. Pure data with defaults that work.

Durations are `timedelta` (text such as `20s` in a file); names that end in `_s` are numbers of seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

from orchestra.model.structure import microseconds
from orchestra.simulation.arrivals import Arrivals
from orchestra.simulation.laws import Law

__all__ = ["CustomerClass", "Group", "Reporting", "Retry", "Run", "Shift"]

_SECOND_US = 1_000_000


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _durations(values: Iterable[timedelta]) -> tuple[timedelta, ...]:
    return tuple(values)


def _numbers(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(values)


@attrs.frozen
class Retry:
    """Trying again after no success.

    Attributes:
        after: the law of the time until the next try.
        percent: the chance of trying again, each time; always unless stated.
        of: after what: `blocked` (no free line, or turned away by the queue), `abandoned`; both unless stated.
        most: at most so many further tries; None for no limit.
    """

    after: Law
    percent: float = 100.0
    of: Sequence[str] = attrs.field(default=("blocked", "abandoned"), converter=_texts)
    most: int | None = None


@attrs.frozen
class CustomerClass:
    """Customers of one kind: when they come, what they want, how long they stay.

    Attributes:
        channel: on which they come; on a channel for work, work items are opened for them, which wait without patience.
        service: the law of the time an agent needs for one of them.
        arrivals: when they come; None for nobody but the backlog.
        backlog: how many wait at the start already.
        patience: the law of how long one waits before leaving; None for ever.
        wrap_up: the law of the agent's work afterwards. Its channel's own `wrap_up` is the longest.
        retry: whether those who were blocked or left try again; None for never.
        account: the own account they contact.
        queue: where they wait; None for where the plan says.
        skills: skill -> least level they need, besides those of the queue.
        priority: minutes of waiting they are worth more than others.
        topic: what they come about; None for nothing stated.
        disposition: what agents finish with; None for nothing stated.
    """

    channel: str
    service: Law
    arrivals: Arrivals | None = None
    backlog: int = 0
    patience: Law | None = None
    wrap_up: Law | None = None
    retry: Retry | None = None
    account: str = "main"
    queue: str | None = None
    skills: Mapping[str, int] = attrs.field(factory=dict)
    priority: int = 0
    topic: str | None = None
    disposition: str | None = None


@attrs.frozen
class Shift:
    """A time of the day at which some of a group work. Shifts that overlap add up.

    Attributes:
        begins: since midnight in the workspace's zone, UTC if it has none; where the clocks skip that time, later.
        lasts: how long; beyond midnight is fine.
        days: mon, tue, wed, thu, fri, sat, sun: those on which it begins; all unless stated.
        agents: how many of the group; None for all.
    """

    begins: timedelta
    lasts: timedelta
    days: Sequence[str] = attrs.field(default=(), converter=_texts)
    agents: int | None = None


def _shifts(values: Iterable[Shift]) -> tuple[Shift, ...]:
    return tuple(values)


@attrs.frozen
class Group:
    """Agents who are alike.

    Attributes:
        agents: how many, named `group-1` and so on, beside the members.
        members: agents of the plan who belong to it, with the profile they have there.
        teams: the teams its own agents work in.
        skills: skill -> level of its own agents.
        roles: roles of its own agents.
        capacity_percent: their budget.
        speed: a service takes this many times less time with them; 1 unless stated.
        service: class -> law of the service with this group, instead of the class's own.
        ring: the law of the time from offer to answer; at once unless stated. Longer than the channel's offer
            time-out is a missed offer.
        decline_percent: the chance that an offer is declined.
        back_after: how long an agent who was set away stays so.
        shifts: when how many work, every week; all of them always unless stated.
        at_shift_end: `finish` (take nothing new, leave when done) or `drop` (sign out at once).
    """

    agents: int = 0
    members: Sequence[str] = attrs.field(default=(), converter=_texts)
    teams: Sequence[str] = attrs.field(default=(), converter=_texts)
    skills: Mapping[str, int] = attrs.field(factory=dict)
    roles: Sequence[str] = attrs.field(default=(), converter=_texts)
    capacity_percent: int = 100
    speed: float = 1.0
    service: Mapping[str, Law] = attrs.field(factory=dict)
    ring: Law | None = None
    decline_percent: float = 0.0
    back_after: timedelta = timedelta(minutes=5)
    shifts: Sequence[Shift] = attrs.field(default=(), converter=_shifts)
    at_shift_end: str = "finish"

    @property
    def size(self) -> int:
        """How many they are in all."""
        return self.agents + len(self.members)


@attrs.frozen
class Run:
    """How long a run is. With neither `length` nor `contacts` it ends when everybody has been served or has left.

    Attributes:
        length: until this much time is over.
        contacts: until so many customers have come.
        warm_up: what happens before is not counted.
        warm_up_contacts: the same, as a number of customers; with `contacts`.
        batches: into how many equal parts the rest is cut, to judge how certain a single run is.
    """

    length: timedelta | None = None
    contacts: int | None = None
    warm_up: timedelta = timedelta()
    warm_up_contacts: int = 0
    batches: int = 20


@attrs.frozen
class Reporting:
    """What to report.

    Attributes:
        within: times of `p_within` and `p_over`.
        within_s: more of them, in seconds.
        confidence_percent: of all intervals.
        cycle: after which the run repeats itself, for `at`.
        at: instants of the cycle at which to look at who waits and who is served.
    """

    within: Sequence[timedelta] = attrs.field(default=(timedelta(seconds=20),), converter=_durations)
    within_s: Sequence[float] = attrs.field(default=(), converter=_numbers)
    confidence_percent: float = 95.0
    cycle: timedelta | None = None
    at: Sequence[timedelta] = attrs.field(default=(), converter=_durations)

    @property
    def limits_us(self) -> tuple[int, ...]:
        """All times of `p_within`, rising, in microseconds."""
        texts = {microseconds(limit) for limit in self.within}
        return tuple(sorted(texts | {round(limit * _SECOND_US) for limit in self.within_s}))
