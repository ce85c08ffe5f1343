"""Wrap-up of each agent's own part: it begins when an agent gives an interaction away, and ends like any other."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.contacts.wrap_up import wrap_up_of
from orchestra.engine.section import Section
from orchestra.engine.segments.state import EVOLVE, OVER, Segments
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["SECTION", "end"]


def _on_given_away(view: View, event: e.TransferCompleted | e.InteractionTransferred, at_us: int) -> Iterator[e.Event]:
    """Whoever is at work has their part to wrap up, where the channel has wrap-up."""
    item = view.routing.items[event.interaction]
    channel = view.plan.channels[item.channel]
    mode, until_us = wrap_up_of(view, channel, event.agent, at_us)
    if mode is None:
        return
    yield e.SegmentWrapUpStarted(
        view.segments.next_segment(),
        event.interaction,
        event.customer,
        event.agent,
        item.channel,
        channel.weight_percent * channel.wrap_up_percent // 100,
        event.labels_before if isinstance(event, e.TransferCompleted) else item.labels,
        mode,
        until_us,
    )


def _on_transfer_completed(view: View, event: e.TransferCompleted, at_us: int) -> Iterator[e.Event]:
    yield from _taken_again(view, event.to, event.interaction)
    yield from _on_given_away(view, event, at_us)


def _on_accepted(view: View, event: e.OfferAccepted, at_us: int) -> Iterator[e.Event]:
    return _taken_again(view, event.agent, event.interaction)


def _taken_again(view: View, agent: str, interaction: str) -> Iterator[e.Event]:
    """Whoever has an interaction again goes on with their part."""
    segment = view.segments.of(agent, interaction)
    if segment is not None:
        yield end(view, segment, "taken_again")


def _on_gone(view: View, event: e.AgentSignedOut | e.AgentLost, at_us: int) -> Iterator[e.Event]:
    """Wrap-up ends with its agent."""
    for segment in view.segments.of_agent(event.agent):
        yield end(view, segment, "agent_left")


def end(view: View, segment: str, reason: str, disposition: str | None = None) -> e.SegmentWrapUpEnded:
    """The event that ends a segment's wrap-up."""
    row = view.segments.segments[segment]
    return e.SegmentWrapUpEnded(
        segment,
        row.interaction,
        row.customer,
        row.agent,
        row.channel,
        row.weight_percent,
        row.labels,
        reason,
        disposition,
    )


def _over(view: View, segment: str, at_us: int) -> Iterator[e.Event]:
    yield end(view, segment, "finished")


SECTION = Section(
    "segments",
    Segments,
    {},
    EVOLVE,
    {
        e.InteractionTransferred: _on_given_away,
        e.TransferCompleted: _on_transfer_completed,
        e.OfferAccepted: _on_accepted,
        e.AgentSignedOut: _on_gone,
        e.AgentLost: _on_gone,
    },
    {OVER: _over},
)
