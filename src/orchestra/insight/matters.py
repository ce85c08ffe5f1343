"""One case as its customer lived it: its contacts in order, and what they count as.

Belongs here: records of cases that may still go on, and the count of one. Does not: events, people, sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import attrs

from orchestra.insight.clocks import ClockCount, Verdict
from orchestra.insight.journeys import CaseCount
from orchestra.insight.promises import PromiseCount, Stated
from orchestra.insight.tally import Tally

__all__ = ["Contact", "Matter", "counted", "in_order"]

Value = str | int | bool


@attrs.define(eq=False)
class Contact:
    """A contact, as long as its case may go on.

    Attributes:
        number: where it came among all.
        at_us: when it was made; `came_us` when that became known.
        is_own: whether its customer made it: no callback, no work item.
        engagement: those who have one with it were made while this one went on.
        told: (running number, field, value), as told; `verified` (running number, rank of the level).
        topic: under which repeats of it are looked for, as long as that may change.
    """

    interaction: str
    number: int
    customer: str
    channel: str
    account: str
    at_us: int
    came_us: int
    is_own: bool
    engagement: str
    case: str | None = None
    topic: str | None = None
    tallies: tuple[Tally, ...] = ()
    is_repeat: bool = False
    is_linked: bool = False
    is_with_bots: bool = False
    transfers: int = 0
    agents: set[str] = attrs.field(factory=set[str])
    told: list[tuple[int, str, Value | None]] = attrs.field(factory=list[tuple[int, str, Value | None]])
    verified: list[tuple[int, int]] = attrs.field(factory=list[tuple[int, int]])


@attrs.define(eq=False)
class Matter:
    """A case, as long as it may go on.

    Attributes:
        rival_us: when its customer first came on the same topic in another case, after it had begun.
        followed_us: when a case first followed it.
        settles_us: when the window of what bots settled is over, as long as that is waited for.
        place: channel and account of its first contact.
        into: the case that it goes on as, once merged; `merged` are those that go on as it.
        verdicts: clock -> what became of it.
        stated: promise -> what became of it.
        counted: what it counts as so far, in `tallies`; `clocked` what its clocks do, `promised` what its promises do.
    """

    name: str
    customer: str
    topic: str | None
    queue: str
    resolved_us: int | None = None
    closed_us: int | None = None
    has_waited_on_others: bool = False
    is_answered_elsewhere: bool = False
    rival_us: int | None = None
    followed_us: int | None = None
    settles_us: int | None = None
    place: tuple[str, str] | None = None
    contacts: list[Contact] = attrs.field(factory=list[Contact])
    told: list[tuple[int, str, Value | None]] = attrs.field(factory=list[tuple[int, str, Value | None]])
    into: str | None = None
    merged: list[str] = attrs.field(factory=list[str])
    verdicts: dict[str, Verdict] = attrs.field(factory=dict[str, Verdict])
    stated: dict[str, Stated] = attrs.field(factory=dict[str, Stated])
    counted: CaseCount | None = None
    clocked: Mapping[str, ClockCount] = attrs.field(factory=dict[str, ClockCount])
    promised: PromiseCount | None = None
    tallies: tuple[Tally, ...] = ()

    def came_back(self, return_us: int) -> bool:
        """Whether, once settled, its customer came again on the same matter within the window, or had come before."""
        assert self.resolved_us is not None
        until_us = self.resolved_us + return_us
        return any(at_us is not None and at_us <= until_us for at_us in (self.rival_us, self.followed_us))


def in_order(contacts: Iterable[Contact]) -> list[Contact]:
    """Contacts by when they were made, those of one instant by when they came."""
    return sorted(contacts, key=lambda contact: (contact.at_us, contact.number))


def counted(group: Sequence[Matter], return_us: int, now_us: int) -> CaseCount:
    """What a case counts as, with those that were merged into it, of which it is the first."""
    matter = group[0]
    contacts = [contact for one in group for contact in one.contacts]
    own = in_order(contact for contact in contacts if contact.is_own)
    if not own:
        return CaseCount()
    agents = set[str]().union(*(contact.agents for contact in contacts))
    # What was answered in other cases alone is a matter of theirs: its steps count, and no case of its own.
    is_beside = all(contact.is_linked for contact in own)
    is_resolved = matter.resolved_us is not None and not is_beside
    is_single = is_resolved and len(own) == 1
    is_attainable = is_resolved and not any(one.has_waited_on_others for one in group)
    is_one = is_resolved and all(contact.engagement == own[0].engagement for contact in own)
    stayed = is_one and not matter.came_back(return_us)
    by_bots = is_resolved and not agents and not any(one.is_answered_elsewhere for one in group)
    is_self_served = by_bots and any(contact.is_with_bots for contact in contacts)
    is_over = matter.resolved_us is not None and now_us > matter.resolved_us + return_us
    return CaseCount(
        effort_of=0 if is_beside else 1,
        resolved=is_resolved,
        single=is_single,
        attainable=is_attainable,
        single_attainable=is_single and is_attainable,
        stayed=stayed,
        self_served=is_self_served,
        deflected=is_self_served and stayed and is_over,
        maybe_deflected=is_self_served and stayed and not is_over,
        contacts=len(own),
        switches=sum(one.channel != next_.channel for one, next_ in pairwise(own)),
        transfers=sum(contact.transfers for contact in contacts),
        agents=len(agents),
        reasked=_reasked(group, contacts),
        reverified=_reverified(contacts),
        restated=sum(contact.is_linked for contact in contacts),
    )


def _reasked(group: Sequence[Matter], contacts: Iterable[Contact]) -> int:
    """How many details were told in one place while another one held the same."""
    held: dict[tuple[str, str], Value] = {}
    known: dict[tuple[str, Value], int] = {}
    again = 0
    for _, place, field, value in sorted(_told(group, contacts), key=lambda item: item[0]):
        before = held.pop((place, field), None)
        if before is not None:
            known[field, before] -= 1
        if value is not None:
            again += known.get((field, value), 0) > 0
            held[place, field] = value
            known[field, value] = known.get((field, value), 0) + 1
    return again


def _told(group: Sequence[Matter], contacts: Iterable[Contact]) -> Iterator[tuple[int, str, str, Value | None]]:
    for place, told in (*((one.name, one.told) for one in group), *((one.interaction, one.told) for one in contacts)):
        for number, field, value in told:
            yield number, place, field, value


def _reverified(contacts: Iterable[Contact]) -> int:
    """How many proofs were asked for although the case had one as good."""
    again, highest = 0, -1
    for _, rank in sorted(pair for contact in contacts for pair in contact.verified):
        again += rank <= highest
        highest = max(highest, rank)
    return again
