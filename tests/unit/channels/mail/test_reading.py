"""Mails, read whole: ordinary ones, hostile ones, and what they cost."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings, strategies as st

from orchestra.channels.mail.addresses import Mailbox
from orchestra.channels.mail.bounds import Bounds
from orchestra.channels.mail.reading import read_date, read_mail

MEGABYTE = 1_000_000


def test_an_ordinary_mail() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Jö Doe <joe@example.com>"
    mail["Reply-To"] = "other@example.com"
    mail["To"] = "care@shop.example, Ann <ann@example.com>"
    mail["Cc"] = "bob@example.com"
    mail["Delivered-To"] = "care+ca1.abc@shop.example"
    mail["Subject"] = "Grüße, wo bleibt meine Bestellung? " * 3
    mail["Message-ID"] = "<1@example.com>"
    mail["In-Reply-To"] = "<0@shop.example>"
    mail["References"] = "<r@shop.example> <0@shop.example>"
    mail["Date"] = "Mon, 30 Nov 2026 10:00:00 +0100"
    mail.set_content("Where is it?\n\nOn Mon 1 Ana wrote:\n> Soon.\n")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
    read = read_mail(mail.as_bytes())
    assert read.senders == (Mailbox("joe@example.com", "Jö Doe"),)
    assert read.reply_to == (Mailbox("other@example.com"),)
    assert [found.address for found in read.recipients] == [
        "care@shop.example",
        "ann@example.com",
        "bob@example.com",
        "care+ca1.abc@shop.example",
    ]
    assert read.subject == ("Grüße, wo bleibt meine Bestellung? " * 3).strip()
    assert read.date == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert read.message_id == "<1@example.com>"
    assert read.in_reply_to == ("<0@shop.example>",)
    assert read.references == ("<r@shop.example>", "<0@shop.example>")
    assert read.text == "Where is it?\n\nOn Mon 1 Ana wrote:\n> Soon."
    assert read.unquoted == "Where is it?"
    assert [(file.name, file.data) for file in read.attachments] == [("bill.pdf", b"%PDF")]
    assert read.faults == ()
    assert "joe" not in repr(read)


CRASHERS = [
    b'From: "',
    b"From: ",
    b"From: <",
    b"From: " + b"(" * 20_000,
    b"To: " + b"a@b.example, " * 20_000,
    b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff",
    b"Content-Type: text/plain; charset=idna\r\n\r\n" + b"x" * 10_000,
    b"Content-Type: text/plain; charset=\x00\r\n\r\nx",
    b"Content-Transfer-Encoding: base64\r\n\r\n=====",
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n=",
    b"Subject: =?utf-8?b?AAAA=A?= =?utf-8?q?=ZZ?=",
    b"Date: Mon, 99 Foo 99999999999999 99:99:99 +99999999",
    b"Date: ",
    b"Message-ID: " + b"<" * 10_000,
    b"\x00" * 1_000,
    b"\r" * 1_000,
    b"\n" * 1_000,
    b": x\n: y\n",
    b'Content-Type: multipart/mixed; boundary="--"\n\n----\n------\n',
    b"Content-Disposition: attachment; filename*=\n\nx",
    b"Content-Disposition: attachment; filename*0*=utf-8'en'%; filename*999=y\n\nx",
]


@pytest.mark.parametrize("data", CRASHERS, ids=range(len(CRASHERS)))
def test_what_crashes_other_parsers_is_read(data: bytes) -> None:
    mail = read_mail(data)
    for text in (mail.subject, mail.text, *(file.name for file in mail.attachments)):
        text.encode()


def test_an_encoded_subject_forges_no_header() -> None:
    mail = read_mail(b"Subject: =?utf-8?q?Hello=0ABcc=3A_eve=40example=2Ecom?=\r\nTo: care@shop.example\r\n\r\nx")
    assert mail.subject == "Hello Bcc: eve@example.com"
    assert [found.address for found in mail.recipients] == ["care@shop.example"]


def test_two_thousand_references_are_bounded_to_the_first_and_the_last() -> None:
    ids = [f"<{number}@x>" for number in range(2_000)]
    references = read_mail(f"References: {' '.join(ids)}\r\n\r\n".encode()).references
    assert references == (ids[0], *ids[-49:])


def test_ids_are_taken_once_and_only_if_they_are_whole() -> None:
    mail = read_mail(b"Message-ID: <a@x> <b@x>\nReferences: <c@x> <c@x> <d e> <f\nIn-Reply-To: nonsense\n\n")
    assert mail.message_id == "<a@x>"
    assert mail.references == ("<c@x>",)
    assert mail.in_reply_to == ()
    assert read_mail(b"Message-ID: <>\n\n").message_id is None


def test_ids_that_a_program_has_encoded_are_read() -> None:
    assert read_mail(b"References: =?utf-8?q?=3Ca=2Eb=40x=3E?=\r\n =?utf-8?q?_=3Cc=40x=3E?=\n\n").references == (
        "<a.b@x>",
        "<c@x>",
    )


def test_what_is_too_much_is_left_out_and_said() -> None:
    bounds = Bounds(mail_bytes=40, text_bytes=5, attachments=1)
    assert read_mail(b"Subject: x\n\n" + b"y" * 100, bounds).faults == ("mail_too_long", "text_too_long")
    parts = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: a/b\n\nx\n" * 3
    assert read_mail(parts, Bounds(attachments=1)).faults == ("too_many_attachments",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 30 Nov 2026 10:00:00 +0100", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("30 Nov 2026 10:00 GMT", datetime(2026, 11, 30, 10, tzinfo=UTC)),
        ("30 Nov 2026 10:00:00 -0000", datetime(2026, 11, 30, 10, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:00:00 -1400", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_dates_are_read_if_they_are_some(value: str, expected: datetime | None) -> None:
    assert read_date(value) == expected


@given(st.text(max_size=120))
def test_no_date_raises(value: str) -> None:
    found = read_date(value)
    assert found is None or found.tzinfo is UTC


_PIECES = st.sampled_from(
    [
        b"From: ",
        b"To: ",
        b"Subject: ",
        b"Content-Type: ",
        b"multipart/mixed; boundary=b",
        b"text/html",
        b"--b",
        b"\r\n",
        b"\n",
        b"=?utf-8?q?",
        b"?=",
        b'"',
        b"<",
        b">",
        b"(",
        b",",
        b";",
        b"Content-Transfer-Encoding: base64",
        b"\xff",
        b"\x00",
        b"> ",
    ]
)


@settings(max_examples=300)
@given(st.lists(_PIECES | st.binary(max_size=20), max_size=60).map(b"".join))
def test_anything_is_a_mail(data: bytes) -> None:
    mail = read_mail(data)
    mail.text.encode()
    mail.subject.encode()
    assert mail.unquoted is None or mail.text.startswith(mail.unquoted)


HTML = b"Content-Type: text/html\r\n\r\n"
PLAIN = b"Content-Type: text/plain; format=flowed\r\n\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
BOMBS = [
    *(
        (HTML, piece)
        for piece in (b"<", b"<!--", b'<a "', b"<script>", b"<blockquote>", b"<br>", b"&#", b"<pre>\n", b'<"> ')
    ),
    *(
        (PLAIN, piece)
        for piece in (b"> ", b"a \n", b">\n", b"On wrote 1:\n", b"From: \n", b"\n", b" ", b"-", b"_", b"a")
    ),
    *(
        (MIXED, piece)
        for piece in (
            b"--b\n",
            b"--b",
            b"--b\r\n\r\n",
            b"\n--b x",
            b"--b\nContent-Type: multipart/mixed; boundary=b\n\n",
        )
    ),
    *(
        (b"", piece)
        for piece in (
            b'From: "\n',
            b"To: (",
            b"To: <",
            b"Subject: =?a?b?",
            b"References: <",
            b"a:\n",
            b"Content-Type: a;",
        )
    ),
    (b"Content-Transfer-Encoding: base64\n\n", b"A="),
    (b"Content-Transfer-Encoding: quoted-printable\n\n", b"=\n"),
]
BUDGET_S = 5.0
"""Linear time takes about 0.2 s for a megabyte, square time minutes: nothing here is near the line between them."""


@pytest.mark.parametrize(("head", "piece"), BOMBS, ids=range(len(BOMBS)))
def test_no_megabyte_takes_time_or_room(head: bytes, piece: bytes) -> None:
    data = head + piece * (MEGABYTE // len(piece))
    begin = time.process_time()
    read_mail(data)
    assert time.process_time() - begin < BUDGET_S


def test_a_thousand_nested_parts_take_no_time_and_no_stack() -> None:
    data = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth) for depth in range(20_000)
    )
    begin = time.process_time()
    assert "too_deep" in read_mail(data).faults
    assert time.process_time() - begin < BUDGET_S
