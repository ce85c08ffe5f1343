"""Carries HTTP steps: the `http` extra. The one module that imports it.

What belongs here: connections, their limits, and what came of a request. What does not: what stands in a request, which
is an adapter's, and trying again, which the engine decides.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import anyio
import attrs
import httpx2

from orchestra.channels.public_addresses import is_public
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, StepResult, WireStep

__all__ = ["HttpTransport"]

_MEGABYTE = 1_000_000
# Told by httpcore2 before the first byte of a request is written: `http11.…`, and after what is only connecting.
_WRITING, _WRITTEN = "send_request_headers.started", "send_request_headers.complete"
_LONGEST_HOST = 253


class HttpTransport:
    """Servers that speak HTTP, for accounts whose adapter gives `HttpStep`s. Runs on asyncio and trio.

    Use it in `async with`, around the workspace: it keeps connections open for a while. Redirects are answers like any
    other and are never followed, what a server sends compressed stays so, and proxies of the environment are not used.

    Guarantees:
        A request is written once at most. It is told to have arrived only if the server answered in full, and that it
        cannot have only if not a byte of it was written.
    """

    def __init__(
        self,
        *,
        time_out: timedelta = timedelta(seconds=30),
        connect_within: timedelta = timedelta(seconds=10),
        most_connections: int = 64,
        most_bytes: int = 5 * _MEGABYTE,
        public_only: bool = False,
        allow_plain: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Describe how to reach servers. Nothing is opened yet.

        Args:
            time_out: the longest that a step may take, however slowly its answer drips in.
            connect_within: the longest part of it to wait for a connection.
            most_connections: at once; further steps wait for a place.
            most_bytes: of an answer's body; a longer one is cut short, and counts as none.
            public_only: connect to addresses of the public network only: for addresses that strangers name, as those of
                files in messages. The name is resolved once, all that it stands for must be public, and one of them is
                what is connected to. Others are `NOT_ALLOWED`.
            allow_plain: also take `http:` addresses, for a server on the same machine. Everybody on the way can read
                what goes there.
            tls: which certificates to trust; those that the system trusts unless stated.
        """
        self._time_out_s = time_out.total_seconds()
        self._connect_s = connect_within.total_seconds()
        self._most_bytes = most_bytes
        self._public_only = public_only
        self._schemes = frozenset({"https", "http"} if allow_plain else {"https"})
        limits = httpx2.Limits(max_connections=most_connections, max_keepalive_connections=most_connections)
        verify: ssl.SSLContext | bool = True if tls is None else tls
        self._inner = httpx2.AsyncHTTPTransport(verify=verify, limits=limits, retries=0)

    def __repr__(self) -> str:
        return f"HttpTransport(public_only={self._public_only})"

    async def __aenter__(self) -> Self:
        """Give the transport itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. Steps under way get no answer."""
        await self._inner.aclose()

    async def perform(self, step: WireStep) -> StepResult:
        """Make a request, and tell what the server answered."""
        if not isinstance(step, HttpStep):
            raise TypeError(f"a web server takes an HttpStep, not {type(step).__name__}")
        exchange = _Exchange()
        with anyio.move_on_after(self._time_out_s):
            return await self._carry_out(step, exchange)
        return NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=exchange.is_written)

    async def _carry_out(self, step: HttpStep, exchange: _Exchange) -> StepResult:
        try:
            request = await self._request(step, exchange)
            if isinstance(request, NoAnswer):
                return request
            return await self._answer(request)
        except httpx2.LocalProtocolError:  # what is asked for cannot be written as a request
            return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=exchange.is_headed)
        except httpx2.TimeoutException:
            return NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=exchange.is_written)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
            if exchange.is_written:
                return NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True)
            return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)

    async def _request(self, step: HttpStep, exchange: _Exchange) -> httpx2.Request | NoAnswer:
        """The request to write, led to the address that was checked.

        Raises:
            OSError: the name stands for nothing.
            ValueError: what the step asks for is no request.
        """
        parts = urlsplit(step.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if parts.scheme not in self._schemes or not 0 < len(host) <= _LONGEST_HOST or parts.username is not None:
            return NoAnswer(NoAnswerReason.NOT_ALLOWED, may_have_arrived=False)
        extensions: dict[str, Any] = {"timeout": self._waits(), "trace": exchange.heard}
        url = httpx2.URL(step.url)
        headers = list(step.headers)
        if self._public_only:
            address = await _public_address(host, port)
            if address is None:
                return NoAnswer(NoAnswerReason.NOT_ALLOWED, may_have_arrived=False)
            # The name still counts: for the certificate, and for the server to know which of its sites is meant.
            extensions["sni_hostname"] = host
            headers = [("Host", url.netloc.decode("ascii")), *headers]
            url = url.copy_with(host=address)
        return httpx2.Request(step.method, url, headers=headers, content=step.body, extensions=extensions)

    def _waits(self) -> Mapping[str, float]:
        return {"connect": self._connect_s, **dict.fromkeys(("read", "write", "pool"), self._time_out_s)}

    async def _answer(self, request: httpx2.Request) -> StepResult:
        response = await self._inner.handle_async_request(request)
        body = bytearray()
        try:
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > self._most_bytes:
                    return NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True)
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        return HttpAnswer(status=response.status_code, headers=headers, body=bytes(body))


@attrs.define
class _Exchange:
    """How far a request came."""

    is_written: bool = False
    is_headed: bool = False

    async def heard(self, event: str, told: Mapping[str, Any]) -> None:
        """Listen to what the connection does."""
        if event.endswith(_WRITING):
            self.is_written = True
        elif event.endswith(_WRITTEN):
            self.is_headed = True


async def _public_address(host: str, port: int) -> str | None:
    """One of the addresses that a name stands for; None if any of them is not public: it may change its mind next time.

    Raises:
        OSError: it stands for nothing.
    """
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    return addresses[0] if addresses and all(map(is_public, addresses)) else None
