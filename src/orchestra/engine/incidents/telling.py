"""Telling the customers of an incident its approved text: once to each, where they would rather be written to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestra.engine.deliveries.conversations import conversations_of
from orchestra.engine.deliveries.planning import write
from orchestra.engine.identity.consent import is_allowed
from orchestra.engine.lifecycle import DELIVERY
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.results import Written

__all__ = ["TOPIC", "is_told", "tell"]

TOPIC = "incident"
"""Of the deliveries, so that an operator can stop them, or a plan let them leave while somebody talks."""


def is_told(view: View, incident: str, case: str) -> bool:
    """Whether a case's customer was told what is approved, or nothing is."""
    row = view.incidents.incidents[incident]
    return row.told_to(view.identity.group(view.cases.cases[case].customer))[0] >= row.approved


def tell(view: View, incident: str, case: str, at_us: int, conversation: str | None = None) -> Iterator[e.Event]:
    """Write the approved text to a case's customer, unless they were told it.

    Args:
        view: the state.
        incident: whose text.
        case: the one that goes on of those that are one matter.
        at_us: now.
        conversation: in which they have just written, if they have: they are told there.
    """
    row = view.incidents.incidents[incident]
    if row.told_text is None or is_told(view, incident, case):
        return
    customer = view.cases.cases[case].customer
    ids = view.identity.group(customer)
    is_theirs = conversation is not None and view.contacts.conversations[conversation].customer in ids
    found = [conversation] if conversation is not None and is_theirs else conversations_of(view, case, ids)
    allowed = (one for one in found if _is_allowed(view, customer, one, row.purpose))
    chosen = next(allowed, None)
    if chosen is None:
        if row.untold.get(customer) != row.approved:
            reason = "no_consent" if found else "no_channel"
            yield e.IncidentNotTold(incident, case, customer, row.approved, reason)
        return
    yield from _called_back(view, incident, ids)
    written: Written = yield from write(
        view,
        at_us,
        conversation=chosen,
        case=case,
        customer=view.contacts.conversations[chosen].customer,
        text=row.told_text,
        key=_key(incident, row.approved, customer),
        topic=TOPIC,
        purpose=row.purpose,
        automatic=True,
    )
    channel = view.contacts.conversations[chosen].channel
    version, message, delivery = row.approved, written.message, written.delivery
    yield e.IncidentTold(incident, case, customer, version, message, delivery, channel, is_theirs)


def _called_back(view: View, incident: str, ids: Sequence[str]) -> Iterator[e.Event]:
    """Of an older text that has not left nobody needs to hear any more."""
    row = view.incidents.incidents[incident]
    for one in ids:
        version, _ = row.told.get(one, (0, 0))
        delivery = view.deliveries.by_key.get(_key(incident, version, one))
        if delivery is not None and DELIVERY.allows(view.deliveries.deliveries[delivery].state, "cancel"):
            customer = view.deliveries.deliveries[delivery].customer
            yield e.DeliveryCanceled(delivery, customer, f"{incident} was updated")


def _key(incident: str, version: int, customer: str) -> str:
    """Of the delivery: one for each text and customer. No key of the application's begins so."""
    return f"message:{incident}:{version}:{customer}"


def _is_allowed(view: View, customer: str, conversation: str, purpose: str) -> bool:
    return is_allowed(view, customer, view.contacts.conversations[conversation].channel, purpose)
