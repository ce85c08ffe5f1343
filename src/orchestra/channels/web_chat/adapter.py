"""The adapter of the web chat, and its transport.

A message to a customer is handed over by being in the journal: each process that has the customer's connections reads
it there and shows it, at once or when they come back. So the transport has nothing to do, and what the provider of
another channel would acknowledge, the customer's client does by `received` and `read`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities, ReadReceipts
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.fields import Fields
from orchestra.channels.parts import TextFormat
from orchestra.channels.port import Decoded, Issue
from orchestra.channels.safe_json import JsonValue, canonical_json, parse_json
from orchestra.channels.sending import Failed, Interpreted, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.web_chat.frames import CHANNEL, EVENT_KINDS, TEXT_LIMIT, Ping, event_of, frame
from orchestra.channels.web_chat.tokens import SECRET_NAME, Session, session_of
from orchestra.channels.wire import (
    FrameAnswer,
    FrameStep,
    Handshake,
    HttpReply,
    NoAnswer,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
    header_values,
)
from orchestra.errors import MalformedMessage

__all__ = ["ChatTransport", "WebChatAdapter", "origins_of"]

_BEARER = re.compile(r"Bearer ([!-~]{1,2000})")

_DESCRIPTION = Description(
    title="Web chat",
    config=(
        ConfigField(
            name="origins",
            kind=ConfigKind.TEXT,
            help="the origins whose pages may hold the chat, as `https://shop.example`, with commas between",
            is_required=True,
        ),
        ConfigField(name="apps", kind=ConfigKind.FLAG, help="whether clients that are no browsers may connect; false"),
        ConfigField(name="session_days", kind=ConfigKind.INTEGER, help="how long who comes back is known; 30"),
        ConfigField(name="title", kind=ConfigKind.TEXT, help="what stands above the chat on its page"),
    ),
    secret_names=(SECRET_NAME,),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.FRAME}),
)

_CAPABILITIES = Capabilities(
    text_limit=TEXT_LIMIT,
    typing=True,
    delivered=True,
    read=ReadReceipts.PER_MESSAGE,
    keeps_order=True,
    outbound_idempotency=True,
    event_id_stable=True,
    identity_kinds=frozenset({CHANNEL}),
)


class WebChatAdapter:
    """The adapter of the web chat. One instance serves any number of accounts and threads.

    Beside connections it takes frames by HTTP, for an app that has none open: a POST to the account's webhook with
    `Authorization: Bearer <session token>` and `{"frames": [...]}`, frames as on a connection, without `hello`.
    """

    channel = CHANNEL
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: the origins of its pages, and a secret named `session`."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel carries: the same everywhere."""
        return _CAPABILITIES

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check the session's token, which stands there exactly once."""
        if request.method != "POST":
            return Rejected("method", status=405)
        return Verified(request) if _session(request, account, now) is not None else Rejected("token")

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read all frames of a request. A bad one is an issue; an unknown type is `Unrecognised`."""
        request = verified.request
        session = _session(request, account, request.received_at)
        digest = hashlib.sha256(request.body).hexdigest()
        if session is None:
            return _unusable(MalformedMessage("token", "has expired"), digest, 401)
        try:
            items = Fields(parse_json(request.body), "body").items("frames")
        except MalformedMessage as error:
            return _unusable(error, digest, 400)
        return _decoded(items, session, request.received_at, digest)

    def encode(
        self, message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan exactly one frame.

        Marked-up text is sent as it is, choices as a numbered list, media as a link, progress as text, each with its
        degradation. Refused: texts over the limit, media bytes, templates, changes of what was sent, calls.
        """
        content = _WRITERS[type(message)](message)
        if isinstance(content, Refused):
            return content
        text, degradations = content
        if len(text) > TEXT_LIMIT:
            return Refused("text_too_long", f"a text may have {TEXT_LIMIT} characters")
        try:
            data = frame("message", id=message.key, text=text)
            parse_json(data)
        except (UnicodeEncodeError, MalformedMessage):
            return Refused("unencodable_text", "lone surrogates and NUL cannot be sent")
        step = FrameStep(
            idempotency_key=message.key,
            safe_to_repeat=True,
            degradations=degradations,
            connection=conversation.recipient.value,
            data=data,
        )
        return SendPlan((step,))

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it: a frame that is handed over bears its own key as its id."""
        if isinstance(result, FrameAnswer):
            return Sent((step.idempotency_key,))
        if isinstance(result, NoAnswer):
            return Unknown(result.reason.value) if result.may_have_arrived else Retry(result.reason.value)
        return Failed("no_frame")


class ChatTransport:
    """Hands messages of the web chat over. They are in the journal, where all connections read them."""

    async def perform(self, step: WireStep) -> StepResult:
        """Say that it is handed over."""
        return FrameAnswer()


def _session(request: RawRequest, account: Account, now: datetime) -> Session | None:
    found = header_values(request.headers, "Authorization")
    token = _BEARER.fullmatch(found[0]) if len(found) == 1 else None
    return None if token is None else session_of(token[1], account, now)


def _unusable(error: MalformedMessage, digest: str, status: int) -> Decoded:
    issue = Issue(code="malformed", where=error.where, reason=error.reason, raw_digest=digest)
    return Decoded(issues=(issue,), reply=HttpReply(status=status))


def _decoded(items: list[JsonValue], session: Session, received_at: datetime, digest: str) -> Decoded:
    events: list[inbound.Inbound] = []
    issues: list[Issue] = []
    for index, item in enumerate(items):
        try:
            found = event_of(Fields(item, f"frames[{index}]"), session, received_at, canonical_json(item))
        except (MalformedMessage, UnicodeEncodeError) as error:
            where = error.where if isinstance(error, MalformedMessage) else f"frames[{index}]"
            issues.append(Issue(code="malformed_frame", where=where, reason="cannot be used", raw_digest=digest))
            continue
        if not isinstance(found, Ping):
            events.append(found)
    return Decoded(events=tuple(events), issues=tuple(issues))


_Content = tuple[str, tuple[str, ...]]


def _message(message: outbound.Message) -> _Content:
    lost = {
        "format": message.format is not TextFormat.PLAIN,
        "subject": message.subject is not None,
        "reply_to": message.reply_to is not None,
    }
    text = message.text if message.subject is None else f"{message.subject}\n\n{message.text}"
    return text, tuple(word for word, is_lost in lost.items() if is_lost)


def _choices(message: outbound.Choices) -> _Content:
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(message.choices, 1)]
    return "\n".join([message.text, *lines]), ("choices_as_text",)


def _media(message: outbound.Media) -> _Content | Refused:
    if message.url is None:
        return Refused("media_bytes", "the channel carries text and addresses of media only")
    return (message.url if message.caption is None else f"{message.caption}\n{message.url}"), ("media_as_link",)


def _progress(message: outbound.Progress) -> _Content:
    return message.text, ("progress_as_text",)


def _refused(_message: outbound.Outbound) -> Refused:
    return Refused("not_carried", "the channel carries messages: write one")


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any], _Content | Refused]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.Progress: _progress,
        **dict.fromkeys(outbound.MORE_THAN_WORDS, _refused),
    }
)


def origins_of(account: Account) -> frozenset[str]:
    """Give the origins whose pages may hold an account's chat, in lower case."""
    named = account.text_setting("origins", "").split(",")
    return frozenset(origin.strip().rstrip("/").lower() for origin in named if origin.strip())
