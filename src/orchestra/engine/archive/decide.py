"""Archiving customers of whom everything is settled, and recalling them."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestra.engine.archive.group import group_of, has_open_case, stock
from orchestra.engine.archive.keys import keys_of
from orchestra.engine.archive.state import DUE, EVOLVE, SWEEP, Archive, customers_in
from orchestra.engine.archive.tables import rows_of
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.command import Command

__all__ = ["SECTION", "RecallCustomer"]

_SLICE = 500
"""Customers told of their time in one go."""
_LARGEST = 400_000
"""Characters of what is stored of a group: with its keys it is well below what a batch may be."""


@attrs.define
class RecallCustomer(Command):
    """Bring back whoever was archived at position `archived_at`, from what was stored of them then.

    Only the owner of a workspace gives it, from its own journal: it is in no catalogue, so that nobody can send it.
    """

    rows: dict[str, str]
    archived_at: int


def _recall(view: View, command: RecallCustomer, at_us: int) -> Steps:
    """Decide to bring them back; whoever is there already stays as they are."""
    customers = customers_in(command.rows)
    if not any(name in view.identity.customers for name in customers):
        yield e.CustomerRecalled(customers[0], command.archived_at, command.rows)
    return None


def _look(view: View, customer: str, at_us: int) -> Iterator[e.Event]:
    """Archive a customer with who belongs to them, or say when to look again."""
    after_us = view.archive.after_us
    if after_us is None:
        yield e.ArchivePutOff(customer)
        return
    stock(view)
    group = group_of(view, customer)
    if group is None:
        # Their own case says when it is closed; of anything else it is found out in time.
        yield e.ArchivePutOff(customer, None if has_open_case(view, customer) else at_us + after_us)
        return
    if group.settled_us + after_us > at_us:
        yield e.ArchivePutOff(customer, group.settled_us + after_us)
        return
    rows = rows_of(view, group)
    if sum(map(len, rows.values())) > _LARGEST:
        yield e.ArchivePutOff(customer, at_us + after_us)
        return
    yield e.CustomerArchived(group.of("cu")[0], rows, keys_of(view, group))


def _sweep(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    """Tell the next customers when they are looked at."""
    number, last = view.archive.counts["swept"], view.identity.counts.get("customer", 0)
    until, after_us = min(number + _SLICE, last), view.archive.counts["after_us"]
    names = (f"cu{count}" for count in range(number + 1, until + 1))
    customers = [name for name in names if name in view.identity.customers]
    yield e.ArchiveSwept(until, at_us + after_us, customers, until == last)


SECTION = Section("archive", Archive, {RecallCustomer: _recall}, EVOLVE, timers={DUE: _look, SWEEP: _sweep})
