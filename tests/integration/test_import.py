"""Importing what another system knows: whole, in part, twice, mended, killed, rehearsed; and going live with it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.integration.contact_logs import run_json, run_process
from tests.integration.histories import BEGIN, PLAN, History, help_desk, person
from tests.integration.test_replay import _DIES_AT_APPEND, _DIES_AT_COMMAND

from orchestra.cli.main import main
from orchestra.codec import decode_event
from orchestra.errors import DefinitionError, WorkspaceInUse
from orchestra.insight.reading import measure
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Email, ref
from orchestra.model.commands.imports import CASE_STATUSES
from orchestra.model.message import Message
from orchestra.model.plan import Plan
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.import_lines import _TYPES
from orchestra.runtime.importing import Imported, import_history
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine
from orchestra.runtime.workspace import Workspace

HOUR_US = 3_600_000_000
Capture = pytest.CaptureFixture[str]


class Silent:
    """Watches nothing, remembers bad lines."""

    def __init__(self) -> None:
        self.bad: dict[int, str] = {}
        self.steps: list[tuple[int, int]] = []

    def bad_line(self, number: int, reason: str) -> None:
        self.bad[number] = reason

    def advance(self, lines: int, total: int) -> None:
        self.steps.append((lines, total))


def take(history: History, path: Path, journal: Journal, text: str | None = PLAN) -> tuple[Imported, Silent]:
    watcher = Silent()
    plan = None if text is None else Plan.parse(text)
    with ContactLog(history.write(path)) as log:
        return import_history(log, journal, watcher, lambda: 1, plan=plan), watcher


def events(journal: Journal, *kinds: type[e.Event]) -> list[Any]:
    return [decode_event(record) for record in journal.read(types=[kind.__name__ for kind in kinds] or None)]


@pytest.fixture
def journal() -> Iterator[Journal]:
    with closing(MemoryJournal()) as found:
        yield found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path}/contacts.db"


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path / "plan.toml"


def small() -> History:
    """Two tickets: one was answered and closed, one waits."""
    history = History()
    history.add(0, "agent", id="ana", teams=["care"], name="Ana")
    history.add(0, "customer", id="zd:user:1", addresses=[person("joe"), {"kind": "phone", "value": "+49301234567"}])
    history.add(0, "consent", customer="zd:user:1", purpose="news", given=True, evidence="web form")
    history.ticket(0, "1001", "joe", topic="order", agent="ana", fields={"order": "81"})
    history.ask(0, "1001", "joe", "m1").answer(2, "1001", "joe", "m2", agent="ana")
    history.stands(3, "1001", "closed", disposition="resolved")
    history.ticket(24, "1002", "mia", queue="billing").ask(24, "1002", "mia", "m3")
    return history


# What comes of it


def test_everything_is_taken_at_its_own_time(path: Path, journal: Journal) -> None:
    done, watcher = take(small(), path, journal)
    assert (done.lines, done.rejected, done.known, done.late, watcher.bad) == (9, 0, 0, 0, {})
    assert done.taken == {"agent": 1, "case": 2, "consent": 1, "customer": 1, "message": 3, "status": 1}
    assert watcher.steps[-1] == (9, 9)
    view = load_engine(journal).view
    first, second = view.cases.cases["ca1"], view.cases.cases["ca2"]
    assert (first.number, first.state, first.owner, first.topic) == ("#1001", "CLOSED", "ana", "order")
    assert (second.number, second.state, second.queue) == ("#1002", "OPEN", "billing")
    began = next(record.at_us for record in journal.read(types=["MessageReceived"]))
    assert first.closed_us == began + 3 * HOUR_US
    assert view.id_of("case", ref("zd:1002")) == "ca2"
    (consent,) = events(journal, e.ConsentRecorded)
    assert (consent.customer, consent.given, consent.occurred_us, consent.evidence) == ("cu1", True, began, "web form")


def test_nothing_is_sent_and_nobody_is_offered_work(path: Path, journal: Journal) -> None:
    take(help_desk(40), path, journal)
    assert events(journal, e.DeliveryPlanned, e.MessageWritten, e.OfferMade) == []


def test_what_is_open_waits_for_an_agent_and_what_is_settled_does_not(path: Path, journal: Journal) -> None:
    take(small().ask(25, "1001", "joe", "m4").stands(26, "1001", "resolved"), path, journal)
    view = load_engine(journal).view
    assert [(item.queue, item.customer) for item in view.routing.items.values()] == [("billing", "cu2")]


def test_the_history_shows_in_the_timeline(path: Path, journal: Journal) -> None:
    take(small(), path, journal)
    told = [(entry.number, entry.who, entry.text) for entry in timeline(journal, "cu1") if entry.text is not None]
    assert told == [("#1001", "customer:cu1", "text of m1"), ("#1001", "agent:ana", "text of m2")]


def test_the_history_shows_in_the_measures(path: Path, journal: Journal) -> None:
    take(small(), path, journal)
    shown = measure(journal).to_json()
    assert (shown["customers"], shown["cases"], shown["messages"]) == (2, 2, {"inbound": 2, "outbound": 1})
    assert (shown["first_response"]["n"], shown["first_response"]["mean_s"]) == (1, 7200)
    assert (shown["contacts"]["queued"], shown["contacts"]["answered"], shown["contacts"]["waiting"]) == (2, 1, 1)
    assert list(shown["by_queue"]) == ["billing", "care"]


def test_chats_of_the_past_count_as_written_and_answered_and_not_as_waits(path: Path, journal: Journal) -> None:
    history = History().ticket(0, "1", "joe").ask(0, "1", "joe", "m1", channel="chat")
    history.answer(1, "1", "joe", "m2", channel="chat").ask(1, "1", "joe", "m3", channel="chat")
    take(history, path, journal)
    shown = measure(journal).to_json()
    assert (shown["messages"], shown["first_response"]["mean_s"]) == ({"inbound": 2, "outbound": 1}, 3600)
    assert (shown["contacts"]["queued"], shown["handling"]["handled"]) == (0, 0)
    assert load_engine(journal).view.routing.items == {}


@pytest.mark.anyio
async def test_a_reply_to_an_imported_number_joins_its_case(path: Path, tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/live.db"
    with closing(open_journal(url)) as journal:
        take(small(), path, journal)
    async with Workspace.open(Plan.parse(PLAN), url) as ws:
        mail = Message("email", id="new", sender=Email("mia@example.com"), text="and?", case_number="#1002")
        got = await ws.receive(mail)
        assert (got.customer, got.case.number) == ("cu2", "#1002")
        stranger = Message("email", id="new2", sender=Email("eve@example.com"), text="hi", case_number="#1002")
        assert (await ws.receive(stranger)).case.number == "C-000003"
        assert (await ws.case(ref("zd:1002"))).number == "#1002"


# Bad lines


def test_one_bad_line_takes_no_other_down(path: Path, journal: Journal) -> None:
    history = small()
    history.lines[5:5] = [b"{", b'{"type": "massage"}', b""]
    history.ask(25, "9999", "joe", "x1").ask(25, "1001", "joe", "x2", channel="emial")
    history.ask(25, "1001", "joe", "x3", address={"kind": "phone", "value": "030 12"})
    history.ticket(25, "1003", "joe", queue="biling").ticket(25, "1004", "joe", agent="anna")
    history.add(25, "case", id="zd:1009", customer="zd:user:77")
    history.add(25, "consent", address=person("nobody"), purpose="news", given=True)
    history.add(25, "consent", customer="zd:user:1", purpose="spam", given=True)
    history.add(25, "agent", id="bob", teams=["crae"]).stands(25, "1001", "solved")
    history.add(25, "customer", id="zd:user:3", addresses=[{"kind": "email", "value": "x", "nmae": "y"}])
    done, watcher = take(history, path, journal)
    assert done.rejected == len(watcher.bad)
    assert list(watcher.bad.items())[:3] == [
        (6, "not JSON: Expecting property name enclosed in double quotes at character 1"),
        (7, "type is missing or unknown; did you mean message?"),
        (8, "is empty"),
    ]
    assert list(watcher.bad.values())[3:] == [
        "no case 'zd:9999' is known yet: its case line must come before this one",
        "no channel 'emial'; did you mean 'email'?",
        "address of kind phone: not a number in E.164 form: a plus sign and 7 to 15 digits",
        "no queue 'biling'; did you mean 'billing'?",
        "no agent 'anna'; did you mean 'ana'?",
        "no customer 'zd:user:77' is known yet: its customer line must come before this one",
        "address: nobody is known by it yet: a customer line must come before this one",
        "purpose: must be one of the plan's purposes: news",
        "teams: the plan has no 'crae'",
        "status: must be one of open, waiting_on_customer, waiting_on_third_party, resolved, closed",
        "addresses[0]: unknown field 'nmae'; did you mean name?",
    ]
    assert done.taken["message"] == 3


def test_a_number_that_another_case_has_is_told(path: Path, journal: Journal) -> None:
    history = small().add(25, "case", id="zd:other", number="#1002", address=person("joe"))
    _, watcher = take(history, path, journal)
    assert watcher.bad == {10: "number: is that of ca2 already"}


def test_a_name_that_is_like_none_is_told_what_to_do(path: Path, journal: Journal) -> None:
    _, watcher = take(small().ask(25, "1001", "joe", "x2", channel="pigeon"), path, journal)
    assert watcher.bad == {10: "no channel 'pigeon'; add it to the plan, or change the line"}


def test_a_last_line_that_is_still_being_written_is_looked_at_again(path: Path, journal: Journal) -> None:
    history = small()
    whole = history.write(path).read_bytes()
    path.write_bytes(whole[:-20])
    watcher = Silent()
    with ContactLog(path) as log:
        done = import_history(log, journal, watcher, lambda: 1, plan=Plan.parse(PLAN))
    assert (done.lines, done.rejected, list(watcher.bad)) == (9, 1, [9])
    assert not load_engine(journal).view.logs.importing
    done, watcher = take(history, path, journal, None)
    assert (done.skipped, done.taken, watcher.bad) == (8, {"message": 1}, {})


# Twice, in part, mended


def test_the_same_file_again_does_nothing(path: Path, journal: Journal) -> None:
    first, _ = take(help_desk(100), path, journal)
    again, _ = take(help_desk(100), path, journal, None)
    assert (again.skipped, again.taken, again.state_hash) == (first.lines, {}, first.state_hash)
    assert journal.position() == first.position == again.position


def test_a_file_that_has_grown_is_taken_from_where_it_ended(path: Path, journal: Journal) -> None:
    history = help_desk(100)
    with ContactLog(history.write(path, 300)) as log:
        import_history(log, journal, Silent(), lambda: 1, plan=Plan.parse(PLAN))
    grown, _ = take(history, path, journal, None)
    assert (grown.skipped, grown.late) == (300, 0)
    at_once = MemoryJournal()
    take(history, path, at_once)
    assert load_engine(journal).view.cases.dump() == load_engine(at_once).view.cases.dump()
    assert load_engine(journal).view.contacts.dump() == load_engine(at_once).view.contacts.dump()


def test_a_file_that_was_mended_takes_what_was_mended_and_nothing_twice(path: Path, journal: Journal) -> None:
    """Ids of messages are kept for a week, and the file is of three months."""
    history = help_desk(100)
    good, history.lines[3] = history.lines[3], b"{"
    first, watcher = take(history, path, journal)
    assert list(watcher.bad) == [4]
    assert len(load_engine(journal).view.contacts.taken) < first.taken["message"]
    history.lines[3] = good
    mended, watcher = take(history, path, journal, None)
    assert (mended.taken, mended.known, mended.late, watcher.bad) == ({"message": 1}, first.lines - 1, 1, {})
    assert len(events(journal, e.MessageReceived, e.ReplyRecorded)) == first.taken["message"] + 1


def test_a_page_that_an_export_gives_twice_is_taken_once(path: Path, journal: Journal) -> None:
    history = help_desk(60)
    whole, _ = take(history, path, MemoryJournal())
    history.lines[100:100] = history.lines[:100]
    done, watcher = take(history, path, journal)
    assert (done.known, done.taken, done.late, watcher.bad) == (whole.known + 100, whole.taken, 0, {})


def test_an_older_consent_takes_the_place_of_no_newer_one(path: Path, journal: Journal) -> None:
    history = small().add(30, "consent", customer="zd:user:1", purpose="news", given=False)
    history.add(20, "consent", address=person("joe"), purpose="news", given=True)
    done, _ = take(history, path, journal)
    assert (done.known, len(events(journal, e.ConsentRecorded))) == (1, 2)


def test_an_agent_who_is_known_is_left_as_they_are(path: Path, journal: Journal) -> None:
    done, _ = take(small().add(30, "agent", id="ana", teams=["care"], name="Anna"), path, journal)
    assert (done.known, len(events(journal, e.AgentDefined))) == (1, 1)


def test_lines_out_of_order_are_late_and_keep_their_own_time(path: Path, journal: Journal) -> None:
    done, _ = take(small().ask(-24, "1002", "mia", "m9"), path, journal)
    assert done.late == 1
    (received,) = [event for event in events(journal, e.MessageReceived) if event.message_id == "m9"]
    assert received.occurred_us == min(event.occurred_us for event in events(journal, e.MessageReceived))


# Killed


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_an_append(path: Path, plan_file: Path, url: str, moment: str, capsys: Capture) -> None:
    help_desk(200).write(path)
    asked = ["import", path, "--plan", plan_file]
    _, whole, _ = run_json(capsys, *asked, "--journal", "memory:")
    died = run_process([moment, "3", *asked, "--journal", url], _DIES_AT_APPEND)
    assert died.returncode == -signal.SIGKILL
    _, resumed, _ = run_json(capsys, *asked, "--journal", url)
    assert resumed["skipped"] == (500 if moment == "before" else 750)
    assert resumed["state_hash"] == whole["state_hash"]


@pytest.mark.parametrize(("number", "skipped"), [(1, 0), (2, 0), (120, 0), (300, 250), (600, 500)])
def test_killed_within_a_batch(
    path: Path, plan_file: Path, url: str, number: int, skipped: int, capsys: Capture
) -> None:
    help_desk(200).write(path)
    asked = ["import", path, "--plan", plan_file]
    _, whole, _ = run_json(capsys, *asked, "--journal", "memory:")
    died = run_process([str(number), *asked, "--journal", url], _DIES_AT_COMMAND)
    assert died.returncode == -signal.SIGKILL
    status, resumed, _ = run_json(capsys, *asked, "--journal", url)
    assert (status, resumed["skipped"], resumed["state_hash"]) == (0, skipped, whole["state_hash"])


# Rehearsed


def test_a_rehearsal_tells_the_same_and_stores_nothing(
    path: Path, plan_file: Path, url: str, tmp_path: Path, capsys: Capture
) -> None:
    small().ask(25, "9999", "joe", "x1").write(path)
    asked = ["import", path, "--plan", plan_file, "--journal", url]
    status, rehearsed, err = run_json(capsys, *asked, "--dry-run")
    assert (status, rehearsed.pop("dry_run"), rehearsed["faults"][0]["line"]) == (1, True, 10)
    assert err.startswith("line 10: no case 'zd:9999' is known yet")
    assert not list(tmp_path.glob("contacts.db*"))
    status, done, again = run_json(capsys, *asked)
    assert (status, done.pop("dry_run"), done, again) == (1, False, rehearsed, err)
    position = done["journal"]["position"]
    small().stands(30, "1002", "resolved").write(path)
    _, rehearsed, _ = run_json(capsys, "import", path, "--journal", url, "--dry-run")
    assert (rehearsed["taken"], rehearsed["known"]) == ({"status": 1}, 9)
    with closing(open_journal(url)) as journal:
        assert journal.position() == position


def test_a_rehearsal_of_much_that_fell_due_stores_nothing(path: Path, journal: Journal) -> None:
    take(help_desk(40), path, journal)
    position = journal.position()
    with ContactLog(small().stands(99_999, "1001", "open").write(path)) as log:
        done = import_history(log, journal, Silent(), lambda: 1, is_rehearsal=True)
    assert done.position > position == journal.position()


# Refused as a whole


def test_a_new_journal_needs_a_plan(path: Path, journal: Journal) -> None:
    with pytest.raises(DefinitionError, match=r"is needed for a new journal: give the workspace's plan \(--plan\)"):
        take(small(), path, journal, None)


def test_another_key_is_refused(path: Path, journal: Journal) -> None:
    take(small(), path, journal)
    other = PLAN.replace('name = "acme"', 'name = "other"')
    with pytest.raises(DefinitionError, match=r"workspace\.key"):
        take(small().stands(30, "1002", "open"), path, journal, other)


def test_a_key_that_the_plan_names_is_asked_for(path: Path, journal: Journal) -> None:
    plan = Plan.parse(PLAN.replace('name = "acme"', 'name = "acme"\nkey = "ACME_KEY"'))
    with ContactLog(small().write(path)) as log:
        import_history(log, journal, Silent(), lambda: 1, plan=plan, secrets={"ACME_KEY": "k" * 32})
    key = WorkspaceKey.of(plan, {"ACME_KEY": "k" * 32})
    assert load_engine(journal).view.identity.holder(key.address(Email("joe@example.com")).key) == "cu1"


def test_a_journal_in_which_agents_work_is_refused(path: Path, journal: Journal) -> None:
    take(small(), path, journal)
    engine = load_engine(journal)
    lease = journal.acquire("test", 1, 1_000_000)
    ledger = Ledger(journal, lease, engine)
    ledger.execute(c.SignIn("ana"), engine.now_us)
    ledger.commit()
    journal.release(lease)
    with pytest.raises(DefinitionError, match=r"agents are signed in \(ana\), and would be offered what is imported"):
        take(small().stands(30, "1002", "open"), path, journal, None)


def test_a_journal_that_somebody_owns_is_refused(path: Path, journal: Journal) -> None:
    journal.acquire("elsewhere:1", 1, 10_000_000)
    with pytest.raises(WorkspaceInUse):
        take(small(), path, journal)


# The command


def test_the_command_prints_a_table(path: Path, plan_file: Path, url: str, capsys: Capture) -> None:
    small().write(path)
    assert main(["import", str(path), "--plan", str(plan_file), "--journal", url]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Import\n")
    assert "customer lines taken" in out
    assert main(["import", str(path), "--journal", url, "--dry-run"]) == 0
    assert "Import, rehearsed: nothing was stored" in capsys.readouterr().out


def test_what_an_earlier_run_refused_and_what_is_late_is_told(
    path: Path, plan_file: Path, url: str, capsys: Capture
) -> None:
    small().ask(-5, "1001", "joe", "m8").ask(25, "9999", "joe", "x1").write(path)
    asked = ["import", str(path), "--plan", str(plan_file), "--journal", url]
    assert main(asked) == 1
    assert "lines older than what was taken before them: 1; sort the file by at" in capsys.readouterr().err
    assert main(asked) == 1
    assert "bad lines in what an earlier run took: 1" in capsys.readouterr().err


def test_a_line_of_the_far_future_makes_no_other_late(path: Path, plan_file: Path, url: str, capsys: Capture) -> None:
    history = small()
    history.lines.insert(0, b'{"type": "agent", "at": "2999-01-01T00:00:00Z", "id": "bob", "teams": ["care"]}')
    history.write(path)
    status, done, err = run_json(capsys, "import", path, "--plan", plan_file, "--journal", url)
    assert (status, done["rejected"], done["late"]) == (1, 1, 0)
    assert "line 1: at lies in the future" in err


# Whatever lines say

IDS = st.sampled_from(["a", "b", "zd:1", "zd:2", "", "x" * 300, "é"])
PERSONS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["email", "phone", "crm"]), "value": st.sampled_from(["a@x.de", "b@x.de", "+4930123456"])}
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": IDS,
    "case": IDS,
    "customer": IDS,
    "number": st.sampled_from(["1", "2", "C-000001"]),
    "teams": st.lists(st.sampled_from(["care", "none"]), max_size=2),
    "skills": st.dictionaries(IDS, st.integers(-1, 101), max_size=1),
    "addresses": st.lists(PERSONS, max_size=3),
    "address": PERSONS,
    "purpose": st.sampled_from(["news", "spam"]),
    "given": st.booleans(),
    "channel": st.sampled_from(["email", "chat", "none"]),
    "account": IDS,
    "direction": st.sampled_from(["inbound", "outbound"]),
    "text": st.sampled_from(["", "x", "\x00"]),
    "thread": IDS,
    "agent": IDS,
    "queue": st.sampled_from(["care", "none"]),
    "name": st.sampled_from(["Joe", "Zoë"]),
    "roles": st.lists(st.just("none"), max_size=1),
    "evidence": st.sampled_from(["form", "\r\n"]),
    "topic": st.sampled_from(["order", "bill"]),
    "status": st.sampled_from([*CASE_STATUSES, "lost"]),
    "disposition": st.sampled_from(["resolved", "lost"]),
    "media": st.lists(
        st.fixed_dictionaries({"kind": st.sampled_from(["image", "film"])}, optional={"name": st.just("a.png")}),
        max_size=2,
    ),
    "fields": st.dictionaries(st.sampled_from(["order", "none"]), st.sampled_from(["81", 81, None]), max_size=2),
}


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line with what its type must have and some of what it may have; most are good on the face of it."""
    kind = draw(st.sampled_from(sorted(_TYPES)))
    _, required, optional = _TYPES[kind]
    names = [*required, *draw(st.lists(st.sampled_from(sorted(optional)), unique=True))]
    if "address" in optional and not {"address", "customer"} & set(names):
        names.append(draw(st.sampled_from(["address", "customer"])))
    at = BEGIN + timedelta(hours=draw(st.integers(0, 9)))
    return json.dumps({"type": kind, "at": at.isoformat(), **{name: draw(FIELDS[name]) for name in names}}).encode()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lines(), max_size=25))
def test_whatever_lines_say_an_import_ends_and_again_changes_nothing(path: Path, drawn: list[bytes]) -> None:
    history = History()
    history.lines = drawn
    with closing(MemoryJournal()) as journal:
        first, watcher = take(history, path, journal)
        assert first.rejected == len(watcher.bad)
        assert sum(first.taken.values()) + first.known + first.rejected == first.lines == len(drawn)
        again, _ = take(history, path, journal, None)
        assert (again.position, again.state_hash) == (first.position, first.state_hash)
        # A file that was changed at its beginning is read anew; only what it lacked before is taken now.
        history.lines = [b"", *drawn]
        read_anew, _ = take(history, path, journal, None)
        assert sum(read_anew.taken.values()) <= first.rejected, "what was taken was taken again"
        assert load_engine(journal).state_hash() == read_anew.state_hash
