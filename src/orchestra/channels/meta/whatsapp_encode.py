"""Writing messages for the WhatsApp Cloud API: a writer for each kind, in a table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.meta.graph import Caller, caller_of
from orchestra.channels.meta.whatsapp_facts import (
    BUTTON_ID_MAX,
    BUTTON_LABEL_MAX,
    BUTTONS_MAX,
    CAPTION_LIMIT,
    CHOICES_TEXT_LIMIT,
    LIST_MAX,
    MEDIA,
    REPLY_WINDOW,
    ROW_ID_MAX,
    ROW_LABEL_MAX,
    TEXT_LIMIT,
)
from orchestra.channels.multipart import FormFile, write_form
from orchestra.channels.parts import MediaKind
from orchestra.channels.safe_json import JsonObject, JsonValue
from orchestra.channels.segments import split_text
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.windows import WINDOW_IS_SHUT, is_shut
from orchestra.channels.wire import HttpStep
from orchestra.channels.writing import (
    MOST_PIECES,
    TOO_LONG,
    UNENCODABLE,
    has_unencodable,
    json_body,
    linked,
    listed,
    what_is_lost,
)
from orchestra.errors import MalformedMessage

__all__ = ["encode_message", "uploaded"]

_PHONE = re.compile(r"\+?([1-9][0-9]{6,14})")
# "Business-scoped user IDs": a country's two letters, a dot, up to 128 letters and digits; ENT. before a parent's.
_PERSON = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


@attrs.frozen
class _Piece:
    """One message of WhatsApp's: its fields, what it lost, a file to upload first."""

    fields: JsonObject
    lost: tuple[str, ...] = ()
    file: FormFile | None = None
    is_safe: bool = False


_Pieces = tuple[_Piece, ...] | Refused


def encode_message(
    message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
) -> SendPlan | Refused:
    """Plan the calls, or say why WhatsApp cannot carry the message."""
    caller, to = caller_of(account), _recipient(conversation)
    for refusal in (caller, to):
        if isinstance(refusal, Refused):
            return refusal
    assert isinstance(caller, Caller)
    assert not isinstance(to, Refused)
    if not isinstance(message, outbound.Template | outbound.MarkRead) and is_shut(conversation, now, REPLY_WINDOW):
        return WINDOW_IS_SHUT
    pieces = _WRITERS[type(message)](message, account)
    if isinstance(pieces, Refused):
        return pieces
    rate_keys = (f"account:{account.id}", f"pair:{conversation.recipient.value}")
    steps: list[HttpStep] = []
    for place, piece in enumerate(pieces):
        key = message.key if place == 0 else f"{message.key}:{place}"
        step = _step(piece, to, caller, key, rate_keys)
        if isinstance(step, Refused):
            return step
        steps.append(step)
    return SendPlan(tuple(steps))


def _recipient(conversation: Conversation) -> JsonObject | Refused:
    """By number where it is known, else by the business-scoped id, which has a parameter of its own."""
    value = conversation.recipient.value
    number = _PHONE.fullmatch(value)
    if number is not None:
        return {"to": number[1]}
    if _PERSON.fullmatch(value) is not None:
        return {"recipient": value}
    return Refused("no_recipient", "the recipient must be a number, or a business-scoped user id")


def _step(piece: _Piece, to: JsonObject, caller: Caller, key: str, rate_keys: tuple[str, ...]) -> HttpStep | Refused:
    envelope: JsonObject = {"messaging_product": "whatsapp", **piece.fields}
    if "status" not in piece.fields:
        envelope = {**envelope, "recipient_type": "individual", **to}
    path = f"{caller.id}/messages"
    step = caller.post(path, envelope, key, rate_keys=rate_keys, is_safe=piece.is_safe, lost=piece.lost)
    if isinstance(step, Refused) or piece.file is None:
        return step
    try:
        content_type, body = write_form({"messaging_product": "whatsapp", "type": piece.file.content_type}, piece.file)
    except MalformedMessage:
        return Refused("file_name", "a file's name and type are one line each")
    # An upload may be repeated: what nobody sends is forgotten after 30 days.
    return attrs.evolve(
        step,
        url=f"{caller.url}/{caller.id}/media",
        headers=(("Content-Type", content_type), caller.proof),
        body=body,
        carry=step.body.decode(),
        safe_to_repeat=True,
    )


def uploaded(step: HttpStep, media_id: str) -> HttpStep:
    """Give the sending of a file that has been uploaded under this id."""
    fields: JsonObject = json.loads(step.carry)
    kind = str(fields["type"])
    content = fields[kind]
    assert isinstance(content, dict)
    body = json_body({**fields, kind: {**content, "id": media_id}})
    assert isinstance(body, bytes)
    proof = step.headers[-1]
    return attrs.evolve(
        step,
        idempotency_key=f"{step.idempotency_key}:send",
        url=step.url.removesuffix("/media") + "/messages",
        headers=(("Content-Type", "application/json"), proof),
        body=body,
        carry="",
        safe_to_repeat=False,
    )


def _texts(text: str, lost: tuple[str, ...] = (), **more: JsonValue) -> _Pieces:
    """Messages for a text, in as many as it needs; `more` goes with the first."""
    if not text:
        return Refused("empty_text", "a message needs a text")
    pieces = split_text(text, TEXT_LIMIT)
    if len(pieces) > MOST_PIECES:
        return TOO_LONG
    split = ("split",) if len(pieces) > 1 else ()
    bodies: list[JsonObject] = [{"type": "text", "text": {"body": piece}} for piece in pieces]
    return tuple(_Piece({**body, **more} if place == 0 else body, (*lost, *split)) for place, body in enumerate(bodies))


def _message(message: outbound.Message, _account: Account) -> _Pieces:
    lost = what_is_lost(message)
    if message.reply_to is None:
        return _texts(message.text, lost)
    return _texts(message.text, lost, context={"message_id": message.reply_to})


def _choices(message: outbound.Choices, account: Account) -> _Pieces:
    """Up to three are buttons; up to ten a list, if the account says what stands on the button that opens it."""
    opener = account.text_setting("list_button", "")
    if not 1 <= len(message.text) <= CHOICES_TEXT_LIMIT:
        return _texts(listed(message), ("choices_as_text",))
    if _fits(message, BUTTONS_MAX, BUTTON_LABEL_MAX, BUTTON_ID_MAX):
        buttons: list[JsonValue] = [
            {"type": "reply", "reply": {"id": choice.id, "title": choice.label}} for choice in message.choices
        ]
        return (_interactive("button", message.text, {"buttons": buttons}),)
    if 1 <= len(opener) <= BUTTON_LABEL_MAX and _fits(message, LIST_MAX, ROW_LABEL_MAX, ROW_ID_MAX):
        rows: list[JsonValue] = [{"id": choice.id, "title": choice.label} for choice in message.choices]
        return (_interactive("list", message.text, {"button": opener, "sections": [{"rows": rows}]}),)
    return _texts(listed(message), ("choices_as_text",))


def _fits(message: outbound.Choices, most: int, label_max: int, id_max: int) -> bool:
    """Ids and titles must differ from one another."""
    ids, labels = {choice.id for choice in message.choices}, {choice.label for choice in message.choices}
    return (
        1 <= len(message.choices) <= most
        and len(ids) == len(labels) == len(message.choices)
        and all(1 <= len(name) <= id_max for name in ids)
        and all(1 <= len(label) <= label_max for label in labels)
    )


def _interactive(kind: str, text: str, action: JsonObject) -> _Piece:
    return _Piece({"type": "interactive", "interactive": {"type": kind, "body": {"text": text}, "action": action}})


def _media(message: outbound.Media, _account: Account) -> _Pieces:
    limit = MEDIA[message.kind]
    if message.content_type not in limit.content_types:
        words = linked(message)
        if words is None:
            return Refused("media_type", "WhatsApp does not take files of this type: give a public address")
        return _texts(words, ("media_as_link",))
    caption = message.caption or ""
    has_room = message.kind is not MediaKind.AUDIO and len(caption) <= CAPTION_LIMIT
    content: JsonObject = {"caption": caption} if caption and has_room else {}
    if message.kind is MediaKind.DOCUMENT and message.name:
        content["filename"] = message.name
    file = _file(message, content, limit.max_bytes)
    if isinstance(file, Refused) or not caption or has_room:
        return file if isinstance(file, Refused) else (file,)
    apart = _texts(caption, ("caption_apart",))
    return apart if isinstance(apart, Refused) else (file, *apart)


def _file(message: outbound.Media, content: JsonObject, max_bytes: int) -> _Piece | Refused:
    kind = message.kind.value
    if message.data is None:
        if message.url is None:
            return Refused("no_media", "give the file's bytes or its public address")
        return _Piece({"type": kind, kind: {**content, "link": message.url}})
    if len(message.data) > max_bytes:
        return Refused("media_too_large", f"a file of this kind may have {max_bytes} bytes")
    name = message.name or kind
    if has_unencodable(name):
        return UNENCODABLE
    file = FormFile(field="file", name=name, content_type=message.content_type, data=message.data)
    return _Piece({"type": kind, kind: content}, file=file)


def _template(message: outbound.Template, _account: Account) -> _Pieces:
    """The parameters are those of the body, in order."""
    values: list[JsonValue] = [{"type": "text", "text": value} for value in message.parameters]
    template: JsonObject = {"name": message.name, "language": {"code": message.language}}
    if values:
        template["components"] = [{"type": "body", "parameters": values}]
    return (_Piece({"type": "template", "template": template}),)


def _react(message: outbound.React, _account: Account) -> _Pieces:
    """An empty emoji takes it away."""
    reaction: JsonObject = {"message_id": message.message_id, "emoji": message.reaction or ""}
    return (_Piece({"type": "reaction", "reaction": reaction}, is_safe=True),)


def _mark_read(message: outbound.MarkRead, _account: Account) -> _Pieces:
    return (_Piece({"status": "read", "message_id": message.message_id}, is_safe=True),)


def _progress(message: outbound.Progress, _account: Account) -> _Pieces:
    return _texts(message.text, ("progress_as_text",))


def _no(what: str, reason: str) -> Callable[[Any, Account], _Pieces]:
    refusal = Refused(what, reason)
    return lambda _message, _account: refusal


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any, Account], _Pieces]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.Template: _template,
        outbound.React: _react,
        outbound.MarkRead: _mark_read,
        outbound.Progress: _progress,
        outbound.Edit: _no("edit", "messages of companies cannot be edited"),
        outbound.Delete: _no("delete", "messages of companies cannot be taken back"),
        outbound.Typing: _no("typing", "typing is shown with the reading of a message only"),
        outbound.CallAction: _no("call", "calls are no messages"),
    }
)
