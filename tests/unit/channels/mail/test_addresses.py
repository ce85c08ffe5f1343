"""Address lists."""

from __future__ import annotations

from email.header import decode_header, make_header
from email.utils import formataddr, getaddresses

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.addresses import Mailbox, domain_of, parse_addresses, same_address, spelt


def parsed(value: str, most: int = 100) -> list[tuple[str, str | None]]:
    return [(found.address, found.name) for found in parse_addresses(value, most)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("joe@example.com", [("joe@example.com", None)]),
        ("<joe@example.com>", [("joe@example.com", None)]),
        ("Joe Doe <joe@example.com>", [("joe@example.com", "Joe Doe")]),
        ('"Doe, Joe" <joe@example.com>, ann@example.com', [("joe@example.com", "Doe, Joe"), ("ann@example.com", None)]),
        (r'"Joe \"J\" Doe" <joe@example.com>', [("joe@example.com", 'Joe "J" Doe')]),
        ("joe@example.com (Joe (the one) Doe)", [("joe@example.com", "Joe  the one  Doe".replace("  ", " "))]),
        ("=?utf-8?q?J=C3=B6?= <j@example.com>", [("j@example.com", "Jö")]),
        ("=?utf-8?q?a=40b=2Ec=2C?= <j@example.com>", [("j@example.com", "a@b.c,")]),
        (
            "Friends: a@b.example, c@d.example;, e@f.example",
            [(a, None) for a in ("a@b.example", "c@d.example", "e@f.example")],
        ),
        ("undisclosed-recipients:;", []),
        ("<@relay.example,@other.example:joe@example.com>", [("joe@example.com", None)]),
        ('"quoted part"@example.com', [('"quotedpart"@example.com', None)]),
        ("Joe <not an address>, <ann@example.com>", [("ann@example.com", None)]),
        ("a@b@c.example", [("a@b@c.example", None)][:0]),
        ('"', []),
        ("", []),
        ("<", []),
        ("(((", []),
        (")<joe@example.com>", [("joe@example.com", None)]),
        ("joe@example.com <ann@example.com>", [("ann@example.com", "joe@example.com")]),
        ("Jo\r\nBcc: x <joe@example.com>", [("joe@example.com", "x")]),
    ],
)
def test_addresses_are_found(value: str, expected: list[tuple[str, str | None]]) -> None:
    assert parsed(value) == expected


def test_no_more_are_taken_than_asked_for() -> None:
    assert len(parsed("a@b.example, " * 20_000, 7)) == 7


_NAMES = st.text(st.sampled_from('ab ,.<>@()"\\üñ日'), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.lists(_NAMES, min_size=1, max_size=5))
def test_what_the_standard_library_writes_is_read(names: list[str]) -> None:
    written = [(" ".join(name.split()), f"p{number}@example.com") for number, name in enumerate(names)]
    field = ", ".join(formataddr(pair) for pair in written)
    assert [(name or "", address) for address, name in parsed(field)] == written
    oracle = [(str(make_header(decode_header(name))), address) for name, address in getaddresses([field])]
    assert oracle == written


@given(st.text(max_size=300))
def test_any_text_is_an_address_list(text: str) -> None:
    for address, name in parsed(text):
        assert spelt(address) is not None
        assert name is None or name.strip() == name


def test_addresses_compare_whatever_their_case() -> None:
    assert same_address("Joe@Example.COM", "joe@example.com")
    assert not same_address("joe@example.com", "joe@example.org")
    assert not same_address("nonsense", "nonsense")
    assert domain_of("joe@example.com") == "example.com"


def test_nobody_is_shown() -> None:
    assert repr(Mailbox("joe@example.com", "Joe")) == "Mailbox()"
