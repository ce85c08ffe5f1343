from __future__ import annotations

import logging
from pathlib import Path

import anyio
import pytest
from tests.contact_centre import PLAN

from orchestra.errors import JournalUnavailable
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


async def test_owners_that_live_shortly_have_snapshots_made_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots.snapshot_for_ever, "__defaults__", (30,))
    positions: list[int] = []
    for start in range(0, 12, 4):
        async with Workspace.open(PLAN, url) as workspace:
            before = workspace.health().position
            for number in range(start, start + 4):
                await workspace.receive(message(number))
            assert workspace.health().position - before < 30, "no owner by itself comes so far"
            last = positions[-1] if positions else 0
            if workspace.health().position - last >= 30:
                positions.append(await newer(workspace, last))
    assert len(positions) == 2
    assert positions == sorted(set(positions))


async def newer(workspace: Workspace, than: int) -> int:
    """The position of the next snapshot, which another process makes."""
    with anyio.fail_after(30):
        while True:
            snapshot = workspace.journal.load_snapshot("1")
            if snapshot is not None and snapshot.position > than:
                return snapshot.position
            await anyio.sleep(0.01)


async def test_a_change_of_folder_leads_no_snapshot_astray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots.snapshot_for_ever, "__defaults__", (20,))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    async with Workspace.open(PLAN, "sqlite:contacts.db?synchronous=NORMAL") as workspace:
        monkeypatch.chdir(tmp_path / "other")
        for number in range(10):
            await workspace.receive(message(number))
        assert await newer(workspace, 0) > 0
    assert list((tmp_path / "other").iterdir()) == []


async def test_a_snapshot_that_cannot_be_read_counts_as_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(url, 1)
    snapshots.main(url)
    journal = open_journal(url)
    assert snapshots._last(journal) == journal.position()

    def unavailable(_: str) -> None:
        raise JournalUnavailable("as planned")

    monkeypatch.setattr(journal, "load_snapshot", unavailable)
    assert snapshots._last(journal) == 0
    journal.close()


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
