"""Values with parameters, as `Content-Type` and `Content-Disposition` have them (RFC 2045, 2183, 2231)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

import attrs

from orchestra.channels.mail.charsets import as_text
from orchestra.channels.mail.words import clean_line, decode_words

__all__ = ["Parameterised", "parse_parameterised"]

_PARAMETER = re.compile(r';\s*+([^=;\s"]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"?|[^;]*+)', re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MOST = 100


@attrs.frozen
class Parameterised:
    """`value` in lower case, without comment; `parameters` by name in lower case, decoded."""

    value: str
    parameters: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """Give a parameter, None where it is not set or empty."""
        return self.parameters.get(name) or None


def parse_parameterised(field: str) -> Parameterised:
    """Read such a field. Of two parameters of one name the first counts.

    Guarantees:
        Never raises, in linear time.
    """
    value = field.partition(";")[0].partition("(")[0].strip().lower()
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in _PARAMETER.findall(field)[:_MOST]:
        named = _SECTION.fullmatch(found[0].lower())
        if named is None:
            continue
        written, is_extended = _unquoted(found[1]), named[3] is not None
        if named[2] is None and not is_extended:
            plain.setdefault(named[1], decode_words(written))
        else:
            sections.setdefault(named[1], {}).setdefault(int(named[2] or 0), (written, is_extended))
    joined = {name: _joined(found) for name, found in sections.items()}
    return Parameterised(value, {name: clean_line(said) for name, said in {**plain, **joined}.items()})


def _unquoted(written: str) -> str:
    if written.startswith('"'):
        return _ESCAPED.sub(r"\1", written[1:].removesuffix('"'))
    return written.strip()


def _joined(sections: Mapping[int, tuple[str, bool]]) -> str:
    """Put the sections of a value together; the first one names the charset of those that are encoded."""
    ordered = [sections[number] for number in sorted(sections)]
    charset: str | None = None
    if ordered[0][1]:
        named = ordered[0][0].split("'", 2)
        charset = named[0] if len(named) == 3 else None
        ordered[0] = named[-1], True
    raw = b"".join(unquote_to_bytes(text) if is_extended else text.encode() for text, is_extended in ordered)
    return as_text(raw, charset)
