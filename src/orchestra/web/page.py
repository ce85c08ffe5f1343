"""The chat's own page: one file without dependencies, served with headers that let nothing else in."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from importlib.resources import files

from orchestra.channels.account import Account
from orchestra.channels.web_chat.adapter import origins_of
from orchestra.channels.wire import HttpReply

__all__ = ["page_of"]

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
_TITLE = "{title}"
_HOST = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,260}")


def page_of(account: Account) -> HttpReply:
    """Give the page of an account's chat. Only the origins that the account names may show it within their own."""
    text = _text().replace(_TITLE, html.escape(account.text_setting("title", "Chat")))
    holders = " ".join(origin for origin in sorted(origins_of(account)) if _HOST.fullmatch(origin))
    policy = "; ".join(
        [
            "default-src 'none'",
            "connect-src 'self'",
            *(f"{kind}-src {_digest(kind)}" for kind in ("script", "style")),
            f"frame-ancestors 'self' {holders}".rstrip(),
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-cache"),
    )
    return HttpReply(headers=headers, body=text.encode())


@cache
def _text() -> str:
    return files("orchestra.web").joinpath("chat.html").read_text("utf-8")


@cache
def _digest(kind: str) -> str:
    """The hash by which a browser knows the one script, or style, that is ours (CSP 3, 2.3.1)."""
    (inline,) = [text for found, text in _INLINE.findall(_text()) if found == kind]
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
