"""Commands: what anyone may ask of the engine. Imperative names, plain values, checked against the actor's roles.

Ids are those that results and events gave; wherever a case, customer or interaction id stands, a `Ref` may stand.
Instants are microseconds since 1970 UTC. `actor` is `kind:name`; without one it is the agent the command names, or the
kind that the command is for.
"""

from __future__ import annotations

from orchestra.model.command import Command
from orchestra.model.commands.actions import (
    CancelAction,
    RecordAction,
    RecoverAction,
    RequestAction,
    StartAction,
)
from orchestra.model.commands.agents import (
    DefineAgent,
    LoseDevice,
    RemoveAgent,
    ReturnDevice,
    SetAvailable,
    SetAway,
    SignIn,
    SignOut,
)
from orchestra.model.commands.bots import HandOver
from orchestra.model.commands.callbacks import (
    CancelCallback,
    ReportCallback,
    ReportDialing,
    RequestCallback,
    RescheduleCallback,
    ScheduleCallback,
)
from orchestra.model.commands.calls import AskCall, PressKeys, ReportLeg
from orchestra.model.commands.cases import (
    AcceptCaseSuggestion,
    AddRef,
    AssignCase,
    CloseCase,
    DismissCaseSuggestion,
    MergeCases,
    MoveInteraction,
    OpenCase,
    ReopenCase,
    ResolveCase,
    ResumeCase,
    SetCaseWaiting,
    SetFields,
    SplitCase,
    UnmergeCase,
)
from orchestra.model.commands.clocks import (
    PauseClock,
    ResumeClock,
)
from orchestra.model.commands.commitments import MakeCommitment, ReportFact, SettleConflict, WithdrawCommitment
from orchestra.model.commands.consults import (
    AcceptConsult,
    AskConsult,
    CompleteTransfer,
    ConsultQueue,
    DeclineConsult,
    EndConsult,
    LeaveConsult,
    MergeConsult,
    TransferToAgent,
)
from orchestra.model.commands.contacts import (
    CancelInteraction,
    EndCall,
    FinishInteraction,
    FinishWrapUp,
    HoldInteraction,
    LeaveContact,
    ReceiveContact,
    ReceiveMessage,
    RecordReply,
    RetrieveInteraction,
    TransferInteraction,
    WriteReply,
)
from orchestra.model.commands.definition import ChangePlan
from orchestra.model.commands.deliveries import (
    CancelDelivery,
    CorrectMessage,
    RecordOutcome,
    RecordReceipt,
    RecoverDelivery,
    ResumeDeliveries,
    SendMessage,
    SendReaction,
    StartDelivery,
    StartSending,
    StopSending,
    TakeBackMessage,
    TellNow,
)
from orchestra.model.commands.engagements import LinkQuestion, UnlinkQuestion
from orchestra.model.commands.facts import TellFact
from orchestra.model.commands.findings import AcknowledgeFinding, RaiseFinding
from orchestra.model.commands.hours import CloseQueue, OpenQueue
from orchestra.model.commands.identity import (
    ConfirmAddress,
    DismissMerge,
    EraseCustomer,
    LinkAddress,
    MergeCustomers,
    RecordConsent,
    RecordErasure,
    SetPreferences,
    SettleTriage,
    SplitCustomers,
    UnlinkAddress,
    VerifyContact,
)
from orchestra.model.commands.imports import BeginImport, ImportCase, ImportCustomer, ImportMessage, ImportStatus
from orchestra.model.commands.incidents import (
    ApproveIncidentText,
    CloseIncident,
    FlagIncidentCase,
    LinkMatching,
    LinkToIncident,
    OpenIncident,
    UnlinkFromIncident,
    UpdateIncident,
)
from orchestra.model.commands.invitations import InviteToChannel, WithdrawInvitation
from orchestra.model.commands.logs import MarkLog
from orchestra.model.commands.notices import CancelNotice, PlanNotice, SetNoticePreference
from orchestra.model.commands.offers import (
    AcceptOffer,
    ConfirmConnected,
    DeclineOffer,
    ReportSetupFailed,
    RescindOffer,
)
from orchestra.model.commands.outages import MoveCursor, ReportChannel
from orchestra.model.commands.ownership import (
    AcceptHandOff,
    DeclineHandOff,
    EscalateCase,
    OfferHandOff,
    WithdrawHandOff,
)
from orchestra.model.commands.participants import RemoveParticipant, SetParticipant
from orchestra.model.commands.personal import (
    SetCustomerForm,
    SetCustomerHours,
    SetCustomerLanguage,
    SetCustomerZone,
)
from orchestra.model.commands.promises import MakePromise, RevisePromise, WithdrawPromise
from orchestra.model.commands.remarks import (
    EditMessage,
    KeepFile,
    ReactToMessage,
    RecordAutoReply,
    RecordWatermark,
    RetractMessage,
    TakeConsent,
    TakeIdentity,
)
from orchestra.model.commands.stages import AdvanceCase, SetCaseType
from orchestra.model.commands.supervision import BargeIn, MonitorInteraction, StopMonitoring, TakeOver, Whisper
from orchestra.model.commands.work import OpenWorkItem

__all__ = [
    "COMMANDS",
    "AcceptCaseSuggestion",
    "AcceptConsult",
    "AcceptHandOff",
    "AcceptOffer",
    "AcknowledgeFinding",
    "AddRef",
    "AdvanceCase",
    "ApproveIncidentText",
    "AskCall",
    "AskConsult",
    "AssignCase",
    "BargeIn",
    "BeginImport",
    "CancelAction",
    "CancelCallback",
    "CancelDelivery",
    "CancelInteraction",
    "CancelNotice",
    "ChangePlan",
    "CloseCase",
    "CloseIncident",
    "CloseQueue",
    "Command",
    "CompleteTransfer",
    "ConfirmAddress",
    "ConfirmConnected",
    "ConsultQueue",
    "CorrectMessage",
    "DeclineConsult",
    "DeclineHandOff",
    "DeclineOffer",
    "DefineAgent",
    "DismissCaseSuggestion",
    "DismissMerge",
    "EditMessage",
    "EndCall",
    "EndConsult",
    "EraseCustomer",
    "EscalateCase",
    "FinishInteraction",
    "FinishWrapUp",
    "FlagIncidentCase",
    "HandOver",
    "HoldInteraction",
    "ImportCase",
    "ImportCustomer",
    "ImportMessage",
    "ImportStatus",
    "InviteToChannel",
    "KeepFile",
    "LeaveConsult",
    "LeaveContact",
    "LinkAddress",
    "LinkMatching",
    "LinkQuestion",
    "LinkToIncident",
    "LoseDevice",
    "MakeCommitment",
    "MakePromise",
    "MarkLog",
    "MergeCases",
    "MergeConsult",
    "MergeCustomers",
    "MonitorInteraction",
    "MoveCursor",
    "MoveInteraction",
    "OfferHandOff",
    "OpenCase",
    "OpenIncident",
    "OpenQueue",
    "OpenWorkItem",
    "PauseClock",
    "PlanNotice",
    "PressKeys",
    "RaiseFinding",
    "ReactToMessage",
    "ReceiveContact",
    "ReceiveMessage",
    "RecordAction",
    "RecordAutoReply",
    "RecordConsent",
    "RecordErasure",
    "RecordOutcome",
    "RecordReceipt",
    "RecordReply",
    "RecordWatermark",
    "RecoverAction",
    "RecoverDelivery",
    "RemoveAgent",
    "RemoveParticipant",
    "ReopenCase",
    "ReportCallback",
    "ReportChannel",
    "ReportDialing",
    "ReportFact",
    "ReportLeg",
    "ReportSetupFailed",
    "RequestAction",
    "RequestCallback",
    "RescheduleCallback",
    "RescindOffer",
    "ResolveCase",
    "ResumeCase",
    "ResumeClock",
    "ResumeDeliveries",
    "RetractMessage",
    "RetrieveInteraction",
    "ReturnDevice",
    "RevisePromise",
    "ScheduleCallback",
    "SendMessage",
    "SendReaction",
    "SetAvailable",
    "SetAway",
    "SetCaseType",
    "SetCaseWaiting",
    "SetCustomerForm",
    "SetCustomerHours",
    "SetCustomerLanguage",
    "SetCustomerZone",
    "SetFields",
    "SetNoticePreference",
    "SetParticipant",
    "SetPreferences",
    "SettleConflict",
    "SettleTriage",
    "SignIn",
    "SignOut",
    "SplitCase",
    "SplitCustomers",
    "StartAction",
    "StartDelivery",
    "StartSending",
    "StopMonitoring",
    "StopSending",
    "TakeBackMessage",
    "TakeConsent",
    "TakeIdentity",
    "TakeOver",
    "TellFact",
    "TellNow",
    "TransferInteraction",
    "TransferToAgent",
    "UnlinkAddress",
    "UnlinkFromIncident",
    "UnlinkQuestion",
    "UnmergeCase",
    "UpdateIncident",
    "VerifyContact",
    "Whisper",
    "WithdrawCommitment",
    "WithdrawHandOff",
    "WithdrawInvitation",
    "WithdrawPromise",
    "WriteReply",
]

COMMANDS: tuple[type[Command], ...] = tuple(
    kind
    for _, kind in sorted(globals().items())
    if isinstance(kind, type) and issubclass(kind, Command) and kind is not Command
)
"""Every command, by name."""
