"""What the Bot API allows, each with where it says so.

Sources: the Bot API's reference (core.telegram.org/bots/api), its FAQ (core.telegram.org/bots/faq), and the constants
of python-telegram-bot 22.8 (`telegram.constants`), which tests compare with.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from orchestra.channels.capabilities import MediaLimit, RateBucket
from orchestra.channels.parts import MediaKind

__all__ = [
    "ALLOWED_UPDATES",
    "BUTTONS_MAX",
    "BUTTON_LABEL_MAX",
    "CAPTION_LIMIT",
    "CHANNEL",
    "CHOICE_ID_MAX_BYTES",
    "DEFAULT_URL",
    "MEDIA",
    "RATE_BUCKETS",
    "SECRET_HEADER",
    "TEXT_LIMIT",
    "TOKEN_SECRET",
    "WEBHOOK_SECRET",
]

CHANNEL = "telegram"

DEFAULT_URL = "https://api.telegram.org"
"""Where bots call. A Bot API server of one's own has the same paths."""

TOKEN_SECRET = "token"  # noqa: S105 - the name under which the secret is kept, not a secret
"""The bot's token, as BotFather gave it."""

WEBHOOK_SECRET = "webhook"  # noqa: S105 - as above
"""What was given to `setWebhook` as `secret_token`: 1 to 256 of A-Z, a-z, 0-9, `_` and `-`."""

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
"""Each webhook request repeats `secret_token` here (`setWebhook`). The body is not signed."""

TEXT_LIMIT = 4_096
"""`sendMessage.text` after its entities are parsed; lengths are in UTF-16 units (core.telegram.org/api/entities)."""

CAPTION_LIMIT = 1_024
"""`sendPhoto.caption` and its like, in the same unit."""

CHOICE_ID_MAX_BYTES = 64
"""`InlineKeyboardButton.callback_data`: 1 to 64 bytes."""

BUTTONS_MAX = 100
"""`InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER` of python-telegram-bot: the reference sets none, the servers do."""

BUTTON_LABEL_MAX = 64
"""A choice of ours: the reference sets no limit on a button's text, and phones cut longer ones."""

_UPLOAD = 50_000_000
_UPLOAD_PHOTO = 10_000_000

MEDIA: Mapping[MediaKind, MediaLimit] = MappingProxyType(
    {
        MediaKind.IMAGE: MediaLimit(frozenset({"image/jpeg", "image/png", "image/webp"}), _UPLOAD_PHOTO),
        MediaKind.AUDIO: MediaLimit(frozenset({"audio/mpeg", "audio/mp4", "audio/x-m4a"}), _UPLOAD),
        MediaKind.VIDEO: MediaLimit(frozenset({"video/mp4"}), _UPLOAD),
        MediaKind.DOCUMENT: MediaLimit(frozenset(), _UPLOAD),
    }
)
"""`sendPhoto`, `sendAudio`, `sendVideo`: what clients show as such; all else passes as a document, of any type.

Sizes: "Sending files" of the reference, 10 MB for photos and 50 MB for others.
"""

RATE_BUCKETS = (
    RateBucket("account", permits=30, period=timedelta(seconds=1)),
    RateBucket("chat", permits=1, period=timedelta(seconds=1)),
    RateBucket("group", permits=20, period=timedelta(minutes=1)),
)
"""The FAQ, "My bot is hitting limits": about 30 a second in all, 1 a second in a chat, 20 a minute in a group."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "message_reaction", "my_chat_member")
"""What to give to `setWebhook` as `allowed_updates`. Reactions come only if they are named there."""
