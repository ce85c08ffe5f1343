"""What is told of a live contact's connect target: a long wait foreseen, the target at risk, the target missed."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.section import Section
from orchestra.engine.targets.state import DUE, EVOLVE, FORESEEN, Targets
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]


def _on_queued(view: View, event: e.InteractionQueued, at_us: int) -> Iterator[e.Event]:
    """Routing reacts first: whoever still waits here could not be offered to anybody at once."""
    channel = view.plan.channels[event.channel]
    aim = view.targets.aims.get(event.interaction)
    if aim is None or aim.foreseen_us is not None or event.reason not in FORESEEN:
        return
    place = view.routing.place(event.interaction)
    if place is None or place[1] is None:
        return
    target_us = microseconds(channel.connect_target)
    if place[1] > target_us:
        alternatives = list(channel.alternatives)
        yield e.LongWaitForeseen(event.interaction, event.customer, event.queue, place[1], target_us, alternatives)


def _due(view: View, interaction: str, at_us: int) -> Iterator[e.Event]:
    item, aim = view.routing.items[interaction], view.targets.aims[interaction]
    waited_us = max(0, at_us - item.start_us)
    if aim.state == "AIMED":
        yield e.ConnectAtRisk(interaction, item.customer, item.queue, waited_us)
    else:
        yield e.ConnectBreached(interaction, item.customer, item.queue, waited_us)


SECTION = Section("targets", Targets, {}, EVOLVE, {e.InteractionQueued: _on_queued}, {DUE: _due})
