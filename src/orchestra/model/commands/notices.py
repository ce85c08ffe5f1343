"""Commands: notices, by which customers are told before they ask."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["CancelNotice", "PlanNotice", "SetNoticePreference"]

Value = str | int | bool


@attrs.define
class PlanNotice(Command):
    """Tell a customer something, as soon as nothing speaks against it; gives the notice's id.

    Under one `key` there is one notice: asked for again, with all the same, the answer is the same. Name the `case`
    that it is about, or else the customer. `facts` are those of the plan's `topic`, all of them, and no personal data.
    It is not told before `not_before_us`, nor once `expires_us` has passed. Of the notices of a `supersedes_group` that
    have not left the newest alone is told.
    """

    key: str
    topic: str
    case: Id | None = None
    customer: Id | None = None
    facts: dict[str, Value] = attrs.field(factory=dict)
    urgency: str = "normal"
    not_before_us: int | None = None
    expires_us: int | None = None
    supersedes_group: str | None = None


@attrs.define
class CancelNotice(Command):
    """Do not tell it, if it has not left."""

    notice: str
    reason: str


@attrs.define
class SetNoticePreference(Command):
    """Note that a customer wants notices, or does not: of a topic on a channel, of a topic, or any at all.

    The narrower word counts. None takes back what was said for exactly this.
    """

    customer: Id
    wanted: bool | None
    topic: str | None = None
    channel: str | None = None
