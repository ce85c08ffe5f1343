"""Consults as they stand: who is asked for help with which interaction, and who takes part."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import CONSULT
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["ANSWER", "EVOLVE", "Consult", "Consults"]

ANSWER = "consults.answer"
"""Timer of a consult that has not been answered, or whose agent is still being connected."""


@attrs.define
class Consult:
    """A consult, kept until it ends. `agent` has the interaction, `consulted` is asked or takes part.

    While it waits in a `queue`, nobody is consulted, and it has neither token nor deadline.
    """

    interaction: str
    customer: str
    agent: str
    consulted: str
    channel: str
    token: int
    weight_percent: int
    deadline_us: int
    purpose: str
    labels: list[str]
    state: str = CONSULT.initial
    queue: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether whoever takes part in it is still looked for."""
        return self.state in ("QUEUED", "ASKED", "CONNECTING")


class Consults(Slice):
    """Consults by id."""

    TABLES: ClassVar = {"consults": Consult, "counts": None}

    consults: dict[str, Consult]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by interaction and by who is consulted."""
        self._of_interaction: dict[str, dict[str, int]] = {}
        self._of_consulted: dict[str, dict[str, int]] = {}
        for name, row in sorted(self.consults.items()):
            self._enter(name, row)

    def next_token(self) -> int:
        """The token of the next consult; tokens only rise."""
        return self.counts.get("consult", 0) + 1

    def of_interaction(self, interaction: str) -> list[tuple[str, Consult]]:
        """The consults about an interaction, oldest first."""
        names = self._of_interaction.get(interaction)
        return self._by_age(names) if names else []

    def is_transferred(self, interaction: str) -> bool:
        """Whether another agent is asked to take an interaction."""
        return any(self.consults[name].purpose == "transfer" for name in self._of_interaction.get(interaction, ()))

    def parties(self, interaction: str) -> list[tuple[str, Consult]]:
        """The consults whose agents talk with the customer, beside the one who has the interaction, oldest first."""
        return [(name, row) for name, row in self.of_interaction(interaction) if row.state == "MERGED"]

    def of_consulted(self, agent: str) -> list[tuple[str, Consult]]:
        """The consults to which an agent is asked or in which they take part, oldest first."""
        return self._by_age(self._of_consulted.get(agent, {}))

    def _by_age(self, names: dict[str, int]) -> list[tuple[str, Consult]]:
        return sorted(((name, self.consults[name]) for name in names), key=lambda pair: int(pair[0][2:]))

    def _enter(self, name: str, row: Consult) -> None:
        self._of_interaction.setdefault(row.interaction, {})[name] = 1
        if row.consulted:
            self._of_consulted.setdefault(row.consulted, {})[name] = 1

    def _leave(self, name: str, row: Consult) -> None:
        """Whoever was consulted is so no more."""
        if not row.consulted:
            return
        names = self._of_consulted[row.consulted]
        del names[name]
        if not names:
            del self._of_consulted[row.consulted]

    def queued(self, event: e.ConsultQueued, at_us: int) -> None:
        """It waits in a queue, with nobody."""
        row = self.consults.get(event.consult)
        if row is None:
            self.counts["consult"] = self.next_token()
            row = self.consults[event.consult] = Consult(
                event.interaction, event.customer, event.agent, "", event.channel, 0, 0, 0, "consult", []
            )
            self._enter(event.consult, row)
        self._leave(event.consult, row)
        row.state, row.queue = CONSULT.steps[row.state, "queue"], event.queue
        row.consulted, row.token, row.weight_percent, row.deadline_us, row.labels = "", 0, 0, 0, []
        self.timers.cancel(ANSWER, event.consult)

    def asked(self, event: e.ConsultAsked, at_us: int) -> None:
        """The consulted agent may answer until the deadline."""
        self.counts["consult"] = event.token
        self.timers.set(ANSWER, event.consult, event.deadline_us)
        known = self.consults.get(event.consult)
        if known is not None:
            known.state = CONSULT.steps[known.state, "ask"]
            known.consulted, known.token, known.deadline_us = event.consulted, event.token, event.deadline_us
            known.weight_percent, known.labels = event.weight_percent, event.labels
            self._enter(event.consult, known)
            return
        row = self.consults[event.consult] = Consult(
            event.interaction,
            event.customer,
            event.agent,
            event.consulted,
            event.channel,
            event.token,
            event.weight_percent,
            event.deadline_us,
            event.purpose,
            event.labels,
        )
        self._enter(event.consult, row)

    def barged_in(self, event: e.BargedIn, at_us: int) -> None:
        """A supervisor talks with the customer, unasked."""
        self.counts["consult"] = event.token
        row = self.consults[event.consult] = Consult(
            event.interaction,
            event.customer,
            event.agent,
            event.consulted,
            event.channel,
            event.token,
            event.weight_percent,
            at_us,
            "consult",
            event.labels,
            CONSULT.steps[CONSULT.initial, "barge_in"],
        )
        self._enter(event.consult, row)

    def connecting(self, event: e.ConsultConnecting, at_us: int) -> None:
        """The consulted agent has answered, and is to be connected before the deadline that holds now."""
        row = self.consults[event.consult]
        row.state, row.deadline_us = CONSULT.steps[row.state, "connect"], event.until_us
        self.timers.set(ANSWER, event.consult, event.until_us)

    def accepted(self, event: e.ConsultAccepted, at_us: int) -> None:
        """The consulted agent takes part."""
        row = self.consults[event.consult]
        row.state = CONSULT.steps[row.state, "accept" if row.state == CONSULT.initial else "confirm"]
        self.timers.cancel(ANSWER, event.consult)

    def merged(self, event: e.ConsultMerged, at_us: int) -> None:
        """The consulted agent talks with the customer."""
        row = self.consults[event.consult]
        row.state = CONSULT.steps[row.state, "merge"]

    def transfer_completed(self, event: e.TransferCompleted, at_us: int) -> None:
        """Forget it; the others who take part do so with the agent who has the interaction now."""
        self.ended(event, at_us)
        for _, row in self.of_interaction(event.interaction):
            row.agent = event.to

    def ended(self, event: e.ConsultEnded | e.TransferCompleted, at_us: int) -> None:
        """Forget it."""
        row = self.consults.pop(event.consult)
        self._leave(event.consult, row)
        about = self._of_interaction[row.interaction]
        del about[event.consult]
        if not about:
            del self._of_interaction[row.interaction]
        self.timers.cancel(ANSWER, event.consult)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.ConsultQueued: Consults.queued,
    e.ConsultAsked: Consults.asked,
    e.BargedIn: Consults.barged_in,
    e.ConsultConnecting: Consults.connecting,
    e.ConsultAccepted: Consults.accepted,
    e.ConsultEnded: Consults.ended,
    e.ConsultMerged: Consults.merged,
    e.TransferCompleted: Consults.transfer_completed,
}
