"""What may be wrong with menus and with how calls are steered, each with its path in the plan."""

from __future__ import annotations

import pytest

from orchestra.errors import DefinitionError
from orchestra.model.plan import Plan

BASE = """
workspace = { default_queue = "care", key = "K" }
teams.care = {}
queues.care.team = "care"
skills.german = "German"
cases.dispositions.told = {}
fields.interaction.order = "text"
channels.voice = { live = true, connects = "20s", alternatives = ["callback"] }
agents.ivr = { teams = ["care"], kind = "bot", menu = "main" }
"""
STEP = '[menus.main]\nstart = "top"\n[menus.main.steps.top]\nsay = "Welcome."\n[menus.main.steps.top.keys]\n'
SOUND = BASE + STEP + "1 = { people = true }\n"


def faults(text: str) -> dict[str, str]:
    return {fault.path: fault.message for fault in Plan.examine(text)[1]}


def test_a_sound_menu_has_no_faults_and_survives_storage() -> None:
    assert faults(SOUND) == {}
    full = SOUND + '2 = { label = "hours", say = "Nine to five.", end = true, disposition = "told" }\n'
    full += (
        '3 = { people = true, queue = "care", topic = "order", skills = { german = 5 }, fields = { order = "81" } }\n'
    )
    plan = Plan.parse(full)
    assert faults(full) == {}
    assert Plan.parse(full) == plan
    assert plan.menus["main"].steps["top"].keys["3"].skills == {"german": 5}


@pytest.mark.parametrize(
    ("key", "path", "told"),
    [
        ("x = { people = true }", "x", "nobody can press"),
        ("12 = { people = true }", "12", "nobody can press"),
        ("2 = {}", "2", "does nothing"),
        ("2 = { people = true, end = true }", "2", "several things"),
        ('2 = { go = "elsewhere" }', "2.go", "no step"),
        ('2 = { people = true, queue = "nowhere" }', "2.queue", "no queue"),
        ("2 = { people = true, skills = { magic = 5 } }", "2.skills.magic", "no skill"),
        ("2 = { people = true, skills = { german = 500 } }", "2.skills.german", "from 1 to 100"),
        ('2 = { people = true, fields = { colour = "red" } }', "2.fields.colour", "no field"),
        ('2 = { end = true, topic = "order" }', "2.topic", "people = true"),
        ('2 = { people = true, disposition = "told" }', "2.disposition", "end = true"),
        ('2 = { end = true, disposition = "gone" }', "2.disposition", "must be one of told"),
        ('2 = { people = true, label = "" }', "2.label", "one line"),
        (f'2 = {{ people = true, say = "{"a" * 1001}" }}', "2.say", "at most 1000"),
    ],
)
def test_keys_that_lead_nowhere_are_faults(key: str, path: str, told: str) -> None:
    found = faults(f"{SOUND}{key}\n")
    assert list(found) == [f"menus.main.steps.top.keys.{path}"]
    assert told in found[f"menus.main.steps.top.keys.{path}"]


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [
        (SOUND.replace('start = "top"', 'start = "bottom"'), "menus.main.start", "no step"),
        (SOUND.replace('start = "top"', 'start = "top"\ntries = 0'), "menus.main.tries", "from 1 to 10"),
        (SOUND.replace('start = "top"', f'start = "top"\nunknown = "{"a" * 1001}"'), "menus.main.unknown", "at most"),
        (SOUND.replace('say = "Welcome."', 'say = ""'), "menus.main.steps.top.say", "1 to 1000"),
        (BASE + STEP, "menus.main.steps.top.keys", "1 to 12"),
        (SOUND.replace('menu = "main"', 'menu = "mein"'), "agents.ivr.menu", "mein"),
        (SOUND.replace('kind = "bot", ', ""), "agents.ivr.menu", "only a bot"),
        (SOUND.replace(', menu = "main"', ""), "menus.main", "no bot asks it"),
    ],
)
def test_menus_that_nobody_can_ask_are_faults(text: str, path: str, told: str) -> None:
    assert told in faults(text)[path]


def test_steps_that_nobody_reaches_and_circles_are_told() -> None:
    lonely = '[menus.main.steps.lonely]\nsay = "Hm."\nkeys.1 = { people = true }\n'
    assert faults(SOUND + lonely) == {"menus.main.steps.lonely": "no key leads there"}
    circle = '1 = { go = "round" }\n[menus.main.steps.round]\nsay = "Hm."\nkeys.1 = { go = "top" }\n'
    circle += 'keys.2 = { say = "Yes." }\n'
    found = faults(BASE + STEP + circle)
    assert set(found) == {"menus.main.steps.top", "menus.main.steps.round"}
    assert all("goes in a circle" in told for told in found.values())
    way_out = circle.replace('{ say = "Yes." }', "{ callback = true }")
    assert faults(BASE + STEP + way_out) == {}


def test_a_menu_without_steps_is_a_fault() -> None:
    found = faults(BASE + '[menus.main]\nstart = "top"\nsteps = {}\n')
    assert found["menus.main.steps"] == "must be 1 to 100"


@pytest.mark.parametrize(
    ("calls", "path", "told"),
    [
        ('place = "You are number {plaice}."', "place", "{plaice} stands for nothing"),
        ('wait = "Hold {on}."', "wait", "known is nothing"),
        ('estimate = "{least} to {most"', "estimate", "brace"),
        (f'hold = "{"a" * 1001}"', "hold", "at most 1000"),
        ('callback_key = "11", callback = "Press 11."', "callback_key", "one key"),
        ('callback_key = "1"', "callback", "must say which key"),
    ],
)
def test_what_callers_hear_is_checked(calls: str, path: str, told: str) -> None:
    text = SOUND.replace('alternatives = ["callback"] }', f'alternatives = ["callback"], calls = {{ {calls} }} }}')
    assert told in faults(text)[f"channels.voice.calls.{path}"]


def test_calls_need_a_line_and_phones_that_ring_for_a_while() -> None:
    text = SOUND.replace('live = true, connects = "20s", alternatives = ["callback"]', "calls = {}")
    assert set(faults(text)) == {"channels.voice.calls", "channels.voice.connects"}
    hidden = SOUND.replace('alternatives = ["callback"] }', 'calls = { callback_key = "1", callback = "Press 1." } }')
    assert list(faults(hidden)) == ["channels.voice.calls.callback_key"]
    Plan.parse(hidden)


def test_a_sound_plan_is_needed() -> None:
    with pytest.raises(DefinitionError):
        Plan.parse(SOUND.replace('menu = "main"', 'menu = "mein"'))
