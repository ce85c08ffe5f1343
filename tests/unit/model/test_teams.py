"""Faults of the paths on which cases escalate."""

from __future__ import annotations

import pytest
from tests.engine_driver import CARE

from orchestra.errors import Fault
from orchestra.model.plan import Plan


def faults(care: str, more: str = "") -> list[Fault]:
    """What is said of teams, with this in that of care, and more of them."""
    text = CARE.replace("[teams.care]", f"[teams.care]\n{care}") + more
    return [fault for fault in Plan.examine(text)[1] if fault.path.startswith("teams")]


def test_a_path_with_an_end_has_no_faults() -> None:
    more = '[teams.leads]\nescalates_to = "heads"\n[teams.heads]\n'
    assert faults('escalates_to = "leads"\nescalate_after = "1h"', more) == []


def test_a_path_to_nobody() -> None:
    (fault,) = faults('escalates_to = "leads"')
    assert (fault.path, fault.message) == ("teams.care.escalates_to", "no team 'leads'; there are: care, sales")


def test_a_team_that_was_not_understood_is_not_missed() -> None:
    assert [fault.path for fault in faults('escalates_to = "leads"', "[teams.leads]\nname = 3\n")] == [
        "teams.leads.name"
    ]


@pytest.mark.parametrize(
    ("care", "more", "circles"),
    [
        ('escalates_to = "care"', "", {"care": "care -> care"}),
        (
            'escalates_to = "leads"',
            '[teams.leads]\nescalates_to = "care"\n',
            {"care": "care -> leads -> care", "leads": "leads -> care -> leads"},
        ),
        ('escalates_to = "leads"', '[teams.leads]\nescalates_to = "leads"\n', {"leads": "leads -> leads"}),
    ],
)
def test_no_path_goes_round(care: str, more: str, circles: dict[str, str]) -> None:
    assert {fault.path: fault.message for fault in faults(care, more)} == {
        f"teams.{name}.escalates_to": f"goes round in a circle: {path}" for name, path in circles.items()
    }


def test_a_time_is_longer_than_nothing() -> None:
    (fault,) = faults('escalates_to = "sales"\nescalate_after = "0s"')
    assert (fault.path, fault.is_error) == ("teams.care.escalate_after", True)


def test_a_time_without_a_path_means_nothing() -> None:
    (fault,) = faults('escalate_after = "1h"')
    assert (fault.path, fault.is_error) == ("teams.care.escalate_after", False)
    (other,) = faults('escalates_to = 3\nescalate_after = "1h"')
    assert other.path == "teams.care.escalates_to"


def test_a_hand_off_waits_for_longer_than_nothing() -> None:
    paths = [fault.path for fault in Plan.examine(CARE + '[cases]\nhand_off_within = "0s"\n')[1]]
    assert "cases.hand_off_within" in paths
