"""Asking a mailbox, and reading what it gives."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.unit.channels.mail.mail_samples import NOW, account, written

from orchestra.channels.inbound import MessageReceived
from orchestra.channels.mail.inbox import decode_inbox, plan_inbox
from orchestra.channels.mail.incoming import decode_mail
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Retry
from orchestra.channels.wire import HttpAnswer, ImapAnswer, ImapStep, NoAnswer, NoAnswerReason, StepResult, StoredMail

CURSOR = "7.41.2026-11-30"


def planned(cursor: str | None = None, **config: Any) -> ImapStep:
    (step,) = plan_inbox(cursor, account(**config), NOW).steps
    assert isinstance(step, ImapStep)
    return step


def polled(result: StepResult, cursor: str | None = CURSOR) -> Polled:
    return decode_inbox(planned(cursor), result, cursor, account())


def mails(*contents: bytes, after: int = 41) -> tuple[StoredMail, ...]:
    return tuple(StoredMail(uid=after + number, content=content) for number, content in enumerate(contents, 1))


def test_the_first_time_the_last_days_are_asked_for() -> None:
    step = planned()
    assert (step.folder, step.uid_validity, step.after_uid, step.since) == ("INBOX", None, 0, date(2026, 11, 29))
    assert step.safe_to_repeat
    assert planned(first_days=0).since == date(2026, 11, 30)
    assert planned(first_days=10**9).since.year > 1970
    assert (planned(folder="Care").folder, planned(most_bytes=9).most_bytes) == ("Care", 9)


def test_then_what_is_behind_the_cursor() -> None:
    step = planned(CURSOR)
    assert (step.uid_validity, step.after_uid, step.since) == (7, 41, date(2026, 11, 29))
    assert planned("7.41.1970-01-01").since == date(1970, 1, 1)


@pytest.mark.parametrize(
    "cursor", ["", "7", "7.41", "7.41.2026-13-01", "x.y.z", "7.41.2026-11-30\n", "٧.41.2026-11-30"]
)
def test_what_is_no_cursor_is_the_beginning(cursor: str) -> None:
    assert planned(cursor).uid_validity is None


def test_mails_are_news_and_move_the_cursor() -> None:
    answer = ImapAnswer(uid_validity=7, mails=mails(written("one"), written("two")), passed_uid=43)
    found = polled(answer)
    assert [event.text for event in found.decoded.events if isinstance(event, MessageReceived)] == ["one", "two"]
    assert (found.cursor, found.has_more, found.retry) == ("7.43.2026-11-30", False, None)


def test_a_mail_is_the_same_as_if_it_were_posted() -> None:
    data = written("one")
    (event,) = polled(ImapAnswer(uid_validity=7, mails=mails(data), passed_uid=42)).decoded.events
    assert decode_mail(data, account(), NOW).events == (event,)


def test_there_may_be_more() -> None:
    answer = ImapAnswer(uid_validity=7, mails=mails(written()), passed_uid=42, has_more=True)
    assert polled(answer).has_more
    stuck = polled(ImapAnswer(uid_validity=7, passed_uid=41, has_more=True))
    assert (stuck.has_more, stuck.cursor) == (False, CURSOR)


def test_without_news_the_cursor_stays() -> None:
    assert polled(ImapAnswer(uid_validity=7, passed_uid=41)) == Polled(decoded=Decoded(), cursor=CURSOR)
    assert polled(ImapAnswer(uid_validity=7, passed_uid=40)).cursor == CURSOR
    assert polled(ImapAnswer(uid_validity=7, passed_uid=50)).cursor == "7.50.2026-11-30"
    assert polled(ImapAnswer(uid_validity=8, passed_uid=3)).cursor == "8.3.2026-11-30"
    assert polled(ImapAnswer(uid_validity=7, passed_uid=3), None).cursor == "7.3.2026-11-30"


def test_a_broken_mail_takes_no_other_down() -> None:
    broken = StoredMail(uid=43, content=b"", is_whole=False)
    answer = ImapAnswer(
        uid_validity=7, mails=(*mails(written("one")), broken, *mails(written("six"), after=43)), passed_uid=44
    )
    found = polled(answer)
    assert [event.text for event in found.decoded.events if isinstance(event, MessageReceived)] == ["one", "six"]
    assert [issue.code for issue in found.decoded.issues] == ["no_mail"]
    assert found.cursor == "7.44.2026-11-30"


def test_a_mail_that_was_too_long_is_read_as_far_as_it_goes() -> None:
    begun = StoredMail(uid=42, content=written("x" * 1_000)[:500], is_whole=False)
    found = polled(ImapAnswer(uid_validity=7, mails=(begun,), passed_uid=42))
    assert len(found.decoded.events) == 1
    assert [issue.code for issue in found.decoded.issues] == ["cut"]


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), "timed_out"),
        (NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), "not_connected"),
        (ImapAnswer(refusal="login"), "imap_login"),
        (ImapAnswer(uid_validity=7, passed_uid=99, refusal="folder"), "imap_folder"),
        (ImapAnswer(passed_uid=99), "imap_unnumbered"),
        (HttpAnswer(status=200), "no_mailbox"),
    ],
)
def test_without_an_answer_the_cursor_stays_and_it_says_so(result: StepResult, code: str) -> None:
    for cursor in (None, CURSOR):
        assert polled(result, cursor) == Polled(decoded=Decoded(), cursor=cursor, retry=Retry(code))


@given(st.text(max_size=40), st.integers(0, 2**33), st.integers(-1, 2**33), st.booleans())
def test_any_answer_leads_on_or_stays(cursor: str, validity: int, passed: int, has_more: bool) -> None:
    found = polled(ImapAnswer(uid_validity=validity, passed_uid=max(passed, 0), has_more=has_more), cursor)
    assert found.cursor is not None
    assert found.cursor != cursor or not found.has_more
    assert len(found.cursor) <= 2_000


def test_days_are_those_of_utc() -> None:
    step = plan_inbox(None, account(first_days=0), NOW + timedelta(hours=11, minutes=59)).steps[0]
    assert isinstance(step, ImapStep)
    assert step.since == date(2026, 11, 30)
