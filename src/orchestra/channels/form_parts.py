"""Forms with files, as browsers send them (`multipart/form-data`, RFC 7578), read within bounds.

One pass over the bytes, which are never decoded but where a field's value is wanted. Whatever browsers do not send is
refused: parts inside of parts, transfer encodings, header fields without end.
"""

from __future__ import annotations

import re

import attrs

from orchestra.errors import MalformedMessage

__all__ = ["FormLimits", "FormPart", "read_parts"]

_BOUNDARY = re.compile(r""";\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))\s*(?=;|$)""", re.IGNORECASE)
_DISPOSITION = re.compile(rb'form-data((?:\s*;\s*[a-z]{1,20}="[^"\r\n]*")*)\s*', re.IGNORECASE)
_PARAMETER = re.compile(rb';\s*([a-z]{1,20})="([^"\r\n]*)"', re.IGNORECASE)
_TYPE = re.compile(rb"([\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100})\s*(?:;.{0,200})?")
_CHARSET = re.compile(rb'charset="?([\w-]+)"?', re.IGNORECASE)
_LONGEST_HEADER = 2_000
_MOST_HEADERS = 5
_KNOWN = frozenset({b"content-disposition", b"content-type", b"content-length"})
_ESCAPES = ((b"%22", b'"'), (b"%0D", b"\r"), (b"%0A", b"\n"))
"""How browsers write what would end a name (WHATWG HTML, 4.10.21.8)."""


@attrs.frozen(kw_only=True)
class FormLimits:
    """How much of a form is read at most: bytes of the whole, parts, characters of a field's name, bytes of a file."""

    max_bytes: int
    max_parts: int
    max_name: int
    max_file_bytes: int


@attrs.frozen(kw_only=True)
class FormPart:
    """A field of a form, or one of its files.

    Attributes:
        name: of the field.
        data: its bytes; of a field, the UTF-8 of its value.
        file_name: what the file is called, as the browser says; None for a field.
        content_type: what the file is said to be, in lower case; None if nothing is said.
    """

    name: str
    data: bytes = attrs.field(repr=False)
    file_name: str | None = attrs.field(default=None, repr=False)
    content_type: str | None = None

    @property
    def text(self) -> str:
        """The value of a field.

        Raises:
            MalformedMessage: it is no text.
        """
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            raise MalformedMessage("body", "a field is no text in UTF-8") from None


def read_parts(body: bytes, content_type: str, limits: FormLimits) -> tuple[FormPart, ...]:
    """Read a form's parts, in order. A file that nobody has chosen, without name and bytes, is left out.

    Args:
        body: as it was sent.
        content_type: the request's, with its boundary.
        limits: how much.

    Raises:
        MalformedMessage: it is too large, has too many parts, or is no such form; a file that is too large is named by
            its field.

    Guarantees:
        Time and memory are linear in the size.
    """
    if len(body) > limits.max_bytes:
        raise MalformedMessage("body", f"larger than {limits.max_bytes} bytes")
    found = _BOUNDARY.search(content_type[:_LONGEST_HEADER])
    if found is None:
        raise MalformedMessage("body", "needs a boundary")
    delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1", "replace")
    before, *pieces = (b"\r\n" + body).split(delimiter, limits.max_parts + 2)
    if len(pieces) > limits.max_parts + 1:
        raise MalformedMessage("body", f"more than {limits.max_parts} parts")
    if before or not pieces or pieces[-1].strip() != b"--":
        raise MalformedMessage("body", "is no form")
    parts = [_part(piece, limits) for piece in pieces[:-1]]
    return tuple(part for part in parts if part.file_name != "" or part.data)


def _part(piece: bytes, limits: FormLimits) -> FormPart:
    head, end, data = piece[: _LONGEST_HEADER + 4].partition(b"\r\n\r\n")
    if not piece.startswith(b"\r\n") or not end:
        raise MalformedMessage("body", "a part has no header, or one without end")
    headers = _headers(head[2:])
    disposition = _DISPOSITION.fullmatch(headers.get(b"content-disposition", b""))
    given = [] if disposition is None else _PARAMETER.findall(disposition[1])
    parameters = {name.lower(): value for name, value in given}
    if b"name" not in parameters or len(parameters) != len(given):
        raise MalformedMessage("body", "a part has no name")
    name, file_name = _said(parameters[b"name"]), parameters.get(b"filename")
    if not 0 < len(name) <= limits.max_name or not name.isprintable():
        raise MalformedMessage("body", "the name of a field cannot be used")
    data, kind = piece[len(head) + 4 :], _content_type(headers.get(b"content-type"))
    if file_name is None:
        return FormPart(name=name, data=data, content_type=kind)
    if len(data) > limits.max_file_bytes:
        raise MalformedMessage(name, f"may have {limits.max_file_bytes} bytes")
    return FormPart(name=name, data=data, file_name=_said(file_name), content_type=kind)


def _headers(head: bytes) -> dict[bytes, bytes]:
    lines = head.split(b"\r\n")
    pairs = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    headers = dict(pairs)
    if len(pairs) > _MOST_HEADERS or len(headers) != len(pairs) or not headers.keys() <= _KNOWN:
        raise MalformedMessage("body", "a part has a header that no browser sends")
    return headers


def _content_type(value: bytes | None) -> str | None:
    if value is None:
        return None
    found = _TYPE.fullmatch(value)
    charset = _CHARSET.search(value)
    if found is None or value.lower().startswith(b"multipart/"):
        raise MalformedMessage("body", "a part is of a type that no browser sends")
    if charset is not None and charset[1].lower() not in (b"utf-8", b"us-ascii"):
        raise MalformedMessage("body", "must be in UTF-8")
    return found[1].decode("ascii").lower()


def _said(raw: bytes) -> str:
    for written, meant in _ESCAPES:
        raw = raw.replace(written, meant)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise MalformedMessage("body", "a name is no text in UTF-8") from None
