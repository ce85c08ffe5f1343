"""Asking a mailbox for the mails that came since, and reading what it gives.

A cursor is `VALIDITY.UID.DAY`: the numbering of the folder, the last UID that was passed, and the day of that. When a
server numbers its mails anew, UIDs say nothing any more: mails of that day and later are asked for, and those that came
before are known by their dedupe keys.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import attrs

from orchestra.channels.account import Account
from orchestra.channels.instants import TimeUnit, from_unix, unix_us
from orchestra.channels.mail.incoming import decode_mail
from orchestra.channels.mail.settings import Settings
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Retry, SendPlan
from orchestra.channels.wire import ImapAnswer, ImapStep, NoAnswer, StepResult, WireStep

__all__ = ["decode_inbox", "plan_inbox"]

_CURSOR = re.compile(r"([0-9]{1,10})\.([0-9]{1,10})\.([0-9]{4}-[0-9]{2}-[0-9]{2})", re.ASCII)
_FIRST_DAY = date(1970, 1, 1)
_ZONES = timedelta(days=1)
"""A server's day may have begun before ours, or have yet to."""


@attrs.frozen
class _Place:
    """Where a cursor stands."""

    validity: int
    uid: int
    day: date


def _place(cursor: str | None) -> _Place | None:
    found = _CURSOR.fullmatch(cursor or "")
    if found is None:
        return None
    try:
        return _Place(int(found[1]), int(found[2]), date.fromisoformat(found[3]))
    except ValueError:
        return None


def _before(day: date, span: timedelta) -> date:
    return max(day, _FIRST_DAY + span) - span


def plan_inbox(cursor: str | None, account: Account, now: datetime) -> SendPlan:
    """Plan one asking for the mails behind a cursor; those of the last days at the very beginning."""
    settings, place = Settings.of(account), _place(cursor)
    today = now.astimezone(UTC).date()
    days = timedelta(days=min(settings.first_days, 10_000))
    step = ImapStep(
        idempotency_key="poll",
        safe_to_repeat=True,
        carry=str(unix_us(now) // 1_000),
        folder=settings.folder,
        uid_validity=None if place is None else place.validity,
        after_uid=0 if place is None else place.uid,
        since=_before(today, days) if place is None else _before(place.day, _ZONES),
        most_bytes=settings.bounds.mail_bytes,
    )
    return SendPlan((step,))


def decode_inbox(step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
    """Read the mails that came. One that cannot be read is an issue; without an answer the cursor stays."""
    if not isinstance(result, ImapAnswer) or result.refusal is not None or result.uid_validity <= 0:
        return Polled(decoded=Decoded(), cursor=cursor, retry=Retry(_problem(result)))
    asked_at = from_unix(int(step.carry), TimeUnit.MILLISECONDS, where="step.carry")
    read = [decode_mail(mail.content, account, asked_at, is_cut=not mail.is_whole) for mail in result.mails]
    decoded = Decoded(
        events=tuple(event for one in read for event in one.events),
        issues=tuple(issue for one in read for issue in one.issues),
    )
    further = _further(result, cursor, asked_at)
    return Polled(decoded=decoded, cursor=further, has_more=result.has_more and further != cursor)


def _further(answer: ImapAnswer, cursor: str | None, asked_at: datetime) -> str | None:
    """Where to go on: the same place if nothing was passed."""
    place = _place(cursor)
    if place is not None and place.validity == answer.uid_validity and answer.passed_uid <= place.uid:
        return cursor
    return f"{answer.uid_validity}.{answer.passed_uid}.{asked_at.astimezone(UTC).date().isoformat()}"


def _problem(result: StepResult) -> str:
    if isinstance(result, NoAnswer):
        return result.reason.value
    if not isinstance(result, ImapAnswer):
        return "no_mailbox"
    return f"imap_{result.refusal or 'unnumbered'}"
