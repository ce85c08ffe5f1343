"""Events: what the engine decided. Past tense, never changed after emission, the only source of state.

`customer` is the record's subject: whose history the event belongs to. Fields marked private are stored apart.
Instants are microseconds since 1970 UTC; the time of the event itself is its record's.
"""

from __future__ import annotations

from orchestra.model.event import Event
from orchestra.model.events.agents import (
    AgentAvailable,
    AgentDefined,
    AgentLost,
    AgentRemoved,
    AgentSignedIn,
    AgentSignedOut,
    AgentWentAway,
    DeviceLost,
    DeviceReturned,
)
from orchestra.model.events.bots import InteractionHandedOver
from orchestra.model.events.callbacks import (
    CallbackAnswered,
    CallbackExhausted,
    CallbackFailed,
    CallbackRequested,
    CallbackScheduled,
)
from orchestra.model.events.cases import (
    CaseClosed,
    CaseOpened,
    CaseOwnerChanged,
    CaseQueueChanged,
    CaseReopened,
    CaseResolved,
    CaseResumed,
    CaseWaiting,
    FieldsSet,
    RefAdded,
)
from orchestra.model.events.contacts import (
    ContactTaken,
    ConversationStarted,
    CustomerAdded,
    InteractionAbandoned,
    InteractionAttached,
    InteractionCanceled,
    InteractionDeflected,
    InteractionDone,
    InteractionFinished,
    InteractionHeld,
    InteractionInterrupted,
    InteractionQueued,
    InteractionResumed,
    InteractionRetrieved,
    InteractionStarted,
    InteractionTransferred,
    MessageReceived,
    MessageWritten,
    ParticipantJoined,
    ReplyRecorded,
)
from orchestra.model.events.definition import PlanChanged
from orchestra.model.events.deliveries import (
    DeliveriesResumed,
    DeliveryAccepted,
    DeliveryCanceled,
    DeliveryExpired,
    DeliveryFailed,
    DeliveryHeld,
    DeliveryPermitted,
    DeliveryPlanned,
    DeliveryRetried,
    DeliveryStarted,
    DeliveryUnknown,
    ReceiptKept,
    ReceiptRecorded,
    SendingStarted,
    SendingStopped,
)
from orchestra.model.events.hours import QueueCleared, QueueClosed, QueueOpened
from orchestra.model.events.logs import LogTaken
from orchestra.model.events.offers import (
    AgentRested,
    GateOpened,
    OfferAccepted,
    OfferConnecting,
    OfferEnded,
    OfferMade,
    RingWidened,
    RoutingExhausted,
    RoutingRetried,
    RoutingSwept,
    StepEntered,
)
from orchestra.model.events.targets import ConnectAtRisk, ConnectBreached, LongWaitForeseen
from orchestra.model.events.work import WorkItemOpened

__all__ = [
    "EVENTS",
    "AgentAvailable",
    "AgentDefined",
    "AgentLost",
    "AgentRemoved",
    "AgentRested",
    "AgentSignedIn",
    "AgentSignedOut",
    "AgentWentAway",
    "CallbackAnswered",
    "CallbackExhausted",
    "CallbackFailed",
    "CallbackRequested",
    "CallbackScheduled",
    "CaseClosed",
    "CaseOpened",
    "CaseOwnerChanged",
    "CaseQueueChanged",
    "CaseReopened",
    "CaseResolved",
    "CaseResumed",
    "CaseWaiting",
    "ConnectAtRisk",
    "ConnectBreached",
    "ContactTaken",
    "ConversationStarted",
    "CustomerAdded",
    "DeliveriesResumed",
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
    "GateOpened",
    "InteractionAbandoned",
    "InteractionAttached",
    "InteractionCanceled",
    "InteractionDeflected",
    "InteractionDone",
    "InteractionFinished",
    "InteractionHandedOver",
    "InteractionHeld",
    "InteractionInterrupted",
    "InteractionQueued",
    "InteractionResumed",
    "InteractionRetrieved",
    "InteractionStarted",
    "InteractionTransferred",
    "LogTaken",
    "LongWaitForeseen",
    "MessageReceived",
    "MessageWritten",
    "OfferAccepted",
    "OfferConnecting",
    "OfferEnded",
    "OfferMade",
    "ParticipantJoined",
    "PlanChanged",
    "QueueCleared",
    "QueueClosed",
    "QueueOpened",
    "ReceiptKept",
    "ReceiptRecorded",
    "RefAdded",
    "ReplyRecorded",
    "RingWidened",
    "RoutingExhausted",
    "RoutingRetried",
    "RoutingSwept",
    "SendingStarted",
    "SendingStopped",
    "StepEntered",
    "WorkItemOpened",
]

EVENTS: dict[str, type[Event]] = {
    name: kind
    for name, kind in sorted(globals().items())
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}
"""Name -> class, every event there is, by name."""
