"""Handing over from a bot to people: because it says so, or because it owed the customer an answer for too long."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.bots.state import EVOLVE, SILENT, Bots
from orchestra.engine.contacts.intake import check_skills, check_text
from orchestra.engine.contacts.owned import owned
from orchestra.engine.details.decide import check_fields
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e

__all__ = ["SECTION"]


def _hand_over(view: View, command: c.HandOver, at_us: int) -> Steps:
    key, interaction = owned(view, command, command.interaction, command.agent, "queue", "hand_over")
    if command.agent not in view.bots.bots:
        raise InvalidCommand("agent", f"{command.agent} is no bot: people hand over with TransferInteraction")
    if command.queue is not None and command.queue not in view.plan.queues:
        raise UnknownId("queue", command.queue)
    check_skills(view, command.skills)
    check_fields(view, "interaction", command.fields)
    check_text(command.text)
    if command.fields:
        yield e.FieldsSet(key, dict(sorted(command.fields.items())), interaction.customer)
    assert interaction.case is not None  # every interaction has a case from its first batch on
    yield e.InteractionHandedOver(
        key,
        interaction.case,
        interaction.customer,
        command.agent,
        command.queue or view.routing.items[key].queue,
        dict(sorted(command.skills.items())),
        command.priority,
        command.reason,
        command.topic,
        command.text,
    )
    return None


def _silent(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """The bot, or whoever serves it, has failed the customer: people take over, with the place kept."""
    interaction = view.contacts.interactions[key]
    assert interaction.case is not None  # every interaction has a case from its first batch on
    queue, bot = view.routing.items[key].queue, view.bots.in_hand[key]
    yield e.InteractionHandedOver(key, interaction.case, interaction.customer, bot, queue, {}, 0, "no_answer")


SECTION = Section("bots", Bots, {c.HandOver: _hand_over}, EVOLVE, timers={SILENT: _silent})
