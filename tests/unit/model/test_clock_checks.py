"""What a plan says of service clocks, and what may be wrong with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestra.model.clock_checks import Around, check_clocks
from orchestra.model.clocks import MEASURES, ClockPolicy
from orchestra.model.definitions import Fields
from orchestra.model.plan import Plan
from orchestra.model.rules import When
from orchestra.model.structure import Lost

BASE = """
[workspace]
default_queue = "care"
key = "KEY"
[teams.care]
[queues.care]
team = "care"
[calendars.office]
zone = "Europe/Berlin"
mon = ["09:00-17:00"]
[fields.case]
orders = "integer"
[fields.customer]
vip = "boolean"
"""
SOUND = """
[[clocks]]
name = "gold"
measures = "first_reply"
scope = "interaction"
calendar = "office"
target = "1h30m"
warn_at = [50, 80]
human_only = false
pause_on = ["customer", "third_party"]
reasons = ["parts ordered"]
[[clocks.when.all]]
field = "customer.fields.vip"
value = true
[[clocks.when.all]]
field = "case.fields.orders"
operator = "at_least"
value = 3
[[clocks]]
name = "all"
measures = "first_reply"
scope = "interaction"
target = "4h"
"""


def faults(text: str) -> dict[str, str]:
    """Path -> what is wrong there."""
    _, found = Plan.examine(BASE + text)
    return {fault.path: fault.message for fault in found}


def policy(text: str) -> dict[str, str]:
    """What is wrong with a policy that says this beside its name."""
    given = {"measures": '"first_reply"', "target": '"1h"'} | dict(
        (part.strip() for part in line.split("=", 1)) for line in text.splitlines()
    )
    lines = "".join(f"{key} = {value}\n" for key, value in given.items())
    return {
        path.removeprefix("clocks[0]."): said for path, said in faults(f'[[clocks]]\nname = "one"\n{lines}').items()
    }


def test_sound_policies_have_no_faults_and_stand_in_their_order() -> None:
    assert faults(SOUND) == {}
    gold, other = Plan.parse(BASE + SOUND).clocks
    assert (gold.name, gold.target, gold.warn_at) == ("gold", timedelta(hours=1.5), (50, 80))
    assert (other.scope, other.human_only, other.pause_on) == ("interaction", True, ("customer",))
    assert Plan.parse(BASE + SOUND).digest() != Plan.parse(BASE).digest()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("scope", ["case", "interaction", "engagement", "customer"])
def test_what_is_measured_is_measured_of_what_makes_sense(measure: str, scope: str) -> None:
    found = policy(f'measures = "{measure}"\nscope = "{scope}"')
    if scope in MEASURES[measure]:
        assert found == {}
    else:
        scopes = " or ".join(MEASURES[measure])
        assert found == {"scope": f"{measure} is measured of each {scopes}, not of each {scope}"}


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ('measures = "speed"', "measures", "'speed' is none of first_reply"),
        ('target = "0s"', "target", "must be longer than nothing and at most 3650d"),
        ('target = "4000d"', "target", "must be longer than nothing and at most 3650d"),
        ("warn_at = [80, 50]", "warn_at", "must be percents from 1 to 99, the least first"),
        ("warn_at = [50, 50]", "warn_at", "must be percents"),
        ("warn_at = [0]", "warn_at", "must be percents"),
        ("warn_at = [100]", "warn_at", "must be percents"),
        ('pause_on = ["customer", "weather"]', "pause_on[1]", "must be customer or third_party"),
        ('reasons = [""]', "reasons", "must not be empty texts"),
        ('calendar = "shop"', "calendar", "no calendar 'shop'; there are: office"),
        ('when = {predicate = "acme.vip@2"}', "when.predicate", "means nothing: a clock asks no predicate"),
        (
            'when = {field = "event.reason", value = "x"}',
            "when.field",
            "a clock compares no 'event.reason', but: case.topic",
        ),
        (
            'when = {field = "case.owner", value = "x"}',
            "when.field",
            "a clock compares no 'case.owner', but: case.topic",
        ),
        ('when = {field = "case.fields.size", value = 1}', "when.field", "the plan declares no case.fields.size"),
        ('when = {field = "case.fields.orders", value = "x"}', "when.value", "must be of type integer"),
        ('when = {any = [{field = "case.topic"}]}', "when.any[0].value", "is required"),
        ("when = {value = 1}", "when.field", "is required where something is compared"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(text: str, path: str, said: str) -> None:
    found = policy(text)
    assert list(found) == [path]
    assert found[path].startswith(said)


def test_names_are_of_one_policy_each() -> None:
    one = '[[clocks]]\nname = "{}"\nmeasures = "{}"\ntarget = "1h"\n'
    found = faults(one.format("a", "first_reply") + one.format("a", "next_reply") + one.format("", "resolution"))
    assert found == {
        "clocks[1].name": "'a' is the name of another clock",
        "clocks[2].name": "must be 1 to 100 printable characters",
    }


def test_what_stands_behind_one_for_all_never_holds() -> None:
    one = '[[clocks]]\nname = "{}"\nmeasures = "{}"\nscope = "{}"\ntarget = "1h"\n'
    text = one.format("a", "first_reply", "case") + one.format("b", "first_reply", "interaction")
    assert faults(text) == {}
    found = faults(text + one.format("c", "first_reply", "case"))
    assert found == {"clocks[2]": "never holds: one before it is for all, and also measures first_reply of each case"}


def test_there_are_so_many_at_most_and_conditions_so_deep() -> None:
    deep = When(field="case.topic", value="x")
    for _ in range(11):
        deep = When(all=[deep])
    policies = [ClockPolicy(f"p{number}", "resolution", timedelta(hours=1), when=deep) for number in range(201)]
    found = list(check_clocks(policies, Around({}, Fields(), Lost())))
    assert found[0].path == "clocks"
    assert found[1].message == "conditions stand in each other at most 10 deep"


def test_what_refers_to_something_that_was_not_understood_is_let_be() -> None:
    found = faults("[calendars.shop]\nzone = 7\n[fields.interaction]\nnote = 7\n" + SOUND.replace("office", "shop"))
    assert not any(path.startswith("clocks") for path in found)
    text = '[fields.interaction]\nnote = 7\n[[clocks]]\nname = "a"\nmeasures = "resolution"\ntarget = "1h"\n'
    text += 'when = {field = "interaction.fields.note", value = "x"}\n'
    assert not any(path.startswith("clocks") for path in faults(text))
