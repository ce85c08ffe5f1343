"""A WSGI application whose every request is one command: what the workers of `test_many_processes` run.

The request's id is in a header, the command in the body; the answer comes as the inbox would store it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from orchestra import CommandRefused, JournalUnavailable, blocking
from orchestra.codec import decode_command, encode_result

__all__ = ["application"]

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@cache
def workspace() -> blocking.Client:
    """This worker's connection."""
    return blocking.connect(os.environ["CONTACTS"])


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Execute the command of a request."""
    command = decode_command(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
    try:
        status, answer = "200 OK", workspace().execute(command, environ["HTTP_REQUEST_ID"])
    except CommandRefused as refusal:
        status, answer = "409 Conflict", refusal
    except JournalUnavailable:
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []
    body = encode_result(answer).encode()
    start_response(status, [("Content-Length", str(len(body)))])
    return [body]
