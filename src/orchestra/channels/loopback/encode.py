"""Writing the loopback channel's sends, and reading what came of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.answers import retry_after
from orchestra.channels.fields import Fields
from orchestra.channels.loopback.wire import CHANNEL, KEY_HEADER, SECRET_NAME, signature_headers
from orchestra.channels.parts import TextFormat
from orchestra.channels.safe_json import JsonObject, JsonValue, canonical_json, parse_json
from orchestra.channels.sending import Failed, Outcome, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import Headers, HttpAnswer, HttpStep, NoAnswer, StepResult
from orchestra.errors import MalformedMessage

__all__ = ["BUTTONS_MAX", "BUTTON_LABEL_MAX", "DEFAULT_URL", "TEXT_LIMIT", "encode_message", "interpret_result"]

TEXT_LIMIT = 4_000
BUTTONS_MAX = 3
BUTTON_LABEL_MAX = 20
# The name is reserved (RFC 2606): a step that strays to a real transport reaches nobody.
DEFAULT_URL = "https://loopback.invalid/messages"

_TRANSIENT_4XX = frozenset({408, 425, 429})


@attrs.frozen
class _Content:
    """The part of a body that depends on the kind of message, and what it lost."""

    fields: JsonObject
    degradations: tuple[str, ...] = ()


def encode_message(
    message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
) -> SendPlan | Refused:
    """Plan one request, or say why the channel cannot carry the message."""
    content = _content(message)
    if isinstance(content, Refused):
        return content
    secrets = account.secret_values(SECRET_NAME)
    if not secrets:
        return Refused("no_secret", "the account needs a signing secret")
    envelope: JsonObject = {
        "account": account.id,
        "key": message.key,
        "conversation": conversation.id,
        "to": {"kind": conversation.recipient.kind, "id": conversation.recipient.value},
    }
    body = canonical_json({**envelope, **content.fields})
    headers: Headers = (("Content-Type", "application/json"), (KEY_HEADER, message.key))
    step = HttpStep(
        idempotency_key=message.key,
        rate_keys=(f"account:{account.id}",),
        safe_to_repeat=True,
        degradations=content.degradations,
        method="POST",
        url=account.text_setting("url", DEFAULT_URL),
        headers=(*headers, *signature_headers(secrets[0], now, body)),
        body=body,
    )
    return SendPlan((step,))


def _content(message: outbound.Outbound) -> _Content | Refused:
    content = _WRITERS[type(message)](message)
    if isinstance(content, Refused):
        return content
    return _objection(content.fields) or content


def _objection(fields: JsonObject) -> Refused | None:
    text = fields.get("text")
    if isinstance(text, str) and len(text) > TEXT_LIMIT:
        return Refused("text_too_long", f"a text may have {TEXT_LIMIT} characters")
    if not _is_storable(fields):
        return Refused("unencodable_text", "lone surrogates and NUL cannot be sent")
    return None


def _is_storable(fields: JsonObject) -> bool:
    try:
        parse_json(canonical_json(fields))
    except (UnicodeEncodeError, MalformedMessage):
        return False
    return True


def _text(kind: str, text: str, **more: JsonValue) -> JsonObject:
    return {"type": kind, "text": text, **more}


def _message(message: outbound.Message) -> _Content:
    lost = ("format",) if message.format is not TextFormat.PLAIN else ()
    lost_subject = ("subject",) if message.subject else ()
    fields = _text("message", message.text, reply_to=message.reply_to)
    return _Content(fields, (*lost, *lost_subject))


def _choices(message: outbound.Choices) -> _Content | Refused:
    fits = len(message.choices) <= BUTTONS_MAX and all(
        len(choice.label) <= BUTTON_LABEL_MAX for choice in message.choices
    )
    if fits:
        listed: list[JsonValue] = [{"id": choice.id, "label": choice.label} for choice in message.choices]
        return _Content(_text("message", message.text, choices=listed))
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(message.choices, 1)]
    return _Content(_text("message", "\n".join([message.text, *lines])), ("choices_as_text",))


def _media(message: outbound.Media) -> _Content | Refused:
    if message.url is None:
        return Refused("media_bytes", "the channel carries text and addresses of media only")
    text = message.url if message.caption is None else f"{message.caption}\n{message.url}"
    return _Content(_text("message", text), ("media_as_link",))


def _template(_message: outbound.Template) -> Refused:
    return Refused("template", "the channel has no approved templates: send a message")


def _edit(message: outbound.Edit) -> _Content:
    return _Content(_text("edit", message.text, message=message.message_id))


def _delete(message: outbound.Delete) -> _Content:
    return _Content({"type": "delete", "message": message.message_id})


def _react(message: outbound.React) -> _Content:
    return _Content({"type": "reaction", "message": message.message_id, "reaction": message.reaction})


def _typing(message: outbound.Typing) -> _Content:
    return _Content({"type": "typing", "typing": message.is_typing})


def _mark_read(message: outbound.MarkRead) -> _Content:
    return _Content({"type": "read", "message": message.message_id})


def _call_action(_message: outbound.CallAction) -> Refused:
    return Refused("call", "the channel has no calls")


def _progress(message: outbound.Progress) -> _Content:
    return _Content(_text("message", message.text), ("progress_as_text",))


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any], _Content | Refused]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.Template: _template,
        outbound.Edit: _edit,
        outbound.Delete: _delete,
        outbound.React: _react,
        outbound.Typing: _typing,
        outbound.MarkRead: _mark_read,
        outbound.CallAction: _call_action,
        outbound.Progress: _progress,
    }
)


def interpret_result(result: StepResult, now: datetime) -> Outcome:
    """Say what came of a send."""
    if isinstance(result, NoAnswer):
        code = result.reason.value
        return Unknown(code) if result.may_have_arrived else Retry(code)
    if not isinstance(result, HttpAnswer):
        return Failed(f"{CHANNEL}_needs_http")
    code = f"http_{result.status}"
    if 200 <= result.status < 300:
        return _accepted(result.body)
    if result.status in _TRANSIENT_4XX or result.status >= 500:
        return Retry(code, retry_after(result.headers, now))
    return Failed(code)


def _accepted(body: bytes) -> Outcome:
    try:
        return Sent((Fields(parse_json(body), "answer").identifier("message"),))
    except MalformedMessage:
        # The status says yes, the body is not the provider's: perhaps a proxy's page.
        return Unknown("unreadable_answer")
