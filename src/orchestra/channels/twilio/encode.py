"""Writing messages for Twilio: one request to its API for each piece, as a form."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.safe_json import canonical_json
from orchestra.channels.segments import split_text
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.twilio.decode import WHATSAPP_PREFIX
from orchestra.channels.twilio.facts import (
    DEFAULT_URL,
    MEDIA_SMS,
    MEDIA_WHATSAPP,
    PASSWORD_SECRET,
    REPLY_WINDOW,
    TEXT_LIMIT,
)
from orchestra.channels.windows import WINDOW_IS_SHUT, is_shut
from orchestra.channels.wire import HttpStep
from orchestra.channels.writing import MOST_PIECES, TOO_LONG, UNENCODABLE, has_unencodable, linked, listed, what_is_lost

__all__ = ["Medium", "authorization", "encode_message"]

_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,64}")
_CONTENT = re.compile(r"HX[0-9a-f]{32}")
_RECIPIENT = re.compile(r"\+?[A-Za-z0-9._-]{1,64}")

_Fields = dict[str, str]


@attrs.frozen
class Medium:
    """Which of Twilio's media it is: text messages, or WhatsApp."""

    is_whatsapp: bool

    @property
    def prefix(self) -> str:
        """Give what stands before addresses."""
        return WHATSAPP_PREFIX if self.is_whatsapp else ""


@attrs.frozen
class _Piece:
    """One message of Twilio's: parameters, and what it lost."""

    fields: _Fields
    lost: tuple[str, ...] = ()


_Pieces = tuple[_Piece, ...] | Refused


def authorization(account: Account) -> tuple[str, str] | None:
    """Give the header that says who we are: the account, or an API key of it; None without a password."""
    passwords = account.secret_values(PASSWORD_SECRET)
    if not passwords:
        return None
    pair = f"{account.text_setting('user', account.id)}:{passwords[0]}"
    return ("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())


def encode_message(
    message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime, medium: Medium
) -> SendPlan | Refused:
    """Plan the requests, or say why the medium cannot carry the message."""
    proof = authorization(account)
    if proof is None or _ACCOUNT.fullmatch(account.id) is None:
        return Refused("no_credentials", "the account needs its SID as id, and the secret `password`")
    recipient = conversation.recipient.value.removeprefix(WHATSAPP_PREFIX)
    if _RECIPIENT.fullmatch(recipient) is None:
        return Refused("no_recipient", "the recipient must be a number, or an id of the medium")
    if medium.is_whatsapp and not isinstance(message, outbound.Template) and is_shut(conversation, now, REPLY_WINDOW):
        return WINDOW_IS_SHUT
    pieces = _WRITERS[type(message)](message, medium, account)
    if isinstance(pieces, Refused):
        return pieces
    envelope = {"To": medium.prefix + recipient, **_sender(account, medium)}
    steps = [_step(piece, envelope, account, proof, _key(message.key, n)) for n, piece in enumerate(pieces)]
    if any(step is None for step in steps):
        return UNENCODABLE
    return SendPlan(tuple(step for step in steps if step is not None))


def _key(key: str, place: int) -> str:
    return key if place == 0 else f"{key}:{place}"


def _sender(account: Account, medium: Medium) -> _Fields:
    sender, callback = account.text_setting("sender", ""), account.text_setting("callback_url", "")
    by = {"MessagingServiceSid": sender} if sender.startswith("MG") else {"From": medium.prefix + sender}
    return {**by, "StatusCallback": callback} if callback else by


def _step(piece: _Piece, envelope: _Fields, account: Account, proof: tuple[str, str], key: str) -> HttpStep | None:
    fields = {**envelope, **piece.fields}
    if any(map(has_unencodable, fields.values())):
        return None
    return HttpStep(
        idempotency_key=key,
        rate_keys=(f"account:{account.id}",),
        degradations=piece.lost,
        method="POST",
        url=f"{account.text_setting('url', DEFAULT_URL)}/2010-04-01/Accounts/{account.id}/Messages.json",
        headers=(("Content-Type", "application/x-www-form-urlencoded"), proof),
        body=urlencode(fields).encode(),
    )


def _texts(text: str, lost: tuple[str, ...] = ()) -> _Pieces:
    if not text:
        return Refused("empty_text", "a message without a text needs a file")
    pieces = split_text(text, TEXT_LIMIT)
    if len(pieces) > MOST_PIECES:
        return TOO_LONG
    known = (*lost, "split") if len(pieces) > 1 else lost
    return tuple(_Piece({"Body": piece}, known) for piece in pieces)


def _message(message: outbound.Message, _medium: Medium, _account: Account) -> _Pieces:
    lost = what_is_lost(message)
    return _texts(message.text, lost if message.reply_to is None else (*lost, "reply_to"))


def _choices(message: outbound.Choices, _medium: Medium, _account: Account) -> _Pieces:
    """Buttons need a template made for them: without one they are a list."""
    return _texts(listed(message), ("choices_as_text",))


def _media(message: outbound.Media, medium: Medium, account: Account) -> _Pieces:
    words = linked(message)
    if message.url is None or words is None:
        return Refused("media_bytes", "Twilio fetches files: give the file's public address")
    takes = MEDIA_WHATSAPP if medium.is_whatsapp else MEDIA_SMS
    has_media = medium.is_whatsapp or account.config.get("mms") is True
    limit = takes.get(message.kind)
    if not has_media or limit is None or message.content_type not in limit.content_types:
        return _texts(words, ("media_as_link",))
    file = {"MediaUrl": message.url}
    if not message.caption:
        return (_Piece(file),)
    pieces = _texts(message.caption)
    if isinstance(pieces, Refused):
        return pieces
    return (_Piece({**pieces[0].fields, **file}, pieces[0].lost), *pieces[1:])


def _template(message: outbound.Template, medium: Medium, _account: Account) -> _Pieces:
    if not medium.is_whatsapp:
        return Refused("template", "text messages need no approved templates: send a message")
    if _CONTENT.fullmatch(message.name) is None:
        return Refused("template_name", "a template is named by its ContentSid, HX and 32 digits")
    numbered = {str(place): value for place, value in enumerate(message.parameters, 1)}
    if any(map(has_unencodable, numbered.values())):
        return UNENCODABLE
    return (_Piece({"ContentSid": message.name, "ContentVariables": canonical_json({**numbered}).decode()}),)


def _progress(message: outbound.Progress, _medium: Medium, _account: Account) -> _Pieces:
    return _texts(message.text, ("progress_as_text",))


def _no(what: str) -> Callable[[Any, Medium, Account], _Pieces]:
    refusal = Refused(what, "the medium has nothing of the kind")
    return lambda _message, _medium, _account: refusal


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any, Medium, Account], _Pieces]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.Template: _template,
        outbound.Progress: _progress,
        outbound.Edit: _no("edit"),
        outbound.Delete: _no("delete"),
        outbound.React: _no("react"),
        outbound.Typing: _no("typing"),
        outbound.MarkRead: _no("mark_read"),
        outbound.CallAction: _no("call"),
    }
)
