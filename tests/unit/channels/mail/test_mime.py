"""The bytes of a mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from hypothesis import example, given, strategies as st

from orchestra.channels.mail.addresses import Mailbox, parse_addresses
from orchestra.channels.mail.bounds import USUAL
from orchestra.channels.mail.header import split_header
from orchestra.channels.mail.mime import address_field, ascii_domain, date_field, field, file_part, holding, text_part
from orchestra.channels.mail.reading import read_date, read_mail

LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)


def value(written: str) -> str:
    """What stands in a field, as one that reads it by the standard finds it."""
    header, _, _ = split_header(written.encode(), USUAL)
    return header.fields[0][1]


def assert_lines_are_short(written: str, most: int = 998) -> None:
    assert all(len(line) <= most for line in written.split("\r\n"))
    assert "\n" not in written.replace("\r\n", "")


@given(LINES)
@example("=?utf-8?q?a?=")
@example(" two  spaces ")
@example("x" * 2_000)
@example("a=?b")
def test_words_are_read_as_written(text: str) -> None:
    written = field("Subject", text, is_text=True)
    assert_lines_are_short(written)
    assert written.isascii()
    header, _, _ = split_header(written.encode() + b"\r\n", USUAL)
    assert str(make_header(decode_header(value(written)))) == text
    assert (
        header.line("subject") == " ".join(" ".join(text.split(" ")).split())
        or "\u00a0" in text
        or not text.isprintable()
    )


def test_plain_words_stay_readable() -> None:
    assert field("Subject", "Your order", is_text=True) == "Subject: Your order\r\n"
    folded = field("Subject", "word " * 40 + "end", is_text=True)
    assert all(len(line) <= 78 for line in folded.split("\r\n"))
    assert value(folded) == "word " * 40 + "end"
    assert field("X", "") == "X: \r\n"


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=60)


@given(NAMES)
@example('Doe, Joe "J" \\')
@example("=?utf-8?q?a?=")
@example("joe@example.com")
def test_a_name_beside_an_address_is_no_address(name: str) -> None:
    written = address_field("To", Mailbox("joe@example.com", name))
    assert written.isascii()
    (read,) = parse_addresses(value(written), 5)
    assert read.address == "joe@example.com"
    assert (read.name or "").split() == name.split() or not name.isprintable()


def test_an_address_alone_stands_alone() -> None:
    assert address_field("To", Mailbox("joe@example.com")) == "To: joe@example.com\r\n"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("joe@example.com", "joe@example.com"),
        ("joe@bücher.example", "joe@xn--bcher-kva.example"),
        ("joe@straße.example", "joe@xn--strae-oqa.example"),
        ("jö@bücher.example", "jö@xn--bcher-kva.example"),
        ("jö@example.com", "jö@example.com"),
    ],
)
def test_domains_are_written_in_ascii(address: str, expected: str) -> None:
    assert ascii_domain(address) == expected


@given(st.datetimes(datetime(1971, 1, 1), datetime(9999, 1, 1)))  # noqa: DTZ001 - the zone follows
def test_dates_are_read_as_written(naive: datetime) -> None:
    at = naive.replace(tzinfo=UTC, microsecond=0)
    assert read_date(value(date_field(at))) == at


def test_a_date_is_written_as_the_standard_says() -> None:
    assert date_field(datetime(2026, 11, 5, 9, 8, 7, tzinfo=UTC)) == "Date: Thu, 05 Nov 2026 09:08:07 +0000\r\n"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)


@given(TEXTS)
@example("From here\n.\n-- \ntrailing \t\n\n")
@example("a\rb\r\nc")
@example("\ufeffmarked")
@example("=3D=\n")
@example("x" * 2_000 + "ü" * 500)
def test_texts_are_read_as_written(text: str) -> None:
    written = text_part(text)
    assert written.isascii()
    assert_lines_are_short(written)
    assert read_mail(written.encode()).text == text
    mail = cast("EmailMessage", message_from_bytes(written.encode(), policy=default))
    oracle = mail.get_payload(decode=True)
    assert isinstance(oracle, bytes)
    lines = oracle.decode().removeprefix("\ufeff" if text.startswith("\ufeff") else "")
    assert lines.replace("\r\n", "\n").removesuffix("\n") == text


def test_plain_text_stays_readable() -> None:
    assert text_part("Hello\n\nJoe").endswith("7bit\r\n\r\nHello\r\n\r\nJoe\r\n")
    assert "quoted-printable" in text_part("Grüße")
    assert "quoted-printable" in text_part("x" * 79)
    assert "quoted-printable" in text_part("\nFrom here")
    assert "quoted-printable" in text_part("end \n")
    assert "7bit" in text_part("from here\nHello From")


@given(st.binary(max_size=500), LINES.filter(bool))
@example(b"", 'a"b\\c.txt')
@example(b"x", "a  b.txt")
@example(b"x", "Rechnung März 2026 mit einem sehr langen Namen, der nicht in eine Zeile passt.pdf")
def test_files_are_read_as_written(data: bytes, name: str) -> None:
    written = file_part(data, "application/pdf", name)
    assert_lines_are_short(written)
    (file,) = read_mail(written.encode()).attachments
    assert (file.data, file.content_type) == (data, "application/pdf")
    mail = cast("EmailMessage", message_from_bytes(written.encode(), policy=default))
    assert mail.get_payload(decode=True) == data


def test_a_name_is_written_for_all_programs() -> None:
    assert 'filename="bill.pdf"' in file_part(b"", "a/b", "bill.pdf")
    both = file_part(b"", "a/b", "März.pdf")
    assert 'filename="M_rz.pdf"' in both
    assert "filename*=utf-8''M%C3%A4rz.pdf" in both.replace("\r\n", "")


@pytest.mark.parametrize("kind", ["nonsense", "a/b\r\nBcc: x", "", "text/plain; x=y", "a/b/c"])
def test_what_is_no_content_type_is_not_written(kind: str) -> None:
    assert file_part(b"", kind, "a").startswith("Content-Type: application/octet-stream\r\n")


def test_parts_are_held_by_their_boundary() -> None:
    written = holding(
        "mixed", "b", [text_part("one"), file_part(b"two", "a/b", "c"), holding("alternative", "i", [text_part("x")])]
    )
    root = read_mail(written.encode()).root
    assert (root.type, [child.type for child in root.children]) == (
        "multipart/mixed",
        ["text/plain", "a/b", "multipart/alternative"],
    )
    assert root.children[0].content() == b"one"
