from __future__ import annotations

import hmac
import json
import os
import random
import secrets
import socket
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic_ns as innocent_name

import pytest

from orchestra.testing.purity import EffectSeen, forbid_effects


@pytest.mark.parametrize(
    "effect",
    [
        time.time,
        innocent_name,
        lambda: time.sleep(0),
        lambda: datetime.now(UTC),
        date.today,
        random.random,
        lambda: random.choice("ab"),
        secrets.token_hex,
        uuid.uuid4,
        lambda: os.urandom(1),
        socket.socket,
        lambda: socket.getaddrinfo("localhost", 80),
        Path(__file__).read_text,
    ],
)
def test_an_effect_is_seen_and_prevented(effect: Callable[[], object]) -> None:
    reached: list[object] = []
    with pytest.raises(EffectSeen), forbid_effects():
        reached.append(effect())
    assert reached == []


def test_a_swallowed_effect_is_still_seen() -> None:
    def swallow() -> None:
        try:
            time.time()
        except Exception:  # noqa: BLE001 - what is shown
            return

    with pytest.raises(EffectSeen, match=r"time\.time"), forbid_effects():
        swallow()


def test_pure_code_passes() -> None:
    with forbid_effects():
        found = hmac.new(b"k", json.dumps({"a": [1]}).encode(), "sha256").hexdigest()
        at = datetime(2026, 1, 5, tzinfo=UTC).isoformat()
    assert (len(found), at) == (64, "2026-01-05T00:00:00+00:00")


def test_a_profiler_that_was_there_is_there_again() -> None:
    def profile(*_: object) -> None:
        return

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        with forbid_effects():
            pass
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(before)
