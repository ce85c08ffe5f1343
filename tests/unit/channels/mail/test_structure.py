"""The parts of a mail."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage, Message

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.bounds import USUAL, Bounds
from orchestra.channels.mail.structure import Node, parse_structure


def tree(data: bytes, bounds: Bounds = USUAL) -> object:
    return shape(parse_structure(data, bounds)[0])


def shape(node: Node) -> object:
    return (node.type, [shape(child) for child in node.children]) if node.children else (node.type, node.content())


MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def test_a_mail_without_parts_is_one() -> None:
    assert tree(b"Subject: x\r\n\r\nHello\r\n") == ("text/plain", b"Hello\r\n")
    assert tree(b"Content-Type: nonsense\r\n\r\nHello") == ("text/plain", b"Hello")
    assert tree(b"") == ("text/plain", b"")


def test_parts_stand_between_their_boundaries() -> None:
    begin = b"preamble\r\n--b\r\n\r\none\r\n--b  \r\nContent-Type: text/html\r\n\r\n"
    body = begin + b"two\r\n\r\n--b--\r\nepilogue\r\n--b\r\n\r\nno"
    assert tree(MIXED + body) == ("multipart/mixed", [("text/plain", b"one"), ("text/html", b"two\r\n")])


def test_a_boundary_in_a_line_is_none() -> None:
    body = b"--b\n\na --b\n--bc\nd\n--b--\n"
    assert tree(MIXED + body) == ("multipart/mixed", [("text/plain", b"a --b\n--bc\nd")])


def test_what_is_not_closed_ends_with_the_mail() -> None:
    assert tree(MIXED + b"--b\n\none\n--b\n\ntwo") == (
        "multipart/mixed",
        [("text/plain", b"one"), ("text/plain", b"two")],
    )
    assert tree(MIXED + b"--b\n\none\n--b") == ("multipart/mixed", [("text/plain", b"one")])
    assert tree(MIXED + b"--b\n--b\n") == ("multipart/mixed", [("text/plain", b""), ("text/plain", b"")])


def test_parts_in_parts_end_with_the_outer_one() -> None:
    inner = b"--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--b\n\ntwo\n--b--\n"
    assert tree(MIXED + inner) == (
        "multipart/mixed",
        [("multipart/alternative", [("text/plain", b"one")]), ("text/plain", b"two")],
    )


def test_mails_in_a_digest_are_mails() -> None:
    data = b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b--\n"
    assert tree(data) == ("multipart/digest", [("message/rfc822", b"Subject: x\n\ny")])


@pytest.mark.parametrize(
    "field", [b"multipart/mixed", b'multipart/mixed; boundary=""', b"multipart/mixed; boundary=" + b"x" * 300]
)
def test_without_a_boundary_all_is_text(field: bytes) -> None:
    root, faults = parse_structure(b"Content-Type: " + field + b"\n\n--b\n\nHello", USUAL)
    assert (root.type, root.content()) == ("text/plain", b"--b\n\nHello")
    assert faults == ("no_boundary",)


def test_depth_and_number_of_parts_are_bounded() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth) for depth in range(1_000)
    )
    root, faults = parse_structure(deep, USUAL)
    assert faults == ("too_deep",)
    depth = 0
    while root.children:
        (root,) = root.children
        depth += 1
    assert depth == USUAL.depth
    wide, faults = parse_structure(MIXED + b"--b\n\nx\n" * 1_000, USUAL)
    assert len(wide.children) == USUAL.parts - 1
    assert faults == ("too_many_parts",)


def test_a_long_header_of_a_part_is_a_fault() -> None:
    _, faults = parse_structure(MIXED + b"--b\nX: " + b"y" * 100_000 + b"\n\nz\n--b--", USUAL)
    assert faults == ("header_too_long",)


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("base64", b"SGVsbG8=\r\n", b"Hello"),
        ("BASE64 ", b"SGVsbG8", b"Hello"),
        ("quoted-printable", b"Gr=C3=BC=\r\n=C3=9Fe=2", "Grüße=2".encode()),
        ("8bit", b"\xff", b"\xff"),
        ("x-uuencode", b"begin", b"begin"),
        ("", b"a", b"a"),
    ],
)
def test_transfer_encodings_are_read(encoding: str, body: bytes, expected: bytes) -> None:
    root, _ = parse_structure(f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body, USUAL)
    assert root.content() == expected


def test_what_has_a_name_is_a_file() -> None:
    def leaf(header: bytes) -> Node:
        return parse_structure(header + b"\n\nx", USUAL)[0]

    assert not leaf(b"Content-Type: text/plain").is_attached
    assert not leaf(b"Content-Type: text/html\nContent-Disposition: inline").is_attached
    assert leaf(b"Content-Type: text/plain; name=a.txt").is_attached
    assert leaf(b"Content-Disposition: attachment").is_attached
    assert leaf(b"Content-Type: image/png").is_attached
    assert leaf(b"Content-Type: text/plain; name=a.txt\nContent-Disposition: inline; filename=b.txt").name == "b.txt"


def test_text_is_read_in_its_charset() -> None:
    data = "Content-Type: text/plain; charset=iso-8859-1\n\nGrüße".encode("latin-1")
    assert parse_structure(data, USUAL)[0].text() == "Grüße"


_TEXTS = st.text(st.sampled_from("ab-=\n üñ日"), min_size=1, max_size=40)


@given(st.recursive(_TEXTS, lambda children: st.lists(children, min_size=1, max_size=3), max_leaves=8))
def test_what_the_standard_library_writes_is_read_alike(content: object) -> None:
    data = written(content).as_bytes()
    assert shape(parse_structure(data, USUAL)[0]) == oracle(message_from_bytes(data))


def written(content: object) -> EmailMessage:
    mail = EmailMessage()
    if isinstance(content, str):
        mail.set_content(content)
    else:
        assert isinstance(content, list)
        mail.make_mixed()
        for child in content:
            mail.attach(written(child))
    return mail


def oracle(mail: Message) -> object:
    if mail.is_multipart():
        children = mail.get_payload()
        assert isinstance(children, list)
        return mail.get_content_type(), [oracle(child) for child in children if isinstance(child, Message)]
    return mail.get_content_type(), mail.get_payload(decode=True)


@given(
    st.lists(st.sampled_from([b"--b", b"--", b"\r\n", b"\n", b"Content-Type: multipart/mixed; boundary=b", b" ", b"x"]))
)
def test_anything_has_parts(pieces: list[bytes]) -> None:
    root, _ = parse_structure(MIXED + b"".join(pieces), Bounds(depth=3, parts=10))
    assert sum(1 for _ in root.leaves()) <= 10
