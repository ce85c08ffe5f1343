"""What Twilio sends, takes and answers, each with where it says so.

Sources: the SDK (twilio 9.13.0: `request_validator`, `rest.api.v2010.account.message`), and the documentation under
www.twilio.com/docs: messaging/guides/webhook-request, messaging/guides/outbound-message-status-in-status-callbacks,
messaging/tutorials/advanced-opt-out, api/errors. How often Twilio tries a webhook again is set in the webhook's own
address (usage/webhooks/webhooks-connection-overrides); nothing here depends on it, since a message and each of its
statuses are known by the message's SID.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from orchestra.channels.capabilities import MediaLimit, RateBucket
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.parts import MediaKind

__all__ = [
    "ACCOUNT_CODES",
    "CONSENT_KEYWORDS",
    "DEFAULT_URL",
    "MEDIA_MAX",
    "MEDIA_SMS",
    "MEDIA_WHATSAPP",
    "OPT_OUT_TYPES",
    "PASSING_CODES",
    "PASSWORD_SECRET",
    "PERMANENT_CODES",
    "RATE_BUCKETS",
    "REPLY_WINDOW",
    "SETTINGS_HEADER",
    "SIGNATURE_HEADER",
    "SIGNING_SECRET",
    "STATES",
    "TEXT_LIMIT",
    "WINDOW_CODE",
]

DEFAULT_URL = "https://api.twilio.com"

SIGNING_SECRET = "signing"  # noqa: S105 - the name under which the secret is kept, not a secret
"""What webhooks are signed with: the account's Auth Token, or the secret of a SharedKey."""

PASSWORD_SECRET = "password"  # noqa: S105 - as above
"""What requests to Twilio are made with: the account's Auth Token, or the secret of an API key."""

SIGNATURE_HEADER = "X-Twilio-Signature"
"""`request_validator.SIGNATURE_HEADER`."""

SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
"""`request_validator.SIGNATURE_SETTINGS_HEADER`: `key=,algorithm=`, on webhooks that a SharedKey signs."""

TEXT_LIMIT = 1_600
"""`MessageList.create(body=)`: up to 1,600 characters; Twilio itself makes segments of it for text messages."""

MEDIA_MAX = 10
"""`MediaUrl` of a message, and `NumMedia` of one that comes in: at most ten files."""

MEDIA_SMS: Mapping[MediaKind, MediaLimit] = MappingProxyType(
    {MediaKind.IMAGE: MediaLimit(frozenset({"image/jpeg", "image/png", "image/gif"}), 5_000_000)}
)
"""MMS, where the number has it (docs/messaging/guides/accepted-mime-types): pictures up to 5 MB pass as they are."""

MEDIA_WHATSAPP: Mapping[MediaKind, MediaLimit] = MappingProxyType(
    {
        MediaKind.IMAGE: MediaLimit(frozenset({"image/jpeg", "image/png", "image/webp"}), 5_000_000),
        MediaKind.AUDIO: MediaLimit(frozenset({"audio/ogg", "audio/amr", "audio/3gpp", "audio/mpeg"}), 16_000_000),
        MediaKind.VIDEO: MediaLimit(frozenset({"video/mp4"}), 16_000_000),
        MediaKind.DOCUMENT: MediaLimit(frozenset({"application/pdf"}), 16_000_000),
    }
)
"""docs/whatsapp/guidance-whatsapp-media-messages: one file of up to 16 MB in a message, pictures of up to 5 MB."""

REPLY_WINDOW = timedelta(hours=24)
"""WhatsApp's customer service window; error `WINDOW_CODE` after it."""

WINDOW_CODE = 63016
"""A free text came after the window: a template would have passed (docs/api/errors/63016)."""

RATE_BUCKETS = (RateBucket("account", permits=100, period=timedelta(seconds=1)),)
"""Requests to the API are limited by account (error 20429 tells); senders have queues of ten hours of their own."""

STATES: Mapping[str, DeliveryState] = MappingProxyType(
    {
        **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), DeliveryState.ACCEPTED),
        **dict.fromkeys(("delivered", "partially_delivered"), DeliveryState.DELIVERED),
        "read": DeliveryState.READ,
        **dict.fromkeys(("undelivered", "failed", "canceled"), DeliveryState.FAILED),
    }
)
"""`MessageInstance.Status`, without those of messages that come in (`receiving`, `received`)."""

PERMANENT_CODES = frozenset({"21211", "21610", "21614", "30005", "30006", "63024"})
"""Whoever it went to will never get it: no number, stopped, cannot take messages, unknown, landline, no recipient."""

PASSING_CODES = frozenset({14107, 20429, 21611, 30001, 63017, 63018, 63038})
"""Too fast, or too much at once: the API's, a sender's queue, WhatsApp's, the day's."""

ACCOUNT_CODES = frozenset({20003, 20005, 20404})
"""The account is at fault (credentials, suspended, no such account): a message passes once that is mended."""

OPT_OUT_TYPES: Mapping[str, bool] = MappingProxyType({"STOP": False, "START": True})
"""`OptOutType`, which Advanced Opt-Out adds to what it took for a keyword, in any language. HELP is a message."""

CONSENT_KEYWORDS: Mapping[str, bool] = MappingProxyType(
    {
        **dict.fromkeys(
            ("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"),
            False,
        ),
        **dict.fromkeys(("START", "UNSTOP"), True),
    }
)
"""After these words alone Twilio itself blocks and unblocks a number (error 21610); `YES` may be meant otherwise."""
