"""Which parts are read, and which are files."""

from __future__ import annotations

from email.message import EmailMessage

from orchestra.channels.mail.body import attachments_of, text_of
from orchestra.channels.mail.bounds import USUAL, Bounds
from orchestra.channels.mail.structure import Node, parse_structure


def root(data: bytes | EmailMessage) -> Node:
    return parse_structure(data if isinstance(data, bytes) else data.as_bytes(), USUAL)[0]


def said(data: bytes | EmailMessage, bounds: Bounds = USUAL) -> str:
    return text_of(root(data), bounds)[0]


def files(data: bytes | EmailMessage) -> list[tuple[str, str, bytes]]:
    return [(file.name, file.content_type, file.data) for file in attachments_of(root(data), USUAL)[0]]


def alternative(plain: str, markup: str) -> EmailMessage:
    mail = EmailMessage()
    mail.set_content(plain)
    mail.add_alternative(markup, subtype="html")
    return mail


def test_of_alternatives_the_plain_one_is_read() -> None:
    assert said(alternative("Hello", "<p>Hi</p>")) == "Hello"
    assert said(alternative("", "<p>Hi</p>")) == "Hi"
    assert said(alternative("", "")) == ""
    assert files(alternative("Hello", "<p>Hi</p>")) == []


def test_html_alone_is_read_as_words() -> None:
    assert said(b"Content-Type: text/html\n\n<p>Hi<br>Joe</p>") == "Hi\nJoe"


def test_texts_between_files_are_all_read() -> None:
    mail = EmailMessage()
    mail.set_content("one")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="a.png")
    part = EmailMessage()
    part.set_content("two")
    mail.attach(part)
    assert said(mail) == "one\ntwo"
    assert files(mail) == [("a.png", "image/png", b"\x89PNG")]


def test_pictures_in_the_text_are_files_with_what_they_are_called_by() -> None:
    mail = alternative("", "<img src=cid:x>Hi")
    payload = mail.get_payload()
    assert isinstance(payload, list)
    payload[1].add_related(b"GIF", maintype="image", subtype="gif", cid="<x@here>")
    (file,), _ = attachments_of(root(mail), USUAL)
    assert (file.name, file.content_id) == ("attachment-1.gif", "x@here")
    assert said(mail) == "Hi"


def test_mails_in_a_mail_are_files() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\n\n"
    data = head + b"--b\n\nsee\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--"
    assert files(data) == [("attachment-1.eml", "message/rfc822", b"Subject: x\n\ny")]
    assert said(data) == "see"


def test_files_of_one_name_get_different_ones() -> None:
    mail = EmailMessage()
    mail.set_content("x")
    for _ in range(3):
        mail.add_attachment(b"1", maintype="application", subtype="x.y+z", filename="A.bin")
    assert [name for name, _, _ in files(mail)] == ["A.bin", "2-A.bin", "3-A.bin"]


def test_a_text_file_is_a_file_and_not_read() -> None:
    mail = EmailMessage()
    mail.set_content("x")
    mail.add_attachment("secret", filename="a.txt")
    assert said(mail) == "x"
    assert [name for name, _, _ in files(mail)] == ["a.txt"]


def test_lines_end_in_a_line_feed_and_the_last_one_in_none() -> None:
    assert said(b"\r\na\r\nb\rc\r\n") == "a\nb\rc"
    assert said(b"\r\na\r\n\r\n") == "a\n"


def test_flowed_text_is_put_together() -> None:
    assert said(b"Content-Type: text/plain; format=Flowed\n\none \ntwo\n") == "one two"
    assert said(b"Content-Type: text/plain; format=flowed; delsp=yes\n\none \ntwo\n") == "onetwo"


def test_long_texts_are_cut_between_characters() -> None:
    bounds = Bounds(text_bytes=5)
    assert text_of(root(b"\n12345"), bounds) == ("12345", False)
    assert text_of(root(b"\n123456"), bounds) == ("12345", True)
    assert text_of(root("\näää".encode()), bounds) == ("ää", True)
    assert text_of(root(b"Content-Type: text/html\n\n" + b"<b>" * 20 + b"x"), bounds) == ("<", True)


def test_no_more_files_are_taken_than_allowed() -> None:
    mail = EmailMessage()
    mail.set_content("x")
    for number in range(5):
        mail.add_attachment(b"1", maintype="a", subtype="b", filename=f"{number}")
    found, are_too_many = attachments_of(root(mail), Bounds(attachments=3))
    assert ([file.name for file in found], are_too_many) == (["0", "1", "2"], True)
