"""How far each live contact is from its connect target."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import TARGET
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["DUE", "EVOLVE", "FORESEEN", "Aim", "Targets"]

DUE = "targets.due"
"""Timer of a live contact that waits: first of its risk, then of its breach."""

_RISK_PERCENT = 75
"""Of the target: when so much of it has passed, the contact is at risk."""
FORESEEN = ("arrived", "overflowed", "resumed")
"""Why a contact queues of which a long wait is foreseen: its customer has just come to wait there."""
_FIRST = (*FORESEEN, "reached", "unlinked")
"""Why a contact queues for the first time, or its customer comes to the line for the first time."""


@attrs.define
class Aim:
    """A live contact's target: the instant by which it should be connected; and the wait foreseen, if it was longer."""

    by_us: int
    state: str = TARGET.initial
    foreseen_us: int | None = None


class Targets(Slice):
    """Aims by interaction, kept as long as the interaction is not over."""

    TABLES: ClassVar = {"aims": Aim}

    aims: dict[str, Aim]

    def is_at_risk(self, interaction: str) -> bool:
        """Whether a contact has waited for most of its target or longer, and nobody has answered it."""
        aim = self.aims.get(interaction)
        return aim is not None and aim.state in ("AT_RISK", "BREACHED")

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """A live contact that waits for the first time aims at its channel's target."""
        channel = self.plan.channels[event.channel]
        is_on_line = channel.live and event.first is None
        if is_on_line and event.reason in _FIRST and event.interaction not in self.aims:
            target_us = microseconds(channel.connect_target)
            self.aims[event.interaction] = Aim(event.start_us + target_us)
            self.timers.set(DUE, event.interaction, event.start_us + target_us * _RISK_PERCENT // 100)

    def foreseen(self, event: e.LongWaitForeseen, at_us: int) -> None:
        """It will probably be too late."""
        self.aims[event.interaction].foreseen_us = event.wait_us

    def at_risk(self, event: e.ConnectAtRisk, at_us: int) -> None:
        """Next comes the breach."""
        aim = self.aims[event.interaction]
        aim.state = TARGET.steps[aim.state, "risk"]
        self.timers.set(DUE, event.interaction, aim.by_us)

    def breached(self, event: e.ConnectBreached, at_us: int) -> None:
        """It is too late for the target."""
        aim = self.aims[event.interaction]
        aim.state = TARGET.steps[aim.state, "breach"]
        self.timers.cancel(DUE, event.interaction)

    def connected(self, event: e.OfferAccepted, at_us: int) -> None:
        """An agent has answered."""
        aim = self.aims.get(event.interaction)
        if aim is None or not TARGET.allows(aim.state, "connect"):
            return
        aim.state = TARGET.steps[aim.state, "connect"]
        self.timers.cancel(DUE, event.interaction)

    def over(
        self,
        event: e.InteractionDone
        | e.InteractionAbandoned
        | e.InteractionCanceled
        | e.InteractionDeflected
        | e.QuestionLinked,
        at_us: int,
    ) -> None:
        """Forget it."""
        if self.aims.pop(event.interaction, None) is not None:
            self.timers.cancel(DUE, event.interaction)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.InteractionQueued: Targets.queued,
    e.LongWaitForeseen: Targets.foreseen,
    e.ConnectAtRisk: Targets.at_risk,
    e.ConnectBreached: Targets.breached,
    e.OfferAccepted: Targets.connected,
    e.InteractionDone: Targets.over,
    e.InteractionAbandoned: Targets.over,
    e.InteractionCanceled: Targets.over,
    e.InteractionDeflected: Targets.over,
    e.QuestionLinked: Targets.over,
}
