"""What an HTML mail says in words, for people and rules that read text.

The scanner takes one pass: the standard library's parser takes time that grows with the square of the size for markup
that never ends (CVE-2025-6069). It makes nothing safe to show as HTML, since it gives none.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import attrs

__all__ = ["text_of_html"]

# With all of it where nothing in it may be quoted, which is nearly always so.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40}+)([^<>"']*+>)?""")
_LINK = re.compile(r"""href\s{0,5}=\s{0,5}["']?((?:https?:|mailto:|tel:)[^"'\s>]{1,500})""", re.IGNORECASE)
_ALT = re.compile(r"""alt\s{0,5}=\s{0,5}["']([^"']{1,200})["']""", re.IGNORECASE)
_WHITE = "\t\r\n\f"
_UNSEEN = frozenset({"head", "script", "style", "title", "template", "noscript"})
_MOST_QUOTES = 10
_MOST_TRIES = 5
_MOST_MARKS = 25_000
_MOST_ENTITIES = 25_000


def _spaced(text: str) -> str:
    """Give a text with one space wherever there is white space. Each pass halves what is too long, and runs in C."""
    for white in _WHITE:
        text = text.replace(white, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


@attrs.define
class _Page:
    """The lines written so far, and the one that is being written."""

    lines: list[str] = attrs.field(factory=list)
    current: list[str] = attrs.field(factory=list)
    quotes: int = 0
    verbatim: int = 0
    entities: int = 0
    link: str | None = None
    link_begin: int = 0

    def write(self, text: str) -> None:
        if self.verbatim:
            for number, line in enumerate(text.split("\n")):
                if number:
                    self.end_line(is_kept=True)
                self.current.append(line)
            return
        said = _spaced(text)
        if said != " " or self.current:
            self.current.append(said)

    def read(self, markup: str) -> None:
        """Write what stands between two tags; its entities are read until there were too many."""
        *read, rest = markup.split("&", _MOST_ENTITIES - self.entities + 1)
        if len(read) <= _MOST_ENTITIES - self.entities:
            self.entities += len(read)
            self.write(html.unescape(markup))
        else:
            self.entities = _MOST_ENTITIES
            self.write(f"{html.unescape('&'.join(read))}&{rest}")

    def end_line(self, *, is_kept: bool = False) -> None:
        """End the line; an empty one is only written if it is meant."""
        line = "".join(self.current)
        line = line.rstrip() if self.verbatim else _spaced(line).strip()
        if line or is_kept:
            self.lines.append("> " * min(self.quotes, _MOST_QUOTES) + line)
        self.current.clear()

    def end_paragraph(self) -> None:
        self.end_line()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self.quotes, _MOST_QUOTES))

    def text(self) -> str:
        self.end_line()
        return "\n".join(line.rstrip() for line in self.lines).strip("\n")


def text_of_html(markup: str) -> str:
    """Give an HTML text's words: paragraphs and lines as lines, links with where they lead, quotes behind `>`.

    Guarantees:
        Never raises, in linear time. Scripts, styles and comments are left out; entities are read. After 25,000 tags
        whatever is left is given as it stands, and so are entities where there are more than 25,000.
    """
    page, position = _Page(), 0
    for _ in range(_MOST_MARKS):
        at = markup.find("<", position)
        if at < 0:
            break
        if at > position:
            page.read(markup[position:at])
        position = _markup(page, markup, at)
    if position < len(markup):
        page.read(markup[position:])
    return page.text()


def _markup(page: _Page, markup: str, at: int) -> int:
    """Take what begins with `<`; gives where the text goes on."""
    tag = _TAG.match(markup, at)
    if tag is None:
        return _no_tag(page, markup, at)
    end = tag.end() if tag[3] else _end_of_tag(markup, tag.end())
    name, is_end = tag[2].lower(), tag[1] == "/"
    if name in _UNSEEN and not is_end:
        found = re.compile(f"</{name}", re.IGNORECASE).search(markup, end)
        return len(markup) if found is None else _after(markup, ">", found.end())
    action = _ACTIONS.get(name)
    if action is not None:
        action(page, is_end, markup[tag.end(2) : min(end, tag.end(2) + 4_000)])
    return end


def _no_tag(page: _Page, markup: str, at: int) -> int:
    if markup.startswith("<!--", at):
        return _after(markup, "-->", at + 4)
    if markup.startswith(("<!", "<?"), at):
        return _after(markup, ">", at)
    page.write("<")
    return at + 1


def _after(markup: str, mark: str, begin: int) -> int:
    found = markup.find(mark, begin)
    return len(markup) if found < 0 else found + len(mark)


def _end_of_tag(markup: str, begin: int) -> int:
    """Give where a tag ends: at the first `>` that stands in no attribute's quotes, if one of the next is such."""
    end = first = markup.find(">", begin)
    if first < 0:
        return len(markup)
    for _ in range(_MOST_TRIES):
        if end < 0:
            break
        if markup.count('"', begin, end) % 2 == 0:
            return end + 1
        end = markup.find(">", end + 1)
    return first + 1


def _line(page: _Page, is_end: bool, rest: str) -> None:
    page.end_line()


def _break(page: _Page, is_end: bool, rest: str) -> None:
    page.end_line(is_kept=True)


def _paragraph(page: _Page, is_end: bool, rest: str) -> None:
    page.end_paragraph()


def _item(page: _Page, is_end: bool, rest: str) -> None:
    page.end_line()
    if not is_end:
        page.current.append("- ")


def _cell(page: _Page, is_end: bool, rest: str) -> None:
    if is_end:
        page.write(" ")


def _quote(page: _Page, is_end: bool, rest: str) -> None:
    page.end_line()
    page.quotes = max(0, page.quotes + (-1 if is_end else 1))


def _verbatim(page: _Page, is_end: bool, rest: str) -> None:
    page.end_line()
    page.verbatim = max(0, page.verbatim + (-1 if is_end else 1))


def _anchor(page: _Page, is_end: bool, rest: str) -> None:
    if not is_end:
        found = _LINK.search(rest)
        page.link = None if found is None else html.unescape(found[1])
        page.link_begin = len(page.current)
        return
    if page.link is not None:
        said = "".join(page.current[page.link_begin :]).strip()
        shown = page.link.removeprefix("mailto:").removeprefix("tel:")
        if shown.rstrip("/") != said.rstrip("/"):
            page.current.append(f" <{shown}>")
    page.link = None


def _picture(page: _Page, is_end: bool, rest: str) -> None:
    found = _ALT.search(rest)
    if found is not None:
        page.write(f"[{html.unescape(found[1])}]")


_ACTIONS: Mapping[str, Callable[[_Page, bool, str], None]] = MappingProxyType(
    {
        **dict.fromkeys(("div", "tr", "table", "section", "article", "header", "footer", "dt", "dd", "hr"), _line),
        **dict.fromkeys(("p", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"), _paragraph),
        **dict.fromkeys(("td", "th"), _cell),
        "a": _anchor,
        "blockquote": _quote,
        "br": _break,
        "img": _picture,
        "li": _item,
        "pre": _verbatim,
    }
)
