"""Ids of inbox requests that are damaged and can still be read: nothing is answered under a wrong id or done twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import anyio
import pytest
from tests.contact_centre import PLAN, message

from orchestra.codec import encode_command
from orchestra.errors import JournalCorrupt, JournalError, MalformedMessage
from orchestra.journal.checks import fits, request_check
from orchestra.journal.memory import MemoryJournal, MemoryStore
from orchestra.journal.port import Inbox, Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.commands import OpenCase
from orchestra.model.records import Batch, Done
from orchestra.runtime.workspace import Workspace
from orchestra.testing.journal_samples import HOUR, NOON

GIVEN, READ = "request-0001", "request-0003"
"""The id that was given, and what is read with one bit of it flipped."""

COMMAND = encode_command(OpenCase("cu1", "billing"))


def check(request_id: str, text: str = "{}") -> bytes:
    return request_check("request", request_id, text)


# Checksums


def test_a_text_fits_under_its_own_id_alone() -> None:
    assert fits(GIVEN, "{}", check(GIVEN))
    assert not fits(READ, "{}", check(GIVEN))
    assert not fits(GIVEN, "{ }", check(GIVEN))


def test_an_id_and_a_text_that_join_to_the_same_are_told_apart() -> None:
    assert check("ab", "c") != check("a", "bc")
    assert check("", "abc") != check("abc", "")


@pytest.mark.parametrize(("request_id", "text"), [("\ud800", "{}"), ("a", "secret \ud800")])
def test_what_is_not_unicode_has_no_checksum(request_id: str, text: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        check(request_id, text)
    assert "secret" not in str(caught.value)


# In memory


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def memory(store: MemoryStore) -> MemoryJournal:
    return MemoryJournal(store)


def answer(journal: Journal, request_id: str = GIVEN) -> None:
    lease = journal.acquire("owner", NOON, HOUR)
    journal.append(journal.position(), [Batch([], Done(request_id, '"answer"', NOON))], lease)
    journal.release(lease)


def commands(inbox: Inbox) -> dict[str, str | None]:
    return {request.request_id: request.command for request in inbox.waiting()}


def test_a_request_in_memory_is_not_done_under_another_id(memory: MemoryJournal, store: MemoryStore) -> None:
    memory.inbox.submit(GIVEN, COMMAND)
    store.requests[READ] = store.requests.pop(GIVEN)
    assert commands(memory.inbox) == {READ: None}
    memory.inbox.submit(GIVEN, COMMAND)
    assert commands(memory.inbox) == {READ: None, GIVEN: COMMAND}


def test_an_answer_in_memory_is_not_given_under_another_id(memory: MemoryJournal, store: MemoryStore) -> None:
    memory.inbox.submit(GIVEN, COMMAND)
    answer(memory)
    assert memory.inbox.result(GIVEN) == '"answer"'
    store.requests[READ] = store.requests.pop(GIVEN)
    with pytest.raises(JournalCorrupt, match=READ):
        memory.inbox.result(READ)


def test_a_damaged_answer_in_memory_is_reported(memory: MemoryJournal, store: MemoryStore, tmp_path: Path) -> None:
    memory.inbox.submit(GIVEN, COMMAND)
    answer(memory)
    store.requests[GIVEN].result = '"other"'
    with pytest.raises(JournalCorrupt, match=GIVEN):
        memory.inbox.result(GIVEN)
    memory.backup(tmp_path / "copy.db")
    with closing(SqliteJournal(tmp_path / "copy.db")) as copy, pytest.raises(JournalCorrupt, match=GIVEN):
        copy.inbox.result(GIVEN)


def test_a_copy_of_a_journal_in_memory_knows_its_requests(memory: MemoryJournal, tmp_path: Path) -> None:
    for name in (GIVEN, "another"):
        memory.inbox.submit(name, COMMAND)
    answer(memory)
    memory.backup(tmp_path / "copy.db")
    with closing(SqliteJournal(tmp_path / "copy.db")) as copy:
        copy.inbox.submit(GIVEN, COMMAND)
        assert copy.inbox.result(GIVEN) == '"answer"'
        assert commands(copy.inbox) == {"another": COMMAND}
        answer(copy, "another")
        assert copy.inbox.result("another") == '"answer"'


# In a file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.db"


def stored(path: Path, *, is_answered: bool) -> bytes:
    """The bytes of a closed journal with one request."""
    with closing(SqliteJournal(path)) as journal:
        journal.inbox.submit(GIVEN, COMMAND)
        if is_answered:
            answer(journal)
    return path.read_bytes()


def flips(whole: bytes, path: Path) -> Iterator[int]:
    """Put each readable flip of each copy of the id into the file, one after the other."""
    place = -1
    while (place := whole.find(GIVEN.encode(), place + 1)) >= 0:
        for bit in (1, 2, 4):
            spot = place + len(GIVEN) - 1
            path.write_bytes(whole[:spot] + bytes([whole[spot] ^ bit]) + whole[spot + 1 :])
            yield place


def test_an_id_is_in_the_file_twice(path: Path) -> None:
    whole = stored(path, is_answered=False)
    assert len(set(flips(whole, path))) == 2


@pytest.mark.parametrize("is_answered", [False, True], ids=["waiting", "answered"])
def test_whatever_bit_of_an_id_is_flipped_no_other_id_gets_what_is_stored(path: Path, is_answered: bool) -> None:
    for _ in flips(stored(path, is_answered=is_answered), path):
        with closing(SqliteJournal(path)) as journal:
            assert commands(journal.inbox) == {}
            for digit in "0235":
                with suppress(JournalCorrupt):
                    assert journal.inbox.result(f"request-000{digit}") is None
            with pytest.raises(JournalCorrupt, match=GIVEN):
                journal.inbox.result(GIVEN)
            with pytest.raises(JournalCorrupt):
                journal.verify()


@pytest.mark.parametrize("is_answered", [False, True], ids=["waiting", "answered"])
def test_whatever_bit_of_an_id_is_flipped_asking_again_stores_nothing_anew(path: Path, is_answered: bool) -> None:
    for _ in flips(stored(path, is_answered=is_answered), path):
        with closing(SqliteJournal(path)) as journal:
            with pytest.raises(JournalCorrupt, match=GIVEN):
                journal.inbox.submit(GIVEN, COMMAND)
            assert commands(journal.inbox) == {}


def test_a_request_beside_a_damaged_one_goes_on(path: Path) -> None:
    for _ in flips(stored(path, is_answered=False), path):
        with closing(SqliteJournal(path)) as journal:
            journal.inbox.submit("sound", COMMAND)
            assert commands(journal.inbox) == {"sound": COMMAND}
            answer(journal, "sound")
            assert journal.inbox.result("sound") == '"answer"'


@pytest.mark.parametrize("is_answered", [False, True], ids=["waiting", "answered"])
def test_an_id_check_that_is_damaged_is_reported(path: Path, is_answered: bool) -> None:
    stored(path, is_answered=is_answered)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE request SET id_check = zeroblob(8)")
    with closing(SqliteJournal(path)) as journal:
        with pytest.raises(JournalCorrupt, match=GIVEN):
            journal.inbox.result(GIVEN)
        with pytest.raises(JournalCorrupt, match=GIVEN):
            journal.inbox.submit(GIVEN, COMMAND)


def test_an_id_that_was_rewritten_everywhere_is_answered_as_damaged(path: Path) -> None:
    stored(path, is_answered=False)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE request SET request_id = ?", (READ,))
    with closing(SqliteJournal(path)) as journal:
        assert commands(journal.inbox) == {READ: None}
        with pytest.raises(JournalCorrupt, match=GIVEN):
            journal.inbox.submit(GIVEN, COMMAND)


# In a workspace


async def _opened_cases(path: Path) -> int:
    """Asks again for what is stored, with the same id, then for something else; gives how many cases were opened."""
    with closing(SqliteJournal(path)) as journal:
        async with Workspace.open(PLAN, journal) as workspace:
            with suppress(JournalError):
                journal.inbox.submit(GIVEN, COMMAND)
            journal.inbox.submit("last", "{}")
            with anyio.fail_after(30):
                while journal.inbox.result("last") is None:  # noqa: ASYNC110 - an owner tells nobody
                    await anyio.sleep(0.005)
            assert workspace.health().quarantined == 0
        return sum(record.type == "CaseOpened" for record in journal.read())


@pytest.mark.parametrize("is_done", [False, True], ids=["waiting", "done"])
async def test_a_command_whose_id_is_damaged_is_done_once_at_most(path: Path, is_done: bool) -> None:
    with closing(SqliteJournal(path)) as journal:
        async with Workspace.open(PLAN, journal) as workspace:
            await workspace.receive(message(1))
    assert await _opened_cases(path) == 2
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM request WHERE request_id = 'last'")
        if not is_done:
            connection.execute("DELETE FROM request")
    if not is_done:
        stored(path, is_answered=False)
    for _ in flips(path.read_bytes(), path):  # noqa: ASYNC240 - nothing else goes on
        assert await _opened_cases(path) == 2
