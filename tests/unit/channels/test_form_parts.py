"""Forms with files: what browsers send is read, and whatever else comes is refused."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from hypothesis import given, strategies as st
from tests.effort import assert_cheap

from orchestra.channels.form_parts import FormLimits, FormPart, read_parts
from orchestra.errors import MalformedMessage

LIMITS = FormLimits(max_bytes=10_000, max_parts=5, max_name=20, max_file_bytes=100)
KIND = "multipart/form-data; boundary=b"
FIELD = b'Content-Disposition: form-data; name="a"'


def written(*parts: tuple[bytes, bytes]) -> bytes:
    return b"".join(b"--b\r\n" + head + b"\r\n\r\n" + data + b"\r\n" for head, data in parts) + b"--b--\r\n"


def refused(body: bytes, kind: str = KIND) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as caught:
        read_parts(body, kind, LIMITS)
    return caught.value


# That client writes a backslash twice, which browsers do not.
NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\\"),
    min_size=1,
    max_size=9,
)


@given(st.dictionaries(NAMES, st.text(max_size=20), max_size=3), st.binary(max_size=50))
def test_what_a_client_of_others_writes_is_read(fields: dict[str, str], data: bytes) -> None:
    files: Any = {"file": ('my "file".pdf', data, "application/pdf")}
    request = httpx2.Request("POST", "https://x.example", data=fields, files=files)
    parts = read_parts(request.read(), request.headers["Content-Type"], LIMITS)
    assert {part.name: part.text for part in parts if part.file_name is None} == fields
    (file,) = [part for part in parts if part.file_name is not None]
    assert (file.name, file.file_name, file.content_type) == ("file", 'my "file".pdf', "application/pdf")
    assert file.data == data


def test_a_file_that_nobody_chose_is_none() -> None:
    head = b'Content-Disposition: form-data; name="f"; filename=""\r\nContent-Type: application/octet-stream'
    assert read_parts(written((head, b""), (FIELD, b"x")), KIND, LIMITS) == (FormPart(name="a", data=b"x"),)
    (kept,) = read_parts(written((head, b"y")), KIND, LIMITS)
    assert (kept.file_name, kept.data) == ("", b"y")


def test_an_empty_form_and_a_quoted_boundary_are_read() -> None:
    assert read_parts(b"--b--", KIND, LIMITS) == ()
    assert (
        read_parts(written((FIELD, b"x--b")), 'Multipart/Form-Data; charset=utf-8; boundary="b"', LIMITS)[0].text
        == "x--b"
    )


def test_what_may_be_is_read_and_one_more_is_not() -> None:
    file = b'Content-Disposition: form-data; name="f"; filename="x"'
    assert len(read_parts(written(*[(FIELD, b"")] * 5), KIND, LIMITS)) == 5
    assert refused(written(*[(FIELD, b"")] * 6)).reason == "more than 5 parts"
    assert refused(written(*[(FIELD, b"")] * 60)).reason == "more than 5 parts"
    assert len(read_parts(written((file, b"x" * 100)), KIND, LIMITS)[0].data) == 100
    too_large = refused(written((file, b"x" * 101)))
    assert (too_large.where, too_large.reason) == ("f", "may have 100 bytes")
    assert refused(b"x" * 10_001).reason == "larger than 10000 bytes"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n",
        b"--b--x",
        b"preamble\r\n--b--",
        written((FIELD, b"x")).removesuffix(b"--b--\r\n"),
        written((b"", b"x")),
        written((b"Content-Disposition: form-data", b"x")),
        written((b'Content-Disposition: attachment; name="a"', b"x")),
        written((b'Content-Disposition: form-data; name=""', b"x")),
        written((b'Content-Disposition: form-data; name="a"; name="b"', b"x")),
        written((b'Content-Disposition: form-data; name="a\xff"', b"x")),
        written((b'Content-Disposition: form-data; name="%0D%0A"', b"x")),
        written((b'Content-Disposition: form-data; name="' + b"a" * 21 + b'"', b"x")),
        written((FIELD + b"\r\n" + FIELD, b"x")),
        written((FIELD + b"\r\nContent-Transfer-Encoding: base64", b"eA==")),
        written((FIELD + b"\r\nContent-Type: multipart/mixed; boundary=c", b"--c--")),
        written((FIELD + b"\r\nContent-Type: nonsense", b"x")),
        written((FIELD + b"\r\nContent-Type: text/plain; charset=utf-7", b"x")),
        written((FIELD + b"\r\nContent-Type: text/plain" + b" " * 2_000, b"x")),
        b"--b\r\n" + FIELD + b"\r\n\nx\r\n--b--",
        b"--b " + FIELD + b"\r\n\r\nx\r\n--b--",
    ],
)
def test_what_no_browser_sends_is_refused(body: bytes) -> None:
    assert refused(body).where == "body"


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="' + "b" * 71 + '"',
        "text/plain",
    ],
)
def test_without_a_boundary_nothing_is_read(kind: str) -> None:
    assert refused(b"--b--", kind).reason == "needs a boundary"


def test_a_value_that_is_no_text_is_told_without_it() -> None:
    (part,) = read_parts(written((FIELD, b"\xff")), KIND, LIMITS)
    with pytest.raises(MalformedMessage, match="no text") as caught:
        _ = part.text
    assert caught.value.__cause__ is None


@given(st.lists(st.sampled_from([b"--b", b"\r\n", b"--", FIELD, b'; filename="x"', b"x", b"\xff", b"Content-Type: "])))
def test_any_bytes_are_a_form_or_malformed(pieces: list[bytes]) -> None:
    try:
        parts = read_parts(b"".join(pieces), KIND, LIMITS)
    except MalformedMessage:
        return
    assert all(part.name for part in parts)


@pytest.mark.fuzz
@pytest.mark.parametrize("piece", [b"\r\n--b", b"--b\r\n", b"\r\n\r\n", b'; name="a"', b"a:b\r\n"])
def test_a_megabyte_costs_little(piece: bytes) -> None:
    wide = FormLimits(max_bytes=2_000_000, max_parts=100, max_name=20, max_file_bytes=2_000_000)
    for before in (b"--b\r\n", b"--b\r\n" + FIELD, b"--b\r\n" + FIELD + b"\r\n\r\n"):
        body = before + piece * (1_000_000 // len(piece)) + b"\r\n--b--"

        def work(body: bytes = body) -> None:
            try:
                read_parts(body, KIND, wide)
            except MalformedMessage:
                return

        assert_cheap(work)
