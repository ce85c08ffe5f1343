"""Names of attachments."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.names import safe_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bill.pdf", "bill.pdf"),
        ("Rechnung März.pdf", "Rechnung März.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\a.txt", "a.txt"),
        ("a:b.txt", "a_b.txt"),
        ("a\r\nb.txt", "a_b.txt"),
        ("a\x00.txt", "a_.txt"),
        ("txt\u202eexe.pdf", "txtexe.pdf"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        (".htaccess", "htaccess"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ("a" * 300, "a" * 120),
        ("..", "attachment-3.bin"),
        ("/", "attachment-3.bin"),
        ("???", "attachment-3.bin"),
        ("", "attachment-3.bin"),
        (None, "attachment-3.bin"),
    ],
)
def test_names_are_safe(name: str | None, expected: str) -> None:
    assert safe_name(name, "bin", 3) == expected


@given(st.text(max_size=400))
def test_no_name_leads_out_of_a_folder(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 120
    assert PurePosixPath(safe).parts == PureWindowsPath(safe).parts == (safe,)
    assert not PureWindowsPath(safe).is_reserved()
    assert safe.isprintable() or not any(ord(character) < 32 for character in safe)
    safe.encode()


def test_many_marks_on_one_letter_take_no_time() -> None:
    assert len(safe_name("e" + "\u0301" * 200_000 + ".txt")) <= 120
