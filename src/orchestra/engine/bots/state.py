"""Which agents are bots, what they have in hand, by when they must have answered, and how often they have."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["EVOLVE", "SILENT", "Answered", "Bots"]

SILENT = "bots.silent"
"""Timer of an interaction whose bot owes an answer."""

Over = (
    e.InteractionFinished
    | e.InteractionDone
    | e.InteractionCanceled
    | e.InteractionQueued
    | e.CallbackScheduled
    | e.TransferCompleted
)


_DAY_US = 24 * 3600 * 1_000_000


@attrs.define
class Answered:
    """How often bots have answered in a conversation since `since_us`, and since a person last wrote in it."""

    count: int
    since_us: int


class Bots(Slice):
    """`bots` is a set of those agents who are bots, `in_hand` is interaction -> the bot who has it.

    `answered` is conversation -> how often bots have answered there lately.
    """

    TABLES: ClassVar = {"bots": None, "in_hand": None, "answered": Answered}

    bots: dict[str, int]
    in_hand: dict[str, str]
    answered: dict[str, Answered]

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """Know whether the agent is a bot."""
        if event.kind == "bot":
            self.bots[event.agent] = 1
        else:
            self.bots.pop(event.agent, None)

    def agent_removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Forget the agent."""
        self.bots.pop(event.agent, None)

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """A bot that takes something owes an answer from now on."""
        if event.agent in self.bots:
            self.in_hand[event.interaction] = event.agent
            self._owe(event.interaction, at_us)

    def received(self, event: e.MessageReceived, at_us: int) -> None:
        """The customer wrote: an answer is owed, from the first message that has none."""
        if event.interaction in self.in_hand and self.timers.get(SILENT, event.interaction) is None:
            self._owe(event.interaction, at_us)

    def written(self, event: e.MessageWritten, at_us: int) -> None:
        """The customer has an answer."""
        if event.interaction is not None:
            self.timers.cancel(SILENT, event.interaction)
        if event.agent in self.bots:
            row = self._lately(event.conversation, at_us) or Answered(0, at_us)
            self.answered[event.conversation] = Answered(row.count + 1, row.since_us)
        elif event.agent is not None:
            self.answered.pop(event.conversation, None)

    def _lately(self, conversation: str, at_us: int) -> Answered | None:
        row = self.answered.get(conversation)
        return None if row is None or at_us - row.since_us >= _DAY_US else row

    def may_answer(self, conversation: str, at_us: int) -> bool:
        """Whether bots have not answered there as often as they may in a day."""
        row = self._lately(conversation, at_us)
        return row is None or row.count < self.plan.presence.bot_answers

    def pressed(self, event: e.KeysPressed, at_us: int) -> None:
        """So does whoever presses keys."""
        if event.interaction in self.in_hand and self.timers.get(SILENT, event.interaction) is None:
            self._owe(event.interaction, at_us)

    def owes(self, interaction: str) -> bool:
        """Whether a bot is about to answer: it owes that, or has been asked and has not taken the contact yet."""
        return interaction not in self.in_hand or self.timers.get(SILENT, interaction) is not None

    def over(self, event: Over, at_us: int) -> None:
        """The bot has it no longer, or is not waited for any more."""
        if self.in_hand.pop(event.interaction, None) is not None:
            self.timers.cancel(SILENT, event.interaction)

    def _owe(self, interaction: str, at_us: int) -> None:
        self.timers.set(SILENT, interaction, at_us + microseconds(self.plan.presence.bot_answers_within))


EVOLVE: dict[type[e.Event], Evolve] = {
    e.AgentDefined: Bots.agent_defined,
    e.AgentRemoved: Bots.agent_removed,
    e.OfferAccepted: Bots.accepted,
    e.MessageReceived: Bots.received,
    e.MessageWritten: Bots.written,
    e.KeysPressed: Bots.pressed,
    e.InteractionFinished: Bots.over,
    e.InteractionDone: Bots.over,
    e.InteractionCanceled: Bots.over,
    e.InteractionQueued: Bots.over,
    e.CallbackScheduled: Bots.over,
    e.TransferCompleted: Bots.over,
}
