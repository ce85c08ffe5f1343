"""Customers who are archived, met by what goes through a whole journal: imports, another secret, the commands."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import anyio
import pytest
from tests.archiving import ARCHIVED, archiving
from tests.integration.contact_logs import LogWriter
from tests.integration.histories import PLAN, History, person
from tests.integration.test_encrypted import NEW, PLAIN, SEALED, SECRET, SECRETS, on_disk, writes
from tests.integration.test_import import Silent

from orchestra.cli.main import main
from orchestra.codec import decode_event
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.plan import Plan
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.importing import Imported, import_history
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine
from orchestra.runtime.replaying import replay
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
KEPT = archiving(Plan.parse(PLAN), None)
ARCHIVING = archiving(KEPT, timedelta(days=30))
Capture = pytest.CaptureFixture[str]


# Imports


@pytest.fixture
def journal() -> Iterator[Journal]:
    with closing(MemoryJournal()) as found:
        yield found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def take(history: History, path: Path, journal: Journal, plan: Plan | None = ARCHIVING) -> tuple[Imported, Silent]:
    watcher = Silent()
    with ContactLog(history.write(path)) as log:
        return import_history(log, journal, watcher, lambda: 1, plan=plan), watcher


def counted(journal: Journal) -> Counter[str]:
    """How many events there are of each kind, without those that only an archive or a mark brings about."""
    apart = {kind.__name__ for kind in ARCHIVED} | {"ImportBegun", "LogTaken", "PlanChanged"}
    return Counter(record.type for record in journal.read() if record.type not in apart)


def years_later(journal: Journal, years: int = 3) -> None:
    """Let time pass, until somebody else writes: everybody is archived, and no message's id is kept any more."""
    later_us = max(record.at_us for record in journal.read()) + years * 365 * DAY_US
    ledger = Ledger(journal, journal.acquire("test", 0, 10**18))
    zoe = Address("email", "key-zoe")
    for number in range(20):  # each forgets a few that are too old
        ledger.execute(c.ReceiveMessage("email", "help", f"z{later_us}-{number}", zoe, text="new"), later_us)
    ledger.commit()
    there = ledger.engine.view
    assert {row.customer for row in there.contacts.taken.values()} == {there.identity.addresses["key-zoe"].customer}
    journal.release(ledger.lease)


def settled(tickets: int = 6) -> History:
    """Tickets with all that a line may say, of three people, each asked, answered and closed."""
    history = History()
    history.add(-1, "agent", id="ana", teams=["care"], name="Ana")
    for number in range(tickets):
        ticket, who, at = str(1000 + number), f"person{number % 3}", 24.0 * number
        history.add(at, "customer", id=f"zd:user:{number % 3}", addresses=[person(who)], fields={})
        history.add(at, "consent", customer=f"zd:user:{number % 3}", purpose="news", given=True, evidence="form")
        history.add(at, "consent", address=person(who), purpose="news", given=bool(number % 2), evidence="mail")
        history.ticket(at, ticket, who, agent="ana", fields={"order": str(number)})
        history.ask(at, ticket, who, f"m{number}-1", thread=f"t{number}")
        history.answer(at + 2, ticket, who, f"m{number}-2", agent="ana")
        history.ask(at + 3, ticket, who, f"m{number}-3")
        history.stands(at + 4, ticket, "closed", disposition="resolved")
    return history


def mended(history: History) -> History:
    """The same lines as a file of other bytes: no prefix of it is known."""
    other = History()
    other.lines = [b" " + line for line in history.lines]
    return other


@pytest.mark.parametrize("kinds", ["agent customer consent case message status", "consent", "message", "status"])
def test_what_is_imported_again_after_everybody_was_archived_adds_nothing(
    kinds: str, path: Path, journal: Journal
) -> None:
    history, again_too = settled(), History()
    again_too.lines = [line for line in mended(history).lines if json.loads(line)["type"] in kinds.split()]
    first, watcher = take(history, path, journal)
    assert (first.rejected, watcher.bad) == (0, {})
    years_later(journal)
    assert len(load_engine(journal).view.identity.customers) == 1
    before = counted(journal)
    again, watcher = take(again_too, path, journal, None)
    assert watcher.bad == {}
    assert (again.lines, again.known, again.taken) == (len(again_too.lines), len(again_too.lines), {})
    assert counted(journal) == before


def test_an_import_that_is_resumed_after_everybody_was_archived_goes_on_with_them(path: Path, journal: Journal) -> None:
    history = settled()
    half = len(history.lines) // 2
    part = History()
    part.lines = history.lines[:half]
    take(part, path, journal)
    years_later(journal)
    done, watcher = take(history, path, journal, None)
    assert (done.skipped, watcher.bad) == (half, {})
    with closing(MemoryJournal()) as other:
        take(history, path, other)
        years_later(other)
        for kind in ("CustomerAdded", "CaseOpened", "MessageReceived", "ReplyRecorded"):
            assert counted(journal)[kind] == counted(other)[kind], kind


def test_a_history_of_years_is_the_same_with_an_archive(path: Path, journal: Journal) -> None:
    history = settled(9)
    for day in range(100, 2000, 300):
        history.ask(24 * day, str(1000 + day % 9), f"person{day % 3}", f"m{day}")
        history.stands(24 * day + 5, str(1000 + day % 9), "closed")
    take(history, path, journal)
    assert len(list(journal.read(types=["CustomerArchived"]))) > 5
    with closing(MemoryJournal()) as other:
        take(history, path, other, KEPT)
        assert counted(journal) == counted(other)


def test_whoever_comes_again_in_a_mended_file_is_the_one_they_were(path: Path, journal: Journal) -> None:
    take(settled(), path, journal)
    years_later(journal)
    more = mended(settled())
    more.add(30_000, "consent", address=person("person1"), purpose="news", given=False, evidence="call")
    more.ticket(30_000, "2000", "person2").ask(30_000, "2000", "person2", "m9")
    done, watcher = take(more, path, journal, None)
    assert (done.taken, watcher.bad) == ({"case": 1, "consent": 1, "message": 1}, {})
    assert counted(journal)["CustomerAdded"] == 4
    (opened,) = [event for event in map(decode_event, journal.read(types=["CaseOpened"])) if event.number == "#2000"]  # type: ignore[attr-defined]
    assert isinstance(opened, e.CaseOpened)
    assert opened.customer == "cu3"


# Another secret, and encryption


SEALED_ARCHIVING = archiving(SEALED, timedelta(days=30))


async def _over(workspace: Workspace, number: int, who: str = "canary") -> str:
    """A contact whose case is closed; gives its customer."""
    got = await workspace.receive(writes(number, who))
    for command in (
        c.CancelInteraction(str(got.interaction), "over"),
        c.ResolveCase(got.case.id),
        c.CloseCase(got.case.id),
    ):
        await workspace.execute(command)
    return got.customer


async def _sealed_and_archived(url: str, clock: VirtualClock) -> None:
    """Two customers, both archived, in a journal whose private parts are encrypted."""
    async with Workspace.open(SEALED_ARCHIVING, url, secrets=SECRETS, clock=clock) as workspace:
        await _over(workspace, 1)
        await _over(workspace, 2, "eve")
        await clock.advance(days=40)
        await workspace.settle()
        assert not workspace._owner.view.identity.customers


@pytest.mark.anyio
async def test_whoever_is_archived_comes_back_whole_under_another_secret(tmp_path: Path) -> None:
    clock, url = VirtualClock(), f"sqlite:{tmp_path}/contacts.db"
    await _sealed_and_archived(url, clock)
    assert b"canary" not in on_disk(tmp_path)
    with patch.dict(os.environ, {"SEAL": SECRET, "SEAL_NEW": NEW}):
        assert main(["rekey", url, "SEAL_NEW"]) == 0
    async with Workspace.open(SEALED_ARCHIVING, url, secrets={"SEAL": NEW}, clock=clock) as workspace:
        got = await workspace.receive(writes(3))
        assert (got.customer, got.case.id) == ("cu1", "ca3")
        assert (await workspace.customer("cu2")).ids == ("cu2",)
        told = [entry.text for entry in await workspace.timeline("cu1") if entry.text is not None]
        assert told == ["canary-text", "canary-text"]
        assert any("canary@example.com" in json.dumps(entry) for entry in await workspace.export("cu1"))


@pytest.mark.anyio
async def test_whoever_is_erased_while_they_are_archived_leaves_no_key(tmp_path: Path) -> None:
    clock, url = VirtualClock(), f"sqlite:{tmp_path}/contacts.db"
    await _sealed_and_archived(url, clock)
    async with Workspace.open(SEALED_ARCHIVING, url, secrets=SECRETS, clock=clock) as workspace:
        await workspace.erase("cu1", "asked for")
        await workspace.settle()
        assert "cu1" not in workspace.journal.keys.everything()
        assert "cu2" in workspace.journal.keys.everything()
        assert [entry.text for entry in await workspace.timeline("cu1") if entry.text is not None] == []
        await clock.advance(days=40)
        await workspace.settle()
        assert (await workspace.receive(writes(3))).customer == "cu3", "nobody whom anybody knows"
        assert (await workspace.receive(writes(4, "eve"))).customer == "cu2"


# The commands


async def _day(url: str, plan: Plan) -> None:
    """A case of an incident, after which nothing goes on; forty days later somebody else writes."""
    clock = VirtualClock()
    async with Workspace.open(plan, url, clock=clock) as workspace:
        await workspace.execute(c.DefineAgent("ana", ["care"]))
        await workspace.execute(c.SignIn("ana"))
        got = await workspace.receive(writes(1))
        incident = await workspace.execute(c.OpenIncident("It is down", "We know, and mend it."))
        await workspace.execute(c.LinkToIncident(incident, got.case.id))
        await workspace.execute(c.ApproveIncidentText(incident, 1))
        await clock.advance(seconds=5)
        await workspace.execute(c.AcceptOffer("of1", "ana", 1))
        await workspace.execute(c.WriteReply(str(got.interaction), "ana", "hello"))
        await workspace.execute(c.FinishInteraction(str(got.interaction), "ana", "resolved"))
        await workspace.execute(c.CloseIncident(incident, "It works again."))
        await workspace.execute(c.SignOut("ana"))
        await clock.advance(days=60)
        await workspace.settle()
        await workspace.receive(writes(2, "eve"))


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The same days without an archive and with one."""
    folder = tmp_path_factory.mktemp("days")
    made = []
    for name, plan in (("kept", PLAIN), ("archiving", archiving(PLAIN, timedelta(days=30)))):
        made.append(f"sqlite:{folder}/{name}.db")
        anyio.run(_day, made[-1], plan)
    return made[0], made[1]


def _told(capsys: Capture, *arguments: str) -> tuple[int, str]:
    """What a command says, without what the archive's own events move."""
    status = main(arguments)
    shown = capsys.readouterr()
    lines = [line for line in (shown.out + shown.err).splitlines() if '"type": "PlanChanged"' not in line]
    return status, re.sub(r'"(position|cause|body)": [0-9]+', r'"\1": 0', "\n".join(lines))


@pytest.mark.parametrize(
    "command",
    [
        "timeline cu1 --json",
        "timeline cu1 --as agent:ana --json",
        "timeline cu1 --as customer:cu1 --json",
        "explain in1 --json",
        "explain in1 --full --json",
        "export cu1",
        "measures --json",
        "incidents --json",
        "incidents ic1 --json",
        "steer in99",
    ],
)
def test_a_command_says_the_same_of_whoever_is_archived(command: str, urls: tuple[str, str], capsys: Capture) -> None:
    kept, archived = (_told(capsys, *command.split(), "--journal", url) for url in urls)
    assert kept == archived
    for url, is_there in zip(urls, (True, False), strict=True):
        with closing(open_journal(url)) as journal:
            assert ("cu1" in load_engine(journal).view.identity.customers) is is_there


def test_a_timeline_in_detail_also_says_that_they_are_archived(urls: tuple[str, str], capsys: Capture) -> None:
    found = [json.loads(_told(capsys, "timeline", "cu1", "--details", "--json", "--journal", url)[1]) for url in urls]
    kept, archived = ([entry["kind"] for entry in one["entries"]] for one in found)
    assert [kind for kind in archived if kind not in kept] == ["ArchivePutOff", "CustomerArchived"]
    assert [kind for kind in archived if kind in kept] == kept


def test_nobody_who_is_archived_waits(urls: tuple[str, str], capsys: Capture) -> None:
    told = [_told(capsys, "steer", "in1", "--journal", url) for url in urls]
    assert told == [
        (2, "orchestra: in1 is DONE: cannot steer"),
        (2, "orchestra: in1 is archived: cannot steer"),
    ]


def test_rules_are_tried_on_whoever_is_archived_by_now(urls: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "rules.toml").write_text(
        '[[rules]]\nname = "over"\non = "CaseClosed"\ndo = [{ do = "notify", team = "care", text = "x" }]\n'
        '[[rules]]\nname = "known"\non = "InteractionAttached"\ndo = [{ do = "queue", queue = "care" }]\n'
    )
    found = [
        json.loads(_told(capsys, "dry-run", f"{tmp_path}/rules.toml", "--json", "--journal", url)[1]) for url in urls
    ]
    assert found[0]["rules"] == found[1]["rules"]
    assert {name: rule["fired"] for name, rule in found[1]["rules"].items()} == {"known": 2, "over": 1}


def test_a_log_is_replayed_on_the_same_with_an_archive(tmp_path: Path) -> None:
    log = LogWriter()
    for number in range(60):
        minute, thread, who = 20_000.0 * number, f"t{number % 25}", f"person-{number % 5}"
        log.ask(minute, thread, who, f"m{number}-1").answer(minute + 5, thread, who, f"m{number}-2")
    log.write(tmp_path / "log.jsonl")
    plan = Plan.parse(PLAN.replace("[channels.chat]\nlive = true", "[channels.chat]"))
    found = []
    for after in (None, timedelta(days=30)):
        with closing(MemoryJournal()) as journal:
            for count in (60, None):
                with ContactLog(log.write(tmp_path / "log.jsonl", count)) as lines:
                    done = replay(lines, journal, Silent(), lambda: 1, plan=plan)
                _in_use(journal, archiving(plan, after))
            found.append((done.rejected, done.duplicates, counted(journal)))
            gone = len(list(journal.read(types=["CustomerArchived"])))
    assert found[0] == found[1]
    assert gone > 5


def _in_use(journal: Journal, plan: Plan) -> None:
    """For some months a journal is that of a live workspace, in which all cases are closed."""
    ledger = Ledger(journal, journal.acquire("test", 0, 10**18))
    now_us = ledger.engine.now_us
    ledger.put_plan(plan, WorkspaceKey.of(plan), now_us)
    for case in [name for name, row in ledger.engine.view.cases.cases.items() if row.state == "RESOLVED"]:
        ledger.execute(c.CloseCase(case), now_us)
    ledger.tick(now_us + 90 * DAY_US)
    ledger.commit()
    journal.release(ledger.lease)


def test_a_snapshot_knows_who_is_archived(urls: tuple[str, str], capsys: Capture) -> None:
    assert main(["snapshot", urls[1]]) == 0
    with closing(open_journal(urls[1])) as journal:
        loaded = load_engine(journal)
        assert not loaded.view.archive.is_empty
        assert loaded.state_hash() == load_engine(journal, use_snapshot=False).state_hash()
