from __future__ import annotations

import logging
from pathlib import Path

import anyio
import pytest
from tests.contact_centre import PLAN

from orchestra.journal.registry import open_journal
from orchestra.model.addresses import Handle
from orchestra.model.message import Message
from orchestra.runtime import snapshots
from orchestra.runtime.loading import load_engine, save_snapshot
from orchestra.runtime.workspace import Workspace

CHANNEL = next(iter(PLAN.channels))


def message(number: int) -> Message:
    return Message(CHANNEL, id=f"m{number}", sender=Handle(f"h{number}"), text="Hello")


async def filled(url: str, count: int) -> str:
    async with Workspace.open(PLAN, url) as workspace:
        for number in range(count):
            await workspace.receive(message(number))
        return workspace.state_hash()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


async def test_an_owner_has_snapshots_made_as_it_goes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots.snapshot_for_ever, "__defaults__", (20,))
    async with Workspace.open(PLAN, url) as workspace:
        for number in range(10):
            await workspace.receive(message(number))
        while (snapshot := workspace.journal.load_snapshot("1")) is None:  # noqa: ASYNC110 - another process makes it
            await anyio.sleep(0.01)
        assert 0 < snapshot.position <= workspace.health().position


async def test_a_snapshot_and_the_tail_give_the_state_of_the_whole_log(url: str) -> None:
    expected = await filled(url, 5)
    assert snapshots.main(url) == load_engine(open_journal(url)).position
    assert load_engine(open_journal(url)).state_hash() == expected
    longer = await filled(url, 9)
    journal = open_journal(url)
    assert load_engine(journal).state_hash() == longer == load_engine(journal, use_snapshot=False).state_hash()
    assert save_snapshot(journal) == journal.position()


async def test_a_position_before_the_snapshot_is_rebuilt_without_it(url: str) -> None:
    await filled(url, 5)
    snapshots.main(url)
    journal = open_journal(url)
    early = load_engine(journal, until=3)
    assert early.position == 3
    assert early.state_hash() != load_engine(journal).state_hash()


async def test_a_failing_snapshot_costs_nothing_else(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(snapshots.snapshot_for_ever, "__defaults__", (5,))
    monkeypatch.setattr(snapshots.sys, "executable", "/nonexistent/python")
    with caplog.at_level(logging.WARNING, "orchestra"):
        async with Workspace.open(PLAN, url) as workspace:
            await workspace.receive(message(1))
            while "no snapshot" not in caplog.text:  # noqa: ASYNC110 - nobody is told but the log
                await anyio.sleep(0.01)
            assert not (await workspace.receive(message(2))).duplicate
