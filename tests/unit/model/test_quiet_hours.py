"""What a plan may say of quiet hours, and what is wrong with it."""

from __future__ import annotations

import pytest

from orchestra.errors import DefinitionError
from orchestra.model.hours import Hours
from orchestra.model.plan import Plan
from orchestra.model.quiet_hours import QuietHours, QuietTimes, check_quiet_hours


def faults(quiet: str, zone: str | None = "Europe/Berlin") -> dict[str, str]:
    named = "" if zone is None else f'zone = "{zone}"'
    text = f'[workspace]\ndefault_queue = "q"\nkey = "K"\n{named}\n[teams.t]\n[queues.q]\nteam = "t"\n[channels.sms]\n'
    try:
        found = Plan.parse(f"{text}[agents.a]\nteams = ['t']\n{quiet}").faults()
    except DefinitionError as error:
        found = list(error.faults)
    return {fault.path: fault.message for fault in found}


def test_a_sound_plan_has_no_fault() -> None:
    quiet = """
        [quiet_hours]
        daily = ["21:00-08:00", "12:00-13:00"]
        sun = ["00:00-24:00"]
        mon = []
        extra = ["2026-12-25 00:00-24:00"]
        exempt = ["critical", "legal"]
        unknown = ["Europe/Berlin", "Europe/London"]
        [quiet_hours.channels.sms]
        daily = ["20:00-09:00"]
        [quiet_hours.classes.marketing]
        daily = ["18:00-10:00"]
    """
    assert faults(quiet) == {}
    assert faults("") == faults("", None) == {}


@pytest.mark.parametrize(
    ("quiet", "path"),
    [
        ('daily = ["21-8"]', "quiet_hours.daily[0]"),
        ('daily = ["21:00-08:00", "25:00-26:00"]', "quiet_hours.daily[1]"),
        ('sun = ["08:00-08:00"]', "quiet_hours.sun[0]"),
        ('mon = ["x"]', "quiet_hours.mon[0]"),
        ('extra = ["Christmas"]', "quiet_hours.extra[0]"),
        ('exempt = ["urgent"]', "quiet_hours.exempt[0]"),
        ('unknown = ["Berlin"]', "quiet_hours.unknown[0]"),
        ("[quiet_hours.channels.fax]", "quiet_hours.channels.fax"),
        ('[quiet_hours.channels.sms]\ndaily = ["x"]', "quiet_hours.channels.sms.daily[0]"),
        ("[quiet_hours.classes.urgent]", "quiet_hours.classes.urgent"),
        ('[quiet_hours.classes.legal]\ntue = ["x"]', "quiet_hours.classes.legal.tue[0]"),
        ('daily = ["00:00-24:00"]', "quiet_hours"),
        ('daily = ["20:00-12:00", "11:59-20:00"]', "quiet_hours"),
        ('[quiet_hours.channels.sms]\ndaily = ["00:00-24:00"]', "quiet_hours.channels.sms"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(quiet: str, path: str) -> None:
    assert list(faults(f"[quiet_hours]\n{quiet}")) == [path]


def test_quiet_for_all_but_a_minute_of_the_week_is_allowed() -> None:
    assert faults('[quiet_hours]\ndaily = ["00:00-24:00"]\nsun = ["00:00-23:59"]') == {}


def test_quiet_hours_need_the_workspaces_zone() -> None:
    assert list(faults('[quiet_hours]\ndaily = ["21:00-08:00"]', None)) == ["workspace.zone"]
    assert list(faults('[quiet_hours.channels.sms]\nextra = ["2026-12-25 00:00-24:00"]', None)) == ["workspace.zone"]
    assert list(faults("", "Berlin")) == ["workspace.zone"]


def test_channels_that_were_not_understood_are_not_missed() -> None:
    quiet = QuietHours(channels={"fax": QuietTimes()})
    assert list(check_quiet_hours(quiet, "UTC", None)) == []
    assert [fault.path for fault in check_quiet_hours(quiet, "UTC", ["sms"])] == ["quiet_hours.channels.fax"]


def test_a_day_without_times_of_its_own_has_those_of_every_day() -> None:
    times = QuietTimes(daily=["21:00-08:00"], tue=[], sun=["00:00-24:00"])
    night = ("21:00-08:00",)
    assert times.hours("UTC") == Hours("UTC", night, [], night, night, night, night, ["00:00-24:00"])
    assert times == QuietTimes(daily=("21:00-08:00",), tue=(), sun=("00:00-24:00",))
