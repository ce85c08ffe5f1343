"""What mail systems report."""

from __future__ import annotations

import pytest
from tests.unit.channels.mail.mail_samples import report, written

from orchestra.channels.mail.bounds import USUAL
from orchestra.channels.mail.reading import read_mail
from orchestra.channels.mail.reports import Report, Told, report_of

FAILED = """
Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 30 Nov 2026 10:00:00 +0000

Original-Recipient: rfc822;joe@example.com
Final-Recipient: rfc822; joe.doe@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
"""


def reported(data: bytes) -> Report | None:
    return report_of(read_mail(data), USUAL)


def only(groups: str) -> Told:
    found = reported(report("delivery-status", f"Reporting-MTA: dns; x\n\n{groups}"))
    assert found is not None
    (told,) = found.told
    return told


def test_an_ordinary_mail_reports_nothing() -> None:
    assert reported(written()) is None
    assert reported(written(From="MAILER-DAEMON@mx.example", Return_Path="<>")) is None


def test_a_failure_names_mail_recipient_and_reason() -> None:
    found = reported(report("delivery-status", FAILED, "Message-ID: <1@shop.example>\nSubject: x"))
    told = Told(recipient="joe@example.com", action="failed", status="5.1.1", is_permanent=True)
    assert found == Report(kind="delivery-status", message_ids=("<1@shop.example>",), told=(told,))


def test_the_whole_mail_may_come_back() -> None:
    data = report("delivery-status", FAILED, "Message-ID: <1@shop.example>\n\nbody").replace(
        b"text/rfc822-headers", b"message/rfc822"
    )
    found = reported(data)
    assert found is not None
    assert found.message_ids == ("<1@shop.example>",)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (
            "Final-Recipient: rfc822; a@b.example\nAction: delayed\nStatus: 4.4.1",
            ("a@b.example", "delayed", "4.4.1", False),
        ),
        (
            "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 4.4.7",
            ("a@b.example", "failed", "4.4.7", False),
        ),
        (
            "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.2.2",
            ("a@b.example", "failed", "5.2.2", True),
        ),
        ("Action: Failed\nDiagnostic-Code: smtp; 550 5.7.1 no", (None, "failed", "5.7.1", True)),
        ("Action: failed\nDiagnostic-Code: smtp; 550 no", (None, "failed", None, True)),
        ("Action: failed\nDiagnostic-Code: smtp; 450 later", (None, "failed", None, False)),
        ("Action: failed", (None, "failed", None, False)),
        ("Action: delivered\nStatus: 2.0.0", (None, "delivered", "2.0.0", False)),
        ("Final-Recipient: x-local; nobody\nAction: relayed\nStatus: nonsense", (None, "relayed", None, False)),
        ("Action: delayed\nStatus: 5.0.0", (None, "delayed", "5.0.0", False)),
    ],
)
def test_what_became_of_it(group: str, expected: tuple[str | None, str, str | None, bool]) -> None:
    told = only(group)
    assert (told.recipient, told.action, told.status, told.is_permanent) == expected


@pytest.mark.parametrize(
    ("status", "is_gone"),
    [
        *((f"5.1.{detail}", True) for detail in (1, 2, 3, 6, 10)),
        *((status, False) for status in ("5.1.0", "5.1.7", "5.1.8", "5.2.1", "5.2.2", "5.7.1", "4.1.1", "5.1.11")),
    ],
)
def test_only_what_says_that_there_is_no_such_address_gives_one_up(status: str, is_gone: bool) -> None:
    assert only(f"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: {status}").is_undeliverable is is_gone
    assert not only(f"Final-Recipient: rfc822; a@b.example\nAction: delayed\nStatus: {status}").is_undeliverable


def test_each_recipient_has_a_group() -> None:
    groups = "\n\n".join(
        f"Final-Recipient: rfc822; p{number}@b.example\nAction: failed\nStatus: 5.1.1" for number in range(150)
    )
    found = reported(report("delivery-status", f"Reporting-MTA: dns; x\n\n{groups}"))
    assert found is not None
    assert [told.recipient for told in found.told] == [f"p{number}@b.example" for number in range(100)]


def test_a_reading_program_says_that_it_was_seen() -> None:
    who = "Final-Recipient: rfc822; joe@example.com\nOriginal-Message-ID: <1@shop.example>"
    seen = f"{who}\nDisposition: manual-action/MDN-sent-manually; displayed"
    found = reported(report("disposition-notification", seen))
    assert found == Report(
        kind="disposition-notification",
        message_ids=("<1@shop.example>",),
        told=(Told(recipient="joe@example.com", action="displayed"),),
    )
    deleted = reported(report("disposition-notification", seen.replace("displayed", "deleted")))
    assert deleted is not None
    assert deleted.told == ()


def test_other_reports_have_their_own_word() -> None:
    assert reported(report("feedback-report", "Feedback-Type: abuse")) == Report(kind="feedback-report")
    assert reported(written("x", {"Content-Type": "multipart/report; boundary=b"})) is None  # nothing of it is there
    empty = reported(written("--b\r\n\r\nx\r\n--b--", {"Content-Type": "multipart/report; boundary=b"}))
    assert empty == Report(kind="unknown")
    assert reported(report("delivery-status", "")) == Report(kind="delivery-status")
