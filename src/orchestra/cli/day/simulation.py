"""The day itself: everybody put together on one ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from orchestra.cli.day.agents import Agents
from orchestra.cli.day.clockwork import MINUTE, Clockwork
from orchestra.cli.day.customers import Customers
from orchestra.cli.day.plan import day_plan
from orchestra.cli.day.provider import Provider
from orchestra.errors import JournalUnavailable
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger

__all__ = ["Day", "simulate"]

_MONDAY_9_US: Final = 1_772_442_000 * 1_000_000  # 2026-03-02T09:00:00Z
_LENGTH_US: Final = 10 * 60 * MINUTE


@attrs.frozen
class Day:
    """What the day left behind, beside the journal.

    Attributes:
        customer: id of the one who used three channels for one matter, two of them at once.
        refused: class names of refusals -> how often; people are sometimes too late.
        position: of the journal.
        state_hash: fingerprint of the state at the end.
    """

    customer: str
    refused: Mapping[str, int]
    position: int
    state_hash: str


def simulate(ledger: Ledger, seed: int, on_minute: Callable[[int, int], None]) -> Day:
    """Let a day happen, from an hour before the first contact to an hour after the last.

    Args:
        ledger: of an empty journal.
        seed: of all chance.
        on_minute: told how many minutes of how many are over.

    Raises:
        JournalUnavailable: the journal holds something already.
    """
    if ledger.stored:
        raise JournalUnavailable("the demo wants a journal of its own, and this one is not empty")
    plan, begin_us = day_plan(seed), _MONDAY_9_US - 60 * MINUTE
    key = WorkspaceKey.of(plan)
    clockwork = Clockwork(ledger, seed, begin_us)
    Provider(clockwork)
    agents, customers = Agents(clockwork, sorted(plan.agents)), Customers(clockwork, key.address)
    ledger.put_plan(plan, key, begin_us)
    agents.plan_day(_MONDAY_9_US)
    customers.plan_day(_MONDAY_9_US)
    end_us = begin_us + _LENGTH_US
    clockwork.run(end_us, lambda now_us: on_minute((now_us - begin_us) // MINUTE, _LENGTH_US // MINUTE))
    assert customers.showcased is not None  # her chat is planned for every day
    return Day(customers.showcased, clockwork.refused, ledger.stored, ledger.engine.state_hash())
