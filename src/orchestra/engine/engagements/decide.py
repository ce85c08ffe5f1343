"""Keeping the contacts of a customer in step: which go together, and what a command must have seen.

Belongs here: what joins, merges and splits engagements. Does not: to whom a contact is offered (`routing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestra.engine.engagements.deferring import no_longer, over, until_over
from orchestra.engine.engagements.joining import asks_the_same
from orchestra.engine.engagements.leading import MOST_LOOKED_AT, members_of
from orchestra.engine.engagements.questions import discharged, keep_one, link, may_be_linked, released, unlink
from orchestra.engine.engagements.state import DEFER, EVOLVE, Engagements, named_after
from orchestra.engine.engagements.telling import told_once
from orchestra.engine.routing.match import offer_best_items
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, StaleVersion
from orchestra.model import commands as c, events as e

__all__ = ["SECTION", "check_seen"]

_FIRST = ("link", "together", "defer")
"""Of several ways in which a contact goes with those that are there the first of these counts."""


def check_seen(view: View, command: c.Command, seen: int) -> None:
    """Refuse a command whose giver does not know what has come between.

    Raises:
        StaleVersion: the engagement has changed since the version it names.
        InvalidCommand: it is about nobody who is in touch, or about a version that is still to come.
    """
    name = _engagement(view, command)
    if name is None:
        raise InvalidCommand("seen", "is of no engagement that goes on: the customer is not in touch")
    changes = view.engagements.changes_of(name)
    version: int = changes[-1][0]
    if seen > version:
        raise InvalidCommand("seen", f"{name} is at version {version}")
    if seen < version:
        between = [f"{what} {one}" for number, what, one in changes if number > seen]
        raise StaleVersion(name, seen, version, between)


def _engagement(view: View, command: c.Command) -> str | None:
    """The engagement that a command is about, by its interaction, case or customer."""
    interaction, case, customer = (getattr(command, kind, None) for kind in ("interaction", "case", "customer"))
    if interaction is not None:
        key, _ = view.interaction(interaction)
        return view.engagements.of_member(key) if key in view.engagements.members else None
    if case is not None:
        customer = view.case(case)[1].customer
    if customer is None:
        raise InvalidCommand("seen", f"{type(command).__name__} is about no customer")
    found = view.engagements.by(view.identity.group(view.customer(customer)[0]))
    return found[0] if found else None


def _on_attached(view: View, event: e.InteractionAttached | e.CallbackAnswered, at_us: int) -> Iterable[e.Event]:
    """A contact has its case, so that it can be told how it goes with others."""
    if event.interaction not in view.engagements.members:
        return ()  # a work item, or somebody who is still to be called
    ids = view.identity.group(event.customer)
    if len(ids) == 1 and len(view.engagements.in_touch(event.customer)) == 1:
        return ()  # alone, as nearly all are
    return _join(view, event.interaction, event.customer)


def _join(view: View, interaction: str, customer: str) -> Iterator[e.Event]:
    own = view.engagements.of_member(interaction)
    # The number of its own may be lower: somebody who was called back asked for that before they came elsewhere.
    known = [name for name in view.engagements.by(view.identity.group(customer)) if name != own]
    if known:
        yield e.EngagementJoined(known[0], customer, interaction, _mode(view, interaction))


def _mode(view: View, interaction: str) -> str:
    """How a contact goes with those that are there."""
    return _mode_with(view, (other for other in members_of(view, interaction) if other != interaction), interaction)


def _mode_with(view: View, others: Iterable[str], interaction: str) -> str:
    """With the answer to one about the same case, if the plan says so; else together with one; else after one."""
    rows = view.contacts.interactions
    comes = rows[interaction]
    cases = view.cases.group(comes.case or "")
    same = (rows[other] for other in others if rows[other].case in cases)
    modes = {view.plan.engagements.mode(there.channel, comes.channel) for there in same}
    return next((mode for mode in _FIRST if mode in modes), "separate")


Regrouped = e.InteractionMoved | e.CaseMerged | e.CaseUnmerged


def _on_cases_changed(view: View, event: Regrouped, at_us: int) -> Iterator[e.Event]:
    """Contacts are about another case now, or about the same: how they go together is decided anew."""
    left = event.before if isinstance(event, e.InteractionMoved) else event.into
    roots = {view.cases.root(event.case), view.cases.root(left)}
    people = {view.identity.root(event.customer): 1}
    if not isinstance(event, e.InteractionMoved):
        others = (name for root in sorted(roots) for one in view.cases.group(root) for name in _people(view, one))
        people |= {view.identity.root(name): 1 for name in others}
    for person in people:
        there = view.engagements.of(view.identity.group(person))[:MOST_LOOKED_AT]
        about = [one for one in there if _matter(view, one) in roots]
        yield from _parted(view, event, about)
        yield from _regrouped(view, there, about)


def _people(view: View, case: str) -> Iterable[str]:
    row = view.cases.cases[case]
    return sorted((row.customer, *row.participants))


def _parted(view: View, event: Regrouped, about: Sequence[str]) -> Iterator[e.Event]:
    """What waited for the answer to a contact that is about another matter now, or for its end, waits for its own."""
    for interaction in about if view.engagements.deferred else ():
        row = view.engagements.deferred.get(interaction)
        if row is not None and _matter(view, row.to) != _matter(view, interaction):
            yield from no_longer(view, interaction, "another matter")
    linked = view.engagements.linked
    for interaction in about if linked else ():
        to = linked.get(interaction)
        if (
            to is None
            or to not in about
            or (isinstance(event, e.InteractionMoved) and event.interaction not in (interaction, to))
        ):
            continue
        if _matter(view, to) != _matter(view, interaction):
            yield from unlink(view, interaction, "another matter")


def _matter(view: View, interaction: str) -> str:
    return view.cases.root(view.contacts.interactions[interaction].case or "")


def _regrouped(view: View, there: Sequence[str], about: Iterable[str]) -> Iterator[e.Event]:
    """How a contact goes with those before it; two that wait for one answer then hold one place."""
    members = view.engagements.members
    # A callback is part of it from when its customer was reached, whenever it was asked for; and what was turned away
    # just now, as its queue is closed, is part of nothing any more.
    there = sorted((one for one in there if one in members), key=lambda one: members[one].began)
    for interaction in about:
        member = members.get(interaction)
        if member is None or member.mode == "first" or interaction == there[0]:
            continue
        mode = _mode_with(view, there[: there.index(interaction)], interaction)
        if mode != member.mode:
            name = view.engagements.of_member(interaction)
            yield e.EngagementModeChanged(name, member.customer, interaction, mode)
            if mode != "defer" and interaction in view.engagements.deferred:
                yield from no_longer(view, interaction, "goes another way")
        if mode == "together":
            yield from keep_one(view, interaction)
        elif mode == "link" and may_be_linked(view, interaction):
            yield from asks_the_same(view, interaction)


def _on_merged(view: View, event: e.CustomersMerged, at_us: int) -> Iterator[e.Event]:
    """Two who are in touch are one person."""
    ids = view.identity.group(event.customer)
    known = view.engagements.by(ids)
    if len(known) > 1:
        moved = [one for one in view.engagements.of(ids) if view.engagements.of_member(one) == known[1]]
        yield e.EngagementsMerged(known[0], event.customer, known[1], moved)
        # Two of them may be about one case: those of one side, or both came to it as its participants. Those that
        # stay are looked at, too: what moves may be the oldest, and goes with nothing before it.
        there = view.engagements.of(ids)[:MOST_LOOKED_AT]
        yield from _regrouped(view, there, there)


def _on_split(view: View, event: e.CustomersSplit, at_us: int) -> Iterator[e.Event]:
    """One who is in touch is two people: each has what came from their own addresses."""
    ours, theirs = (view.engagements.by(view.identity.group(name)) for name in (event.customer, event.other))
    if not ours or ours != theirs:
        return
    (name,) = ours
    sides = (view.engagements.of(view.identity.group(customer)) for customer in (event.other, event.customer))
    moved = next(side for side in sides if named_after(side[0]) != name)
    yield e.EngagementSplit(name, event.customer, named_after(moved[0]), moved)
    rows = view.contacts.interactions
    for interaction in view.engagements.of((*view.identity.group(event.customer), *view.identity.group(event.other))):
        to = view.engagements.linked.get(interaction)
        if to is not None and view.engagements.of_member(to) != view.engagements.of_member(interaction):
            yield from unlink(view, interaction, "split")
        row = view.engagements.deferred.get(interaction)
        if row is not None and not view.identity.is_same(*(rows[one].customer for one in (interaction, row.to))):
            yield from no_longer(view, interaction, "split")


# Questions that are asked twice


def _link(view: View, command: c.LinkQuestion, at_us: int) -> Steps:
    key, row = view.interaction(command.interaction)
    to, other = view.interaction(command.to)
    if not may_be_linked(view, key):
        raise NotAllowedInState(key, row.state, "link")
    if to not in view.engagements.members or to in view.engagements.linked:
        raise NotAllowedInState(to, other.state, "be linked to")
    if to == key or not view.identity.is_same(row.customer, other.customer):
        raise InvalidCommand("to", "must be another contact of the same customer")
    yield from link(view, key, to, "asked")
    return None


def _unlink(view: View, command: c.UnlinkQuestion, at_us: int) -> Steps:
    key, row = view.interaction(command.interaction)
    if key not in view.engagements.linked:
        raise NotAllowedInState(key, row.state, "unlink")
    yield from unlink(view, key, "asked")
    return None


def _on_finished(view: View, event: e.InteractionFinished, at_us: int) -> Iterator[e.Event]:
    """What asked the same is answered; and whoever wraps up may have room, as where a contact is over."""
    own = view.engagements
    if not own.linked or not own.linked_to(event.interaction):
        return
    if own.deferred:
        yield from offer_best_items(view, event.agent, at_us)
    yield from discharged(view, event.interaction, at_us)


Ended = e.InteractionDone | e.InteractionAbandoned | e.InteractionCanceled | e.InteractionDeflected


def _on_ended(view: View, event: Ended, at_us: int) -> Iterator[e.Event]:
    """A contact is over: what waits for its answer, and what waits for that.

    Whoever had it is asked to take what is most urgent before anything of this comes to a queue.
    """
    own = view.engagements
    if (own.linked and own.linked_to(event.interaction)) or (own.deferred and own.deferred_to(event.interaction)):
        agent = view.contacts.interactions[event.interaction].agent
        if agent is not None and isinstance(event, e.InteractionDone | e.InteractionCanceled):
            yield from offer_best_items(view, agent, at_us)
    yield from _answered(view, event, at_us)
    if view.engagements.deferred:
        yield from over(view, event.interaction, event.agent if isinstance(event, e.InteractionDone) else None)


def _on_merged_into(view: View, event: e.QuestionAnswered, at_us: int) -> Iterable[e.Event]:
    """What waits for it to be over was that of whoever gave the answer."""
    if not view.engagements.deferred:
        return ()
    return over(view, event.interaction, view.contacts.interactions[event.by].agent)


def _answered(view: View, event: Ended, at_us: int) -> Iterable[e.Event]:
    """It was answered elsewhere, or not at all."""
    if not view.engagements.linked or not view.engagements.linked_to(event.interaction):
        return ()
    if isinstance(event, e.InteractionDone) and event.reason == "answered_elsewhere":
        return discharged(view, event.interaction, at_us)
    return released(view, event.interaction, "not answered")


SECTION = Section(
    "engagements",
    Engagements,
    {c.LinkQuestion: _link, c.UnlinkQuestion: _unlink},
    evolve=EVOLVE,
    react={
        e.InteractionAttached: _on_attached,
        e.CallbackAnswered: _on_attached,
        e.InteractionMoved: _on_cases_changed,
        e.CaseMerged: _on_cases_changed,
        e.CaseUnmerged: _on_cases_changed,
        e.CustomersMerged: _on_merged,
        e.CustomersSplit: _on_split,
        e.InteractionFinished: _on_finished,
        e.InteractionDone: _on_ended,
        e.InteractionAbandoned: _on_ended,
        e.InteractionCanceled: _on_ended,
        e.InteractionDeflected: _on_ended,
        e.QuestionAnswered: _on_merged_into,
        e.MessageReceived: told_once,
    },
    timers={DEFER: until_over},
)
