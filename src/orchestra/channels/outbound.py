"""What we ask a channel to carry out. Write `outbound.Message` in code, as with `inbound`.

Each has a `key`: the delivery's idempotency key, equal for every attempt of the same delivery. Whom it goes to
is in the conversation that `encode` is given.
"""

from __future__ import annotations

import enum
import re
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from orchestra.channels.parts import MediaKind, TextFormat
from orchestra.errors import InvalidCommand

__all__ = [
    "MORE_THAN_WORDS",
    "CallAction",
    "CallVerb",
    "Choice",
    "Choices",
    "Delete",
    "Edit",
    "MarkRead",
    "Media",
    "Message",
    "Outbound",
    "Progress",
    "React",
    "Template",
    "Typing",
]

_KEY = re.compile(r"[!-~]{1,200}")


def _check_key(_instance: object, _attribute: attrs.Attribute[str], value: str) -> None:
    # Keys travel in headers: a line feed would forge one.
    if _KEY.fullmatch(value) is None:
        raise InvalidCommand("key", "must have 1 to 200 visible ASCII characters")


@attrs.frozen(kw_only=True)
class _Keyed:
    key: str = attrs.field(validator=_check_key)


@attrs.frozen(kw_only=True)
class Message(_Keyed):
    """Text to a person.

    Attributes:
        text: what it says.
        format: how that is to be read.
        subject: stands above it where the channel has such a thing.
        reply_to: the provider's id of the message it answers.
        is_automatic: no person wrote it: a notice, an acknowledgement, a bot's words. It says so where machines may
            answer.
        purpose: what it is for, where the reader may say no to it, as `marketing`; None for what answers them.
        is_private: for the writer of what it answers alone, though the channel is public; others are private anyway.
    """

    text: str = attrs.field(repr=False)
    format: TextFormat = TextFormat.PLAIN
    subject: str | None = attrs.field(default=None, repr=False)
    reply_to: str | None = None
    is_automatic: bool = False
    purpose: str | None = None
    is_private: bool = False


@attrs.frozen
class Choice:
    """One thing to pick: `id` comes back in `ChoiceSelected`, `label` is shown."""

    id: str
    label: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Choices(_Keyed):
    """A text with things to pick from, in order."""

    text: str = attrs.field(repr=False)
    choices: tuple[Choice, ...]


@attrs.frozen(kw_only=True)
class Media(_Keyed):
    """A file. Either its bytes (`data`) or a public address of it (`url`) is given."""

    kind: MediaKind
    content_type: str
    data: bytes | None = attrs.field(default=None, repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    caption: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Template(_Keyed):
    """A text that the provider has approved beforehand, with its parameters in order."""

    name: str
    language: str
    parameters: tuple[str, ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class Edit(_Keyed):
    """Replace the text of a message of ours."""

    message_id: str
    text: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Delete(_Keyed):
    """Take a message of ours back."""

    message_id: str


@attrs.frozen(kw_only=True)
class React(_Keyed):
    """Set our reaction to a message; None takes it away."""

    message_id: str
    reaction: str | None


@attrs.frozen(kw_only=True)
class Typing(_Keyed):
    """Show, or cease to show, that somebody is typing."""

    is_typing: bool = True


@attrs.frozen(kw_only=True)
class MarkRead(_Keyed):
    """Tell the writer that their message has been read."""

    message_id: str


class CallVerb(enum.Enum):
    """What to do with a call.

    `SAY`, `GATHER`, `WAIT`, `LISTEN` and `HOLD` end with asking what comes next (`CallState.IDLE`), all but `SAY` and
    `HOLD` after keys, too. `CALL` has an agent's phone ring, whose leg comes into the call's room when they answer;
    `JOIN` brings the customer there, and every other verb takes them out of it again.
    """

    ANSWER = "answer"
    SAY = "say"
    GATHER = "gather"
    WAIT = "wait"
    LISTEN = "listen"
    HOLD = "hold"
    CALL = "call"
    JOIN = "join"
    RESUME = "resume"
    TRANSFER = "transfer"
    HANG_UP = "hang_up"


@attrs.frozen(kw_only=True)
class CallAction(_Keyed):
    """Steer a call.

    Attributes:
        call_id: the provider's id of the customer's call.
        verb: what to do.
        text: what to say first.
        target: whom to call or transfer to, as the provider names them; None if the account knows an agent's.
        agent: of `CALL`, the agent's id.
        leg: of `CALL`, the name under which news of the agent's leg come back.
        leg_id: of `HANG_UP`, the provider's id of the leg that is meant; None for the customer's line.
        lasts: of `CALL`, how long the phone rings.
        takes_keys: of `WAIT`, whether a key means something there.
    """

    call_id: str
    verb: CallVerb
    text: str | None = attrs.field(default=None, repr=False)
    target: str | None = attrs.field(default=None, repr=False)
    agent: str | None = None
    leg: str | None = None
    leg_id: str | None = None
    lasts: timedelta | None = None
    takes_keys: bool = False


@attrs.frozen(kw_only=True)
class Progress(_Keyed):
    """Where a matter stands: `text` for people, the rest for channels that can show a stage or a date."""

    text: str = attrs.field(repr=False)
    stage: str
    due_at: datetime | None = None


Outbound: TypeAlias = (
    Message | Choices | Media | Template | Edit | Delete | React | Typing | MarkRead | CallAction | Progress
)

MORE_THAN_WORDS: tuple[type, ...] = (Template, Edit, Delete, React, Typing, MarkRead, CallAction)
"""What a channel cannot carry that does nothing but bring words and files to people."""
