"""A client of ASGI applications without a server between: what is sent, in which pieces, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import anyio
import attrs

__all__ = ["Answer", "Application", "ask", "scope_of"]

Application = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]


@attrs.frozen
class Answer:
    """What an application answered; None as the status if it sent nothing."""

    status: int | None
    headers: dict[str, str]
    body: bytes


def scope_of(method: str, path: str, headers: Sequence[tuple[str, str]] = (), **more: Any) -> dict[str, Any]:
    """The scope of a request; what stands behind a `?` in the path is its query."""
    path, _, query = path.partition("?")
    fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "https",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": query.encode("latin-1"),
    }
    return {**scope, "headers": fields, "client": ("203.0.113.7", 4711), **more}


async def ask(
    app: Application,
    method: str,
    path: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes | Sequence[bytes] = b"",
    *,
    stays: bool | None = True,
    **more: Any,
) -> Answer:
    """Send a request, and give the answer.

    Args:
        app: the application.
        method: the method.
        path: the path, with query.
        headers: the header fields.
        body: at once, or its pieces in order.
        stays: after all pieces the client says that this was all; else it says nothing if it stays None, or goes.
        more: fields of the scope.
    """
    pieces = [body] if isinstance(body, bytes) else list(body)
    events = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if stays:
        events[-1]["more_body"] = False
    elif stays is False:
        events.append({"type": "http.disconnect"})
    sent: list[Any] = []

    async def receive() -> Any:
        if events:
            return events.pop(0)
        return await anyio.sleep_forever()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope_of(method, path, headers, **more), receive, send)
    if not sent:
        return Answer(None, {}, b"")
    fields = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], fields, b"".join(part.get("body", b"") for part in sent[1:]))
