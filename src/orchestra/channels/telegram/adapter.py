"""The Telegram adapter: bots that people write to."""

from __future__ import annotations

from datetime import datetime

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities, TextUnit
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.outbound import Outbound
from orchestra.channels.parts import MediaRef
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.signing import is_one_of, single_header
from orchestra.channels.telegram.decode import EVENT_KINDS, decode_update
from orchestra.channels.telegram.encode import encode_message
from orchestra.channels.telegram.facts import (
    BUTTON_LABEL_MAX,
    BUTTONS_MAX,
    CAPTION_LIMIT,
    CHANNEL,
    DEFAULT_URL,
    MEDIA,
    RATE_BUCKETS,
    SECRET_HEADER,
    TEXT_LIMIT,
    TOKEN_SECRET,
    WEBHOOK_SECRET,
)
from orchestra.channels.telegram.files import plan_fetch
from orchestra.channels.telegram.interpret import interpret_result
from orchestra.channels.telegram.poll import decode_page, plan_poll
from orchestra.channels.wire import Handshake, HttpStep, RawRequest, Rejected, StepResult, Verified, WireStep

__all__ = ["TelegramAdapter"]

_DESCRIPTION = Description(
    title="Telegram",
    config=(
        ConfigField(name="url", kind=ConfigKind.TEXT, help=f"a Bot API server of your own; {DEFAULT_URL} if not set"),
    ),
    secret_names=(TOKEN_SECRET, WEBHOOK_SECRET),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.HTTP}),
)


class TelegramAdapter:
    """A bot's private chats, groups and channels.

    An account's id is the bot's: the digits of its token before the colon. People are known by the kind of identity
    `telegram`. A bot cannot write first, is not told what arrived or was read, nor that a message was deleted.
    """

    channel = CHANNEL
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: the bot's token, and the token that its webhook was set with."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel carries. Groups and channels, whose ids are negative, are public."""
        return Capabilities(
            text_limit=TEXT_LIMIT,
            text_unit=TextUnit.UTF16,
            caption_limit=CAPTION_LIMIT,
            buttons_max=BUTTONS_MAX,
            button_label_max=BUTTON_LABEL_MAX,
            media=MEDIA,
            typing=True,
            edit=True,
            delete=True,
            react=True,
            threads=True,
            rate_buckets=RATE_BUCKETS,
            event_id_stable=True,
            identity_kinds=frozenset({CHANNEL}),
            public=(conversation.id or "").startswith("-"),
        )

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Compare the token in the header, in constant time, with every one still accepted."""
        if request.method != "POST":
            return Rejected("method", status=405)
        claimed = single_header(request.headers, SECRET_HEADER)
        if claimed is None:
            return Rejected("secret_header")
        expected = [secret.encode() for secret in account.secret_values(WEBHOOK_SECRET)]
        return Verified(request) if is_one_of(claimed, expected) else Rejected("secret")

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read the update. A pressed button is answered in the reply, so that it stops to show that it waits."""
        return decode_update(verified.request, account)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one call, or several for a text or caption that is too long for one.

        Marked-up text is sent as it is, too many choices as a numbered list, files of a type that clients do not show
        as documents, each with its degradation. Refused: templates, calls, marking as read.
        """
        return encode_message(message, account, conversation)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it. Calls that send are not honoured by key, so that a server's error is unknown."""
        return interpret_result(step, result, now)

    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        """Plan the asking where a file is, which `interpret` follows up by fetching it."""
        return plan_fetch(media_ref.ref, account)

    def poll(self, cursor: str | None, account: Account, now: datetime) -> SendPlan:
        """Plan one call for a page of updates, for bots without a webhook."""
        return plan_poll(cursor, account, now)

    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        """Read a page. Its updates are those that a webhook would bring, with the same keys."""
        return decode_page(step, result, cursor, account)
