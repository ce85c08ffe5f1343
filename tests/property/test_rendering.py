"""Whatever facts hold, they act in nothing: no line, header, markup, link or token is theirs."""

from __future__ import annotations

import html
from functools import cache
from html.parser import HTMLParser

from hypothesis import given, strategies as st
from tests.engine_driver import Driver, plan

from orchestra.engine.rendering import fact_faults, render
from orchestra.engine.view import View
from orchestra.model.escaping import TOKEN, hidden_in, neutral
from orchestra.model.facts import Fact
from orchestra.model.templates import Topic, Wording

KINDS = ("text", "integer", "money", "date", "time", "instant", "duration", "number", "link")
TEXT = "\n".join(f"{kind}: ${kind}." for kind in KINDS)
IN_HTML = "".join(f'<p title="${kind}">${kind}</p>' for kind in KINDS)
TOPIC = Topic(
    {kind: kind for kind in KINDS},
    {
        "en": Wording(" ".join(f"${kind}" for kind in KINDS), TEXT),
        "de": Wording(text=IN_HTML, medium="html"),
        "fr": Wording(text=TEXT, medium="markdown"),
    },
)
ODD = "<>&\"'`\\*_[](){}$#!|~:/;=\r\n\t\0\x1b\x7f\x85\u2028\u202e\u2066\u200b\ufeff\ud800"
HOSTILE = st.text(st.sampled_from(ODD) | st.characters(), min_size=1, max_size=40) | st.sampled_from(
    [TOKEN, "${text}", "$due", "%s", "{0}", "{{7*7}}", "</p><script>", "javascript:alert(1)", "a\r\nBcc: b"]
)
LINKS = st.text(st.sampled_from("ab/?&=_*()[]'!~%{}<>\" "), max_size=20).map(lambda rest: f"https://e.org/{rest}")


@cache
def view() -> View:
    return Driver(plan(templates={"all": TOPIC})).engine.view


class Tags(HTMLParser):
    """Which tags, attributes and comments a reader of HTML finds."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.read: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))
        self.read += [value or "" for _, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.found.append((data, []))


@given(
    st.fixed_dictionaries(
        {
            "text": HOSTILE,
            "number": HOSTILE,
            "link": LINKS | HOSTILE,
            "integer": st.integers(),
            "money": st.just("4900 EUR") | HOSTILE,
            "date": st.dates().map(str) | HOSTILE,
            "time": st.just("09:30") | HOSTILE,
            "instant": st.integers(0, 10**17),
            "duration": st.integers(0, 10**14),
        }
    )
)
def test_a_fact_acts_in_nothing(facts: dict[str, Fact]) -> None:
    odd = {name for name, _ in fact_faults(TOPIC, facts)}
    sound: dict[str, Fact] = {"text": "x", "number": "1", "link": "https://e.org/", "integer": 1, "money": "1 EUR"}
    sound |= {"date": "2026-12-01", "time": "09:30", "instant": 0, "duration": 0}
    facts |= {name: sound[name] for name in odd}
    plain, in_html, markdown = (render(view(), "all", one, "email", facts, "Asia/Tokyo") for one in ("en", "de", "fr"))
    tokens = str(facts["link"]).count(TOKEN)
    for told in (plain, markdown):
        assert len(told.text.splitlines()) == len(KINDS)
        assert told.text.count(TOKEN) == tokens
        assert not hidden_in(told.text.replace("\n", ""))
    assert plain.title is not None
    assert not hidden_in(plain.title.text)
    tags = Tags()
    tags.feed(in_html.text)
    assert tags.found == [("p", ["title"])] * len(KINDS)
    assert tags.read[0] == neutral(str(facts["text"]))
    assert html.unescape(tags.read[-1]) == html.unescape(str(facts["link"]))
