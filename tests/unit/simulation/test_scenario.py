"""Scenarios: read from files, and every fault told with its path."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.simulation.scenes import DESK, PLAN, faults, recorded, scene

from orchestra.errors import DefinitionError
from orchestra.simulation.scenario import Scenario

SOUND = recorded(0, 5) + DESK


def test_a_sound_scenario_has_no_faults() -> None:
    assert scene(SOUND).faults() == []


def test_a_plan_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN.replace("[plan.", "["), encoding="utf-8")
    path = tmp_path / "scenario.toml"
    path.write_text('plan = "plan.toml"\n' + SOUND, encoding="utf-8")
    assert Scenario.load(path) == scene(SOUND)


@pytest.mark.parametrize(
    ("name", "text", "path", "read"),
    [
        ("missing.toml", "", "", "missing.toml"),
        ("scenario.toml", 'plan = "missing.toml"\n', "plan", "missing.toml"),
        ("scenario.toml", 'plan = "broken.toml"\n', "plan", "broken.toml"),
        ("scenario.toml", "plan = \n", "", "scenario.toml"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, text: str, path: str, read: str) -> None:
    (tmp_path / "scenario.toml").write_text(text, encoding="utf-8")
    (tmp_path / "broken.toml").write_text("[queues", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        Scenario.load(tmp_path / name)
    (fault,) = caught.value.faults
    assert fault.path == path
    assert fault.message.startswith(str(tmp_path / read)), "the file is named"


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(DefinitionError, match="not UTF-8"):
        Scenario.load(path)


def test_the_start_is_in_utc_unless_it_says_otherwise() -> None:
    assert scene(SOUND).start_us == 1_767_571_200_000_000
    assert scene('start = "2026-01-05T00:00:00"\n' + SOUND).start_us == 1_767_571_200_000_000
    assert scene('start = "2026-01-05T01:00:00+01:00"\n' + SOUND).start_us == 1_767_571_200_000_000


def test_limits_of_both_kinds_are_one_list() -> None:
    text = '[results]\nwithin = ["1m", "20s"]\nwithin_s = [0.5, 20.0]\n'
    assert scene(text + SOUND).results.limits_us == (500_000, 20_000_000, 60_000_000)


def with_class(line: str) -> str:
    return recorded(0, rest=line) + DESK


def with_group(line: str) -> str:
    return recorded(0) + DESK + line


def with_run(line: str, of: str = "run") -> str:
    return f"[{of}]\n{line}\n" + SOUND


ENDLESS = SOUND.replace('{law = "recorded", at_s = [0.0, 5.0]}', '{law = "poisson", rate = 5}')

ASKED = """
[[plan.rules]]
name = "look"
on = "CaseResolved"
do = [{do = "open_work_item", channel = "task"}, {do = "notify", team = "care", text = "look"}]
"""
EXPONENTIAL = '{law = "exponential", mean = "1m"}'

WRONG = {
    "unknown key": (with_class("prority = 1"), "classes.calls.prority"),
    "channel": (SOUND.replace('"voice"', '"fax"'), "classes.calls.channel"),
    "queue": (with_class('queue = "none"'), "classes.calls.queue"),
    "account": (with_class('account = ""'), "classes.calls.account"),
    "skill": (with_class("skills = {french = 1}"), "classes.calls.skills.french"),
    "level": (with_class("skills = {german = 101}"), "classes.calls.skills.german"),
    "backlog": (with_class("backlog = -1"), "classes.calls.backlog"),
    "nobody comes": (recorded() + DESK, "classes.calls"),
    "nobody comes, and rules ask for other work": (
        ASKED + recorded(channel="task") + recorded(name="mails") + DESK,
        "classes.mails",
    ),
    "work that no class describes": (ASKED + recorded(0) + DESK, "classes"),
    "patience": (with_class('patience = {law = "exponential"}'), "classes.calls.patience"),
    "wrap-up without a channel's": (with_class(f"wrap_up = {EXPONENTIAL}"), "classes.calls.wrap_up"),
    "arrivals": (SOUND.replace("at_s", "at_x"), "classes.calls.arrivals.at_x"),
    "work that leaves": (
        with_class(f"patience = {EXPONENTIAL}").replace('"voice"', '"task"'),
        "classes.calls.patience",
    ),
    "work over an account": (with_class('account = "shop"').replace('"voice"', '"task"'), "classes.calls.account"),
    "retry law": (with_class('retry = {after = {law = "x"}}'), "classes.calls.retry.after.law"),
    "retry chance": (with_class(f"retry = {{after = {EXPONENTIAL}, percent = 0}}"), "classes.calls.retry.percent"),
    "retry of": (with_class(f'retry = {{after = {EXPONENTIAL}, of = ["lost"]}}'), "classes.calls.retry.of[0]"),
    "retry most": (with_class(f"retry = {{after = {EXPONENTIAL}, most = 0}}"), "classes.calls.retry.most"),
    "no teams": (recorded(0) + "[groups.desk]\nagents = 1\n", "groups.desk.teams"),
    "team": (recorded(0) + DESK.replace('"care"', '"none"'), "groups.desk.teams[0]"),
    "role": (with_group('roles = ["lead"]'), "groups.desk.roles[0]"),
    "group's skill": (with_group("skills = {german = 0}"), "groups.desk.skills.german"),
    "nobody": (recorded(0) + '[groups.desk]\nagents = 0\nteams = ["care"]\n', "groups.desk"),
    "negative": (recorded(0) + '[groups.desk]\nagents = -1\nteams = ["care"]\n', "groups.desk.agents"),
    "member": (with_group('members = ["bob"]'), "groups.desk.members[0]"),
    "member twice": (with_group('members = ["ana"]\n[groups.b]\nmembers = ["ana"]'), "groups.b.members[0]"),
    "capacity": (with_group("capacity_percent = 0"), "groups.desk.capacity_percent"),
    "speed": (with_group("speed = 0.0"), "groups.desk.speed"),
    "declines": (with_group("decline_percent = 101"), "groups.desk.decline_percent"),
    "back after": (with_group('back_after = "0s"'), "groups.desk.back_after"),
    "shift end": (with_group('at_shift_end = "stop"'), "groups.desk.at_shift_end"),
    "ring": (with_group('ring = {law = "gamma"}'), "groups.desk.ring"),
    "own law of nobody": (with_group(f"service = {{chats = {EXPONENTIAL}}}"), "groups.desk.service.chats"),
    "own law wrong": (with_group('service = {calls = {law = "x"}}'), "groups.desk.service.calls.law"),
    "own law by concurrency": (
        with_group('service = {calls = {law = "exponential", mean_at = ["1m"]}}'),
        "groups.desk.service.calls",
    ),
    "shift begins": (with_group('shifts = [{begins = "24h", lasts = "1h"}]'), "groups.desk.shifts[0].begins"),
    "shift lasts": (with_group('shifts = [{begins = "8h", lasts = "0h"}]'), "groups.desk.shifts[0].lasts"),
    "shift days": (
        with_group('shifts = [{begins = "8h", lasts = "1h", days = ["x"]}]'),
        "groups.desk.shifts[0].days[0]",
    ),
    "shift agents": (
        with_group('shifts = [{begins = "8h", lasts = "1h", agents = 2}]'),
        "groups.desk.shifts[0].agents",
    ),
    "both ends": (with_run('length = "1h"\ncontacts = 5'), "run.contacts"),
    "too short": (with_run('length = "1h"\nwarm_up = "1h"'), "run.length"),
    "too few": (with_run("contacts = 2\nwarm_up_contacts = 2"), "run.contacts"),
    "batches": (with_run("contacts = 2\nbatches = 0"), "run.batches"),
    "more batches than contacts": (with_run("contacts = 2\nbatches = 3"), "run.batches"),
    "warm-up of no length": (with_run('warm_up = "1h"'), "run.warm_up"),
    "warm-up of no contacts": (with_run("warm_up_contacts = 1"), "run.warm_up_contacts"),
    "endless": (ENDLESS, "run"),
    "fewer than wanted": (with_run("contacts = 3\nbatches = 1"), "run.contacts"),
    "confidence": (with_run("confidence_percent = 100", "results"), "results.confidence_percent"),
    "limit": (with_run("within_s = [-1.0]", "results"), "results.within_s[0]"),
    "no cycle": (with_run('at = ["1h"]', "results"), "results.cycle"),
    "cycle": (with_run('cycle = "0s"', "results"), "results.cycle"),
    "beyond the cycle": (with_run('cycle = "1h"\nat = ["1h"]', "results"), "results.at[0]"),
    "lines": ("lines = 0\n" + SOUND, "lines"),
    "start": ('start = "monday"\n' + SOUND, "start"),
    "no classes": ("[classes]\n" + DESK, "classes"),
    "no groups": ("[groups]\n" + recorded(0), "groups"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_path(name: str) -> None:
    text, path = WRONG[name]
    found = faults(text)
    assert path in found, found
    assert found[path]


def test_wrap_up_that_requires_a_disposition_needs_one() -> None:
    plan = PLAN.replace("[plan.channels.voice]", '[plan.channels.voice]\nwrap_up_mode = "required"')
    assert "classes.calls.disposition" in faults(SOUND, plan)
    assert faults(with_class('disposition = "done"'), plan) == {}


WORKING = ["SignIn", "AcceptOffer", "FinishInteraction", "SetAvailable"]


@pytest.mark.parametrize(
    ("may", "lines", "channel", "refused"),
    [
        (["MonitorInteraction"], "", "", WORKING),
        (WORKING[1:], "", "", ["SignIn"]),
        (WORKING, "", "", []),
        (["*"], 'shifts = [{begins = "8h", lasts = "1h"}]', 'connects = "1s"', []),
        (WORKING, "decline_percent = 5", "", ["DeclineOffer"]),
        (WORKING, 'shifts = [{begins = "8h", lasts = "1h"}]', "", ["SetAway", "SignOut"]),
        (WORKING, "", 'connects = "1s"', ["ConfirmConnected"]),
        (WORKING, "", 'wrap_up = "5s"', ["FinishWrapUp"]),
        (WORKING, "", 'wrap_up_mode = "optional"', ["FinishWrapUp"]),
        (WORKING, "", 'wrap_up_mode = "fixed"\nwrap_up = "5s"', []),
    ],
)
def test_who_may_not_do_what_simulated_agents_do_is_told(
    may: list[str], lines: str, channel: str, refused: list[str]
) -> None:
    plan = PLAN.replace("[plan.agents.ana]", f"[plan.roles.head]\nmay = {may}\n[plan.agents.ana]\nroles = ['head']")
    plan = plan.replace("[plan.channels.voice]", f"[plan.channels.voice]\n{channel}")
    found = faults(with_group(f'roles = ["head"]\nmembers = ["ana"]\n{lines}'), plan)
    message = f"none of the roles head allows {', '.join(refused)}"
    assert found == (dict.fromkeys(("groups.desk.roles", "groups.desk.members[0]"), message) if refused else {})


def test_faults_of_the_plan_have_its_path() -> None:
    assert "plan.queues.care.team" in faults(SOUND, PLAN.replace('team = "care"', 'team = "none"', 1))


def test_all_faults_are_told_at_once() -> None:
    text = with_class("skills = {french = 1}\nbacklog = -1") + "speed = -1.0"
    assert set(faults(text)) == {"classes.calls.skills.french", "classes.calls.backlog", "groups.desk.speed"}


def test_whom_nobody_can_serve_is_doubtful() -> None:
    run = '[run]\nlength = "1h"\n'
    (fault,) = scene(run + with_class("skills = {german = 50}")).faults()
    assert (fault.path, fault.is_error) == ("classes.calls", False)


def test_a_disposition_must_be_one_of_the_plan() -> None:
    plan = PLAN + "[plan.cases.dispositions.sold]\n"
    assert "classes.calls.disposition" in faults(with_class('disposition = "lost"'), plan)
    assert faults(with_class('disposition = "sold"'), plan) == {}
