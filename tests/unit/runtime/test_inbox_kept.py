"""What the inbox keeps, and for how long: answers after quiet times, and requests whose bytes are damaged."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from tests.contact_centre import PLAN, message

from orchestra.codec import decode_result, encode_command
from orchestra.errors import CommandRefused, InvalidCommand
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.commands import Command, SetAvailable, SetAway, SignIn
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

DAY_US = 86_400_000_000


async def answer_of(journal: Journal, request_id: str) -> str:
    with anyio.fail_after(30):
        while (answer := journal.inbox.result(request_id)) is None:  # noqa: ASYNC110 - an owner tells nobody
            await anyio.sleep(0.005)
    return answer


@pytest.mark.parametrize(
    "command", [SetAvailable("ana"), SignIn("ana"), SignIn("nobody")], ids=["refused", "done", "unknown"]
)
async def test_an_answer_after_a_quiet_week_is_kept_for_a_week(command: Command) -> None:
    journal, clock = MemoryJournal(), VirtualClock()
    async with Workspace.open(PLAN, journal, clock=clock) as workspace:
        clock.attach(workspace)
        await workspace.receive(message(1))
        await clock.advance(days=8)
        journal.inbox.submit("request-1", encode_command(command))
        first = await answer_of(journal, "request-1")
        assert journal.inbox.forget(clock.now_us() - 7 * DAY_US) == 0
        await workspace.execute(SignIn("ana"))
        await workspace.execute(SetAway("ana", "lunch"))
        journal.inbox.submit("request-1", encode_command(command))
        assert await answer_of(journal, "request-1") == first
        await clock.advance(days=8)
        assert journal.inbox.forget(clock.now_us() - 7 * DAY_US) == 1


async def test_what_is_no_command_is_answered_for_a_week_too() -> None:
    journal, clock = MemoryJournal(), VirtualClock()
    async with Workspace.open(PLAN, journal, clock=clock) as workspace:
        clock.attach(workspace)
        await clock.advance(days=8)
        journal.inbox.submit("request-1", "{}")
        await answer_of(journal, "request-1")
        assert journal.inbox.forget(clock.now_us() - 7 * DAY_US) == 0


@pytest.mark.parametrize("damage", ["replace(command, 'ana', 'anb')", "CAST(x'7bff7d' AS TEXT)", "NULL"])
async def test_a_damaged_request_is_answered_so_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    file = tmp_path / "contacts.db"
    with closing(SqliteJournal(file)) as journal:
        journal.inbox.submit("bad", encode_command(SignIn("ana")))
        journal.inbox.submit("good", encode_command(SignIn("ben")))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"UPDATE request SET command = {damage} WHERE request_id = 'bad'")
    with caplog.at_level(logging.ERROR, "orchestra"), closing(SqliteJournal(file)) as journal:
        async with Workspace.open(PLAN, journal) as workspace:
            assert decode_result(await answer_of(journal, "good")) is None
            with pytest.raises(CommandRefused) as caught:
                decode_result(await answer_of(journal, "bad"))
            assert workspace.health().agents_taking_work == 1
    assert isinstance(caught.value, InvalidCommand)
    assert "damaged" in caught.value.reason
    assert "inbox request number 1 is damaged" in caplog.text
    assert "append failed" not in caplog.text
