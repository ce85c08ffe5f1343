"""Starting attempts at the rate of their accounts: whoever has a permit ahead of its token waits for that.

Belongs here: waiting for a token, and who has the next one. Does not: how fast an account is (the engine's).
"""

from __future__ import annotations

import anyio
import attrs

from orchestra.engine.deliveries.row import Delivery
from orchestra.model.commands import StartDelivery
from orchestra.runtime.clock import sleep_until
from orchestra.runtime.owner import Owner

__all__ = ["Gates"]


@attrs.define(eq=False)
class _Gate:
    """The gate of an account: of those who wait the first one has the next token, and sleeps until it is there."""

    order: anyio.Lock = attrs.field(factory=anyio.Lock)
    waiting: int = 0
    is_asleep: bool = False


class Gates:
    """Lets attempts start, of each account in the order in which they come."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._gates: dict[tuple[str, str], _Gate] = {}
        self._closed = anyio.Event()

    @property
    def waiting(self) -> int:
        """How many attempts wait for nothing but time."""
        return sum(gate.waiting for gate in self._gates.values() if gate.is_asleep)

    def close(self) -> None:
        """Let nobody wait any longer: what has not started is left to the next owner."""
        self._closed.set()

    async def start(self, row: Delivery, command: StartDelivery) -> bool:
        """Start an attempt once its account has a token for it; says whether it has. It is not durable yet.

        Raises:
            CommandRefused: it must not leave now.
            JournalUnavailable: the workspace is closed, or the journal cannot be read.
        """
        gate = self._gates.setdefault((row.channel, row.account), _Gate())
        gate.waiting += 1
        if gate.is_asleep:
            self._owner.recent.bell.ring()  # who waits until nothing is under way may look
        try:
            async with gate.order:
                while (start_us := await self._token(row)) > self._owner.now_us:
                    if self._closed.is_set():
                        return False
                    await self._sleep(gate, start_us)
                self._owner.decide(command)
                return True
        finally:
            gate.waiting -= 1

    async def _token(self, row: Delivery) -> int:
        """When its account has a token. Something can be decided as this returns."""
        await self._owner.ready()
        own, now_us = self._owner.view.deliveries, self._owner.now_us
        return own.token_at(row.channel, row.account, now_us)

    async def _sleep(self, gate: _Gate, until_us: int) -> None:
        gate.is_asleep = True
        self._owner.recent.bell.ring()
        try:
            await sleep_until(self._owner.clock, until_us, self._closed)
        finally:
            gate.is_asleep = False
