"""The header of a mail or of one of its parts: its fields, unfolded, undecoded."""

from __future__ import annotations

import re

import attrs

from orchestra.channels.mail.bounds import Bounds
from orchestra.channels.mail.words import clean_line, decode_words

__all__ = ["Header", "split_header"]

_END = re.compile(rb"\n\r?\n")
_EMPTY_LINE = re.compile(rb"\r?\n")
_NEXT = re.compile(rb"\r?\n(?![ \t])")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_NAME = re.compile(rb"[!-9;-~]{1,200}")


@attrs.frozen
class Header:
    """Header fields in order, doubled ones kept: name in lower case, and what stands there, unfolded but undecoded."""

    fields: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a field of that name, which is given in lower case."""
        return any(found == name for found, _ in self.fields)

    def all(self, name: str) -> tuple[str, ...]:
        """Give what stands in every field of that name, as it stands there, first to last."""
        return tuple(value for found, value in self.fields if found == name)

    def raw(self, name: str) -> str:
        """Give what stands in the first field of that name, as it stands there; empty if there is none."""
        return next(iter(self.all(name)), "")

    def line(self, name: str) -> str:
        """Give what the first field of that name says, decoded, as one clean line; empty if there is none."""
        return clean_line(decode_words(self.raw(name)))


def split_header(data: bytes, bounds: Bounds, begin: int = 0, end: int | None = None) -> tuple[Header, int, bool]:
    """Split the bytes of a mail or part into header and body.

    Args:
        data: the bytes, lines ending in CRLF or LF.
        bounds: how long a header may be.
        begin: where in the bytes the mail or part begins.
        end: where it ends; None for the end of the bytes.

    Returns:
        The header, where the body begins, and whether some of the header was too long and left out. A line that is no
        field is skipped: a pipe from a mail server may begin with an envelope line (`From joe@example.com Mon ...`).
    """
    last = len(data) if end is None else end
    empty = _EMPTY_LINE.match(data, begin, last)
    if empty is not None:
        return Header(), empty.end(), False
    found = _END.search(data, begin, last)
    header_end = last if found is None else found.start()
    is_cut = header_end - begin > bounds.header_bytes
    lines = _NEXT.split(data[begin : min(header_end, begin + bounds.header_bytes)])
    fields = [field for field in map(_field, lines) if field is not None]
    return Header(tuple(fields)), last if found is None else found.end(), is_cut


def _field(line: bytes) -> tuple[str, str] | None:
    name, colon, value = line.partition(b":")
    name = name.rstrip(b" \t")
    if not colon or _NAME.fullmatch(name) is None:
        return None
    unfolded = _FOLD.sub(b"", value).strip(b" \t\r\n")
    return name.decode("ascii").lower(), _text(unfolded)


def _text(value: bytes) -> str:
    """Headers are ASCII or UTF-8 (RFC 6532); whatever else stands there is taken for Western."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", errors="replace")
