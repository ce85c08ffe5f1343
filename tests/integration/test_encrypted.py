"""A workspace whose private parts are encrypted: nothing to read on disk, nothing lost, and forgotten for good."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.integration.histories import PLAN as HISTORY_PLAN, help_desk

from orchestra.cli.main import main
from orchestra.errors import DefinitionError
from orchestra.insight.reading import measure
from orchestra.journal.registry import open_journal
from orchestra.model.addresses import Email
from orchestra.model.commands import DefineAgent, MergeCustomers
from orchestra.model.message import Message
from orchestra.model.plan import Plan
from orchestra.runtime.client import connect
from orchestra.runtime.loading import load_engine
from orchestra.runtime.vaults import is_encrypted, unlocked
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

SECRET, NEW = "correct horse battery staple, twice", "another thirty-two characters, too"
SECRETS = {"SEAL": SECRET}
TEXT = """
[workspace]
name = "sealed"
default_queue = "care"
[teams.care]
[queues.care]
team = "care"
[channels.chat]
"""
PLAIN = Plan.parse(TEXT)
SEALED = Plan.parse(f'{TEXT}[privacy]\nencryption_key = "SEAL"\n')
CANARIES = ("canary-text", "canary-name", "canary@example.com", "canary-agent", "canary-reply")

Capture = pytest.CaptureFixture[str]


def writes(number: int, who: str = "canary", text: str = "canary-text") -> Message:
    return Message("chat", id=f"m{number}", sender=Email(f"{who}@example.com", "canary-name"), text=text)


async def a_day(url: str, plan: Plan) -> None:
    """Two customers write, an agent is defined, and a client asks."""
    async with Workspace.open(plan, url, secrets=SECRETS, clock=VirtualClock()) as ws:
        await ws.receive(writes(1))
        await ws.receive(writes(2, "eve", "another canary-text"))
        await ws.execute(DefineAgent("zoe", ["care"], name="canary-agent"))


def on_disk(folder: Path) -> bytes:
    return b"".join(found.read_bytes() for found in sorted(folder.iterdir()) if found.is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


@pytest.fixture
def url(folder: Path) -> str:
    return f"sqlite:{folder}/contacts.db"


def texts(url: str, customer: str = "cu1", secrets: dict[str, str] | None = None) -> list[str | None]:
    with closing(open_journal(url)) as journal:
        read = unlocked(journal, SEALED, secrets or SECRETS).read(subjects=[customer], types=["MessageReceived"])
        return [None if found.private is None else json.loads(found.private)["text"] for found in read]


# What it does


async def test_nothing_personal_is_on_disk(folder: Path, url: str) -> None:
    async with Workspace.open(SEALED, url, secrets=SECRETS) as ws:
        await ws.receive(writes(1))
        async with connect(url, secrets=SECRETS) as client:
            await client.receive(writes(2))
        while_open = on_disk(folder)
        await ws.execute(DefineAgent("zoe", ["care"], name="canary-agent"))
    for stored in (while_open, on_disk(folder)):
        assert not any(canary.encode() in stored for canary in (*CANARIES, SECRET))
    assert texts(url) == ["canary-text", "canary-text"]


async def test_without_it_the_same_is_on_disk(folder: Path, url: str) -> None:
    """Else the search would prove nothing."""
    await a_day(url, PLAIN)
    assert all(canary.encode() in on_disk(folder) for canary in CANARIES[:4])


async def test_facts_state_and_measures_are_the_same_with_and_without(tmp_path: Path) -> None:
    facts, states, figures = [], [], []
    for name, plan in (("plain", PLAIN), ("sealed", SEALED)):
        url = f"sqlite:{tmp_path}/{name}.db"
        await a_day(url, plan)
        with closing(open_journal(url)) as journal:
            records = [found for found in journal.read() if found.type != "PlanChanged"]
            facts.append([(found.type, found.subject, json.loads(found.facts).keys()) for found in records])
            states.append(load_engine(journal).view.cases.dump())
            figures.append(measure(journal).to_json()["messages"])
    assert facts[0] == facts[1]
    assert states[0] == states[1]
    assert figures[0] == figures[1] == {"inbound": 2, "outbound": 0}


async def test_who_has_no_key_replays_the_facts_to_the_same_state(url: str) -> None:
    await a_day(url, SEALED)
    with closing(open_journal(url)) as journal:
        assert is_encrypted(journal)
        bare, sealed = load_engine(journal), load_engine(unlocked(journal, SEALED, SECRETS))
        assert bare.state_hash() == sealed.state_hash()


async def test_everything_goes_on_after_a_restart(url: str) -> None:
    await a_day(url, SEALED)
    async with Workspace.open(SEALED, url, secrets=SECRETS) as ws:
        await ws.receive(writes(3, text="later canary-text"))
        told = [entry.text for entry in await ws.timeline("cu1") if entry.text is not None]
        assert told == ["canary-text", "later canary-text"]
        assert any("canary@example.com" in json.dumps(entry) for entry in await ws.export("cu1"))


async def test_ids_of_one_person_keep_their_own_keys(url: str) -> None:
    async with Workspace.open(SEALED, url, secrets=SECRETS) as ws:
        await ws.receive(writes(1))
        await ws.receive(writes(2, "joe"))
        merged = await ws.execute(MergeCustomers("cu1", "cu2", "told", actor="operator:test"))
        assert merged.outcome == "merged"
        await ws.receive(writes(3, "joe", "canary-text again"))
        assert {"cu1", "cu2"} <= ws.journal.keys.everything().keys()
        assert len([entry for entry in await ws.timeline("cu1") if entry.text]) == 3
        await ws.erase("cu2", reason="asked")
        assert not {"cu1", "cu2"} & ws.journal.keys.everything().keys()
        assert [entry.text for entry in await ws.timeline("cu1") if entry.text] == []


# Erasure


async def test_erasure_makes_copies_without_keys_unreadable(folder: Path, url: str, tmp_path: Path) -> None:
    """What stands in a copy of the records, under the journal's keys as they are afterwards."""
    await a_day(url, SEALED)
    with closing(open_journal(url)) as journal:
        copied = list(journal.read(subjects=["cu1"]))
    async with Workspace.open(SEALED, url, secrets=SECRETS) as ws:
        await ws.erase("cu1", reason="asked")
    with closing(open_journal(url)) as journal:
        vaulted = unlocked(journal, SEALED, SECRETS)
        with patch.object(type(journal), "read", lambda *_, **__: iter(copied)):
            assert {found.private for found in vaulted.read()} == {None}
    assert texts(url) == [None]
    assert texts(url, "cu2") == ["another canary-text"]


async def test_a_backup_with_its_keys_is_readable_until_the_secret_is_changed(url: str, tmp_path: Path) -> None:
    """Stated in the documentation: who keeps such copies changes the secret after an erasure."""
    await a_day(url, SEALED)
    copy = tmp_path / "copy.db"
    with closing(open_journal(url)) as journal:
        journal.backup(copy)
    async with Workspace.open(SEALED, url, secrets=SECRETS) as ws:
        await ws.erase("cu1", reason="asked")
    assert texts(f"sqlite:{copy}") == ["canary-text"]
    with patch.dict("os.environ", {"SEAL": SECRET, "SEAL_NEW": NEW}):
        assert main(["rekey", url, "SEAL_NEW"]) == 0
    assert texts(url, "cu2", {"SEAL": NEW}) == ["another canary-text"]
    with pytest.raises(DefinitionError, match="is not the secret"):
        texts(f"sqlite:{copy}", "cu1", {"SEAL": NEW})


# Wrong and missing secrets


async def opened(url: str, plan: Plan, secrets: dict[str, str] | None) -> None:
    async with Workspace.open(plan, url, secrets=secrets):
        pass


@pytest.mark.parametrize(
    ("plan", "secrets", "told"),
    [
        (PLAIN, SECRETS, "this journal is encrypted: name the secret here under which it was"),
        (SEALED, {}, "secret 'SEAL' is not set: give it at open, or in the environment"),
        (SEALED, {"SEAL": "x" * 31}, "secret 'SEAL' is too short; it has at least 32 characters"),
        (SEALED, {"SEAL": NEW}, "is not the secret that this journal is encrypted under; after orchestra rekey"),
    ],
)
async def test_a_journal_is_not_opened_without_its_secret(
    url: str, plan: Plan, secrets: dict[str, str], told: str
) -> None:
    await a_day(url, SEALED)
    before = texts(url)
    with pytest.raises(DefinitionError, match=told) as caught:
        await opened(url, plan, secrets)
    assert [fault.path for fault in caught.value.faults] == ["privacy.encryption_key"]
    assert not any(secret in str(caught.value) for secret in secrets.values())
    assert texts(url) == before
    await opened(url, SEALED, SECRETS)


async def test_a_client_needs_the_secret_too(url: str) -> None:
    await a_day(url, SEALED)
    for wrong in ({}, {"SEAL": NEW}):
        with pytest.raises(DefinitionError, match=r"privacy\.encryption_key"):
            async with connect(url, secrets=wrong):
                pass


async def test_without_the_extra_it_is_told_what_to_install(url: str) -> None:
    gone = {"cryptography": None, "orchestra.journal.sealed": None, "orchestra.journal.crypto": None}
    with patch.dict(sys.modules, gone), pytest.raises(DefinitionError, match=r"pip install 'orchestra-cx\[crypto\]'"):
        await opened(url, SEALED, SECRETS)
    with patch.dict(sys.modules, gone):
        await opened(url, PLAIN, None)


async def test_a_plan_that_names_nothing_has_a_fault() -> None:
    with pytest.raises(DefinitionError, match=r"privacy\.encryption_key: must name a secret"):
        Plan.parse(f'{TEXT}[privacy]\nencryption_key = ""\n')


# Beginning with it later


async def test_a_journal_may_begin_with_it_later(folder: Path, url: str) -> None:
    await a_day(url, PLAIN)
    async with Workspace.open(SEALED, url, secrets=SECRETS) as ws:
        await ws.receive(writes(3, text="later-canary"))
        told = [entry.text for entry in await ws.timeline("cu1") if entry.text]
    assert told == ["canary-text", "later-canary"]
    assert b"later-canary" not in on_disk(folder)
    assert b"canary-text" in on_disk(folder), "what was stored before is not made anew"
    with pytest.raises(DefinitionError, match="this journal is encrypted"):
        await opened(url, PLAIN, SECRETS)


# The command


def exit_and_err(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


async def test_commands_that_show_private_parts_ask_for_the_secret(
    url: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_day(url, SEALED)
    private = (["timeline", "cu1"], ["export", "cu1"], ["events", "--private"])
    for command in private:
        status, out, err = exit_and_err(capsys, *command, "--journal", url)
        assert (status, out) == (2, "")
        assert "secret 'SEAL' is not set" in err
    monkeypatch.setenv("SEAL", SECRET)
    for command in private:
        status, out, err = exit_and_err(capsys, *command, "--journal", url)
        assert (status, err) == (0, "")
        assert "canary-text" in out


async def test_commands_that_show_facts_do_not(url: str, capsys: Capture, tmp_path: Path) -> None:
    await a_day(url, SEALED)
    for command in (["measures"], ["explain", "in1"], ["events"]):
        status, out, err = exit_and_err(capsys, *command, "--journal", url)
        assert (status, "canary" in out, err) == (0, False, "")
    assert exit_and_err(capsys, "snapshot", url)[0] == 0
    assert exit_and_err(capsys, "backup", url, str(tmp_path / "copy.db"))[0] == 0


async def test_a_secret_is_changed(url: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_day(url, SEALED)
    monkeypatch.setenv("SEAL", SECRET)
    assert exit_and_err(capsys, "rekey", url, "SEAL_NEW")[2].startswith("orchestra: ")
    monkeypatch.setenv("SEAL_NEW", "short")
    assert "is too short" in exit_and_err(capsys, "rekey", url, "SEAL_NEW")[2]
    monkeypatch.setenv("SEAL_NEW", NEW)
    status, out, _ = exit_and_err(capsys, "rekey", url, "SEAL_NEW")
    assert (status, out) == (0, "3 keys are wrapped under SEAL_NEW now\n")
    assert "is not the secret" in exit_and_err(capsys, "rekey", url, "SEAL_NEW")[2]
    await opened(url, SEALED, {"SEAL": NEW})
    monkeypatch.setenv("SEAL", NEW)
    monkeypatch.setenv("SEAL_NEW", SECRET)
    status, out, _ = exit_and_err(capsys, "rekey", url, "SEAL_NEW", "--json")
    assert (status, json.loads(out)) == (0, {"keys": 3})


async def test_a_journal_that_is_not_encrypted_has_no_secret_to_change(
    url: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_day(url, PLAIN)
    status, _, err = exit_and_err(capsys, "rekey", url, "SEAL_NEW")
    assert (status, "the plan in this journal names none" in err) == (2, True)


def test_an_import_is_encrypted_too(
    folder: Path, url: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, plan = help_desk(10).write(tmp_path / "history.jsonl"), tmp_path / "plan.toml"
    plan.write_text(f'{HISTORY_PLAN}[privacy]\nencryption_key = "SEAL"\n', encoding="utf-8")
    asked = ["import", str(history), "--plan", str(plan), "--journal", url]
    assert "secret 'SEAL' is not set" in exit_and_err(capsys, *asked)[2]
    monkeypatch.setenv("SEAL", SECRET)
    assert exit_and_err(capsys, *asked)[0] == 0
    assert not any(word in on_disk(folder) for word in (b"text of", b"@example.com"))
    assert exit_and_err(capsys, *asked, "--dry-run")[0] == 0
    assert "text of m0-1" in exit_and_err(capsys, "timeline", "cu1", "--journal", url)[1]
