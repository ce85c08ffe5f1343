"""The web chat's door: its page, and who may connect.

Belongs here: everything before a connection is open. Does not: what is said on it (`connection`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from orchestra.channels.web_chat.adapter import WebChatAdapter, origins_of
from orchestra.channels.wire import HttpReply, header_values
from orchestra.errors import JournalError
from orchestra.runtime.client import Client
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace
from orchestra.web.asgi import Receive, Scope, Send, headers_of, peer_of
from orchestra.web.connection import LATER, Connection
from orchestra.web.limits import WebLimits
from orchestra.web.page import page_of
from orchestra.web.rates import Rates, network_of
from orchestra.web.rooms import Rooms

__all__ = ["Chats"]

_PER_PEER_S = 2


class Chats:
    """Admits connections to whichever workspace is served.

    Args:
        public_url: the address of the mount point; its own pages may hold the chat.
        limits: how much is let in.
        monotonic_s: a clock that never goes back, in seconds.
    """

    def __init__(self, public_url: str, limits: WebLimits, monotonic_s: Callable[[], float]) -> None:
        place = urlsplit(public_url)
        self._own_origin = f"{place.scheme}://{place.netloc}".lower()
        self._limits = limits
        self._monotonic_s = monotonic_s
        self._rates = Rates(_PER_PEER_S, limits.peers_kept, monotonic_s)
        self._open: Counter[str] = Counter()

    def page(self, workspace: Workspace | Client | None, key: str) -> HttpReply:
        """Give the page of the chat with this route key."""
        line = self._line(workspace, key)
        return HttpReply(status=404) if line is None else page_of(line.account)

    async def connect(self, rooms: Rooms | None, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection, from its request until it ends. Who may not connect is not told why."""
        await receive()
        line = None if rooms is None else self._line(rooms.workspace, key)
        peer = network_of(peer_of(scope) or "")
        if rooms is None or line is None or not self._may(line, scope) or not self._has_room(peer):
            await send({"type": "websocket.close", "code": LATER})
            return
        self._open[peer] += 1
        try:
            await Connection(line, rooms, receive, send, self._monotonic_s).run()
        except JournalError:
            await send({"type": "websocket.close", "code": LATER})
        finally:
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]

    def _line(self, workspace: Workspace | Client | None, key: str) -> Line | None:
        line = None if workspace is None else workspace.lines.at(key)
        return line if line is not None and isinstance(line.adapter, WebChatAdapter) else None

    def _may(self, line: Line, scope: Scope) -> bool:
        """Browsers say whose page it is that connects (RFC 6455, 10.2); what is no browser says nothing."""
        told = header_values(headers_of(scope), "Origin")
        if not told:
            return line.account.config.get("apps") is True
        return len(told) == 1 and told[0].lower() in origins_of(line.account) | {self._own_origin}

    def _has_room(self, peer: str) -> bool:
        if self._rates.wait_s(peer) > 0 or self._open.total() >= self._limits.chats:
            return False
        return not peer or self._open[peer] < self._limits.chats_per_peer
