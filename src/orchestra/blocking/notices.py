"""What customers are told before they ask, in pages, without await.

Generated from `orchestra.runtime.notices` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Ref
from orchestra.runtime import notices
from orchestra.runtime.notices import NoticeView

__all__ = ["Noticed"]


AnyNoticed = TypeVar("AnyNoticed", bound=notices.Noticed)


class Noticed(Opened[AnyNoticed]):
    """What customers are told before they ask. Reads see what is durable, and only that."""

    def notice(self, notice: str) -> NoticeView:
        """A notice: how far it has come, or what holds it back.

        Raises:
            UnknownId: there is no such notice.
        """
        return self._door.run(self._inner.notice, notice)

    def notices(
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
        return self._door.run(self._inner.notices, case=case, customer=customer, after=after, limit=limit)
