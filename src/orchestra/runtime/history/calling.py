"""Where the customer of a callback is to be called, which only the private parts of the journal tell."""

from __future__ import annotations

from orchestra.codec import decode_event
from orchestra.errors import UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.addresses import Email, Handle, Phone
from orchestra.runtime.history.explain import whose

__all__ = ["whom_to_call"]


def whom_to_call(journal: Journal, interaction: str, customer: str | None = None) -> Email | Phone | Handle | None:
    """The address that was given to be called, else the customer's own; None once it is erased.

    Args:
        journal: what to read.
        interaction: the callback.
        customer: whose it is; spares looking for where it began.

    Raises:
        UnknownId: there is no such callback.
    """
    owner = customer or whose(journal, interaction)
    added, asked = None, None
    for record in journal.read(subjects=[owner], types=["CustomerAdded", "CallbackRequested"]):
        event = decode_event(record)
        if isinstance(event, e.CustomerAdded):
            added = event
        elif isinstance(event, e.CallbackRequested) and event.interaction == interaction:
            asked = event
    if asked is None:
        raise UnknownId("callback", interaction)
    if asked.kind is not None:
        return _address(asked.kind, asked.value)
    return None if added is None else _address(added.kind, added.value)


def _address(kind: str, value: str | None) -> Email | Phone | Handle | None:
    if value is None:
        return None
    if kind == "phone":
        return Phone(value)
    return Email(value) if kind == "email" else Handle(value, kind=kind)
