"""The owner in `test_torture`: `python -m tests.integration.tortured_owner JOURNAL SENT`, killed again and again.

It has two chat accounts. The provider of `keyed` honours keys: what it gets twice is one line in the file. That of
`plain` does not: what it gets twice is there twice. Both answer slowly enough to be killed in between.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import attrs

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.outbound import Outbound
from orchestra.channels.safe_json import canonical_json
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.wire import HttpAnswer, HttpStep, StepResult, WireStep
from orchestra.model.plan import Plan
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace

__all__ = ["PLAN"]

PLAN = Plan.parse("""
    workspace.default_queue = "care"
    teams.care = {}
    queues.care.team = "care"
    channels.keyed = {}
    channels.plain = {}
    deliveries = { first_retry = "10ms", longest_retry = "50ms", permit = "500ms", attempts = 1000 }
""")


class Forgetful(LoopbackAdapter):
    """The adapter of a provider that does not recognise what it had before."""

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """As loopback, without keys."""
        return attrs.evolve(super().capabilities(account, conversation), outbound_idempotency=False)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: object
    ) -> SendPlan | Refused:
        """As loopback, and not safe to repeat."""
        plan = super().encode(message, account, conversation, now)  # type: ignore[arg-type]
        if isinstance(plan, Refused):
            return plan
        return SendPlan(tuple(attrs.evolve(step, safe_to_repeat=False) for step in plan.steps))


class FileProvider:
    """Writes the key of whatever arrives; that is the moment from which the customer has it."""

    def __init__(self, path: Path, *, honours_keys: bool) -> None:
        self._path = path
        self._honours_keys = honours_keys

    async def perform(self, step: WireStep) -> StepResult:
        """Take it, as this provider does."""
        assert isinstance(step, HttpStep)
        if step.idempotency_key == "poll":
            return HttpAnswer(status=200, body=canonical_json({"account": "shop", "more": False}))
        line = f"{step.idempotency_key}\n".encode()
        if not self._honours_keys or not self._has(line):
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, line)
            os.close(file)
        await anyio.sleep(0.002)
        return HttpAnswer(status=200, body=canonical_json({"message": f"sent-{step.idempotency_key}"}))

    def _has(self, line: bytes) -> bool:
        return self._path.exists() and line in self._path.read_bytes()


def _line(channel: str, adapter: LoopbackAdapter, path: Path, *, honours_keys: bool) -> Line:
    account = Account(route_key=f"hooks-{channel}", channel="loopback", id="shop", secrets={"signing": ("a secret",)})
    return Line(channel, adapter, account, FileProvider(path, honours_keys=honours_keys))


async def main(journal: str, sent: str) -> None:
    """Own the workspace until killed."""
    lines = [
        _line("keyed", LoopbackAdapter(), Path(f"{sent}.keyed"), honours_keys=True),
        _line("plain", Forgetful(), Path(f"{sent}.plain"), honours_keys=False),
    ]
    async with Workspace.open(PLAN, journal, channels=lines) as workspace:
        sys.stdout.write(f"owns since position {workspace.health().position}\n")
        sys.stdout.flush()
        await anyio.to_thread.run_sync(sys.stdin.read)  # until whoever started it closes the pipe


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
