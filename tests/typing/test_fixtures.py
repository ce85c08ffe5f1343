"""What a user's type checker sees of the fixtures and of `orchestra.testing`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_type

import pytest

from orchestra.channels.loopback.transport import LoopbackProvider
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.model.plan import Plan
from orchestra.model.results import Received, Written
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.lines import Line
from orchestra.runtime.offers import Offer
from orchestra.runtime.sessions import AgentSession
from orchestra.runtime.workspace import Workspace
from orchestra.testing import (
    AdapterContract,
    Crash,
    Customer,
    FaultyJournal,
    JournalContract,
    JournalFault,
    Outbox,
    Outgoing,
    VirtualClock,
)

pytestmark = pytest.mark.anyio


async def test_the_fixtures_have_types(
    workspace: Workspace,
    clock: VirtualClock,
    customer: Customer,
    agent: AgentSession,
    outbox: Outbox,
    orchestra_plan: Plan,
    orchestra_journal: Journal,
    orchestra_channels: Sequence[Line],
) -> None:
    assert_type(await customer.writes("Where is my order?"), Received)
    offer = assert_type(await agent.next_offer(), Offer)
    contact = assert_type(await offer.accept(), ActiveContact)
    assert_type(await contact.reply("It comes on Friday."), Written)
    assert_type(await clock.advance(minutes=1), None)
    assert_type(outbox.last, Outgoing)
    assert_type(iter(outbox), Iterator[Outgoing])
    assert_type(outbox.texts, list[str])
    assert_type(outbox.providers, Mapping[str, LoopbackProvider])
    assert workspace.journal is orchestra_journal
    assert [line.channel for line in orchestra_channels] == list(orchestra_plan.channels)


def test_a_failing_journal_is_a_journal() -> None:
    journal: Journal = FaultyJournal(MemoryJournal(), {1: JournalFault.CRASH_BEFORE})
    with pytest.raises(Crash):
        journal.acquire("somebody", 0, 1)


def test_the_contract_suites_can_be_subclassed() -> None:
    assert issubclass(JournalContract, object)
    assert "adapter" in AdapterContract.__abstractmethods__
