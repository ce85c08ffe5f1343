"""Writing comments of a Page, and its private replies to those who wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import MediaLimit, RateBucket
from orchestra.channels.fields import Fields
from orchestra.channels.meta.graph import Caller, caller_of, sent_if_true
from orchestra.channels.meta.messaging_facts import MESSENGER
from orchestra.channels.parts import MediaKind
from orchestra.channels.safe_json import JsonObject
from orchestra.channels.segments import split_text
from orchestra.channels.sending import Refused, SendPlan, Sent
from orchestra.channels.wire import HttpStep
from orchestra.channels.writing import MOST_PIECES, TOO_LONG, linked, listed, what_is_lost

__all__ = ["LIKE", "MEDIA", "RATE_BUCKETS", "TEXT_LIMIT", "encode_message", "read_sent"]

TEXT_LIMIT = 8_000
"""Of a comment: what Facebook's own box takes. The reference ("Object comments") sets no limit."""

LIKE = "👍"
"""What a Page can think of a comment ("Object likes"); the feed names it `like`."""

MEDIA: Mapping[MediaKind, MediaLimit] = MappingProxyType(
    {MediaKind.IMAGE: MediaLimit(frozenset({"image/jpeg", "image/png", "image/gif"}), 4_000_000)}
)
"""`attachment_url` of a comment: a picture at a public address."""

RATE_BUCKETS: tuple[RateBucket, ...] = ()
"""A Page's calls are limited by how many people it engages: errors 32 and 80001 tell."""

_ID = re.compile(r"[0-9]{1,64}(?:_[0-9]{1,64})*")


@attrs.frozen
class _Call:
    """One call: method, path, fields, what it lost, and whether twice is once."""

    path: str
    fields: JsonObject
    lost: tuple[str, ...] = ()
    method: str = "POST"
    is_safe: bool = False


_Calls = tuple[_Call, ...] | Refused


def encode_message(message: outbound.Outbound, account: Account, conversation: Conversation) -> SendPlan | Refused:
    """Plan the calls, or say why a Page cannot carry the message."""
    caller = caller_of(account)
    if isinstance(caller, Refused):
        return caller
    thread = (conversation.id or conversation.recipient.value).partition("/")[0]
    if _ID.fullmatch(thread) is None:
        return Refused("no_thread", "a Page answers under a comment or post, which the conversation must name")
    calls = _WRITERS[type(message)](message, thread, account)
    if isinstance(calls, Refused):
        return calls
    steps: list[HttpStep] = []
    for call in calls:
        step = _step(call, caller, message.key if not steps else f"{message.key}:{len(steps)}")
        if isinstance(step, Refused):
            return step
        steps.append(step)
    return SendPlan(tuple(steps))


def _step(call: _Call, caller: Caller, key: str) -> HttpStep | Refused:
    step = caller.post(call.path, call.fields, key, is_safe=call.is_safe, lost=call.lost)
    return step if isinstance(step, Refused) else attrs.evolve(step, method=call.method)


def _comments(text: str, under: str, lost: tuple[str, ...] = (), **more: str) -> _Calls:
    if not text and not more:
        return Refused("empty_text", "a comment needs a text or a picture")
    pieces = split_text(text, TEXT_LIMIT)
    if len(pieces) > MOST_PIECES:
        return TOO_LONG
    known = (*lost, "split") if len(pieces) > 1 else lost
    bodies: list[JsonObject] = [{"message": piece} for piece in pieces]
    bodies[0] = {**bodies[0], **more}
    return tuple(_Call(f"{under}/comments", body, known) for body in bodies)


_NO_SUCH_ID = Refused("message_id", "give the id by which the comment came, or was sent")


def _message(message: outbound.Message, thread: str, account: Account) -> _Calls:
    under = thread if message.reply_to is None else message.reply_to
    if _ID.fullmatch(under) is None:
        return _NO_SUCH_ID
    lost = what_is_lost(message)
    return _private(message, account, lost) if message.is_private else _comments(message.text, under, lost)


def _private(message: outbound.Message, account: Account, lost: tuple[str, ...]) -> _Calls:
    """One message to whoever wrote a comment or post, within seven days ("Private Replies").

    Of a thread nobody knows here who began it: without the comment's own id it might go to somebody else.
    """
    if message.reply_to is None:
        return Refused("private_reply", "name the comment that is answered in private: reply_to")
    if not 1 <= len(message.text) <= MESSENGER.text_limit:
        return Refused("text_too_long", f"a private reply is one message of at most {MESSENGER.text_limit} characters")
    kind = "post_id" if message.reply_to.startswith(f"{account.id}_") else "comment_id"
    fields: JsonObject = {"recipient": {kind: message.reply_to}, "message": {"text": message.text}}
    return (_Call("me/messages", fields, lost),)


def _choices(message: outbound.Choices, thread: str, _account: Account) -> _Calls:
    return _comments(listed(message), thread, ("choices_as_text",))


def _media(message: outbound.Media, thread: str, _account: Account) -> _Calls:
    words = linked(message)
    if message.url is None or words is None:
        return Refused("media_bytes", "Facebook fetches files: give the file's public address")
    limit = MEDIA.get(message.kind)
    if limit is None or message.content_type not in limit.content_types:
        return _comments(words, thread, ("media_as_link",))
    return _comments(message.caption or "", thread, attachment_url=message.url)


def _on(message_id: str, path: str, fields: JsonObject, method: str = "POST") -> _Calls:
    """A call about one comment, which twice has the effect of once."""
    if _ID.fullmatch(message_id) is None:
        return _NO_SUCH_ID
    return (_Call(f"{message_id}{path}", fields, method=method, is_safe=True),)


def _edit(message: outbound.Edit, _thread: str, _account: Account) -> _Calls:
    if not 1 <= len(message.text) <= TEXT_LIMIT:
        return Refused("text_too_long", f"a comment may have {TEXT_LIMIT} characters")
    return _on(message.message_id, "", {"message": message.text})


def _delete(message: outbound.Delete, _thread: str, _account: Account) -> _Calls:
    return _on(message.message_id, "", {}, "DELETE")


def _react(message: outbound.React, _thread: str, _account: Account) -> _Calls:
    if message.reaction is None:
        return _on(message.message_id, "/likes", {}, "DELETE")
    if message.reaction not in {LIKE, "like"}:
        return Refused("reaction", f"a Page can like a comment, no more: {LIKE}")
    return _on(message.message_id, "/likes", {})


def _progress(message: outbound.Progress, thread: str, _account: Account) -> _Calls:
    return _comments(message.text, thread, ("progress_as_text",))


def _no(what: str) -> Callable[[Any, str, Account], _Calls]:
    refusal = Refused(what, "a Page's comments have nothing of the kind")
    return lambda _message, _thread, _account: refusal


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any, str, Account], _Calls]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.Edit: _edit,
        outbound.Delete: _delete,
        outbound.React: _react,
        outbound.Progress: _progress,
        outbound.Template: _no("template"),
        outbound.Typing: _no("typing"),
        outbound.MarkRead: _no("mark_read"),
        outbound.CallAction: _no("call"),
    }
)


def read_sent(answer: Fields) -> Sent:
    """Read what a call made: a comment, a private message, or nothing.

    Raises:
        MalformedMessage: it is none of these.
    """
    for name in ("id", "message_id"):
        if name in answer:
            return Sent((answer.identifier(name),))
    sent_if_true(answer)
    return Sent()
