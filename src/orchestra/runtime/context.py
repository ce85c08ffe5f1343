"""What an agent is told with an offer: the matter, the customer's last contacts, the question that waits.

Belongs here: what the workspace itself knows, from the state by look-ups alone, and texts from the customer's records.
Does not: what other systems know (`sources`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.engine.known.state import MOST_QUESTIONS
from orchestra.engine.notices.saying import said
from orchestra.engine.view import View
from orchestra.errors import NotPermitted
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.attachments import Attachment, shown_files
from orchestra.model.instants import instant
from orchestra.model.results import CaseRef
from orchestra.runtime.commitments import CommitmentView, said_in_context
from orchestra.runtime.incidents import IncidentNote, incident_of
from orchestra.runtime.owner import Owner
from orchestra.runtime.progress import ProgressView, ToldFact, progress_seen, told_seen
from orchestra.runtime.readers import Reader, Withheld, place_in, reader_in
from orchestra.runtime.redacting import shown
from orchestra.runtime.sources import Article, Asked, Found, Sources
from orchestra.runtime.threads import in_thread
from orchestra.runtime.views import (
    ParticipantView,
    case_fields,
    fields_of,
    held_for,
    participants_of,
    suggested_case_of,
    suggested_of,
)

__all__ = ["Context", "Contexts", "Held", "PastContact", "Question", "Task", "past_contacts"]

_OPEN_OFFER = ("PENDING", "CONNECTING")
_WITH_TEXTS = ("MessageReceived", "MessageEdited", "MessageRetracted", "WorkItemOpened", "InteractionHandedOver")


@attrs.frozen
class PastContact:
    """One of the customer's contacts before this one.

    Attributes:
        agent: who handled it last; None if nobody did, or it is withheld.
        case: number of its case.
        withheld: why the agent is not told who handled it and how it ended; None if they are.
    """

    interaction: str
    channel: str
    state: str
    started: datetime
    case: str
    agent: str | None
    disposition: str | None
    withheld: Withheld | None = None


@attrs.frozen
class Question:
    """A message that has no answer yet. Its text is None once it is erased, and a mark if it is withheld.

    `media` are its files, none of which are shown once they are erased or where the text is withheld. `channel` is
    where it was asked, if that was in another contact.
    """

    message: str
    text: str | Withheld | None = attrs.field(repr=False)
    media: tuple[Attachment, ...] = ()
    channel: str | None = None


@attrs.frozen
class Task:
    """What a work item asks for.

    Title and text are None where none were given, or once they are erased, and marks where they are withheld.
    """

    title: str | Withheld | None = attrs.field(repr=False)
    text: str | Withheld | None = attrs.field(repr=False)
    due: datetime | None


@attrs.frozen
class Held:
    """What is to be told to the customer, and waits while somebody talks with them.

    `delivery` is the message's, or the notice that is not written yet and has no `message`. Its text is None once it is
    erased, and a mark if it is withheld.
    """

    delivery: str
    message: str | None
    topic: str
    text: str | Withheld | None = attrs.field(repr=False)


@attrs.frozen
class Context:
    """What is known about an interaction when it is offered, as far as the agent's roles show it to them.

    Attributes:
        queue: where it waited.
        case: the matter, by id and number.
        case_state: how it stands.
        topic: what it is about, if that is known.
        owner: `agent:ana` or `team:care`: who is accountable for the case.
        skills: skill -> level that was asked for.
        verified: how surely the customer is who they say, as one of the plan's levels.
        suggested: other customers who may be the same person, for the agent to look at.
        suggested_case: another case that the interaction may belong to, for the agent to look at.
        fields: of the interaction, as the application or a bot set them.
        case_fields: of the case.
        customer_fields: of the customer.
        contacts: the customer's last contacts before this one, on all channels, newest first; at most five.
        questions: the messages since the last answer, oldest first; at most twenty.
        work: what a work item asks for; None for a contact.
        commitments: what was said in the case or to the customer, and holds or is in dispute, newest first; at most
            twenty.
        linked: channels on which the customer asks the same; the answer is the answer there, too.
        deferred: channels on which the customer is in touch as well, and waits until this contact is over.
        tell_now: messages that wait while somebody talks with the customer, oldest first; at most twenty. Who has told
            one says so by `TellNow`.
        participants: people other than the customer who have a part in the case, and as what.
        incident: the open incident of which the contact comes; None if it comes of none that is known.
        handed_over: what a bot said when it handed over to people; None if none did.
        progress: how far the case has come, what is foreseen, and what the customer was promised in it.
        told: what they were told of it last, by fact, so that nobody tells them the same again or something else.
        asked_elsewhere: what the customer wrote in contacts that wait for this one, and has no answer yet, oldest
            first; at most twenty.
        sources: name -> what that source knows.
        knowledge: name -> what that source of knowledge found that may answer the questions, best first.
        missing: name -> why that source is missing: it timed out, failed, gave something of no use, or is withheld.
    """

    interaction: str
    customer: str
    channel: str
    queue: str
    case: CaseRef
    case_state: str
    topic: str | None
    owner: str
    skills: Mapping[str, int]
    verified: str
    suggested: tuple[str, ...]
    fields: Mapping[str, str | int | bool | Withheld]
    case_fields: Mapping[str, str | int | bool | Withheld]
    customer_fields: Mapping[str, str | int | bool | Withheld]
    contacts: tuple[PastContact, ...]
    questions: tuple[Question, ...]
    work: Task | None
    progress: ProgressView
    told: tuple[ToldFact, ...]
    commitments: tuple[CommitmentView, ...] = ()
    linked: tuple[str, ...] = ()
    tell_now: tuple[Held, ...] = ()
    suggested_case: CaseRef | None = None
    participants: tuple[ParticipantView, ...] = ()
    deferred: tuple[str, ...] = ()
    incident: IncidentNote | None = None
    handed_over: str | Withheld | None = attrs.field(default=None, repr=False)
    asked_elsewhere: tuple[Question, ...] = ()
    sources: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, repr=False)
    knowledge: Mapping[str, Sequence[Article]] = attrs.field(factory=dict, repr=False)
    missing: Mapping[str, str] = attrs.field(factory=dict)


class Contexts:
    """Puts contexts together for the agents they are for."""

    def __init__(self, owner: Owner, sources: Sources) -> None:
        self._owner = owner
        self._sources = sources

    async def of(self, interaction: str, agent: str) -> Context:
        """The context of an interaction that is offered to an agent, in their hands, or about which they are consulted.

        Raises:
            UnknownId: there is no such interaction.
            NotPermitted: it is none of these.
        """
        context, asked, ids, mark = await self._owner.read(
            lambda view: _seen(view, interaction, agent, self._owner.now_us)
        )
        if mark is not None:
            return _without_texts(context, mark, self._sources.names)
        context = await in_thread(_with_texts, self._owner.journal, context, ids)
        found: Found = await self._sources.ask(asked, _texts_of(context))
        return attrs.evolve(context, sources=found.values, knowledge=found.knowledge, missing=found.missing)


def _is_consulted(view: View, interaction: str, agent: str) -> bool:
    return any(row.consulted == agent for _, row in view.consults.of_interaction(interaction))


def _seen(
    view: View, interaction: str, agent: str, at_us: int
) -> tuple[Context, Asked, tuple[str, ...], Withheld | None]:
    """What the state tells, without any text; what to ask the sources; the customer's ids; what stands for texts."""
    key, row = view.interaction(interaction)
    item = view.routing.items.get(key)
    offers = [] if item is None else [view.routing.offers[offer] for offer in item.offers]
    is_offered = any(offer.agent == agent and offer.state in _OPEN_OFFER for offer in offers)
    takes_part = is_offered or row.agent == agent or _is_consulted(view, key, agent)
    if item is None or not takes_part:
        raise NotPermitted(f"agent:{agent}", "context", f"{key} is neither offered to them nor in their hands")
    assert row.case is not None  # only interactions of a case are routed
    reader = reader_in(view, f"agent:{agent}")
    seen, mark = reader.seen(attrs.evolve(place_in(view, row.case, key), hands=frozenset((agent,))))
    hidden = mark if seen == "trace" else None
    matter, case, fields = view.matter(row.case), view.cases.row(row.case), view.details.fields
    ids = view.identity.group(row.customer)
    task = view.work.items.get(key)
    context = Context(
        key,
        view.identity.root(row.customer),
        row.channel,
        item.queue,
        matter,
        case.state,
        case.topic,
        f"{case.owner_kind}:{case.owner}",
        dict(item.skills),
        view.identity.verified.get(key, view.plan.identity.levels[0]),
        suggested_of(view, row.customer),
        reader.fields(fields.get(key, {})),
        reader.fields(case_fields(view, row.case)),
        reader.fields(fields_of(view, row.customer)),
        past_contacts(view, row.customer, reader, key),
        tuple(Question(message, None) for message in view.known.questions.get(key, ())),
        None if task is None else Task(None, None, None if task.due_us is None else instant(task.due_us)),
        progress_seen(view, row.case, reader, hidden, at_us),
        told_seen(view, row.case, reader, hidden),
        shown(view, reader, said_in_context(view, row.case, row.customer)),
        tuple(view.contacts.interactions[name].channel for name in view.engagements.linked_to(key)),
        tuple(_held(view, name, reader) for name in held_for(view, ids)),
        suggested_case_of(view, key),
        participants=participants_of(view, row.case),
        deferred=tuple(view.contacts.interactions[name].channel for name in view.engagements.deferred_to(key)),
        incident=incident_of(view, row.case),
        asked_elsewhere=_elsewhere(view, reader, key),
    )
    targets = (key, *view.cases.group(row.case), *ids)
    refs = sorted(ref for target in targets for ref in view.details.refs_of.get(target, ()))
    asked = Asked(context.customer, matter.id, matter.number, key, row.channel, case.topic, tuple(refs))
    return context, asked, tuple(ids), None if seen == "all" else mark


def _elsewhere(view: View, reader: Reader, key: str) -> tuple[Question, ...]:
    """What was asked in contacts that wait for this one; a mark instead of what the agent is not shown."""
    own, rows = view.engagements, view.contacts.interactions
    asked: dict[str, Question] = {}
    for name in (*own.linked_to(key), *own.deferred_to(key)):
        row = rows[name]
        assert row.case is not None  # what waits has a case
        seen, mark = reader.seen(place_in(view, row.case, name))
        for message in view.known.questions.get(name, ()):
            asked[message] = Question(message, None if seen == "all" else mark, channel=row.channel)
    return tuple(asked[message] for message in sorted(asked, key=_number)[-MOST_QUESTIONS:])


def _number(name: str) -> int:
    return int(name[2:])


def _held(view: View, name: str, reader: Reader) -> Held:
    """What is to be told; not to be read by who works for another brand."""
    if name in view.notices.notices:
        return _held_notice(view, name, reader)
    row = view.deliveries.deliveries[name]
    seen, mark = reader.seen(place_in(view, row.case))
    return Held(name, row.message, row.topic, mark if seen == "trace" else None)


def _held_notice(view: View, name: str, reader: Reader) -> Held:
    """What is to be told; not to be read by who works for another brand, or must not see what it tells."""
    row = view.notices.notices[name]
    about, text = row.case or row.matter, said(view, row)
    seen, mark = ("all", None) if about is None else reader.seen(place_in(view, about))
    if seen == "trace" or text is None:
        return Held(name, None, row.topic, mark)
    if any(map(reader.hides, row.facts)):
        return Held(name, None, row.topic, Withheld("role"))
    return Held(name, None, row.topic, text)


def past_contacts(view: View, customer: str, reader: Reader, beside: str | None = None) -> tuple[PastContact, ...]:
    """A person's newest contacts beside one, newest first, as somebody may see them."""
    names = reversed(view.known.contacts_of(view.identity.group(customer)))
    return tuple(_past(view, name, reader) for name in names if name != beside)


def _past(view: View, name: str, reader: Reader) -> PastContact:
    row = view.contacts.interactions[name]
    assert row.case is not None  # every interaction has a case from its first batch on
    number = view.matter(row.case).number
    seen, mark = reader.seen(place_in(view, row.case, name))
    when = instant(row.started_us)
    if seen == "trace":
        return PastContact(name, row.channel, row.state, when, number, None, None, mark)
    return PastContact(name, row.channel, row.state, when, number, row.agent, row.disposition)


def _without_texts(context: Context, mark: Withheld, sources: Sequence[str]) -> Context:
    """The context for an agent whose roles show no texts, and no more of what other systems know."""
    return attrs.evolve(
        context,
        questions=tuple(Question(asked.message, mark) for asked in context.questions),
        asked_elsewhere=tuple(attrs.evolve(asked, text=mark) for asked in context.asked_elsewhere),
        work=None if context.work is None else Task(mark, mark, context.work.due),
        handed_over=mark,
        tell_now=tuple(attrs.evolve(row, text=mark) for row in context.tell_now),
        missing=dict.fromkeys(sources, "withheld"),
    )


def _as_said(asked: Question, event: e.MessageReceived | e.MessageEdited | e.MessageRetracted) -> Question:
    """A question with what was said last, unless that is withheld."""
    if isinstance(asked.text, Withheld):
        return asked
    if isinstance(event, e.MessageRetracted):
        return attrs.evolve(asked, text=None, media=())
    return attrs.evolve(asked, text=event.text, media=shown_files(event.message, event.media))


def _with_texts(journal: Journal, context: Context, ids: Sequence[str]) -> Context:
    """The context with what customer, application and bot wrote in it, from the customer's own records."""
    asked = {question.message: question for question in (*context.questions, *context.asked_elsewhere)}
    texts: dict[str, str | None] = {}
    work, handed_over, held = context.work, context.handed_over, {row.message for row in context.tell_now}
    types = (*_WITH_TEXTS, "MessageWritten", "MessageAmended") if held else _WITH_TEXTS
    for record in journal.read(subjects=ids, types=types):
        event = decode_event(record)
        if isinstance(event, e.MessageWritten | e.MessageAmended):
            if event.message in held:
                texts[event.message] = event.text
            continue
        if isinstance(event, e.MessageReceived | e.MessageEdited | e.MessageRetracted):
            if event.message in asked:
                asked[event.message] = _as_said(asked[event.message], event)
            continue
        if getattr(event, "interaction", None) != context.interaction:
            continue
        match event:
            case e.WorkItemOpened(title=title, text=text) if work is not None:
                work = Task(title, text, work.due)
            case e.InteractionHandedOver(text=text):
                handed_over = text
            case _:
                pass
    here, elsewhere = (
        tuple(asked[question.message] for question in some) for some in (context.questions, context.asked_elsewhere)
    )
    tell_now = tuple(attrs.evolve(row, text=row.text or texts.get(row.message or "")) for row in context.tell_now)
    return attrs.evolve(
        context,
        questions=here,
        asked_elsewhere=elsewhere,
        work=work,
        handed_over=handed_over,
        tell_now=tell_now,
    )


def _texts_of(context: Context) -> tuple[str, ...]:
    """What is to be answered, as far as the agent is shown it."""
    questions = [asked.text for asked in (*context.questions, *context.asked_elsewhere)]
    work = [] if context.work is None else [context.work.title, context.work.text]
    return tuple(text for text in (*questions, *work) if isinstance(text, str))
