"""Faults of capacity and wrap-up, each with its path."""

from __future__ import annotations

import pytest
from tests.engine_driver import CARE

from orchestra.errors import Fault
from orchestra.model.plan import Plan


def faults(text: str, field: str) -> list[Fault]:
    """What is said of a field of the channel `fax`, or of the agent `dan`."""
    return [fault for fault in Plan.examine(CARE + text)[1] if fault.path == field]


@pytest.mark.parametrize(
    ("values", "field", "is_error"),
    [
        ('wrap_up_mode = "never"', "wrap_up_mode", True),
        ('wrap_up = "-1s"', "wrap_up", True),
        ('wrap_up_mode = "fixed"', "wrap_up", True),
        ('wrap_up_mode = "required"\nwrap_up = "1s"', "wrap_up", False),
        ("wrap_up_percent = 101", "wrap_up_percent", True),
        ("wrap_up_percent = -1", "wrap_up_percent", True),
        ("wrap_up_percent = 50", "wrap_up_percent", False),
    ],
)
def test_wrap_up_that_makes_no_sense(values: str, field: str, is_error: bool) -> None:
    (fault,) = faults(f"[channels.fax]\n{values}\n", f"channels.fax.{field}")
    assert fault.is_error is is_error


@pytest.mark.parametrize(
    "values",
    [
        'wrap_up_mode = "optional"\nwrap_up_percent = 0',
        'wrap_up_mode = "optional"\nwrap_up = "1m"',
        'wrap_up_mode = "required"\nwrap_up_percent = 50',
        'wrap_up_mode = "fixed"\nwrap_up = "1s"',
        'wrap_up = "1s"\nwrap_up_percent = 50',
    ],
)
def test_wrap_up_that_makes_sense(values: str) -> None:
    found = Plan.parse(f"{CARE}[channels.fax]\n{values}\n").faults()
    assert [fault for fault in found if fault.path.startswith("channels.fax")] == []


@pytest.mark.parametrize(
    ("values", "field", "is_error"),
    [
        ('silence = {after = "1m", percent = 101}', "silence.percent", True),
        ('silence = {after = "1m", percent = -1}', "silence.percent", True),
        ("silence = {percent = 50}", "silence.after", True),
        ('silence = {after = "0s", percent = 50}', "silence.after", True),
        ('silence = {after = "1m"}', "silence.percent", False),
        ('silence = {after = "1d", percent = 50}', "silence.after", False),
        ('work = true\nsilence = {after = "1m", percent = 50}', "silence", False),
    ],
)
def test_silence_that_makes_no_sense(values: str, field: str, is_error: bool) -> None:
    (fault,) = faults(f"[channels.fax]\n{values}\n", f"channels.fax.{field}")
    assert fault.is_error is is_error


@pytest.mark.parametrize(
    "values",
    [
        'silence = {after = "4m", percent = 10}',
        'silence = {after = "4m", percent = 0}',
        'live = true\nsilence = {after = "3d", percent = 0}',
        'idle_after = "1h"\nsilence = {after = "59m", percent = 0}',
    ],
)
def test_silence_that_makes_sense(values: str) -> None:
    found = Plan.parse(f"{CARE}[channels.fax]\n{values}\n").faults()
    assert [fault for fault in found if fault.path.startswith("channels.fax")] == []


def test_a_budget_that_no_contact_fits_is_doubtful() -> None:
    (fault,) = faults('[agents.dan]\nteams = ["care"]\ncapacity_percent = 19\n', "agents.dan.capacity_percent")
    assert not fault.is_error
    assert "takes, which is 20" in fault.message
    assert not faults('[agents.dan]\nteams = ["care"]\ncapacity_percent = 20\n', "agents.dan.capacity_percent")


def test_a_contact_that_fits_no_budget_is_doubtful() -> None:
    agents = '[agents.dan]\nteams = ["care"]\n[agents.eve]\nteams = ["care"]\ncapacity_percent = 150\n'
    weight = "channels.fax.weight_percent"
    (fault,) = faults(f"{agents}[channels.fax]\nweight_percent = 151\n", weight)
    assert not fault.is_error
    assert "more than any agent of the plan has, which is 150" in fault.message
    assert not faults(f"{agents}[channels.fax]\nweight_percent = 150\n", weight)
    beyond = '[[queues.fax.steps]]\npool = "known"\nbeyond_capacity = true\n[queues.fax]\nteam = "care"\n'
    assert not faults(f"{agents}{beyond}[channels.fax]\nweight_percent = 151\n", weight)


def test_what_was_not_understood_makes_no_budget_doubtful() -> None:
    eve = '[agents.eve]\nteams = "care"\ncapacity_percent = 150\n'
    text = f'{CARE}[agents.dan]\nteams = ["care"]\n{eve}[channels.fax]\nweight_percent = 150\n'
    paths = {fault.path for fault in Plan.examine(text)[1]}
    assert paths - {"workspace.key"} == {"agents.eve.teams"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ("rate = {offers = 0}", "rate.offers"),
        ("rate = {offers = 101}", "rate.offers"),
        ('on_return = {offers = 3, per = "0s"}', "on_return.per"),
        ('warm_up = {percent = 0, lasts = "1m"}', "warm_up.percent"),
        ('warm_up = {percent = 50, lasts = "1m", steps = 0}', "warm_up.steps"),
        ('warm_up = {percent = 50, lasts = "-1m"}', "warm_up.lasts"),
        ("warm_up = {percent = 50}", "warm_up.lasts"),
        ('window = "11s"', "window"),
    ],
)
def test_a_pace_that_makes_no_sense(values: str, field: str) -> None:
    found = Plan.examine(CARE.replace("[presence]", f"[presence]\n{values}"))[1]
    assert [fault.path for fault in found if fault.is_error] == [f"presence.{field}"]


def test_a_position_is_not_negative() -> None:
    found = Plan.examine(f'{CARE}[agents.dan]\nteams = ["care"]\nposition = -1\n')[1]
    assert [fault.path for fault in found if fault.is_error] == ["agents.dan.position"]
