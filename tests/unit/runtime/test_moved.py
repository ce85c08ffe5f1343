"""A journal whose files are moved, removed or replaced under its owner: nothing is acknowledged, and the owner ends."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from tests.contact_centre import PLAN, message

from orchestra.errors import JournalMoved, JournalUnavailable
from orchestra.journal.registry import open_journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.commands import SignIn
from orchestra.runtime.client import connect
from orchestra.runtime.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files that are open stay where they are there")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "here"


@pytest.fixture
def url(folder: Path) -> str:
    folder.mkdir()
    return f"sqlite:{folder / 'contacts.db'}"


def _remove(folder: Path) -> None:
    shutil.rmtree(folder)


def _move(folder: Path) -> None:
    folder.rename(folder.with_name("there"))


def _restore(folder: Path) -> None:
    with closing(SqliteJournal(folder / "contacts.db")) as journal:
        journal.backup(folder / "copy")
    (folder / "copy").replace(folder / "contacts.db")


@pytest.mark.parametrize("how", [_remove, _move, _restore])
async def test_who_writes_is_told_and_the_owner_ends(
    folder: Path, url: str, how: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[JournalUnavailable] = []
    answers: list[object] = []
    with pytest.raises(JournalMoved) as caught:  # noqa: PT012
        async with Workspace.open(PLAN, url) as workspace:
            await workspace.receive(message(1))
            await anyio.to_thread.run_sync(how, folder)
            try:
                answers.append(await workspace.receive(message(2)))
            except JournalUnavailable as error:
                told.append(error)
            await anyio.sleep_forever()
    assert caught.value.path.startswith(str(folder))
    assert answers == []
    assert all(error.outcome_unknown for error in told), "the owner may have ended before anybody could be told"
    assert "reloaded" not in caplog.text


async def test_an_owner_at_rest_notices(folder: Path, url: str) -> None:
    with pytest.raises(JournalMoved):  # noqa: PT012
        async with Workspace.open(PLAN, url):
            await anyio.to_thread.run_sync(_move, folder)
            await anyio.sleep_forever()


async def test_what_was_acknowledged_is_in_the_files_that_were_moved(folder: Path, url: str) -> None:
    with pytest.raises(JournalMoved):  # noqa: PT012
        async with Workspace.open(PLAN, url) as workspace:
            await workspace.receive(message(1))
            await anyio.to_thread.run_sync(_move, folder)
            await anyio.sleep_forever()
    with closing(SqliteJournal(folder.with_name("there") / "contacts.db")) as journal:
        assert journal.verify() == journal.position()
        assert sum(record.type == "MessageReceived" for record in journal.read()) == 1


async def test_a_client_is_told(folder: Path, url: str) -> None:
    async with Workspace.open(PLAN, url):
        pass
    async with connect(url) as client:
        await anyio.to_thread.run_sync(_restore, folder)
        with pytest.raises(JournalMoved):
            await client.execute(SignIn("ana"))
    with closing(open_journal(url)) as journal:
        assert journal.inbox.waiting() == []
