"""Hostile bytes into the adapter for e-mail: genuine posts, mailboxes and answers, damaged at random.

Anybody can mail anything: what cannot be read costs an issue, never an exception, and little time and room.
"""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from tests.contract import test_mail
from tests.counts import FUZZ_INPUTS

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Conversation
from orchestra.channels.mail.adapter import MailAdapter
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import ImapAnswer, NoAnswer, NoAnswerReason, SmtpAnswer, SmtpStep, StoredMail
from orchestra.testing.adapter_decode import assert_sound

ADAPTER, ACCOUNT, NOW = MailAdapter(), test_mail.ACCOUNT, test_mail.TestMailAdapter.now

ALTERNATIVES = (
    "From: a@b.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nHi\n--b\n"
    "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    "<p>Gr=C3=BC=C3=9Fe <a href=3D'https://x.example'>da</a></p><blockquote>alt</blockquote>\n--b--\n"
)
FILES = (
    "From: =?utf-8?q?J=C3=B6?= <a@b.example>\nTo: care+ca1.x@shop.example, B <b@b.example>\n"
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nOn 1 May Ana wrote:\n> Hi\n--b\n"
    "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
    "Content-Disposition: attachment; filename*0*=utf-8''%C3%BC; filename*1=.pdf\n\nJVBERi0=\n--b--\n"
)
MAILS = [text.replace("\n", "\r\n").encode() for text in (*test_mail.SAMPLES.values(), ALTERNATIVES, FILES)]
PIECES = (
    *(
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"--b",
        b"--b--",
        b"--r\r\n",
        b": ",
        b";",
        b'"',
        b"<",
        b">",
        b"(",
        b"\\",
        b"=",
        b"\x00",
    ),
    *(
        b"=?utf-8?q?",
        b"?=",
        b"=?x?b?=0A?=",
        b"From: \xff\r\n",
        b"> ",
        b"boundary=b",
        b"multipart/report",
        b"base64",
        b"\xff" * 9,
    ),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"charset=idna", b"<!--", b"<script>", b"+", b"~", b"9" * 40),
)


def damaged(draw: random.Random) -> bytes:
    """A mail with some of its bytes replaced, moved, doubled or left out."""
    data = draw.choice(MAILS)
    for _ in range(draw.randint(1, 5)):
        place, length = draw.randrange(len(data) + 1), draw.randrange(40)
        rest = data[place + length :]
        data = (
            data[:place]
            + draw.choice(
                (
                    b"",
                    draw.choice(PIECES),
                    draw.randbytes(draw.randrange(9)),
                    data[place : place + length] * 2,
                    draw.choice(MAILS),
                )
            )
            + rest
        )
    return data


def posted(body: bytes) -> Decoded:
    return test_mail.TestMails().read(body)


@pytest.mark.fuzz
def test_damaged_mails_never_raise_and_are_the_same_twice() -> None:
    draw = random.Random("mails")
    kinds = set()
    for _ in range(FUZZ_INPUTS):
        data = damaged(draw)
        decoded = posted(data)
        assert_sound(decoded)
        assert decoded == posted(data)
        assert decoded.events or decoded.issues or b"report" in data
        kinds |= {type(event) for event in decoded.events}
    assert inbound.MessageReceived in kinds


@pytest.mark.fuzz
def test_damaged_mailboxes_lead_on_or_nowhere() -> None:
    draw = random.Random("mailboxes")
    cursor: str | None = None
    for _ in range(max(1, FUZZ_INPUTS // 10)):
        mails = tuple(
            StoredMail(uid=draw.randrange(1_000), content=damaged(draw), is_whole=draw.random() < 0.9)
            for _ in range(draw.randrange(4))
        )
        answer = ImapAnswer(
            uid_validity=draw.choice((-1, 0, 1, 7, 2**32)),
            mails=mails,
            passed_uid=draw.choice((0, 5, 2**32)),
            has_more=draw.random() < 0.5,
            refusal=draw.choice((None, None, "login")),
        )
        (step,) = ADAPTER.poll(cursor, ACCOUNT, NOW).steps
        polled = ADAPTER.decode_poll(step, answer, cursor, ACCOUNT)
        assert_sound(polled.decoded)
        assert (polled.cursor != cursor) or not polled.has_more
        assert polled.retry is None or (polled.cursor == cursor and not polled.decoded.events)
        cursor = polled.cursor


@given(
    st.integers(0, 999), st.text(max_size=80), st.lists(st.tuples(st.text(max_size=9), st.integers(0, 999)), max_size=3)
)
def test_any_answer_of_a_mail_server_means_something(code: int, text: str, refused: list[tuple[str, int]]) -> None:
    step = SmtpStep(idempotency_key="k", sender="a@x", recipients=("b@x",), message=b"", carry="<1@x>")
    outcome = ADAPTER.interpret(step, SmtpAnswer(code=code, text=text, refused=tuple(refused)), NOW)
    assert isinstance(outcome, Sent | Retry | Failed | Unknown)
    assert isinstance(outcome, Sent) == (200 <= code < 300)
    lost = ADAPTER.interpret(step, NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), NOW)
    assert isinstance(lost, Unknown)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(TextFormat))
def test_no_words_raise_and_none_get_into_headers(text: str, other: str, form: TextFormat) -> None:
    messages: tuple[outbound.Outbound, ...] = (
        outbound.Message(
            key="k", text=text, format=form, subject=other, reply_to=other, purpose=other, is_automatic=True
        ),
        outbound.Choices(key="k", text=text, choices=(outbound.Choice(other, text),)),
        outbound.Media(key="k", kind=MediaKind.IMAGE, content_type=other, data=b"x", name=other, caption=text),
        outbound.Media(key="k", kind=MediaKind.IMAGE, content_type=other, url=text, caption=other),
        outbound.Progress(key="k", text=text, stage=other),
    )
    for name in (other, None):
        to = Conversation(recipient=Identity("email", "ann@customer.example", name), id=other, case_token=other)
        for message in messages:
            plan = ADAPTER.encode(message, ACCOUNT, to, NOW)
            assert isinstance(plan, SendPlan | Refused)
            for step in plan.steps if isinstance(plan, SendPlan) else ():
                assert isinstance(step, SmtpStep)
                head, _, _ = step.message.partition(b"\r\n\r\n")
                assert head.isascii()
                assert head.replace(b"\r\n", b"").decode().isprintable()
                assert all(len(line) <= 998 for line in step.message.split(b"\r\n"))
                names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
                assert len(set(names)) == len(names)
                assert b"Bcc" not in names


@given(st.integers(-(10**6), 10**6))
def test_a_mail_is_known_again_whenever_it_comes(seconds: int) -> None:
    (step,) = ADAPTER.poll(None, ACCOUNT, NOW + timedelta(seconds=seconds)).steps
    answer = ImapAnswer(uid_validity=1, mails=(StoredMail(uid=1, content=MAILS[0]),), passed_uid=1)
    (event,) = ADAPTER.decode_poll(step, answer, None, ACCOUNT).decoded.events
    assert event.origin.dedupe_key == posted(MAILS[0]).events[0].origin.dedupe_key
