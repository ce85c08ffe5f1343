from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.instants import TimeUnit, from_unix, unix_us
from orchestra.errors import MalformedMessage


@given(st.integers(0, 250_000_000_000_000_000))
def test_no_microsecond_is_lost(microseconds: int) -> None:
    instant = from_unix(microseconds, TimeUnit.MICROSECONDS)
    assert unix_us(instant) == microseconds
    assert unix_us(from_unix(microseconds // 1_000, TimeUnit.MILLISECONDS)) == microseconds // 1_000 * 1_000


def test_units() -> None:
    expected = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert from_unix(1_767_614_400, TimeUnit.SECONDS) == expected
    assert from_unix(1_767_614_400_000, TimeUnit.MILLISECONDS) == expected
    assert unix_us(expected.astimezone(timezone(timedelta(hours=5, minutes=45)))) == 1_767_614_400_000_000


@pytest.mark.parametrize("value", [-1, 2**62, 10**30])
def test_no_calendar_holds_it(value: int) -> None:
    with pytest.raises(MalformedMessage) as caught:
        from_unix(value, TimeUnit.SECONDS, where="body.at")
    assert caught.value.where == "body.at"


def test_a_naive_instant_is_nobodys_time() -> None:
    with pytest.raises(TypeError):
        unix_us(datetime(2026, 1, 5))  # noqa: DTZ001 - the mistake
