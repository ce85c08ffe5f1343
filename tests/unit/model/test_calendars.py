"""Calendars in a plan: their hours, their public holidays, and what refers to them."""

from __future__ import annotations

import sys
from datetime import date
from unittest.mock import patch

import pytest

from orchestra.model.plan import Plan
from orchestra.model.public_holidays import NeedsHolidays, has_holidays, public_holidays

BASE = """
[teams.care]
[queues.care]
team = "care"
"""


def faults(text: str, workspace: str = "") -> dict[str, str]:
    """Path -> what is wrong there."""
    _, found = Plan.examine(f'[workspace]\ndefault_queue = "care"\nkey = "KEY"\n{workspace}\n{BASE}\n{text}')
    return {fault.path: fault.message for fault in found}


OFFICE = '[calendars.office]\nzone = "Europe/Berlin"\nmon = ["09:00-17:00"]\n'


def test_a_sound_calendar_has_no_faults() -> None:
    assert faults(f'{OFFICE}holidays = "DE-BY"\n[channels.chat]\ncalendar = "office"', 'calendar = "office"') == {}


@pytest.mark.parametrize("region", ["de", "XX", "DE-ZZ", "DE-", "Bavaria", "DE-BY-X", ""])
def test_a_region_is_one_whose_holidays_are_known(region: str) -> None:
    found = faults(f'{OFFICE}holidays = "{region}"')
    assert found == {
        "calendars.office.holidays": f"{region!r} has no holidays that are known; it is a name such as DE or DE-BY"
    }


def test_a_calendar_that_is_named_is_there() -> None:
    found = faults('[channels.chat]\ncalendar = "home"', 'calendar = "offic"')
    assert found == {
        "workspace.calendar": "no calendar 'offic'; there are: none",
        "channels.chat.calendar": "no calendar 'home'; there are: none",
    }


def test_hours_of_a_calendar_are_checked_as_those_of_a_queue() -> None:
    found = faults('[calendars.office]\nzone = "Mars"\nmon = ["9-5"]\n')
    assert found.keys() == {"calendars.office.zone", "calendars.office.mon[0]"}


def test_what_cannot_be_understood_of_calendars_is_told_alone() -> None:
    assert faults("[calendars.office]\nmon = 7", 'calendar = "office"').keys() == {
        "calendars.office.zone",
        "calendars.office.mon",
    }


def test_a_channel_has_the_calendar_of_the_workspace_unless_it_names_its_own() -> None:
    plan = Plan.parse(
        f'[workspace]\ndefault_queue = "care"\ncalendar = "office"\n{BASE}{OFFICE}'
        '[calendars.always]\nzone = "UTC"\nmon = ["00:00-24:00"]\n'
        '[channels.chat]\ncalendar = "always"\n[channels.email]\n'
    )
    assert [plan.calendar_of(name) for name in ("chat", "email", None)] == ["always", "office", "office"]
    assert Plan().calendar_of() is None


def test_holidays_of_a_part_are_those_of_the_country_and_its_own() -> None:
    country, part = (public_holidays(region, 2026) for region in ("DE", "DE-BY"))
    assert date(2026, 12, 25) in country
    assert set(country) < set(part)
    assert date(2026, 1, 6) in set(part) - set(country)


def test_nobody_knows_the_holidays_of_a_region_that_is_none() -> None:
    assert [has_holidays(region) for region in ("DE", "DE-BY", "XX", "DE-XX")] == [True, True, False, False]
    with pytest.raises(LookupError, match="no public holidays of 'XX' are known"):
        public_holidays("XX", 2026)


def test_without_the_extra_a_region_says_what_to_install() -> None:
    with patch.dict(sys.modules, {"holidays": None}):
        assert faults(OFFICE) == {}
        assert faults(f'{OFFICE}holidays = "DE"') == {
            "calendars.office.holidays": "needs the holidays extra: pip install 'orchestra-cx[holidays]'"
        }
        with pytest.raises(NeedsHolidays):
            has_holidays("DE")
