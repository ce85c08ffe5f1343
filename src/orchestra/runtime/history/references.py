"""What the application's own keys name, from the journal alone: for whoever has no state to ask."""

from __future__ import annotations

from orchestra.codec.events import decode_event
from orchestra.errors import UnknownId
from orchestra.journal.port import Journal
from orchestra.model.addresses import Ref
from orchestra.model.events import RefAdded

__all__ = ["target_of"]


def target_of(journal: Journal, kind: str, ref: Ref) -> str:
    """The id of the customer, case or interaction that a reference was added to.

    Raises:
        UnknownId: nothing has that reference; `kind` says what was looked for.
    """
    for record in journal.read(types=[RefAdded.__name__]):
        event = decode_event(record)
        if isinstance(event, RefAdded) and event.ref == ref.value:
            return event.target
    raise UnknownId(kind, f"ref:{ref.value}")
