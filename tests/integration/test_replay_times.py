"""Replaying logs whose times are not what they should be: out of order, or in the future."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.contact_logs import LogWriter, run_json

from orchestra.cli.main import main
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.registry import open_journal
from orchestra.runtime import taking
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.replaying import Replayed, replay

Capture = pytest.CaptureFixture[str]

BEGIN_US = int(datetime(2024, 3, 4, 9, tzinfo=UTC).timestamp()) * 1_000_000
MINUTE_US = 60_000_000


class Watcher:
    """Remembers bad lines."""

    def __init__(self) -> None:
        self.bad: list[tuple[int, str]] = []

    def bad_line(self, number: int, reason: str) -> None:
        self.bad.append((number, reason))

    def advance(self, lines: int, total: int) -> None:
        pass


def take(path: Path, latest_us: int | None = None, **more: Any) -> tuple[Replayed, Watcher, MemoryJournal]:
    watcher, journal = Watcher(), MemoryJournal()
    with ContactLog(path) as log:
        return replay(log, journal, watcher, lambda: 1, latest_us=latest_us, **more), watcher, journal


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


# Out of order


@pytest.mark.parametrize(
    ("log", "first_s", "whole_s"),
    [
        (LogWriter().ask(60, "t", "joe", "1").answer(65, "t", "joe", "2").ask(0, "t", "joe", "3"), 3900, 3900),
        (LogWriter().answer(5, "t", "joe", "1").ask(0, "t", "joe", "2"), 300, 300),
        (LogWriter().ask(0, "t", "joe", "1").answer(30, "t", "joe", "2").answer(5, "t", "joe", "3"), 300, 1800),
    ],
)
def test_measures_use_the_lines_own_times(
    tmp_path: Path, log: LogWriter, first_s: float, whole_s: float, capsys: Capture
) -> None:
    _, got, _ = run_json(capsys, "replay", log.write(tmp_path / "log"))
    first = got["first_response"]
    assert (first["n"], first["mean_s"], first["within"]) == (1, first_s, {"3600": int(first_s <= 3600)})
    assert (got["end_to_end"]["mean_s"], got["window"]["from"]) == (whole_s, "2024-03-04T09:00:00Z")


def test_lines_taken_later_than_they_say_are_counted(tmp_path: Path, url: str, capsys: Capture) -> None:
    log = LogWriter().ask(0, "t", "joe", "1").ask(9, "t", "joe", "2").ask(5, "t", "joe", "3")
    log.ask(5, "t", "joe", "1").ask(9, "t", "joe", "4")  # a repeated one is not taken at all
    status, got, err = run_json(capsys, "replay", log.write(tmp_path / "log"), "--journal", url)
    assert (status, got["late"], got["duplicates"]) == (0, 1, 1)
    assert err == "lines older than what was taken before them: 1; they are in the journal at the later time\n"
    log.ask(2, "t", "joe", "5")
    _, got, err = run_json(capsys, "replay", log.write(tmp_path / "log"), "--journal", url)
    assert (got["skipped"], got["late"], err.partition(";")[0][-1]) == (5, 2, "2")
    assert main(["replay", str(tmp_path / "log")]) == 0
    (row,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("taken later than they say"))
    assert row.split()[-1] == "2"


def test_killed_between_batches_late_lines_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "BATCH_LINES", 2)
    log = LogWriter().ask(9, "t", "joe", "1").ask(5, "t", "joe", "2").ask(8, "t", "joe", "3")
    journal = MemoryJournal()
    for count in (2, 3):
        with ContactLog(log.write(tmp_path / "log", count)) as opened:
            done = replay(opened, journal, Watcher(), lambda: 1)
        assert done.late == count - 1


# In the future


def in_the_future() -> LogWriter:
    return (
        LogWriter().ask(0, "t", "joe", "1", at="9999-12-31T23:59:59Z").ask(1, "t", "joe", "2").ask(2, "t", "joe", "3")
    )


def test_a_line_later_than_the_bound_is_bad_and_moves_nothing(tmp_path: Path) -> None:
    done, watcher, journal = take(in_the_future().write(tmp_path / "log"), BEGIN_US + MINUTE_US)
    assert watcher.bad == [
        (1, "at lies in the future: later than 2024-03-04T09:01:00Z"),
        (3, "at lies in the future: later than 2024-03-04T09:01:00Z"),
    ]
    assert (done.rejected, done.late) == (2, 0)
    assert {record.at_us for record in journal.read()} == {BEGIN_US + MINUTE_US}


def test_a_strict_run_stops_before_the_future(tmp_path: Path) -> None:
    done, watcher, _ = take(in_the_future().write(tmp_path / "log"), BEGIN_US + 9 * MINUTE_US, is_strict=True)
    assert ([number for number, _ in watcher.bad], done.lines, done.rejected) == ([1], 1, 1)


def test_without_a_bound_the_future_is_taken_and_what_follows_is_late(tmp_path: Path) -> None:
    done, watcher, _ = take(in_the_future().write(tmp_path / "log"))
    assert (watcher.bad, done.rejected, done.late) == ([], 0, 2)


def test_the_command_takes_nothing_from_later_than_tomorrow(tmp_path: Path, url: str, capsys: Capture) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    log = LogWriter().ask(0, "t", "joe", "1").ask(0, "t", "joe", "2", at=(now + timedelta(days=2)).isoformat())
    log.ask(0, "t", "joe", "3", at=(now + timedelta(hours=12)).isoformat())
    status, got, err = run_json(capsys, "replay", log.write(tmp_path / "log"), "--journal", url)
    assert (status, got["rejected"], got["messages"]["inbound"], got["late"]) == (1, 1, 2, 0)
    assert err.startswith("line 2: at lies in the future: later than ")
    journal = open_journal(url)
    last = max(record.at_us for record in journal.read())
    journal.close()
    assert last <= int((now + timedelta(days=1)).timestamp() * 1_000_000)
