"""What agents wrote to one another, from the journal: the state holds no texts."""

from __future__ import annotations

from orchestra.codec.events import decode_event
from orchestra.journal.port import Journal
from orchestra.model import events as e

__all__ = ["note_of"]


def note_of(journal: Journal, consult: str, customer: str) -> str | None:
    """What was written to whoever a queue asks for help with a contact of this customer; None if nothing was."""
    for record in journal.read(subjects=[customer], types=[e.ConsultQueued.__name__]):
        event = decode_event(record)
        if isinstance(event, e.ConsultQueued) and event.consult == consult:
            return event.note
    return None
