"""The whole engine in memory against an event-sourced aggregate in memory, in events a second.

Ours: contacts from arrival to closed, with routing, cases, deliveries and timers. Peer: `eventsourcing`'s application
with its in-memory (POPO) store, whose aggregate only records what it is told, as many events and saves a contact.
"""

from __future__ import annotations

from contacts import Desk, drive
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from measure import Case, main

CONTACTS = 300
SAVES = 7
EVENTS = 20


class Contact(Aggregate):
    """What the peer does: keep a count and the last word."""

    def __init__(self, customer: str) -> None:
        self.customer = customer
        self.steps = 0
        self.word = ""

    @event("Stepped")
    def step(self, word: str, at_us: int) -> None:
        """Record one step."""
        self.steps += 1
        self.word = word


def ours() -> int:
    """Events decided."""
    desk = Desk()
    return drive(desk, 1, CONTACTS)


def peer() -> int:
    """Events recorded."""
    application: Application = Application()
    for number in range(CONTACTS):
        contact = Contact(f"customer-{number}")
        for save in range(SAVES):
            for step in range(EVENTS // SAVES + (save < EVENTS % SAVES) - (save == 0)):
                contact.step("chat", number * 1000 + step)
            application.save(contact)
    return CONTACTS * EVENTS


if __name__ == "__main__":
    main(
        "engine, events a second",
        [Case("a contact from arrival to closed", ours, peer, count=None, target=2.0, peer_name="eventsourcing POPO")],
    )
