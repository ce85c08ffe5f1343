"""Events: contacts."""

from __future__ import annotations

import attrs

from orchestra.model.attachments import FileData
from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = [
    "ContactTaken",
    "ConversationStarted",
    "CustomerFellSilent",
    "InteractionAbandoned",
    "InteractionAttached",
    "InteractionCanceled",
    "InteractionDeflected",
    "InteractionDone",
    "InteractionFinished",
    "InteractionHeld",
    "InteractionInterrupted",
    "InteractionParked",
    "InteractionQueued",
    "InteractionResumed",
    "InteractionRetrieved",
    "InteractionStarted",
    "InteractionTransferred",
    "MessageReceived",
    "MessageWritten",
    "ReplyRecorded",
]


@attrs.define
class ConversationStarted(Event):
    """A customer and one of our accounts talk for the first time under this thread.

    `thread` is a hash of the provider's key, which is `value`. Where the provider has no threads it begins with `@`.
    `address` is the hashed address of the customer's that is written to.
    """

    conversation: str
    customer: str
    channel: str
    account: str
    thread: str
    address: str
    value: str | None = private()


@attrs.define
class InteractionStarted(Event):
    """A customer made contact, or work on their matter was asked for, which is part of no conversation.

    The last fields are what was told of where it belongs and who can serve it.
    """

    interaction: str
    customer: str
    channel: str
    account: str
    conversation: str | None
    live: bool
    occurred_us: int
    reply_case: str | None = None
    case_number: str | None = None
    topic: str | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    agent: str | None = None
    invitation: str | None = None


@attrs.define
class InteractionAttached(Event):
    """The interaction belongs to this case; `by` says what told so."""

    interaction: str
    case: str
    customer: str
    by: str


@attrs.define
class ContactTaken(Event):
    """A contact without text came in under the provider's id `contact_id`, which is taken once."""

    interaction: str
    case: str
    customer: str
    channel: str
    account: str
    contact_id: str


@attrs.define
class MessageReceived(Event):
    """A message came in; `customer` is its writer, `number` its place in the conversation.

    `choice` is the id of what they picked of what we offered, None where they wrote. `media` are the files that came
    with it. `reply_to` is the provider's id of the message that it answers, `sequence` the provider's own number of it
    in the conversation.
    """

    message: str
    interaction: str
    case: str
    customer: str
    channel: str
    account: str
    message_id: str
    conversation: str
    number: int
    occurred_us: int
    text: str | None = private()
    choice: str | None = None
    media: list[FileData] | None = private()
    reply_to: str | None = None
    sequence: int | None = None


@attrs.define
class MessageWritten(Event):
    """An agent or the company wrote a message; its delivery is planned.

    `title` stands above it where the channel has one, as the subject of a mail does. `medium` is how it is read, `html`
    or `markdown`; None for as it stands. `choices` are what the customer can pick from, each an id and a label. `media`
    is the file that goes with it, which may be all that it says. `template` stands for it where the channel lets no
    free words pass: name, language and parameters of what its provider has approved. `answers` is the message that it
    answers; where others can read along, it is for its writer alone if it is for `only_them`.
    """

    message: str
    case: str
    customer: str
    conversation: str
    number: int
    interaction: str | None = None
    agent: str | None = None
    text: str | None = private()
    title: str | None = private()
    medium: str | None = None
    choices: list[list[str]] | None = private()
    media: list[FileData] | None = private()
    template: list[str] | None = private()
    answers: str | None = None
    only_them: bool | None = None


@attrs.define
class ReplyRecorded(Event):
    """An answer given outside of this library was recorded; with `resolve` it settled the case.

    `customer` is whom it was for: the case's customer or a participant.
    """

    message: str
    case: str
    customer: str
    channel: str
    account: str
    message_id: str
    conversation: str
    number: int
    occurred_us: int
    resolve: bool
    interaction: str | None = None
    agent: str | None = None
    disposition: str | None = None
    text: str | None = private()
    media: list[FileData] | None = private()


@attrs.define
class InteractionQueued(Event):
    """The interaction waits; `reason` is arrived, overflowed, transferred, or why an offer or an agent was lost.

    Rank in the queue is (tier, start_us - priority minutes, order), least first.

    Attributes:
        agent: who knows the customer, for steps that ask for them.
        at_front: whether it goes before all others of the queue.
        first: of a callback that has not reached its customer, who is to be on the line first: `agent` or `customer`.
        place_of: whose place in the queue it takes, where that was left a moment ago.
    """

    interaction: str
    customer: str
    queue: str
    channel: str
    skills: dict[str, int]
    priority: int
    start_us: int
    order: int
    reason: str
    agent: str | None = None
    at_front: bool = False
    first: str | None = None
    place_of: str | None = None


@attrs.define
class InteractionHeld(Event):
    """The customer is on hold."""

    interaction: str
    customer: str
    agent: str


@attrs.define
class InteractionRetrieved(Event):
    """The customer is back from hold."""

    interaction: str
    customer: str
    agent: str


@attrs.define
class InteractionTransferred(Event):
    """An agent handed the interaction back to a queue, where these skills are required besides the queue's own."""

    interaction: str
    customer: str
    agent: str
    queue: str
    skills: dict[str, int]


@attrs.define
class InteractionInterrupted(Event):
    """The agent puts it aside for another interaction; it stays theirs, and takes none of their capacity."""

    interaction: str
    customer: str
    agent: str
    by: str


@attrs.define
class InteractionParked(Event):
    """The agent is gone; it stays theirs until `until_us`, or until the customer writes, and then waits for anybody."""

    interaction: str
    customer: str
    agent: str
    until_us: int


@attrs.define
class InteractionResumed(Event):
    """The agent goes on with what was put aside, or parked while they were gone."""

    interaction: str
    customer: str
    agent: str


@attrs.define
class CustomerFellSilent(Event):
    """A customer who has been answered has written nothing for as long as the channel says.

    Until they write, the interaction takes `weight_percent` of its agent's budget.
    """

    interaction: str
    customer: str
    agent: str
    weight_percent: int


@attrs.define
class InteractionFinished(Event):
    """The contact between agent and customer is over; `by` says who ended it.

    `wrap_up` says how wrap-up ends, None if there is none. It lasts to `wrap_up_until_us` at most, if that is set.
    """

    interaction: str
    customer: str
    agent: str
    by: str
    disposition: str | None = None
    wrap_up_until_us: int | None = None
    wrap_up: str | None = None


@attrs.define
class InteractionDone(Event):
    """Nothing more happens in this interaction."""

    interaction: str
    customer: str
    reason: str
    agent: str | None = None
    disposition: str | None = None


@attrs.define
class InteractionAbandoned(Event):
    """The customer left before an agent answered; `is_short` by the channel's measure."""

    interaction: str
    customer: str
    waited_us: int
    is_short: bool


@attrs.define
class InteractionDeflected(Event):
    """A live contact was turned away by its queue, which was `full` or `closed`."""

    interaction: str
    customer: str
    queue: str
    reason: str


@attrs.define
class InteractionCanceled(Event):
    """The interaction needed nobody any more."""

    interaction: str
    customer: str
    reason: str
