"""The points of the contract of channel adapters, by number: what a suite checks, and what a channel may declare.

Declare several at once with `dict.fromkeys(SENDING, "it only receives")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["DECODING", "MAIL_POINTS", "POINTS", "POLLING", "PROOF", "SENDING"]

POINTS: Mapping[int, str] = MappingProxyType(
    {
        1: "genuine requests are accepted",
        2: "a changed byte in body, address or proof is refused",
        3: "a proof that is missing, empty or doubled is refused",
        4: "a proof that is no proof is refused: other letters, bad base64, wrong length",
        5: "a timestamp that is stale, ahead or oddly written is refused",
        6: "secrets rotate: the old and the new one count, a retired one no longer",
        7: "a weaker algorithm is refused, whatever the request claims",
        8: "without a secret everything is refused",
        9: "a genuine signature that leaves the body out is refused",
        10: "the configured address counts, not what proxies and the Host header say",
        11: "repeated and unknown parameters change nothing",
        12: "a handshake needs its token, and its challenge comes back as plain text only",
        13: "what is genuine for another account is not for this one",
        14: "hostile bodies never raise and are no news",
        15: "content types and compression change nothing",
        16: "batches: empty, several, one bad among good",
        17: "an unknown type is Unrecognised and answered 2xx",
        18: "a redelivery has the same dedupe key",
        19: "a permuted order gives the same final state",
        20: "our own echo is no inbound message",
        21: "a sender without a phone number is known by the provider's id",
        22: "a watermark alone says how far all was read",
        23: "edits and deletions of what was never seen are told",
        24: "skipped and late receipts are told as they are",
        25: "a file's address is kept and never fetched",
        26: "markup and directional characters are kept as they came",
        32: "limits hold in their unit, and no character is cut",
        33: "outside the window a message is refused, and a template passes",
        34: "line ends and NUL get into no header, address or envelope",
        35: "what is lost on the way is recorded",
        36: "the same arguments give the same bytes",
        37: "secrets and texts are in no repr, log or error",
        38: "advice when to try again is read with care",
        39: "a success whose body tells of an error is none",
        40: "what the provider has already is sent",
        41: "no answer after the write is Unknown",
        42: "permanent and transient refusals are told apart",
        43: "pages of proxies are no answers of the provider",
        44: "pure and thread-safe",
        45: "a broken plug-in stands alone",
        46: "text survives the round trip through the provider",
        47: "a failed poll leaves the cursor, and says so",
        48: "hostile answers to a poll never raise, and lead nowhere",
        49: "the same page has the same dedupe keys",
        50: "credentials come of the provider's answer alone, and are not shown",
        51: "what proves who we are does not go where a file's address leads",
    }
)
"""The points of `AdapterContract`."""

MAIL_POINTS: Mapping[int, str] = MappingProxyType(
    {
        27: "headers that crash or deceive parsers are read or told, never raised",
        28: "ids that are missing, doubled, cyclic or without end",
        29: "what machines write is told from what people write",
        30: "texts made to exhaust a scanner cost what others cost",
        31: "nested parts are bounded, and names of files are names",
        52: "an address is given up only where there is none, and the bounce names it",
    }
)
"""The points of `MailContract`."""

PROOF = tuple(range(1, 14))
"""Whether a request is genuine."""

DECODING = tuple(range(14, 27))
"""What it says."""

SENDING = (*range(32, 37), *range(38, 44), 46)
"""What goes out, and what came of it."""

POLLING = (47, 48, 49)
"""Asking for news."""
