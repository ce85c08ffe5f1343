"""Notices as people look at them: what is told, how far it has come, and what holds it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from heapq import nsmallest
from typing import Protocol

import attrs

from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model.addresses import Ref
from orchestra.model.instants import instant
from orchestra.runtime.checks import refuse_no_id
from orchestra.runtime.owner import Owner
from orchestra.runtime.ownership import last_of_page

__all__ = ["NoticeView", "Noticed"]


@attrs.frozen
class NoticeView:
    """Something that a customer is told before they ask, as it stood when asked.

    Attributes:
        key: under which it was planned.
        case: what it is about; None if that is no case.
        topic: one of the plan's.
        state: `PLANNED`, `HELD`, `SENDING`, `SENT`, `SUPPRESSED`, `FAILED` or `EXPIRED`.
        reason: what holds it, or why it ended so.
        facts: what it tells.
        planned: when it was.
        not_before: when they may be told, at the earliest.
        expires: from when on it is not worth telling.
        until: when it is looked at again; None if that is no matter of time, or it is settled.
        channels: channel on which it was tried, as `email`, or `email/backup` where the plan names accounts -> state of
            its message; None where there was nowhere to write to.
        sent: when it had arrived, as far as is asked for.
        digest: in which it waits, or was told; None if it stands for itself.
        leader: the notice whose message tells it as well; None if its own does.
        answer: id of the option of its topic that they picked last; None if they picked none.
    """

    id: str
    key: str
    customer: str
    case: str | None
    topic: str
    state: str
    reason: str | None
    facts: Mapping[str, str | int | bool]
    planned: datetime
    not_before: datetime | None
    expires: datetime
    until: datetime | None
    channels: Mapping[str, str | None]
    sent: datetime | None
    digest: str | None = None
    leader: str | None = None
    answer: str | None = None


class Noticed(Protocol):
    """What customers are told before they ask. Reads see what is durable, and only that."""

    _owner: Owner

    async def notice(self, notice: str) -> NoticeView:
        """A notice: how far it has come, or what holds it back.

        Raises:
            UnknownId: there is no such notice.
        """
        return await self._owner.read(lambda view: _notice(view, notice))

    async def notices(
        self,
        *,
        case: str | Ref | None = None,
        customer: str | Ref | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> tuple[NoticeView, ...]:
        """The notices about a matter, or for a person, a page of them, oldest first.

        Args:
            case: what they are about, by id or the application's own key, if they are about a case.
            customer: for whom they are, if all of theirs are meant.
            after: id of the last notice of the page before; from the first unless given.
            limit: how many at most, up to 1000.

        Raises:
            UnknownId: there is no such case or customer.
            InvalidCommand: not exactly one of case and customer is given, or the page is none.
        """
        return await self._owner.read(lambda view: _notices(view, case, customer, after, limit))


def _notice(view: View, name: str) -> NoticeView:
    row = view.notices.notices.get(name)
    if row is None:
        raise UnknownId("notice", name)
    deliveries = view.deliveries.deliveries
    return NoticeView(
        name,
        row.key,
        view.identity.root(row.customer),
        None if row.case is None else view.cases.root(row.case),
        row.topic,
        row.state,
        row.reason,
        dict(row.facts),
        instant(row.planned_us),
        None if row.not_before_us is None else instant(row.not_before_us),
        instant(row.expires_us),
        None if row.until_us is None else instant(row.until_us),
        {
            channel.replace("\x1f", "/"): deliveries[one].state if one else None
            for channel, one in sorted(row.channels.items())
        },
        None if row.sent_us is None else instant(row.sent_us),
        None if row.gathers is None else row.gathers.partition("\x1f")[0],
        row.leader,
        row.answer,
    )


def _notices(
    view: View, case: str | Ref | None, customer: str | Ref | None, after: str | None, limit: int
) -> tuple[NoticeView, ...]:
    if (case is None) == (customer is None):
        raise InvalidCommand("case", "give the case that they are about, or else the customer")
    past = last_of_page("nt", after, limit)
    if case is not None:
        refuse_no_id("case", case)
        owners = view.cases.group(view.case(case)[0])
    else:
        assert customer is not None  # just asked
        refuse_no_id("customer", customer)
        owners = view.identity.group(view.customer(customer)[0])
    numbers = (int(name[2:]) for owner in owners for name in view.notices.of.get(owner, ()))
    page = nsmallest(limit, (number for number in numbers if number > past))
    return tuple(_notice(view, f"nt{number}") for number in page)
