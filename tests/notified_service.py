"""A service that Apprise knows, on loopback: takes JSON by HTTP, as Apprise's `json://` sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

__all__ = ["NotifiedService", "notified_service"]


class NotifiedService:
    """What was told, by the path it was told at; `status` is what the next ones are answered."""

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}"
        self.status = 200
        self.told: list[tuple[str, dict[str, Any]]] = []


@contextmanager
def notified_service() -> Iterator[NotifiedService]:
    """Run one on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.told.append((self.path, json.loads(body)))
            self.send_response(service.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library names it
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = NotifiedService(server.server_address[1])
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
