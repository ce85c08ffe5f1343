"""Figures of journeys as values: what each share is made of, and how it reads."""

from __future__ import annotations

import json

import attrs
import pytest

from orchestra.insight.journeys import CaseCount, JourneyTally
from orchestra.insight.sketch import ERROR
from orchestra.insight.variants import Share, Window

WEEK_US = 7 * 24 * 3600 * 1_000_000
WINDOW = Window(0, 10)

COUNT = CaseCount(
    effort_of=20,
    resolved=16,
    single=10,
    attainable=12,
    single_attainable=9,
    stayed=8,
    self_served=6,
    deflected=3,
    maybe_deflected=2,
    contacts=40,
    switches=5,
    transfers=4,
    agents=25,
    reasked=3,
    reverified=2,
    restated=1,
)


def a_tally() -> JourneyTally:
    tally = JourneyTally()
    tally.counts.update(attrs.asdict(COUNT))
    tally.contacts, tally.repeated = 40, 10
    tally.told_first, tally.chased_first = 15, 5
    return tally


@pytest.mark.parametrize(
    ("key", "name", "numerator", "denominator"),
    [
        ("gross", "first contact resolution, gross", 10, 16),
        ("net", "first contact resolution, net", 9, 12),
        ("cross_channel", "first contact resolution, cross-channel, none back within 7 d", 8, 16),
        ("repeat_rate", "repeat rate, same topic within 7 d", 10, 40),
        ("deflection", "deflection, none back within 7 d", 3, 4),
        ("told_before_asking", "told before asking", 15, 20),
        ("status_chasing", "status-chasing contacts per case", 5, 25),
    ],
)
def test_each_share_says_what_it_is_made_of(key: str, name: str, numerator: int, denominator: int) -> None:
    shares = a_tally().figures(WINDOW, WEEK_US, cases=25).shares
    assert shares[key] == Share(name, numerator, denominator, WINDOW)


def test_repeats_are_per_case_in_which_customers_made_contact() -> None:
    repeats = a_tally().figures(WINDOW, WEEK_US, cases=25).repeats
    assert repeats.to_json() == {
        "reasked": 3,
        "reverified": 2,
        "restated": 1,
        "per_case": 0.3,
    }


def test_percentiles_of_the_index_are_exact_up_to_ten_thousand_cases() -> None:
    tally = JourneyTally()
    for contacts in range(1, 10_001):
        tally.replace(None, CaseCount(effort_of=1, contacts=contacts))
    effort = tally.figures(WINDOW, WEEK_US, cases=0).effort
    assert (effort.mean, effort.median, effort.p90, effort.error) == (4_999.5, 4_999, 9_000, 0.0)
    tally.replace(None, CaseCount(effort_of=1, contacts=1))
    effort = tally.figures(WINDOW, WEEK_US, cases=0).effort
    assert effort.error == ERROR
    assert effort.p90 == pytest.approx(9_000, rel=ERROR)


def test_a_case_without_contacts_has_no_index() -> None:
    tally = JourneyTally()
    tally.replace(None, CaseCount())
    assert tally.index.n == 0


def test_json_holds_every_share_once() -> None:
    made = json.loads(json.dumps(a_tally().figures(WINDOW, WEEK_US, cases=25).to_json()))
    assert made["first_contact_resolution"]["net"]["percent"] == 75.0
    assert made["repeat_rate"]["percent"] == 25.0
    assert made["deflection"]["denominator"] + made["still_counting"]["deflection"] == COUNT.self_served
    assert {"gross", "net", "cross_channel"}.isdisjoint(made)
