"""Reading bodies within bounds, and what a reply may be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import anyio
import pytest

from orchestra.channels.wire import HttpReply
from orchestra.web.asgi import Gone, Turned, checked_reply, headers_of, path_of, peer_of, read_body

SOON = timedelta(seconds=8)


def pieces(*bodies: bytes, ends: bool = True) -> Any:
    events: list[Any] = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    events[-1]["more_body"] = not ends
    events.append({"type": "http.disconnect"})

    async def receive() -> Any:
        return events.pop(0)

    return receive


async def test_a_body_is_put_together() -> None:
    assert await read_body((), pieces(b"ab", b"", b"cd"), 4, SOON) == b"abcd"


async def test_one_byte_too_many_ends_the_reading() -> None:
    with pytest.raises(Turned) as turned:
        await read_body((), pieces(b"ab", b"cde", b"never read"), 4, SOON)
    assert turned.value.reply.status == 413


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (("Content-Length", "5"), 413),
        (("content-length", "9" * 18), 413),
        (("Content-Length", "9" * 5_000), 400),
        (("Content-Length", "-1"), 400),
        (("Content-Length", "0x2"), 400),
        (("Content-Length", "\u0664"), 400),
        (("Content-Length", ""), 400),
        (("Content-Encoding", "gzip"), 415),
        (("Content-Encoding", "identity, br"), 415),
    ],
)
async def test_some_are_turned_away_unread(header: tuple[str, str], status: int) -> None:
    async def never() -> Any:
        raise AssertionError("it was read")

    with pytest.raises(Turned) as turned:
        await read_body((("Accept", "*/*"), header), never, 4, SOON)
    assert turned.value.reply.status == status


async def test_a_length_and_an_encoding_that_are_right_are_taken() -> None:
    headers = (("Content-Length", " 4 "), ("Content-Encoding", "Identity"))
    assert await read_body(headers, pieces(b"abcd"), 4, SOON) == b"abcd"


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def slow() -> Any:
        await anyio.sleep_forever()

    with pytest.raises(Turned) as turned:
        await read_body((), slow, 4, timedelta(0))
    assert turned.value.reply.status == 408


async def test_who_goes_is_not_answered() -> None:
    with pytest.raises(Gone):
        await read_body((), pieces(b"ab", ends=False), 4, SOON)


@pytest.mark.parametrize(
    ("path", "root", "below"),
    [
        ("/hooks/k", "", "/hooks/k"),
        ("/contacts/hooks/k", "/contacts", "/hooks/k"),
        ("/contacts/hooks/k", "/contacts/", "/hooks/k"),
        ("/hooks/k", "/contacts", "/hooks/k"),
        ("/contactsx/hooks/k", "/contacts", "/contactsx/hooks/k"),
    ],
)
def test_the_path_below_the_mount_point(path: str, root: str, below: str) -> None:
    assert path_of({"path": path, "root_path": root}) == below


def test_a_path_without_a_mount_point() -> None:
    assert path_of({"path": "/health"}) == "/health"
    assert path_of({"path": "/health", "root_path": None}) == "/health"


def test_who_asks_is_whom_the_server_names() -> None:
    assert peer_of({"client": ("203.0.113.7", 1)}) == "203.0.113.7"
    assert peer_of({"client": None}) is None
    assert peer_of({}) is None


def test_header_fields_keep_their_bytes() -> None:
    scope = {"headers": [(b"x-a", b"1"), (b"x-a", b"\xff"), (b"x-b", b"")]}
    assert headers_of(scope) == (("x-a", "1"), ("x-a", "\xff"), ("x-b", ""))


@pytest.mark.parametrize(
    "reply",
    [
        HttpReply(status=99),
        HttpReply(status=100),
        HttpReply(status=600),
        HttpReply(status=cast(int, "200")),
        HttpReply(status=True),
        HttpReply(body=cast(bytes, "text")),
        HttpReply(headers=(("X-A", "1\r\nSet-Cookie: x"),)),
        HttpReply(headers=(("X-A", "\u20ac"),)),
        HttpReply(headers=(("X A", "1"),)),
        HttpReply(headers=(("", "1"),)),
        HttpReply(headers=(("Content-Length", "0"),)),
    ],
)
def test_what_cannot_be_sent_is_no_reply(reply: HttpReply) -> None:
    with pytest.raises(ValueError, match="no reply"):
        checked_reply(reply)


def test_what_can_be_sent_is_a_reply() -> None:
    reply = HttpReply(status=204, headers=(("Retry-After", "5"), ("X-Latin", "caf\xe9")))
    assert checked_reply(reply) is reply
