"""What HTTP answers mean whatever the provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.answers import LONGEST_ADVICE, by_status, retry_after, seconds_of_advice, unanswered
from orchestra.channels.sending import Failed, Retry, Unknown
from orchestra.channels.wire import FrameAnswer, HttpAnswer, NoAnswer, NoAnswerReason

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("999999999", 86_400),
        ("Mon, 05 Jan 2026 12:00:30 GMT", 30),
        ("Monday, 05-Jan-26 12:00:30 GMT", 30),
        ("Mon Jan  5 12:00:30 2026", 30),
        ("Mon, 05 Jan 2026 14:00:30 +0200", 30),
        ("Mon, 05 Jan 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("-7", None),
        ("7.5", None),
        ("9999999999", None),
        ("soon", None),
        ("", None),
        ("٧", None),
        ("Mon, 05 Jan 2026 99:00:00 GMT", None),
        ("Mon, 31 Feb 2026 12:00:00 GMT", None),
    ],
)
def test_advice_in_each_of_its_forms(value: str, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after((("retry-after", value),), NOW) == expected


def test_advice_that_is_missing_or_doubled() -> None:
    assert retry_after((), NOW) is None
    assert retry_after((("Retry-After", "7"), ("Retry-After", "8")), NOW) is None


@given(st.text(max_size=40))
def test_no_advice_raises_or_is_absurd(value: str) -> None:
    advice = retry_after((("Retry-After", value),), NOW)
    assert advice is None or timedelta(0) <= advice <= LONGEST_ADVICE


def test_a_providers_own_seconds() -> None:
    assert seconds_of_advice(7) == timedelta(seconds=7)
    assert seconds_of_advice(-1) is None
    assert seconds_of_advice(10**18) == LONGEST_ADVICE


def test_no_answer_is_unknown_unless_nothing_left() -> None:
    assert unanswered(NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True)) == Unknown("cut_short")
    assert unanswered(NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)) == Retry("not_connected")
    assert unanswered(FrameAnswer()) == Failed("needs_http")
    assert unanswered(HttpAnswer(status=500)) is None


@pytest.mark.parametrize(
    ("status", "expected", "if_safe"),
    [
        (200, Unknown("unreadable_answer"), None),
        (301, Unknown("http_301"), None),
        (400, Failed("http_400"), None),
        (408, Retry("http_408", timedelta(seconds=7)), None),
        (425, Retry("http_425", timedelta(seconds=7)), None),
        (429, Retry("http_429", timedelta(seconds=7)), None),
        (500, Unknown("http_500"), Retry("http_500", timedelta(seconds=7))),
    ],
)
def test_a_status_alone(status: int, expected: object, if_safe: object) -> None:
    answer = HttpAnswer(status=status, headers=(("Retry-After", "7"),), body=b"<html>")
    assert by_status(answer, NOW, is_safe=False) == expected
    assert by_status(answer, NOW, is_safe=True) == (if_safe or expected)
