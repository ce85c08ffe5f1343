"""What commands answer: small values that survive the journey through an inbox."""

from __future__ import annotations

from datetime import datetime

import attrs

from orchestra.model.instants import instant

__all__ = [
    "Accepted",
    "ActionAsked",
    "CallStanding",
    "CaseRef",
    "Consulted",
    "Consulting",
    "ConsultingQueue",
    "Dialed",
    "Erased",
    "Invited",
    "Linked",
    "OfferedHandOff",
    "Promised",
    "Received",
    "RequestedCallback",
    "Stated",
    "TakesPart",
    "WorkOpened",
    "Written",
]


@attrs.frozen
class CaseRef:
    """A case as callers name it: its `id` for commands, its `number` for people."""

    id: str
    number: str


@attrs.frozen
class CallStanding:
    """What a call is to do now.

    Attributes:
        verb: `wait`, `hold`, `join` its agent, `listen` to a bot, `hang_up`; None if nobody knows the call.
        interaction: its id.
        reason: why to hang up: `closed`, `callback`, or another word.
        position: how many of its queue go before it while it waits.
        wait_us: the estimated wait, microseconds; None if that is not known.
        is_due: something is on its way to it that has not left yet, or a bot is about to speak.
    """

    verb: str | None = None
    interaction: str | None = None
    reason: str | None = None
    position: int | None = None
    wait_us: int | None = None
    is_due: bool = False


@attrs.frozen
class ActionAsked:
    """One of the application's own actions is to be done, or was asked for before.

    Attributes:
        id: of the request.
        duplicate: True if it had been asked for under this key before; nothing changed then.
    """

    id: str
    duplicate: bool = False


@attrs.frozen
class Invited:
    """A customer was invited to another channel: the invitation, and the message and the delivery that tell them."""

    id: str
    message: str
    delivery: str


@attrs.frozen
class Promised:
    """A customer was promised something, or told another time.

    Attributes:
        promise: its id.
        what: a stage of the case, `resolution` or `update`: where nothing could be foreseen, it is the next update.
        earliest_us: not before when, microseconds UTC.
        due_us: by when.
        duplicate: True if they had been told the same before; nothing changed then.
    """

    promise: str
    what: str
    earliest_us: int
    due_us: int
    duplicate: bool = False

    @property
    def earliest(self) -> datetime:
        """Not before when."""
        return instant(self.earliest_us)

    @property
    def due(self) -> datetime:
        """By when."""
        return instant(self.due_us)


@attrs.frozen
class Received:
    """A contact, or an answer given elsewhere, was taken, or had been taken before.

    Attributes:
        interaction: the one it belongs to; None for an answer that belongs to none.
        duplicate: True if this (channel, account, id) had been taken before; nothing changed then.
        message: id of the message; None for a contact without text.
    """

    customer: str
    interaction: str | None
    case: CaseRef
    message: str | None = None
    duplicate: bool = False


@attrs.frozen
class Accepted:
    """An offer was accepted: this agent now handles the interaction, or will once they are connected.

    Attributes:
        is_connecting: whether the channel has yet to connect agent and customer.
    """

    offer: str
    interaction: str
    case: CaseRef
    customer: str
    is_connecting: bool = False


@attrs.frozen
class WorkOpened:
    """A work item was opened, or had been opened before.

    Attributes:
        duplicate: True if this (channel, key) had been opened before; nothing changed then.
    """

    interaction: str
    case: CaseRef
    customer: str
    duplicate: bool = False


@attrs.frozen
class OfferedHandOff:
    """A case is offered to a team or an agent.

    Attributes:
        hand_off: id to answer it by, or to withdraw it.
        until_us: whoever is asked has until then, microseconds UTC.
    """

    hand_off: str
    case: CaseRef
    until_us: int


@attrs.frozen
class Stated:
    """A commitment was made or a fact told, or had been before.

    Attributes:
        statement: its id.
        conflict: the open conflict in which it stands; None if nothing contradicts it, or that is settled.
        holds: False if something else was settled to hold, at once.
        duplicate: True if the same speaker had said so before; nothing changed then.
    """

    statement: str
    conflict: str | None = None
    holds: bool = True
    duplicate: bool = False


@attrs.frozen
class Consulting:
    """Another agent is asked for help.

    Attributes:
        token: proves that an answer is to this very consult.
        weight_percent: the share of their budget that is held.
        deadline_us: an answer at or after it is too late.
    """

    consult: str
    token: int
    weight_percent: int
    deadline_us: int


@attrs.frozen
class ConsultingQueue:
    """A queue is asked for help.

    Attributes:
        queue: where the consult waits; another one than was asked if that one overflows.
    """

    consult: str
    queue: str


@attrs.frozen
class Consulted:
    """An agent takes part in another one's interaction, or will once they are connected.

    Attributes:
        agent: who asked them.
        is_connecting: whether the channel has yet to connect them.
    """

    consult: str
    interaction: str
    case: CaseRef
    customer: str
    agent: str
    is_connecting: bool = False


@attrs.frozen
class Written:
    """A message was written and its delivery planned."""

    message: str
    delivery: str


@attrs.frozen
class RequestedCallback:
    """What became of asking for a callback.

    Attributes:
        interaction: id of the callback.
        due_us: its time, microseconds UTC; None if it queues already.
        is_new: False if the customer had one in this case already, which is this.
    """

    interaction: str
    due_us: int | None
    is_new: bool
    case: CaseRef
    customer: str


@attrs.frozen
class Dialed:
    """What follows from what became of calling a customer.

    Attributes:
        waits: whether the customer is on the line and waits for an agent. If they answered and do not, their queue has
            closed meanwhile: they are called again when it opens, and are to be told.
        due_us: when they are dialled again, microseconds UTC; None if that is not a matter of time, or never.
    """

    waits: bool
    due_us: int | None = None


@attrs.frozen
class Linked:
    """What became of noting that ids or addresses are one person's.

    Attributes:
        customer: the id that stands for the person.
        outcome: `merged` or `linked`: they are one from now on; `known`: they were already; `split`: they are no more;
            `suggested`: people are to look; `ignored`: it is too unsure; `kept_apart`: people have said they are not.
        link: names the merge for `SplitCustomers`; None if there was none.
    """

    customer: str
    outcome: str
    link: str | None = None


@attrs.frozen
class Erased:
    """A customer is to be forgotten.

    Attributes:
        ids: all their ids.
        position: where the journal stood; each id's `ErasureDone` follows it.
    """

    ids: list[str]
    position: int


@attrs.frozen
class TakesPart:
    """Somebody has a part in a case.

    Attributes:
        customer: the id that stands for them.
        case: the case's id.
    """

    customer: str
    case: str
