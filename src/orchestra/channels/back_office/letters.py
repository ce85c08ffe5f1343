"""What we tell a back office, whichever standard carries it, and what its answer says.

Two types of events go out. Their data have the fields of `payloads`, and whom it is for::

    message.written    key, text, to {kind, id}; subject, format (markdown or html), reply_to, choices [{id, label}],
                       conversation. To be carried to the customer, or filed
    progress.told      key, text, stage, to {kind, id}; due, conversation. What the customer is told of their case

A message counts as taken once the back office answers with a status of success. Its id is its key: `message.sent`,
`message.delivered` and the like name it by that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.answers import by_status, unanswered
from orchestra.channels.back_office.times import to_rfc3339
from orchestra.channels.capabilities import Capabilities, RateBucket, ReadReceipts
from orchestra.channels.description import ConfigField, ConfigKind
from orchestra.channels.parts import TextFormat
from orchestra.channels.safe_json import JsonObject, JsonValue
from orchestra.channels.sending import Failed, Outcome, Refused, Retry, SendPlan, Sent
from orchestra.channels.wire import Headers, HttpAnswer, HttpStep, StepResult, WireStep
from orchestra.channels.writing import linked, listed

__all__ = ["TEXT_LIMIT", "URL", "Letter", "capabilities_of", "interpret_answer", "letter_of", "posted"]

TEXT_LIMIT = 16_000
"""Characters of a text: with four bytes each that is what every receiver of CloudEvents takes (64 KB, its section
"Size limits"). Standard Webhooks advises less, 20 KB, which usual texts are far below."""

BUTTONS_MAX = 100
BUTTON_LABEL_MAX = 200

URL = ConfigField(name="url", kind=ConfigKind.TEXT, help="where to post what we tell; without it nothing is told")
"""The setting that says where events go."""

_GONE = 410
_OURS_TO_MEND = frozenset({401, 403, 404})
"""The account's address or secret is wrong, not the message, which passes once that is mended."""


@attrs.frozen
class Letter:
    """An event to post: its type and data, and what it lost."""

    type: str
    data: JsonObject
    degradations: tuple[str, ...] = ()


def capabilities_of(channel: str) -> Capabilities:
    """Tell what a back office carries: all that JSON can, but files only by their address."""
    return Capabilities(
        text_limit=TEXT_LIMIT,
        formats=frozenset(TextFormat),
        buttons_max=BUTTONS_MAX,
        button_label_max=BUTTON_LABEL_MAX,
        can_initiate=True,
        delivered=True,
        read=ReadReceipts.PER_MESSAGE,
        threads=True,
        rate_buckets=(RateBucket("account", permits=100, period=timedelta(seconds=1)),),
        outbound_idempotency=True,
        event_id_stable=True,
        identity_kinds=frozenset({channel, "email", "phone"}),
    )


def letter_of(message: outbound.Outbound, conversation: Conversation) -> Letter | Refused:
    """Write a message as an event, or say why a back office cannot take it."""
    letter = _WRITERS[type(message)](message)
    if isinstance(letter, Refused):
        return letter
    text = letter.data.get("text")
    if isinstance(text, str) and len(text) > TEXT_LIMIT:
        return Refused("text_too_long", f"a text may have {TEXT_LIMIT} characters")
    recipient = conversation.recipient
    envelope: JsonObject = {"key": message.key, "to": {"kind": recipient.kind, "id": recipient.value}}
    if conversation.id is not None:
        envelope["conversation"] = conversation.id
    return attrs.evolve(letter, data={**envelope, **letter.data})


def _message(message: outbound.Message) -> Letter:
    data: JsonObject = {"text": message.text}
    if message.format is not TextFormat.PLAIN:
        data["format"] = message.format.value
    if message.subject is not None:
        data["subject"] = message.subject
    if message.reply_to is not None:
        data["reply_to"] = message.reply_to
    return Letter("message.written", data)


def _choices(message: outbound.Choices) -> Letter:
    fits = len(message.choices) <= BUTTONS_MAX
    if not fits or any(len(choice.label) > BUTTON_LABEL_MAX for choice in message.choices):
        return Letter("message.written", {"text": listed(message)}, ("choices_as_text",))
    choices: list[JsonValue] = [{"id": choice.id, "label": choice.label} for choice in message.choices]
    return Letter("message.written", {"text": message.text, "choices": choices})


def _media(message: outbound.Media) -> Letter | Refused:
    text = linked(message)
    if text is None:
        return Refused("media_bytes", "a back office takes texts and addresses of files only")
    return Letter("message.written", {"text": text}, ("media_as_link",))


def _progress(message: outbound.Progress) -> Letter:
    data: JsonObject = {"text": message.text, "stage": message.stage}
    if message.due_at is not None:
        data["due"] = to_rfc3339(message.due_at)
    return Letter("progress.told", data)


def _unsupported(_message: outbound.Outbound) -> Refused:
    return Refused("unsupported", "a back office is told messages and progress only")


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any], Letter | Refused]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.Progress: _progress,
        **dict.fromkeys(outbound.MORE_THAN_WORDS, _unsupported),
    }
)


def posted(letter: Letter, key: str, account: Account, headers: Headers, body: bytes) -> SendPlan | Refused:
    """Plan the one request by which an event goes out. Receivers of either standard know it again by its id."""
    url = account.text_setting(URL.name, "")
    if not url:
        return Refused("no_url", "the account has no address to post to")
    step = HttpStep(
        idempotency_key=key,
        rate_keys=(f"account:{account.id}",),
        safe_to_repeat=True,
        degradations=letter.degradations,
        method="POST",
        url=url,
        headers=headers,
        body=body,
    )
    return SendPlan((step,))


def interpret_answer(step: WireStep, result: StepResult, now: datetime) -> Outcome:
    """Say what came of it: a status of success is all that the standards ask for, whatever the body."""
    lost = unanswered(result)
    if lost is not None or not isinstance(result, HttpAnswer):
        return lost or Failed("needs_http")
    if 200 <= result.status < 300:
        return Sent((step.idempotency_key,))
    if result.status == _GONE:
        return Failed("gone")
    if result.status in _OURS_TO_MEND:
        return Retry(f"http_{result.status}")
    return by_status(result, now, is_safe=step.safe_to_repeat)
