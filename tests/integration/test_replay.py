"""Replaying contact logs: real ones and dirty ones, killed and run again, grown and repeated."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.integration.contact_logs import LogWriter, generated, run_json, run_process, zone_edition

from orchestra.cli.main import main
from orchestra.codec import decode_event
from orchestra.errors import WorkspaceInUse
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import events as e
from orchestra.model.plan import Plan
from orchestra.model.records import Batch, Lease
from orchestra.runtime import taking
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.loading import load_engine
from orchestra.runtime.replaying import Replayed, replay, replay_plan

pytestmark = pytest.mark.reach

KEY = WorkspaceKey.of(replay_plan(None))
Capture = pytest.CaptureFixture[str]


class Silent:
    """Watches nothing, remembers bad lines."""

    def __init__(self) -> None:
        self.bad: list[tuple[int, str]] = []
        self.steps: list[tuple[int, int]] = []

    def bad_line(self, number: int, reason: str) -> None:
        self.bad.append((number, reason))

    def advance(self, lines: int, total: int) -> None:
        self.steps.append((lines, total))


def take(path: Path, journal: Journal, *, plan: Plan | None = None, is_strict: bool = False) -> tuple[Replayed, Silent]:
    watcher = Silent()
    with ContactLog(path) as log:
        return replay(log, journal, watcher, lambda: 1, plan=plan, is_strict=is_strict), watcher


def events(journal: Journal, *kinds: type[e.Event]) -> list[Any]:
    return [decode_event(record) for record in journal.read(types=[kind.__name__ for kind in kinds] or None)]


@pytest.fixture
def journal() -> Iterator[Journal]:
    found = MemoryJournal()
    yield found
    found.close()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(taking, "BATCH_LINES", 4)
    return 4


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


def dirty() -> LogWriter:
    """Bad lines, a repeated message, a second writer, a late return, and times out of order: 14 lines."""
    return (
        LogWriter()
        .ask(0, "t1", "joe", "m1", topic="order", case="4711")
        .raw(b"{oops")
        .answer(10, "t1", "joe", "m2", agent="ana", disposition="resolved")
        .ask(20, "t2", "mia", "m3")
        .ask(20, "t2b", "mia", "m3")
        .ask(25, "t2", "bob", "m4")
        .raw(b"")
        .answer(30, "t2", "mia", "m5")
        .ask(5, "t3", "zoe", "m6", queue="billing")
        .answer(400_000, "t3", "zoe", "m7")
        .ask(400_001, "t1", "joe", "m8")
        .ask(400_002, "t4", "joe", "m9", channel="mail", at="yesterday")
        .ask(400_003, "t4", "joe", "m9", channel="mail")
        .answer(400_004, "t1", "joe", "m10")
    )


# The real log


def test_the_real_log_gives_its_known_figures(contact_log: Path, url: str, capsys: Capture) -> None:
    status, got, err = run_json(capsys, "replay", contact_log, "--journal", url)
    assert (status, err) == (0, "")
    assert {name: got[name] for name in ("lines", "skipped", "rejected", "duplicates", "customers", "cases")} == {
        "lines": 1211,
        "skipped": 0,
        "rejected": 0,
        "duplicates": 6,
        "customers": 539,
        "cases": 524,
    }
    assert got["messages"] == {"inbound": 622, "outbound": 583}
    first, whole = got["first_response"], got["end_to_end"]
    assert (first["n"], first["median_s"], first["within"]) == (524, 7396.5, {"3600": 230})
    assert first["mean_s"] == pytest.approx(126_698.494, abs=0.001)
    assert (whole["n"], whole["median_s"]) == (524, 8661)
    assert whole["mean_s"] == pytest.approx(128_794.87, abs=0.001)
    assert got["journal"]["events"] == got["journal"]["position"] > 1211


def test_the_real_log_again_adds_nothing(contact_log: Path, url: str, capsys: Capture) -> None:
    _, first, _ = run_json(capsys, "replay", contact_log, "--journal", url)
    status, again, _ = run_json(capsys, "replay", contact_log, "--journal", url)
    assert (status, again.pop("skipped"), first.pop("skipped")) == (0, 1211, 0)
    assert again == first


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_real_log_killed_half_way(contact_log: Path, url: str, moment: str, capsys: Capture) -> None:
    _, whole, _ = run_json(capsys, "replay", contact_log)
    died = run_process([moment, "3", "replay", contact_log, "--journal", url], _DIES_AT_APPEND)
    assert died.returncode == -signal.SIGKILL
    _, resumed, _ = run_json(capsys, "replay", contact_log, "--journal", url)
    assert resumed["skipped"] == (500 if moment == "before" else 750)
    assert {name: value for name, value in resumed.items() if name != "skipped"} == {
        name: value for name, value in whole.items() if name != "skipped"
    }


# Killed processes

_DIES_AT_APPEND = """
import os, signal, sys
from orchestra.cli.main import main
from orchestra.journal.sqlite import SqliteJournal

moment, number = sys.argv[1], int(sys.argv[2])
appends, stored = 0, SqliteJournal.append

def append(self, after, batches, lease):
    global appends
    appends += 1
    if moment == "before" and appends == number:
        os.kill(os.getpid(), signal.SIGKILL)
    position = stored(self, after, batches, lease)
    if moment == "after" and appends == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return position

SqliteJournal.append = append
sys.exit(main(sys.argv[3:]))
"""

_DIES_AT_COMMAND = """
import os, signal, sys
from orchestra.cli.main import main
from orchestra.runtime.ledger import Ledger

number = int(sys.argv[1])
commands, executed = 0, Ledger.execute

def execute(self, command, at_us, request_id=None):
    global commands
    commands += 1
    if commands == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return executed(self, command, at_us, request_id)

Ledger.execute = execute
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(("number", "skipped"), [(1, 0), (2, 0), (200, 0), (300, 250), (600, 500)])
def test_killed_within_a_batch(tmp_path: Path, url: str, number: int, skipped: int, capsys: Capture) -> None:
    path = generated(330).write(tmp_path / "log")
    _, whole, _ = run_json(capsys, "replay", path)
    died = run_process([str(number), "replay", path, "--journal", url], _DIES_AT_COMMAND)
    assert died.returncode == -signal.SIGKILL
    status, resumed, _ = run_json(capsys, "replay", path, "--journal", url)
    assert status == 1  # the log has bad lines, wherever they stand
    assert (resumed.pop("skipped"), whole.pop("skipped")) == (skipped, 0)
    assert resumed == whole


def test_killed_again_and_again(tmp_path: Path, url: str, capsys: Capture) -> None:
    path = generated(400).write(tmp_path / "log")
    _, whole, _ = run_json(capsys, "replay", path)
    for _ in range(3):
        died = run_process(["after", "1", "replay", path, "--journal", url], _DIES_AT_APPEND)
        assert died.returncode == -signal.SIGKILL
    _, resumed, _ = run_json(capsys, "replay", path, "--journal", url)
    assert (resumed["skipped"], resumed["state_hash"]) == (750, whole["state_hash"])


class _Killed(BaseException):
    pass


class _Dying(MemoryJournal):
    """Ends the run at one append, before or after it is stored."""

    def __init__(self, number: int, *, is_stored: bool) -> None:
        super().__init__()
        self._left, self._is_stored = number, is_stored

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        self._left -= 1
        if self._left == 0 and not self._is_stored:
            raise _Killed
        position = super().append(after, batches, lease)
        if self._left == 0:
            raise _Killed
        return position


@pytest.mark.parametrize("is_stored", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_ended_at_each_batch(
    tmp_path: Path, journal: Journal, small_batches: int, number: int, is_stored: bool
) -> None:
    path = dirty().write(tmp_path / "log")
    whole, _ = take(path, journal)
    dying = _Dying(number, is_stored=is_stored)
    with pytest.raises(_Killed):
        take(path, dying)
    resumed, _ = take(path, dying)
    assert resumed.skipped == min((number if is_stored else number - 1) * small_batches, 14)
    assert (resumed.state_hash, resumed.position) == (whole.state_hash, whole.position)
    assert [(r.type, r.at_us, r.facts) for r in dying.read()] == [(r.type, r.at_us, r.facts) for r in journal.read()]


# A dirty log


def test_the_machine_s_zone_data_changes_nothing(tmp_path: Path) -> None:
    path = generated(20).write(tmp_path / "log.jsonl")
    there = [zone_edition(tmp_path / edition, edition) for edition in ("2031a", "2031b")]
    done = [run_process(["replay", path, "--json"], environment=environment) for environment in there]
    assert [run.returncode for run in done] == [1, 1], "the log has bad lines"
    assert json.loads(done[0].stdout)["state_hash"]
    assert done[0].stdout == done[1].stdout


def test_a_dirty_log_is_taken_as_far_as_it_goes(tmp_path: Path, capsys: Capture) -> None:
    status, got, err = run_json(capsys, "replay", dirty().write(tmp_path / "log"))
    assert status == 1
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        *("line 2", "line 7", "line 12"),
        "lines older than what was taken before them",
    ]
    assert "not JSON" in err
    assert "is empty" in err
    assert "RFC 3339" in err
    counts = {name: got[name] for name in ("lines", "skipped", "rejected", "duplicates", "customers", "cases")}
    assert counts == {"lines": 14, "skipped": 0, "rejected": 3, "duplicates": 1, "customers": 4, "cases": 4}
    assert got["messages"] == {"inbound": 6, "outbound": 4}
    assert got["first_response"]["n"] == 3
    assert set(got["by_channel"]) == {"chat", "mail"}


def test_the_second_run_of_a_dirty_log(tmp_path: Path, url: str, capsys: Capture) -> None:
    path = dirty().write(tmp_path / "log")
    _, first, _ = run_json(capsys, "replay", path, "--journal", url)
    status, again, err = run_json(capsys, "replay", path, "--journal", url)
    assert (status, again.pop("skipped"), first.pop("skipped")) == (1, 14, 0)
    assert again == first
    assert err.startswith("bad lines in what an earlier run took: 3\nlines older than what was taken before them: 1;")


def test_a_shared_post_joins_no_threads(tmp_path: Path, journal: Journal) -> None:
    """The copy of m3 under another thread is a duplicate: that thread has no case."""
    take(dirty().write(tmp_path / "log"), journal)
    view = load_engine(journal).view
    threads = {KEY.thread(name).key for name in ("t1", "t2", "t3", "t4")}
    assert {row.thread for row in view.contacts.conversations.values()} == threads


def test_the_first_writer_is_the_customer_and_others_take_part(tmp_path: Path, journal: Journal) -> None:
    take(dirty().write(tmp_path / "log"), journal)
    (joined,) = events(journal, e.ParticipantJoined)
    view = load_engine(journal).view
    case = view.cases.cases[joined.case]
    assert (joined.customer, list(case.participants)) == (case.customer, [joined.participant])
    wrote = [event.customer for event in events(journal, e.MessageReceived) if event.case == joined.case]
    assert wrote == [joined.customer, joined.participant]


def test_one_person_writes_in_several_threads(tmp_path: Path, journal: Journal) -> None:
    take(dirty().write(tmp_path / "log"), journal)
    view = load_engine(journal).view
    by_thread = {row.thread: row for row in view.contacts.conversations.values()}
    t1, t4 = (by_thread[KEY.thread(name).key] for name in ("t1", "t4"))
    assert t1.customer == t4.customer
    assert t1.case != t4.case


def test_a_case_reopens_however_late(tmp_path: Path, journal: Journal) -> None:
    take(dirty().write(tmp_path / "log"), journal)
    kinds = [
        type(event).__name__
        for event in events(journal, e.CaseOpened, e.CaseResolved, e.CaseReopened, e.CaseClosed)
        if event.case == "ca1"
    ]
    assert kinds == ["CaseOpened", "CaseResolved", "CaseReopened", "CaseResolved"]
    assert load_engine(journal).due() is None  # nothing would close by itself


def test_times_out_of_order_are_kept_as_told(tmp_path: Path, journal: Journal) -> None:
    """Engine time never goes back, the message keeps its own time."""
    take(dirty().write(tmp_path / "log"), journal)
    records = [record for record in journal.read() if record.type == "MessageReceived"]
    times = [(record.at_us, json.loads(record.facts)["occurred_us"]) for record in records]
    assert [at for at, _ in times] == sorted(at for at, _ in times)
    late = next(
        row for row, record in zip(times, records, strict=True) if json.loads(record.facts)["message_id"] == "m6"
    )
    assert late[0] - late[1] == 25 * 60_000_000


def test_optional_fields_become_facts(tmp_path: Path, journal: Journal) -> None:
    take(dirty().write(tmp_path / "log"), journal)
    started = events(journal, e.InteractionStarted)
    assert (started[0].topic, started[0].case_number) == ("order", "4711")
    assert [event.queue for event in started].count("billing") == 1
    reply = events(journal, e.ReplyRecorded)[0]
    assert (reply.agent, reply.disposition, reply.resolve) == ("ana", "resolved", True)


def test_the_number_of_a_case_decides_nothing(tmp_path: Path, journal: Journal) -> None:
    log = LogWriter().ask(0, "t1", "joe", "m1").ask(1, "t2", "joe", "m2", case="C-000001", topic="x")
    log.ask(2, "t3", "joe", "m3", topic="x")
    done, _ = take(log.write(tmp_path / "log"), journal)
    assert (done.rejected, len(load_engine(journal).view.cases.cases)) == (0, 3)


def test_an_answer_without_a_question_has_its_own_case(tmp_path: Path, journal: Journal) -> None:
    take(LogWriter().answer(0, "t1", "joe", "m1").ask(9, "t1", "joe", "m2").write(tmp_path / "log"), journal)
    (case,) = load_engine(journal).view.cases.cases.values()
    assert case.state == "OPEN"


def test_the_journal_tells_what_was_taken(tmp_path: Path, journal: Journal, small_batches: int) -> None:
    path = dirty().write(tmp_path / "log")
    take(path, journal)
    marks = events(journal, e.LogTaken)
    lines = path.read_bytes().splitlines(keepends=True)
    assert [mark.lines for mark in marks] == [4, 8, 12, 14]
    assert [mark.sha256 for mark in marks] == [
        hashlib.sha256(b"".join(lines[: mark.lines])).hexdigest() for mark in marks
    ]
    assert [mark.previous for mark in marks] == [None, *(mark.sha256 for mark in marks[:-1])]
    assert [(mark.rejected, mark.duplicates) for mark in marks] == [(1, 0), (2, 1), (3, 1), (3, 1)]
    assert small_batches == 4


# Strict


def test_strict_stops_with_nothing_half_done(tmp_path: Path, url: str, capsys: Capture) -> None:
    path = dirty().write(tmp_path / "log")
    status, got, err = run_json(capsys, "replay", path, "--journal", url, "--strict")
    assert (status, got["lines"], got["rejected"], got["messages"]["inbound"]) == (1, 2, 1, 1)
    assert err.startswith("line 2: ")
    again_status, again, again_err = run_json(capsys, "replay", path, "--journal", url, "--strict")
    assert (again_status, again.pop("skipped"), got.pop("skipped")) == (1, 1, 0)
    assert (again, again_err) == (got, err)


def test_a_strict_run_is_the_beginning_of_a_tolerant_one(tmp_path: Path, journal: Journal) -> None:
    path = dirty().write(tmp_path / "log")
    whole, _ = take(path, journal)
    other = MemoryJournal()
    take(path, other, is_strict=True)
    resumed, _ = take(path, other)
    assert (resumed.skipped, resumed.rejected, resumed.state_hash) == (1, 3, whole.state_hash)


def test_strict_goes_on_once_the_line_is_mended(tmp_path: Path, journal: Journal) -> None:
    log = dirty()
    take(log.write(tmp_path / "log"), journal, is_strict=True)
    log.lines[1] = log.lines[0].replace(b'"m1"', b'"m1b"')
    done, watcher = take(log.write(tmp_path / "log"), journal, is_strict=True)
    assert (done.skipped, done.lines, done.rejected) == (1, 7, 1)
    assert [number for number, _ in watcher.bad] == [7]


def test_strict_takes_nothing_behind_bad_lines_taken_before(tmp_path: Path, url: str, capsys: Capture) -> None:
    log = dirty()
    run_json(capsys, "replay", log.write(tmp_path / "log", 4), "--journal", url)
    status, got, err = run_json(capsys, "replay", log.write(tmp_path / "log"), "--journal", url, "--strict")
    assert (status, got["lines"], got["skipped"], got["rejected"]) == (1, 4, 4, 1)
    assert err == "bad lines in what an earlier run took: 1; --strict takes nothing after one\n"


def test_strict_on_a_clean_log_is_no_different(tmp_path: Path, capsys: Capture) -> None:
    path = LogWriter().ask(0, "t1", "joe", "m1").answer(5, "t1", "joe", "m2").write(tmp_path / "log")
    _, tolerant, _ = run_json(capsys, "replay", path)
    status, strict, err = run_json(capsys, "replay", path, "--strict")
    assert (status, strict, err) == (0, tolerant, "")


# Logs that grow


@pytest.mark.parametrize("count", range(15))
def test_a_log_that_grew_is_taken_from_there(tmp_path: Path, journal: Journal, small_batches: int, count: int) -> None:
    log, other = dirty(), MemoryJournal()
    take(log.write(tmp_path / "log", count), other)
    resumed, _ = take(log.write(tmp_path / "log"), other)
    whole, _ = take(log.write(tmp_path / "log"), journal)
    assert (resumed.skipped, resumed.lines, small_batches) == (count, 14, 4)
    assert (resumed.rejected, resumed.duplicates) == (whole.rejected, whole.duplicates)
    assert resumed.state_hash == whole.state_hash
    (prefix,) = load_engine(other).view.logs.prefixes.values()
    assert prefix.lines == 14


def test_a_last_line_without_its_line_feed_is_taken(tmp_path: Path, journal: Journal) -> None:
    log = LogWriter().ask(0, "t1", "joe", "m1").answer(5, "t1", "joe", "m2")
    done, _ = take(log.write(tmp_path / "log", end=b""), journal)
    assert (done.lines, done.rejected) == (2, 0)
    log.ask(9, "t1", "joe", "m3")
    grown, _ = take(log.write(tmp_path / "log"), journal)
    assert (grown.skipped, grown.lines, grown.duplicates) == (2, 3, 0)


def test_a_line_still_being_written_is_bad_now_and_good_later(tmp_path: Path, journal: Journal) -> None:
    log = LogWriter().ask(0, "t1", "joe", "m1").answer(5, "t1", "joe", "m2")
    path = log.write(tmp_path / "log", end=b"")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    done, watcher = take(path, journal)
    assert (done.lines, done.rejected, [number for number, _ in watcher.bad]) == (2, 1, [2])
    position = done.position
    again, watcher = take(path, journal)
    assert (again.skipped, again.lines, again.rejected, again.position) == (1, 2, 1, position)
    path.write_bytes(whole)
    mended, watcher = take(path, journal)
    assert (mended.skipped, mended.lines, mended.rejected, watcher.bad) == (1, 2, 0, [])


def test_a_bad_last_line_with_its_line_feed_is_taken_as_bad(tmp_path: Path, journal: Journal) -> None:
    path = LogWriter().ask(0, "t1", "joe", "m1").raw(b"{").write(tmp_path / "log")
    take(path, journal)
    again, watcher = take(path, journal)
    assert (again.skipped, again.rejected, again.rejected_before, watcher.bad) == (2, 1, 1, [])


@pytest.mark.parametrize("count", [0, 1])
def test_a_log_of_no_good_line(tmp_path: Path, journal: Journal, count: int) -> None:
    path = LogWriter().raw(b"{").write(tmp_path / "log", count)
    done, _ = take(path, journal)
    again, _ = take(path, journal)
    assert (done.lines, done.rejected) == (count, count)
    assert (again.position, again.state_hash) == (done.position, done.state_hash)


def test_another_log_joins_the_journal(tmp_path: Path, journal: Journal) -> None:
    first = dirty().write(tmp_path / "first")
    second = LogWriter().ask(0, "t1", "joe", "x1", channel="fax", queue="faxes").write(tmp_path / "second")
    take(first, journal)
    other, _ = take(second, journal)
    assert (other.skipped, other.lines, other.rejected) == (0, 1, 0)
    again, _ = take(first, journal)
    assert (again.skipped, again.position, again.state_hash) == (14, other.position, other.state_hash)
    assert set(load_engine(journal).view.plan.channels) == {"chat", "mail", "fax"}


def test_a_log_that_was_cut_short_repeats_and_says_so(tmp_path: Path, journal: Journal) -> None:
    log = LogWriter().ask(0, "t1", "joe", "m1").answer(5, "t1", "joe", "m2")
    take(log.write(tmp_path / "log"), journal)
    done, _ = take(log.write(tmp_path / "log", 1), journal)
    assert (done.lines, done.skipped, done.duplicates) == (1, 0, 1)
    assert len(events(journal, e.MessageReceived, e.ReplyRecorded)) == 2


# Plans

_PLAN = """
[workspace]
default_queue = "care"
[queues.care]
team = "care"
[teams.care]
[channels.chat]
idle_after = "1h"
max_age = "1d"
keep_ids = "8d"
[cases]
close_after = "1d"
reopen_within = "1d"
[cases.dispositions.resolved]
resolves = true
"""


def test_a_plan_keeps_its_names_but_not_its_times(tmp_path: Path, journal: Journal) -> None:
    plan = Plan.parse(_PLAN)
    log = LogWriter().ask(0, "t1", "joe", "m1").answer(5, "t1", "joe", "m2").ask(90_000, "t1", "joe", "m3")
    log.ask(90_001, "t1", "joe", "m1")
    done, _ = take(log.write(tmp_path / "log"), journal, plan=plan)
    view = load_engine(journal).view
    assert (done.rejected, done.duplicates, len(view.cases.cases)) == (0, 1, 1)
    assert view.plan.workspace == plan.workspace
    assert view.plan.cases.dispositions == plan.cases.dispositions
    assert (view.plan.channels["chat"].keep_ids, view.plan.cases.close_after) == (None, None)


def test_lines_that_the_plan_does_not_know_are_bad(tmp_path: Path, journal: Journal) -> None:
    log = LogWriter().ask(0, "t1", "joe", "m1", channel="fax").ask(1, "t1", "joe", "m2", queue="vip")
    log.ask(2, "t1", "joe", "m3").answer(3, "t1", "joe", "m4", disposition="odd")
    done, watcher = take(log.write(tmp_path / "log"), journal, plan=Plan.parse(_PLAN))
    assert (done.lines, done.rejected) == (4, 3)
    assert watcher.bad == [
        (1, "no channel 'fax'"),
        (2, "no queue 'vip'"),
        (4, "disposition: must be one of resolved"),
    ]


def test_the_same_plan_twice_changes_nothing(tmp_path: Path, url: str, capsys: Capture) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(_PLAN)
    path = LogWriter().ask(0, "t1", "joe", "m1").write(tmp_path / "log")
    _, first, _ = run_json(capsys, "replay", path, "--plan", plan, "--journal", url)
    _, again, _ = run_json(capsys, "replay", path, "--plan", plan, "--journal", url)
    assert (again["skipped"], again["journal"], again["state_hash"]) == (1, first["journal"], first["state_hash"])


def test_a_faulty_plan_is_told(tmp_path: Path, capsys: Capture) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(_PLAN.replace('team = "care"', 'team = "cares"'))
    status, got, err = run_json(capsys, "replay", dirty().write(tmp_path / "log"), "--plan", plan)
    assert (status, got) == (2, {})
    assert err.startswith("orchestra: queues.care.team: no team 'cares'")


# The command


def test_a_table_for_people(tmp_path: Path, capsys: Capture) -> None:
    path = LogWriter().ask(0, "t1", "joe", "m1").answer(5, "t1", "joe", "m2").write(tmp_path / "log")
    assert main(["replay", str(path)]) == 0
    shown = capsys.readouterr().out
    for told in ("Contact log", "state hash", "Cases and answers", "channel chat", "account acme", "5 min"):
        assert told in shown


def test_a_missing_log_is_told(tmp_path: Path, capsys: Capture) -> None:
    status, _, err = run_json(capsys, "replay", tmp_path / "none.jsonl")
    assert (status, err.count("\n")) == (2, 1)
    assert "none.jsonl: No such file" in err


def test_a_journal_that_another_process_owns_is_told(tmp_path: Path, url: str, capsys: Capture) -> None:
    owner = open_journal(url)
    owner.acquire("elsewhere", 1_000_000_000 * 10**9, 10**15)
    try:
        status, _, err = run_json(capsys, "replay", dirty().write(tmp_path / "log"), "--journal", url)
    finally:
        owner.close()
    assert (status, err.startswith("orchestra: workspace is owned by elsewhere")) == (2, True)


def test_the_lease_is_given_back(tmp_path: Path, journal: Journal) -> None:
    take(dirty().write(tmp_path / "log"), journal)
    journal.acquire("next", 2, 1)


def test_the_lease_is_renewed_on_the_way(tmp_path: Path, journal: Journal, small_batches: int) -> None:
    instants = iter(range(0, 10**9, 20_000_000))
    watcher = Silent()
    with ContactLog(dirty().write(tmp_path / "log")) as log:
        done = replay(log, journal, watcher, lambda: next(instants))
    assert done.lines == 14
    assert small_batches == 4
    with pytest.raises(WorkspaceInUse):
        _steal_while_replaying(tmp_path, small_batches)


def _steal_while_replaying(tmp_path: Path, small_batches: int) -> None:
    """Somebody tries after the first lease would have run out, and finds it renewed."""
    clock = iter(range(0, 10**9, 20_000_000))
    journal = MemoryJournal()

    class Thief(Silent):
        def advance(self, lines: int, total: int) -> None:
            if lines == 3 * small_batches:
                journal.acquire("thief", 45_000_000, 1)

    with ContactLog(tmp_path / "log") as log:
        replay(log, journal, Thief(), lambda: next(clock))


def test_progress_reaches_the_end(tmp_path: Path, journal: Journal, small_batches: int) -> None:
    _, watcher = take(dirty().write(tmp_path / "log"), journal)
    assert watcher.steps == [(4, 14), (8, 14), (12, 14), (14, 14)]
    assert small_batches == 4


def test_texts_and_people_are_private(tmp_path: Path, journal: Journal) -> None:
    take(LogWriter().ask(0, "t1", "mrs-canary", "m1", text="canary words").write(tmp_path / "log"), journal)
    assert all("canary" not in record.facts for record in journal.read())
    assert any("canary words" in (record.private or "") for record in journal.read())


def test_a_blanked_journal_has_the_same_measures_and_hash(tmp_path: Path, url: str, capsys: Capture) -> None:
    path = dirty().write(tmp_path / "log")
    _, first, _ = run_json(capsys, "replay", path, "--journal", url)
    journal = open_journal(url)
    assert journal.blank() > 0
    journal.close()
    _, again, _ = run_json(capsys, "replay", path, "--journal", url)
    assert (again.pop("skipped"), first.pop("skipped")) == (14, 0)
    assert again == first
