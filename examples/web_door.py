"""A shop's web chat and its contact form, served by the process that owns the workspace.

Run it with one worker, as there is one owner: `uvicorn examples.web_door:app`. The chat's page is at /chat/shop-chat,
and the form is sent to /hooks/shop-form. The outer world reaches it at WEB_DOOR, through whatever ends TLS before it.
"""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from orchestra import Account, Line, Workspace
from orchestra.channels.web_chat import ChatTransport, WebChatAdapter
from orchestra.channels.web_form import WebFormAdapter
from orchestra.web import WebApplication, WebLimits

PLAN = Path(__file__).with_name("plan.toml")
PUBLIC = os.environ.get("WEB_DOOR", "http://127.0.0.1:8000")
PAGES = "https://shop.example, https://www.shop.example"


def chat_line() -> Line:
    """The chat. Its page, and pages of the shop that show it within their own, may connect."""
    account = Account(
        route_key="shop-chat",
        channel="web_chat",
        id="shop",
        config={"origins": PAGES, "title": "Chat with the shop"},
        secrets={"session": (os.environ["CHAT_SECRET"],)},
    )
    return Line("chat", WebChatAdapter(), account, ChatTransport())


def form_line() -> Line:
    """The contact form: who writes, what about, and what."""
    account = Account(
        route_key="shop-form",
        channel="web_form",
        id="shop",
        config={"fields": "name, email*, order, message*", "origins": PAGES},
        secrets={"form": (os.environ["FORM_SECRET"],)},
    )
    return Line("web-form", WebFormAdapter(), account)


def lines() -> list[Line]:
    """All accounts that come in over the web."""
    return [chat_line(), form_line()]


def opened() -> AbstractAsyncContextManager[Workspace]:
    """The workspace, for as long as the server runs."""
    return Workspace.open(PLAN, os.environ.get("CONTACTS", "sqlite:contacts.db"), channels=lines())


app = WebApplication(PUBLIC, opened, limits=WebLimits(body_bytes=1_000_000))
