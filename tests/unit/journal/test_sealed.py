"""A sealed journal: every private part under its customer's key, readable as long as that key is there."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import attrs
import pytest

from orchestra.errors import InvalidData, JournalCorrupt, JournalUnavailable, MalformedMessage
from orchestra.journal import sealed
from orchestra.journal.memory import MemoryJournal, MemoryStore
from orchestra.journal.sealed import OWN, SealedJournal, Vault, WrongSecret, rewrapped
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Batch, Done, Lease, Record
from orchestra.testing.faults import FaultyJournal, JournalFault

SECRET, OTHER = "s" * 32, "t" * 32
HOUR = 3_600_000_000


def record(position: int, subject: str | None = "cu1", text: str | None = "Hello") -> Record:
    private = None if text is None else f'{{"text":"{text}"}}'
    return Record(position, position, "MessageReceived", 1, "customer", subject, "{}", private)


def over(store: MemoryStore, secret: str = SECRET) -> SealedJournal:
    journal = MemoryJournal(store)
    return SealedJournal(journal, Vault(secret, journal.keys))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def journal(store: MemoryStore) -> Iterator[SealedJournal]:
    with closing(over(store)) as opened:
        yield opened


@pytest.fixture
def lease(journal: SealedJournal) -> Lease:
    return journal.acquire("me", 1, HOUR)


def privates(journal: SealedJournal | MemoryJournal | SqliteJournal) -> list[str | None]:
    return [found.private for found in journal.read()]


def test_what_is_stored_is_sealed_and_what_is_read_is_not(
    store: MemoryStore, journal: SealedJournal, lease: Lease
) -> None:
    records = [record(1), record(2, "cu2", "Bye"), record(3, None, "Ana"), record(4, "cu3", None)]
    assert journal.append(0, [Batch(records)], lease) == 4
    assert list(journal.read()) == records
    stored = privates(MemoryJournal(store))
    assert [text is not None and text.startswith("sealed:") for text in stored] == [True, True, True, False]
    assert not any(word in str(stored) for word in ("Hello", "Bye", "Ana", "text"))
    assert sorted(store.keys) == ["", "cu1", "cu2"]
    assert list(over(store).read()) == records


def test_a_customer_has_one_key_for_ever(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    journal.append(0, [Batch([record(1)]), Batch([record(2)])], lease)
    before = dict(store.keys)
    journal.append(2, [Batch([record(3)])], lease)
    over(store).append(3, [Batch([record(4)])], lease)
    assert store.keys == before
    names = {str(text).split(":")[1] for text in privates(MemoryJournal(store))}
    assert len(names) == 1


def test_a_private_part_is_of_its_record_alone(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    """One that was put beside other facts, or under another customer, is damage."""
    journal.append(0, [Batch([record(1), record(2, "cu2", "Bye")])], lease)
    raw = list(MemoryJournal(store).read())
    for moved in (
        attrs.evolve(raw[0], type="MessageWritten"),
        attrs.evolve(raw[0], version=2),
        attrs.evolve(raw[0], private=str(raw[0].private)[:-8] + "AAAAAAA="),
    ):
        with patch.object(MemoryJournal, "read", lambda *_, found=moved, **__: iter([found])):
            with pytest.raises(JournalCorrupt) as caught:
                list(journal.read())
            assert caught.value.position == 1
    with patch.object(MemoryJournal, "read", lambda *_, **__: iter([attrs.evolve(raw[0], subject="cu2")])):
        assert privates(journal) == [None]


def test_erasure_destroys_the_key_and_the_text(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    journal.append(0, [Batch([record(1), record(2, "cu2", "Bye")])], lease)
    copy = [attrs.evolve(found) for found in MemoryJournal(store).read()]
    assert journal.blank(["cu1"]) == 1
    assert privates(journal) == [None, '{"text":"Bye"}']
    assert sorted(store.keys) == ["", "cu2"]
    with patch.object(MemoryJournal, "read", lambda *_, **__: iter(copy)):
        assert privates(over(store)) == [None, '{"text":"Bye"}']


def test_whoever_comes_after_an_erasure_has_another_key(
    store: MemoryStore, journal: SealedJournal, lease: Lease
) -> None:
    journal.append(0, [Batch([record(1)])], lease)
    copy = next(iter(MemoryJournal(store).read()))
    journal.blank(["cu1"])
    journal.append(1, [Batch([record(2, "cu1", "Again")])], lease)
    assert privates(journal) == [None, '{"text":"Again"}']
    with patch.object(MemoryJournal, "read", lambda *_, **__: iter([copy])):
        assert privates(over(store)) == privates(journal) == [None]


def test_erasing_all_leaves_the_journals_own_key(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    journal.append(0, [Batch([record(1), record(2, None, "Ana")])], lease)
    assert journal.blank() == 2
    assert list(store.keys) == [OWN]
    assert privates(journal) == [None, None]


@pytest.mark.parametrize("fault", [JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE])
def test_a_key_counts_once_it_is_stored(store: MemoryStore, fault: JournalFault) -> None:
    """Whether an append that failed stored its keys, the table tells."""
    inner = FaultyJournal(MemoryJournal(store), {1: fault}, only=["append"])
    journal = SealedJournal(inner, Vault(SECRET, inner.keys))
    lease = journal.acquire("me", 1, HOUR)
    with pytest.raises(JournalUnavailable):
        journal.append(0, [Batch([record(1)])], lease)
    at = journal.position()
    assert at == (1 if fault is JournalFault.OBSCURE else 0)
    journal.append(at, [Batch([record(at + 1, "cu1", "Later")])], lease)
    assert privates(over(store))[-1] == '{"text":"Later"}'
    assert None not in privates(over(store))


def test_what_was_stored_before_is_read_as_it_is(store: MemoryStore) -> None:
    plain = MemoryJournal(store)
    lease = plain.acquire("me", 1, HOUR)
    plain.append(0, [Batch([record(1)])], lease)
    plain.inbox.submit("old", '{"old":1}')
    journal = over(store)
    journal.append(1, [Batch([record(2, "cu1", "Later")])], lease)
    assert privates(journal) == ['{"text":"Hello"}', '{"text":"Later"}']
    assert [request.command for request in journal.inbox.waiting()] == ['{"old":1}']


def test_another_secret_is_refused(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    over(MemoryStore(), OTHER)  # any will do for a journal that has no keys yet
    journal.append(0, [Batch([record(1)])], lease)
    with pytest.raises(WrongSecret):
        over(store, OTHER)


def test_a_damaged_key_is_damage_of_the_journal(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    journal.append(0, [Batch([record(1)])], lease)
    store.keys["cu1"] = store.keys[OWN]  # another's key is none of theirs
    with pytest.raises(JournalCorrupt, match="key is damaged"):
        list(over(store).read())


def test_all_keys_may_be_wrapped_anew(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    journal.append(0, [Batch([record(1), record(2, None, "Ana")])], lease)
    before = dict(store.keys)
    with pytest.raises(WrongSecret):
        rewrapped(journal.keys, OTHER, SECRET)
    journal.keys.replace(rewrapped(journal.keys, SECRET, OTHER), lease)
    assert set(store.keys.values()).isdisjoint(before.values())
    with pytest.raises(WrongSecret):
        over(store)
    assert privates(over(store, OTHER)) == ['{"text":"Hello"}', '{"text":"Ana"}']


def test_only_so_many_keys_are_held_at_once(
    store: MemoryStore, journal: SealedJournal, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "_MOST_KEPT", 3)
    records = [record(number, f"cu{number}", f"text {number}") for number in range(1, 11)]
    journal.append(0, [Batch(records)], lease)
    assert len(journal._vault._known) == 3
    assert list(journal.read()) == records
    assert len(journal._vault._known) == 3


def test_keys_that_were_wrapped_anew_end_what_was_opened_before(
    store: MemoryStore, journal: SealedJournal, lease: Lease
) -> None:
    journal.append(0, [Batch([record(1), record(2, "cu2", "Bye")])], lease)
    earlier = over(store)
    journal.keys.replace(rewrapped(journal.keys, SECRET, OTHER), lease)
    with pytest.raises(JournalCorrupt, match="wrapped anew"):
        list(earlier.read())
    with pytest.raises(JournalCorrupt, match="wrapped anew"):
        earlier.append(2, [Batch([record(3)])], lease)
    assert journal.position() == 2


def test_no_reader_brings_back_a_key_that_is_destroyed(
    store: MemoryStore, journal: SealedJournal, lease: Lease
) -> None:
    """A reader who has found the key in the table, and not yet kept it, when it is destroyed."""
    journal.append(0, [Batch([record(1)])], lease)
    slow = over(store)
    found, may_go_on = threading.Event(), threading.Event()
    find = slow.keys.find

    def slowly(subjects: Collection[str]) -> Mapping[str, str]:
        keys = find(subjects)
        found.set()
        assert may_go_on.wait(8)
        return keys

    with patch.object(slow.keys, "find", slowly):
        reader = threading.Thread(target=slow._vault.find, args=("cu1",))
        reader.start()
        assert found.wait(8)
        eraser = threading.Thread(target=slow.blank, args=(["cu1"],))
        eraser.start()
        may_go_on.set()
        reader.join(8)
        eraser.join(8)
    assert slow._vault.find("cu1") is None


# The inbox


def test_commands_and_answers_are_sealed_too(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    journal.append(0, [Batch([record(1)])], lease)
    journal.inbox.submit("a", '{"text":"secret"}')
    journal.inbox.submit("a", '{"text":"secret"}')
    with pytest.raises(InvalidData):
        journal.inbox.submit("a", '{"text":"another"}')
    assert "secret" not in str(store.requests["a"].command)
    (request,) = over(store).inbox.waiting()
    assert request.command == '{"text":"secret"}'
    journal.append(1, [Batch([], Done("a", '"told"', 5))], lease)
    assert "told" not in str(store.requests["a"].result)
    assert journal.inbox.result("a") == over(store).inbox.result("a") == '"told"'
    assert journal.inbox.result("b") is None
    assert journal.inbox.forget(6) == 1


def test_what_waits_damaged_is_given_as_damaged(store: MemoryStore, journal: SealedJournal, lease: Lease) -> None:
    """Whoever moves a command under another id, or an answer, is noticed."""
    journal.append(0, [Batch([record(1)])], lease)
    plain = MemoryJournal(store)
    journal.inbox.submit("a", "{}")
    plain.inbox.submit("b", str(store.requests["a"].command))
    assert [(request.request_id, request.command) for request in journal.inbox.waiting()] == [("a", "{}"), ("b", None)]
    plain.append(1, [Batch([], Done("b", "sealed:nothing", 5))], lease)
    with pytest.raises(JournalCorrupt, match="'b'"):
        journal.inbox.result("b")


def test_what_is_not_unicode_is_refused(journal: SealedJournal, lease: Lease) -> None:
    for bad in (record(1, "cu1", "\ud800"), record(1, "\ud800")):
        with pytest.raises(MalformedMessage):
            journal.append(0, [Batch([bad])], lease)
    assert journal.position() == 0


# In a file


def test_no_key_and_no_text_is_left_in_the_file_after_an_erasure(tmp_path: Path) -> None:
    place = tmp_path / "journal.db"
    with closing(SqliteJournal(place)) as inner:
        journal = SealedJournal(inner, Vault(SECRET, inner.keys))
        lease = journal.acquire("me", 1, HOUR)
        journal.append(0, [Batch([record(number, f"cu{number}", "x" * 300) for number in range(1, 40)])], lease)
        doomed = {subject: inner.keys.find([subject])[subject] for subject in ("cu7", "cu31")}
        texts = [str(found.private) for found in inner.read(subjects=list(doomed))]
        assert all(any(text.encode() in part.read_bytes() for part in tmp_path.iterdir()) for text in doomed.values())
        journal.blank(list(doomed))
        for part in tmp_path.iterdir():
            assert not any(text.encode() in part.read_bytes() for text in (*doomed.values(), *texts))
