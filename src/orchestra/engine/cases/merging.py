"""Merging and splitting cases, and moving interactions between them: everything that puts right what belongs together.

Belongs here: what people ask for. Does not: where a contact goes when it comes (`attach`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestra.engine.cases.joining import join, reopen
from orchestra.engine.cases.state import SETTLED, case_age
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref
from orchestra.model.results import CaseRef
from orchestra.model.structure import microseconds

__all__ = [
    "MOST_MERGED",
    "MOST_MOVED",
    "check_movable",
    "is_worked",
    "merge",
    "merged",
    "move",
    "moved",
    "split",
    "unmerge",
]

MOST_MERGED = 100
"""Cases that are one matter. More than that are no matter, but something that everybody writes about: an incident."""

MOST_MOVED = 25
"""Interactions that one command moves."""


def is_worked(view: View, case: str) -> bool:
    """Whether an interaction of the matter is open."""
    return any(name in view.contacts.open_in_case for name in view.cases.group(case))


# Merging and its undoing


def merge(view: View, command: c.MergeCases, at_us: int) -> Steps:
    """Decide that two cases are one matter."""
    key, case = view.case(command.case)
    other, row = view.case(command.other)
    if other != key:
        if not view.identity.is_same(case.customer, row.customer):
            raise InvalidCommand("other", f"{other} is another customer's: MoveInteraction takes theirs into {key}")
        if len(view.cases.group(key)) + len(view.cases.group(other)) > MOST_MERGED:
            raise InvalidCommand("other", f"together they are more than {MOST_MERGED} cases")
        yield from merged(view, other, key, command.reason)
    return CaseRef(key, case.number)


def merged(view: View, other: str, key: str, reason: str) -> Iterator[e.Event]:
    """The events by which a case goes on as another one of the same person."""
    row = view.cases.cases[other]
    was_settled = row.state in SETTLED
    yield e.CaseMerged(other, row.customer, key, reason)
    if not was_settled:
        yield from reopen(view, key, "merged")


def unmerge(view: View, command: c.UnmergeCase, at_us: int) -> Steps:
    """Decide that a case goes on by itself again: as it stood when it was merged, unless somebody works on it."""
    key = view.id_of("case", command.case)
    row = view.cases.cases.get(key)
    if row is None:
        raise UnknownId("case", key)
    if row.into is None or row.before is None:
        raise NotAllowedInState(key, row.state, "unmerge")
    back = [name for name in view.cases.group(key) if _goes_on_as(view, name, key)]
    is_open = any(name in view.contacts.open_in_case for name in back)
    state = "OPEN" if is_open and row.before in SETTLED else row.before
    after = view.plan.cases.close_after if state == "RESOLVED" else None
    close_us = None if after is None else at_us + microseconds(after)
    yield e.CaseUnmerged(key, row.customer, row.into, state, command.reason, close_us)
    return CaseRef(key, row.number)


def _goes_on_as(view: View, name: str, case: str) -> bool:
    """Whether a case is this one, or was merged into it."""
    above: str | None = name
    while above is not None and above != case:
        above = view.cases.cases[above].into
    return above is not None


# Splitting


def split(view: View, command: c.SplitCase, at_us: int) -> Steps:
    """Decide that part of a case is a case of its own."""
    key, case = view.case(command.case)
    queue = command.queue or case.queue
    if command.queue is None and queue not in view.plan.queues:
        queue = view.plan.workspace.default_queue
    if queue not in view.plan.queues:
        raise UnknownId("queue", queue)
    names = _chosen(view, command, key)
    other, number = view.cases.next_case()
    kind, owner = _first_owner(view, names, queue)
    whose = _whose(view, names, case.customer)
    yield e.CaseOpened(other, number, whose, kind, owner, queue, command.topic)
    yield e.CaseSplit(key, case.customer, other, command.reason)
    for name in names:
        yield from moved(view, name, other, "split")
    return CaseRef(other, number)


def _chosen(view: View, command: c.SplitCase, case: str) -> list[str]:
    """The interactions that go along, oldest first, after a look that they can."""
    members = view.cases.group(case)
    found = {_in_case(view, name, case) for name in command.interactions}
    for talk in command.conversations:
        if talk not in view.contacts.conversations:
            raise UnknownId("conversation", talk)
        rows = view.contacts.interactions
        own = {
            name for one in members for name in view.cases.cases[one].interactions if rows[name].conversation == talk
        }
        if not own:
            raise InvalidCommand("conversations", f"{talk} is not part of {case}")
        found |= own
    if not found:
        raise InvalidCommand("interactions", "at least one goes along, or a conversation")
    if len(found) > MOST_MOVED:
        raise InvalidCommand("interactions", f"at most {MOST_MOVED} go along, not {len(found)}")
    for name in found:
        check_movable(view, name)
    return sorted(found, key=lambda name: int(name[2:]))


def _in_case(view: View, interaction: str | Ref, case: str) -> str:
    key, row = view.interaction(interaction)
    assert row.case is not None  # every interaction has a case from its first batch on
    if view.cases.root(row.case) != case:
        raise InvalidCommand("interactions", f"{key} is not part of {case}")
    return key


def check_movable(view: View, interaction: str) -> None:
    """Refuse a callback that is to reach its customer yet: they have one in each case."""
    if interaction in view.callbacks.callbacks:
        state = view.contacts.interactions[interaction].state
        raise NotAllowedInState(interaction, f"{state}, and its customer is still to be called", "move")


def _first_owner(view: View, names: Sequence[str], queue: str) -> tuple[str, str]:
    for name in reversed(names):
        agent = view.contacts.interactions[name].agent
        if agent is not None and view.contacts.interactions[name].is_open and agent not in view.bots.bots:
            return "agent", agent
    return "team", view.plan.queues[queue].team


def _whose(view: View, names: Sequence[str], customer: str) -> str:
    """Whose case it is: the customer's of the old one if any of it is theirs, else whose the first contact is."""
    people = [view.contacts.interactions[name].customer for name in names]
    return customer if any(view.identity.is_same(person, customer) for person in people) else people[0]


# Moving


def move(view: View, command: c.MoveInteraction, at_us: int) -> Steps:
    """Decide that an interaction belongs to another case."""
    key, row = view.interaction(command.interaction)
    case, target = view.case(command.case)
    assert row.case is not None  # every interaction has a case from its first batch on
    if view.cases.root(row.case) != case:
        check_movable(view, key)
        yield from moved(view, key, case, command.reason)
    return CaseRef(case, target.number)


def moved(view: View, interaction: str, case: str, reason: str) -> Iterator[e.Event]:
    """The events by which an interaction belongs to another case."""
    row = view.contacts.interactions[interaction]
    assert row.case is not None  # every interaction has a case from its first batch on
    left = _left(view, interaction, row.case)
    yield e.InteractionMoved(interaction, row.customer, case, row.case, reason, left)
    yield from join(view, case, row.customer, interaction)
    if row.is_open:
        yield from reopen(view, case, "moved")


def _left(view: View, interaction: str, case: str) -> str | None:
    """The newest contact of the same customer on the same channel that stays in the case."""
    rows = view.contacts.interactions
    moved = rows[interaction]
    own = (name for name in view.cases.cases[case].interactions if name != interaction)
    same = (
        name
        for name in own
        if rows[name].conversation is not None
        and (rows[name].customer, rows[name].channel) == (moved.customer, moved.channel)
    )
    return max(same, key=case_age, default=None)
