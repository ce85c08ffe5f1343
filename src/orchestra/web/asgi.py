"""The ASGI side of a request: its body read within bounds, its answer sent.

Belongs here: what any route needs of the protocol (ASGI 3.0, HTTP 2.4). Does not: what is answered.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import timedelta
from typing import Any, TypeAlias

import anyio

from orchestra.channels.wire import Headers, HttpReply, header_values

__all__ = [
    "Gone",
    "Receive",
    "Scope",
    "Send",
    "Turned",
    "checked_reply",
    "headers_of",
    "path_of",
    "peer_of",
    "read_body",
    "send_reply",
]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LENGTH = re.compile(r"[0-9]{1,18}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class Gone(Exception):
    """The peer went before its request was whole: there is nobody to answer."""


class Turned(Exception):
    """A request is not taken; `reply` says so."""

    def __init__(self, status: int, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.reply = HttpReply(status=status, headers=headers)


def headers_of(scope: Scope) -> Headers:
    """Give a request's header fields, doubled ones kept. Any byte is a character of Latin-1 (RFC 9110, 5.5)."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])


def path_of(scope: Scope) -> str:
    """Give the path below wherever the application is mounted.

    Servers give the whole path and where the mount point ends; older frameworks gave only what is below it.
    """
    path, root = str(scope["path"]), str(scope.get("root_path") or "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def peer_of(scope: Scope) -> str | None:
    """Give the address the request comes from, as the server knows it; None where it does not, as on a Unix socket.

    No header is believed here: servers have settings for the proxies that they may believe.
    """
    client = scope.get("client")
    return str(client[0]) if client else None


async def read_body(headers: Headers, receive: Receive, most_bytes: int, within: timedelta) -> bytes:
    """Give a request's whole body.

    Raises:
        Turned: it is, or says it is, larger than `most_bytes` (413), is compressed (415), has a length that is none
            (400), or is not there in time (408).
        Gone: the peer went meanwhile.
    """
    _refuse_by_headers(headers, most_bytes)
    body, more = bytearray(), True
    try:
        with anyio.fail_after(within.total_seconds()):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                body += message.get("body", b"")
                if len(body) > most_bytes:
                    raise Turned(413, ("Connection", "close"))
                more = message.get("more_body", False)
    except TimeoutError:
        raise Turned(408, ("Connection", "close")) from None
    return bytes(body)


def _refuse_by_headers(headers: Headers, most_bytes: int) -> None:
    for encoding in header_values(headers, "Content-Encoding"):
        # What providers sign is the body as it was sent; none of them compresses, and a bomb costs nothing to send.
        if encoding.strip().lower() not in ("", "identity"):
            raise Turned(415)
    for length in header_values(headers, "Content-Length"):
        if _LENGTH.fullmatch(length.strip()) is None:
            raise Turned(400)
        if int(length) > most_bytes:
            raise Turned(413, ("Connection", "close"))


def checked_reply(reply: HttpReply) -> HttpReply:
    """Give a reply back if it can be sent.

    Raises:
        ValueError: it is none: its status, its body, or a header field cannot be sent.
    """
    is_sound = type(reply.status) is int and 200 <= reply.status <= 599 and type(reply.body) is bytes
    if not is_sound or not all(_is_field(name, value) for name, value in reply.headers):
        raise ValueError("no reply")
    return reply


def _is_field(name: str, value: str) -> bool:
    return (
        _NAME.fullmatch(name) is not None and _VALUE.fullmatch(value) is not None and name.lower() != "content-length"
    )


async def send_reply(send: Send, reply: HttpReply) -> None:
    """Answer a request with a reply that can be sent."""
    headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
