"""The fold over messages and cases: how many, how soon the first answer, how long to the last.

Belongs here: working state of cases that may still go on. Does not: waiting and handling.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

import attrs

from orchestra.insight.answering import Answering
from orchestra.insight.contacts import ContactFold, Open
from orchestra.insight.deliveries import DeliveryFold
from orchestra.insight.slices import Slices
from orchestra.insight.tally import Tally
from orchestra.model import events as e
from orchestra.model.definitions import Cases
from orchestra.model.structure import microseconds

__all__ = ["CaseFold"]


@attrs.define(eq=False)
class _Case:
    """A case; it counts on the channel and account of its first contact, and in the queue that it is in now.

    `replied` is conversation -> the last interaction that an answer was recorded of, which may turn out to have been
    answered earlier. `into` is the case that it goes on as, once it is merged, and `merged` are those that go on as it.
    """

    queue: str
    answering: Answering
    is_placed: bool = False
    closed_us: int | None = None
    replied: dict[str, tuple[str | None, Open]] = attrs.field(factory=dict[str, tuple[str | None, Open]])
    into: str | None = None
    merged: list[str] = attrs.field(factory=list[str])


class CaseFold:
    """Counts messages and cases."""

    def __init__(self, slices: Slices, contacts: ContactFold, deliveries: DeliveryFold) -> None:
        self._slices = slices
        self._contacts = contacts
        self._deliveries = deliveries
        self._keep: timedelta | None = Cases().reopen_within
        self._cases: dict[str, _Case] = {}
        self._closed: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._cases)

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """How long closed cases may come back."""
        self._keep = event.plan.cases.reopen_within

    def opened(self, event: e.CaseOpened, at_us: int) -> None:
        """A matter came up."""
        tallies = self._slices.of(None, None, event.queue)
        self._cases[event.case] = _Case(event.queue, Answering(tallies))
        for tally in tallies:
            tally.cases += 1

    def queue_changed(self, event: e.CaseQueueChanged, at_us: int) -> None:
        """It belongs to another queue, and so do its figures; messages stay where they were written."""
        case = self._cases.get(event.case)
        if case is None:
            return
        (before,), (after,) = self._slices.of_queue(case.queue), self._slices.of_queue(event.queue)
        before.cases -= 1
        after.cases += 1
        case.answering.move(before, after)
        case.queue = event.queue

    def attached(self, event: e.InteractionAttached, at_us: int) -> None:
        """A contact belongs to a case."""
        contact = self._contacts.open.get(event.interaction)
        if contact is not None:
            self._placed(event.case, contact.channel, contact.account)

    def _placed(self, name: str, channel: str, account: str) -> _Case | None:
        case = self._cases.get(name)
        if case is not None and not case.is_placed:
            case.is_placed = True
            case.answering.tallies = self._slices.of(channel, account, case.queue)
            if case.into is None:
                for tally in self._slices.of(channel, account, None)[1:]:
                    tally.cases += 1
        return case

    def taken(self, event: e.ContactTaken, at_us: int) -> None:
        """Somebody called, perhaps in another's case."""
        for tally in self._slices.of(event.channel, event.account, None):
            tally.customers.add(event.customer)

    def received(self, event: e.MessageReceived, at_us: int) -> None:
        """A message came in."""
        queue = self._contacts.touch(event.interaction, at_us)
        case = self._placed(event.case, event.channel, event.account)
        if case is not None:
            case.answering.asked(event.occurred_us)
            queue = queue or case.queue
        for tally in self._slices.of(event.channel, event.account, queue):
            tally.inbound += 1
            tally.customers.add(event.customer)

    def planned(self, event: e.DeliveryPlanned, at_us: int) -> None:
        """A message was written: it and its delivery come together, and only this one tells the channel."""
        case, tallies = self._written(event, at_us)
        answer = None if case is None else case.answering.wrote(at_us)
        self._deliveries.planned(event.delivery, tallies, at_us, answer)

    def recorded(self, event: e.ReplyRecorded, at_us: int) -> None:
        """An answer was given elsewhere."""
        contact = self._contacts.replied(event.interaction, event.occurred_us)
        case, _ = self._written(event, at_us)
        if case is None:
            return
        case.answering.answered(event.occurred_us)
        if contact is not None:
            case.replied[event.conversation] = event.interaction, contact
            return
        name, before = case.replied.get(event.conversation, (None, None))
        if before is not None and name == event.interaction:
            before.replied(event.occurred_us)

    def _written(
        self, event: e.DeliveryPlanned | e.ReplyRecorded, at_us: int
    ) -> tuple[_Case | None, tuple[Tally, ...]]:
        queue = self._contacts.touch(event.interaction, at_us)
        case = self._placed(event.case, event.channel, event.account)
        if case is not None:
            queue = queue or case.queue
        tallies = self._slices.of(event.channel, event.account, queue)
        for tally in tallies:
            tally.outbound += not (isinstance(event, e.DeliveryPlanned) and event.instead_of)  # the same message
            tally.customers.add(event.customer)
        return case, tallies

    def closed(self, event: e.CaseClosed, at_us: int) -> None:
        """Filed; forgotten once it can no longer come back by itself."""
        self._file(event.case, at_us)

    def _file(self, name: str, at_us: int) -> None:
        case = self._cases.get(name)
        if case is None or self._keep is None:
            return
        case.closed_us = at_us
        self._closed.append((at_us, name))
        before_us = at_us - microseconds(self._keep)
        while self._closed[0][0] < before_us:
            closed_us, name = self._closed.popleft()
            if name in self._cases and self._cases[name].closed_us == closed_us:
                self._forget(name)

    def _forget(self, name: str) -> None:
        for merged in self._cases.pop(name).merged:
            self._forget(merged)

    def reopened(self, event: e.CaseReopened, at_us: int) -> None:
        """Not settled after all."""
        case = self._cases.get(event.case)
        if case is not None:
            case.closed_us = None

    def merged(self, event: e.CaseMerged, at_us: int) -> None:
        """Two cases are one matter: it counts once, and what was asked in either is answered in either."""
        case, into = self._cases.get(event.case), self._cases.get(event.into)
        if case is None or into is None:
            return
        case.into, case.closed_us = event.into, None
        into.merged.append(event.case)
        into.answering.absorb(case.answering)
        for tally in case.answering.tallies:
            tally.cases -= 1

    def unmerged(self, event: e.CaseUnmerged, at_us: int) -> None:
        """They are two matters after all."""
        case = self._cases.get(event.case)
        if case is None or case.into is None:
            return
        into, case.into = self._cases[case.into], None
        into.merged.remove(event.case)
        into.answering.release(case.answering)
        for tally in case.answering.tallies:
            tally.cases += 1
        if event.state == "CLOSED":
            self._file(event.case, at_us)

    def moved(self, event: e.InteractionMoved, at_us: int) -> None:
        """A contact belongs to another case. What was written in it stays where it was counted."""
        contact = self._contacts.open.get(event.interaction)
        if contact is not None:
            self._placed(event.case, contact.channel, contact.account)

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.PlanChanged: plan_changed,
        e.CaseOpened: opened,
        e.CaseQueueChanged: queue_changed,
        e.InteractionAttached: attached,
        e.ContactTaken: taken,
        e.MessageReceived: received,
        e.DeliveryPlanned: planned,
        e.ReplyRecorded: recorded,
        e.CaseClosed: closed,
        e.CaseReopened: reopened,
        e.CaseMerged: merged,
        e.CaseUnmerged: unmerged,
        e.InteractionMoved: moved,
    }
