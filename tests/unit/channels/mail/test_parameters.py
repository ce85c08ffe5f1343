"""Content types and dispositions with their parameters."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.parameters import parse_parameterised


@pytest.mark.parametrize(
    ("field", "value", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ("Text/PLAIN; Charset=UTF-8; format=flowed", "text/plain", {"charset": "UTF-8", "format": "flowed"}),
        ('attachment; filename="a;b.txt"', "attachment", {"filename": "a;b.txt"}),
        (r'attachment; filename="a\"b.txt"', "attachment", {"filename": 'a"b.txt'}),
        ("attachment; filename*=utf-8''%C3%BC.txt", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename=plain.txt; filename*=utf-8''%C3%BC.txt", "attachment", {"filename": "ü.txt"}),
        ('attachment; filename*1="b.txt"; filename*0="a"', "attachment", {"filename": "ab.txt"}),
        ("attachment; filename*0*=latin1''%FC; filename*1=x.txt", "attachment", {"filename": "üx.txt"}),
        ("attachment; filename*=%41", "attachment", {"filename": "A"}),
        ('attachment; filename="=?utf-8?q?=C3=BC?="', "attachment", {"filename": "ü"}),
        ("attachment; filename=a; filename=b", "attachment", {"filename": "a"}),
        ("text/plain (comment)", "text/plain", {}),
        ("text/plain; charset", "text/plain", {}),
        ('a; b="unfinished', "a", {"b": "unfinished"}),
        ("a; *=x; b**=y; c*1000=z", "a", {}),
        ("attachment; filename*=utf-8''a%0D%0Ab", "attachment", {"filename": "a b"}),
        ("", "", {}),
    ],
)
def test_fields_are_read(field: str, value: str, parameters: dict[str, str]) -> None:
    found = parse_parameterised(field)
    assert (found.value, found.parameters) == (value, parameters)


def test_what_is_empty_is_not_set() -> None:
    found = parse_parameterised('a; b=""')
    assert found.get("b") is None
    assert found.get("c") is None


@given(st.text(st.sampled_from("ab .;=\"'\\%*üñ日"), min_size=1, max_size=60).map(lambda text: " ".join(text.split())))
def test_file_names_that_the_standard_library_writes_are_read(name: str) -> None:
    mail = EmailMessage()
    mail.add_header("Content-Disposition", "attachment", filename=name)
    field = mail.as_bytes().partition(b"Content-Disposition: ")[2].partition(b"\n\n")[0].replace(b"\n", b"").decode()
    assert (parse_parameterised(field).get("filename") or "") == name


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    parse_parameterised(text)
