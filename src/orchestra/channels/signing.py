"""Comparing what a request claims with what its sender must know, so that timing and encodings tell nothing."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from orchestra.channels.wire import Headers, header_values

__all__ = ["is_one_of", "single_header"]

_LONGEST = 4_096


def single_header(headers: Headers, name: str) -> str | None:
    """Give the value of a header field that must be there exactly once; None if it is missing, doubled or empty."""
    values = header_values(headers, name)
    return values[0] if len(values) == 1 and 0 < len(values[0]) <= _LONGEST else None


def is_one_of(given: str, expected: Iterable[bytes]) -> bool:
    """Tell whether a claim equals any of the expected values; of none expected it never does.

    Guarantees:
        Every value is compared, each in a time that does not depend on where it differs. Characters beyond ASCII, which
        `hmac.compare_digest` would raise on, are unequal to anything.
    """
    claim = given.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(claim, value) for value in expected if value]
    return any(matches)
