"""Writing calls of the Bot API: a writer for each kind of message, in a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import TextUnit
from orchestra.channels.multipart import FormFile, write_form
from orchestra.channels.parts import MediaKind
from orchestra.channels.safe_json import JsonObject, JsonValue, canonical_json
from orchestra.channels.segments import split_text, text_length
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.telegram.address import prefix_of
from orchestra.channels.telegram.facts import (
    BUTTON_LABEL_MAX,
    BUTTONS_MAX,
    CAPTION_LIMIT,
    CHOICE_ID_MAX_BYTES,
    MEDIA,
    TEXT_LIMIT,
)
from orchestra.channels.wire import HttpStep
from orchestra.channels.writing import (
    MOST_PIECES,
    TOO_LONG,
    UNENCODABLE,
    has_unencodable,
    json_body,
    listed,
    what_is_lost,
)
from orchestra.errors import MalformedMessage

__all__ = ["encode_message"]

_MESSAGE_ID = re.compile(r"(?:(-?[0-9]{1,19}):)?([0-9]{1,19})")
_CHAT = re.compile(r"(-?[0-9]{1,19})(?:/([0-9]{1,19}))?")

_METHODS: Mapping[MediaKind, tuple[str, str]] = MappingProxyType(
    {
        MediaKind.IMAGE: ("sendPhoto", "photo"),
        MediaKind.AUDIO: ("sendAudio", "audio"),
        MediaKind.VIDEO: ("sendVideo", "video"),
        MediaKind.DOCUMENT: ("sendDocument", "document"),
    }
)


@attrs.frozen
class _Call:
    """One call: a method of the Bot API, its parameters, a file to upload, whether it may be repeated, what it lost."""

    method: str
    fields: JsonObject
    file: FormFile | None = None
    is_safe: bool = False
    lost: tuple[str, ...] = ()


def encode_message(message: outbound.Outbound, account: Account, conversation: Conversation) -> SendPlan | Refused:
    """Plan the calls, or say why the channel cannot carry the message."""
    prefix, person = prefix_of(account), conversation.recipient.value
    chat = person if _is_private(message) else conversation.id or person
    if isinstance(prefix, Refused):
        return prefix
    place = _CHAT.fullmatch(chat)
    if place is None:
        return Refused("no_chat", "the recipient must be a chat that has written to the bot")
    calls = _WRITERS[type(message)](message)
    if isinstance(calls, Refused):
        return calls
    target: JsonObject = {"chat_id": int(place[1])}
    if place[2] is not None:
        target["message_thread_id"] = int(place[2])
    steps: list[HttpStep] = []
    for call in calls:
        step = _step(call, target, prefix, _key(message.key, len(steps)))
        if isinstance(step, Refused):
            return step
        steps.append(attrs.evolve(step, rate_keys=_rate_keys(account, place[1])))
    return SendPlan(tuple(steps))


def _is_private(message: outbound.Outbound) -> bool:
    """A person's private chat has the person's id; it is there once they have begun it."""
    return isinstance(message, outbound.Message) and message.is_private


def _key(key: str, place: int) -> str:
    return key if place == 0 else f"{key}:{place}"


def _rate_keys(account: Account, chat: str) -> tuple[str, ...]:
    # Groups have negative ids ("Chat" in the reference; python-telegram-bot's rate limiter tells them so as well).
    group = (f"group:{chat}",) if chat.startswith("-") else ()
    return (f"account:{account.id}", f"chat:{chat}", *group)


def _step(call: _Call, target: JsonObject, prefix: str, key: str) -> HttpStep | Refused:
    fields: JsonObject = {**target, **call.fields}
    written = json_body(fields)
    if isinstance(written, Refused):
        return written
    content_type, body = "application/json", written
    if call.file is not None:
        form = {name: _as_text(value) for name, value in fields.items() if value is not None}
        try:
            content_type, body = write_form(form, call.file)
        except MalformedMessage:
            return Refused("file_name", "a file's name and type are one line each")
    return HttpStep(
        idempotency_key=key,
        safe_to_repeat=call.is_safe,
        degradations=call.lost,
        method="POST",
        url=prefix + call.method,
        headers=(("Content-Type", content_type),),
        body=body,
    )


def _as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()


def _texts(text: str, lost: tuple[str, ...], **more: JsonValue) -> tuple[_Call, ...] | Refused:
    """Calls for a text, in as many messages as it needs; `more` goes with the last of them."""
    pieces = split_text(text, TEXT_LIMIT, TextUnit.UTF16)
    if len(pieces) > MOST_PIECES:
        return TOO_LONG
    known = (*lost, "split") if len(pieces) > 1 else lost
    calls = [_Call("sendMessage", {"text": piece}, lost=known) for piece in pieces]
    return (*calls[:-1], attrs.evolve(calls[-1], fields={**calls[-1].fields, **more}))


def _reference(message_id: str) -> int | None:
    found = _MESSAGE_ID.fullmatch(message_id)
    return None if found is None else int(found[2])


_NO_SUCH_ID = Refused("message_id", "give the id by which the message came, or was sent")


def _message(message: outbound.Message) -> tuple[_Call, ...] | Refused:
    lost = what_is_lost(message)
    if message.reply_to is None:
        return _texts(message.text, lost)
    if message.is_private:
        return _texts(message.text, (*lost, "reply_to"))
    answered = _reference(message.reply_to)
    if answered is None:
        return _NO_SUCH_ID
    # An answer to what was deleted meanwhile is sent all the same (`ReplyParameters`).
    return _texts(message.text, lost, reply_parameters={"message_id": answered, "allow_sending_without_reply": True})


def _choices(message: outbound.Choices) -> tuple[_Call, ...] | Refused:
    fits = len(message.choices) <= BUTTONS_MAX and all(
        1 <= len(choice.id.encode("utf-8", "replace")) <= CHOICE_ID_MAX_BYTES
        and 1 <= len(choice.label) <= BUTTON_LABEL_MAX
        for choice in message.choices
    )
    if not fits:
        return _texts(listed(message), ("choices_as_text",))
    rows: list[JsonValue] = [[{"text": choice.label, "callback_data": choice.id}] for choice in message.choices]
    return _texts(message.text, (), reply_markup={"inline_keyboard": rows})


def _media(message: outbound.Media) -> tuple[_Call, ...] | Refused:
    limit = MEDIA[message.kind]
    is_as_meant = not limit.content_types or message.content_type in limit.content_types
    kind = message.kind if is_as_meant else MediaKind.DOCUMENT
    lost = () if is_as_meant else ("media_as_document",)
    method, field = _METHODS[kind]
    has_room = message.caption is None or text_length(message.caption, TextUnit.UTF16) <= CAPTION_LIMIT
    apart = () if has_room or message.caption is None else _texts(message.caption, ("caption_apart",))
    if isinstance(apart, Refused):
        return apart
    fields: JsonObject = {"caption": message.caption} if has_room and message.caption else {}
    if message.data is None:
        if message.url is None:
            return Refused("no_media", "give the file's bytes or its public address")
        return (_Call(method, {field: message.url, **fields}, lost=lost), *apart)
    if len(message.data) > MEDIA[kind].max_bytes:
        return Refused("media_too_large", f"a file of this kind may have {MEDIA[kind].max_bytes} bytes")
    file = FormFile(field=field, name=message.name or field, content_type=message.content_type, data=message.data)
    if has_unencodable(file.name + file.content_type):
        return UNENCODABLE
    return (_Call(method, fields, file=file, lost=lost), *apart)


def _template(_message: outbound.Template) -> Refused:
    return Refused("template", "the channel has no approved templates: send a message")


def _on(message_id: str, method: str, **fields: JsonValue) -> tuple[_Call, ...] | Refused:
    """A call about one message, which twice has the effect of once."""
    found = _reference(message_id)
    return _NO_SUCH_ID if found is None else (_Call(method, {"message_id": found, **fields}, is_safe=True),)


def _edit(message: outbound.Edit) -> tuple[_Call, ...] | Refused:
    if text_length(message.text, TextUnit.UTF16) > TEXT_LIMIT:
        return Refused("text_too_long", f"a text may have {TEXT_LIMIT} UTF-16 units")
    return _on(message.message_id, "editMessageText", text=message.text)


def _delete(message: outbound.Delete) -> tuple[_Call, ...] | Refused:
    return _on(message.message_id, "deleteMessage")


def _react(message: outbound.React) -> tuple[_Call, ...] | Refused:
    emoji: list[JsonValue] = [] if message.reaction is None else [{"type": "emoji", "emoji": message.reaction}]
    return _on(message.message_id, "setMessageReaction", reaction=emoji)


def _typing(message: outbound.Typing) -> tuple[_Call, ...] | Refused:
    if not message.is_typing:
        return Refused("typing_ends", "what shows typing ends by itself: after 5 seconds, or with a message")
    return (_Call("sendChatAction", {"action": "typing"}, is_safe=True),)


def _mark_read(_message: outbound.MarkRead) -> Refused:
    return Refused("mark_read", "bots cannot mark messages as read")


def _call_action(_message: outbound.CallAction) -> Refused:
    return Refused("call", "bots have no calls")


def _progress(message: outbound.Progress) -> tuple[_Call, ...] | Refused:
    return _texts(message.text, ("progress_as_text",))


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any], tuple[_Call, ...] | Refused]] = MappingProxyType(
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
