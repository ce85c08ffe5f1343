"""Hygiene of foreign text and addresses: what must be bounded or refused before it becomes a command.

The runtime calls these between an adapter's events and the engine's commands, so that the engine needs no
Unicode data. Adapters keep text as it came; nothing here escapes or strips markup (showing it safely is the
business of whoever shows it).
"""

from __future__ import annotations

import re
import unicodedata

from orchestra.errors import MalformedMessage

__all__ = [
    "MAX_ADDRESS_LENGTH",
    "MAX_COMBINING_RUN",
    "cap_combining",
    "clean_text",
    "normalise_address",
    "refuse_controls",
]

MAX_COMBINING_RUN = 30
"""Marks kept on one base character. Canonical ordering of a run is quadratic: 200,000 marks took 55 s."""

MAX_ADDRESS_LENGTH = 512

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029]")
# Every control character but line feed and tab. Directional marks are no controls: they are kept.
_BODY_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# U+2028 and U+2029 break lines in some viewers, so that they could forge a log line as LF can.
_LINE_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# Nothing below U+0300 combines: most text is done after one scan.
_MAY_COMBINE = re.compile(r"[^\x00-\u02ff]{31}")

# E.164: at most 15 digits, no leading zero. The shortest numbers in use have 7 (Niue, Saint Helena).
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LOCAL_ATOM = re.compile(r"[^\s\"(),:;<>@\[\\\]]+")
_LOCAL_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)+\"")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def cap_combining(text: str) -> str:
    """Drop the combining marks of each run beyond `MAX_COMBINING_RUN`; all else stays.

    Guarantees:
        Linear time. Text without such a run is returned as it is.
    """
    if _MAY_COMBINE.search(text) is None:
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= MAX_COMBINING_RUN:
            kept.append(character)
    return "".join(kept)


def clean_text(text: str) -> str:
    """Make a message body safe to store: line ends as LF, no controls but LF and tab, bounded marks, NFC.

    Markup and directional characters are kept: they may be meant.

    Raises:
        MalformedMessage: a lone surrogate, which no encoding can store.
    """
    if _SURROGATES.search(text) is not None:
        raise MalformedMessage("text", "lone surrogate")
    without_controls = _BODY_CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", cap_combining(without_controls))


def refuse_controls(value: str, where: str) -> str:
    """Give back a value that may stand in one line of a header or a log.

    Raises:
        MalformedMessage: a control character, a line separator or a lone surrogate; `where` names the value.
    """
    if _LINE_CONTROLS.search(value) is not None:
        raise MalformedMessage(where, "control character")
    if _SURROGATES.search(value) is not None:
        raise MalformedMessage(where, "lone surrogate")
    return value


def normalise_address(kind: str, value: str) -> str:
    """Give the one spelling under which an address is known, so that equal addresses compare equal.

    Args:
        kind: `email` (only the domain ignores case), `phone` (E.164 with its plus sign, nothing else), or any
            other kind of identity, which a provider scopes and spells as it likes and is kept as it is.
        value: the address, without display name.

    Raises:
        MalformedMessage: empty, too long, with control characters, or not of the form its kind demands. The
            error never quotes the address.
    """
    if not value or len(value) > MAX_ADDRESS_LENGTH:
        raise MalformedMessage(kind, f"an address has 1 to {MAX_ADDRESS_LENGTH} characters")
    refuse_controls(value, kind)
    if kind == "email":
        return _normalise_email(value)
    if kind == "phone" and _E164.fullmatch(value) is None:
        raise MalformedMessage(kind, "not a number in E.164 form: a plus sign and 7 to 15 digits")
    return value


def _normalise_email(value: str) -> str:
    """Fold the domain's case. RFC 5321 (2.4) leaves the local part to its host: its case may matter."""
    local, _, domain = unicodedata.normalize("NFC", cap_combining(value)).rpartition("@")
    if _LOCAL_ATOM.fullmatch(local) is None and _LOCAL_QUOTED.fullmatch(local) is None:
        raise MalformedMessage("email", "local part is not well formed")
    # RFC 5321 (4.5.3.1): 64 octets before the @, 255 after it.
    if len(local.encode()) > 64 or len(domain.encode()) > 255:
        raise MalformedMessage("email", "local part or domain is too long")
    folded = unicodedata.normalize("NFC", domain.casefold())
    if not all(_LABEL.fullmatch(label) for label in folded.split(".")):
        raise MalformedMessage("email", "domain is not well formed")
    return f"{local}@{folded}"
