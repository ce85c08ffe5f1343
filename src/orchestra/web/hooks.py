"""Webhooks: one route per account. Bounded, read, handed to the account's adapter, and answered when all is durable.

Belongs here: everything before an adapter sees a request, and that its answer can be sent. Does not: what the request
means (`runtime.webhooks` and the adapters).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime

import attrs

from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.runtime.client import Client
from orchestra.runtime.workspace import Workspace
from orchestra.web.asgi import Receive, Scope, Turned, checked_reply, headers_of, peer_of, read_body
from orchestra.web.limits import WebLimits
from orchestra.web.rates import Rates, network_of

__all__ = ["Hooks"]

_METHODS = frozenset({"GET", "POST", "OPTIONS"})
_LONGEST_KEY = 200
_UNKNOWN = "\x1f"
_RETRY_S = 5

_log = logging.getLogger("orchestra.web")


class Hooks:
    """Takes webhooks for whichever workspace is served.

    Args:
        public_url: the address of the mount point, without a slash at its end.
        limits: how much is let in.
        monotonic_s: a clock that never goes back, in seconds.
    """

    def __init__(self, public_url: str, limits: WebLimits, monotonic_s: Callable[[], float]) -> None:
        self._public_url = public_url
        self._limits = limits
        self._per_account = Rates(limits.per_account, limits.peers_kept, monotonic_s)
        self._per_peer = Rates(limits.per_peer, limits.peers_kept, monotonic_s)
        self._at_once = 0

    async def take(self, workspace: Workspace | Client | None, key: str, scope: Scope, receive: Receive) -> HttpReply:
        """Give the answer to a request for the account with this route key.

        A key that nobody has and a method that the account does not take are answered alike, and so is all on the way
        there: whoever guesses learns nothing.

        Raises:
            Turned: it is not taken.
            Gone: the peer went before all of it was there.
        """
        if scope["method"] not in _METHODS or not 0 < len(key) <= _LONGEST_KEY or "/" in key:
            return HttpReply(status=404)
        if workspace is None:
            return _later(503, _RETRY_S)
        is_known = workspace.lines.at(key) is not None
        self._refuse_too_often(peer_of(scope), key if is_known else _UNKNOWN)
        if self._at_once >= self._limits.at_once:
            return _later(503, _RETRY_S)
        self._at_once += 1
        try:
            return await self._taken(workspace, key, scope, receive)
        finally:
            self._at_once -= 1

    def _refuse_too_often(self, peer: str | None, account: str) -> None:
        wait_s = 0.0 if peer is None else self._per_peer.wait_s(network_of(peer))
        wait_s = wait_s or self._per_account.wait_s(account)
        if wait_s > 0:
            raise Turned(429, ("Retry-After", str(math.ceil(wait_s))))

    async def _taken(self, workspace: Workspace | Client, key: str, scope: Scope, receive: Receive) -> HttpReply:
        headers = headers_of(scope)
        body = await read_body(headers, receive, self._limits.body_bytes, self._limits.body_within)
        query = scope.get("query_string", b"").decode("latin-1")
        request = RawRequest(
            method=scope["method"],
            url=f"{self._public_url}/hooks/{key}" + (f"?{query}" if query else ""),
            headers=headers,
            body=body,
            received_at=datetime.now(UTC),
        )
        try:
            reply = checked_reply(await workspace.webhook(key, request))
        except Exception as error:  # noqa: BLE001 - whatever a plug-in made of it, others' requests go on, and nobody is told 2xx
            _log.error("a webhook was not answered: %s", type(error).__name__)
            return HttpReply(status=500)
        if reply.status == 405:
            return HttpReply(status=404)
        return attrs.evolve(reply, headers=(*reply.headers, _RETRY)) if reply.status == 503 else reply


_RETRY = ("Retry-After", str(_RETRY_S))


def _later(status: int, after_s: int) -> HttpReply:
    return HttpReply(status=status, headers=(("Retry-After", str(after_s)),))
