"""Who and what is archived together, and whether it may be.

Rows name one another: a case its customer, a contact its case, a merged case the one it goes on as. Whatever is
connected so goes together, or stays together: so no row that is there ever names one that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import attrs

from orchestra.engine.archive.state import DUE, OWNERS, SWEEP
from orchestra.engine.contacts.state import Conversation
from orchestra.engine.lifecycle import ACTION, CASE, DELIVERY
from orchestra.engine.view import View

__all__ = ["MOST", "Group", "group_of", "has_open_case", "stock"]

MOST = 1_000
"""So many ids are archived together at most: whoever has more stays, so that what is stored of a step is bounded."""

SLICE = 1_000
"""Rows of which it is taken down at once whose they are: half a millisecond."""

_OURS = (DUE, SWEEP)


@attrs.define
class Group:
    """Ids by their kinds, each in the order in which it was found; and when the last of it was settled."""

    ids: dict[str, dict[str, int]]
    settled_us: int = 0

    def of(self, kind: str) -> list[str]:
        """The ids of a kind, sorted."""
        return sorted(self.ids.get(kind, ()))

    def all(self) -> list[str]:
        """The ids of all kinds."""
        return sorted(name for of in self.ids.values() for name in of)


def stock(view: View, slices: int | None = None) -> None:
    """See to it that it is known what belongs to whom: of all, or of so many slices of rows more than now.

    After loading or another plan somebody has to walk over everything once. Between commands that is done in slices, so
    that it is nearly always over when the first customer is looked at.
    """
    own = view.archive
    if own.is_stocked:
        return
    if own.rest is None:
        own.begin(_slices(view))
    assert own.rest is not None  # just begun
    for table, keys in islice(own.rest, slices):
        own.take_down(table, _rows(view, table), keys)


def _slices(view: View) -> Iterator[tuple[str, list[str]]]:
    """All that is there, in slices of one table's keys; what comes later is taken down as it comes."""
    for table in OWNERS:
        keys = list(_rows(view, table))
        for first in range(0, len(keys), SLICE):
            yield table, keys[first : first + SLICE]
    view.archive.is_stocked = True


def _rows(view: View, table: str) -> Mapping[str, Any]:
    section, _, name = table.partition(".")
    rows: Mapping[str, Any] = getattr(getattr(view, section), name)
    return rows


def group_of(view: View, customer: str) -> Group | None:
    """All that is connected with a customer; None if any of it goes on, or there is too much of it."""
    group, found = Group({}), [customer]
    seen = {customer: 1}
    while found:
        name = found.pop()
        kind = kind_of(name)
        near = _NEAR[kind](view, name, group)
        if near is None or any(timer not in _OURS for timer in view.timers.names_of(name)):
            return None
        group.ids.setdefault(kind, {})[name] = 1
        for other in near:
            if other is not None and other not in seen:
                seen[other] = 1
                found.append(other)
        if len(seen) > MOST:
            return None
    return None if _is_mixed(view, group) else group


def has_open_case(view: View, customer: str) -> bool:
    """Whether a case of theirs is not closed yet."""
    cases = (name for name in _belongings(view, customer) if kind_of(name) == "ca")
    return any(view.cases.cases[name].state not in CASE.final for name in cases)


def _is_mixed(view: View, group: Group) -> bool:
    """Whether a case of two people whose merge was undone is still to be sorted out by somebody."""
    triage = view.identity.triage
    return bool(triage) and any(f"{case}\x1f{link}" in triage for case in group.of("ca") for link in group.of("li"))


def kind_of(name: str) -> str:
    """The kind of an id: its first two letters, or `consent` of a key that has several parts."""
    return "consent" if "\x1f" in name else name[:2]


Near = Iterable[str | None] | None
"""What is connected with something; None if that goes on."""


def _belongings(view: View, name: str) -> Iterable[str]:
    return view.archive.of.get(name, ())


def _customer(view: View, name: str, group: Group) -> Near:
    identity = view.identity
    if name in identity.erasing or identity.suggested(name) or name in view.commitments.of_customer:
        return None
    return [*identity.group(name), *_belongings(view, name), *view.cases.joined_by.get(name, ())]


def _case(view: View, name: str, group: Group) -> Near:
    row = view.cases.cases[name]
    goes_on = row.state not in CASE.final or name in view.ownership.waits or name in view.ownership.of_case
    goes_on = goes_on or view.invitations.is_offered(name)
    if goes_on or name in view.commitments.of_case or name in view.incidents.links or name in view.clocks.tracks:
        return None
    group.settled_us = max(group.settled_us, row.closed_us or 0, row.touched_us)
    talks = view.contacts.conversations
    # A conversation may have gone on to another case since it was taken down, and left with that.
    mine = (other for other in _belongings(view, name) if kind_of(other) != "co" or _is_about(talks.get(other), name))
    return [row.customer, *view.cases.group(name), *row.participants, *row.interactions, *mine]


def _is_about(talk: Conversation | None, case: str) -> bool:
    return talk is not None and talk.case == case


def _interaction(view: View, name: str, group: Group) -> Near:
    row = view.contacts.interactions[name]
    if not row.is_final or name in view.engagements.members or name in view.supervision.listeners:
        return None
    return [row.customer, row.case, row.conversation, *_belongings(view, name)]


def _conversation(view: View, name: str, group: Group) -> Near:
    row = view.contacts.conversations[name]
    group.settled_us = max(group.settled_us, row.last_inbound_us or 0)
    before = view.contacts.before.get(row.key, ())
    return [row.customer, row.case, row.interaction, view.contacts.by_thread[row.key], *before]


def _delivery(view: View, name: str, group: Group) -> Near:
    row = view.deliveries.deliveries[name]
    if row.state not in DELIVERY.final:
        return None
    return [row.customer, row.case, row.conversation, row.interaction, row.notice]


def _notice(view: View, name: str, group: Group) -> Near:
    row = view.notices.notices[name]
    beside = [other for delivery in row.aims for other in view.notices.crews.beside(delivery)]
    return None if row.waits else [row.customer, row.case, row.matter, *row.aims, *row.rides, *beside]


def _request(view: View, name: str, group: Group) -> Near:
    row = view.actions.requests[name]
    return None if row.state not in ACTION.final else [row.customer, row.case, row.interaction]


def _link(view: View, name: str, group: Group) -> Near:
    """Two customers, also once their merge was undone: what leads to one may lead to the other."""
    row = view.identity.merges[name]
    return [row.customer, row.other]


def _consent(view: View, name: str, group: Group) -> Near:
    return ()


def _finding(view: View, name: str, group: Group) -> Near:
    return None if name in view.findings.findings else ()


def _segment(view: View, name: str, group: Group) -> Near:
    return None if name in view.segments.segments else ()


_NEAR: Mapping[str, Callable[[View, str, Group], Near]] = {
    "cu": _customer,
    "ca": _case,
    "in": _interaction,
    "co": _conversation,
    "de": _delivery,
    "nt": _notice,
    "ar": _request,
    "li": _link,
    "consent": _consent,
    "fi": _finding,
    "sg": _segment,
}
"""Kind of id -> what is connected with one."""
