"""Telling customers before they ask, without await.

Generated from `orchestra.runtime.notifying` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Ref
from orchestra.runtime import notifying

__all__ = ["Notifying"]


AnyNotifying = TypeVar("AnyNotifying", bound=notifying.Notifying)


class Notifying(Opened[AnyNotifying]):
    """Commands about notices, and what customers want of them."""

    def plan_notice(
        self,
        key: str,
        topic: str,
        *,
        case: str | Ref | None = None,
        customer: str | Ref | None = None,
        facts: Mapping[str, str | int | bool] | None = None,
        urgency: str = "normal",
        not_before: datetime | None = None,
        expires: datetime | None = None,
        supersedes_group: str | None = None,
        actor: str | None = None,
    ) -> str:
        """Tell a customer something as soon as nothing speaks against it; gives the notice's id.

        Args:
            key: one notice is planned under it, however often this is asked.
            topic: one of the plan's `notices.topics`.
            case: what it is about, by id or the application's own key; or else the customer.
            customer: whom to tell, if it is about no case.
            facts: what the topic tells, all of it: words, numbers, true or false, days as `2026-08-01`; never personal.
            urgency: `low`, `normal` or `urgent`: what is urgent waits for no digest, and what is low never goes ahead
                of one.
            not_before: when they may be told, at the earliest.
            expires: from when on it is not worth telling; the topic says so unless given.
            supersedes_group: of the notices of a group that have not left, the newest alone is told.
            actor: who tells them; the application itself unless given.

        Raises:
            CommandRefused: the plan has no such topic, a fact is missing or of another type, there is no such case or
                customer, or the key was used for another notice.
        """
        return self._door.run(
            self._inner.plan_notice,
            key,
            topic,
            case=case,
            customer=customer,
            facts=facts,
            urgency=urgency,
            not_before=not_before,
            expires=expires,
            supersedes_group=supersedes_group,
            actor=actor,
        )

    def cancel_notice(self, notice: str, reason: str, *, actor: str | None = None) -> None:
        """Do not tell it.

        Raises:
            UnknownId: there is no such notice.
            NotAllowedInState: the provider has it, or it is settled.
        """
        self._door.run(self._inner.cancel_notice, notice, reason, actor=actor)

    def prefer_notices(
        self,
        customer: str | Ref,
        wanted: bool | None,
        *,
        topic: str | None = None,
        channel: str | None = None,
        actor: str | None = None,
    ) -> None:
        """Note that a customer wants notices, or does not: of a topic on a channel, of a topic, or any at all.

        Args:
            customer: whose word it is.
            wanted: what they said; None takes back what was said for exactly this.
            topic: one of the plan's `notices.topics`; all of them unless given.
            channel: where they want that topic or not; everywhere unless given.
            actor: who says so; the application itself unless given.

        Raises:
            CommandRefused: there is no such customer, topic or channel, or a channel without a topic.
        """
        self._door.run(self._inner.prefer_notices, customer, wanted, topic=topic, channel=channel, actor=actor)
