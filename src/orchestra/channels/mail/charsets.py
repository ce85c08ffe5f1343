"""Bytes of a mail as text, whatever charset they claim.

Charsets are looked up in a table of ours: Python's registry also knows codecs that are no charsets (`idna`, `punycode`
and `unicode_escape` among them), some of which take time that grows with the square of the size, and raises LookupError
for the rest. Browsers' rules are followed where names lie (WHATWG Encoding Standard, section 4.2): whoever says
`iso-8859-1` means `windows-1252`, `gb2312` means `gb18030`, `shift_jis` means `cp932`, `euc-kr` means `cp949`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["as_text"]

_NUMBERED = {
    **{f"iso-8859-{part}": f"iso8859_{part}" for part in (*range(2, 9), 10, 13, 14, 15, 16)},
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"cp{page}": f"cp{page}" for page in (437, 850, 852, 858, 866, *range(1250, 1259))},
}
_NAMED = {
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "macintosh": "mac_roman",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_2",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "euc-kr": "cp949",
    "ks-c-5601-1987": "cp949",
    "utf-16": "utf_16",
    "utf-16le": "utf_16_le",
    "utf-16be": "utf_16_be",
}
_CODECS: Mapping[str, str] = MappingProxyType({**_NUMBERED, **_NAMED})
"""Charset as mails name it -> its codec. UTF-8, ASCII and Latin 1 are not here: what claims those is tried as UTF-8."""

_WESTERN = "cp1252"


def as_text(data: bytes, charset: str | None) -> str:
    """Read bytes as text.

    Args:
        data: the bytes.
        charset: what they claim to be; None if they claim nothing.

    Returns:
        The text by the charset claimed if it can be read so, by UTF-8 if it can be read so, else by the charset claimed
        (windows-1252 if that is not known) with U+FFFD for what is not in it. A byte order mark is left out.

    Guarantees:
        Never raises, in linear time; there are no lone surrogates in it.
    """
    codec = _CODECS.get((charset or "").strip().lower().replace("_", "-"))
    for candidate in ("utf_8",) if codec is None else (codec, "utf_8"):
        try:
            return data.decode(candidate).removeprefix("\ufeff")
        except UnicodeError:
            continue
    return data.decode(codec or _WESTERN, errors="replace").removeprefix("\ufeff")
