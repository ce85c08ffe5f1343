"""Reading updates: a reader for each kind, in a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.batches import digest_of, issue_of, unusable
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix
from orchestra.channels.parts import Identity, ThreadRef
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import JsonValue, canonical_json, parse_json
from orchestra.channels.telegram.content import identity_of, parts_of
from orchestra.channels.telegram.facts import CHANNEL
from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["EVENT_KINDS", "decode_update", "message_id", "read_update"]

# "Deep linking" (core.telegram.org/bots/features): https://t.me/BOT?start=PAYLOAD comes as this text.
_START = re.compile(r"/start(?:@\w+)? ([A-Za-z0-9_-]{1,64})")

_ENVELOPE = frozenset({"message_id", "date", "chat", "from", "sender_chat", "message_thread_id", "is_topic_message"})


@attrs.frozen
class _Update:
    """What the readers share: the update's id, whose it is, when and in which bytes it came."""

    id: int
    account: Account
    received_at: datetime
    digest: str

    def origin(
        self,
        own: str,
        *,
        chat: str | None,
        sender: Identity | None,
        at: datetime | None = None,
        message: str | None = None,
        reply_to: str | None = None,
        token: str | None = None,
        album: str | None = None,
        sequence: int | None = None,
    ) -> inbound.Origin:
        """Make the origin of a piece of news. `own` is the provider's id of the piece itself.

        Ids of updates are drawn anew after a week of silence, so that one might come twice: both are in the key.
        """
        return inbound.Origin(
            dedupe_key=f"{self.id}:{own}",
            ids=inbound.ProviderIds(
                message=message, event=str(self.id), other=() if album is None else (("media_group", album),)
            ),
            thread=ThreadRef(conversation=chat, reply_to=reply_to, token=token),
            identities=() if sender is None else (sender,),
            occurred_at=at,
            sequence=sequence,
            received_at=self.received_at,
            raw_digest=self.digest,
        )


def message_id(chat: int, message: int) -> str:
    """Give the id by which a message is known here: Telegram numbers them anew in every chat."""
    return f"{chat}:{message}"


def decode_update(request: RawRequest, account: Account) -> Decoded:
    """Read the one update of a request. Never raises.

    A bad update is an issue and answered as received: it would come again and again before all later ones.
    """
    digest = digest_of(request.body)
    try:
        whole = parse_json(request.body)
        Fields(whole, "update").integer("update_id")
    except MalformedMessage as error:
        return unusable(error, digest)
    return read_update(whole, account, request.received_at, digest)


def read_update(item: JsonValue, account: Account, received_at: datetime, digest: str) -> Decoded:
    """Read one update, posted or asked for. Never raises: a bad one is an issue."""
    try:
        body = Fields(item, "update")
        return _read(body, _Update(body.integer("update_id"), account, received_at, digest))
    except MalformedMessage as error:
        return Decoded(issues=(issue_of(error, digest, "malformed_event"),))


def _read(body: Fields, update: _Update) -> Decoded:
    kind = next((name for name in body.names if name in _READERS), None)
    if kind is None:
        other = next((name for name in body.names if name != "update_id"), "nothing")
        return Decoded(events=(_unrecognised(update, other),))
    return _READERS[kind](body.child(kind), update)


def _unrecognised(update: _Update, kind: str, own: str = "") -> inbound.Inbound:
    origin = update.origin(own, chat=None, sender=None)
    return inbound.Unrecognised(origin=origin, type=kind[:100])


def _sender(item: Fields) -> Identity | None:
    """Posts of channels are signed by the channel alone."""
    name = next((name for name in ("from", "sender_chat") if name in item), None)
    return None if name is None else identity_of(item.child(name))


def _conversation(item: Fields) -> str:
    chat = str(item.child("chat").integer("id"))
    return f"{chat}/{item.integer('message_thread_id')}" if item.flag("is_topic_message", default=False) else chat


def _instant(item: Fields, name: str) -> datetime:
    return from_unix(item.integer(name), TimeUnit.SECONDS, where=f"{item.path}.{name}")


def _written(item: Fields, update: _Update, at: str) -> inbound.Origin:
    """The origin of a message, and of an edit of one."""
    chat = item.child("chat").integer("id")
    number = item.integer("message_id")
    own = message_id(chat, number)
    answered = item.child("reply_to_message").integer("message_id") if "reply_to_message" in item else None
    start = _START.fullmatch(item.text("text")) if "text" in item else None
    return update.origin(
        own,
        chat=_conversation(item),
        sender=_sender(item),
        at=_instant(item, at),
        message=own,
        reply_to=None if answered is None else message_id(chat, answered),
        token=None if start is None else start[1],
        album=item.optional_identifier("media_group_id"),
        sequence=number if number > 0 else None,  # 0 is no number: the message is yet to be sent
    )


def _message(item: Fields, update: _Update) -> Decoded:
    origin, parts = _written(item, update, "date"), parts_of(item)
    if not parts:
        return Decoded(events=(_wordless(item, origin),))
    if origin.sender is not None and origin.sender.value == update.account.id:
        # Whom an echo concerns is who it was sent to: in private chats the chat has the person's id.
        to = Identity(CHANNEL, str(item.child("chat").integer("id")))
        return Decoded(events=(inbound.OutboundEcho(origin=attrs.evolve(origin, identities=(to,)), parts=parts),))
    is_public = item.child("chat").text("type") != "private"
    return Decoded(events=(inbound.MessageReceived(origin=origin, parts=parts, is_public=is_public),))


def _wordless(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    """A number that somebody shares as their own, which Telegram vouches for; or a notice of the chat itself."""
    if "contact" in item and "from" in item:
        contact, sender = item.child("contact"), item.child("from")
        if "user_id" in contact and contact.integer("user_id") == sender.integer("id"):
            number = "+" + contact.identifier("phone_number").lstrip("+")
            return inbound.IdentityLinked(origin=origin, linked=Identity("phone", number, is_verified=True))
    kind = next((name for name in item.names if name not in _ENVELOPE), "nothing")
    return inbound.Unrecognised(origin=origin, type=f"message.{kind}"[:100])


def _edited(item: Fields, update: _Update) -> Decoded:
    origin, parts = _written(item, update, "edit_date"), parts_of(item)
    message = origin.ids.message or ""
    if not parts:
        return Decoded(events=(_wordless(item, origin),))
    return Decoded(events=(inbound.MessageEdited(origin=origin, message_id=message, parts=parts),))


def _callback(item: Fields, update: _Update) -> Decoded:
    """A button pressed. The answer ends the waiting that the button shows ("Making requests when getting updates")."""
    query = item.identifier("id")
    reply = canonical_json({"method": "answerCallbackQuery", "callback_query_id": query})
    answer = HttpReply(headers=(("Content-Type", "application/json"),), body=reply)
    chat = message = label = None
    if "message" in item:
        shown = item.child("message")
        chat = _conversation(shown)
        message = message_id(shown.child("chat").integer("id"), shown.integer("message_id"))
        label = _label(shown, item.optional_identifier("data"))
    origin = update.origin(f"callback:{query}", chat=chat, sender=identity_of(item.child("from")), message=message)
    if "data" not in item:
        return Decoded(events=(inbound.Unrecognised(origin=origin, type="callback_query.game"),), reply=answer)
    choice = inbound.ChoiceSelected(origin=origin, choice=item.identifier("data"), label=label, message_id=message)
    return Decoded(events=(choice,), reply=answer)


def _label(message: Fields, choice: str | None) -> str | None:
    """What stood on the button: the message comes with all of them."""
    if "reply_markup" not in message:
        return None
    rows = message.child("reply_markup").items("inline_keyboard")
    cells = [cell for row in rows if isinstance(row, list) for cell in row]
    buttons = [Fields(cell, f"{message.path}.reply_markup") for cell in cells]
    pressed = [one for one in buttons if "callback_data" in one and one.text("callback_data") == choice]
    return pressed[0].text("text") if pressed else None


def _reaction(item: Fields, update: _Update) -> Decoded:
    chat = item.child("chat").integer("id")
    message = message_id(chat, item.integer("message_id"))
    sender = next((item.child(name) for name in ("user", "actor_chat") if name in item), None)
    origin = update.origin(
        f"reaction:{message}",
        chat=str(chat),
        sender=None if sender is None else identity_of(sender),
        at=_instant(item, "date"),
        message=message,
    )
    now = [_word(reaction) for reaction in item.children("new_reaction")]
    changed = inbound.ReactionChanged(origin=origin, message_id=message, reaction=now[0] if now else None)
    return Decoded(events=(changed,))


def _word(reaction: Fields) -> str:
    names = ("emoji", "custom_emoji_id", "type")
    return reaction.identifier(next((name for name in names if name in reaction), "type"))


# `ChatMember.status` of the bot itself, in a private chat: blocked, and unblocked.
_CONSENT: Mapping[str, bool] = MappingProxyType({"kicked": False, "member": True})


def _membership(item: Fields, update: _Update) -> Decoded:
    chat, status = item.child("chat"), item.child("new_chat_member").identifier("status")
    origin = update.origin(
        f"member:{chat.integer('id')}",
        chat=str(chat.integer("id")),
        sender=identity_of(item.child("from")),
        at=_instant(item, "date"),
    )
    if chat.text("type") != "private" or status not in _CONSENT:
        return Decoded(events=(inbound.Unrecognised(origin=origin, type=f"my_chat_member.{status}"[:100]),))
    return Decoded(events=(inbound.ConsentChanged(origin=origin, is_granted=_CONSENT[status]),))


_READERS: Mapping[str, Callable[[Fields, _Update], Decoded]] = MappingProxyType(
    {
        "message": _message,
        "edited_message": _edited,
        "channel_post": _message,
        "edited_channel_post": _edited,
        "callback_query": _callback,
        "message_reaction": _reaction,
        "my_chat_member": _membership,
    }
)

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.MessageReceived,
        inbound.MessageEdited,
        inbound.ReactionChanged,
        inbound.ChoiceSelected,
        inbound.OutboundEcho,
        inbound.IdentityLinked,
        inbound.ConsentChanged,
        inbound.Unrecognised,
    }
)
