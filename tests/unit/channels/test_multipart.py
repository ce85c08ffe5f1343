"""Forms with a file, read back by an independent reader."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.multipart import FormFile, write_form
from orchestra.errors import MalformedMessage

LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20)


def read(content_type: str, body: bytes) -> list[tuple[object, str | None, bytes]]:
    whole = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=policy.HTTP)
    found = []
    for part in whole.iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found.append((part.get_param("name", header="content-disposition"), part.get_filename(), payload))
    return found


@given(LINES, st.binary(max_size=200))
def test_a_form_holds_its_fields_and_its_file(text: str, data: bytes) -> None:
    file = FormFile(field="document", name="bill.pdf", content_type="application/pdf", data=data)
    assert read(*write_form({"chat_id": "77", "caption": text}, file)) == [
        ("chat_id", None, b"77"),
        ("caption", None, text.encode()),
        ("document", "bill.pdf", data),
    ]


def test_a_name_cannot_end_its_header() -> None:
    file = FormFile(field="f", name='a"; x="b', content_type="text/plain", data=b"")
    ((_, name, _),) = read(*write_form({}, file))
    assert name == "a%22; x=%22b"


@pytest.mark.parametrize(("name", "kind"), [("a\r\nX: y", "text/plain"), ("a", "text/plain\nX: y"), ("a\x00", "x/y")])
def test_a_line_end_is_refused(name: str, kind: str) -> None:
    with pytest.raises(MalformedMessage):
        write_form({}, FormFile(field="f", name=name, content_type=kind, data=b""))


def test_equal_forms_are_equal_bytes_and_others_have_another_boundary() -> None:
    file = FormFile(field="f", name="a", content_type="x/y", data=b"1")
    other = FormFile(field="f", name="a", content_type="x/y", data=b"2")
    assert write_form({"a": "b"}, file) == write_form({"a": "b"}, file)
    assert write_form({"a": "b"}, file)[0] != write_form({"a": "b"}, other)[0]
    assert b"1" not in repr(file).encode()
