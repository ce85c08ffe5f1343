"""What a plan may tell of the way of cases: topics that are there, and facts that are known then."""

from __future__ import annotations

import pytest

from orchestra.model.plan import Plan

BASE = """
[workspace]
default_queue = "care"
key = "KEY"
language = "en"
[teams.care]
[queues.care]
team = "care"
[channels.mail]
"""
WELCOME = {"number": "number", "due": "instant", "update_by": "instant"}
ORDER = "case_types.order"


def faults(stages: str, tells: str = "", **topics: dict[str, str]) -> dict[str, tuple[str, bool]]:
    """Path -> what is wrong there, and whether it is an error, in a plan with topics of these facts."""
    told = "".join(_topic(name, facts) for name, facts in topics.items())
    text = f"{BASE}{told}[case_types.order]\n{tells}\nstages = [{stages}]\n"
    _, found = Plan.examine(text)
    return {fault.path: (fault.message, fault.is_error) for fault in found}


def _topic(name: str, facts: dict[str, str]) -> str:
    declared = ", ".join(f'{fact} = "{kind}"' for fact, kind in facts.items())
    said = " ".join(f"${fact}" for fact in facts)
    of_it = f'[templates.{name}]\nfacts = {{{declared}}}\nlanguages.en.text = "{said} told"\n'
    return f"[notices.topics.{name}]\n{of_it}"


def test_a_sound_way_has_no_faults() -> None:
    stages = '{name = "a", max_silence = "4h", promise = "welcome"}, {name = "b", promise = "at"}, {name = "c"}'
    tells = 'tells = {delay = "late", made_up = "well", update = "still"}'
    found = faults(
        stages,
        tells,
        welcome=WELCOME,
        at={"stage": "text", "number": "text"},
        late={"before": "instant", "due": "instant", "reason": "text"},
        well={"due": "instant"},
        still={"update_by": "instant"},
    )
    assert found == {}


@pytest.mark.parametrize("owed", WELCOME)
def test_whoever_gets_in_touch_is_told_number_normal_time_and_next_word(owed: str) -> None:
    facts = {fact: kind for fact, kind in WELCOME.items() if fact != owed}
    found = faults('{name = "a", max_silence = "4h", promise = "welcome"}, {name = "b"}', welcome=facts)
    said = f"welcome must tell {owed}, as what is told here needs number, due, update_by"
    assert found == {f"{ORDER}.stages[0].promise": (said, True)}


def test_every_case_is_acknowledged_unless_its_type_says_that_the_application_does_so() -> None:
    said = (
        "nothing acknowledges the case: name a topic that tells its number, its normal time and the next word, "
        "or state silent where the application tells them itself"
    )
    missing = {f"{ORDER}.stages[0].promise": (said, True)}
    bare = '{name = "a"}, {name = "b"}'
    assert faults(bare) == faults('{name = "a"}') == missing
    still = {"update_by": "instant"}
    assert faults(bare, 'tells = {update = "still"}', still=still) == missing
    assert faults('{name = "a"}, {name = "b", promise = "at"}', at={"stage": "text"}) == missing
    assert faults(bare, "silent = true") == faults('{name = "a"}', "silent = true") == {}
    assert faults('{name = "a", promise = "at"}', at={"stage": "text"}) == {}, "it goes nowhere from there"


def test_a_type_that_tells_something_is_not_silent() -> None:
    told = {f"{ORDER}.silent": ("is not so: its customers are told something", True)}
    still = {"update_by": "instant"}
    assert faults('{name = "a"}, {name = "b"}', 'silent = true\ntells = {update = "still"}', still=still) == told
    stages = '{name = "a", max_silence = "4h", promise = "welcome"}, {name = "b"}'
    assert faults(stages, "silent = true", welcome=WELCOME) == told


def test_a_topic_is_one_of_the_plan() -> None:
    found = faults('{name = "a", promise = "gone"}', 'tells = {delay = "late"}', at={"stage": "text"})
    there = "in notices.topics; there are: at"
    assert found == {
        f"{ORDER}.stages[0].promise": (f"no topic 'gone' {there}", True),
        f"{ORDER}.tells.delay": (f"no topic 'late' {there}", True),
    }


def test_each_tells_only_what_is_known_then_and_as_what_it_is() -> None:
    stages = '{name = "a", max_silence = "4h", promise = "welcome"}, {name = "b", promise = "at"}'
    found = faults(
        stages,
        'tells = {update = "still", made_up = "well"}',
        welcome=WELCOME | {"due": "date"},
        at={"stage": "text", "due": "instant"},
        still={"update_by": "instant", "due": "instant"},
        well={"reason": "text", "color": "text"},
    )
    assert {path: said for path, (said, _) in found.items()} == {
        f"{ORDER}.stages[0].promise": "welcome tells due as date; it is told as instant",
        f"{ORDER}.stages[1].promise": "at tells due; known are then: number, type, stage, reason",
        f"{ORDER}.tells.update": "still tells due; known are then: number, type, stage, update_by",
        f"{ORDER}.tells.made_up": (
            "well tells color; known are then: number, type, stage, next, earliest, due, before, update_by"
        ),
    }


def test_a_stage_tells_which_it_is_since_nobody_is_told_the_same_again() -> None:
    stages = '{name = "a", max_silence = "4h", promise = "welcome"}, {name = "b", promise = "at"}'
    found = faults(stages, welcome=WELCOME, at={"number": "number"})
    assert found == {f"{ORDER}.stages[1].promise": ("at must tell stage, as what is told here needs stage", True)}


def test_what_is_told_at_the_end_is_told_of_a_case_that_is_resolved() -> None:
    stages = '{name = "a", max_silence = "4h", promise = "welcome"}, {name = "b", promise = "at"}'
    found = faults(stages, "resolves = true", welcome=WELCOME, at={"stage": "text"})
    said = "the last stage resolves the case: at must be told after_resolved"
    assert found == {f"{ORDER}.stages[1].promise": (said, True)}


def test_the_next_word_is_known_of_stages_with_a_longest_silence() -> None:
    found = faults('{name = "a", promise = "welcome"}, {name = "b"}', welcome=WELCOME)
    assert found == {f"{ORDER}.stages[0].max_silence": ("is needed: welcome tells update_by", True)}


def test_what_could_not_be_understood_is_told_alone() -> None:
    _, found = Plan.examine(BASE + '[notices]\ntopics = 7\n[case_types.order]\nstages = [{name = "a", promise = "x"}]')
    assert [fault.path for fault in found] == ["notices.topics"]
