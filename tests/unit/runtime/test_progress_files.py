"""A back office's file: cases go on by it as by signed events, whatever stands in it, however often it is taken."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import anyio
import attrs
import pytest
from hypothesis import given, strategies as st
from tests.contact_centre import PLAN, Centre, SteeredJournal, message

from orchestra.errors import InvalidCommand, JournalUnavailable, MalformedMessage
from orchestra.model import events as e
from orchestra.model.addresses import ref
from orchestra.model.case_types import CaseType, Stage
from orchestra.model.commands import AddRef, ResolveCase
from orchestra.runtime.client import connect
from orchestra.runtime.progress_files import ProgressTaken
from orchestra.runtime.progress_lines import columns_of, parse_progress_line, report_of
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock
from orchestra.testing.faults import JournalFault

STAGES = [Stage(name, timedelta(hours=2)) for name in ("received", "checked", "shipping", "there")]
ORDERS = attrs.evolve(PLAN, case_types={"order": CaseType(["order"], stages=STAGES, silent=True)})


class Watcher:
    def __init__(self) -> None:
        self.bad: dict[int, str] = {}
        self.far: list[tuple[int, int]] = []

    def bad_line(self, number: int, reason: str) -> None:
        self.bad[number] = reason

    def advance(self, lines: int, total: int) -> None:
        self.far.append((lines, total))


def taken(lines: int, rejected: int = 0, taken: int = 0, known: int = 0, late: int = 0, back: int = 0) -> ProgressTaken:
    return ProgressTaken(lines, rejected, taken, known, late, back)


@pytest.fixture
def centre() -> Centre:
    return Centre(SteeredJournal(), VirtualClock(), ORDERS)


async def opened(workspace: Workspace, count: int = 2) -> None:
    """Orders that the back office knows as order:0 and so on."""
    for number in range(count):
        got = await workspace.receive(message(number, sender=f"p{number}", topic="order"))
        await workspace.execute(AddRef(got.case.id, f"order:{number}"))


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


async def stages(workspace: Workspace, count: int = 2) -> list[str]:
    return [str((await workspace.progress(ref(f"order:{number}"))).stage) for number in range(count)]


pytestmark = pytest.mark.anyio


async def test_cases_go_on_by_a_file(centre: Centre, tmp_path: Path) -> None:
    file = written(
        tmp_path / "orders.csv",
        "ref;stage;at;due;earliest;reason",
        "order:0;checked;2026-01-05T08:00:00Z;2026-01-06T12:00:00+01:00;2026-01-06T09:00:00Z;stock is  short",
        'order:1;"shipping";2026-01-05T08:00:01Z;;;',
    )
    watcher = Watcher()
    async with centre.open() as workspace:
        await opened(workspace)
        assert await workspace.take_progress(file, account="erp/main", watcher=watcher) == taken(2, taken=2)
        assert await stages(workspace) == ["checked", "shipping"]
    entered = centre.events(e.StageEntered)
    assert [event.reason for event in entered if event.stage == "checked"] == ["stock is short"]
    checked = next(event for event in entered if event.stage == "checked")
    assert checked.due_us is not None
    assert checked.earliest_us == checked.due_us - 2 * 3_600_000_000
    assert {record.actor for record in centre.records() if record.type == "ProgressReported"} == {"back_office:erp"}
    assert watcher.far[-1] == (file.stat().st_size, file.stat().st_size)


async def test_the_same_file_again_changes_nothing_and_a_grown_one_takes_the_rest(
    centre: Centre, tmp_path: Path
) -> None:
    lines = ["id,ref,stage", "r1,order:0,checked", "r2,order:0,shipping", "r3,order:1,checked"]
    async with centre.open() as workspace:
        await opened(workspace)
        assert await workspace.take_progress(written(tmp_path / "a.csv", *lines)) == taken(3, taken=3)
        before = workspace.state_hash()
        assert await workspace.take_progress(tmp_path / "a.csv") == taken(3, known=3)
        assert workspace.state_hash() == before
        grown = written(tmp_path / "a.csv", *lines, "r4,order:1,shipping")
        assert await workspace.take_progress(grown) == taken(4, known=3, taken=1)


async def test_what_is_late_leads_no_case_back(centre: Centre, tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.jsonl",
        '{"ref": "order:0", "stage": "shipping", "at": "2026-01-05T08:00:02Z"}',
        '{"ref": "order:0", "stage": "checked", "at": "2026-01-05T08:00:01Z"}',
        '{"ref": "order:1", "stage": "shipping", "id": "n1"}',
        '{"ref": "order:1", "stage": "checked", "id": "n2", "reason": null}',
    )
    async with centre.open() as workspace:
        await opened(workspace)
        assert await workspace.take_progress(file) == taken(4, taken=2, late=1, back=1)
        assert await stages(workspace) == ["shipping", "shipping"]


async def test_events_and_files_of_one_account_know_each_others_reports(centre: Centre, tmp_path: Path) -> None:
    event = {**centre.provider.event("progress", at=START, ref="order:0", stage="checked"), "id": "e-1"}
    file = written(tmp_path / "a.csv", "id,ref,stage", "e-1,order:0,checked")
    async with centre.open() as workspace:
        await opened(workspace)
        answer = await workspace.webhook("r-41f6", centre.provider.webhook(event, at=START))
        assert answer.status == 200
        assert await workspace.take_progress(file, account="chat/main") == taken(1, known=1)
        assert await workspace.take_progress(file, account="other/main") == taken(1, taken=1)


async def test_a_bad_line_takes_no_other_down(centre: Centre, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    head = b"\xef\xbb\xbfRef, Stage ,id,due\r\n"
    rows = (
        b"order:9,checked,r1,\r\n",
        b"order:0,melted,r2,\r\n",
        b"order:0,checked\r\n",
        b"\xff,checked,r4,\r\n",
        b"order:0,checked,r5,tomorrow\r\n",
        b"\r\n",
        b'"order:0,checked,r7,\r\n',
        b"x" * 1_000_100 + b"\r\n",
        b"order:1,checked,r9,\r\n",
    )
    file.write_bytes(head + b"".join(rows) + b"order:0,checked,r10,")
    watcher = Watcher()
    async with centre.open() as workspace:
        await opened(workspace, 3)
        await workspace.execute(ResolveCase("ca3"))
        assert await workspace.take_progress(file, watcher=watcher) == taken(10, rejected=8, taken=2)
        assert await stages(workspace) == ["checked", "checked"]
        settled = written(tmp_path / "b.csv", "id,ref,stage", "r1,order:2,checked")
        assert await workspace.take_progress(settled) == taken(1, rejected=1)
    assert sorted(watcher.bad) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert "order:9" in watcher.bad[2]
    assert "melted" in watcher.bad[3]
    assert watcher.bad[4] == "has 2 cells, where the first line names 4 columns"
    assert watcher.bad[6] == "due must be an instant as in RFC 3339, with its offset"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"ref": "a", "stage": "b"}', "needs id or at"),
        ('{"ref": "a", "id": "b"}', "stage is missing"),
        ('{"ref": "a", "stage": "b", "id": "c", "staeg": "d"}', "unknown field 'staeg'; did you mean stage?"),
        ('{"ref": 7, "stage": "b", "id": "c"}', "ref must be a string"),
        ('{"ref": "a", "stage": "b", "at": 7}', "at must be an instant"),
        ('{"ref": "a", "stage": "b", "id": "c", "reason": 7}', "reason must be a string"),
        ('{"ref": "a", "stage": "b", "id": "c", "earliest": "2026-01-05T08:00:02Z"}', "earliest must not be later"),
        ('["ref"]', "must be a JSON object"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(line: str, reason: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_progress_line(line.encode(), 7, None)
    assert reason in caught.value.reason
    assert caught.value.where.startswith("line 7")


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (b"ref,stage,dew", "unknown field 'dew'; did you mean due?"),
        (b"ref", "stage is missing"),
        (b"ref,stage,ref", "names a column twice"),
        (b"\xff", "is not UTF-8"),
        (b'"ref', "is no row of CSV on one line"),
        (b"", "ref is missing"),
    ],
)
def test_a_file_of_another_kind_is_refused(first: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        columns_of(first, "line 1")
    assert reason in caught.value.reason


@given(st.binary(max_size=80), st.sampled_from([b"ref,stage,id", b"ref;stage;at", b"{}"]))
def test_no_line_does_more_than_be_bad(data: bytes, first: bytes) -> None:
    columns = columns_of(first, "line 1")
    with suppress(MalformedMessage):
        line = parse_progress_line(data, 2, columns)
        command = report_of(line, "erp/main", "back_office:erp")
        assert command.report == f"erp/main/{line.id}"


def test_a_report_without_an_id_is_known_by_all_that_it_says() -> None:
    first = b'{"ref": "a", "stage": "b", "at": "2026-01-05T08:00:02Z"}'
    same = b'{"stage": "b", "at": "2026-01-05T09:00:02+01:00", "ref": "a"}'
    other = b'{"ref": "a", "stage": "b", "at": "2026-01-05T08:00:03Z"}'
    ids = [parse_progress_line(data, 1, None).id for data in (first, same, other)]
    assert ids[0] == ids[1] != ids[2]


async def test_many_lines_keep_the_order_of_each_case(centre: Centre, tmp_path: Path) -> None:
    names = [stage.name for stage in STAGES[1:3]]
    lines = [f"{stage}{number},order:{number},{stage}" for stage in names for number in range(60)]
    async with centre.open() as workspace:
        await opened(workspace, 60)
        file = written(tmp_path / "a.csv", "id,ref,stage", *lines)
        assert await workspace.take_progress(file) == taken(120, taken=120)
        assert await stages(workspace, 60) == 60 * ["shipping"]


async def test_an_empty_file_reports_nothing(centre: Centre, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    async with centre.open() as workspace:
        assert await workspace.take_progress(tmp_path / "a.csv") == taken(0)
        assert await workspace.take_progress(written(tmp_path / "b.csv", "ref,stage,id")) == taken(0)
        with pytest.raises(InvalidCommand, match="account"):
            await workspace.take_progress(tmp_path / "a.csv", account="")
        with pytest.raises(MalformedMessage):
            await workspace.take_progress(tmp_path / "none.csv")


async def test_a_journal_that_fails_ends_the_run_and_the_next_one_takes_the_rest(
    centre: Centre, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.csv", "id,ref,stage", "r1,order:0,checked", "r2,order:1,checked")
    async with centre.open() as workspace:
        await opened(workspace)
        journal = centre.journal
        assert isinstance(journal, SteeredJournal)
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.take_progress(file)
        done = await workspace.take_progress(file)
        assert (done.taken + done.known, done.rejected) == (2, 0)
        assert await stages(workspace) == ["checked", "checked"]


async def test_another_process_takes_a_file_by_the_inbox(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    file = written(tmp_path / "a.csv", "id,ref,stage", "r1,order:0,checked", "r2,order:7,checked")
    watcher = Watcher()
    async with Workspace.open(ORDERS, url) as workspace:
        await opened(workspace)
        async with connect(url) as client:
            with anyio.fail_after(20):
                assert await client.take_progress(file, watcher=watcher) == taken(2, rejected=1, taken=1)
                assert await client.take_progress(file) == taken(2, rejected=1, known=1)
        assert await stages(workspace) == ["checked", "received"]
    assert list(watcher.bad) == [3]
