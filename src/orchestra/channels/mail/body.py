"""Of a mail's parts: which of them is read, and which are files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from orchestra.channels.mail.bounds import Bounds
from orchestra.channels.mail.html_text import text_of_html
from orchestra.channels.mail.names import safe_name
from orchestra.channels.mail.parsed import Attachment
from orchestra.channels.mail.quoting import flowed
from orchestra.channels.mail.structure import Node

__all__ = ["attachments_of", "text_of"]

_CONTENT_ID = re.compile(r"<([^<>\s]{1,300})>")
_READ = frozenset({"text/plain", "text/html"})


def text_of(root: Node, bounds: Bounds) -> tuple[str, bool]:
    """Give what a mail says in words, and whether it was too long and is cut.

    Of alternatives the first one counts that is plain text and says something, else the last one that says something:
    they come in the order of faithfulness (RFC 2046, section 5.1.4). Texts that follow each other are all read.
    """
    pieces = [_said(leaf, bounds) for leaf in _chosen(root)]
    text = "\n".join(said for said, _ in pieces if said.strip() or len(pieces) == 1)
    raw = text.encode()
    if len(raw) <= bounds.text_bytes:
        return text, any(is_cut for _, is_cut in pieces)
    return raw[: bounds.text_bytes].decode(errors="ignore"), True


def _chosen(node: Node) -> list[Node]:
    """The leaves that are read, in order."""
    if not node.children:
        return [node] if _is_read(node) else []
    chosen = [_chosen(child) for child in node.children]
    if node.type != "multipart/alternative":
        return [leaf for leaves in chosen for leaf in leaves]
    telling = [leaves for leaves in chosen if any(leaf.content().strip() for leaf in leaves)]
    plain = [leaves for leaves in telling if all(leaf.type == "text/plain" for leaf in leaves)]
    return (plain[:1] or telling[-1:] or [[]])[0]


def _is_read(leaf: Node) -> bool:
    return leaf.type in _READ and not leaf.is_attached


def _said(leaf: Node, bounds: Bounds) -> tuple[str, bool]:
    # Bounded before anything else is done with it; markup says less than it takes.
    most = bounds.text_bytes * (5 if leaf.type == "text/html" else 1)
    whole = leaf.text()
    text = whole[:most].replace("\r\n", "\n")
    if leaf.type == "text/html":
        return text_of_html(text), len(whole) > most
    text = text.removesuffix("\n")  # what ends the last line is none of the text
    if (leaf.parameters.get("format") or "").lower() == "flowed":
        text = flowed(text, are_spaces_dropped=(leaf.parameters.get("delsp") or "").lower() == "yes")
    return text, len(whole) > most


def attachments_of(root: Node, bounds: Bounds) -> tuple[tuple[Attachment, ...], bool]:
    """Give the files of a mail, and whether there were more than are taken."""
    files = [leaf for leaf in root.leaves() if not _is_read(leaf)]
    named = _named(files[: bounds.attachments])
    return tuple(named), len(files) > bounds.attachments


def _named(files: list[Node]) -> Iterator[Attachment]:
    taken: set[str] = set()
    for number, leaf in enumerate(files, 1):
        name = safe_name(leaf.name, _ending(leaf.type), number)
        if name.lower() in taken:
            name = f"{number}-{name}"
        taken.add(name.lower())
        found = _CONTENT_ID.search(leaf.header.raw("content-id"))
        attachment = Attachment(name=name, content_type=leaf.type, data=leaf.content())
        yield attachment if found is None else attrs.evolve(attachment, content_id=found[1])


def _ending(content_type: str) -> str:
    """What a file of that type ends in, as far as its type says so; forwarded mails are `eml`."""
    if content_type == "message/rfc822":
        return "eml"
    ending = content_type.partition("/")[2]
    return ending if ending.isalnum() and len(ending) <= 8 else "bin"
