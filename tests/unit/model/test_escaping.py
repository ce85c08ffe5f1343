"""Foreign text in a text of ours: what is left of it, and how each medium writes it."""

from __future__ import annotations

import html

import pytest
from hypothesis import given, strategies as st

from orchestra.model.escaping import MEDIA, TOKEN, Line, escape, escape_link, hidden_in, neutral

HOSTILE = st.text(
    st.sampled_from("ab <>&\"'`\\*_[](){}$#!|~\r\n\t\0\x1b\x7f\x85\u2028\u2029\u202e\u2066\u200b\ufeff\ud800é漢")
    | st.characters(),
    max_size=60,
)


@pytest.mark.parametrize(
    ("foreign", "left"),
    [
        ("Subject: x\r\nBcc: all@example.org", "Subject: x Bcc: all@example.org"),
        ("a\0b\x1b[31mc\x7f", "ab[31mc"),
        ("one\u2028two\u2029three\x85four", "one two three four"),
        ("photo\u202egnp.exe\u2066\u200f", "photognp.exe"),
        ("a\u200bb\ufeffc\U000e0041", "abc"),
        ("  many \t spaces  ", "many spaces"),
        ("a{token}b", "a(token)b"),
        ("\ud800", ""),
        ("می‌خواهم 👩‍🚀", "می‌خواهم 👩‍🚀"),
    ],
)
def test_nothing_is_left_but_what_is_seen_in_one_line(foreign: str, left: str) -> None:
    assert neutral(foreign) == left


@given(HOSTILE)
def test_whatever_is_left_may_stand_in_a_line(foreign: str) -> None:
    left = neutral(foreign)
    assert not hidden_in(left)
    assert TOKEN not in left
    assert neutral(left) == left
    assert str(Line(left)) == left
    assert len(left.splitlines()) <= 1


@pytest.mark.parametrize("text", ["a\r\nb", "a\nb", "a\rb", "\0", "\x1f", "\u2028", "a\u202eb", "\x85"])
def test_there_is_no_line_with_a_line_end_or_a_control_character(text: str) -> None:
    with pytest.raises(ValueError, match="a line has no control characters"):
        Line(text)


def test_markup_reads_as_it_stood() -> None:
    assert escape('<b onx="1">\'&', "html") == "&lt;b onx=&quot;1&quot;&gt;&#x27;&amp;"
    assert escape("[x](http://e) *a* _b_ `c` 1. #", "markdown") == (r"\[x\]\(http\:\/\/e\) \*a\* \_b\_ \`c\` 1\. \#")
    assert escape("<b>*", "plain") == "<b>*"


@given(HOSTILE)
def test_no_markup_is_left_in_any_medium(foreign: str) -> None:
    left = neutral(foreign)
    in_html = escape(left, "html")
    assert not set("<>\"'") & set(in_html)
    assert html.unescape(in_html) == left
    in_markdown, read, at = escape(left, "markdown"), [], 0
    while at < len(in_markdown):
        at += in_markdown[at] == "\\"
        read.append(in_markdown[at])
        assert in_markdown[at - 1] == "\\" or not (in_markdown[at].isascii() and in_markdown[at] in "*_[]()<>`#!|~&\\")
        at += 1
    assert "".join(read) == left


def test_a_link_leads_to_the_same_place_in_every_medium() -> None:
    link = f"https://e.org/a_(b)?x=1&y='*'&t={TOKEN}"
    assert escape_link(link, "plain") == link
    assert html.unescape(escape_link(link, "html")) == link
    assert escape_link(link, "markdown") == f"https://e.org/a%5F%28b%29?x=1&y=%27%2A%27&t={TOKEN}"
    assert all(TOKEN in escape_link(link, medium) for medium in MEDIA)
