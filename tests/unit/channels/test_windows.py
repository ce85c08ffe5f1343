"""Windows in which companies may write freely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestra.channels.account import Conversation
from orchestra.channels.media_kinds import media_kind
from orchestra.channels.parts import Identity, MediaKind
from orchestra.channels.windows import is_shut

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("wrote", "closes", "expected"),
    [
        (None, None, False),
        (NOW - DAY + timedelta(microseconds=1), None, False),
        (NOW - DAY, None, True),
        (NOW - 7 * DAY, NOW + DAY, False),
        (NOW, NOW, True),
    ],
)
def test_a_window_is_shut_from_its_last_instant_on(
    wrote: datetime | None, closes: datetime | None, expected: bool
) -> None:
    conversation = Conversation(recipient=Identity("phone", "+1"), last_inbound_at=wrote, window_closes_at=closes)
    assert is_shut(conversation, NOW, DAY) is expected


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", MediaKind.IMAGE),
        ("Audio/ogg; codecs=opus", MediaKind.AUDIO),
        ("video/mp4", MediaKind.VIDEO),
        ("application/pdf", MediaKind.DOCUMENT),
        ("", MediaKind.DOCUMENT),
    ],
)
def test_the_kind_of_a_file(content_type: str, kind: MediaKind) -> None:
    assert media_kind(content_type) is kind
