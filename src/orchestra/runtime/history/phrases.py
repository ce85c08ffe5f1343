"""Events in people's words, as a table. Belongs here: event type -> phrase. Does not: what the engine makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from orchestra.model.commitments import value_text
from orchestra.model.events import Event
from orchestra.model.instants import instant, span_text

__all__ = ["DETAILS", "PHRASES", "sentence"]

PHRASES: Mapping[str, str] = {
    "CustomerAdded": "became known by {kind}",
    "AddressGivenUp": "cannot be reached on {channel} any more ({reason})",
    "AddressTakenUp": "can be reached on {channel} again ({reason})",
    "AddressLinked": "is known by {kind}, too ({evidence})",
    "AddressPlaced": "is probably in {zones_text}",
    "AddressUnlinked": "is known by an address no longer{because}",
    "CustomerAliased": "{customer} is the same person as {alias_of}",
    "CustomersMerged": "{other} is the same person ({evidence}, {link})",
    "MergeSuggested": "may be the same person as {other} ({evidence}, {confidence} %){vetoed}",
    "MergeDismissed": "is not the same person as {other}{because}",
    "CustomerUnaliased": "{customer} is a person of their own again",
    "CustomersSplit": "{other} is not the same person after all{because}",
    "TriageNeeded": "{case} is to be sorted out: {other} has a part in it",
    "TriageListed": "all cases to be sorted out after {link} are listed",
    "TriageSettled": "{case} is sorted out",
    "EngagementJoined": "is in touch on {interaction} as well ({mode})",
    "QuestionLinked": "{interaction} waits for the answer to {to}{since_same}",
    "QuestionUnlinked": "{interaction} waits for an answer of its own{because}",
    "ContactDeferred": "{interaction} waits until {to} is over",
    "DeferralEnded": "{interaction} waits for another contact no longer{because}",
    "QuestionAnswered": "{interaction} was answered with {by}",
    "InvitationMade": "was invited to {channel}",
    "InvitationAccepted": "{by} came by the invitation, in {interaction}",
    "InvitationEnded": "an invitation is {outcome_text}{because}",
    "EngagementModeChanged": "{interaction} goes with the others another way now ({mode})",
    "EngagementsMerged": "what they were in touch with before goes on as {engagement}",
    "EngagementSplit": "{interactions_text} go on as {other}",
    "ContactVerified": "is verified in {interaction}: {level} ({method})",
    "CustomerArchived": "is archived: everything is settled",
    "CustomerRecalled": "is back from the archive",
    "ArchivePutOff": "is not archived yet",
    "CustomerErased": "is to be forgotten{because}",
    "ErasureDone": "is forgotten",
    "ConsentRecorded": "{allows} {purpose} on {where}",
    "PreferencesSet": "would rather be written to on {channels_text}",
    "CustomerLanguageSet": "wants to be addressed in {language_text}",
    "CustomerFormSet": "wants to be addressed in {form_text}",
    "CustomerHoursSet": "would rather be reached {hours_text}",
    "CustomerZoneSet": "is in {zone_text}",
    "ConversationStarted": "began to talk with {account} on {channel}",
    "InteractionStarted": "{began} on {channel}",
    "InteractionAttached": "{interaction} belongs to {case} ({by})",
    "ContactTaken": "{writer} called {account} on {channel}",
    "ParticipantJoined": "{participant} takes part in the case{as_role}",
    "ParticipantChanged": "{participant} takes part in the case{as_role} now",
    "ParticipantLeft": "{participant} takes no part in the case any more{because}",
    "PartTaken": "takes part in a case of {of}{as_role}",
    "PartEnded": "takes no part any more in a case of {of}{because}",
    "MessageReceived": "{writer} wrote",
    "MessageWritten": "{author} answered",
    "MessageEdited": "{writer} changed what they wrote",
    "MessageRetracted": "{writer} took back what they wrote",
    "ReactionChanged": "{writer} reacted to a message",
    "MessageAmended": "{author} {act_text}",
    "FileKept": "file {place} of a message was kept",
    "AutoReplyRecorded": "a machine answered for {writer}{because}",
    "CustomerMovedOn": "goes on in {to}: this one takes nothing of the budget of {agent} meanwhile",
    "CustomerFellSilent": "has been silent since the answer: it takes {weight_percent} % of the budget of {agent}",
    "ReplyRecorded": "{author} answered{addressee} outside of this system",
    "InteractionQueued": "waits in queue {queue}{because}",
    "InteractionInterrupted": "{agent} put {interaction} aside for {by}",
    "InteractionParked": "{interaction} waits for {agent} to come back",
    "InteractionResumed": "{agent} went on with {interaction}",
    "InteractionHeld": "{agent} put the customer on hold",
    "InteractionRetrieved": "{agent} took the customer back from hold",
    "TransferCompleted": "{agent} transferred to {to}",
    "SegmentWrapUpStarted": "{agent} wraps up their part of {interaction}",
    "SegmentWrapUpEnded": "{agent} has wrapped up their part of {interaction}{because}{outcome_code}",
    "InteractionTransferred": "{agent} handed over to queue {queue}",
    "InteractionHandedOver": "{agent} handed over to people in queue {queue}{because}",
    "InteractionFinished": "the contact with {agent} ended, by {by}{outcome_code}",
    "InteractionDone": "{interaction} is over{because}{outcome_code}",
    "InteractionAbandoned": "left without an answer after {waited}",
    "InteractionCanceled": "{interaction} was canceled{because}",
    "InteractionDeflected": "turned away by queue {queue}{because}",
    "CallbackRequested": "asked to be called back, which is {interaction}",
    "CallbackScheduled": "the callback {interaction} waits for its time{because}",
    "CallbackDialing": "is being called for {interaction}, attempt {attempt}",
    "CallbackAnswered": "answered the call of {author}",
    "CallbackFailed": "{author} called, attempt {attempt}, and did not reach them{because}",
    "CallbackExhausted": "will not be called again for {interaction}, after {attempts} attempts",
    "OfferMade": "offered to {agent}{who_leads}{beyond}",
    "RingWidened": "rings up to {agents} agents of queue {queue} now",
    "OfferConnecting": "{agent} answered, and is being connected",
    "OfferAccepted": "{agent} took it",
    "OfferEnded": "the offer to {agent} ended: {outcome_text}{because}",
    "ConsultQueued": "{agent} asks queue {queue} for help with {interaction}{because}",
    "ConsultAsked": "{agent} asked {consulted} {for_what}",
    "ConsultConnecting": "{consulted} answered {agent}, and is being connected",
    "ConsultAccepted": "{consulted} came to {agent}",
    "MonitoringStarted": "{agent} listens",
    "MonitoringEnded": "{agent} listens no more{because}",
    "Whispered": "{agent} whispered to {monitored}",
    "BargedIn": "{consulted} barged in",
    "ConsultMerged": "{consulted} talks with the customer too",
    "ConsultEnded": "{asked} is asked no more: {outcome_text}{because}",
    "RoutingExhausted": "everybody in queue {queue} has declined or missed it",
    "RoutingRetried": "everybody is asked again",
    "StepEntered": "asked for in step {step} of queue {queue}: {reason}",
    "GateOpened": "further teams of queue {queue} may take it",
    "PriorityRaised": "has waited so long that it counts as {priority} min older in queue {queue}",
    "LongWaitForeseen": "will probably wait {wait}; may be offered {alternatives_text}",
    "ConnectAtRisk": "has waited {waited}: the connect target is at risk",
    "ConnectBreached": "has waited {waited}: the connect target is missed",
    "WorkItemOpened": "work was asked for: {interaction}, on {channel}",
    "CaseOpened": "case {number} opened{after}, {owner_kind} {owner} answers for it",
    "CaseOwnerChanged": "{owner_kind} {owner} now answers for the case{because}",
    "HandOffOffered": "{owner_kind} {owner} offered the case to {to_kind} {to}, which is {hand_off}",
    "HandOffAccepted": "{agent} took the case for team {team}",
    "HandOffEnded": "the case stays where it is: {hand_off} was {outcome_text}{because}",
    "EscalationScheduled": "waits for an answer of team {team}, else the case goes to team {to}",
    "EscalationEnded": "the case does not escalate by itself{because}",
    "CaseEscalated": "the case escalated from team {team} to team {to}{because}",
    "FindingRaised": "{finding} for {teams_text}: {kind}",
    "FindingAcknowledged": "team {team} has taken note of {finding}",
    "IncidentCaseLinked": "the case comes of incident {incident}{how_linked}",
    "IncidentCaseUnlinked": "the case does not come of incident {incident}{because}",
    "IncidentCaseFlagged": "the case {is_kept} when incident {incident} is closed{because}",
    "IncidentTold": "is told of incident {incident} on {channel}, version {text_version}",
    "IncidentNotTold": "could not be told of incident {incident}, version {text_version}{because}",
    "IncidentCaseSettled": "the case is settled with incident {incident}",
    "IncidentCaseExcepted": "the case stays open after incident {incident}{because}",
    "CustomerAnswered": "is answered by {by_whom}",
    "ClockStarted": "clock {policy} runs: {measure_text} within {target_text}",
    "ClockMoved": "clock {policy} goes by {target_text} now, after {ran_text}",
    "ClockPaused": "clock {policy} stands still{because} after {ran_text}",
    "ClockResumed": "clock {policy} goes on",
    "ClockWarned": "{percent} % of clock {policy} have passed",
    "ClockBreached": "clock {policy} has passed its {target_text}",
    "ClockFulfilled": "clock {policy} is fulfilled after {ran_text}{how_late}",
    "ClockRestarted": "clock {policy} goes on where it stood",
    "ClockCanceled": "clock {policy} is for nothing any more{because}",
    "ClocksForgotten": "the clocks of {of} are over",
    "CaseQueueChanged": "the case belongs to queue {queue} now{because}",
    "CaseWaiting": "the case waits on the {on_text}{because}",
    "CaseResumed": "the case goes on{because}",
    "CaseResolved": "the case is resolved{outcome_code}",
    "CaseReopened": "the case is open again{because}",
    "CaseClosed": "the case is closed{because}",
    "CaseMerged": "{case} is the same matter as {into}, and goes on as that{because}",
    "CaseUnmerged": "{case} is a matter of its own again{because}",
    "CaseSplit": "part of {case} goes on as {other}{because}",
    "CaseSuggested": "{interaction} may belong to {case} ({score} %)",
    "CaseSuggestionDismissed": "{interaction} does not belong to {case}{because}",
    "InteractionMoved": "{interaction} belongs to {case}, not to {before}{because}",
    "StatusImported": "another system says the case was {status} then",
    "CommitmentMade": "{by} said: {attribute} of {subject} is {value_text}",
    "FactReported": "{by} told: {attribute} of {subject} is {value_text}",
    "NoticePlanned": "is to be told of {topic}: {notice}",
    "NoticeHeld": "{notice} waits{because}",
    "NoticeGathered": "{notice} waits in digest {digest}{along}",
    "NoticeSending": "{notice} goes out on {channel}",
    "NoticeRecalled": "{notice} was called back before it left{because}",
    "NoticeAnswered": "picked {option} of {notice}",
    "NoticeLegSkipped": "{notice} is not tried on {channel}{because}",
    "NoticeLegFailed": "{notice} did not arrive on {channel}{because}",
    "NoticeSent": "was told on {channel}: {notice}, which was {receipt}",
    "NoticeSuppressed": "{notice} is not told{because}",
    "NoticeFailed": "{notice} could not be told{because}",
    "NoticeExpired": "{notice} was not told in time",
    "NoticePreferenceSet": "{wants_text} notices{about_what}",
    "LiveContactEnded": "nobody talks with them any more",
    "FactTold": "was told: {fact} is {told_text}",
    "StageEntered": "the case is in stage {stage}{because}",
    "ProgressReported": "stage {stage} was reported ({outcome})",
    "StageExpected": "stage {stage} should be over by {due_text}{because}",
    "StageLeft": "stage {stage} is over{because}",
    "StageResumed": "the case is in stage {stage} again{because}",
    "UpdateScheduled": "is to hear of the case by {due_text}",
    "UpdateDue": "is to hear of the case by {due_text}, whether anything has changed or not",
    "ForecastMade": "the case should be done by {due_text}",
    "PromiseMade": "was promised {what} by {due_text}, which is {promise}",
    "PromiseRevised": "was told {due_text} for {what}, not {before_text} any more{because}",
    "PromiseWithdrawn": "{promise} about {what} is withdrawn{because}",
    "PromiseKept": "{promise} about {what} is kept{against_text}",
    "PromiseBroken": "{promise} about {what} is broken{against_text}",
    "PromiseKeptLate": "{promise} about {what} is done after all, {late} late",
    "DelayForeseen": "{what} will be later than {due_text}, {until_text}{because}",
    "DelayMadeUp": "{what} should be done in time after all, by {new_due_text}",
    "CommitmentWithdrawn": "{attribute} of {subject}: what was said is withdrawn{because}",
    "CommitmentExpired": "{attribute} of {subject}: what was said holds no longer",
    "FactExpired": "{attribute} of {subject}: what was told holds no longer",
    "CommitmentConflict": "conflict {conflict} about {attribute} of {subject}: {by} has it as {value_text}, "
    "{said_by} as {said_text}; {keep} would hold{why}",
    "ConflictWidened": "conflict {conflict} about {attribute} of {subject}: {by} has it as {value_text}, too; "
    "{keep} would hold{why}",
    "CommitmentCorrected": "{attribute} of {subject} is {value_text}, not {instead_text}{why}{because}{told_effect}",
    "RuleFired": "rule {rule} followed {on}: {actions_text}",
    "RuleFailed": "rule {rule} could not {action_text}{because}",
    "RuleStopped": "rule {rule} was stopped{because}",
    "TeamNotified": "team {team} was told by rule {rule}",
    "InteractionRouted": "{interaction} goes to queue {queue}, by rule {reason}",
    "InteractionPrioritized": "counts as {priority} min older in queue {queue}, by rule {reason}",
    "ActionRequested": "action {action} is to be done, which is {request}",
    "ActionDue": "action {action} is tried again",
    "ActionStarted": "action {action} is being done, attempt {attempt}",
    "ActionDone": "action {action} is done",
    "ActionRetried": "action {action} did not succeed in attempt {attempt}{because}, another follows",
    "ActionFailed": "action {action} could not be done{because}",
    "ActionUnknown": "nobody knows whether action {action} was done",
    "ActionCanceled": "action {action} was called back{because}",
    "RefAdded": "{target} is also known as {ref}",
    "FieldsSet": "{fields_text} of {target} set",
    "CallSteered": "the line is told: {verb_text}",
    "KeysPressed": "pressed a key when asked, or none in time",
    "LegReported": "the phone of an agent: {state}",
    "CallEnded": "is on the line no more",
    "DeliveryPlanned": "message {message} is to be sent on {channel}",
    "DeliveryPermitted": "attempt {attempt} may leave",
    "DeliverySpread": "a message to them waits until its account takes more",
    "DeliveryStarted": "attempt {attempt} left",
    "DeliveryAccepted": "the provider took the message{without}",
    "DeliveryRetried": "attempt {attempt} did not succeed{because}, another follows",
    "DeliveryFailed": "the message could not be sent{because}",
    "DeliveryUnknown": "nobody knows whether the message was sent{because}",
    "DeliveryHeld": "the message waits{because}",
    "TalkEnded": "nobody talks with them any more: what was held leaves after a while",
    "AutomationResumed": "what was held while somebody talked with them is looked at again",
    "DeliveryReleased": "sending goes on: the message leaves after those before it",
    "DeliveryExpired": "the message was not sent in time",
    "DeliveryCanceled": "the message was called back{because}",
    "ReceiptRecorded": "the message was {receipt}{weakly}{because}",
}
"""Event type -> phrase. Every event of a customer has one."""

DETAILS = frozenset(
    {
        "CustomerAnswered",
        "ClockStarted",
        "ClockMoved",
        "ClockFulfilled",
        "ClockRestarted",
        "ClockCanceled",
        "ClocksForgotten",
        "ArchivePutOff",
        "ConversationStarted",
        "CustomerAliased",
        "CustomerArchived",
        "CustomerRecalled",
        "CustomerUnaliased",
        "TriageListed",
        "InteractionAttached",
        "RefAdded",
        "StatusImported",
        "FieldsSet",
        "CallSteered",
        "LegReported",
        "DeliveryPlanned",
        "DeliveryPermitted",
        "DeliverySpread",
        "DeliveryStarted",
        "FileKept",
        "DeliveryAccepted",
        "DeliveryRetried",
        "ActionDue",
        "ActionStarted",
        "ActionRetried",
        "RingWidened",
        "RoutingRetried",
        "FactExpired",
        "NoticeRecalled",
        "LiveContactEnded",
        "ForecastMade",
        "ProgressReported",
        "StageLeft",
        "UpdateScheduled",
        "TalkEnded",
        "AutomationResumed",
        "EscalationScheduled",
        "EscalationEnded",
    }
)
"""Event types that matter to who looks for a fault, and to nobody else."""


_EFFECTS: Mapping[str, str] = {
    "better": ": better than the customer was told",
    "worse": ": worse than the customer was told",
    "unclear": ": other than the customer was told",
}

_RULES: Mapping[str, str] = {
    "supersession": "explicitly superseded",
    "authority": "by authority",
    "specific": "the more specific",
    "favourable": "in the customer's favour",
    "newest": "the newest",
    "person": "decided",
}

_AGAINST: Mapping[str, str] = {
    "first": ", as it was said first",
    "last": ", as it was said last",
}

_ACTS: Mapping[str, str] = {
    "corrected": "corrected a message",
    "taken_back": "took a message back",
    "reacted": "reacted to a message",
}

_SINCE_SAME: Mapping[str, str] = {
    "place": ", since both wait for one case",
    "pair": ", as the plan has it for their channels",
}
_PURPOSES: Mapping[str, str] = {"consult": "for help with", "transfer": "to take"}


def sentence(event: Event, ids: Sequence[str], *, inner: bool = True) -> str:
    """The phrase of an event in the history of the customer with these ids, filled in. Quotes nothing private.

    Args:
        event: what happened.
        ids: all ids of the customer.
        inner: also the company's own reasons and outcome codes.
    """
    words = _Words(event, ids)
    if not inner:
        words |= dict.fromkeys(("because", "outcome_code", "why", "told_effect"), "")
    return PHRASES[type(event).__name__].format_map(words)


def _part(role: str | None, acts: object) -> str:
    return (f" as {role}" if role else "") + (", acting for the customer" if acts else "")


def _of_incident(words: Mapping[str, Any]) -> dict[str, str]:
    """What is said of a case that comes of an incident."""
    is_kept = "stays open" if words.get("reason") else "is settled as well"
    return {"how_linked": "" if words.get("by") == "asked" else ", which it matches", "is_kept": is_kept}


def _of_wishes(words: Mapping[str, Any]) -> dict[str, str]:
    form, hours = words.get("form"), words.get("hours")
    return {
        "zone_text": words.get("zone") or "no time zone that is known",
        "language_text": words.get("language") or "no language in particular",
        "hours_text": f"at {hours}" if hours else "at no time in particular",
        "form_text": f"the {form} form" if form else "no form in particular",
    }


def _of_clock(words: Mapping[str, Any]) -> dict[str, str]:
    """What is said of how long something takes."""
    spans = {f"{name}_text": span_text((words.get(f"{name}_us") or 0) / 1_000_000) for name in ("target", "ran")}
    by = words.get("by") or ""
    return {
        **spans,
        "measure_text": _spoken(words.get("measure") or ""),
        "how_late": "" if words.get("met") else ", too late",
        "by_whom": "a person" if by == "person" else "a bot" if by == "bot" else "an automatic message",
    }


def _of_notices(words: Mapping[str, Any]) -> dict[str, str]:
    """What is said of what a customer wants to be told."""
    wanted, topic, channel = words.get("wanted"), words.get("topic"), words.get("channel")
    about = (f" of {topic}" if topic else "") + (f" on {channel}" if channel else "")
    says = "says nothing any more of" if wanted is None else "wants" if wanted else "wants no"
    leader = words.get("leader")
    return {
        "wants_text": says,
        "about_what": about,
        "along": f", which {leader} takes along" if leader else "",
        "weakly": ", perhaps by a machine" if words.get("is_weak") else "",
    }


def _of_times(words: Mapping[str, Any]) -> dict[str, str]:
    """What is said of instants, and of promises."""
    named = {"due_text": "due_us", "before_text": "before_us", "new_due_text": "new_due_us"}
    texts = {name: _at(words.get(field)) for name, field in named.items()}
    new_us = words.get("new_due_us")
    texts["until_text"] = "nobody knows until when" if new_us is None else f"perhaps until {_at(new_us)}"
    late = span_text(words.get("late_us", 0) / 1_000_000)
    return {**texts, "late": late, "against_text": _AGAINST.get(str(words.get("against")), "")}


def _at(at_us: int | None) -> str:
    return "nobody knows when" if at_us is None else f"{instant(at_us):%Y-%m-%d %H:%M} UTC"


class _Words(dict[str, Any]):
    """What phrases may name: the event's fields, and some made of them."""

    def __init__(self, event: Event, ids: Sequence[str]) -> None:
        super().__init__({field.name: getattr(event, field.name) for field in attrs.fields(type(event))})
        reason = self.get("reason") or self.get("code")
        self["because"] = f" ({_spoken(reason)})" if reason else ""
        self["outcome_code"] = f" [{self['disposition']}]" if self.get("disposition") else ""
        self["outcome_text"] = _spoken(self.get("outcome") or "").lower()
        self["act_text"] = _ACTS.get(self.get("act") or "", "")
        self["verb_text"] = _spoken(self.get("verb") or "")
        self["on_text"] = _spoken(self.get("on") or "")
        self["began"] = "made contact" if self.get("conversation") else "a work item began"
        self["after"] = f" after {self['follows']}" if self.get("follows") else ""
        self["for_what"] = f"{_PURPOSES.get(self.get('purpose', ''), '')} {self.get('interaction')}"
        self["asked"] = self.get("consulted") or f"queue {self.get('queue')}"
        self["author"] = self.get("agent") or "the company"
        customer = self.get("customer") or ""
        self["writer"] = "the customer" if customer in ids else customer
        self["addressee"] = "" if customer in ids else f" {customer}"
        self["vetoed"] = f"; but {self['veto']}" if self.get("veto") else ""
        self["allows"] = "allows" if self.get("given") else "forbids"
        self["where"] = self.get("channel") or "all channels"
        role, acts = self.get("role"), self.get("acts")
        self["as_role"] = _part(role, acts)
        self["interactions_text"] = ", ".join(self.get("interactions") or ())
        self["channels_text"] = ", ".join(self.get("channels") or ("no channel in particular",))
        self["teams_text"] = ", ".join(self.get("teams") or ())
        self["who_leads"] = ", who talks with them already" if self.get("leads") else ""
        self["beyond"] = ", beyond their capacity" if self.get("beyond_capacity") else ""
        self["waited"] = f"{self.get('waited_us', 0) / 1_000_000:g} s"
        self["wait"] = f"{self.get('wait_us', 0) / 1_000_000:g} s"
        self["alternatives_text"] = ", ".join(self.get("alternatives") or ("nothing else",))
        self.update(_of_wishes(self))
        self["zones_text"] = _among(self.get("zones") or ())
        self["since_same"] = _SINCE_SAME.get(str(self.get("by")), "")
        self |= _of_incident(self)
        self |= _of_clock(self)
        self |= _of_incident(self) | _of_times(self)
        rule = self.get("rule", "")
        self["why"] = f" ({_RULES.get(rule, rule)})"
        self["told_effect"] = _EFFECTS.get(self.get("effect", ""), "")
        for name in ("value", "said", "instead") if "attribute" in self else ():
            unit = self.get("unit" if name == "value" else f"{name}_unit")
            self[f"{name}_text"] = value_text(self.get("type", ""), self.get(name, ""), unit)
        self["actions_text"] = ", ".join(map(_spoken, self.get("actions") or ()))
        self["action_text"] = _spoken(self.get("action") or "be asked")
        self |= _of_notices(self)
        self["without"] = _without(self.get("lost"))
        self["told_text"] = _plain(self.get("value"))
        self["fields_text"] = ", ".join(sorted(self.get("fields") or ()))


def _without(lost: object) -> str:
    """What the channel could not carry of a message, if anything."""
    return f" without: {', '.join(map(_spoken, lost))}" if isinstance(lost, list) else ""


def _plain(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _among(zones: Sequence[str]) -> str:
    return zones[0] if len(zones) == 1 else f"one of {len(zones)} time zones"


def _spoken(text: str) -> str:
    return text.replace("_", " ")
