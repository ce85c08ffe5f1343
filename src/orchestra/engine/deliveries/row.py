"""A delivery as it stands. What is known of all of them is the slice's own (`state`)."""

from __future__ import annotations

import attrs

from orchestra.engine.lifecycle import DELIVERY
from orchestra.model.identity import SERVICE

__all__ = ["Delivery"]


@attrs.define
class Delivery:
    """An outbound message. `attempts` counts those that started; `is_held` while a stop or a conflict keeps it.

    `is_outdated` once what was said of its `subject` was corrected after it was written: it must not leave any more.
    `turn` is its place among those of its conversation that are neither held nor ended; they leave one after the other.
    `lapses` counts the permits that nobody used since the last attempt; `notice` says when its message must not leave.
    `waits` is its place among those that wait until their account takes more; 0 if it does not. The last attempt began
    at `started_us`. `is_opened` once a machine may have opened it, which proves nothing. It `has_template` if one
    stands for its message where no free words pass, which is what leaves `instead_of` another one.

    A delivery with an `act` changes the message that went by the delivery `of`, or reacts to one of theirs. `wording`
    is where the words stand that were put into it before it left, 0 if none were; `taken_back` is the delivery that
    took it back, or itself if it never left.
    """

    key: str
    message: str
    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    topic: str
    body: int
    digest: str | None
    interaction: str | None
    expires_us: int
    purpose: str = SERVICE
    turn: int = 0
    state: str = DELIVERY.initial
    attempts: int = 0
    epoch: int = 0
    until_us: int | None = None
    is_held: bool = False
    lapses: int = 0
    subject: str | None = None
    is_outdated: bool = False
    automatic: bool = False
    is_hushed: bool = False
    notice: str | None = None
    provider_ids: list[str] = attrs.field(factory=list)
    waits: int = 0
    started_us: int | None = None
    is_opened: bool = False
    has_template: bool = False
    instead_of: str | None = None
    act: str | None = None
    of: str | None = None
    wording: int = 0
    taken_back: str | None = None
