"""What becomes of a case when something of a customer's comes to it: it is open again, and they take part in it."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["join", "reopen", "revive"]


def revive(view: View, case: str) -> Iterator[e.Event]:
    """The customer came back: the matter is open again."""
    key = view.cases.root(case)
    row = view.cases.cases[key]
    if row.state in SETTLED:
        yield e.CaseReopened(key, row.customer, "contact")
    elif row.state == "WAITING_ON_CUSTOMER":
        yield e.CaseResumed(key, row.customer, "contact")


def reopen(view: View, case: str, reason: str) -> Iterator[e.Event]:
    """There is work in the matter again, whatever the customer does: what it waits for it still waits for."""
    key = view.cases.root(case)
    row = view.cases.cases[key]
    if row.state in SETTLED:
        yield e.CaseReopened(key, row.customer, reason)


def join(view: View, case: str, person: str, interaction: str | None) -> Iterator[e.Event]:
    """Whoever is not the case's customer is one of its participants."""
    row = view.cases.cases[case]
    if person != row.customer and person not in row.participants:
        yield e.ParticipantJoined(case, row.customer, person, interaction)
        yield e.PartTaken(person, case, row.customer)
