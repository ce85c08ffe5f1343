"""Types of cases in a plan: how they are written, and what may be wrong with them."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from orchestra.model.case_types import RESOLUTION, CaseType, Delay, Stage, type_of_topic
from orchestra.model.plan import Plan

BASE = """
[workspace]
default_queue = "care"
key = "KEY"
[teams.care]
[queues.care]
team = "care"
"""

WHOLE = """
[calendars.office]
zone = "Europe/Berlin"
mon = ["09:00-17:00"]
[roles.clerk]
may = ["MakePromise"]
may_promise = "forecast"
[case_types.order]
topics = ["order", "delivery"]
silent = true
calendar = "office"
resolves = true
percentile = 90
learned_from = 5
update_ahead = "1h"
delay = { at_least = "1h", percent = 10, made_up_percent = 30 }
[[case_types.order.stages]]
name = "received"
normal = "4h"
least = "1h"
max_silence = "1d"
[[case_types.order.stages]]
name = "ready"
"""


def faults(text: str) -> dict[str, str]:
    """Path -> what is wrong there."""
    _, found = Plan.examine(f"{BASE}\n{text}")
    return {fault.path: fault.message for fault in found if fault.is_error}


def test_a_type_as_it_is_written() -> None:
    assert faults(WHOLE) == {}
    plan = Plan.parse(BASE + WHOLE)
    hour = timedelta(hours=1)
    assert plan.case_types == {
        "order": CaseType(
            ["order", "delivery"],
            "office",
            [Stage("received", 4 * hour, hour, 24 * hour), Stage("ready")],
            True,
            Delay(hour, 10, 30),
            90,
            5,
            hour,
            silent=True,
        )
    }


def test_what_is_not_stated() -> None:
    one = Plan.parse(
        f'{BASE}\n[case_types.order]\nsilent = true\n[[case_types.order.stages]]\nname = "doing"\n'
    ).case_types["order"]
    assert one == CaseType(stages=[Stage("doing")], silent=True)
    assert (one.delay.at_least, one.delay.percent, one.percentile) == (timedelta(hours=4), 20, 80)
    assert not one.resolves


def test_a_topic_says_the_type() -> None:
    types = {"order": CaseType(["order", "delivery"]), "bill": CaseType(["bill"])}
    topics = ("delivery", "bill", "other", None)
    assert [type_of_topic(types, topic) for topic in topics] == ["order", "bill", None, None]


def test_stages_have_places() -> None:
    one = CaseType(stages=[Stage("one"), Stage("two")])
    assert [one.place(name) for name in ("one", "two", "three", RESOLUTION)] == [0, 1, None, None]
    assert one.place_of("two") == 1


def stage(text: str, of_type: str = "") -> dict[str, str]:
    """What is wrong with a type of one stage."""
    return faults(f'[case_types.order]\nsilent = true\n{of_type}\n[[case_types.order.stages]]\nname = "doing"\n{text}')


STAGE = "case_types.order.stages[0]"
ORDER = "case_types.order"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('normal = "1h"\nleast = "2h"', f"{STAGE}.least"),
        ('normal = "0s"\nleast = "1s"', f"{STAGE}.least"),
        ('max_silence = "15m"', f"{STAGE}.max_silence"),
        ('max_silence = "0s"', f"{STAGE}.max_silence"),
    ],
)
def test_a_stage_that_cannot_be(text: str, path: str) -> None:
    assert stage(text).keys() == {path}


@pytest.mark.parametrize(
    "text", ['least = "2h"', 'normal = "2h"\nleast = "2h"', 'normal = "0s"', 'max_silence = "16m"', 'least = "0s"']
)
def test_a_stage_that_can_be(text: str) -> None:
    assert stage(text) == {}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("percentile = 49", f"{ORDER}.percentile"),
        ("percentile = 100", f"{ORDER}.percentile"),
        ("learned_from = 0", f"{ORDER}.learned_from"),
        ("delay.percent = -1", f"{ORDER}.delay.percent"),
        ("delay.percent = 1001", f"{ORDER}.delay.percent"),
        ("delay.made_up_percent = -1", f"{ORDER}.delay.made_up_percent"),
        ("delay.made_up_percent = 101", f"{ORDER}.delay.made_up_percent"),
        ('calendar = "home"', f"{ORDER}.calendar"),
    ],
)
def test_a_type_that_cannot_be(text: str, path: str) -> None:
    assert stage("", text).keys() == {path}


def test_durations_are_not_below_nothing() -> None:
    """A file cannot say so, a program can."""
    less = timedelta(seconds=-1)
    stages = [Stage("doing", less), Stage("done", None, less)]
    order = CaseType(stages=stages, delay=Delay(less), update_ahead=less, silent=True)
    found = {
        fault.path for fault in attrs.evolve(Plan.parse(BASE), case_types={"order": order}).faults() if fault.is_error
    }
    assert found == {
        f"{STAGE}.normal",
        "case_types.order.stages[1].least",
        f"{ORDER}.delay.at_least",
        f"{ORDER}.update_ahead",
    }


def test_names_of_stages() -> None:
    names = ["", "resolution", "update", "done", "done", "x" * 101, "a\\nb"]
    text = "\n".join(f'[[case_types.order.stages]]\nname = "{name}"' for name in names)
    assert faults(f"[case_types.order]\nsilent = true\n{text}").keys() == {
        f"case_types.order.stages[{place}].name" for place in (0, 1, 2, 4, 5, 6)
    }


def test_there_is_at_least_one_stage_and_not_too_many() -> None:
    assert faults("[case_types.order]").keys() == {f"{ORDER}.stages"}
    text = "\n".join(f'[[case_types.order.stages]]\nname = "stage{number}"' for number in range(51))
    assert faults(f"[case_types.order]\nsilent = true\n{text}").keys() == {f"{ORDER}.stages"}


def test_a_topic_is_of_one_type() -> None:
    types = "\n".join(
        f'[case_types.{name}]\nsilent = true\ntopics = ["bill", "{name}"]\n[[case_types.{name}.stages]]\nname = "doing"'
        for name in ("order", "move")
    )
    assert faults(types) == {"case_types.move.topics[0]": "cases on 'bill' are of type order"}


def test_what_a_role_may_promise() -> None:
    found = faults('[roles.clerk]\nmay = ["MakePromise"]\nmay_promise = "all"')
    assert found == {"roles.clerk.may_promise": "must be one of none, forecast, any"}


def test_what_cannot_be_understood_is_told_alone() -> None:
    assert faults("[case_types.order]\nstages = 7").keys() == {f"{ORDER}.stages"}
    order = '[case_types.order]\nsilent = true\ncalendar = "office"\nstages = [{ name = "a" }]'
    found = faults(f"[calendars.office]\nzone = 7\n{order}")
    assert found.keys() == {"calendars.office.zone"}
