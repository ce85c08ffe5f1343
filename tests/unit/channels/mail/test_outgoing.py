"""From a message to a mail, and what came of it."""

from __future__ import annotations

from datetime import timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.unit.channels.mail.mail_samples import NOW, account, settings

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.mail.outgoing import encode_mail, interpret_answer
from orchestra.channels.mail.reading import read_mail
from orchestra.channels.mail.tokens import Ours, ours_of, ours_of_address, unsubscribe_purpose
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.sending import Failed, Outcome, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import FrameAnswer, FrameStep, NoAnswer, NoAnswerReason, SmtpAnswer, SmtpStep, StepResult

KEY, CASE = "de1.0123456789abcdef01234567", "ca1.0123456789abcdef01234567"
JOE = Conversation(recipient=Identity("email", "joe@example.com", "Joe Doe"), case_token=CASE)
PLUS = account(plus_addresses=True)
HELLO = outbound.Message(key=KEY, text="It is on its way.\n\nAna", subject="Your order")


def planned(message: outbound.Outbound = HELLO, to: Conversation = JOE, who: Account = PLUS) -> SmtpStep:
    plan = encode_mail(message, who, to, NOW)
    assert isinstance(plan, SendPlan), plan
    (step,) = plan.steps
    assert isinstance(step, SmtpStep)
    return step


def read(step: SmtpStep) -> EmailMessage:
    """The mail, as the standard library reads it."""
    return cast("EmailMessage", message_from_bytes(step.message, policy=default))


def refused(message: outbound.Outbound = HELLO, to: Conversation = JOE, who: Account = PLUS) -> str:
    plan = encode_mail(message, who, to, NOW)
    assert isinstance(plan, Refused)
    return plan.code


def test_a_person_answers() -> None:
    step = planned()
    mail = read(step)
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Shop <care@shop.example>",
        "Joe Doe <joe@example.com>",
        "Your order",
    )
    assert mail["Date"] == "Mon, 30 Nov 2026 12:00:00 +0000"
    assert mail["Reply-To"] == f"Shop <care+{CASE}@shop.example>"
    assert mail.get_content().splitlines() == ["It is on its way.", "", "Ana"]
    for name in ("Auto-Submitted", "X-Loop", "List-Unsubscribe", "In-Reply-To", "References", "Precedence"):
        assert mail[name] is None
    assert (step.idempotency_key, step.recipients, step.safe_to_repeat, step.degradations) == (
        KEY,
        ("joe@example.com",),
        False,
        (),
    )
    assert step.carry == mail["Message-ID"]


def test_id_and_envelope_tell_which_delivery_it_is() -> None:
    step = planned()
    assert ours_of(settings(), step.carry) == Ours(KEY, CASE)
    assert ours_of_address(settings(plus_addresses=True), step.sender) == Ours(KEY)
    plain = planned(who=account())
    assert plain.sender == "care@shop.example"
    assert read(plain)["Reply-To"] is None


@pytest.mark.parametrize("token", [None, "a b", "x\r\nBcc: eve@example.com", "x" * 80])
def test_a_token_that_cannot_stand_behind_a_plus_does_not(token: str | None) -> None:
    assert read(planned(to=attrs.evolve(JOE, case_token=token)))["Reply-To"] is None


def test_an_answer_stands_in_its_thread() -> None:
    mail = read(planned(to=attrs.evolve(JOE, id="<1@x>")))
    assert (mail["In-Reply-To"], mail["References"]) == ("<1@x>", "<1@x>")
    mail = read(planned(attrs.evolve(HELLO, reply_to="<2@x>"), attrs.evolve(JOE, id="<1@x>")))
    assert (mail["In-Reply-To"], mail["References"]) == ("<2@x>", "<1@x> <2@x>")
    marked = read(planned(attrs.evolve(HELLO, reply_to="<2@x>.0123456789abcdef")))
    assert (marked["In-Reply-To"], marked["References"]) == ("<2@x>", "<2@x>")
    for odd in ("thread-7", "<2@x>.xyz", "<1@x>\r\nBcc: eve@example.com", "<a b>"):
        mail = read(planned(attrs.evolve(HELLO, reply_to=odd), attrs.evolve(JOE, id=odd)))
        assert (mail["In-Reply-To"], mail["Bcc"]) == (None, None)


def test_machines_say_so() -> None:
    news = read(planned(attrs.evolve(HELLO, is_automatic=True)))
    assert (news["Auto-Submitted"], news["X-Loop"]) == ("auto-generated", "care@shop.example")
    assert news["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    answer = read(planned(attrs.evolve(HELLO, is_automatic=True), attrs.evolve(JOE, id="<1@x>")))
    assert answer["Auto-Submitted"] == "auto-replied"


def test_what_is_for_a_purpose_can_be_said_no_to() -> None:
    mail = read(planned(attrs.evolve(HELLO, purpose="marketing")))
    address, _, subject = str(mail["List-Unsubscribe"]).strip("<>").partition("?subject=")
    assert address == "mailto:care@shop.example"
    assert unsubscribe_purpose(settings(), subject.replace("%20", " "), "joe@example.com") == "marketing"
    odd = planned(attrs.evolve(HELLO, purpose="Buy Now!"))
    assert (read(odd)["List-Unsubscribe"], odd.degradations) == (None, ("unsubscribe",))


def test_without_a_title_it_says_from_whom_it_is() -> None:
    assert read(planned(attrs.evolve(HELLO, subject=None)))["Subject"] == "A message from Shop"
    assert read(planned(attrs.evolve(HELLO, subject=None), who=account(subject="Neues")))["Subject"] == "Neues"


def test_html_has_its_words_beside_it() -> None:
    mail = read(planned(attrs.evolve(HELLO, text="<p>Hello <b>Jö</b></p>", format=TextFormat.HTML)))
    plain, marked = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert cast("EmailMessage", plain).get_content() == "Hello Jö"
    assert (marked.get_content_type(), cast("EmailMessage", marked).get_content()) == (
        "text/html",
        "<p>Hello <b>Jö</b></p>",
    )
    assert planned(attrs.evolve(HELLO, format=TextFormat.MARKDOWN)).degradations == ("format",)


def test_files_go_along_or_are_linked() -> None:
    bill = outbound.Media(
        key=KEY,
        kind=MediaKind.DOCUMENT,
        content_type="application/pdf",
        data=b"%PDF",
        name="../bill.pdf",
        caption="Yours",
    )
    mail = read_mail(planned(bill).message)
    assert mail.text == "Yours"
    assert [(file.name, file.content_type, file.data) for file in mail.attachments] == [
        ("bill.pdf", "application/pdf", b"%PDF")
    ]
    unnamed = read_mail(planned(attrs.evolve(bill, name=None, caption=None)).message)
    assert (unnamed.text, [file.name for file in unnamed.attachments]) == ("", ["attachment-1.pdf"])
    odd = read_mail(planned(attrs.evolve(bill, name=None, content_type="a/b.c")).message)
    assert [file.name for file in odd.attachments] == ["attachment-1.bin"]
    linked = planned(attrs.evolve(bill, data=None, url="https://shop.example/bill.pdf"))
    assert (read_mail(linked.message).text, linked.degradations) == (
        "Yours\nhttps://shop.example/bill.pdf",
        ("media_as_link",),
    )
    assert refused(attrs.evolve(bill, data=None)) == "media"
    assert refused(attrs.evolve(bill, data=b"x" * 2_000), who=account(most_bytes=2_000)) == "too_large"


def test_choices_and_progress_are_words() -> None:
    choices = outbound.Choices(
        key=KEY, text="Which day?", choices=(outbound.Choice("a", "Monday"), outbound.Choice("b", "Friday"))
    )
    step = planned(choices)
    assert (read_mail(step.message).text, step.degradations) == (
        "Which day?\n1. Monday\n2. Friday",
        ("choices_as_text",),
    )
    step = planned(outbound.Progress(key=KEY, text="Packed.", stage="packed"))
    assert (read_mail(step.message).text, step.degradations) == ("Packed.", ("progress_as_text",))


@pytest.mark.parametrize(
    "message",
    [
        outbound.Edit(key="k", message_id="m", text="x"),
        outbound.Delete(key="k", message_id="m"),
        outbound.React(key="k", message_id="m", reaction=None),
        outbound.Typing(key="k"),
        outbound.MarkRead(key="k", message_id="m"),
        outbound.Template(key="k", name="n", language="en"),
        outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.ANSWER),
    ],
)
def test_what_no_mail_carries_is_refused(message: outbound.Outbound) -> None:
    assert refused(message) == "kind"


@pytest.mark.parametrize("subject", ["News\nBcc: eve@example.com", "a\r\n\r\nbody", "a\x00", "a\u2028b", "x" * 901])
def test_a_title_forges_no_header(subject: str) -> None:
    assert refused(attrs.evolve(HELLO, subject=subject)) == "header"


@pytest.mark.parametrize(
    "address", ["joe@example.com\nBcc: eve@example.com", "joe", "", "a b@example.com", "<joe@example.com>", "a@b,c@d"]
)
def test_an_address_forges_no_recipient(address: str) -> None:
    assert refused(to=Conversation(recipient=Identity("email", address))) == "header"
    assert refused(to=Conversation(recipient=Identity("phone", "+4930123456"))) == "header"


@given(st.text())
def test_a_name_forges_nothing(name: str) -> None:
    if any(0xD800 <= ord(character) < 0xE000 for character in name):
        return
    step = planned(to=Conversation(recipient=Identity("email", "joe@example.com", name)))
    mail = read_mail(step.message)
    assert [found.address for found in mail.recipients] == ["joe@example.com"]
    assert mail.text == HELLO.text


def test_addresses_of_all_letters_go_out() -> None:
    step = planned(to=Conversation(recipient=Identity("email", "jö@bücher.example")))
    assert step.recipients == ("jö@xn--bcher-kva.example",)
    assert [found.address for found in read_mail(step.message).recipients] == ["jö@xn--bcher-kva.example"]
    assert planned(who=account(**{"from": "Büro <care@büro.example>"})).sender == "care@xn--bro-hoa.example"


def test_an_account_that_lacks_something_sends_nothing() -> None:
    assert (
        refused(who=Account(route_key="r", channel="mail", id="x", config={"from": "care@shop.example"})) == "account"
    )
    assert refused(who=attrs.evolve(PLUS, config={})) == "account"
    assert refused(attrs.evolve(HELLO, text="a\x00")) == "unencodable_text"
    assert refused(attrs.evolve(HELLO, text="a\ud800")) == "unencodable_text"


def test_the_same_message_is_the_same_mail_wherever_the_clock_stands() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert encode_mail(HELLO, PLUS, JOE, elsewhere) == encode_mail(HELLO, PLUS, JOE, NOW)
    html = attrs.evolve(HELLO, format=TextFormat.HTML)
    assert planned(html).message == planned(html).message


STEP = SmtpStep(idempotency_key="k", sender="a@x", recipients=("b@x",), message=b"", carry="<1@x>")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (SmtpAnswer(code=250), Sent(("<1@x>",))),
        (SmtpAnswer(code=250, refused=(("c@x", 550),)), Sent(("<1@x>",))),
        (SmtpAnswer(code=250, refused=(("b@x", 550),)), Failed("smtp_550")),
        (SmtpAnswer(code=250, refused=(("b@x", 450),)), Retry("smtp_450")),
        (SmtpAnswer(code=354), Retry("smtp_354")),
        (SmtpAnswer(code=451, text="4.7.1 greylisted"), Retry("smtp_451_4.7.1")),
        (SmtpAnswer(code=550, text="5.1.1 nobody"), Failed("smtp_550_5.1.1", is_undeliverable=True)),
        (SmtpAnswer(code=552, text="5.2.2 full"), Failed("smtp_552_5.2.2")),
        (SmtpAnswer(code=550, text="no 5.1"), Failed("smtp_550")),
        (SmtpAnswer(code=535, text="5.7.8 who are you"), Retry("smtp_535_5.7.8")),
        (SmtpAnswer(code=530), Retry("smtp_530")),
        (SmtpAnswer(code=421), Retry("smtp_421")),
        (NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True), Unknown("cut_short")),
        (NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), Unknown("timed_out")),
        (NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), Retry("not_connected")),
        (FrameAnswer(), Failed("no_mail_server")),
    ],
)
def test_what_comes_of_a_mail(result: StepResult, expected: Outcome) -> None:
    assert interpret_answer(STEP, result) == expected


def test_no_answer_fits_another_step() -> None:
    frame: Any = FrameStep(idempotency_key="k", connection="c", data=b"")
    assert interpret_answer(frame, SmtpAnswer(code=250)) == Failed("no_mail_server")
