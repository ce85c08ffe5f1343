"""Events: what the engine decided. Past tense, never changed after emission, the only source of state.

`customer` is the record's subject: whose history the event belongs to. Fields marked private are stored apart.
Instants are microseconds since 1970 UTC; the time of the event itself is its record's.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.model.plan import Plan
from orchestra.model.private import private

__all__ = [
    "EVENTS",
    "AgentAvailable",
    "AgentDefined",
    "AgentLost",
    "AgentRemoved",
    "AgentSignedIn",
    "AgentSignedOut",
    "AgentWentAway",
    "CaseClosed",
    "CaseOpened",
    "CaseOwnerChanged",
    "CaseReopened",
    "CaseResolved",
    "CaseResumed",
    "CaseWaiting",
    "ContactTaken",
    "ConversationStarted",
    "CustomerAdded",
    "DeliveryAccepted",
    "DeliveryCanceled",
    "DeliveryExpired",
    "DeliveryFailed",
    "DeliveryHeld",
    "DeliveryPermitted",
    "DeliveryPlanned",
    "DeliveryRetried",
    "DeliveryStarted",
    "DeliveryUnknown",
    "DeviceLost",
    "DeviceReturned",
    "Event",
    "FieldsSet",
    "InteractionAbandoned",
    "InteractionAttached",
    "InteractionCanceled",
    "InteractionDone",
    "InteractionFinished",
    "InteractionHeld",
    "InteractionQueued",
    "InteractionRetrieved",
    "InteractionStarted",
    "InteractionTransferred",
    "LogTaken",
    "MessageReceived",
    "MessageWritten",
    "OfferAccepted",
    "OfferEnded",
    "OfferMade",
    "ParticipantJoined",
    "PlanChanged",
    "ReceiptKept",
    "ReceiptRecorded",
    "RefAdded",
    "ReplyRecorded",
    "RoutingExhausted",
    "RoutingRetried",
    "RoutingSwept",
    "SendingStarted",
    "SendingStopped",
]


@attrs.define
class Event:
    """Something that the engine decided."""

    version: ClassVar[int] = 1


# Definition


@attrs.define
class PlanChanged(Event):
    """Another plan is in force from here on. `key_check` recognises the workspace's key without telling it."""

    plan: Plan
    digest: str
    zone_data: str
    key_check: str


# Agents


@attrs.define
class AgentDefined(Event):
    """An agent exists, or has another profile. `source` is `plan` or `command`."""

    agent: str
    teams: list[str]
    skills: dict[str, int]
    roles: list[str]
    capacity_percent: int
    source: str
    name: str | None = private()


@attrs.define
class AgentRemoved(Event):
    """An agent is no longer known."""

    agent: str


@attrs.define
class AgentSignedIn(Event):
    """An agent began to work, or added a device; `takes_work` unless they are away."""

    agent: str
    device: str
    takes_work: bool


@attrs.define
class AgentSignedOut(Event):
    """An agent stopped working."""

    agent: str
    reason: str


@attrs.define
class AgentWentAway(Event):
    """An agent takes no new work."""

    agent: str
    reason: str


@attrs.define
class AgentAvailable(Event):
    """An agent takes new work again, as soon as a device answers (`takes_work` if one does)."""

    agent: str
    takes_work: bool


@attrs.define
class DeviceLost(Event):
    """A device no longer answers. With the last one, the grace ends at `grace_until_us`."""

    agent: str
    device: str
    grace_until_us: int | None


@attrs.define
class DeviceReturned(Event):
    """A lost device answers again; `takes_work` unless its agent is away."""

    agent: str
    device: str
    takes_work: bool


@attrs.define
class AgentLost(Event):
    """All of an agent's devices stayed silent over the grace: the agent is offline."""

    agent: str


# Contacts


@attrs.define
class CustomerAdded(Event):
    """An address that nobody had used before: a provisional customer."""

    customer: str
    kind: str
    address: str
    value: str | None = private()
    name: str | None = private()


@attrs.define
class ConversationStarted(Event):
    """A customer and one of our accounts talk for the first time under this thread (provider's key, or `@address`)."""

    conversation: str
    customer: str
    channel: str
    account: str
    thread: str


@attrs.define
class InteractionStarted(Event):
    """A customer made contact. The last fields are what the contact told about where it belongs and who can serve it."""

    interaction: str
    customer: str
    channel: str
    account: str
    conversation: str
    live: bool
    occurred_us: int
    reply_case: str | None = None
    case_number: str | None = None
    topic: str | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0


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
class ParticipantJoined(Event):
    """Somebody other than the case's customer wrote in it; `customer` is the case's, `participant` the other."""

    case: str
    customer: str
    participant: str
    interaction: str


@attrs.define
class MessageReceived(Event):
    """A message came in; `customer` is its writer, `number` its place in the conversation."""

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


@attrs.define
class MessageWritten(Event):
    """An agent or the company wrote a message; its delivery is planned."""

    message: str
    case: str
    customer: str
    conversation: str
    number: int
    interaction: str | None = None
    agent: str | None = None
    text: str | None = private()


@attrs.define
class ReplyRecorded(Event):
    """An answer given outside of this library was recorded; with `resolve` it settled the case."""

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


@attrs.define
class InteractionQueued(Event):
    """The interaction waits; `reason` is arrived, transferred, or why an offer or an agent was lost.

    Rank in the queue is (start_us - priority minutes, order), least first.
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
class InteractionFinished(Event):
    """The contact between agent and customer is over; `by` says who ended it. Wrap-up lasts to `wrap_up_until_us`."""

    interaction: str
    customer: str
    agent: str
    by: str
    disposition: str | None = None
    wrap_up_until_us: int | None = None


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
class InteractionCanceled(Event):
    """The interaction needed nobody any more."""

    interaction: str
    customer: str
    reason: str


# Offers


@attrs.define
class OfferMade(Event):
    """Capacity of an agent is held for an interaction.

    Attributes:
        token: rises with every offer; an answer must carry it.
        weight_percent: the share of the agent's budget that is held.
        key: why this agent: what was compared, least first, ending in the agent's id.
        runners_up: the next agents' keys, at most five.
        failed: condition -> number of agents who did not meet it.
    """

    offer: str
    interaction: str
    customer: str
    agent: str
    queue: str
    channel: str
    token: int
    weight_percent: int
    deadline_us: int
    key: list[int | str]
    runners_up: list[list[int | str]]
    failed: dict[str, int]


@attrs.define
class OfferAccepted(Event):
    """The agent takes the interaction."""

    offer: str
    interaction: str
    customer: str
    agent: str


@attrs.define
class OfferEnded(Event):
    """The offer ended without an answer to the customer; `outcome` is the offer's final state."""

    offer: str
    interaction: str
    customer: str
    agent: str
    outcome: str
    reason: str | None = None


@attrs.define
class RoutingExhausted(Event):
    """All who could take it have declined or missed it; they are asked again from `retry_us` on."""

    interaction: str
    customer: str
    queue: str
    retry_us: int


@attrs.define
class RoutingRetried(Event):
    """Nobody is excluded from this interaction any more."""

    interaction: str
    customer: str


@attrs.define
class RoutingSwept(Event):
    """After a plan change, these agents were offered what they can now take."""

    agents: list[str]


# Cases


@attrs.define
class CaseOpened(Event):
    """A matter of one customer, with its first accountable owner. `conversation` is where it came up, if in one."""

    case: str
    number: str
    customer: str
    owner_kind: str
    owner: str
    queue: str
    topic: str | None = None
    conversation: str | None = None


@attrs.define
class CaseOwnerChanged(Event):
    """Another agent or team is accountable."""

    case: str
    customer: str
    owner_kind: str
    owner: str
    reason: str


@attrs.define
class CaseWaiting(Event):
    """The case waits on the customer or a third party."""

    case: str
    customer: str
    on: str
    reason: str | None = None


@attrs.define
class CaseResumed(Event):
    """The case no longer waits."""

    case: str
    customer: str
    reason: str


@attrs.define
class CaseResolved(Event):
    """The matter is settled; it closes at `close_us` unless the customer comes back."""

    case: str
    customer: str
    disposition: str | None = None
    close_us: int | None = None


@attrs.define
class CaseReopened(Event):
    """The matter was not settled after all."""

    case: str
    customer: str
    reason: str


@attrs.define
class CaseClosed(Event):
    """The case is filed."""

    case: str
    customer: str
    reason: str


@attrs.define
class RefAdded(Event):
    """A customer, case or interaction can be addressed by the application's own key."""

    target: str
    ref: str
    customer: str


@attrs.define
class FieldsSet(Event):
    """Typed fields of a customer, case or interaction changed; None removes."""

    target: str
    fields: dict[str, str | int | bool | None]
    customer: str


# Deliveries


@attrs.define
class DeliveryPlanned(Event):
    """A message is to be sent. `body` is the position of the event that holds its text."""

    delivery: str
    key: str
    message: str
    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    topic: str
    body: int
    expires_us: int
    interaction: str | None = None
    digest: str | None = None


@attrs.define
class DeliveryPermitted(Event):
    """The attempt may leave until the permit runs out."""

    delivery: str
    customer: str
    attempt: int
    until_us: int


@attrs.define
class DeliveryStarted(Event):
    """The attempt leaves now: from here on the provider may have it."""

    delivery: str
    customer: str
    attempt: int
    epoch: int


@attrs.define
class DeliveryAccepted(Event):
    """The provider took it, under these ids of its own."""

    delivery: str
    customer: str
    attempt: int
    provider_ids: list[str]


@attrs.define
class DeliveryRetried(Event):
    """The attempt did not succeed or its permit ran out; the next is due at `next_us`."""

    delivery: str
    customer: str
    attempt: int
    next_us: int
    code: str | None = None


@attrs.define
class DeliveryFailed(Event):
    """It will not be tried again."""

    delivery: str
    customer: str
    attempt: int
    code: str | None = None


@attrs.define
class DeliveryUnknown(Event):
    """Nobody knows whether the provider took it, and it cannot be repeated safely."""

    delivery: str
    customer: str
    attempt: int
    code: str | None = None


@attrs.define
class DeliveryHeld(Event):
    """An operator's stop keeps it until sending of its scope starts again."""

    delivery: str
    customer: str


@attrs.define
class DeliveryExpired(Event):
    """Its time passed before it could leave."""

    delivery: str
    customer: str


@attrs.define
class DeliveryCanceled(Event):
    """It was called back before it left."""

    delivery: str
    customer: str
    reason: str


@attrs.define
class ReceiptRecorded(Event):
    """The provider told what became of it; `conflicts` if that contradicts what was known."""

    delivery: str
    customer: str
    receipt: str
    occurred_us: int
    conflicts: bool
    code: str | None = None
    early_key: str | None = None


@attrs.define
class ReceiptKept(Event):
    """A receipt came before the provider's answer did; it counts as soon as the message is known."""

    channel: str
    account: str
    provider_id: str
    receipt: str
    occurred_us: int
    code: str | None = None


@attrs.define
class SendingStopped(Event):
    """Nothing of this scope leaves until started again."""

    channel: str | None
    topic: str | None
    reason: str


@attrs.define
class SendingStarted(Event):
    """The stop of this scope is lifted."""

    channel: str | None
    topic: str | None


# Contact logs


@attrs.define
class LogTaken(Event):
    """A contact log's prefix is in the journal; counts are over the whole prefix."""

    sha256: str
    lines: int
    rejected: int
    duplicates: int
    previous: str | None


EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in Event.__subclasses__()}
"""Name -> class, every event there is."""
