"""What carries wire steps out. The only place in `channels` where waiting is allowed.

Transports of real protocols come as extras; the in-process one for the loopback channel is
`loopback.transport.LoopbackTransport`.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from orchestra.channels.wire import StepResult, WireStep

__all__ = ["Transport"]


@runtime_checkable
class Transport(Protocol):
    """Carries steps, one at a time for each call; calls may overlap.

    Guarantees:
        One call writes the step at most once: a transport never tries again by itself. Whatever the peer does
        is a result, not an exception; only cancellation and our own faults are raised. A result without an
        answer says `may_have_arrived=False` only if not a single byte was written.
    """

    async def perform(self, step: WireStep) -> StepResult:
        """Carry a step out and give what came of it."""
        ...
