"""Ids and addresses of our own making."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.unit.channels.mail.mail_samples import settings

from orchestra.channels.mail.reading import read_mail
from orchestra.channels.mail.tokens import (
    Ours,
    bounce_address,
    ours_of,
    ours_of_address,
    seal,
    sealed_id,
    unsubscribe_purpose,
    unsubscribe_subject,
)

OWN = settings(plus_addresses=True)
KEY = "de12.0123456789abcdef01234567"
CASE = "ca1.0123456789abcdef01234567"


def test_an_id_tells_delivery_and_case() -> None:
    made = sealed_id(OWN, KEY, CASE)
    assert ours_of(OWN, made) == Ours(KEY, CASE)
    assert made == sealed_id(OWN, KEY, CASE)
    assert made.endswith("@shop.example>")
    assert ours_of(OWN, sealed_id(OWN, KEY, None)) == Ours(KEY)


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200),
    st.text(max_size=60) | st.none(),
)
def test_any_key_makes_an_id_that_is_read_in_a_mail(key: str, token: str | None) -> None:
    made = sealed_id(OWN, key, token)
    ours = ours_of(OWN, made)
    assert ours is not None
    assert ours.key == key or ours.key.startswith("sha256!")
    assert ours.case_token == (token or None)


def test_an_id_of_ours_is_found_where_mails_name_it() -> None:
    made = sealed_id(OWN, KEY, CASE)
    assert read_mail(f"In-Reply-To: {made}\r\n\r\n".encode()).in_reply_to == (made,)


@pytest.mark.parametrize("place", [1, 10, 40, 60, 70])
def test_an_id_with_another_letter_is_not_ours(place: int) -> None:
    made = sealed_id(OWN, KEY, CASE)
    other = "z" if made[place] != "z" else "y"
    assert ours_of(OWN, made[:place] + other + made[place + 1 :]) is None


@pytest.mark.parametrize(
    "text", ["", "<>", "<a@b>", "<a=b=c@d>", f"<{KEY}={CASE}={'0' * 16}@shop.example>", "nonsense"]
)
def test_other_ids_are_not_ours(text: str) -> None:
    assert ours_of(OWN, text) is None


def test_replaced_secrets_are_still_known_and_unknown_ones_are_not() -> None:
    before = attrs.evolve(OWN, secrets=("the one before",))
    assert ours_of(OWN, sealed_id(before, KEY, None)) == Ours(KEY)
    assert ours_of(OWN, sealed_id(attrs.evolve(OWN, secrets=("a stranger's",)), KEY, None)) is None
    assert ours_of(attrs.evolve(OWN, secrets=()), sealed_id(OWN, KEY, None)) is None


def test_a_bounce_address_tells_the_delivery() -> None:
    address = bounce_address(OWN, KEY)
    assert address.startswith(f"care+{KEY}=")
    assert len(address.rpartition("@")[0]) <= 64
    assert ours_of_address(OWN, address) == Ours(KEY)
    assert ours_of_address(OWN, address.upper()) == Ours(KEY)  # some servers write them so
    assert ours_of_address(OWN, address.replace("12.", "13.")) is None
    assert ours_of_address(OWN, "care@shop.example") is None


def test_what_cannot_stand_behind_a_plus_does_not() -> None:
    plain = "care@shop.example"
    assert bounce_address(settings(), KEY) == plain
    assert bounce_address(OWN, "KEY") == plain
    assert bounce_address(OWN, "a b%") == plain
    assert bounce_address(OWN, "k" * 43) == plain


def test_only_the_recipient_says_no_to_a_purpose() -> None:
    subject = unsubscribe_subject(OWN, "marketing", "Joe@example.com")
    assert unsubscribe_purpose(OWN, subject, "joe@example.com") == "marketing"
    assert unsubscribe_purpose(OWN, f" {subject.upper()} ", "joe@example.com") == "marketing"
    assert unsubscribe_purpose(OWN, subject, "eve@example.com") is None
    assert unsubscribe_purpose(OWN, subject.replace("marketing", "surveys"), "joe@example.com") is None
    assert unsubscribe_purpose(OWN, "unsubscribe marketing", "joe@example.com") is None
    assert unsubscribe_purpose(OWN, "Re: " + subject, "joe@example.com") is None


def test_a_seal_of_one_kind_is_none_of_another() -> None:
    assert (
        len(
            {
                seal("s", "message", "a"),
                seal("s", "bounce", "a"),
                seal("s", "message", "a", ""),
                seal("t", "message", "a"),
            }
        )
        == 4
    )
    assert seal("s", "message", "a", "b") != seal("s", "message", "a\x1f", "b")
