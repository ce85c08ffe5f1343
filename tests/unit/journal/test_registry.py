"""Journals by URL: the built-in ones, and plug-ins, of which a faulty one troubles nobody else."""

from __future__ import annotations

from contextlib import closing
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from orchestra.errors import DefinitionError, JournalUnavailable, LeaseLost
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.registry import (
    GROUP,
    check_journals,
    is_absent,
    lasting_url,
    open_existing,
    open_journal,
    shown_url,
)
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.journal_samples import add


class RemoteJournal(MemoryJournal):
    """What a third party's plug-in would be."""

    contract_version = 1

    def __init__(self, rest: str) -> None:
        super().__init__()
        self.rest = rest


class NextYearsJournal(RemoteJournal):
    contract_version = 2


def broken_factory(rest: str) -> MemoryJournal:
    raise RuntimeError(rest)


def refusing_factory(rest: str) -> MemoryJournal:
    raise LeaseLost(1, 2)


def not_a_journal(rest: str) -> str:
    return rest


NO_FACTORY = 7


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """Installed plug-ins; a test adds to them."""
    installed: list[EntryPoint] = []

    def entry_points(group: str) -> EntryPoints:
        return EntryPoints(installed).select(group=group)

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    return installed


def point(name: str, target: str, module: str = __name__) -> EntryPoint:
    return EntryPoint(name, f"{module}:{target}", GROUP)


def refusal(url: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        open_journal(url)
    return str(caught.value)


def test_memory() -> None:
    with closing(open_journal("memory:")) as one, closing(open_journal("memory:")) as two:
        assert isinstance(one, MemoryJournal)
        add(one, 1)
        assert two.position() == 0


def test_memory_takes_nothing() -> None:
    assert "shared" in refusal("memory:shared")


def test_an_absolute_path(tmp_path: Path) -> None:
    with closing(open_journal(f"sqlite:{tmp_path}/contacts.db")) as journal:
        assert isinstance(journal, SqliteJournal)
        assert journal.path == tmp_path / "contacts.db"
    assert (tmp_path / "contacts.db").exists()


def test_a_relative_path_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    with closing(open_journal("sqlite:contacts.db")) as journal:
        monkeypatch.chdir(elsewhere)
        assert add(journal, 1) == 1
    assert (tmp_path / "contacts.db").exists()
    assert list(elsewhere.iterdir()) == []


def test_a_path_with_signs_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a b%20c#d:\u00fc.db"
    with closing(open_journal(f"sqlite:{path}")) as journal:
        add(journal, 1)
    assert path.exists()
    with closing(open_journal(f"sqlite:{path}?create=no")) as journal:
        assert journal.position() == 1


@pytest.mark.parametrize("synchronous", ["FULL", "extra", "NORMAL"])
def test_options(tmp_path: Path, synchronous: str) -> None:
    with closing(open_journal(f"sqlite:{tmp_path}/contacts.db?synchronous={synchronous}&create=yes")) as journal:
        assert add(journal, 1) == 1


@pytest.mark.parametrize(
    ("rest", "named"),
    [
        ("", "path"),
        ("?synchronous=FULL", "path"),
        (":memory:", "write memory: for one in memory"),
        (":memory:?create=no", "write memory: for one in memory"),
        ("x.db?synchronous=OFF", "OFF"),
        ("x.db?synchronous=", "FULL"),
        ("x.db?create=maybe", "maybe"),
        ("x.db?read_only=maybe", "maybe"),
        ("x.db?sync=FULL", "journal.sync"),
        ("x.db?sync=FULL&cache=1", "journal.cache"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str, named: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert named in refusal(f"sqlite:{rest}")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match=r"no journal at .*contacts\.db"):
        open_journal(f"sqlite:{tmp_path}/contacts.db?create=no")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["", "?synchronous=NORMAL", "?create=yes&create=no", "?create=no"])
def test_an_existing_journal_is_opened_and_none_is_made(tmp_path: Path, option: str) -> None:
    url = f"sqlite:{tmp_path}/contacts.db"
    assert is_absent(url + option)
    with pytest.raises(JournalUnavailable, match=r"no journal at .*contacts\.db"):
        open_existing(url + option)
    assert list(tmp_path.iterdir()) == []
    open_journal(url).close()
    assert not is_absent(url + option)
    open_existing(url + option).close()


@pytest.mark.parametrize("option", ["", "?read_only=yes", "?create=no&read_only=no"])
def test_who_only_reads_says_so_in_the_url(tmp_path: Path, option: str) -> None:
    url = f"sqlite:{tmp_path}/contacts.db"
    with closing(open_journal(url)) as journal:
        add(journal, 2)
    with closing(open_existing(url + option, read_only=True)) as journal:
        assert len(list(journal.read())) == 2


def test_of_other_stores_nothing_is_known_before_they_are_opened() -> None:
    assert not is_absent("memory:")
    assert not is_absent("remote://host/db")
    open_existing("memory:").close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:a/b.db?create=no", "sqlite:a/b.db"),
        ("memory:", "memory:"),
        ("remote://ana:secret@host:1/db?password=x", "remote://host:1/db"),
        ("remote://host/a@b", "remote://host/a@b"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize("url", ["", "sqlite", "postgres://host/db", "C:\\contacts.db", ":", "SQLITE:x"])
def test_an_unknown_scheme_is_told_the_known_ones(plug_in: list[EntryPoint], url: str) -> None:
    plug_in.append(point("remote", "RemoteJournal"))
    message = refusal(url)
    assert repr(url) in message
    assert "memory:, remote:, sqlite:" in message


def test_a_plug_in_gets_the_rest_of_the_url(plug_in: list[EntryPoint]) -> None:
    plug_in.append(point("remote", "RemoteJournal"))
    with closing(open_journal("remote://host:1/db?a=b")) as journal:
        assert isinstance(journal, RemoteJournal)
        assert journal.rest == "//host:1/db?a=b"
    assert check_journals() == []


@pytest.mark.parametrize(
    ("faulty", "named"),
    [
        ([point("bad", "x", "no_such_module")], "no_such_module"),
        ([point("bad", "no_such_name")], "no_such_name"),
        ([point("bad", "NO_FACTORY")], "cannot be called"),
        ([point("bad", "NextYearsJournal")], "contract 2"),
        ([point("bad", "RemoteJournal"), point("bad", "not_a_journal")], "several packages"),
    ],
)
def test_a_faulty_plug_in_is_named_and_alone(
    plug_in: list[EntryPoint], tmp_path: Path, faulty: list[EntryPoint], named: str
) -> None:
    plug_in += [*faulty, point("remote", "RemoteJournal")]
    message = refusal("bad:x")
    assert named in message
    assert "orchestra.journals.bad" in message
    assert [str(fault) for fault in check_journals()] == [message]
    for url in ("memory:", f"sqlite:{tmp_path}/contacts.db", "remote:x"):
        open_journal(url).close()


@pytest.mark.parametrize(("target", "named"), [("broken_factory", "RuntimeError('x')"), ("not_a_journal", "a str")])
def test_a_plug_in_that_opens_nothing_is_named(plug_in: list[EntryPoint], target: str, named: str) -> None:
    plug_in.append(point("bad", target))
    assert named in refusal("bad:x")


def test_a_plug_ins_own_errors_pass(plug_in: list[EntryPoint]) -> None:
    plug_in.append(point("bad", "refusing_factory"))
    with pytest.raises(LeaseLost):
        open_journal("bad:x")


def test_a_plug_in_cannot_take_a_built_in_name(plug_in: list[EntryPoint]) -> None:
    plug_in.append(point("memory", "RemoteJournal"))
    with closing(open_journal("memory:")) as journal:
        assert not isinstance(journal, RemoteJournal)
    (fault,) = check_journals()
    assert fault.path == "orchestra.journals.memory"
    assert not fault.is_error


def test_a_plug_in_that_is_not_asked_for_is_not_imported(plug_in: list[EntryPoint]) -> None:
    plug_in.append(point("bad", "x", "no_such_module"))
    open_journal("memory:").close()
    assert "bad:" in refusal("unknown:")


def test_this_librarys_own_entry_points_are_no_doubles(plug_in: list[EntryPoint]) -> None:
    plug_in.append(point("sqlite", "SqliteJournal", "orchestra.journal.sqlite"))
    assert check_journals() == []


def test_a_lasting_url_leads_to_the_same_file_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_journal("sqlite:contacts.db").close()
    url = lasting_url("sqlite:contacts.db?synchronous=EXTRA&create=yes")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    with closing(open_journal(url)) as journal:
        assert isinstance(journal, SqliteJournal)
        assert journal.path == tmp_path / "contacts.db"
        assert "EXTRA" in url
    (tmp_path / "contacts.db").unlink()
    with pytest.raises(JournalUnavailable):
        open_journal(url)
    assert list(tmp_path.rglob("contacts.db*")) == []


@pytest.mark.parametrize("url", ["shelf:trial", "memory:", "remote://host/name?a=b"])
def test_other_urls_last_as_they_are(url: str) -> None:
    assert lasting_url(url) == url
