"""What the WhatsApp Cloud API takes, each with where it says so.

Sources: WhatsApp Business Platform, "Messages", "Interactive messages", "Media", "Throughput", "Business-scoped user
IDs"; pywa 4.5.0 (`client.WhatsApp.send_*`, `types.callback`). Texts and titles are counted in code points (checked live
by the authors of effect's adapter, packages/chat/whatsapp).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from orchestra.channels.capabilities import MediaLimit, RateBucket
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.parts import MediaKind

__all__ = [
    "BUTTONS_MAX",
    "BUTTON_ID_MAX",
    "BUTTON_LABEL_MAX",
    "CAPTION_LIMIT",
    "CHOICES_TEXT_LIMIT",
    "LIST_MAX",
    "MEDIA",
    "NOTICE_FIELDS",
    "RATE_BUCKETS",
    "REPLY_WINDOW",
    "ROW_ID_MAX",
    "ROW_LABEL_MAX",
    "STATES",
    "TEXT_LIMIT",
]

TEXT_LIMIT = 4_096
"""`text.body`."""

CAPTION_LIMIT = 1_024
"""`image.caption` and its like. Audio has none."""

CHOICES_TEXT_LIMIT = 1_024
"""`interactive.body.text` of reply buttons; of lists as well, to be on the safe side."""

BUTTONS_MAX, BUTTON_LABEL_MAX, BUTTON_ID_MAX = 3, 20, 256
"""Reply buttons: how many, the longest title and id."""

LIST_MAX, ROW_LABEL_MAX, ROW_ID_MAX = 10, 24, 200
"""Rows of a list: how many, the longest title and id."""

REPLY_WINDOW = timedelta(hours=24)
"""The customer service window; error 131047 after it."""

_OFFICE = "application/vnd.openxmlformats-officedocument."

MEDIA: Mapping[MediaKind, MediaLimit] = MappingProxyType(
    {
        MediaKind.IMAGE: MediaLimit(frozenset({"image/jpeg", "image/png"}), 5_000_000),
        MediaKind.AUDIO: MediaLimit(
            frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}), 16_000_000
        ),
        MediaKind.VIDEO: MediaLimit(frozenset({"video/mp4", "video/3gp"}), 16_000_000),
        MediaKind.DOCUMENT: MediaLimit(
            frozenset(
                {
                    *("text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel"),
                    *("application/vnd.ms-powerpoint", f"{_OFFICE}wordprocessingml.document"),
                    *(f"{_OFFICE}spreadsheetml.sheet", f"{_OFFICE}presentationml.presentation"),
                }
            ),
            100_000_000,
        ),
    }
)
"""Supported media types."""

RATE_BUCKETS = (
    RateBucket("account", permits=80, period=timedelta(seconds=1)),
    RateBucket("pair", permits=1, period=timedelta(seconds=6)),
)
"""80 messages a second of a number (error 130429), one in 6 s to one person (131056)."""

STATES: Mapping[str, DeliveryState] = MappingProxyType(
    {
        "sent": DeliveryState.ACCEPTED,
        "delivered": DeliveryState.DELIVERED,
        "read": DeliveryState.READ,
        "played": DeliveryState.READ,
        "failed": DeliveryState.FAILED,
    }
)
"""`statuses[].status`. `delivered` may be left out where `read` comes."""

NOTICE_FIELDS = frozenset(
    {
        *("account_alerts", "account_review_update", "account_update", "business_capability_update"),
        *("message_template_quality_update", "message_template_status_update", "phone_number_name_update"),
        *("phone_number_quality_update", "security", "template_category_update"),
    }
)
"""Fields of a WhatsApp Business Account that tell its owner something and concern no conversation."""
