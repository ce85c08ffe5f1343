"""A plain ASGI application that owns a workspace: it opens at start-up, closes at shutdown, and takes webhooks.

Run it with one worker, as there is one owner: `uvicorn examples.asgi_app:app`. Answering a webhook means that its news
is stored; a provider that hears 503 sends it again, and what comes twice is taken once.
"""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from orchestra import Account, Line, Workspace
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.web import WebApplication

PLAN = Path(__file__).with_name("plan.toml")


def chat_line() -> Line:
    """Our account at the chat provider. The route key is the unguessable end of the webhook's address."""
    secret = os.environ["CHAT_SIGNING_SECRET"]
    account = Account(
        route_key=os.environ["CHAT_ROUTE_KEY"], channel="loopback", id="shop", secrets={"signing": (secret,)}
    )
    return Line("chat", LoopbackAdapter(), account)


def opened() -> AbstractAsyncContextManager[Workspace]:
    """The workspace, for as long as the server runs."""
    journal = os.environ.get("CONTACTS", "sqlite:contacts.db")
    return Workspace.open(PLAN, journal, channels=[chat_line()])


# Webhooks come in at /hooks/<route key>, which the provider knows as https://shop.example/hooks/<route key>.
app = WebApplication("https://shop.example", opened)
