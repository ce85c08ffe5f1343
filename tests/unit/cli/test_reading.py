"""The commands that read a journal: measures, timeline, explain, events, snapshot, backup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestra.cli.main import main
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.addresses import Handle
from orchestra.model.plan import Plan
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger

Capture = pytest.CaptureFixture[str]

PLAN = """
[workspace]
default_queue = "care"
[queues.care]
team = "care"
[teams.care]
[channels.chat]
[agents.ana]
teams = ["care"]
[agents.ben]
teams = ["care"]
"""

NINE_US = 1_772_442_000 * 1_000_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A journal of one chat: asked, offered, answered."""
    where = f"sqlite:{tmp_path_factory.mktemp('reading') / 'contacts.db'}"
    journal = open_journal(where)
    plan = Plan.parse(PLAN)
    key = WorkspaceKey.of(plan)
    ledger = Ledger(journal, journal.acquire("test", 0, 10**12))
    ledger.put_plan(plan, key, NINE_US)
    for number, agent in enumerate(("ana", "ben")):
        ledger.execute(c.SignIn(agent), NINE_US + number)
    joe = key.address(Handle("joe", "Joe Canary"))
    got = ledger.execute(c.ReceiveMessage("chat", "main", "m1", joe, text="where is\nit?"), NINE_US + 10_000_000)
    ledger.execute(c.AcceptOffer("of1", "ana", 1), NINE_US + 15_000_000)
    ledger.execute(c.WriteReply(got.result.interaction, "ana", "on its way"), NINE_US + 70_000_000)
    ledger.commit()
    journal.close()
    return where


def as_json(capsys: Capture, *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def shown(capsys: Capture, *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


# Measures


def test_measures(url: str, capsys: Capture) -> None:
    got = as_json(capsys, "measures", "--journal", url)
    assert (got["customers"], got["cases"], got["messages"]) == (1, 1, {"inbound": 1, "outbound": 1})
    assert got["first_response"]["within"] == {"3600": 1}
    assert "Cases and answers" in shown(capsys, "measures", "--journal", url)


def test_measures_within_chosen_times(url: str, capsys: Capture) -> None:
    got = as_json(capsys, "measures", "--within", "60,30,90", "--journal", url)
    assert got["first_response"]["within"] == {"30": 0, "60": 1, "90": 1}


@pytest.mark.parametrize("within", ["", "x", "0", "-5", "60,", "1.5", "9999999999"])
def test_times_are_whole_seconds(url: str, within: str, capsys: Capture) -> None:
    assert main(["measures", f"--within={within}", "--journal", url]) == 2
    assert "whole seconds, separated by commas" in capsys.readouterr().err


def test_measures_with_another_window_to_come_back(url: str, capsys: Capture) -> None:
    got = as_json(capsys, "measures", "--return-within", "30d", "--journal", url)
    assert got["journeys"]["repeat_rate"]["name"] == "repeat rate, same topic within 30 d"
    assert (got["journeys"]["repeat_rate"]["numerator"], got["journeys"]["repeat_rate"]["denominator"]) == (0, 1)
    assert "Journeys" in shown(capsys, "measures", "--journal", url)


@pytest.mark.parametrize(
    ("within", "fault"), [("x", "is no duration"), ("0s", "from one second"), ("9999w", "from one")]
)
def test_the_window_is_a_duration(url: str, within: str, fault: str, capsys: Capture) -> None:
    assert main(["measures", f"--return-within={within}", "--journal", url]) == 2
    assert fault in capsys.readouterr().err


# Steering


STEERED = (
    PLAN
    + """
[channels.voice]
live = true
[costs.channels.voice]
per_contact = 2_000_000
[costs.channels.chat]
per_contact = 500_000
"""
)


def test_a_waiting_contact_is_compared_with_other_channels(tmp_path: Path, capsys: Capture) -> None:
    where = f"sqlite:{tmp_path / 'steered.db'}"
    journal, plan = open_journal(where), Plan.parse(STEERED)
    key = WorkspaceKey.of(plan)
    ledger = Ledger(journal, journal.acquire("test", 0, 10**12))
    ledger.put_plan(plan, key, NINE_US)
    ledger.execute(c.SignIn("ana"), NINE_US)
    ledger.execute(c.SignIn("ben"), NINE_US)
    sue, joe = key.address(Handle("sue")), key.address(Handle("joe"))
    ledger.execute(c.ReceiveMessage("chat", "main", "m1", sue, text="hello"), NINE_US + 1)
    ledger.execute(c.AcceptOffer("of1", "ana", 1), NINE_US + 2)
    ledger.execute(c.FinishInteraction("in1", "ana", "resolved"), NINE_US + 60_000_000)
    ledger.execute(c.ReceiveContact("voice", "main", "c1", joe), NINE_US + 70_000_000)
    ledger.commit()
    journal.close()
    got = as_json(capsys, "steer", "in2", "--journal", where)
    assert (got["interaction"], got["channel"], got["is_change"]) == ("in2", "chat", True)
    assert [option["channel"] for option in got["options"]] == ["chat", "voice"]
    assert got["options"][1]["reason"] == "costs 1.5 EUR more"
    assert "Channels for in2: reply by chat now" in shown(capsys, "steer", "in2", "--journal", where)
    assert main(["steer", "in1", "--journal", where]) == 2
    assert "cannot steer" in capsys.readouterr().err
    assert main(["steer", "in99", "--journal", where]) == 2
    assert "in99" in capsys.readouterr().err


# Timeline and explanation


def test_a_timeline(url: str, capsys: Capture) -> None:
    table = shown(capsys, "timeline", "cu1", "--journal", url)
    assert "Timeline of cu1" in table
    assert "where is it?" in table
    assert "on its way" in table


def test_a_timeline_as_json(url: str, capsys: Capture) -> None:
    got = as_json(capsys, "timeline", "cu1", "--journal", url)
    assert got["customer"] == "cu1"
    assert [entry["text"] for entry in got["entries"] if entry["text"]] == ["where is\nit?", "on its way"]
    more = as_json(capsys, "timeline", "cu1", "--details", "--journal", url)
    assert len(more["entries"]) > len(got["entries"])


def test_in_the_timeline_of_a_participant_cases_have_their_numbers(tmp_path: Path, capsys: Capture) -> None:
    written = [("joe", "m1"), ("mia", "m2"), ("mia", "m3")]
    lines = [
        {"at": f"2026-03-02T09:0{number}:00Z", "channel": "forum", "direction": "inbound", "company": "shop"}
        | {"customer": who, "thread": "t", "message_id": name, "text": f"{who} wrote {name}"}
        for number, (who, name) in enumerate(written)
    ]
    log, where = tmp_path / "log.jsonl", f"sqlite:{tmp_path / 'log.db'}"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["replay", str(log), "--journal", where]) == 0
    capsys.readouterr()
    got = as_json(capsys, "timeline", "cu2", "--journal", where)
    assert [(entry["case"], entry["number"]) for entry in got["entries"] if entry["text"]] == [("ca1", "C-000001")] * 2
    table = shown(capsys, "timeline", "cu2", "--journal", where)
    assert "C-000001" in table
    assert "ca1" not in table


def test_an_unknown_customer(url: str, capsys: Capture) -> None:
    assert main(["timeline", "cu99", "--journal", url]) == 2
    assert capsys.readouterr().err == "orchestra: no customer 'cu99'\n"


def test_an_explanation(url: str, capsys: Capture) -> None:
    tables = shown(capsys, "explain", "in1", "--journal", url)
    assert "Way of in1 (chat)" in tables
    assert "ben" in tables


def test_an_explanation_as_json(url: str, capsys: Capture) -> None:
    got = as_json(capsys, "explain", "in1", "--journal", url)
    assert (got["interaction"], got["customer"]) == ("in1", "cu1")
    full = as_json(capsys, "explain", "in1", "--full", "--journal", url)
    assert {one["agent"] for one in full["decisions"][0]["candidates"]} == {"ana", "ben"}


def test_an_unknown_interaction(url: str, capsys: Capture) -> None:
    assert main(["explain", "in99", "--journal", url]) == 2
    assert capsys.readouterr().err == "orchestra: no interaction 'in99'\n"


# Events


def test_events_one_a_line(url: str, capsys: Capture) -> None:
    lines = shown(capsys, "events", "--journal", url).splitlines()
    assert lines[0].split()[:5] == ["1", "2026-03-02", "09:00:00", "system", "PlanChanged"]
    assert [int(line.split()[0]) for line in lines] == list(range(1, len(lines) + 1))


def test_events_as_json_lines(url: str, capsys: Capture) -> None:
    rows = [json.loads(line) for line in shown(capsys, "events", "--json", "--journal", url).splitlines()]
    received = next(row for row in rows if row["type"] == "MessageReceived")
    assert received["at"] == "2026-03-02T09:00:10+00:00"
    assert (received["subject"], received["facts"]["message_id"]) == ("cu1", "m1")
    assert "private" not in received


def test_events_are_chosen(url: str, capsys: Capture) -> None:
    options = ("--after", "2", "--types", "AgentDefined,AgentSignedIn", "--limit", "2", "--journal", url)
    rows = [line.split() for line in shown(capsys, "events", *options).splitlines()]
    assert [(row[0], row[4]) for row in rows] == [("3", "AgentDefined"), ("4", "AgentSignedIn")]


def test_private_parts_only_on_demand(url: str, capsys: Capture) -> None:
    assert "Canary" not in shown(capsys, "events", "--journal", url)
    assert "Joe Canary" in shown(capsys, "events", "--private", "--journal", url)
    rows = [json.loads(line) for line in shown(capsys, "events", "--private", "--json", "--journal", url).splitlines()]
    private = {row["type"]: row["private"] for row in rows}
    assert private["MessageReceived"] == {"text": "where is\nit?"}
    assert private["PlanChanged"] is None


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--types=CaseOpend", "there is no event 'CaseOpend'; did you mean CaseOpened?"),
        ("--types=", "there is no event ''"),
        ("--after=-1", "a whole number from 0"),
        ("--limit=x", "a whole number from 0"),
    ],
)
def test_wrong_choices_are_told(url: str, option: str, told: str, capsys: Capture) -> None:
    assert main(["events", option, "--journal", url]) == 2
    assert told in capsys.readouterr().err


# Snapshot and backup


def test_a_snapshot(url: str, capsys: Capture) -> None:
    got = as_json(capsys, "snapshot", url)
    journal = open_journal(url)
    assert journal.position() == got["position"]
    journal.close()
    assert shown(capsys, "snapshot", url) == f"snapshot at position {got['position']}\n"


def test_a_backup_is_a_journal(url: str, tmp_path: Path, capsys: Capture) -> None:
    got = as_json(capsys, "backup", url, str(tmp_path / "copy.db"))
    assert got["target"] == str(tmp_path / "copy.db")
    copy = f"sqlite:{tmp_path / 'copy.db'}"
    assert shown(capsys, "events", "--journal", copy) == shown(capsys, "events", "--journal", url)
    assert shown(capsys, "backup", url, str(tmp_path / "other.db")).endswith("events, verified\n")


def test_a_backup_replaces_nothing(url: str, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")
    assert main(["backup", url, str(target)]) == 2
    assert capsys.readouterr().err.startswith("orchestra: journal unavailable")
    assert target.read_text() == "mine"


# Journals that are not there

READING = [
    ["measures", "--journal"],
    ["timeline", "cu1", "--journal"],
    ["explain", "in1", "--journal"],
    ["events", "--journal"],
    ["snapshot"],
]


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("option", ["", "?synchronous=NORMAL", "?create=no"])
def test_reading_makes_no_journal(command: list[str], option: str, tmp_path: Path, capsys: Capture) -> None:
    assert main([*command, f"sqlite:{tmp_path / 'none.db'}{option}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", READING)
def test_an_empty_journal_has_nothing_to_read(command: list[str], tmp_path: Path, capsys: Capture) -> None:
    where = f"sqlite:{tmp_path / 'empty.db'}"
    open_journal(where).close()
    assert main([*command, where]) == 2
    assert "nothing is in sqlite:" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["contacts.db", "oracle:x", "memory:x", "sqlite:", "memory:"])
def test_urls_that_make_no_sense(where: str, capsys: Capture) -> None:
    assert main(["events", "--journal", where]) == 2
    assert capsys.readouterr().err.startswith("orchestra: ")


def test_a_file_that_is_no_journal(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a journal " * 100)
    assert main(["events", "--journal", f"sqlite:{path}"]) == 2
    assert capsys.readouterr().err.startswith("orchestra: ")
    assert path.read_text().startswith("not a journal")


# incidents


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A journal of an outage: one case settled, one that stays open."""
    where = f"sqlite:{tmp_path_factory.mktemp('reading') / 'outage.db'}"
    journal = open_journal(where)
    plan = Plan.parse(PLAN)
    key = WorkspaceKey.of(plan)
    ledger = Ledger(journal, journal.acquire("test", 0, 10**12))
    ledger.put_plan(plan, key, NINE_US)
    ledger.execute(c.OpenIncident("no power", "We know.", ["power"]), NINE_US)
    ledger.execute(c.ApproveIncidentText("ic1", 1), NINE_US)
    now_us = NINE_US
    for name in ("joe", "mia"):
        now_us += 10_000_000
        while (due_us := ledger.engine.due()) is not None and due_us <= now_us:
            ledger.tick(due_us)
        sender = key.address(Handle(name, name))
        ledger.execute(c.ReceiveMessage("chat", "main", name, sender, topic="power", text="?"), now_us)
    ledger.execute(c.FlagIncidentCase("ic1", "ca2", "a freezer"), now_us)
    ledger.execute(c.CloseIncident("ic1", "over"), now_us)
    while (due_us := ledger.engine.due()) is not None and due_us <= now_us + 1_000_000:
        ledger.tick(due_us)
    ledger.commit()
    journal.close()
    return where


def test_incidents_are_a_table(outage: str, capsys: Capture) -> None:
    assert main(["incidents", "--journal", outage]) == 0
    shown = capsys.readouterr().out
    assert "no power" in shown
    assert "closed" in shown
    assert "freezer" not in shown
    assert main(["incidents", "ic1", "--journal", outage]) == 0
    assert "flagged: a freezer" in capsys.readouterr().out


def test_incidents_as_json(outage: str, capsys: Capture) -> None:
    found = as_json(capsys, "incidents", "--journal", outage)
    assert found["ic1"]["told"] == found["ic1"]["at_once"] == 2
    assert (found["ic1"]["settled"], found["ic1"]["excepted_by"]) == (1, {"flagged": 1})
    assert "cases_open" not in found["ic1"]
    found = as_json(capsys, "incidents", "ic1", "--journal", outage)
    assert found["ic1"]["cases_open"] == {"ca2": "flagged: a freezer"}


def test_an_incident_that_there_is_not(outage: str, url: str, capsys: Capture) -> None:
    assert main(["incidents", "ic9", "--journal", outage]) == 2
    assert "ic9" in capsys.readouterr().err
    assert main(["incidents", "--journal", url]) == 0
