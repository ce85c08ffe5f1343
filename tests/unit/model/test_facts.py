"""Facts that stand in what customers are told: which values are of which type."""

from __future__ import annotations

import pytest

from orchestra.model.facts import ENTRIES, FACT_TYPES, Fact, fact_fault, money_parts

GOOD: list[tuple[str, Fact]] = [
    ("text", "x"),
    ("text", "x" * 1000),
    ("integer", -3),
    ("money", "4900 EUR"),
    ("money", "-1 JPY"),
    ("date", "2026-12-01"),
    ("time", "00:00"),
    ("time", "23:59"),
    ("instant", 1_700_000_000_000_000),
    ("duration", 0),
    ("number", "K-2026-1"),
    ("link", "https://example.org/a?b=c#d"),
    ("link", "http://example.org/{token}"),
]
BAD: list[tuple[str, Fact]] = [
    ("text", ""),
    ("text", "x" * 1001),
    ("text", 3),
    ("integer", "3"),
    ("integer", True),
    ("integer", 10**15 + 1),
    ("money", 4900),
    ("money", "49.00 EUR"),
    ("money", "4900 eur"),
    ("money", "4900"),
    ("date", "2026-13-01"),
    ("date", "20261201"),
    ("date", 20261201),
    ("time", "24:00"),
    ("time", "9:00"),
    ("time", 900),
    ("instant", "now"),
    ("instant", True),
    ("instant", 10**15 * 300),
    ("instant", -(10**15) * 63),
    ("duration", -1),
    ("duration", "1h"),
    ("number", ""),
    ("link", "javascript:alert(1)"),
    ("link", "https://e.org/\r\nBcc: x"),
    ("link", 'https://e.org/"onx="1'),
    ("link", "https://e.org/<b>"),
    ("link", "https://e.org/{other}"),
    ("link", "https://e.org/{token}{token}"),
    ("link", "https://e.org/" + "x" * 1000),
    ("link", "e.org"),
    ("link", 3),
    ("entries", "- It is sent."),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_what_is_of_a_type(kind: str, value: Fact) -> None:
    assert fact_fault(kind, value) is None


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_what_is_not_of_a_type_is_told_what_it_must_be(kind: str, value: Fact) -> None:
    assert fact_fault(kind, value) == f"must be {FACT_TYPES[kind][1]}"


def test_every_type_has_a_value_and_refuses_one() -> None:
    assert {kind for kind, _ in GOOD} | {ENTRIES} == {kind for kind, _ in BAD} == FACT_TYPES.keys()


def test_money_is_a_number_and_a_currency() -> None:
    assert money_parts("-4900 EUR") == (-4900, "EUR")
