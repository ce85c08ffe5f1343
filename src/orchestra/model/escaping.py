"""Foreign text in a text of ours: nothing in it may act, whatever medium it is read in. Pure, and the same everywhere.

Belongs here: what is taken out of foreign text, and how each medium writes what would act in it. Does not: templates.
"""

from __future__ import annotations

import html
import re

import attrs

__all__ = ["MEDIA", "TOKEN", "Line", "escape", "escape_link", "hidden_in", "neutral"]

MEDIA = ("plain", "html", "markdown")
"""How a text is read: as it stands, as HTML, or as CommonMark."""

TOKEN = "{token}"  # noqa: S105 - it stands for one
"""Stands for a token that is made as a message is sent, and stands nowhere before."""

# Fixed ranges, since Unicode's own properties differ between editions: C0, DEL and C1 controls, line separators, all
# that turns the direction of text, what is not seen, tags, and lone surrogates. Joiners stay: scripts and pictures
# are written with them.
_SPACES = re.compile("[\t-\r\x85\u2028\u2029 ]+")
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_NO_TOKEN = str.maketrans("{}", "()")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_ACTS_IN_MARKDOWN = re.compile(r"[!'()*\[\]_~]")


def _check_line(_instance: object, _attribute: attrs.Attribute[str], text: str) -> None:
    if hidden_in(text):
        raise ValueError("a line has no control characters, nor any that turn the direction of text")


@attrs.frozen
class Line:
    """One line of text, as a header has it: there is none with a line end or any character that is not seen."""

    text: str = attrs.field(validator=_check_line)

    def __str__(self) -> str:
        """The text."""
        return self.text


def hidden_in(text: str) -> bool:
    """Whether a text holds a character that ends a line, controls something or is not seen."""
    return _HIDDEN.search(text) is not None


def neutral(text: str) -> str:
    """A foreign text as one line of which nothing but what is seen is left, and which holds no `TOKEN`."""
    return _HIDDEN.sub("", _SPACES.sub(" ", text)).strip().translate(_NO_TOKEN)


def escape(text: str, medium: str) -> str:
    """A neutral text as a medium has to write it, so that it reads as it stood."""
    if medium == "html":
        return html.escape(text)
    if medium == "markdown":
        return _PUNCTUATION.sub(r"\\\g<0>", text)
    return text


def escape_link(link: str, medium: str) -> str:
    """An address of the web as a medium has to write it, so that it leads to the same place."""
    if medium == "html":
        return html.escape(link)
    if medium == "markdown":
        return _ACTS_IN_MARKDOWN.sub(lambda found: f"%{ord(found[0]):02X}", link)
    return link
