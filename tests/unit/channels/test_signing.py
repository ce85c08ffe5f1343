"""Claims compared with what is expected."""

from __future__ import annotations

import hmac

import pytest

from orchestra.channels.signing import is_one_of, single_header


@pytest.mark.parametrize(
    ("values", "expected"), [((), None), (("a",), "a"), (("",), None), (("a", "a"), None), (("x" * 4_097,), None)]
)
def test_a_header_must_be_there_once(values: tuple[str, ...], expected: str | None) -> None:
    headers = (("Other", "b"), *(("X-Signature", value) for value in values))
    assert single_header(headers, "x-signature") == expected


def test_any_of_the_expected_will_do() -> None:
    assert is_one_of("a", [b"b", b"a"])
    assert not is_one_of("a", [b"b", b"A"])


def test_nothing_expected_matches_nothing() -> None:
    assert not is_one_of("", [])
    assert not is_one_of("", [b""])


@pytest.mark.parametrize("claim", ["ä", "\ud800", "\x00", "a" * 10_000])
def test_hostile_claims_are_only_wrong(claim: str) -> None:
    assert not is_one_of(claim, [b"a"])


def test_every_value_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watch(given: bytes, expected: bytes) -> bool:
        compared.append((given, expected))
        return real(given, expected)

    monkeypatch.setattr(hmac, "compare_digest", watch)
    assert is_one_of("a", [b"a", b"b"])
    assert compared == [(b"a", b"a"), (b"a", b"b")]
