"""Instants as texts of RFC 3339."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.back_office.times import from_rfc3339, to_rfc3339
from orchestra.channels.instants import TimeUnit, from_unix
from orchestra.errors import MalformedMessage

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant", "unit"),
    [
        ("2026-01-05T12:00:00Z", NOON, TimeUnit.SECONDS),
        ("2026-01-05t12:00:00z", NOON, TimeUnit.SECONDS),
        ("2026-01-05 13:30:00+01:30", NOON, TimeUnit.SECONDS),
        ("2026-01-05T12:00:00.5Z", NOON + timedelta(milliseconds=500), TimeUnit.MILLISECONDS),
        ("2026-01-05T12:00:00.000001Z", NOON + timedelta(microseconds=1), TimeUnit.MICROSECONDS),
        ("2026-01-05T12:00:00.000001999Z", NOON + timedelta(microseconds=1), TimeUnit.MICROSECONDS),
        ("1970-01-01T00:00:00-00:00", datetime(1970, 1, 1, tzinfo=UTC), TimeUnit.SECONDS),
    ],
)
def test_an_instant_is_read_with_its_precision(text: str, instant: datetime, unit: TimeUnit) -> None:
    assert from_rfc3339(text, "at") == (instant, unit)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-01-05", "2026-01-05T12:00:00", "2026-01-05T12:00Z", "20260105T120000Z", "2026-W02-1T12:00:00Z"),
        *("2026-13-05T12:00:00Z", "2026-02-30T12:00:00Z", "2026-01-05T24:00:01Z", "2026-01-05T12:00:60Z"),
        *(
            "1969-12-31T23:59:59Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2026-01-05T12:00:00+25:00",
        ),
        *(
            "2026-01-05T12:00:00.Z",
            "2026-01-05T12:00:00.1234567890123Z",
            "\u0662026-01-05T12:00:00Z",
            "now",
            "1767614400",
        ),
        *("2026-01-05T12:00:00Z\n", " 2026-01-05T12:00:00Z", "9" * 100_000),
    ],
)
def test_what_is_no_instant_is_malformed_and_not_quoted(text: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        from_rfc3339(text, "data.due")
    assert refused.value.where == "data.due"
    assert not text or text not in str(refused.value)


@given(st.integers(10**6, 240_000 * 10**12), st.integers(-23 * 60, 23 * 60))
def test_no_microsecond_is_lost(microseconds: int, minutes: int) -> None:
    instant = from_unix(microseconds, TimeUnit.MICROSECONDS).astimezone(timezone(timedelta(minutes=minutes)))
    assert from_rfc3339(to_rfc3339(instant), "at")[0] == instant
    assert to_rfc3339(instant).endswith("Z")
