"""What an HTTP answer says whatever the provider: no answer, a status alone, advice on when to try again.

What belongs here: what HTTP itself defines (RFC 9110). What does not: providers' own codes and bodies.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from orchestra.channels.sending import Failed, Outcome, Retry, Unknown
from orchestra.channels.wire import Headers, HttpAnswer, NoAnswer, StepResult, header_values

__all__ = ["LONGEST_ADVICE", "by_status", "retry_after", "seconds_of_advice", "unanswered"]

LONGEST_ADVICE = timedelta(days=1)
"""Longer advice is taken as this: a provider's mistake must not put a message off for years."""

_SECONDS = re.compile(r"[0-9]{1,9}")
_TRANSIENT_4XX = frozenset({408, 425, 429})


def retry_after(headers: Headers, now: datetime) -> timedelta | None:
    """Give the advice of the header Retry-After, in either of its forms (RFC 9110, section 10.2.3).

    Args:
        headers: of the answer.
        now: what a date is compared with.

    Returns:
        How long to wait, at most `LONGEST_ADVICE`, zero for a date that is past; None where the header is missing,
        doubled, negative or not well formed.
    """
    values = header_values(headers, "Retry-After")
    if len(values) != 1:
        return None
    value = values[0].strip()
    if _SECONDS.fullmatch(value) is not None:
        return seconds_of_advice(int(value))
    return _until(value, now)


def seconds_of_advice(seconds: int) -> timedelta | None:
    """Give a provider's own advice in seconds; None if it is negative."""
    return None if seconds < 0 else timedelta(seconds=min(seconds, LONGEST_ADVICE // timedelta(seconds=1)))


def _until(value: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(value)
        # A date without a zone is GMT, as all of HTTP's are (RFC 9110, section 5.6.7).
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return min(max(aware - now, timedelta(0)), LONGEST_ADVICE)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def unanswered(result: StepResult) -> Outcome | None:
    """Give the outcome of a step that no HTTP answer came to; None if one came."""
    if isinstance(result, HttpAnswer):
        return None
    if isinstance(result, NoAnswer):
        code = result.reason.value
        return Unknown(code) if result.may_have_arrived else Retry(code)
    return Failed("needs_http")


def by_status(answer: HttpAnswer, now: datetime, *, is_safe: bool) -> Outcome:
    """Give the outcome that a status means where the body says nothing.

    Args:
        answer: what came. A success is unknown as well: the body is not the provider's, perhaps a proxy's page.
        now: for advice that is a date.
        is_safe: the step may be repeated; a server's error is then tried again, else it may hide a success.
    """
    code = f"http_{answer.status}"
    if answer.status in _TRANSIENT_4XX:
        return Retry(code, retry_after(answer.headers, now))
    if 400 <= answer.status < 500:
        return Failed(code)
    if answer.status >= 500 and is_safe:
        return Retry(code, retry_after(answer.headers, now))
    return Unknown("unreadable_answer" if 200 <= answer.status < 300 else code)
