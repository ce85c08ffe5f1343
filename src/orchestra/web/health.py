"""How the workspace behind the web door is doing, for load balancers and whoever watches: figures, and no person's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import anyio
import attrs

from orchestra.channels.safe_json import JsonObject, JsonValue, canonical_json
from orchestra.channels.wire import HttpReply
from orchestra.errors import JournalError
from orchestra.runtime.client import Client
from orchestra.runtime.threads import in_thread
from orchestra.runtime.workspace import Workspace

__all__ = ["health_reply"]

_LONGEST_PENDING = timedelta(seconds=10)
_LONGEST_LAG = timedelta(seconds=60)
_LONGEST_READ_S = 5.0
_NOT_TOLD = frozenset({"provider_notices", "scores_failed"})
"""What is in words: providers', and of the application's own errors."""


async def health_reply(workspace: Workspace | Client | None) -> HttpReply:
    """Answer 200 while contacts can be taken, else 503; with figures in either case, if there are any.

    Args:
        workspace: what is being served; None before it is open and after it is closed.
    """
    is_well = False
    figures: JsonObject = {}
    if workspace is not None:
        try:
            with anyio.fail_after(_LONGEST_READ_S):
                is_well, figures = await _look(workspace)
        except (JournalError, TimeoutError):
            pass  # it cannot be read: it is not well, and has no figures
    body = canonical_json({"status": "ok" if is_well else "unavailable", **figures})
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return HttpReply(status=200 if is_well else 503, headers=headers, body=body)


async def _look(workspace: Workspace | Client) -> tuple[bool, JsonObject]:
    if isinstance(workspace, Client):
        # Whether there is an owner only its answers tell; what is handed in meanwhile is kept for it.
        return True, {"role": "worker", "position": await in_thread(workspace.journal.position)}
    await workspace.incidents(limit=1)  # any read: it is answered only while the workspace decides and stores
    health = workspace.health()
    is_well = health.oldest_pending < _LONGEST_PENDING and health.timer_lag < _LONGEST_LAG
    told = (field.name for field in attrs.fields(type(health)) if field.name not in _NOT_TOLD)
    return is_well, {"role": "owner", **{name: _plain(getattr(health, name)) for name in told}}


def _plain(value: Any) -> JsonValue:
    """A figure as JSON has it; durations in seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [str(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): int(count) for name, count in value.items()}
    return int(value)
