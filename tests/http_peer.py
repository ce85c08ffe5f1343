"""A provider's API of our own on this machine: each request is answered by a function of its path, headers and body."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketAttribute, SocketStream

__all__ = ["Api", "answering"]

Api = Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]
"""Path, header fields by their names in lower case, and body of a request -> status and JSON."""


@asynccontextmanager
async def answering(api: Api) -> AsyncGenerator[str]:
    """Answer requests for the length of a block, one on each connection; gives the address."""

    async def serve(stream: SocketStream) -> None:
        async with stream:
            data = b""
            while b"\r\n\r\n" not in data:
                data += await stream.receive()
            head, _, body = data.partition(b"\r\n\r\n")
            first, *fields = head.decode().split("\r\n")
            named = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
            while len(body) < int(named["content-length"]):
                body += await stream.receive()
            status, told = api(first.split()[1], named, body)
            reply = f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {len(told)}\r\n"
            await stream.send(f"{reply}Connection: close\r\n\r\n".encode() + told)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        tasks.cancel_scope.cancel()
    await listener.aclose()
