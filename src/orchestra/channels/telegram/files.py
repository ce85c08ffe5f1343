"""Fetching files of Telegram's: asking where one is, then going there (`getFile` in the Bot API's reference).

The place is good for an hour, and there is one for files of up to 20 MB.
"""

from __future__ import annotations

import re

from orchestra.channels.account import Account
from orchestra.channels.fields import Fields
from orchestra.channels.sending import Refused
from orchestra.channels.telegram.address import prefix_of
from orchestra.channels.wire import HttpStep, WireStep
from orchestra.channels.writing import json_body
from orchestra.errors import MalformedMessage

__all__ = ["file_of", "plan_fetch"]

_FILE = "file"
_METHOD = "getFile"
# As Telegram names them, for example `documents/file_5.pdf`: nothing in it may lead elsewhere.
_FILE_PATH = re.compile(r"[A-Za-z0-9_-]{1,100}(?:/[A-Za-z0-9_-]{1,100}){0,3}(?:\.[A-Za-z0-9]{1,20}){0,2}")


def plan_fetch(file_id: str, account: Account) -> HttpStep | Refused:
    """Plan the asking where a file is, or say why nobody can be asked."""
    prefix, body = prefix_of(account), json_body({"file_id": file_id})
    if isinstance(prefix, Refused):
        return prefix
    if isinstance(body, Refused):
        return body
    return HttpStep(
        idempotency_key="fetch",
        safe_to_repeat=True,
        carry=_FILE,
        method="POST",
        url=prefix + _METHOD,
        headers=(("Content-Type", "application/json"),),
        body=body,
    )


def file_of(step: WireStep, answer: Fields) -> HttpStep | None:
    """Give the fetching of a file, if the step asked where it is.

    Raises:
        MalformedMessage: the answer names no place where Telegram keeps files.
    """
    if not isinstance(step, HttpStep) or step.carry != _FILE:
        return None
    path = answer.text("file_path")
    if _FILE_PATH.fullmatch(path) is None:
        raise MalformedMessage(f"{answer.path}.file_path", "is no path of a file")
    server, _, rest = step.url.rpartition("/bot")
    url = f"{server}/file/bot{rest.removesuffix(_METHOD)}{path}"
    return HttpStep(idempotency_key="fetch:file", safe_to_repeat=True, method="GET", url=url)
