"""The fold over contacts: waiting, being answered, being handled.

Belongs here: working state of open interactions, nothing of those that are over. Does not: messages, cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from orchestra.insight.costs import Price
from orchestra.insight.handling import InHand, Workload
from orchestra.insight.slices import Slices
from orchestra.insight.tally import Spent, Tally
from orchestra.model import events as e
from orchestra.model.definitions import ServiceLevel
from orchestra.model.structure import microseconds

__all__ = ["Answered", "ContactFold", "Open"]

_ACCESSIBLE_US = 120_000_000


@attrs.define
class Answered:
    """A wait that an answer given elsewhere ended, and how it was counted.

    Attributes:
        counted: where.
        target_us: what was in time.
        from_us: when it began.
        wait_us: how long it was.
        is_known: False if the answer that ended it was older than it, so that the one it waited for is still to come.
    """

    counted: tuple[Tally, ...]
    target_us: int
    from_us: int
    wait_us: int
    is_known: bool

    def restate(self, replied_us: int) -> None:
        """Another answer was given at that time: it ended the wait if it was the first after its beginning."""
        wait_us = replied_us - self.from_us
        if wait_us < 0 or (self.is_known and wait_us >= self.wait_us):
            return
        for tally in self.counted:
            tally.in_time += (wait_us <= self.target_us) - (self.wait_us <= self.target_us)
            tally.wait.replace(self.wait_us, wait_us)
        self.wait_us, self.is_known = wait_us, True


@attrs.define(eq=False)
class Open:
    """An interaction that is not over.

    `counted` is where the wait that is on counts: everywhere the first time, later only in its queue. `owed` is where a
    live contact that a bot answered still counts for accessibility, from `first_us` to when it reaches a person.
    """

    channel: str
    account: str
    live: bool
    name: str = ""
    queue: str = ""
    counted: tuple[Tally, ...] = ()
    waiting_from_us: int | None = None
    was_answered: bool = False
    replied_us: int | None = None
    answered: Answered | None = None
    in_hand: InHand | None = None
    spent: Spent | None = None
    is_transferred: bool = False
    was_transferred: bool = False
    is_consulted: bool = False
    was_consulted: bool = False
    is_with_bot: bool = False
    bot_spent: Spent | None = None
    was_handed_over: bool = False
    first_us: int | None = None
    owed: tuple[Tally, ...] | None = None
    is_callback: bool = False
    was_called: bool = False

    def replied(self, occurred_us: int) -> None:
        """An answer given elsewhere was recorded: whoever waited has waited until then."""
        self.replied_us = occurred_us
        if self.answered is not None:
            self.answered.restate(occurred_us)


class ContactFold:
    """Counts what becomes of contacts, in the tallies of their channel and account, and of the queues they wait in."""

    def __init__(self, slices: Slices) -> None:
        self._slices = slices
        self._workload, self._price = Workload(), Price()
        self.topic_of: Callable[[str], str | None] = lambda interaction: None
        self._targets: dict[str, tuple[int, int]] = {}
        self._bots: set[str] = set()
        self._segments: dict[str, tuple[str, Open, InHand]] = {}
        self.open: dict[str, Open] = {}

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Answers are measured against the queues' targets of their time, and count for the brands of their time."""
        self._slices.set_brands(event.plan.brands)
        self._price.set(event.plan.costs)
        self._targets = {name: _target(queue.service_level) for name, queue in event.plan.queues.items()}

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """What bots do counts apart from what people do."""
        if event.kind == "bot":
            self._bots.add(event.agent)
        else:
            self._bots.discard(event.agent)

    def started(self, event: e.InteractionStarted, at_us: int) -> None:
        """Somebody made contact."""
        self.open[event.interaction] = Open(event.channel, event.account, event.live, event.interaction)
        for tally in self._slices.of(event.channel, event.account, None):
            tally.customers.add(event.customer)

    def callback_requested(self, event: e.CallbackRequested, at_us: int) -> None:
        """A callback is not among those who wait: its customer does not."""
        name = event.interaction
        self.open[name] = Open(event.channel, event.account, live=False, name=name, is_callback=True)
        for tally in self._slices.of(event.channel, event.account, event.queue):
            tally.callbacks += 1

    def callback_scheduled(self, event: e.CallbackScheduled, at_us: int) -> None:
        """Nobody has it until then."""
        contact = self.open.get(event.interaction)
        if contact is not None:
            self._end_in_hand(contact, at_us)

    def callback_dialing(self, event: e.CallbackDialing, at_us: int) -> None:
        """The customer is called before any agent is asked."""
        contact = self.open.get(event.interaction)
        if contact is not None:
            for tally in self._slices.of(contact.channel, contact.account, contact.queue):
                tally.callbacks_dialed += 1

    def callback_answered(self, event: e.CallbackAnswered, at_us: int) -> None:
        """The customer was reached. Who was called before any agent is on the line from now on, and waits."""
        contact = self.open.get(event.interaction)
        if contact is None:
            return
        for tally in self._slices.of(contact.channel, contact.account, contact.queue):
            tally.callbacks_answered += 1
        if event.agent is None:
            contact.is_callback, contact.live, contact.was_called = False, True, True

    def callback_exhausted(self, event: e.CallbackExhausted, at_us: int) -> None:
        """The customer was never reached."""
        contact = self.open.get(event.interaction)
        if contact is not None:
            for tally in self._slices.of(contact.channel, contact.account, contact.queue):
                tally.callbacks_failed += 1

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """It waits: for the first time, still (an offer came to nothing), or again."""
        contact = self.open.get(event.interaction)
        if contact is None or contact.waiting_from_us is not None:
            return
        self._end_in_hand(contact, at_us)
        contact.queue = event.queue
        if contact.is_callback:
            return
        if contact.was_answered:
            contact.waiting_from_us = at_us
            contact.counted = self._slices.of_queue(event.queue)
        else:
            contact.waiting_from_us = min(event.start_us, at_us)
            contact.counted = self._slices.of(contact.channel, contact.account, event.queue)
        for tally in contact.counted:
            tally.queued += 1
        contact.counted[-1].customers.add(event.customer)

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """An agent answered."""
        contact = self.open.get(event.interaction)
        if contact is None:
            return
        contact.is_with_bot = event.agent in self._bots
        if not contact.is_callback:
            self._answered(contact, at_us, is_connected=True)
        contact.in_hand = InHand(event.agent, self._workload, at_us)

    def _answered(self, contact: Open, at_us: int, *, is_connected: bool) -> None:
        assert contact.waiting_from_us is not None  # only what waits is answered
        from_us = contact.waiting_from_us
        wait_us = max(0, at_us - from_us)
        target = self._targets.get(contact.queue, _DEFAULT)
        if not is_connected:
            contact.answered = Answered(contact.counted, target[1], from_us, wait_us, at_us >= from_us)
        for tally in contact.counted:
            tally.answered += 1
            tally.elsewhere += not is_connected
            tally.by_bots += is_connected and contact.is_with_bot
            tally.in_time += wait_us <= target[1]
            tally.targets.add(target)
            tally.wait.add(wait_us)
        if is_connected and contact.is_with_bot:
            contact.waiting_from_us = None
            if contact.live and not contact.was_answered:
                contact.first_us, contact.owed = from_us, contact.counted
        else:
            first_us = from_us if contact.owed is None or contact.first_us is None else contact.first_us
            self._over(contact, is_accessible=is_connected and at_us - first_us <= _ACCESSIBLE_US)
        contact.was_answered = True

    def _over(self, contact: Open, *, is_accessible: bool) -> None:
        """A wait is over; the first one on a live channel counts for accessibility."""
        contact.waiting_from_us = None
        counted = contact.counted if not contact.was_answered else contact.owed or ()
        contact.owed = None
        if contact.live:
            for tally in counted:
                tally.live += 1
                tally.connected += is_accessible

    def held(self, event: e.InteractionHeld, at_us: int) -> None:
        """The customer is on hold."""
        self._enter(event.interaction, "hold", at_us)

    def retrieved(self, event: e.InteractionRetrieved, at_us: int) -> None:
        """The customer is back."""
        self._enter(event.interaction, "talk", at_us)

    def interrupted(self, event: e.InteractionInterrupted, at_us: int) -> None:
        """The agent sees to something else: the customer waits, as on hold."""
        self._enter(event.interaction, "hold", at_us)

    def parked(self, event: e.InteractionParked, at_us: int) -> None:
        """The agent is gone: nobody's time goes into it."""
        contact = self.open.get(event.interaction)
        if contact is not None and contact.in_hand is not None:
            contact.in_hand.park(at_us)

    def resumed(self, event: e.InteractionResumed, at_us: int) -> None:
        """The agent is back."""
        self._enter(event.interaction, "talk", at_us)

    def _enter(self, interaction: str, phase: str, at_us: int) -> None:
        contact = self.open.get(interaction)
        if contact is not None and contact.in_hand is not None:
            contact.in_hand.enter(phase, at_us)

    def transferred(self, event: e.InteractionTransferred, at_us: int) -> None:
        """The agent hands it over; that it waits again follows."""
        contact = self.open.get(event.interaction)
        if contact is not None:
            contact.is_transferred = contact.was_transferred = True

    def handed_over(self, event: e.InteractionHandedOver, at_us: int) -> None:
        """The bot leaves it to people; that it waits again follows."""
        contact = self.open.get(event.interaction)
        if contact is not None:
            contact.was_handed_over = True
            self._slices.of_queue(contact.queue)[0].handed_over += 1

    def transfer_completed(self, event: e.TransferCompleted, at_us: int) -> None:
        """Another agent has it, without a wait."""
        contact = self.open.get(event.interaction)
        if contact is None:
            return
        if not contact.is_with_bot:
            contact.is_transferred = contact.was_transferred = True
        self._end_in_hand(contact, at_us)
        contact.is_with_bot = event.to in self._bots
        contact.in_hand = InHand(event.to, self._workload, at_us)

    def segment_started(self, event: e.SegmentWrapUpStarted, at_us: int) -> None:
        """Who has given it away wraps up their part, while it goes on."""
        contact = self.open.get(event.interaction)
        if contact is not None:
            part = InHand(event.agent, self._workload, at_us, "wrap_up")
            self._segments[event.segment] = contact.queue, contact, part

    def segment_ended(self, event: e.SegmentWrapUpEnded, at_us: int) -> None:
        """The time that it took is part of handling the contact, in the queue in which they did."""
        queue, contact, part = self._segments.pop(event.segment, (None, None, None))
        if queue is None or contact is None or part is None:
            return
        spent, is_bot = part.end(at_us), event.agent in self._bots
        tallies = [self._slices.of_queue(queue)[0]]
        if self.open.get(event.interaction) is not contact:  # else it counts once, when the contact is over
            tallies += self._slices.of(contact.channel, contact.account, None)
            self._charge(contact, 0 if is_bot else spent.weighted, contacts=0)
        elif is_bot:
            contact.bot_spent = contact.bot_spent or Spent()
            contact.bot_spent.include(spent)
        else:
            contact.spent = contact.spent or Spent()
            contact.spent.include(spent)
        for tally in tallies:
            (tally.bot_spent if is_bot else tally.spent).include(spent)

    def consulted(self, event: e.ConsultAccepted, at_us: int) -> None:
        """Another agent helps, if they did not come to take it."""
        contact = self.open.get(event.interaction)
        if contact is not None and event.purpose == "consult":
            contact.is_consulted = contact.was_consulted = True

    def finished(self, event: e.InteractionFinished, at_us: int) -> None:
        """Agent and customer have parted; wrap-up follows, or the end."""
        contact = self.open.get(event.interaction)
        if contact is None:
            return
        if event.by == "idle":
            self._end_in_hand(contact, at_us, is_idle=True)
        else:
            self._enter(event.interaction, "wrap_up", at_us)

    def _end_in_hand(self, contact: Open, at_us: int, *, is_idle: bool = False) -> None:
        """The agent is done with it: counts in the queue it came from."""
        if contact.in_hand is None:
            return
        spent = contact.in_hand.end(at_us, is_idle=is_idle)
        tally = self._slices.of_queue(contact.queue)[0]
        if contact.is_with_bot:
            tally.bot_handled += 1
            tally.bot_spent.include(spent)
            contact.bot_spent = contact.bot_spent or Spent()
            contact.bot_spent.include(spent)
            contact.in_hand = None
            return
        tally.handled += 1
        tally.transferred += contact.is_transferred
        tally.consulted += contact.is_consulted
        tally.spent.include(spent)
        if contact.spent is None:
            contact.spent = Spent()
        contact.spent.include(spent)
        contact.in_hand, contact.is_transferred, contact.is_consulted = None, False, False

    def done(self, event: e.InteractionDone, at_us: int) -> None:
        """Over: handled, or answered elsewhere while it waited."""
        contact = self.open.pop(event.interaction, None)
        if contact is None:
            return
        if contact.waiting_from_us is None:
            self._end(contact, at_us)
        elif event.reason == "callback":
            for tally in contact.counted:
                tally.called_back += 1
            self._flowed_out(contact, at_us)
        elif event.reason == "answered_elsewhere":
            replied_us = at_us if contact.replied_us is None else contact.replied_us
            self._answered(contact, replied_us, is_connected=False)
            self._end(contact, at_us)
        else:
            self._flowed_out(contact, at_us)

    def question_linked(self, event: e.QuestionLinked, at_us: int) -> None:
        """It waits for another's answer, and counts no longer: what is asked twice is one question."""
        contact = self.open.get(event.interaction)
        if contact is None or contact.waiting_from_us is None:
            return
        for tally in contact.counted:
            tally.queued -= 1
        contact.waiting_from_us = None

    def question_answered(self, event: e.QuestionAnswered, at_us: int) -> None:
        """Another's answer was its own."""
        contact = self.open.pop(event.interaction, None)
        if contact is None:
            return
        for tally in contact.counted:
            tally.linked += 1
        self._end(contact, at_us)

    def canceled(self, event: e.InteractionCanceled, at_us: int) -> None:
        """It needed nobody any more."""
        contact = self.open.pop(event.interaction, None)
        if contact is None:
            return
        if contact.waiting_from_us is None:
            self._end(contact, at_us)
        else:
            self._flowed_out(contact, at_us)

    def deflected(self, event: e.InteractionDeflected, at_us: int) -> None:
        """It was turned away, before it waited or when its queue closed."""
        contact = self.open.pop(event.interaction, None)
        if contact is None:
            return
        if contact.is_callback:
            self._end(contact, at_us)
            return
        if contact.waiting_from_us is not None:
            for tally in contact.counted:
                tally.turned_away += 1
            self._flowed_out(contact, at_us)
            return
        for tally in self._slices.of(contact.channel, contact.account, event.queue):
            tally.turned_away += 1
            tally.live += 1
        self._end(contact, at_us)

    def _flowed_out(self, contact: Open, at_us: int) -> None:
        for tally in contact.counted:
            tally.flow_outs += 1
        self._over(contact, is_accessible=False)
        self._end(contact, at_us)

    def abandoned(self, event: e.InteractionAbandoned, at_us: int) -> None:
        """The customer left while waiting."""
        contact = self.open.pop(event.interaction, None)
        if contact is None:
            return
        for tally in contact.counted:
            tally.abandoned += 1
            tally.short += event.is_short
            tally.callbacks_abandoned += contact.was_called
        if contact.was_answered:
            for tally in self._slices.of(contact.channel, contact.account, None):
                tally.left_later += 1
        self._over(contact, is_accessible=False)
        self._end(contact, at_us)

    def _end(self, contact: Open, at_us: int) -> None:
        """Nothing more happens; what agents did for it counts now, once, however many they were."""
        self._end_in_hand(contact, at_us)
        self._charge(contact, 0 if contact.spent is None else contact.spent.weighted, contacts=1)
        tallies = self._slices.of(contact.channel, contact.account, None)
        if contact.bot_spent is not None:
            for tally in tallies:
                tally.bot_handled += 1
                tally.handed_over += contact.was_handed_over
                tally.bot_spent.include(contact.bot_spent)
        if contact.spent is None:
            return
        for tally in tallies:
            tally.handled += 1
            tally.transferred += contact.was_transferred
            tally.consulted += contact.was_consulted
            tally.spent.include(contact.spent)

    def _charge(self, contact: Open, weighted: int, *, contacts: int) -> None:
        tallies = self._slices.of(contact.channel, contact.account, contact.queue or None)
        costs = (tally.cost for tally in tallies)
        self._price.charge(costs, contact.channel, self.topic_of(contact.name), weighted, contacts=contacts)

    def touch(self, interaction: str | None, at_us: int) -> str | None:
        """Somebody wrote in this interaction; gives the queue it is of, if it is open."""
        contact = self.open.get(interaction or "")
        if contact is None:
            return None
        if contact.in_hand is not None:
            contact.in_hand.touch(at_us)
        return contact.queue or None

    def replied(self, interaction: str | None, occurred_us: int) -> Open | None:
        """An answer given elsewhere was recorded; gives the contact it was about, if it is open."""
        contact = self.open.get(interaction or "")
        if contact is not None:
            contact.replied(occurred_us)
        return contact

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.PlanChanged: plan_changed,
        e.AgentDefined: agent_defined,
        e.InteractionStarted: started,
        e.CallbackRequested: callback_requested,
        e.CallbackScheduled: callback_scheduled,
        e.CallbackExhausted: callback_exhausted,
        e.CallbackAnswered: callback_answered,
        e.CallbackDialing: callback_dialing,
        e.InteractionQueued: queued,
        e.OfferAccepted: accepted,
        e.InteractionHeld: held,
        e.InteractionInterrupted: interrupted,
        e.InteractionParked: parked,
        e.InteractionResumed: resumed,
        e.InteractionRetrieved: retrieved,
        e.InteractionTransferred: transferred,
        e.ConsultAccepted: consulted,
        e.TransferCompleted: transfer_completed,
        e.InteractionHandedOver: handed_over,
        e.SegmentWrapUpStarted: segment_started,
        e.SegmentWrapUpEnded: segment_ended,
        e.InteractionFinished: finished,
        e.InteractionDone: done,
        e.InteractionCanceled: canceled,
        e.InteractionDeflected: deflected,
        e.QuestionLinked: question_linked,
        e.QuestionAnswered: question_answered,
        e.InteractionAbandoned: abandoned,
    }


def _target(level: ServiceLevel) -> tuple[int, int]:
    return level.percent, microseconds(level.within)


_DEFAULT = _target(ServiceLevel())
