from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.text import (
    MAX_ADDRESS_LENGTH,
    MAX_COMBINING_RUN,
    cap_combining,
    clean_text,
    normalise_address,
    refuse_controls,
)
from orchestra.errors import MalformedMessage

ACUTE = "\u0301"


def test_a_run_of_marks_is_cut_at_the_cap() -> None:
    assert cap_combining("e" + ACUTE * 31) == "e" + ACUTE * MAX_COMBINING_RUN
    assert cap_combining("e" + ACUTE * MAX_COMBINING_RUN) == "e" + ACUTE * MAX_COMBINING_RUN


def test_each_base_character_has_its_own_run() -> None:
    text = ("o" + ACUTE * 20) * 4
    assert cap_combining(text) == text


def test_two_hundred_thousand_marks_are_normalised_at_once() -> None:
    assert len(clean_text("a" + "\u0316\u0301" * 100_000)) <= MAX_COMBINING_RUN + 1


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\r\nb\rc\nd\u2028e", "a\nb\nc\nd\ne"),
        ("tab\tstays", "tab\tstays"),
        ("nul\x00bell\x07escape\x1bdel\x7fnel\x85", "nulbellescapedelnel"),
        ("e\u0301", "é"),
        ("<b>markup</b> \u202ebidi", "<b>markup</b> \u202ebidi"),
        ("", ""),
    ],
)
def test_a_body_is_cleaned_but_not_rewritten(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_a_lone_surrogate_is_no_text() -> None:
    with pytest.raises(MalformedMessage, match="surrogate"):
        clean_text("a\ud800b")


@pytest.mark.parametrize("bad", ["a\nBcc: x", "a\rb", "a\x00b", "a\u2028b", "a\x85b", "\x1b[31m", "a\udc80"])
def test_a_line_takes_no_controls(bad: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        refuse_controls(bad, "subject")
    assert caught.value.where == "subject"
    assert bad not in str(caught.value)


def test_a_good_line_is_given_back() -> None:
    assert refuse_controls("Grüße 👋", "subject") == "Grüße 👋"


@pytest.mark.parametrize(
    ("value", "normal"),
    [
        ("Ann@Example.COM", "Ann@example.com"),
        ("ann+tag@mail.example.com", "ann+tag@mail.example.com"),
        ("jürgen@BÜCHER.example", "jürgen@bücher.example"),
        ("u\u0308@example.com", "ü@example.com"),
        ('"odd @ local"@Example.com', '"odd @ local"@example.com'),
        ("a@localhost", "a@localhost"),
    ],
)
def test_an_email_ignores_case_in_its_domain_only(value: str, normal: str) -> None:
    assert normalise_address("email", value) == normal
    assert normalise_address("email", normal) == normal


@pytest.mark.parametrize(
    "bad",
    [
        "ann",
        "@example.com",
        "ann@",
        "ann@example..com",
        "ann@example.com.",
        "ann@-example.com",
        "ann@exa mple.com",
        "Ann <ann@example.com>",
        "ann@[127.0.0.1]",
        "a,b@example.com",
        "ann@example.com\nBcc: eve@example.com",
        '"open@example.com',
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + "bcd." * 70 + "com",
        "a@b" * 100_000,
    ],
)
def test_what_is_no_email_is_refused_without_quoting_it(bad: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        normalise_address("email", bad)
    assert caught.value.where == "email"
    assert bad not in str(caught.value)


def test_a_phone_is_e164() -> None:
    assert normalise_address("phone", "+4930123456") == "+4930123456"
    assert normalise_address("phone", "+6834000") == "+6834000"


@pytest.mark.parametrize(
    "bad",
    [
        "4930123456",
        "004930123456",
        "+49 30 123456",
        "+0123456789",
        "+123456",
        "+1234567890123456",
        "+４９３０１２３４５",
        "+",
    ],
)
def test_what_is_no_e164_number_is_refused(bad: str) -> None:
    with pytest.raises(MalformedMessage):
        normalise_address("phone", bad)


def test_a_provider_id_stays_as_it_is() -> None:
    assert normalise_address("handle", "US.13491208655302741918") == "US.13491208655302741918"
    assert normalise_address("handle", "AnnB") == "AnnB"


@pytest.mark.parametrize("bad", ["", "a\nb", "a" * (MAX_ADDRESS_LENGTH + 1), "a\ud800"])
def test_no_address_of_any_kind_is_empty_endless_or_broken(bad: str) -> None:
    for kind in ("email", "phone", "handle"):
        with pytest.raises(MalformedMessage):
            normalise_address(kind, bad)


@given(st.text(max_size=600), st.sampled_from(["email", "phone", "handle"]))
def test_an_address_is_normalised_or_refused(value: str, kind: str) -> None:
    try:
        normal = normalise_address(kind, value)
    except MalformedMessage:
        return
    assert normalise_address(kind, normal) == normal
