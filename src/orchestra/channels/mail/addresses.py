"""Address lists of mail headers (RFC 5322, section 3.4), read in one pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from orchestra.channels.mail.words import clean_line, decode_words
from orchestra.channels.text import normalise_address
from orchestra.errors import MalformedMessage

__all__ = ["Mailbox", "domain_of", "parse_addresses", "same_address", "spelt"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|<[^>]*+>?|[(),;:]|[^"<(),;:]++', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST_NAME = 200


@attrs.frozen
class Mailbox:
    """Somebody's address as it stands in a mail, and the name beside it, if there is one."""

    address: str = attrs.field(repr=False)
    name: str | None = attrs.field(default=None, repr=False)


def spelt(address: str) -> str | None:
    """Give the one spelling of an address, by which it can be compared; None if it is none."""
    try:
        return normalise_address("email", address)
    except MalformedMessage:
        return None


def same_address(one: str, other: str) -> bool:
    """Tell whether two addresses reach the same mailbox, as far as can be known: few hosts tell cases apart."""
    first, second = spelt(one), spelt(other)
    return first is not None and second is not None and first.lower() == second.lower()


def domain_of(address: str) -> str:
    """Give what stands behind the last @."""
    return address.rpartition("@")[2]


@attrs.define
class _Entry:
    """What was read of one address so far."""

    phrase: list[str] = attrs.field(factory=list)
    comments: list[str] = attrs.field(factory=list)
    angled: str | None = None

    def mailbox(self) -> Mailbox | None:
        if self.angled is None:
            address, name = "".join("".join(self.phrase).split()), " ".join(self.comments)
        else:
            address, name = self.angled.rpartition(":")[2] if self.angled.startswith("@") else self.angled, ""
            name = "".join(map(_unquoted, self.phrase))
        address = address.strip()
        if spelt(address) is None:
            return None
        said = clean_line(decode_words(name))[:_LONGEST_NAME]
        return Mailbox(address, said or None)


def parse_addresses(value: str, most: int) -> tuple[Mailbox, ...]:
    """Read an address list.

    Args:
        value: what stands in the header field, undecoded: an encoded comma separates nothing.
        most: addresses at most.

    Returns:
        The first addresses that are well formed, in order; groups are dissolved; what is no address is left out.

    Guarantees:
        Never raises, in linear time.
    """
    found: list[Mailbox] = []
    for entry in _entries(value):
        mailbox = entry.mailbox()
        if mailbox is not None:
            found.append(mailbox)
        if len(found) == most:
            break
    return tuple(found)


def _entries(value: str) -> Iterator[_Entry]:
    entry, depth = _Entry(), 0
    for piece in _TOKEN.findall(value):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif depth:
            entry.comments.append(piece)
        elif piece in {",", ";"}:
            yield entry
            entry = _Entry()
        elif piece == ":":
            entry = _Entry()  # what stood there was the name of a group
        elif piece.startswith("<"):
            entry.angled = piece[1:].removesuffix(">")
        else:
            entry.phrase.append(piece)
    yield entry


def _unquoted(piece: str) -> str:
    if not piece.startswith('"'):
        return piece
    return _ESCAPED.sub(r"\1", piece[1:].removesuffix('"'))
