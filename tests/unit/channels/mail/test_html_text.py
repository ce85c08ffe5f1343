"""HTML in words."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.mail.html_text import text_of_html


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("Hello", "Hello"),
        ("<p>Hello <b>Ann</b></p><p>Bye</p>", "Hello Ann\n\nBye"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("one<br><br>two", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("a\n  b\t c", "a b c"),
        ("<pre>a\n  b\n\nc</pre>d", "a\n  b\n\nc\nd"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", "a b\nc"),
        ("&lt;b&gt; &amp; &uuml; &#252; &#xD800; &nosuch;", "<b> & ü ü \ufffd &nosuch;"),
        ("a<!-- <p>not this --> b", "a b"),
        ("<!DOCTYPE html><?xml ?>a", "a"),
        ("<html><head><title>no</title><style>no{}</style></head><body>yes</body></html>", "yes"),
        ("<script>if (a < b) alert('no')</SCRIPT>yes", "yes"),
        ("a <style>no", "a"),
        ('<a href="https://example.com/x?a=1&amp;b=2">here</a>', "here <https://example.com/x?a=1&b=2>"),
        ("<a href='https://example.com/'>https://example.com</a>", "https://example.com"),
        ("<a href=mailto:joe@example.com>joe@example.com</a>", "joe@example.com"),
        ("<a href='javascript:alert(1)'>here</a>", "here"),
        ("<a name=x>here</a> </a>", "here"),
        ('<img alt="Our logo" src="https://tracker.example/1.png">', "[Our logo]"),
        ("Yes.<blockquote>No?<blockquote>Why?</blockquote></blockquote>Me", "Yes.\n> No?\n> > Why?\nMe"),
        ("</blockquote></pre>a", "a"),
        ('<a title="1 > 0" href="https://x.example">b</a>', "b <https://x.example>"),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ("a<", "a<"),
        ("a<b", "a"),
        ("", ""),
    ],
)
def test_markup_becomes_words(markup: str, expected: str) -> None:
    assert text_of_html(markup) == expected


def test_quotes_are_shown_ten_deep_at_most() -> None:
    assert text_of_html("<blockquote>" * 50 + "a") == "> " * 10 + "a"


def test_a_quote_that_never_ends_hides_nothing() -> None:
    assert (
        text_of_html('<a href="x>one</a> two <b>three</b> four <i>five</i> <u>six</u>') == "one two three four five six"
    )


def test_after_very_many_tags_the_rest_stands_as_it_is() -> None:
    assert text_of_html("<b>" * 25_000 + "<i>x") == "<i>x"
    assert text_of_html("&lt;" * 24_999 + "<b>&amp;</b>&lt;x") == "<" * 24_999 + "&&lt;x"
    assert text_of_html("&gt;" * 25_001) == ">" * 25_000 + "&gt;"


@given(
    st.lists(
        st.sampled_from(["<", ">", "<!--", "-->", '"', "<a href=", "<script>", "</script", "<pre>", "&", "x", " "])
    )
)
def test_any_markup_is_read(pieces: list[str]) -> None:
    text_of_html("".join(pieces)).encode()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<&")))
def test_words_without_markup_are_kept(text: str) -> None:
    assert text_of_html(text).split() == text.split()
