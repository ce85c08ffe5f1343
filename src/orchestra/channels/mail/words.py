"""What stands in a header as encoded words (RFC 2047), read; and any header text as one clean line.

Decoding comes first and cleaning after it: an encoded word may well decode to a line feed and a header field.
"""

from __future__ import annotations

import binascii
import re

from orchestra.channels.mail.charsets import as_text

__all__ = ["clean_line", "decode_words", "unbase64"]

_WORD = re.compile(r"=\?([\w!#$%&'*+.^`{|}~-]{1,64})\?([bBqQ])\?([^?\s]*)\?=")
# Controls and whatever breaks lines in some viewer; lone surrogates, which no encoding can store.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SPACES = re.compile(r"[ \t]{2,}")


def decode_words(value: str) -> str:
    """Give a header's text with its encoded words read; what is not well formed stays as it stands.

    White space between two encoded words is none (section 6.2), and a character may be split between two of the same
    charset, which mailers do although they must not.
    """
    said: list[str] = []
    pending, charset, end = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        named = word[1].partition("*")[0].lower()
        if pending and (between.strip() or named != charset):
            said.append(as_text(pending, charset))
            pending = b""
        if between.strip() or end == 0:
            said.append(between)
        pending, charset, end = pending + _bytes_of(word[2], word[3]), named, word.end()
    said.append(as_text(pending, charset))
    return "".join(said) + value[end:]


def clean_line(value: str) -> str:
    """Give a text as one line: controls and line ends become spaces, and it has none at its ends."""
    return _SPACES.sub(" ", _BREAKS.sub(" ", value)).strip()


def _bytes_of(encoding: str, written: str) -> bytes:
    raw = written.encode("ascii", errors="ignore")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    return unbase64(raw)


def unbase64(raw: bytes) -> bytes:
    """Give what stands in base64, as far as it can be read; letters that do not belong there are skipped."""
    kept = raw.translate(None, _NO_BASE64)
    whole = len(kept) // 4 * 4
    return binascii.a2b_base64(kept[:whole] + _padded(kept[whole:]))


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)


def _padded(rest: bytes) -> bytes:
    """The last one to three letters as a whole group; one alone says nothing."""
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
