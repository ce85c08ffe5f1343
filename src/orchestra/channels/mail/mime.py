"""Writing a mail's bytes: header fields, texts, files, and parts that hold others.

Written here and not by the standard library, whose folding differs from one Python to the next: the same mail has the
same bytes everywhere. No value may hold a line end; whoever calls refuses those first.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from orchestra.channels.mail.addresses import Mailbox

__all__ = ["address_field", "ascii_domain", "date_field", "field", "file_part", "holding", "text_part"]

_WIDTH = 76
_LONGEST_LINE = 998
"""Characters of a line without its end (RFC 5322, section 2.1.1)."""
_WORD_BYTES = 45
"""Of text in an encoded word, which may have 75 characters in all (RFC 2047, section 2)."""
_PLAIN = re.compile(r"[ -~]*")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
# Some servers drop spaces at the end of a line, and put a mark before a line that begins with `From`.
_LINE = re.compile(r"(?!From )(?:[\t -~]{0,77}[!-~])?")
_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}", re.ASCII)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def field(name: str, value: str, *, is_text: bool = False) -> str:
    """Write a header field, folded at its spaces.

    Args:
        name: of the field.
        value: what stands there: one line.
        is_text: words for people, which are encoded where they are not ASCII, or look as if they were encoded.
    """
    written = _encoded(value) if is_text and not _is_plain(value) else value
    lines, line = [], f"{name}:"
    for word in written.split(" "):
        if len(line) + 1 + len(word) > _WIDTH and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    return "\r\n".join([*lines, line]) + "\r\n"


def _is_plain(value: str) -> bool:
    is_short = all(len(word) <= _LONGEST_LINE // 2 for word in value.split(" "))
    # Two spaces in a row, or one at an end, would not survive folding.
    is_even = value == " ".join(value.split(" ")) and "  " not in value and value == value.strip()
    return _PLAIN.fullmatch(value) is not None and "=?" not in value and is_short and is_even


def _encoded(value: str) -> str:
    """Encoded words, none of which breaks a character."""
    words, current = [], b""
    for character in value:
        raw = character.encode()
        if len(current) + len(raw) > _WORD_BYTES:
            words.append(current)
            current = b""
        current += raw
    return " ".join(f"=?utf-8?b?{_base64(word)}?=" for word in [*words, current])


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def address_field(name: str, mailbox: Mailbox) -> str:
    """Write a field with one address and the name beside it."""
    if mailbox.name is None:
        return field(name, mailbox.address)
    return field(name, f"{_phrase(mailbox.name)} <{mailbox.address}>")


def _phrase(name: str) -> str:
    if not _is_plain(name):
        return _encoded(name)
    if _ATOM.fullmatch(name) is not None:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def ascii_domain(address: str) -> str:
    """Give an address with its domain in ASCII, as servers know it; the part before the @ stays.

    Labels are written as they are (RFC 5891): `ß` stays a letter of its own, which the standard library's codec takes
    for `ss`, and so for another domain.
    """
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    labels = [
        label if label.isascii() else f"xn--{label.lower().encode('punycode').decode()}" for label in domain.split(".")
    ]
    return f"{local}@{'.'.join(labels)}"


def date_field(at: datetime) -> str:
    """Write the `Date` of an instant, in UTC."""
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return field("Date", f"{day}, {at.day:02d} {month} {at.year:04d} {at:%H:%M:%S} +0000")


def text_part(text: str, subtype: str = "plain") -> str:
    """Write a text with the fields that say how it is to be read; its lines end in LF.

    Short lines of ASCII stay as they are, anything else is quoted-printable: whatever servers do to lines on the way,
    what arrives is what was written.
    """
    whole = f"\ufeff{text}" if text.startswith("\ufeff") else text  # readers take the first one for a mark
    lines = whole.split("\n")
    is_plain = all(_LINE.fullmatch(line) is not None for line in lines)
    encoding = "7bit" if is_plain else "quoted-printable"
    body = "\r\n".join(lines if is_plain else map(_quoted, lines))
    kind = field("Content-Type", f"text/{subtype}; charset=utf-8")
    return f"{kind}{field('Content-Transfer-Encoding', encoding)}\r\n{body}\r\n"


def _quoted(line: str) -> str:
    return binascii.b2a_qp(line.encode(), istext=False).decode("ascii").replace("=\n", "=\r\n")


def file_part(data: bytes, content_type: str, name: str) -> str:
    """Write a file under a name."""
    kind = content_type if _TYPE.fullmatch(content_type) is not None else "application/octet-stream"
    whole = _base64(data)
    lines = "\r\n".join(whole[begin : begin + _WIDTH] for begin in range(0, len(whole), _WIDTH))
    head = field("Content-Type", kind) + field("Content-Transfer-Encoding", "base64")
    return f"{head}{field('Content-Disposition', 'attachment; ' + _file_name(name))}\r\n{lines}\r\n"


def _file_name(name: str) -> str:
    """The name for programs that know RFC 2231, and one in ASCII for those that do not."""
    plain = re.sub(r'[^ -~]|["\\]', "_", name)
    if plain == name and len(name) <= 60 and "  " not in name:
        return f'filename="{name}"'
    return f"filename=\"{' '.join(plain[:60].split())}\"; filename*=utf-8''{quote(name, safe='')}"


def holding(subtype: str, boundary: str, parts: Sequence[str]) -> str:
    """Write a part that holds others. The boundary stands in none of them."""
    head = field("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')
    pieces = "".join(f"--{boundary}\r\n{part.removesuffix(chr(13) + chr(10))}\r\n" for part in parts)
    return f"{head}\r\n{pieces}--{boundary}--\r\n"
