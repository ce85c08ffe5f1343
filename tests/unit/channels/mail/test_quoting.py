"""What is new in a text and what is quoted."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.quoting import flowed, unquoted

NEW = "It never came.\n\nJoe"


@pytest.mark.parametrize(
    "tail",
    [
        "> Hello\n> Ana",
        "> Hello\n\n> Ana\n\n",
        ">>> Hello",
        "On Mon, 30 Nov 2026 at 10:00, Ana <care@shop.example> wrote:\n> Hello",
        "On Mon, 30 Nov 2026 at 10:00, Ana\n<care@shop.example> wrote:\n\n> Hello",
        "Am 30.11.26 um 10:00 schrieb Ana:\n> Hallo",
        "Am Mo., 30. Nov. 2026 um 10:00 Uhr schrieb Shop <\ncare@shop.example>:\n> Hallo",
        "Le 30/11/2026 à 10:00, Ana a écrit :\n> Bonjour",
        "El lun, 30 nov 2026 a las 10:00, Ana escribió:\n> Hola",
        "-----Original Message-----\nFrom: Ana\nHello",
        "-----Ursprüngliche Nachricht-----\nVon: Ana\nHallo",
        "____________________\nFrom: Ana <care@shop.example>\nSent: Monday\nTo: Joe\nSubject: Order\n\nHello",
        "From: Ana\nDate: Monday\nTo: Joe\nSubject: Order\n\nHello",
        "*Von:* Ana\n*Gesendet:* Montag\n*An:* Joe\n*Betreff:* X\n\nHallo",
    ],
)
def test_earlier_mails_at_the_end_are_left_out(tail: str) -> None:
    assert unquoted(f"{NEW}\n\n{tail}") == NEW


@pytest.mark.parametrize(
    "text",
    [
        NEW,
        "",
        "> only quoted",
        "On Mon, 30 Nov 2026, Ana wrote:\n> only quoted",
        "> Is it the red one?\nNo, blue.\n> And the size?\nLarge.",
        "Hello\n> Is it the red one?\nNo, blue.",
        "From: here\nto there",
        "From: a\nFrom: b\nFrom: c",
        "I wrote: 1 mail",
        "-- \nJoe",
        "----",
        "a > b",
    ],
)
def test_what_is_answered_in_between_is_kept_whole(text: str) -> None:
    assert unquoted(text) is None


def test_words_before_a_quote_that_are_no_attribution_stay() -> None:
    assert unquoted("You wrote to me:\n> Hello") == "You wrote to me:"
    assert unquoted("Yes.\nOn 1 May Ann said no and later wrote me this:\n> Hello") == "Yes."
    assert unquoted("Yes:\n> Hello") == "Yes:"


@given(
    st.lists(
        st.sampled_from(
            [">", "> a", "On 1 x wrote:", "From: a", "To: b", "Subject: c", "", "a", "-----Original Message-----"]
        )
    )
)
def test_what_is_left_is_the_beginning(lines: list[str]) -> None:
    text = "\n".join(lines)
    left = unquoted(text)
    assert left is None or (text.startswith(left) and left.strip())


def test_a_text_of_very_many_lines_is_not_looked_at() -> None:
    assert unquoted("a\n" * 20_000 + "> b") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one \ntwo\nthree", "one two\nthree"),
        ("> one \n> two\n>> three \nfour", "> one two\n>> three \nfour"),
        (" >kept", ">kept"),
        (" From here", "From here"),
        ("-- \nJoe", "-- \nJoe"),
        ("one \n-- \nJoe", "one \n-- \nJoe"),
        ("one \n\ntwo", "one \n\ntwo".replace(" \n\n", " \n", 1)),
        ("", ""),
    ],
)
def test_flowed_lines_are_put_together(text: str, expected: str) -> None:
    assert flowed(text) == expected


def test_spaces_that_mark_breaks_can_be_none() -> None:
    assert flowed("日本 \n語", are_spaces_dropped=True) == "日本語"


def test_a_flowed_text_of_very_many_lines_stays() -> None:
    text = "a \n" * 20_001
    assert flowed(text) == text
