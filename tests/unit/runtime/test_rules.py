"""Rules from the door to the history: predicates that are given, what is told of firings, and rehearsals."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, message, turns

from orchestra.cli.check import faults_in
from orchestra.cli.main import main
from orchestra.errors import DefinitionError, JournalUnavailable
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Fields
from orchestra.model.plan import Plan
from orchestra.model.rules import Action, Occasion, Predicates, Rule, When
from orchestra.runtime.history.explain import explain
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.rehearsing import read_rules, rehearse
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault

TOLD = Action("notify", team="care", text="look")
Capture = pytest.CaptureFixture[str]


def is_long(occasion: Occasion) -> bool:
    return int(occasion.facts["number"]) > 1


PREDICATES: Predicates = {"acme.long@1": is_long}


def ruling(*rules: Rule) -> Plan:
    return attrs.evolve(PLAN, rules=rules, fields=Fields(case={"urgent": "boolean"}))


ASKING = ruling(Rule("long", "MessageReceived", When(predicate="acme.long@1"), [TOLD]))


def centre(plan: Plan = ASKING, journal: Any = None) -> Centre:
    return Centre(journal, VirtualClock(), plan)


# Predicates


async def test_a_workspace_is_opened_with_predicates() -> None:
    desk = centre()
    async with desk.open(predicates=PREDICATES) as workspace:
        await workspace.receive(message(1))
        assert desk.events(e.RuleFired) == []
        await workspace.receive(message(2))
    (fired,) = desk.events(e.RuleFired)
    assert (fired.rule, desk.events(e.TeamNotified)[0].team) == ("long", "care")


async def test_a_plan_that_names_what_was_not_given_is_refused_at_the_door() -> None:
    with pytest.raises(DefinitionError) as caught:
        async with centre().open(predicates={"acme.long@2": is_long}):
            pass
    assert [str(fault) for fault in caught.value.faults] == [
        "rules[0].when.predicate: no predicate 'acme.long@1' is registered; there are: acme.long@2"
    ]


async def test_an_engine_that_is_loaded_anew_has_the_predicates() -> None:
    journal = SteeredJournal()
    desk = centre(journal=journal)
    async with desk.open(predicates=PREDICATES) as workspace:
        await workspace.receive(message(1))
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.receive(message(2))
        await turns()
        await workspace.receive(message(3))
    assert len(desk.events(e.RuleFired)) == 1
    assert desk.events(e.RuleFailed) == []


@pytest.mark.parametrize(
    ("predicates", "told"),
    [
        ([is_long], "must be a mapping of names to functions, as {'acme.vip@2': is_vip}, not list"),
        ({"acme.long": is_long}, "must have names with a version, as acme.vip@2, not 'acme.long'"),
        ({5: is_long}, "must have names with a version, as acme.vip@2, not 5"),
        ({"acme.long@1": True}, "must hold functions: acme.long@1 is bool"),
    ],
)
async def test_what_is_no_predicate_is_refused_when_opening(predicates: Any, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        async with centre().open(predicates=predicates):
            pass


# What is told


async def test_the_history_tells_of_rules_in_words() -> None:
    rules = [
        Rule("route", "InteractionAttached", do=[Action("queue", queue="care"), TOLD]),
        Rule("urge", "MessageReceived", do=[Action("raise_priority", minutes=5), Action("hold")], most_per_hour=1),
    ]
    desk = centre(ruling(*rules))
    async with desk.open() as workspace:
        got = await workspace.receive(message(1))
        await workspace.receive(message(2))
    assert got.interaction is not None
    told = [
        "rule route followed InteractionAttached: queue, notify",
        "in1 goes to queue care, by rule route",
        "team care was told by rule route",
        "rule urge followed MessageReceived: raise priority, hold",
        "counts as 5 min older in queue care, by rule urge",
        "rule urge could not hold (in1 is QUEUED: cannot hold)",
        "rule urge was stopped (often)",
    ]
    entries = [entry.sentence for entry in timeline(desk.journal, got.customer)]
    assert [one for one in entries if "rule" in one] == told
    steps = [step.sentence for step in explain(desk.journal, got.interaction).steps]
    assert [one for one in steps if "rule" in one] == [one for one in told if not one.startswith("team")]


async def test_the_history_tells_of_predicates_that_gave_no_answer() -> None:
    desk = centre()
    async with desk.open(predicates={"acme.long@1": lambda occasion: 1 / 0}) as workspace:
        got = await workspace.receive(message(1))
    (entry,) = [entry for entry in timeline(desk.journal, got.customer) if entry.kind == "RuleFailed"]
    assert entry.sentence == "rule long could not be asked (predicate acme.long@1 raised ZeroDivisionError)"


# Rehearsals


async def a_day(journal: Journal | None = None) -> Centre:
    """A day without rules: joe writes three times, his case is resolved, and urgent in the end."""
    desk = centre(ruling(), journal)
    async with desk.open() as workspace:
        for number in (1, 2, 3):
            got = await workspace.receive(message(number))
        await workspace.execute(c.ResolveCase(got.case.id))
        await workspace.execute(c.SetFields(got.case.id, {"urgent": True}))
    return desk


async def test_a_rehearsal_tells_what_would_have_fired_and_writes_nothing() -> None:
    desk = await a_day()
    before = desk.journal.position()
    rules = [
        Rule("long", "MessageReceived", When(predicate="acme.long@1"), [TOLD], most_per_hour=1),
        Rule("first", "MessageReceived", When("event.number", "is", 1), [TOLD, Action("hold")], priority=1),
        Rule("never", "CaseResolved", When("case.fields.urgent", "is", value=True), [TOLD]),
    ]
    rehearsal = rehearse(desk.journal, rules, PREDICATES)
    assert desk.journal.position() == rehearsal.events == before
    positions = [record.position for record in desk.records() if record.type == "MessageReceived"]
    told = [(firing.rule, firing.position, firing.on, list(firing.actions)) for firing in rehearsal.firings]
    assert told == [
        ("first", positions[0], "MessageReceived", ["notify", "hold"]),
        ("long", positions[1], "MessageReceived", ["notify"]),
    ]
    first = rehearsal.firings[0]
    assert (first.customer, first.case, first.interaction) == ("cu1", "ca1", "in1")
    counts = {name: (one.asked, one.fired, one.stopped, one.failed) for name, one in rehearsal.counts.items()}
    assert counts == {"long": (3, 1, 1, 0), "first": (3, 1, 0, 0), "never": (1, 0, 0, 0)}


async def test_a_rehearsal_goes_on_where_a_predicate_fails() -> None:
    desk = await a_day()
    rehearsal = rehearse(desk.journal, ASKING.rules, {"acme.long@1": lambda occasion: None})  # type: ignore[arg-type, return-value]
    count = rehearsal.counts["long"]
    assert (count.failed, count.fired, count.reason) == (3, 0, "predicate acme.long@1 gave NoneType, not true or false")


async def test_a_rehearsal_counts_anew_in_every_hour() -> None:
    desk = centre(ruling())
    async with desk.open() as workspace:
        await workspace.receive(message(1))
        await desk.clock.advance(hours=1)  # type: ignore[attr-defined]
        await workspace.receive(message(2))
    rehearsal = rehearse(desk.journal, [Rule("any", "MessageReceived", do=[TOLD], most_per_hour=1)])
    assert rehearsal.counts["any"].fired == 2


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (Rule("r", "CaseOpend", do=[TOLD]), "rules[0].on"),
        (Rule("r", "CaseOpened", do=[Action("notify", team="nobody", text="x")]), "rules[0].do[0].team"),
        (Rule("r", "CaseOpened", When("case.fields.colour", "is", "red"), [TOLD]), "rules[0].when.field"),
        (Rule("r", "CaseOpened", When(predicate="acme.vip@1"), [TOLD]), "rules[0].when.predicate"),
    ],
)
async def test_rules_that_do_not_fit_the_plan_are_not_rehearsed(rule: Rule, path: str) -> None:
    desk = await a_day()
    with pytest.raises(DefinitionError) as caught:
        rehearse(desk.journal, [rule])
    assert [fault.path for fault in caught.value.faults] == [path]


# The command


RULES = """
[[rules]]
name = "first"
on = "MessageReceived"
when = {field = "event.number", value = 1}
do = [{do = "notify", team = "care", text = "look"}]
[[rules]]
name = "long"
on = "MessageReceived"
when = {predicate = "acme.long@1"}
do = [{do = "hold"}]
"""
MODULE = """
predicates = {"acme.long@1": lambda occasion: occasion.facts["number"] > 1}
wrong = ["acme.long@1"]
"""
GIVEN = ["--predicates", "acme_ruled:predicates"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "acme_ruled.py").write_text(MODULE)
    (tmp_path / "rules.toml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *sys.path])
    yield tmp_path
    sys.modules.pop("acme_ruled", None)


@pytest.fixture
async def kept(anyio_backend: object, folder: Path) -> str:
    with closing(open_journal("sqlite:contacts.db")) as journal:
        await a_day(journal)
    return "sqlite:contacts.db"


async def test_the_command_shows_counts_and_firings(kept: str, capsys: Capture) -> None:
    assert main(["dry-run", "rules.toml", "--journal", kept, *GIVEN]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[:3] for line in shown.splitlines() if line.startswith(("first", "long"))] == [
        ["first", "3", "1"],
        ["long", "3", "2"],
    ]
    assert sum("MessageReceived" in line for line in shown.splitlines()) == 3
    assert "Firings\n" in shown


async def test_the_command_gives_all_to_programs(kept: str, capsys: Capture) -> None:
    assert main(["dry-run", "rules.toml", "--journal", kept, "--json", *GIVEN]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["rules"]["first"] == {"asked": 3, "fired": 1, "stopped": 0, "failed": 0, "reason": None}
    assert [one["rule"] for one in shown["firings"]] == ["first", "long", "long"]
    assert shown["firings"][0]["at"].endswith("Z")
    assert shown["events"] > 3


async def test_the_command_shows_the_last_firings_where_there_are_many(
    kept: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.cli.dry_run._MOST_SHOWN", 2)
    assert main(["dry-run", "rules.toml", "--journal", kept, *GIVEN]) == 0
    assert "Firings, the last 2: --json has 1 more" in capsys.readouterr().out


async def test_the_command_shows_no_firings_where_there_are_none(kept: str, folder: Path, capsys: Capture) -> None:
    (folder / "none.toml").write_text(RULES.replace("value = 1", "value = 9").partition('[[rules]]\nname = "long"')[0])
    assert main(["dry-run", "none.toml", "--journal", kept]) == 0
    assert "Firings" not in capsys.readouterr().out


async def test_the_command_tells_what_is_missing(kept: str, capsys: Capture) -> None:
    assert main(["dry-run", "rules.toml", "--journal", kept]) == 2
    assert "no predicate 'acme.long@1' is registered" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("acme_ruled", "'acme_ruled' is no MODULE:NAME, as acme.rules:predicates"),
        ("acme_ruled:nothing", "acme_ruled:nothing cannot be imported (AttributeError"),
        ("acme_ruled:wrong", "must be a mapping of names to functions"),
    ],
)
async def test_predicates_that_cannot_be_had(kept: str, where: str, told: str, capsys: Capture) -> None:
    assert main(["dry-run", "rules.toml", "--journal", kept, "--predicates", where]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "rules: there are none: write each as [[rules]]"),
        ("[[rules]\n", "not valid TOML"),
        ('[[rules]]\nname = "r"\n', "rules[0].on: is required"),
        ("rules = 3\n", "rules: must be a list, not 3"),
    ],
)
def test_files_without_rules(folder: Path, text: str, told: str) -> None:
    (folder / "odd.toml").write_text(text)
    with pytest.raises(DefinitionError) as caught:
        read_rules("odd.toml")
    assert told in str(caught.value)


def test_rules_are_read_from_a_whole_plan_too(folder: Path) -> None:
    (folder / "plan.toml").write_text(f"[queues.care]\nteam = 5\n{RULES}")
    assert [rule.name for rule in read_rules("plan.toml")] == ["first", "long"]


def test_a_check_looks_for_predicates_if_it_is_given_any() -> None:
    about = [fault for fault in faults_in(RULES) if fault.path == "rules[1].when.predicate"]
    assert [fault.is_error for fault in about] == [False]
    assert [fault.path for fault in faults_in(RULES, None, PREDICATES) if "predicate" in fault.path] == []


def test_an_owner_process_needs_the_predicates_that_its_plan_names(folder: Path, capsys: Capture) -> None:
    (folder / "plan.toml").write_text(
        f'workspace = {{default_queue = "care"}}\n[teams.care]\n[queues.care]\nteam = "care"\n[channels.chat]\n{RULES}'
    )
    assert main(["run", "plan.toml", "--journal", "sqlite:contacts.db"]) == 2
    assert "no predicate 'acme.long@1' is registered; there are: none" in capsys.readouterr().err
    assert main(["check", "plan.toml", *GIVEN]) == 0
