"""Customers' last contacts and last agent, and the questions that have no answer yet. All of it bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Section, Slice
from orchestra.model import events as e

__all__ = ["MOST_CONTACTS", "MOST_QUESTIONS", "SECTION", "Known", "Past"]

MOST_CONTACTS = 6
"""Contacts of a customer that are remembered: the one now, and the five before it."""

MOST_QUESTIONS = 20
"""Messages without an answer that are remembered of an interaction, the newest."""


@attrs.define
class Past:
    """A customer's newest interactions, oldest first, and the person who last took one of all they ever had."""

    contacts: list[str] = attrs.field(factory=list)
    agent: str | None = None


class Known(Slice):
    """`customers` by id; `questions` is open interaction -> messages since the last answer, oldest first."""

    TABLES: ClassVar = {"customers": Past, "questions": None, "bots": None}

    customers: dict[str, Past]
    questions: dict[str, list[str]]
    bots: dict[str, int]

    def agent_of(self, ids: Sequence[str]) -> str | None:
        """Who last took a contact of a person, by the newest of their ids that had one."""
        known = (self.customers[customer] for customer in ids if customer in self.customers)
        served = (row for row in known if row.agent is not None)
        newest = max(served, key=lambda row: _number(row.contacts[-1]), default=None)
        return None if newest is None else newest.agent

    def contacts_of(self, ids: Sequence[str]) -> list[str]:
        """A person's newest interactions, oldest first, as many as are remembered of one id."""
        found = [name for customer in ids if customer in self.customers for name in self.customers[customer].contacts]
        return sorted(found, key=_number)[-MOST_CONTACTS:]

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """A bot knows nobody."""
        if event.kind == "bot":
            self.bots[event.agent] = 1
        else:
            self.bots.pop(event.agent, None)

    def agent_removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Forget what kind of agent they were."""
        self.bots.pop(event.agent, None)

    def started(self, event: e.InteractionStarted | e.CallbackRequested, at_us: int) -> None:
        """The customer's newest contact, or what we owe them."""
        past = self.customers.setdefault(event.customer, Past())
        past.contacts = [*past.contacts[1 - MOST_CONTACTS :], event.interaction]
        self.questions[event.interaction] = []

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """A person has to do with the customer."""
        if event.agent not in self.bots:
            self.customers[event.customer].agent = event.agent

    def transferred(self, event: e.TransferCompleted, at_us: int) -> None:
        """Another person has to do with the customer."""
        if event.to not in self.bots:
            self.customers[event.customer].agent = event.to

    def received(self, event: e.MessageReceived, at_us: int) -> None:
        """The customer waits for an answer to this, too, unless they were turned away with it."""
        asked = self.questions.get(event.interaction)
        if asked is not None:
            self.questions[event.interaction] = [*asked[1 - MOST_QUESTIONS :], event.message]

    def answered(self, event: e.MessageWritten | e.ReplyRecorded, at_us: int) -> None:
        """The customer has an answer."""
        if event.interaction in self.questions:
            self.questions[event.interaction] = []

    def over(
        self,
        event: e.InteractionDone
        | e.InteractionAbandoned
        | e.InteractionCanceled
        | e.InteractionDeflected
        | e.QuestionAnswered,
        at_us: int,
    ) -> None:
        """Nobody answers in it any more."""
        self.questions.pop(event.interaction, None)


def _number(interaction: str) -> int:
    return int(interaction[2:])


_EVOLVE: dict[type[e.Event], Evolve] = {
    e.AgentDefined: Known.agent_defined,
    e.AgentRemoved: Known.agent_removed,
    e.InteractionStarted: Known.started,
    e.CallbackRequested: Known.started,
    e.OfferAccepted: Known.accepted,
    e.TransferCompleted: Known.transferred,
    e.MessageReceived: Known.received,
    e.MessageWritten: Known.answered,
    e.ReplyRecorded: Known.answered,
    e.InteractionDone: Known.over,
    e.InteractionAbandoned: Known.over,
    e.InteractionCanceled: Known.over,
    e.InteractionDeflected: Known.over,
    e.QuestionAnswered: Known.over,
}

SECTION = Section("known", Known, evolve=_EVOLVE)
