"""Keeping the contacts of a customer in step: which go together, and what a command must have seen.

Belongs here: what joins, merges and splits engagements. Does not: to whom a contact is offered (`routing`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.engagements.state import EVOLVE, Engagements, named_after
from orchestra.engine.section import Section
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, StaleVersion
from orchestra.model import commands as c, events as e

__all__ = ["SECTION", "check_seen"]


def check_seen(view: View, command: c.Command, seen: int) -> None:
    """Refuse a command whose giver does not know what has come between.

    Raises:
        StaleVersion: the engagement has changed since the version it names.
        InvalidCommand: it is about nobody who is in touch, or about a version that is still to come.
    """
    name = _engagement(view, command)
    if name is None:
        raise InvalidCommand("seen", "is of no engagement that goes on: the customer is not in touch")
    row = view.engagements.engagements[name]
    if seen > row.version:
        raise InvalidCommand("seen", f"{name} is at version {row.version}")
    if seen < row.version:
        between = tuple(" ".join(change) for change in row.changes[seen - row.version :])
        raise StaleVersion(name, seen, row.version, between)


def _engagement(view: View, command: c.Command) -> str | None:
    """The engagement that a command is about, by its interaction, case or customer."""
    interaction, case, customer = (getattr(command, kind, None) for kind in ("interaction", "case", "customer"))
    if interaction is not None:
        member = view.engagements.members.get(view.interaction(interaction)[0])
        return None if member is None else member.engagement
    if case is not None:
        customer = view.case(case)[1].customer
    if customer is None:
        raise InvalidCommand("seen", f"{type(command).__name__} is about no customer")
    found = view.engagements.by(view.identity.group(view.customer(customer)[0]))
    return found[0] if found else None


def _on_attached(view: View, event: e.InteractionAttached, at_us: int) -> Iterator[e.Event]:
    """A contact has its case, so that it can be told how it goes with others."""
    yield from _join(view, event.interaction, event.customer)


def _on_answered(view: View, event: e.CallbackAnswered, at_us: int) -> Iterator[e.Event]:
    yield from _join(view, event.interaction, event.customer)


def _join(view: View, interaction: str, customer: str) -> Iterator[e.Event]:
    member = view.engagements.members.get(interaction)
    if member is None:
        return  # a work item, or somebody who is still to be called
    # The number of its own may be lower: somebody who was called back asked for that before they came elsewhere.
    known = [name for name in view.engagements.by(view.identity.group(customer)) if name != member.engagement]
    if known:
        yield e.EngagementJoined(known[0], customer, interaction, _mode(view, known[0], interaction))


def _mode(view: View, engagement: str, interaction: str) -> str:
    """How a contact goes with those that are there: together with one about the same case, if the plan says so."""
    rows = view.contacts.interactions
    comes = rows[interaction]
    same = (rows[other] for other in view.engagements.of[engagement] if rows[other].case == comes.case)
    modes = {view.plan.engagements.mode(there.channel, comes.channel) for there in same}
    return "together" if "together" in modes else "separate"


def _on_merged(view: View, event: e.CustomersMerged, at_us: int) -> Iterator[e.Event]:
    """Two who are in touch are one person."""
    known = view.engagements.by(view.identity.group(event.customer))
    if len(known) > 1:
        yield e.EngagementsMerged(known[0], event.customer, known[1])


def _on_split(view: View, event: e.CustomersSplit, at_us: int) -> Iterator[e.Event]:
    """One who is in touch is two people: each has what came from their own addresses."""
    ours, theirs = (view.engagements.by(view.identity.group(name)) for name in (event.customer, event.other))
    if not ours or ours != theirs:
        return
    (name,) = ours
    sides: tuple[list[str], list[str]] = ([], [])
    for interaction in sorted(view.engagements.of[name], key=lambda one: int(one[2:])):
        customer = view.engagements.members[interaction].customer
        sides[view.identity.is_same(customer, event.other)].append(interaction)
    moved = next(side for side in reversed(sides) if named_after(side[0]) != name)
    yield e.EngagementSplit(name, event.customer, named_after(moved[0]), moved)


SECTION = Section(
    "engagements",
    Engagements,
    evolve=EVOLVE,
    react={
        e.InteractionAttached: _on_attached,
        e.CallbackAnswered: _on_answered,
        e.CustomersMerged: _on_merged,
        e.CustomersSplit: _on_split,
    },
)
