"""The Twilio adapters for messages: text messages, and WhatsApp."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities, ReadReceipts
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.outbound import Outbound
from orchestra.channels.parts import MediaRef
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.twilio.decode import EVENT_KINDS, decode_form
from orchestra.channels.twilio.encode import Medium, authorization, encode_message
from orchestra.channels.twilio.facts import (
    DEFAULT_URL,
    MEDIA_SMS,
    MEDIA_WHATSAPP,
    PASSWORD_SECRET,
    RATE_BUCKETS,
    REPLY_WINDOW,
    SIGNING_SECRET,
    TEXT_LIMIT,
)
from orchestra.channels.twilio.interpret import interpret_result
from orchestra.channels.twilio.signature import ALGORITHM_SETTING, HMAC_SHA1, HMAC_SHA256, verify_request
from orchestra.channels.wire import Handshake, HttpStep, RawRequest, Rejected, StepResult, Verified, WireStep

__all__ = ["TwilioSmsAdapter", "TwilioWhatsAppAdapter"]

_CONFIG = (
    ConfigField(
        name="sender",
        kind=ConfigKind.TEXT,
        help="who writes: a number as +4930123456, or the SID of a Messaging Service",
        is_required=True,
    ),
    ConfigField(name="callback_url", kind=ConfigKind.TEXT, help="where statuses go: this account's webhook"),
    ConfigField(name="user", kind=ConfigKind.TEXT, help="the SID of an API key; the account's if not set"),
    ConfigField(
        name=ALGORITHM_SETTING,
        kind=ConfigKind.TEXT,
        help=f"{HMAC_SHA256} if a SharedKey signs the webhooks; {HMAC_SHA1} if not set",
    ),
    ConfigField(name="url", kind=ConfigKind.TEXT, help=f"where Twilio's API is; {DEFAULT_URL} if not set"),
)
_MMS = ConfigField(name="mms", kind=ConfigKind.FLAG, help="the number can send pictures; else they are sent as links")
_FILE_HOST = "twilio.com"


class _Messages:
    """What both have in common."""

    contract_version = 1
    _medium: Medium

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check the signature over the configured address and the form; see `orchestra.channels.twilio.signature`."""
        return verify_request(request, account)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read a message, a choice, a word that stops or starts, or a status. Unknown parameters are passed over."""
        return decode_form(verified.request, account)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one request for each piece of at most 1,600 characters.

        Choices are a numbered list, files that the medium does not take are links, each with its degradation.
        """
        return encode_message(message, account, conversation, now, self._medium)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it. Requests are not honoured by key, so that a server's error is unknown."""
        return interpret_result(step, result, now)

    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep:
        """Plan the fetching of a file. Credentials go to Twilio's own hosts only, whatever a message names."""
        return _fetch(media_ref, account)


def _fetch(media_ref: MediaRef, account: Account) -> HttpStep:
    try:
        parts = urlsplit(media_ref.ref)
        host = parts.hostname or ""
    except ValueError:
        return HttpStep(idempotency_key="fetch", safe_to_repeat=True, method="GET", url=media_ref.ref)
    is_theirs = parts.scheme == "https" and (host == _FILE_HOST or host.endswith(f".{_FILE_HOST}"))
    proof = authorization(account) if is_theirs else None
    headers = () if proof is None else (proof,)
    return HttpStep(idempotency_key="fetch", safe_to_repeat=True, method="GET", url=media_ref.ref, headers=headers)


class TwilioSmsAdapter(_Messages):
    """Text messages over a Twilio number or Messaging Service.

    An account's id is its Account SID. People are known by their number, others (short codes, names) as `sms`.
    Words that stop and start, which Twilio obeys by itself, come as consent.
    """

    channel = "twilio_sms"
    _medium = Medium(is_whatsapp=False)

    def describe(self) -> Description:
        """Tell what an account needs: a sender, and two secrets, which may both be the Auth Token."""
        return Description(
            title="SMS by Twilio",
            config=(*_CONFIG, _MMS),
            secret_names=(SIGNING_SECRET, PASSWORD_SECRET),
            event_kinds=EVENT_KINDS,
            step_kinds=frozenset({StepKind.HTTP}),
        )

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what text messages carry; pictures only where the account's setting `mms` says so."""
        return Capabilities(
            text_limit=TEXT_LIMIT,
            media=MEDIA_SMS if account.config.get("mms") is True else {},
            can_initiate=True,
            delivered=True,
            rate_buckets=RATE_BUCKETS,
            event_id_stable=True,
            identity_kinds=frozenset({"phone", "sms"}),
        )


class TwilioWhatsAppAdapter(_Messages):
    """WhatsApp over a Twilio sender.

    An account's id is its Account SID. Outside 24 hours from a person's last message only templates pass, which are
    named by their ContentSid.
    """

    channel = "twilio_whatsapp"
    _medium = Medium(is_whatsapp=True)

    def describe(self) -> Description:
        """Tell what an account needs: a sender, and two secrets, which may both be the Auth Token."""
        return Description(
            title="WhatsApp by Twilio",
            config=_CONFIG,
            secret_names=(SIGNING_SECRET, PASSWORD_SECRET),
            event_kinds=EVENT_KINDS,
            step_kinds=frozenset({StepKind.HTTP}),
        )

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what WhatsApp carries over Twilio."""
        return Capabilities(
            text_limit=TEXT_LIMIT,
            caption_limit=TEXT_LIMIT,
            media=MEDIA_WHATSAPP,
            template_required_outside_window=True,
            reply_window=REPLY_WINDOW,
            can_initiate=True,
            delivered=True,
            read=ReadReceipts.PER_MESSAGE,
            rate_buckets=RATE_BUCKETS,
            event_id_stable=True,
            identity_kinds=frozenset({"phone", "whatsapp"}),
        )
