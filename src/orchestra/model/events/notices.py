"""Events: notices, by which customers are told before they ask."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "LiveContactEnded",
    "NoticeAnswered",
    "NoticeExpired",
    "NoticeFailed",
    "NoticeGathered",
    "NoticeHeld",
    "NoticeLegFailed",
    "NoticeLegSkipped",
    "NoticePlanned",
    "NoticePreferenceSet",
    "NoticeRecalled",
    "NoticeSending",
    "NoticeSent",
    "NoticeSuppressed",
]

Value = str | int | bool


@attrs.define
class NoticePlanned(Event):
    """A customer is to be told something, from `not_before_us` and until `expires_us`.

    `digest` is the hash of all that was asked for under the key. Of those of a `group` the newest counts. `wording`
    tells the edition of its words in the plan from others.
    """

    notice: str
    customer: str
    key: str
    digest: str
    topic: str
    urgency: str
    facts: dict[str, Value]
    expires_us: int
    case: str | None = None
    not_before_us: int | None = None
    group: str | None = None
    wording: str | None = None


@attrs.define
class NoticeAnswered(Event):
    """Whoever was told it picked one of its topic's options, `option`, in a contact; or another one than before."""

    notice: str
    customer: str
    case: str | None
    interaction: str
    option: str


@attrs.define
class NoticeHeld(Event):
    """It waits for what `reason` says, and is looked at again at `until_us`, or once that is over."""

    notice: str
    customer: str
    reason: str
    until_us: int | None = None


@attrs.define
class NoticeGathered(Event):
    """It waits in a digest, `about` a case or a customer: `leader` takes it along, or without one it leads the digest.

    What leads leaves at `until_us`, at the latest; what joins may say that this is earlier. Whoever takes the place of
    another one, `instead_of` which it leads, takes along all that was to leave with that.
    """

    notice: str
    customer: str
    digest: str
    about: str
    until_us: int
    leader: str | None = None
    instead_of: str | None = None


@attrs.define
class NoticeSending(Event):
    """It goes out on a channel, as this message of the case.

    With a `provider` it goes over that account, and over the next one if it fails. It has arrived once the message was
    `success_at`: `accepted`, `delivered`, `read` or `acted`. If it has not by `until_us`, the next channel is tried.
    `wording` is the edition of the words in which it is said, by now; those of its digest if it takes others along.
    """

    notice: str
    customer: str
    case: str
    channel: str
    conversation: str
    message: str
    delivery: str
    success_at: str
    until_us: int
    provider: str | None = None
    wording: str | None = None


@attrs.define
class NoticeRecalled(Event):
    """Its message was called back before it left, as it must not leave now; the notice is looked at again."""

    notice: str
    customer: str
    reason: str


@attrs.define
class NoticeLegSkipped(Event):
    """It is not tried on a channel: the customer has no address there, or does not want it there."""

    notice: str
    customer: str
    channel: str
    reason: str
    provider: str | None = None


@attrs.define
class NoticeLegFailed(Event):
    """It did not arrive on a channel, or not in time."""

    notice: str
    customer: str
    channel: str
    delivery: str
    reason: str


@attrs.define
class NoticeSent(Event):
    """It has arrived, as far as its channel asks for: `receipt` says how far."""

    notice: str
    customer: str
    channel: str
    delivery: str
    receipt: str


@attrs.define
class NoticeSuppressed(Event):
    """Nobody is told, for a reason; `by` is the notice that takes its place, or the agent who has told it."""

    notice: str
    customer: str
    reason: str
    by: str | None = None


@attrs.define
class NoticeFailed(Event):
    """It arrived nowhere, as far as anybody knows."""

    notice: str
    customer: str
    reason: str


@attrs.define
class NoticeExpired(Event):
    """Its time passed before it could leave."""

    notice: str
    customer: str


@attrs.define
class NoticePreferenceSet(Event):
    """A customer wants notices or does not: of a topic on a channel, of a topic, or any; None takes back what was said.

    Of two words the narrower counts.
    """

    customer: str
    wanted: bool | None
    topic: str | None = None
    channel: str | None = None


@attrs.define
class LiveContactEnded(Event):
    """Somebody has stopped talking with a customer: what may not disturb them waits until `until_us`."""

    customer: str
    until_us: int
