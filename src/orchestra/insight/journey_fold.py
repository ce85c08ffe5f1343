"""The fold over cases as journeys: settled at once or not, what they asked of their customers, who came again.

Belongs here: events to records of cases and contacts. Does not: what a case counts as (`matters`), who comes again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from heapq import heappop, heappush
from typing import Any, ClassVar

from orchestra.insight.clocks import ClockCount, Verdict, verdicts_counted
from orchestra.insight.matters import Contact, Matter, counted
from orchestra.insight.promises import Stated, stated_counted
from orchestra.insight.returning import Returning
from orchestra.insight.slices import Slices
from orchestra.insight.tally import Tally
from orchestra.model import events as e
from orchestra.model.definitions import Cases
from orchestra.model.identity import Identity
from orchestra.model.structure import microseconds

__all__ = ["JourneyFold", "engagement_of"]

_SETTLED = ("RESOLVED", "CLOSED")


def engagement_of(interaction: str) -> str:
    """The engagement that begins with an interaction."""
    return f"en{interaction[2:]}"


class JourneyFold:
    """Counts cases by what their customers had to do, when figures are read: an event only notes what happened.

    Args:
        return_us: the window within which coming back counts.
    """

    def __init__(self, slices: Slices, return_us: int) -> None:
        self._slices = slices
        self._return_us = return_us
        self._keep: timedelta | None = Cases().reopen_within
        self._levels = tuple(Identity().levels)
        self._bots: set[str] = set()
        self._numbers = 0
        self._now_us = 0
        self._cases: dict[str, Matter] = {}
        self._contacts: dict[str, Contact] = {}
        self._dirty: dict[str, Matter] = {}
        self._closed: deque[tuple[int, str]] = deque()
        self._settling: list[tuple[int, str]] = []
        self._returning = Returning(return_us, self._root, self._changed)

    def __len__(self) -> int:
        return len(self._cases) + len(self._contacts) + len(self._returning)

    # What others ask

    def matter(self, case: str | None) -> Matter | None:
        """The case that a case goes on as, if it is known."""
        return None if case is None or case not in self._cases else self._root(case)

    def matter_of(self, interaction: str | None) -> Matter | None:
        """The case of an interaction, if both are known."""
        contact = self._contacts.get(interaction or "")
        return None if contact is None else self.matter(contact.case)

    def topic_of(self, interaction: str) -> str | None:
        """What an interaction is about, if that is known."""
        matter = self.matter_of(interaction)
        return None if matter is None else matter.topic

    def tallies(self, matter: Matter) -> tuple[Tally, ...]:
        """Where a case counts: the channel and account of its first contact, and the queue that it is in."""
        channel, account = matter.place or (None, None)
        return self._slices.of(channel, account, matter.queue)

    def is_own(self, interaction: str) -> bool:
        """Whether an interaction is a contact that a customer made."""
        contact = self._contacts.get(interaction)
        return contact is not None and contact.is_own

    def is_bot(self, agent: str) -> bool:
        """Whether an agent is a program."""
        return agent in self._bots

    def settle(self, now_us: int) -> None:
        """Count what has changed."""
        self._now_us = max(self._now_us, now_us)
        while self._settling and self._settling[0][0] < self._now_us:
            name = heappop(self._settling)[1]
            if name in self._cases:
                self._cases[name].settles_us = None
                self._changed(self._cases[name])
        dirty, self._dirty = self._dirty, {}
        for matter in dirty.values():
            self._recount(matter)

    # Counting

    def _root(self, case: str) -> Matter:
        matter = self._cases[case]
        while matter.into is not None:
            matter = self._cases[matter.into]
        return matter

    def _group(self, matter: Matter) -> Iterator[Matter]:
        yield matter
        for name in matter.merged:
            yield from self._group(self._cases[name])

    def _changed(self, matter: Matter) -> None:
        self._dirty[matter.name] = matter

    def _recount(self, matter: Matter) -> None:
        if matter.name not in self._cases:
            return
        after, clocked, promised, tallies = None, dict[str, ClockCount](), None, matter.tallies
        if matter.into is None:
            group = list(self._group(matter))
            after, tallies = counted(group, self._return_us, self._now_us), self.tallies(matter)
            clocked = verdicts_counted(verdict for one in group for verdict in one.verdicts.values())
            promised = stated_counted(one for each in group for one in each.stated.values())
            if after.maybe_deflected and matter.resolved_us is not None and matter.settles_us is None:
                matter.settles_us = matter.resolved_us + self._return_us
                heappush(self._settling, (matter.settles_us, matter.name))
        for tally in matter.tallies:
            tally.journey.replace(matter.counted, None)
            tally.clocks.replace(matter.clocked, {})
            tally.promises.replace(matter.promised, None)
        for tally in tallies:
            tally.journey.replace(None, after)
            tally.clocks.replace({}, clocked)
            tally.promises.replace(None, promised)
        matter.counted, matter.clocked, matter.promised, matter.tallies = after, clocked, promised, tallies

    # Clocks

    def judge(self, case: str, clock: str, verdict: Verdict) -> None:
        """Note a clock with its case, if that is known."""
        if case in self._cases:
            self._cases[case].verdicts[clock] = verdict

    def verdict(self, case: str, clock: str) -> Verdict | None:
        """What is noted of a clock, which is about to change; None if its case is not known."""
        matter = self._cases.get(case)
        if matter is None:
            return None
        self._changed(self._root(case))
        return matter.verdicts.get(clock)

    # Promises

    def state(self, case: str, promise: str, stated: Stated) -> None:
        """Note a promise with its case, if that is known."""
        if case in self._cases:
            self._cases[case].stated[promise] = stated
            self._changed(self._root(case))

    def stated(self, case: str, promise: str) -> Stated | None:
        """What is noted of a promise, which is about to change; None if its case is not known."""
        matter = self._cases.get(case)
        if matter is None:
            return None
        self._changed(self._root(case))
        return matter.stated.get(promise)

    # The plan and who works

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """How long closed cases may come back, and which levels of proof there are."""
        self._keep, self._levels = event.plan.cases.reopen_within, tuple(event.plan.identity.levels)

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """Customers meet people."""
        (self._bots.add if event.kind == "bot" else self._bots.discard)(event.agent)

    # Contacts

    def started(self, event: e.InteractionStarted, at_us: int) -> None:
        """Somebody made contact, or work was asked for."""
        is_own = event.conversation is not None
        self._note(event, event.occurred_us if is_own else at_us, at_us, is_own=is_own)

    def callback_requested(self, event: e.CallbackRequested, at_us: int) -> None:
        """We shall call: the customer makes no contact."""
        self._note(event, at_us, at_us, is_own=False)

    def _note(
        self, event: e.InteractionStarted | e.CallbackRequested, made_us: int, at_us: int, *, is_own: bool
    ) -> None:
        self._numbers += 1
        name = event.interaction
        places = event.customer, event.channel, event.account
        self._contacts[name] = Contact(name, self._numbers, *places, made_us, at_us, is_own, engagement_of(name))

    def attached(self, event: e.InteractionAttached, at_us: int) -> None:
        """A contact is about a case."""
        contact, matter = self._contacts.get(event.interaction), self.matter(event.case)
        if contact is None or matter is None:
            self._contacts.pop(event.interaction, None)
            return
        self._put(contact, event.case)
        self._changed(matter)
        if contact.is_own:
            contact.tallies = self._slices.of(contact.channel, contact.account, matter.queue)
            for tally in contact.tallies:
                tally.journey.contacts += 1
            self._returning.add(contact)

    def _put(self, contact: Contact, case: str) -> None:
        contact.case = case
        self._cases[case].contacts.append(contact)
        for matter in (self._cases[case], self._root(case)):
            matter.place = matter.place or (contact.channel, contact.account)

    def moved(self, event: e.InteractionMoved, at_us: int) -> None:
        """A contact is about another case."""
        contact, after = self._contacts.get(event.interaction), self._cases.get(event.case)
        before = self._cases.get((contact and contact.case) or "")
        if contact is None or before is None or after is None:
            return
        before.contacts.remove(contact)
        self._put(contact, event.case)
        root = self._root(event.case)
        self._changed(self._root(before.name))
        self._changed(root)
        self._returning.regroup([before, after, self._root(before.name), root], at_us)

    def gone(self, event: e.InteractionDeflected | e.InteractionCanceled | e.InteractionAbandoned, at_us: int) -> None:
        """It is over; if it never had a case, nothing is to be remembered."""
        contact = self._contacts.get(event.interaction)
        if contact is not None and contact.case is None:
            del self._contacts[event.interaction]

    # What contacts ask of customers

    def _in(self, interaction: str | None) -> Contact | None:
        """The contact, of which something is noted now."""
        contact = self._contacts.get(interaction or "")
        matter = None if contact is None else self.matter(contact.case)
        if matter is not None:
            self._changed(matter)
        return contact

    def _meet(self, interaction: str, agent: str) -> None:
        contact = self._in(interaction)
        if contact is None:
            return
        if agent in self._bots:
            contact.is_with_bots = True
        else:
            contact.agents.add(agent)

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """The customer meets an agent."""
        self._meet(event.interaction, event.agent)

    def transferred(self, event: e.InteractionTransferred, at_us: int) -> None:
        """They are sent on to a queue."""
        contact = self._in(event.interaction)
        if contact is not None:
            contact.transfers += 1

    def transfer_completed(self, event: e.TransferCompleted, at_us: int) -> None:
        """They are given to another agent, whom they meet."""
        contact = self._in(event.interaction)
        if contact is not None:
            contact.transfers += event.agent not in self._bots
        self._meet(event.interaction, event.to)

    def replied(self, event: e.ReplyRecorded, at_us: int) -> None:
        """Somebody answered elsewhere: no bot of ours settled it."""
        matter = self.matter(event.case)
        if matter is not None:
            matter.is_answered_elsewhere = True
            self._changed(matter)

    def told(self, event: e.FieldsSet, at_us: int) -> None:
        """Details were told, in a contact or of a case."""
        target = self._in(event.target) or self.matter(event.target)
        if target is None:
            return
        if isinstance(target, Matter):
            self._changed(target)
        self._numbers += 1
        target.told += [(self._numbers, name, value) for name, value in sorted(event.fields.items())]

    def verified(self, event: e.ContactVerified, at_us: int) -> None:
        """The customer proved who they are."""
        contact = self._in(event.interaction)
        if contact is not None and event.level in self._levels:
            self._numbers += 1
            contact.verified.append((self._numbers, self._levels.index(event.level)))

    def question_linked(self, event: e.QuestionLinked, at_us: int) -> None:
        """It asks what another contact asks."""
        contact = self._in(event.interaction)
        if contact is not None:
            contact.is_linked = True

    def question_unlinked(self, event: e.QuestionUnlinked, at_us: int) -> None:
        """It does not after all, or the other one came to nothing."""
        contact = self._in(event.interaction)
        if contact is not None:
            contact.is_linked = False

    # Engagements

    def _engage(self, engagement: str, *interactions: str) -> None:
        for name in interactions:
            contact = self._in(name)
            if contact is not None:
                contact.engagement = engagement

    def joined(self, event: e.EngagementJoined, at_us: int) -> None:
        """It was made while another one went on."""
        self._engage(event.engagement, event.interaction)

    def engagements_merged(self, event: e.EngagementsMerged, at_us: int) -> None:
        """Two who were in touch are one."""
        self._engage(event.engagement, *event.interactions)

    def engagement_split(self, event: e.EngagementSplit, at_us: int) -> None:
        """One who was in touch are two."""
        self._engage(event.other, *event.interactions)

    # Cases

    def opened(self, event: e.CaseOpened, at_us: int) -> None:
        """A matter came up."""
        self._cases[event.case] = Matter(event.case, event.customer, event.topic, event.queue)
        before = self.matter(event.follows)
        if before is not None and before.followed_us is None:
            before.followed_us = at_us
            self._changed(before)

    def queue_changed(self, event: e.CaseQueueChanged, at_us: int) -> None:
        """It counts in another queue."""
        matter = self._cases.get(event.case)
        if matter is not None:
            matter.queue = event.queue
            self._changed(self._root(event.case))

    def waits(self, event: e.CaseWaiting, at_us: int) -> None:
        """It waits; on somebody else, no first contact can settle it."""
        matter = self._cases.get(event.case)
        if matter is not None and event.on == "third_party":
            matter.has_waited_on_others = True
            self._changed(self._root(event.case))

    def resolved(self, event: e.CaseResolved, at_us: int) -> None:
        """It is settled, as far as is known."""
        self._resolve(event.case, at_us)

    def reopened(self, event: e.CaseReopened, at_us: int) -> None:
        """It is not settled after all."""
        self._resolve(event.case, None)
        matter = self._cases.get(event.case)
        if matter is not None:
            matter.closed_us = None

    def _resolve(self, case: str, resolved_us: int | None) -> None:
        matter = self._cases.get(case)
        if matter is not None:
            matter.resolved_us = resolved_us
            self._changed(self._root(case))

    def merged(self, event: e.CaseMerged, at_us: int) -> None:
        """Two cases are one matter."""
        matter, into = self._cases.get(event.case), self._cases.get(event.into)
        if matter is None or into is None:
            return
        matter.into, matter.closed_us = event.into, None
        into.merged.append(event.case)
        self._regrouped(matter, into, at_us)

    def unmerged(self, event: e.CaseUnmerged, at_us: int) -> None:
        """They are two after all."""
        matter = self._cases.get(event.case)
        if matter is None or matter.into is None:
            return
        into, matter.into = self._cases[matter.into], None
        into.merged.remove(event.case)
        if event.state not in _SETTLED:
            matter.resolved_us = None
        self._regrouped(matter, into, at_us)
        if event.state == "CLOSED":
            self._file(event.case, at_us)

    def _regrouped(self, matter: Matter, into: Matter, at_us: int) -> None:
        both = [*self._group(matter), *self._group(self._root(into.name))]
        for one in both:
            self._changed(one)
        self._returning.regroup(both, at_us)

    def closed(self, event: e.CaseClosed, at_us: int) -> None:
        """Filed; forgotten once it can neither come back by itself nor be come back from."""
        self._file(event.case, at_us)

    def _file(self, name: str, at_us: int) -> None:
        matter = self._cases.get(name)
        if matter is None or self._keep is None:
            return
        matter.closed_us = at_us
        self._closed.append((at_us, name))
        before_us = at_us - max(microseconds(self._keep), self._return_us)
        while self._closed[0][0] < before_us:
            closed_us, name = self._closed.popleft()
            if name in self._cases and self._cases[name].closed_us == closed_us:
                self.settle(at_us)
                self._forget(self._cases[name])

    def _forget(self, matter: Matter) -> None:
        group = list(self._group(matter))
        for one in group:
            self._returning.forget(one)
            for contact in one.contacts:
                self._contacts.pop(contact.interaction, None)
        for one in group:
            del self._cases[one.name]

    # People

    def aliased(self, event: e.CustomerAliased, at_us: int) -> None:
        """Two customers are one person."""
        self._returning.alias(event.customer, event.alias_of, at_us)

    def unaliased(self, event: e.CustomerUnaliased, at_us: int) -> None:
        """They are two after all."""
        self._returning.unalias(event.customer, at_us)

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.PlanChanged: plan_changed,
        e.AgentDefined: agent_defined,
        e.InteractionStarted: started,
        e.CallbackRequested: callback_requested,
        e.InteractionAttached: attached,
        e.InteractionMoved: moved,
        e.InteractionDeflected: gone,
        e.InteractionCanceled: gone,
        e.InteractionAbandoned: gone,
        e.OfferAccepted: accepted,
        e.InteractionTransferred: transferred,
        e.TransferCompleted: transfer_completed,
        e.ReplyRecorded: replied,
        e.FieldsSet: told,
        e.ContactVerified: verified,
        e.QuestionLinked: question_linked,
        e.QuestionUnlinked: question_unlinked,
        e.EngagementJoined: joined,
        e.EngagementsMerged: engagements_merged,
        e.EngagementSplit: engagement_split,
        e.CaseOpened: opened,
        e.CaseQueueChanged: queue_changed,
        e.CaseWaiting: waits,
        e.CaseResolved: resolved,
        e.CaseReopened: reopened,
        e.CaseClosed: closed,
        e.CaseMerged: merged,
        e.CaseUnmerged: unmerged,
        e.CustomerAliased: aliased,
        e.CustomerUnaliased: unaliased,
    }
