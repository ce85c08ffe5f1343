"""The owner in `test_many_processes`: `python -m tests.integration.owner_process JOURNAL SENT HELD`.

Its chat provider is a file: each message that leaves is one line, written before the provider answers. The provider
does not honour keys, so a message sent twice is there twice. The first HELD messages it never answers at all: whoever
kills the owner, kills it in the middle of those.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import anyio
import attrs

from orchestra import Account, Line, Plan, Workspace
from orchestra.channels.account import Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.safe_json import canonical_json
from orchestra.channels.wire import HttpAnswer, HttpStep, StepResult, WireStep

__all__ = ["PLAN"]

PLAN = Plan.parse("""
    [workspace]
    default_queue = "care"
    [teams.care]
    [queues.care]
    team = "care"
    [channels.chat]
    [deliveries]
    permit = "10m"
""")


class ForgetfulAdapter(LoopbackAdapter):
    """The loopback channel of a provider that does not recognise what it had before."""

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """As loopback, without keys."""
        return attrs.evolve(super().capabilities(account, conversation), outbound_idempotency=False)


class FileTransport:
    """Appends the key of whatever is sent."""

    def __init__(self, path: Path, held: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._held = held

    async def perform(self, step: WireStep) -> StepResult:
        """Write the key, then answer, or never."""
        assert isinstance(step, HttpStep)
        if step.idempotency_key == "poll":
            return HttpAnswer(status=200, body=canonical_json({"account": "shop", "more": False}))
        self._held -= 1
        is_held = self._held >= 0
        os.write(self._file, f"{step.idempotency_key}{' held' * is_held}\n".encode())
        if is_held:
            await anyio.sleep_forever()
        return HttpAnswer(status=200, body=canonical_json({"message": f"sent-{step.idempotency_key}"}))


async def main(journal: str, sent: str, held: str) -> None:
    """Own the workspace until told to stop."""
    account = Account(route_key="hooks", channel="loopback", id="shop", secrets={"signing": ("a secret",)})
    chat = Line("chat", ForgetfulAdapter(), account, FileTransport(Path(sent), int(held)))
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        async with Workspace.open(PLAN, journal, channels=[chat]) as workspace:
            sys.stdout.write(f"owns since position {workspace.health().position}\n")
            sys.stdout.flush()
            async for _ in signals:
                return


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
