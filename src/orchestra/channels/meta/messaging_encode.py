"""Writing messages for Messenger and Instagram, by the Send API that both have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.fields import Fields
from orchestra.channels.meta.graph import Caller, caller_of, sent_if_true
from orchestra.channels.meta.messaging_facts import HUMAN_AGENT, HUMAN_WINDOW, REPLY_WINDOW, Medium
from orchestra.channels.multipart import FormFile, write_form
from orchestra.channels.parts import MediaKind
from orchestra.channels.safe_json import JsonObject, JsonValue, canonical_json
from orchestra.channels.segments import split_text
from orchestra.channels.sending import Refused, SendPlan, Sent
from orchestra.channels.windows import is_shut
from orchestra.channels.wire import HttpStep
from orchestra.channels.writing import (
    MOST_PIECES,
    TOO_LONG,
    UNENCODABLE,
    has_unencodable,
    linked,
    listed,
    what_is_lost,
)
from orchestra.errors import MalformedMessage

__all__ = ["encode_message", "read_sent"]

_PERSON = re.compile(r"[0-9]{1,64}")
# The token says whose messages they are; with Instagram the account's own id is another than its Page's.
_PATH = "me/messages"
_TYPES: Mapping[MediaKind, str] = MappingProxyType(
    {MediaKind.IMAGE: "image", MediaKind.AUDIO: "audio", MediaKind.VIDEO: "video", MediaKind.DOCUMENT: "file"}
)
_SHUT = Refused("window", "they wrote too long ago, and the channel has no template that would pass: write elsewhere")


@attrs.frozen
class _Piece:
    """One call: what it says besides whom to, what it lost, a file to upload, whether twice is once."""

    fields: JsonObject
    lost: tuple[str, ...] = ()
    file: FormFile | None = None
    is_safe: bool = False
    is_heavy: bool = False


_Pieces = tuple[_Piece, ...] | Refused


def encode_message(
    message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime, medium: Medium
) -> SendPlan | Refused:
    """Plan the calls, or say why the medium cannot carry the message."""
    caller, person = caller_of(account), conversation.recipient.value
    if isinstance(caller, Refused):
        return caller
    if _PERSON.fullmatch(person) is None:
        return Refused("no_recipient", "the recipient must be somebody who has written to the account")
    kind = _messaging_type(message, account, conversation, now)
    if isinstance(kind, Refused):
        return kind
    pieces = _WRITERS[type(message)](message, medium)
    if isinstance(pieces, Refused):
        return pieces
    steps: list[HttpStep] = []
    for piece in pieces:
        fields: JsonObject = {"recipient": {"id": person}, **piece.fields}
        if "message" in piece.fields:
            fields = {**fields, **kind, "message": _marked(piece.fields["message"], message.key, medium)}
        key = message.key if not steps else f"{message.key}:{len(steps)}"
        step = _step(piece, fields, caller, key)
        if isinstance(step, Refused):
            return step
        steps.append(step)
    return SendPlan(tuple(steps))


def _messaging_type(
    message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
) -> JsonObject | Refused:
    """How it is sent ("Messaging types"): an answer, unasked news, or a person's answer after the window."""
    is_automatic = _is_automatic(message)
    if not is_shut(conversation, now, REPLY_WINDOW):
        return {"messaging_type": "UPDATE" if is_automatic else "RESPONSE"}
    wrote, is_allowed = conversation.last_inbound_at, account.config.get(HUMAN_AGENT) is True and not is_automatic
    if is_allowed and wrote is not None and now < wrote + HUMAN_WINDOW:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return _SHUT


def _is_automatic(message: outbound.Outbound) -> bool:
    """Programs make choices and progress; of texts it is said."""
    if isinstance(message, outbound.Message):
        return message.is_automatic
    return isinstance(message, outbound.Choices | outbound.Progress)


def _marked(message: JsonValue, key: str, medium: Medium) -> JsonValue:
    """The echo brings the key back, so that it is known for ours."""
    if not medium.has_metadata or not isinstance(message, dict):
        return message
    return {**message, "metadata": key}


def _step(piece: _Piece, fields: JsonObject, caller: Caller, key: str) -> HttpStep | Refused:
    rate_keys = (f"account:{caller.id}", *((f"heavy:{caller.id}",) if piece.is_heavy else ()))
    step = caller.post(_PATH, fields, key, rate_keys=rate_keys, is_safe=piece.is_safe, lost=piece.lost)
    if isinstance(step, Refused) or piece.file is None:
        return step
    form = {name: value if isinstance(value, str) else canonical_json(value).decode() for name, value in fields.items()}
    try:
        content_type, body = write_form(form, piece.file)
    except MalformedMessage:
        return Refused("file_name", "a file's name and type are one line each")
    return attrs.evolve(step, headers=(("Content-Type", content_type), caller.proof), body=body)


def _texts(text: str, medium: Medium, lost: tuple[str, ...] = (), **more: JsonValue) -> _Pieces:
    """Messages for a text, in as many as it needs; `more` goes with the last of them."""
    if not text:
        return Refused("empty_text", "a message needs a text")
    pieces = split_text(text, medium.text_limit, medium.text_unit)
    if len(pieces) > MOST_PIECES:
        return TOO_LONG
    known = (*lost, "split") if len(pieces) > 1 else lost
    bodies: list[JsonObject] = [{"text": piece} for piece in pieces]
    bodies[-1] = {**bodies[-1], **more}
    return tuple(_Piece({"message": body}, known) for body in bodies)


def _message(message: outbound.Message, medium: Medium) -> _Pieces:
    lost = what_is_lost(message)
    return _texts(message.text, medium, lost if message.reply_to is None else (*lost, "reply_to"))


def _choices(message: outbound.Choices, medium: Medium) -> _Pieces:
    fits = 1 <= len(message.choices) <= medium.choices_max and all(
        1 <= len(choice.label) <= medium.label_max and 1 <= len(choice.id) <= medium.payload_max
        for choice in message.choices
    )
    if not fits:
        return _texts(listed(message), medium, ("choices_as_text",))
    replies: list[JsonValue] = [
        {"content_type": "text", "title": choice.label, "payload": choice.id} for choice in message.choices
    ]
    return _texts(message.text, medium, quick_replies=replies)


def _media(message: outbound.Media, medium: Medium) -> _Pieces:
    limit = medium.media[message.kind]
    is_taken = not limit.content_types or message.content_type in limit.content_types
    if not is_taken or (message.url is None and not medium.can_upload):
        words = linked(message)
        return _NO_BYTES if words is None else _texts(words, medium, ("media_as_link",))
    file = _file(message, limit.max_bytes)
    if isinstance(file, Refused) or not message.caption:
        return file if isinstance(file, Refused) else (file,)
    apart = _texts(message.caption, medium, ("caption_apart",))
    return apart if isinstance(apart, Refused) else (file, *apart)


_NO_BYTES = Refused("media_bytes", "the channel fetches files, of some types only: give the file's public address")


def _file(message: outbound.Media, max_bytes: int) -> _Piece | Refused:
    is_heavy, kind = message.kind in {MediaKind.AUDIO, MediaKind.VIDEO}, _TYPES[message.kind]
    if message.url is not None:
        attachment: JsonObject = {"type": kind, "payload": {"url": message.url}}
        return _Piece({"message": {"attachment": attachment}}, is_heavy=is_heavy)
    if message.data is None:
        return Refused("no_media", "give the file's bytes or its public address")
    if len(message.data) > max_bytes:
        return Refused("media_too_large", f"a file of this kind may have {max_bytes} bytes")
    name = message.name or kind
    if has_unencodable(name):
        return UNENCODABLE
    file = FormFile(field="filedata", name=name, content_type=message.content_type, data=message.data)
    return _Piece({"message": {"attachment": {"type": kind, "payload": {}}}}, file=file, is_heavy=is_heavy)


def _action(action: str, payload: JsonObject | None = None) -> _Pieces:
    fields: JsonObject = {"sender_action": action}
    return (_Piece(fields if payload is None else {**fields, "payload": payload}, is_safe=True),)


def _react(message: outbound.React, _medium: Medium) -> _Pieces:
    if message.reaction is None:
        return _action("unreact", {"message_id": message.message_id})
    return _action("react", {"message_id": message.message_id, "reaction": message.reaction})


def _typing(message: outbound.Typing, _medium: Medium) -> _Pieces:
    return _action("typing_on" if message.is_typing else "typing_off")


def _mark_read(_message: outbound.MarkRead, _medium: Medium) -> _Pieces:
    return _action("mark_seen")


def _progress(message: outbound.Progress, medium: Medium) -> _Pieces:
    return _texts(message.text, medium, ("progress_as_text",))


def _no(what: str, reason: str) -> Callable[[Any, Medium], _Pieces]:
    refusal = Refused(what, reason)
    return lambda _message, _medium: refusal


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any, Medium], _Pieces]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.React: _react,
        outbound.Typing: _typing,
        outbound.MarkRead: _mark_read,
        outbound.Progress: _progress,
        outbound.Template: _no("template", "the channel has no templates of texts: send a message"),
        outbound.Edit: _no("edit", "messages of companies cannot be edited"),
        outbound.Delete: _no("delete", "messages of companies cannot be taken back"),
        outbound.CallAction: _no("call", "calls are no messages"),
    }
)


def read_sent(answer: Fields) -> Sent:
    """Read the answer of the Send API: the message's id, or whom an action was shown to.

    Raises:
        MalformedMessage: it is neither.
    """
    if "message_id" in answer:
        return Sent((answer.identifier("message_id"),))
    if "recipient_id" not in answer:
        sent_if_true(answer)
    return Sent()
