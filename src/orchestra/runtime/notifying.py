"""Telling customers before they ask, also by who asks another process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, cast

from orchestra.model.addresses import Ref
from orchestra.model.commands import CancelNotice, Command, PlanNotice, SetNoticePreference
from orchestra.runtime.commitments import until_us

__all__ = ["Notifying"]


class Notifying(Protocol):
    """Commands about notices, and what customers want of them."""

    async def execute(self, command: Command) -> object:
        """Decide on a command and give its result, once that is durable."""
        ...

    async def plan_notice(
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
        found = await self.execute(
            PlanNotice(
                key,
                topic,
                case,
                customer,
                dict(facts or {}),
                urgency,
                until_us(not_before),
                until_us(expires),
                supersedes_group,
                actor=actor,
            )
        )
        return cast(str, found)

    async def cancel_notice(self, notice: str, reason: str, *, actor: str | None = None) -> None:
        """Do not tell it.

        Raises:
            UnknownId: there is no such notice.
            NotAllowedInState: the provider has it, or it is settled.
        """
        await self.execute(CancelNotice(notice, reason, actor=actor))

    async def prefer_notices(
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
        await self.execute(SetNoticePreference(customer, wanted, topic, channel, actor=actor))
