"""What goes with a case that is offered to others, so that its customer need not say anything twice.

Belongs here: what the workspace knows of the matter. Does not: what is known of one contact (`context`).
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestra.codec import decode_event
from orchestra.engine.view import View
from orchestra.errors import NotPermitted, UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.attachments import Attachment, shown_files
from orchestra.model.results import CaseRef
from orchestra.runtime.commitments import CommitmentView, said_in_context
from orchestra.runtime.context import PastContact, Question, past_contacts
from orchestra.runtime.owner import Owner
from orchestra.runtime.progress import ProgressView, ToldFact, progress_seen, told_seen
from orchestra.runtime.readers import reader_in
from orchestra.runtime.threads import in_thread
from orchestra.runtime.views import fields_of

__all__ = ["CaseContext", "case_context"]

_MOST_QUESTIONS = 20


@attrs.frozen
class CaseContext:
    """What is known of a case that is offered to an agent or a team of theirs.

    Attributes:
        hand_off: by which it is offered.
        case_state: how it stands.
        topic: what it is about, if that is known.
        owner: `agent:ana` or `team:care`: who answers for it until somebody accepts.
        note: what the owner wrote with the offer.
        case_fields: of the case, as the application set them.
        customer_fields: of the customer.
        verified: contact of the case that goes on -> how surely the customer is who they say. To hand a case over
            raises none of these.
        contacts: the customer's last contacts, on all channels, newest first; at most five.
        questions: what has no answer yet in the case, oldest first; the newest twenty at most.
        commitments: what was said in the case or to the customer, or told of it, and holds or is in dispute, newest
            first; at most twenty.
        progress: how far the case has come, what is foreseen, and what the customer was promised in it.
        told: what they were told of it last, by fact.
    """

    hand_off: str
    case: CaseRef
    customer: str
    case_state: str
    topic: str | None
    owner: str
    note: str | None = attrs.field(repr=False)
    case_fields: Mapping[str, str | int | bool]
    customer_fields: Mapping[str, str | int | bool]
    verified: Mapping[str, str]
    contacts: tuple[PastContact, ...]
    questions: tuple[Question, ...]
    commitments: tuple[CommitmentView, ...]
    progress: ProgressView
    told: tuple[ToldFact, ...]


async def case_context(owner: Owner, hand_off: str, agent: str) -> CaseContext:
    """What goes with a hand-off, for an agent to whom it is offered.

    Raises:
        UnknownId: there is no such agent, or no such hand-off that waits.
        NotPermitted: it is offered to others.
    """
    context, writers = await owner.read(lambda view: _seen(view, hand_off, agent, owner.now_us))
    return await in_thread(_with_texts, owner.journal, context, writers)


def _seen(view: View, hand_off: str, agent: str, at_us: int) -> tuple[CaseContext, tuple[str, ...]]:
    """What the state tells, without any text; and all ids under which the texts stand."""
    row = view.ownership.hand_offs.get(hand_off)
    if row is None:
        raise UnknownId("hand_off", hand_off)
    teams = view.agent(agent).teams
    if not (row.to == agent if row.to_kind == "agent" else row.to in teams):
        raise NotPermitted(f"agent:{agent}", "context", f"{hand_off} is offered to {row.to_kind} {row.to}")
    case = view.cases.cases[row.case]
    asked = [name for name in sorted(case.interactions, key=_number) if name in view.known.questions]
    rows, lowest = view.contacts.interactions, view.plan.identity.levels[0]
    writers = dict.fromkeys(view.identity.group(row.customer))
    for name in asked:
        writers.update(dict.fromkeys(view.identity.group(rows[name].customer)))
    reader = reader_in(view, f"agent:{agent}")
    messages = sorted((one for name in asked for one in view.known.questions[name]), key=_number)
    context = CaseContext(
        hand_off,
        CaseRef(row.case, case.number),
        view.identity.root(row.customer),
        case.state,
        case.topic,
        f"{case.owner_kind}:{case.owner}",
        None,
        dict(view.details.fields.get(row.case, {})),
        fields_of(view, row.customer),
        {name: view.identity.verified.get(name, lowest) for name in asked if rows[name].is_open},
        past_contacts(view, row.customer, reader),
        tuple(Question(message, None) for message in messages[-_MOST_QUESTIONS:]),
        said_in_context(view, row.case, row.customer),
        progress_seen(view, row.case, reader, None, at_us),
        told_seen(view, row.case, reader, None),
    )
    return context, tuple(writers)


def _number(name: str) -> int:
    return int(name[2:])


_WITH_TEXTS = ("MessageReceived", "MessageEdited", "MessageRetracted", "HandOffOffered")


def _with_texts(journal: Journal, context: CaseContext, writers: tuple[str, ...]) -> CaseContext:
    """The context with what was written, from the records of those who are concerned."""
    texts: dict[str, str | None] = {}
    files: dict[str, tuple[Attachment, ...]] = {}
    note = None
    for record in journal.read(subjects=writers, types=_WITH_TEXTS):
        match event := decode_event(record):
            case e.MessageReceived(message=message, text=text) | e.MessageEdited(message=message, text=text):
                texts[message], files[message] = text, shown_files(message, event.media)
            case e.MessageRetracted(message=message):
                texts[message], files[message] = None, ()
            case e.HandOffOffered(hand_off=name, note=text) if name == context.hand_off:
                note = text
            case _:
                pass
    asked = (question.message for question in context.questions)
    questions = tuple(Question(message, texts.get(message), files.get(message, ())) for message in asked)
    return attrs.evolve(context, questions=questions, note=note)
