"""When customers may be archived, and what belongs to whom, so that nobody has to search for it.

Belongs here: due times, and the list of what a customer brought about. Does not: whether they may go (`group`), and
which rows that are (`tables`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from orchestra.engine.actions.state import Requested
from orchestra.engine.cases.state import Case
from orchestra.engine.contacts.state import Conversation, Interaction
from orchestra.engine.deliveries.state import Delivery
from orchestra.engine.findings.state import Finding
from orchestra.engine.identity.state import Consent, Merge, consent_key
from orchestra.engine.notices.row import Notice
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.engine.segments.state import Segment
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["DUE", "EVOLVE", "OWNERS", "SWEEP", "Archive", "customers_in"]

DUE = "archive.due"
"""Timer of a customer who is looked at then: whether they may be archived."""
SWEEP = "archive.sweep"
"""Timer of the walk over all customers, after the plan has said anew when they are archived."""

CUSTOMERS = "identity.customers"
REQUESTS = "actions.requests"
"""Of whom a request is by the first of several ids that it has."""

OWNERS: Mapping[str, tuple[type[Any] | None, Sequence[str]]] = {
    "cases.cases": (Case, ["customer"]),
    "contacts.conversations": (Conversation, ["customer", "case"]),
    "contacts.interactions": (Interaction, ["customer"]),
    "deliveries.deliveries": (Delivery, ["customer"]),
    "notices.notices": (Notice, ["customer"]),
    REQUESTS: (Requested, ["customer", "case", "interaction"]),
    "identity.merges": (Merge, ["customer", "other"]),
    "identity.consents": (Consent, []),
    "findings.findings": (Finding, ["customer"]),
    "segments.segments": (Segment, ["interaction"]),
}
"""Table -> class of its rows, and which of their fields say whose they are; without any, the key begins so."""


_NOTHING: list[list[Any]] = [[]]
"""The columns of a table of which there are no rows."""


class Archive(Slice):
    """`counts` is how many groups of customers are `archived`, and the number of the last customer `swept`.

    `of` is id -> ids of what it brought about, which no row tells: of all that is there, once it `is_stocked`;
    `rest` is what is still to be taken down, None until that has begun. Entries stay when a row is gone: whoever reads
    them looks whether it is there.
    """

    TABLES: ClassVar = {"counts": None}

    counts: dict[str, int]

    def reindex(self) -> None:
        """Know nothing of what belongs to whom: that is found out once it is asked for."""
        self.of: dict[str, list[str]] = {}
        self.rest: Iterator[tuple[str, list[str]]] | None = None
        self.is_stocked = False

    @property
    def after_us(self) -> int | None:
        """How long a customer's last case has been closed when they are archived."""
        after = self.plan.cases.archive_after
        return None if after is None else microseconds(after)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is archived."""
        return not self.counts.get("archived")

    @property
    def is_behind(self) -> bool:
        """Whether there is anything to be taken down, and customers are archived."""
        return not self.is_stocked and "after_us" in self.counts

    def begin(self, rest: Iterator[tuple[str, list[str]]]) -> None:
        """Take down from now on what comes, and what is there from `rest`: table and keys of each slice."""
        self.rest = rest

    def take_down(self, table: str, rows: Mapping[str, Any], keys: Iterable[str]) -> None:
        """Take down whose these rows are, as far as they are still there."""
        _, owners = OWNERS[table]
        there = [key for key in keys if key in rows]
        if owners == ["customer"]:  # as of nearly all: a third of the time
            for key in there:
                self.of.setdefault(rows[key].customer, []).append(key)
            return
        for key in there:
            self._enter(table, key, [getattr(rows[key], name) for name in owners])

    def _enter(self, table: str, key: str, owners: Sequence[str | None]) -> None:
        if table == REQUESTS:
            owners = [next(filter(None, owners), None)]
        for owner in owners or [key.partition("\x1f")[0]]:
            self._belongs(owner, key)

    def _belongs(self, owner: str | None, name: str) -> None:
        if self.rest is not None and owner is not None:
            self.of.setdefault(owner, []).append(name)

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Tell all customers by when they may be archived, if that is another time than before."""
        after_us = self.after_us
        if after_us == self.counts.get("after_us"):
            return
        self.reindex()
        if after_us is None:
            del self.counts["after_us"]
            self.timers.cancel(SWEEP, "")
        else:
            self.counts["after_us"] = after_us
            self.counts["swept"] = 0
            self.timers.set(SWEEP, "", at_us + SLICE_PAUSE_US)

    def swept(self, event: e.ArchiveSwept, at_us: int) -> None:
        """These customers are looked at then, unless they are earlier."""
        for customer in event.customers:
            due_us = self.timers.get(DUE, customer)
            if due_us is None or due_us > event.due_us:
                self.timers.set(DUE, customer, event.due_us)
        self.counts["swept"] = event.number
        if event.is_last:
            self.timers.cancel(SWEEP, "")
        else:
            self.timers.set(SWEEP, "", at_us + SLICE_PAUSE_US)

    def added(self, event: e.CustomerAdded, at_us: int) -> None:
        """The customer is looked at in time."""
        after_us = self.after_us
        if after_us is not None:
            self.timers.set(DUE, event.customer, at_us + after_us)

    def case_closed(self, event: e.CaseClosed, at_us: int) -> None:
        """The customer is looked at in time, if nobody would look at them before."""
        after_us = self.after_us
        if after_us is not None and self.timers.get(DUE, event.customer) is None:
            self.timers.set(DUE, event.customer, at_us + after_us)

    def put_off(self, event: e.ArchivePutOff, at_us: int) -> None:
        """The customer is looked at later, or once a case of theirs is closed."""
        if event.until_us is None:
            self.timers.cancel(DUE, event.customer)
        else:
            self.timers.set(DUE, event.customer, event.until_us)

    def archived(self, event: e.CustomerArchived, at_us: int) -> None:
        """Nobody of them is looked at any more."""
        self.counts["archived"] = self.counts.get("archived", 0) + 1
        tables = _tables_in(event.rows)
        for customer in tables[CUSTOMERS][0]:
            self.timers.cancel(DUE, customer)
        for owner in (name for table in (CUSTOMERS, *OWNERS) for name in tables.get(table, _NOTHING)[0]):
            self.of.pop(owner, None)

    def recalled(self, event: e.CustomerRecalled, at_us: int) -> None:
        """They are looked at in time."""
        self.counts["archived"] -= 1
        tables = _tables_in(event.rows)
        after_us = self.after_us
        if after_us is not None:
            for customer in tables[CUSTOMERS][0]:
                self.timers.set(DUE, customer, at_us + after_us)
        for table, (kind, owners) in OWNERS.items():
            keys, *columns = tables.get(table, _NOTHING)
            names = [] if kind is None else [field.name for field in attrs.fields(kind)]
            for index, key in enumerate(keys):
                self._enter(table, key, [columns[names.index(owner)][index] for owner in owners])

    # What belongs to whom

    def case_opened(self, event: e.CaseOpened, at_us: int) -> None:
        """The customer has a case."""
        self._belongs(event.customer, event.case)

    def contact_began(self, event: e.InteractionStarted | e.CallbackRequested, at_us: int) -> None:
        """The customer has a contact."""
        self._belongs(event.customer, event.interaction)

    def conversation_began(self, event: e.ConversationStarted, at_us: int) -> None:
        """The customer has a conversation."""
        self._belongs(event.customer, event.conversation)

    def answer_recorded(self, event: e.ReplyRecorded, at_us: int) -> None:
        """The case has a conversation, perhaps with somebody who has no part in it for long."""
        if self.of.get(event.case, [""])[-1] != event.conversation:
            self._belongs(event.case, event.conversation)

    def delivery_planned(self, event: e.DeliveryPlanned | e.CallSteered | e.MessageAmended, at_us: int) -> None:
        """The customer is written to."""
        if event.delivery is not None:
            self._belongs(event.customer, event.delivery)

    def notice_planned(self, event: e.NoticePlanned, at_us: int) -> None:
        """The customer is to be told something."""
        self._belongs(event.customer, event.notice)

    def action_requested(self, event: e.ActionRequested, at_us: int) -> None:
        """Something is done for the customer."""
        self._belongs(event.customer or event.case or event.interaction, event.request)

    def aliased(self, event: e.CustomerAliased, at_us: int) -> None:
        """Two customers are linked, and stay so as long as it can be undone and after it was."""
        self._belongs(event.customer, event.link)
        self._belongs(event.alias_of, event.link)

    def consented(self, event: e.ConsentRecorded, at_us: int) -> None:
        """The customer has told what they agree to."""
        self._belongs(event.customer, consent_key(event.customer, event.channel, event.purpose))

    def finding_raised(self, event: e.FindingRaised, at_us: int) -> None:
        """Something came to light in a case of the customer."""
        self._belongs(event.customer, event.finding)

    def wrapping_up(self, event: e.SegmentWrapUpStarted, at_us: int) -> None:
        """Somebody still wraps up their part of a contact."""
        self._belongs(event.interaction, event.segment)


def _tables_in(rows: Mapping[str, str]) -> dict[str, list[list[Any]]]:
    """Table, by section and its own name -> its columns in the rows of an event."""
    sections = ((section, json.loads(text)) for section, text in rows.items())
    return {f"{section}.{name}": columns for section, tables in sections for name, columns in tables.items()}


def customers_in(rows: Mapping[str, str]) -> list[str]:
    """The customers whom these rows are of, the oldest first."""
    return sorted(_tables_in(rows)[CUSTOMERS][0], key=lambda name: int(name[2:]))


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: Archive.plan_changed,
    e.ArchiveSwept: Archive.swept,
    e.CustomerAdded: Archive.added,
    e.CaseClosed: Archive.case_closed,
    e.ArchivePutOff: Archive.put_off,
    e.CustomerArchived: Archive.archived,
    e.CustomerRecalled: Archive.recalled,
    e.CaseOpened: Archive.case_opened,
    e.InteractionStarted: Archive.contact_began,
    e.CallbackRequested: Archive.contact_began,
    e.ConversationStarted: Archive.conversation_began,
    e.ReplyRecorded: Archive.answer_recorded,
    e.DeliveryPlanned: Archive.delivery_planned,
    e.CallSteered: Archive.delivery_planned,
    e.MessageAmended: Archive.delivery_planned,
    e.NoticePlanned: Archive.notice_planned,
    e.ActionRequested: Archive.action_requested,
    e.CustomerAliased: Archive.aliased,
    e.ConsentRecorded: Archive.consented,
    e.FindingRaised: Archive.finding_raised,
    e.SegmentWrapUpStarted: Archive.wrapping_up,
}
