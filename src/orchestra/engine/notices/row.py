"""A notice as it stands, and whose digests it waits in.

Belongs here: the row, and the look-ups of what is gathered with what. Does not: all else that is known of notices
(`state`), and what is decided of digests (`gathering`).
"""

from __future__ import annotations

from typing import Any

import attrs

from orchestra.engine.lifecycle import NOTICE

__all__ = ["GATHERING", "IN_DIGEST", "WAITS", "Crews", "Notice", "Value", "drop", "gathers_key", "route"]

GATHERING = "gathering"
"""Why what leads a digest is held: others are to leave with it."""
IN_DIGEST = "in_digest"
"""Why it is held while another one is to take it along."""

WAITS = ("PLANNED", "HELD", "SENDING")
"""States in which it is not settled what becomes of it."""

Value = str | int | bool


@attrs.define
class Notice:
    """Something that a customer is to be told.

    `matter` is the case under which it is written; `channels` is channel on which it was tried, and account if that was
    named -> delivery of its message there, empty if there was no place to write to; `aims` is delivery -> how far that
    must come. `delivery` is the one that is to arrive now; `left` is delivery -> when it left, of those that may have
    arrived. `until_us` is when it is looked at again, `sent_us` when it had arrived. `gathers` is the digest in which
    it waits or was told, and what that is about; `leader` is whoever takes it along there, in whose messages, `rides`,
    it stands. What leads a digest leaves at `gathers_us`. `answer` is the option that was picked of it last.
    """

    key: str
    digest: str
    customer: str
    topic: str
    urgency: str
    facts: dict[str, Value]
    planned_us: int
    expires_us: int
    case: str | None = None
    not_before_us: int | None = None
    group: str | None = None
    state: str = NOTICE.initial
    reason: str | None = None
    until_us: int | None = None
    matter: str | None = None
    channels: dict[str, str] = attrs.field(factory=dict)
    aims: dict[str, str] = attrs.field(factory=dict)
    left: dict[str, int] = attrs.field(factory=dict)
    delivery: str | None = None
    sent_us: int | None = None
    gathers: str | None = None
    gathers_us: int | None = None
    leader: str | None = None
    rides: list[str] = attrs.field(factory=list)
    answer: str | None = None

    @property
    def waits(self) -> bool:
        """Whether it is not settled what becomes of it."""
        return self.state in WAITS


def route(channel: str, provider: str | None) -> str:
    """The key of a channel, or of one account of it."""
    return channel if provider is None else f"{channel}\x1f{provider}"


def gathers_key(digest: str, about: str) -> str:
    """The digest of that name about a case or a customer."""
    return f"{digest}\x1f{about}"


def drop(names_of: dict[Any, dict[str, int]], key: Any, name: str) -> None:
    """Forget a name under a key, and the key with the last one."""
    names = names_of.get(key, {})
    names.pop(name, None)
    if not names:
        names_of.pop(key, None)


@attrs.define
class Crews:
    """Who waits with whom, by the rows alone.

    `leading` is digest -> what leads it and is not settled; `led` is a leader -> what waits to be taken along by it;
    `aboard` is delivery -> what its message tells beside the notice whose message it is.
    """

    leading: dict[str, dict[str, int]] = attrs.field(factory=dict)
    led: dict[str, dict[str, int]] = attrs.field(factory=dict)
    aboard: dict[str, dict[str, int]] = attrs.field(factory=dict)

    def know(self, name: str, row: Notice) -> None:
        """Whatever became of it, it stood in these messages."""
        for delivery in row.rides:
            self.aboard.setdefault(delivery, {})[name] = 1

    def forget(self, name: str, row: Notice) -> None:
        """Nobody asks for it any more."""
        for delivery in row.rides:
            drop(self.aboard, delivery, name)

    def index(self, name: str, row: Notice) -> None:
        """It waits."""
        if row.leader is not None:
            self.led.setdefault(row.leader, {})[name] = 1
        elif row.gathers is not None:
            self.leading.setdefault(row.gathers, {})[name] = 1

    def unindex(self, name: str, row: Notice) -> None:
        """It is settled, or waits otherwise."""
        if row.leader is not None:
            drop(self.led, row.leader, name)
        elif row.gathers is not None:
            drop(self.leading, row.gathers, name)

    def of(self, name: str) -> list[str]:
        """What waits to be taken along by a notice, in the order in which it was planned."""
        return sorted(self.led.get(name, ()), key=lambda one: int(one[2:]))

    def beside(self, delivery: str) -> list[str]:
        """What the message of a notice tells beside it, in the order in which it was planned."""
        return sorted(self.aboard.get(delivery, ()), key=lambda one: int(one[2:]))
