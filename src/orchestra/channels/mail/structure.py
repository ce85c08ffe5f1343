"""The parts of a mail (RFC 2046), found by their boundaries: a tree that is bounded in depth and number."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

import attrs

from orchestra.channels.mail.bounds import Bounds
from orchestra.channels.mail.charsets import as_text
from orchestra.channels.mail.header import Header, split_header
from orchestra.channels.mail.parameters import Parameterised, parse_parameterised
from orchestra.channels.mail.words import unbase64

__all__ = ["Node", "parse_structure"]

_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}", re.ASCII)
_MULTIPART = "multipart/"
_LONGEST_BOUNDARY = 200
"""RFC 2046 (5.1.1) allows 70 characters; some mailers take more."""


@attrs.frozen
class Node:
    """A part of a mail, or the mail itself.

    Attributes:
        header: its own header; that of the whole mail at the root.
        type: its content type, as `text/plain`; that which it has by default where it states none.
        parameters: those of its content type.
        disposition: how it is to be shown, and the name of its file.
        body: its bytes, as they were transferred; empty if it holds other parts.
        children: the parts that it holds, in order.
    """

    header: Header
    type: str
    parameters: Parameterised = attrs.field(repr=False)
    disposition: Parameterised = attrs.field(repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    children: tuple[Node, ...] = ()

    @property
    def name(self) -> str | None:
        """The name of its file, as the mail says it."""
        return self.disposition.get("filename") or self.parameters.get("name")

    @property
    def is_attached(self) -> bool:
        """Whether it is a file and no part of what is read."""
        return self.disposition.value == "attachment" or self.name is not None or not self.type.startswith("text/")

    def content(self) -> bytes:
        """Give its bytes without their transfer encoding; what cannot be read so is left out."""
        encoding = self.header.raw("content-transfer-encoding").partition(";")[0].partition("(")[0].strip().lower()
        if encoding == "base64":
            return unbase64(self.body)
        return binascii.a2b_qp(self.body) if encoding == "quoted-printable" else self.body

    def text(self) -> str:
        """Give what it says, in its own charset."""
        return as_text(self.content(), self.parameters.get("charset"))

    def leaves(self) -> Iterator[Node]:
        """Give the parts that hold no others, in order: itself, if it holds none."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


@attrs.define
class _Reader:
    """Counts what was found, and remembers what was too much."""

    data: bytes
    bounds: Bounds
    parts: int = 0
    faults: list[str] = attrs.field(factory=list)

    def node(self, begin: int, end: int, depth: int, default: str) -> Node:
        header, body, is_cut = split_header(self.data, self.bounds, begin, end)
        if is_cut:
            self.faults.append("header_too_long")
        self.parts += 1
        parameters = parse_parameterised(header.raw("content-type"))
        disposition = parse_parameterised(header.raw("content-disposition"))
        kind = parameters.value if _TYPE.fullmatch(parameters.value) is not None else default
        children = self.children(body, end, kind, parameters, depth) if kind.startswith(_MULTIPART) else ()
        if kind.startswith(_MULTIPART) and not children:
            kind = "text/plain"  # it holds nothing that could be found: all that it says is read as it stands
        return Node(header, kind, parameters, disposition, b"" if children else self.data[body:end], children)

    def children(self, begin: int, end: int, kind: str, parameters: Parameterised, depth: int) -> tuple[Node, ...]:
        boundary = (parameters.get("boundary") or "").encode(errors="replace")
        if not 1 <= len(boundary) <= _LONGEST_BOUNDARY:
            self.faults.append("no_boundary")
            return ()
        if depth >= self.bounds.depth:
            self.faults.append("too_deep")
            return ()
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        found: list[Node] = []
        for piece_begin, piece_end in _pieces(self.data, boundary, begin, end):
            if self.parts >= self.bounds.parts:
                self.faults.append("too_many_parts")
                break
            found.append(self.node(piece_begin, piece_end, depth + 1, default))
        return tuple(found)


def parse_structure(data: bytes, bounds: Bounds) -> tuple[Node, tuple[str, ...]]:
    """Find the parts of a mail.

    Args:
        data: the whole mail.
        bounds: how deep and how many.

    Returns:
        The mail as a tree, and a word for each thing that was too much or not there. A mail inside of a mail is not
        looked into: it is a part that holds no others.

    Guarantees:
        Never raises. Time is linear in the size, times the depth at most.
    """
    reader = _Reader(data, bounds)
    root = reader.node(0, len(data), 0, "text/plain")
    return root, tuple(dict.fromkeys(reader.faults))


def _pieces(data: bytes, boundary: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the pieces between delimiter lines begin and end; the end of the body ends the last one, too."""
    delimiter = b"--" + boundary
    piece: int | None = None
    position = begin
    while (at := data.find(delimiter, position, end)) >= 0:
        position = at + len(delimiter)
        if at > begin and data[at - 1 : at] != b"\n":
            continue  # it stands in the middle of a line
        line_end = data.find(b"\n", position, end)
        rest = data[position : end if line_end < 0 else line_end].strip()
        if rest not in {b"", b"--"}:
            continue  # the line goes on: it is that of another boundary, which begins so
        if piece is not None:
            yield piece, max(piece, _before_line_end(data, at))
        if rest or line_end < 0:
            return
        piece = position = line_end + 1
    if piece is not None:
        yield piece, end


def _before_line_end(data: bytes, at: int) -> int:
    """The line end before a delimiter belongs to it (RFC 2046, section 5.1.1)."""
    return at - 2 if data[at - 2 : at] == b"\r\n" else at - 1
