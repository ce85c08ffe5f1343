"""Why a contact went to whom it went: every decision about it, and on demand everybody who came into question.

Belongs here: what the journal says about decisions. Does not: live state (see `waiting`), and deciding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.engine.consults.parts import is_consult
from orchestra.engine.engine import Engine
from orchestra.errors import DefinitionError, UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.instants import instant_text
from orchestra.model.records import Record
from orchestra.model.scores import Scores, score_faults
from orchestra.runtime.history.phrases import sentence
from orchestra.runtime.history.places import PLACING, Places
from orchestra.runtime.history.redaction import in_words
from orchestra.runtime.history.waiting import Candidate, candidates
from orchestra.runtime.loading import load_engine
from orchestra.runtime.readers import Reader, Withheld

__all__ = ["BEGINS", "Decision", "Explanation", "Step", "explain", "whose"]

_DIGITS = 19

Key = list[int | str]

BEGINS = ("InteractionStarted", "CallbackRequested")
"""Types of the events with which interactions begin."""

_STEPS = (
    "WorkItemOpened",
    "CallbackRequested",
    "CallbackScheduled",
    "CallbackDialing",
    "CallbackAnswered",
    "CallbackFailed",
    "CallbackExhausted",
    "InteractionStarted",
    "InteractionAttached",
    "RuleFired",
    "RuleFailed",
    "RuleStopped",
    "InteractionRouted",
    "InteractionPrioritized",
    "InteractionMoved",
    "CaseSuggested",
    "CaseSuggestionDismissed",
    "InteractionQueued",
    "OfferMade",
    "RingWidened",
    "OfferConnecting",
    "OfferAccepted",
    "OfferEnded",
    "PriorityRaised",
    "RoutingExhausted",
    "RoutingRetried",
    "ConsultQueued",
    "ConsultAsked",
    "ConsultConnecting",
    "ConsultAccepted",
    "BargedIn",
    "ConsultMerged",
    "ConsultEnded",
    "TransferCompleted",
    "InteractionTransferred",
    "SegmentWrapUpStarted",
    "SegmentWrapUpEnded",
    "InteractionHandedOver",
    "CustomerFellSilent",
    "CustomerMovedOn",
    "InteractionParked",
    "InteractionResumed",
    "InteractionFinished",
    "InteractionDone",
    "InteractionAbandoned",
    "InteractionCanceled",
    "InteractionDeflected",
    "QuestionLinked",
    "QuestionUnlinked",
    "QuestionAnswered",
    "ContactDeferred",
    "DeferralEnded",
)


@attrs.frozen
class Step:
    """Something on the interaction's way."""

    position: int
    at_us: int
    kind: str
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain data; the time as RFC 3339 text."""
        return {"position": self.position, "at": instant_text(self.at_us), "kind": self.kind, "sentence": self.sentence}


@attrs.frozen
class Decision:
    """Why this agent.

    Attributes:
        offer: its id; of a consult that waited in a queue, that of the consult, of which each asking is a decision.
        key: what was compared, least first: the parts of the queue's order, then the agent's id. A score stands there
            with its sign turned, and 1,000,000,000,000,001 where a score failed.
        runners_up: the next agents' keys.
        failed: condition -> how many agents failed it first, of those at work and available.
        outcome: `ACCEPTED`, or how the offer ended; None while it is open.
        reason: why it ended so, if told.
        candidates: all agents at that moment, if asked for.
        order: what the parts of the keys are, but the last.
        beyond_capacity: whether the agent had no room for it, and was asked since the step says so.
    """

    position: int
    at_us: int
    offer: str
    agent: str
    queue: str
    key: Key
    runners_up: list[Key]
    failed: dict[str, int]
    outcome: str | None = None
    reason: str | None = None
    candidates: list[Candidate] | None = None
    order: list[str] = attrs.field(factory=list)
    beyond_capacity: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data; the time as RFC 3339 text."""
        data = attrs.asdict(self)
        del data["at_us"]
        return {**data, "at": instant_text(self.at_us)}


@attrs.frozen
class Explanation:
    """An interaction's way through routing: `steps` in order, and of these the `decisions` in full.

    Where the reader is shown only that there were some, `withheld` says why, and no decision is told.
    """

    interaction: str
    customer: str
    channel: str
    steps: list[Step]
    decisions: list[Decision]
    withheld: Withheld | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "interaction": self.interaction,
            "customer": self.customer,
            "channel": self.channel,
            "steps": [step.to_json() for step in self.steps],
            "decisions": [decision.to_json() for decision in self.decisions],
            "withheld": None if self.withheld is None else self.withheld.to_json(),
        }


def explain(
    journal: Journal,
    interaction: str,
    *,
    full: bool = False,
    customer: str | None = None,
    scores: Scores | None = None,
    reader: Reader | None = None,
) -> Explanation:
    """Every routing decision about an interaction.

    Args:
        journal: what to read.
        interaction: its id.
        full: also list all agents for each decision, from the state rebuilt as it was just before. Takes as long as
            loading the journal.
        customer: whose interaction it is; spares looking for where it began.
        scores: those that the plan names; only the list of all agents asks them.
        reader: for whom; None withholds nothing.

    Raises:
        NotPermitted: the reader is a customer.
        DefinitionError: for the list of all agents, the plan of a decision names a score that is not among these.
        UnknownId: there is no such interaction.
        JournalCorrupt: a record is damaged.
    """
    if reader is not None:
        reader.refuse_customers("explain")
    owner = customer or whose(journal, interaction)
    records = journal.read(subjects=[owner], types=_STEPS)
    found = [(record, event) for record in records if (event := _about(record, interaction)) is not None]
    started = next((event for _, event in found if isinstance(event, e.InteractionStarted | e.CallbackRequested)), None)
    if started is None:
        raise UnknownId("interaction", interaction)
    mark = None if reader is None else _mark(journal, owner, interaction, reader)
    steps = [
        Step(record.position, record.at_us, record.type, in_words(record.type) if mark else sentence(event, owner))
        for record, event in found
    ]
    if mark is not None:
        return Explanation(interaction, owner, started.channel, steps, [], mark)
    decisions = [decision for record, event in found if (decision := _decision(record, event, found)) is not None]
    if full:
        decisions = _with_candidates(journal, interaction, decisions, scores)
    return Explanation(interaction, owner, started.channel, steps, decisions)


def _mark(journal: Journal, customer: str, interaction: str, reader: Reader) -> Withheld | None:
    """What stands for the facts of an interaction, if the reader is not shown them."""
    if reader.sees_all:
        return None
    places = Places(reader.plan)
    for record in journal.read(subjects=[customer], types=PLACING):
        places.learn(decode_event(record))
    seen, mark = reader.seen(places.of_interaction(interaction))
    return mark if seen == "trace" else None


def _about(record: Record, interaction: str) -> e.Event | None:
    event = decode_event(record)
    return event if getattr(event, "interaction", None) == interaction else None


def whose(journal: Journal, interaction: str) -> str:
    """The customer of an interaction. Ids carry numbers that only rise, so a few short reads by halves find it.

    Raises:
        UnknownId: there is no such interaction.
    """
    wanted = _number(interaction)
    low, high = 0, journal.position() if wanted else 0
    while low < high:
        middle = (low + high) // 2
        upper_half = journal.read(middle, limit=high - middle)
        record = next((record for record in upper_half if record.type in BEGINS), None)
        found = 0 if record is None else _number(getattr(decode_event(record), "interaction", ""))
        if record is None or found > wanted:
            high = middle
        elif found < wanted:
            low = record.position
        elif record.subject is not None:
            return record.subject
        else:
            break
    raise UnknownId("interaction", interaction)


def _number(interaction: str) -> int:
    """The number in the id of an interaction; 0 if it cannot be one."""
    digits = interaction.removeprefix("in")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < _DIGITS else 0


def _decision(record: Record, made: e.Event, found: Sequence[tuple[Record, e.Event]]) -> Decision | None:
    """The decision that an event tells of, if it does."""
    if isinstance(made, e.OfferMade):
        whom, (outcome, reason) = (made.offer, made.agent, made.queue), _of_offer(made, found)
    elif isinstance(made, e.ConsultAsked) and made.queue is not None:
        later = [pair for pair in found if pair[0].position > record.position]
        whom, (outcome, reason) = (made.consult, made.consulted, made.queue), _of_asking(made, later)
    else:
        return None
    why, beyond = (made.key, made.runners_up, made.failed), isinstance(made, e.OfferMade) and made.beyond_capacity
    return Decision(
        record.position, record.at_us, *whom, *why, outcome, reason, order=made.order, beyond_capacity=beyond
    )


def _of_offer(made: e.OfferMade, found: Sequence[tuple[Record, e.Event]]) -> tuple[str | None, str | None]:
    """How an offer ended, and why, if told."""
    for _, event in found:
        if isinstance(event, e.OfferAccepted) and event.offer == made.offer:
            return "ACCEPTED", None
        if isinstance(event, e.OfferEnded) and event.offer == made.offer:
            return event.outcome, event.reason
    return None, None


def _of_asking(made: e.ConsultAsked, later: Sequence[tuple[Record, e.Event]]) -> tuple[str | None, str | None]:
    """As `_of_offer`, for whom a queue asked for help, from what came after that."""
    for _, event in later:
        match event:
            case e.ConsultAccepted() if event.consult == made.consult:
                return "ACCEPTED", None
            case e.ConsultQueued() if event.consult == made.consult:
                return event.reason.upper(), event.told
            case e.ConsultEnded() if event.consult == made.consult:
                return event.outcome, event.reason
            case _:
                pass
    return None, None


def _with_candidates(
    journal: Journal, interaction: str, decisions: Sequence[Decision], scores: Scores | None
) -> list[Decision]:
    states = _states(journal, [decision.position for decision in decisions], scores or {})
    return [
        attrs.evolve(decision, candidates=candidates(engine.view, _waiting(decision, interaction)))
        for decision, engine in zip(decisions, states, strict=True)
    ]


def _waiting(decision: Decision, interaction: str) -> str:
    """What waited before a decision: the consult, or the interaction."""
    return decision.offer if is_consult(decision.offer) else interaction


def _states(journal: Journal, positions: Sequence[int], scores: Scores) -> Iterator[Engine]:
    """The engine as it stood just before each position; one engine, which goes on to the next when asked for it."""
    engine: Engine | None = None
    for position in positions:
        if engine is None:
            engine = load_engine(journal, until=position - 1, scores=scores)
        else:
            for record in journal.read(engine.position, limit=position - 1 - engine.position):
                engine.replay(decode_event(record), record.at_us)
        faults = [fault for fault in score_faults(engine.view.plan, scores) if fault.is_error]
        if faults:
            raise DefinitionError(faults)
        yield engine
